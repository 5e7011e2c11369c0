#!/usr/bin/env python3
"""A rehearsal is told like a check, and leaves nothing that anything could be issued on; it has few workers
and budgets of its own, so that no check waits for it."""
import time
import unittest

from office import FAILED, PASSED, REMOTES, wait_until
from office_case import OfficeCase

WORKERS = 4


class Rehearsals(OfficeCase):
    def setUp(self):
        for perspective in self.office.perspectives.values():
            perspective.verdict, perspective.caa, perspective.rehearsal_delay = PASSED, 0, 0
            perspective.rehearsed.clear()
            perspective.rehearsing_most = 0

    def told(self, name="www.shop.example.com", subscriber=None):
        """An enrolment whose values are drawn, and of which no check was asked for."""
        application = self.office.application_new()
        reference = self.office.approve(application)
        if subscriber:
            self.office.sql("UPDATE application SET subscriber = ? WHERE id = ?", subscriber, bytes.fromhex(application))
        return self.office.challenge(reference, name=name, check=False)

    def made(self, enrolment):
        return self.office.one("SELECT coalesce(min(made), 0) FROM rehearsal WHERE enrolment = ? AND due = 0", enrolment)

    def rehearse(self, enrolment):
        """Whether it would pass."""
        self.office.rehearse(enrolment)
        wait_until(lambda: self.made(enrolment), 40, "the rehearsal")
        return self.office.one("SELECT passes FROM rehearsal WHERE enrolment = ?", enrolment) == 1

    def kept(self, enrolment):
        """All that a check would have changed."""
        return [self.office.sql(f"SELECT * FROM {table} WHERE {key} = ? ORDER BY 1", enrolment) for table, key in
                (("challenge", "enrolment"), ("evidence", "enrolment"), ("observation", "enrolment"),
                 ("enrolment", "id"), ("outbox", "enrolment"))]

    def test_it_would_pass_and_nothing_is_proved(self):
        enrolment = self.told()
        before, asked = self.kept(enrolment), [one.asked for one in self.office.perspectives.values()]
        audit = self.office.one("SELECT count(*) FROM audit")
        self.assertTrue(self.rehearse(enrolment))
        self.assertEqual(self.kept(enrolment), before)
        self.assertEqual(self.office.one("SELECT count(*) FROM audit"), audit)
        self.assertEqual([one.asked for one in self.office.perspectives.values()], asked)
        seen = self.office.sql("SELECT perspective, dcv, caa FROM rehearsal_sight WHERE enrolment = ? ORDER BY 1",
                               enrolment)
        self.assertEqual(seen, [(name, 0, 0) for name in sorted(REMOTES + ["primary"])])

    def test_nothing_is_signed_on_a_rehearsal(self):
        enrolment = self.told()
        self.assertTrue(self.rehearse(enrolment))
        issued = self.office.adm("status")["signer.issued"]
        for perspective in self.office.perspectives.values():
            perspective.verdict = FAILED
        self.office.submit(enrolment)
        self.office.poke()
        wait_until(lambda: self.office.one("SELECT state FROM enrolment WHERE id = ?", enrolment) == "confirmed",
                   what="the refusal")
        self.assertEqual(self.office.adm("status")["signer.issued"], issued)

    def test_it_is_counted_as_the_signer_would(self):
        one, other, primary = (self.office.perspectives[name] for name in (REMOTES[0], REMOTES[3], "primary"))
        enrolment = self.told()
        for who, verdict, passes in ((one, FAILED, True), (other, FAILED, False), (one, PASSED, True),
                                     (one, None, False), (other, PASSED, True), (primary, FAILED, False),
                                     (primary, None, False)):
            with self.subTest(who=who.name, verdict=verdict):
                who.verdict = verdict
                self.assertEqual(self.rehearse(enrolment), passes)
        primary.verdict = PASSED
        silent, = self.office.sql("SELECT dcv, length(report) FROM rehearsal_sight WHERE enrolment = ?"
                                  " AND perspective = ?", enrolment, one.name)
        self.assertIsNone(silent[0])
        self.assertGreater(silent[1], 10)

    def test_caa_that_forbids_is_foreseen(self):
        enrolment = self.told()
        primary = self.office.perspectives["primary"]
        primary.caa = 1
        primary.steps = [("caa.forbids", "CAA example.com", '0 issue ";"', ""),
                         ("caa.iodef", "CAA example.com", "mailto:security@example.com", "")]
        self.addCleanup(setattr, primary, "steps", [])
        self.assertFalse(self.rehearse(enrolment))
        self.assertEqual(self.office.sql("SELECT * FROM outbox WHERE kind = 'caa-refused'"), [])  # only a check is told of

    def test_where_a_check_would_ask_for_caa_alone_so_does_a_rehearsal(self):
        enrolment = self.office.challenge(self.office.approve())
        wait_until(lambda: self.office.challenge_state(enrolment) == "passed", what="the check")
        self.office.sql("UPDATE challenge SET state = 'failed', next_check = 0 WHERE enrolment = ?", enrolment)
        for perspective in self.office.perspectives.values():
            perspective.verdict = FAILED  # the record was taken away, as it may be
        self.assertTrue(self.rehearse(enrolment))
        self.assertEqual({caa_only for one in self.office.perspectives.values() for _, caa_only in one.rehearsed}, {True})

    def test_d19_rehearsals_that_hang_hold_up_no_check_and_have_few_workers(self):
        enrolments = [self.told(f"www.hang{number}.example", f"Hanging {number}") for number in range(WORKERS + 3)]
        for perspective in self.office.perspectives.values():
            perspective.rehearsal_delay = 8
        for enrolment in enrolments:
            self.office.rehearse(enrolment)
        primary = self.office.perspectives["primary"]
        wait_until(lambda: primary.rehearsing == WORKERS, what="all workers")
        quick = self.office.challenge(self.office.approve())
        wait_until(lambda: self.office.challenge_state(quick) == "passed", 60, "a check")
        self.assertTrue(any(not self.made(enrolment) for enrolment in enrolments))
        for perspective in self.office.perspectives.values():
            perspective.rehearsal_delay = 0
        wait_until(lambda: all(self.made(enrolment) for enrolment in enrolments), 90, "all rehearsals")
        self.assertEqual(primary.rehearsing_most, WORKERS)

    def test_one_subscriber_and_one_domain_have_one_rehearsal_at_a_time(self):
        same = [self.told(f"www.own{number}.example", "One and the same") for number in range(3)]
        domain = [self.told(f"{number}.crowd.example.net", f"Crowd {number}") for number in range(3)]
        for enrolments, what in ((same, "subscriber"), (domain, "domain")):
            with self.subTest(what):
                for perspective in self.office.perspectives.values():
                    perspective.rehearsal_delay, perspective.rehearsing_most = 0.3, 0
                for enrolment in enrolments:
                    self.office.rehearse(enrolment)
                wait_until(lambda: all(self.made(one) for one in enrolments), 60, "all of them")
                self.assertEqual([one.rehearsing_most for one in self.office.perspectives.values()], [1] * 6)

    def test_d30_rehearsals_of_one_domain_beyond_the_cap_are_put_off_and_take_nothing_of_the_checks(self):
        self.addCleanup(self.office.sql, "DELETE FROM rehearsal")
        enrolments = [self.told("www.crowded.example", f"Crowded {number}") for number in range(3)]
        with self.configured() as (own, start_with):
            start_with(own.replace("checks_per_minute = 6000", "checks_per_minute = 2"))
            for enrolment in enrolments:
                self.office.rehearse(enrolment)
            put_off = wait_until(lambda: self.office.sql("SELECT due FROM rehearsal WHERE put_off = 1 AND due > 0") or None,
                                 what="one put off")
            wait_until(lambda: any(self.made(enrolment) for enrolment in enrolments), what="one that was made")
            self.assertGreater(max(due for due, in put_off), time.time())
            # Both checks that the domain may have are left.
            for enrolment in enrolments[:2]:
                self.office.sql("UPDATE challenge SET state = 'checking', next_check = ? WHERE enrolment = ?",
                                int(time.time()), enrolment)
            self.office.poke()
            for enrolment in enrolments[:2]:
                wait_until(lambda e=enrolment: self.office.challenge_state(e) == "passed", 40, "a check")

    def test_killed_in_the_middle_it_is_made_again(self):
        enrolment = self.told()
        for perspective in self.office.perspectives.values():
            perspective.rehearsal_delay = 1
        self.office.rehearse(enrolment)
        wait_until(lambda: self.office.perspectives["primary"].rehearsing, what="asking")
        self.office.registrar_kill()
        self.assertEqual(self.made(enrolment), 0)
        self.office.registrar_start()
        wait_until(lambda: self.made(enrolment), 40, "the rehearsal")

    def test_what_is_forgotten_meanwhile_is_not_told(self):
        enrolment = self.told()
        for perspective in self.office.perspectives.values():
            perspective.rehearsal_delay = 1
        self.office.rehearse(enrolment)
        wait_until(lambda: self.office.perspectives["primary"].rehearsing, what="asking")
        self.office.sql("DELETE FROM rehearsal WHERE enrolment = ?", enrolment)
        wait_until(lambda: not self.office.perspectives["primary"].rehearsing, what="its end")
        other = self.told("www.other.example", "Other")
        self.assertTrue(self.rehearse(other))
        self.assertEqual(self.office.sql("SELECT * FROM rehearsal_sight WHERE enrolment = ?", enrolment), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
