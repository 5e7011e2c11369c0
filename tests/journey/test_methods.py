#!/usr/bin/env python3
"""The two other ways to prove control of a domain, each on its whole way: a file on the subscriber's
nginx and a code in the mailbox, by the tool and by the page."""
import http.cookiejar
import json
import os
import re
import sqlite3
import unittest
import urllib.parse
import urllib.request

from test_dcv import Enrolment
from world import World, wait_until

CODE = re.compile(r"^[a-z2-7]{4}(?:-[a-z2-7]{4}){5}$", re.M)


class Browser:
    """Enough of one for forms without scripts."""

    def __init__(self, portal):
        self.portal = portal
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)
        self.opener.addheaders = [("Accept-Language", "en")]

    def get(self, path):
        with self.opener.open(self.portal + path, timeout=20) as answer:
            return answer.read().decode()

    def post(self, path, **fields):
        page = self.get("/dcv" if path.startswith("/dcv") else path)
        token = re.search(r'name="csrf" value="([^"]+)"', page)
        if token:
            fields["csrf"] = token[1]
        data = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.portal + path, data, {"Origin": self.portal})
        with self.opener.open(request, timeout=20) as answer:
            return answer.read().decode()


class LostKey(Enrolment):
    """Another host has proved the domain for a key that is nowhere any more."""
    KEY = "ab" * 32

    def choose(self):
        challenge, = self.call("POST", "/enrolment/dcv", {"method": "dns", "spki_sha256": self.KEY})["challenges"]
        self.world.script("txt", challenge["host"], challenge["value"])
        self.check()


class Methods(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)

    def applied(self):
        """A new approved application; its reference and PIN."""
        self.world.script("apply")
        return self.world.read("subscriber/reference"), self.world.read("subscriber/pin")

    def enrol(self, *options, check=True):
        world = self.world
        return world.run(
            "ecert", "enrol", "--portal", world.portal, "--server-name", world.server_name,
            "--reference", world.read("subscriber/reference"), "--pin-file",
            world.path("subscriber/pin"), "--accept", "--install-certificate",
            world.path("web/www.crt"), "--install-key", world.path("web/www.key"), "--after", "nginx",
            "-p", world.path("web"), "-e", "error.log", "-c", "nginx.conf", "-s", "reload", ";",
            *options, check=check)

    def request(self):
        self.world.run("ecert", "request", "new", "--name", self.world.server_name, "--key", "p256")

    def test_a_dry_run_foresees_what_every_place_will_say_and_proves_nothing(self):
        world = self.world
        reference, _ = self.applied()
        self.request()
        self.assertEqual(self.enrol("--dry-run", check=False).returncode, 1)  # the details are not confirmed
        self.assertEqual(self.enrol(check=False).returncode, 1)  # nobody places the record for it
        words = ["ecert", "--json", "enrol", "--dry-run", "--pin-file", world.path("subscriber/pin")]
        missing = world.run(*words, check=False)
        self.assertEqual(missing.returncode, 1, missing.stdout + missing.stderr)
        result, = json.loads(missing.stdout)["rehearsal"]["results"]
        self.assertEqual((result["quorum"], len(result["perspectives"])), ("0/6", 6))
        step = result["perspectives"][0]["steps"][0]
        self.assertEqual(step["code"], "dcv.txt_missing")
        world.script("txt", step["asked"].removeprefix("TXT "), step["expected"])
        there = world.run(*words)
        self.assertTrue(json.loads(there.stdout)["would_pass"])
        self.assertEqual(json.loads(there.stdout)["rehearsal"]["results"][0]["quorum"], "6/6")
        with sqlite3.connect(world.path("service/store/ecert.db"), timeout=30) as store:
            state, = store.execute("SELECT state, (SELECT count(*) FROM evidence WHERE enrolment = id),"
                                   " (SELECT count(*) FROM observation WHERE enrolment = id),"
                                   " (SELECT sum(attempts) FROM challenge WHERE enrolment = id)"
                                   " FROM enrolment WHERE reference = ?", (reference,)).fetchall()
        store.close()
        self.assertEqual(state, ("confirmed", 0, 0, 0))

    def codes(self):
        return CODE.findall(self.world.script("mailbox").stdout)

    def test_a_file_by_the_tool(self):
        self.applied()
        self.request()
        self.enrol("--webroot", self.world.path("web/pages"))
        self.assertIn("verify ok", self.world.script("verify").stdout)
        self.assertEqual(os.listdir(self.world.path("web/pages")), ["index.html"])

    def test_a_code_by_the_tool(self):
        self.applied()
        self.request()
        before = len(self.codes())
        waiting = self.enrol("--email", "postmaster@shop.example.com", check=False)
        self.assertNotEqual(waiting.returncode, 0)
        self.assertIn("ecert enrol --resume", waiting.stdout + waiting.stderr)
        wrong = self.enrol("--resume", "--email-code", "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa", check=False)
        self.assertIn("not the code", wrong.stdout + wrong.stderr)
        codes = self.codes()[before:]
        self.assertEqual(len(set(codes)), 1)
        self.enrol("--resume", "--email-code", codes[0])
        self.assertIn("verify ok", self.world.script("verify").stdout)

    def test_a_proof_for_a_lost_key_is_no_dead_end_for_the_tool(self):
        world = self.world
        other = LostKey(world, world.server_name)
        self.assertEqual((other.state, other.call("GET", "/enrolment/dcv")["spki_sha256"]),
                         ("validated", LostKey.KEY))
        world.write("subscriber/reference", other.reference)
        world.write("subscriber/pin", other.pin)
        os.chmod(world.path("subscriber/pin"), 0o600)
        by_dns = ("--dns-update", f"{world.net}.0.53@5353", "--tsig", world.path("subscriber/tsig.key"))
        foreign = json.loads(world.run("ecert", "request", "new", "--name", world.server_name, "--name",
                                       "www.elsewhere.example.com", "--key", "p256", "--json").stdout)["id"]
        refused = self.enrol(*by_dns, "--request", foreign, check=False)
        self.assertEqual(refused.returncode, 1, refused.stdout)
        self.assertIn(f"\n    ecert request new --name {world.server_name}\n", refused.stdout)
        self.assertEqual((other.state, other.call("GET", "/enrolment/dcv")["spki_sha256"]),
                         ("validated", LostKey.KEY))
        world.run("ecert", "cert", "remove", foreign, "--yes")
        self.request()
        told = self.enrol(*by_dns).stdout
        self.assertIn("It is begun anew for the key of this request", " ".join(told.split()))
        self.assertIn("verify ok", world.script("verify").stdout)
        self.assertEqual(other.state, "accepted")

    def test_a_record_at_a_parent_by_the_tool(self):
        self.applied()
        self.request()
        told = self.enrol("--dns-update", f"{self.world.net}.0.53@5353", "--tsig",
                          self.world.path("subscriber/tsig.key"), "--domain", "shop.example.com").stdout
        self.assertIn("_ecert-validation.shop.example.com", told)
        self.assertIn("verify ok", self.world.script("verify").stdout)

    def test_a_lasting_record_by_the_tool(self):
        dns = ("--dns-update", f"{self.world.net}.0.53@5353", "--tsig", self.world.path("subscriber/tsig.key"))
        self.applied()
        self.request()
        # The portal's record must be for the subscriber that the person knows himself to be.
        foreign = self.enrol(*dns, "--persist", "0002142878", check=False)
        self.assertEqual(foreign.returncode, 1)
        self.assertIn("does not name the account of subscriber 0002142878", " ".join(foreign.stdout.split()))
        told = self.enrol(*dns, "--persist", "0002142877").stdout
        self.assertIn("_validation-persist.www.shop.example.com", told)
        self.assertIn("verify ok", self.world.script("verify").stdout)
        # It stays, and is all that another key's certificate needs: nothing is placed and nobody asked.
        record = self.world.run("kdig", "+short", f"@{self.world.net}.0.53", "-p", "5353",
                                "_validation-persist.www.shop.example.com", "TXT").stdout
        self.assertIn("accounturi=acct:0002142877@", record)
        self.request()
        self.enrol("--persist", "0002142877", "--renew")
        self.assertIn("verify ok", self.world.script("verify").stdout)

    def test_both_by_the_page(self):
        reference, pin = self.applied()
        browser = Browser(self.world.portal)
        browser.post("/", server_name=self.world.server_name, reference=reference, pin=pin)
        browser.post("/confirm", chinese="no")
        page = browser.post("/dcv", method="website")
        place = "http://www.shop.example.com/.well-known/pki-validation/fileauth.txt"
        self.assertIn(place, page)
        file = browser.get(re.search(r'href="(/dcv/fileauth/[^"]+)"', page)[1])
        browser.post("/dcv/check")
        failed = wait_until(lambda: self.settled(browser), 60, "the first check")
        self.assertIn("another status than 200", failed)
        # Another method: other values, and the file proves nothing any more.
        page = browser.post("/dcv", method="email")
        self.assertNotIn(file.strip(), page)
        before = len(self.codes())
        browser.post("/dcv/mail", name=self.world.server_name, address="admin@example.com")
        codes = wait_until(lambda: self.codes()[before:], 30, "the mail")
        wait_until(lambda: 'action="/dcv/code"' in browser.get("/dcv"), 30, "the field for the code")
        browser.post("/dcv/code", name=self.world.server_name, code="aaaa-aaaa")
        wrong = wait_until(lambda: self.settled(browser), 60, "the wrong code")
        self.assertIn("not the code", wrong)
        browser.post("/dcv/code", name=self.world.server_name, code=codes[0])
        wait_until(lambda: "You have proved" in browser.get("/dcv") or "/csr" in browser.get("/dcv"),
                   60, "the proof")

    @staticmethod
    def settled(browser):
        page = browser.get("/dcv")
        return page if 'class="result' in page and "spinner" not in page else None


if __name__ == "__main__":
    unittest.main(verbosity=2)
