"""Runs `ecert` for tests: with pipes, or at a terminal of its own."""
import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.abspath(sys.argv[1])
NAME = "www.shop.example.com"


class ToolTest(unittest.TestCase):
    """A store and a scratch directory for each test."""
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="test_ecert_")
        self.addCleanup(scratch.cleanup)
        self.scratch = scratch.name
        self.store = self.path("store")

    @staticmethod
    def scratch_of_class(test_class):
        """A directory for what all tests of a class share."""
        scratch = tempfile.TemporaryDirectory(prefix="test_ecert_")
        test_class.addClassCleanup(scratch.cleanup)
        return scratch.name

    def path(self, name):
        return os.path.join(self.scratch, name)

    def write(self, name, text, mode=0o600):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "ECERT_STORE": self.store, "LANG": "en_GB.UTF-8", **more}

    def run_tool(self, *arguments, code=0, **more):
        done = subprocess.run([PROGRAM, *arguments], env=self.environment(**more), timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if code is not None:
            self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *arguments, code=0):
        return json.loads(self.run_tool(*arguments, "--json", code=code))

    def certificates(self):
        return self.json("cert", "list")["certificates"]

    def at_terminal(self, arguments, answers, code=0):
        """Answers each prompt, given as (what is awaited, what is typed); returns the screen."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(PROGRAM, [PROGRAM, *arguments], self.environment(TERM="dumb", NO_COLOR="1"))
        screen, answers, deadline = "", list(answers), time.monotonic() + 30
        seen = 0
        while time.monotonic() < deadline:
            if select.select([fd], [], [], 0.2)[0]:
                try:
                    screen += os.read(fd, 65536).decode("utf-8", "replace")
                except OSError:
                    break
            at = screen.find(answers[0][0], seen) if answers else -1
            if at >= 0:
                seen = at + len(answers[0][0])
                typed = answers.pop(0)[1]
                time.sleep(0.1)
                if callable(typed):
                    typed = typed(pid)
                os.write(fd, typed.encode() + b"\n")
        os.close(fd)
        _, status = os.waitpid(pid, 0)
        self.assertEqual(answers, [], screen)
        self.assertEqual(os.waitstatus_to_exitcode(status), code, screen)
        return screen


def public_key(kind, path):
    command = ["openssl", "pkey", "-pubout", "-in", path] if kind == "key" else \
        ["openssl", "x509", "-pubkey", "-noout", "-in", path]
    return subprocess.run(command, check=True, capture_output=True).stdout
