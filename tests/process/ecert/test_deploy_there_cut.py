#!/usr/bin/env python3
"""The other host's shell is killed before each single command of what `ecert deploy` has it do. Afterwards there is
always a whole pair where the server looks, and the next run ends well, as does going back.

    test_deploy_there_cut.py ECERT [--long]
"""
import os
import shutil
import sys
import unittest

from deploy_case import DeployCase
from sshd import PORT, SshTest
from tool import public_key

ADDRESS = "127.0.79.5"
STEP = 1 if "--long" in sys.argv else 31
MOMENTS_MAX = 400
# Bash calls this before each command, in subshells too; what they count from there on is their own.
KILLER = """#!/bin/bash
moment=$(cat {place}/moment)
exec bash -c 'set -T; n=0; trap "n=\\$((n + 1)); [ \\$n != '$moment' ] || kill -9 \\$\\$" DEBUG
eval "$SSH_ORIGINAL_COMMAND"'
"""


@unittest.skipIf(shutil.which("bash") is None, "bash is not here")
class Cut(SshTest, DeployCase):
    """One host whose shell dies at the moment that stands in a file; 0: it lives."""
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        killer = os.path.join(cls.place, "killer")
        cls.moment_file = os.path.join(cls.place, "moment")
        with open(killer, "w", encoding="ascii") as file:
            file.write(KILLER.format(place=cls.place))
        os.chmod(killer, 0o755)
        with open(cls.place + "/host.pub", encoding="ascii") as host, open(cls.place + "/known_hosts", "a", encoding="ascii") as known:
            known.write(f"[{ADDRESS}]:{PORT} " + " ".join(host.read().split()[:2]) + "\n")
        cls.start_host(ADDRESS, "client", f"ForceCommand {killer}\n")
        cls.host = cls.hosts[0].split("@")[0] + "@" + ADDRESS

    def dies_at(self, moment):
        with open(self.moment_file, "w", encoding="ascii") as file:
            file.write(str(moment))

    def whole(self, names):
        """Whose pair it is. The key may stand behind the certificate, in one file."""
        certificate, key = self.path("now/site.crt"), self.path("now/site.key")
        key = key if os.path.exists(key) else certificate
        public = public_key("key", key)
        self.assertEqual(public, public_key("certificate", certificate))
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)
        name, = (name for name in names if public_key("key", self.authority.key(name)) == public)
        return name

    def begin(self, one_file):
        """An ordinary pair that a server has used so far."""
        shutil.rmtree(self.path("now"), ignore_errors=True)
        os.mkdir(self.path("now"), 0o755)
        with open(self.authority.key("old"), encoding="ascii") as file:
            key = file.read()
        with open(self.path("old.chain"), encoding="ascii") as file:
            chain = file.read()
        parts = {"site.crt": chain + key} if one_file else {"site.crt": chain, "site.key": key}
        for name, text in parts.items():
            with open(self.path("now/" + name), "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(text)

    def run_over(self, one_file, prepare, *command):
        """Each moment of one command; how many there were."""
        for moment in range(1, MOMENTS_MAX, STEP):
            self.dies_at(0)
            self.begin(one_file)
            prepare()
            self.dies_at(moment)
            said = self.json(*command, code=None)
            with self.subTest(moment=moment, one_file=one_file):
                self.whole(("old", "new"))
                alive = "targets" in said and all(one.get("state") == "installed" or one.get("done") for one in said["targets"])
                self.dies_at(0)
                yield moment, alive
                if alive:
                    return

    def test_a_pair_is_put_there(self):
        self.pair("old")
        item = self.pair("new")
        for one_file in (False, True):
            words = ["--kind", "files", "--certificate", self.path("now/site.crt"), "--to", self.host, "--ssh-config", self.config]
            words += ["--again"] if one_file else ["--again", "--key", self.path("now/site.key")]
            last = 0
            for last, _ in self.run_over(one_file, lambda: None, "deploy", "run", item, *words):
                self.json("deploy", "run", item, *words)
                self.assertEqual(self.whole(("old", "new")), "new")
                left = [name for name in os.listdir(self.path("now/.ecert-site.crt")) if name.startswith(".new")]
                self.assertLessEqual(len(left), 1)
                self.run_tool("deploy", "rollback", "files-" + self.host)
                self.whole(("old", "new"))
            self.assertGreater(last, 40)

    def test_going_back(self):
        self.pair("old")
        item = self.pair("new")
        words = ["--kind", "files", "--certificate", self.path("now/site.crt"), "--key", self.path("now/site.key"), "--to", self.host,
                 "--ssh-config", self.config]
        last = 0
        for last, alive in self.run_over(
                False, lambda: self.json("deploy", "run", item, *words, "--again"),
                                         "deploy", "rollback", "files-" + self.host):
            self.assertIn(self.whole(("old", "new")), ("old",) if alive else ("old", "new"))
        self.assertGreater(last, 15)


if __name__ == "__main__":
    unittest.main(argv=["test_deploy_there_cut"])
