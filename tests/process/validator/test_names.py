#!/usr/bin/env python3
"""Resolving as on the Internet, from the root down and with nothing relaxed: zones that are signed,
forged, unsigned, silent and going in circles, and those who answer in a server's stead
(doc/threats.md D1, D2, D12). In the network namespaces of internet.py.

    test_names.py VALIDATOR [--long]
"""
import concurrent.futures
import os
import shutil
import socket
import struct
import sys
import tempfile
import threading
import time
import unittest

import internet

internet.enter()

from authorities import ALIEN_DS, ROOT_SERVERS, NameServer, Zone, start_together  # noqa: E402
from internet import Internet, Judge, Place, nft, within  # noqa: E402
from liar import CAA, TXT, Liar  # noqa: E402
from messages import Challenge, check_request  # noqa: E402
from validator_process import Primary  # noqa: E402

ROOT, LIAR, SIDE, TRUTH = "44.53.0.1", "46.3.0.53", "46.3.0.99", "46.3.0.54"
SPLITTER, SOURCE = "46.4.0.53", "46.4.0.54"
CHECKS = 2200 if "--long" in sys.argv else 60     # a check asks the liar for some ten things
NOW = int(time.time())


def named(name, **more):
    return Challenge(name + ".example.com", NOW, **more)


SIGNED, PLAIN, ALIEN = named("www"), named("www.plain"), named("www.alien")
LAME, GONE, LOOP = named("www.lame"), named("www.gone"), named("www.loop-a")
LARGE, CROSSED, WILDLY = named("large"), named("crossed"), named("x.wildly")
FORGED = named("www.forged.plain")
SPLIT_SIGNED, SPLIT_PLAIN = named("www.split"), named("www.torn")
LINKS = range(21)


def txt(challenge, value=None):
    name = challenge.name.removesuffix(".example.com")
    return f'_ecert-validation.{name} TXT "{value or challenge.expected()}"\n'


def chains():
    """Chains of 0 to 20 aliases before the value."""
    lines = []
    for count in LINKS:
        links = [f"_ecert-validation.chain{count}"] + [f"link{i}.chain{count}" for i in range(count)]
        lines += [f"{here} CNAME {there}\n" for here, there in zip(links, links[1:])]
        lines.append(f'{links[-1]} TXT "{named(f"chain{count}").expected()}"\n')
    return "".join(lines)


def example_com():
    filling = "".join(f'_ecert-validation.large TXT "{number:0200}"\n' for number in range(12))
    return (txt(SIGNED) + chains() + txt(LARGE) + filling
            + "a.circle CNAME b.circle\nb.circle CNAME a.circle\n_ecert-validation.circle CNAME a.circle\n"
            + "_ecert-validation.crossed CNAME value.plain\n"
            + f'*.wildly CNAME value.wild\nvalue.wild TXT "{WILDLY.expected()}"\n'
            # Each other's servers, and nobody has an address.
            + "loop-a NS ns.loop-b\nloop-b NS ns.loop-a\n"
            + f"gone NS ns.gone\nns.gone A {ROOT}\ngone {ALIEN_DS}\n")


def hierarchy():
    above = NameServer(cls_folder(), "world", [
        Zone(".", ROOT, signed=True), Zone("com.", ROOT, signed=True),
        Zone("example.com.", ROOT, example_com(), signed=True),
        Zone("plain.example.com.", ROOT, '@ CAA 0 issue "another.example"\n'
             + f'_ecert-validation.www TXT "{PLAIN.expected()}"\nwww CAA 0 issue "ca.example.net"\n'
             + f'value TXT "{CROSSED.expected()}"\n'),
        Zone("alien.example.com.", ROOT, f'_ecert-validation.www TXT "{ALIEN.expected()}"\n',
             signed=True, delegation="alien"),
        Zone("lame.example.com.", ROOT, served=False)], [ROOT] + ROOT_SERVERS)
    # Their parents point to those who stand before them.
    forged = NameServer(cls_folder(), "world", [
        Zone("forged.plain.example.com.", LIAR, '_ecert-validation.www TXT "the truth"\n')], [TRUTH])
    same_length = "x" * len(SPLIT_SIGNED.expected())
    split = NameServer(cls_folder(), "world", [
        Zone("split.example.com.", SPLITTER, f'_ecert-validation.www TXT "{same_length}"\n', signed=True),
        Zone("torn.example.com.", SPLITTER, f'_ecert-validation.www TXT "{same_length}"\n')], [SOURCE])
    return above, forged, split


def cls_folder():
    return NamesTest.folder


class Splitter(threading.Thread):
    """Answers in two fragments, of which the second is forged: the value that stood in it is the
    attacker's. Who plants such a fragment needs neither number nor port."""

    def __init__(self, values):
        super().__init__(daemon=True)
        self.values, self.forged = values, 0
        self.questions, self.server = Liar.bound(SPLITTER, 53), Liar.bound(SPLITTER, 0)
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def run(self):
        for number in range(1, 1 << 16):
            question, client = self.questions.recvfrom(4096)
            self.server.sendto(question, (SOURCE, 53))
            answer = self.server.recv(4096)
            at = answer.find(b"x" * 40)
            value = [value for name, value in self.values.items() if encode_part(name) in question.lower()]
            if at < 0 or not value:
                self.questions.sendto(answer, client)
                continue
            datagram = struct.pack("!4H", 53, client[1], len(answer) + 8, 0) + answer[:at] + value[0].encode() \
                + answer[at + len(value[0]):]
            cut = (at + 8) // 8 * 8
            for part, more, offset in ((datagram[:cut], 0x2000, 0), (datagram[cut:], 0, cut // 8)):
                self.raw.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(part), number, more | offset, 64,
                                            17, 0, socket.inet_aton(SPLITTER), socket.inet_aton(client[0]))
                                + part, client)
            self.forged += 1


def encode_part(name):
    return bytes([len(name)]) + name.encode()


class NamesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="ecert-names-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.net = Internet()
        servers = hierarchy()
        for server in servers:
            cls.addClassCleanup(server.stop)
        start_together(*servers)
        stranger = b"\0\5issueca.example.net"
        with within("world"):
            cls.liar = Liar(LIAR, (TRUTH, 53), FORGED.expected(), 53, SIDE, [
                ("plain.example.com", CAA, stranger), ("www.plain.example.com", CAA, stranger),
                ("_ecert-validation.www.forged.plain.example.com", TXT, b"\4" + b"gift")])
            cls.splitter = Splitter({"split": SPLIT_SIGNED.expected(), "torn": SPLIT_PLAIN.expected()})
        cls.liar.start()
        cls.splitter.start()
        with open(cls.folder + "/anchors", "w", encoding="ascii") as file:
            file.write(servers[0].delegation_signer("."))
        cls.primary = Primary(cls.folder, VALIDATOR, Place(Internet.address("p0"), cls.folder + "/anchors"))
        cls.primary.allow_localhost, cls.primary.namespace = False, "p0"
        cls.addClassCleanup(cls.primary.stop)
        cls.primary.start_on_socket()

    def ask(self, challenge):
        reply = self.primary.ask(check_request(challenge))
        self.assertEqual(reply.err, 0, reply.reason)
        return reply

    def assert_seen(self, challenge, dcv, caa, dnssec, code):
        reply = self.ask(challenge)
        self.assertEqual((reply.dcv, reply.caa, reply.dnssec), (dcv, caa, dnssec), reply.steps)
        self.assertIn(code, reply.codes)
        return reply

    def test_the_value_is_found_from_the_root_down(self):
        self.assert_seen(SIGNED, "passed", "permits", "secure", "dcv.txt_found")
        self.assert_seen(PLAIN, "passed", "permits", "insecure", "dcv.txt_found")

    def test_d1_a_zone_whose_keys_are_not_its_parents_is_bogus(self):
        self.assert_seen(ALIEN, "failed", "prohibits", "bogus", "dcv.bogus")

    def test_d1_forged_answers_are_not_believed_however_many(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(self.ask, [FORGED] * CHECKS))
        self.assertEqual({(reply.dcv, reply.caa) for reply in replies}, {("failed", "prohibits")})
        self.assertEqual({step[2] for reply in replies for step in reply.steps if step[0] == "dcv.txt_wrong"},
                         {"the truth"})
        self.assertGreater(self.liar.forged, CHECKS * 400)

    def test_d1_nor_with_the_right_number_if_question_or_letters_differ(self):
        """What he can reach with it is that nothing is seen; RFC 5452 section 9.2 and 0x20. Asked again
        without mixed letters, as libunbound does then, he has to find number and port anew."""
        self.addCleanup(setattr, self.liar, "near", None)
        before = self.liar.mixed
        for self.liar.near in (lambda name: name.lower() if name != name.lower() else name,
                               lambda name: b"\5other" + name):
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                replies = list(pool.map(self.ask, [FORGED] * (CHECKS // 8)))
            self.assertEqual({(reply.dcv, reply.caa) for reply in replies}, {("failed", "prohibits")})
        self.assertGreater(self.liar.mixed, before + CHECKS // 8)

    def test_d2_no_question_invites_more_than_1232_octets(self):
        self.ask(FORGED)
        self.assertEqual(max(self.liar.sizes), 1232)

    def test_d2_what_is_larger_comes_by_tcp(self):
        nft("p0", "-f", "-", text=f"""add table inet large
add chain inet large in {{ type filter hook prerouting priority -450; }}
add rule inet large in ip frag-off & 0x3fff != 0 counter comment "fragments"
add rule inet large in udp sport 53 udp length > 1240 counter comment "large"
add rule inet large in tcp sport 53 counter comment "stream"
""")
        self.addCleanup(nft, "p0", "delete", "table", "inet", "large")
        self.assert_seen(LARGE, "passed", "permits", "secure", "dcv.txt_found")
        counted = Judge.packets("p0", "large", "in")
        self.assertGreater(counted.pop("stream"), 0)
        self.assertEqual(counted, {"fragments": 0, "large": 0})

    def test_d2_a_forged_fragment_is_worth_nothing_in_a_signed_zone(self):
        self.assert_seen(SPLIT_SIGNED, "failed", "permits", "bogus", "dcv.bogus")
        self.assertGreater(self.splitter.forged, 0)

    def test_d2_a_host_that_drops_fragments_is_safe_in_every_zone(self):
        """Where zones are not signed, it is the host's own filter that helps (doc/architecture.md 3)."""
        self.assertEqual(self.ask(SPLIT_PLAIN).dcv, "passed")    # the forger can forge
        nft("p0", "-f", "-", text="""add table inet fragments
add chain inet fragments in { type filter hook prerouting priority -450; }
add rule inet fragments in ip frag-off & 0x3fff != 0 drop
""")
        self.addCleanup(nft, "p0", "delete", "table", "inet", "fragments")
        self.assertEqual(self.ask(SPLIT_PLAIN).dcv, "failed")

    def test_d12_eight_aliases_are_followed_and_not_nine(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda count: self.ask(named(f"chain{count}")), LINKS))
        self.assertEqual([reply.dcv for reply in replies], ["passed"] * 9 + ["failed"] * 12)

    def test_d12_circles_end(self):
        reply = self.ask(named("circle"))
        self.assertEqual(reply.dcv, "failed", reply.steps)

    def test_d12_an_alias_into_another_zone_and_under_a_wildcard(self):
        self.assert_seen(CROSSED, "passed", "permits", "insecure", "dcv.alias")
        self.assert_seen(WILDLY, "passed", "permits", "secure", "dcv.alias")

    def test_lame_and_circling_zones(self):
        self.assert_seen(LAME, "failed", "permits", "unknown", "caa.lookup_insecure")
        self.assert_seen(GONE, "failed", "prohibits", "bogus", "caa.bogus")
        self.assertEqual(self.ask(LOOP).dcv, "failed")


VALIDATOR = os.path.abspath(sys.argv[1])
del sys.argv[1:]
if __name__ == "__main__":
    unittest.main(verbosity=2)
