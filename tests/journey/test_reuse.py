#!/usr/bin/env python3
"""What a subscriber proved for one application serves the next: by the API, the page and the tool, with
CAA asked anew each time; and what was withdrawn, is somebody else's or was only said to be good does not."""
import json
import os
import re
import sqlite3
import unittest

import chromium
from letter import FORM
from test_editions import Walk
from test_methods import Browser
from world import World, wait_until

ZONE, NAME = "shop.example.com", "www.shop.example.com"
KEY = re.compile(r"# (hmac-sha256:\S+):(\S+)")


def form(srn, name=NAME, organisation="Shop Example Limited", edition="server", names=()):
    return dict(FORM, edition=edition, names=[*names] or [name],
                subject=dict(FORM["subject"], srn=srn, organisation=organisation))


class Applicant(Walk):
    """One application; what it places can be taken down again."""

    def __init__(self, world, srn, **other):
        super().__init__(world, form(srn, **other))

    def choose_dns(self):
        challenge, = self.call("POST", "/enrolment/dcv", {"method": "dns"})["challenges"]
        return challenge

    def update(self, *lines):
        key = KEY.search(self.world.read("subscriber/tsig.key"))
        self.world.run("knsupdate", stdin="\n".join(
            (f"server {self.world.net}.0.53 5353", f"zone {ZONE}.", f"key {key[1]} {key[2]}",
             *lines, "send", "")))

    def prove_and_take_down(self):
        self.prove()
        self.update(f"update delete _ecert-validation.{NAME}. TXT")

    def settled(self):
        wait_until(lambda: self.call("GET", "/enrolment/dcv")["state"] != "checking", 60, "the look at CAA")
        return self.call("GET", "/enrolment/dcv")

    def steps(self):
        result, = self.call("GET", "/enrolment/dcv")["results"]
        return [{step["code"] for step in place["steps"]} for place in result["perspectives"]]


class Reuse(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)

    def store(self, words, *values):
        with sqlite3.connect(self.world.path("service/store/ecert.db"), timeout=30) as store:
            rows = store.execute(words, values).fetchall()
        store.close()
        return rows

    def caa(self, what, *record):
        knotc = ("knotc", "--socket", self.world.path("dns/knot.sock"))
        for words in (("zone-begin", ZONE), (what, ZONE, "www", *record), ("zone-commit", ZONE)):
            self.world.run(*knotc, *words)

    def assert_not_served(self, applicant):
        self.assertNotIn("proved_before", applicant.call("GET", "/enrolment"))
        self.assertNotIn("proved_before", applicant.choose_dns())
        answer = applicant.check()
        self.assertEqual(answer["state"], "failed")
        for codes in applicant.steps():
            self.assertIn("dcv.txt_missing", codes)

    def test_the_next_application_needs_no_proof_and_the_audit_agrees(self):
        first = Applicant(self.world, "0002142901")
        first.prove_and_take_down()
        second = Applicant(self.world, "0002142901")
        told, = second.call("GET", "/enrolment")["proved_before"]
        self.assertEqual((told["name"], told["proved_before_by"]), (NAME, "dns"))
        challenge = second.choose_dns()
        self.assertEqual(challenge["proved_before"], told["proved_before"])
        answer = second.settled()
        self.assertEqual((answer["state"], second.state), ("passed", "validated"), answer)
        self.assertEqual(answer["challenges"][0]["proved_before"], told["proved_before"])
        for codes in second.steps():
            self.assertIn("dcv.proved_before", codes)
            self.assertIn("caa.authorises", codes)
        second.obtain()
        # And a third by what the first had proved, whichever row leads there.
        third = Applicant(self.world, "0002142901")
        third.choose_dns()
        self.assertEqual(third.settled()["state"], "passed")
        third.obtain()
        signer = self.world.path("service/signer/")
        said = self.world.adm("audit", "verify", "--journal", signer + "journal", "--roster",
                              signer + "roster.der", "--ceremony-spki", signer + "ceremony.spki", check=False)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)

    def test_the_page_says_since_when_and_asks_for_nothing(self):
        Applicant(self.world, "0002142902").prove_and_take_down()
        second = Applicant(self.world, "0002142902")
        browser = Browser(self.world.portal)
        browser.post("/", server_name=NAME, reference=second.reference, pin=second.pin)
        page = browser.get("/dcv")
        self.assertIn("Proved before, and not to be proved again", page)
        self.assertRegex(page, "You proved control of this name on [^<]*20\\d\\d")
        self.assertNotIn('type="radio"', page)
        page = browser.post("/dcv", method="dns")
        self.assertNotIn("_ecert-validation", page)
        wait_until(lambda: second.state == "validated", 60, "the look at CAA")
        self.assertIn("You have proved control of every name", browser.get("/dcv"))

    @unittest.skipIf(chromium.why_not(), chromium.why_not() or "")
    def test_the_page_is_well_in_three_languages_wide_and_narrow(self):
        Applicant(self.world, "0002142909").prove_and_take_down()
        round_of = []
        for language in chromium.LANGUAGES:
            all_names = Applicant(self.world, "0002142909")
            both = Applicant(self.world, "0002142909", edition="multi", names=[NAME, "mail." + ZONE])
            round_of.append(chromium.visit(all_names.letter, "all " + language, language, "reuse"))
            round_of.append(chromium.visit(both.letter, "one of two " + language, language, "partly"))
        for name, found in chromium.visits(self.world, round_of).items():
            self.assertIsNone(found.get("failure"), name)
            self.assertEqual(found["faults"], [], name)
            self.assertEqual(len(found["looked"]), 2)

    def test_the_tool_places_nothing(self):
        world = self.world
        Applicant(world, "0002142903").prove_and_take_down()
        second = Applicant(world, "0002142903")
        pin = world.write("subscriber/pin-of-reuse", second.pin)
        os.chmod(pin, 0o600)
        request = json.loads(world.run("ecert", "request", "new", "--name", NAME, "--key", "p256",
                                       "--json").stdout)["id"]
        enrol = ("ecert", "enrol", "--portal", world.portal, "--server-name", NAME, "--request", request,
                 "--reference", second.reference, "--pin-file", pin)
        told = world.run(*enrol, "--dry-run").stdout
        words = " ".join(told.split())
        self.assertIn(f"{NAME} was proved on ", words)
        self.assertIn("need not be proved again", words)
        self.assertNotIn("_ecert-validation", words)
        self.assertEqual(second.state, "validated")
        self.assertNotIn("_ecert-validation", world.run(*enrol, "--accept").stdout)
        self.assertEqual(second.state, "accepted")

    def test_caa_is_asked_anew_and_may_say_no(self):
        Applicant(self.world, "0002142904").prove_and_take_down()
        second = Applicant(self.world, "0002142904")
        self.caa("zone-set", "60", "CAA", '0 issue "other.example.net"')
        try:
            second.choose_dns()
            answer = second.settled()
            self.assertEqual((answer["state"], second.state), ("failed", "confirmed"))
            for codes in second.steps():
                self.assertIn("caa.forbids", codes)
                self.assertNotIn("dcv.txt_missing", codes)
        finally:
            self.caa("zone-unset", "CAA")
        self.assertEqual(second.check()["state"], "passed")

    def test_nobody_else_is_served(self):
        Applicant(self.world, "0002142905").prove_and_take_down()
        self.assert_not_served(Applicant(self.world, "0002142906"))
        self.assert_not_served(Applicant(self.world, "0002142905", organisation="Shop Example Holdings"))
        self.assert_not_served(Applicant(self.world, "0002142905", name="mail.shop.example.com"))

    def test_a_proof_that_is_too_old_or_withdrawn_does_not_serve(self):
        first = Applicant(self.world, "0002142907")
        first.prove_and_take_down()
        old, = self.store("SELECT time FROM evidence WHERE name = ? ORDER BY time DESC", NAME)[:1]
        self.store("UPDATE evidence SET time = time - ? WHERE time = ?", 201 * 86400, old[0])
        second = Applicant(self.world, "0002142907")
        self.assertNotIn("proved_before", second.call("GET", "/enrolment"))
        self.store("UPDATE evidence SET time = ? WHERE time = ?", old[0], old[0] - 201 * 86400)
        self.assertIn("proved_before", second.call("GET", "/enrolment"))
        self.world.adm("application", "withdraw", first.application)
        self.assert_not_served(second)

    def test_the_signer_knows_a_withdrawal_that_the_store_has_lost(self):
        first = Applicant(self.world, "0002142908")
        first.prove_and_take_down()
        second = Applicant(self.world, "0002142908")
        self.world.adm("application", "withdraw", first.application)
        self.store("UPDATE application SET state = 'approved' WHERE id = ?", bytes.fromhex(first.application))
        second.choose_dns()
        self.assertEqual(second.settled()["state"], "passed")
        csr = second.letter.request(NAME)
        second.call("POST", "/enrolment/csr", {"csr": csr})
        wait_until(lambda: second.state == "confirmed", 40, "the signer's refusal")
        shown = second.call("GET", "/enrolment")
        self.assertEqual(shown["problem"]["code"], "warrant.earlier_withdrawn")
        # No dead end: the name is proved for this application, and the request goes on by itself.
        wait_until(lambda: second.call("GET", "/enrolment/dcv")["state"] == "failed", 60, "a look at our own record")
        challenge, = second.call("GET", "/enrolment/dcv")["challenges"]
        self.assertNotIn("proved_before", challenge)
        self.world.script("txt", challenge["host"], challenge["value"])
        second.check()
        wait_until(lambda: second.state == "issued", 40, "the certificate")
        second.update(f"update delete _ecert-validation.{NAME}. TXT")


if __name__ == "__main__":
    unittest.main(verbosity=2)
