"""Others' readers over what lib/crypto and lib/pki write: OpenSSL's command, GnuTLS's certtool and
NSS's tools must take it, and must refuse what they should. Usage: judges.py SAMPLES-PROGRAM."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

# The instant around which tests/unit/pki/hierarchy.h makes everything.
NOW = "1795395600"


def run(*command, stdin=""):
    done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


class Judges(unittest.TestCase):
    def accepted(self, *command):
        code, output = run(*command)
        self.assertEqual(code, 0, f"{command}\n{output}")
        return output

    def refused(self, *command):
        code, output = run(*command)
        self.assertNotEqual(code, 0, f"{command}\n{output}")
        return output

    def test_openssl_opens_our_encrypted_keys_with_their_passphrase_alone(self):
        plain = self.accepted("openssl", "pkey", "-in", "key.pem", "-pubout")
        for name in ("key-scrypt.pem", "key-pbkdf2.pem"):
            command = ("openssl", "pkey", "-in", name, "-pubout", "-passin")
            self.assertEqual(plain, self.accepted(*command, "pass:secret"))
            self.refused(*command, "pass:Secret")

    def test_gnutls_reads_our_encrypted_keys(self):
        command = ("certtool", "--key-info", "--infile", "key-pbkdf2.pem", "--password")
        self.assertIn("RSA", self.accepted(*command, "secret"))
        self.refused(*command, "Secret")

    def test_openssl_verifies_our_request(self):
        output = self.accepted("openssl", "req", "-in", "request.pem", "-verify", "-noout", "-text")
        self.assertIn("DNS:www.shop.example.com", output)

    def test_openssl_reads_our_pfx_of_both_styles(self):
        for name, cipher in (("modern.pfx", "AES-256-CBC"), ("legacy.pfx", "TripleDES")):
            command = ("openssl", "pkcs12", "-in", name, "-info", "-nodes", "-passin")
            output = self.accepted(*command, "pass:secret")
            self.assertIn(cipher, output)
            self.assertEqual(output.count("BEGIN CERTIFICATE"), 3)
            self.assertIn("friendlyName: www.shop.example.com", output)
            self.refused(*command, "pass:Secret")

    def test_gnutls_and_nss_read_our_pfx(self):
        for name in ("modern.pfx", "legacy.pfx"):
            output = self.accepted("certtool", "--p12-info", "--inder", "--infile", name,
                                   "--password", "secret")
            self.assertEqual(output.count("BEGIN CERTIFICATE"), 3)
            listed = self.accepted("pk12util", "-l", name, "-W", "secret")
            self.assertIn("CN=www.shop.example.com", listed)
            self.refused("pk12util", "-l", name, "-W", "Secret")

    def test_openssl_and_gnutls_read_our_p7b(self):
        output = self.accepted("openssl", "pkcs7", "-inform", "DER", "-in", "chain.p7b", "-print_certs")
        self.assertEqual(output.count("BEGIN CERTIFICATE"), 3)
        output = self.accepted("certtool", "--p7-info", "--inder", "--infile", "chain.p7b")
        self.assertIn("Number of certificates: 3", output)

    def verify(self, crl):
        return ("openssl", "verify", "-x509_strict", "-crl_check_all", "-attime", NOW, "-purpose",
                "sslserver", "-verify_hostname", "www.shop.example.com", "-CAfile", "root.pem",
                "-untrusted", "ca.pem", "-CRLfile", "arl.pem", "-CRLfile", crl, "leaf.pem")

    def test_openssl_verifies_our_chain_and_lists_strictly(self):
        self.accepted(*self.verify("clean.pem"))
        self.assertIn("revoked", self.refused(*self.verify("revoked.pem")))

    def test_gnutls_reads_our_lists_and_certificates(self):
        output = self.accepted("certtool", "--crl-info", "--infile", "revoked.pem")
        self.assertIn("Revoked certificates (1)", output)
        for name in ("leaf.pem", "ca.pem", "root.pem"):
            self.accepted("certtool", "--certificate-info", "--infile", name)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([Path(sys.argv[1]).resolve(), folder], check=True)
        unittest.main(argv=sys.argv[:1])
