#!/usr/bin/env python3
"""zlint as the second judge: over what a trial ceremony and the issuing core make, and over hundreds of objects bent
in one place, both judges find the same faults, or second_judge.py says why not.

    test_zlint.py ECERTADM LINT_SAMPLES FETCH_ZLINT FOLDER PROFILE

Where zlint can't be had (script/fetch-zlint says why) the test is skipped.
"""
import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

import bases
import second_judge
from test_table import BENT, Tool

SKIPPED = 77
REFUSED = "refused"
# No OCSP answers, and of a server's certificate it only knows the public rules, which a classic one breaks on purpose.
NOT_ZLINTS = {"ocsp", "classic"}
SPOKEN_OF = set().union(*second_judge.PAIRS.values())
# A change to the certificate of one edition is tried on these as well.
OTHERS = {"server": ("wildcard", "multi", "ev", "iv", "rsa", "precertificate"), "ca": ("cross",)}


def objects_of_trial(folder, ecertadm, profile):
    subprocess.run([ecertadm, "ceremony", "--trial", folder, "--profile", profile], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kinds = {"root": "root", "trial_partner_root_r1": "root", "root_ca_3_x": "cross-ca"}
    found = {}
    for name in sorted(os.listdir(os.path.join(folder, "ca"))):
        with open(os.path.join(folder, "ca", name), "rb") as file:
            data = file.read()
        if name.endswith(".crl"):
            found["trial-" + name] = ("arl", data)
        elif not name.endswith(".pem.crt"):
            kind = next((k for begin, k in kinds.items() if name.startswith(begin)), "issuing-ca")
            kind = "cross-ca" if "_x_" in name else "issuing-ca-old" if "_old" in name else kind
            found["trial-" + name] = (kind, data)
    return found


def bent_objects(good):
    found = {}
    for rule, (base, change) in BENT.items():
        for target in (base, *OTHERS.get(base, ())):
            kind, data = good[target]
            if kind in NOT_ZLINTS or (rule.startswith("policies.") and base != target and kind in ("ev", "iv")):
                continue  # with another edition's policies it would be that edition's
            try:
                found[f"{rule}@{target}"] = (kind, change(data))
            except (AttributeError, AssertionError, IndexError, ValueError):
                self_made = target == base
                assert not self_made, (rule, target)
    return found


class Judge:
    """zlint, one call an object, since it stops at what it can't read."""
    def __init__(self, program):
        self.program = program

    def one(self, item):
        _, (kind, data) = item
        with tempfile.NamedTemporaryFile() as file:
            form = "der"
            if kind in ("crl", "arl"):
                form = "pem"
                data = b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(data) + b"-----END X509 CRL-----\n"
            file.write(data)
            file.flush()
            done = subprocess.run([self.program, "-format", form, file.name], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            return {REFUSED}
        return {lint for lint, said in json.loads(done.stdout).items() if said["result"] in ("error", "warn", "fatal")}

    def all(self, objects):
        with ThreadPoolExecutor(2) as pool:
            return dict(zip(objects, pool.map(self.one, objects.items())))


class SecondJudge(unittest.TestCase):
    """Both over all objects, once."""

    @classmethod
    def setUpClass(cls):
        cls.good = {}
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([ARGUMENTS[1], folder, "rsa2048"], check=True)
            cls.good.update({"rsa-issued-" + n: row for n, row in bases.make(folder).items() if row[0] not in NOT_ZLINTS})
            cls.good.update(objects_of_trial(os.path.join(folder, "trial"), ARGUMENTS[0], ARGUMENTS[4]))
        cls.good.update({n: row for n, row in TOOL.good.items() if row[0] not in NOT_ZLINTS})
        cls.objects = {**cls.good, **bent_objects(TOOL.good)}
        cls.ours = TOOL.judge(cls.objects)
        cls.theirs = Judge(ZLINT).all(cls.objects)
        cls.used_excuses, cls.used_stricter = set(), set()
        cls.compared = [n for n in cls.objects if REFUSED not in cls.theirs[n] and not cls.other_kind(n)]
        cls.differences = {n: cls.difference(n) for n in cls.compared}

    @classmethod
    def difference(cls, name):
        """What one judge says alone, as (theirs, ours)."""
        ours, theirs = cls.ours[name], cls.theirs[name]
        cls.used_excuses |= theirs & set(second_judge.EXCUSED)
        theirs = theirs - set(second_judge.EXCUSED)
        alone = {t for t in theirs if not second_judge.PAIRS.get(t, set()) & ours}
        unheard = {o for o in ours & SPOKEN_OF
                   if not any(o in second_judge.PAIRS[t] for t in theirs & set(second_judge.PAIRS))}
        cls.used_stricter |= unheard & set(second_judge.STRICTER)
        return alone, unheard - set(second_judge.STRICTER)

    @staticmethod
    def other_kind(name):
        rule, _, base = name.partition("@")
        return base != "" and (base in second_judge.OTHER_KIND or rule in second_judge.OTHER_KIND)

    def test_there_are_hundreds_of_each(self):
        self.assertGreater(len(self.good), 40)
        self.assertGreater(len(self.objects) - len(self.good), 600)

    def test_neither_finds_an_error_in_what_we_make(self):
        for name in self.good:
            errors = {t for t in self.theirs[name] - set(second_judge.EXCUSED) if t.startswith("e_") or t == REFUSED}
            self.assertEqual(errors, set(), name)

    def test_what_zlint_cannot_read_has_an_error_of_ours(self):
        rules = {row["id"]: row for row in TOOL.list()}
        refused = [n for n in self.objects if REFUSED in self.theirs[n]]
        self.assertGreater(len(refused), 20)
        for name in refused:
            self.assertTrue(any(rules[o]["severity"] == "error" for o in self.ours[name]), name)

    def test_both_find_the_same_or_it_is_written_why_not(self):
        self.assertGreater(len(self.compared), 500)
        found = [f"{name}: zlint alone {sorted(theirs)}, ours alone {sorted(ours)}"
                 for name, (theirs, ours) in self.differences.items() if theirs or ours]
        self.assertEqual(found, [], "\n".join(found))

    def test_an_object_of_another_kind_to_zlint_has_a_fault_to_both(self):
        for name in self.objects:
            if self.other_kind(name):
                self.assertTrue(self.ours[name] and self.theirs[name] - set(second_judge.EXCUSED), name)

    def test_no_written_difference_is_out_of_date(self):
        self.assertEqual(self.used_excuses, set(second_judge.EXCUSED))
        self.assertEqual(self.used_stricter, set(second_judge.STRICTER))
        self.assertEqual(SPOKEN_OF & set(second_judge.ALONE), set())
        judged = {row["id"] for row in TOOL.list() if row["kinds"] not in NOT_ZLINTS}
        self.assertEqual(judged - SPOKEN_OF - set(second_judge.ALONE), set(), "lints neither paired nor alone")


if __name__ == "__main__":
    ARGUMENTS = sys.argv[1:]
    FETCHED = subprocess.run([ARGUMENTS[2], ARGUMENTS[3]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if FETCHED.returncode != 0:
        print("skip: zlint can't be had:", FETCHED.stderr.decode().strip())
        sys.exit(SKIPPED)
    ZLINT = FETCHED.stdout.decode().strip()
    TOOL = Tool(ARGUMENTS[0], ARGUMENTS[1])
    unittest.main(argv=sys.argv[:1], verbosity=2)
