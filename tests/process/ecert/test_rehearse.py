#!/usr/bin/env python3
"""ecert enrol --dry-run: what a check would say is told, and nothing is placed, checked, chosen anew or kept.

    test_rehearse.py ECERT
"""
import json
import os
import unittest

from stand_in import Authority, Portal
from tool import NAME, ToolTest

ADDRESS = "127.0.0.78"
PORT = 20000 + os.getpid() % 20000
STEPS = {True: ("dcv.txt_found", "The record is there."), False: ("dcv.txt_missing", "This host has no TXT record.")}


class Rehearsals(Portal):
    """Says of a name what it is told to say; the first look at a rehearsal finds it waiting."""
    passes, waiting, rehearsed, barred = True, 0, 0, []

    def enrolment(self):
        enrolment = super().enrolment()
        if self.rehearsed and enrolment["dcv"]:
            self.waiting -= 1
            code, text = STEPS[self.passes]
            steps = [{"code": code, "text": text, "asked": "", "seen": "", "expected": ""}]
            steps += [{"code": code, "text": text, "asked": "", "seen": seen, "expected": ""}
                      for code, text, seen in self.barred]
            places = [{"id": place, "passed": self.passes, "dcv": "passed" if self.passes or self.barred else "failed",
                       "caa": "prohibits" if self.barred else "permits", "dnssec": "secure", "steps": steps} for place in ("primary", "perspective-1")]
            done = {"state": "done", "would_pass": self.passes, "results": [
                {"name": NAME, "passed": self.passes, "quorum": "2/2" if self.passes else "0/2",
                 "next": "" if self.passes else "Add the record.", "perspectives": places}]}
            enrolment["dcv"]["rehearsal"] = {"state": "waiting"} if self.waiting >= 0 else done
        return enrolment

    def post_enrolment_dcv_rehearse(self, _):
        self.rehearsed, self.waiting = self.rehearsed + 1, 1
        return 202, {}


class DryRun(ToolTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.path("ca"))
        self.portal = Rehearsals(self.authority, ADDRESS, PORT)
        self.addCleanup(self.portal.stop)
        self.json("request", "new", "--name", NAME, "--key", "p256")
        self.portal.state = "confirmed"
        self.login = ["--pin-file", self.write("pin", "1234567812345678")]
        self.words = ["enrol", "--portal", self.portal.url, "--server-name", NAME, "--reference", "123456789",
                      *self.login, "--root", self.authority.path("root.pem")]

    def begun(self):
        """A walk that was left where the record is to be placed by hand."""
        problem = self.json(*self.words, "--accept", code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:tool.place_by_hand")
        self.portal.calls.clear()

    def changes(self):
        return [(method, path) for method, path, *_ in self.portal.calls if method == "POST" and path not in
                ("/session", "/enrolment/dcv/rehearse")]

    def test_it_would_pass_or_it_would_not_and_nothing_moves(self):
        self.begun()
        for passes, code in ((True, 0), (False, 1)):
            with self.subTest(passes):
                self.portal.passes = passes
                said = self.json(*self.words, "--dry-run", code=code)
                self.assertEqual((said["dry_run"], said["would_pass"]), (True, passes))
                result, = said["rehearsal"]["results"]
                self.assertEqual([one["id"] for one in result["perspectives"]], ["primary", "perspective-1"])
                self.assertNotIn("problem", said)
                self.assertEqual(self.changes(), [])
                self.assertEqual(self.portal.state, "confirmed")
        # What was begun goes on as if nothing had been.
        self.at_terminal(["enrol", "--resume", *self.login], [("Place these", ""), ("ccept", "y")])
        self.assertEqual(self.portal.called("POST", "/enrolment/dcv"), [])

    def test_what_each_place_saw_and_what_to_do_is_told_in_three_languages(self):
        self.begun()
        self.portal.passes = False
        for language, text in (("en", "A check would not pass now."), ("zh-HK", "現在檢查不會通過。"),
                               ("zh-CN", "现在检查不会通过。")):
            said = self.run_tool("enrol", "--dry-run", *self.login, "--lang", language, code=1)
            for part in (text, "This host has no TXT record.", "primary, perspective-1", "Add the record.", "0/2"):
                self.assertIn(part, said)

    def test_whom_to_tell_of_a_refusal_is_not_taken_for_its_reason_and_nothing_is_said_twice(self):
        self.begun()
        self.portal.passes = False
        self.portal.barred = [("caa.critical", "A property (tbs) is not known.", "tbs"),
                              ("caa.iodef", "The holder wants to hear (mailto:a@example.com).", "mailto:a@example.com")]
        said = self.run_tool("enrol", "--dry-run", *self.login, code=1)
        self.assertIn("A property (tbs) is not known. – primary", said)
        self.assertNotIn("mailto:", said)

    def test_where_no_method_was_chosen_the_values_are_drawn_for_our_key(self):
        self.portal.passes = False
        said = self.json(*self.words, "--dry-run", code=1)
        self.assertFalse(said["would_pass"])
        self.assertEqual(self.changes(), [("POST", "/enrolment/dcv")])
        self.portal.calls.clear()
        self.portal.passes = True
        self.assertTrue(self.json("enrol", "--dry-run", *self.login)["would_pass"])
        self.assertEqual(self.changes(), [])

    def test_values_of_somebody_elses_are_neither_tried_nor_replaced(self):
        for chosen in ({"method": "dns", "spki_sha256": "ab" * 32}, {"method": "website"}, {"method": "dns"},
                       {"method": "dns", "state": "expired"}):
            with self.subTest(chosen):
                self.portal.requested, self.portal.calls = chosen, []
                problem = self.json(*self.words, "--dry-run", code=1)["problem"]
                self.assertEqual(problem["type"], "urn:ecert:problem:tool.dry_run_other")
                self.assertGreater(len(problem["next"]), 20)
                self.assertEqual((self.changes(), self.portal.rehearsed), ([], 0))

    def test_a_value_that_would_serve_another_key_is_not_tried(self):
        self.portal.bound_to = "cd" * 32
        problem = self.json(*self.words, "--dry-run", code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:tool.value_unbound")
        self.assertEqual(self.portal.rehearsed, 0)

    def test_elsewhere_there_is_nothing_to_try(self):
        for state in ("open", "rejected", "declined"):
            with self.subTest(state):
                self.portal.state, self.portal.calls = state, []
                problem = self.json(*self.words, "--dry-run", code=1)["problem"]
                self.assertEqual((problem["type"], problem["seen"]), ("urn:ecert:problem:tool.dry_run_state", state))
                self.assertEqual(self.changes(), [])
        for state in ("validated", "issuing", "issued", "accepted"):
            with self.subTest(state):
                self.portal.state, self.portal.calls = state, []
                self.assertTrue(self.json(*self.words, "--dry-run")["would_pass"])
                self.assertEqual((self.changes(), self.portal.state), ([], state))

    def test_the_portals_refusal_is_told(self):
        self.begun()
        self.portal.overrides[("POST", "/enrolment/dcv/rehearse")] = (429, {
            "type": "urn:ecert:problem:dcv.rehearsed_too_often", "title": "Too often", "status": 429, "next": "Wait."})
        problem = self.json(*self.words, "--dry-run", code=1)["problem"]
        self.assertEqual((problem["type"], problem["next"]), ("urn:ecert:problem:dcv.rehearsed_too_often", "Wait."))

    def test_the_end_of_another_dry_run_is_no_end_of_this_one(self):
        self.begun()
        self.portal.passes = False
        self.json(*self.words, "--dry-run", code=1)
        self.portal.passes = True
        self.assertTrue(self.json(*self.words, "--dry-run")["would_pass"])
        self.assertEqual(self.portal.rehearsed, 2)
        self.assertEqual(json.loads(self.portal.called("POST", "/session")[0][2])["reference"], "123456789")


if __name__ == "__main__":
    unittest.main(argv=["test_rehearse.py"], verbosity=1)
