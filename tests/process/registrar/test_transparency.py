#!/usr/bin/env python3
"""Certificate Transparency from the registrar's side, with logs that answer right, wrong or not at all:
a certificate has the promises of enough of them, judged by OpenSSL, or it is not there yet; one request
has one serial, until that is given up for good (doc/threats.md S1, S4)."""
import atexit
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.request

from ct_log import Log, leaf_hash, run, tree_hash
from office import ADM, BUILD, PASSED, Office, wait_until

JUDGE = os.path.join(BUILD, "tests/process/registrar/sct_judge")
LOGS, OPERATORS, NEEDED = 5, 3, 3  # more than 180 days ask for three
GIVE_UP_SECONDS = 8


class Transparency(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tls_make(cls)
        cls.logs = [Log(f"log-{number}", *((address,) if number else (address, cls.pem, cls.key)))
                    for number, address in enumerate(["127.0.0.1"] * LOGS)]
        profile = "".join(log.section(f"operator-{number % OPERATORS}")
                          for number, log in enumerate(cls.logs))
        retired = Log("log-retired")
        retired.mode = "500"
        profile += retired.section("operator-0", state="retired")
        profile += Log("log-of-2031").section("operator-0", **{
            "from": "2031-01-01T00:00:00Z", "until": "2031-07-01T00:00:00Z"})
        cls.office = Office(profile, f'ct_give_up_seconds = {GIVE_UP_SECONDS} '
                                     f'ct_trust_anchors = "{cls.pem}"')
        cls.addClassCleanup(cls.office.stop)
        root = cls.office.directory + "/root.pem"
        run("x509", "-inform", "DER", "-in", cls.office.service + "/ca/root_ca_3.crt", "-out", root)
        for log in cls.logs:
            log.root = root
        for perspective in cls.office.perspectives.values():
            perspective.verdict, perspective.caa, perspective.delay = PASSED, PASSED, 0

    def tls_make(self):
        """The first log is reached by HTTPS."""
        directory = tempfile.mkdtemp(prefix="ecert-log-tls-")
        atexit.register(shutil.rmtree, directory, True)
        self.pem, self.key = directory + "/log.pem", directory + "/log.key"
        run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
            "2", "-subj", "/CN=log", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.key,
            "-out", self.pem)

    def setUp(self):
        for log in self.logs:
            log.mode = "right"

    def requested(self):
        enrolment = self.office.challenge(self.office.approve())
        self.await_state(enrolment, "validated")
        self.office.submit(enrolment)
        self.office.poke()
        return enrolment

    def await_state(self, enrolment, state, seconds=30):
        wait_until(lambda: self.office.one("SELECT state FROM enrolment WHERE id = ?", enrolment)
                   == state, seconds, state)

    def judged(self, enrolment):
        """What OpenSSL says of each SCT, and of the chain."""
        der, = self.office.sql("SELECT der FROM certificate WHERE enrolment = ? AND der IS NOT NULL",
                               enrolment)[0]
        directory = self.office.directory
        names = ", ".join(log.name for log in self.logs)
        with open(directory + "/made.der", "wb") as file:
            file.write(der)
        with open(directory + "/logs.conf", "w", encoding="utf-8") as file:
            file.write(f"enabled_logs = {names}\n" + "".join(log.judge_row() for log in self.logs))
        issuer = self.office.service + "/ca/ecert_ssl_ca_3-17.crt"
        run("x509", "-inform", "DER", "-in", issuer, "-out", directory + "/issuer.pem")
        run("x509", "-inform", "DER", "-in", directory + "/made.der", "-out", directory + "/made.pem")
        run("verify", "-CAfile", self.logs[0].root, "-untrusted", directory + "/issuer.pem",
            directory + "/made.pem")
        said = subprocess.run([JUDGE, directory + "/made.der", issuer, directory + "/logs.conf"],
                              stdout=subprocess.PIPE, check=True, text=True).stdout
        return dict(reversed(line.split(" ", 1)) for line in said.splitlines())

    def problem(self, enrolment, log):
        return self.office.one("SELECT problem FROM submission WHERE enrolment = ? AND log = ?",
                               enrolment, log)

    def test_a_certificate_holds_promises_that_openssl_finds_valid(self):
        enrolment = self.requested()
        self.await_state(enrolment, "issued")
        judged = self.judged(enrolment)
        self.assertGreaterEqual(len(judged), NEEDED)
        self.assertEqual(set(judged.values()), {"valid"})
        asked = {row[0] for row in self.office.sql(
            "SELECT log FROM submission WHERE enrolment = ?", enrolment)}
        self.assertLessEqual(asked, {log.name for log in self.logs})
        # And the log shows it: what it promised is in its tree.
        log = self.logs[1]
        with urllib.request.urlopen(log.url + "/ct/v1/get-sth") as answer:
            head = json.load(answer)
        with urllib.request.urlopen(
                f"{log.url}/ct/v1/get-entries?start=0&end={head['tree_size'] - 1}") as answer:
            leaves = [base64.b64decode(entry["leaf_input"]) for entry in json.load(answer)["entries"]]
        self.assertEqual(base64.b64encode(tree_hash([leaf_hash(leaf) for leaf in leaves])).decode(),
                         head["sha256_root_hash"])

    def test_what_a_log_says_wrong_is_not_embedded_and_the_others_do(self):
        for mode, code in (("wrong key", "ct.signature"), ("wrong signature", "ct.signature"),
                           ("another certificate", "ct.signature"), ("future", "ct.time"),
                           ("500", "ct.status"), ("nonsense", "ct.answer")):
            with self.subTest(mode):
                self.setUp()
                self.logs[2].mode = mode
                self.logs[4].mode = "500"  # none to spare: every answer is waited for
                enrolment = self.requested()
                self.await_state(enrolment, "issued")
                judged = self.judged(enrolment)
                self.assertEqual(set(judged.values()), {"valid"})
                self.assertNotIn("log-2", judged)
                self.assertGreaterEqual(len(judged), NEEDED)
                self.assertEqual(self.problem(enrolment, "log-2"), code)

    def test_too_few_wait_are_shown_and_go_on_with_the_same_serial(self):
        for number in (0, 1, 4):
            self.logs[number].mode = "500"
        enrolment = self.requested()
        wait_until(lambda: self.office.one("SELECT problem_code FROM enrolment WHERE id = ?",
                                           enrolment) == "ct.waiting", what="a problem")
        serial = self.office.one("SELECT hex(serial) FROM certificate WHERE enrolment = ?", enrolment)
        shown = [row for row in self.office.adm("certificate", "list")
                 if row["serial"].replace(":", "").upper() == serial]
        self.assertIn("log-0 ct.status 500", shown[0]["problem"])
        application = self.office.one("SELECT hex(application) FROM enrolment WHERE id = ?", enrolment)
        self.assertEqual(self.office.adm("application", "show", application)["problem"],
                         "ct.waiting ct.too_few")
        self.assertIsNone(self.office.one("SELECT der FROM certificate WHERE enrolment = ?", enrolment))
        # What is promised already is kept over a kill, and not asked again.
        promised = self.office.sql("SELECT log, sct FROM submission WHERE enrolment = ?"
                                   " AND length(sct) > 0 ORDER BY log", enrolment)
        self.assertEqual([row[0] for row in promised], ["log-2", "log-3"])
        self.office.registrar_kill()
        self.logs[0].mode = "right"
        self.office.registrar_start()
        self.await_state(enrolment, "issued")
        self.assertEqual(self.office.sql(
            "SELECT log, sct FROM submission WHERE enrolment = ? AND log IN ('log-2', 'log-3') ORDER BY log",
            enrolment), promised)
        self.assertEqual(self.office.one("SELECT hex(serial) FROM certificate WHERE enrolment = ?",
                                         enrolment), serial)
        self.assertEqual(set(self.judged(enrolment)), {"log-0", "log-2", "log-3"})

    def test_a_silent_log_is_not_waited_for_once_the_others_are_enough_to_spare(self):
        self.logs[3].mode = "silent"
        enrolment = self.requested()
        self.await_state(enrolment, "issued")
        self.assertEqual(set(self.judged(enrolment)), {"log-0", "log-1", "log-2", "log-4"})
        self.assertEqual(self.office.sql("SELECT 1 FROM submission WHERE enrolment = ?"
                                         " AND log = 'log-3'", enrolment), [])

    def test_silent_logs_without_which_nothing_is_to_spare_are_waited_for_and_then_not(self):
        self.logs[1].mode = self.logs[3].mode = "silent"
        enrolment = self.requested()
        self.await_state(enrolment, "issued", 60)
        self.assertEqual(set(self.judged(enrolment)), {"log-0", "log-2", "log-4"})
        self.assertEqual(self.problem(enrolment, "log-3"), "ct.silent")

    def test_s1_after_its_time_the_serial_is_given_up_revoked_and_another_takes_its_place(self):
        for log in self.logs:
            log.mode = "500"
        enrolment = self.requested()
        wait_until(lambda: self.office.one("SELECT ordinal FROM enrolment WHERE id = ?", enrolment)
                   == 2, 60, "the next ordinal")
        serial, = self.office.sql("SELECT hex(serial) FROM certificate WHERE enrolment = ?"
                                  " AND ordinal = 1", enrolment)[0]
        self.setUp()
        self.await_state(enrolment, "issued", 60)
        wait_until(lambda: serial in self.office.crl_serials(), what="a CRL")
        wait_until(lambda: self.office.one(
            "SELECT state FROM certificate WHERE enrolment = ? AND ordinal = 1", enrolment)
            == "revoked", what="the old row")
        self.assertNotEqual(serial, self.office.one(
            "SELECT hex(serial) FROM certificate WHERE enrolment = ? AND ordinal = 2", enrolment))
        self.assertEqual(set(self.judged(enrolment).values()), {"valid"})
        self.prove()

    def test_s1_a_withdrawn_applications_precertificate_is_revoked(self):
        for log in self.logs:
            log.mode = "500"
        enrolment = self.requested()
        wait_until(lambda: self.office.one("SELECT problem_code FROM enrolment WHERE id = ?",
                                           enrolment) == "ct.waiting", what="a problem")
        serial, application = self.office.sql(
            "SELECT hex(serial), hex(application) FROM certificate JOIN enrolment"
            " ON enrolment.id = enrolment WHERE enrolment.id = ?", enrolment)[0]
        self.office.adm("application", "withdraw", application)
        wait_until(lambda: serial in self.office.crl_serials(), what="a CRL")
        self.setUp()
        time.sleep(2)
        self.assertEqual(self.office.sql("SELECT state, der FROM certificate WHERE enrolment = ?",
                                         enrolment), [("revoked", None)])
        self.prove()

    def prove(self):
        """The proof from public keys alone, over all that this registrar had signed."""
        signer = self.office.service + "/signer/"
        done = subprocess.run(
            [ADM, "--json", "audit", "verify", "--journal", signer + "journal", "--roster",
             signer + "roster.der", "--ceremony-spki", signer + "ceremony.spki", "--store",
             self.office.directory + "/store/ecert.db"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_s1_killed_at_any_moment_one_request_has_one_serial_and_one_certificate(self):
        for delay in (0, 0.01, 0.03, 0.06, 0.1, 0.2):
            with self.subTest(delay):
                enrolment = self.requested()
                time.sleep(delay)
                self.office.signer_kill()
                self.office.registrar_kill()
                self.office.signer_start()
                self.office.registrar_start()
                self.await_state(enrolment, "issued", 60)
                self.assertEqual(self.office.one(
                    "SELECT count(*) FROM certificate WHERE enrolment = ?", enrolment), 1)
                self.assertEqual(set(self.judged(enrolment).values()), {"valid"})
        self.prove()


if __name__ == "__main__":
    unittest.main()
