/* Client certificates, judged by GnuTLS. */
#include "lib/http/tls.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

enum err tls_client_check(void *session, const uint8_t (*fingerprints)[HTTP_FINGERPRINT_BYTES],
    size_t fingerprint_count, uint8_t ret_fingerprint[HTTP_FINGERPRINT_BYTES])
{
    gnutls_typed_vdata_st purpose = { GNUTLS_DT_KEY_PURPOSE_OID,
        (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT, 0 };
    unsigned status = 0, count = 0;
    if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) != 0 || status != 0) {
        return ERR_DENIED;
    }
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (chain == NULL || count == 0) {
        return ERR_DENIED;
    }
    uint8_t seen[HTTP_FINGERPRINT_BYTES];
    TRY(tls_sha256(span_make(chain[0].data, chain[0].size), seen));
    bool listed = fingerprints == NULL;
    for (size_t i = 0; fingerprints != NULL && i < fingerprint_count; i++) {
        listed |= memcmp(fingerprints[i], seen, sizeof seen) == 0;
    }
    if (!listed) {
        return ERR_DENIED;
    }
    memcpy(ret_fingerprint, seen, sizeof seen);
    return OK;
}

enum err tls_pair_check(struct span certificate_pem, struct span key_pem)
{
    gnutls_datum_t certificate = { (unsigned char *)(uintptr_t)certificate_pem.data,
        (unsigned)certificate_pem.len };
    gnutls_datum_t key = { (unsigned char *)(uintptr_t)key_pem.data, (unsigned)key_pem.len };
    gnutls_certificate_credentials_t credentials = NULL;
    if (gnutls_certificate_allocate_credentials(&credentials) != 0) {
        return ERR_MEMORY;
    }
    int got =
        gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(credentials);
    return got >= 0 ? OK : ERR_INPUT;
}

enum err tls_sha256(struct span bytes, uint8_t ret_digest[HTTP_FINGERPRINT_BYTES])
{
    return gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.data, bytes.len, ret_digest) == 0 ? OK
                                                                                       : ERR_CRYPTO;
}
