#!/usr/bin/env python3
"""The courier with a real store and a real mail server: letters that can be read back, PINs that
fit their hashes, mails with one recipient and one subject, and nothing lost by kill -9.

    test_courier.py ECERTD-COURIER ASK DATA_DIRECTORY
"""
import email
import email.policy
import html
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from aiosmtpd.controller import Controller

import qr

COURIER, ASK, DATA = (os.path.abspath(argument) for argument in sys.argv[1:4])
PORT = 20000 + os.getpid() % 20000
ADDRESS = "127.0.0.25"
SUBJECT = "Submission of Certificate Signing Request (CSR)"
CONFIG = """
service {{ run_directory = "{d}" store = "{d}/store/ecert.db" trial = true users = false
  data_directory = "{data}" }}
courier {{ spool = "{d}/spool" smtp = "{address}:{port}" mail_from = "noreply@ecert.example.net" }}
"""
PARAMETERS = {"name": "Chan Tai Man", "server_name": "www.shop.example.com",
              "portal_url": "http://127.0.0.1:8080", "fingerprint": "ab:cd:ef"}


class Mailbox:
    """Records what the server was told, word for word."""
    def __init__(self):
        self.envelopes = []
        self.later = 0
        self.recipient_answer = self.message_answer = None

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.later > 0:
            self.later -= 1
            return "451 later"
        if self.recipient_answer:
            return self.recipient_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        if self.message_answer:
            return self.message_answer
        self.envelopes.append(envelope)
        return "250 OK"

    def messages(self):
        return [email.message_from_bytes(envelope.content, policy=email.policy.default)
                for envelope in self.envelopes]


def wait_until(true, seconds=15):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.05)


class Courier(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ecert-c-")
        os.mkdir(self.directory + "/store", 0o700)
        self.store = self.directory + "/store/ecert.db"
        self.socket_path = self.directory + "/courier.sock"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.socket_path)
        self.listener.listen()
        self.mailbox = Mailbox()
        self.controller = Controller(self.mailbox, hostname=ADDRESS, port=PORT)
        self.process = None
        with open(self.directory + "/ecert.conf", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(d=self.directory, data=DATA, address=ADDRESS, port=PORT))

    def tearDown(self):
        self.kill()
        if self.controller.loop.is_running():
            self.controller.stop()
        self.controller.loop.close()
        self.listener.close()
        shutil.rmtree(self.directory)

    def start(self):
        reader, writer = os.pipe()
        number = self.listener.fileno()
        with open(self.directory + "/log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [COURIER, "--config", self.directory + "/ecert.conf", "--ready-fd", str(writer),
                 "--listen-fd", f"{number}=courier.sock"], pass_fds=[writer, number], stderr=log,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        os.close(writer)
        ready = os.read(reader, 1)
        os.close(reader)
        self.assertEqual(ready, b"\n", self.log())

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def log(self):
        with open(self.directory + "/log", encoding="utf-8") as file:
            return file.read()

    def ask(self, *words, status=0):
        done = subprocess.run([ASK, *words], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr + self.log())
        return done.stdout.strip()

    def render(self, number, reference, language="en", name="Chan Tai Man"):
        return self.ask("render", self.socket_path, str(number), reference, language, name)

    def print(self, reference, status=0):
        path = f"{self.directory}/{reference}.out.pdf"
        self.ask("print", self.socket_path, reference, path, status=status)
        return path

    def queue(self, number, kind, recipient, language="en", **changes):
        self.ask("queue", self.store, str(number), kind, recipient, language,
                 json.dumps({**PARAMETERS, **changes}))

    def arrived(self):
        """The one message there, and its plain text."""
        wait_until(lambda: self.mailbox.envelopes)
        (message,) = self.mailbox.messages()
        return message, message.get_body(("plain",)).get_content()

    def delivered(self, *mail, **changes):
        self.controller.start()
        self.start()
        self.queue(*mail, **changes)
        return self.arrived()

    def waiting(self):
        return int(self.ask("waiting", self.store))

    def spool(self):
        return sorted(os.listdir(self.directory + "/spool"))

    def text(self, path, *options):
        return subprocess.run(["pdftotext", *options, path, "-"], capture_output=True, text=True,
                              check=True).stdout

    def pin(self, path):
        found = re.findall(r"^\s*(\d{4} +\d{4} +\d{4} +\d{4})\s*$", self.text(path, "-layout"), re.M)
        self.assertEqual(len(found), 1, self.text(path))
        return found[0].replace(" ", "")

    def test_a_letter_can_be_read_back_in_each_language_and_its_pin_fits_the_hash(self):
        self.start()
        pins = set()
        for number, (language, words) in enumerate({
                "zh-HK": ["電子證書（伺服器）密碼", "參考編號", "Reference number", "試用", "TRIAL",
                          "例子商店有限公司", "如何使用", "What to do"],
                "zh-CN": ["电子证书（服务器）密码", "参考编号", "Reference number", "试用", "TRIAL"],
                "en": ["Your e-Cert (Server) PIN", "Reference number", "TRIAL",
                       "Shop Example Limited"]}.items()):
            reference = f"01856414{number}"
            phc = self.render(number, reference, language, "陳大文 Chan Tai Man")
            self.assertRegex(phc, r"^\$argon2id\$")
            path = self.print(reference)
            outside, inside = self.text(path, "-layout").split("\f")[:2]
            for word in words + ["www.shop.example.com", "http://127.0.0.1:8080"]:
                self.assertIn(word, outside + inside)
            pin = self.pin(path)
            pins.add(pin)
            self.ask("verify", phc, pin)
            self.ask("verify", phc, "0" * 16, status=3)
            self.assertIn(reference, outside)
            self.assertIn("陳大文 Chan Tai Man", outside)
            self.assertNotRegex(outside, r"\d{4} +\d{4} +\d{4} +\d{4}")
            self.assertNotIn(reference, inside)
        self.assertEqual(len(pins), 3)

    def words(self, path, page):
        """The words of a page with their places, (word, left, top, right, bottom) in millimetres."""
        text = self.text(path, "-bbox", "-f", str(page), "-l", str(page))
        return [(html.unescape(word), *(float(n) * 25.4 / 72 for n in place)) for *place, word in re.findall(
            r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>', text)]

    def picture(self, path, page):
        """A page as printed, in grey, ten dots a millimetre."""
        subprocess.run(["pdftoppm", "-gray", "-r", "254", "-singlefile", "-f", str(page), "-l", str(page), path,
                        path + ".page"], check=True)
        return qr.picture_read(path + ".page.pgm")

    def test_a_letter_printed_and_folded_shows_the_address_and_hides_the_pin(self):
        self.start()
        self.render(1, "018564144", "zh-HK", "陳大文")
        path = self.print("018564144")
        cover, inside = self.words(path, 1), self.words(path, 2)
        pin = self.pin(path)
        # The cover: address and reference number in the middle panel, nothing of the PIN anywhere.
        for word in ("陳大文", "018564144", "例子商店有限公司"):
            ((_, _, top, _, bottom),) = [place for place in cover if place[0] == word]
            self.assertTrue(99 < top and bottom < 198, word)
        for group in (pin[i:i + 4] for i in range(0, 16, 4)):
            self.assertNotIn(group, [word for word, *_ in cover])
        # Inside: the PIN in four groups, in the panel that is folded in first; the reference number nowhere.
        groups = [place for place in inside if re.fullmatch(r"\d{4}", place[0]) and place[2] > 198]
        self.assertEqual("".join(word for word, *_ in groups), pin)
        self.assertNotIn("018564144", [word for word, *_ in inside])
        # Behind the PIN, on the paper's other side, there is hatching: no gap as wide as a stroke.
        outside = self.picture(path, 1)
        left, right = min(place[1] for place in groups), max(place[3] for place in groups)
        top, bottom = min(place[2] for place in groups), max(place[4] for place in groups)
        behind = [row[int(10 * (210 - right)):int(10 * (210 - left))]
                  for row in outside[int(10 * top):int(10 * bottom)]]
        dark = sum(pixel < 160 for row in behind for pixel in row) / sum(map(len, behind))
        self.assertGreater(dark, 0.5)
        # The code, read from the picture, leads to the portal and nowhere else.
        code = [row[1620:1920] for row in self.picture(path, 2)[360:660]]
        self.assertEqual(qr.text_read(code), "http://127.0.0.1:8080")

    def test_the_longest_names_and_addresses_stay_in_their_panels(self):
        self.start()
        label = "0" * 61
        server_name = ".".join([label + "%02d" % i for i in range(3)]) + "." + "a" * 49 + ".example.com"
        for number, (language, line) in enumerate(
                [("en", "Flat 12, Block 3, " * 7), ("zh-HK", "九龍尖沙咀廣東道一號" * 12)]):
            reference = "01856414%d" % number
            line = line[:127]
            self.ask("render", self.socket_path, str(number + 1), reference, language, "龘䶮𠮷" + line[:61],
                     server_name, line[:64], *[str(i) + line for i in range(6)])
            path = self.print(reference)
            address = [place for place in self.words(path, 1) if 130 < place[2] and place[1] < 125]
            self.assertGreater(len(address), 6)
            for word, _, _, right, bottom in address:
                self.assertTrue(right < 125 and bottom < 198, (word, right, bottom))
            last = "".join(word for word, *_ in address)
            for i in range(6):
                self.assertIn(str(i) + line.replace(" ", ""), last)
            self.assertIn("龘䶮𠮷", last)
            upper = [place for place in self.words(path, 2) if place[2] < 99]
            self.assertTrue(all(bottom < 99 for *_, bottom in upper))
            middle = [place for place in self.words(path, 2) if 99 <= place[2] < 198]
            self.assertTrue(all(bottom < 198 for *_, bottom in middle))
            self.assertEqual(len(self.pin(path)), 16)

    def test_a_letter_is_handed_out_once_and_then_erased(self):
        self.start()
        self.render(1, "111111111")
        self.assertEqual(self.ask("letters", self.socket_path), "111111111")
        for name in self.spool():
            self.assertEqual(os.stat(f"{self.directory}/spool/{name}").st_mode & 0o777, 0o600)
        self.print("111111111")
        self.print("111111111", status=2)
        wait_until(lambda: self.spool() == [])
        self.assertEqual(self.ask("letters", self.socket_path), "")

    def test_asking_again_gives_the_same_letter_and_another_enrolment_another_one(self):
        self.start()
        first = self.render(1, "111111111")
        self.assertEqual(self.render(1, "111111111"), first)
        self.kill()
        self.start()
        self.assertEqual(self.render(1, "111111111"), first)
        second = self.render(2, "111111111")
        self.assertNotEqual(second, first)
        self.ask("verify", second, self.pin(self.print("111111111")))

    def test_a_reference_number_never_becomes_a_path(self):
        self.start()
        for reference in ("../../etc/x", "12345678", "1234567890", "12345678x", ""):
            self.ask("render", self.socket_path, "1", reference, "en", "A", status=1)
        self.assertEqual(self.spool(), [])

    def test_what_a_sudden_end_left_over_is_erased_at_start(self):
        self.start()
        self.render(1, "111111111")
        self.kill()
        whole = self.spool()
        for name in ("222222222.pdf", "333333333.hash", "444444444.pdf.new-0011223344556677"):
            with open(f"{self.directory}/spool/{name}", "w", encoding="utf-8") as file:
                file.write("1234 5678 9012 3456")
        self.start()
        self.assertEqual(self.spool(), whole)

    def test_kill_in_the_middle_of_rendering_never_leaves_a_letter_without_its_hash(self):
        for delay in (0.0, 0.02, 0.05, 0.1, 0.2, 0.3):
            self.start()
            asking = subprocess.Popen([ASK, "render", self.socket_path, "1", "111111111", "zh-HK",
                                       "A"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            self.kill()
            asking.wait()
        self.start()
        phc = self.render(1, "111111111")
        self.ask("verify", phc, self.pin(self.print("111111111")))

    def test_a_full_disk_refuses_the_letter_and_leaves_nothing(self):
        spool = self.directory + "/spool"
        os.mkdir(spool, 0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", spool],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("needs to mount a small file system")
        try:
            self.start()
            self.ask("render", self.socket_path, "1", "111111111", "zh-HK", "A", status=9)
            self.assertEqual(self.spool(), [])
            subprocess.run(["mount", "-o", "remount,size=16m", spool], check=True)
            phc = self.render(1, "111111111", "zh-HK")
            self.ask("verify", phc, self.pin(self.print("111111111")))
        finally:
            self.kill()
            subprocess.run(["umount", spool], check=True)

    def test_the_invitation_goes_out_with_the_subject_and_the_link_and_no_pin(self):
        self.controller.start()
        self.start()
        self.render(1, "000000001", "zh-HK")
        pin = self.pin(self.print("000000001"))
        self.queue(1, "csr-invitation", "ar@shop.example.com", "zh-HK", name="陳大文")
        message, text = self.arrived()
        self.assertEqual(message["Subject"], SUBJECT)
        self.assertEqual(message["To"], "ar@shop.example.com")
        self.assertEqual(self.mailbox.envelopes[0].mail_from, "noreply@ecert.example.net")
        html = message.get_body(("html",)).get_content()
        self.assertLess(text.index("陳大文 閣下"), text.index("Dear 陳大文"))
        self.assertIn("\nhttp://127.0.0.1:8080\n", text.replace("\r\n", "\n"))
        self.assertIn('<a href="http://127.0.0.1:8080">', html)
        self.assertIn("TRIAL", text)
        self.assertIn('lang="zh-HK"', html)
        self.assertNotIn(pin, self.mailbox.envelopes[0].content.decode())
        self.assertNotIn(pin, self.log())
        wait_until(lambda: self.waiting() == 0)

    def test_the_keys_fingerprint_goes_to_the_representative(self):
        _, text = self.delivered(1, "certificate-issued", "ar@shop.example.com", "zh-CN")
        self.assertEqual(text.count("ab:cd:ef"), 2)

    def test_a_pass_is_told_with_the_name_and_where_to_go_on(self):
        self.start()
        self.kill()
        self.queue(1, "dcv-passed", "ar@shop.example.com", "zh-HK", proved="2026-11-28T01:00:00Z")
        self.sql("UPDATE enrolment SET state = 'validated'")
        self.controller.start()
        self.start()
        message, text = self.arrived()
        self.assertEqual(message["Subject"], "e-Cert (Server): control of your domain names is confirmed")
        self.assertEqual(text.count("www.shop.example.com"), 2)
        self.assertIn("CSR", text)

    def test_a_registered_key_is_told_with_its_server_and_where_to_remove_it(self):
        message, text = self.delivered(1, "key-registered", "ar@shop.example.com", "zh-HK", label="web-1.shop.example.com",
                                       registered="23/11/2026 08:00 HKT")
        for words in ("ab:cd:ef", "web-1.shop.example.com", "23/11/2026 08:00 HKT", "/keys"):
            self.assertEqual(text.count(words), 2, text)
        self.assertIn("key registered", message["Subject"])

    def test_a_chinese_name_is_written_in_both_forms(self):
        _, text = self.delivered(1, "csr-invitation", "ar@shop.example.com", server_name="xn--fsqu00a.example.com")
        self.assertIn("例子.example.com (xn--fsqu00a.example.com)", text)

    def test_d16_hostile_names_reach_one_recipient_under_one_subject(self):
        self.controller.start()
        self.start()
        hostile = ["a\r\nSubject: b\r\nBcc: c@d.example", "\r\n.\r\nRCPT TO:<c@d.example>\r\n",
                   "http://evil.example", "<a href=x>", "--=_ecert_part--", "{portal_url}", "\u0085",
                   "a\n\nhttp://127.0.0.1:8080"]
        for number, name in enumerate(hostile):
            self.queue(number, "csr-invitation", "ar@shop.example.com", "zh-HK", name=name,
                       server_name=name)
        wait_until(lambda: len(self.mailbox.envelopes) == len(hostile))
        for envelope, message in zip(self.mailbox.envelopes, self.mailbox.messages()):
            self.assertEqual(envelope.rcpt_tos, ["ar@shop.example.com"])
            self.assertEqual(message.get_all("Subject"), [SUBJECT])
            self.assertEqual(message.get_all("Bcc", []), [])
            self.assertEqual(len(list(message.iter_parts())), 2)
            html = message.get_body(("html",)).get_content()
            self.assertNotIn('href="http://evil', html)
            self.assertNotIn("<a href=x>", html)

    def test_d16_hostile_recipients_reach_nobody(self):
        self.controller.start()
        self.start()
        for number, recipient in enumerate(["a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example>",
                                            "a%c@d.example", "\"a\"@b.example", "a@b.example,c@d"]):
            self.queue(number, "csr-invitation", recipient)
        self.queue(9, "csr-invitation", "ar@shop.example.com")
        wait_until(lambda: self.mailbox.envelopes)
        time.sleep(0.5)
        self.assertEqual(len(self.mailbox.envelopes), 1)
        self.assertIn("mail.unsendable", self.log())

    def test_the_operator_is_told_of_an_ageing_list_and_what_to_do(self):
        message, text = self.delivered(0, "list-ageing", "operator@ecert.example.net", list="RootCA3ARL",
                                       issued="2026-06-01T00:00:00Z", ends="2026-12-01T00:00:00Z", day="2026-09-02")
        self.assertEqual(message["To"], "operator@ecert.example.net")
        self.assertEqual(message["Subject"], "e-Cert service: a revocation list is past half of its life")
        for word in ("RootCA3ARL", "2026-12-01T00:00:00Z", "ecertadm ceremony arl DIR", "ecertadm publish FILE"):
            self.assertIn(word, text)
        wait_until(lambda: self.waiting() == 0)

    def test_the_operator_is_told_of_an_old_list_of_suffixes_and_what_to_do(self):
        message, text = self.delivered(0, "suffixes-ageing", "operator@ecert.example.net", made="2023-02-09T23:26:00Z",
                                       day="28/11/2026")
        self.assertEqual(message["Subject"], "e-Cert service: the list of public suffixes is old")
        for word in ("2023-02-09T23:26:00Z", "https://publicsuffix.org/list/", "suffix_list", "ecertadm status"):
            self.assertIn(word, text)

    def test_a_domain_s_holder_is_told_what_was_refused_and_not_who_asked(self):
        message, text = self.delivered(1, "caa-refused", "security@example.com", server_name="www.shop.example.com",
                                       record='0 issue ";"', asked="CAA example.com", identity="ecert.example.net", enquiry="enquiry@ecert.example.net")
        self.assertEqual(message["To"], "security@example.com")
        self.assertEqual(message["Subject"], "e-Cert (Server): certificate refused by your CAA records")
        for word in ("www.shop.example.com", '0 issue ";"', 'issue "ecert.example.net"', "enquiry@ecert.example.net"):
            self.assertIn(word, text)

    def test_mail_waits_for_a_server_that_is_away_and_survives_kill(self):
        self.start()
        self.queue(1, "csr-invitation", "ar@shop.example.com")
        wait_until(lambda: "mail.failed" in self.log())
        self.kill()
        self.assertEqual(self.waiting(), 1)
        self.mailbox.later = 1
        self.controller.start()
        self.start()
        wait_until(lambda: self.mailbox.envelopes, seconds=40)
        wait_until(lambda: self.waiting() == 0)
        self.assertEqual(len(self.mailbox.envelopes), 1)

    # Every mail comes to an end.

    def sql(self, statement, *values):
        database = sqlite3.connect(self.store, timeout=20)
        try:
            with database:
                return database.execute(statement, values).fetchall()
        finally:
            database.close()

    def row(self):
        """(state, attempts, problem, seen) of the one mail."""
        ((state, attempts, problem, seen),) = self.sql("SELECT state, attempts, problem, seen FROM outbox")
        return state, attempts, problem, seen

    def ended(self, *wanted):
        wait_until(lambda: self.row() == wanted or self.row()[0] not in ("waiting", wanted[0]), seconds=30)
        self.assertEqual(self.row(), wanted)

    def test_what_the_server_refuses_for_good_is_given_up_at_once(self):
        self.controller.start()
        self.start()
        for number, (recipient, message) in enumerate(((None, "552 too large"), ("550 no such user", None))):
            self.mailbox.recipient_answer, self.mailbox.message_answer = recipient, message
            self.queue(1, "csr-invitation", "ar@shop.example.com")
            self.ended("given_up", 1, "smtp.refused", (recipient or message)[:3])
            self.assertEqual(self.waiting(), 0)
            self.assertEqual(self.log().count("event=mail.given_up"), number + 1)
            self.assertEqual(self.sql("SELECT actor, detail FROM audit WHERE action = 'mail.given_up' AND seq ="
                                      " (SELECT max(seq) FROM audit)"), [("courier", "smtp.refused")])
            self.sql("DELETE FROM outbox")
        self.assertEqual(self.mailbox.envelopes, [])

    def test_what_no_mail_can_be_made_of_is_given_up_at_once(self):
        self.start()
        self.queue(1, "csr-invitation", "a%b@shop.example.com")
        self.ended("given_up", 1, "mail.unsendable", "csr-invitation")

    def test_what_is_put_off_waits_ever_longer_and_is_given_up_after_five_days(self):
        self.mailbox.recipient_answer = "451 greylisted"
        self.controller.start()
        self.start()
        self.queue(1, "csr-invitation", "ar@shop.example.com")
        for attempts, delay in ((1, 2), (2, 10), (3, 60), (4, 300), (5, 900), (6, 3600), (7, 14400), (8, 14400)):
            since = int(time.time())
            self.sql("UPDATE outbox SET next_try = ? WHERE attempts = ?", since, attempts - 1)
            wait_until(lambda: self.row()[:2] == ("waiting", attempts))  # pylint: disable=cell-var-from-loop
            ((due,),) = self.sql("SELECT next_try FROM outbox")
            self.assertIn(delay, range(due - int(time.time()), due - since + 1))
        self.assertEqual(self.row(), ("waiting", 8, "smtp.later", "451"))
        # The last attempt is made when the five days are over, not hours later.
        since = int(time.time())
        end = since + 600
        self.sql("UPDATE outbox SET next_try = ?, queued = ?", since, end - 5 * 86400)
        wait_until(lambda: self.row()[1] == 9)
        self.assertEqual(self.sql("SELECT state, next_try FROM outbox"), [("waiting", end)])
        self.sql("UPDATE outbox SET next_try = ?, queued = ?", since, since - 5 * 86400)
        self.ended("given_up", 10, "smtp.later", "451")
        self.assertEqual(self.mailbox.envelopes, [])

    def test_a_service_that_stood_still_for_a_week_gives_nothing_up_untried(self):
        self.start()
        self.kill()
        self.queue(1, "csr-invitation", "ar@shop.example.com")
        self.sql("UPDATE outbox SET queued = queued - 7 * 86400")
        self.start()
        wait_until(lambda: self.row()[1] == 2)
        self.assertEqual(self.row()[0], "waiting")
        self.controller.start()
        wait_until(lambda: self.mailbox.envelopes, seconds=40)
        self.ended("sent", *self.row()[1:])

    def test_a_server_that_is_away_or_serves_nobody_says_nothing_of_the_mail(self):
        self.start()
        self.queue(1, "csr-invitation", "ar@shop.example.com")
        wait_until(lambda: self.row()[2] == "smtp.connection")
        self.assertEqual(self.row()[0], "waiting")
        with socket.create_server((ADDRESS, PORT)) as closed:
            def greet():
                try:
                    while True:
                        client, _ = closed.accept()
                        with client:
                            client.sendall(b"554 no service here\r\n")
                            client.recv(100)
                except OSError:
                    pass
            threading.Thread(target=greet, daemon=True).start()
            wait_until(lambda: self.row()[2:] == ("smtp.later", "554"), seconds=40)
            self.assertEqual(self.row()[0], "waiting")
            closed.shutdown(socket.SHUT_RDWR)

    def test_what_has_lost_its_purpose_is_not_sent_and_what_tells_of_a_key_always_is(self):
        """Each kind in each state of its enrolment, and withdrawn."""
        walking = {"open", "confirmed", "validated", "issuing", "issued"}
        states = walking | {"rejected", "accepted", "declined"}
        worth = {"csr-invitation": walking, "dcv-passed": {"validated"}, "certificate-reminder": {"issued"},
                 "certificate-issued": states, "certificate-unanswered": states, "key-registered": states,
                 "key-blocked": states, "caa-refused": states}
        self.start()
        self.kill()
        numbers, sent, lapsed = iter(range(1, 250)), set(), set()
        for kind in worth:
            for state in sorted(states) + ["withdrawn"]:
                number = next(numbers)
                self.queue(number, kind, "%d@shop.example.com" % number)
                identity = bytes([number]) + bytes(15)
                if state == "withdrawn":
                    self.sql("UPDATE application SET state = 'withdrawn' WHERE id = ?", identity)
                else:
                    self.sql("UPDATE enrolment SET state = ? WHERE id = ?", state, identity)
                (sent if state in worth[kind] or worth[kind] == states else lapsed).add("%d@shop.example.com" % number)
        self.controller.start()
        self.start()
        wait_until(lambda: self.waiting() == 0, seconds=60)
        self.assertEqual({envelope.rcpt_tos[0] for envelope in self.mailbox.envelopes}, sent)
        self.assertEqual({row for row, in self.sql("SELECT recipient FROM outbox WHERE state = 'lapsed'")}, lapsed)

    def test_yesterdays_warning_to_the_operator_is_not_sent_behind_todays(self):
        self.start()
        self.kill()
        for kind in ("list-ageing", "suffixes-ageing"):
            for day in ("1", "2"):
                self.queue(0, kind, f"{kind}-{day}@ecert.example.net", day=day)
        self.sql("UPDATE outbox SET queued = queued - 86400 WHERE recipient LIKE '%-1@%'")
        self.controller.start()
        self.start()
        wait_until(lambda: self.waiting() == 0)
        self.assertEqual({envelope.rcpt_tos[0] for envelope in self.mailbox.envelopes},
                         {"list-ageing-2@ecert.example.net", "suffixes-ageing-2@ecert.example.net"})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
