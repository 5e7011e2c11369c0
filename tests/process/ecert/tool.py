"""Runs `ecert` for tests: with pipes, or at a terminal of its own."""
import fcntl
import functools
import json
import jsonschema
import os
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

PROGRAM = os.path.abspath(sys.argv[1])
SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../doc/schema/ecert.schema.json")
NAME = "www.shop.example.com"


@functools.cache
def schema():
    with open(SCHEMA, encoding="utf-8") as file:
        return json.load(file)


@functools.cache
def validator(name):
    return jsonschema.Draft202012Validator({"$ref": "#/$defs/" + name, "$defs": schema()["$defs"]})


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
        """What it gives, held against what doc/schema says of the command."""
        given = json.loads(self.run_tool(*arguments, "--json", code=code))
        self.hold(arguments, given)
        return given

    @staticmethod
    def hold(arguments, given):
        words = [word for word in arguments if not word.startswith("--store")]
        known = [name for name in (" ".join(words[:2]), " ".join(words[:1])) if name in schema()["$defs"] and words]
        name = "help" if "--help" in words else "version" if "--version" in words else known[0] if known else \
            "state" if not words or words[0].startswith("--") else "failed"
        validator(name.replace(" ", "%20")).validate(given)

    def certificates(self):
        return self.json("cert", "list")["certificates"]

    def at_terminal(self, arguments, answers, code=0):
        """Answers each prompt, given as (what is awaited, what is typed); returns the screen."""
        tool = Terminal([PROGRAM, *arguments], self.environment(TERM="dumb", NO_COLOR="1"))
        screen, left = tool.answer(answers)
        self.assertEqual(left, [], screen)
        self.assertEqual(tool.code, code, screen)
        return screen


class Terminal:
    """A program at a terminal of its own, which it may ask for a line without echo."""
    # Written by us behind the program's last word, which has arrived when this has; no program of ours says it.
    END = b"\0"

    def __init__(self, command, environment, columns=0):
        """`columns`: 0 for a terminal that doesn't know how wide it is."""
        self.ours, self.theirs = os.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        # Their end stays open here: what is still on its way when the last one closes it can be lost.
        self.process = subprocess.Popen(
            command, stdin=self.theirs, stdout=self.theirs, stderr=self.theirs, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.code = None

    def sleeps(self):
        """It waits for an answer: what is typed between its question and its turning off the echo is thrown away."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(") ")[2][0] in "SZ"

    def answer(self, answers=(), seconds=60):
        """Until the program has ended: what it said, and the answers that it didn't ask for."""
        said, seen, answers, deadline = b"", 0, list(answers), time.monotonic() + seconds
        while not said.endswith(self.END) and time.monotonic() < deadline:
            if self.code is None and self.process.poll() is not None:
                self.code = self.process.returncode
                os.write(self.theirs, self.END)
            if select.select([self.ours], [], [], 0.02)[0]:
                said += os.read(self.ours, 65536)
            at = said.find(answers[0][0].encode(), seen) if answers and self.code is None else -1
            if at >= 0 and self.sleeps():
                seen = at + len(answers[0][0].encode())
                typed = answers.pop(0)[1]
                if callable(typed):
                    typed = typed(self.process.pid)
                os.write(self.ours, typed.encode() + b"\n")
        self.process.kill()
        self.process.wait()
        os.close(self.theirs)
        os.close(self.ours)
        return said.removesuffix(self.END).decode("utf-8", "replace"), answers


def public_key(kind, path):
    command = ["openssl", "pkey", "-pubout", "-in", path] if kind == "key" else \
        ["openssl", "x509", "-pubkey", "-noout", "-in", path]
    return subprocess.run(command, check=True, capture_output=True).stdout
