#!/usr/bin/env python3
"""An OCSP responder's certificate by the command that a person types, judged by OpenSSL and GnuTLS: answers signed
with it are believed for its own CA, and it is nobody's server certificate.

    test_responder.py SIGNER ECERTADM PROFILE
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

SIGNER, ECERTADM, PROFILE = sys.argv[1:4]
ISSUERS = {"ssl-ca-3-17": "ecert_ssl_ca_3-17", "ev-ssl-ca-3-17": "ecert_ev_ssl_ca_3-17"}
SERIAL = "4e112233445566778899aabbccddeeff00"


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=60, check=False)


class Responder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = temporary.name
        done = run(SIGNER, "ceremony", "--trial", cls.folder, "--profile", PROFILE)
        assert done.returncode == 0, done.stdout
        cls.config = cls.path("ecert.conf")
        with open(cls.config, "w", encoding="utf-8") as file:
            file.write(f"""service {{ run_directory = "{cls.folder}"
                store = "{cls.folder}/ecert.db"
                trial = true
                users = false
                data_directory = "{cls.folder}" }}
            signer {{ directory = "{cls.folder}/signer"
                passphrase_file = "{cls.folder}/signer/passphrase" }}\n""")
        for issuer in ISSUERS:
            cls.request(issuer, "rsa:2048")
            done = cls.make(issuer)
            assert done.returncode == 0, done.stdout

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def request(cls, name, key):
        kind = ["-newkey", key] if ":" in key else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + key]
        kind = ["-newkey", key] if key == "ed25519" else kind
        done = run("openssl", "req", "-new", *kind, "-nodes", "-batch", "-subj", "/CN=whatever", "-keyout",
                   cls.path(name + ".key.pem"), "-out", cls.path(name + ".csr"))
        assert done.returncode == 0, done.stdout

    @classmethod
    def make(cls, issuer, csr=None, out=None):
        return run(SIGNER, "responder", "--config", cls.config, "--issuer", issuer, "--csr",
                   cls.path((csr or issuer) + ".csr"), "--out", cls.path((out or issuer) + ".crt"))

    def ca(self, name):
        return self.path(f"ca/{name}.pem.crt")

    def answer(self, responder, issuer, at):
        """OpenSSL's OCSP server answers with this certificate and key about one of the issuer's, and its client says
        what it makes of that."""
        with open(self.path("index.txt"), "w", encoding="ascii") as file:
            file.write(f"V\t270601000000Z\t\t{SERIAL.upper()}\tunknown\t/CN=www.example.com\n")
        issuing = self.ca(ISSUERS[issuer])
        done = run("openssl", "ocsp", "-issuer", issuing, "-serial", "0x" + SERIAL, "-no_nonce", "-reqout",
                   self.path("request.der"))
        self.assertEqual(done.returncode, 0, done.stdout)
        done = run("openssl", "ocsp", "-index", self.path("index.txt"), "-CA", issuing, "-rsigner",
                   self.path(responder + ".crt"), "-rkey", self.path(responder + ".key.pem"), "-ndays", "3", "-reqin",
                   self.path("request.der"), "-respout", self.path("response.der"))
        self.assertEqual(done.returncode, 0, done.stdout)
        said = run("openssl", "ocsp", "-issuer", issuing, "-serial", "0x" + SERIAL, "-respin",
                   self.path("response.der"), "-CAfile", self.ca("root_ca_3"), "-verify_other", issuing, *at).stdout
        return said

    def gnutls(self, issuer):
        """The same answer to GnuTLS."""
        return run("ocsptool", "--verify-response", "--load-response", self.path("response.der"), "--load-trust",
                   self.ca(ISSUERS[issuer])).stdout

    def test_its_answers_are_believed_for_its_own_authority(self):
        for issuer in ISSUERS:
            said = self.answer(issuer, issuer, at=[])
            self.assertIn("Response verify OK", said)
            self.assertIn(": good", said)
            self.assertIn("Verifying OCSP Response: Success.", self.gnutls(issuer))

    def test_and_for_no_other(self):
        for responder, issuer in zip(ISSUERS, reversed(ISSUERS)):
            self.assertIn("Response Verify Failure", self.answer(responder, issuer, at=[]))
            self.assertIn("Verifying OCSP Response: Failure", self.gnutls(issuer))

    def test_not_a_month_later(self):
        later = run("date", "-d", "+31 days", "+%s").stdout.strip()
        issuer = "ssl-ca-3-17"
        self.assertIn("Response Verify Failure", self.answer(issuer, issuer, at=["-attime", later]))

    def test_no_server_can_use_it(self):
        for issuer, name in ISSUERS.items():
            chain = ["-CAfile", self.ca("root_ca_3"), "-untrusted", self.ca(name), self.path(issuer + ".crt")]
            for purpose, good in (("sslserver", False), ("sslclient", False), ("smimesign", False),
                                  ("ocsphelper", True)):
                said = run("openssl", "verify", "-x509_strict", "-purpose", purpose, *chain)
                self.assertEqual(said.returncode == 0, good, said.stdout)
            with open(self.path("chain.pem"), "w", encoding="ascii") as file:
                for part in (self.path(issuer + ".crt"), self.ca(name)):
                    with open(part, encoding="ascii") as pem:
                        file.write(pem.read())
            said = run("certtool", "--verify", "--verify-profile", "medium", "--verify-purpose", "1.3.6.1.5.5.7.3.1",
                       "--load-ca-certificate", self.ca("root_ca_3"), "--infile", self.path("chain.pem"))
            self.assertNotEqual(said.returncode, 0, said.stdout)

    def test_it_holds_what_its_row_says(self):
        said = run("openssl", "x509", "-noout", "-text", "-in", self.path("ssl-ca-3-17.crt")).stdout
        self.assertIn("Subject: C = HK, O = Hongkong Post, CN = Hongkong Post Trial e-Cert SSL CA 3 - 17 OCSP "
                      "Responder\n", said)
        self.assertEqual(re.findall(r"X509v3 [A-Z][^:]+: ?(?:critical)?|OCSP No Check: ?", said), [
            "X509v3 Authority Key Identifier: ", "X509v3 Subject Key Identifier: ", "X509v3 Key Usage: critical",
            "X509v3 Extended Key Usage: ", "OCSP No Check: "])
        self.assertRegex(said, r"Extended Key Usage: \n +OCSP Signing\n")
        judged = json.loads(run(ECERTADM, "lint", "--json", self.path("ssl-ca-3-17.crt")).stdout)
        self.assertEqual((judged[0]["kind"], judged[0]["findings"]), ("responder", []))

    def test_all_that_was_signed_proves_from_public_keys(self):
        done = run(ECERTADM, "--json", "audit", "verify", "--journal", self.path("signer/journal"), "--roster",
                   self.path("signer/roster.der"), "--ceremony-spki", self.path("signer/ceremony.spki"))
        self.assertEqual(json.loads(done.stdout)["proved"], "yes")

    def test_keys_that_no_certificate_may_have(self):
        for key, code, field in (("rsa:1024", "csr.key_weak", "rsa.size"), ("P-521", "csr.key_unsupported", "ec.curve"),
                                 ("ed25519", "csr.", "")):
            self.request("weak", key)
            done = self.make("ssl-ca-3-17", "weak", "weak")
            self.assertEqual(done.returncode, 1)
            self.assertIn("code=" + code, done.stdout)
            self.assertIn(field, done.stdout)
            self.assertFalse(os.path.exists(self.path("weak.crt")))

    def test_what_is_asked_for_wrongly(self):
        for command, status, said in (
                (lambda: self.make("ssl-ca-3-17"), 1, "code=file.exists"),
                (lambda: self.make("root-ca-3", "ssl-ca-3-17", "other"), 1, "code=issuer.key"),
                (lambda: self.make("ssl-ca-3-17", "absent", "other"), 1, "code=csr.file"),
                (lambda: run(SIGNER, "responder", "--config", self.config), 64, "usage: "),
                (lambda: run(SIGNER, "responder", "--config", self.config, "--issuer", "a", "--csr", "b", "--out", "c",
                             "more"), 64, "usage: ")):
            done = command()
            self.assertEqual(done.returncode, status, done.stdout)
            self.assertIn(said, done.stdout)
            self.assertFalse(os.path.exists(self.path("other.crt")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
