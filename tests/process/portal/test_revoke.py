"""Revocation by the authorised representative: on the page and by API, and who can't."""
import re
import sqlite3
import unittest
import urllib.parse

import world


class Revocation(world.FreshCase):
    def serial(self, key):
        return self.world.rows("SELECT hex(serial) FROM certificate JOIN enrolment ON enrolment.id = enrolment"
                               " WHERE reference = ?", self.world.seeds[key]["reference"])[0][0].lower()

    def row(self, key):
        return self.world.rows("SELECT certificate.state, reason FROM certificate JOIN enrolment"
                               " ON enrolment.id = enrolment WHERE reference = ?",
                               self.world.seeds[key]["reference"])[0]

    def age(self, seconds):
        db = sqlite3.connect(self.world.dir + "/store/ecert.db", timeout=10)
        with db:
            db.execute("UPDATE session SET created = created - ?", (seconds,))
        db.close()

    def test_the_page_asks_for_the_credentials_anew_and_says_that_it_is_for_ever(self):
        browser = self.world.browser("accepted")
        self.assertEqual(browser.get("/revoke").status, 200)
        seed = self.world.seeds["accepted"]
        fields = {k: seed[k] for k in ("server_name", "reference", "pin")}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        wrong = self.world.ask("POST", "/revoke", urllib.parse.urlencode({**fields, "pin": "0" * 16}), form)
        self.assertEqual(wrong.status, 422)
        right = self.world.ask("POST", "/revoke", urllib.parse.urlencode(fields), form)
        self.assertEqual((right.status, right.header("Location")), (303, "/revoke/certificate"))
        browser.cookie = re.search(r"ecert=([a-z2-7]+)", right.header("Set-Cookie")).group(1)
        page = browser.get("/revoke/certificate").text
        token = re.search(r'name="csrf" value="([a-z2-7]+)"', page).group(1)
        serial = re.search(r'name="serial" value="([0-9a-f ]+)"', page).group(1)
        self.assertNotIn("privilegeWithdrawn", page)
        wish = {"serial": serial, "reason": "keyCompromise"}
        sure = browser.post("/revoke/certificate", wish, csrf=token)
        self.assertEqual(sure.status, 200)
        self.assertIn("be undone", sure.text)
        self.assertEqual(self.row("accepted"), ("accepted", 0))
        done = browser.post("/revoke/certificate", {**wish, "confirmed": "yes"}, csrf=token)
        self.assertEqual((done.status, done.header("Location")), (303, "/repository/" + serial.replace(" ", "")))
        self.assertEqual(self.row("accepted"), ("revoking", 1))
        self.assertEqual(self.world.rows("SELECT count(*) FROM blocked_key"), [(1,)])
        self.assertIn("Revoked", browser.get(done.header("Location")).text)
        self.assertIn("no certificate here", browser.get("/revoke/certificate").text)
        again = browser.post("/revoke/certificate", {**wish, "confirmed": "yes"}, csrf=token)
        self.assertEqual(again.status, 422)
        self.assertEqual(browser.get("/download/certificate.pem").status, 409)

    def test_a_reason_that_is_the_authoritys_and_a_certificate_of_somebody_else_are_refused(self):
        api = self.world.api("accepted")
        before = self.world.dump()
        for serial, reason, code in ((self.serial("accepted"), "privilegeWithdrawn", "form.choice"),
                                     (self.serial("accepted"), "cACompromise", "form.choice"),
                                     (self.serial("tenant"), "unspecified", "revoke.none"),
                                     (self.serial("issued"), "unspecified", "revoke.none"),
                                     ("zz", "unspecified", "revoke.none")):
            answer = api.ask("POST", "/enrolment/revoke", {"serial": serial, "reason": reason})
            self.assertEqual((answer.status, answer.json()["type"]), (400, "urn:ecert:problem:" + code))
        self.assertEqual(self.world.dump(), before)

    def test_a_session_that_is_not_fresh_can_not_revoke(self):
        api, browser = self.world.api("accepted"), self.world.browser("accepted")
        token = re.search(r'name="csrf" value="([a-z2-7]+)"', browser.get("/revoke/certificate").text).group(1)
        self.age(601)
        answer = api.ask("POST", "/enrolment/revoke", {"serial": self.serial("accepted")})
        self.assertEqual((answer.status, answer.json()["type"]), (403, "urn:ecert:problem:revoke.fresh"))
        self.assertEqual(browser.get("/revoke/certificate").header("Location"), "/revoke")
        post = browser.post("/revoke/certificate", {"serial": self.serial("accepted"), "reason": "superseded",
                                                    "confirmed": "yes"}, csrf=token)
        self.assertEqual(post.header("Location"), "/revoke")
        self.assertEqual(self.row("accepted"), ("accepted", 0))

    def test_nobody_revokes_without_the_forms_token_or_without_a_session(self):
        browser = self.world.browser("accepted")
        wish = {"serial": self.serial("accepted"), "reason": "superseded", "confirmed": "yes"}
        self.assertEqual(browser.post("/revoke/certificate", wish, csrf="").status, 403)
        self.assertEqual(self.world.ask("GET", "/revoke/certificate").status, 303)
        self.assertEqual(self.row("accepted"), ("accepted", 0))

    def test_the_api_revokes_without_particular_reason_by_default(self):
        api = self.world.api("accepted")
        answer = api.ask("POST", "/enrolment/revoke", {"serial": self.serial("accepted").upper()})
        self.assertEqual((answer.status, answer.json()["state"], answer.json()["reason"]),
                         (202, "revoked", "unspecified"))
        self.assertEqual(self.row("accepted"), ("revoking", 0))
        problem = api.ask("GET", "/enrolment/download").json()
        self.assertEqual(problem["type"], "urn:ecert:problem:certificate.is_revoked")


if __name__ == "__main__":
    world.run()
