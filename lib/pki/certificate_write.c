/* Certificates, written: RFC 5280 §4.1, in its order, and nothing else. */
#include "lib/base/limits.h"
#include "lib/der/reader.h"
#include "lib/pki/certificate.h"

static void tbs_write(struct der_writer *writer, const void *object);
static void signed_write(struct der_writer *writer, const void *object);

/* The three fields of everything that is signed in X.509. */
struct signed_fields {
    struct span tbs, algorithm, signature;
};

enum err certificate_write_tbs(const struct certificate_fields *fields, struct buf *buf)
{
    struct span serial = fields->serial;
    while (serial.len > 0 && serial.data[0] == 0) {
        serial = span_make(serial.data + 1, serial.len - 1);
    }
    /* Positive, and 20 octets with the sign octet (RFC 5280 §4.1.2.2). */
    if (serial.len == 0 || serial.len + (serial.data[0] >> 7) > SERIAL_MAX_BYTES ||
        fields->not_after < fields->not_before || fields->issuer.len == 0 ||
        fields->subject.len == 0 || fields->spki.len == 0) {
        return ERR_INPUT;
    }
    return der_encode(tbs_write, fields, buf);
}

static void tbs_write(struct der_writer *writer, const void *object)
{
    const struct certificate_fields *fields = object;
    enum { VERSION_3 = 2 };
    der_open(writer, DER_SEQUENCE);
    der_open(writer, DER_CONTEXT(0));
    der_write_int64(writer, VERSION_3);
    der_close(writer);
    der_write_magnitude(writer, fields->serial);
    der_write_raw(writer, signature_algorithm_der(fields->algorithm));
    der_write_raw(writer, fields->issuer);
    der_open(writer, DER_SEQUENCE);
    der_write_time(writer, fields->not_before);
    der_write_time(writer, fields->not_after);
    der_close(writer);
    der_write_raw(writer, fields->subject);
    der_write_raw(writer, fields->spki);
    if (fields->extensions.len > 0) {
        der_open(writer, DER_CONTEXT(3));
        der_open(writer, DER_SEQUENCE);
        der_write_raw(writer, fields->extensions);
        der_close(writer);
        der_close(writer);
    }
    der_close(writer);
}

enum err certificate_assemble(
    struct span tbs, enum signature_algorithm algorithm, struct span signature, struct buf *buf)
{
    const struct signed_fields fields = { tbs, signature_algorithm_der(algorithm), signature };
    return der_encode(signed_write, &fields, buf);
}

static void signed_write(struct der_writer *writer, const void *object)
{
    const struct signed_fields *fields = object;
    der_open(writer, DER_SEQUENCE);
    der_write_raw(writer, fields->tbs);
    der_write_raw(writer, fields->algorithm);
    der_write_bit_string(writer, fields->signature);
    der_close(writer);
}

enum err certificate_sign(struct span tbs, enum signature_algorithm algorithm,
    const struct key *issuer_key, struct buf *buf)
{
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    TRY(signature_make(issuer_key, algorithm, tbs, signature, &len));
    return certificate_assemble(tbs, algorithm, span_make(signature, len), buf);
}
