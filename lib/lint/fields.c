/* Lints of the fields outside names, keys and extensions: version, serial, algorithms, signature,
 * validity. */
#include "lib/lint/view.h"

enum { HOUR = 3600, DAY = 86400, YEAR = 366 * DAY };

static bool version_3(const struct view *view)
{
    return view->has_version && view->version == 2;
}

static bool serial_positive(const struct view *view)
{
    struct span serial = view->serial;
    bool zero = serial.len == 1 && serial.data[0] == 0;
    return serial.len > 0 && (serial.data[0] & 0x80) == 0 && !zero;
}

static bool serial_length(const struct view *view)
{
    return view->serial.len <= 20;
}

/* 64 bits from a generator need at least so many octets (lesson: 63 is not 64). */
static bool serial_entropy(const struct view *view)
{
    return view->serial.len >= 9;
}

static bool listed(struct span algorithm, const struct span *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal(algorithm, list[i])) {
            return true;
        }
    }
    return false;
}

#define PSS(hash, salt)                                                                            \
    BYTES("\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34\xa0\x0f\x30\x0d\x06\x09"   \
          "\x60\x86\x48\x01\x65\x03\x04\x02" hash                                                  \
          "\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\x0d\x06\x09"   \
          "\x60\x86\x48\x01\x65\x03\x04\x02" hash "\x05\x00\xa2\x03\x02\x01" salt)

static bool algorithm_listed(const struct view *view)
{
    static const struct span list[] = {
        BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"),
        BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00"),
        BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00"),
        BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"),
        BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"),
        BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"),
        PSS("\x01", "\x20"),
        PSS("\x02", "\x30"),
        PSS("\x03", "\x40"),
    };
    return view->inner_algorithm.len == 0 || /* what is to be signed of an answer names none */
           listed(view->inner_algorithm, list, sizeof list / sizeof list[0]);
}

/* The OID within an AlgorithmIdentifier, and what follows it. */
static bool algorithm_split(struct span whole, struct span *ret_oid, struct span *ret_parameters)
{
    struct der outer = der_reader(whole), inner;
    if (der_enter(&outer, DER_SEQUENCE, &inner) != OK || der_read(&inner, DER_OID, ret_oid) != OK) {
        return false;
    }
    *ret_parameters = inner.rest;
    return true;
}

static bool not_sha1(const struct view *view)
{
    static const struct span old[] = {
        BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"), /* md5WithRSAEncryption */
        BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), /* sha1WithRSAEncryption */
        BYTES("\x2a\x86\x48\xce\x3d\x04\x01"),         /* ecdsa-with-SHA1 */
        BYTES("\x2a\x86\x48\xce\x38\x04\x03"),         /* dsa-with-sha1 */
    };
    struct span oid, parameters;
    return !algorithm_split(view->inner_algorithm, &oid, &parameters) ||
           !listed(oid, old, sizeof old / sizeof old[0]);
}

static bool begins(struct span oid, const char *arc, size_t len)
{
    return oid.len > len && memcmp(oid.data, arc, len) == 0;
}

static bool is_rsa(struct span oid)
{
    return begins(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01", 8) && oid.data[8] != 0x0a;
}

static bool is_ecdsa(struct span oid)
{
    return begins(oid, "\x2a\x86\x48\xce\x3d\x04", 6);
}

static bool rsa_null(const struct view *view)
{
    struct span oid, parameters;
    return !algorithm_split(view->inner_algorithm, &oid, &parameters) || !is_rsa(oid) ||
           span_equal(parameters, SPAN_LITERAL("\x05\x00"));
}

static bool ecdsa_bare(const struct view *view)
{
    struct span oid, parameters;
    return !algorithm_split(view->inner_algorithm, &oid, &parameters) || !is_ecdsa(oid) ||
           parameters.len == 0;
}

static bool algorithm_same(const struct view *view)
{
    return !view->has_outer || span_equal(view->outer_algorithm, view->inner_algorithm);
}

/* A root signs itself: its key's curve decides its hash (BR 7.1.3.2.2). */
static bool root_curve(const struct view *view)
{
    static const struct {
        uint8_t point, hash;
    } pairs[] = { { 65, 2 }, { 97, 3 }, { 133, 4 } };
    struct span oid, parameters;
    if (!algorithm_split(view->inner_algorithm, &oid, &parameters) || oid.len == 0 ||
        (!view->key.ec && !view->key.rsa)) {
        return true;
    }
    if (view->key.rsa) {
        return begins(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01", 8);
    }
    for (size_t i = 0; is_ecdsa(oid) && i < sizeof pairs / sizeof pairs[0]; i++) {
        if (view->key.bits.len == pairs[i].point) {
            return oid.data[oid.len - 1] == pairs[i].hash;
        }
    }
    return false;
}

static bool signature_whole(const struct view *view)
{
    return !view->has_outer || (view->signature.len > 1 && view->signature.data[0] == 0);
}

/* ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }, both positive. */
static bool signature_ecdsa(const struct view *view)
{
    struct span oid, parameters, number;
    struct der pair;
    if (!view->has_outer || view->signature.len < 1 ||
        !algorithm_split(view->outer_algorithm, &oid, &parameters) || !is_ecdsa(oid)) {
        return true;
    }
    struct der value = der_reader(span_make(view->signature.data + 1, view->signature.len - 1));
    if (der_enter(&value, DER_SEQUENCE, &pair) != OK || !der_empty(&value)) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        if (der_read_magnitude(&pair, &number) != OK || (number.len == 1 && number.data[0] == 0)) {
            return false;
        }
    }
    return der_empty(&pair);
}

/* RFC 8017 §8.2.1: as long as the modulus, which has 2048 bits or more. */
static bool signature_rsa(const struct view *view)
{
    struct span oid, parameters;
    return !view->has_outer || !algorithm_split(view->outer_algorithm, &oid, &parameters) ||
           !is_rsa(oid) || view->signature.len >= 257;
}

static bool unique_ids_absent(const struct view *view)
{
    return !view->unique_ids;
}

static bool extensions_there(const struct view *view)
{
    return view->extension_count > 0;
}

static bool validity_order(const struct view *view)
{
    return view->not_after > view->not_before;
}

static int64_t period(const struct view *view)
{
    return view->not_after - view->not_before + 1;
}

/* The period is inclusive, and a second too many is a day too many (BR 6.3.2). */
static int64_t server_days(const struct view *view)
{
    int64_t at = view->rules_at;
    return at >= SINCE_2029_03_15   ? 47
           : at >= SINCE_2027_03_15 ? 100
           : at >= SINCE_2026_03_15 ? 200
           : at >= SINCE_2020_08_20 ? 398
                                    : 825;
}

static bool server_period(const struct view *view)
{
    return period(view) <= server_days(view) * DAY;
}

static bool server_margin(const struct view *view)
{
    return period(view) <= (server_days(view) - 1) * DAY;
}

static bool root_long(const struct view *view)
{
    return period(view) >= INT64_C(2922) * DAY;
}

static bool root_short(const struct view *view)
{
    return period(view) <= INT64_C(9132) * DAY;
}

static bool issuing_period(const struct view *view)
{
    return period(view) <= INT64_C(3) * YEAR;
}

static bool server_backdated(const struct view *view)
{
    return view->signed_at == 0 || view->not_before >= view->signed_at - 48 * HOUR;
}

/* BR 7.1.2.1.1 and 7.1.2.10.1: a CA's notBefore is at most a day before its signing. */
static bool ca_backdated(const struct view *view)
{
    return view->signed_at == 0 || view->not_before >= view->signed_at - DAY;
}

static bool not_postdated(const struct view *view)
{
    return view->signed_at == 0 || view->not_before <= view->signed_at + 48 * HOUR;
}

enum {
    FOR_SIGNED = FOR_CERTIFICATE | FOR_CRL | FOR_OCSP,
    FOR_NEW_CA = FOR_CA & ~LINT_FOR(LINT_CROSS_CA)
};

static const struct lint rows[] = {
    { "version.3", "BR 7.1.1", "version 3", FOR_CERTIFICATE, SINCE_BR_1, .holds = version_3 },
    { "serial.positive", "RFC 5280 4.1.2.2", "a serial number above zero", FOR_CERTIFICATE,
        SINCE_RFC5280, .holds = serial_positive },
    { "serial.length", "RFC 5280 4.1.2.2", "at most 20 octets", FOR_CERTIFICATE, SINCE_RFC5280,
        .holds = serial_length },
    { "serial.entropy", "BR 7.1.2.7", "64 bits from a generator: 9 octets with the sign's",
        FOR_CERTIFICATE, SINCE_2016_09_30, .holds = serial_entropy },
    { "algorithm.listed", "BR 7.1.3.2", "an AlgorithmIdentifier of the list, byte for byte",
        FOR_SIGNED, SINCE_2020_08_20, .holds = algorithm_listed },
    { "algorithm.same", "RFC 5280 4.1.1.2", "the same algorithm outside as inside", FOR_SIGNED,
        SINCE_RFC5280, .holds = algorithm_same },
    { "algorithm.sha1", "BR 7.1.3.2", "no SHA-1 or MD5 beneath a signature", FOR_CERTIFICATE,
        SINCE_2016, .holds = not_sha1 },
    { "algorithm.sha1_lists", "BR 7.1.3.2", "no SHA-1 beneath a list or an answer either",
        FOR_CRL | FOR_OCSP, SINCE_2026_09_15, .holds = not_sha1 },
    { "algorithm.rsa_null", "RFC 4055 5", "NULL as the parameters of RSA", FOR_SIGNED,
        SINCE_RFC5280, .holds = rsa_null },
    { "algorithm.ecdsa_bare", "RFC 5758 3.2", "no parameters with ECDSA", FOR_SIGNED, SINCE_RFC5280,
        .holds = ecdsa_bare },
    { "algorithm.root_curve", "BR 7.1.3.2.2", "the hash that goes with the key's curve", FOR_ROOT,
        SINCE_2020_08_20, .holds = root_curve },
    { "signature.whole", "RFC 5280 4.1.1.3", "a signature of whole octets", FOR_SIGNED,
        SINCE_RFC5280, .holds = signature_whole },
    { "signature.ecdsa", "RFC 3279 2.2.3", "an ECDSA signature of two positive INTEGERs",
        FOR_SIGNED, SINCE_RFC5280, .holds = signature_ecdsa },
    { "signature.rsa", "RFC 8017 8.2.1",
        "an RSA signature as long as a modulus of 2048 bits or more", FOR_SIGNED, SINCE_2014,
        .holds = signature_rsa },
    { "unique_id.absent", "RFC 5280 4.1.2.8", "no unique identifiers", FOR_CERTIFICATE,
        SINCE_RFC5280, .holds = unique_ids_absent },
    { "extension.present", "RFC 5280 4.1.2.9", "extensions, at least one", FOR_CERTIFICATE,
        SINCE_RFC5280, .holds = extensions_there },
    { "validity.order", "RFC 5280 4.1.2.5", "an end behind the beginning", FOR_CERTIFICATE,
        SINCE_RFC5280, .holds = validity_order },
    { "validity.server_period", "BR 6.3.2",
        "at most 398 days; 200 from 2026-03-15, 100 from 2027-03-15, 47 from 2029-03-15",
        FOR_SERVER, SINCE_BR_1, .holds = server_period },
    { "validity.server_margin", "BR 6.3.2", "a day less than the most that is allowed", FOR_SERVER,
        SINCE_2020_08_20, LINT_SHOULD, .holds = server_margin },
    { "validity.root_long", "BR 7.1.2.1.1", "at least 2922 days", FOR_ROOT, SINCE_BR_2,
        .holds = root_long },
    { "validity.root_short", "BR 7.1.2.1.1", "at most 9132 days", FOR_ROOT, SINCE_BR_2,
        .holds = root_short },
    { "validity.issuing_period", "Chrome 1.8 1.3.2", "at most three years",
        LINT_FOR(LINT_ISSUING_CA), SINCE_BR_2, LINT_SHOULD, .holds = issuing_period },
    { "validity.server_backdated", "BR 7.1.2.7", "a beginning at most 48 hours before the signing",
        FOR_SERVER | FOR_RESPONDER, SINCE_BR_2, .holds = server_backdated },
    { "validity.ca_backdated", "BR 7.1.2.1.1", "a beginning at most a day before the signing",
        FOR_NEW_CA, SINCE_BR_2, .holds = ca_backdated },
    { "validity.postdated", "BR 7.1.2.7", "a beginning at most 48 hours behind the signing",
        FOR_CERTIFICATE, SINCE_BR_2, .holds = not_postdated },
};

const struct lint_table lint_fields = { NULL, 0, rows, sizeof rows / sizeof rows[0] };
