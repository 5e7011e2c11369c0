#!/usr/bin/env python3
"""What goes over plain HTTP to an address that is not loopback: revocation lists, which are signed, and
nothing else. Runs in a network namespace of its own, where 192.0.2.10 is ours.

    test_plain.py ECERT
"""
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
import unittest

from hierarchy import Hierarchy
from tool import NAME, ToolTest

ADDRESS, PORT = "192.0.2.10", 8080
MARK = "ECERT_TEST_NAMESPACE"
SKIPPED = 77


def enter():
    """Starts this file again inside; meson counts the exit code 77 as skipped."""
    inside = f"ip link set lo up && ip address add {ADDRESS}/32 dev lo && exec \"$@\""
    command = ["unshare", "-rn", "sh", "-c", inside, "sh"]
    can = all(shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") for name in ("unshare", "ip")) and \
        subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0
    if not can:
        print("skipped: needs root or a user namespace, and the ip command")
        sys.exit(SKIPPED)
    os.environ[MARK] = "1"
    os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv])


class Plain(ToolTest):
    """A repository and a would-be portal at an address that anybody could have."""
    @classmethod
    def setUpClass(cls):
        cls.place = ToolTest.scratch_of_class(cls)
        cls.ca = Hierarchy(os.path.join(cls.place, "ca"), f"http://{ADDRESS}:{PORT}")
        cls.stranger = Hierarchy(os.path.join(cls.place, "stranger"), name="Stranger")

    def setUp(self):
        super().setUp()
        self.seen, self.answers = [], {}
        test = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One list a path; `answers` says where something else comes."""
            def do_GET(self):
                test.seen.append((self.path, {name.lower() for name in self.headers}))
                if self.path in test.answers:
                    try:
                        test.answers[self.path](self)
                    except OSError:
                        pass
                    return
                self.send_response(200)
                self.end_headers()
                with open(test.ca.path(self.path[1:]), "rb") as file:
                    self.wfile.write(file.read())

            def do_POST(self):
                test.seen.append((self.path, {name.lower() for name in self.headers}))
                self.send_error(500)

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer((ADDRESS, PORT), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.json("chain", "install", self.ca.path("root.pem"), "--as", "root", "--fingerprint",
                  self.ca.fingerprint("root"))
        self.json("chain", "install", self.ca.path("new.pem"))

    def refresh(self, code):
        return [(one["url"], one["state"], one.get("reason"))
                for one in self.json("crl", "refresh", code=code)["lists"]]

    def test_a_list_is_fetched_by_a_request_that_says_nothing(self):
        url = f"http://{ADDRESS}:{PORT}/root.crl"
        self.assertEqual(self.refresh(0), [(url, "new", None)])
        self.assertEqual(self.json("crl", "list")["lists"][0]["state"], "fresh")
        self.assertEqual(self.refresh(2), [(url, "unchanged", None)])
        self.assertEqual(len(self.seen), 2)
        for path, headers in self.seen:
            self.assertEqual(path, "/root.crl")
            self.assertLessEqual(headers, {"host", "user-agent", "accept"})

    def send(self, status, body=b"", location=None):
        def answer(handler):
            handler.send_response(status)
            if location is not None:
                handler.send_header("Location", location)
            handler.end_headers()
            handler.wfile.write(body)
        self.answers["/root.crl"] = answer

    def test_what_is_not_signed_by_our_ca_is_refused(self):
        with open(self.stranger.path("root.crl"), "rb") as file:
            foreign = file.read()
        with open(self.ca.path("root.crl"), "rb") as file:
            ours = file.read()
        for body, reason in ((foreign, "crl.foreign"), (ours[:-1] + bytes([ours[-1] ^ 1]), "crl.signature"),
                             (ours[:-9], "crl.malformed"), (b"<html>log in to the hotel</html>",
                                                            "crl.malformed")):
            self.send(200, body)
            self.assertEqual(self.refresh(1)[0][1:], ("failed", reason))
        self.assertEqual(self.json("crl", "list")["lists"], [])

    def test_a_redirect_leads_nowhere(self):
        for location in (f"http://{ADDRESS}:{PORT}/ssl.crl", "http://127.0.0.1:1/", "file:///etc/passwd"):
            self.send(302, location=location)
            self.assertEqual(self.refresh(1)[0][1:], ("failed", "tool.crl_status"))
        self.assertEqual({path for path, _ in self.seen}, {"/root.crl"})

    def test_an_endless_answer_ends(self):
        def endless(handler):
            handler.send_response(200)
            handler.end_headers()
            while True:
                handler.wfile.write(b"\x30" * 1024 * 1024)
        self.answers["/root.crl"] = endless
        began = time.monotonic()
        self.assertEqual(self.refresh(1)[0][1:], ("failed", "http.too_long"))
        self.assertLess(time.monotonic() - began, 30)

    def test_a_pin_goes_to_no_portal_in_the_clear(self):
        self.json("request", "new", "--name", NAME, "--key", "p256")
        pin = self.write("pin", "1234567890123456")
        for url, reason in ((f"http://{ADDRESS}:{PORT}", "http.plain_off_loopback"),
                            (f"http://[::ffff:{ADDRESS}]:{PORT}", "api.url"),
                            (f"http://127.0.0.1@{ADDRESS}:{PORT}", "api.url")):
            said = self.json("enrol", "--portal", url, "--server-name", NAME, "--reference", "123456789",
                             "--pin-file", pin, code=1)
            self.assertEqual(said["problem"]["type"], "urn:ecert:problem:" + reason, url)
        self.assertEqual(self.seen, [])


if __name__ == "__main__":
    if MARK not in os.environ:
        enter()
    unittest.main(argv=["test_plain.py"], verbosity=1)
