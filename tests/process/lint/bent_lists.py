"""How each rule of lists and of OCSP responses is broken: {id: (good object, change)}."""
from bases import (BASIC, CERTIFICATE_ISSUER, DELTA, GOOD, IDP, INVALIDITY, NONCE, NUMBER, REASON, SHA1, answer,
                   explicit, revoked, single)
from bent_fields import crl
from der import (NULL, Certificate, Element, enumerated, extension, general, implicit, integer, octets, oid, parse,
                 seq, utc)


def put(dotted, value, critical=False):
    return crl(lambda c: c.put(dotted, value, critical))


def entry(at, change):
    """Bends one entry."""
    return crl(lambda c: change(c.entries[at]))


def reason(number, critical=False):
    """Gives the first entry another reason."""
    return crl(lambda c: c.entries.__setitem__(
        0, seq(c.entries[0][0], c.entries[0][1], seq(extension(REASON, enumerated(number), critical)))))


def extensions(*which):
    return crl(lambda c: c.entries.__setitem__(0, seq(c.entries[0][0], c.entries[0][1], seq(*which))))


def point(*parts, critical=True):
    return put(IDP, seq(*parts), critical)


def place(uri):
    return Element(0xa0, parts=[Element(0xa0, parts=[implicit(6, uri.encode())])])


def answered(*singles, **more):
    return lambda data: answer(*singles, **more)


def hashed(dotted, name=20):
    one = single(GOOD)
    one.parts[0] = seq(seq(oid(dotted), NULL), octets(b"\x11" * name), octets(b"\x22" * 20), integer(7))
    return answered(one)


def short_lived(data):
    """A responder's certificate that ends before the answer does."""
    response = parse(data)
    basic = parse(response[1][0][1].value)
    cert = Certificate(basic[3][0][0].bytes())
    cert.set(cert.VALIDITY, seq(utc("261101000000Z"), utc("261119000000Z")))
    return answer(single(GOOD), certificate=[cert.root], responder_id=Element(0xa1, parts=[cert.field(cert.SUBJECT)]))


def misnamed(data):
    cert = parse(parse(data)[1][0][1].value)[3][0][0]
    return answer(single(GOOD), certificate=[cert], responder_id=Element(0xa1, parts=[cert[0][3]]))


def crowded(data):
    response = parse(data)
    basic = parse(response[1][0][1].value)
    cert = basic[3][0][0]
    return answer(single(GOOD), certificate=[cert, cert], responder_id=Element(0xa1, parts=[cert[0][5]]))


ISSUER = extension(CERTIFICATE_ISSUER, seq(explicit(4, seq())), critical=True)

BENT = {
    "crl.version": ("crl", crl(lambda c: c.tbs.parts.__setitem__(0, integer(0)))),
    "crl.next_update": ("crl", crl(lambda c: c.tbs.parts.pop(c.NEXT))),
    "crl.update_order": ("crl", crl(lambda c: c.tbs.parts.__setitem__(c.NEXT, utc("261101000000Z")))),
    "crl.server_period": ("crl", crl(lambda c: c.tbs.parts.__setitem__(c.NEXT, utc("261201000000Z")))),
    "crl.ca_period": ("arl", crl(lambda c: c.tbs.parts.__setitem__(c.NEXT, utc("280101000000Z")))),
    "crl.number": ("crl", crl(lambda c: c.drop(NUMBER))),
    "crl.number_critical": ("crl", put(NUMBER, integer(7), critical=True)),
    "crl.number_form": ("crl", put(NUMBER, integer(b"\x11" * 21))),
    "crl.delta": ("crl", put(DELTA, integer(6), critical=True)),
    "crl.point_critical": ("crl", point(place("http://ca.example.net/crl/1.crl"), critical=False)),
    "crl.point_form": ("crl", point(place("http://ca.example.net/crl/1.crl"), implicit(1, b"\x00"))),
    "crl.point_some": ("crl", point()),
    "crl.point_http": ("crl", point(place("ldap://ca.example.net/cn=CRL1"))),
    "crl.point_one_scope": ("crl", point(implicit(1, b"\xff"), implicit(2, b"\xff"))),
    "crl.point_direct": ("crl", point(implicit(4, b"\xff"))),
    "crl.point_attributes": ("crl", point(implicit(5, b"\xff"))),
    "crl.point_reasons": ("crl", point(implicit(3, b"\x06\x40"))),
    "crl.point_fits": ("arl", point(implicit(1, b"\xff"))),
    "crl.list_not_empty": ("crl", crl(lambda c: c.entries.clear())),
    "entry.form": ("crl", entry(0, lambda e: e.parts.append(seq()))),
    "entry.serial": ("crl", entry(0, lambda e: e.parts.__setitem__(0, integer(0)))),
    "entry.serial_length": ("crl", entry(0, lambda e: e.parts.__setitem__(0, integer(b"\x11" * 21)))),
    "entry.twice": ("crl", crl(lambda c: c.entries.append(c.entries[0]))),
    "entry.future": ("crl", entry(0, lambda e: e.parts.__setitem__(1, utc("261201000000Z")))),
    "entry.ca_reason": ("arl", entry(0, lambda e: e.parts.pop())),
    "entry.reason": ("crl", reason(2)),
    "entry.reason_unknown": ("crl", reason(7)),
    "entry.reason_unspecified": ("crl", reason(0)),
    "entry.hold": ("crl", reason(6)),
    "entry.remove": ("crl", reason(8)),
    "entry.reason_critical": ("crl", reason(4, critical=True)),
    "entry.critical": ("crl", extensions(extension(INVALIDITY, general("20261101000000Z"), critical=True))),
    "entry.extension_twice": ("crl", extensions(*[extension(REASON, enumerated(4))] * 2)),
    "entry.indirect": ("crl", extensions(ISSUER)),
    "entry.invalidity": ("crl", extensions(extension(INVALIDITY, utc("261101000000Z")))),
    "ocsp.status": ("good", lambda data: seq(enumerated(4)).bytes()),
    "ocsp.bytes": ("good", lambda data: seq(enumerated(0)).bytes()),
    "ocsp.error": ("good", lambda data: seq(enumerated(6), parse(data)[1]).bytes()),
    "ocsp.type": ("good", lambda data: data.replace(oid(BASIC).bytes(), oid("1.3.6.1.5.5.7.48.1.9").bytes())),
    "ocsp.version": ("good", answered(single(GOOD), version=[explicit(0, integer(0))])),
    "ocsp.key_hash": ("good", answered(single(GOOD), responder_id=Element(0xa2, parts=[octets(b"\x33" * 32)]))),
    "ocsp.some": ("good", answered()),
    "ocsp.one": ("good", answered(single(GOOD), single(GOOD, serial=9))),
    "ocsp.one_certificate": ("delegated", crowded),
    "ocsp.nonce": ("nonce", answered(single(GOOD), extensions=[extension(NONCE, octets(b"\x44" * 129))])),
    "ocsp.form": ("good", answered(single(implicit(3, b"")))),
    "ocsp.twice": ("good", answered(single(GOOD), single(GOOD))),
    "ocsp.next_update": ("good", answered(single(GOOD, following=None))),
    "ocsp.update_order": ("good", answered(single(GOOD, following="20261117000000Z"))),
    "ocsp.short": ("good", answered(single(GOOD, following="20261118040000Z"))),
    "ocsp.long": ("good", answered(single(GOOD, following="20261201000000Z"))),
    "ocsp.before": ("good", answered(single(GOOD), produced="20261117000000Z")),
    "ocsp.hash": ("good", hashed("2.16.840.1.101.3.4.2.3")),
    "ocsp.hash_length": ("good", hashed(SHA1, name=32)),
    "ocsp.serial": ("good", answered(single(GOOD, serial=0))),
    "ocsp.reason": ("revoked", answered(single(revoked(reason=6)))),
    "ocsp.single_reason": ("revoked", answered(single(
        revoked(), more=[explicit(1, seq(extension(REASON, enumerated(4))))]))),
    "ocsp.revoked_later": ("revoked", answered(single(revoked(when="20261130000000Z")))),
    "ocsp.beyond": ("delegated", short_lived),
    "ocsp.responder": ("delegated", misnamed),
}
