#!/usr/bin/env python3
"""What `ecertadm` says to who doesn't know its commands yet, without any service."""
import os
import re
import subprocess
import sys
import unittest

ECERTADM = ""
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../cli/ecertadm/main.c"), encoding="utf-8") as TABLE:
    ALL = len(re.findall(r'^    \{ "', TABLE.read(), re.M))


def ecertadm(*words):
    return subprocess.run([ECERTADM, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                          check=False)


def commands(text):
    return [line for line in text.splitlines() if line.startswith("  ") and not line.startswith(("   ", "  seen:", "  next:"))]


class Usage(unittest.TestCase):
    def test_help_is_given_wherever_it_is_asked_for(self):
        for words, count in (([], ALL), (["application"], 7), (["application", "vet"], 1), (["status"], 1),
                             (["ceremony"], 8), (["ceremony", "run"], 1), (["--json", "letter"], 2), (["application", "vet", "x"], 1)):
            done = ecertadm(*words, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)
            self.assertEqual(len(commands(done.stdout)), count, done.stdout)
            self.assertFalse(any(line.endswith(" ") for line in done.stdout.splitlines()), done.stdout)

    def test_what_is_no_command_is_named_and_what_could_be_meant_is_shown(self):
        for words, count in ((["application"], 7), (["application", "veto"], 7), (["notice", "--en"], 3)):
            done = ecertadm(*words)
            self.assertEqual((done.returncode, done.stdout), (64, ""), words)
            self.assertIn("there is no such command", done.stderr)
            self.assertIn(" ".join(words) + "\n", done.stderr)
            self.assertEqual(len(commands(done.stderr)), count, done.stderr)
        for words in (["applications"], ["help"], ["\x1b[2J", "list"], ["applications", "--help"], ["x" * 4096]):
            done = ecertadm(*words)
            self.assertEqual((done.returncode, done.stdout), (64, ""), words)
            self.assertIn("see all commands: ecertadm --help", done.stderr)
            self.assertEqual(commands(done.stderr), [])
            self.assertNotIn("\x1b", done.stderr)

    def test_nothing_at_all_shows_everything(self):
        done = ecertadm()
        self.assertEqual((done.returncode, len(commands(done.stderr))), (64, ALL))


if __name__ == "__main__":
    ECERTADM = sys.argv.pop(1)
    unittest.main(verbosity=2)
