#!/usr/bin/env python3
"""What `ecert deploy` does to the system, call by call: which programs it starts, with which words and
environment; which files it makes, with which modes; and where the key's bytes go.

    test_deploy_safe.py ECERT
"""
import os
import re
import shutil
import subprocess
import unittest

import servers
from deploy_case import DeployCase
from sshd import SshTest
from tool import PROGRAM

STRACE = shutil.which("strace")
CLEAN = ['"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"', '"LANG=C.UTF-8"']


@unittest.skipIf(STRACE is None or os.geteuid() != 0, "strace and root are wanted")
class Safe(SshTest, DeployCase):
    """The calls of one run are read from strace's log."""
    def trace(self, *arguments):
        log = self.path("strace.log")
        command = [STRACE, "-f", "-y", "-v", "-s", "100000", "-o", log, "-e",
                   "trace=execve,open,openat,creat,mkdir,mkdirat,write,writev,pwrite64,sendto", PROGRAM, *arguments]
        done = subprocess.run(command, env=self.environment(ECERT_CANARY="canary-of-ours"), capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL, timeout=120,
                              preexec_fn=lambda: os.umask(0))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(log, encoding="utf-8", errors="replace") as file:
            calls = [line.split(maxsplit=1) for line in file]
        main = calls[0][0]
        execs = [(pid, call) for pid, call in calls if call.startswith("execve(")]
        halves = [re.match(r'execve\("([^"]*)", (\[.*?\]), \[', call).groups() for pid, call in execs if pid == main]
        self.assertEqual([path for path, _ in halves], [PROGRAM, PROGRAM + "-network"])
        self.assertEqual(halves[0][1], halves[1][1])
        started = {pid for pid, _ in execs if pid != main}
        own = {pid for pid, _ in calls} - started - self.below(calls, started)  # ecert and its threads
        return [call for pid, call in execs if pid != main], \
            [call for pid, call in calls if pid in own and not call.startswith("execve(")]

    @staticmethod
    def below(calls, started):
        """Processes that a started program has made itself: their first call comes after its exec."""
        seen, made = set(), set()
        for pid, call in calls:
            if pid not in seen and seen & started and pid not in started:
                made.add(pid)
            if call.startswith("execve("):
                seen.add(pid)
        return made

    def canary(self, item):
        """A piece of the key that no other key has."""
        with open(f"{self.store}/personal/{item}/key.pem", encoding="ascii") as file:
            return file.read().splitlines()[2][:40]

    def expect_clean(self, calls, allowed):
        for call in calls:
            words = re.match(r'execve\("[^"]*", \[(.*?)\], \[(.*?)\]', call)
            self.assertIsNotNone(words, call)
            self.assertIn(words.group(1), allowed)
            self.assertEqual(words.group(2).split(", "), CLEAN)

    def test_only_the_servers_own_test_and_reload_are_started(self):
        new = self.pair("new")
        server = self.server(servers.Nginx, "127.0.80.30", self.pair("old"))
        started, calls = self.trace("deploy", "run", new, *server.words)
        config = f'"-c", "{server.config}"'
        self.expect_clean(started, [f'"nginx", {config}, "-t", "-q"', f'"nginx", {config}, "-s", "reload"'])
        self.assertNotIn(self.canary(new), "".join(started))
        self.expect_files(calls, server.directory, new)
        self.expect_sent(server, new)

    def expect_files(self, calls, place, new):
        """Nothing outside the store and the target's folder is made; nothing is open to others but the
        certificate; the key's bytes are written to files of 0600 only."""
        made, written, canary = 0, 0, self.canary(new)
        for call in calls:
            if "O_CREAT" in call:
                path, flags, mode = re.search(r'"([^"]+)", ([A-Z_|]+), (0\d+)\)', call).groups()
                opened = re.search(r"= \d+<([^>]+)>", call)
                path = opened.group(1) if opened else path
                self.assertTrue(path.startswith((self.store, place)), call)
                self.assertTrue("O_EXCL" in flags or path.endswith("/lock"), call)
                open_to_all = mode == "0644" and "certificate.pem" in path
                self.assertTrue(mode == "0600" or open_to_all, call)
                made += 1
            if call.startswith(("write", "pwrite", "sendto")) and canary in call:
                self.assertRegex(call, r"^write\(\d+<[^>]*/key\.pem[^>]*>")
                written += 1
        self.assertGreater(made, 3)
        self.assertEqual(written, 1)

    def test_the_key_lies_where_it_belongs_and_nowhere_else(self):
        new = self.pair("new")
        server = self.server(servers.Haproxy, "127.0.80.31", self.pair("old"))
        self.json("deploy", "run", new, *server.words)
        found = subprocess.run(["grep", "-rlF", self.canary(new), self.scratch], capture_output=True, text=True,
                               check=False).stdout.split()
        self.assertIn(f"{self.store}/personal/{new}/key.pem", found)
        found = {path for path in found if not path.startswith((self.store, self.path("ca")))}
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found.pop(), r"/\.ecert-site\.pem/\d+/certificate\.pem$")
        self.assertEqual(os.stat(server.certificate).st_mode & 0o777, 0o600)

    def test_ssh_gets_one_script_and_nothing_of_ours_in_its_words(self):
        new = self.pair("new")
        os.mkdir(self.path("there"), 0o755)
        paths = [self.path("there/site.crt"), self.path("there/site.key")]
        started, calls = self.trace("deploy", "run", new, "--kind", "files", "--certificate", paths[0], "--key",
                                    paths[1], "--to", self.hosts[0], "--ssh-config", self.config)
        own = [call for call in started if '["ssh", ' in call]  # each place of PATH is tried
        self.assertEqual(len({call.split("[", 1)[1].split("], [")[0] for call in own}), 1)
        self.assertNotIn(self.canary(new), "".join(started))
        self.assertNotIn("there/site", own[0].split("], [")[0])
        written, canary = 0, self.canary(new)
        self.assertIn("canary-of-ours", own[0])  # ssh has the person's environment
        for call in calls:
            if "O_CREAT" in call:
                self.assertIn(self.store, call)
            if call.startswith("write") and canary in call:
                self.assertRegex(call, r"^write\(\d+<pipe:")
                written += 1
        self.assertEqual(written, 1)


if __name__ == "__main__":
    unittest.main(argv=["test_deploy_safe.py"], verbosity=1)
