"""The office's part without its words: an application is approved by two officers, and the letter is opened.

script/trial/apply does the same for people to look at, with the mail; this is for tests that need many.
"""
import json
import os
import re

from world import ROOT

PIN = re.compile(r"\d{4} +\d{4} +\d{4} +\d{4}")
FORM = {
    "edition": "server", "names": [],
    "subject": {"country": "HK", "state_or_province": "Hong Kong", "locality": "Hong Kong",
                "organisation": "Shop Example Limited", "organisation_zh": "", "branch": "",
                "branch_zh": "", "brn": "12345678", "ci_cr": "", "other_document": "",
                "srn": "0002142877"},
    "government": False,
    "representative": {"name": "Chan Tai Man", "email": "ar@shop.example.com", "language": "en",
                       "address": ["Flat 1, 1/F", "1 Example Road", "Hong Kong"]}}


def example(edition):
    with open(os.path.join(ROOT, "packaging/examples", edition + ".json"), encoding="utf-8") as file:
        return json.load(file)


class Letter:
    """What the representative holds in hand: reference number and PIN."""

    def __init__(self, world, form, entered=lambda application: None):
        """`entered` is called with the application's id before anybody signs it."""
        self.world, self.name = world, form["names"][0]
        application = world.write("subscriber/form.json", json.dumps(form))
        self.application = world.adm("application", "new", application)["id"]
        entered(self.application)
        officer = world.path("service/officers/officer-")
        world.adm("application", "vet", self.application, "--key", officer + "1.key")
        self.reference = world.adm("application", "approve", self.application, "--key",
                                   officer + "2.key")["reference"]
        self.folder = world.path(f"subscriber/{self.reference}")
        os.makedirs(self.folder)
        letter = os.path.join(self.folder, "letter.pdf")
        world.adm("letter", "print", self.reference, "--out", letter)
        self.pin = PIN.search(world.run("pdftotext", "-layout", letter, "-").stdout)[0]

    def request(self, name, key="rsa:2048"):
        """A request as others' tools make one: a common name and no other, the rest is the application's."""
        path = os.path.join(self.folder, "request.pem")
        kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256") if key == "p256" else ("-newkey", key)
        self.world.run("openssl", "req", "-new", *kind, "-nodes", "-batch", "-subj", "/CN=" + name,
                       "-keyout", os.path.join(self.folder, "key.pem"), "-out", path)
        with open(path, encoding="ascii") as file:
            return file.read()
