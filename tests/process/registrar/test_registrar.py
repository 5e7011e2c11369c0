#!/usr/bin/env python3
"""The registrar's desk: two officers rule, applications keep the rules, and letters and notices are
what they should be."""
import itertools
import json
import os
import threading
import time
import unittest

from office import FAILED, ROOT, wait_until
from office_case import OfficeCase


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


class Desk(OfficeCase):
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
        path = office.directory + "/suffixes"
        mails = ("SELECT recipient, enrolment FROM outbox WHERE kind = 'suffixes-ageing'"
                 " AND json_extract(parameters, '$.made') = ?")
        # A root's list that grows old is told of at each look, just before the suffixes are.
        now, looked = int(time.time()), "event=crl.half_life list=RootCA3ARL"
        office.sql("UPDATE publication SET this_update = ?, next_update = ? WHERE name = 'RootCA3ARL'",
                   now - 91 * 86400, now + 89 * 86400)
        with self.configured() as (own, start_with):
            for made, told in ((time.time() - 31 * 86400, True), (time.time() - 29 * 86400, False)):
                day = time.strftime("%Y-%m-%d", time.gmtime(made))
                with open(path, "w", encoding="ascii") as file:
                    file.write(f"// VERSION: {day}_00-00-00_UTC\n// ===BEGIN ICANN DOMAINS===\ncom\nshop.example.com\n"
                               "// ===END ICANN DOMAINS===\n")
                looks = office.log_text().count(looked)
                start_with(own + "validator { id = \"primary\" key = \"/k\" caa_identity = \"ca.example\""
                               f" suffix_list = \"{path}\" }}\n")
                status = office.adm("status")
                self.assertEqual((status["suffix_list.time"], "suffix_list.old" in status), (day + "T00:00:00Z", told))
                if told:
                    for words in ("30 days", "https://publicsuffix.org/list/", "suffix_list", "start ecertd anew"):
                        self.assertIn(words, status["suffix_list.old"])
                wait_until(lambda: office.log_text().count(looked) > looks, what="a look")  # pylint: disable=cell-var-from-loop
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

    def test_status_says_which_perspective_is_older_or_silent_and_what_to_do(self):
        places = self.office.perspectives
        status = self.office.adm("status")
        self.assertEqual({status["perspective." + name] for name in places}, {"answers"})
        old = int(time.time()) - 31 * 86400
        places["perspective-1"].version = 1
        places["perspective-2"].version = 4  # newer: nothing is wrong with it
        places["perspective-3"].suffixes = places["primary"].suffixes = old
        places["perspective-4"].verdict = None
        status = self.office.adm("status")
        day = time.strftime("%d/%m/%Y", time.gmtime(old))
        for name, words in (("perspective-1", ("HTTP 400", "below 3, ours is 3", "install our version there")),
                            ("perspective-3", (day, "older than 30 days", "https://publicsuffix.org/list/", "suffix_list")),
                            ("perspective-4", ("no answer", "start ecertd there")), ("primary", (day, "older than 30 days"))):
            for word in words:
                self.assertIn(word, status["perspective." + name])
        self.assertEqual((status["perspective.perspective-2"], status["perspective.perspective-5"]), ("answers", "answers"))

    def test_an_older_perspective_s_refusal_is_named_as_that(self):
        self.office.perspectives["perspective-1"].version = 1
        # What was slow and failed is looked at again by a check that yields, which an older place does not know.
        self.office.perspectives["primary"].verdict = FAILED
        self.office.perspectives["primary"].pits["slow.example.com"] = 3
        enrolment = self.office.challenge(self.office.approve(), name="slow.example.com")
        wait_until(lambda: "code=perspective.refused field=perspective-1 seen=400" in self.office.log_text().replace('"', ""),
                   60, "the reason")
        wait_until(lambda: self.office.challenge_state(enrolment) != "checking", 60, "a verdict")

    def mail_add(self, state="given_up", attempts=1, problem="smtp.refused", seen="550"):
        application = self.office.application_new()
        reference = self.office.approve(application)
        mail = "outbox WHERE kind = 'csr-invitation' AND enrolment = (SELECT id FROM enrolment WHERE reference = ?)"
        wait_until(lambda: self.office.sql("SELECT 1 FROM " + mail, reference), what="a mail")
        number = self.office.one("SELECT id FROM " + mail, reference)
        self.office.sql("UPDATE outbox SET state = ?, attempts = ?, problem = ?, seen = ?, next_try = ?, queued = ?"
                        " WHERE id = ?", state, attempts, problem, seen, int(time.time()) + 3600,
                        int(time.time()) - 6 * 86400, number)
        return application, number

    def test_mail_that_has_not_arrived_is_told_of_until_somebody_has_seen_to_it(self):
        office = self.office
        office.sql("UPDATE outbox SET state = 'sent'")
        self.assertEqual((office.adm("status")["mail.waiting"], office.adm("mail", "list")), ("0", []))
        self.assertNotIn("mail.given_up", office.adm("status"))
        self.assertEqual(office.adm("mail", "again", "all", code=2)["code"], "mail.none")
        application, refused = self.mail_add()
        _, late = self.mail_add(state="waiting", attempts=4, problem="smtp.connection", seen="Couldn't connect")
        status = office.adm("status")
        self.assertEqual((status["mail.waiting"], status["mail.late"], status["mail.given_up"]), ("1", "1", "1"))
        self.assertIn("ecertadm mail list", status["mail.next"])
        rows = {row["id"]: row for row in office.adm("mail", "list")}
        self.assertEqual(set(rows), {refused, late})
        told = rows[refused]
        self.assertEqual([told[name] for name in ("state", "kind", "to", "name", "application", "problem", "seen", "next_try")],
                         ["given up", "csr-invitation", "ar@shop.example.com", "www.shop.example.com", application,
                          "smtp.refused", "550", ""])
        self.assertIn("ecertadm mail forget", told["next"])
        self.assertEqual((rows[late]["state"], rows[late]["attempts"]), ("late", 4))
        self.assertIn("start it", rows[late]["next"])
        self.assertIn("given up", office.told("mail", "list"))
        # Done, once each; and nothing that is neither late nor given up.
        for word in ("0", "-1", "x", "999999"):
            self.assertEqual(office.adm("mail", "forget", word, code=1)["code"], "mail.unknown")
            self.assertEqual(office.adm("mail", "again", word, code=1)["code"], "mail.unknown")
        office.adm("mail", "again", "all")
        self.assertEqual(office.sql("SELECT state, attempts FROM outbox WHERE id = ?", refused), [("waiting", 0)])
        self.assertGreater(office.one("SELECT queued FROM outbox WHERE id = ?", refused), time.time() - 600)
        self.assertEqual(office.adm("mail", "again", str(refused), code=1)["code"], "mail.unknown")
        office.adm("mail", "forget", str(late))
        self.assertEqual(office.adm("mail", "list"), [])
        self.assertEqual(office.sql("SELECT actor, action, object FROM audit WHERE action LIKE 'mail.%' AND action <> 'mail.queued'"
                                    " ORDER BY seq"),
                         [("operator", "mail.again", "all"), ("operator", "mail.forgotten", str(late))])
        office.sql("UPDATE outbox SET state = 'sent'")

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


if __name__ == "__main__":
    unittest.main(verbosity=2)
