#!/usr/bin/env python3
"""The registrar among real and stand-in neighbours: two officers rule, a quorum decides, one request
has one certificate, and neither kill -9 nor a full disk changes that."""
import hashlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import unittest

from office import FAILED, PASSED, REMOTES, ROOT, Office, sequence, integer, wait_until


ABSENT = object()
LONG = "x" * 65
# Where in the EV example, what instead, and what is said of which field.
BAD_FIELDS = [
    (["edition"], "dv", "application.edition", "edition"),
    (["edition"], "server", "application.business_category", "business_category"),
    (["edition"], ABSENT, "json.missing", "edition"),
    (["edition"], "wildcard", "application.wildcard", "names"),
    (["names"], ABSENT, "json.missing", "names"),
    (["names"], [], "application.names_count", "names"),
    (["names"], ["a.example.org", "b.example.org"], "application.names_count", "names"),
    (["names"], ["*.example.org"], "application.wildcard", "names"),
    (["names"], "www.example.org", "json.type", "names"),
    (["subject"], ABSENT, "json.missing", "subject"),
    (["subject", "colour"], "blue", "json.unknown", "colour"),
    (["subject", "organisation"], ABSENT, "json.missing", "organisation"),
    (["subject", "organisation"], "", "application.organisation", "organisation"),
    (["subject", "organisation"], LONG, "application.organisation", "organisation"),
    (["subject", "organisation"], 7, "json.type", "organisation"),
    (["subject", "organisation_zh"], "店" * 65, "application.organisation_zh", "organisation_zh"),
    (["subject", "branch"], LONG, "application.branch", "branch"),
    (["subject", "branch_zh"], LONG, "application.branch_zh", "branch_zh"),
    (["subject", "country"], "Hong Kong", "application.country", "country"),
    (["subject", "srn"], "214287", "application.srn", "srn"),
    (["subject", "brn"], "...", "application.brn", "brn"),
    (["ev"], ABSENT, "application.business_category", "business_category"),
    (["ev"], "yes", "json.type", "ev"),
    (["ev", "category"], "x", "json.unknown", "category"),
    (["ev", "business_category"], "Shop", "application.business_category", "business_category"),
    (["ev", "jurisdiction_country"], "hk", "application.jurisdiction_country",
     "jurisdiction_country"),
    (["ev", "registration_number"], "", "application.registration_number", "registration_number"),
    (["ev", "registration_number"], "註冊", "application.registration_number",
     "registration_number"),
    (["representative"], ABSENT, "json.missing", "representative"),
    (["representative", "name"], "", "application.representative_name", "representative_name"),
    (["representative", "email"], "ar", "application.representative_email", "representative_email"),
    (["representative", "language"], "fr", "application.representative_language",
     "representative_language"),
    (["representative", "address"], [], "application.representative_address",
     "representative_address"),
    (["government"], "no", "json.type", "government"),
    (["government"], True, "application.government", "organisation"),
    (["subject", "organisation"], "Hong Kong SAR Government", "application.government", "government"),
    (["wildcard"], True, "json.unknown", "wildcard"),
]


class Registrar(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.office = Office()
        cls.addClassCleanup(cls.office.stop)

    def setUp(self):
        for perspective in self.office.perspectives.values():
            perspective.verdict, perspective.caa, perspective.delay, perspective.steps = PASSED, PASSED, 0, []

    def validated(self):
        """The id of an enrolment that has its evidence."""
        enrolment = self.office.challenge(self.office.approve())
        self.await_state(enrolment, "validated")
        return enrolment

    def await_state(self, enrolment, state):
        wait_until(lambda: self.office.one(
            "SELECT state FROM enrolment WHERE id = ?", enrolment) == state, what=state)

    def issued(self):
        enrolment = self.validated()
        self.office.submit(enrolment)
        self.office.poke()
        self.await_state(enrolment, "issued")
        return enrolment

    # Two officers rule (doc/threats.md P12, S14).

    def test_one_officer_alone_reaches_approved_by_no_sequence_of_commands(self):
        key = self.office.officer(1)
        for words in itertools.product(("vet", "approve"), repeat=3):
            application = self.office.application_new()
            with self.subTest(words):
                for word in words:
                    try:
                        self.office.adm("application", word, application, "--key", key)
                    except AssertionError:
                        pass
                self.assertIn(self.office.one("SELECT state FROM application WHERE id = ?",
                                              bytes.fromhex(application)), ("draft", "vetted"))
                self.assertEqual(self.office.sql("SELECT 1 FROM enrolment WHERE application = ?",
                                                 bytes.fromhex(application)), [])

    def test_both_keys_at_one_desk_must_be_two_officers(self):
        application = self.office.application_new()
        for second, code in ((self.office.officer(1), "approval.same_key"), ("/nowhere", "key.file")):
            problem = self.office.adm("application", "approve", application, "--key",
                                      self.office.officer(1), "--key", second, code=1)
            self.assertEqual(problem["code"], code)
            self.assertEqual(self.office.sql("SELECT 1 FROM approval WHERE application = ?",
                                             bytes.fromhex(application)), [])
        self.office.adm("application", "vet", application, "--key", self.office.officer(1))
        problem = self.office.adm("application", "approve", application, "--key",
                                  self.office.officer(1), code=1)
        self.assertEqual(problem["code"], "approval.same_officer")

    def test_a_key_outside_the_roster_signs_nothing(self):
        path = self.office.directory + "/stranger.key"
        self.office.adm("officer", "new", "Stranger", "--out", path)
        problem = self.office.adm("application", "vet", self.office.application_new(), "--key",
                                  path, code=1)
        self.assertEqual(problem["code"], "approval.officer_unknown")

    def test_an_application_that_breaks_a_rule_is_not_entered(self):
        before = self.office.one("SELECT count(*) FROM application")
        for names, code in ((["localhost"], "name."), (["*.example.com"], "application.wildcard"),
                            (["a.example.com", "b.example.com"], "application.names_count")):
            with self.subTest(names):
                with self.assertRaises(AssertionError) as refused:
                    self.office.application_new(names=names)
                self.assertIn(code, str(refused.exception))
        self.assertEqual(self.office.one("SELECT count(*) FROM application"), before)

    def test_a_wildcard_below_a_public_suffix_is_not_entered(self):
        with open(os.path.join(ROOT, "packaging/examples/wildcard.json"), encoding="utf-8") as file:
            form = json.load(file)
        for base in ("com.hk", "hk", "com", "公司.香港", "c.kawasaki.jp", "127.1", "0x7f.0.0.1"):
            form["names"] = ["*." + base]
            file = self.office.directory + "/bad.json"
            with open(file, "w", encoding="utf-8") as bad:
                json.dump(form, bad)
            problem = self.office.adm("application", "new", file, code=1)
            self.assertIn(problem["code"], ("name.public_suffix", "name.single_label", "name.ip"), base)

    def test_d20_an_old_list_of_suffixes_is_told_of_and_a_new_one_counts(self):
        office = self.office
        path, config = office.directory + "/suffixes", office.directory + "/ecert.conf"
        with open(config, encoding="utf-8") as file:
            text = file.read()
        self.addCleanup(self.registrar_anew, config, text)
        mails = ("SELECT recipient, enrolment FROM outbox WHERE kind = 'suffixes-ageing'"
                 " AND json_extract(parameters, '$.made') = ?")
        for made, told in ((time.time() - 31 * 86400, True), (time.time() - 29 * 86400, False)):
            day = time.strftime("%Y-%m-%d", time.gmtime(made))
            with open(path, "w", encoding="ascii") as file:
                file.write(f"// VERSION: {day}_00-00-00_UTC\n// ===BEGIN ICANN DOMAINS===\ncom\nshop.example.com\n"
                           "// ===END ICANN DOMAINS===\n")
            self.registrar_anew(config, text + "validator { id = \"primary\" key = \"/k\" caa_identity = \"ca.example\""
                                               f" suffix_list = \"{path}\" }}\n")
            self.assertEqual(office.adm("status")["suffix_list.time"], day + "T00:00:00Z")
            if told:
                wait_until(lambda: office.sql(mails, day + "T00:00:00Z"), what="a mail to the operator")  # pylint: disable=cell-var-from-loop
                self.assertEqual(office.sql(mails, day + "T00:00:00Z"), [("operator@ecert.example.net", None)])
        self.assertEqual(office.sql(mails, day + "T00:00:00Z"), [])
        with open(os.path.join(ROOT, "packaging/examples/wildcard.json"), encoding="utf-8") as file:
            form = json.load(file)
        form["names"] = ["*.shop.example.com"]
        with open(office.directory + "/bad.json", "w", encoding="utf-8") as file:
            json.dump(form, file)
        problem = office.adm("application", "new", office.directory + "/bad.json", code=1)
        self.assertEqual(problem["code"], "name.public_suffix")

    def registrar_anew(self, config, text):
        self.office.registrar_kill()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        self.office.registrar_start()

    def test_there_is_an_example_for_each_edition_and_it_is_taken(self):
        for edition in ("server", "wildcard", "multi", "ev", "ev-multi", "government"):
            with self.subTest(edition):
                path = os.path.join(ROOT, f"packaging/examples/{edition}.json")
                application = self.office.adm("application", "new", path)["id"]
                shown = self.office.adm("application", "show", application)
                with open(path, encoding="utf-8") as file:
                    form = json.load(file)
                self.assertEqual(shown["edition"], form["edition"])
                self.assertEqual(shown["government"], form["government"])
                self.assertEqual(shown["names"], [
                    name.replace("電子商店", "xn--czr73l71c089f") for name in form["names"]])
                for field, value in form.get("ev", {}).items():
                    self.assertEqual(shown[field], value)

    def test_each_bad_field_is_named_with_what_it_should_be(self):
        with open(os.path.join(ROOT, "packaging/examples/ev.json"), encoding="utf-8") as file:
            good = file.read()
        before = self.office.one("SELECT count(*) FROM application")
        for path, value, code, field in BAD_FIELDS:
            with self.subTest(path=path, value=value):
                form = json.loads(good)
                place = form
                for name in path[:-1]:
                    place = place[name]
                if value is ABSENT:
                    del place[path[-1]]
                else:
                    place[path[-1]] = value
                file = self.office.directory + "/bad.json"
                with open(file, "w", encoding="utf-8") as bad:
                    json.dump(form, bad)
                problem = self.office.adm("application", "new", file, code=1)
                self.assertEqual((problem["code"], problem["field"]), (code, field), problem)
                for part in ("error", "next"):
                    self.assertGreater(len(problem[part]), 10, problem)
                self.assertTrue(problem["expected"] or code in ("json.unknown", "json.missing") or
                                code.startswith("name.") or code == "application.name_twice", problem)
        self.assertEqual(self.office.one("SELECT count(*) FROM application"), before)

    def test_s14_officers_see_what_they_sign_and_nothing_paints_over_it(self):
        application = self.office.application_new(representative={
            "name": "Chan Tai Man", "email": "ar@shop.example.com", "language": "en",
            "address": ["Flat 1", "Thief Road"]})
        trigger = self.office.one("SELECT sql FROM sqlite_master WHERE name = 'application_stands'")
        self.assertIn("Thief Road", self.office.told("application", "show", application))
        self.office.sql("DROP TRIGGER application_stands")
        der = self.office.one("SELECT der FROM application WHERE id = ?",
                              bytes.fromhex(application))
        self.office.sql("UPDATE application SET der = ? WHERE id = ?",
                        der.replace(b"Shop Example", b"\x1b[2K\xc2\x9b\xe2\x80\xae..."),
                        bytes.fromhex(application))
        self.office.sql(trigger)
        shown = self.office.told("application", "show", application)
        for character in "\x1b\x9b\u202e":
            self.assertNotIn(character, shown)
        self.assertIn("?[2K", shown)
        problem = self.office.adm("application", "vet", application, "--key",
                                  self.office.officer(1), code=1)
        self.assertEqual(problem["code"], "application.organisation")

    # Credentials.

    def test_notices_are_added_listed_and_removed_and_nothing_else_is(self):
        said = ["--en", "One\n- two", "--zh-HK", "一", "--zh-CN", "一"]
        number = self.office.adm("notice", "add", *said, "--from", "2026-01-01",
                                 "--until", "2026-01-31")["id"]
        listed = self.office.adm("notice", "list")
        self.assertIn("  One - two  ", self.office.told("notice", "list"))
        self.assertEqual(listed, [{"id": number, "from": "2026-01-01", "until": "2026-01-31", "en": "One\n- two",
                                   "zh-HK": "一", "zh-CN": "一"}])
        for words in (said[:4], said + ["--from", "2026-02-30"], said + ["--from", "2026-02-02", "--until", "2026-02-01"],
                      ["--en", "", *said[2:]], ["--en", "\x1b[2J", *said[2:]], ["--en", "x" * 2000, *said[2:]]):
            self.office.adm("notice", "add", *words, code=1)
        for wrong in ("0", "-1", "x", str(number + 1)):
            self.office.adm("notice", "remove", wrong, code=1)
        self.assertEqual(len(self.office.adm("notice", "list")), 1)
        self.office.adm("notice", "remove", str(number))
        self.assertEqual(self.office.adm("notice", "list"), [])

    def test_killed_while_the_courier_works_it_asks_again_and_sends_one_mail(self):
        self.office.courier.silent = 1
        application = self.office.application_new()
        before = len(self.office.courier.rendered)
        thread = threading.Thread(target=self.approve_quietly, args=(application,))
        thread.start()
        wait_until(lambda: len(self.office.courier.rendered) > before, what="a rendering")
        self.office.registrar_kill()
        self.office.registrar_start()
        thread.join()
        wait_until(lambda: self.office.one(
            "SELECT pin_hash FROM enrolment WHERE application = ?",
            bytes.fromhex(application)) != "", what="a PIN")
        references = set(self.office.courier.rendered[before:])
        self.assertEqual(len(references), 1)
        self.assertEqual(self.office.one(
            "SELECT count(*) FROM outbox JOIN enrolment ON enrolment.id = outbox.enrolment"
            " WHERE application = ?", bytes.fromhex(application)), 1)
        self.assertEqual(self.office.one("SELECT pin_hash FROM enrolment WHERE application = ?",
                                         bytes.fromhex(application)),
                         f"$letter-{len(self.office.courier.rendered)}")

    def approve_quietly(self, application):
        try:
            self.office.approve(application)
        except AssertionError:
            pass

    def test_a_letter_without_its_hash_in_the_store_is_not_printed(self):
        reference = self.office.approve()
        self.office.sql("UPDATE enrolment SET pin_hash = '' WHERE reference = ?", reference)
        asked = len(self.office.courier.rendered)
        problem = self.office.adm("letter", "print", reference, "--out",
                                  self.office.directory + "/letter.pdf", code=1)
        self.assertIn(problem["code"], ("letter.not_made_yet", ""))
        wait_until(lambda: len(self.office.courier.rendered) > asked, what="a new letter")

    # Validation.

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

    def test_d30_checks_of_one_domain_beyond_the_cap_are_put_off_and_say_until_when(self):
        self.office.registrar_kill()
        config = self.office.directory + "/ecert.conf"
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.replace("checks_per_minute = 6000", "checks_per_minute = 2"))
        self.office.registrar_start()
        try:
            enrolments = [self.office.challenge(self.office.approve(), name="www.crowded.example") for _ in range(5)]
            put_off = wait_until(lambda: self.office.sql(
                "SELECT challenge.next_check FROM challenge JOIN pacing USING (enrolment)"
                " WHERE reason = 'dcv.waits_target' AND state = 'checking' ORDER BY 1") or None, what="one put off")
            wait_until(lambda: sum(self.office.challenge_state(e) != "checking" for e in enrolments) >= 2,
                       what="two that were made")
            self.assertGreater(put_off[-1][0], time.time())
        finally:
            self.office.registrar_kill()
            with open(config, "w", encoding="utf-8") as file:
                file.write(text)
            self.office.registrar_start()

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

    # Issuing.

    def test_killed_at_any_moment_of_issuing_one_request_has_one_certificate(self):
        before = int(self.office.adm("status")["signer.issued"])
        for delay in (0, 0.002, 0.005, 0.01, 0.02, 0.04):
            with self.subTest(delay):
                enrolment = self.validated()
                self.office.submit(enrolment)
                self.office.poke()
                time.sleep(delay)
                self.office.registrar_kill()
                self.office.registrar_start()
                self.await_state(enrolment, "issued")
                before += 1
                self.assertEqual(int(self.office.adm("status")["signer.issued"]), before)

    def test_without_evidence_nothing_is_signed_and_the_subscriber_proves_again(self):
        reference = self.office.approve()
        enrolment = self.office.one("SELECT id FROM enrolment WHERE reference = ?", reference)
        before = self.office.adm("status")["signer.issued"]
        self.office.submit(enrolment)
        self.office.poke()
        self.await_state(enrolment, "confirmed")
        self.assertEqual(self.office.adm("status")["signer.issued"], before)
        self.assertEqual(self.office.one("SELECT problem_code FROM enrolment WHERE id = ?",
                                         enrolment), "warrant.evidence_missing")

    def test_evidence_lost_on_the_way_is_found_again_and_the_request_goes_on(self):
        enrolment = self.validated()
        self.office.sql("DELETE FROM evidence WHERE enrolment = ?", enrolment)
        self.office.submit(enrolment)
        self.office.poke()
        self.await_state(enrolment, "issued")

    def test_proof_found_again_for_another_key_leaves_the_old_request_alone(self):
        enrolment = self.validated()
        self.office.sql("DELETE FROM evidence WHERE enrolment = ?", enrolment)
        for table, column in (("challenge", "enrolment"), ("enrolment", "id")):
            self.office.sql(f"UPDATE {table} SET spki_hash = ? WHERE {column} = ?", b"k" * 32, enrolment)
        self.office.submit(enrolment)
        self.office.poke()
        wait_until(lambda: self.office.sql("SELECT * FROM evidence WHERE enrolment = ?", enrolment), 20, "proof")
        time.sleep(1)
        self.assertEqual(self.office.sql("SELECT state, problem_code FROM enrolment WHERE id = ?", enrolment),
                         [("validated", "")])
        self.assertEqual(self.office.sql("SELECT serial, der FROM certificate WHERE enrolment = ? AND der IS NOT NULL",
                                         enrolment), [])

    def test_stopped_nothing_is_issued_until_two_people_let_it_go_on(self):
        office = self.office
        enrolment = self.validated()
        problem = office.adm("stop", code=64)
        self.assertEqual(problem["code"], "usage")
        said = office.adm("stop", "--reason", "keys seen in public")
        self.assertRegex(said["stopped_by"], r"^\S+ \(uid \d+\)$")
        self.assertEqual(office.adm("stop", "--reason", "again", code=2)["code"], "issuance.stopped_before")
        again = office.told_of_failure("stop", "--reason", "again", code=2)
        for word in (said["stopped_by"], "keys seen in public", said["since"]):
            self.assertIn(word, again)
        office.submit(enrolment)
        office.poke()
        wait_until(lambda: office.one("SELECT problem_code FROM enrolment WHERE id = ?", enrolment)
                   == "issuance.stopped", what="the stop to be told")
        status = office.adm("status")
        self.assertEqual((status["issuance"], status["issuance.why"]),
                         ("stopped", "keys seen in public"))
        keys = [word for number in (1, 2) for word in ("--key", office.officer(number))]
        self.assertEqual(office.adm("resume", *keys[:2], *keys[:2], code=1)["code"],
                         "resumption.same_person")
        self.assertEqual(office.one("SELECT state FROM enrolment WHERE id = ?", enrolment), "issuing")
        self.assertEqual(office.adm("resume", *keys), {"issuance": "goes on"})
        status = office.adm("status")
        self.assertEqual(status["issuance"], "goes on")
        self.assertEqual([name for name in status if "stopped" in name], [])
        self.await_state(enrolment, "issued")
        self.assertEqual(office.one("SELECT problem_code FROM enrolment WHERE id = ?", enrolment), "")
        self.assertEqual(office.adm("resume", *keys, code=2)["code"], "issuance.not_stopped")
        self.assertEqual([row[0] for row in office.sql(
            "SELECT action FROM audit WHERE object = 'signer' ORDER BY seq")][-3:],
            ["issuance.stopped", "issuance.stopped", "issuance.resumed"])

    def test_neither_a_name_nor_a_reason_keeps_a_stop_from_being_one(self):
        office = self.office
        keys = [word for number in (1, 2) for word in ("--key", office.officer(number))]
        for reason in ("证书" * 400, "lines\nand\x1b[2J", b"\xff\xfe not UTF-8"):
            self.assertIn("uid", office.adm("stop", "--reason", reason)["stopped_by"])
            office.adm("resume", *keys)
        self.assertEqual(office.adm("stop", "--reason", "", code=64)["code"], "halt.reason")
        for name in (b"x" * 200, "值班工程师".encode() * 8, b"\xff\xfe\x80"):
            # Another passwd for this one command: in a mount namespace of its own.
            with open(office.directory + "/passwd", "wb") as passwd:
                passwd.write(name + b":x:0:0::/:/bin/sh\n")
            done = subprocess.run(
                ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                 'mount --bind "$1" /etc/passwd && shift && exec "$@"', "sh", office.directory + "/passwd",
                 *office.adm_words, "stop", "--reason", "a name"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
            if b"unshare" in done.stderr:
                self.skipTest("no user namespaces here")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("(uid", json.loads(done.stdout)["stopped_by"])
            self.assertEqual(office.adm("status")["issuance"], "stopped")
            office.adm("resume", *keys)

    def test_an_application_changed_in_the_store_gets_no_certificate(self):
        enrolment = self.validated()
        before = self.office.adm("status")["signer.issued"]
        application, der = self.office.sql(
            "SELECT application.id, der FROM application JOIN enrolment"
            " ON application.id = application WHERE enrolment.id = ?", enrolment)[0]
        trigger = self.office.one("SELECT sql FROM sqlite_master WHERE name = 'application_stands'")
        self.office.sql("DROP TRIGGER application_stands")
        self.office.sql("UPDATE application SET der = ? WHERE id = ?",
                        der.replace(b"Shop", b"Fake"), application)
        self.office.sql(trigger)
        self.office.submit(enrolment)
        self.office.poke()
        time.sleep(1.5)
        self.assertNotEqual(self.office.certificate_state(enrolment), "issued")
        self.assertEqual(self.office.adm("status")["signer.issued"], before)
        self.office.sql("UPDATE enrolment SET state = 'declined' WHERE id = ?", enrolment)

    def test_a_withdrawn_application_gets_no_certificate(self):
        enrolment = self.validated()
        application = self.office.one("SELECT hex(application) FROM enrolment WHERE id = ?",
                                      enrolment)
        before = self.office.adm("status")
        self.office.adm("application", "withdraw", application)
        self.office.submit(enrolment)
        self.office.poke()
        time.sleep(1.5)
        self.assertEqual(self.office.certificate_state(enrolment), "requested")
        after = self.office.adm("status")
        self.assertEqual(after["signer.issued"], before["signer.issued"])
        self.assertEqual(int(after["signer.withdrawn"]), int(before["signer.withdrawn"]) + 1)
        self.office.adm("application", "withdraw", application, code=2)

    # Revocation and lists.

    def test_a_declined_certificate_is_revoked_and_listed(self):
        enrolment = self.issued()
        serial = self.office.one("SELECT hex(serial) FROM certificate WHERE enrolment = ?",
                                 enrolment)
        self.assertNotIn(serial, self.office.crl_serials())
        self.office.sql("UPDATE certificate SET state = 'declined', reason = 4, revoked = ?"
                        " WHERE enrolment = ?", int(time.time()), enrolment)
        self.office.poke()
        self.office.registrar_kill()
        self.office.registrar_start()
        wait_until(lambda: self.office.certificate_state(enrolment) == "revoked", what="a CRL")
        self.assertIn(serial, self.office.crl_serials())

    def issued(self):
        enrolment = self.validated()
        self.office.submit(enrolment)
        self.await_state(enrolment, "issued")
        return enrolment

    def wait_days(self, enrolment, days):
        """As if the certificate had been made so many days ago; the registrar looks at its start."""
        self.office.registrar_kill()
        self.office.sql("UPDATE enrolment SET updated = updated - ? WHERE id = ?", days * 86400, enrolment)
        self.office.registrar_start()

    def mails(self, enrolment):
        return [kind for kind, in self.office.sql(
            "SELECT kind FROM outbox WHERE enrolment = ? AND kind NOT IN ('csr-invitation', 'dcv-passed') ORDER BY id",
            enrolment)]

    def test_after_seven_days_comes_one_reminder_and_after_six_none(self):
        enrolment = self.issued()
        self.wait_days(enrolment, 6)
        other = self.issued()
        self.wait_days(other, 8)
        wait_until(lambda: "certificate-reminder" in self.mails(other), what="the reminder")
        self.wait_days(other, 0)
        time.sleep(0.5)
        self.assertEqual(self.mails(other).count("certificate-reminder"), 1)
        self.assertEqual(self.mails(enrolment), ["certificate-issued"])
        self.assertEqual(self.office.certificate_state(other), "issued")

    def test_after_fourteen_days_it_is_revoked_and_another_request_is_the_way_on(self):
        enrolment = self.issued()
        serial = self.office.one("SELECT hex(serial) FROM certificate WHERE enrolment = ?", enrolment)
        self.wait_days(enrolment, 15)
        self.await_state(enrolment, "validated")
        self.assertEqual(self.mails(enrolment)[-1], "certificate-unanswered")
        wait_until(lambda: self.office.certificate_state(enrolment) == "revoked", what="revocation")
        self.assertIn(serial, self.office.crl_serials())
        self.assertEqual(self.office.sql("SELECT ordinal, problem_code FROM enrolment WHERE id = ?", enrolment),
                         [(2, "certificate.unanswered")])
        self.office.submit(enrolment)
        self.await_state(enrolment, "issued")
        self.assertEqual([row for row, in self.office.sql(
            "SELECT state FROM certificate WHERE enrolment = ? ORDER BY ordinal", enrolment)],
            ["revoked", "issued"])

    def serial(self, enrolment):
        return self.office.one("SELECT hex(serial) FROM certificate WHERE enrolment = ?", enrolment)

    def test_d27_a_blocked_key_revokes_its_certificates_and_gets_no_other(self):
        accepted = self.issued()
        waiting = self.validated()
        self.office.submit(waiting, same_key=True)
        self.await_state(waiting, "issued")
        other = self.validated()
        path = self.office.directory + "/blocked.pem"
        shutil.copy(self.office.directory + "/key.pem", path)
        self.office.sql("UPDATE certificate SET state = 'accepted', accepted = 1 WHERE enrolment = ?", accepted)
        self.office.sql("UPDATE enrolment SET state = 'accepted' WHERE id = ?", accepted)
        blocked = int(self.office.adm("status")["signer.blocked"])
        answer = self.office.adm("key", "block", path, "--reason", "found in a public repository")
        self.assertEqual(answer["certificates"], 2)
        for enrolment in (accepted, waiting):
            wait_until(lambda: self.office.certificate_state(enrolment) == "revoked",  # pylint: disable=cell-var-from-loop
                       what="revocation")
            self.assertIn(self.serial(enrolment), self.office.crl_serials())
            self.assertEqual(self.mails(enrolment)[-1], "key-blocked")
            self.assertEqual(self.mails(enrolment).count("key-blocked"), 1)
            self.assertEqual(self.office.one("SELECT reason FROM certificate WHERE enrolment = ?", enrolment), 1)
        self.assertEqual(self.office.sql("SELECT state, problem_code FROM enrolment WHERE id = ?", waiting),
                         [("validated", "key.blocked")])
        self.assertEqual(int(self.office.adm("status")["signer.blocked"]), blocked + 1)
        listed = [row for row in self.office.adm("key", "list") if row["key_sha256"] == answer["key_sha256"]]
        self.assertEqual([(row["state"], row["reason"]) for row in listed],
                         [("settled", "found in a public repository")])
        # Whoever can write the store takes the row away; the signer's journal still has it.
        self.office.sql("DELETE FROM blocked_key")
        shutil.copy(path, self.office.directory + "/key.pem")
        self.office.submit(other, same_key=True)
        self.office.poke()
        wait_until(lambda: self.office.one("SELECT problem_code FROM enrolment WHERE id = ?", other) == "key.blocked",
                   what="the refusal")
        self.assertEqual(self.office.certificate_state(other), "reserved")

    def test_d27_a_key_that_has_no_certificate_is_in_the_signers_journal_too(self):
        enrolment = self.validated()
        path = self.office.directory + "/key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path],
                       check=True, stderr=subprocess.DEVNULL)
        blocked = int(self.office.adm("status")["signer.blocked"])
        answer = self.office.adm("key", "block", path, "--reason", "reported")
        self.assertEqual(answer["certificates"], 0)
        wait_until(lambda: self.office.adm("key", "list")[0]["state"] == "settled", what="the signer")
        self.assertEqual(int(self.office.adm("status")["signer.blocked"]), blocked + 1)
        self.office.sql("DELETE FROM blocked_key")
        self.office.submit(enrolment, same_key=True)
        self.office.poke()
        wait_until(lambda: self.office.one("SELECT problem_code FROM enrolment WHERE id = ?", enrolment)
                   == "key.blocked", what="the refusal")

    def test_d27_a_certificate_that_comes_in_late_is_revoked_too(self):
        """Between the signer's answer and its row in the store somebody blocks the key."""
        enrolment = self.validated()
        self.office.submit(enrolment)
        digest = self.office.one("SELECT hex(spki_hash) FROM certificate WHERE enrolment = ?", enrolment)
        self.office.registrar_kill()
        self.office.sql("INSERT INTO blocked_key (spki_hash, reason, time, settled) VALUES (?, 'late', 1, 1)",
                        bytes.fromhex(digest))
        self.office.registrar_start()
        wait_until(lambda: self.office.certificate_state(enrolment) == "revoked", what="revocation")
        self.assertIn("key-blocked", self.mails(enrolment))

    def test_a_key_is_found_in_whatever_holds_it(self):
        folder = self.office.directory
        enrolment = self.issued()
        def openssl(*words):
            return subprocess.run(["openssl", *words], check=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL).stdout
        der = openssl("pkey", "-in", folder + "/key.pem", "-pubout", "-outform", "DER")
        digest = hashlib.sha256(der).hexdigest()
        things = {
            "public.pem": openssl("pkey", "-in", folder + "/key.pem", "-pubout"),
            "private.pem": openssl("pkey", "-in", folder + "/key.pem"),
            "request.pem": openssl("req", "-new", "-key", folder + "/key.pem", "-subj", "/CN=x"),
            "request.der": openssl("req", "-new", "-key", folder + "/key.pem", "-subj", "/CN=x", "-outform", "DER"),
            "certificate.pem": openssl("req", "-x509", "-key", folder + "/key.pem", "-subj", "/CN=x"),
            "certificate.der": self.office.one("SELECT der FROM certificate WHERE enrolment = ?", enrolment),
        }
        for name, content in things.items():
            with open(f"{folder}/{name}", "wb") as file:
                file.write(content)
            answer = self.office.adm("key", "block", f"{folder}/{name}", "--reason", "told by its holder")
            self.assertEqual(answer["key_sha256"], digest, name)
        self.assertEqual(self.office.adm("key", "block", digest.upper(), "--reason", "x")["key_sha256"], digest)
        with open(folder + "/nonsense", "w", encoding="ascii") as file:
            file.write("no key at all")
        problem = self.office.adm("key", "block", folder + "/nonsense", "--reason", "x", code=1)
        self.assertEqual(problem["code"], "key.none")
        problem = self.office.adm("key", "block", folder + "/nowhere", "--reason", "x", code=1)
        self.assertEqual(problem["code"], "key.unreadable")
        self.office.adm("key", "block", digest, code=64)
        self.office.adm("key", "block", digest, "--reason", "two\nlines", code=64)
        self.office.adm("key", "block", digest, "--reason", "x" * 128, code=64)

    def test_every_new_list_has_a_greater_number(self):
        numbers = [self.office.adm("crl")["number"] for _ in range(3)]
        self.assertEqual(numbers, sorted(set(numbers)))
        problem = self.office.adm("crl", "no-such-ca", code=1)
        self.assertEqual(problem["code"], "issuer.unknown")

    def declined(self):
        """The serial of a certificate that stands in the published list."""
        enrolment = self.issued()
        serial = self.office.one("SELECT hex(serial) FROM certificate WHERE enrolment = ?",
                                 enrolment)
        self.office.sql("UPDATE certificate SET state = 'declined', reason = 4, revoked = ?"
                        " WHERE enrolment = ?", int(time.time()), enrolment)
        self.office.poke()
        wait_until(lambda: self.office.certificate_state(enrolment) == "revoked", what="a CRL")
        return serial

    def test_a_root_s_list_past_half_of_its_life_is_warned_of(self):
        self.assertNotIn("list=RootCA3ARL", self.office.log_text())
        now = int(time.time())
        self.office.registrar_kill()
        self.office.sql("UPDATE publication SET this_update = ?, next_update = ?"
                        " WHERE name = 'RootCA3ARL'", now - 91 * 86400, now + 89 * 86400)
        self.office.registrar_start()
        wait_until(lambda: "event=crl.half_life list=RootCA3ARL" in self.office.log_text(),
                   what="a warning")
        self.assertNotIn("crl.half_life list=TrialPartnerR1ARL", self.office.log_text())
        mails = "SELECT recipient, enrolment, parameters FROM outbox WHERE kind = 'list-ageing'"
        wait_until(lambda: self.office.sql(mails), what="a mail to the operator")
        ((recipient, enrolment, parameters),) = self.office.sql(mails)
        self.assertEqual((recipient, enrolment), ("operator@ecert.example.net", None))
        self.assertEqual(json.loads(parameters)["list"], "RootCA3ARL")
        # Warned of again by the next start, mailed once a day.
        warned = self.office.log_text().count("event=crl.half_life list=RootCA3ARL")
        self.office.registrar_kill()
        self.office.registrar_start()
        wait_until(lambda: self.office.log_text().count("event=crl.half_life list=RootCA3ARL") > warned,
                   what="another warning")
        self.assertEqual(len(self.office.sql(mails)), 1)

    def test_r1_a_signer_that_forgot_a_revocation_gets_no_list_published(self):
        first = self.declined()
        journal = self.office.service + "/signer/journal"
        with open(journal, "rb") as file:
            before = file.read()
        second = self.declined()
        self.office.signer_kill()
        with open(journal, "rb") as file:
            now = file.read()
        try:
            with open(journal, "wb") as file:
                file.write(before)
            self.office.signer_start()
            for _ in range(4):
                self.office.adm("crl", code=1)
                self.assertIn(first, self.office.crl_serials())
                self.assertIn(second, self.office.crl_serials())
        finally:
            self.office.signer_kill()
            with open(journal, "wb") as file:
                file.write(now)
            self.office.signer_start()
        self.office.adm("crl")
        self.assertIn(second, self.office.crl_serials())

    # The disk, and nonsense.

    def test_a_full_disk_refuses_clearly_and_changes_nothing(self):
        self.office.registrar_kill()
        self.office.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        before = self.office.one("SELECT count(*) FROM application")
        # Room for SQLite's index of its log (32 KiB) and for a few pages of the log.
        self.office.registrar_start(limit=33000)
        entered, said = 0, ""
        try:
            while entered < 5:
                self.office.application_new()
                entered += 1
        except AssertionError as refused:
            said = str(refused)
        finally:
            self.office.registrar_kill()
            self.office.registrar_start()
        self.assertIn("disk full", said)
        self.assertIn("make room", said)
        self.assertEqual(self.office.one("SELECT count(*) FROM application"), before + entered)
        self.office.application_new()
        self.office.adm("audit", "verify")

    def test_nonsense_ends_the_connection_and_not_the_service(self):
        for name in ("control", "registrar"):
            for packet in (b"\x00", b"nonsense", sequence(integer(1), integer(99), sequence()),
                           sequence(integer(2), integer(1), sequence()),
                           sequence(integer(1), integer(1), sequence(integer(1)))):
                with self.subTest(name, packet=packet):
                    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
                        stranger.settimeout(10)
                        stranger.connect(f"{self.office.directory}/run/{name}.sock")
                        stranger.send(packet)
                        self.assertEqual(stranger.recv(1 << 17), b"")
        self.assertEqual(self.office.adm("status")["signer"], "answers")

    def test_the_audit_of_all_this_is_whole_until_somebody_touches_it(self):
        verdict = self.office.adm("audit", "verify")
        self.assertGreater(int(verdict["audit.rows"]), 0)
        self.assertIn("whole", verdict["audit.verdict"])
        last = self.office.one("SELECT max(seq) FROM audit")
        trigger = self.office.one("SELECT sql FROM sqlite_master WHERE name = 'audit_keeps'")
        self.office.sql("DROP TRIGGER audit_keeps")
        self.office.sql("UPDATE audit SET actor = 'x' || actor WHERE seq = ?", last)
        problem = self.office.adm("audit", "verify", code=1)
        self.assertEqual((problem["code"], problem["field"]), ("audit.broken", str(last)))
        self.office.sql("UPDATE audit SET actor = substr(actor, 2) WHERE seq = ?", last)
        self.office.sql(trigger)
        self.office.adm("audit", "verify")

    def test_all_that_was_issued_and_published_keeps_the_rules_until_somebody_touches_it(self):
        clean = self.office.adm("audit", "lint")
        published = self.office.one("SELECT count(*) FROM publication")
        issued = self.office.one("SELECT count(*) FROM certificate WHERE der IS NOT NULL")
        self.assertGreaterEqual(clean["objects"], published + issued)
        self.assertEqual((clean["errors"], clean["findings"]), (0, []))
        self.assertGreater(clean["rules"], 100 * (published + issued))
        name = self.office.one("SELECT name FROM publication WHERE name LIKE '%ssl_ca%' LIMIT 1")
        der = self.office.one("SELECT der FROM publication WHERE name = ?", name)
        country = b"\x06\x03\x55\x04\x06\x13\x02"
        self.office.sql("UPDATE publication SET der = ? WHERE name = ?",
                        der.replace(country + b"HK", country + b"hk"), name)
        problem = self.office.adm("audit", "lint", code=1)
        self.assertEqual((problem["code"], problem["seen"][:5]), ("lint.errors", "1 in "))
        self.assertIn(f"root/{name}", self.office.told_of_failure("audit", "lint"))
        self.office.sql("UPDATE publication SET der = ? WHERE name = ?", der, name)
        self.office.adm("audit", "lint", "--warnings")


if __name__ == "__main__":
    unittest.main(verbosity=2)
