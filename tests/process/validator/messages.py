"""The validator's messages in DER, written a second time and independently of the C code: what a test
expects of a challenge is derived here, not by what is tested."""
import base64
import hashlib
import time

SEQUENCE, INTEGER, OCTETS, UTF8, IA5, TIME = 0x30, 0x02, 0x04, 0x0c, 0x16, 0x18
BOOLEAN = 0x01
METHOD_DNS, METHOD_PERSISTENT = 7, 22
DCV = ["passed", "failed", "not_asked"]
CAA = ["permits", "prohibits"]
DNSSEC = ["secure", "insecure", "bogus", "unknown"]


def element(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def sequence(*parts):
    return element(SEQUENCE, b"".join(parts))


def integer(value):
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def elements(content):
    """The elements of a constructed content, as (tag, content) pairs."""
    found = []
    while content:
        tag, length, at = content[0], content[1], 2
        if length >= 0x80:
            at += length & 0x7f
            length = int.from_bytes(content[2:at], "big")
        found.append((tag, content[at:at + length]))
        content = content[at + length:]
    return found


class Challenge:
    def __init__(self, name, created=None, method=METHOD_DNS, nonce=b"n" * 16, spki_hash=None, domain="",
                 srn=""):
        self.name, self.method, self.nonce, self.spki_hash = name, method, nonce, spki_hash
        self.domain, self.srn = domain, srn
        self.application_hash = hashlib.sha256(b"an application").digest()
        self.created = int(time.time()) if created is None else created

    def der(self):
        return self.write(self.name, (self.domain, self.srn))

    def write(self, name, told):
        stamp = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(self.created)).encode()
        parts = [element(OCTETS, self.application_hash), element(IA5, name.encode()),
                 integer(self.method), element(TIME, stamp), element(OCTETS, self.nonce)]
        if self.spki_hash:
            parts.append(element(0x80, self.spki_hash))
        parts += [element(0x81 + i, text.encode()) for i, text in enumerate(told) if text]
        return sequence(*parts)

    def expected(self):
        if self.method == METHOD_PERSISTENT:
            return f"acct:{self.srn}@ca.example.net"
        derived = self.write(self.domain or self.name, ())
        return self.expected_of(hashlib.sha256(b"ecert validation v1\0" + derived).digest())

    @staticmethod
    def expected_of(digest):
        return base64.b32encode(digest).decode().lower().rstrip("=")


def check_request(challenge, attempt=b"a" * 16, version=1, kind=1, patience_ms=0, yields=False):
    more = [element(0xa2, integer(patience_ms))] if patience_ms else []
    more += [element(0x83, b"")] if yields else []
    body = sequence(element(OCTETS, attempt), challenge.der(), *more)
    return sequence(integer(version), integer(kind), body)


def rehearse_request(challenge, caa_only=False, patience_ms=0):
    body = sequence(challenge.der(), element(BOOLEAN, b"\xff" if caa_only else b"\0"), integer(patience_ms))
    return sequence(integer(1), integer(3), body)


class Rehearsed:
    """An answer to it: an error, or what was seen, with nothing signed and no place for a signature."""

    def __init__(self, packet):
        (_, content), = elements(packet)
        (_, _version), (_, kind), (_, err), *rest = elements(content)
        self.kind, self.err, self.codes = kind[0], int.from_bytes(err, "big"), []
        if self.err == 0:
            (_, body), = elements(rest[0][1])
            (_, dcv), (_, caa), (_, dnssec), (_, report) = elements(body)
            self.dcv, self.caa, self.dnssec = DCV[dcv[0]], CAA[caa[0]], DNSSEC[dnssec[0]]
            self.codes = [elements(step)[0][1].decode() for tag, step in elements(report) if tag == SEQUENCE]


class Question:
    """One line of a report's questions to the DNS."""

    def __init__(self, asked, outcome, dnssec, ttl, records, milliseconds, via, seen):
        self.asked, self.outcome, self.via, self.seen = (text.decode() for text in (asked, outcome, via, seen))
        self.dnssec = DNSSEC[int.from_bytes(dnssec, "big")]
        self.ttl, self.records, self.milliseconds = (
            int.from_bytes(number, "big") for number in (ttl, records, milliseconds))


class Answer:
    """What came back: an error with its reason, or an observation and the report beside it."""

    def __init__(self, packet):
        (tag, content), = elements(packet)
        assert tag == SEQUENCE
        (_, version), (_, kind), (_, err), *rest = elements(content)
        assert version == b"\x01" and kind == b"\x01"
        self.err, self.reason, self.steps, self.questions = int.from_bytes(err, "big"), None, [], []
        for tag, inner in rest:
            if tag == 0xa0:
                fields = elements(inner)
                fields = elements(fields[0][1]) if fields[0][0] == SEQUENCE else fields
                self.reason = fields[0][1].decode()
            else:
                self.read_body(inner)

    def read_body(self, content):
        (_, body), = elements(content)
        (_, self.observation), (_, report) = elements(body)
        (_, inside), = elements(self.observation)
        (_, part), (_, self.signature) = elements(inside)
        self.signed_part = element(SEQUENCE, part)
        fields = [value for _, value in elements(part)]
        self.perspective, self.attempt = fields[1].decode(), fields[2]
        self.challenge, self.adn, self.expected = fields[3], fields[4].decode(), fields[5].decode()
        self.alias = fields[10].decode() if len(fields) > 10 else ""
        self.dcv, self.caa, self.dnssec = DCV[fields[6][0]], CAA[fields[7][0]], DNSSEC[fields[8][0]]
        for tag, step in elements(report):
            if tag == 0xa0:
                (_, questions), = elements(step)
                self.questions = [Question(*[value for _, value in elements(one)]) for _, one in elements(questions)]
                continue
            self.steps.append(tuple(value.decode() for _, value in elements(step)))

    @property
    def codes(self):
        return [step[0] for step in self.steps]
