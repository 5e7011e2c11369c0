#!/usr/bin/env python3
"""One pass over everything: what is found, what is done about it without anybody, and when again.

    test_watch.py ECERT DAY_MODULE
"""
import datetime
import json
import os
import shutil
import subprocess
import sys
import unittest

import servers
from stand_in import run
from tool import NAME, PROGRAM, public_key
from watch_case import DatedAuthority, WatchCase, date, days_on


class Findings(WatchCase):
    """What monitoring is told."""
    def test_an_empty_store_has_nothing_to_watch(self):
        self.assertEqual(self.watch(code=2)["findings"], [])

    def test_a_young_certificate_is_well_and_says_when_it_is_renewed(self):
        self.enrol()
        said = self.watch()
        self.assertEqual(self.codes(said), [])
        one = said["certificates"][0]
        self.assertTrue(one["unattended"])
        self.assertEqual(one["subscription_end"], "2027-11-02T00:00:00Z")
        due = date(one["renewal_due"].rstrip("Z"))
        left = (date(one["not_after"].rstrip("Z")) - due).total_seconds() / 86400
        self.assertTrue(66 <= left <= 73, left)
        self.assertEqual(one["next_days"], days_on(due))

    def test_without_renew_a_due_certificate_needs_a_person_and_the_portal_is_not_asked(self):
        self.enrol()
        self.pass_by(days=140)
        calls = len(self.portal.calls)
        self.assertEqual(self.codes(self.watch(code=1), "person"), ["watch.due"])
        self.assertEqual(len(self.portal.calls), calls)

    def test_an_expired_and_a_revoked_certificate_need_a_person(self):
        self.enrol()
        self.pass_by(days=200)
        self.assertIn("watch.expired", self.codes(self.watch(code=1), "person"))

    def bring(self, name, authority, *dates):
        """A certificate for the same name, from another CA or of other dates."""
        csr = run("openssl", "req", "-new", "-key", authority.key(name), "-subj", "/CN=x")
        text = authority.leaf(csr, NAME) if not dates else authority.sign(
            "leaf", "/CN=x", "issuer", "basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\n"
            f"subjectAltName=DNS:{NAME}\n", csr, *(moment.strftime("%Y%m%d%H%M%SZ") for moment in dates))
        self.json("cert", "import", self.write(name + ".chain", text + authority.issuer), "--key", authority.key(name))

    def test_a_newer_one_takes_the_place_only_if_it_is_valid_now_and_trusted(self):
        self.enrol()
        self.pass_by(days=140)
        hours = datetime.timedelta(hours=1)
        self.bring("ended", self.authority, self.now - 2 * hours, self.now - hours)
        self.assertEqual(sorted(self.codes(self.watch(code=1), "person")), ["watch.due", "watch.due_by_hand", "watch.expired"])
        self.bring("stranger", DatedAuthority(self.path("stranger"), self))
        self.assertEqual(sorted(self.codes(self.watch(code=1), "person")), ["watch.due", "watch.refused"])
        self.now += hours
        self.bring("good", self.authority)
        self.assertNotIn("watch.due", self.codes(self.watch(code=None)))

    def test_what_was_imported_is_renewed_by_a_person(self):
        csr = run("openssl", "req", "-new", "-key", self.authority.key("other"), "-subj", "/CN=x")
        chain = self.write("chain", self.authority.leaf(csr, NAME) + self.authority.issuer)
        self.run_tool("chain", "install", self.authority.path("root.pem"), "--as", "root", "--fingerprint", run(
            "openssl", "x509", "-in", self.authority.path("root.pem"), "-noout", "-fingerprint", "-sha256")
            .decode().strip().split("=")[1])
        self.json("cert", "import", chain, "--key", self.authority.key("other"))
        self.assertEqual(self.codes(self.watch()), [])
        self.pass_by(days=140)
        self.assertEqual(self.codes(self.renew(code=1), "person"), ["watch.due_by_hand"])

    def test_the_end_of_the_subscription_is_said_sixty_days_before(self):
        self.subscription_end = date("2027-02-20")
        self.enrol()
        self.now = date("2026-12-21")
        self.assertEqual(self.codes(self.renew()), [])
        self.now = date("2026-12-23")
        said = self.renew(code=1)
        self.assertEqual(self.codes(said, "person"), ["watch.subscription"])
        self.assertIn("123456789", said["findings"][-1]["next"])
        self.now = date("2027-02-10")
        self.assertEqual(self.codes(self.renew(code=1)), ["watch.subscription"])
        self.assertEqual(len(self.portal.issued), 1)

    def test_a_list_out_of_date_and_a_withdrawn_intermediate_are_said(self):
        self.enrol()
        self.authority.sign("issuer_old", "/CN=Test Issuer", "root", "basicConstraints=critical,CA:true\n"
                            "keyUsage=critical,keyCertSign,cRLSign\n")
        serial = run("openssl", "x509", "-in", self.authority.path("issuer_old.pem"), "-noout", "-serial").decode().strip()[7:]
        self.run_tool("chain", "install", self.authority.path("issuer_old.pem"))
        self.write("list.index", f"R\t370101000000Z\t260601000000Z\t{serial}\tunknown\t/CN=x\n")
        self.write("list.number", "01\n")
        config = self.write("list.config", f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.path('list.index')}\n"
                            f"crlnumber={self.path('list.number')}\ndefault_md=sha256\n")
        run("openssl", "ca", "-gencrl", "-config", config, "-keyfile", self.authority.key("root"), "-cert",
            self.authority.path("root.pem"), "-out", self.path("root.crl"), "-crl_lastupdate", "20261101000000Z",
            "-crl_nextupdate", "20261108000000Z")
        self.run_tool("crl", "install", self.path("root.crl"))
        self.assertEqual(self.codes(self.watch(code=1), "person"), ["watch.authority_withdrawn"])
        self.pass_by(days=10)
        self.assertEqual(self.codes(self.watch(code=1), "person"), ["watch.authority_withdrawn", "watch.list_stale"])

    def test_each_language_has_its_words_and_no_line_is_too_long(self):
        self.enrol()
        self.pass_by(days=140)
        for language, words in (("en", "to be renewed"), ("zh-HK", "證書需要續期"), ("zh-CN", "证书需要续期")):
            said = self.run_tool("watch", "--lang", language, code=1)
            self.assertIn(words, said)
            self.assertLessEqual(max(len(line) for line in said.splitlines()), 100)


class Renewals(WatchCase):
    """Without anybody."""
    def setUp(self):
        super().setUp()
        self.old = self.enrol()

    def due(self):
        self.pass_by(days=140)

    def test_it_is_renewed_with_a_new_key_and_the_record_is_taken_away(self):
        self.due()
        said = self.renew()
        self.assertEqual(self.codes(said), [])
        new = said["certificates"][0]
        self.assertNotEqual(new["id"], self.old["id"])
        self.assertGreater(self.days_left(said), 99)
        self.assertEqual(len(self.portal.issued), 2)
        self.assertEqual(os.listdir(self.path("zone")), [])
        with open(self.path("hook.words"), encoding="utf-8") as file:
            self.assertEqual(set(file.read().splitlines()), {"dns place", "dns remove"})
        personal = os.path.join(self.store, "personal")
        self.assertNotEqual(*[public_key("key", f"{personal}/{one}/key.pem") for one in (self.old["id"], new["id"])])
        for _ in range(3):
            self.pass_by(hours=6)
            self.renew()
        self.assertEqual(len(self.portal.issued), 2)

    def test_a_portal_that_is_down_is_asked_ever_more_rarely_and_a_person_is_told_at_the_third_time(self):
        self.due()
        self.portal.down = True
        pauses, severities = [], []
        for _ in range(6):
            said = self.renew(code=None)
            one = said["certificates"][0]
            severities.append([f["severity"] for f in said["findings"] if f["code"] == "watch.renewal_failed"])
            calls = len(self.portal.calls)
            self.pass_by(minutes=59)
            self.renew(code=None)
            self.assertEqual(len(self.portal.calls), calls, "asked before its time")
            self.pass_by(minutes=-59)
            next_attempt = date(one["next_attempt"].rstrip("Z"))
            pauses.append((next_attempt - self.now).total_seconds() / 3600)
            self.now = next_attempt
        self.assertEqual([int(pause) for pause in pauses][:3], [1, 2, 4])
        self.assertTrue(all(a < b for a, b in zip(pauses, pauses[1:5])), pauses)
        self.assertLessEqual(max(pauses), 26.5)
        self.assertEqual(severities[:2] + severities[2:3], [["note"], ["note"], ["person"]])
        self.portal.down = False
        self.assertEqual(self.codes(self.renew()), [])
        self.assertEqual(len(self.portal.issued), 2)

    def test_a_broken_name_server_is_told_with_its_words_and_the_same_key_is_used_again(self):
        self.due()
        self.write("broken", "")
        said = self.renew(code=1)
        self.assertIn("the name server is broken", said["findings"][-1]["text"])
        keys = os.listdir(self.store + "/requests")
        self.pass_by(hours=3)
        self.renew(code=1)
        self.assertEqual(os.listdir(self.store + "/requests"), keys)
        os.remove(self.path("broken"))
        self.pass_by(hours=5)
        self.assertEqual(self.codes(self.renew()), [])
        self.assertEqual(os.listdir(self.store + "/requests"), [])

    def test_a_key_that_the_portal_forgot_needs_a_person_unless_there_is_a_pin_file(self):
        os.remove(self.path("pin"))
        self.portal.keys.clear()
        self.due()
        said = self.renew(code=1)
        self.assertEqual(self.codes(said), ["watch.renewal_failed"])
        self.assertEqual(said["certificates"][0]["reason"], "tool.key_unknown")
        shutil.rmtree(self.store + "/logins")
        self.assertEqual(self.codes(self.renew(code=1)), ["watch.no_login"])
        self.write("pin", "1234567812345678")
        self.pass_by(hours=3)
        self.assertEqual(self.codes(self.renew()), [])

    def test_a_pin_that_is_refused_is_not_tried_again(self):
        shutil.rmtree(self.store + "/logins")
        self.write("pin", "9999999999999999")
        self.due()
        self.assertEqual(self.codes(self.renew(code=1)), ["watch.renewal_failed"])
        tries = len(self.portal.called("POST", "/session"))
        self.pass_by(days=5)
        self.renew(code=1)
        self.assertEqual(len(self.portal.called("POST", "/session")), tries)

    def test_a_proof_by_hand_needs_a_person(self):
        folder = self.store + "/personal/" + self.old["id"]
        with open(folder + "/progress", encoding="utf-8") as file:
            text = file.read()
        self.write("progress", text.replace(f'"{self.hook}","dns"', ""))
        shutil.copy(self.path("progress"), folder + "/progress")
        self.assertEqual(self.codes(self.renew()), [])
        self.due()
        self.assertEqual(self.codes(self.renew(code=1)), ["watch.no_proof"])

    def test_a_certificate_of_another_key_or_name_is_not_taken(self):
        self.due()
        other = run("openssl", "req", "-new", "-key", self.authority.key("evil"), "-subj", "/CN=x")
        self.portal.overrides[("GET", "/enrolment/download")] = (200, {
            "certificate": self.authority.leaf(other, NAME), "chain": [self.authority.issuer], "root": self.authority.root})
        self.assertEqual(self.renew(code=1)["certificates"][0]["reason"], "tool.foreign_key")
        self.portal.overrides.clear()
        self.pass_by(hours=3)
        self.assertEqual(self.codes(self.renew()), [])

    def test_a_store_that_another_run_renews_from_is_left_alone(self):
        self.due()
        self.write("slow", "#!/bin/sh\ntouch '%s'\nwhile test ! -e '%s'; do sleep 0.1; done\nexit 1\n" %
                   (self.path("begun"), self.path("go")), 0o700)
        shutil.copy(self.path("slow"), self.hook)
        first = subprocess.Popen([PROGRAM, "watch", "--renew"], env=self.environment(), stdout=subprocess.DEVNULL)
        self.addCleanup(first.wait)
        self.addCleanup(lambda: self.write("go", ""))
        while not os.path.exists(self.path("begun")):
            self.assertIsNone(first.poll())
        self.assertEqual(self.watch("--renew", code=1)["problem"]["type"], "urn:ecert:problem:watch.busy")


class Servers(WatchCase):
    """What is where, by the ledger, and what servers answer."""
    def setUp(self):
        super().setUp()
        if servers.program("nginx") is None:
            self.skipTest("nginx is not here")
        self.old = self.enrol()["id"]
        self.nginx = servers.Nginx(self.path("nginx"), "127.0.83.1")
        pair = f"{self.store}/personal/{self.old}/"
        self.nginx.give(pair + "certificate.pem", pair + "key.pem")
        self.nginx.start()
        self.addCleanup(self.nginx.stop)
        self.assertEqual(self.json("deploy", "run", *self.nginx.words)["targets"][0]["state"], "answers")

    def sent(self):
        """Thumbprint of what the server answers with."""
        sent = servers.wait_for(self.nginx.sent)
        return run("openssl", "x509", "-noout", "-fingerprint", "-sha256", given=sent.encode()).decode() \
            .strip().split("=")[1].replace(":", "").lower()

    def expect_sent(self, item):
        servers.wait_for(lambda: all(self.sent() == item for _ in range(3)))

    def test_it_is_renewed_deployed_and_verified(self):
        self.assertEqual(self.codes(self.watch()), [])
        self.pass_by(days=140)
        said = self.renew()
        self.assertEqual(self.codes(said), [])
        new = said["certificates"][0]["id"]
        self.assertNotEqual(new, self.old)
        self.expect_sent(new)
        self.assertEqual((said["targets"][0]["there"], said["targets"][0]["answers_with"]), (new, new))

    def test_a_server_that_refuses_keeps_the_old_pair_and_is_tried_again_in_its_time(self):
        self.pass_by(days=140)
        with open(self.nginx.config, "a", encoding="ascii") as file:
            file.write("nonsense;\n")
        said = self.renew(code=1)
        self.assertEqual(self.codes(said), ["watch.target_failed"])
        self.assertIn("nonsense", said["findings"][-1]["text"])
        self.expect_sent(self.old)
        self.nginx.write_config()
        again = date(said["targets"][0]["next_attempt"].rstrip("Z"))
        self.assertTrue(3600 <= (again - self.now).total_seconds() <= 3960)
        self.pass_by(minutes=59)
        self.assertEqual(self.codes(self.renew(code=1)), ["watch.target_failed"])
        self.expect_sent(self.old)
        self.now = again
        said = self.renew()
        self.expect_sent(said["certificates"][0]["id"])
        self.assertEqual(len(self.portal.issued), 2)

    def test_a_server_waits_for_its_window(self):
        self.json("deploy", "run", *self.nginx.words, "--window", "Sun 02:00-04:00", "--again", "--now")
        self.now = date("2027-03-17T12:00:00")
        said = self.renew()
        self.assertEqual(self.codes(said), ["watch.target_waits"])
        self.assertEqual(said["targets"][0]["next_attempt"], "2027-03-21T02:00:00Z")
        self.expect_sent(self.old)
        self.now = date("2027-03-21T02:30:00")
        self.expect_sent(self.renew()["certificates"][0]["id"])

    def test_what_a_person_took_back_stays_until_there_is_a_newer_one(self):
        self.pass_by(days=140)
        self.renew()
        self.run_tool("deploy", "rollback", "nginx")
        self.expect_sent(self.old)
        self.pass_by(hours=12)
        self.renew()
        self.expect_sent(self.old)

    def test_a_server_that_answers_with_another_or_not_at_all_is_said_and_left_alone(self):
        csr = run("openssl", "req", "-new", "-key", self.authority.key("evil"), "-subj", "/CN=x")
        self.write("evil.crt", self.authority.leaf(csr, NAME))
        self.nginx.stop()
        os.remove(self.nginx.certificate)
        os.remove(self.nginx.key)
        self.nginx.give(self.path("evil.crt"), self.authority.key("evil"))
        self.nginx.start()
        self.assertEqual(self.codes(self.renew(code=1)), ["watch.target_other"])
        self.nginx.stop()
        self.assertEqual(self.codes(self.renew(code=1)), ["watch.target_silent"])
        self.nginx.start()

    def test_a_deployment_that_was_interrupted_is_done_at_the_next_run(self):
        self.pass_by(days=140)
        new = self.renew()["certificates"][0]["id"]
        path = self.store + "/deployed/nginx"
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
        record.update(state="started", there=self.old, tried=new)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(record, file)
        self.assertIn("watch.target_behind", self.codes(self.watch(code=1)))
        self.assertEqual(self.renew()["targets"][0]["state"], "answers")


class Installs(WatchCase):
    """A pair that the enrolment itself installs."""
    def test_where_the_program_fails_the_pair_before_is_back_and_it_ends_well_later(self):
        os.mkdir(self.path("web"), 0o755)
        after = self.write("after", f"#!/bin/sh\ntest ! -e '{self.path('sick')}' || exit 3\n"
                           f"cat '{self.path('web')}/site.crt' >'{self.path('served')}'\n", 0o700)
        old = self.enrol("--install-certificate", self.path("web/site.crt"), "--install-key", self.path("web/site.key"),
                         "--after", after, ";")["id"]
        self.pass_by(days=140)
        self.write("sick", "")
        said = self.renew(code=1)
        self.assertEqual(said["certificates"][0]["reason"], "tool.after_failed")
        pair = [public_key(*one) for one in (("certificate", self.path("web/site.crt")), ("key", self.path("web/site.key")),
                                             ("key", f"{self.store}/personal/{old}/key.pem"))]
        self.assertEqual(len(set(pair)), 1)
        os.remove(self.path("sick"))
        self.pass_by(hours=3)
        self.assertEqual(self.codes(self.renew()), [])
        self.assertNotEqual(public_key("key", self.path("web/site.key")), pair[0])
        self.assertEqual(public_key("certificate", self.path("served")), public_key("key", self.path("web/site.key")))
        self.assertEqual(len(self.portal.issued), 2)


class Notices(WatchCase):
    """A person is told once, and again when it changes."""
    def setUp(self):
        super().setUp()
        self.enrol()
        self.mailer = self.write("mailer", f"#!/bin/sh\ntest ! -e '{self.path('deaf')}' || exit 75\n"
                                 f"echo \"$@\" >>'{self.path('mail.words')}'\ncat >>'{self.path('mails')}'\necho === >>'{self.path('mails')}'\n", 0o700)

    def mails(self):
        if not os.path.exists(self.path("mails")):
            return []
        with open(self.path("mails"), encoding="utf-8") as file:
            return file.read().split("===\n")[:-1]

    def tell(self, code):
        return self.watch("--notify", self.mailer, "root", ";", code=code)

    def test_it_is_told_once_then_weekly_and_when_all_is_well(self):
        self.tell(0)
        self.assertEqual(self.mails(), [])
        self.pass_by(days=140)
        self.tell(1)
        self.tell(1)
        self.assertEqual(len(self.mails()), 1)
        self.assertIn("ecert watch --renew", self.mails()[0])
        self.pass_by(days=6)
        self.tell(1)
        self.assertEqual(len(self.mails()), 1)
        self.pass_by(days=2)
        self.tell(1)
        self.assertEqual(len(self.mails()), 2)
        self.renew()
        self.tell(0)
        self.assertEqual(len(self.mails()), 3)
        self.tell(0)
        self.assertEqual(len(self.mails()), 3)
        with open(self.path("mail.words"), encoding="utf-8") as file:
            self.assertEqual(set(file.read().splitlines()), {"root"})

    def test_a_mailer_that_fails_is_a_failure_and_is_called_again(self):
        self.pass_by(days=140)
        self.write("deaf", "")
        self.assertEqual(self.tell(1)["problem"]["type"], "urn:ecert:problem:watch.notify")
        os.remove(self.path("deaf"))
        self.tell(1)
        self.assertEqual(len(self.mails()), 1)


if __name__ == "__main__":
    unittest.main(argv=["test_watch", *sys.argv[3:]])
