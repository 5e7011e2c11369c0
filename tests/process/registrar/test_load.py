#!/usr/bin/env python3
"""Whom slow and hostile names hold up: themselves (doc/threats.md D19, D30). Perspectives that keep silent for
longer than they are waited for stand for name servers that never answer. What is judged is an order:
how many of the slow ones were begun before a quick one, which came last, had passed."""
import unittest

from crowd import Crowd
from office import wait_until
from office_case import OfficeCase

# What proc/registrar/queue.h and registrar.h say.
UNKNOWN, OF_DOMAIN, OF_SUBSCRIBER_SLOW, PATIENT_WORKERS = 18, 4, 2, 8
PITS = 60
SILENCE = 90   # seconds; nobody is waited for so long


class Load(OfficeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crowd = Crowd(cls.office)
        cls.quick = 0

    def setUp(self):
        """Nothing is due, and a registrar that knows nobody."""
        self.office.registrar_kill()
        self.office.sql("UPDATE challenge SET next_check = 0")
        self.office.sql("DELETE FROM pacing")
        for perspective in self.office.perspectives.values():
            perspective.pits, perspective.names = {}, []
            perspective.hurried, perspective.yielded = set(), set()
        self.office.registrar_start()

    def pits(self, names, subscribers):
        """They are asked for in the order of their names, and before whatever comes after."""
        made = self.crowd.add(names, subscribers)
        for perspective in self.office.perspectives.values():
            perspective.pits.update(dict.fromkeys(names, SILENCE))
        return made

    def begun(self):
        primary = self.office.perspectives["primary"]
        return len({name for name in primary.names if name in primary.pits})

    def ask(self, pits, begun):
        self.crowd.ask(pits, age=60)
        wait_until(lambda: self.begun() >= begun, 60, f"{begun} that are begun")

    def pass_one(self, subscriber=None):
        """One that is asked for last; how many pits had been begun when it passed."""
        type(self).quick += 1
        name = f"www.quick{self.quick}.example"
        made = self.crowd.add([name], lambda _: subscriber or name)
        self.crowd.ask(made)
        wait_until(lambda: self.crowd.states(made) == ["passed"], 120, "the quick one")
        return self.begun()

    def remembered_as_slow(self):
        return self.office.one("SELECT count(*) FROM pacing WHERE slow = 1")

    def test_d19_a_subscriber_has_a_share_however_many_of_his_are_slow(self):
        pits = self.pits([f"www.pit{n}.example" for n in range(PITS)], lambda _: "Tar Pits")
        self.ask(pits, begun=1)
        self.assertLessEqual(self.pass_one(), 1 + OF_SUBSCRIBER_SLOW)
        wait_until(self.remembered_as_slow, 60, "a slow one")
        self.assertLessEqual(self.pass_one(), 1 + OF_SUBSCRIBER_SLOW)

    def test_d19_what_was_slow_waits_in_a_lane_of_its_own(self):
        pits = self.pits([f"www.pit{n}.example" for n in range(PITS)], lambda number: f"Tar Pit {number}")
        for enrolment, _ in pits:
            self.office.sql("INSERT INTO pacing (enrolment, slow, reason) VALUES (?, 1, '')", enrolment)
        self.ask(pits, begun=2)
        self.assertLessEqual(self.pass_one(), PATIENT_WORKERS)
        for perspective in self.office.perspectives.values():
            self.assertEqual({name for name in perspective.names if name in perspective.pits}, perspective.yielded)

    def test_d19_slow_strangers_do_not_hold_up_whom_nobody_had_to_wait_for(self):
        self.pass_one("Quick Limited")
        pits = self.pits([f"www.pit{n}.example" for n in range(PITS)], lambda number: f"Tar Pit {number}")
        self.ask(pits, begun=UNKNOWN)
        self.assertLess(self.pass_one("Quick Limited"), PITS)

    def test_d19_a_round_takes_the_connections_that_were_used_last(self):
        """A handshake with five perspectives costs more than a check: what waits long must not begin with one."""
        before = [server.connections for server in self.office.https]
        rounds = 24
        for _ in range(rounds):
            self.pass_one("Regular Limited")
        for server, count in zip(self.office.https, before):
            self.assertLess(server.connections - count, rounds / 2)

    def test_d19_what_ran_out_of_a_short_time_is_judged_by_a_long_one(self):
        made = self.crowd.add(["www.hurried.example"], lambda _: "Hurried")
        for perspective in self.office.perspectives.values():
            perspective.hurried.add("www.hurried.example")
        self.crowd.ask(made)
        wait_until(lambda: self.crowd.states(made) != ["checking"], 60, "a verdict")
        self.assertEqual(self.crowd.states(made), ["passed"])

    def test_d30_one_domain_is_looked_at_by_few_rounds_at_a_time_whoever_asks(self):
        names = [f"www{n}.example.com" for n in range(3 * OF_DOMAIN)]
        self.ask(self.pits(names, lambda number: f"Tar Pit {number}"), begun=OF_DOMAIN)
        self.assertLess(self.pass_one(), len(names))


if __name__ == "__main__":
    unittest.main(verbosity=2)
