#!/usr/bin/env python3
"""The website method against servers that lie, redirect, dawdle and point into our own network. It runs
in a network namespace of its own, where every address of the Internet is this machine: a listener
on all of them counts who was connected to, and that count is the judge.

    test_website.py PROGRAM
"""
import collections
import concurrent.futures
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

INSIDE = "ECERT_WEBSITE_TEST_INSIDE"
if INSIDE not in os.environ:
    if subprocess.run(["unshare", "-rn", "true"], check=False).returncode != 0:
        sys.exit(77)
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-rn", sys.executable, "-B", *sys.argv])

from dns_world import APEX, DnsWorld  # noqa: E402
from messages import Challenge, check_request  # noqa: E402
from rebinder import Rebinder  # noqa: E402
from validator_process import Primary  # noqa: E402

ADDRESS = "127.86.1.3"
PATH = "/.well-known/pki-validation/fileauth.txt"
PUBLIC, OTHER, NGINX = "8.8.8.8", "9.9.9.9", "8.8.4.4"
WEBSITE = 18
CANARY = b"canary-7f3a91"
# One or two addresses of every block that the Internet doesn't have; the whole of it is in RFC 6890
# and the registries that followed.
SPECIAL = ["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.254", "100.64.0.1", "100.127.255.254",
           "127.0.0.1", "127.86.1.3", "169.254.169.254", "172.16.0.1", "172.31.255.254", "192.0.0.1",
           "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.1",
           "192.168.255.254", "192.175.48.1", "198.18.0.1", "198.19.255.254", "198.51.100.1",
           "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
           "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",
           "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:20::1", "2001:db8::1",
           "2002:7f00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1",
           "ff02::1"]
NEAR = ["11.0.0.1", "100.63.255.254", "100.128.0.1", "172.32.0.1", "172.15.255.254", "192.169.0.1",
        "223.255.255.254", "2606:4700::1", "2a00::1"]


def kind(address):
    return "AAAA" if ":" in address else "A"


def zone_records():
    lines = [f"*.web A {PUBLIC}\n", f"*.nginx A {NGINX}\n", f"mixed A 10.0.0.1\nmixed A {PUBLIC}\n",
             "nowhere TXT x\n", f"*.barred A {PUBLIC}\n", 'barred CAA 0 issue "another.example"\n',
             f"six AAAA 2a00::6\nsix A {PUBLIC}\n"]
    for number, address in enumerate(SPECIAL):
        lines.append(f"s{number}.special {kind(address)} {address}\n")
        lines.append(f"c{number}.special CNAME s{number}.special\n")
    for number, address in enumerate(NEAR):
        lines.append(f"near{number} {kind(address)} {address}\n")
    return {"com": "", APEX: "".join(lines), "plain." + APEX: "", "bogus." + APEX:
            'x TXT "x"\nx CAA 0 issue "x"\n', "forged." + APEX: "", "dcv3.example.com": ""}


def answer(status, body=b"", *headers):
    lines = [f"HTTP/1.1 {status} Some", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(location, status=302, body=b""):
    return answer(status, body, "Location: " + location)


class Sites:
    """Port 80, 443 and some others of every address there is. What a host answers is a function of the
    connection, or bytes; who was connected to is counted."""

    PORTS = [80, 443, 22, 25, 8080]

    def __init__(self):
        self.hosts, self.connected, self.requests = {}, collections.Counter(), []
        for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            for port in self.PORTS:
                listener = socket.socket(family, socket.SOCK_STREAM)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listener.bind((any_address, port))
                listener.listen(256)
                threading.Thread(target=self.run, args=(listener,), daemon=True).start()

    def run(self, listener):
        while True:
            connection, _ = listener.accept()
            self.connected[connection.getsockname()[:2]] += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(4096)
                    if not piece:
                        return
                    head += piece
                self.requests.append(head)
                host = [line[5:].strip().decode() for line in head.split(b"\r\n")
                        if line.lower().startswith(b"host:")][0]
                said = self.hosts.get(host, answer(404, b"unknown"))
                if callable(said):
                    said(connection, head)
                else:
                    connection.sendall(said)
            except OSError:
                pass


def namespace_prepare():
    for command in ("ip link set lo up", "ip route add local 0.0.0.0/0 dev lo",
                    "ip -6 route add local ::/0 dev lo"):
        subprocess.run(command.split(), check=True)


class WebsiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        namespace_prepare()
        cls.folder = tempfile.mkdtemp(prefix="ecert-website-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.world = DnsWorld(cls.folder, ADDRESS, zone_records())
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.rebinder = Rebinder(ADDRESS, PUBLIC, "127.0.0.1")
        cls.world.forged_server = f"{ADDRESS}@{cls.rebinder.port}"
        cls.rebinder.start()
        cls.primary = cls.validator("primary")
        cls.sites = Sites()

    @classmethod
    def validator(cls, name, extra=""):
        primary = Primary(cls.folder, PROGRAM, cls.world, name)
        primary.source = ""
        primary.more = extra
        cls.addClassCleanup(primary.stop)
        primary.start_on_socket()
        return primary

    def challenge(self, name, **more):
        return Challenge(f"{name}.{APEX}", method=WEBSITE, **more)

    def ask(self, challenge, primary=None):
        primary = primary or self.primary
        reply = primary.ask(check_request(challenge))
        self.assertEqual(reply.err, 0, reply.reason)
        for step in reply.steps:
            self.assertNotIn(CANARY.decode(), "".join(step))
        return reply

    def serve(self, challenge, said):
        self.sites.hosts[challenge.name] = said

    def assert_passes(self, challenge):
        reply = self.ask(challenge)
        self.assertEqual((reply.dcv, reply.caa, reply.dnssec), ("passed", "permits", "secure"),
                         reply.steps)
        return reply

    def assert_fails(self, challenge, code):
        reply = self.ask(challenge)
        self.assertEqual(reply.dcv, "failed", reply.steps)
        self.assertIn(code, reply.codes)
        return reply

    def connections(self, *addresses):
        return sum(count for (address, _), count in self.sites.connected.items()
                   if address in addresses)

    def test_the_value_in_the_file_passes(self):
        for number, end in enumerate(("", "\n", "\r\n", " \t\r\n\n")):
            challenge = self.challenge(f"good{number}.web")
            self.serve(challenge, answer(200, challenge.expected().encode() + end.encode()))
            reply = self.assert_passes(challenge)
            self.assertEqual(reply.codes, ["dcv.web_found", "caa.absent"])
        self.assertTrue(any(head.startswith(f"GET {PATH} HTTP/1.1\r\n".encode())
                            and b"User-Agent: ecert-validator/1" in head
                            for head in self.sites.requests))

    def test_the_value_is_never_in_the_request(self):
        challenge = self.challenge("quiet.web")
        self.serve(challenge, answer(200, challenge.expected().encode()))
        self.assert_passes(challenge)
        self.assertNotIn(challenge.expected().encode(), b"".join(self.sites.requests))

    def test_anything_but_the_value_alone_fails(self):
        for number, change in enumerate((
                lambda value: value[:-1], lambda value: value + "x", lambda value: " " + value,
                lambda value: "\ufeff" + value, lambda value: value.upper(), lambda value: "",
                lambda value: value + "\n" + value, lambda value: f"<html>{value}</html>",
                lambda value: value + "\0", lambda value: value + "\v")):
            challenge = self.challenge(f"wrong{number}.web")
            self.serve(challenge, answer(200, change(challenge.expected()).encode() + b"\n"))
            self.assert_fails(challenge, "dcv.web_wrong")

    def test_d4_only_a_success_proves_anything(self):
        for status in (300, 304, 400, 401, 403, 404, 410, 418, 500, 502, 503):
            challenge = self.challenge(f"status{status}.web")
            self.serve(challenge, answer(status, challenge.expected().encode()))
            self.assert_fails(challenge, "dcv.web_status")

    def test_d4_a_server_that_reflects_everything_proves_nothing(self):
        statuses = (200, 204, 206, 301, 404, 500)
        servers = "".join(f"""server {{ listen {NGINX}:8888; server_name r{status}.nginx.{APEX};
            location / {{ return {status} "$scheme://$host$request_uri $args $http_user_agent"; }} }}
""" for status in statuses)
        truth = self.challenge("right.nginx")
        late = self.challenge("missing.nginx")
        servers += f"""server {{ listen {NGINX}:8888; server_name {truth.name};
            location {PATH} {{ return 200 "{truth.expected()}"; }} }}
server {{ listen {NGINX}:8888; server_name {late.name};
            location / {{ return 404 "{late.expected()}"; }} }}
"""
        with Nginx(self.folder, servers):
            mapped = self.validator("mapped", "website_port = 8888")
            for status in statuses:
                reply = self.ask(self.challenge(f"r{status}.nginx"), mapped)
                self.assertEqual(reply.dcv, "failed", (status, reply.steps))
            self.assertIn("dcv.web_status", self.ask(late, mapped).codes)
            self.assertEqual(self.ask(truth, mapped).dcv, "passed")

    def test_d5_nobody_chooses_the_port_or_the_scheme(self):
        target = self.challenge("target.web")
        self.serve(target, answer(200, target.expected().encode()))
        name = target.name
        for number, location in enumerate((
                f"http://{name}:22{PATH}", f"http://{name}:25{PATH}", f"http://{name}:8080{PATH}",
                f"http://{name}:443{PATH}", f"https://{name}:80{PATH}", f"http://{name}:0{PATH}",
                f"http://{name}:65536{PATH}", f"http://user@{name}{PATH}",
                f"http://user:password@{name}{PATH}", f"ftp://{name}{PATH}", "file:///etc/passwd",
                f"gopher://{name}:80/_GET", f"http://[2a00::1]{PATH}", f"http://9.9.9.9{PATH}",
                f"http://0x09090909{PATH}", f"http://2155905152{PATH}", "javascript:alert(1)")):
            challenge = self.challenge(f"port{number}.web")
            self.serve(challenge, redirect(location))
            reply = self.ask(challenge)
            self.assertEqual(reply.dcv, "failed", location)
            self.assertTrue({"dcv.web_redirect_refused", "dcv.web_status", "dcv.web_broken"}
                            & set(reply.codes), (location, reply.steps))
        self.assertEqual(self.sites.connected[(PUBLIC, 22)] + self.sites.connected[(PUBLIC, 25)]
                         + self.sites.connected[(PUBLIC, 8080)], 0)
        self.assertEqual(self.connections(OTHER, "2a00::1"), 0)

    def test_d6_random_redirect_graphs_are_walked_as_the_rules_say(self):
        chance = random.Random(18)
        for graph in range(60):
            start = self.challenge(f"n0.g{graph}.web")
            nodes = [f"n{i}.g{graph}.web.{APEX}" for i in range(chance.choice((2, 5, 14)))]
            straight = chance.random() < 0.5
            pages = {}
            for number, node in enumerate(nodes):
                onward = nodes[min(number + 1, len(nodes) - 1)] if straight else chance.choice(nodes)
                status = chance.choice((301, 302, 307, 308) * 4 + (303, 300, 304, 305))
                pages[node] = (status, onward)
                if number + 1 == len(nodes) or chance.random() < 0.1:
                    pages[node] = (chance.choice((200, 200, 201, 404)), None)
            for node, (status, onward) in pages.items():
                self.sites.hosts[node] = (answer(status, start.expected().encode()) if onward is None
                                          else redirect(f"http://{onward}{PATH}", status))
            reply = self.ask(start)
            self.assertEqual(reply.dcv, self.model(nodes[0], pages), (pages, reply.steps))

    @staticmethod
    def model(node, pages):
        seen = []
        while True:
            status, onward = pages[node]
            if onward is None:
                return "passed" if 200 <= status < 300 else "failed"
            seen.append(node)
            if status not in (301, 302, 307, 308) or onward in seen or len(seen) > 10:
                return "failed"
            node = onward

    def test_d6_ten_redirects_are_followed_and_not_eleven(self):
        for length, result in ((10, "passed"), (11, "failed")):
            start = self.challenge(f"h0.l{length}.web")
            for hop in range(length):
                self.sites.hosts[f"h{hop}.l{length}.web.{APEX}"] = redirect(
                    f"http://h{hop + 1}.l{length}.web.{APEX}/")
            self.sites.hosts[f"h{length}.l{length}.web.{APEX}"] = answer(
                200, start.expected().encode())
            self.assertEqual(self.ask(start).dcv, result)

    def test_d6_a_page_that_only_looks_like_a_redirect_leads_nowhere(self):
        target = self.challenge("meta-target.web")
        for number, said in enumerate((
                answer(200, f'<meta http-equiv="refresh" content="0;url=http://{target.name}/">'.encode()),
                answer(200, b"", f"Refresh: 0;url=http://{target.name}/"),
                answer(200, b"", f"Location: http://{target.name}/"),
                answer(302, b"", "Location:"))):
            challenge = self.challenge(f"meta{number}.web")
            self.serve(challenge, said)
            self.sites.hosts[target.name] = answer(200, challenge.expected().encode())
            self.assertEqual(self.ask(challenge).dcv, "failed")

    def test_d7_nothing_is_sent_to_special_purpose_addresses(self):
        with socket.create_connection(("10.0.0.1", 80)), socket.create_connection(("fd12:3456::1", 80)):
            time.sleep(0.2)
        self.assertEqual(self.connections("10.0.0.1", "fd12:3456::1"), 2)  # the judge can see
        self.sites.connected.clear()
        challenges = []
        for number, address in enumerate(SPECIAL):
            literal = f"[{address}]" if ":" in address else address
            for way, said in (("s", None), ("c", None),
                              ("r", redirect(f"http://s{number}.special.{APEX}{PATH}", 302, CANARY)),
                              ("l", redirect(f"http://{literal}{PATH}", 301, CANARY))):
                zone = "special" if said is None else "web"
                challenge = self.challenge(f"{way}{number}.{zone}")
                challenges.append(challenge)
                if said is not None:
                    self.serve(challenge, said)
        for name in {challenge.name for challenge in challenges if ".special." in challenge.name}:
            self.sites.hosts[name] = answer(200, CANARY)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            replies = list(pool.map(self.ask, challenges))
        self.assertEqual({reply.dcv for reply in replies}, {"failed"})
        self.assertEqual(self.connections(*SPECIAL), 0, self.sites.connected)
        self.assertGreaterEqual(self.connections(PUBLIC), 2 * len(SPECIAL))

    def test_d7_the_neighbours_of_the_blocks_are_visited(self):
        for number, address in enumerate(NEAR):
            challenge = self.challenge(f"near{number}")
            self.serve(challenge, answer(200, challenge.expected().encode()))
            self.assert_passes(challenge)
            self.assertGreaterEqual(self.connections(address), 1)

    def test_d7_beside_a_good_address_a_bad_one_is_passed_over(self):
        challenge = self.challenge("mixed")
        self.serve(challenge, answer(200, challenge.expected().encode()))
        before = self.connections("10.0.0.1")
        self.assert_passes(challenge)
        self.assertEqual(self.connections("10.0.0.1"), before)

    def test_d8_a_name_that_changes_its_address_never_leads_inside(self):
        before = self.connections("127.0.0.1"), self.connections(PUBLIC)
        challenge = Challenge(f"rebind.forged.{APEX}", method=WEBSITE)
        self.serve(challenge, answer(200, challenge.expected().encode()))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: self.ask(challenge), range(200)))
        self.assertEqual({reply.dcv for reply in replies}, {"passed", "failed"})
        self.assertEqual(self.connections("127.0.0.1"), before[0])
        self.assertGreater(self.connections(PUBLIC), before[1])
        self.assertGreater(self.rebinder.inside, 10)

    def test_d9_nothing_of_a_page_comes_back(self):
        for number, said in enumerate((
                answer(200, CANARY), answer(404, CANARY), answer(500, CANARY * 20),
                answer(200, CANARY, "X-Secret: " + CANARY.decode()), redirect(f"http://{CANARY.decode()}/"),
                b"HTTP/1.1 200 " + CANARY + b"\r\n\r\n" + CANARY, CANARY)):
            challenge = self.challenge(f"canary{number}.web")
            self.serve(challenge, said if number != 4 else redirect("http://x.example.com/" + CANARY.decode()))
            self.assertEqual(self.ask(challenge).dcv, "failed")

    def test_d30_a_flood_of_orders_visits_one_address_no_more_than_so_often(self):
        """By their redirects a few checks could make many visits; the listener counts them."""
        thrifty = Primary(self.folder, PROGRAM, self.world, "thrifty")
        thrifty.source, thrifty.checks_per_minute = "", 7
        self.addCleanup(thrifty.stop)
        thrifty.start_on_socket()
        for number in range(30):
            for hop in range(4):
                self.sites.hosts[f"f{number}h{hop}.web.{APEX}"] = redirect(
                    f"http://f{number}h{hop + 1}.web.{APEX}{PATH}")
        before, begun = self.connections(PUBLIC), time.monotonic()
        replies = [thrifty.ask(check_request(self.challenge(f"f{number}h0.web"))) for number in range(30)]
        given_back = 1 + (time.monotonic() - begun) * 7 / 60
        self.assertGreater(self.connections(PUBLIC) - before, 0)
        self.assertLessEqual(self.connections(PUBLIC) - before, 7 + given_back)
        self.assertEqual(replies[-1].reason, "dcv.target_busy")

    def test_d19_slow_and_endless_answers_end_at_the_deadline(self):
        def drip(connection, _head):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n")
            for _ in range(30):
                connection.sendall(b"x")
                time.sleep(1)

        def endless(connection, _head):
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 4096)

        def endless_head(connection, _head):
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                connection.sendall(b"X-More: " + b"x" * 4096 + b"\r\n")

        def silent(_connection, _head):
            time.sleep(30)

        cases = [("drip", drip, "dcv.web_timeout"), ("endless", endless, "dcv.web_too_large"),
                 ("head", endless_head, "dcv.web_too_large"), ("silent", silent, "dcv.web_timeout"),
                 ("over", answer(200, b"x" * 4097), "dcv.web_too_large"), ("full", answer(200, b"x" * 4096), "dcv.web_wrong")] * 5
        quick = self.challenge("quick.web")
        self.serve(quick, answer(200, quick.expected().encode()))

        def run(case):
            name, said, code = case
            challenge = self.challenge(f"slow-{name}.web")
            self.serve(challenge, said)
            began = time.monotonic()
            self.assert_fails(challenge, code)
            return time.monotonic() - began

        with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
            slow = pool.map(run, cases)
            began = time.monotonic()
            self.assert_passes(quick)
            self.assertLess(time.monotonic() - began, 4)
            self.assertLess(max(slow), 12)

    def test_what_is_no_http_is_broken(self):
        for number, said in enumerate((b"", b"SSH-2.0-x\r\n", b"\x16\x03\x01\x02\x00", b"HTTP/0.9\r\n\r\n",
                                       b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\nshort")):
            challenge = self.challenge(f"broken{number}.web")
            self.serve(challenge, said)
            self.assert_fails(challenge, "dcv.web_broken")

    def test_nowhere_to_go(self):
        self.assert_fails(self.challenge("nowhere"), "dcv.web_no_address")
        self.assert_fails(self.challenge("absent"), "dcv.nxdomain")

    def test_d28_a_wildcard_is_not_proved_by_a_website(self):
        reply = self.primary.ask(check_request(self.challenge("*.web")))
        self.assertEqual(reply.reason, "dcv.method_unsupported")

    def test_caa_is_asked_beside_it(self):
        challenge = self.challenge("www.barred")
        self.serve(challenge, answer(200, challenge.expected().encode()))
        reply = self.ask(challenge)
        self.assertEqual((reply.dcv, reply.caa), ("passed", "prohibits"))

    def test_an_old_value_is_not_looked_for(self):
        challenge = self.challenge("old.web", created=int(time.time()) - 31 * 86400)
        self.serve(challenge, answer(200, challenge.expected().encode()))
        self.assert_fails(challenge, "dcv.expired")
        self.assertFalse(any(b"old.web" in head for head in self.sites.requests))


class Nginx:
    """A real one, with these servers."""

    def __init__(self, folder, servers):
        self.folder = os.path.join(folder, "nginx")
        os.mkdir(self.folder)
        with open(os.path.join(self.folder, "nginx.conf"), "w", encoding="ascii") as file:
            paths = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            file.write(f"daemon off;\nuser root;\npid {self.folder}/pid;\nevents {{}}\nhttp {{\n"
                       f"    access_log off;\n{paths}{servers}}}\n")

    def __enter__(self):
        self.process = subprocess.Popen(
            ["nginx", "-p", self.folder, "-e", "error.log", "-c", "nginx.conf"])
        for _ in range(100):
            try:
                socket.create_connection((NGINX, 8888)).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("nginx does not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)


PROGRAM = os.path.abspath(sys.argv.pop())
if __name__ == "__main__":
    unittest.main(verbosity=2)
