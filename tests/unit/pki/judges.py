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


# Cipher as OpenSSL names it, and whether Windows is to find the key by its provider.
PFX_TARGETS = {
    "modern": ("AES-256-CBC", False),
    "exchange2010": ("TripleDES", True),
    "windows2012": ("TripleDES", True),
    "windows2016": ("TripleDES", True),
    "windows2019": ("AES-256-CBC", True),
    "java": ("AES-256-CBC", False),
}


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

    def test_openssl_reads_our_pfx_for_every_target(self):
        for target, (cipher, provider) in PFX_TARGETS.items():
            command = ("openssl", "pkcs12", "-in", target + ".pfx", "-info", "-nodes", "-passin")
            output = self.accepted(*command, "pass:secret")
            self.assertIn(cipher, output)
            self.assertEqual(output.count("BEGIN CERTIFICATE"), 3)
            self.assertIn("friendlyName: www.shop.example.com", output)
            # What SChannel and Exchange look a key up by, and its use for key exchange.
            self.assertEqual("Microsoft CSP Name: Microsoft RSA SChannel" in output, provider, target)
            self.assertEqual("X509v3 Key Usage: 10" in output, provider, target)
            self.assertEqual(output.count("localKeyID"), 2)
            self.refused(*command, "pass:Secret")

    def test_gnutls_and_nss_read_our_pfx(self):
        for target in PFX_TARGETS:
            output = self.accepted("certtool", "--p12-info", "--inder", "--infile", target + ".pfx",
                                   "--password", "secret")
            self.assertEqual(output.count("BEGIN CERTIFICATE"), 3)
            listed = self.accepted("pk12util", "-l", target + ".pfx", "-W", "secret")
            self.assertIn("CN=www.shop.example.com", listed)
            self.refused("pk12util", "-l", target + ".pfx", "-W", "Secret")

    def test_java_reads_our_pfx(self):
        for target in PFX_TARGETS:
            command = ("keytool", "-list", "-v", "-storetype", "PKCS12", "-keystore", target + ".pfx", "-storepass")
            output = self.accepted(*command, "secret")
            self.assertIn("Entry type: PrivateKeyEntry", output)
            self.assertIn("Certificate chain length: 3", output)
            self.assertIn("Alias name: www.shop.example.com", output)
            self.refused(*command, "Secret")

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
