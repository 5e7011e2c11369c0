#!/usr/bin/env python3
"""Officers validate the government's names: before the approval or whenever it is due again, never for
anybody else, and nothing is signed while it is due."""
import json
import os
import subprocess
import time
import unittest

from office import ADM, FAILED, PASSED, ROOT, Challenge, wait_until
from office_case import OfficeCase

EIGHT_HOURS, THIRTY_DAYS = 8 * 3600, 30 * 86400
NAME = "www.department.example.net"


class Validation(OfficeCase):
    subscribers = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(os.path.join(ROOT, "packaging/examples/government.json"), encoding="utf-8") as file:
            cls.form = json.load(file)

    def setUp(self):
        self.see(PASSED)

    def see(self, verdict):
        for perspective in self.office.perspectives.values():
            perspective.verdict, perspective.caa, perspective.delay = verdict, PASSED, 0

    def application(self, **changes):
        """Of a subscriber of its own: what one proves serves that one's next application."""
        Validation.subscribers += 1
        subject = {**self.form["subject"], "srn": f"{Validation.subscribers:010}"}
        return self.office.application_new(**{**self.form, "subject": subject, **changes})

    def validate(self, application, *words, code=0):
        return self.office.adm("application", "validate", application, *words, code=code)

    def check(self, application):
        """Exit code, what stands on standard output, what is said of a failure."""
        done = subprocess.run(
            [ADM, "--control", self.office.directory + "/run/control.sock", "--json", "application",
             "validate", application, "--check"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=60, check=False)
        return done.returncode, json.loads(done.stdout), done.stderr and json.loads(done.stderr)

    def listed(self, application):
        return next(row for row in self.office.adm("application", "list") if row["id"] == application)

    def enrolment(self, application):
        return self.office.one("SELECT id FROM enrolment WHERE application = ?",
                               bytes.fromhex(application))

    def state(self, application):
        return self.office.one("SELECT state FROM enrolment WHERE application = ?",
                               bytes.fromhex(application))

    def confirm(self, application, state):
        """What the portal does with a confirmation."""
        self.office.sql("UPDATE enrolment SET state = ? WHERE application = ?", state,
                        bytes.fromhex(application))

    def age(self, application, seconds, values=0):
        enrolment = self.enrolment(application)
        self.office.sql("UPDATE evidence SET time = time - ? WHERE enrolment = ?", seconds, enrolment)
        self.office.sql("UPDATE challenge SET created = created - ? WHERE enrolment = ?", values, enrolment)

    def test_what_to_place_follows_from_the_application_and_stays_the_same(self):
        application = self.application()
        self.assertEqual(self.listed(application)["validation"], "due")
        first = self.validate(application)
        name, = first["names"]
        self.assertEqual((first["standing"], first["method"], name["state"]), ("pending", "dns", "pending"))
        self.assertEqual(name["host"], "_ecert-validation." + NAME)
        self.assertEqual(name["zone_line"], f'{name["host"]}. 3600 IN TXT "{name["value"]}"')
        challenge = Challenge(NAME, nonce=self.office.one("SELECT nonce FROM challenge WHERE enrolment = ?",
                                                          self.enrolment(application)))
        challenge.created = self.office.one("SELECT created FROM challenge WHERE enrolment = ?",
                                            self.enrolment(application))
        challenge.application_hash = bytes.fromhex(
            self.office.adm("application", "show", application)["hash"])
        self.assertEqual(name["value"], challenge.expected())
        self.assertEqual(self.validate(application), first)
        self.office.adm("application", "vet", application, "--key", self.office.officer(1))
        self.assertEqual(self.validate(application), first)
        self.office.adm("application", "approve", application, "--key", self.office.officer(2))
        self.assertEqual(self.validate(application, "--method", "dns"), first)
        told = self.office.told("application", "validate", application)
        for part in (name["host"], name["value"], name["zone_line"], "--check"):
            self.assertIn(part, told)

    def test_a_check_that_fails_says_what_each_place_saw_and_changes_nothing(self):
        self.see(FAILED)
        application = self.application()
        before = self.validate(application)["names"][0]["value"]
        code, shown, problem = self.check(application)
        self.assertEqual((code, problem["code"]), (1, "validation.failed"))
        self.assertGreater(len(problem["next"]), 20)
        name, = shown["names"]
        self.assertEqual((name["state"], name["quorum"], name["value"]), ("failed", "0/6", before))
        self.assertEqual([one["dcv"] for one in name["perspectives"]], ["failed"] * 6)
        self.assertEqual(self.listed(application)["validation"], "failed")
        self.assertEqual(self.office.sql("SELECT * FROM evidence WHERE enrolment = ?",
                                         self.enrolment(application)), [])
        self.see(PASSED)
        code, shown, _ = self.check(application)
        self.assertEqual((code, shown["standing"], shown["names"][0]["quorum"]), (0, "proved", "6/6"))

    def test_proof_comes_along_to_the_approval_and_nobody_logs_in_before(self):
        application = self.application()
        self.validate(application)
        self.assertEqual(self.check(application)[0], 0)
        before, = self.office.sql("SELECT id, reference, pin_hash, attempts_left, subscription_end"
                                  " FROM enrolment WHERE application = ?", bytes.fromhex(application))
        self.assertEqual(before[2:], ("", 0, 0))
        shown = self.office.adm("application", "show", application)
        self.assertEqual((shown["reference"], shown["enrolment"], shown["validation"]), ("", "", "proved"))
        self.office.poke()
        time.sleep(0.3)
        self.assertEqual(self.office.one("SELECT pin_hash FROM enrolment WHERE id = ?", before[0]), "")
        reference = self.office.approve(application)
        after, = self.office.sql("SELECT id, reference, subscription_end FROM enrolment"
                                 " WHERE application = ?", bytes.fromhex(application))
        self.assertEqual(after[:2], before[:2])
        self.assertEqual(reference, before[1])
        self.assertGreater(after[2], time.time())
        self.assertEqual(self.office.sql("SELECT name FROM evidence WHERE enrolment = ?", before[0]),
                         [(NAME,)])
        wait_until(lambda: self.office.one("SELECT pin_hash FROM enrolment WHERE id = ?", before[0]),
                   what="the letter")

    def test_nobody_else_s_names_are_validated_by_officers(self):
        application = self.office.application_new()
        before = self.office.one("SELECT count(*) FROM enrolment")
        for words in ((), ("--check",), ("--method", "dns")):
            problem = self.validate(application, *words, code=1)
            self.assertEqual(problem["code"], "validation.government")
        self.assertEqual(self.office.one("SELECT count(*) FROM enrolment"), before)
        self.assertEqual(self.listed(application)["validation"], "")

    def test_bad_questions_are_refused_with_what_was_expected(self):
        server = self.application()
        wildcard = self.application(edition="wildcard", names=["*.department.example.net"])
        multi = self.application(edition="multi", names=[NAME, "b.department.example.net"])
        self.validate(server)
        for application, words, code, expected in (
                (server, ["--method", "lasting"], "validation.method", "dns, website, persistent, email"),
                (server, ["--method", "DNS"], "validation.method", "dns, website, persistent, email"),
                (wildcard, ["--method", "website"], "validation.method", "dns, persistent, email"),
                (multi, ["--method", "email"], "validation.method", "dns, website, persistent"),
                (multi, ["--check"], "validation.values", ""),
                (server, ["--code", "aaaa-bbbb"], "validation.no_mail", "email"),
                (server, ["--address", "admin@" + NAME], "validation.no_mail", "email"),
                (server, ["--address", "root@" + NAME], "validation.address", None),
                (server, ["--address", "admin@net"], "validation.address", None),
                (server, ["--address", "admin@shop.example.com"], "validation.address", None),
                ("0" * 32, [], "application.unknown", "")):
            with self.subTest(words=words):
                problem = self.validate(application, *words, code=1)
                self.assertEqual(problem["code"], code)
                if expected is not None:
                    self.assertEqual(problem["expected"], expected)
                self.assertGreater(len(problem["next"]), 10)
        for words in (["--method"], ["--check", "yes"], ["--now"]):
            self.validate(server, *words, code=64)

    def test_a_closed_application_is_not_validated(self):
        application = self.application()
        self.office.adm("application", "withdraw", application)
        self.assertEqual(self.validate(application, code=1)["code"], "validation.state")
        self.assertEqual(self.listed(application)["validation"], "")

    def test_once_the_enrolment_has_gone_on_nothing_is_due(self):
        application = self.application()
        self.validate(application)
        self.check(application)
        self.office.approve(application)
        self.confirm(application, "validated")
        for words in (["--check"], ["--method", "website"]):
            self.assertEqual(self.validate(application, *words, code=2)["code"], "validation.over")
        self.assertEqual(self.validate(application)["standing"], "proved")
        self.assertEqual(self.listed(application)["validation"], "")

    def test_proof_of_more_than_eight_hours_is_stale_and_one_look_makes_it_new(self):
        application = self.application()
        self.validate(application)
        self.check(application)
        self.age(application, EIGHT_HOURS + 60)
        self.assertEqual(self.validate(application)["standing"], "stale")
        self.assertEqual(self.listed(application)["validation"], "stale")
        asked = self.office.perspectives["primary"].asked
        self.assertEqual(self.check(application)[0], 0)
        self.assertEqual(self.office.perspectives["primary"].asked, asked + 1)
        # Everybody for CAA alone: the proof itself is good for longer.
        self.assertEqual([one.caa_asked > 0 for one in self.office.perspectives.values()], [True] * 6)
        # What is proved is not asked about again.
        self.assertEqual(self.check(application)[0], 0)
        self.assertEqual(self.office.perspectives["primary"].asked, asked + 1)

    def test_a_proof_too_old_to_serve_again_is_made_anew(self):
        application = self.application()
        self.validate(application)
        self.check(application)
        primary = self.office.perspectives["primary"]
        asked, caa_asked = primary.asked, primary.caa_asked
        # The first look is gone: nothing is left that could be used again.
        self.age(application, EIGHT_HOURS + 60)
        self.office.sql("DELETE FROM observation WHERE enrolment = ?", self.enrolment(application))
        self.assertEqual(self.check(application)[0], 0)
        self.assertEqual((primary.asked, primary.caa_asked), (asked + 1, caa_asked))

    def test_what_was_proved_for_an_application_serves_the_subscriber_s_next(self):
        first = self.application()
        self.validate(first)
        self.assertEqual(self.check(first)[0], 0)
        form = {**self.form, "subject": {**self.form["subject"], "srn": f"{Validation.subscribers:010}"}}
        self.see(FAILED)  # nothing stands there any more
        draft = self.office.application_new(**form)
        self.validate(draft)
        self.assertEqual(self.check(draft)[0], 1, "the first is not approved yet")
        self.office.approve(first)
        asked = self.office.perspectives["primary"].caa_asked
        second = self.office.application_new(**form)
        self.validate(second)
        wait_until(lambda: self.validate(second)["standing"] == "proved", what="the look at CAA")
        self.assertEqual(self.office.perspectives["primary"].caa_asked, asked + 1)
        attempts = [self.office.one("SELECT attempt FROM evidence WHERE enrolment = ?", self.enrolment(one))
                    for one in (first, second)]
        self.assertEqual(attempts[0], attempts[1])
        # Whose application is withdrawn can't have its proof counted any more.
        self.office.adm("application", "withdraw", first)
        third = self.office.application_new(**form)
        self.validate(third)
        self.assertEqual(self.check(third)[0], 1)

    def test_caa_that_forbids_meanwhile_lets_no_proof_serve_again(self):
        application = self.application()
        self.validate(application)
        self.check(application)
        self.age(application, EIGHT_HOURS + 60)
        for one in self.office.perspectives.values():
            one.caa = 1
            self.addCleanup(setattr, one, "caa", 0)
        self.assertEqual(self.check(application)[0], 1)
        for one in self.office.perspectives.values():
            one.caa = 0
        # The proof was not thrown away for it.
        before = self.office.perspectives["primary"].caa_asked
        self.assertEqual(self.check(application)[0], 0)
        self.assertEqual(self.office.perspectives["primary"].caa_asked, before + 1)

    def test_values_of_more_than_thirty_days_are_made_anew_and_never_checked(self):
        application = self.application()
        old = self.validate(application, "--method", "website")["names"][0]
        self.assertEqual(old["url"], f"http://{NAME}/.well-known/pki-validation/fileauth.txt")
        self.age(application, 0, THIRTY_DAYS)
        self.assertEqual(self.listed(application)["validation"], "expired")
        asked = self.office.perspectives["primary"].asked
        self.assertEqual(self.validate(application, "--check", code=1)["code"], "validation.values")
        self.assertEqual(self.office.perspectives["primary"].asked, asked)
        new = self.validate(application)
        self.assertEqual((new["standing"], new["method"]), ("pending", "website"))
        self.assertNotEqual(new["names"][0]["value"], old["value"])

    def test_another_method_has_other_values_but_throws_no_proof_away(self):
        application = self.application()
        first = self.validate(application)["names"][0]["value"]
        second = self.validate(application, "--method", "website")["names"][0]["value"]
        self.assertNotEqual(first, second)
        self.check(application)
        kept = self.validate(application, "--method", "dns")
        self.assertEqual((kept["standing"], kept["method"], kept["names"][0]["value"]),
                         ("proved", "website", second))

    def test_a_lasting_record_names_the_subscriber_whatever_its_age(self):
        application = self.application()
        shown = self.validate(application, "--method", "persistent")
        name, = shown["names"]
        account = f"acct:{Validation.subscribers:010}@ecert.example.net"
        self.assertEqual((shown["method"], name["host"], name["value"]), (
            "persistent", "_validation-persist." + NAME, "ecert.example.net; accounturi=" + account))
        self.assertNotIn("expires", shown)
        self.assertIn(name["zone_line"], self.office.told("application", "validate", application))
        self.assertEqual(self.check(application)[1]["standing"], "proved")
        # It stands for years: what is over thirty days old is looked at all the same.
        self.age(application, 11 * 86400, values=THIRTY_DAYS + 10 * 86400)
        self.assertEqual(self.validate(application)["standing"], "stale")
        before = self.office.perspectives["primary"].asked, self.office.perspectives["primary"].caa_asked
        self.assertEqual(self.check(application)[1]["standing"], "proved")
        after = self.office.perspectives["primary"].asked, self.office.perspectives["primary"].caa_asked
        self.assertEqual((after[0] - before[0], after[1] - before[1]), (1, 1))

    def test_a_code_by_mail_is_asked_for_and_typed_here(self):
        application = self.application()
        begun = self.validate(application, "--method", "email")
        self.assertEqual(begun["names"][0]["type"], "mail")
        for part in (application, "--address", "--code"):
            self.assertIn(part, begun["next"])
        problem = self.validate(application, "--code", "aaaa-bbbb", code=1)
        self.assertEqual(problem["code"], "validation.not_mailed")
        address = "hostmaster@department.example.net"
        asked = self.validate(application, "--address", address)
        self.assertEqual(asked["mail_address"], address)
        wait_until(lambda: self.validate(application)["mail_state"] == "sent", what="the mail")
        self.assertEqual(self.office.perspectives["primary"].mailed, [address])
        self.validate(application, "--code", "aaaa-bbbb")
        self.assertEqual(self.office.sql("SELECT typed FROM mailing WHERE enrolment = ?",
                                         self.enrolment(application)), [("aaaa-bbbb",)])

    def test_d29_without_validation_nothing_is_signed_and_officers_are_told_until_they_do_it(self):
        application = self.application()
        self.office.approve(application)
        self.confirm(application, "confirmed")
        enrolment = self.enrolment(application)
        issued = self.office.adm("status")["signer.issued"]
        self.office.submit(enrolment)
        self.office.poke()
        wait_until(lambda: self.state(application) == "confirmed", what="the refusal")
        shown = self.office.adm("application", "show", application)
        self.assertEqual(shown["validation"], "due")
        self.assertIn("application validate " + application, shown["validation_next"])
        self.assertEqual(self.office.adm("status")["signer.issued"], issued)
        self.validate(application)
        self.assertEqual(self.check(application)[0], 0)
        # The request that waited goes on by itself.
        wait_until(lambda: self.state(application) == "issued", what="the certificate")

    def test_a_record_taken_down_too_early_is_told_and_never_signed_for(self):
        application = self.application()
        value = self.validate(application)["names"][0]["value"]
        self.check(application)
        self.office.approve(application)
        self.confirm(application, "validated")
        self.see(FAILED)
        enrolment = self.enrolment(application)
        self.office.sql("DELETE FROM evidence WHERE enrolment = ?", enrolment)
        issued = self.office.adm("status")["signer.issued"]
        self.office.submit(enrolment)
        self.office.poke()
        wait_until(lambda: self.listed(application)["validation"] == "failed", what="the officers' word")
        self.assertEqual((self.state(application), self.office.adm("status")["signer.issued"]),
                         ("confirmed", issued))
        self.see(PASSED)
        self.assertEqual(self.validate(application)["names"][0]["value"], value)
        self.assertEqual(self.check(application)[0], 0)
        wait_until(lambda: self.state(application) == "issued", what="the certificate")

    def test_killed_between_validation_and_approval_nothing_is_lost(self):
        application = self.application()
        value = self.validate(application)["names"][0]["value"]
        self.office.registrar_kill()
        self.office.registrar_start()
        self.assertEqual(self.check(application)[0], 0)
        self.office.registrar_kill()
        self.office.registrar_start()
        self.office.approve(application)
        shown = self.validate(application)
        self.assertEqual((shown["standing"], shown["names"][0]["value"]), ("proved", value))

    def test_every_act_of_the_office_is_in_the_audit(self):
        application = self.application()
        self.validate(application)
        self.check(application)
        rows = self.office.sql("SELECT action, actor FROM audit WHERE object = ?",
                               self.enrolment(application).hex())
        self.assertEqual(rows, [("enrolment.opened", "operator"), ("challenge.created", "operator"),
                                ("evidence.found", "registrar")])
        self.assertGreater(int(self.office.adm("audit", "verify")["audit.rows"]), 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
