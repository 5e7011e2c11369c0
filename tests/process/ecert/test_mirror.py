#!/usr/bin/env python3
"""The system's trust store as a mirror of ours. Each test has folders of its own in a mount namespace: the
machine's are never touched, and that is checked.

    test_mirror.py ECERT
"""
import os
import shutil
import subprocess
import unittest

from hierarchy import Hierarchy
from stand_in import run
from tool import PROGRAM, ToolTest

PLACE = "/usr/local/share/ca-certificates"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def possible():
    return os.geteuid() == 0 and shutil.which("update-ca-certificates") and \
        subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(possible(), "root, unshare and ca-certificates are wanted")
class Mirror(ToolTest):
    def setUp(self):
        super().setUp()
        self.machine = self.listing(PLACE), self.listing("/etc/ssl/certs")
        self.tree = Hierarchy(self.path("tree"))
        for name in ("local", "etc", "bin"):
            os.mkdir(self.path(name))
        self.json("chain", "install", self.tree.path("root.pem"), "--as", "root", "--fingerprint",
                  self.tree.fingerprint("root"))
        self.file = f"ecert-{self.thumbprint('root')}.crt"

    def tearDown(self):
        self.assertEqual((self.listing(PLACE), self.listing("/etc/ssl/certs")), self.machine)
        super().tearDown()

    @staticmethod
    def listing(folder):
        return sorted((one.name, one.stat(follow_symlinks=False).st_mtime_ns) for one in os.scandir(folder))

    def thumbprint(self, name):
        return self.tree.fingerprint(name).replace(":", "").lower()

    def mirror(self, *more, code=0, broken=False, command=("chain", "mirror")):
        """In the namespace; `broken`: the system's tool there fails."""
        script = 'mount --bind "$1" %s && mount --bind "$2" /etc/ssl/certs && ' % PLACE
        if broken:
            path = shutil.which("update-ca-certificates")
            with open(self.path("bin/broken"), "w", encoding="ascii") as file:
                file.write("#!/bin/sh\necho something is wrong >&2\nexit 3\n")
            os.chmod(self.path("bin/broken"), 0o755)
            script += f'mount --bind "{self.path("bin/broken")}" "{path}" && '
        script += 'shift 2 && exec "$@"'
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", self.path("local"), self.path("etc"), PROGRAM,
                               *command, *more], env=self.environment(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def bundle(self):
        with open(self.path("etc/ca-certificates.crt"), encoding="utf-8") as file:
            return file.read()

    def pem(self, name):
        return run("openssl", "x509", "-in", self.tree.path(name + ".pem")).decode().strip()

    def test_a_dry_run_changes_nothing_and_says_what_would_be(self):
        said = self.mirror("--dry-run")
        self.assertIn(self.file, said.replace("\n", ""))
        self.assertEqual((os.listdir(self.path("local")), os.listdir(self.path("etc"))), ([], []))

    def test_a_store_without_a_root_says_how_one_comes_in(self):
        self.assertIn("chain install", self.mirror("--store", self.path("empty"), code=2))
        self.assertEqual(os.listdir(self.path("local")), [])

    def test_the_system_trusts_the_root_until_it_is_taken_back(self):
        self.mirror()
        self.assertEqual(os.listdir(self.path("local")), [self.file])
        self.assertEqual(os.stat(self.path("local/" + self.file)).st_mode & 0o777, 0o644)
        self.assertIn(self.pem("root"), self.bundle())
        self.mirror(code=2)
        self.mirror("--remove")
        self.assertEqual(os.listdir(self.path("local")), [])
        self.assertNotIn(self.pem("root"), self.bundle())
        self.mirror("--remove", code=2)

    def test_what_is_no_root_any_more_goes_and_what_others_put_there_stays(self):
        with open(self.path("local/others.crt"), "w", encoding="ascii") as file:
            file.write(self.pem("partner"))
        with open(self.path("local/ecert-mine.crt"), "w", encoding="ascii") as file:
            file.write(self.pem("partner"))
        self.mirror()
        self.json("chain", "install", self.tree.path("root.pem"), "--as", "untrusted")
        self.mirror()
        self.assertEqual(sorted(os.listdir(self.path("local"))), ["ecert-mine.crt", "others.crt"])
        self.assertIn(self.pem("partner"), self.bundle())

    def test_where_the_systems_tool_fails_its_folder_is_as_it_was(self):
        said = self.mirror(code=1, broken=True)
        self.assertIn("something is wrong", " ".join(said.split()))
        self.assertEqual(os.listdir(self.path("local")), [])
        self.mirror()
        self.mirror("--remove", code=1, broken=True)
        self.assertEqual(os.listdir(self.path("local")), [self.file])

    def undo(self, *more, **how):
        return self.mirror(*more, command=("undo",), **how)

    def test_undo_gives_the_system_back_what_it_had(self):
        self.mirror()
        self.assertIn(self.file.removesuffix(".crt")[6:18], self.undo("--list"))
        self.undo("--dry-run")
        self.assertEqual(os.listdir(self.path("local")), [self.file])
        self.undo()
        self.assertEqual(os.listdir(self.path("local")), [])
        self.assertNotIn(self.pem("root"), self.bundle())
        self.mirror()
        self.mirror("--remove")
        self.undo()
        self.assertEqual(os.listdir(self.path("local")), [self.file])
        self.assertIn(self.pem("root"), self.bundle())

    def test_undo_leaves_what_somebody_else_has_changed_and_what_the_systems_tool_refuses(self):
        self.mirror()
        self.undo(code=1, broken=True)
        self.assertEqual(os.listdir(self.path("local")), [self.file])
        with open(self.path("local/" + self.file), "a", encoding="ascii") as file:
            file.write("more")
        self.assertIn("no longer what the change left", self.undo(code=1))
        self.assertEqual(os.listdir(self.path("local")), [self.file])

    def test_a_record_leads_to_no_other_file(self):
        self.mirror()
        victim = self.write("victim", self.pem("root"))
        number = max(os.listdir(self.path("store/changes")))
        about = self.path(f"store/changes/{number}")
        with open(about, encoding="ascii") as file:
            text = file.read()
        digest = text.split("step: outside - ")[1][:64]
        known = run("openssl", "dgst", "-sha256", "-r", victim).decode()[:64]
        shutil.copy(victim, self.path("local/others.crt"))
        for path in (victim, PLACE + "/others.crt", PLACE + "/./others.crt"):
            with open(about, "w", encoding="ascii") as file:
                file.write(text.replace(f"{PLACE}/{self.file}", path).replace(digest, known))
            self.undo(code=1)
            self.assertTrue(os.path.exists(victim))
            self.assertIn("others.crt", os.listdir(self.path("local")))

    def test_an_intermediate_is_no_root(self):
        self.json("chain", "install", self.tree.path("new.pem"))
        self.mirror()
        self.assertEqual(os.listdir(self.path("local")), [self.file])


if __name__ == "__main__":
    unittest.main(argv=["test_mirror"])
