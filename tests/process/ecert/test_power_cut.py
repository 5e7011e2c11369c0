#!/usr/bin/env python3
"""The power goes before each single change that the tool makes to the disk, and what was not synced
is lost. Afterwards there is always a whole pair, or the request as it was; and the next run ends well.

    test_power_cut.py ECERT CUT_MODULE
"""
import os
import shutil
import subprocess
import sys
import unittest

from hierarchy import Hierarchy
from stand_in import Authority, Portal, run
from tool import NAME, PROGRAM, ToolTest, public_key

CUT = os.path.abspath(sys.argv[2])
CUT_EXIT = 137
ADDRESS = "127.0.0.74"
PORT = 20000 + os.getpid() % 20000
CUTS_MAX = 400


class PowerCut(ToolTest):
    """Each test walks through all moments."""
    def cut_at(self, moment, *arguments):
        """True if the power went."""
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL,
                              env=self.environment(LD_PRELOAD=CUT, CUT_AT=str(moment)))
        if done.returncode != CUT_EXIT:
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.returncode == CUT_EXIT

    def begin(self, source):
        """The scratch directory as it was before."""
        shutil.rmtree(self.path("now"), ignore_errors=True)
        shutil.copytree(self.path(source), self.path("now"), symlinks=True)
        self.store = self.path("now/store")

    def moments(self, source, *arguments, step=1, least=5):
        for moment in range(1, CUTS_MAX, 1 if "--long" in sys.argv else step):
            self.begin(source)
            if not self.cut_at(moment, *arguments):
                self.assertGreater(moment, least)
                return
            with self.subTest(moment=moment):
                yield moment
        self.fail("it never came to its end")

    def prepare(self):
        os.mkdir(self.path("before"), 0o700)
        self.store = self.path("before/store")
        self.run_tool("request", "new", "--name", NAME, "--key", "p256", "--out", self.path("r.csr"))
        authority = Authority(self.path("ca"))
        with open(self.path("r.csr"), "rb") as file:
            return authority, authority.leaf(file.read(), NAME)

    def expect_whole_store(self):
        items = self.certificates()
        self.assertEqual(len(items), 1)
        folder = "requests" if items[0]["state"] == "PendingRequest" else "personal"
        pair = f"{self.store}/{folder}/{items[0]['id']}"
        key = public_key("key", pair + "/key.pem")
        if folder == "personal":
            self.assertEqual(key, public_key("certificate", pair + "/certificate.pem"))
        for folder in os.listdir(self.store):
            if os.path.isdir(f"{self.store}/{folder}"):
                left = [name for name in os.listdir(f"{self.store}/{folder}") if name[0] == "."]
                self.assertEqual(left, [])
        self.expect_keys(1)

    def expect_keys(self, count):
        """So many keys of their own, each in one place, removed ones among them."""
        keys = [os.path.join(folder, "key.pem") for folder, _, names in os.walk(self.store) if "key.pem" in names]
        self.assertEqual(len({public_key("key", key) for key in keys}), len(keys), keys)
        self.assertEqual(len(keys), count, keys)

    @staticmethod
    def files_of(store):
        """Path: content, of everything but the tool's own notes about the change."""
        found = {}
        for folder, _, names in os.walk(store):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), store)
                if path != "lock" and not path.startswith("changes/") and not name.startswith(".new-"):
                    with open(os.path.join(folder, name), "rb") as file:
                        found[path] = file.read()
        return found

    def test_k10_whatever_is_cut_off_the_other_entries_stay_as_they_were(self):
        os.mkdir(self.path("before"), 0o700)
        self.store = self.path("before/store")
        authority, tree = Authority(self.path("ca")), Hierarchy(self.path("tree"))
        items = []
        for name in ("first", "second", "third"):
            csr = run("openssl", "req", "-new", "-key", authority.key(name), "-subj", "/CN=x")
            leaf = self.write(name + ".pem", authority.leaf(csr, NAME))
            if name != "third":
                items.append(self.json("cert", "import", leaf, "--key", authority.key(name))["id"])
        self.json("request", "new", "--name", NAME, "--key", "p256")
        self.json("chain", "install", tree.path("root.pem"), "--as", "root", "--fingerprint", tree.fingerprint("root"))
        self.json("chain", "install", tree.path("new.pem"))
        self.json("crl", "install", tree.path("ssl.crl"))
        cross = tree.path("cross.pem")
        before = self.files_of(self.store)
        third = ["cert", "import", self.path("third.pem"), "--key", authority.key("third")]
        for command, changed in (
                (["cert", "remove", items[1], "--yes"], "personal/" + items[1]),
                (third, "personal/"), ([*third, "--encrypt-key", "--key-passphrase-file",
                                        self.write("pass", "correct horse")], "personal/"),
                (["chain", "install", cross, "--as", "untrusted"], "untrusted/"),
                (["chain", "remove", self.thumbprint(tree.path("new.pem"))], "intermediate/"),
                (["crl", "install", tree.path("root.crl")], "crls/")):
            for moment in self.moments("before", *command, step=2):
                after = self.files_of(self.store)
                for path, content in before.items():
                    if path.startswith(changed) and path not in after:
                        continue
                    self.assertEqual(after.get(path), content, (command[:2], moment, path))
                for path in set(after) - set(before):
                    # What was begun or taken away lies out of sight until the next run clears it away.
                    self.assertTrue(path.startswith(changed) or "/." in "/" + path, (command[:2], moment, path))
                self.run_tool(*command, code=None)
                left = self.certificates()
                self.assertNotIn("Invalid", [one["state"] for one in left])
                self.assertEqual(len(left), 3 + (command[1] == "import") - (command[:2] == ["cert", "remove"]))

    def test_k10_undo_leads_back_to_before_whatever_was_cut_off(self):
        """A change that was cut off anywhere is taken back; and an undoing that was goes on."""
        os.mkdir(self.path("before"), 0o700)
        self.store = self.path("before/store")
        authority, tree = Authority(self.path("ca")), Hierarchy(self.path("tree"))
        csr = run("openssl", "req", "-new", "-key", authority.key("one"), "-subj", "/CN=x")
        item = self.json("cert", "import", self.write("one.pem", authority.leaf(csr, NAME)), "--key", authority.key("one"))["id"]
        csr = run("openssl", "req", "-new", "-key", authority.key("two"), "-subj", "/CN=x")
        two = self.write("two.pem", authority.leaf(csr, NAME))
        self.json("request", "new", "--name", NAME, "--key", "p256", "--out", self.path("r.csr"))
        with open(self.path("r.csr"), "rb") as file:
            leaf = self.write("leaf.pem", authority.leaf(file.read(), NAME))
        self.json("chain", "install", tree.path("root.pem"), "--as", "root", "--fingerprint", tree.fingerprint("root"))
        self.json("chain", "install", tree.path("old.pem"))
        password = ["--password-file", self.write("password", "correct horse")]
        self.json("key", "backup", item, "--out", self.path("one.pfx"), *password)
        self.json("undo", "--forget", "--yes")
        shutil.copytree(self.path("before"), self.path("without"), symlinks=True)
        self.store = self.path("without/store")
        self.json("cert", "remove", item, "--yes")
        self.json("undo", "--forget", "--yes")
        new = ["chain", "install", tree.path("new.pem"), "--replace-old"]
        for source, command in (
                ("before", ["cert", "remove", item, "--yes"]),
                ("before", ["cert", "import", two, "--key", authority.key("two")]),
                ("before", ["cert", "complete", leaf]),
                ("before", ["request", "new", "--name", NAME, "--key", "p256"]),
                ("before", new), ("before", ["crl", "install", tree.path("root.crl")]),
                ("without", ["key", "restore", self.path("one.pfx"), *password])):
            before = self.files_of(self.path(source + "/store"))
            for moment in self.moments(source, *command, step=4):
                self.run_tool("undo", "--yes", code=None)
                self.assertEqual(self.files_of(self.store), before, (command[:2], moment))
                self.json("undo", code=2)
            self.begin(source)
            self.run_tool(*command)
            self.assertNotEqual(self.files_of(self.store), before)
            shutil.rmtree(self.path("after"), ignore_errors=True)
            shutil.copytree(self.path("now"), self.path("after"), symlinks=True)
            for moment in self.moments("after", "undo", "--yes", step=2, least=3):
                self.run_tool("undo", "--yes", code=None)
                self.assertEqual(self.files_of(self.store), before, ("undo", command[:2], moment))
                self.json("undo", code=2)

    @staticmethod
    def thumbprint(path):
        return run("openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha256").decode().strip().split("=")[1]

    def test_making_a_request(self):
        os.mkdir(self.path("before"), 0o700)
        command = ["request", "new", "--name", NAME, "--key", "p256"]
        for _ in self.moments("before", *command):
            if self.certificates():
                self.expect_whole_store()
            self.run_tool(*command)

    def test_completing_a_request(self):
        _, leaf = self.prepare()
        file = self.write("leaf.pem", leaf)
        for _ in self.moments("before", "cert", "complete", file):
            self.expect_whole_store()
            self.run_tool("cert", "complete", file, code=None)
            self.expect_whole_store()
            self.assertEqual(self.certificates()[0]["state"], "Untrusted")

    def test_installing_over_a_pair_that_is_in_use(self):
        authority, leaf = self.prepare()
        portal = Portal(authority, ADDRESS, PORT)
        self.addCleanup(portal.stop)
        portal.state, portal.certificate = "accepted", leaf
        os.mkdir(self.path("before/web"), 0o755)
        shutil.copy(authority.path("issuer.key"), self.path("before/web/site.key"))
        shutil.copy(authority.path("issuer.pem"), self.path("before/web/site.crt"))
        pin = self.write("pin", "1234567812345678")
        command = ["enrol", "--portal", portal.url, "--server-name", NAME, "--reference", "123456789",
                   "--pin-file", pin, "--accept", "--install-certificate", self.path("now/web/site.crt"),
                   "--install-key", self.path("now/web/site.key")]
        old = public_key("certificate", authority.path("issuer.pem"))
        for moment in self.moments("before", *command):
            key = public_key("key", self.path("now/web/site.key"))
            self.assertEqual(key, public_key("certificate", self.path("now/web/site.crt")))
            self.expect_whole_store()
            if moment % 5 == 0:
                self.run_tool(*command, code=None)
                self.run_tool("enrol", "--resume", "--pin-file", pin, code=None)
                key = public_key("key", self.path("now/web/site.key"))
                self.assertNotEqual(key, old)
                self.assertEqual(key, public_key("certificate", self.path("now/web/site.crt")))

    def test_deploying_over_a_pair_that_is_in_use(self):
        authority, leaf = self.prepare()
        self.run_tool("cert", "complete", self.write("leaf.pem", leaf))
        item = self.certificates()[0]["id"]
        old = public_key("certificate", authority.path("issuer.pem"))
        for one_file in (False, True):
            shutil.rmtree(self.path("before/web"), ignore_errors=True)
            os.mkdir(self.path("before/web"), 0o755)
            shutil.copy(authority.path("issuer.pem"), self.path("before/web/site.crt"))
            with open(self.path("before/web/site.crt" if one_file else "before/web/site.key"), "a",
                      encoding="ascii") as file, open(authority.path("issuer.key"), encoding="ascii") as key:
                file.write(key.read())
            certificate = self.path("now/web/site.crt")
            key = certificate if one_file else self.path("now/web/site.key")
            command = ["deploy", "run", item, "--kind", "files", "--certificate", certificate]
            command += [] if one_file else ["--key", key]
            for moment in self.moments("before", *command):
                public = public_key("key", key)
                self.assertEqual(public, public_key("certificate", certificate))
                self.expect_whole_store()
                if moment % 4 == 0:
                    self.run_tool(*command, code=None)
                    self.assertNotEqual(public_key("key", key), old)
                    self.assertEqual(public_key("key", key), public_key("certificate", certificate))
                    self.expect_state("installed")
                    self.run_tool("deploy", "rollback", "files", code=None)
                    self.assertEqual(public_key("key", key), public_key("certificate", certificate))

    def test_going_back(self):
        authority, leaf = self.prepare()
        self.run_tool("cert", "complete", self.write("leaf.pem", leaf))
        os.mkdir(self.path("before/web"), 0o755)
        paths = [self.path("now/web/site.crt"), self.path("now/web/site.key")]
        shutil.copy(authority.path("issuer.pem"), self.path("before/web/site.crt"))
        shutil.copy(authority.path("issuer.key"), self.path("before/web/site.key"))
        self.begin("before")
        self.run_tool("deploy", "run", "--kind", "files", "--certificate", paths[0], "--key", paths[1])
        shutil.rmtree(self.path("before"))
        shutil.copytree(self.path("now"), self.path("before"), symlinks=True)
        for _ in self.moments("before", "deploy", "rollback", "files"):
            self.assertEqual(public_key("key", paths[1]), public_key("certificate", paths[0]))

    def expect_state(self, state):
        self.assertEqual(self.json("deploy", "status")["targets"][0]["state"], state)


if __name__ == "__main__":
    unittest.main(argv=["test_power_cut"])
