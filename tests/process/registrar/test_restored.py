#!/usr/bin/env python3
"""Copies put back (doc/threats.md S18, S2): a signer's journal of an earlier day, a store of an
earlier day, two stores of one origin. Nothing is issued until journal and store agree again, nothing
that was withdrawn or revoked comes back, and the audit from public keys tells the same."""
import os
import shutil
import subprocess
import time
import unittest

from office import ADM, wait_until
from office_case import OfficeCase


class Restored(OfficeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.journal = cls.office.service + "/signer/journal"
        cls.store = cls.office.directory + "/store/ecert.db"

    # What is done with the office.

    def await_state(self, enrolment, state):
        wait_until(lambda: self.office.one("SELECT state FROM enrolment WHERE id = ?", enrolment) == state,
                   what=f"{state}\n{self.office.log_text()}")

    def validated(self):
        reference = self.office.approve()
        wait_until(lambda: self.office.one("SELECT pin_hash FROM enrolment WHERE reference = ?",
                                           reference), what="a letter")
        enrolment = self.office.challenge(reference)
        self.office.poke()
        self.await_state(enrolment, "validated")
        return enrolment

    def submitted(self, enrolment):
        self.office.submit(enrolment)
        self.office.poke()

    def issued(self):
        enrolment = self.validated()
        self.submitted(enrolment)
        self.await_state(enrolment, "issued")
        return enrolment

    def serial(self, enrolment):
        return self.office.one("SELECT hex(serial) FROM certificate WHERE enrolment = ?", enrolment)

    def application(self, enrolment):
        return self.office.one("SELECT hex(application) FROM enrolment WHERE id = ?", enrolment)

    def not_issued(self, enrolment):
        before = self.office.adm("status")["signer.issued"]
        self.submitted(enrolment)
        time.sleep(2.5)
        self.assertEqual(self.office.adm("status")["signer.issued"], before)
        self.assertEqual(self.office.certificate_state(enrolment), "requested")

    def journal_put(self, content):
        self.office.signer_kill()
        with open(self.journal, "wb") as file:
            file.write(content)
        self.office.signer_start()

    def journal_bytes(self):
        with open(self.journal, "rb") as file:
            return file.read()

    def store_copy(self):
        self.office.registrar_kill()
        self.office.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        path = self.office.directory + f"/copy-{time.monotonic_ns()}"
        shutil.copyfile(self.store, path)
        self.office.registrar_start()
        return path

    def store_put(self, path):
        """The store of that copy; gives back a copy of the one that was there."""
        kept = self.store_copy()
        self.office.registrar_kill()
        for end in ("-wal", "-shm"):
            if os.path.exists(self.store + end):
                os.unlink(self.store + end)
        shutil.copyfile(path, self.store)
        self.office.registrar_start()
        return kept

    def audit(self, code=0, store=None, **more):
        words = ["audit", "verify", "--journal", self.journal, "--roster",
                 self.office.service + "/signer/roster.der", "--ceremony-spki",
                 self.office.service + "/signer/ceremony.spki", "--store", store or self.store]
        for name, value in more.items():
            words += ["--" + name, value]
        return self.office.adm(*words, code=code)

    # The journal.

    def test_s18_a_journal_put_back_is_refused_until_the_right_one_is_there(self):
        self.issued()
        old = self.journal_bytes()
        self.issued()
        waiting = self.validated()
        right = self.journal_bytes()
        self.journal_put(old)
        self.not_issued(waiting)
        self.assertEqual(self.office.adm("reconcile", code=1)["code"], "journal.behind")
        self.assertEqual(self.office.adm("reconcile", "--missing", "revoke", code=1)["code"],
                         "journal.behind")
        self.assertEqual(self.audit(code=1)["code"], "proof.behind")
        self.journal_put(right)
        self.await_state(waiting, "issued")
        self.audit()

    def test_s18_a_withdrawal_that_was_the_last_record_is_not_lost_unnoticed(self):
        enrolment, waiting = self.validated(), self.validated()
        before = self.journal_bytes()
        self.office.adm("application", "withdraw", self.application(enrolment))
        right = self.journal_bytes()
        end, more = self.record_ends(before)[-1], self.record_ends(right)[-1]
        self.assertGreater(more, end)
        for lost in (before, before[:end], right[:more - 1]):
            with self.subTest(length=len(lost)):
                self.journal_put(lost)
                self.assertEqual(self.office.adm("reconcile", code=1)["code"], "journal.behind")
        self.not_issued(waiting)
        self.journal_put(right)
        self.await_state(waiting, "issued")

    # The store.

    def test_s18_a_store_put_back_is_refused_until_it_is_reconciled(self):
        revoked, withdrawn, waiting, unknown = (
            self.issued(), self.validated(), self.validated(), self.validated())
        self.office.sql("UPDATE enrolment SET state = state")  # all of it is on disk
        old = self.store_copy()
        later = self.issued()
        lost = self.serial(later)
        self.office.adm("application", "withdraw", self.application(withdrawn))
        self.office.adm("revoke", self.serial(revoked), "--reason", "superseded")
        wait_until(lambda: self.office.certificate_state(revoked) == "revoked", what="revocation")
        whole = self.store_put(old)
        self.assertEqual(self.office.certificate_state(revoked), "issued")
        self.not_issued(waiting)
        said = self.office.adm("reconcile", code=1)
        self.assertEqual((said["code"], said["field"].upper(), said["seen"]),
                         ("store.behind", lost, "1"))
        # What the journal alone knew has been taken over.
        wait_until(lambda: self.office.certificate_state(revoked) == "revoked", what="revocation")
        self.assertEqual(self.office.one("SELECT state FROM application WHERE hex(id) = ?",
                                         self.application(withdrawn)), "withdrawn")
        self.assertEqual(self.audit(code=1)["code"], "proof.store_behind")
        self.audit(store=whole)
        self.assertEqual(self.office.adm("reconcile", "--missing", "revoke")["reconciled"], "yes")
        self.await_state(waiting, "issued")
        self.submitted(unknown)
        self.await_state(unknown, "issued")
        self.office.adm("crl")
        self.assertIn(lost, self.office.crl_serials())

    def test_d27_a_key_that_was_blocked_is_blocked_in_a_store_put_back(self):
        self.issued()
        old = self.store_copy()
        digest = "b1" * 32
        self.office.adm("key", "block", digest, "--reason", "reported")
        settled = "SELECT settled FROM blocked_key WHERE hex(spki_hash) = ?"
        wait_until(lambda: self.office.one(settled, digest.upper()) == 1, what="the signer")
        self.audit(store=self.whole_store())
        # A row that says of the signer what its journal doesn't.
        self.office.sql("INSERT INTO blocked_key (spki_hash, reason, time, settled) VALUES (?, 'x', 1, 1)",
                        bytes.fromhex("b2" * 32))
        said = self.audit(code=1)
        self.assertEqual((said["code"], said["field"]), ("proof.store_blocked", "b2" * 32))
        self.store_put(old)
        self.assertEqual(self.office.sql("SELECT * FROM blocked_key"), [])
        self.assertEqual(self.office.adm("reconcile")["reconciled"], "yes")
        wait_until(lambda: self.office.one(settled, digest.upper()) == 1, what="the signer")
        self.audit()

    def test_s2_of_two_stores_of_one_origin_only_one_goes_on(self):
        first, second = self.validated(), self.validated()
        clone = self.store_copy()
        self.submitted(first)
        self.await_state(first, "issued")
        original = self.store_put(clone)
        # The clone knows the request: it gets the same certificate, not another one.
        self.submitted(second)
        time.sleep(2.5)
        self.assertEqual(self.office.certificate_state(second), "requested")
        self.assertEqual(self.office.adm("reconcile", code=1)["code"], "store.behind")
        self.store_put(original)
        self.submitted(second)
        self.await_state(second, "issued")

    # The audit.

    def test_the_audit_from_public_keys_finds_what_has_no_warrant(self):
        enrolment = self.issued()
        folder = self.office.directory + "/certificates"
        os.mkdir(folder)
        der = self.office.one("SELECT der FROM certificate WHERE enrolment = ?", enrolment)
        with open(folder + "/ours.cer", "wb") as file:
            file.write(der)
        shutil.copy(self.office.service + "/ca/root_ca_3.crt", folder)
        said = self.audit(certificates=folder, store=self.whole_store())
        self.assertEqual((said["proved"], said["folder.certificates"], said["folder.others"]),
                         ("yes", 1, 1))
        # The same signed bytes under a signature that still verifies can't be had; another
        # certificate of our key, made behind the journal's back, can: by a shorter journal.
        cut = self.office.directory + "/shorter"
        with open(cut, "wb") as file:
            file.write(self.without_last_certificate())
        done = subprocess.run(
            [ADM, "--json", "audit", "verify", "--journal", cut, "--roster",
             self.office.service + "/signer/roster.der", "--ceremony-spki",
             self.office.service + "/signer/ceremony.spki", "--certificates", folder],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("proof.unwarranted", done.stderr)

    def whole_store(self):
        wait_until(lambda: self.office.one(
            "SELECT count(*) FROM certificate WHERE state IN ('declined', 'revoking')") == 0,
                   what="no revocation on its way")
        return self.store

    @staticmethod
    def record_ends(journal):
        """Behind the last one there may be room: zeros."""
        at, ends = 0, []
        while at < len(journal) and (length := int.from_bytes(journal[at:at + 4], "big")) > 0:
            at += 4 + length
            ends.append(at)
        return ends

    def without_last_certificate(self):
        whole = self.journal_bytes()
        ends = self.record_ends(whole)
        last = max(i for i, end in enumerate(ends)
                   if b"www.shop.example.com" in whole[ends[i - 1] if i else 0:end])
        return whole[:ends[last - 2]]

    def test_wrong_words_are_told(self):
        journal = ["--journal", self.journal]
        self.assertEqual(self.office.adm("audit", "verify", *journal, code=64)["code"], "usage")
        roster = ["--roster", self.office.service + "/signer/roster.der"]
        spki = ["--ceremony-spki", self.office.service + "/signer/ceremony.spki"]
        for words, code in (
                (["--journal", self.journal + ".none"] + roster + spki, "audit.file"),
                (journal + ["--roster", self.journal] + spki, "audit.file"),
                (journal + ["--roster", self.office.service + "/signer/ceremony.spki"] + spki,
                 "roster."),
                (journal + roster + spki + ["--store", self.journal + ".none"], "store.open"),
                (journal + roster + spki + ["--certificates", self.journal], "audit.file")):
            with self.subTest(code=code):
                self.assertTrue(self.office.adm("audit", "verify", *words, code=1)["code"]
                                .startswith(code))
        self.office.adm("reconcile", "--missing", "keep", code=64)


if __name__ == "__main__":
    unittest.main(verbosity=2)
