#!/usr/bin/env python3
"""Checks: a quorum decides, what failed comes again by itself, and mail tells whom it concerns, once."""
import os
import time
import unittest

from office import FAILED, PASSED, REMOTES, wait_until
from office_case import OfficeCase


class Checks(OfficeCase):
    def verdict(self, **changes):
        """The state of the challenge after one round in which some perspectives differ."""
        self.setUp()
        for name, (attribute, value) in changes.items():
            setattr(self.office.perspectives[name.replace("_", "-")], attribute, value)
        enrolment = self.office.challenge(self.office.approve())
        return wait_until(lambda: self.office.challenge_state(enrolment) != "checking"
                          and self.office.challenge_state(enrolment), 60, "a verdict")

    def test_one_remote_may_differ_two_may_not_and_the_primary_decides(self):
        forged = self.office.perspectives["primary"].key
        own = self.office.perspectives["perspective-2"].key
        self.assertEqual(self.verdict(), "passed")
        for change in (("verdict", FAILED), ("caa", FAILED), ("verdict", None), ("key", forged)):
            with self.subTest(change):
                self.assertEqual(self.verdict(perspective_2=change), "passed")
                self.assertEqual(
                    self.verdict(perspective_2=change, perspective_4=("verdict", FAILED)), "failed")
        self.office.perspectives["perspective-2"].key = own
        for change in (("verdict", FAILED), ("caa", FAILED)):
            with self.subTest(change):
                self.assertEqual(self.verdict(primary=change), "failed")

    def checked_twice(self, *replaying):
        """The state after a check that fails for one remote too many, and another in which these repeat what they signed."""
        self.setUp()
        places = self.office.perspectives
        places["perspective-1"].verdict = places["perspective-3"].verdict = FAILED
        enrolment = self.office.challenge(self.office.approve())
        wait_until(lambda: self.office.challenge_state(enrolment) == "failed", what="a failed check")
        self.setUp()
        for name in replaying:
            places[name].replays = True
        self.office.sql("UPDATE challenge SET next_check = ? WHERE enrolment = ?", int(time.time()), enrolment)
        wait_until(lambda: self.office.challenge_state(enrolment) == "passed" or self.office.sql(
            "SELECT 1 FROM challenge WHERE enrolment = ? AND state = 'failed' AND attempts = 2", enrolment), what="a second check")
        return self.office.challenge_state(enrolment)

    def test_d3_what_was_signed_in_another_attempt_is_no_answer(self):
        """It counts against the name as silence does, and spoils nothing that the others saw."""
        self.assertEqual(self.checked_twice(), "passed")
        self.assertEqual(self.checked_twice("perspective-2"), "passed")
        self.assertIn("perspective.wrong_answer", self.office.log_text())
        self.assertEqual(self.checked_twice("perspective-2", "perspective-4"), "failed")
        self.assertEqual(self.checked_twice("primary"), "failed")

    def test_d30_checks_of_one_domain_beyond_the_cap_are_put_off_and_say_until_when(self):
        with self.configured() as (own, start_with):
            start_with(own.replace("checks_per_minute = 6000", "checks_per_minute = 2"))
            enrolments = [self.office.challenge(self.office.approve(), name="www.crowded.example") for _ in range(5)]
            put_off = wait_until(lambda: self.office.sql(
                "SELECT challenge.next_check FROM challenge JOIN pacing USING (enrolment)"
                " WHERE reason = 'dcv.waits_target' AND state = 'checking' ORDER BY 1") or None, what="one put off")
            wait_until(lambda: sum(self.office.challenge_state(e) != "checking" for e in enrolments) >= 2,
                       what="two that were made")
            self.assertGreater(put_off[-1][0], time.time())

    def mails_of_a_pass(self, enrolment):
        return self.office.sql("SELECT recipient, language, json_extract(parameters, '$.server_name') FROM outbox"
                               " WHERE enrolment = ? AND kind = 'dcv-passed'", enrolment)

    def session(self, reference, age):
        now = int(time.time())
        enrolment = self.office.one("SELECT id FROM enrolment WHERE reference = ?", reference)
        self.office.sql("INSERT INTO session (token_hash, enrolment, created, seen, language) VALUES (?, ?, ?, ?, 'en')",
                        os.urandom(32), enrolment, now - age, now - age)

    def test_who_has_left_is_mailed_when_it_passes_and_who_looks_on_is_not(self):
        for age, mails in ((None, 1), (600, 1), (5, 0)):
            with self.subTest(age):
                reference = self.office.approve()
                if age is not None:
                    self.session(reference, age)
                enrolment = self.office.challenge(reference)
                self.await_state(enrolment, "validated")
                self.assertEqual(len(self.mails_of_a_pass(enrolment)), mails)

    def test_a_check_that_comes_by_itself_mails_in_any_case_and_once(self):
        self.office.perspectives["primary"].verdict = FAILED
        reference = self.office.approve()
        enrolment = self.office.challenge(reference)
        wait_until(lambda: self.office.challenge_state(enrolment) == "failed", what="a failed check")
        self.session(reference, 5)
        self.office.perspectives["primary"].verdict = PASSED
        self.office.sql("UPDATE challenge SET next_check = ? WHERE enrolment = ?", int(time.time()), enrolment)
        self.await_state(enrolment, "validated")
        self.assertEqual(len(self.mails_of_a_pass(enrolment)), 1)

    def test_where_a_request_waits_for_the_pass_the_next_mail_is_its_certificates(self):
        for problem, mails in (("key.blocked", 1), ("warrant.evidence_old", 0)):
            with self.subTest(problem):
                reference = self.office.approve()
                self.office.sql("UPDATE enrolment SET problem_code = ? WHERE reference = ?", problem, reference)
                enrolment = self.office.challenge(reference)
                self.await_state(enrolment, "validated")
                self.assertEqual(len(self.mails_of_a_pass(enrolment)), mails)

    def checked_again(self, enrolment, attempts):
        """How long after a failed check, one that came by itself behind so many, the next is due: within these seconds."""
        since = int(time.time())
        self.office.sql("UPDATE challenge SET next_check = ?, attempts = ? WHERE enrolment = ?", since, attempts,
                        enrolment)
        return self.after_failure(enrolment, attempts + 1, since)

    def after_failure(self, enrolment, attempts, since):
        row = "SELECT next_check, attempts, state FROM challenge WHERE enrolment = ?"
        (due, _, _), = wait_until(lambda: self.office.sql(row, enrolment)[0][1:] == (attempts, "failed")
                                  and self.office.sql(row, enrolment), what="a failed check")
        return range(due - int(time.time()), due - since + 1) if due else []

    def test_a_failed_check_is_made_again_by_itself_ever_later_and_no_longer_than_its_value_lives(self):
        self.office.perspectives["primary"].verdict = FAILED
        begun = int(time.time())
        enrolment = self.office.challenge(self.office.approve())
        self.assertIn(60, self.after_failure(enrolment, 1, begun))
        for attempts, seconds in ((1, 120), (2, 240), (5, 1920), (6, 3840), (40, 3840)):
            self.assertIn(seconds, self.checked_again(enrolment, attempts), attempts)
        # The value has a thousand seconds left, then two thousand.
        for left, seconds in ((1000, 0), (2000, 1920)):
            self.office.sql("UPDATE challenge SET created = ? WHERE enrolment = ?", int(time.time()) - 30 * 86400 + left,
                            enrolment)
            again = self.checked_again(enrolment, 5)
            self.assertEqual(seconds in again, seconds > 0, again)
            self.assertEqual(bool(again), seconds > 0)
        # A code by mail is typed by somebody, who asks then.
        self.office.sql("UPDATE challenge SET created = ?, method = 4 WHERE enrolment = ?", int(time.time()), enrolment)
        self.assertEqual(self.checked_again(enrolment, 1), [])

    def told_of_refusals(self, enrolment):
        return self.office.sql("SELECT recipient, json_extract(parameters, '$.server_name'),"
                               " json_extract(parameters, '$.record'), json_extract(parameters, '$.identity')"
                               " FROM outbox WHERE enrolment = ? AND kind = 'caa-refused'", enrolment)

    def refused(self, url, who=("primary",)):
        """An enrolment whose check failed for CAA, which names somebody to be told."""
        for name in who:
            self.office.perspectives[name].caa = FAILED
            self.office.perspectives[name].steps = [
                ("caa.forbids", "CAA example.com", '0 issue ";"', '0 issue "ecert.example.net"'),
                ("caa.iodef", "CAA example.com", url, "")]
        enrolment = self.office.challenge(self.office.approve())
        wait_until(lambda: self.office.challenge_state(enrolment) != "checking", what="a verdict")
        return enrolment

    def test_d21_whom_caa_names_is_told_of_a_refusal_once(self):
        enrolment = self.refused("mailto:security@example.com?subject=x&bcc=all@example.com")
        told = [("security@example.com", "www.shop.example.com", '0 issue ";"', "ecert.example.net")]
        self.assertEqual(self.told_of_refusals(enrolment), told)
        self.assertEqual(self.office.one("SELECT count(*) FROM audit WHERE action = 'mail.queued' AND object ="
                                         " ? AND detail = 'caa-refused'", enrolment.hex()), 1)
        # Looked at again, and for another reason, with another mailbox: somebody was told.
        asked = self.office.perspectives["primary"].asked
        self.office.perspectives["primary"].steps[0] = ("caa.account", "CAA example.com", '0 issue "x"', "")
        self.office.perspectives["primary"].steps[1] = ("caa.iodef", "CAA example.com", "mailto:more@example.com", "")
        self.office.sql("UPDATE challenge SET next_check = ? WHERE enrolment = ?", int(time.time()), enrolment)
        wait_until(lambda: self.office.perspectives["primary"].asked > asked
                   and self.office.challenge_state(enrolment) == "failed"
                   and self.office.one("SELECT attempts FROM challenge WHERE enrolment = ?", enrolment) == 2,
                   what="a second check")
        self.assertEqual(self.told_of_refusals(enrolment), told)

    def test_d21_nobody_is_told_who_is_no_mailbox_or_not_named_by_the_primary(self):
        for url in ("https://example.com/iodef", "mailto:", "mailto:a@b.example,c@d.example", "mailto:a%40b@c.example",
                    "mailto:<a@b.example>", "mailto:root@localhost", "mailto:a@b.example\r\nX: y"):
            with self.subTest(url):
                self.assertEqual(self.told_of_refusals(self.refused(url)), [])
                self.setUp()
        remotes = self.refused("mailto:security@example.com", who=("perspective-1", "perspective-2"))
        self.assertEqual((self.office.challenge_state(remotes), self.told_of_refusals(remotes)), ("failed", []))

    def test_killed_in_the_middle_of_a_check_it_checks_again(self):
        for perspective in self.office.perspectives.values():
            perspective.delay = 0.5
        asked = self.office.perspectives["perspective-3"].asked
        enrolment = self.office.challenge(self.office.approve())
        wait_until(lambda: self.office.perspectives["perspective-3"].asked > asked, what="asking")
        self.office.registrar_kill()
        self.assertEqual(self.office.challenge_state(enrolment), "checking")
        self.office.registrar_start()
        self.await_state(enrolment, "validated")
        self.assertEqual(self.office.one(
            "SELECT count(*) FROM evidence WHERE enrolment = ?", enrolment), 1)
        self.assertEqual(self.office.one("SELECT count(*) FROM observation WHERE attempt ="
                                         " (SELECT attempt FROM evidence WHERE enrolment = ?)",
                                         enrolment), 1 + len(REMOTES))


if __name__ == "__main__":
    unittest.main(verbosity=2)
