"""How each rule of encoding, fields, keys and names is broken: {id: (good object, change)}. A change takes
the bytes and gives the broken ones."""
from bases import (C, CATEGORY, CN, DC, GIVEN, IDENTIFIER, JURISDICTION, KU, L, O, ORGANISATION_ID, OU, POSTAL,
                   SERIAL, ST, STREET, SURNAME)
from der import (Certificate, Element, List, bits, general, ia5, integer, long_length, oid, parse, printable,
                 seq, set_of, utc, utf8, NULL)


def cert(change):
    """A change of a certificate's fields."""
    def apply(data):
        bent = Certificate(data)
        change(bent)
        return bent.bytes()
    return apply


def crl(change):
    def apply(data):
        bent = List(data)
        change(bent)
        return bent.bytes()
    return apply


def replaced(old, new, last=False):
    """The same number of bytes elsewhere in the object."""
    old, new = bytes.fromhex(old), bytes.fromhex(new)
    assert len(old) == len(new)

    def apply(data):
        at = data.rfind(old) if last else data.find(old)
        assert at >= 0, old.hex()
        return data[:at] + new + data[at + len(old):]
    return apply


def field(which, element):
    return cert(lambda c: c.set(which, element))


def attribute(dotted, value, at=None):
    return cert(lambda c: c.put_attribute(dotted, value, at))


def unit(text):
    return set_of(seq(oid(OU), utf8(text)))


def unit_at(number, text):
    """One of a classic certificate's organizational units, which stand behind four others."""
    return cert(lambda c: c.subject.__setitem__(4 + number, unit(text)))


def without(dotted):
    return cert(lambda c: c.drop_attribute(dotted))


def key(algorithm, content, unused=0):
    return field(Certificate.KEY, seq(algorithm, bits(content, unused)))


def rsa(modulus, exponent=65537, algorithm=None):
    return key(algorithm or seq(oid("1.2.840.113549.1.1.1"), NULL), seq(integer(modulus), integer(exponent)).bytes())


def validity(begin, end):
    return field(Certificate.VALIDITY, seq(begin, end))


def header(change):
    def bend(c):
        c.field(c.ISSUER).header = change
    return cert(bend)


def algorithm(dotted, *parameters):
    def bend(c):
        for where in (c.root, c.tbs):
            at = 1 if where is c.root else 2
            where.parts[at] = seq(oid(dotted), *parameters)
    return cert(bend)


def signature(value):
    return cert(lambda c: c.root.parts.__setitem__(2, value))


def rdn(first):
    """Two attributes in one RDN of the issuer or the subject."""
    def bend(c):
        name = c.field(c.ISSUER if first else c.SUBJECT).parts
        name[0] = Element(0x31, parts=sorted([name[0][0], name[1][0]], key=lambda p: p.bytes()))
        del name[1]
    return cert(bend)


def disorder(c):
    name = c.subject
    name[0] = Element(0x31, parts=sorted([name[0][0], name[1][0]], key=lambda p: p.bytes(), reverse=True))
    del name[1]


def swapped(c):
    c.subject[0], c.subject[1] = c.subject[1], c.subject[0]


def nested(data):
    inside = NULL
    for _ in range(30):
        inside = seq(inside)
    bent = Certificate(data)
    bent.put("1.2.3.4", inside)
    return bent.bytes()


P256 = seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))
POINT = b"\x04" + b"\x11" * 64
MODULUS = (1 << 2047) + 1  # divisible by 3, as every 2^odd + 1
GOOD_MODULUS = (1 << 2047) | (1 << 1024) | 1
while any(GOOD_MODULUS % small == 0 for small in range(3, 760, 2)):
    GOOD_MODULUS += 2
PSS = "1.2.840.113549.1.1.10"
RSA = "1.2.840.113549.1.1.1"
NB, NA = utc("261118111959Z"), utc("270605111958Z")

BENT = {
    "der.shape": ("server", lambda data: seq(NULL).bytes()),
    "der.length": ("server", header(long_length)),
    "der.tag": ("server", replaced("0603550406", "1f03550406")),
    "der.depth": ("server", nested),
    "der.trailing": ("server", lambda data: data + b"\x05\x00"),
    "der.boolean": ("server", replaced("551d0f0101ff", "551d0f010101")),
    "der.integer": ("server", field(Certificate.SERIAL, integer(b"\x00\x00" + b"\x11" * 14))),
    "der.oid": ("server", cert(lambda c: c.put("1.2.3.4", Element(0x06, b"\x2a\x80\x03")))),
    "der.bit_string": ("server", cert(lambda c: c.put(KU, bits(b"\x81", 1), True))),
    "der.null": ("server", cert(lambda c: c.put("1.2.3.4", Element(0x05, b"\x00")))),
    "der.constructed": ("server", attribute(O, Element(0x2c, parts=[utf8("Shop")]))),
    "der.set_order": ("server", cert(disorder)),
    "der.utf8": ("server", attribute(O, Element(0x0c, b"Shop \xff\xfe"))),
    "der.printable": ("server", attribute(O, printable("Shop & Sons"))),
    "der.ia5": ("server", attribute(O, Element(0x16, b"Shop \xe9"))),
    "time.seconds": ("server", validity(utc("2611181119Z"), NA)),
    "time.zulu": ("server", validity(utc("261118111959+0000"), NA)),
    "time.fraction": ("server", validity(general("20261118111959.5Z"), NA)),
    "time.type": ("server", validity(general("20261118111959Z"), NA)),
    "time.exists": ("server", validity(utc("261131111959Z"), NA)),
    "version.3": ("server", cert(lambda c: c.field(0).parts.__setitem__(0, integer(1)))),
    "serial.positive": ("server", field(Certificate.SERIAL, integer(b"\x80" + b"\x11" * 15))),
    "serial.length": ("server", field(Certificate.SERIAL, integer(b"\x11" * 21))),
    "serial.entropy": ("server", field(Certificate.SERIAL, integer(b"\x11" * 8))),
    "algorithm.listed": ("server", algorithm("1.2.840.10045.4.3.1")),
    "algorithm.same": ("server", cert(lambda c: c.root.parts.__setitem__(1, seq(oid("1.2.840.10045.4.3.3"))))),
    "algorithm.sha1": ("server", algorithm("1.2.840.113549.1.1.5", NULL)),
    "algorithm.rsa_null": ("server", algorithm("1.2.840.113549.1.1.11")),
    "algorithm.ecdsa_bare": ("server", algorithm("1.2.840.10045.4.3.2", NULL)),
    "algorithm.root_curve": ("root", algorithm("1.2.840.10045.4.3.2")),
    "signature.whole": ("server", signature(Element(0x03, b"\x04" + b"\x50" * 8))),
    "signature.ecdsa": ("server", signature(bits(seq(integer(5), integer(b"\x80")).bytes()))),
    "signature.rsa": ("server", algorithm("1.2.840.113549.1.1.11", NULL)),
    "unique_id.absent": ("server", cert(lambda c: c.tbs.parts.insert(7, Element(0x81, b"\x00\x01")))),
    "extension.present": ("server", cert(lambda c: c.tbs.parts.pop())),
    "validity.order": ("server", validity(NA, NB)),
    "validity.server_period": ("server", validity(utc("261118000000Z"), utc("270606000000Z"))),
    "validity.server_margin": ("server", validity(utc("261118000000Z"), utc("270605235959Z"))),
    "validity.root_long": ("root", validity(utc("260101000000Z"), utc("330101000000Z"))),
    "validity.root_short": ("root", validity(utc("260101000000Z"), general("20520101000000Z"))),
    "validity.issuing_period": ("young-ca", validity(utc("260101000000Z"), utc("290301000000Z"))),
    "key.listed": ("server", key(seq(oid("1.2.840.10045.2.1"), oid("1.3.132.0.10")), POINT)),
    "key.pss": ("rsa", rsa(GOOD_MODULUS, algorithm=seq(oid(PSS), seq()))),
    "key.rsa_null": ("rsa", rsa(GOOD_MODULUS, algorithm=seq(oid(RSA)))),
    "key.whole": ("server", key(P256, POINT, unused=1)),
    "key.rsa_form": ("rsa", key(seq(oid(RSA), NULL), seq(integer(GOOD_MODULUS)).bytes())),
    "key.rsa_size": ("rsa", rsa((1 << 1023) | 1)),
    "key.rsa_octets": ("rsa", rsa((1 << 2050) | 1)),
    "key.rsa_odd": ("rsa", rsa(1 << 2047)),
    "key.rsa_factors": ("rsa", rsa(MODULUS)),
    "key.rsa_exponent": ("rsa", rsa(GOOD_MODULUS, 1)),
    "key.rsa_exponent_range": ("rsa", rsa(GOOD_MODULUS, 3)),
    "key.ec_named": ("server", key(seq(oid("1.2.840.10045.2.1"), seq(integer(1))), POINT)),
    "key.ec_point": ("server", key(P256, b"\x02" + b"\x11" * 32)),
    "key.root_strength": ("root", key(P256, POINT)),
    "issuer.present": ("server", field(Certificate.ISSUER, seq())),
    "issuer.single_valued": ("server", rdn(first=True)),
    "issuer.edge_space": ("server", cert(lambda c: c.field(c.ISSUER)[1][0].parts.__setitem__(1, utf8("Hong Kong ")))),
    "issuer.country_type": ("server", cert(lambda c: c.field(c.ISSUER)[0][0].parts.__setitem__(1, utf8("HK")))),
    "name.single_valued": ("server", rdn(first=False)),
    "name.known": ("server", attribute("1.2.840.113549.1.9.1", ia5("info@shop.example.com"))),
    "name.order": ("server", cert(swapped)),
    "name.twice": ("server", cert(lambda c: c.subject.insert(2, set_of(seq(oid(L), utf8("Central")))))),
    "name.type": ("server", attribute(O, Element(0x14, b"Shop"))),
    "name.country_type": ("server", attribute(C, utf8("HK"))),
    "name.serial_type": ("ev", attribute(SERIAL, utf8("12345678"))),
    "name.dc_type": ("server", attribute(DC, utf8("example"), at=0)),
    "name.country": ("server", attribute(C, printable("ZQ"))),
    "name.empty": ("server", attribute(O, utf8(""))),
    "name.meaning": ("server", attribute(L, utf8("N/A"))),
    "name.edge_space": ("server", attribute(O, utf8(" Shop Limited"))),
    "name.control": ("server", attribute(O, utf8("Shop\tLimited"))),
    "name.common_name_length": ("server", attribute(CN, utf8("a" * 65))),
    "name.organisation_length": ("server", attribute(O, utf8("商" * 65))),
    "name.locality_length": ("server", attribute(L, utf8("a" * 129))),
    "name.state_length": ("server", attribute(ST, utf8("a" * 129))),
    "name.street_length": ("server", attribute(STREET, utf8("a" * 129), at=3)),
    "name.postal_length": ("server", attribute(POSTAL, utf8("1" * 41), at=3)),
    "name.person_length": ("iv", attribute(SURNAME, utf8("a" * 65))),
    "name.serial_length": ("ev", attribute(SERIAL, printable("1" * 65))),
    "name.other_length": ("ev", attribute(CATEGORY, utf8("a" * 129))),
    "issuer.root_is_subject": ("root", attribute(CN, utf8("Another Root"))),
    "issuer.is_another": ("server", cert(lambda c: c.set(c.ISSUER, c.field(c.SUBJECT)))),
    "subject.present": ("ca", field(Certificate.SUBJECT, seq())),
    "subject.unit": ("server", attribute(OU, utf8("Sales"), at=4)),
    "subject.ca_unit": ("ca", attribute(OU, utf8("Sales"), at=4)),
    "subject.ca_country": ("ca", without(C)),
    "subject.ca_organisation": ("ca", without(O)),
    "subject.ca_common_name": ("ca", without(CN)),
    "subject.ca_closed": ("ca", attribute(SERIAL, printable("7"))),
    "subject.common_name": ("nameless", attribute(CN, utf8("www.shop.example.com"))),
    "subject.dv_closed": ("dv", attribute(O, utf8("Shop Limited"))),
    "subject.country": ("server", without(C)),
    "subject.place": ("server", cert(lambda c: (c.drop_attribute(ST), c.drop_attribute(L)))),
    "subject.address": ("server", attribute(STREET, utf8("1 Queen's Road"), at=3)),
    "subject.organisation": ("server", without(O)),
    "subject.person": ("iv", without(GIVEN)),
    "subject.no_person": ("server", attribute(SURNAME, utf8("Chan"), at=4)),
    "subject.without_ev": ("server", attribute(SERIAL, printable("12345678"))),
    "ev.organisation": ("ev", without(O)),
    "ev.country": ("ev", without(C)),
    "ev.place": ("ev", cert(lambda c: (c.drop_attribute(ST), c.drop_attribute(L)))),
    "ev.category": ("ev", without(CATEGORY)),
    "ev.category_listed": ("ev", attribute(CATEGORY, utf8("Private organization"))),
    "ev.jurisdiction": ("ev", without(JURISDICTION + "3")),
    "ev.jurisdiction_levels": ("ev", attribute(JURISDICTION + "1", utf8("Kowloon"))),
    "ev.registration": ("ev", without(SERIAL)),
    "classic.units": ("classic", cert(lambda c: [c.subject.insert(7, unit(text)) for text in ("Sales", "Berlin")])),
    "classic.srn": ("classic", unit_at(0, "214287")),
    "classic.documents": ("classic", unit_at(1, "12345678-HKO")),
    "classic.type": ("classic", unit_at(2, "Certificate")),
    "classic.closed": ("classic", attribute(DC, ia5("example"), at=0)),
    "classic.once": ("classic", cert(lambda c: c.subject.insert(2, set_of(seq(oid(L), utf8("Central")))))),
    "ev.closed": ("ev", attribute(DC, ia5("example"), at=0)),
    "ev.identifier_form": ("ev-identified", attribute(IDENTIFIER, utf8("BRN-12345678"))),
    "ev.identifier_extension": ("ev-identified", cert(lambda c: c.drop(ORGANISATION_ID))),
    "ev.identifier_same": ("ev-identified", cert(lambda c: c.put(
        ORGANISATION_ID, seq(printable("VAT"), printable("HK"), utf8("12345678"))))),
}


def list_algorithm(data):
    bent = parse(data)
    for where, at in ((bent, 1), (bent[0], 1)):
        where.parts[at] = seq(oid("1.2.840.113549.1.1.5"), NULL)
    return bent.bytes()


BENT["algorithm.sha1_lists"] = ("crl", list_algorithm)
