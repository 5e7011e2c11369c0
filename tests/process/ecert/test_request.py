"""Names of a request: from the templates of services, and as Exchange's wizard asks for them."""
import os
import shutil
import subprocess
import unittest

from tool import ToolTest

DOMAIN = "shop.example.com"


def names_in(csr_path):
    text = subprocess.run(["openssl", "req", "-noout", "-text", "-in", csr_path], check=True,
                          capture_output=True, text=True).stdout
    line, = [line for line in text.splitlines() if "DNS:" in line]
    return [part.strip().removeprefix("DNS:") for part in line.split(",")]


class Services(ToolTest):
    def asked(self, *arguments, code=0):
        return self.json("request", "new", "--key", "p256", *arguments, code=code)

    def test_services_bring_their_usual_names_once_and_behind_those_typed(self):
        made = self.asked("--name", "www." + DOMAIN, "--domain", DOMAIN, "--service", "outlook-web-app",
                          "--service", "activesync", "--service", "autodiscover", "--service", "website",
                          "--out", self.path("r.csr"))
        expected = ["www." + DOMAIN, "mail." + DOMAIN, "autodiscover." + DOMAIN, DOMAIN]
        self.assertEqual(made["names"], expected)
        self.assertEqual(names_in(self.path("r.csr")), expected)

    def test_a_chinese_domain_serves_too(self):
        made = self.asked("--domain", "電子商店.example.org", "--service", "pop-imap")
        self.assertEqual(made["names"], ["pop.xn--czr73l71c089f.example.org", "imap.xn--czr73l71c089f.example.org"])

    def test_an_unknown_service_or_half_of_the_pair_makes_nothing(self):
        problem = self.asked("--domain", DOMAIN, "--service", "gopher", code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:tool.service_unknown")
        self.assertEqual(problem["seen"], "gopher")
        self.assertIn("autodiscover", problem["expected"])
        for half in (("--domain", DOMAIN), ("--service", "smtp"), ("--name", "a.example.com", "--domain", DOMAIN)):
            problem = self.asked(*half, code=1)["problem"]
            self.assertEqual(problem["type"], "urn:ecert:problem:tool.service_domain")
        self.asked("--domain", "127.0.0.1", "--service", "smtp", code=1)
        self.asked("--domain", "*." + DOMAIN, "--service", "smtp", code=1)
        self.assertEqual(self.certificates(), [])


class Out(ToolTest):
    """--out writes a file that taking the request back deletes: the store has to be able to write its path down."""
    def folder(self, length, letter):
        """A folder whose path has this many octets."""
        path = os.path.realpath(self.path("o"))
        while len(path) < length:
            path = os.path.join(path, letter * min(200, max(1, length - len(path) - 1)))
            if length - len(path) == 1:
                path += letter
        os.makedirs(path)
        self.assertEqual(len(path), length)
        return path

    def request(self, path, code=0):
        return self.json("request", "new", "--name", "a." + DOMAIN, "--key", "p256", "--out", path, code=code)

    def test_a_path_that_the_store_cannot_write_down_makes_no_key(self):
        out = os.path.join(self.folder(1018, "d"), "r.csr")
        self.assertEqual(len(out), 1024)
        problem = self.request(out, code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:tool.file_write")
        self.assertEqual(self.certificates(), [])
        self.assertFalse(os.path.exists(out))
        self.assertEqual(self.json("undo", "--list")["changes"], [])

    def test_the_longest_of_blanks_and_percent_signs_is_taken_back(self):
        for letter in (" ", "%"):
            out = os.path.join(self.folder(1017, letter), "r.csr")
            self.assertEqual(len(out), 1023)
            self.request(out)
            self.assertTrue(os.path.exists(out))
            self.json("undo", "--yes")
            self.assertFalse(os.path.exists(out))
            self.assertEqual(self.certificates(), [])
            shutil.rmtree(self.path("o"))


class Wizard(ToolTest):
    """The rest of the questions is answered by Enter, and the last one by yes."""
    def wizard(self, *answers, key=(("How the key is kept", ""),), behind=()):
        rest = [("Friendly name", ""), ("Organisation", ""), ("Unit", ""), ("Locality", ""), ("State", ""),
                ("Country", ""), ("Kind of key", "4"), *key, ("(yes/no)", "yes"), *behind]
        out = self.path("r.csr")
        screen = self.at_terminal(["request", "new", "--out", out], [*answers, *rest])
        return screen, names_in(out)

    def test_one_name(self):
        screen, names = self.wizard(("(number)", "four"), ("(number)", "1"), ("Server name", "under_score." + DOMAIN),
                                    ("Server name", "www." + DOMAIN))
        self.assertIn("four: this is not a number that fits", screen)
        self.assertIn("underscore", screen)
        self.assertEqual(names, ["www." + DOMAIN])

    def test_a_wildcard_has_its_bare_name_however_it_is_typed(self):
        for typed in (DOMAIN, "*." + DOMAIN):
            self.scratch = self.scratch_of_class(type(self))
            _, names = self.wizard(("(number)", "2"), ("Root domain", typed))
            self.assertEqual(names, ["*." + DOMAIN, DOMAIN])

    def test_services_are_chosen_by_number_and_their_names_typed_over(self):
        screen, names = self.wizard(
            ("(number)", "3"), ("which services", "3 13"), ("which services", "five"),
            ("which services", "3, 7"), ("Domain of", "*." + DOMAIN), ("Domain of", DOMAIN),
            ("[mail." + DOMAIN, "mx1." + DOMAIN), ("[autodiscover." + DOMAIN, ""),
            ("Another name", "www." + DOMAIN), ("Another name", ""), ("common name", "3"))
        self.assertEqual(names, ["www." + DOMAIN, "autodiscover." + DOMAIN, "mx1." + DOMAIN])
        for typed in ("3 13", "five"):
            self.assertIn(typed + ": this is not a number that fits", screen)
        self.assertIn("1-12", screen)
        subject = subprocess.run(["openssl", "req", "-noout", "-subject", "-in", self.path("r.csr")], check=True,
                                 capture_output=True, text=True).stdout
        self.assertIn("CN = www." + DOMAIN, subject)
        self.assertIn("3  www." + DOMAIN, screen)


    def key_guard(self):
        item, = self.certificates()
        with open(f"{self.store}/requests/{item['id']}/key.pem", encoding="ascii") as file:
            return item["key_guard"], file.read().split("\n", 1)[0]

    def test_by_default_the_key_is_its_owners_and_nothing_more_is_asked(self):
        screen, _ = self.wizard(("(number)", "1"), ("Server name", "www." + DOMAIN))
        self.assertEqual(self.key_guard(), ("plain", "-----BEGIN PRIVATE KEY-----"))
        self.assertNotIn("Key protected by", screen)

    def test_the_key_is_encrypted_where_that_is_chosen(self):
        screen, _ = self.wizard(("(number)", "1"), ("Server name", "www." + DOMAIN), key=(("How the key is kept", "2"),),
                                behind=(("New passphrase", "correct horse"), ("gain", "correct horse")))
        self.assertEqual(self.key_guard(), ("passphrase", "-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        self.assertRegex(screen, "Key protected by +a passphrase")
        self.assertNotIn("correct horse", screen)

    def test_who_gave_the_option_has_it_proposed(self):
        screen = self.at_terminal(["request", "new", "--encrypt-key"], [
            ("(number)", "1"), ("Server name", "www." + DOMAIN), ("Friendly name", ""), ("Organisation", ""), ("Unit", ""),
            ("Locality", ""), ("State", ""), ("Country", ""), ("Kind of key", "4"), ("How the key is kept", ""),
            ("(yes/no)", "yes"), ("New passphrase", "correct horse"), ("gain", "correct horse")])
        self.assertIn("under a passphrase", screen)
        self.assertEqual(self.key_guard()[0], "passphrase")


if __name__ == "__main__":
    unittest.main(argv=["test_request"])
