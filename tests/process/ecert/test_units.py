#!/usr/bin/env python3
"""The units of the timer, by systemd's own word: nothing unknown in them, and hardly anything allowed.

    test_units.py ECERT SERVICE TIMER
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ECERT, SERVICE, TIMER = (os.path.abspath(path) for path in sys.argv[1:4])
ANALYZE = shutil.which("systemd-analyze")


@unittest.skipIf(ANALYZE is None, "systemd-analyze is not here")
class Units(unittest.TestCase):
    """Checked as they are installed; only the program's path is the built one's."""
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="test_units_")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        with open(SERVICE, encoding="ascii") as file:
            self.service = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=" + ECERT, file.read())
        self.write("ecert-watch.service", self.service)
        shutil.copy(TIMER, self.folder)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
            file.write(text)

    def analyze(self, *words):
        return subprocess.run([ANALYZE, *words], capture_output=True, text=True, check=False, cwd=self.folder,
                              env={**os.environ, "SYSTEMD_UNIT_PATH": self.folder + ":"})

    def verify(self, name):
        """What it says of our units; of others of this host it may say anything."""
        done = self.analyze("verify", "--man=no", os.path.join(self.folder, name))
        return [line for line in done.stderr.splitlines() if "ecert-watch" in line]

    def test_systemd_finds_nothing_wrong(self):
        self.assertEqual(self.verify("ecert-watch.service"), [])
        self.assertEqual(self.verify("ecert-watch.timer"), [])

    def test_what_systemd_does_not_know_is_found(self):
        self.write("ecert-watch.service", self.service.replace("NoNewPrivileges=", "NoNewPriviliges="))
        self.assertTrue(self.verify("ecert-watch.service"))
        self.write("ecert-watch.service", self.service.replace("ExecStart=" + ECERT, "ExecStart=/nowhere/ecert"))
        self.assertTrue(self.verify("ecert-watch.service"))

    def test_it_may_do_little(self):
        """systemd's own measure, of 100: below 45 it calls a service "OK"; without our lines it is 95."""
        def exposure(limit):
            return self.analyze("security", "--offline=true", f"--threshold={limit}",
                                os.path.join(self.folder, "ecert-watch.service")).returncode
        self.assertEqual(exposure(45), 0)
        for line in ("NoNewPrivileges=yes", "ProtectSystem=full", "SystemCallFilter=@system-service",
                     "RestrictNamespaces=yes", "PrivateDevices=yes"):
            self.assertIn("\n" + line + "\n", self.service)
        bare = re.sub(r"(?m)^(Protect|Private|Restrict|NoNew|Capab|SystemCall|Lock|Keyring|UMask)\S+=.*$", "", self.service)
        self.write("ecert-watch.service", bare)
        self.assertNotEqual(exposure(45), 0)

    def test_the_timer_comes_every_hour_and_catches_up(self):
        with open(TIMER, encoding="ascii") as file:
            text = file.read()
        self.assertIn("\nPersistent=yes\n", text)
        said = self.analyze("calendar", "--iterations=3", re.search(r"OnCalendar=(.*)", text).group(1)).stdout
        self.assertEqual(len(re.findall(r":00:00", said)) >= 3, True, said)


if __name__ == "__main__":
    unittest.main(argv=["test_units"])
