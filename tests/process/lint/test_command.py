#!/usr/bin/env python3
"""`ecertadm lint` as a person meets it: files of every form, and what it says to what it can't use.

    test_command.py ECERTADM LINT_SAMPLES
"""
import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest

from bases import KU, make
from der import Certificate, NULL, Element, explicit, integer, oid, parse, seq, set_of


def pem(label, data):
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(data) + f"-----END {label}-----\n".encode()


def p7b(*certificates):
    inner = Element(0xa0, parts=[parse(c) for c in certificates])
    data = seq(integer(1), set_of(), seq(oid("1.2.840.113549.1.7.1")), inner, set_of())
    return seq(oid("1.2.840.113549.1.7.2"), explicit(0, data)).bytes()


class Command(unittest.TestCase):
    """One folder of good objects for all."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([ARGUMENTS[1], cls.folder.name, "p256"], check=True)
        cls.good = {name: data for name, (_, data) in make(cls.folder.name).items()}

    def lint(self, *arguments, code=0):
        done = subprocess.run([ARGUMENTS[0], "lint", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def file(self, content, name="object"):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def judged(self, *arguments, code=0):
        return json.loads(self.lint("--json", *arguments, code=code).stdout)

    def bent(self):
        cert = Certificate(self.good["server"])
        cert.criticality(KU, False)
        return cert.bytes()

    def test_the_kind_is_told_by_the_bytes(self):
        told = {"root": "root", "ca": "issuing-ca", "server": "ov", "ev": "ev", "dv": "dv", "iv": "iv", "crl": "crl",
                "precertificate": "precertificate", "responder": "responder", "arl": "arl", "good": "ocsp"}
        for name, kind in told.items():
            self.assertEqual([row["kind"] for row in self.judged(self.file(self.good[name]))], [kind])

    def test_der_pem_and_p7b_hold_one_or_many(self):
        chain = [self.good["server"], self.good["ca"], self.good["root"]]
        for content in (p7b(*chain), pem("PKCS7", p7b(*chain)), b"a chain:\n" + b"\n".join(
                pem("CERTIFICATE", one) for one in chain) + pem("CERTIFICATE REQUEST", seq(NULL).bytes())):
            self.assertEqual([row["kind"] for row in self.judged(self.file(content))], ["ov", "issuing-ca", "root"])
        both = self.judged(self.file(pem("X509 CRL", self.good["crl"]), "a"), self.file(self.good["good"], "b"))
        self.assertEqual([(os.path.basename(row["file"]), row["kind"]) for row in both], [("a", "crl"), ("b", "ocsp")])

    def test_an_error_is_exit_1_and_told_in_full(self):
        done = self.lint(self.file(self.bent()), code=1)
        for told in ("error", "ku.critical", "BR 7.1.2.10.7", "since 2012-07-01", "seen:", "expected: a critical key"):
            self.assertIn(told, done.stdout)
        self.assertIn("1 in 1 objects", done.stderr)
        (row,) = self.judged(self.file(self.bent()), code=1)
        found = [f for f in row["findings"] if f["severity"] == "error"]
        self.assertEqual([(f["id"], f["since"], f["seen"]) for f in found], [("ku.critical", "2012-07-01", "03020780")])

    def test_warnings_alone_are_exit_0(self):
        (row,) = self.judged(self.file(self.good["server"]))
        self.assertEqual([f["id"] for f in row["findings"]], ["subject.common_name"])
        self.assertEqual((row["errors"], row["warnings"]), (0, 1))

    def test_kind_and_day_can_be_named(self):
        server = self.file(self.good["server"])
        self.assertIn("eku.root_absent", self.lint(server, "--kind", "root", code=1).stdout)
        self.assertIn("validity.server_period", self.lint(server, "--at", "2027-03-15", code=1).stdout)
        self.assertNotIn("validity.server_period", self.lint(server, "--at", "2027-03-14").stdout)
        self.assertLess(self.judged(server, "--at", "2012-07-01")[0]["checked"], self.judged(server)[0]["checked"])

    def test_what_cannot_be_used_is_said_so(self):
        server = self.file(self.good["server"])
        for arguments, code, told in (
                ((), 64, "usage"), (("--list", server), 64, "usage"), (("--kind",), 64, "usage"),
                ((server, "--strict"), 64, "--strict"), ((server, "--kind", "server"), 1, "issuing-ca"),
                ((server, "--at", "tomorrow"), 1, "2027-03-15"), ((server, "--at", "2026-02-30"), 1, "2027-03-15"),
                ((server + "-not-there",), 1, "readable"), ((self.file(b"", "empty"),), 1, "P7B"),
                ((self.file(b"a letter\n", "letter"),), 1, "P7B"),
                ((self.file(pem("PRIVATE KEY", seq(NULL).bytes()), "key"),), 1, "P7B")):
            with self.subTest(arguments):
                done = self.lint(*arguments, code=code)
                self.assertIn("next:" if code == 1 else "ecertadm", done.stderr)
                if told != "usage":
                    self.assertIn(told, done.stderr)

    def test_every_beginning_of_a_certificate_has_an_error(self):
        for length in range(2, len(self.good["server"]), 97):
            (row,) = self.judged(self.file(self.good["server"][:length]), code=1)
            self.assertTrue({f["id"] for f in row["findings"]} & {"der.length", "der.shape"}, length)

    def test_the_list_has_one_lint_a_line(self):
        lines = self.lint("--list").stdout.splitlines()
        rows = json.loads(self.lint("--list", "--json").stdout)
        self.assertEqual([line.split()[0] for line in lines], [row["id"] for row in rows])
        for line, row in zip(lines, rows):
            for part in ("source", "since", "severity", "kinds", "expects"):
                self.assertIn(row[part], line)


if __name__ == "__main__":
    ARGUMENTS = sys.argv[1:]
    unittest.main(argv=sys.argv[:1], verbosity=2)
