#!/usr/bin/env python3
"""A government subscriber's walk: officers have the names validated, the representative has nothing to
prove, and nothing is signed without evidence all the same."""
import json
import os
import re
import sqlite3
import subprocess
import unittest

from test_editions import Walk, example
from world import World, wait_until

EIGHT_HOURS = 8 * 3600


class Government(Walk):
    """Its officers validate before the approval."""

    def __init__(self, world, name):
        super().__init__(world, dict(example("government"), names=[name]))

    def before_approval(self):
        self.begin()
        self.place()
        self.validated()

    def validate(self, *words):
        """Exit code, and what was said."""
        done = self.world.adm("application", "validate", self.application, *words, check=False)
        return done.returncode, json.loads(done.stdout or done.stderr)

    def begin(self):
        code, shown = self.validate()
        assert code == 0, shown
        self.host, self.value = shown["names"][0]["host"], shown["names"][0]["value"]

    def place(self):
        self.world.script("txt", self.host, self.value)

    def take_down(self):
        world = self.world
        key = re.search(r"# (hmac-sha256:\S+):(\S+)", world.read("subscriber/tsig.key"))
        world.run("knsupdate", stdin=f"server {world.net}.0.53 5353\nzone example.net.\nkey {key[1]} {key[2]}\n"
                  f"update delete {self.host}. TXT\nsend\n")

    def validated(self):
        code, shown = self.validate("--check")
        if code != 0:
            raise AssertionError(json.dumps(shown, indent=1) + self.world.logs())
        return shown

    def standing(self):
        """What the list and the application itself say to officers; None while they differ."""
        row = next(row for row in self.world.adm("application", "list") if row["id"] == self.application)
        shown = self.world.adm("application", "show", self.application)
        return shown["validation"] if row["validation"] == shown["validation"] else None

    def confirm(self):
        """Later, in most of the tests."""

    def confirmed(self):
        return self.call("POST", "/enrolment/confirm", {"chinese": False})["state"]

    def grow_old(self, days=0):
        """As if the officers had validated nine hours ago, and so many days."""
        self.change("UPDATE evidence SET time = time - ? WHERE name = ?",
                    days * 86400 + EIGHT_HOURS + 3600, self.name)

    def change(self, statement, *values):
        with sqlite3.connect(self.world.path("service/store/ecert.db"), timeout=30) as store:
            store.execute(statement, values)
        store.close()


class Lasting(Government):
    """By a record that stays in the zone."""

    def begin(self):
        code, shown = self.validate("--method", "persistent")
        assert code == 0, shown
        name, = shown["names"]
        self.host, self.value = name["host"], name["value"]


class Unvalidated(Government):
    def before_approval(self):
        """Forgotten."""


class Journey(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(parts=("dns", "mail", "ca"))
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)

    def assert_issued(self, walk):
        download = walk.obtain()
        shown = subprocess.run(["openssl", "x509", "-noout", "-subject", "-ext", "subjectAltName"],
                               input=download["certificate"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("O = Hong Kong SAR Government", shown)
        self.assertEqual(re.findall(r"DNS:([^,\s]+)", shown), [walk.name])
        self.assertEqual(walk.state, "accepted")

    def issued(self):
        return int(self.world.adm("status")["signer.issued"])

    def test_from_the_form_to_the_certificate(self):
        test = self

        class Told(Government):
            def before_approval(self):
                test.assertEqual(self.standing(), "due")
                code, problem = self.validate("--check")
                test.assertEqual((code, problem["code"]), (1, "validation.values"))
                self.begin()
                code, shown = self.validate("--check")
                test.assertEqual((code, shown["standing"]), (1, "failed"))
                name, = shown["names"]
                test.assertEqual(name["quorum"], "0/6")
                for perspective in name["perspectives"]:
                    step = perspective["steps"][0]
                    test.assertEqual(step["code"], "dcv.nxdomain")
                    test.assertEqual(step["text"], "The domain itself does not exist in the DNS.")
                test.assertIn("Add the record exactly as shown", name["next"])
                self.place()
                shown = self.validated()
                test.assertEqual((shown["names"][0]["value"], shown["names"][0]["quorum"]), (self.value, "6/6"))
                test.assertEqual(self.standing(), "proved")

        walk = Told(self.world, "www.department.example.net")
        shown = walk.call("GET", "/enrolment")
        self.assertEqual((shown["government"], shown["methods"], shown["branch"]),
                         (True, [], "Example Department"))
        self.assertEqual(walk.confirmed(), "validated")
        self.assert_issued(walk)
        # The next certificate: proof that holds serves again; what is too old brings officers back.
        self.assertEqual(walk.call("POST", "/enrolment/next", {})["state"], "validated")
        self.assert_issued(walk)
        walk.grow_old(days=201)
        self.assertEqual(walk.call("POST", "/enrolment/next", {})["state"], "confirmed")
        self.assertEqual(walk.standing(), "due")
        value = walk.value
        walk.begin()
        self.assertNotEqual(walk.value, value)
        walk.place()
        walk.validated()
        wait_until(lambda: walk.state == "validated", 20, "the next step")
        self.assert_issued(walk)

    def test_a_lasting_record_serves_the_next_certificate_too(self):
        walk = Lasting(self.world, "lasting.department.example.net")
        self.assertTrue(walk.host.startswith("_validation-persist."), walk.host)
        self.assertIn("; accounturi=acct:", walk.value)
        self.assertEqual(walk.confirmed(), "validated")
        self.assert_issued(walk)
        walk.grow_old(days=11)  # nothing is to be placed again: it is looked at, and that is all
        self.assertEqual(walk.call("POST", "/enrolment/next", {})["state"], "confirmed")
        wait_until(lambda: walk.state == "validated", 30, "the look at the record")
        self.assert_issued(walk)

    def test_without_validation_it_gets_nowhere_until_officers_validate(self):
        walk = Unvalidated(self.world, "late.department.example.net")
        before = self.issued()
        self.assertEqual(walk.confirmed(), "confirmed")
        for path, body in (("/enrolment/dcv", {"method": "dns"}), ("/enrolment/dcv/check", {}),
                           ("/enrolment/csr", {"csr": "anything"})):
            status, problem = walk.ask("POST", path, body)
            self.assertEqual(status, 409, problem)
        self.assertEqual(walk.standing(), "due")
        walk.begin()
        walk.place()
        self.assertEqual((walk.state, self.issued()), ("confirmed", before))
        walk.validated()
        wait_until(lambda: walk.state == "validated", 20, "the next step")
        self.assertEqual(walk.standing(), "")
        self.assert_issued(walk)

    def test_yesterday_s_validation_is_looked_at_again_by_itself(self):
        walk = Government(self.world, "old.department.example.net")
        walk.grow_old()
        self.assertEqual(walk.standing(), "stale")
        self.assertEqual(walk.confirmed(), "confirmed")
        wait_until(lambda: walk.state == "validated", 30, "the automatic check")
        self.assert_issued(walk)

    def test_a_record_taken_down_meanwhile_leaves_the_proof_of_before(self):
        walk = Government(self.world, "gone.department.example.net")
        walk.grow_old()
        walk.take_down()
        self.assertEqual(walk.confirmed(), "confirmed")
        wait_until(lambda: walk.state == "validated", 30, "everybody's word on CAA")
        self.assert_issued(walk)

    def test_a_proof_that_is_lost_brings_officers_and_no_certificate(self):
        walk = Government(self.world, "lost.department.example.net")
        walk.grow_old()
        walk.take_down()
        walk.change("DELETE FROM observation WHERE name = ?", walk.name)
        before = self.issued()
        self.assertEqual(walk.confirmed(), "confirmed")
        wait_until(lambda: walk.standing() == "failed", 30, "the officers' word")
        self.assertEqual((walk.state, self.issued()), ("confirmed", before))
        walk.place()
        walk.validated()
        wait_until(lambda: walk.state == "validated", 20, "the next step")
        self.assert_issued(walk)

    def test_the_tool_waits_for_the_officers_and_resumes(self):
        world = self.world
        walk = Unvalidated(world, "tool.department.example.net")
        pin = world.write("government-pin", walk.pin)
        os.chmod(pin, 0o600)
        world.run("ecert", "request", "new", "--name", walk.name)
        files = [world.path("government.crt"), world.path("government.key")]
        command = ["ecert", "enrol", "--portal", world.portal, "--server-name", walk.name, "--reference",
                   walk.reference, "--pin-file", pin, "--accept", "--install-certificate", files[0],
                   "--install-key", files[1]]
        waiting = world.run(*command, check=False)
        self.assertEqual(waiting.returncode, 1, waiting.stdout + waiting.stderr)
        self.assertIn("officers", waiting.stdout + waiting.stderr)
        self.assertIn("ecert enrol --resume", waiting.stdout + waiting.stderr)
        walk.begin()
        walk.place()
        walk.validated()
        wait_until(lambda: walk.state == "validated", 20, "the next step")
        world.run(*command, "--resume")
        self.assertEqual(walk.state, "accepted")
        for file in files:
            self.assertTrue(os.path.exists(file), file)


if __name__ == "__main__":
    unittest.main(verbosity=2)
