#!/usr/bin/env python3
"""Every profile times every subject's key times every issuer's key (THREATS S10): each cell is made or refused for the
reason that stands here, and what is made holds, to the byte, what stands here: AlgorithmIdentifiers, names, string
types, extensions and their order. Written from the rules, not from the table of lib/ca/profile.c.

    test_matrix.py PROFILE_MATRIX ECERTADM FETCH_ZLINT ZLINT_FOLDER
"""
import itertools
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lint"))
import second_judge  # noqa: E402
from der import oid, parse  # noqa: E402
from test_zlint import Judge  # noqa: E402
from keys import GOOD, Keys  # noqa: E402

MADE = "made"
# Subjects' keys (BR 6.1.5, 6.1.6, 6.1.1.3): what a request for them gets.
SUBJECTS = {
    **{name: MADE for name in GOOD}, "rsa8192": MADE, "p256-small": MADE,
    "rsa1024": "csr.key_weak rsa.size", "rsa2047": "csr.key_weak rsa.size", "rsa2048-e3": "csr.key_weak rsa.exponent",
    "rsa2048-even": "csr.key_weak rsa.modulus", "rsa2048-factor": "csr.key_weak rsa.factor",
    "rsa2048-power": "csr.key_weak rsa.power", "rsa2048-fermat": "csr.key_weak rsa.fermat",
    "rsa2048-roca": "csr.key_weak rsa.roca", "rsa2048-no-null": "csr.key_unsupported algorithm",
    "rsa-pss": "csr.algorithm csr", "p521": "csr.key_unsupported ec.curve", "p224": "csr.key_unsupported ec.curve",
    "secp256k1": "csr.key_unsupported ec.curve", "p256-off": "csr.key_weak ec.point",
    "p256-compressed": "csr.key_unsupported ec.point", "p256-infinity": "csr.key_unsupported ec.point",
    "ed25519": "csr.key_unsupported algorithm"}
# Authorities' own keys, beside these: nobody's small multiple of the generator either (RULES 8.1, lesson 1).
AUTHORITIES = dict(SUBJECTS, **{"p256-small": "authority.key_weak ec.multiple"})
ISSUERS = {
    **{name: MADE for name in GOOD},
    "rsa1024": "authority.key_weak rsa.size", "rsa2048-fermat": "authority.key_weak rsa.fermat",
    "rsa2048-roca": "authority.key_weak rsa.roca", "p521": "authority.key_weak ec.curve",
    "p256-small": "authority.key_weak ec.multiple", "ed25519": "authority.key_weak algorithm"}

# RULES 4.1, byte for byte (BR 7.1.3).
SIGNED = {"rsa2048": "300d06092a864886f70d01010b0500", "p256": "300a06082a8648ce3d040302",
          "p384": "300a06082a8648ce3d040303"}
KEYED = {"rsa2048": "300d06092a864886f70d0101010500", "p256": "301306072a8648ce3d020106082a8648ce3d030107",
         "p384": "301006072a8648ce3d020106052b81040022"}
UTF8, PRINTABLE = 0x0c, 0x13
C, ST, L, O, OU, CN = (f"2.5.4.{arc}" for arc in (6, 8, 7, 10, 11, 3))
HIERARCHY = [(C, PRINTABLE, "HK"), (ST, UTF8, "Hong Kong"), (L, UTF8, "Hong Kong")]
EV = [("2.5.4.15", UTF8, "Private Organization"), ("1.3.6.1.4.1.311.60.2.1.3", PRINTABLE, "HK"),
      ("2.5.4.5", PRINTABLE, "12345678")]
CLASSIC = [(OU, UTF8, text) for text in ("0002142877", "000000001234567800000000", "Example Post e-Cert (Server)",
                                         "Central Branch")]
SHOP = (O, UTF8, "Shop Example Limited")
POST = (O, UTF8, "Example Post")
AKI, SKI, KU, BC, EKU, CP, SAN, CDP = (f"2.5.29.{arc}" for arc in (35, 14, 15, 19, 37, 32, 17, 31))
AIA, NO_CHECK, NUMBER = "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.48.1.5", "2.5.29.20"
POISON, SCTS = "1.3.6.1.4.1.11129.2.4.3", "1.3.6.1.4.1.11129.2.4.2"
# Extensions in their order, critical ones with "!", with a value where it is the same in every certificate.
SERVER_AUTH = "300a06082b06010505070301"
OV, EV_POLICY, ANY = "300a3008060667810c010202", "30093007060567810c0101", "300830060604551d2000"
LEAF = [AKI, KU + "!", (BC + "!", "3000"), (EKU, SERVER_AUTH)]
PLACES = [SAN, CDP, AIA]
POISONED = (POISON + "!", "0500")
SUBORDINATE = [(BC + "!", "30060101ff020100"), (KU + "!", "03020106"), (EKU, SERVER_AUTH)]
BELOW = [SKI, AKI, CDP, AIA]
PROFILES = {
    "root-1": [(BC + "!", "30030101ff"), (KU + "!", "03020106"), SKI, AKI],
    "issuing-ca-1": [*SUBORDINATE, (CP, ANY), *BELOW],
    "issuing-ca-ov-1": [*SUBORDINATE, (CP, OV), *BELOW],
    "issuing-ca-ev-1": [*SUBORDINATE, (CP, EV_POLICY), *BELOW],
    "issuing-ca-2017": [*SUBORDINATE[:2], (CP, ANY), *BELOW],
    "cross-1": [(BC + "!", "30030101ff"), *SUBORDINATE[1:], (CP, ANY), *BELOW],
    "ocsp-responder-1": [AKI, SKI, (KU + "!", "03020780"), (EKU, "300a06082b06010505070309"), (NO_CHECK, "0500")],
    "ov-server-1": [*LEAF, (CP, OV), *PLACES],
    "ov-precertificate-1": [*LEAF, (CP, OV), *PLACES, POISONED],
    "ov-server-ct-1": [*LEAF, (CP, OV), *PLACES, SCTS],
    "ev-server-1": [*LEAF, (CP, EV_POLICY), *PLACES],
    "ev-precertificate-1": [*LEAF, (CP, EV_POLICY), *PLACES, POISONED],
    "ev-server-ct-1": [*LEAF, (CP, EV_POLICY), *PLACES, SCTS],
    "classic-server-1": [*LEAF, *PLACES],
    "crl-1": [AKI, NUMBER],
    "arl-1": [AKI, NUMBER],
}
LISTS = ("crl-1", "arl-1")
AUTHORITY = ("issuing-ca-1", "issuing-ca-ov-1", "issuing-ca-ev-1", "issuing-ca-2017", "cross-1")
EDITIONS = {"server": ("www.", "ov"), "wildcard": ("*.", "ov"), "multi": ("www.", "ov"), "ev": ("www.", "ev"),
            "ev-multi": ("www.", "ev")}
# The longest life that is issued, in days, before and from each date (RULES 0a), as the matrix was asked.
DATES = {"1773532799": 397, "1773532800": 199, "1805068799": 199, "1805068800": 99, "1868227199": 99, "1868227200": 46}
DAY, CUT_DAYS = 86400, 10


def cells():
    """(profile, edition, subject, issuer) of the whole matrix."""
    rows = [("-", "root-1", ["-"]), *[("-", profile, ["-"]) for profile in LISTS],
            *[("-", profile, SUBJECTS) for profile in (*AUTHORITY, "ocsp-responder-1")]]
    for edition, (_, kind) in EDITIONS.items():
        for profile in (f"{kind}-server-1", f"{kind}-precertificate-1", f"{kind}-server-ct-1",
                        *(["classic-server-1"] if kind == "ov" else [])):
            rows.append((edition, profile, SUBJECTS))
    for edition, profile, subjects in rows:
        for subject, issuer in itertools.product(subjects, ISSUERS):
            yield profile, edition, subject, issuer


def expected(profile, subject, issuer):
    if ISSUERS[issuer] != MADE:
        return ISSUERS[issuer]
    if profile in AUTHORITY and subject == issuer:
        return "lint aki.another"  # an authority that is its own
    return MADE if subject == "-" else (AUTHORITIES if profile in AUTHORITY else SUBJECTS)[subject]


def family(key):
    return "rsa2048" if key.startswith("rsa") else key.split("-")[0]


class Matrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = temporary.name
        cls.keys = Keys(os.path.join(cls.folder, "keys"))
        cls.keys.issuers(ISSUERS)
        said = subprocess.run([ARGUMENTS[0], cls.folder], stdout=subprocess.PIPE, check=True, text=True).stdout
        cls.cells, cls.dates = {}, {}
        for line in said.splitlines():
            *cell, verdict, first, last = (line + " -").split()[:7] if " refused " in line else (line + " -").split()
            target = cls.dates if cell[1].split("-")[0].isdigit() else cls.cells
            target[tuple(cell)] = (MADE, first) if verdict == MADE else (f"{first} {last}", None)
        cls.made = {cell: cls.read(file) for cell, (verdict, file) in cls.cells.items() if verdict == MADE}

    @classmethod
    def read(cls, name):
        with open(os.path.join(cls.folder, name), "rb") as file:
            return file.read()

    def each(self):
        """What was made, by its parts."""
        for (profile, edition, subject, issuer), data in self.made.items():
            yield (profile, edition, subject, issuer), parse(data)

    def test_each_cell_is_made_or_refused_for_its_reason(self):
        wanted = {cell: expected(cell[0], cell[2], cell[3]) for cell in cells()}
        self.assertGreater(len(wanted), 6000)
        self.assertEqual(sorted(wanted), sorted(self.cells))
        wrong = [f"{cell}: {wanted[cell]}, not {verdict}" for cell, (verdict, _) in self.cells.items()
                 if verdict != wanted[cell]]
        self.assertEqual(wrong, [], "\n".join(wrong[:20]))

    def test_no_profile_is_forgotten(self):
        told = json.loads(subprocess.run([ARGUMENTS[1], "--json", "profile"], stdout=subprocess.PIPE,
                                         check=True).stdout)
        self.assertEqual({row["id"] for row in told}, set(PROFILES))
        self.assertEqual({cell[0] for cell in self.made}, set(PROFILES))

    def test_algorithms_to_the_byte(self):
        for (profile, _, subject, issuer), whole in self.each():
            signed = SIGNED[family(issuer)]
            inner = whole[0][1 if profile in LISTS else 2]
            self.assertEqual(inner.bytes().hex(), signed, (profile, issuer))
            self.assertEqual(whole[1].bytes().hex(), signed, (profile, issuer))
            if profile not in LISTS:
                key = whole[0][6]
                subject = issuer if subject == "-" else subject
                self.assertEqual(key[0].bytes().hex(), KEYED[family(subject)], (profile, subject))
                self.assertEqual(key.bytes(), self.keys.spki[subject], (profile, subject))

    def test_names_in_order_and_string_types_to_the_byte(self):
        for (profile, edition, _, issuer), whole in self.each():
            above = "issuer" if profile in LISTS or edition != "-" or profile == "ocsp-responder-1" else "root"
            signer = parse(self.read(f"{above}-{issuer}.der"))[0][5].bytes()
            self.assertEqual(whole[0][2 if profile in LISTS else 3].bytes(), signer, profile)
            if profile in LISTS:
                continue
            got = []
            for rdn in whole[0][5].parts:
                self.assertEqual(len(rdn.parts), 1)
                got.append((rdn[0][0].value, rdn[0][1].tag, rdn[0][1].value))
            self.assertEqual(got, [(oid(a).value, tag, text.encode()) for a, tag, text in self.name(profile, edition)])

    @staticmethod
    def name(profile, edition):
        if profile == "ocsp-responder-1":
            return [HIERARCHY[0], POST, (CN, UTF8, "Example SSL CA OCSP Responder")]
        if edition == "-":
            return [*HIERARCHY, POST, (CN, UTF8, "Example Root CA" if profile == "root-1" else "Example CA")]
        common_name = (CN, UTF8, EDITIONS[edition][0] + "shop.example.com")
        before = EV if profile.startswith("ev-") else []
        units = CLASSIC if profile.startswith("classic-") else []
        return [*before, *HIERARCHY, SHOP, *units, common_name]

    def test_extensions_in_their_order(self):
        for (profile, edition, subject, _), whole in self.each():
            got = []
            for extension in whole[0].parts[-1][0].parts:
                critical = len(extension.parts) == 3
                got.append((extension[0].value, critical, extension[-1].value.hex()))
            rows = [(row, None) if isinstance(row, str) else row for row in PROFILES[profile]]
            self.assertEqual([(oid(dotted.rstrip("!")).value, dotted.endswith("!")) for dotted, _ in rows],
                             [(dotted, critical) for dotted, critical, _ in got], profile)
            for (dotted, value), (_, _, found) in zip(rows, got):
                if dotted == KU + "!" and value is None:  # of a server: EC keys encipher nothing
                    value = "030205a0" if subject.startswith("rsa") else "03020780"
                if value is not None:
                    self.assertEqual(found, value, (profile, dotted))
            if edition != "-":
                names = {"wildcard": 2, "multi": 50, "ev-multi": 3}.get(edition, 1)
                value = next(bytes.fromhex(v) for d, _, v in got if d == oid(SAN).value)
                self.assertEqual(len(parse(value).parts), names)

    def test_signatures_hold_to_openssl(self):
        """One of each profile for each issuer's key."""
        chosen = {}
        for (profile, edition, subject, issuer), data in self.made.items():
            if profile not in LISTS:
                chosen.setdefault((profile, issuer), (edition, data))
        self.assertEqual(len(chosen), len(GOOD) * (len(PROFILES) - len(LISTS)))
        for (profile, issuer), (edition, data) in chosen.items():
            leaf = edition != "-" or profile == "ocsp-responder-1"
            chain = [self.read(f"issuer-{issuer}.der"), self.read("above-issuers.der")] if leaf else [
                self.read(f"root-{issuer}.der")] if profile != "root-1" else [data]
            root = self.pem("root.pem", chain[-1:])
            others = ["-untrusted", self.pem("others.pem", chain[:-1])] if leaf else []
            said = subprocess.run(
                ["openssl", "verify", "-x509_strict", "-ignore_critical", "-no_check_time", "-CAfile", root,
                 *others, self.pem("one.pem", [data])],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            self.assertEqual(said.returncode, 0, (profile, issuer, said.stdout))

    def pem(self, name, certificates):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            for der in certificates:
                file.write(subprocess.run(["openssl", "x509", "-inform", "DER"], input=der, stdout=subprocess.PIPE,
                                          check=True).stdout)
        return path

    def test_both_sides_of_each_date(self):
        self.assertEqual(len(self.dates), 3 * 2 * len(DATES))
        for (profile, at, _, _), (verdict, file) in self.dates.items():
            self.assertEqual(verdict, MADE, (profile, at))
            now, _, cut = at.partition("-")
            begin, end = self.validity(self.read(file))
            days = CUT_DAYS if cut else DATES[now]
            self.assertEqual((begin, end - begin + 1), (int(now), days * DAY), (profile, at))

    def validity(self, der):
        said = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-dates", "-dateopt", "iso_8601"],
                              input=der, stdout=subprocess.PIPE, check=True, text=False).stdout.decode()
        dates = [line.split("=")[1].replace(" ", "T") for line in said.split("\n") if line]
        return [int(subprocess.run(["date", "-d", date, "+%s"], stdout=subprocess.PIPE, check=True).stdout)
                for date in dates]

    def test_zlint_finds_no_error_in_what_is_made(self):
        fetched = subprocess.run(ARGUMENTS[2:4], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if fetched.returncode != 0:
            self.skipTest(fetched.stderr.decode())
        # A classic one breaks the rules that zlint knows, on purpose; the old CA is only there to be revoked.
        judged = {cell: ("crl" if cell[0] in LISTS else "certificate", data) for cell, data in self.made.items()
                  if cell[0] not in ("classic-server-1", "issuing-ca-2017") and cell[1] not in ("multi", "ev-multi")}
        self.assertGreater(len(judged), 300)
        found = Judge(fetched.stdout.decode().strip()).all(judged)
        wrong = {cell: {lint for lint in said - set(second_judge.EXCUSED) if not lint.startswith("w_")}
                 for cell, said in found.items()}
        self.assertEqual({cell: said for cell, said in wrong.items() if said}, {})


if __name__ == "__main__":
    ARGUMENTS = sys.argv[1:]
    unittest.main(argv=sys.argv[:1], verbosity=2)
