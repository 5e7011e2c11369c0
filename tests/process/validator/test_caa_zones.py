#!/usr/bin/env python3
"""CAA over random zones with aliases, served by Knot and asked through the real resolver from the root
down: each name's decision must be the one of the model in tests/unit/dns/caa_model.py, which follows
RFC 8659 section 3: an alias is followed at its own node, and the climb goes on from the name itself
(doc/threats.md D21). In the network namespaces of internet.py.

    test_caa_zones.py CAA_ASK MODEL_FOLDER [--long]
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

import internet

internet.enter()

from authorities import ROOT_SERVERS, NameServer, Zone, start_together  # noqa: E402
from internet import Internet, within  # noqa: E402

ROOT = "44.53.0.1"
TREES = 3000 if "--long" in sys.argv else 120
TARGETS = 40      # names that aliases lead to
SIGNED, PLAIN = "example.com", "plain.example.com"
LINKS = 6         # aliases in a chain; what happens beyond eight is told in test_names.py


def presented(record):
    """RDATA in the form for records of any type (RFC 3597)."""
    return f"TYPE257 \\# {len(record)} {record.hex()}"


class Zones:
    """Random names in a signed zone and an unsigned one: at each node nothing at all, text, CAA records,
    or an alias, which may lead to itself."""

    def __init__(self, chance):
        self.chance = chance
        self.nodes = {}     # name: ("caa", records) or ("alias", target) or ("text",)
        self.targets = [f"nowhere.{SIGNED}", f"nowhere.{PLAIN}"]
        self.questions = []
        # No answer below an alias that leads into the unsigned zone: what is there proves nothing here.
        for number, target in enumerate((f"nowhere.{PLAIN}", f"www.alias0.{SIGNED}", f"nowhere.{SIGNED}")):
            alias = f"alias{number}.{SIGNED}"
            self.nodes[alias] = ("alias", target)
            self.nodes["www." + alias] = ("alias", "www." + alias)
            self.questions += [("www." + alias, False), (alias, False)]
        for number in range(TARGETS):
            self.targets.append(self.place(f"t{number}.{chance.choice((SIGNED, PLAIN))}"))
        for number in range(TREES):
            zone = chance.choice((SIGNED, PLAIN))
            names = [self.place(f"{prefix}z{number}.{zone}") for prefix in ("a.b.", "b.", "")]
            self.questions += [(name, chance.random() < 0.4) for name in names]

    def place(self, name):
        what = self.chance.random()
        if what < 0.35:
            count = self.chance.choice((1, 1, 2, 3))
            records = {caa_model.random_record(self.chance) for _ in range(count)}
            # Knot serves no record without a tag or with one beyond its end.
            self.nodes[name] = ("caa", [r for r in records if caa_model.well_formed(r)] or [b"\0\5issue;"])
        elif what < 0.7:
            self.nodes[name] = ("alias", self.chance.choice(
                [name] + [target for target in self.targets if self.links(target) < LINKS]))
        elif what < 0.85:
            self.nodes[name] = ("text",)
        return name

    def links(self, name):
        """How many aliases lead on from it; LINKS for a circle."""
        count = 0
        while count < LINKS and self.nodes.get(name, ("",))[0] == "alias":
            name, count = self.nodes[name][1], count + 1
        return count

    def text(self, zone):
        lines = []
        for name, (kind, *more) in self.nodes.items():
            if name.endswith("." + PLAIN) != (zone == PLAIN):
                continue
            if kind == "caa":
                lines += [f"{name}. {presented(record)}\n" for record in more[0]]
            else:
                lines.append(f"{name}. CNAME {more[0]}.\n" if kind == "alias" else f"{name}. TXT x\n")
        return "".join(lines)

    def permits(self, name, wildcard):
        while name.endswith("." + SIGNED):
            records = self.records(name)
            if records is None and not name.endswith("." + PLAIN):
                return False    # no answer, and its zone is not proven to be insecure
            if records:
                return caa_model.set_permits(records, wildcard)
            name = name.split(".", 1)[1]
        return True

    def records(self, name):
        """What a question for CAA at this name is answered with; None for a circle."""
        for _ in range(LINKS + 2):
            kind, *more = self.nodes.get(name, ("text",))
            if kind != "alias":
                return more[0] if kind == "caa" else []
            name = more[0]
        return None


class CaaZonesTest(unittest.TestCase):
    def test_d21_aliases_are_followed_as_the_model_does(self):
        folder = tempfile.mkdtemp(prefix="ecert-caa-")
        self.addCleanup(shutil.rmtree, folder)
        zones = Zones(random.Random(8659))
        Internet()
        names = NameServer(folder, "world", [
            Zone(".", ROOT, signed=True), Zone("com.", ROOT, signed=True),
            Zone(SIGNED + ".", ROOT, zones.text(SIGNED), signed=True),
            Zone(PLAIN + ".", ROOT, zones.text(PLAIN))], [ROOT] + ROOT_SERVERS)
        self.addCleanup(names.stop)
        start_together(names)
        with open(folder + "/anchors", "w", encoding="ascii") as file:
            file.write(names.delegation_signer("."))
        asked = "".join(f"{name} {int(wildcard)}\n" for name, wildcard in zones.questions)
        with within("p0"):
            said = subprocess.run([CAA_ASK, folder + "/anchors"], input=asked, check=True,
                                  capture_output=True, text=True).stdout.split()
        wanted = ["permit" if zones.permits(*question) else "refuse" for question in zones.questions]
        self.maxDiff = None
        self.assertEqual([one for one in zip(zones.questions, said, wanted) if one[1] != one[2]], [])
        self.assertEqual(len(said), len(zones.questions))
        self.assertGreater(len(said), 3 * TREES)
        self.assertGreater(min(wanted.count("permit"), wanted.count("refuse")), TREES // 2)
        aliases = [name for name, _ in zones.questions if zones.nodes.get(name, ("",))[0] == "alias"]
        self.assertGreater(len(aliases), TREES // 2)


CAA_ASK = os.path.abspath(sys.argv[1])
sys.path.insert(0, sys.argv[2])
del sys.argv[1:]
import caa_model  # noqa: E402

if __name__ == "__main__":
    unittest.main(verbosity=2)
