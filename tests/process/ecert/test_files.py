#!/usr/bin/env python3
"""Certificates coming in from files and going out into files, and being removed; and names in two forms.

    test_files.py ECERT
"""
import json
import os
import unittest

from stand_in import Authority, run
from tool import NAME, ToolTest, public_key


class Files(ToolTest):
    """A CA, and a pair made elsewhere: site.key and leaf.pem."""
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.path("ca"))
        self.key = self.authority.key("site")
        csr = run("openssl", "req", "-new", "-key", self.key, "-subj", "/CN=x")
        self.leaf = self.write("leaf.pem", self.authority.leaf(csr, NAME))
        with open(self.leaf, "a", encoding="ascii") as file:
            file.write(self.authority.issuer)
        self.password = self.write("password", "right 密碼")

    def problem(self, *arguments, code=1):
        return self.json(*arguments, code=code)["problem"]["type"].removeprefix("urn:ecert:problem:")

    def brought_in(self):
        return self.json("cert", "import", self.leaf, "--key", self.key, "--friendly", "店")

    def test_who_does_not_know_a_command_is_told_how_it_goes_on(self):
        for words, what, verbs in (
                (["cert"], "cert is not a command by itself.", "list show complete import export remove"),
                (["crl", "x"], "crl x is not a command.", "install list remove refresh write")):
            said = self.run_tool(*words, code=64)
            self.assertIn(what, said)
            self.assertIn(", ".join(f"{words[0]} {verb}" for verb in verbs.split()), said)
            for behind in ([], ["--lang", "en"], ["--store", self.store]):
                said = self.run_tool(*words, "--help", *behind)
                self.assertEqual(len(said.splitlines()), len(verbs.split()), said)
        self.assertRegex(self.run_tool("cert", "import", "--help"), r"--key FILE +file with the key")
        for words in (["certs"], ["certs", "--help"]):
            self.assertIn("certs is not a command.", self.run_tool(*words, code=64))
        self.assertIn("ID is missing.", self.run_tool("cert", "show", code=64))
        self.assertIn("two does not fit", self.run_tool("cert", "show", "one", "two", code=64))

    def test_a_file_that_is_no_certificate_is_named(self):
        path = self.write("nonsense", "nonsense")
        self.assertIn(path + " is not a certificate", self.run_tool("cert", "complete", path, code=1).replace("\n  ", " "))

    def test_a_pair_comes_in_from_two_files(self):
        done = self.brought_in()
        self.assertEqual((done["names"], done["friendly_name"]), (NAME, "店"))
        pair = os.path.join(self.store, "personal", done["id"])
        self.assertEqual(public_key("key", pair + "/key.pem"),
                         public_key("certificate", pair + "/certificate.pem"))
        self.json("cert", "import", self.leaf, "--key", self.key, code=2)

    def test_an_encrypted_key_needs_its_password(self):
        locked = self.path("locked.key")
        run("openssl", "pkcs8", "-topk8", "-in", self.key, "-out", locked, "-passout",
            "file:" + self.password)
        os.chmod(locked, 0o600)
        wrong = self.write("wrong", "wrong")
        self.assertEqual(self.problem("cert", "import", self.leaf, "--key", locked, "--password-file",
                                      wrong), "key.passphrase")
        self.assertEqual(self.certificates(), [])
        self.json("cert", "import", self.leaf, "--key", locked, "--password-file", self.password)

    def test_what_does_not_fit_changes_nothing(self):
        other = self.authority.key("other")
        os.chmod(self.key, 0o644)
        for file, more, code in (
                (self.leaf, ["--key", other], "install.mismatch"),
                (self.leaf, ["--key", self.key], "tool.secret_readable"),
                (self.leaf, ["--key", self.path("none")], "tool.file_read"),
                (self.leaf, ["--key", self.leaf], "tool.secret_readable" if os.stat(
                    self.leaf).st_mode & 0o77 else "key.not_pem"),
                (self.leaf, [], "certificate.no_request"),
                (self.authority.path("issuer.pem"), ["--key", self.authority.key("issuer")],
                 "certstore.is_ca"),
                (self.authority.path("root.pem"), [], "certstore.is_ca"),
                (self.write("x.pfx", "hello"), ["--password-file", self.password], "pfx.malformed")):
            self.assertEqual(self.problem("cert", "import", file, *more), code, (file, more))
        self.assertEqual(self.certificates(), [])

    def test_a_certificate_joins_the_request_that_waits(self):
        self.json("request", "new", "--name", NAME, "--key", "p256", "--out", self.path("r.csr"))
        with open(self.path("r.csr"), "rb") as file:
            leaf = self.write("own.pem", self.authority.leaf(file.read(), NAME))
        self.json("cert", "import", leaf)
        self.assertEqual(len(self.certificates()), 1)

    def test_each_form_goes_out_and_openssl_reads_it(self):
        made = self.brought_in()
        out = {form: self.path("out." + form) for form in ("pem", "der", "p7b", "pfx")}
        for form, path in out.items():
            more = ["--password-file", self.password] if form == "pfx" else []
            self.json("cert", "export", made["id"], "--" + form, "--out", path, *more)
            self.assertEqual(self.problem("cert", "export", made["id"], "--" + form, "--out", path, *more),
                             "tool.file_exists")
        self.assertEqual(os.stat(out["pfx"]).st_mode & 0o777, 0o600)
        with open(out["pem"], "rb") as file:
            self.assertEqual(file.read().count(b"BEGIN CERTIFICATE"), 2)
        expected = run("openssl", "x509", "-in", self.leaf, "-outform", "DER")
        self.assertEqual(run("openssl", "x509", "-in", out["der"], "-inform", "DER", "-outform", "DER"),
                         expected)
        said = run("openssl", "pkcs7", "-inform", "DER", "-in", out["p7b"], "-print_certs")
        self.assertEqual(said.count(b"BEGIN CERTIFICATE"), 2)
        said = run("openssl", "pkcs12", "-in", out["pfx"], "-nodes", "-passin", "file:" + self.password)
        self.assertEqual(said.count(b"BEGIN PRIVATE KEY"), 1)
        self.store = self.path("other")
        back = self.json("cert", "import", out["pfx"], "--password-file", self.password)
        self.assertEqual(back["thumbprint_sha256"], made["thumbprint_sha256"])

    def test_removing_is_tried_without_being_done(self):
        made = self.brought_in()
        said = self.json("cert", "remove", made["id"], "--dry-run")
        self.assertEqual(said["id"], made["id"])
        self.assertEqual(len(self.certificates()), 1)
        self.assertEqual(self.problem("cert", "remove", "feedfeed", "--dry-run"), "certstore.no_item")

    def test_exporting_needs_one_form_and_a_certificate(self):
        made = self.brought_in()
        for more in ([], ["--pem"], ["--pem", "--der", "--out", self.path("x")], ["--out", self.path("x")]):
            self.json("cert", "export", made["id"], *more, code=64)
        pending = self.json("request", "new", "--name", NAME, "--key", "p256")
        self.assertEqual(self.problem("cert", "export", pending["id"], "--pem", "--out", self.path("x")),
                         "tool.no_certificate_yet")
        self.assertFalse(os.path.exists(self.path("x")))

    def test_removing_asks_first(self):
        made = self.brought_in()
        self.assertEqual(self.problem("cert", "remove", made["id"], code=64), "tool.needs_yes")
        self.at_terminal(["cert", "remove", made["id"]], [("and its key?", "no")], code=1)
        self.assertEqual(len(self.certificates()), 1)
        self.at_terminal(["cert", "remove", made["id"]], [("and its key?", "yes")])
        self.assertEqual(self.certificates(), [])
        self.assertEqual(os.listdir(os.path.join(self.store, "personal")), [])
        self.assertEqual(self.problem("cert", "remove", made["id"], "--yes"), "certstore.no_item")

    def test_what_is_in_use_is_not_removed_unless_told(self):
        made = self.brought_in()
        pending = self.json("request", "new", "--name", NAME, "--key", "p256")
        for folder, one, kept in (
                ("personal", made, {"install_certificate": self.leaf, "finished": True}),
                ("requests", pending, {"portal": "http://127.0.0.1", "finished": False})):
            place = os.path.join(self.store, folder, one["id"], "progress")
            with open(place, "w", encoding="ascii") as file:
                json.dump(kept, file)
            os.chmod(place, 0o600)
        self.assertEqual(self.problem("cert", "remove", made["id"], "--yes"), "tool.in_use")
        self.assertEqual(self.problem("cert", "remove", pending["id"], "--yes"), "tool.enrolment_waits")
        self.assertEqual(len(self.certificates()), 2)
        os.unlink(self.leaf)
        self.json("cert", "remove", made["id"], "--yes")
        self.json("cert", "remove", pending["id"], "--yes", "--in-use")
        self.assertEqual(self.certificates(), [])


class Names(ToolTest):
    """ecert idn."""
    def test_both_forms_give_both_forms(self):
        expected = "www.電子核證.gov.hk"
        ascii_form = "www." + "電子核證".encode("idna").decode() + ".gov.hk"
        for typed in (expected, "WWW。電子核證．gov.hk", ascii_form, ascii_form.upper()):
            one = self.json("idn", typed)["names"][0]
            self.assertEqual((one["unicode"], one["ascii"]), (expected, ascii_form))

    def test_mixed_scripts_are_warned_of_in_each_language(self):
        mixed = "www.p\u0430ypal.example.com"
        self.assertTrue(self.json("idn", mixed)["names"][0]["mixed_script"])
        self.assertFalse(self.json("idn", "www.店shop.example.com")["names"][0]["mixed_script"])
        for language, word in (("en", "Warning"), ("zh-HK", "注意"), ("zh-CN", "注意")):
            self.assertIn(word, self.run_tool("idn", mixed, "--lang", language))

    def test_a_request_for_a_mixed_name_is_made_with_a_warning(self):
        mixed = "www.p\u0430ypal.example.com"
        for name, warned in ((mixed, True), ("www.店shop.example.com", False)):
            said = self.json("request", "new", "--name", NAME, "--name", name, "--key", "p256")
            self.assertEqual(said["mixed_script"], warned)
            said = self.run_tool("request", "new", "--name", name, "--key", "p256")
            self.assertEqual("Warning" in said, warned)

    def test_an_address_in_disguise_is_no_name(self):
        for typed in ("010.0.0.1", "0x7f.1", "127.1", "2130706433", "0x7f000001", "017700000001", "１２７.０.０.１",
                      "127。0。0。1", "*.0.0.1", "::1", "[::1]", "::ffff:127.0.0.1"):
            said = self.json("request", "new", "--name", typed, "--key", "p256", code=1)["problem"]
            self.assertIn(said["type"].rsplit(":", 1)[1], ("name.ip", "name.character"), typed)
            self.assertIn("problem", self.json("idn", typed, code=1)["names"][0])
        self.assertEqual(self.certificates(), [])

    def test_a_wrong_name_does_not_hide_the_others(self):
        said = self.json("idn", "10.0.0.1", NAME, "bad_name.example.com", code=1)["names"]
        self.assertEqual([one.get("problem") for one in said], ["name.ip", None, "name.underscore"])
        self.assertIn(NAME, self.run_tool("idn", "10.0.0.1", NAME, code=1))


if __name__ == "__main__":
    unittest.main(argv=["test_files.py"], verbosity=1)
