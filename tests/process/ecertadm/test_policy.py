#!/usr/bin/env python3
"""What `ecertadm policy` says of a day, without any service."""
import json
import subprocess
import sys
import unittest

ECERTADM = ""


def policy(*arguments):
    return subprocess.run([ECERTADM, "--json", "policy", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20, check=False)


class Policy(unittest.TestCase):
    def rules(self, day):
        done = policy("--on", day)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {row["rule"]: row for row in json.loads(done.stdout)}

    def test_both_sides_of_a_day(self):
        before, after = self.rules("2027-03-14"), self.rules("2027-03-15")
        self.assertEqual((before["validity"]["value"], before["validity"]["next"], before["validity"]["from"]),
                         ("199 days", "99 days", "2027-03-15"))
        self.assertEqual(before["domain.caa"]["concerns"], "who has CAA records")
        self.assertEqual((after["validity"]["value"], after["validity"]["since"]), ("99 days", "2027-03-15"))
        self.assertEqual(after["domain.caa"]["value"], "MUST")
        self.assertEqual([day["domain.phone"]["value"] for day in (before, after)], ["SHOULD NOT", "MUST NOT"])

    def test_who_has_nothing_to_do_is_not_named(self):
        self.assertEqual({row["concerns"] for row in self.rules("2029-03-15").values()}, {""})

    def test_one_rule_with_all_its_changes(self):
        said = json.loads(policy("domain.reuse").stdout)
        self.assertEqual(said["source"], "BR 4.2.1")
        self.assertEqual([line.split()[1] for line in said["changes"]], ["398", "200", "100", "10"])

    def test_what_is_no_day_and_no_rule(self):
        for day in ("2027-3-15", "2027-02-30", "tomorrow", ""):
            done = policy("--on", day)
            self.assertEqual((done.returncode, json.loads(done.stderr)["code"]), (64, "policy.day"), day)
        done = policy("validity.min")
        self.assertEqual((done.returncode, json.loads(done.stderr)["code"]), (1, "policy.rule"))


if __name__ == "__main__":
    ECERTADM = sys.argv.pop(1)
    unittest.main(verbosity=2)
