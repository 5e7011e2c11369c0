/* Key quality, on the bytes: BR 6.1.5, 6.1.6. P-521 would be allowed there and isn't by browsers'
 * programs. */
#include "lib/crypto/keycheck.h"
#include "lib/crypto/internal.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"

#include <stdio.h>

enum {
    RSA_MIN_BITS = 2048,
    RSA_MIN_EXPONENT = 65537,
    RSA_EXPONENT_MAX_BYTES = 32,
};

static enum err rsa_check(struct span spki, struct reason *ret_reason);
static enum err exponent_check(struct span exponent, struct reason *ret_reason);
static enum err factorable_check(
    struct span modulus, const struct residues *residues, struct reason *ret_reason);
static enum err weak(
    struct reason *ret_reason, const char *field, const char *seen, const char *expected);
static enum err load_failure(enum err err, struct span spki, struct reason *ret_reason);

/* Shown to people in any language: signs, no words. */
static const char rsa_expected[] = "RSA 2048, RSA 3072, RSA 4096";
static const char ec_expected[] = "P-256, P-384";

enum err key_check(struct span spki, struct reason *ret_reason, struct key **ret_key)
{
    AUTO_PTR(key) key = NULL;
    /* RSA first by its bytes: what is too large or too small never reaches the library. */
    TRY(rsa_check(spki, ret_reason));
    enum err err = key_from_spki(spki, &key);
    if (err != OK) {
        return load_failure(err, spki, ret_reason);
    }
    if (key_kind(key) == KEY_ED25519 || key_kind(key) == KEY_P521) {
        return reason_set(ret_reason, ERR_INPUT, "csr.key_unsupported",
            key_kind(key) == KEY_P521 ? "ec.curve" : "algorithm", key_kind_name(key_kind(key)),
            "RSA, P-256, P-384");
    }
    if (ret_key != NULL) {
        *ret_key = key;
        key = NULL;
    }
    return OK;
}

/* OK for anything that isn't RSA. */
static enum err rsa_check(struct span spki, struct reason *ret_reason)
{
    struct der outer = der_reader(spki), inner, algorithm, numbers;
    struct span oid, bits, modulus, exponent;
    char seen[32];
    if (der_enter(&outer, DER_SEQUENCE, &inner) != OK ||
        der_enter(&inner, DER_SEQUENCE, &algorithm) != OK ||
        der_read(&algorithm, DER_OID, &oid) != OK || !span_equal(oid, oid_rsa_encryption)) {
        return OK;
    }
    if (der_read_bit_string(&inner, &bits) != OK) {
        return OK;
    }
    struct der key = der_reader(bits);
    if (der_enter(&key, DER_SEQUENCE, &numbers) != OK ||
        der_read_magnitude(&numbers, &modulus) != OK ||
        der_read_magnitude(&numbers, &exponent) != OK) {
        return OK;
    }
    size_t len = modulus.len * 8;
    for (uint8_t top = modulus.data[0]; len > 0 && (top & 0x80) == 0; top = (uint8_t)(top << 1)) {
        len--;
        if (top == 0) {
            break;
        }
    }
    if (len < RSA_MIN_BITS || len > KEY_RSA_MAX_BITS || len % 8 != 0) {
        snprintf(seen, sizeof seen, "RSA %zu", len);
        return weak(ret_reason, "rsa.size", seen, rsa_expected);
    }
    if ((modulus.data[modulus.len - 1] & 1) == 0) {
        return weak(ret_reason, "rsa.modulus", "n mod 2 = 0", rsa_expected);
    }
    struct residues residues;
    residues_take(modulus, &residues);
    unsigned factor = residues_factor(&residues);
    if (factor != 0) {
        snprintf(seen, sizeof seen, "n mod %u = 0", factor);
        return weak(ret_reason, "rsa.factor", seen, rsa_expected);
    }
    TRY(exponent_check(exponent, ret_reason));
    return factorable_check(modulus, &residues, ret_reason);
}

static enum err factorable_check(
    struct span modulus, const struct residues *residues, struct reason *ret_reason)
{
    bool close = false;
    TRY(rsa_primes_close(modulus, &close));
    if (close) {
        return weak(ret_reason, "rsa.fermat", "p ≈ q", rsa_expected);
    }
    if (rsa_is_power(modulus, residues)) {
        return weak(ret_reason, "rsa.power", "n = p^k", rsa_expected);
    }
    return rsa_roca(residues) ? weak(ret_reason, "rsa.roca", "CVE-2017-15361", rsa_expected) : OK;
}

static enum err exponent_check(struct span exponent, struct reason *ret_reason)
{
    char seen[32] = "e > 2^256";
    uint64_t value = UINT64_MAX;
    if (exponent.len <= sizeof value) {
        value = 0;
        for (size_t i = 0; i < exponent.len; i++) {
            value = value << 8 | exponent.data[i];
        }
    }
    if (exponent.len > RSA_EXPONENT_MAX_BYTES || value < RSA_MIN_EXPONENT ||
        (exponent.data[exponent.len - 1] & 1) == 0) {
        if (exponent.len <= sizeof value) {
            snprintf(seen, sizeof seen, "e = %llu", (unsigned long long)value);
        }
        return weak(ret_reason, "rsa.exponent", seen, "e = 65537");
    }
    return OK;
}

static enum err weak(
    struct reason *ret_reason, const char *field, const char *seen, const char *expected)
{
    return reason_set(ret_reason, ERR_INPUT, "csr.key_weak", field, seen, expected);
}

static void oid_show(struct span oid, char ret_text[OID_TEXT_MAX])
{
    if (oid_format(oid, ret_text) != OK) {
        ret_text[0] = '\0';
    }
}

/* Why a key could not be loaded, for people. */
static enum err load_failure(enum err err, struct span spki, struct reason *ret_reason)
{
    struct der outer = der_reader(spki), inner, algorithm;
    struct span oid, curve;
    char text[OID_TEXT_MAX] = "";
    if (err == ERR_MEMORY || err == ERR_CRYPTO) {
        return err;
    }
    if (der_enter(&outer, DER_SEQUENCE, &inner) != OK ||
        der_enter(&inner, DER_SEQUENCE, &algorithm) != OK ||
        der_read(&algorithm, DER_OID, &oid) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "csr.key_malformed", "", "", "");
    }
    bool ec = span_equal(oid, oid_ec_public_key);
    if (ec && err == ERR_INPUT) {
        return weak(ret_reason, "ec.point", "EC", ec_expected);
    }
    if (ec && der_read(&algorithm, DER_OID, &curve) == OK) {
        bool known = span_equal(curve, oid_p256) || span_equal(curve, oid_p384);
        oid_show(curve, text);
        return reason_set(ret_reason, ERR_INPUT, "csr.key_unsupported",
            known ? "ec.point" : "ec.curve", text, ec_expected);
    }
    if (err == ERR_INPUT) {
        return reason_set(ret_reason, ERR_INPUT, "csr.key_malformed", "", "", "");
    }
    oid_show(oid, text);
    return reason_set(
        ret_reason, ERR_INPUT, "csr.key_unsupported", "algorithm", text, "RSA, P-256, P-384");
}
