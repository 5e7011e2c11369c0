/* Finding the request in whatever was pasted or uploaded, and noticing when it is something else.
 * */
#include "lib/base/limits.h"
#include "lib/der/pem.h"
#include "lib/der/reader.h"
#include "lib/pki/csr.h"

#include <stdio.h>

/* What a DER structure begins like; enough to tell people what they sent. */
enum shape { SHAPE_REQUEST, SHAPE_CERTIFICATE, SHAPE_PRIVATE_KEY, SHAPE_OTHER };

static enum err text_read(struct span text, struct reason *ret_reason, struct csr_reading *reading);
static enum err bare_read(struct span text, struct reason *ret_reason, struct csr_reading *reading);
static enum err der_take(struct span der, struct reason *ret_reason, struct csr_reading *reading);
static enum shape shape_of(struct span der);
static enum err private_key_found(
    struct key *key, struct reason *ret_reason, struct csr_reading *reading);
static struct key *private_key_try(struct span der);

static enum err refused(struct reason *ret_reason, const char *code)
{
    return reason_set(ret_reason, ERR_INPUT, code, "csr", "", "");
}

void csr_reading_release(struct csr_reading *reading)
{
    buf_release(&reading->der);
}

enum err csr_read_any(struct span input, struct reason *ret_reason, struct csr_reading *ret_reading)
{
    static const char blanks[] = " \t\r\n";
    AUTO(buf) text = buf_make(CSR_MAX_BYTES);
    struct csr_reading reading = { .der = buf_make(CSR_MAX_BYTES) };
    if (input.len > CSR_MAX_BYTES) {
        char limit[32];
        snprintf(limit, sizeof limit, "%d", CSR_MAX_BYTES);
        *ret_reading = reading;
        return reason_set(ret_reason, ERR_INPUT, "csr.too_long", "csr", "", limit);
    }
    enum err err = pem_narrow(input, &text);
    struct span rest = buf_span(&text);
    while (rest.len > 0 && memchr(blanks, rest.data[0], sizeof blanks - 1) != NULL) {
        rest = span_make(rest.data + 1, rest.len - 1);
    }
    if (err != OK) {
        err = refused(ret_reason, "csr.not_pem");
    } else if (rest.len == 0) {
        err = refused(ret_reason, "csr.empty");
    } else if (rest.data[0] == DER_SEQUENCE) {
        err = der_take(rest, ret_reason, &reading);
    } else {
        err = text_read(rest, ret_reason, &reading);
    }
    *ret_reading = reading;
    if (text.data != NULL) {
        explicit_bzero(text.data, text.len); /* it may have held a private key */
    }
    return err;
}

static bool label_ends(struct span label, const char *suffix)
{
    size_t len = strlen(suffix);
    return label.len >= len && memcmp(label.data + label.len - len, suffix, len) == 0;
}

/* A private key anywhere in the text outweighs all else. */
static enum err text_read(struct span text, struct reason *ret_reason, struct csr_reading *reading)
{
    struct span rest = text;
    struct pem pem, request = { 0 };
    bool certificate = false;
    enum err err;
    while ((err = pem_next(&rest, &pem)) == OK) {
        if (label_ends(pem.label, "PRIVATE KEY")) {
            AUTO_PTR(key) key = NULL;
            err = key_from_pem(text, /* passphrase= */ NULL, /* ret_reason= */ NULL, &key);
            return private_key_found(err == OK ? key : NULL, ret_reason, reading);
        }
        if (label_ends(pem.label, "CERTIFICATE REQUEST") && request.body.len == 0) {
            request = pem;
        }
        certificate = certificate || label_ends(pem.label, "CERTIFICATE");
    }
    if (request.body.len > 0) {
        AUTO(buf) der = buf_make(CSR_MAX_BYTES);
        err = pem_decode(&request, &der);
        return err != OK ? refused(ret_reason, "csr.not_pem")
                         : der_take(buf_span(&der), ret_reason, reading);
    }
    if (certificate) {
        return refused(ret_reason, "csr.certificate");
    }
    if (memmem(text.data, text.len, "PRIVATE KEY-----", 16) != NULL) {
        return private_key_found(NULL, ret_reason, reading);
    }
    if (memmem(text.data, text.len, "-----BEGIN", 10) != NULL) {
        return refused(ret_reason, "csr.truncated");
    }
    return bare_read(text, ret_reason, reading);
}

/* Base64 whose frame was lost in copying. */
static enum err bare_read(struct span text, struct reason *ret_reason, struct csr_reading *reading)
{
    AUTO(secret) der = { 0 };
    size_t len = 0;
    TRY(secret_new(text.len / 4 * 3 + 3, &der));
    if (base64_parse(text, der.data, der.len, &len) != OK || len == 0 ||
        der.data[0] != DER_SEQUENCE) {
        return refused(ret_reason, "csr.not_pem");
    }
    return der_take(span_make(der.data, len), ret_reason, reading);
}

static enum err der_take(struct span der, struct reason *ret_reason, struct csr_reading *reading)
{
    switch (shape_of(der)) {
    case SHAPE_PRIVATE_KEY: {
        AUTO_PTR(key) key = private_key_try(der);
        return private_key_found(key, ret_reason, reading);
    }
    case SHAPE_CERTIFICATE:
        return refused(ret_reason, "csr.certificate");
    case SHAPE_REQUEST:
    case SHAPE_OTHER:
        break;
    }
    buf_append(&reading->der, der);
    return buf_check(&reading->der);
}

/* Private keys and PFX begin with a version, encrypted keys with an algorithm and octets; a
 * request's first field within the first is its version 0, a certificate's is [0] or a serial
 * number before an algorithm. */
static enum shape shape_of(struct span der)
{
    struct der outer = der_reader(der), inner, first;
    struct der_element element, second;
    if (der_enter(&outer, DER_SEQUENCE, &inner) != OK) {
        return SHAPE_OTHER;
    }
    if (der_peek(&inner, DER_INTEGER)) {
        return SHAPE_PRIVATE_KEY;
    }
    struct der ahead = inner;
    if (der_enter(&inner, DER_SEQUENCE, &first) != OK) {
        return SHAPE_OTHER;
    }
    if (der_read_any(&ahead, &element) == OK && der_read_any(&ahead, &second) == OK &&
        second.tag == DER_OCTET_STRING) {
        return SHAPE_PRIVATE_KEY;
    }
    return der_peek(&first, DER_CONTEXT(0)) ? SHAPE_CERTIFICATE : SHAPE_REQUEST;
}

static struct key *private_key_try(struct span der)
{
    struct key *key = NULL;
    if (key_from_pkcs8(der, &key) == OK) {
        return key;
    }
    /* The traditional forms by way of their PEM frame, which names them. */
    static const char *const labels[] = { "RSA PRIVATE KEY", "EC PRIVATE KEY" };
    for (size_t i = 0; i < 2; i++) {
        AUTO(buf) pem = buf_make(2 * CSR_MAX_BYTES);
        enum err err = pem_write(labels[i], der, &pem);
        if (err == OK) {
            err =
                key_from_pem(buf_span(&pem), /* passphrase= */ NULL, /* ret_reason= */ NULL, &key);
        }
        if (pem.data != NULL) {
            explicit_bzero(pem.data, pem.len);
        }
        if (err == OK) {
            return key;
        }
    }
    return NULL;
}

static enum err private_key_found(
    struct key *key, struct reason *ret_reason, struct csr_reading *reading)
{
    reading->private_key = true;
    if (key != NULL) {
        reading->private_key_known = true;
        memcpy(reading->spki_sha256, key_spki_sha256(key).data, SHA256_BYTES);
    }
    return refused(ret_reason, "csr.private_key");
}
