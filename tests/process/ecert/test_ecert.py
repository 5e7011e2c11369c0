#!/usr/bin/env python3
"""The subscriber's tool as people and scripts use it, against a portal that may lie.

    test_ecert.py ECERT
"""
import json
import os
import subprocess
import unittest

from stand_in import Authority, Portal, run
from tool import NAME, ToolTest, public_key

ADDRESS = "127.0.0.77"
PORT = 20000 + os.getpid() % 20000
PIN = "1234567812345678"


class Requests(ToolTest):
    """Keys, requests, certificates that join them, backups."""
    def make(self, *more):
        return self.json("request", "new", "--name", NAME, "--key", "p256", *more)

    def leaf(self, csr_path):
        authority = Authority(self.path("ca"))
        with open(csr_path, "rb") as file:
            return self.write("leaf.pem", authority.leaf(file.read(), NAME)), authority

    def test_a_request_is_accepted_by_openssl_with_both_forms_of_a_chinese_name(self):
        self.json("request", "new", "--name", "www.電子商店.example.org", "--name", NAME,
                  "--out", self.path("r.csr"))
        text = run("openssl", "req", "-in", self.path("r.csr"), "-noout", "-text", "-verify").decode()
        self.assertIn("DNS:www.xn--czr73l71c089f.example.org, DNS:" + NAME, text)
        self.assertIn("C = HK, ST = Hong Kong, L = Hong Kong", text)
        self.assertIn("(2048 bit)", text)

    def test_wrong_names_and_kinds_make_nothing(self):
        for arguments in (["--name", "bad_name.example.com"], ["--name", "10.0.0.1"]):
            self.run_tool("request", "new", *arguments, code=1)
        for kind in ("rsa1024", "ed25519"):
            self.run_tool("request", "new", "--name", NAME, "--key", kind, code=64)
        self.run_tool("request", "new", code=64)
        self.assertEqual(self.certificates(), [])

    def test_an_existing_file_is_not_overwritten_and_no_key_is_made(self):
        self.write("r.csr", "mine")
        self.run_tool("request", "new", "--name", NAME, "--out", self.path("r.csr"), code=1)
        self.assertEqual(self.certificates(), [])

    def test_a_certificate_completes_its_request_and_keeps_the_chain(self):
        self.make("--out", self.path("r.csr"))
        leaf, authority = self.leaf(self.path("r.csr"))
        run("openssl", "crl2pkcs7", "-nocrl", "-certfile", leaf, "-certfile",
            authority.path("issuer.pem"), "-outform", "DER", "-out", self.path("all.p7b"))
        done = self.json("cert", "complete", self.path("all.p7b"))
        self.assertEqual(done["state"], "Untrusted")
        pair = os.path.join(self.store, "personal", done["id"])
        self.assertEqual(public_key("key", pair + "/key.pem"),
                         public_key("certificate", pair + "/certificate.pem"))
        self.run_tool("cert", "complete", leaf, code=2)

    def test_a_certificate_that_fits_no_request_is_refused_in_each_language(self):
        self.make("--out", self.path("r.csr"))
        leaf, _ = self.leaf(self.path("r.csr"))
        other = self.path("other")
        expected = {"en": "fits no request", "zh-HK": "不相符", "zh-CN": "不相符"}
        for language, text in expected.items():
            said = self.run_tool("--store", other, "cert", "complete", leaf, "--lang", language,
                                 code=1)
            self.assertIn(text, said)
            self.assertIn("ecert key restore", said)
        self.assertEqual(self.json("cert", "complete", self.write("x", "x"), code=1)["problem"]["type"],
                         "urn:ecert:problem:certificate.malformed")

    def test_a_pending_key_survives_the_loss_of_the_store(self):
        made = self.make("--friendly", "Shop 店", "--out", self.path("r.csr"))
        password = self.write("password", "right 密碼\n")
        self.json("key", "backup", made["id"], "--out", self.path("b.pfx"), "--password-file", password)
        info = subprocess.run(["openssl", "pkcs12", "-in", self.path("b.pfx"), "-info", "-nokeys",
                               "-passin", "file:" + password], capture_output=True, check=True).stderr
        self.assertIn(b"MAC: sha256, Iteration 600000", info)
        self.assertIn(b"PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256", info)
        self.assertEqual(os.stat(self.path("b.pfx")).st_mode & 0o777, 0o600)
        self.store = self.path("other")
        wrong = self.write("wrong", "Right 密碼")
        problem = self.json("key", "restore", self.path("b.pfx"), "--password-file", wrong, code=1)
        self.assertEqual(problem["problem"]["type"], "urn:ecert:problem:pfx.password")
        self.assertEqual(self.certificates(), [])
        back = self.json("key", "restore", self.path("b.pfx"), "--password-file", password)
        self.assertEqual((back["state"], back["friendly_name"]), ("PendingRequest", "Shop 店"))
        leaf, _ = self.leaf(self.path("r.csr"))
        self.assertEqual(self.json("cert", "complete", leaf)["key_sha256"], made["key_sha256"])

    def test_a_pair_goes_out_and_in_again_and_openssl_reads_it(self):
        self.make("--out", self.path("r.csr"))
        leaf, authority = self.leaf(self.path("r.csr"))
        with open(leaf, "a", encoding="ascii") as file:
            file.write(authority.issuer)
        done = self.json("cert", "complete", leaf)
        password = self.write("password", "right")
        for style in ([], ["--for", "windows2016"]):
            file = self.path("b%d.pfx" % len(style))
            self.json("key", "backup", done["id"], "--out", file, "--password-file", password, *style)
            pem = run("openssl", "pkcs12", "-in", file, "-nodes", "-passin", "file:" + password)
            self.assertEqual(pem.count(b"BEGIN CERTIFICATE"), 2)
            self.store = self.path("other%d" % len(style))
            back = self.json("key", "restore", file, "--password-file", password)
            self.assertEqual(back["thumbprint_sha256"], done["thumbprint_sha256"])
            self.run_tool("key", "restore", file, "--password-file", password, code=2)
            self.store = self.path("store")

    def test_a_pfx_of_openssl_is_restored(self):
        authority = Authority(self.path("ca"))
        csr = run("openssl", "req", "-new", "-key", authority.key("site"), "-subj", "/CN=x")
        leaf = self.write("leaf.pem", authority.leaf(csr, NAME))
        run("openssl", "pkcs12", "-export", "-inkey", authority.key("site"), "-in", leaf, "-certfile",
            authority.path("issuer.pem"), "-out", self.path("o.pfx"), "-passout", "pass:x", "-name", "o")
        back = self.json("key", "restore", self.path("o.pfx"), "--password-file",
                         self.write("password", "x"))
        self.assertEqual((back["names"], back["friendly_name"]), (NAME, "o"))

    def test_broken_pfx_files_change_nothing(self):
        password = self.write("password", "x")
        for content in (b"", b"hello", b"\x30\x80\x00\x00", os.urandom(500), b"\x30" * 300000):
            with open(self.path("x.pfx"), "wb") as file:
                file.write(content)
            self.run_tool("key", "restore", self.path("x.pfx"), "--password-file", password, code=1)
        self.assertFalse(os.path.exists(self.store))

    def test_secrets_are_taken_only_from_where_nobody_else_can_look(self):
        made = self.make()
        for arguments in (["--password-file", self.write("p", "x", 0o644)],
                          ["--password-file", self.write("p2", "")], ["--password-fd", "99"],
                          ["--password-fd", "x"]):
            self.run_tool("key", "backup", made["id"], "--out", self.path("b.pfx"), *arguments, code=1)
        self.run_tool("key", "backup", made["id"], "--out", self.path("b.pfx"), code=64)
        self.run_tool("key", "backup", made["id"], "--out", self.path("b.pfx"), "--password", "x", code=64)
        self.assertFalse(os.path.exists(self.path("b.pfx")))

    def test_screens_fit_100_columns_and_json_is_one_object(self):
        made = self.make("--friendly", "x" * 200)
        for arguments in ([], ["cert", "list"], ["cert", "show", made["id"]], ["--help"]):
            for line in self.run_tool(*arguments).splitlines():
                self.assertLessEqual(len(line), 100, line)
            self.assertNotIn("\033", self.run_tool(*arguments))
        self.assertEqual(set(self.json()), {"certificates", "next", "store"})
        self.assertEqual(self.json("cert", "show", "ffff", code=1)["problem"]["field"], "ffff")
        self.run_tool("cert", "show", code=64)
        self.run_tool("cert", "shew", code=64)

    def test_a_store_open_to_others_is_refused(self):
        os.mkdir(self.store, 0o700)
        os.chmod(self.store, 0o755)
        self.assertIn("0755", self.run_tool("request", "new", "--name", NAME, code=1))
        self.assertEqual(os.listdir(self.store), [])


class Walks(ToolTest):
    """Enrolments."""
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.path("ca"))
        self.portal = Portal(self.authority, ADDRESS, PORT)
        self.addCleanup(self.portal.stop)
        os.mkdir(self.path("web"), 0o755)
        self.json("request", "new", "--name", NAME, "--key", "p256")
        self.arguments = ["enrol", "--portal", self.portal.url, "--server-name", NAME, "--reference",
                          "123456789", "--install-certificate", self.path("web/site.crt"),
                          "--install-key", self.path("web/site.key")]

    def pin_file(self, pin=PIN):
        return ["--pin-file", self.write("pin", pin)]

    def expect_pending(self):
        self.assertEqual([one["state"] for one in self.certificates()], ["PendingRequest"])
        self.assertEqual(os.listdir(self.path("web")), [])

    def walk_to(self, state):
        """Everything up to that state, as another run would have done it."""
        self.portal.requested = {"method": "dns"}
        request = os.listdir(self.store + "/requests")[0]
        with open(f"{self.store}/requests/{request}/request.csr", "rb") as file:
            self.portal.certificate = self.authority.leaf(file.read(), NAME)
        self.portal.state = state

    def test_the_walk_at_a_terminal(self):
        hook = self.write("hook", "#!/bin/sh\n(echo \"$@\"; env | sort) >'%s'\n" % self.path("hook.out"),
                          0o700)
        screen = self.at_terminal(
            [*self.arguments, "--after", hook, "$(touch x)", "two words", ";"],
            [("PIN", PIN), ("details right?", "yes"), ("Place these", ""),
             ("Accept this", "yes"), ("fingerprint", ""), ("publishes?", "yes")])
        self.assertNotIn(PIN, screen)
        self.assertEqual(public_key("key", self.path("web/site.key")),
                         public_key("certificate", self.path("web/site.crt")))
        with open(self.path("web/site.crt"), encoding="ascii") as file:
            self.assertEqual(file.read().count("BEGIN CERTIFICATE"), 2)
        with open(self.path("hook.out"), encoding="ascii") as file:
            said = file.read().splitlines()
        self.assertEqual(said[0], "$(touch x) two words")
        self.assertEqual([line.split("=")[0] for line in said[1:] if not line.startswith(("PWD", "_="))],
                         ["LANG", "PATH"])
        self.assertEqual(json.loads(self.portal.called("POST", "/enrolment/dcv")[0][2])["spki_sha256"],
                         self.certificates()[0]["key_sha256"])
        self.assertEqual(len(self.portal.called("DELETE", "/session")), 1)
        self.expect_key_only_in("store/personal/%s/key.pem" % self.certificates()[0]["id"],
                                "web/.ecert-site.crt/1/key.pem")

    def expect_key_only_in(self, *expected):
        """No other file, hidden or left over, holds a line of the private key."""
        with open(self.path(expected[0]), "rb") as file:
            line = file.read().splitlines()[1]
        holding = []
        for folder, _, files in os.walk(self.scratch):
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    if not os.path.islink(path) and line in file.read():
                        holding.append(os.path.relpath(path, self.scratch))
        self.assertEqual(sorted(holding), sorted(expected))

    def test_nothing_in_the_store_or_the_process_tells_the_pin(self):
        def look(pid):
            with open(f"/proc/{pid}/limits", encoding="ascii") as file:
                self.assertRegex(file.read(), r"Max core file size +0 +0")
            with open(f"/proc/{pid}/cmdline", encoding="ascii") as file:
                self.assertNotIn(PIN, file.read())
            return "no"
        self.at_terminal([*self.arguments], [("PIN", PIN), ("details right?", look), ("wrong?", "x")],
                         code=1)
        for folder, _, files in os.walk(self.store):
            for name in files:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                self.assertNotIn(PIN.encode(), content)
                self.assertNotIn(b"t" * 22, content)

    def test_without_a_terminal_nothing_is_agreed_to(self):
        problem = self.json(*self.arguments, *self.pin_file(), code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:tool.needs_accept")
        self.assertEqual(self.portal.called("POST", "/enrolment/confirm"), [])
        self.json(*self.arguments, *self.pin_file(), "--accept", code=1)
        self.assertEqual(self.portal.state, "confirmed")

    def test_a_wrong_pin_is_told_in_the_portals_words(self):
        said = self.run_tool(*self.arguments, *self.pin_file("1" * 16), "--lang", "zh-HK", code=1)
        self.assertIn("The three do not match.", said)
        self.assertIn("Look again.", said)
        self.assertEqual(self.portal.calls[0][3]["Accept-Language"], "zh-HK")
        self.expect_pending()

    def test_a_certificate_for_another_key_is_never_accepted(self):
        self.walk_to("issued")
        csr = run("openssl", "req", "-new", "-key", self.authority.key("other"), "-subj", "/CN=x")
        self.portal.certificate = self.authority.leaf(csr, NAME)
        problem = self.json(*self.arguments, *self.pin_file(), "--accept", code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:tool.foreign_key")
        self.assertEqual(self.portal.called("POST", "/enrolment/accept"), [])
        self.portal.state = "accepted"
        problem = self.json(*self.arguments, *self.pin_file(), "--accept", code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:tool.foreign_key")
        self.expect_pending()

    def test_a_certificate_for_another_name_is_never_installed(self):
        self.walk_to("accepted")
        self.portal.certificate = self.authority.leaf(
            run("openssl", "req", "-in", "/dev/stdin", given=self.request()), "www.elsewhere.example.com")
        problem = self.json(*self.arguments, *self.pin_file(), "--accept", code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:chain.host")
        self.expect_pending()

    def request(self):
        name = os.listdir(self.store + "/requests")[0]
        with open(f"{self.store}/requests/{name}/request.csr", "rb") as file:
            return file.read()

    def test_another_root_is_refused_once_there_is_one(self):
        real = Authority(self.path("real"), "Real")
        self.walk_to("accepted")
        problem = self.json(*self.arguments, *self.pin_file(), "--accept", "--root",
                            real.path("root.pem"), code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:chain.untrusted")
        self.expect_pending()
        self.assertEqual(os.listdir(self.store + "/roots"), [])
        self.json(*self.arguments, *self.pin_file(), "--accept", "--root",
                  self.authority.path("root.pem"))
        self.assertEqual(len(os.listdir(self.store + "/roots")), 1)

    def test_what_the_portal_says_can_not_paint_on_the_screen(self):
        self.portal.organisation = "Shop\x1b[2J\x07\u202eevil\r\nfake"
        self.portal.overrides[("POST", "/enrolment/confirm")] = (
            400, {"type": "urn:ecert:problem:\x1b]0;x", "title": "\x1b[31m", "detail": "a\x1b[1mb",
                  "next": "rm\x9b2J", "status": 400})
        said = self.run_tool(*self.arguments, *self.pin_file(), "--accept", code=1)
        for character in "\x1b\x07\x9b\u202e\r":
            self.assertNotIn(character, said)
        self.assertIn("Shop?", said)

    def test_nonsense_from_the_portal_is_an_error_and_nothing_more(self):
        for content in (b"<html>", b"[" * 100000, b'{"state":', b'{"state":7}', b'{"state":"x"}', b"",
                        b'{"state":"confirmed","dcv":[]}', b"\xff\xfe", b'{"a":1e999}'):
            self.portal.overrides[("GET", "/enrolment")] = (200, content)
            self.portal.overrides[("POST", "/enrolment/dcv")] = (200, {"challenges": []})
            self.run_tool(*self.arguments, *self.pin_file(), "--accept", code=1)
        self.expect_pending()

    def test_a_refused_step_leaves_a_walk_that_goes_on(self):
        self.portal.overrides[("POST", "/enrolment/csr")] = (
            400, {"type": "urn:ecert:problem:csr.key_weak", "title": "Weak", "status": 400})
        self.walk_to("validated")
        self.json(*self.arguments, *self.pin_file(), "--accept", code=1)
        self.portal.overrides.clear()
        self.json("enrol", "--resume", *self.pin_file())
        self.assertEqual(public_key("key", self.path("web/site.key")),
                         public_key("certificate", self.path("web/site.crt")))
        self.json("enrol", "--resume", *self.pin_file(), code=1)

    def test_a_step_that_was_taken_meanwhile_is_no_failure(self):
        submit = self.portal.post_enrolment_csr

        def submit_too_late(given):
            submit(given)
            return 409, {"type": "urn:ecert:problem:enrolment.state", "title": "Not now", "status": 409}

        self.portal.post_enrolment_csr = submit_too_late
        self.walk_to("validated")
        self.json(*self.arguments, *self.pin_file(), "--accept")
        self.assertEqual(self.portal.state, "accepted")

    def test_a_step_that_stays_impossible_is_told_in_the_portals_words(self):
        self.portal.overrides[("POST", "/enrolment/csr")] = (
            409, {"type": "urn:ecert:problem:enrolment.state", "title": "Not now", "status": 409})
        self.walk_to("validated")
        told = self.json(*self.arguments, *self.pin_file(), "--accept", code=1)
        self.assertIn("Not now", json.dumps(told))
        self.assertEqual(len(self.portal.called("POST", "/enrolment/csr")), 1)

    def test_a_resumption_that_is_refused_does_not_displace_what_was_kept(self):
        self.portal.overrides[("POST", "/enrolment/csr")] = (
            400, {"type": "urn:ecert:problem:csr.key_weak", "title": "Weak", "status": 400})
        self.walk_to("validated")
        self.json(*self.arguments, *self.pin_file(), "--accept", code=1)
        self.portal.overrides = {("POST", "/session"): (
            403, {"type": "urn:ecert:problem:login.refused", "title": "No", "status": 403})}
        self.json("enrol", "--resume", "--reference", "999999999", *self.pin_file(), code=1)
        self.portal.overrides = {}
        self.json("enrol", "--resume", *self.pin_file())
        told = self.portal.called("POST", "/session")
        self.assertEqual(json.loads(told[-1][2])["reference"], json.loads(told[0][2])["reference"])

    def test_a_request_that_the_signer_refuses_is_not_sent_again_and_again(self):
        self.walk_to("validated")
        refusing = {**self.portal.enrolment(), "problem": {
            "code": "csr.key_weak", "detail": "The key is weak.", "next": "Make another.",
            "field": "rsa.size", "seen": "1024", "expected": "2048"}}
        self.portal.overrides[("GET", "/enrolment")] = (200, refusing)
        self.portal.overrides[("POST", "/enrolment/csr")] = (202, {})
        problem = self.json(*self.arguments, *self.pin_file(), "--accept", code=1)["problem"]
        self.assertEqual((problem["title"], problem["next"], problem["seen"]),
                         ("The key is weak.", "Make another.", "1024"))
        self.assertEqual(len(self.portal.called("POST", "/enrolment/csr")), 1)

    def test_where_dns_is_not_offered_the_person_is_sent_on(self):
        self.portal.state = "confirmed"
        self.portal.overrides[("GET", "/enrolment")] = (
            200, {**self.portal.enrolment(), "methods": []})
        problem = self.json(*self.arguments, *self.pin_file(), "--accept", code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:tool.no_method")
        self.assertEqual(self.portal.called("POST", "/enrolment/dcv"), [])

    def test_a_failing_program_is_told_and_the_pair_stays_installed(self):
        self.walk_to("accepted")
        problem = self.json(*self.arguments, *self.pin_file(), "--accept", "--after", "/bin/false",
                            ";", code=1)["problem"]
        self.assertEqual((problem["type"], problem["field"], problem["seen"]),
                         ("urn:ecert:problem:tool.after_failed", "/bin/false", "exit 1"))
        self.assertTrue(os.path.exists(self.path("web/site.crt")))
        self.json("enrol", "--resume", *self.pin_file(), "--after", "/bin/true", ";")

    def test_a_finished_pair_is_installed_without_the_portal(self):
        self.walk_to("accepted")
        files = ["--install-certificate", self.path("web/site.crt"), "--install-key", self.path("web/site.key")]
        at = self.arguments.index("--install-certificate")
        self.json(*self.arguments[:at], *self.arguments[at + 4:], *self.pin_file(), "--accept")
        self.assertFalse(os.path.exists(self.path("web/site.crt")))
        self.portal.stop()
        self.json("enrol", "--resume", code=1)
        self.json("enrol", "--resume", *files[:2], code=64)
        said = self.run_tool("enrol", "--resume", code=1)
        self.assertIn("ecert enrol --resume --install-certificate FILE", said)
        item, = self.certificates()
        for more in ((), ("--request", item["id"])):
            self.json("enrol", "--resume", *files, *more, "--after", "/usr/bin/touch", self.path("told"), ";")
            self.assertTrue(os.path.exists(self.path("told")))
            os.unlink(self.path("told"))
            self.assertEqual(public_key("key", files[3]), public_key("certificate", files[1]))
            with open(files[1], encoding="ascii") as file:
                self.assertEqual(file.read().count("BEGIN CERTIFICATE"), 2)
            for path in (files[1], files[3]):
                os.unlink(path)

    def test_a_finished_pair_that_no_root_of_ours_vouches_for_is_not_installed(self):
        self.walk_to("accepted")
        at = self.arguments.index("--install-certificate")
        self.json(*self.arguments[:at], *self.arguments[at + 4:], *self.pin_file(), "--accept")
        for name in os.listdir(self.store + "/roots"):
            os.unlink(os.path.join(self.store, "roots", name))
        problem = self.json("enrol", "--resume", "--install-certificate", self.path("web/site.crt"),
                            "--install-key", self.path("web/site.key"), code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:chain.untrusted")
        self.assertEqual(os.listdir(self.path("web")), [])

    def test_a_renewal_gets_another_certificate_for_the_new_key_and_no_third_one(self):
        self.walk_to("accepted")
        self.json(*self.arguments, *self.pin_file(), "--accept")
        first = public_key("certificate", self.path("web/site.crt"))
        self.json("request", "new", "--name", NAME, "--key", "p256")
        self.portal.overrides[("POST", "/enrolment/csr")] = (
            400, {"type": "urn:ecert:problem:csr.key_weak", "title": "Weak", "status": 400})
        self.portal.post_enrolment_dcv = self.proved
        self.json(*self.arguments, *self.pin_file(), "--accept", "--renew", code=1)
        self.portal.overrides.clear()
        self.json("enrol", "--resume", *self.pin_file())
        second = public_key("certificate", self.path("web/site.crt"))
        self.assertNotEqual(first, second)
        self.assertEqual(public_key("key", self.path("web/site.key")), second)
        self.assertEqual(len(self.portal.called("POST", "/enrolment/next")), 1)

    def proved(self, given):
        """As if control had been proved for the asking."""
        self.portal.requested = given
        self.portal.state = "validated"
        return 200, {"challenges": []}

    def test_without_renew_an_accepted_certificate_of_another_key_is_not_replaced(self):
        self.walk_to("accepted")
        self.json(*self.arguments, *self.pin_file(), "--accept")
        self.json("request", "new", "--name", NAME, "--key", "p256")
        self.json(*self.arguments, *self.pin_file(), "--accept", code=1)
        self.assertEqual(self.portal.called("POST", "/enrolment/next"), [])

    def test_a_request_with_a_foreign_name_is_refused_before_any_step_and_told_what_to_do(self):
        self.portal.names = ["shop.example.com", NAME, "*.a.example.com"]
        self.run_tool("cert", "remove", self.certificates()[0]["id"], "--yes")
        bad = self.json("request", "new", "--name", NAME, "--name", "www.elsewhere.example.com",
                        "--name", "mail.elsewhere.example.com", "--key", "p256")["id"]
        command = f"ecert request new --name shop.example.com --name {NAME} --name '*.a.example.com'"
        for state in ("open", "confirmed", "validated"):
            self.walk_to(state)
            self.portal.calls.clear()
            for named in ([], ["--request", bad]):
                problem = self.json(*self.arguments, *self.pin_file(), *named, "--accept", code=1)["problem"]
                self.assertEqual(problem["type"], "urn:ecert:problem:tool.names_foreign")
                self.assertIn("www.elsewhere.example.com, mail.elsewhere.example.com", problem["title"])
                self.assertIn(bad, problem["title"])
                self.assertEqual(problem["seen"],
                                 f"{NAME}, www.elsewhere.example.com, mail.elsewhere.example.com")
                self.assertEqual(problem["expected"], f"shop.example.com, {NAME}, *.a.example.com")
                self.assertTrue(problem["next"].endswith(" " + command), problem["next"])
            self.assertEqual([call[:2] for call in self.portal.calls if call[0] == "POST"],
                             [("POST", "/session")] * 2)
            self.assertEqual(self.portal.state, state)
        self.expect_pending()
        for more in ([], self.arguments[self.arguments.index("--install-certificate"):]):
            problem = self.json("enrol", "--resume", *self.pin_file(), *more, code=1)["problem"]
            self.assertEqual(problem["type"], "urn:ecert:problem:tool.nothing_to_resume")
        self.run_tool("cert", "remove", bad, "--yes")

    def test_the_command_to_copy_is_one_line_however_many_names_there_are(self):
        self.portal.names = [f"host-{i}.department.shop.example.com" for i in range(50)]
        for language in ("en", "zh-HK", "zh-CN"):
            said = self.run_tool(*self.arguments, *self.pin_file(), "--accept", "--lang", language, code=1)
            command, = [line for line in said.splitlines() if "ecert request new" in line]
            self.assertEqual(command, "    ecert request new" + "".join(
                f" --name {name}" for name in self.portal.names))
            for name in self.portal.names:
                self.assertEqual(said.count(name + ","), 0 if name == self.portal.names[-1] else 1)
        self.assertEqual(self.portal.called("POST", "/enrolment/confirm"), [])

    def test_a_common_name_counts_as_a_name_only_if_it_is_one(self):
        request = self.certificates()[0]["id"]
        path = f"{self.store}/requests/{request}"
        for subject, code in (("/CN=Web shop", 0), ("/CN=www.elsewhere.example.com", 1)):
            csr = run("openssl", "req", "-new", "-key", path + "/key.pem", "-subj", subject, "-addext",
                      f"subjectAltName=DNS:{NAME.upper()}")
            with open(path + "/request.csr", "wb") as file:
                file.write(csr)
            self.portal.state = "open"
            self.json(*self.arguments, *self.pin_file(), "--accept", "--request", request, code=1)
            self.assertEqual(len(self.portal.called("POST", "/enrolment/confirm")), 1 - code)
            self.portal.calls.clear()

    def test_names_that_the_request_lacks_are_said_once_and_do_no_harm(self):
        self.portal.names = [NAME, "mail.shop.example.com", "ftp.shop.example.com"]
        said = self.at_terminal(
            [*self.arguments, *self.pin_file(), "--accept", "--root", self.authority.path("root.pem")],
            [("Place these", "")])
        self.assertEqual(said.count("does not name mail.shop.example.com, ftp.shop.example.com."), 1)
        # Whoever accepts the certificate sees all of its names.
        self.assertIn(", ".join(self.portal.names), said[said.index("The certificate\r\n"):])
        self.assertEqual(self.portal.state, "accepted")

    def test_the_next_certificate_is_not_begun_with_a_foreign_name(self):
        self.walk_to("accepted")
        self.json(*self.arguments, *self.pin_file(), "--accept")
        self.json("request", "new", "--name", NAME, "--name", "www.elsewhere.example.com", "--key", "p256")
        problem = self.json(*self.arguments, *self.pin_file(), "--accept", "--renew", code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:tool.names_foreign")
        self.assertEqual(self.portal.called("POST", "/enrolment/next"), [])

    def test_a_proof_bound_to_a_lost_key_is_given_anew_for_this_one(self):
        for state in ("confirmed", "validated"):
            self.portal.calls.clear()
            self.walk_to(state)
            key, = [one["key_sha256"] for one in self.certificates() if one["state"] == "PendingRequest"]
            self.portal.requested = {"method": "dns", "spki_sha256": "ab" * 32}
            said = self.at_terminal(
                [*self.arguments, *self.pin_file(), "--accept", "--root", self.authority.path("root.pem")],
                [("begun anew", ""), ("Place these", "")])
            self.assertIn("ab" * 32, said.replace("\r\n", ""))
            chosen, = self.portal.called("POST", "/enrolment/dcv")
            self.assertEqual(json.loads(chosen[2]), {"method": "dns", "spki_sha256": key})
            self.assertEqual(self.portal.state, "accepted")
            self.json("request", "new", "--name", NAME, "--key", "p256")

    def test_values_for_our_own_key_are_used_and_not_drawn_again(self):
        self.at_terminal([*self.arguments, *self.pin_file(), "--accept", "--root", self.authority.path("root.pem")],
                         [("Place these", lambda pid: os.kill(pid, 2) or "")], code=-2)
        self.at_terminal(["enrol", "--resume", *self.pin_file()], [("Place these", "")])
        self.assertEqual(len(self.portal.called("POST", "/enrolment/dcv")), 1)

    def test_a_value_that_would_serve_another_key_is_not_placed(self):
        """An owned portal gives a value for a key of its own, and says that it is for ours."""
        for bound_to in ("cd" * 32, None):
            self.portal.calls.clear()
            self.walk_to("confirmed")
            self.portal.bound_to = bound_to
            if bound_to is None:  # bound to nobody's
                self.portal.post_enrolment_dcv = lambda given: (200, {"challenges": self.portal.challenges()})
            problem = self.json(*self.arguments, *self.pin_file(), "--accept", "--root",
                                self.authority.path("root.pem"), code=1)["problem"]
            self.assertEqual(problem["type"], "urn:ecert:problem:tool.value_unbound")
            self.assertEqual(problem["field"], NAME)
            self.assertEqual(self.portal.called("POST", "/enrolment/dcv/check"), [])

    def test_a_portal_without_names_is_no_portal(self):
        self.portal.names = []
        problem = self.json(*self.arguments, *self.pin_file(), "--accept", code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:api.malformed")
        self.assertEqual(self.portal.state, "open")

    def test_half_of_two_options_is_a_mistake_of_usage(self):
        self.run_tool("enrol", "--portal", self.portal.url, "--server-name", NAME, "--reference", "1",
                      "--dns-update", "127.0.0.1", *self.pin_file(), code=64)
        self.run_tool("enrol", "--portal", self.portal.url, "--server-name", NAME, "--reference", "1",
                      "--install-key", "x", *self.pin_file(), code=64)
        self.assertEqual(self.portal.calls, [])


if __name__ == "__main__":
    unittest.main(argv=["test_ecert"])
