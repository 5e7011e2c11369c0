#!/usr/bin/env python3
"""The timer's life from November 2026 to November 2028, with the limit of 2027-03-15 in it, and with what
goes wrong in two years: a CA that is down for a week, a name server that is broken for days, a server
that refuses what it gets, the power that goes in the middle. A real nginx is asked every day.

    test_two_years.py ECERT DAY_MODULE CUT_MODULE
"""
import datetime
import os
import subprocess
import sys
import unittest

import servers
from stand_in import run
from tool import PROGRAM
from watch_case import UTC, WatchCase, date, days_on

CUT = os.path.abspath(sys.argv[3])
CUT_EXIT = 137
BEGIN, END = date("2026-11-02"), date("2028-11-01")
# What goes wrong when a certificate is due, one after the other, and for how many days. The first is over
# the day of the new limit.
TROUBLES = (("down", 8), ("broken", 5), ("refuses", 6), ("cut", 1), ("down", 7), ("cut", 1), ("broken", 10), ("refuses", 9),
            ("cut", 1), ("down", 7), ("broken", 4), ("cut", 1), ("refuses", 3), ("cut", 1))


class TwoYears(WatchCase):
    """One life."""
    address = "127.0.0.85"

    def setUp(self):
        super().setUp()
        if servers.program("nginx") is None:
            self.skipTest("nginx is not here")
        self.served = {}
        self.left, self.dues, self.wrong = list(TROUBLES), [], []
        self.person = []  # when something needed one, and what
        self.cuts = 0

    def begin(self):
        first = self.enrol()["id"]
        self.nginx = servers.Nginx(self.path("nginx"), "127.0.85.1")
        pair = f"{self.store}/personal/{first}/"
        self.nginx.give(pair + "certificate.pem", pair + "key.pem")
        self.nginx.start()
        self.addCleanup(self.nginx.stop)
        self.json("deploy", "run", *self.nginx.words)

    def trouble(self, due):
        """What is wrong on this day, made so."""
        if self.now >= due and due not in self.dues:
            self.dues.append(due)
            kind, days = self.left.pop(0)
            self.wrong.append((kind, self.now, self.now + datetime.timedelta(days=days)))
        found = {kind for kind, begin, end in self.wrong if begin <= self.now < end}
        for portal in self.portals:
            portal.down = "down" in found
        if "broken" in found:
            self.write("broken", "")
        elif os.path.exists(self.path("broken")):
            os.remove(self.path("broken"))
        self.nginx.write_config()
        if "refuses" in found:
            with open(self.nginx.config, "a", encoding="ascii") as file:
                file.write("nonsense;\n")
        return found

    def seen_end(self):
        """When the certificate ends that nginx answers with."""
        sent = servers.wait_for(self.nginx.sent)
        if sent not in self.served:
            said = run("openssl", "x509", "-noout", "-enddate", given=sent.encode()).decode().strip()
            self.served[sent] = datetime.datetime.strptime(said, "notAfter=%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
        return self.served[sent]

    def power_goes(self):
        """Each renewal is begun under a cut, at another moment each time; the next run ends it."""
        self.cuts += 1
        done = subprocess.run([PROGRAM, "watch", "--renew"], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env=self.environment(LD_PRELOAD=self.environment()["LD_PRELOAD"] + ":" + CUT,
                                                   CUT_AT=str(5 + 11 * self.cuts)), timeout=120)
        return done.returncode == CUT_EXIT

    def person_acts(self):
        """A new application was made when the end of the subscription was said; three weeks later there is a
        new reference number, and somebody enrols with it. The ledger does the rest."""
        self.subscription_end = self.now + datetime.timedelta(days=365)
        self.portal = self.open_portal()
        self.enrol()

    def test_no_expired_certificate_is_served_and_none_is_renewed_in_a_loop(self):
        self.now = BEGIN
        self.begin()
        told, due, asked = None, END, {}
        attempts = []
        while self.now < END:
            troubles = self.trouble(due)
            calls = sum(len(portal.calls) for portal in self.portals)
            if "cut" in troubles and self.now >= due and self.power_goes():
                attempts.append((self.now, "cut"))
            said = self.renew(code=None)
            one = said["certificates"][0]
            due = date(one.get("renewal_due", "2099-01-01T00:00:00Z").rstrip("Z"))
            if sum(len(portal.calls) for portal in self.portals) > calls:
                asked.setdefault(one["id"], []).append(self.now)
            persons = self.codes(said, "person")
            self.person += [(self.now, code) for code in persons if code != "watch.subscription"]
            if "watch.subscription" in persons:
                told = told or self.now
                if self.now >= told + datetime.timedelta(days=21) and not troubles:
                    self.assertGreater(self.subscription_end - self.now, datetime.timedelta(days=30))
                    told = self.person_acts()
            self.assertGreater(self.seen_end(), self.now + datetime.timedelta(days=9), (self.now, said))
            # The timer comes every hour; where nothing is wrong, once a day stands for all of them.
            self.pass_by(hours=4 if troubles else 24)
        self.judge(attempts, asked)

    def judge(self, attempts, asked):
        issued = sorted(moment for portal in self.portals for moment in portal.issued)
        # 199 days: a third and a thirtieth before the end; 100 days; and what a subscription's end leaves of them.
        for portal in self.portals:
            pauses = [(later - earlier).days for earlier, later in zip(portal.issued, portal.issued[1:])]
            self.assertTrue(all(pause >= 20 for pause in pauses), portal.issued)
        # However often the timer came, a portal that was down was asked less than twice a day in the long run.
        for moments in asked.values():
            self.assertLessEqual(len(moments), 16, moments)
        self.assertLessEqual(len(issued), 16, issued)
        self.assertGreaterEqual(len(issued), 9, issued)
        self.assertEqual(len(self.portals), 3)
        self.assertTrue(any(what == "cut" for _, what in attempts))
        # What was somebody's affair was so only while something was wrong, or until the next attempt.
        for moment, code in self.person:
            near = any(begin <= moment <= end + datetime.timedelta(days=3) for _, begin, end in self.wrong)
            self.assertTrue(near, (moment, code))
        self.assertEqual({kind for kind, _, _ in self.wrong}, {"down", "broken", "refuses", "cut"})
        self.assertTrue({code for _, code in self.person} >= {"watch.renewal_failed", "watch.target_failed"})
        calls = sum(len(portal.calls) for portal in self.portals)
        self.assertLess(calls, 1200)
        self.assertEqual(days_on(issued[0]), 199)


if __name__ == "__main__":
    unittest.main(argv=["test_two_years"])
