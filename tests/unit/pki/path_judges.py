"""The cases of path_cases.c before OpenSSL and GnuTLS: each must say what its column says. A difference
has its reason in the table. Usage: path_judges.py PATH-CASES-PROGRAM."""
import os
import subprocess
import sys
import tempfile
import unittest

HOST = "www.shop.example.com"


def openssl(place):
    command = ["openssl", "verify", "-purpose", "sslserver", "-verify_hostname", HOST, "-no-CApath",
               "-no-CAstore", "-crl_check_all", "-CAfile", "roots.pem", "-untrusted",
               "intermediates.pem", "-CRLfile", "lists.pem", "leaf.pem"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def gnutls(place):
    """The chain from the server upwards, as a server would send it."""
    chain = ""
    for name in ("leaf.pem", "intermediates.pem"):
        with open(os.path.join(place, name), encoding="ascii") as file:
            blocks = file.read().split("-----END CERTIFICATE-----\n")[:-1]
        chain += "".join(block + "-----END CERTIFICATE-----\n" for block in ordered(blocks, name))
    with open(os.path.join(place, "chain.pem"), "w", encoding="ascii") as file:
        file.write(chain)
    command = ["certtool", "--verify", "--verify-hostname", HOST, "--verify-purpose",
               "1.3.6.1.5.5.7.3.1", "--load-ca-certificate", "roots.pem", "--load-crl", "lists.pem",
               "--infile", "chain.pem"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def ordered(blocks, name):
    """CA, sub CA, and where there is one the CA's next key between them; a chain goes the other way."""
    if name == "intermediates.pem" and len(blocks) == 3:
        blocks = [blocks[0], blocks[2], blocks[1]]
    return reversed(blocks)


class Judges(unittest.TestCase):
    def judge(self, ask, column):
        for number, line in enumerate(CASES):
            name, reason, *columns, why = line.split("\t")
            expected, good = columns[column], reason == ""
            with self.subTest(name):
                if expected != "same":
                    self.assertNotEqual(why, "", "a difference needs its reason")
                if expected == "unasked":
                    continue
                accepted, said = ask(os.path.join(folder, str(number)))
                self.assertEqual(accepted, good if expected == "same" else expected == "accepts", said)
                self.assertTrue(expected == "same" or accepted != good, "no difference at all")

    def test_openssl_says_what_the_table_says(self):
        self.judge(openssl, 0)

    def test_gnutls_says_what_the_table_says(self):
        self.judge(gnutls, 1)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.path.abspath(sys.argv[1]), folder], check=True)
        with open(os.path.join(folder, "cases"), encoding="utf-8") as file:
            CASES = file.read().splitlines()
        unittest.main(argv=sys.argv[:1])
