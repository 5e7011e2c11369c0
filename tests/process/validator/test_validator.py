#!/usr/bin/env python3
"""The validator as a process, against a real name server: whatever stands in the DNS gets the right
code, and nothing but the expected value passes.

    test_validator.py PROGRAM
"""
import collections
import concurrent.futures
import glob
import http.client
import os
import select
import shutil
import socket
import ssl
import sys
import tempfile
import time
import unittest

from dns_world import APEX, HASHED_APEX, DnsWorld, free_port
from liar import Liar
from messages import Answer, Challenge, Rehearsed, check_request, element, elements, integer, rehearse_request, sequence
from validator_process import Perspective, Primary

ADDRESS = "127.86.1.1"
DAY = 86400
ERR_INPUT, ERR_UNSUPPORTED = 1, 14
PLACE, LOWEST = os.nice(0), 19  # on the processors: what a process starts with, and the last

SERVICE = """service {{
    run_directory = "{0}"
    store = "{0}/store"
    data_directory = "{0}"
    trial = {1}
    users = false
}}
"""
NOW = int(time.time())
PASSING = Challenge("good." + APEX, NOW)
SPLIT = Challenge("split." + APEX, NOW)
AMONG = Challenge("among." + APEX, NOW)
ALIAS = Challenge("alias." + APEX, NOW)
PLAIN = Challenge("www.plain." + APEX, NOW)
WILD = Challenge("*.wild." + APEX, NOW)
BARRED = Challenge("*.barred." + APEX, NOW)
FORBIDDEN = Challenge("forbidden." + APEX, NOW)
ACCOUNT = Challenge("account." + APEX, NOW)
METHOD = Challenge("method." + APEX, NOW)
CRITICAL = Challenge("critical." + APEX, NOW)
OLD = Challenge("old." + APEX, NOW - 30 * DAY - 5)
BOUND = Challenge("bound." + APEX, NOW, spki_hash=b"k" * 32)
CROWDED = Challenge("crowded." + APEX, NOW)
HASHED = Challenge("good." + HASHED_APEX, NOW)
CHAIN, ENDLESS = Challenge("chain." + APEX, NOW), Challenge("endless." + APEX, NOW)
FORGED = Challenge("www.forged." + APEX, NOW)
BOGUS = Challenge("www.bogus." + APEX, NOW)
PRUNED = Challenge("a.b.pruned." + APEX, NOW, domain="pruned." + APEX)
SIBLING = Challenge("c.pruned." + APEX, NOW, domain="pruned." + APEX)
HOSTED = Challenge("hosted." + APEX, NOW, domain="host." + APEX)
ROUND = Challenge("round." + APEX, NOW, domain="host." + APEX)
ASTRAY = Challenge("astray." + APEX, NOW, domain="nowhere.bogus." + APEX)
UNRELATED = Challenge("good." + APEX, NOW, domain="host." + APEX)
TOO_HIGH = Challenge("good." + APEX, NOW, domain="com")
ITSELF = Challenge("itself." + APEX, NOW)
BEHIND = Challenge("behind." + APEX, NOW)
LASTING = Challenge("a.lasting." + APEX, NOW - 400 * DAY, 22, srn="0002142877", domain="lasting." + APEX)
LASTING_WILD = Challenge("*.lasting." + APEX, NOW, 22, srn="0002142877")
LASTING_OTHER = Challenge("lasting." + APEX, NOW, 22, srn="0002142878")
LASTED = Challenge("lasted." + APEX, NOW, 22, srn="0002142877")
LASTING_AWAY = Challenge("lastaway." + APEX, NOW, 22, srn="0002142877")
OURS = Challenge("account." + APEX, NOW, srn="1")


def nices_of(pid):
    for task in glob.glob(f"/proc/{pid}/task/*/stat"):
        try:
            with open(task, encoding="ascii", errors="replace") as file:
                yield int(file.read().rpartition(")")[2].split()[16])
        except OSError:
            pass  # it has ended


def txt(challenge, zone=APEX, value=None):
    """The record that proves the challenge, in its zone's file."""
    name = challenge.name.removeprefix("*.").removesuffix(zone).rstrip(".")
    host = "_ecert-validation" + ("." + name if name else "")
    return f'{host} TXT "{challenge.expected() if value is None else value}"\n'


def aliases(name, count):
    """A chain of `count` CNAMEs that ends at the name with that number."""
    chain = [f"_ecert-validation.{name}"] + [f"{name}{i}" for i in range(1, count + 1)]
    return "".join(f"{here} CNAME {there}\n" for here, there in zip(chain, chain[1:]))


def zone_records():
    half = SPLIT.expected()[:20], SPLIT.expected()[20:]
    return {
        "com": "",
        APEX: "".join([
            txt(PASSING), txt(BOUND), txt(OLD), txt(FORBIDDEN), txt(ACCOUNT), txt(METHOD),
            txt(CRITICAL), txt(WILD), txt(BARRED),
            f'_ecert-validation.split TXT "{half[0]}" "{half[1]}"\n',
            txt(AMONG, value="v=spf1 -all"), txt(AMONG), txt(AMONG, value="another"),
            aliases("chain", 8), f'chain8 TXT "{CHAIN.expected()}"\n',
            aliases("endless", 9), f'endless9 TXT "{ENDLESS.expected()}"\n',
            "_ecert-validation.loop CNAME loop1\nloop1 CNAME loop2\nloop2 CNAME loop1\n",
            f"_ecert-validation.stray CNAME nowhere.bogus.{APEX}.\n",
            f"_ecert-validation.alias CNAME elsewhere.{APEX}.\n",
            f'elsewhere TXT "{ALIAS.expected()}"\n',
            txt(Challenge("wrong." + APEX), value="\\027[31mwrong"),
            "absent A 192.0.2.1\n", "_ecert-validation.nodata A 192.0.2.1\n",
            "".join(txt(CROWDED, value=f"number {i}") for i in range(64)), txt(CROWDED),
            'forbidden CAA 0 issue "another.example"\nforbidden CAA 0 iodef "mailto:root@localhost"\n'
            'forbidden CAA 0 iodef "mailto:security@example.com"\n', 'barred CAA 0 issue "ca.example.net"\n',
            'barred CAA 0 issuewild ";"\n', 'wild CAA 0 issuewild "ca.example.net"\n',
            txt(Challenge("pruned." + APEX), value=PRUNED.expected()),
            f"hosted CNAME middle.{APEX}.\nmiddle CNAME host.{APEX}.\nhost A 192.0.2.1\n",
            txt(Challenge("host." + APEX), value=HOSTED.expected()),
            txt(Challenge("host." + APEX), value=UNRELATED.expected()),
            f"round CNAME round2.{APEX}.\nround2 CNAME round.{APEX}.\n",
            f"astray CNAME away.bogus.{APEX}.\n",
            f'itself TXT "{ITSELF.expected()}"\nbehind CNAME itself2.{APEX}.\n',
            f'_validation-persist.lasting TXT "ca.example.net; accounturi={LASTING.expected()}"\n',
            f'_validation-persist.lasted TXT "ca.example.net; accounturi={LASTING.expected()}; persistUntil={NOW - 5}"\n',
            f"_validation-persist.lastaway CNAME _validation-persist.lasting.{APEX}.\n",
            'lasting CAA 0 issue "ca.example.net; validationmethods=ca-tbr-22; accounturi=acct:0002142877@ca.example.net"\n',
            f'itself2 TXT "{BEHIND.expected()}"\n', txt(OURS),
            'account CAA 0 issue "ca.example.net; accounturi=acct:1@ca.example.net"\n',
            'method CAA 0 issue "ca.example.net; validationmethods=ca-tbr-18"\n',
            'critical CAA 128 unknown "x"\n', 'critical CAA 0 issue "ca.example.net"\n',
            'good CAA 0 issue "CA.example.net; validationmethods=ca-tbr-18,ca-tbr-7"\n',
        ]),
        HASHED_APEX: txt(HASHED, HASHED_APEX),
        "plain." + APEX: txt(PLAIN, "plain." + APEX),
        "forged." + APEX: txt(FORGED, "forged." + APEX, "the truth"),
        "bogus." + APEX: txt(BOGUS, "bogus." + APEX) + 'www CAA 0 issue "ca.example.net"\n',
    }


class ValidatorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="ecert-validator-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.world = DnsWorld(cls.folder, ADDRESS, zone_records())
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.liar = Liar(ADDRESS, (ADDRESS, cls.world.port), FORGED.expected())
        cls.world.forged_server = f"{ADDRESS}@{cls.liar.port}"
        cls.liar.start()
        cls.addClassCleanup(cls.liar.stop)
        cls.primary = Primary(cls.folder, PROGRAM, cls.world)
        cls.addClassCleanup(cls.primary.stop)
        cls.primary.start_on_socket()

    def ask(self, challenge):
        answer = self.primary.ask(check_request(challenge))
        self.assertEqual(answer.err, 0, answer.reason)
        self.assertTrue(self.primary.signature_holds(answer))
        self.assertEqual(answer.expected, challenge.expected())
        self.assertEqual(element(0x30, answer.challenge), challenge.der())
        self.assertEqual(answer.attempt, b"a" * 16)
        return answer

    def assert_passes(self, challenge, dnssec="secure"):
        answer = self.ask(challenge)
        self.assertEqual((answer.dcv, answer.caa, answer.dnssec), ("passed", "permits", dnssec),
                         answer.steps)
        return answer

    def assert_fails(self, challenge, code, caa="permits"):
        answer = self.ask(challenge)
        self.assertEqual((answer.dcv, answer.caa), ("failed", caa), answer.steps)
        self.assertIn(code, answer.codes)
        return answer

    def assert_barred(self, challenge, code):
        """The value is there; CAA alone stands against it."""
        answer = self.ask(challenge)
        self.assertEqual((answer.dcv, answer.caa), ("passed", "prohibits"), answer.steps)
        self.assertIn(code, answer.codes)

    def test_the_expected_value_passes(self):
        answer = self.assert_passes(PASSING)
        self.assertEqual(answer.codes, ["dcv.txt_found", "caa.authorises"])
        self.assertEqual(answer.perspective, "primary")

    def test_sc101_a_parent_proves_all_names_below_it_by_one_record(self):
        self.assertEqual(PRUNED.expected(), SIBLING.expected())
        for challenge in (PRUNED, SIBLING):
            answer = self.assert_passes(challenge)
            self.assertEqual((answer.adn, answer.alias), ("pruned." + APEX, ""))
            # CAA is asked for the name, not for where it was proved.
            self.assertEqual(answer.steps[-1][1], "CAA " + challenge.name)

    def test_d12_the_name_that_was_proved_and_the_alias_that_led_there_are_signed(self):
        answer = self.assert_passes(HOSTED)
        self.assertEqual((answer.adn, answer.alias), ("host." + APEX, "host." + APEX))
        self.assertEqual([step[0] for step in answer.steps[:2]], ["dcv.alias", "dcv.alias"])

    def test_d12_circles_strangers_and_bogus_aliases_lead_nowhere(self):
        self.assert_fails(ROUND, "dcv.alias_loop")
        self.assert_fails(UNRELATED, "dcv.domain_refused", caa="permits")
        self.assertEqual(self.ask(ASTRAY).dcv, "failed")
        refused = self.primary.ask(check_request(TOO_HIGH))
        self.assertEqual(refused.err, ERR_INPUT)

    def test_the_value_may_stand_at_the_name_itself_and_behind_no_alias(self):
        self.assert_passes(ITSELF)
        self.assertEqual(self.ask(BEHIND).dcv, "failed")

    def test_a_lasting_record_proves_for_its_account_with_caa_of_the_same(self):
        for challenge in (LASTING, LASTING_WILD):
            self.assertIn("dcv.persist_found", self.assert_passes(challenge).codes)
        # The look-up may follow a CNAME, but no CNAME of the name itself is gone behind.
        self.assert_passes(LASTING_AWAY)
        self.assert_fails(LASTED, "dcv.persist_ended")
        self.assert_fails(LASTING_OTHER, "dcv.persist_account", caa="prohibits")

    def test_caa_with_the_subscribers_account_permits_him_alone(self):
        self.assert_passes(OURS)
        self.assert_barred(ACCOUNT, "caa.account")

    def test_a_value_in_pieces_or_among_others_or_behind_an_alias_passes(self):
        self.assert_passes(SPLIT)
        self.assert_passes(AMONG)
        self.assertIn("dcv.alias", self.assert_passes(ALIAS).codes)

    def test_aliases_are_followed_a_short_way_and_never_into_the_unproved(self):
        self.assert_passes(CHAIN)
        self.assert_fails(ENDLESS, "dcv.too_large")
        self.assertEqual(self.ask(Challenge("loop." + APEX)).dcv, "failed")
        self.assert_fails(Challenge("stray." + APEX), "dcv.txt_missing")

    def test_a_zone_signed_with_hashed_denial(self):
        self.assert_passes(HASHED)
        self.assert_fails(Challenge("absent." + HASHED_APEX), "dcv.nxdomain")
        answer = self.assert_fails(Challenge("www.lame." + HASHED_APEX), "dcv.servfail")
        self.assertIn("caa.lookup_insecure", answer.codes)

    def test_an_unsigned_zone_passes_and_says_so(self):
        self.assert_passes(PLAIN, dnssec="insecure")

    def test_a_wildcard_is_proved_at_its_base(self):
        self.assertEqual(self.assert_passes(WILD).adn, "wild." + APEX)

    def test_a_value_bound_to_a_key_proves_nothing_for_another(self):
        self.assert_passes(BOUND)
        self.assert_fails(Challenge(BOUND.name, NOW, spki_hash=b"j" * 32), "dcv.txt_wrong")
        self.assert_fails(Challenge(BOUND.name, NOW), "dcv.txt_wrong")

    def test_an_absent_record_is_missing(self):
        self.assert_fails(Challenge("absent." + APEX), "dcv.txt_missing")
        self.assert_fails(Challenge("nodata." + APEX), "dcv.txt_missing")

    def test_a_wrong_record_is_shown_without_its_control_characters(self):
        answer = self.assert_fails(Challenge("wrong." + APEX), "dcv.txt_wrong")
        self.assertEqual(answer.steps[0][2], "?[31mwrong")

    def test_a_name_that_does_not_exist(self):
        self.assert_fails(Challenge("nowhere." + APEX), "dcv.nxdomain")

    def questions(self, challenge):
        return {question.asked: question for question in self.ask(challenge).questions}

    def test_every_question_and_its_answer_is_told(self):
        asked = self.questions(PASSING)
        record = asked["TXT _ecert-validation." + PASSING.name]
        self.assertEqual((record.outcome, record.dnssec, record.records, record.seen),
                         ("NOERROR", "secure", 1, PASSING.expected()))
        self.assertGreater(record.ttl, 0)
        caa = asked["CAA " + PASSING.name]
        self.assertEqual(caa.seen, '0 issue "CA.example.net; validationmethods=ca-tbr-18,ca-tbr-7"')
        self.assertEqual(self.questions(PLAIN)["TXT _ecert-validation." + PLAIN.name].dnssec, "insecure")

    def test_the_climb_for_caa_is_told_node_by_node(self):
        climb = [q for q in self.ask(Challenge("a.b.good." + APEX)).questions if q.asked.startswith("CAA ")]
        self.assertEqual([(q.asked, q.records) for q in climb],
                         [("CAA a.b.good." + APEX, 0), ("CAA b.good." + APEX, 0), ("CAA good." + APEX, 1)])

    def test_the_aliases_on_the_way_are_told_one_by_one(self):
        via = self.questions(CHAIN)["TXT _ecert-validation." + CHAIN.name].via
        self.assertEqual(via.split(" > ")[:3], [f"chain{i}.{APEX}" for i in (1, 2, 3)])

    def test_where_a_record_is_missing_the_zone_that_answered_is_told(self):
        for name, code in (("absent.", "dcv.txt_missing"), ("wrong.", "dcv.txt_wrong"), ("nowhere.", "dcv.nxdomain")):
            answer = self.assert_fails(Challenge(name + APEX), code)
            (_, asked, seen, _), = [step for step in answer.steps if step[0] == "zone.answered"]
            self.assertEqual(asked, "SOA " + APEX)
            self.assertRegex(seen, r"^ns\S*, serial \d+; NS: ns\S+$")
        self.assertNotIn("zone.answered", self.ask(PASSING).codes)

    def test_silence_and_failure_are_told_as_what_they_are(self):
        self.assertEqual(self.questions(BOGUS)["TXT _ecert-validation." + BOGUS.name].dnssec, "bogus")
        failing = self.ask(Challenge("www.lame." + HASHED_APEX)).questions
        self.assertEqual([q.outcome for q in failing if q.asked.startswith("TXT ")], ["SERVFAIL"] * 2)

    def test_an_expired_value_fails_although_it_stands_there(self):
        self.assert_fails(OLD, "dcv.expired")

    def test_servfail(self):
        self.assert_fails(Challenge("www.gone." + APEX), "dcv.servfail", caa="prohibits")
        answer = self.assert_fails(Challenge("www.lame." + APEX), "dcv.servfail")
        self.assertIn("caa.lookup_insecure", answer.codes)

    def test_d1_a_broken_signature_is_bogus_however_right_the_value(self):
        answer = self.assert_fails(BOGUS, "dcv.bogus", caa="prohibits")
        self.assertEqual(answer.dnssec, "bogus")
        self.assertIn("caa.bogus", answer.codes)

    def test_silence_ends_at_the_deadline(self):
        began = time.monotonic()
        self.assert_fails(Challenge("www.mute." + APEX), "dcv.timeout", caa="prohibits")
        self.assertLess(time.monotonic() - began, 12)

    def test_d1_forged_answers_are_not_believed_however_many(self):
        answer = self.assert_fails(FORGED, "dcv.txt_wrong")
        self.assertEqual(answer.steps[0][2], "the truth")
        self.assertGreater(self.liar.forged, 100)

    def test_d18_more_records_than_the_limit_are_no_answer(self):
        self.assert_fails(CROWDED, "dcv.too_large")

    def test_d21_caa_bars_what_it_bars(self):
        self.assert_barred(FORBIDDEN, "caa.forbids")
        self.assertIn(("caa.iodef", "mailto:security@example.com"), [(s[0], s[2]) for s in self.ask(FORBIDDEN).steps])
        self.assert_barred(BARRED, "caa.forbids")
        self.assert_barred(ACCOUNT, "caa.account")
        self.assert_barred(METHOD, "caa.method")
        self.assert_barred(CRITICAL, "caa.critical")

    def test_a_record_placed_after_a_failure_is_seen_at_once(self):
        challenge = Challenge("late." + APEX, NOW)
        self.assert_fails(challenge, "dcv.nxdomain")
        self.world.update(APEX, txt(challenge).replace("TXT", "60 TXT"))
        self.assert_passes(challenge)

    def thrifty(self, checks_per_minute):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        thrifty = Primary(folder, PROGRAM, self.world, "thrifty")
        thrifty.checks_per_minute = checks_per_minute
        self.addCleanup(thrifty.stop)
        thrifty.start_on_socket()
        return thrifty

    def test_d30_a_flood_of_orders_for_one_domain_asks_its_servers_no_more_than_so_often(self):
        thrifty = self.thrifty(7)
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda number: thrifty.ask(
                check_request(Challenge(f"n{number}.{APEX}", NOW))), range(40)))
        refused = [answer for answer in answers if answer.err != 0]
        given_back = 1 + (time.monotonic() - begun) * 7 / 60
        self.assertLessEqual(len(answers) - len(refused), 7 + given_back)
        self.assertGreaterEqual(len(answers) - len(refused), 7)
        self.assertEqual({answer.reason for answer in refused}, {"dcv.target_busy"})
        elsewhere = thrifty.ask(check_request(Challenge("www.elsewhere.net", NOW)))
        self.assertNotEqual(elsewhere.reason, "dcv.target_busy")

    def test_a_rehearsal_sees_what_a_check_sees_and_signs_nothing(self):
        for challenge in (PASSING, BOGUS, PLAIN, FORBIDDEN, Challenge("wrong." + APEX)):
            with self.subTest(challenge.name):
                checked = self.ask(challenge)
                rehearsed = Rehearsed(self.primary.exchange(rehearse_request(challenge)))
                self.assertEqual((rehearsed.kind, rehearsed.err), (3, 0))
                self.assertEqual((rehearsed.dcv, rehearsed.caa, rehearsed.dnssec, rehearsed.codes),
                                 (checked.dcv, checked.caa, checked.dnssec, checked.codes))

    def test_d30_rehearsals_have_half_of_the_checks_beside_them_and_take_none_of_theirs(self):
        thrifty = self.thrifty(8)
        begun = time.monotonic()
        answers = [Rehearsed(thrifty.exchange(rehearse_request(Challenge(f"n{number}.{APEX}", NOW))))
                   for number in range(20)]
        made = [answer for answer in answers if answer.err == 0]
        self.assertGreaterEqual(len(made), 4)
        self.assertLessEqual(len(made), 5 + (time.monotonic() - begun) * 4 / 60)
        checks = [thrifty.ask(check_request(Challenge(f"n{number}.{APEX}", NOW))) for number in range(8)]
        self.assertEqual({answer.err for answer in checks}, {0})

    def test_d19_who_has_less_patience_gets_a_shorter_check(self):
        mute = Challenge("www.mute." + APEX)
        answer = self.primary.ask(check_request(mute, patience_ms=1000))
        self.assertEqual((answer.err, answer.dcv), (0, "failed"))
        self.assertLess(answer.questions[0].milliseconds, 2000)  # of 2500 that it gets in a whole check

    def nices(self, connection):
        """The most threads at once at each priority, until what was asked is answered."""
        most = collections.Counter()
        while not select.select([connection], [], [], 0.02)[0]:
            most |= collections.Counter(nices_of(self.primary.process.pid))
        self.assertEqual(Answer(connection.recv(128 * 1024)).err, 0)
        return most

    def test_d19_a_check_that_yields_goes_behind_the_others_and_takes_nobody_with_it(self):
        mute = Challenge("www.mute." + APEX)
        with self.primary.connect() as connection:
            seen = collections.Counter()
            for _ in range(5):
                connection.send(check_request(mute, patience_ms=1500, yields=True))
                seen |= self.nices(connection)
                if seen[LOWEST] == 2:
                    break
            self.assertEqual(seen[LOWEST], 2)  # its own thread and libunbound's
            self.assertGreaterEqual(seen[PLACE], 2)
            connection.send(check_request(mute, patience_ms=1500))
            self.assertEqual(set(self.nices(connection)), {PLACE})

    def test_challenges_that_make_no_sense_are_refused(self):
        for name, code in (("127.0.0.1", "name.ip"), ("WWW." + APEX, "name.not_canonical"),
                           ("a_b." + APEX, "name.underscore"), ("x" * 64 + ".com", "name.label_too_long")):
            answer = self.primary.ask(check_request(Challenge(name)))
            self.assertEqual((answer.err, answer.reason), (ERR_INPUT, code))
        answer = self.primary.ask(check_request(Challenge(PASSING.name, method=22)))
        self.assertEqual((answer.err, answer.reason), (ERR_UNSUPPORTED, "dcv.method_unsupported"))

    def of_suffixes(self, name, text):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        with open(folder + "/suffixes", "w", encoding="ascii") as file:
            file.write(text)
        one = Primary(folder, PROGRAM, self.world, name)
        one.more = f'suffix_list = "{folder}/suffixes"'
        self.addCleanup(one.stop)
        return one

    def test_d20_a_suffix_that_is_new_in_a_loaded_list_proves_nothing(self):
        text = f"// ===BEGIN ICANN DOMAINS===\ncom\n{PASSING.name}\n// ===END ICANN DOMAINS===\n"
        newer = self.of_suffixes("newer", text)
        newer.start_on_socket()
        answer = newer.ask(check_request(PASSING))
        self.assertEqual((answer.dcv, answer.codes[0]), ("failed", "name.public_suffix"))
        self.assertEqual(newer.ask(check_request(SPLIT)).dcv, "passed")
        self.assertRaises(RuntimeError, self.of_suffixes("cut", text[:-20]).start_on_socket)

    def test_name_servers_on_loopback_are_not_asked_unless_allowed(self):
        cautious = Primary(self.folder, PROGRAM, self.world, "cautious")
        cautious.allow_localhost = False
        self.addCleanup(cautious.stop)
        cautious.start_on_socket()
        answer = cautious.ask(check_request(PASSING))
        self.assertEqual((answer.dcv, answer.caa, answer.codes),
                         ("failed", "prohibits", ["dcv.servfail", "caa.servfail"]))

    def test_nothing_but_a_trial_may_stand_in_for_the_public_dns(self):
        for number, (service, starts) in enumerate((
                (SERVICE.format(self.folder, "true"), True), (SERVICE.format(self.folder, "false"), False),
                ("# none\n", False))):
            public = Primary(self.folder, PROGRAM, self.world, f"trial-{number}")
            public.service = service
            self.addCleanup(public.stop)
            if starts:
                public.start_on_socket()
            else:
                self.assertRaises(RuntimeError, public.start_on_socket)

    def test_one_killed_in_mid_check_is_replaced_and_asked_again(self):
        mortal = Primary(self.folder, PROGRAM, self.world, "mortal")
        self.addCleanup(mortal.stop)
        mortal.start_on_socket()
        with mortal.connect() as connection:
            connection.send(check_request(Challenge("www.mute." + APEX)))
            time.sleep(0.2)
            mortal.kill_and_replace()
            try:
                self.assertEqual(connection.recv(1000), b"")
            except ConnectionError:
                pass
        self.assertEqual(mortal.ask(check_request(PASSING)).dcv, "passed")

    def test_nonsense_ends_the_connection_and_nothing_else(self):
        good = check_request(PASSING)
        for packet in (b"", b"\x30", b"GET / HTTP/1.1\r\n\r\n", good[:-1], good + b"\0",
                       check_request(PASSING, version=2), check_request(PASSING, kind=9),
                       check_request(PASSING, attempt=b"short"),
                       sequence(integer(1), integer(1), sequence())):
            with self.primary.connect() as connection:
                if packet:
                    connection.send(packet)
                    self.assertEqual(connection.recv(1000), b"", packet)
        self.assert_passes(PASSING)

    def test_many_checks_at_once_do_not_disturb_each_other(self):
        wrong = Challenge("wrong." + APEX)
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(self.ask, [PASSING, wrong, BOGUS, PLAIN] * 12))
        self.assertEqual([answer.dcv for answer in answers],
                         ["passed", "failed", "failed", "passed"] * 12)


def about_read(packet):
    (_, content), = elements(packet)
    (_, _version), (_, kind), (_, err), (_, body) = elements(content)
    assert (kind, err) == (b"\x04", b"\x00")
    (_, fields), = elements(body)
    return tuple(int.from_bytes(value, "big") for _, value in elements(fields))


class PerspectiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="ecert-perspective-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.world = DnsWorld(cls.folder, "127.86.1.2", zone_records())
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.perspective = Perspective(cls.folder, PROGRAM, cls.world, "hk-1")
        cls.addClassCleanup(cls.perspective.stop)
        cls.perspective.start_on_https(free_port("127.86.1.2"))

    def test_the_registrar_gets_the_same_answer_over_https(self):
        status, body = self.perspective.post(check_request(PASSING))
        self.assertEqual(status, 200)
        answer = Answer(body)
        self.assertEqual((answer.dcv, answer.caa, answer.perspective), ("passed", "permits", "hk-1"))
        self.assertTrue(self.perspective.signature_holds(answer))

    def test_it_says_which_version_it_is_and_how_old_its_list_of_suffixes_is(self):
        listed = int(time.time()) - 40 * 86400
        with open(self.folder + "/old-suffixes", "w", encoding="ascii") as file:
            day = time.strftime("%Y-%m-%d", time.gmtime(listed))
            file.write(f"// VERSION: {day}_00-00-00_UTC\n// ===BEGIN ICANN DOMAINS===\ncom\n// ===END ICANN DOMAINS===\n")
        old = Primary(self.folder, PROGRAM, self.world, "old-list")
        old.more = f'suffix_list = "{self.folder}/old-suffixes"'
        self.addCleanup(old.stop)
        old.start_on_socket()
        about = sequence(integer(1), integer(4), sequence())
        with old.connect() as connection:
            connection.send(about)
            self.assertEqual(about_read(connection.recv(1000)), (3, listed - listed % 86400))
        status, body = self.perspective.post(about)
        self.assertEqual((status, about_read(body)[0]), (200, 3))
        for body in (sequence(integer(1), integer(4)), sequence(integer(1), integer(4), sequence(integer(1)))):
            self.assertEqual(self.perspective.post(body)[0], 400)

    def test_rehearsals_go_the_same_way(self):
        status, body = self.perspective.post(rehearse_request(PASSING))
        answer = Rehearsed(body)
        self.assertEqual((status, answer.dcv, answer.caa), (200, "passed", "permits"))
        for client in (None, "intruder"):
            try:
                self.assertEqual(self.perspective.post(rehearse_request(PASSING), client)[0], 403)
            except (ssl.SSLError, ConnectionError, http.client.HTTPException):
                pass

    def test_nothing_but_a_trial_may_stand_in_for_the_public_dns_at_a_remote_place_either(self):
        for number, service in enumerate((SERVICE.format(self.folder, "false"), "# none\n")):
            folder = tempfile.mkdtemp()
            self.addCleanup(shutil.rmtree, folder)
            public = Perspective(folder, PROGRAM, self.world, f"public-{number}")
            public.service = service
            self.addCleanup(public.stop)
            with self.assertRaises(RuntimeError):
                public.start_on_https(free_port("127.86.1.2"))

    def test_a_stranger_who_holds_all_his_connections_leaves_the_registrar_its_own(self):
        for _ in range(80):
            held = socket.create_connection((self.world.address, self.perspective.port), 20, ("127.61.0.1", 0))
            self.addCleanup(held.close)
        self.assertEqual(self.perspective.post(check_request(PASSING))[0], 200)

    def test_nobody_else_gets_any(self):
        for client in (None, "intruder", "server"):
            try:
                status, _ = self.perspective.post(check_request(PASSING), client)
                self.assertEqual(status, 403, client)
            except (ssl.SSLError, ConnectionError, http.client.HTTPException):
                pass

    def test_who_is_known_is_asked_on_one_connection(self):
        connection = self.perspective.connection()
        for _ in range(3):
            connection.request("POST", "/check", check_request(PASSING))
            response = connection.getresponse()
            self.assertEqual((response.status, Answer(response.read()).dcv), (200, "passed"))
        connection.close()

    def test_nonsense_is_a_bad_request(self):
        for body in (b"x", b"\x30\x00", check_request(PASSING)[:-1], check_request(PASSING, kind=3)):
            status, _ = self.perspective.post(body)
            self.assertEqual(status, 400)


PROGRAM = os.path.abspath(sys.argv.pop())
if __name__ == "__main__":
    unittest.main(verbosity=2)
