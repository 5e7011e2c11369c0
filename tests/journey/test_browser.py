#!/usr/bin/env python3
"""Every page of the portal in Chromium: in each language, wide and narrow, light and dark; the walk with
JavaScript and without; one enrolment in two browsers.

Pictures of every page, at 1280 and 390 pixels, are kept in $ECERT_PICTURES if it is set.
"""
import os
import re
import sys
import unittest

import chromium
from chromium import LANGUAGES, messages, visit
from letter import FORM, Letter, example
from test_government import Government
from world import ROOT, World

SERVER = dict(FORM, names=["www.shop.example.com"],
              subject=dict(FORM["subject"], organisation_zh="例子商店有限公司"))
# One name in Chinese, one that looks Latin and is not.
ALL = dict(example("ev"), edition="ev-multi", names=["www.電子商店.example.org", "www.p\u0430ypal.example.org"])
# Scenes that need a mailbox each, for their codes.
MAILBOXES = dict(zip(LANGUAGES, ("admin", "hostmaster", "postmaster")))
# The paths of files, which are no pages; and what only machines ask for.
NO_PAGES = re.compile(r"^/(?:api/|static/|health$|crl/|root/\{)")


with open(os.path.join(ROOT, "proc/portal/office.c"), encoding="utf-8") as OFFICE:
    STANDINGS = sorted(set(re.findall(r'^    \[STANDING_\w+\] = "dcv\.office\.(\w+)"', OFFICE.read(), re.M)))


class Office(Government):
    """As far as the officers have come with its names: by the standings of proc/portal/office.c."""

    def __init__(self, world, standing):
        self.standing_wanted = standing
        super().__init__(world, f"{standing}.department.example.net")

    def before_approval(self):
        {"due": lambda: None, "pending": self.begin, "failed": self.fail, "expired": self.let_expire,
         "checking": super().before_approval}[self.standing_wanted]()

    def fail(self):
        self.begin()
        self.validate("--check")

    def let_expire(self):
        self.begin()
        self.change("UPDATE challenge SET created = created - 31 * 86400 WHERE name = ?", self.name)


class Browser(unittest.TestCase):
    subscribers = 0

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)
        cls.found = chromium.visits(cls.world, *cls.rounds())

    @classmethod
    def rounds(cls):
        """The long ones first; what finds what they leave, and what stops others, afterwards."""
        first, second = [], []
        for language in LANGUAGES:
            for javascript in (True, False):
                mode = "with" if javascript else "without"
                first.append(cls.visit(f"walk in {language} {mode} JavaScript", language, "walk", "keys", "next",
                                       "revoke", "again", javascript=javascript))
        for language in LANGUAGES:
            mailbox = f"{MAILBOXES[language]}@shop.example.com"
            first.append(cls.visit(f"mails in {language}", language, "mails", mailbox=mailbox))
            first.append(cls.visit(f"decline in {language}", language, "decline"))
            first.append(cls.visit(f"reject in {language}", language, "reject"))
            first.append(cls.visit(f"details in {language}", language, "details", form=ALL))
            second.append(cls.visit(f"everybody in {language}", language, "everybody"))
        together = Letter(cls.world, cls.of_a_subscriber(SERVER))
        cls.first_csr, other = (together.request(together.name, "p256") for _ in range(2))
        second.append(visit(together, "together", "en", "together", csr=cls.first_csr, other_csr=other))
        second += [cls.office(standing, "office") for standing in STANDINGS if standing != "checking"]
        third = [cls.visit("waits", "en", "waits", mailbox="administrator@shop.example.com",
                           told=told("issuance.stopped"))]
        return first, second, third, [cls.office("checking", "checking")]

    @classmethod
    def office(cls, standing, scene):
        office = Office(cls.world, standing)
        if standing == "checking":
            office.grow_old()
        return visit(office, f"office {standing}", "en", scene, standing=standing,
                     told=told("dcv.office." + standing))

    @classmethod
    def of_a_subscriber(cls, form):
        """Of its own: what one proves, the same one's next application need not prove again."""
        cls.subscribers += 1
        return dict(form, subject=dict(form["subject"], srn=f"{2142900 + cls.subscribers:010}"))

    @classmethod
    def visit(cls, name, language, *scenes, form=SERVER, **more):
        letter = Letter(cls.world, cls.of_a_subscriber(form))
        return visit(letter, name, language, *scenes, chinese=language != "en",
                     csr=letter.request(letter.name), **more)

    def assert_well(self, name):
        found = self.found[name]
        if "failure" in found:
            self.fail(found["failure"])
        self.assertEqual(found["faults"], [])

    def test_every_page_of_the_table_was_looked_at_in_every_language(self):
        with open(os.path.join(ROOT, "proc/portal/routes.c"), encoding="utf-8") as file:
            routes = [route for route in re.findall(r'\{ HTTP_(\w+), "([^"]+)"', file.read())
                      if not NO_PAGES.match(route[1])]
        self.assertGreater(len(routes), 30)
        for language in LANGUAGES:
            visits = [found for name, found in self.found.items() if name.endswith(language)
                      or f"{language} with JavaScript" in name]
            missing = [route for route in routes if not any(was_seen(route, found) for found in visits)]
            self.assertEqual(missing, [], language)

    def test_every_template_was_looked_at_in_every_language(self):
        """By its heading: the texts of the message that the template names there."""
        headings = {}
        for name in os.listdir(os.path.join(ROOT, "web/templates")):
            with open(os.path.join(ROOT, "web/templates", name), encoding="utf-8") as file:
                heading = re.search(r"<h1>\{\{t ([a-z_.]+)\}\}", file.read())
            if heading:
                headings[name] = heading[1]
        self.assertGreater(len(headings), 20)
        for language in LANGUAGES:
            texts = messages(language)
            seen = {one["heading"] for found in self.found.values() for one in found["looked"]
                    if one["language"] == language}
            missing = [name for name, heading in headings.items()
                       if not any(pattern(texts[heading]).fullmatch(one) for one in seen)]
            self.assertEqual(missing, [], language)

    def test_every_kind_of_server_was_looked_at(self):
        with open(os.path.join(ROOT, "proc/portal/steps.c"), encoding="utf-8") as file:
            softwares = re.findall(r'^    \{ "(\w+)", "', file.read(), re.M)
        looked = {one["path"] for one in self.found["walk in en with JavaScript"]["looked"]}
        self.assertLessEqual({f"/download/steps/{one}" for one in softwares}, looked)
        self.assertGreater(len(softwares), 5)

    def test_one_enrolment_in_two_browsers(self):
        """Nothing was done twice: one certificate, the first's key, no Chinese name, not declined."""
        self.assert_well("together")
        serial = self.found["together"]["kept"]["serial"].replace(" ", ":")
        certificates = self.world.adm("certificate", "list")
        self.assertEqual([one["state"] for one in certificates if one["serial"] == serial], ["accepted"], certificates)
        pem = self.world.run("curl", "-sSf", f"{self.world.portal}/repository/{serial.replace(':', '')}.pem").stdout
        told = self.world.run("openssl", "x509", "-noout", "-subject", "-pubkey", stdin=pem).stdout
        self.assertIn("O = Shop Example Limited,", told)
        self.assertIn(self.world.run("openssl", "req", "-noout", "-pubkey", stdin=self.first_csr).stdout, told)


def told(message):
    return {language: messages(language)[message] for language in LANGUAGES}


def was_seen(route, found):
    """Whether a visit posted to the route; or had its file; or had its page, and looked at it."""
    method, path = route[0], re.compile(re.sub(r"\{\w+\}", "[^/]+", route[1]))
    asked = [one for one in found["asked"] if one["method"] == method and path.fullmatch(one["path"])]
    if method == "POST":
        return bool(asked)
    given = [one for one in asked if one["status"] == 200]
    looked = any(path.fullmatch(one["path"]) for one in found["looked"])
    return bool(given) and (looked or not any(one.get("html") for one in given))


def pattern(text):
    return re.compile("".join(".*" if part.startswith("{") else re.escape(part)
                              for part in re.split(r"(\{\w+\})", text)))


def visit_test(name):
    return lambda self: self.assert_well(name)


NAMES = [f"walk in {language} {mode} JavaScript" for language in LANGUAGES for mode in ("with", "without")]
NAMES += [f"{scene} in {language}" for language in LANGUAGES
          for scene in ("mails", "decline", "reject", "details", "everybody")] + ["waits"]
NAMES += [f"office {standing}" for standing in STANDINGS]
for NAME in NAMES:
    setattr(Browser, "test_" + re.sub(r"\W", "_", NAME), visit_test(NAME))


if __name__ == "__main__":
    if chromium.why_not():
        print("skip:", chromium.why_not())
        sys.exit(77)
    unittest.main(verbosity=2)
