#!/usr/bin/env python3
"""What a subscriber is told while the proof of a domain fails, and that it then succeeds: the whole
service with real zones, asked by its API. Nothing is lost on the way and nothing moves on."""
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import unittest
import urllib.error
import urllib.request

from letter import FORM, Letter
from world import BUILD, World, wait_until

ZONES = ("shop.example.com", "example.com", "example.net", "example.org")
DAY = 86400
LANGUAGES = ("en", "zh-HK", "zh-CN")


class Enrolment:
    """One approved application and its session at the portal."""

    def __init__(self, world, name, form=None):
        self.world, self.name = world, name
        self.letter = Letter(world, form or dict(FORM, names=[name]), self.entered)
        self.reference, self.pin = self.letter.reference, self.letter.pin
        self.folder = self.letter.folder
        self.log_in()

    def entered(self, application):
        self.application = application
        self.before_approval()

    def before_approval(self):
        """Only for the government."""

    def log_in(self):
        self.token = None
        self.token = self.call("POST", "/session", {
            "server_name": self.name, "reference": self.reference, "pin": self.pin})["token"]
        self.confirm()
        self.choose()

    def confirm(self):
        self.call("POST", "/enrolment/confirm", {"chinese": False})

    def choose(self):
        challenges = self.call("POST", "/enrolment/dcv", {"method": "dns"})["challenges"]
        self.host, self.value = challenges[0]["host"], challenges[0]["value"]

    def ask(self, method, path, body=None, language="en"):
        """Status and answer."""
        headers = {"Content-Type": "application/json", "Accept-Language": language}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        request = urllib.request.Request(
            self.world.portal + "/api/v1" + path, method=method, headers=headers,
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, text = response.status, response.read()
        except urllib.error.HTTPError as problem:
            with problem:
                status, text = problem.code, problem.read()
        return status, json.loads(text) if text else None

    def call(self, method, path, body=None, language="en"):
        status, answer = self.ask(method, path, body, language)
        if status >= 300:
            raise AssertionError(f"{method} {path}: {status} {answer}\n{self.world.logs()}")
        return answer

    def check(self):
        """Check now, and what came of it; what was proved before is looked at without being asked for."""
        wait_until(lambda: self.call("GET", "/enrolment/dcv")["state"] != "checking", 40, "the look at CAA")
        if self.call("GET", "/enrolment/dcv")["state"] == "passed":
            return self.call("GET", "/enrolment/dcv")
        wait_until(lambda: self.ask("POST", "/enrolment/dcv/check", {})[0] == 202, 90,
                   "another check to be allowed")
        wait_until(lambda: self.call("GET", "/enrolment/dcv")["state"] not in
                   ("pending", "checking"), 40, "the check's end")
        return self.call("GET", "/enrolment/dcv")

    @property
    def state(self):
        return self.call("GET", "/enrolment")["state"]


class Dcv(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)

    def assert_fails(self, enrolment, dcv, caa=None):
        """With this code from everybody, a hint in each language, and nothing changed."""
        answer = enrolment.check()
        self.assertEqual(answer["state"], "failed")
        result, = answer["results"]
        self.assertFalse(result["passed"])
        self.assertEqual(len(result["perspectives"]), 6)
        for perspective in result["perspectives"]:
            codes = [step["code"] for step in perspective["steps"]]
            self.assertIn(dcv, codes)
            if caa:
                self.assertIn(caa, codes)
        hints = set()
        for language in LANGUAGES:
            told, = enrolment.call("GET", "/enrolment/dcv", language=language)["results"]
            hints.add((told["next"], told["perspectives"][0]["steps"][0]["text"]))
        self.assertEqual(len(hints), len(LANGUAGES), hints)
        self.assertEqual(enrolment.state, "confirmed")
        self.assertEqual(answer["challenges"][0]["value"], enrolment.value)
        return result

    def place(self, enrolment, value):
        """In place of whatever stands there."""
        world = self.world
        zone = next(zone for zone in ZONES if enrolment.name.endswith(zone))
        key = re.search(r"# (hmac-sha256:\S+):(\S+)", world.read("subscriber/tsig.key"))
        update = (f"server {world.net}.0.53 5353\nzone {zone}.\nkey {key[1]} {key[2]}\n"
                  f"update delete {enrolment.host}. TXT\n"
                  f"update add {enrolment.host}. 60 TXT \"{value}\"\nsend\n")
        world.run("knsupdate", stdin=update)

    def test_a_missing_then_a_wrong_then_the_right_record(self):
        enrolment = Enrolment(self.world, "www.shop.example.com")
        self.assert_fails(enrolment, "dcv.txt_missing", "caa.authorises")
        self.place(enrolment, enrolment.value.upper())
        result = self.assert_fails(enrolment, "dcv.txt_wrong")
        step = result["perspectives"][0]["steps"][0]
        self.assertEqual((step["seen"], step["expected"]),
                         (enrolment.value.upper(), enrolment.value))
        status, problem = enrolment.ask("POST", "/enrolment/csr", {"csr": "anything"})
        self.assertEqual(status, 409, problem)
        self.place(enrolment, enrolment.value)
        self.assertEqual(enrolment.check()["state"], "passed")
        self.assertEqual(enrolment.state, "validated")

    def test_a_name_that_does_not_exist(self):
        self.assert_fails(Enrolment(self.world, "www.nowhere.shop.example.com"), "dcv.nxdomain")

    def test_a_broken_chain_of_trust(self):
        self.assert_fails(Enrolment(self.world, "www.bogus.example.com"), "dcv.bogus", "caa.bogus")

    def test_name_servers_that_do_not_answer(self):
        self.assert_fails(Enrolment(self.world, "lame.example.com"), "dcv.timeout")

    def test_a_domain_that_lets_others_issue_only(self):
        enrolment = Enrolment(self.world, "forbids.example.com")
        self.assert_fails(enrolment, "dcv.txt_missing", "caa.forbids")
        self.place(enrolment, enrolment.value)
        self.assertEqual(enrolment.check()["state"], "failed")
        for language in LANGUAGES:  # a record that can be copied as it stands
            told, = enrolment.call("GET", "/enrolment/dcv", language=language)["results"]
            self.assertIn('forbids.example.com. CAA 0 issue "ecert.example.net"', told["next"])

    def test_a_code_older_than_thirty_days_is_worth_nothing_and_replaced(self):
        enrolment = Enrolment(self.world, "www.shop.example.org")
        with sqlite3.connect(self.world.path("service/store/ecert.db"), timeout=30) as store:
            store.execute("UPDATE challenge SET created = created - ? WHERE name = ?",
                          (31 * DAY, enrolment.name))
        store.close()
        old, value = enrolment.call("GET", "/enrolment/dcv"), enrolment.value
        self.assertEqual((old["state"], old["challenges"]), ("expired", []))
        answer = enrolment.call("POST", "/enrolment/dcv/check", {})
        self.assertEqual(answer["state"], "expired")
        self.assertEqual(enrolment.state, "confirmed")
        enrolment.choose()
        self.assertNotEqual(enrolment.value, value)
        self.place(enrolment, enrolment.value)
        self.assertEqual(enrolment.check()["state"], "passed")

    def test_names_that_nobody_may_have_are_refused_before_anybody_signs(self):
        for name, edition, code in (
                ("*.com.hk", "wildcard", "name.public_suffix"), ("com.hk", "server", "name.public_suffix"),
                ("127.0.0.1", "server", "name.ip"), ("xn--a.example.com", "server", "name.idn"),
                ("a_b.example.com", "server", "name.underscore")):
            form = dict(FORM, names=[name], edition=edition)
            path = self.world.write("subscriber/refused.json", json.dumps(form))
            done = self.world.adm("application", "new", path, check=False)
            self.assertEqual(done.returncode, 1, name)
            self.assertIn(code, done.stdout + done.stderr)

    def test_one_silent_perspective_is_borne_and_two_are_not(self):
        enrolment = Enrolment(self.world, "www.shop.example.net")
        self.place(enrolment, enrolment.value)
        for name in ("perspective-1", "perspective-2"):
            os.kill(self.world.server_pid(name), signal.SIGTERM)
        answer = enrolment.check()
        self.assertEqual(answer["state"], "failed", answer)
        self.assertEqual(enrolment.state, "confirmed")
        self.start_perspective("perspective-2")
        answer = enrolment.check()
        self.assertEqual(answer["state"], "passed", answer)
        self.assertEqual(answer["results"][0]["quorum"], "5/6")
        self.start_perspective("perspective-1")

    def start_perspective(self, name):
        process = subprocess.Popen(
            [os.path.join(BUILD, "proc/supervisor/ecertd"), "perspective", "--config",
             self.world.path(name + ".conf")], stderr=subprocess.DEVNULL)
        self.addClassCleanup(process.wait)
        self.addClassCleanup(process.terminate)
        number = name.removeprefix("perspective-")
        wait_until(lambda: listens(f"{self.world.net}.1.{number}", 8443), 10, name)


def listens(address, port):
    with socket.socket() as attempt:
        return attempt.connect_ex((address, port)) == 0


if __name__ == "__main__":
    unittest.main(verbosity=2)
