/* OpenSSL's side of bench-issue and bench-journal. */
#include "bench/issue_beside.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { OFFICERS = 2, OBSERVATIONS = 6, PROMISES = 3, MESSAGE_BYTES = 500, SIGNATURE_MAX = 512 };

struct signed_message {
    EVP_PKEY *key;
    const EVP_MD *digest; /* NULL for Ed25519 */
    unsigned char signature[SIGNATURE_MAX];
    size_t signature_len;
};

struct beside {
    struct signed_message messages[OFFICERS + OBSERVATIONS + 1];
    unsigned char message[MESSAGE_BYTES];
    EVP_PKEY *issuer_key;
    struct signed_message issued; /* by the issuer's key, which it borrows */
    struct signed_message promised[PROMISES];
    OSSL_PARAM *request_key; /* the numbers of the request's key */
    X509 *issuer;
    CONF *settings; /* empty: some extensions ask for one */
    struct span csr;
    bool logged;
};

static bool message_sign(struct beside *beside, struct signed_message *message)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    message->signature_len = sizeof message->signature;
    bool done = message->key != NULL && context != NULL &&
                EVP_DigestSignInit(context, NULL, message->digest, NULL, message->key) == 1 &&
                EVP_DigestSign(context, message->signature, &message->signature_len,
                    beside->message, MESSAGE_BYTES) == 1;
    EVP_MD_CTX_free(context);
    return done;
}

static bool message_verify(const struct beside *beside, const struct signed_message *message)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context != NULL &&
                EVP_DigestVerifyInit(context, NULL, message->digest, NULL, message->key) == 1 &&
                EVP_DigestVerify(context, message->signature, message->signature_len,
                    beside->message, MESSAGE_BYTES) == 1;
    EVP_MD_CTX_free(context);
    return done;
}

struct beside *beside_new(const struct beside_setup *setup)
{
    struct beside *beside = calloc(1, sizeof *beside);
    const unsigned char *key = setup->issuer_key.data, *der = setup->issuer_certificate.data;
    if (beside == NULL || RAND_bytes(beside->message, MESSAGE_BYTES) != 1) {
        free(beside);
        return NULL;
    }
    beside->issuer_key = d2i_AutoPrivateKey(NULL, &key, (long)setup->issuer_key.len);
    beside->issuer = d2i_X509(NULL, &der, (long)setup->issuer_certificate.len);
    beside->csr = setup->csr;
    beside->logged = setup->logged;
    beside->settings = NCONF_new(NULL);
    bool done = beside->settings != NULL && beside->issuer_key != NULL && beside->issuer != NULL;
    for (size_t i = 0; done && i < OFFICERS + OBSERVATIONS + 1; i++) {
        struct signed_message *message = &beside->messages[i];
        bool officer = i < OFFICERS;
        message->key = officer ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                               : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
        message->digest = officer ? NULL : EVP_sha256();
        done = message_sign(beside, message);
    }
    for (size_t i = 0; done && i < PROMISES; i++) {
        beside->promised[i].key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        beside->promised[i].digest = EVP_sha256();
        done = message_sign(beside, &beside->promised[i]);
    }
    done = done && EVP_PKEY_todata(beside->messages[OFFICERS + OBSERVATIONS].key,
                       EVP_PKEY_PUBLIC_KEY, &beside->request_key) == 1;
    beside->issued.key = beside->issuer_key;
    beside->issued.digest = EVP_sha256();
    if (!done || !message_sign(beside, &beside->issued)) {
        beside_free(beside);
        return NULL;
    }
    return beside;
}

void beside_free(struct beside *beside)
{
    if (beside != NULL) {
        for (size_t i = 0; i < OFFICERS + OBSERVATIONS + 1; i++) {
            EVP_PKEY_free(beside->messages[i].key);
        }
        for (size_t i = 0; i < PROMISES; i++) {
            EVP_PKEY_free(beside->promised[i].key);
        }
        OSSL_PARAM_free(beside->request_key);
        EVP_PKEY_free(beside->issuer_key);
        X509_free(beside->issuer);
        NCONF_free(beside->settings);
        free(beside);
    }
}

bool beside_bare(struct beside *beside)
{
    struct signed_message signing = { .key = beside->issuer_key, .digest = EVP_sha256() };
    for (size_t i = 0; i < OFFICERS + OBSERVATIONS + 1; i++) {
        if (!message_verify(beside, &beside->messages[i])) {
            return false;
        }
    }
    return message_sign(beside, &signing) && (!beside->logged || message_sign(beside, &signing));
}

static EVP_PKEY *request_key_make(const struct beside *beside)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1) {
        (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, beside->request_key);
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

bool beside_needed(struct beside *beside)
{
    struct signed_message signing = { .key = beside->issuer_key, .digest = EVP_sha256() };
    struct signed_message request = beside->messages[OFFICERS + OBSERVATIONS];
    request.key = request_key_make(beside);
    bool done = request.key != NULL && message_verify(beside, &request);
    for (size_t i = 0; done && i < OFFICERS + OBSERVATIONS; i++) {
        done = message_verify(beside, &beside->messages[i]);
    }
    for (size_t i = 0; done && beside->logged && i < PROMISES; i++) {
        done = message_verify(beside, &beside->promised[i]);
    }
    for (size_t i = 0; done && i < (beside->logged ? 2 : 1); i++) {
        done = message_sign(beside, &signing) && message_verify(beside, &signing);
    }
    EVP_PKEY_free(request.key);
    return done;
}

bool beside_verify(struct beside *beside)
{
    bool done = message_verify(beside, &beside->issued);
    for (size_t i = 0; done && i < OFFICERS + OBSERVATIONS + 1; i++) {
        done = message_verify(beside, &beside->messages[i]);
    }
    return done;
}

static bool subject_add(X509_NAME *name)
{
    static const char *const entries[][2] = { { "C", "HK" }, { "ST", "Hong Kong" },
        { "L", "Hong Kong" }, { "O", "Shop Example Limited" }, { "CN", "www.shop.example.com" } };
    bool done = true;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        done = done && X509_NAME_add_entry_by_txt(name, entries[i][0], MBSTRING_UTF8,
                           (const unsigned char *)entries[i][1], -1, -1, 0) == 1;
    }
    return done;
}

static bool extensions_add(const struct beside *beside, X509 *certificate)
{
    static const struct {
        int nid;
        const char *value;
    } extensions[] = {
        { NID_authority_key_identifier, "keyid:always" },
        { NID_key_usage, "critical,digitalSignature,keyEncipherment" },
        { NID_basic_constraints, "critical,CA:FALSE" },
        { NID_ext_key_usage, "serverAuth" },
        { NID_certificate_policies, "2.23.140.1.2.2" },
        { NID_subject_alt_name, "DNS:www.shop.example.com" },
        { NID_crl_distribution_points, "URI:http://ecert.example.net/crl/ssl-ca.crl" },
        { NID_info_access, "caIssuers;URI:http://ecert.example.net/root/ssl-ca.crt" },
    };
    X509V3_CTX context;
    X509V3_set_ctx(&context, beside->issuer, certificate, NULL, NULL, 0);
    X509V3_set_nconf(&context, beside->settings);
    bool done = true;
    for (size_t i = 0; done && i < sizeof extensions / sizeof extensions[0]; i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf_nid(NULL, &context, extensions[i].nid, extensions[i].value);
        done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
        X509_EXTENSION_free(extension);
    }
    return done;
}

static bool certificate_make(
    struct beside *beside, X509_REQ *request, X509 *certificate, unsigned long number)
{
    unsigned char *der = NULL;
    bool done = X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1 &&
                X509_set_version(certificate, X509_VERSION_3) == 1 &&
                ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number) == 1 &&
                X509_set_issuer_name(certificate, X509_get_subject_name(beside->issuer)) == 1 &&
                X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != NULL &&
                X509_gmtime_adj(X509_getm_notAfter(certificate), 199L * 86400) != NULL &&
                subject_add(X509_get_subject_name(certificate)) &&
                X509_set_pubkey(certificate, X509_REQ_get0_pubkey(request)) == 1 &&
                extensions_add(beside, certificate) &&
                X509_sign(certificate, beside->issuer_key, EVP_sha256()) > 0 &&
                i2d_X509(certificate, &der) > 0;
    OPENSSL_free(der);
    return done;
}

bool beside_x509(struct beside *beside, unsigned long number)
{
    const unsigned char *der = beside->csr.data;
    X509_REQ *request = d2i_X509_REQ(NULL, &der, (long)beside->csr.len);
    X509 *certificate = X509_new();
    bool done = request != NULL && certificate != NULL &&
                certificate_make(beside, request, certificate, number);
    if (!done) {
        ERR_print_errors_fp(stderr);
    }
    X509_REQ_free(request);
    X509_free(certificate);
    return done;
}
