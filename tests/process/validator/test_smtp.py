#!/usr/bin/env python3
"""A code's way by mail from end to end (BR 3.2.2.4.4): the validator hands it to a Postfix of its own place, which
asks the DNS of the test's Internet for the domain's mail servers and delivers to a Postfix there; what is
read in the mailbox and typed passes. Nothing is relaxed, and the kernel's packet counters judge that no
domain leads that mail to a special-purpose address, whichever way it is offered (doc/threats.md D7).
In the network namespaces of internet.py; Postfix needs users of its own, so the test needs root.

    test_smtp.py VALIDATOR WEB_BUILD_FOLDER DNS_FILTER
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import internet

internet.enter(users=True)
if not shutil.which("postfix"):
    internet.skip("postfix is not installed")

from authorities import ROOT_SERVERS, NameServer, Zone, start_together  # noqa: E402
from internet import Internet, Judge, Place, within  # noqa: E402
from mail_servers import Destination, Relay  # noqa: E402
from messages import IA5, OCTETS, UTF8, Answer, Challenge, element, elements, integer, sequence  # noqa: E402
from special import BLOCKS, addresses, kind  # noqa: E402
from validator_process import Primary  # noqa: E402

ROOT, MX, ELSEWHERE = "44.53.0.1", "46.1.0.25", "46.1.0.80"
EMAIL, PORT = 4, 2525
ADDRESSES = addresses()
RECORDS = f"""good MX 10 mx.good
good A {ELSEWHERE}
mx.good A {MX}
implicit A {MX}
mixed MX 10 inside.mixed
mixed MX 20 outside.mixed
inside.mixed A 10.0.0.25
inside.mixed AAAA fd00::25
outside.mixed A 192.168.1.25
outside.mixed A {MX}
none MX 0 .
none A {ELSEWHERE}
"""


def records():
    """Each special-purpose address as a mail server's, behind an alias, and as the domain's own."""
    lines = [RECORDS]
    for number, address in enumerate(ADDRESSES):
        lines += [f"m{number} MX 10 mx.m{number}\nmx.m{number} {kind(address)} {address}\n",
                  f"c{number} MX 10 alias.c{number}\nalias.c{number} CNAME mx.m{number}\n",
                  f"a{number} {kind(address)} {address}\n"]
    return "".join(lines)


def wait_until(question, what, seconds=120):
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.1)


class SmtpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="ecert-smtp-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        Internet()
        names = NameServer(cls.folder, "world", [
            Zone(".", ROOT, signed=True), Zone("com.", ROOT, signed=True),
            Zone("example.com.", ROOT, records(), signed=True)], [ROOT] + ROOT_SERVERS)
        cls.addClassCleanup(names.stop)
        start_together(names)
        cls.write("anchors", names.delegation_signer("."))
        cls.write("resolv.conf", f"nameserver {ROOT}\n")
        subprocess.run(["mount", "--bind", cls.folder + "/resolv.conf", "/etc/resolv.conf"], check=True)
        cls.destination, cls.relay = Destination("world"), Relay("p0", PORT, DNS_FILTER)
        for server in (cls.destination, cls.relay):
            cls.addClassCleanup(server.stop)
            server.start()
        cls.primary_start()
        # What the validator and its relay say to each other is not what is judged.
        cls.judge = Judge("p0", BLOCKS, [f"ip daddr 127.0.0.1 tcp {side} {PORT}" for side in ("dport", "sport")])

    @classmethod
    def primary_start(cls):
        cls.write("mail.key", "0123456789abcdef0123456789abcdef-smtp")
        cls.primary = Primary(cls.folder, VALIDATOR, Place("", cls.folder + "/anchors"))
        cls.primary.allow_localhost, cls.primary.namespace = False, "p0"
        cls.primary.service = (f'service {{ run_directory = "{cls.folder}" data_directory = "{WEB}"'
                               ' users = false }\n')
        cls.primary.more = (f'mail_key = "{cls.folder}/mail.key" mail_from = "validation@ca.example.net"'
                            f' smtp = "127.0.0.1:{PORT}"')
        cls.addClassCleanup(cls.primary.stop)
        cls.primary.start_on_socket()

    @classmethod
    def write(cls, name, text):
        with open(f"{cls.folder}/{name}", "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(f"{cls.folder}/{name}", 0o600 if name.endswith(".key") else 0o644)

    def mail(self, name, local_part="admin"):
        """Has the validator mail a code for a name of the zone to an address at it."""
        challenge = Challenge(name + ".example.com", method=EMAIL, nonce=os.urandom(16))
        address = f"{local_part}@{challenge.name}"
        with self.primary.connect() as connection:
            connection.send(sequence(integer(1), integer(2), sequence(
                challenge.der(), element(IA5, address.encode()))))
            (_, content), = elements(connection.recv(4096))
        self.assertEqual(elements(content)[2][1], b"\0", content)
        return challenge, address

    def typed(self, challenge, address, code):
        proof = element(0xa0, element(IA5, address.encode()) + element(UTF8, code.encode()))
        body = sequence(element(OCTETS, b"a" * 16), challenge.der(), proof)
        with self.primary.connect() as connection:
            connection.send(sequence(integer(1), integer(1), body))
            return Answer(connection.recv(128 * 1024))

    def received(self, address):
        """The code that somebody reads in the domain's mailbox."""
        wait_until(lambda: self.destination.mails(address), f"a mail to {address}\n{self.relay.log()}")
        mail, = self.destination.mails(address)
        codes = set(re.findall(r"^[a-z2-7]{4}(?:-[a-z2-7]{4}){5}$",
                               mail.get_payload(decode=True).decode().replace("\r", ""), re.M))
        code, = codes
        return code

    def settled(self, addresses_mailed):
        wait_until(lambda: set(addresses_mailed) <= set(self.relay.fates()), "the fate of each mail")
        fates = self.relay.fates()
        return {fates[address] for address in addresses_mailed}

    def test_the_domains_mail_server_gets_the_code_and_who_reads_and_types_it_passes(self):
        before = self.judge.counted()
        for name in ("good", "implicit"):
            challenge, address = self.mail(name)
            code = self.received(address)
            answer = self.typed(challenge, address, code)
            self.assertEqual((answer.err, answer.dcv, answer.caa, answer.dnssec, answer.adn),
                             (0, "passed", "permits", "secure", challenge.name), answer.steps)
            self.assertTrue(self.primary.signature_holds(answer))
            self.assertEqual(self.typed(challenge, address, code[:-1] + ("a" if code[-1] != "a" else "b")).dcv, "failed")
            self.assertEqual(self.typed(challenge, f"postmaster@{challenge.name}", code).dcv, "failed")
        # Where the DNS says that mail is to go, not where the name's website is.
        self.assertEqual(self.settled(["admin@good.example.com"]), {f"mx.good.example.com[{MX}]:25"})
        self.assertEqual(self.judge.counted(), before)

    def test_d7_beside_special_purpose_addresses_the_public_one_gets_the_mail(self):
        before = self.judge.counted()
        _, address = self.mail("mixed")
        self.received(address)
        self.assertEqual(self.settled([address]), {f"outside.mixed.example.com[{MX}]:25"})
        self.assertEqual(self.judge.counted(), before)

    def test_a_domain_that_takes_no_mail_gets_none(self):
        _, address = self.mail("none")
        self.assertEqual(self.settled([address]), {"bounced"})

    def test_d7_no_packet_to_a_special_purpose_address_by_mail(self):
        """The judge can see: two packets by hand, and they are counted."""
        start = self.judge.counted()
        with within("p0"):
            for block, address in (("10.0.0.0/8", "10.0.0.1"), ("127.0.0.0/8", "127.0.0.9")):
                subprocess.run(["bash", "-c", f"echo > /dev/udp/{address}/25"], check=True)
                start[block] = start.get(block, 0) + 1
        before = self.judge.counted()
        self.assertEqual(before, start)
        mailed = [self.mail(f"{way}{number}")[1] for way in "mca" for number in range(len(ADDRESSES))]
        self.assertLessEqual(self.settled(mailed), {"deferred", "bounced"})
        self.assertEqual([address for address in mailed if self.destination.mails(address)], [])
        self.assertEqual(self.judge.counted(), before)


VALIDATOR, WEB, DNS_FILTER = map(os.path.abspath, sys.argv[1:4])
del sys.argv[1:]
if __name__ == "__main__":
    unittest.main(verbosity=2)
