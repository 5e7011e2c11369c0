#!/usr/bin/env python3
"""One certificate on its whole way in a hierarchy with logs of Certificate Transparency: its SCTs are
valid to OpenSSL, its chain to everybody, and what was signed proves from public keys alone."""
import os
import subprocess
import sys
import unittest

import judges
from world import BUILD, ROOT, World

sys.path.insert(0, os.path.join(ROOT, "tests/process/registrar"))
from ct_log import Log  # noqa: E402

LOGS = 4


class Transparency(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.logs = [Log(f"log-{number}") for number in range(LOGS)]
        cls.world.environment["TRIAL_LOGS"] = cls.world.write("logs.conf", "".join(
            log.section(f"operator-{number % 3}") for number, log in enumerate(cls.logs)))
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)
        for log in cls.logs:
            log.root = cls.world.path("service/ca/root_ca_3.pem.crt")
        cls.logs[1].mode = "wrong signature"
        cls.world.script("apply")
        cls.world.script("enrol")

    def test_1_the_server_answers_with_a_certificate_that_everybody_accepts(self):
        world = self.world
        self.assertIn("SSL certificate verify ok", world.script("verify").stdout)
        with open(world.path("web/www.crt"), "rb") as file:
            chain = file.read()
        with open(world.path("service/ca/root_ca_3.pem.crt"), "rb") as file:
            root = file.read()
        lists = []
        for name in ("eCertSCA3-17CRL1", "RootCA3ARL"):
            world.run("curl", "-sSf", "-o", world.path("fetched"), f"{world.portal}/crl/{name}.crl")
            with open(world.path("fetched"), "rb") as file:
                lists.append(file.read())
        case = judges.Case(world.path("judged"), chain, root, lists)
        for name, judge in judges.JUDGES.items():
            good, said = judge(case)
            self.assertTrue(good, f"{name}: {said}")

    def test_2_openssl_finds_its_scts_valid_and_the_liar_is_not_among_them(self):
        world = self.world
        world.run("openssl", "x509", "-in", world.path("web/www.crt"), "-outform", "DER", "-out",
                  world.path("made.der"))
        names = ", ".join(log.name for log in self.logs)
        world.write("judge.conf", f"enabled_logs = {names}\n" +
                    "".join(log.judge_row() for log in self.logs))
        said = world.run(os.path.join(BUILD, "tests/process/registrar/sct_judge"),
                         world.path("made.der"), world.path("service/ca/ecert_ssl_ca_3-17.crt"),
                         world.path("judge.conf")).stdout.split("\n")
        self.assertEqual(sorted(line for line in said if line),
                         ["valid log-0", "valid log-2", "valid log-3"])

    def test_3_what_was_signed_proves_from_public_keys_alone(self):
        signer = self.world.path("service/signer/")
        done = subprocess.run(
            [os.path.join(BUILD, "cli/ecertadm/ecertadm"), "audit", "verify", "--journal",
             signer + "journal", "--roster", signer + "roster.der", "--ceremony-spki",
             signer + "ceremony.spki", "--store", self.world.path("service/store/ecert.db")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
