/* Lints of the fields outside names and extensions: version, serial, algorithms, validity, key. */
#include "lib/lint/view.h"

enum { HOUR = 3600, DAY = 86400 };

/* 00:00:00Z of the days on which the policy clock turns. */
#define SINCE_2026_03_15 INT64_C(1773532800)
#define SINCE_2027_03_15 INT64_C(1805068800)
#define SINCE_2029_03_15 INT64_C(1868227200)

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

static bool serial_minimal(const struct view *view)
{
    struct span serial = view->serial;
    return serial.len < 2 || serial.data[0] != 0 || (serial.data[1] & 0x80) != 0;
}

/* 64 bits from a generator need at least so many octets (BR 7.1.2.7.6; lesson: 63 is not 64). */
static bool serial_entropy(const struct view *view)
{
    return view->serial.len >= 9;
}

static bool algorithm_listed(const struct view *view)
{
    static const struct span listed[] = {
        BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"),
        BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00"),
        BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00"),
        BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"),
        BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"),
        BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"),
    };
    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++) {
        if (span_equal(listed[i], view->inner_algorithm)) {
            return true;
        }
    }
    return false;
}

static bool algorithm_same(const struct view *view)
{
    return !view->has_outer || span_equal(view->outer_algorithm, view->inner_algorithm);
}

static bool unique_ids_absent(const struct view *view)
{
    return !view->unique_ids;
}

static bool validity_order(const struct view *view)
{
    return view->not_after >= view->not_before;
}

/* BR 6.3.2: both ends belong to the period; a day has 86,400 seconds and any second more is a day.
 * */
static bool server_period(const struct view *view)
{
    int64_t days = view->not_before >= SINCE_2029_03_15   ? 47
                   : view->not_before >= SINCE_2027_03_15 ? 100
                   : view->not_before >= SINCE_2026_03_15 ? 200
                                                          : 398;
    return view->not_after - view->not_before + 1 <= days * DAY;
}

static bool root_period(const struct view *view)
{
    int64_t seconds = view->not_after - view->not_before + 1;
    return seconds >= INT64_C(2922) * DAY && seconds <= INT64_C(9132) * DAY;
}

static bool server_not_backdated(const struct view *view)
{
    return view->not_before >= view->now - 48 * HOUR;
}

static bool ca_not_backdated(const struct view *view)
{
    return view->not_before >= view->now - DAY;
}

static bool not_postdated(const struct view *view)
{
    return view->not_before <= view->now + 48 * HOUR;
}

/* The key: its AlgorithmIdentifier's bytes and its numbers. */
struct key_parts {
    struct span algorithm, bits;
};

static bool key_split(const struct view *view, struct key_parts *ret_parts)
{
    struct der outer = der_reader(view->spki), inner;
    return der_enter(&outer, DER_SEQUENCE, &inner) == OK &&
           der_read_whole(&inner, DER_SEQUENCE, &ret_parts->algorithm) == OK &&
           der_read_bit_string(&inner, &ret_parts->bits) == OK && der_empty(&inner);
}

static const struct span curves[] = {
    BYTES("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
    BYTES("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"),
    BYTES("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23"),
};

static bool key_listed(const struct view *view)
{
    struct key_parts parts;
    bool listed = view_rsa_key(view);
    for (size_t i = 0; key_split(view, &parts) && i < sizeof curves / sizeof curves[0]; i++) {
        listed = listed || span_equal(parts.algorithm, curves[i]);
    }
    return listed && key_split(view, &parts);
}

static bool rsa_numbers(
    const struct view *view, struct span *ret_modulus, struct span *ret_exponent)
{
    struct key_parts parts;
    struct der numbers;
    if (!view_rsa_key(view) || !key_split(view, &parts)) {
        return false;
    }
    struct der outer = der_reader(parts.bits);
    return der_enter(&outer, DER_SEQUENCE, &numbers) == OK &&
           der_read_magnitude(&numbers, ret_modulus) == OK &&
           der_read_magnitude(&numbers, ret_exponent) == OK && der_empty(&numbers) &&
           der_empty(&outer);
}

static bool rsa_well_formed(const struct view *view)
{
    struct span modulus, exponent;
    return !view_rsa_key(view) || rsa_numbers(view, &modulus, &exponent);
}

static bool rsa_size(const struct view *view)
{
    struct span modulus, exponent;
    return !rsa_numbers(view, &modulus, &exponent) ||
           (modulus.len >= 256 && (modulus.data[0] & 0x80) != 0);
}

static bool rsa_modulus_odd(const struct view *view)
{
    struct span modulus, exponent;
    return !rsa_numbers(view, &modulus, &exponent) || (modulus.data[modulus.len - 1] & 1) != 0;
}

static bool rsa_exponent(const struct view *view)
{
    struct span modulus, exponent;
    return !rsa_numbers(view, &modulus, &exponent) ||
           (exponent.len >= 3 && exponent.len <= 32 && (exponent.data[exponent.len - 1] & 1) != 0);
}

static bool ec_point(const struct view *view)
{
    static const size_t lengths[] = { 65, 97, 133 };
    struct key_parts parts;
    for (size_t i = 0; key_split(view, &parts) && i < sizeof curves / sizeof curves[0]; i++) {
        if (span_equal(parts.algorithm, curves[i])) {
            return parts.bits.len == lengths[i] && parts.bits.data[0] == 0x04;
        }
    }
    return true;
}

static const struct lint rows[] = {
    { "version.3", "BR 7.1.1", FOR_CERTIFICATE, 0, version_3 },
    { "serial.positive", "RFC 5280 4.1.2.2", FOR_CERTIFICATE, 0, serial_positive },
    { "serial.length", "RFC 5280 4.1.2.2", FOR_CERTIFICATE, 0, serial_length },
    { "serial.minimal", "X.690 8.3.2", FOR_CERTIFICATE, 0, serial_minimal },
    { "serial.entropy", "BR 7.1.2.7", FOR_CERTIFICATE, 0, serial_entropy },
    { "algorithm.listed", "BR 7.1.3.2", FOR_CERTIFICATE | FOR_CRL, 0, algorithm_listed },
    { "algorithm.same", "RFC 5280 4.1.1.2", FOR_CERTIFICATE | FOR_CRL, 0, algorithm_same },
    { "unique_id.absent", "BR 7.1.2.7", FOR_CERTIFICATE, 0, unique_ids_absent },
    { "validity.order", "RFC 5280 4.1.2.5", FOR_CERTIFICATE, 0, validity_order },
    { "validity.server_period", "BR 6.3.2", FOR_SERVER, 0, server_period },
    { "validity.root_period", "BR 7.1.2.1.1", FOR_ROOT, 0, root_period },
    { "validity.server_backdated", "BR 7.1.2.7", FOR_SERVER, 0, server_not_backdated },
    { "validity.ca_backdated", "BR 7.1.2.1.1", FOR_CA & ~LINT_FOR(LINT_CROSS_CA), 0,
        ca_not_backdated },
    { "validity.postdated", "BR 7.1.2.7", FOR_CERTIFICATE, 0, not_postdated },
    { "key.listed", "BR 7.1.3.1", FOR_CERTIFICATE, 0, key_listed },
    { "key.rsa_form", "RFC 8017 A.1.1", FOR_CERTIFICATE, 0, rsa_well_formed },
    { "key.rsa_size", "BR 6.1.5", FOR_CERTIFICATE, 0, rsa_size },
    { "key.rsa_modulus_odd", "BR 6.1.6", FOR_CERTIFICATE, 0, rsa_modulus_odd },
    { "key.rsa_exponent", "BR 6.1.6", FOR_CERTIFICATE, 0, rsa_exponent },
    { "key.ec_point", "RFC 5480 2.2", FOR_CERTIFICATE, 0, ec_point },
};

const struct lint_table lint_fields = { rows, sizeof rows / sizeof rows[0] };
