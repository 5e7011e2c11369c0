#!/usr/bin/env python3
"""Every lint that `ecertadm lint --list` names has one object that passes and one that fails: good ones as our own
builders make them, bent ones by one change each.

    test_table.py ECERTADM LINT_SAMPLES
"""
import datetime
import json
import os
import subprocess
import sys
import tempfile
import unittest

import bases
import bent_extensions
import bent_fields
import bent_lists

BENT = {**bent_fields.BENT, **bent_extensions.BENT, **bent_lists.BENT}
# These compare with the moment of signing, which only whoever signs knows: tests/unit/lint has their pairs.
SIGNING = {"validity.server_backdated", "validity.ca_backdated", "validity.postdated", "crl.future", "ocsp.future",
           "ocsp.produced"}
# Not in force yet on the day on which the good objects begin.
LATER = {"eku.server_only": "2027-03-15", "eku.ca_server_only": "2026-06-15", "key.root_strength": "2026-08-01"}

# The rules' clock, where one lint is a change of it; what changes within a lint has tests of its own.
CLOCK = {"san.reverse": "2026-03-15", "eku.ca_server_only": "2026-06-15", "algorithm.sha1_lists": "2026-09-15",
         "eku.server_only": "2027-03-15"}
# What can't be read breaks no later rule; and 201 days were not too long when the period was first limited.
NO_DAY = {"der.shape", "validity.server_period", "validity.server_margin"}


class Tool:
    """ecertadm, and the folder with the good objects."""
    def __init__(self, ecertadm, samples):
        self.ecertadm = ecertadm
        self.folder = tempfile.TemporaryDirectory()
        subprocess.run([samples, self.folder.name, "p256"], check=True)
        self.good = bases.make(self.folder.name)

    def run(self, *arguments):
        return subprocess.run([self.ecertadm, "lint", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)

    def list(self):
        return json.loads(self.run("--list", "--json").stdout)

    def judge(self, objects, day=None):
        """{name: (kind, bytes)} -> {name: ids of its findings}; by one call for each kind."""
        found = {}
        with tempfile.TemporaryDirectory() as folder:
            for kind in sorted({kind for kind, _ in objects.values()}):
                names = [name for name, (its, _) in objects.items() if its == kind]
                for name in names:
                    with open(os.path.join(folder, name), "wb") as file:
                        file.write(objects[name][1])
                done = self.run("--json", "--kind", kind, *(["--at", day] if day else []),
                                *[os.path.join(folder, name) for name in names])
                for row in json.loads(done.stdout):
                    found[os.path.basename(row["file"])] = {f["id"] for f in row["findings"]}
        return found


class Table(unittest.TestCase):
    """Whole table, one call for each kind."""

    @classmethod
    def setUpClass(cls):
        cls.rules = {row["id"]: row for row in TOOL.list()}
        cls.passed = TOOL.judge(TOOL.good)
        cls.later_passed = {day: TOOL.judge(TOOL.good, day) for day in set(LATER.values())}
        bent = {}
        for rule, (base, change) in BENT.items():
            kind, data = TOOL.good[base]
            bent[rule] = (kind, change(data))
        cls.failed = TOOL.judge({rule: row for rule, row in bent.items() if rule not in LATER})
        for rule, day in LATER.items():
            cls.failed.update(TOOL.judge({rule: bent[rule]}, day))

    def test_there_are_more_than_180_and_none_is_there_twice(self):
        self.assertGreaterEqual(len(self.rules), 180)
        self.assertEqual(len(self.rules), len(TOOL.list()))

    def test_each_says_what_it_expects_whence_and_since_when(self):
        for rule in self.rules.values():
            self.assertRegex(rule["since"], r"^(19|20)\d\d-\d\d-\d\d$")
            for part in ("id", "source", "kinds", "expects", "severity"):
                self.assertTrue(rule[part], (rule["id"], part))

    def test_each_has_an_object_that_fails(self):
        self.assertEqual(sorted(self.rules), sorted(set(BENT) | SIGNING))
        missed = [rule for rule in BENT if rule not in self.failed[rule]]
        self.assertEqual(missed, [])

    def test_each_has_an_object_that_passes(self):
        for rule, (base, _) in BENT.items():
            kind = TOOL.good[base][0]
            kinds = self.rules[rule]["kinds"].split(",")
            fits = kind in kinds or (kind == "precertificate" and "ov" in kinds)
            passed = self.later_passed[LATER[rule]] if rule in LATER else self.passed
            self.assertTrue(fits, (rule, kind))
            self.assertNotIn(rule, passed[base], base)

    def test_each_begins_on_its_day_and_not_on_the_day_before(self):
        by_day = {}
        for rule in set(BENT) - NO_DAY:
            base, change = BENT[rule]
            kind, data = TOOL.good[base]
            by_day.setdefault(self.rules[rule]["since"], {})[rule] = (kind, change(data))
        for since, objects in by_day.items():
            eve = datetime.date.fromisoformat(since) - datetime.timedelta(1)
            begun, earlier = TOOL.judge(objects, since), TOOL.judge(objects, eve.isoformat())
            self.assertEqual([rule for rule in objects if rule not in begun[rule]], [], since)
            self.assertEqual([rule for rule in objects if rule in earlier[rule]], [], since)
        for rule, since in CLOCK.items():
            self.assertEqual(self.rules[rule]["since"], since, rule)

    def test_what_is_short_enough_to_need_no_list_was_ten_days_and_is_seven(self):
        """BR 7.1.2.11.2, and 1.6.1 for what is short."""
        objects = {f"days{days}": ("ov", bases.lasting(TOOL.good["server"][1], days)) for days in (7, 8, 10, 11)}
        for day, needing in (("2026-03-14", {"days11"}), ("2026-03-15", {"days8", "days10", "days11"})):
            judged = TOOL.judge(objects, day)
            self.assertEqual({name for name in objects if "cdp.present" in judged[name]}, needing, day)

    def test_no_error_in_what_our_builders_make(self):
        for name, findings in self.passed.items():
            errors = {f for f in findings if self.rules[f]["severity"] == "error"}
            self.assertEqual(errors, set(), name)

    def test_a_change_breaks_what_it_is_about_and_little_else(self):
        """A rule that only ever shows among many others would hide; without any extension seven are missed."""
        for rule, findings in self.failed.items():
            beside = findings - {rule} - self.passed[BENT[rule][0]]
            self.assertLessEqual(len(beside), 7, (rule, beside))


if __name__ == "__main__":
    TOOL = Tool(sys.argv[1], sys.argv[2])
    unittest.main(argv=sys.argv[:1], verbosity=2)
