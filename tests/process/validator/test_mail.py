#!/usr/bin/env python3
"""Codes by mail, from the validator as a process into a mailbox of aiosmtpd: only constructed addresses
ever get one, each challenge and address has its own, sent again it is the same mail, and only what
was mailed passes.

    test_mail.py PROGRAM WEB_BUILD_FOLDER
"""
import email
import email.policy
import os
import re
import shutil
import sys
import tempfile
import time
import unittest

from aiosmtpd.controller import Controller

from dns_world import APEX, DnsWorld, free_port
from messages import IA5, OCTETS, UTF8, Answer, Challenge, check_request, element, elements, integer, sequence
from validator_process import Primary

ADDRESS = "127.86.1.4"
EMAIL = 4
OK, ERR_INPUT, ERR_DENIED, ERR_UNSUPPORTED = 0, 1, 3, 14
DAY = 86400
LOCAL_PARTS = ("admin", "administrator", "webmaster", "hostmaster", "postmaster")
# Given to the validator as if a portal that somebody else owns had sent them.
HOSTILE = ("root@{0}", "info@{0}", "Admin@{0}", "admin@{0}.", "admin@other.example.net", "admin@com",
           "admin@x{0}", "admin", "admin@", "@{0}", "admin@{0},root@evil.example", "admin@{0}>",
           "<admin@{0}>", "admin@{0}\r\nRCPT TO:<root@evil.example>", "admin@{0}\nBcc: x@evil.example",
           "admin@{0}\0", "admin%evil.example@{0}", '"admin"@{0}', "admin @{0}", "admin@evil.example@{0}",
           "postmaster@[127.0.0.1]", "admin@sub.{0}")


class Mailbox:
    """Keeps what comes; some recipients are refused or put off."""

    def __init__(self):
        self.mails = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address.startswith("hostmaster@"):
            return "550 5.1.1 no such user"
        if address.startswith("webmaster@"):
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"


def mail_request(challenge, address):
    body = sequence(challenge.der(), element(IA5, address.encode()))
    return sequence(integer(1), integer(2), body)


def code_request(challenge, address, code):
    proof = element(0xa0, element(IA5, address.encode()) + element(UTF8, code.encode()))
    body = sequence(element(OCTETS, b"a" * 16), challenge.der(), proof)
    return sequence(integer(1), integer(1), body)


class MailTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="ecert-mail-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.world = DnsWorld(cls.folder, ADDRESS, {
            "com": "", APEX: f"www A {ADDRESS}\n", "plain." + APEX: f"www A {ADDRESS}\n",
            "bogus." + APEX: 'www TXT "x"\nwww CAA 0 issue "ca.example.net"\n',
            "forged." + APEX: "", "dcv3.example.com": ""})
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.mailbox = Mailbox()
        port = free_port(ADDRESS)
        controller = Controller(cls.mailbox, hostname=ADDRESS, port=port)
        controller.start()
        cls.addClassCleanup(controller.stop)
        cls.mail_port = port
        cls.primary = cls.validator("primary", b"0123456789abcdef0123456789abcdef-one")

    @classmethod
    def validator(cls, name, key):
        primary = Primary(cls.folder, PROGRAM, cls.world, name)
        path = os.path.join(cls.folder, name + "-mail.key")
        with open(path, "wb") as file:
            file.write(key)
        os.chmod(path, 0o600)
        primary.service = f"""service {{
    run_directory = "{cls.folder}"
    data_directory = "{WEB}"
    trial = true
    users = false
}}
"""
        primary.more = f"""mail_key = "{path}"
    mail_from = "validation@ca.example.net"
    smtp = "{ADDRESS}:{cls.mail_port}"
"""
        cls.addClassCleanup(primary.stop)
        primary.start_on_socket()
        return primary

    def setUp(self):
        self.mailbox.mails.clear()

    def send(self, challenge, address, primary=None):
        """Error and reason."""
        with (primary or self.primary).connect() as connection:
            connection.send(mail_request(challenge, address))
            answer = connection.recv(4096)
        if not answer:
            return None, "disconnected"
        (_, content), = elements(answer)
        fields = elements(content)
        reason = ""
        for tag, inner in fields[3:]:
            if tag == 0xa0:
                parts = elements(inner)
                parts = elements(parts[0][1]) if parts[0][0] == 0x30 else parts
                reason = parts[0][1].decode()
        return int.from_bytes(fields[2][1], "big"), reason

    def mailed_code(self, challenge, address, primary=None):
        self.assertEqual(self.send(challenge, address, primary), (OK, ""))
        text = self.body(self.mailbox.mails[-1][2])
        codes = set(re.findall(r"^[a-z2-7]{4}(?:-[a-z2-7]{4}){5}$", text, re.M))
        self.assertEqual(len(codes), 1, text)
        return codes.pop()

    @staticmethod
    def body(content):
        mail = email.message_from_bytes(content, policy=email.policy.default)
        return mail.get_content().replace("\r\n", "\n")

    def judge(self, challenge, address, code):
        answer = self.primary.ask(code_request(challenge, address, code))
        self.assertEqual(answer.err, OK, answer.reason)
        self.assertTrue(self.primary.signature_holds(answer))
        return answer

    def challenge(self, name="www." + APEX, **more):
        return Challenge(name, method=EMAIL, **more)

    def test_the_code_that_was_mailed_passes(self):
        challenge, address = self.challenge(), f"postmaster@www.{APEX}"
        code = self.mailed_code(challenge, address)
        answer = self.judge(challenge, address, code)
        self.assertEqual((answer.dcv, answer.caa, answer.dnssec), ("passed", "permits", "secure"))
        self.assertEqual((answer.codes, answer.adn), (["dcv.mail_right", "caa.absent"], "www." + APEX))
        for typed in (code.upper(), code.replace("-", ""), code.replace("-", " "), f" {code} "):
            self.assertEqual(self.judge(challenge, address, typed).dcv, "passed", typed)

    def test_the_mail_says_what_it_is_in_three_languages_and_goes_to_one(self):
        challenge, address = self.challenge(), f"admin@{APEX}"
        code = self.mailed_code(challenge, address)
        sender, recipients, content = self.mailbox.mails[-1]
        mail = email.message_from_bytes(content, policy=email.policy.default)
        self.assertEqual((sender, recipients), ("validation@ca.example.net", [address]))
        self.assertEqual((mail["To"].strip("<>"), len(mail.get_all("Subject"))), (address, 1))
        self.assertEqual(self.body(content).count(code), 3)
        self.assertEqual(self.body(content).count(challenge.name), 3)

    def test_d17_a_mail_has_no_link_that_a_scanner_could_open(self):
        """The code is typed where its name was asked for, in a form; there is nothing to fetch."""
        self.mailed_code(self.challenge(), f"admin@{APEX}")
        self.assertNotRegex(self.body(self.mailbox.mails[-1][2]), r"(?i)https?:|www\.[^ ]*/|href")

    def test_sent_again_it_is_the_same_mail(self):
        challenge, address = self.challenge(), f"admin@{APEX}"
        self.mailed_code(challenge, address)
        time.sleep(1.1)
        self.mailed_code(challenge, address)
        self.assertEqual(self.mailbox.mails[0], self.mailbox.mails[1])

    def test_every_challenge_address_and_key_has_its_own_code(self):
        other = self.validator("other", b"0123456789abcdef0123456789abcdef-two")
        first = self.challenge()
        cases = [(first, f"admin@{APEX}", None), (first, f"postmaster@{APEX}", None),
                 (first, f"admin@www.{APEX}", None), (first, f"admin@{APEX}", other),
                 (self.challenge(nonce=b"m" * 16), f"admin@{APEX}", None),
                 (self.challenge(spki_hash=b"k" * 32), f"admin@{APEX}", None),
                 (self.challenge(name=f"mail.{APEX}"), f"admin@{APEX}", None)]
        codes = [self.mailed_code(*case) for case in cases]
        self.assertEqual(len(set(codes)), len(cases))
        for code in codes[1:]:
            self.assertEqual(self.judge(first, f"admin@{APEX}", code).codes[0], "dcv.mail_wrong")
        self.assertEqual(self.judge(first, f"admin@{APEX}", codes[0]).dcv, "passed")

    def test_what_is_not_the_code_fails(self):
        challenge, address = self.challenge(), f"admin@{APEX}"
        code = self.mailed_code(challenge, address)
        for typed in (code[:-1], code + "a", "a" + code, code[::-1], challenge.expected(), "-", "\u00e4" * 24,
                      challenge.expected()[:24], "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa", "x" * 64):
            answer = self.judge(challenge, address, typed)
            self.assertEqual((answer.dcv, answer.codes[0]), ("failed", "dcv.mail_wrong"), typed)
        self.assertEqual(self.judge(challenge, f"root@{APEX}", code).codes[0], "dcv.mail_address")
        answer = self.primary.ask(check_request(challenge))
        self.assertEqual((answer.dcv, answer.codes[0]), ("failed", "dcv.mail_no_code"))

    def test_the_report_holds_neither_the_code_nor_what_was_typed(self):
        challenge, address = self.challenge(), f"admin@{APEX}"
        code = self.mailed_code(challenge, address)
        for typed in (code, "aaaa-bbbb-cccc"):
            said = repr(self.judge(challenge, address, typed).steps)
            self.assertNotIn(code, said)
            self.assertNotIn("aaaa-bbbb", said)

    def test_d15_five_local_parts_at_the_name_or_a_parent_of_it(self):
        challenge = self.challenge(name="a.b." + APEX)
        for domain in ("a.b." + APEX, "b." + APEX, APEX, "example.com"):
            for part in LOCAL_PARTS:
                err, reason = self.send(challenge, f"{part}@{domain}")
                refused = {"hostmaster": (ERR_DENIED, "smtp.refused")}.get(part, (OK, ""))
                if part != "webmaster":
                    self.assertEqual((err, reason), refused)
                else:
                    self.assertEqual(reason, "smtp.later")
        code = self.mailed_code(challenge, "admin@example.com")
        self.assertEqual(self.judge(challenge, "admin@example.com", code).adn, "example.com")

    def test_d15_d16_nobody_else_ever_gets_a_mail(self):
        for pattern in HOSTILE:
            err, _ = self.send(self.challenge(), pattern.format("www." + APEX))
            self.assertNotEqual(err, OK, pattern)
        self.assertEqual(self.mailbox.mails, [])

    def test_a_wildcard_is_proved_at_its_base(self):
        challenge = self.challenge(name="*." + APEX)
        code = self.mailed_code(challenge, f"admin@{APEX}")
        answer = self.judge(challenge, f"admin@{APEX}", code)
        self.assertEqual((answer.dcv, answer.adn), ("passed", APEX))

    def test_only_challenges_by_mail_that_are_still_good_are_mailed(self):
        old = self.challenge(created=int(time.time()) - 31 * DAY)
        self.assertEqual(self.send(old, f"admin@{APEX}"), (ERR_DENIED, "dcv.expired"))
        self.assertEqual(self.send(Challenge("www." + APEX), f"admin@{APEX}"),
                         (ERR_UNSUPPORTED, "dcv.method_unsupported"))
        self.assertEqual(self.send(self.challenge(name="com.hk"), "admin@com.hk")[0], ERR_DENIED)
        self.assertEqual(self.mailbox.mails, [])

    def test_a_zone_whose_proof_is_broken_proves_nothing(self):
        challenge, address = self.challenge(name="www.bogus." + APEX), f"admin@bogus.{APEX}"
        code = self.mailed_code(challenge, address)
        self.assertEqual(self.judge(challenge, address, code).caa, "prohibits")

    def test_a_perspective_without_a_mailer_says_that_it_was_not_asked(self):
        plain = Primary(self.folder, PROGRAM, self.world, "plain")
        self.addCleanup(plain.stop)
        plain.start_on_socket()
        with plain.connect() as connection:
            connection.send(check_request(self.challenge()))
            packet = connection.recv(128 * 1024)
        answer = Answer(packet)
        self.assertEqual((answer.dcv, answer.caa), ("not_asked", "permits"))
        self.assertEqual(self.send(self.challenge(), f"admin@{APEX}", plain)[0], ERR_UNSUPPORTED)

    def test_nonsense_ends_the_connection(self):
        good = mail_request(self.challenge(), f"admin@{APEX}")
        for packet in (good[:-1], good + b"\0", sequence(integer(1), integer(2), sequence())):
            with self.primary.connect() as connection:
                connection.send(packet)
                self.assertEqual(connection.recv(1000), b"")


WEB = sys.argv.pop()
PROGRAM = os.path.abspath(sys.argv.pop())
if __name__ == "__main__":
    unittest.main(verbosity=2)
