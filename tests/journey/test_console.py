#!/usr/bin/env python3
"""Every page of `ecert console` in Chromium: in each language, wide and narrow, light and dark, by its keyboard;
and what was done there is what the commands see.

Pictures of every page, at 1280 and 390 pixels, are kept in $ECERT_PICTURES if it is set.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import chromium
from chromium import LANGUAGES, messages
from world import BUILD, ROOT

sys.path.insert(0, os.path.join(ROOT, "tests/process/ecert"))
from hierarchy import Hierarchy  # noqa: E402

ECERT = os.path.join(BUILD, "cli/ecert/ecert")
NAME = "www.shop.example.com"


class Subscriber:
    """A store, and a console over it."""
    def __init__(self, place, language, javascript):
        self.name = f"{language} {'with' if javascript else 'without'} JavaScript"
        self.place, self.language, self.javascript = place, language, javascript
        os.makedirs(self.path("pair"), mode=0o700)
        self.ca = Hierarchy(self.path("ca"))
        self.pending = self.run("request", "new", "--name", NAME, "--key", "p256", "--friendly", "Shop")["id"]
        shutil.copy(self.path(f"store/requests/{self.pending}/key.pem"), self.ca.path("own.key"))
        self.ca.sign("own", "/CN=" + NAME, "new", "basicConstraints=critical,CA:false\n"
                     f"extendedKeyUsage=serverAuth\nsubjectAltName=DNS:{NAME}\n" + self.ca.point("ssl"),
                     serial=0x40, key="own")
        self.process = subprocess.Popen([ECERT, "console", "--json", "--store", self.path("store")],
                                        stdout=subprocess.PIPE, text=True)
        self.entry = json.loads(self.process.stdout.readline())["url"]

    def path(self, name):
        return os.path.join(self.place, name)

    def run(self, *words):
        done = subprocess.run([ECERT, *words, "--store", self.path("store"), "--json"], stdout=subprocess.PIPE,
                              text=True, check=True)
        return json.loads(done.stdout)

    def visit(self):
        files = {"root": "root.pem", "new": "new.pem", "old": "old.pem", "list": "root.crl", "certificate": "own.pem"}
        return {
            "name": self.name, "scenes": ["subscriber"], "language": self.language, "javascript": self.javascript,
            "portal": re.match(r"https?://[^/]+", self.entry).group(0), "entry": self.entry, "pending": self.pending,
            "pair": self.path("pair"), "out": self.path("out.pfx"),
            "files": {name: self.ca.path(file) for name, file in files.items()}}

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout.close()


class Console(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="test_console_")
        cls.addClassCleanup(scratch.cleanup)
        cls.subscribers = []
        for language, javascript in [*((language, True) for language in LANGUAGES), ("en", False)]:
            place = os.path.join(scratch.name, f"{language}-{javascript}")
            cls.subscribers.append(Subscriber(place, language, javascript))
            cls.addClassCleanup(cls.subscribers[-1].stop)
        cls.typist = Subscriber(os.path.join(scratch.name, "keyboard"), "en", True)
        cls.addClassCleanup(cls.typist.stop)
        with open(cls.typist.ca.path("own.pem"), encoding="ascii") as file:
            typist = {**cls.typist.visit(), "name": "keyboard", "scenes": ["keyboard"], "pem": file.read()}
        asked = {"rounds": [[one.visit() for one in cls.subscribers], [typist]], "words": list(messages("en")),
                 "pictures": os.environ.get("ECERT_PICTURES"), "commands": {}}
        done = subprocess.run(["node", os.path.join(chromium.HERE, "browser/main.mjs")], input=json.dumps(asked),
                              text=True, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"{done.stdout}\n{done.stderr}")
        cls.found = {one["name"]: one for one in json.loads(done.stdout)}

    def test_every_page_was_come_by_and_is_well(self):
        for one in self.subscribers:
            found = self.found[one.name]
            self.assertNotIn("failure", found, one.name)
            self.assertEqual(found["faults"], [], one.name)
            self.assertGreater(len(found["looked"]), 50)

    def test_what_has_to_be_done_is_done_by_the_keyboard_alone(self):
        self.assertIsNone(self.found["keyboard"].get("failure"))
        states = {each["names"]: each["state"] for each in self.typist.run("cert", "list")["certificates"]}
        self.assertEqual(states["keys.shop.example.com"], "PendingRequest")
        self.assertNotEqual(states[NAME], "PendingRequest")
        for path in (self.typist.path("out.pfx"), self.typist.path("pair/keyboard.crt")):
            self.assertTrue(os.path.exists(path), path)

    def test_every_row_of_the_table_was_asked_for(self):
        with open(os.path.join(ROOT, "cli/ecert/console/routes.c"), encoding="utf-8") as file:
            rows = re.findall(r'\{ HTTP_(\w+), "([^"]+)"', file.read())
        self.assertGreater(len(rows), 30)
        asked = {(one["method"], one["path"]) for found in self.found.values() for one in found["asked"]}
        for method, pattern in rows:
            if pattern.endswith("request.csr"):
                continue  # a download, in process/ecert/test_console_pages.py
            form = re.compile(re.sub(r"\{\w+\}", "[^/]+", pattern) + "$")
            self.assertTrue(any(way == method and form.match(path) for way, path in asked), (method, pattern))

    def test_every_template_was_shown(self):
        folder = os.path.join(ROOT, "web/console")
        shown = {look["heading"] for found in self.found.values() for look in found["looked"]}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                heading = re.search(r"<h1>\{\{t (console\.\w+)\}\}</h1>", file.read())
            if heading:
                for language in LANGUAGES:
                    self.assertIn(messages(language)[heading.group(1)], shown, name)

    def test_the_commands_see_what_was_done(self):
        for one in self.subscribers:
            states = [each["state"] for each in one.run("cert", "list")["certificates"]]
            # The wizard's request was removed; of the other's CA there is no list here.
            self.assertEqual(states, ["RevocationCheckFailure"], one.name)
            stores = {each["store"] for each in one.run("chain", "list")["authorities"]}
            self.assertEqual(stores, {"intermediate", "roots", "untrusted"})
            self.assertEqual(len(one.run("crl", "list")["lists"]), 1)
            self.assertEqual(os.stat(one.path("out.pfx")).st_mode & 0o777, 0o600)
            self.assertEqual(one.process.wait(timeout=60), 0)


if __name__ == "__main__":
    if missing := chromium.why_not():
        print("skip:", missing)
        sys.exit(77)
    unittest.main(argv=["test_console"])
