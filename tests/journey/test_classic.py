#!/usr/bin/env python3
"""A classic hierarchy from its ceremony to the certificate: what the Observatory's certificate said of it in 2019, in
organizational units, and nobody but who trusts this root for itself believes it; and what such a hierarchy refuses."""
import json
import os
import subprocess
import unittest

import judges
from test_editions import Walk, example
from test_government import Government
from world import ROOT, World

PROFILE = os.path.join(ROOT, "packaging/classic-ceremony.conf")
LISTS = ("ClassicECertCA1CRL1", "ClassicRootCA1ARL")
TYPE = "Hongkong Post Trial e-Cert (Server)"
LANGUAGES = {"en": "Organizational units (OU)", "zh-HK": "機構單位（OU）", "zh-CN": "组织单位（OU）"}


class Department(Government):
    """With what the guide's page shows of one."""

    def __init__(self, world, name):
        form = dict(example("government"), names=[name])
        form["subject"] = dict(form["subject"], srn="0002142877", other_document="EXD")
        Walk.__init__(self, world, form)

    def page(self, path, language):
        return self.world.run("curl", "-sSf", "-H", f"Cookie: ecert={self.token}", "-H",
                              f"Accept-Language: {language}", self.world.portal + path).stdout


class Classic(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(parts=("dns", "mail", "ca"))
        cls.world.environment["TRIAL_PROFILE"] = PROFILE
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)

    def fetch(self, name):
        path = self.world.path("fetched")
        self.world.run("curl", "-sSf", "-o", path, f"{self.world.portal}/{name}")
        with open(path, "rb") as file:
            return file.read()

    def assert_judged(self, name, download, good):
        case = judges.Case(
            self.world.path("judged-" + name), "".join([download["certificate"], *download["chain"]]).encode(),
            download["root"].encode(), [self.fetch(f"crl/{crl}.crl") for crl in LISTS])
        for judge, ask in judges.JUDGES.items():
            verdict, said = ask(case)
            self.assertEqual(verdict, good, f"{judge}: {said}")

    def test_a_certificate_says_in_its_units_what_the_records_say(self):
        walk = Department(self.world, "www.department.example.net")
        walk.confirmed()
        shown = walk.submit()
        units = ["0002142877", "0" * 24 + "EXD", TYPE, "Example Department"]
        self.assertEqual(shown["units"], units)
        for language, label in LANGUAGES.items():
            page = walk.page("/certificate", language)
            for text in (label, *units):
                self.assertIn(text, page)
        walk.call("POST", "/enrolment/accept", {})
        download = walk.call("GET", "/enrolment/download")
        subject = subprocess.run(
            ["openssl", "x509", "-noout", "-subject", "-ext", "certificatePolicies"], input=download["certificate"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout
        self.assertIn("C = HK, ST = Hong Kong, L = Hong Kong, O = Hong Kong SAR Government, "
                      + "".join(f"OU = {unit}, " for unit in units) + "CN = www.department.example.net", subject)
        self.assertNotIn("Policy:", subject)
        read = self.world.run("certtool", "--certificate-info", stdin=download["certificate"]).stdout
        for unit in units:
            self.assertIn("OU=" + unit, read)
        self.assert_judged("good", download, True)
        serial = shown["serial"].replace(" ", "")
        published = self.fetch(f"repository/{serial}").decode()
        for unit in units:
            self.assertIn(unit, published)
        self.lint(download["certificate"])
        self.proved()
        self.world.adm("revoke", serial, "--reason", "superseded")
        self.world.adm("crl", "ssl-ca-3-17")
        self.assert_judged("revoked", download, False)

    def lint(self, pem):
        """By its own rules without fault, by a public certificate's never."""
        path = self.world.write("classic.pem", pem)
        own = json.loads(self.world.run("ecertadm", "lint", "--json", path).stdout)
        self.assertEqual((own[0]["kind"], own[0]["findings"]), ("classic", []))
        public = self.world.run("ecertadm", "lint", "--json", "--kind", "ov", path, check=False)
        self.assertEqual(public.returncode, 1)
        found = {finding["id"] for finding in json.loads(public.stdout)[0]["findings"]}
        self.assertLessEqual({"subject.unit", "policies.present"}, found)

    def proved(self):
        signer = self.world.path("service/signer/")
        said = self.world.adm("audit", "verify", "--journal", signer + "journal", "--roster", signer + "roster.der",
                              "--ceremony-spki", signer + "ceremony.spki")
        self.assertEqual((said["proved"], said["certificates.proved"]), ("yes", 1))

    def test_what_it_does_not_issue_is_said_when_it_is_asked_for(self):
        for form, code in ((example("ev"), "application.not_classic"),
                           (self.long_number(), "application.unit")):
            path = self.world.write("refused.json", json.dumps(form))
            done = self.world.adm("application", "new", path, check=False)
            self.assertEqual((done.returncode, json.loads(done.stdout or done.stderr)["code"]), (1, code))

    @staticmethod
    def long_number():
        form = example("server")
        form["subject"]["brn"] = "12345678-000-01-26-A-1"
        return form

    def test_no_ceremony_makes_it_public(self):
        with open(PROFILE, encoding="utf-8") as file:
            text = file.read()
        changes = (('policy      = "any"', 'policy      = "ov"', "policy"),
                   ('policy      = "any"', 'policy      = "ev"', "policy"),
                   ("", 'ct_log "log" { operator = "o" url = "http://127.0.0.1:1" spki = "x" state = "usable" '
                    'since = "2026-01-01T00:00:00Z" }\n', "ct_log"),
                   ('policy_set   = "classic"', 'policy_set   = "public, classic"', "policy_set"))
        for number, (old, new, field) in enumerate(changes):
            path = self.world.write(f"refused-{number}.conf", text.replace(old, new) if old else text + new)
            folder = self.world.path(f"refused-{number}")
            done = self.world.run("ecertadm", "ceremony", "--trial", folder, "--profile", path, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("(config.value)", done.stderr)
            self.assertRegex(done.stderr, rf"\n  field: +{field}\n")
            self.assertFalse(os.path.exists(folder + "/signer"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
