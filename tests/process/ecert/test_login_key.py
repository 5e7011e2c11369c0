#!/usr/bin/env python3
"""The key that the tool registers at the portal, and later walks without the PIN.

    test_login_key.py ECERT
"""
import json
import os
import socket
import unittest

from stand_in import Authority, Portal
from tool import NAME, ToolTest, public_key

ADDRESS = "127.0.0.79"
PORT = 20000 + os.getpid() % 20000
PIN = "1234567812345678"
REGISTER = ("POST", "/api/v1/enrolment/key")


class LoginKeys(ToolTest):
    """Each with a portal and a walk that has just been accepted."""
    def setUp(self):
        super().setUp()
        self.portal = Portal(Authority(self.path("ca")), ADDRESS, PORT)
        self.addCleanup(self.portal.stop)
        self.portal.post_enrolment_confirm = self.portal.post_enrolment_next = self.proved
        os.mkdir(self.path("web"), 0o755)
        self.arguments = ["enrol", "--portal", self.portal.url + "/", "--server-name", NAME, "--reference",
                          "123 456-789", "--accept", "--install-certificate", self.path("web/site.crt"),
                          "--install-key", self.path("web/site.key")]
        self.pin = ["--pin-file", self.write("pin", PIN)]
        self.portal.post_session = self.by_pin

    def by_pin(self, given):
        right = given["reference"].replace(" ", "").replace("-", "") == "123456789" and given["pin"] == PIN
        return (201, {"token": "t" * 22}) if right else (403, {"type": "urn:ecert:problem:login.refused",
                                                                "title": "No", "status": 403})

    def proved(self, _):
        """Evidence is there already."""
        self.portal.state = "validated"
        return 200, {}

    def walk(self, *more, code=0):
        self.json("request", "new", "--name", NAME, "--key", "p256")
        return self.json(*self.arguments, *more, code=code)

    def installed(self):
        public = public_key("certificate", self.path("web/site.crt"))
        self.assertEqual(public_key("key", self.path("web/site.key")), public)
        return public

    def files(self):
        return os.listdir(self.store + "/logins")

    def by_key(self):
        return len(self.portal.called("POST", "/session/key"))

    def test_the_first_acceptance_registers_a_key_and_says_so(self):
        done = self.walk(*self.pin)
        self.assertEqual(list(self.portal.keys), [done["registered_key"]])
        self.assertEqual(len(self.files()), 1)
        self.assertRegex(self.files()[0], r"^123456789-[0-9a-f]{16}\.pem$")
        path = f"{self.store}/logins/{self.files()[0]}"
        self.assertEqual((os.stat(path).st_mode & 0o777, os.stat(os.path.dirname(path)).st_mode & 0o777),
                         (0o600, 0o700))
        sent = json.loads(self.portal.called("POST", "/enrolment/key")[0][2])
        self.assertEqual(sent["label"], "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "-"
                                                for c in socket.gethostname()))
        self.assertNotIn("PRIVATE", json.dumps(sent))
        self.portal.keys.clear()
        self.json("request", "new", "--name", NAME, "--key", "p256")
        said = self.run_tool(*self.arguments, *self.pin, "--renew")
        self.assertIn("needs no PIN", said)
        self.assertIn(list(self.portal.keys)[0], said.replace("\n", "").replace(" ", ""))

    def test_a_renewal_needs_no_pin_and_registers_nothing_more(self):
        self.walk(*self.pin)
        first = self.installed()
        done = self.walk("--renew")
        self.assertNotEqual(self.installed(), first)
        self.assertNotIn("registered_key", done)
        self.assertEqual((len(self.portal.called("POST", "/session")), self.by_key()), (1, 1))
        self.assertEqual(len(self.portal.called("POST", "/enrolment/key")), 1)
        self.assertEqual(len(self.portal.called("POST", "/enrolment/next")), 1)

    def test_a_renewal_that_broke_off_goes_on_without_a_pin(self):
        self.walk(*self.pin)
        first = self.installed()
        self.portal.overrides[("POST", "/enrolment/csr")] = (
            400, {"type": "urn:ecert:problem:csr.key_weak", "title": "Weak", "status": 400})
        self.walk("--renew", code=1)
        self.portal.overrides.clear()
        self.json("enrol", "--resume")
        self.assertNotEqual(self.installed(), first)
        self.assertEqual((len(self.portal.called("POST", "/session")), self.by_key()), (1, 2))

    def test_a_pin_that_is_given_is_used(self):
        self.walk(*self.pin)
        self.walk("--renew", *self.pin)
        self.assertEqual((len(self.portal.called("POST", "/session")), self.by_key()), (2, 0))

    def test_who_wants_none_gets_none(self):
        self.walk(*self.pin, "--no-key")
        self.assertEqual((self.portal.keys, self.files()), ({}, []))
        self.walk("--renew", "--no-key", code=64)
        self.walk(*self.pin, "--renew")
        self.walk("--renew", "--no-key", code=64)
        self.assertEqual(self.by_key(), 0)

    def test_none_wanted_is_remembered_for_the_resumption(self):
        self.portal.overrides[("POST", "/enrolment/csr")] = (
            400, {"type": "urn:ecert:problem:csr.key_weak", "title": "Weak", "status": 400})
        self.walk(*self.pin, "--no-key", code=1)
        self.portal.overrides.clear()
        self.json("enrol", "--resume", *self.pin)
        self.assertEqual((self.portal.keys, self.files()), ({}, []))

    def test_a_lost_answer_to_the_registration_leaves_one_key(self):
        self.portal.lost = [REGISTER, REGISTER]
        done = self.walk(*self.pin)
        self.assertEqual(list(self.portal.keys), [done["registered_key"]])
        self.assertEqual(len(self.portal.called("POST", "/enrolment/key")), 3)
        self.walk("--renew")

    def test_lost_answers_to_the_log_in_cost_a_nonce_and_no_more(self):
        self.walk(*self.pin)
        self.portal.lost = [("POST", "/api/v1/session/nonce"), ("POST", "/api/v1/session/key")]
        self.walk("--renew")
        self.assertEqual(self.portal.lost, [])
        bodies = {call[2] for call in self.portal.called("POST", "/session/key")}
        self.assertEqual(len(bodies), 2)

    def test_a_registration_that_is_refused_does_not_fail_the_walk(self):
        full = {"type": "urn:ecert:problem:key.too_many", "title": "Conflict", "status": 409, "detail": "Five are there."}
        for renew, answer in (([], (409, full)), (["--renew"], (404, b"nothing")), (["--renew"], (500, b""))):
            self.portal.overrides[("POST", "/enrolment/key")] = answer
            done = self.walk(*self.pin, *renew)
            self.assertNotIn("registered_key", done)
            self.assertTrue(done["registered_key_problem"])
            self.installed()
        self.portal.overrides[("POST", "/enrolment/key")] = (409, full)
        self.json("request", "new", "--name", NAME, "--key", "p256")
        said = self.run_tool(*self.arguments, *self.pin, "--renew")
        self.assertIn("Five are there. The next certificate will need the PIN.", " ".join(said.split()))

    def test_a_key_that_the_portal_does_not_know_any_more_is_told_with_the_way_out(self):
        self.walk(*self.pin)
        old = dict(self.portal.keys)
        self.portal.keys.clear()
        problem = self.walk("--renew", code=1)["problem"]
        self.assertEqual((problem["type"], problem["field"]), ("urn:ecert:problem:tool.key_unknown", "123456789"))
        self.assertEqual(self.portal.called("POST", "/enrolment/next"), [])
        for language, words in (("en", "--pin-file"), ("zh-HK", "移除"), ("zh-CN", "移除")):
            self.assertIn(words, self.run_tool(*self.arguments, "--renew", "--lang", language, code=1))
        done = self.json(*self.arguments, "--renew", *self.pin)
        self.assertNotIn(done["registered_key"], old)
        self.walk("--renew")

    def test_at_a_terminal_the_pin_is_asked_for_instead(self):
        self.walk(*self.pin)
        self.portal.keys.clear()
        self.json("request", "new", "--name", NAME, "--key", "p256")
        screen = self.at_terminal([*self.arguments, "--renew"], [("PIN, 16 digits", PIN)])
        self.assertIn("does not accept this server", screen)
        self.assertEqual(len(self.portal.keys), 1)

    def test_nothing_is_signed_over_nonsense(self):
        self.walk(*self.pin)
        for nonce in ("", "00" * 15, "00" * 17, "x" * 32, 7, None):
            self.portal.overrides[("POST", "/session/nonce")] = (201, {"nonce": nonce})
            self.json(*self.arguments, "--renew", code=1)
        self.assertEqual(self.by_key(), 0)

    def test_a_signature_is_for_the_address_that_was_called(self):
        self.walk(*self.pin)
        self.portal.url = "https://portal.example.net"
        self.assertEqual(self.walk("--renew", code=1)["problem"]["type"], "urn:ecert:problem:tool.key_unknown")

    def test_a_key_that_others_can_read_is_not_used(self):
        self.walk(*self.pin)
        os.chmod(f"{self.store}/logins/{self.files()[0]}", 0o644)
        self.assertEqual(self.walk("--renew", code=1)["problem"]["type"], "urn:ecert:problem:certstore.path")
        self.assertEqual(self.by_key(), 0)


if __name__ == "__main__":
    unittest.main(argv=["test_login_key"])
