"""Requests: every form is read and shown before it is submitted, and what is wrong is said."""
import os
import re
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "ecert"))
import windows  # noqa: E402
import world  # noqa: E402
from world import csr, key  # noqa: E402


class Requests(world.FreshCase):
    def submit(self, value, language="en", field="csr"):
        return self.world.browser("validated", language).post("/csr", {field: value})

    def test_a_request_is_shown_before_it_is_submitted(self):
        page = self.submit(csr(subject="/C=HK/O=Somebody Else/CN=csr.shop.example.com", private=key("RSA2048")))
        self.assertEqual(page.status, 200)
        for text in ("RSA 2048", "in the application and in the CSR", "Somebody Else"):
            self.assertIn(text, page.text)
        self.assertEqual(self.world.state("validated"), "validated")

    def test_every_form_of_a_request_is_read(self):
        text = csr()
        der = world.openssl("req", "-outform", "DER", given=text)
        forms = {
            "pem": text, "new": text.replace(b"BEGIN CERT", b"BEGIN NEW CERT").replace(b"END CERT", b"END NEW CERT"),
            "crlf": text.replace(b"\n", b"\r\n"), "bom": b"\xef\xbb\xbf" + text,
            "utf-16le": text.decode().encode("utf-16-le"), "utf-16": b"\xff\xfe" + text.decode().encode("utf-16-le"),
            "der": der, "indented": text.replace(b"\n", b"\n  "),
        }
        for what, value in forms.items():
            self.assertEqual(self.submit(value, field="file").status, 200, what)

    def test_requests_of_windows_programs_are_read(self):
        for program in windows.ORDERS:
            der = windows.request(key("RSA2048"), ["csr.shop.example.com"], program)
            text = windows.pem("NEW CERTIFICATE REQUEST", der)
            for value in (windows.utf16(text), windows.utf16(text, mark=False), text.encode(), der):
                page = self.submit(value, field="file")
                self.assertEqual(page.status, 200, (program, value[:4]))
                self.assertIn("商店有限公司", page.text)
            spoilt = bytearray(der)
            spoilt[-1] ^= 1
            self.assertEqual(self.submit(bytes(spoilt), field="file").status, 422, program)

    def test_no_name_at_all_is_fine(self):
        self.assertEqual(self.submit(csr(subject="/O=Shop Example Limited")).status, 200)

    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(self):
        good = csr()
        cases = [
            (b"", "Nothing was pasted"),
            (b"hello", "not a certificate signing request"),
            (good[:200], "its END line is missing"),
            (csr(name="www.other.example.com"), "www.other.example.com"),
            (csr(san="DNS:csr.shop.example.com,DNS:evil.example.net"), "evil.example.net"),
            (csr(private=key("RSA1024")), "too weak"),
        ]
        for value, text in cases:
            answer = self.submit(value)
            self.assertEqual(answer.status, 422, text)
            self.assertIn(text, answer.text)
            self.assertIn('href="#csr"', answer.text)
            if value:
                self.assertIn(value.decode()[:40].replace("+", "&#43;").replace("&#43;", "+"), answer.text)
        self.assertEqual(self.world.state("validated"), "validated")

    def test_a_forged_signature_is_refused_in_three_languages(self):
        der = bytearray(world.openssl("req", "-outform", "DER", given=csr()))
        der[-3] ^= 1
        for language, text in (("en", "signature does not fit"), ("zh-HK", "簽署與其密碼匙不符"),
                               ("zh-CN", "签名与其密钥不符")):
            answer = self.submit(bytes(der), language, field="file")
            self.assertEqual(answer.status, 422)
            self.assertIn(text, answer.text)

    def test_d27_a_key_on_the_list_of_weak_ones_is_refused(self):
        with open(world.WEAK_KEY, "rb") as file:
            known = file.read()
        for language, text in (("en", "weak"), ("zh-HK", "CVE-2008-0166"), ("zh-CN", "CVE-2008-0166")):
            answer = self.submit(csr(private=known), language)
            self.assertEqual(answer.status, 422)
            self.assertIn(text, answer.text)
            self.assertIn("CVE-2008-0166", answer.text)
        self.assertNotIn("CVE-2008-0166", self.submit(csr(private=key("RSA2048"))).text)

    def test_p11_a_private_key_is_refused_blocked_and_kept_nowhere(self):
        private = key()
        request = csr(private=private)
        answer = self.submit(private)
        self.assertEqual(answer.status, 422)
        self.assertIn("This is a private key", answer.text)
        secret = b"".join(private.split(b"\n")[1:-2])[20:60]
        self.assertNotIn(secret, answer.body)
        for place in ("/log", "/store/ecert.db", "/store/ecert.db-wal"):
            with open(self.world.dir + place, "rb") as content:
                self.assertNotIn(secret, content.read(), place)
        self.assertEqual(len(self.world.rows("SELECT * FROM blocked_key")), 1)
        blocked = self.submit(request)
        self.assertEqual(blocked.status, 422)
        self.assertIn("This key is blocked", blocked.text)

    def test_submitting_hands_it_to_the_registrar(self):
        browser = self.world.browser("validated")
        preview = browser.post("/csr", {"csr": csr()})
        shown = re.search(r"<textarea[^>]*>([^<]+)</textarea>", preview.text).group(1)
        edit = browser.post("/csr", {"csr": shown, "edit": "yes"})
        self.assertIn(shown.strip(), edit.text)
        answer = browser.post("/csr/submit", {"csr": shown})
        self.assertEqual(answer.header("Location"), "/certificate")
        self.assertEqual(self.world.state("validated"), "issuing")
        self.assertEqual(browser.post("/csr/submit", {"csr": shown}).header("Location"), "/certificate")
        self.assertEqual(self.world.rows("SELECT count(*) FROM certificate c JOIN enrolment e ON e.id = c.enrolment"
                                         " WHERE e.reference = ?", self.world.seeds["validated"]["reference"]), [(1,)])


if __name__ == "__main__":
    world.run()
