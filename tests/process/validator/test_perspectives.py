#!/usr/bin/env python3
"""Primary and five remotes, each in its own network namespace with its own address, routes and view of
the DNS, while somebody turns the routes of some of them: what they sign is put before the signer's
own judgement (doc/threats.md D3). Nothing is relaxed: the resolver walks from the root, the addresses
are public ones, and `ecertd perspective` is started as its user would.

    test_perspectives.py VALIDATOR ECERTD JUDGE
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import internet

internet.enter()

from authorities import ROOT_SERVERS, NameServer, WebServer, Zone, start_together  # noqa: E402
from internet import PLACES, Internet, Judge, Place, nft, within  # noqa: E402
from messages import Answer, Challenge, check_request  # noqa: E402
from validator_process import Perspective, Primary, openssl  # noqa: E402

ROOT, VICTIMS = "44.53.0.1", "46.1.0.53"   # the second in what is hijacked
HIJACKED = "46.1.0.0/16"
REGIONS = dict(zip(PLACES, ("apnic", "apnic", "arin", "ripe", "lacnic", "afrinic")))
PRIMARY, *REMOTES = PLACES
WEBSITE = 18
NOW = int(time.time())
# The names' holder has placed the one; the attacker asks for the other. Both hold the same names.
OWNERS = {method: Challenge("www.victim.example.com", NOW, method=method, nonce=b"o" * 16)
          for method in (7, WEBSITE)}
ATTACKERS = {method: Challenge("www.victim.example.com", NOW, method=method, nonce=b"a" * 16)
             for method in (7, WEBSITE)}
SIGNED = Challenge("www.secure.example.com", NOW, nonce=b"a" * 16)
BARRED = Challenge("www.barred.example.com", NOW, nonce=b"b" * 16)


def proofs(challenge, more=""):
    name = challenge.name.split(".")[0]
    return f'_ecert-validation.{name} TXT "{challenge.expected()}"\n{name} A 46.1.0.80\n{more}'


ABOVE = [Zone(".", ROOT, signed=True), Zone("com.", ROOT, signed=True),
         Zone("example.com.", ROOT, signed=True)]


def zones(victim, secure, barred):
    return [Zone("victim.example.com.", VICTIMS, victim), Zone("barred.example.com.", VICTIMS, barred),
            Zone("secure.example.com.", VICTIMS, secure, signed=True)]


class Remote(Perspective):
    """Started as its user would."""
    ecertd = None

    def command(self):
        return [self.ecertd, "perspective"]

    def ask(self, request):
        status, body = self.post(request)
        assert status == 200, status
        return Answer(body)


class PerspectivesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="ecert-perspectives-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.net = Internet()
        above = NameServer(cls.folder, "world", ABOVE, [ROOT] + ROOT_SERVERS)
        true = NameServer(cls.folder, "world", zones(
            proofs(OWNERS[7]), proofs(SIGNED).replace(SIGNED.expected(), "nothing"),
            proofs(BARRED, '@ CAA 0 issue "another.example"\n')), [VICTIMS])
        false = NameServer(cls.folder, "attacker", zones(
            proofs(ATTACKERS[7]), proofs(SIGNED), proofs(BARRED)), [VICTIMS])
        for server in (above, true, false):
            cls.addClassCleanup(server.stop)
        start_together(above, true)
        start_together(false)
        for namespace, challenge in (("world", OWNERS[WEBSITE]), ("attacker", ATTACKERS[WEBSITE])):
            web = WebServer(cls.folder, namespace, {challenge.name: challenge.expected()})
            cls.addClassCleanup(web.stop)
            web.start()
        with open(cls.folder + "/anchors", "w", encoding="ascii") as file:
            file.write(above.delegation_signer("."))
        cls.places = {place: cls.place_start(place) for place in PLACES}
        cls.attempts = 0

    @classmethod
    def place_start(cls, place):
        world = Place(Internet.control_address(place), cls.folder + "/anchors")
        folder = os.path.join(cls.folder, place)
        os.mkdir(folder)
        kind = Primary if place == PRIMARY else Remote
        one = kind(folder, VALIDATOR, world, place)
        one.source, one.allow_localhost, one.namespace = Internet.address(place), False, place
        cls.addClassCleanup(one.stop)
        if place == PRIMARY:
            one.start_on_socket()
        else:
            one.ecertd = ECERTD
            one.start_on_https(8443)
        openssl("pkey", "-in", one.key, "-pubout", "-outform", "DER", "-out", one.key + ".spki")
        return one

    def look(self, challenge):
        """One attempt: everybody's answer by place."""
        type(self).attempts += 1
        request = check_request(challenge, attempt=self.attempts.to_bytes(16, "big"))
        with concurrent.futures.ThreadPoolExecutor(len(PLACES)) as pool:
            answers = dict(zip(PLACES, pool.map(lambda place: self.places[place].ask(request), PLACES)))
        for place, answer in answers.items():
            self.assertEqual((answer.err, answer.perspective), (0, place), answer.reason)
        return answers

    def judgement(self, challenge, answers):
        lines = []
        for place in PLACES:
            with open(self.places[place].key + ".spki", "rb") as file:
                spki = file.read().hex()
            said = answers[place].observation.hex() if place in answers else ""
            lines.append(f"{place} {REGIONS[place]} {'primary' if place == PRIMARY else 'remote'} "
                         f"{spki} {said}\n")
        return subprocess.run([JUDGE, challenge.name, str(int(time.time()))], input="".join(lines),
                              check=True, capture_output=True, text=True).stdout.strip()

    def verdict(self, challenge, turned=()):
        with self.net.hijacked(HIJACKED, turned):
            answers = self.look(challenge)
        return self.judgement(challenge, answers), answers

    def test_d3_without_an_attack_the_holder_is_entitled_and_nobody_else(self):
        for method in (7, WEBSITE):
            said, answers = self.verdict(OWNERS[method])
            self.assertEqual(said, "entitled", {p: a.steps for p, a in answers.items()})
            self.assertEqual({a.dcv for a in answers.values()}, {"passed"})
            self.assertEqual({a.dnssec for a in answers.values()}, {"insecure"})
            self.assertEqual(self.verdict(ATTACKERS[method])[0], "warrant.primary_dcv")

    def test_d3_what_an_attacker_gets_by_turning_routes(self):
        for turned, wanted in (
                (REMOTES, "warrant.primary_dcv"),
                ([PRIMARY], "warrant.quorum"),
                ([PRIMARY] + REMOTES[:3], "warrant.quorum"),
                ([PRIMARY] + REMOTES[1:], "entitled"),   # four of five corroborate: the rule's own limit
                (PLACES, "entitled")):
            for method in (7, WEBSITE):
                said, answers = self.verdict(ATTACKERS[method], turned)
                self.assertEqual(said, wanted, (turned, method))
                # The judge can see: whose route is turned is deceived, and nobody else.
                deceived = [place for place, a in answers.items() if a.dcv == "passed"]
                self.assertEqual(deceived, [place for place in PLACES if place in turned])

    def test_d3_what_the_holder_loses_by_turned_routes(self):
        for turned, wanted in (([REMOTES[4]], "entitled"), (REMOTES[3:], "warrant.quorum"),
                               ([PRIMARY], "warrant.primary_dcv")):
            self.assertEqual(self.verdict(OWNERS[7], turned)[0], wanted)

    def test_d3_caa_is_lied_about_as_well(self):
        for turned, wanted in (([], "warrant.primary_caa"), (REMOTES, "warrant.primary_caa"),
                               ([PRIMARY] + REMOTES[:3], "warrant.quorum"),
                               ([PRIMARY] + REMOTES[:4], "entitled")):
            said, answers = self.verdict(BARRED, turned)
            self.assertEqual(said, wanted, turned)
            self.assertEqual([place for place, a in answers.items() if a.caa == "permits"],
                             [place for place in PLACES if place in turned])

    def test_d3_a_signed_zone_is_lost_to_no_number_of_turned_routes(self):
        said, answers = self.verdict(SIGNED, PLACES)
        self.assertEqual(said, "warrant.primary_dcv")
        self.assertEqual({(a.dcv, a.dnssec, a.caa) for a in answers.values()},
                         {("failed", "bogus", "prohibits")})

    def test_d3_an_attempt_is_not_mended_with_the_good_answers_of_another(self):
        _, first = self.verdict(ATTACKERS[7], [PRIMARY] + REMOTES[:2])
        _, second = self.verdict(ATTACKERS[7], [PRIMARY] + REMOTES[1:])
        mixed = {**first, **{place: second[place] for place in REMOTES[2:]}}
        self.assertEqual({a.dcv for a in mixed.values()}, {"passed"})
        self.assertEqual(self.judgement(ATTACKERS[7], mixed), "warrant.attempt")
        silent = {place: a for place, a in second.items() if a.dcv == "passed"}
        self.assertEqual(self.judgement(ATTACKERS[7], silent), "entitled")   # one of five may be silent
        del silent[REMOTES[4]]
        self.assertEqual(self.judgement(ATTACKERS[7], silent), "warrant.quorum")

    def test_d3_nobody_lives_on_what_was_asked_before_him(self):
        """No cache, neither shared nor one's own: every place asks each zone's server each time."""
        rules = "".join(f'add rule inet seen in ip saddr {Internet.address(place)} udp dport 53 '
                        f'ip daddr {VICTIMS} counter comment "{place}"\n' for place in PLACES)
        nft("world", "-f", "-", text="add table inet seen\nadd chain inet seen in "
            "{ type filter hook input priority 0; }\n" + rules)
        self.addCleanup(nft, "world", "delete", "table", "inet", "seen")
        before = dict.fromkeys(PLACES, 0)
        for _ in range(3):
            self.look(OWNERS[7])
            now = Judge.packets("world", "seen", "in")
            for place in PLACES:
                self.assertGreater(now.get(place, 0), before[place], place)
            before = now


VALIDATOR, ECERTD, JUDGE = map(os.path.abspath, sys.argv[1:4])
del sys.argv[1:4]
if __name__ == "__main__":
    unittest.main(verbosity=2)
