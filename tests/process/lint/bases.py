"""The good objects: the product's own, and those that it doesn't make, derived from its own."""
import datetime
import os

from der import (Certificate, NULL, Element, bits, enumerated, explicit, extension, general, implicit, integer, octets,
                 oid, parse, printable, seq, set_of, utc, utf8)

AKI, SKI, KU, SAN, IAN, BC, NC = ("2.5.29.35", "2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.18", "2.5.29.19",
                                  "2.5.29.30")
CDP, POLICIES, MAPPINGS, PC, EKU, FRESHEST, IAP = ("2.5.29.31", "2.5.29.32", "2.5.29.33", "2.5.29.36", "2.5.29.37",
                                                   "2.5.29.46", "2.5.29.54")
AIA, SIA = "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.11"
SCTS, POISON = "1.3.6.1.4.1.11129.2.4.2", "1.3.6.1.4.1.11129.2.4.3"
NO_CHECK, NONCE, BASIC = "1.3.6.1.5.5.7.48.1.5", "1.3.6.1.5.5.7.48.1.2", "1.3.6.1.5.5.7.48.1.1"
NUMBER, REASON, INVALIDITY, DELTA, IDP, CERTIFICATE_ISSUER = ("2.5.29.20", "2.5.29.21", "2.5.29.24", "2.5.29.27",
                                                              "2.5.29.28", "2.5.29.29")
ORGANISATION_ID = "2.23.140.3.1"
DV, OV, IV, EV, ANY = "2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3", "2.23.140.1.1", "2.5.29.32.0"
C, ST, L, STREET, O, OU, CN = "2.5.4.6", "2.5.4.8", "2.5.4.7", "2.5.4.9", "2.5.4.10", "2.5.4.11", "2.5.4.3"
POSTAL, SURNAME, GIVEN, DC, SERIAL = "2.5.4.17", "2.5.4.4", "2.5.4.42", "0.9.2342.19200300.100.1.25", "2.5.4.5"
CATEGORY, IDENTIFIER = "2.5.4.15", "2.5.4.97"
JURISDICTION = "1.3.6.1.4.1.311.60.2.1."
SERVER, CLIENT, CODE, MAIL, TIME, OCSP, ANY_USAGE = ("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3",
                                                     "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9",
                                                     "2.5.29.37.0")
SHA1, SHA256 = "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1"


def key_usage(*numbers):
    """The BIT STRING of these bits, its end trimmed as DER asks."""
    value = bytearray(2)
    for number in numbers:
        value[number // 8] |= 0x80 >> number % 8
    while value and value[-1] == 0:
        value.pop()
    unused = 0
    while value and not value[-1] >> unused & 1:
        unused += 1
    return bits(bytes(value), unused)


def sct(log=b"\x01", version=0, milliseconds=1795000000000, extensions=b"", algorithm=b"\x04\x03"):
    head = bytes([version]) + log * 32 + milliseconds.to_bytes(8, "big")
    return head + len(extensions).to_bytes(2, "big") + extensions + algorithm + b"\x00\x08" + b"\x5a" * 8


def sct_list(*scts):
    inside = b"".join(len(one).to_bytes(2, "big") + one for one in scts)
    return octets(len(inside).to_bytes(2, "big") + inside)


def policies(*which):
    return seq(*(seq(oid(one)) for one in which))


def dv(data):
    cert = Certificate(data)
    cert.set(cert.SUBJECT, seq())
    cert.put(POLICIES, policies(DV))
    cert.criticality(SAN, True)
    return cert.bytes()


def iv(data):
    cert = Certificate(data)
    cert.drop_attribute(O)
    place = len(cert.subject) - 1
    cert.subject.insert(place, set_of(seq(oid(SURNAME), utf8("Chan"))))
    cert.subject.insert(place + 1, set_of(seq(oid(GIVEN), utf8("Tai Man"))))
    cert.put(POLICIES, policies(IV))
    return cert.bytes()


def nameless(data):
    cert = Certificate(data)
    cert.drop_attribute(CN)
    return cert.bytes()


def young(data):
    cert = Certificate(data)
    cert.set(cert.VALIDITY, seq(utc("260101000000Z"), utc("281231235959Z")))
    return cert.bytes()


def lasting(data, days):
    """Without a list of revoked ones, and of so many days."""
    cert = Certificate(data)
    end = datetime.datetime(2026, 11, 18) + datetime.timedelta(days=days, seconds=-1)
    cert.set(cert.VALIDITY, seq(utc("261118000000Z"), utc(end.strftime("%y%m%d%H%M%SZ"))))
    cert.drop(CDP)
    return cert.bytes()


def precertificate(data):
    cert = Certificate(data)
    cert.put(POISON, NULL, critical=True)
    return cert.bytes()


def with_scts(data):
    cert = Certificate(data)
    cert.put(SCTS, sct_list(sct(b"\x01"), sct(b"\x02"), sct(b"\x03")))
    return cert.bytes()


def responder(data):
    cert = Certificate(data)
    for dotted in (SAN, CDP, AIA, POLICIES):
        cert.drop(dotted)
    cert.drop_attribute(ST)
    cert.drop_attribute(L)
    cert.put_attribute(CN, utf8("Example OCSP Responder"))
    cert.put(KU, key_usage(0), critical=True)
    cert.put(EKU, seq(oid(OCSP)))
    cert.put(NO_CHECK, NULL)
    cert.put(SKI, octets(b"\x11" * 20))
    return cert.bytes()


def ev_identified(data):
    cert = Certificate(data)
    cert.put_attribute(IDENTIFIER, utf8("NTRHK-12345678"))
    cert.put(ORGANISATION_ID, seq(printable("NTR"), printable("HK"), utf8("12345678")))
    return cert.bytes()


def single(status, this="20261118000000Z", following="20261121000000Z", serial=0x7f11223344556677, more=()):
    algorithm = seq(oid(SHA1), NULL)
    parts = [seq(algorithm, octets(b"\x11" * 20), octets(b"\x22" * 20), integer(serial)), status, general(this)]
    if following is not None:
        parts.append(explicit(0, general(following)))
    return seq(*parts, *more)


GOOD = implicit(0, b"")


def revoked(reason=4, when="20261117000000Z"):
    parts = [general(when)] + ([explicit(0, enumerated(reason))] if reason is not None else [])
    return Element(0xa1, parts=parts)


def answer(*singles, certificate=None, responder_id=None, produced="20261118000001Z", extensions=(), version=()):
    """An OCSP response by the issuer of the good certificates."""
    who = responder_id if responder_id is not None else Element(0xa2, parts=[octets(b"\x33" * 20)])
    data = seq(*version, who, general(produced), seq(*singles),
               *([explicit(1, seq(*extensions))] if extensions else []))
    signature = seq(integer(0x1234567890), integer(0x2345678901)).bytes()
    basic = [data, seq(oid("1.2.840.10045.4.3.2")), bits(signature)]
    if certificate is not None:
        basic.append(explicit(0, seq(*certificate)))
    return seq(enumerated(0), explicit(0, seq(oid(BASIC), octets(seq(*basic))))).bytes()


def make(folder):
    """Name -> (kind, bytes) of every good object."""
    def load(name):
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    server = load("server.crt")
    signing = parse(responder(server))
    found = {
        "root": ("root", load("root.crt")),
        "ca": ("issuing-ca", load("issuing-ca.crt")),
        "old-ca": ("issuing-ca-old", load("issuing-ca.crt")),
        "cross": ("cross-ca", load("issuing-ca.crt")),
        "young-ca": ("issuing-ca", young(load("issuing-ca.crt"))),
        "server": ("ov", server),
        "nameless": ("ov", nameless(server)),
        "rsa": ("ov", load("server-rsa.crt")),
        "wildcard": ("ov", load("wildcard.crt")),
        "multi": ("ov", load("multi.crt")),
        "ev": ("ev", load("ev.crt")),
        "classic": ("classic", load("classic.crt")),
        "ev-multi": ("ev", load("ev-multi.crt")),
        "ev-identified": ("ev", ev_identified(load("ev.crt"))),
        "dv": ("dv", dv(server)),
        "iv": ("iv", iv(server)),
        "precertificate": ("precertificate", precertificate(server)),
        "scts": ("ov", with_scts(server)),
        "responder": ("responder", signing.bytes()),
        "crl": ("crl", load("crl.crl")),
        "arl": ("arl", load("arl.crl")),
        "good": ("ocsp", answer(single(GOOD))),
        "revoked": ("ocsp", answer(single(revoked()))),
        "delegated": ("ocsp", answer(single(GOOD), certificate=[signing],
                                     responder_id=Element(0xa1, parts=[signing[0][5]]))),
        "nonce": ("ocsp", answer(single(GOOD), extensions=[extension(NONCE, octets(b"\x44" * 16))])),
    }
    return found
