"""How each rule of a certificate's extensions is broken: {id: (good object, change)}."""
from bases import (AIA, AKI, ANY, ANY_USAGE, BC, CDP, CLIENT, CODE, DV, EKU, EV, FRESHEST, IAN, IAP, KU, MAIL, MAPPINGS,
                   NC, NO_CHECK, OCSP, OV, PC, POISON, POLICIES, SAN, SCTS, SERVER, SIA, SKI, TIME, key_usage, policies,
                   sct, sct_list)
from bent_fields import cert
from der import NULL, Element, bits, boolean, explicit, ia5, implicit, integer, octets, oid, seq, utf8

HTTP = "http://ca.example.net/"


def put(dotted, value, critical=False):
    return cert(lambda c: c.put(dotted, value, critical))


def drop(dotted):
    return cert(lambda c: c.drop(dotted))


def critical(dotted, truth=True):
    return cert(lambda c: c.criticality(dotted, truth))


def usages(*numbers):
    return put(KU, key_usage(*numbers), critical=True)


def purposes(*which):
    return put(EKU, seq(*(oid(one) for one in which)))


def constraints(*parts):
    return put(BC, seq(*parts), critical=True)


def dns(name):
    return implicit(2, name if isinstance(name, bytes) else name.encode())


def names(*more):
    """The certificate's own name first, so that the common name stays a copy."""
    return put(SAN, seq(dns("www.shop.example.com"), *(dns(m) if isinstance(m, (str, bytes)) else m for m in more)))


def point(name, *more):
    return seq(explicit(0, name), *more)


def uri(text=HTTP + "crl/ca.crl"):
    return implicit(6, text.encode())


def points(*which):
    return put(CDP, seq(*which))


def full(*which):
    return explicit(0, *which)


def access(method, location):
    return seq(oid("1.3.6.1.5.5.7.48." + method), location)


def accesses(*which):
    return put(AIA, seq(*which))


def policy(*qualifiers):
    return put(POLICIES, seq(seq(oid(OV), seq(*qualifiers))))


def qualifier(kind, value):
    return seq(oid("1.3.6.1.5.5.7.2." + kind), value)


def default_written(c):
    c.extensions.append(seq(oid("1.2.3.4"), boolean(False), octets(NULL)))


def own_key(c):
    c.put(AKI, seq(implicit(0, c.value(SKI).value)))


def aki_more(c):
    c.put(AKI, seq(c.value(AKI)[0], Element(0xa1, parts=[explicit(4, seq())]), implicit(2, b"\x05")))




ISSUERS = access("2", implicit(6, (HTTP + "root/ca.crt").encode()))
SUBTREE = seq(dns("example.com"))
PERMITTED = Element(0xa0, parts=[SUBTREE])
LONG = ".".join(["a" * 63] * 4) + ".example.com"
DELTA_POINT = seq(point(full(uri())))

BENT = {
    "extension.twice": ("server", cert(lambda c: c.extensions.append(c.find(KU)))),
    "extension.default": ("server", cert(default_written)),
    "extension.value": ("server", put("1.2.3.4", b"\x05\x00\x05\x00")),
    "extension.listed": ("server", put("1.3.6.1.5.5.7.1.24", seq(integer(5)))),
    "extension.critical": ("server", put("1.2.3.4", NULL, critical=True)),
    "aki.present": ("server", drop(AKI)),
    "aki.critical": ("server", critical(AKI)),
    "aki.key": ("server", put(AKI, seq())),
    "aki.only": ("server", cert(aki_more)),
    "aki.root": ("root", put(AKI, seq(implicit(0, b"\x11" * 20)))),
    "aki.another": ("ca", cert(own_key)),
    "ski.present": ("ca", drop(SKI)),
    "ski.responder_present": ("responder", drop(SKI)),
    "ski.absent": ("server", put(SKI, octets(b"\x11" * 20))),
    "ski.critical": ("ca", critical(SKI)),
    "ski.form": ("ca", put(SKI, octets(b""))),
    "bc.critical": ("ca", critical(BC, False)),
    "ku.critical": ("ca", critical(KU, False)),
    "eku.critical": ("server", critical(EKU)),
    "policies.critical": ("server", critical(POLICIES)),
    "cdp.critical": ("server", critical(CDP)),
    "aia.critical": ("server", critical(AIA)),
    "ian.critical": ("server", put(IAN, seq(dns("ca.example.net")), critical=True)),
    "ian.absent": ("ca", put(IAN, seq(dns("ca.example.net")))),
    "freshest.critical": ("server", put(FRESHEST, DELTA_POINT, critical=True)),
    "sia.critical": ("server", put(SIA, seq(ISSUERS), critical=True)),
    "ku.present": ("ca", drop(KU)),
    "ku.server_present": ("server", drop(KU)),
    "ku.form": ("server", put(KU, bits(b"\x80", 0), critical=True)),
    "ku.some": ("server", put(KU, bits(b""), critical=True)),
    "ku.known": ("server", put(KU, bits(b"\x80\x01"), critical=True)),
    "ku.ca_cert_sign": ("ca", usages(6)),
    "ku.ca_crl_sign": ("ca", usages(5)),
    "ku.ca_only": ("ca", usages(2, 5, 6)),
    "ku.not_ca": ("server", usages(0, 6)),
    "ku.cert_sign_needs_ca": ("server", usages(0, 5)),
    "ku.server_signs_ec": ("server", usages(4)),
    "ku.server_signs_rsa": ("rsa", usages(2)),
    "ku.ec_encipherment": ("server", usages(0, 2)),
    "ku.rsa_agreement": ("rsa", usages(0, 4)),
    "ku.ec_agreement": ("server", usages(0, 4)),
    "ku.data_encipherment": ("rsa", usages(0, 3)),
    "ku.non_repudiation": ("server", usages(0, 1)),
    "ku.only_with_agreement": ("server", usages(0, 7)),
    "ku.cipher_only": ("server", usages(0, 4, 7)),
    "ku.responder": ("responder", usages(0, 1)),
    "ku.agrees": ("rsa", usages(1)),
    "bc.present": ("ca", drop(BC)),
    "bc.form": ("server", constraints(boolean(False))),
    "bc.ca": ("ca", constraints()),
    "bc.not_ca": ("server", constraints(boolean(True))),
    "bc.path_needs_ca": ("server", constraints(integer(0))),
    "bc.path_needs_cert_sign": ("ca", cert(lambda c: c.put(KU, key_usage(6), True))),
    "bc.root_path": ("root", constraints(boolean(True), integer(1))),
    "eku.root_absent": ("root", purposes(SERVER)),
    "eku.old_absent": ("old-ca", drop(EKU)),
    "eku.present": ("server", drop(EKU)),
    "eku.form": ("server", put(EKU, seq())),
    "eku.twice": ("server", purposes(SERVER, SERVER)),
    "eku.server_auth": ("server", purposes(CLIENT)),
    "eku.any": ("server", purposes(SERVER, ANY_USAGE)),
    "eku.email": ("server", purposes(SERVER, MAIL)),
    "eku.code": ("server", purposes(SERVER, CODE)),
    "eku.time": ("server", purposes(SERVER, TIME)),
    "eku.ocsp": ("server", purposes(SERVER, OCSP)),
    "eku.precert": ("server", purposes(SERVER, "1.3.6.1.4.1.11129.2.4.4")),
    "eku.other": ("server", purposes(SERVER, "1.3.6.1.5.5.7.3.17")),
    "eku.ca_server_only": ("ca", purposes(SERVER, CLIENT)),
    "eku.server_only": ("server", purposes(SERVER, CLIENT)),
    "eku.responder": ("responder", purposes(OCSP, SERVER)),
    "policies.present": ("server", drop(POLICIES)),
    "policies.root_absent": ("root", put(POLICIES, policies(ANY))),
    "policies.responder_absent": ("responder", put(POLICIES, policies(OV))),
    "policies.form": ("server", put(POLICIES, seq())),
    "policies.twice": ("server", put(POLICIES, policies(OV, "1.2.3.4", "1.2.3.4"))),
    "policies.one_reserved": ("server", put(POLICIES, policies(OV, DV))),
    "policies.server_any": ("server", put(POLICIES, policies(OV, ANY))),
    "policies.any_alone": ("ca", put(POLICIES, policies(ANY, OV))),
    "policies.subordinate": ("ca", put(POLICIES, policies("1.2.3.4"))),
    "classic.policy": ("classic", put(POLICIES, policies(OV))),
    "classic.unlogged": ("classic", put(SCTS, sct_list(sct(), sct(b"\x02"), sct(b"\x03")))),
    "policies.fit_kind": ("server", put(POLICIES, policies(EV))),
    "policies.reserved_first": ("server", put(POLICIES, policies("1.2.3.4", OV))),
    "policies.unqualified": ("server", policy(qualifier("1", ia5("https://ca.example.net/cps")))),
    "policies.qualifier": ("server", policy(qualifier("2", seq(utf8("No warranty"))))),
    "policies.cps": ("server", policy(qualifier("1", ia5("ftp://ca.example.net/cps")))),
    "cdp.present": ("server", drop(CDP)),
    "cdp.subordinate_present": ("ca", drop(CDP)),
    "cdp.root_absent": ("root", points(point(full(uri())))),
    "cdp.form": ("server", points()),
    "cdp.one": ("server", points(point(full(uri())), point(full(uri(HTTP + "other.crl"))))),
    "cdp.full_name": ("server", points(point(Element(0xa1, parts=[seq(oid("2.5.4.3"), utf8("CRL1"))])))),
    "cdp.reasons": ("server", points(point(full(uri()), implicit(1, b"\x06\x40")))),
    "cdp.issuer": ("server", points(point(full(uri()), Element(0xa2, parts=[explicit(4, seq())])))),
    "cdp.uri": ("server", points(point(full(dns("ca.example.net"))))),
    "cdp.http": ("server", points(point(full(uri("ldap://ca.example.net/cn=CRL1"))))),
    "aia.present": ("server", drop(AIA)),
    "aia.subordinate_present": ("ca", drop(AIA)),
    "aia.responder_absent": ("responder", accesses(ISSUERS)),
    "aia.form": ("server", accesses()),
    "aia.methods": ("server", accesses(ISSUERS, access("5", uri()))),
    "aia.uri": ("server", accesses(ISSUERS, access("1", dns("ocsp.example.net")))),
    "aia.http": ("server", accesses(ISSUERS, access("1", uri("https://ocsp.example.net/")))),
    "aia.twice": ("server", accesses(ISSUERS, ISSUERS)),
    "aia.issuers": ("server", accesses(access("1", uri("http://ocsp.example.net/")))),
    "address.text": ("server", points(point(full(uri(HTTP + "crl/ca 1.crl"))))),
    "address.host": ("server", points(point(full(uri("http://ca-host/ca.crl"))))),
    "san.present": ("server", drop(SAN)),
    "san.form": ("server", put(SAN, seq())),
    "san.types": ("server", names(implicit(1, b"info@shop.example.com"))),
    "san.critical": ("dv", critical(SAN, False)),
    "san.uncritical": ("server", critical(SAN)),
    "san.twice": ("server", names("shop.example.com", "shop.example.com")),
    "san.empty": ("server", names(" ")),
    "san.length": ("server", names(LONG)),
    "san.label_length": ("server", names("a" * 64 + ".example.com")),
    "san.label_empty": ("server", names("shop..example.com")),
    "san.final_dot": ("server", names("shop.example.com.")),
    "san.underscore": ("server", names("my_shop.example.com")),
    "san.character": ("server", names("shop!.example.com")),
    "san.hyphen": ("server", names("-shop.example.com")),
    "san.reserved": ("server", names("sh--op.example.com")),
    "san.punycode": ("server", names("xn--99999999999.example.com")),
    "san.case": ("server", names("Shop.example.com")),
    "san.single": ("server", names("intranet")),
    "san.numeric": ("server", names("192.0.2.77")),
    "san.reverse": ("server", names("77.2.0.192.in-addr.arpa")),
    "san.internal": ("server", names("shop.internal")),
    "san.onion": ("server", names("shopshopshop234567.onion")),
    "san.wildcard_place": ("wildcard", put(SAN, seq(dns("*.shop.example.com"), dns("www.*.example.com")))),
    "san.wildcard_narrow": ("wildcard", put(SAN, seq(dns("*.shop.example.com"), dns("*.com")))),
    "san.ev_wildcard": ("ev", names("*.shop.example.com")),
    "san.ev_address": ("ev", names(implicit(7, b"\x08\x08\x08\x08"))),
    "san.address_length": ("server", names(implicit(7, b"\x08\x08\x08\x08\x08"))),
    "san.address_reserved": ("server", names(implicit(7, b"\x0a\x00\x00\x01"))),
    "san.common_name": ("server", put(SAN, seq(dns("shop.example.com")))),
    "san.ca_absent": ("ca", put(SAN, seq(dns("ca.example.net")))),
    "san.responder_absent": ("responder", put(SAN, seq(dns("ocsp.example.net")))),
    "ct.poison_present": ("precertificate", drop(POISON)),
    "ct.poison_critical": ("precertificate", critical(POISON, False)),
    "ct.poison_null": ("precertificate", put(POISON, integer(1), critical=True)),
    "ct.poison_or_scts": ("precertificate", put(SCTS, sct_list(sct()))),
    "ct.critical": ("scts", critical(SCTS)),
    "ct.form": ("scts", put(SCTS, octets(b"\x00\x09\x00\x05"))),
    "ct.empty": ("scts", put(SCTS, sct_list())),
    "ct.version": ("scts", put(SCTS, sct_list(sct(b"\x01"), sct(b"\x02"), sct(b"\x03", version=1)))),
    "ct.log_twice": ("scts", put(SCTS, sct_list(sct(b"\x01"), sct(b"\x02"), sct(b"\x02")))),
    "ct.time": ("scts", put(SCTS, sct_list(sct(b"\x01"), sct(b"\x02"), sct(b"\x03", milliseconds=2 ** 41)))),
    "ct.algorithm": ("scts", put(SCTS, sct_list(sct(b"\x01"), sct(b"\x02"), sct(b"\x03", algorithm=b"\x02\x01")))),
    "ct.extensions": ("scts", put(SCTS, sct_list(sct(b"\x01"), sct(b"\x02"), sct(b"\x03", extensions=b"\x00\x00")))),
    "ct.enough": ("scts", put(SCTS, sct_list(sct(b"\x01")))),
    "nc.absent": ("server", put(NC, seq(PERMITTED), critical=True)),
    "nc.root_absent": ("root", put(NC, seq(PERMITTED), critical=True)),
    "nc.critical": ("ca", put(NC, seq(PERMITTED))),
    "nc.empty": ("ca", put(NC, seq(), critical=True)),
    "nc.form": ("ca", put(NC, seq(Element(0xa0, parts=[])), critical=True)),
    "nc.distance": ("ca", put(NC, seq(Element(0xa0, parts=[seq(dns("example.com"), implicit(0, b"\x01"))])),
                              critical=True)),
    "pc.critical": ("ca", put(PC, seq(implicit(0, b"\x00")))),
    "pc.empty": ("ca", put(PC, seq(), critical=True)),
    "pm.critical": ("ca", put(MAPPINGS, seq(seq(oid("1.2.3.4"), oid("1.2.3.5"))))),
    "pm.any": ("ca", put(MAPPINGS, seq(seq(oid(ANY), oid("1.2.3.5"))), critical=True)),
    "iap.critical": ("ca", put(IAP, integer(0))),
    "constraints.ca_only": ("server", put(PC, seq(implicit(0, b"\x00")), critical=True)),
    "responder.no_check": ("responder", drop(NO_CHECK)),
    "responder.no_check_null": ("responder", put(NO_CHECK, integer(1))),
    "responder.no_check_critical": ("responder", critical(NO_CHECK)),
    "responder.elsewhere": ("server", put(NO_CHECK, NULL)),
    "responder.cdp": ("responder", points(point(full(uri())))),
}
