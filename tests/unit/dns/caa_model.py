#!/usr/bin/env python3
"""RFC 8659, RFC 8657 and BR 4.2.2.1 a second time, from their text: decides random zones and compares
each decision, and the names it was asked of, with those of the C code (doc/threats.md D21).

    caa_model.py PROGRAM [ZONES] [SEED]
"""
import random
import re
import subprocess
import sys

IDENTITY, ACCOUNT, METHOD = "ca.example.net", "acct:7@ca.example.net", "ca-tbr-7"
NAMES = ["a.b.example.com", "b.example.com", "example.com", "com"]
TAGS = [b"issue", b"ISSUE", b"issuewild", b"IssueWild", b"iodef", b"tbs", b"contactemail"]
ISSUERS = ["", ";", IDENTITY, IDENTITY.upper(), "other.example", f" {IDENTITY}\t", "-bad.example",
           IDENTITY + ".", "%%"]
PARAMETERS = ["", ";", "; a=b", f"; accounturi={ACCOUNT}", "; accounturi=acct:8@ca.example.net",
              f"; AccountURI = {ACCOUNT} ; x=y", f"; validationmethods={METHOD}",
              "; validationmethods=http-01,CA-TBR-7", "; validationmethods=dns-01",
              f"; accounturi={ACCOUNT}; accounturi={ACCOUNT}", "; nonsense", "; a=b c"]
LABEL = r"[A-Za-z0-9](?:-*[A-Za-z0-9])*"
ISSUE = re.compile(rf"[ \t]*({LABEL}(?:\.{LABEL})*)?[ \t]*(?:;[ \t]*(.*))?", re.DOTALL)
PARAMETER = re.compile(r"([A-Za-z0-9]+)[ \t]*=[ \t]*([\x21-\x3a\x3c-\x7e]*)")


def random_record(rng):
    if rng.random() < 0.04:
        return rng.choice([b"\0", b"\0\0", b"\0\xffissue", b"\0\x03a_b"])
    tag = rng.choice(TAGS)
    value = (rng.choice(ISSUERS) + rng.choice(PARAMETERS)).encode()
    return bytes([rng.choice([0, 0, 0, 0, 1, 128]), len(tag)]) + tag + value


def random_zone(rng):
    """Per node: the state of its CAA answer, its records, and the state of its DS answer."""
    zone = {}
    for name in NAMES:
        state = rng.choice("sssssiiibft")
        count = rng.choice([0, 0, 0, 1, 1, 2, 3]) if state in "si" else 0
        zone[name] = (state, [random_record(rng) for _ in range(count)], rng.choice("sssuuifbt"))
    return zone


def parameters(text):
    """A list of pairs, or None if the text is not of the grammar."""
    found = []
    pieces = text.split(";")
    if pieces and pieces[-1].strip(" \t") == "":
        pieces.pop()
    for piece in pieces:
        match = PARAMETER.fullmatch(piece.strip(" \t"))
        if not match:
            return None
        found.append((match.group(1).lower(), match.group(2)))
    return found


def authorises(value):
    match = ISSUE.fullmatch(value.decode("latin-1"))
    if not match or (match.group(1) or "").lower() != IDENTITY:
        return False
    given = parameters(match.group(2) or "")
    if given is None:
        return False
    accounts = [value for tag, value in given if tag == "accounturi"]
    methods = [value for tag, value in given if tag == "validationmethods"]
    if len(accounts) > 1 or len(methods) > 1:
        return False
    if accounts and accounts[0] != ACCOUNT:
        return False
    return not methods or METHOD in methods[0].lower().split(",")


def well_formed(record):
    return (len(record) >= 2 and 0 < record[1] <= len(record) - 2
            and record[2:2 + record[1]].isalnum())


def set_permits(records, wildcard):
    if not all(map(well_formed, records)):
        return False
    split = [(r[0], r[2:2 + r[1]].lower(), r[2 + r[1]:]) for r in records]
    if any(flags & 128 and tag not in (b"issue", b"issuewild", b"iodef")
           for flags, tag, _ in split):
        return False
    wild = [value for _, tag, value in split if tag == b"issuewild"]
    plain = [value for _, tag, value in split if tag == b"issue"]
    relevant = wild if wildcard and wild else plain
    return not relevant or any(map(authorises, relevant))


def insecure(zone, node, asked):
    """Climbs until something about the delegation is proven."""
    for name in NAMES[NAMES.index(node):]:
        proof = zone[name][2]
        asked.append("DS:" + name)
        if proof in "sui":
            return proof in "ui"
        if proof == "b":
            return False
    return False


def permits(zone, wildcard):
    """The decision, and what has to be asked for it and nothing else: every node up to the first that
    has records, once; a failure twice, and then whether its zone may fail."""
    asked = []
    for name in NAMES:
        state, records, _ = zone[name]
        asked += ["CAA:" + name] * (2 if state in "ft" else 1)
        if state == "b" or (state in "ft" and not insecure(zone, name, asked)):
            return False, asked
        if records:
            return set_permits(records, wildcard), asked
    return True, asked


def line(zone, wildcard):
    text = f"{NAMES[0]} {int(wildcard)}"
    for name, (state, records, proof) in zone.items():
        data = ":" + ",".join(record.hex() for record in records) if records else ""
        text += f" {name}/CAA={state}{data} {name}/DS={proof}"
    return text


def compare(program, rng, count):
    """How many were permitted, and how many differ; those are printed."""
    zones = [(random_zone(rng), rng.random() < 0.4) for _ in range(count)]
    lines = [line(zone, wildcard) for zone, wildcard in zones]
    output = subprocess.run([program], input="\n".join(lines) + "\n", check=True,
                            capture_output=True, text=True).stdout.splitlines()
    permitted = differing = 0
    for at, (zone, wildcard) in enumerate(zones):
        permit, asked = permits(zone, wildcard)
        expected = " ".join(["permit" if permit else "refuse", *asked])
        permitted += permit
        if output[at:at + 1] != [expected]:
            differing += 1
            print(f"{lines[at]}: {output[at:at + 1]}, the model says {expected}")
    return permitted, differing


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    permitted = differing = 0
    for done in range(0, count, 20000):
        more = compare(program, rng, min(20000, count - done))
        permitted, differing = permitted + more[0], differing + more[1]
    print(f"{count} zones, {permitted} permitted, {differing} differ")
    sys.exit(1 if differing or permitted in (0, count) else 0)


if __name__ == "__main__":
    main()
