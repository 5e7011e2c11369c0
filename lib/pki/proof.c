/* Proof of possession for registered keys: the same few lines for who signs and who checks. */
#include "lib/pki/proof.h"

#include "lib/der/reader.h"
#include "lib/der/writer.h"

#include <assert.h>

static const char *const purposes[] = {
    [PROOF_REGISTRATION] = "ecert key registration v1",
    [PROOF_LOGIN] = "ecert key log-in v1",
};

enum err proof_format(const struct proof *proof, const struct key *key, struct buf *der)
{
    uint8_t bytes[PROOF_MAX_BYTES];
    size_t len = 0;
    bool login = proof->purpose == PROOF_LOGIN;
    assert(proof->nonce.len == (login ? PROOF_NONCE_BYTES : 0));
    struct der_writer writer = der_writer_make(bytes, sizeof bytes);
    der_open(&writer, DER_SEQUENCE);
    der_write_text(&writer, DER_UTF8_STRING, purposes[proof->purpose]);
    der_write_text(&writer, DER_UTF8_STRING, proof->portal);
    der_write_text(&writer, DER_UTF8_STRING, proof->reference);
    der_write_octets(&writer, key_spki_sha256(key));
    if (login) {
        der_write_octets(&writer, proof->nonce);
    }
    der_close(&writer);
    TRY(der_writer_finish(&writer, &len));
    buf_append(der, span_make(bytes, len));
    return buf_check(der);
}

enum err proof_make(
    const struct proof *proof, const struct key *key, uint8_t ret_signature[PROOF_SIGNATURE_BYTES])
{
    AUTO(buf) der = buf_make(PROOF_MAX_BYTES);
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    if (key_kind(key) != KEY_ED25519) {
        return ERR_UNSUPPORTED;
    }
    TRY(proof_format(proof, key, &der));
    TRY(signature_make(key, SIGNATURE_ED25519, buf_span(&der), signature, &len));
    assert(len == PROOF_SIGNATURE_BYTES);
    memcpy(ret_signature, signature, len);
    return OK;
}

enum err proof_check(const struct proof *proof, const struct key *key, struct span signature)
{
    AUTO(buf) der = buf_make(PROOF_MAX_BYTES);
    TRY(proof_format(proof, key, &der));
    return signature_verify(key, SIGNATURE_ED25519, buf_span(&der), signature);
}
