#!/usr/bin/env python3
"""Three ways back: the details rejected, the certificate not accepted for its key, and for its details.
What the office sees of each, that nothing of it is ever published, and that each way leads on to a
certificate."""
import json
import re
import unittest

from test_editions import LISTS, Walk, example
from world import World, wait_until

REASON = "The branch has moved.\nIt should read: 分行二, 2/F"


class Ways(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(parts=("dns", "mail", "ca"))
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)

    def walk(self, name, cls=Walk, **subject):
        form = example("server")
        return cls(self.world, dict(form, names=[name], subject={**form["subject"], **subject}))

    def published(self, name):
        """The serial numbers that the repository has for this name."""
        answer = self.world.run("curl", "-sSf", "-H", "Accept: application/json",
                                f"{self.world.portal}/api/v1/repository?by=name&q={name}").stdout
        return [re.sub("[^0-9a-f]", "", one["serial"]) for one in json.loads(answer)["certificates"]]

    def listed_as_revoked(self, serial):
        self.world.run("curl", "-sSf", "-o", self.world.path("crl"),
                       f"{self.world.portal}/crl/{LISTS['ssl']}.crl")
        text = self.world.run("openssl", "crl", "-inform", "DER", "-noout", "-text", "-in",
                              self.world.path("crl")).stdout
        return serial in [one.lower() for one in re.findall(r"Serial Number: ([0-9A-F]+)", text)]

    def await_revocation(self, certificate):
        serial = certificate["serial"].replace(" ", "")
        wait_until(lambda: self.listed_as_revoked(serial), 30, "the CRL")
        state, = [one["state"] for one in self.world.adm("certificate", "list")
                  if re.sub("[^0-9a-f]", "", one["serial"]) == serial]
        self.assertEqual(state, "revoked")
        return serial

    def application(self, walk):
        """As the list has it, and in full."""
        row, = [row for row in self.world.adm("application", "list") if row["id"] == walk.application]
        shown = self.world.adm("application", "show", walk.application)
        self.assertEqual(row["state"], shown["state"])
        return shown

    def assert_returned(self, walk, step, reason):
        shown = self.application(walk)
        self.assertEqual((shown["state"], shown["returned_at"], shown["returned_reason"]),
                         ("returned", step, reason))
        self.assertEqual(shown["returned_by"], walk.form["representative"]["name"])
        self.assertRegex(shown["returned"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertIn("application new", shown["returned_next"])
        told = self.world.run("ecertadm", "--control", self.world.path("sockets/control.sock"),
                              "application", "show", walk.application).stdout
        for line in reason.split("\n"):
            self.assertIn(line, told)

    def assert_nothing_goes_on(self, walk, state):
        for path, body in (("confirm", {"chinese": False}), ("dcv", {"method": "dns"}), ("csr", {"csr": "x"}),
                           ("accept", {}), ("next", {}), ("reject", {"reason": "again"})):
            status, problem = walk.ask("POST", "/enrolment/" + path, body)
            self.assertEqual(status, 409, (path, problem))
        self.assertEqual(walk.state, state)

    def test_a_wrong_key_leads_back_to_the_csr_and_only_the_second_is_published(self):
        walk = self.walk("key.shop.example.com")
        walk.prove()
        first = walk.submit()
        answer = walk.call("POST", "/enrolment/decline", {"what": "key", "reason": "lost it"})
        self.assertEqual((answer["state"], answer["step"]), ("validated", "csr"))
        revoked = self.await_revocation(first)
        self.assertEqual(self.published(walk.name), [])
        self.assertNotIn("returned", self.application(walk))
        download = walk.obtain()
        second = walk.call("GET", "/enrolment/certificate")["serial"].replace(" ", "")
        self.assertNotEqual(second, revoked)
        self.assertEqual(self.published(walk.name), [second])
        self.assertFalse(self.listed_as_revoked(second))
        self.assertIn("BEGIN CERTIFICATE", download["certificate"])
        missing = self.world.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                                 f"{self.world.portal}/repository/{revoked}.pem").stdout
        self.assertEqual(missing, "404")

    def test_wrong_details_lead_back_to_the_office_and_nothing_is_published(self):
        walk = self.walk("details.shop.example.com")
        walk.prove()
        certificate = walk.submit()
        answer = walk.call("POST", "/enrolment/decline", {"what": "details", "reason": REASON})
        self.assertEqual((answer["state"], answer["step"]), ("declined", "returned"))
        revoked = self.await_revocation(certificate)
        self.assert_returned(walk, "certificate", REASON)
        self.assert_nothing_goes_on(walk, "declined")
        self.assertEqual(self.published(walk.name), [])
        # The way on is a new application, on its whole way.
        again = self.walk(walk.name, branch="Branch Two")
        self.assertNotEqual((again.application, again.reference), (walk.application, walk.reference))
        again.prove()
        again.obtain()
        new = again.call("GET", "/enrolment/certificate")["serial"].replace(" ", "")
        self.assertEqual(self.published(walk.name), [new])
        self.assertNotEqual(new, revoked)
        self.assert_returned(walk, "certificate", REASON)

    def test_rejected_details_lead_back_to_the_office_and_a_new_application_to_the_end(self):
        class Rejecting(Walk):
            def confirm(self):
                self.call("POST", "/enrolment/reject", {"reason": REASON})

        walk = self.walk("reject.shop.example.com", Rejecting)
        self.assertEqual(walk.state, "rejected")
        self.assert_returned(walk, "details", REASON)
        self.assert_nothing_goes_on(walk, "rejected")
        again = self.walk(walk.name, branch="Branch Two")
        again.prove()
        again.obtain()
        self.assertEqual(len(self.published(walk.name)), 1)
        self.assertEqual(self.application(again)["state"], "approved")

    def test_no_reason_need_be_given_for_a_certificate(self):
        walk = self.walk("silent.shop.example.com")
        walk.prove()
        walk.submit()
        walk.call("POST", "/enrolment/decline", {"what": "details"})
        shown = self.application(walk)
        self.assertEqual((shown["state"], shown["returned_at"], shown["returned_reason"]),
                         ("returned", "certificate", ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
