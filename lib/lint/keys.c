/* Lints of the subject's key: BR 6.1.5, 6.1.6 and 7.1.3.1. */
#include "lib/lint/view.h"

enum { WORDS_MAX = 256 };

static void numbers_read(struct view_key *key)
{
    struct der outer = der_reader(key->bits), numbers;
    struct span modulus, exponent;
    if (der_enter(&outer, DER_SEQUENCE, &numbers) == OK &&
        der_read_magnitude(&numbers, &modulus) == OK &&
        der_read_magnitude(&numbers, &exponent) == OK && der_empty(&numbers) && der_empty(&outer)) {
        key->modulus = modulus;
        key->exponent = exponent;
    }
}

static void keys_observe(struct view *view)
{
    struct view_key *key = &view->key;
    struct der outer = der_reader(view->spki), inner, algorithm;
    struct span oid, bits;
    if (der_enter(&outer, DER_SEQUENCE, &inner) != OK ||
        der_read_whole(&inner, DER_SEQUENCE, &key->algorithm) != OK ||
        der_read(&inner, DER_BIT_STRING, &bits) != OK || bits.len < 1 || !der_empty(&inner)) {
        return;
    }
    key->unused_bits = bits.data[0];
    key->bits = span_make(bits.data + 1, bits.len - 1);
    struct der whole = der_reader(key->algorithm);
    if (der_enter(&whole, DER_SEQUENCE, &algorithm) != OK ||
        der_read(&algorithm, DER_OID, &oid) != OK) {
        return;
    }
    key->rsa = span_equal(oid, oid_rsa_encryption);
    key->ec = span_equal(oid, oid_ec_public_key);
    if (key->rsa) {
        form_walk(view, key->bits);
        numbers_read(key);
    }
}

static const struct span rsa_algorithm =
    BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00");

static const struct {
    struct span algorithm;
    size_t point;
} curves[] = {
    { BYTES("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
        65 },
    { BYTES("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"), 97 },
    { BYTES("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23"), 133 },
};

enum { CURVES = sizeof curves / sizeof curves[0] };

static bool key_listed(const struct view *view)
{
    bool found = span_equal(view->key.algorithm, rsa_algorithm);
    for (size_t i = 0; i < CURVES; i++) {
        found = found || span_equal(view->key.algorithm, curves[i].algorithm);
    }
    return found;
}

/* Mozilla 5.1: id-RSASSA-PSS is for signatures only. */
static bool not_pss(const struct view *view)
{
    static const struct span pss = BYTES("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a");
    struct span algorithm = view->key.algorithm;
    return algorithm.len == 0 || memmem(algorithm.data, algorithm.len, pss.data, pss.len) == NULL;
}

static bool rsa_null(const struct view *view)
{
    return !view->key.rsa || span_equal(view->key.algorithm, rsa_algorithm);
}

static bool whole_octets(const struct view *view)
{
    return view->key.unused_bits == 0;
}

static bool rsa_form(const struct view *view)
{
    return !view->key.rsa || view->key.modulus.len > 0;
}

static size_t modulus_bits(const struct view *view)
{
    struct span modulus = view->key.modulus;
    size_t bits = 8 * modulus.len;
    for (unsigned top = modulus.data[0]; bits > 0 && (top & 0x80) == 0; top <<= 1) {
        bits--;
        if (top == 0) {
            return 0;
        }
    }
    return bits;
}

static bool rsa_numbers(const struct view *view)
{
    return view->key.modulus.len > 0;
}

static bool rsa_size(const struct view *view)
{
    return !rsa_numbers(view) || modulus_bits(view) >= 2048;
}

static bool rsa_octets(const struct view *view)
{
    return !rsa_numbers(view) || modulus_bits(view) % 8 == 0;
}

static bool odd(struct span number)
{
    return (number.data[number.len - 1] & 1) != 0;
}

static bool rsa_modulus_odd(const struct view *view)
{
    return !rsa_numbers(view) || odd(view->key.modulus);
}

/* Odd and 3 or more. */
static bool rsa_exponent(const struct view *view)
{
    struct span exponent = view->key.exponent;
    return !rsa_numbers(view) || (odd(exponent) && (exponent.len > 1 || exponent.data[0] >= 3));
}

/* 2^16+1 to 2^256-1. */
static bool rsa_exponent_range(const struct view *view)
{
    struct span exponent = view->key.exponent;
    return !rsa_numbers(view) ||
           (exponent.len >= 3 && exponent.len <= 32 &&
               (exponent.len > 3 || load_be32((uint8_t[]){ 0, exponent.data[0], exponent.data[1],
                                        exponent.data[2] }) >= 65537));
}

/* A modulus as 64-bit words, the least significant first. */
struct words {
    uint64_t words[WORDS_MAX];
    size_t count;
};

static void words_read(struct span number, struct words *ret_words)
{
    ret_words->count = 0;
    for (size_t left = number.len; left > 0;) {
        uint8_t word[8] = { 0 };
        size_t take = left < 8 ? left : 8;
        memcpy(word + 8 - take, number.data + left - take, take);
        left -= take;
        ret_words->words[ret_words->count++] = load_be64(word);
    }
}

/* number * 2^-(64 * words) mod divisor, 0 exactly where the divisor divides: Montgomery's
 * reduction, for any odd divisor below 2^63. */
static uint64_t remainder_like(const struct words *number, uint64_t divisor)
{
    uint64_t inverse = divisor, carry = 0;
    for (int i = 0; i < 5; i++) {
        inverse *= 2 - divisor * inverse;
    }
    for (size_t i = 0; i < number->count; i++) {
        unsigned __int128 sum = (unsigned __int128)number->words[i] + carry;
        uint64_t factor = (uint64_t)sum * (0 - inverse);
        carry = (uint64_t)((sum + (unsigned __int128)factor * divisor) >> 64);
        carry = carry >= divisor ? carry - divisor : carry;
    }
    return carry;
}

/* Every prime is tried, and of other numbers only few: no table of primes has to be right. */
static bool tried(unsigned odd)
{
    return odd <= 7 || (odd % 3 != 0 && odd % 5 != 0 && odd % 7 != 0);
}

/* BR 6.1.6: no factor below 752; the even one has a lint of its own. By products that fit 63 bits,
 * since dividing the modulus is what costs. Moduli of more than 16384 bits, which nobody has, are
 * not looked at. */
static bool rsa_small_factors(const struct view *view)
{
    enum { FACTORS_BELOW = 752 };
    static const uint64_t room = (UINT64_C(1) << 63) / FACTORS_BELOW;
    struct words number;
    if (!rsa_numbers(view) || view->key.modulus.len > 8 * WORDS_MAX) {
        return true;
    }
    words_read(view->key.modulus, &number);
    for (unsigned first = 3, behind; first < FACTORS_BELOW; first = behind) {
        uint64_t product = 1;
        for (behind = first; behind < FACTORS_BELOW && product < room; behind += 2) {
            product *= tried(behind) ? behind : 1;
        }
        uint64_t rest = remainder_like(&number, product);
        for (unsigned factor = first; factor < behind; factor += 2) {
            if (tried(factor) && rest % factor == 0) {
                return false;
            }
        }
    }
    return true;
}

/* Uncompressed, as long as its curve asks. */
static bool ec_point(const struct view *view)
{
    for (size_t i = 0; i < CURVES; i++) {
        if (span_equal(view->key.algorithm, curves[i].algorithm)) {
            return view->key.bits.len == curves[i].point && view->key.bits.data[0] == 0x04;
        }
    }
    return true;
}

/* Curves by name: no parameters written out. */
static bool ec_named(const struct view *view)
{
    struct der whole = der_reader(view->key.algorithm), algorithm;
    struct span oid;
    return !view->key.ec ||
           (der_enter(&whole, DER_SEQUENCE, &algorithm) == OK &&
               der_read(&algorithm, DER_OID, &oid) == OK && der_peek(&algorithm, DER_OID));
}

static bool root_strength(const struct view *view)
{
    return view->key.rsa ? !rsa_numbers(view) || modulus_bits(view) >= 4096
                         : !view->key.ec || view->key.bits.len >= 97;
}

static const struct lint rows[] = {
    { "key.listed", "BR 7.1.3.1", "an AlgorithmIdentifier of the list, byte for byte",
        FOR_CERTIFICATE, SINCE_2020_08_20, .holds = key_listed },
    { "key.pss", "Mozilla 5.1.1", "RSA keys under rsaEncryption, not id-RSASSA-PSS",
        FOR_CERTIFICATE, SINCE_2020_08_20, .holds = not_pss },
    { "key.rsa_null", "RFC 3279 2.3.1", "NULL as the parameters of rsaEncryption", FOR_CERTIFICATE,
        SINCE_RFC5280, .holds = rsa_null },
    { "key.whole", "RFC 5280 4.1.2.7", "a key of whole octets", FOR_CERTIFICATE, SINCE_RFC5280,
        .holds = whole_octets },
    { "key.rsa_form", "RFC 8017 A.1.1", "an RSA key of two positive INTEGERs", FOR_CERTIFICATE,
        SINCE_RFC5280, .holds = rsa_form },
    { "key.rsa_size", "BR 6.1.5", "a modulus of 2048 bits or more", FOR_CERTIFICATE, SINCE_2014,
        .holds = rsa_size },
    { "key.rsa_octets", "BR 6.1.5", "a modulus whose bits are a multiple of 8", FOR_CERTIFICATE,
        SINCE_2020_08_20, .holds = rsa_octets },
    { "key.rsa_odd", "BR 6.1.6", "an odd modulus", FOR_CERTIFICATE, SINCE_BR_1,
        .holds = rsa_modulus_odd },
    { "key.rsa_factors", "BR 6.1.6", "a modulus without a factor below 752", FOR_CERTIFICATE,
        SINCE_BR_1, LINT_SHOULD, .holds = rsa_small_factors },
    { "key.rsa_exponent", "BR 6.1.6", "an odd exponent of 3 or more", FOR_CERTIFICATE, SINCE_BR_1,
        .holds = rsa_exponent },
    { "key.rsa_exponent_range", "BR 6.1.6", "an exponent from 2^16+1 to 2^256-1", FOR_CERTIFICATE,
        SINCE_BR_1, LINT_SHOULD, .holds = rsa_exponent_range },
    { "key.ec_named", "RFC 5480 2.1.1", "a curve by its name", FOR_CERTIFICATE, SINCE_RFC5280,
        .holds = ec_named },
    { "key.ec_point", "RFC 5480 2.2", "an uncompressed point of the curve's length",
        FOR_CERTIFICATE, SINCE_RFC5280, .holds = ec_point },
    { "key.root_strength", "Apple 2.0", "RSA of 4096 bits or more, or P-384 or more", FOR_ROOT,
        SINCE_2026_08_01, LINT_SHOULD, .holds = root_strength },
};

const struct lint_table lint_keys = { keys_observe, FOR_CERTIFICATE, rows,
    sizeof rows / sizeof rows[0] };
