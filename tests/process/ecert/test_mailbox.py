#!/usr/bin/env python3
"""A code by mail, where the mailbox doesn't take it: what the portal heard is told, and no key leaves.

    test_mailbox.py ECERT
"""
import os
import unittest

from stand_in import Authority, Portal
from tool import NAME, ToolTest

ADDRESS = "127.0.0.76"
PORT = 20000 + os.getpid() % 20000
SEEN = "550 5.1.1 no such user"


class MailPortal(Portal):
    """Mails to one mailbox are refused, to the others sent; the right code is "right"."""
    method, address = None, None

    def enrolment(self):
        challenge = {"name": self.server_name, "type": "mail", "state": "pending"}
        if self.address:
            refused = self.address.startswith("hostmaster@")
            challenge |= {"address": self.address, "mail": "refused" if refused else "sent", "mail_asked": False,
                          "mail_refused": refused, "mail_seen": SEEN if refused else ""}
        return super().enrolment() | {"methods": ["email"], "dcv": self.method and {
            "method": "email", "state": "pending", "challenges": [challenge]}}

    def post_enrolment_dcv(self, given):
        self.method = given["method"]
        return 200, {"challenges": []}

    def post_enrolment_dcv_mail(self, given):
        self.address = given["address"]
        return 202, {}

    def post_enrolment_dcv_code(self, given):
        if given["code"] == "right":
            self.state = "validated"
        return 202, {}


class Mailbox(ToolTest):
    """One request, one application."""
    def setUp(self):
        super().setUp()
        authority = Authority(self.path("ca"))
        self.portal = MailPortal(authority, ADDRESS, PORT)
        self.addCleanup(self.portal.stop)
        self.json("request", "new", "--name", NAME, "--key", "p256")
        self.words = ["enrol", "--portal", self.portal.url, "--server-name", NAME, "--reference", "123456789",
                      "--pin-file", self.write("pin", "1234567812345678"), "--accept", "--root",
                      authority.path("root.pem")]

    def test_a_mailbox_that_rejects_is_told_with_its_server_s_words(self):
        said = self.json(*self.words, "--email", "hostmaster", code=1)["problem"]
        self.assertEqual(said["type"], "urn:ecert:problem:tool.mail_refused")
        self.assertEqual((said["field"], said["seen"]), ("hostmaster@" + NAME, SEEN))
        for part in ("admin", "postmaster", "--email"):
            self.assertIn(part, said["next"])
        for path in ("/enrolment/dcv/code", "/enrolment/csr"):
            self.assertEqual(self.portal.called("POST", path), [])
        for language, text in (("zh-HK", "電郵"), ("zh-CN", "邮")):
            said = self.run_tool(*self.words, "--email", "hostmaster", "--lang", language, code=1)
            self.assertIn(text, said)
            self.assertIn(SEEN, said)

    def test_after_it_another_mailbox_is_the_way_on(self):
        self.json(*self.words, "--email", "hostmaster", code=1)
        self.json(*self.words, "--email", "postmaster", "--email-code", "right")
        self.assertEqual(self.portal.state, "accepted")

    def test_a_wrong_code_hands_in_nothing(self):
        self.json(*self.words, "--email", "admin", "--email-code", "wrong", code=1)
        self.assertEqual(self.portal.called("POST", "/enrolment/csr"), [])


if __name__ == "__main__":
    unittest.main(argv=["test_mailbox.py"], verbosity=1)
