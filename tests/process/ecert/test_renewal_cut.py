#!/usr/bin/env python3
"""The power goes before each single change that an unattended renewal makes to the disk, from the first record
to the pair in its place. What serves is a whole pair at every moment, and the timer's next runs end it: with
one more certificate at most than were needed, and nothing left over.

    test_renewal_cut.py ECERT DAY_MODULE CUT_MODULE
"""
import copy
import os
import shutil
import subprocess
import sys
import unittest

from tool import PROGRAM, public_key
from watch_case import WatchCase

CUT = os.path.abspath(sys.argv[3])
CUT_EXIT = 137
CUTS_MAX = 600
KEPT = ("state", "certificate", "requested", "keys", "nonces", "issued")


class RenewalCut(WatchCase):
    """All moments, one after the other, each from the same beginning."""
    address = "127.0.0.89"

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("web"), 0o755)
        self.old = self.enrol()["id"]
        self.json("deploy", "run", "--kind", "files", "--certificate", self.path("web/site.crt"), "--key",
                  self.path("web/site.key"))
        self.pass_by(days=140)
        self.began = self.now
        for name in ("store", "web", "zone"):
            shutil.copytree(self.path(name), self.path("before_" + name), symlinks=True)
        self.portal_before = {name: copy.deepcopy(getattr(self.portal, name)) for name in KEPT}

    def begin(self):
        for name in ("store", "web", "zone"):
            shutil.rmtree(self.path(name))
            shutil.copytree(self.path("before_" + name), self.path(name), symlinks=True)
        for name, value in self.portal_before.items():
            setattr(self.portal, name, copy.deepcopy(value))
        self.now = self.began

    def cut_at(self, moment):
        """True if the power went."""
        environment = self.environment(CUT_AT=str(moment))
        environment["LD_PRELOAD"] += ":" + CUT
        done = subprocess.run([PROGRAM, "watch", "--renew"], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, timeout=120)
        if done.returncode != CUT_EXIT:
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.returncode == CUT_EXIT

    def expect_whole_pair(self):
        self.assertEqual(public_key("key", self.path("web/site.key")), public_key("certificate", self.path("web/site.crt")))

    def expect_end(self):
        """The first run may be before the next attempt's time; the second, a day later, is not."""
        for hours in (2, 26):
            self.pass_by(hours=hours)
            said = self.renew(code=None)
            if not self.codes(said):
                break
        self.assertEqual(self.codes(said), [])
        self.assertEqual(len(said["certificates"]), 1)
        self.assertNotEqual(said["certificates"][0]["id"], self.old)
        self.assertEqual(said["targets"][0]["there"], said["certificates"][0]["id"])
        self.assertEqual(public_key("key", self.path("web/site.key")), public_key(
            "key", f"{self.store}/personal/{said['certificates'][0]['id']}/key.pem"))
        self.assertEqual(os.listdir(self.store + "/requests"), [])
        self.assertEqual(os.listdir(self.path("zone")), [])
        self.assertLessEqual(len(self.portal.issued), 2)

    def test_every_moment(self):
        for moment in range(1, CUTS_MAX):
            self.begin()
            if not self.cut_at(moment):
                self.assertGreater(moment, 30)
                return
            with self.subTest(moment=moment):
                self.expect_whole_pair()
                self.expect_end()
                self.expect_whole_pair()
        self.fail("it never came to its end")


if __name__ == "__main__":
    unittest.main(argv=["test_renewal_cut"])
