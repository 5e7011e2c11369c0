#!/usr/bin/env python3
"""Whom the validator never talks to: the special-purpose addresses, whichever way they are offered, with
the kernel's packet counters as the judge (doc/threats.md D7, D8). It runs as in public service,
nothing relaxed, in the network namespaces of internet.py.

    test_addresses.py VALIDATOR [--long]
"""
import concurrent.futures
import os
import shutil
import socket
import sys
import tempfile
import unittest

import internet

internet.enter()

from authorities import ROOT_SERVERS, NameServer, WebServer, Zone, start_together  # noqa: E402
from internet import Internet, Judge, Place, within  # noqa: E402
from messages import Challenge, check_request  # noqa: E402
from rebinder import Rebinder  # noqa: E402
from special import BLOCKS, addresses, kind  # noqa: E402
from validator_process import Primary  # noqa: E402

ROOT, REBINDER, PUBLIC = "44.53.0.1", "46.2.0.53", "46.1.0.80"
WEBSITE = 18
PATH = "/.well-known/pki-validation/fileauth.txt"
ROUNDS = 10000 if "--long" in sys.argv else 2000
ADDRESSES = addresses()
# As most servers lead on: to the same page, secured; and back, and further. Their certificate is nobody's.
SECURED = {"http://same.web.example.com": f"https://same.web.example.com{PATH}",
           "http://back.web.example.com": f"https://there.web.example.com{PATH}",
           "https://there.web.example.com": f"http://there.web.example.com{PATH}",
           "port.web.example.com": f"http://same.web.example.com:443{PATH}",
           "tls.web.example.com": f"https://same.web.example.com:80{PATH}"}


def literal(address):
    return f"[{address}]" if ":" in address else address


def records():
    lines = [f"*.web A {PUBLIC}\n", f"rebind NS ns.rebind\nns.rebind A {REBINDER}\n",
             f"mixed A 10.0.0.1\nmixed AAAA fd00::1\nmixed A {PUBLIC}\n"]
    for number, address in enumerate(ADDRESSES):
        lines += [f"s{number} {kind(address)} {address}\n", f"c{number} CNAME s{number}\n",
                  f"n{number} NS ns.n{number}\nns.n{number} {kind(address)} {address}\n"]
    return "".join(lines)


def redirects():
    """By name, by address, and to the secured port."""
    places = {}
    for number, address in enumerate(ADDRESSES):
        places[f"r{number}.web.example.com"] = f"http://s{number}.example.com{PATH}"
        places[f"t{number}.web.example.com"] = f"https://c{number}.example.com{PATH}"
        places[f"l{number}.web.example.com"] = f"http://{literal(address)}{PATH}"
    return {**places, **SECURED}


class AddressesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="ecert-addresses-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.net = Internet()
        names = NameServer(cls.folder, "world", [
            Zone(".", ROOT, signed=True), Zone("com.", ROOT, signed=True),
            Zone("example.com.", ROOT, records(), signed=True)], [ROOT] + ROOT_SERVERS)
        cls.addClassCleanup(names.stop)
        start_together(names)
        cls.mixed = Challenge("mixed.example.com", method=WEBSITE)
        cls.rebound = Challenge("www.rebind.example.com", method=WEBSITE)
        cls.secured = {host: Challenge(f"{host}.web.example.com", method=WEBSITE)
                       for host in ("same", "back", "port", "tls")}
        pages = {one.name: one.expected() for one in (cls.mixed, cls.rebound, cls.secured["same"])}
        web = WebServer(cls.folder, "world", {**pages, "there.web.example.com": cls.secured["back"].expected()},
                        redirects())
        cls.addClassCleanup(web.stop)
        web.start()
        with within("world"):
            cls.rebinder = Rebinder(REBINDER, PUBLIC, "127.0.0.1", port=53)
        cls.rebinder.start()
        with open(cls.folder + "/anchors", "w", encoding="ascii") as file:
            file.write(names.delegation_signer("."))
        cls.primary = Primary(cls.folder, VALIDATOR, Place("", cls.folder + "/anchors"))
        cls.primary.allow_localhost, cls.primary.namespace = False, "p0"
        cls.addClassCleanup(cls.primary.stop)
        cls.primary.start_on_socket()
        cls.judge = Judge("p0", BLOCKS)

    def setUp(self):
        """The judge can see: one packet by hand, and it is counted."""
        before = self.judge.counted()
        with within("p0"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as v4, \
                socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as v6:
            v4.sendto(b"", ("10.0.0.1", 9))
            v6.sendto(b"", ("fd00::1", 9))
        self.counted = self.judge.counted()
        self.assertEqual({block: count - before.get(block, 0) for block, count in self.counted.items()
                          if count != before.get(block, 0)}, {"10.0.0.0/8": 1, "fc00::/7": 1})

    def ask(self, challenge):
        reply = self.primary.ask(check_request(challenge))
        self.assertEqual(reply.err, 0, reply.reason)
        return reply

    def ask_all(self, challenges):
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            return list(pool.map(self.ask, challenges))

    def assert_nothing_left(self):
        self.assertEqual(self.judge.counted(), self.counted)

    def test_d7_no_packet_to_a_special_purpose_address(self):
        for way, zone in (("s", ""), ("c", ""), ("r", "web."), ("t", "web."), ("l", "web.")):
            replies = self.ask_all(Challenge(f"{way}{number}.{zone}example.com", method=WEBSITE)
                                   for number in range(len(ADDRESSES)))
            wanted = "dcv.web_redirect_refused" if way == "l" else "dcv.web_address"
            self.assertEqual({reply.dcv for reply in replies}, {"failed"})
            self.assertEqual([address for address, reply in zip(ADDRESSES, replies)
                              if wanted not in reply.codes], [])
            self.assert_nothing_left()

    def test_d7_nor_to_a_name_server_that_has_one(self):
        replies = self.ask_all(Challenge(f"www.n{number}.example.com", method=method)
                               for number in range(len(ADDRESSES)) for method in (7, WEBSITE))
        self.assertEqual({reply.dcv for reply in replies}, {"failed"})
        self.assertEqual({reply.caa for reply in replies}, {"permits"})   # the zones are proven to be insecure
        self.assert_nothing_left()

    def test_d5_a_secured_page_is_visited_whoever_certified_it_and_the_port_is_its_schemes(self):
        steps = self.ask(self.secured["same"])
        self.assertEqual((steps.dcv, steps.codes[:2]), ("passed", ["dcv.web_redirect", "dcv.web_found"]))
        self.assertIn("https://same.web.example.com:443", steps.steps[0][2])
        back = self.ask(self.secured["back"])
        self.assertEqual((back.dcv, back.codes[:3]),
                         ("passed", ["dcv.web_redirect", "dcv.web_redirect", "dcv.web_found"]))
        for host in ("port", "tls"):
            refused = self.ask(self.secured[host])
            self.assertEqual((refused.dcv, refused.codes[0]), ("failed", "dcv.web_redirect_refused"))

    def test_d7_beside_them_the_public_address_is_visited(self):
        self.assertEqual(self.ask(self.mixed).dcv, "passed")
        self.assert_nothing_left()

    def test_d8_a_name_that_changes_its_address_never_leads_inside(self):
        replies = self.ask_all(self.rebound for _ in range(ROUNDS))
        self.assertEqual({reply.dcv for reply in replies}, {"passed", "failed"})
        self.assertGreater(self.rebinder.inside, ROUNDS // 4)
        self.assert_nothing_left()


VALIDATOR = os.path.abspath(sys.argv[1])
del sys.argv[1:]
if __name__ == "__main__":
    unittest.main(verbosity=2)
