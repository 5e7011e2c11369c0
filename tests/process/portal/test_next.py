"""The next certificate within the subscription: fresh evidence is used again, old is not."""
import sqlite3
import time
import unittest

import world
from world import csr


class Next(world.FreshCase):
    def change(self, statement, *values):
        db = sqlite3.connect(self.world.dir + "/store/ecert.db", timeout=10)
        with db:
            db.execute(statement, values)
        db.close()

    def enrolment(self):
        return self.world.rows("SELECT state, ordinal, dcv_method FROM enrolment WHERE reference = ?",
                               self.world.seeds["accepted"]["reference"])[0]

    def own(self, table, column, value):
        self.change("UPDATE %s SET %s = ? WHERE enrolment = (SELECT id FROM enrolment WHERE reference = ?)"
                    % (table, column), value, self.world.seeds["accepted"]["reference"])

    def test_the_log_in_leads_there_and_fresh_evidence_straight_to_the_request(self):
        browser = self.world.browser("accepted")
        self.assertEqual(browser.first, "/next")
        page = browser.get("/next").text
        for text in ("199 days", "good until", 'href="/download"', "Begin the next certificate"):
            self.assertIn(text, page)
        self.assertIn("stays valid until it ends", page)
        self.assertIn("開始申請下一張證書", self.world.browser("accepted", "zh-HK").get("/next").text)
        answer = browser.post("/next", {}, csrf=world.re.search(r'name="csrf" value="([a-z2-7]+)"', page).group(1))
        self.assertEqual((answer.status, answer.header("Location")), (303, "/csr"))
        self.assertEqual(self.enrolment()[:2], ("validated", 2))
        self.assertEqual(len(self.world.rows("SELECT * FROM evidence")) > 0, True)
        api = self.world.api("accepted")
        submitted = api.ask("POST", "/enrolment/csr", {"csr": csr("done.shop.example.com").decode()})
        self.assertEqual((submitted.status, submitted.json()["state"]), (202, "issuing"))
        self.assertEqual(self.world.rows("SELECT certificate.ordinal, certificate.state FROM certificate JOIN enrolment e"
                                         " ON e.id = enrolment WHERE reference = ? ORDER BY certificate.ordinal",
                                         self.world.seeds["accepted"]["reference"]),
                         [(1, "accepted"), (2, "requested")])

    def test_old_evidence_is_forgotten_and_control_is_proved_again(self):
        self.own("evidence", "time", int(time.time()) - 400 * 86400)
        api = self.world.api("accepted")
        self.assertFalse(api.ask("GET", "/enrolment").json()["next"]["proved"])
        answer = api.ask("POST", "/enrolment/next")
        self.assertEqual((answer.status, answer.json()["state"]), (200, "confirmed"))
        self.assertNotIn("dcv", answer.json())
        self.assertEqual(self.enrolment(), ("confirmed", 2, 0))
        self.assertEqual(api.ask("POST", "/enrolment/dcv", {"method": "dns"}).status, 200)

    def test_evidence_bound_to_a_key_is_no_evidence_for_the_next_key(self):
        self.change("UPDATE enrolment SET spki_hash = zeroblob(32) WHERE reference = ?",
                    self.world.seeds["accepted"]["reference"])
        self.assertEqual(self.world.api("accepted").ask("POST", "/enrolment/next").json()["state"], "confirmed")

    def test_what_is_left_of_the_subscription_is_the_limit(self):
        end = int(time.time()) + 10 * 86400
        self.change("UPDATE enrolment SET subscription_end = ? WHERE reference = ?", end,
                    self.world.seeds["accepted"]["reference"])
        self.assertIn(self.world.api("accepted").ask("GET", "/enrolment").json()["next"]["days"], (9, 10))

    def test_after_the_subscription_there_is_no_next_one(self):
        self.change("UPDATE enrolment SET subscription_end = ? WHERE reference = ?", int(time.time()) - 1,
                    self.world.seeds["accepted"]["reference"])
        api, browser = self.world.api("accepted"), self.world.browser("accepted")
        self.assertEqual(api.ask("GET", "/enrolment").json()["next"], {"possible": False})
        answer = api.ask("POST", "/enrolment/next")
        self.assertEqual((answer.status, answer.json()["type"]), (409, "urn:ecert:problem:warrant.subscription"))
        self.assertIn("The subscription has ended", browser.get("/next").text)
        self.assertEqual(self.enrolment()[:2], ("accepted", 1))

    def test_before_acceptance_there_is_no_next_one(self):
        answer = self.world.api("issued").ask("POST", "/enrolment/next")
        self.assertEqual((answer.status, answer.json()["type"]), (409, "urn:ecert:problem:enrolment.state"))
        self.assertEqual(self.world.browser("issued").get("/next").header("Location"), "/certificate")

    def test_a_revoked_certificate_leaves_the_next_one_and_no_download(self):
        self.own("certificate", "state", "revoked")
        self.own("certificate", "revoked", 1795000000)
        browser = self.world.browser("accepted")
        self.assertEqual(browser.get("/download").header("Location"), "/next")
        page = browser.get("/next").text
        self.assertIn("Revoked", page)
        self.assertIn("no longer valid", page)
        self.assertNotIn("stays valid", page)
        self.assertNotIn('href="/download"', page)


if __name__ == "__main__":
    world.run()
