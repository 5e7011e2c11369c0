#!/usr/bin/env python3
"""One certificate on its whole way by the command line, judged by others, then revoked."""
import json
import os
import unittest

import judges
from world import World, wait_until


class Walk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)

    def test_1_the_walk_ends_with_a_server_that_answers(self):
        world = self.world
        world.script("apply")
        # The public sees nothing before, and the store has no PIN in clear.
        pin = world.read("subscriber/pin").replace(" ", "")
        self.assertEqual(len(pin), 16)
        for name in os.listdir(world.path("service/store")):
            with open(world.path(f"service/store/{name}"), "rb") as store:
                self.assertNotIn(pin.encode(), store.read(), name)
        world.script("enrol")
        said = world.script("verify").stdout
        self.assertIn("SSL certificate verify ok", said)
        listed = world.adm("certificate", "list")
        self.assertEqual([one["state"] for one in listed], ["accepted"])

    def test_2_openssl_gnutls_and_nss_accept_the_chain(self):
        case = self.case("good")
        for name, judge in judges.JUDGES.items():
            good, said = judge(case)
            self.assertTrue(good, f"{name}: {said}")

    def test_3_a_chain_without_its_intermediate_is_refused_by_each(self):
        case = self.case("incomplete")
        case.others = []
        case.write("others.pem", case.leaf)
        case.write("chain.pem", case.leaf)
        for name, judge in judges.JUDGES.items():
            good, said = judge(case)
            self.assertFalse(good, f"{name}: {said}")

    def test_4_the_tool_lists_shows_and_backs_up_what_it_has(self):
        world = self.world
        answer = json.loads(world.run("ecert", "cert", "list", "--json").stdout)
        self.assertEqual([one["state"] for one in answer["certificates"]], ["Valid"])
        item = answer["certificates"][0]["id"]
        world.write("password", "correct horse battery staple\n")
        os.chmod(world.path("password"), 0o600)
        backup = world.path("backup.pfx")
        world.run("ecert", "key", "backup", item, "--out", backup,
                  "--password-file", world.path("password"))
        other = world.path("other-store")
        world.run("ecert", "key", "restore", backup, "--password-file", world.path("password"),
                  "--store", other)
        answer = json.loads(world.run("ecert", "cert", "list", "--json", "--store", other).stdout)
        self.assertEqual([one["id"] for one in answer["certificates"]], [item])
        world.write("password", "another password\n")
        refused = world.run("ecert", "key", "restore", backup, "--password-file",
                            world.path("password"), "--store", world.path("third"), check=False)
        self.assertEqual(refused.returncode, 1)

    def test_5_audit_and_journal_agree(self):
        for what in ("verify", "lint"):
            done = self.world.adm("audit", what, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_6_the_next_certificate_needs_no_pin(self):
        world = self.world
        world.script("mailbox", "--wait", "30", "--subject", "e-Cert (Server): key registered for log-in without PIN")
        reference, first = world.read("subscriber/reference"), world.read("web/www.crt")
        os.remove(world.path("subscriber/pin"))
        world.run("ecert", "request", "new", "--name", world.server_name, "--key", "p256")
        world.run("ecert", "enrol", "--renew", "--portal", world.portal, "--server-name", world.server_name,
                  "--reference", reference, "--dns-update", f"{world.net}.0.53@5353", "--tsig",
                  world.path("subscriber/tsig.key"), "--accept", "--install-certificate", world.path("web/www.crt"),
                  "--install-key", world.path("web/www.key"), "--after", "nginx", "-p", world.path("web"), "-e",
                  "error.log", "-c", "nginx.conf", "-s", "reload", ";")
        self.assertNotEqual(world.read("web/www.crt"), first)
        self.assertIn("SSL certificate verify ok", world.script("verify").stdout)
        self.assertEqual([one["state"] for one in world.adm("certificate", "list")], ["accepted", "accepted"])
        case = self.case("next")
        for name, judge in judges.JUDGES.items():
            good, said = judge(case)
            self.assertTrue(good, f"{name}: {said}")

    def test_9_after_revocation_each_refuses(self):
        world = self.world
        serial = world.adm("certificate", "list")[0]["serial"]
        before = self.fetch("crl/eCertSCA3-17CRL1.crl")
        world.adm("revoke", serial, "--reason", "keyCompromise")
        wait_until(lambda: self.fetch("crl/eCertSCA3-17CRL1.crl") != before, 15, "a new CRL")
        case = self.case("revoked")
        for name, judge in judges.JUDGES.items():
            good, said = judge(case)
            self.assertFalse(good, f"{name}: {said}")
            self.assertIn("revoked", said.lower(), name)
        verify = world.script("verify", check=False)
        self.assertNotEqual(verify.returncode, 0)

    def fetch(self, name):
        done = self.world.run("curl", "-sSf", "-o", self.world.path("fetched"),
                              f"{self.world.portal}/{name}")
        self.assertEqual(done.returncode, 0)
        with open(self.world.path("fetched"), "rb") as file:
            return file.read()

    def case(self, name):
        """What nginx serves, the ceremony's root, the lists from the repository."""
        with open(self.world.path("web/www.crt"), "rb") as file:
            chain = file.read()
        with open(self.world.path("service/ca/root_ca_3.pem.crt"), "rb") as file:
            root = file.read()
        return judges.Case(self.world.path(f"judged-{name}"), chain, root, [
            self.fetch("crl/eCertSCA3-17CRL1.crl"), self.fetch("crl/RootCA3ARL.crl")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
