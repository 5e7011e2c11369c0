#!/usr/bin/env python3
"""One request has one certificate, and neither kill -9 nor a full disk changes that; what is done with
a certificate afterwards, and the lists."""
import hashlib
import json
import shutil
import socket
import subprocess
import time
import unittest

from office import sequence, integer, wait_until
from office_case import OfficeCase


class Issuing(OfficeCase):
    def validated(self):
        """The id of an enrolment that has its evidence."""
        enrolment = self.office.challenge(self.office.approve())
        self.await_state(enrolment, "validated")
        return enrolment

    def issued(self):
        enrolment = self.validated()
        self.office.submit(enrolment)
        self.await_state(enrolment, "issued")
        return enrolment

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
