/* PKCS#12 written for the software that is to read it. The table of targets is the whole difference
 * between them; the bags are made one by one, because the key's attributes are part of it. */
#include "lib/crypto/internal.h"
#include "lib/crypto/pfx.h"

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <assert.h>

enum { SALT_BYTES = 16 };

/* Old Windows knows PBES1 with 3DES alone, and says of anything else that the password is wrong;
 * AES came with Windows 10 1709 and Server 2019. Windows looks up where a key is to live by the
 * attribute "Microsoft CSP Name": the SChannel provider serves RSA keys everywhere and is the only
 * one that Exchange 2010 can use, which therefore takes no EC keys. Java reads PBES2 since 8u301
 * and wants an alias, which is the friendly name. */
static const struct pfx_target targets[] = {
    { "modern", PFX_AES256_SHA256, PFX_ITERATIONS, NULL, NULL, .takes_ec = true },
    { "exchange2010", PFX_3DES_SHA1, 2000, PFX_CSP_SCHANNEL, NULL, .takes_ec = false },
    { "windows2012", PFX_3DES_SHA1, 2000, PFX_CSP_SCHANNEL, PFX_KSP_SOFTWARE, .takes_ec = true },
    { "windows2016", PFX_3DES_SHA1, 2000, PFX_CSP_SCHANNEL, PFX_KSP_SOFTWARE, .takes_ec = true },
    { "windows2019", PFX_AES256_SHA256, 100000, PFX_CSP_SCHANNEL, PFX_KSP_SOFTWARE,
        .takes_ec = true },
    { "java", PFX_AES256_SHA256, PFX_ITERATIONS, NULL, NULL, .takes_ec = true },
};

struct written {
    X509 *own; /* NULL where the key waits for its certificate */
    STACK_OF(X509) * chain;
    STACK_OF(PKCS7) * safes;
    PKCS12 *p12;
};
static void written_release(struct written *written)
{
    X509_free(written->own);
    sk_X509_pop_free(written->chain, X509_free);
    sk_PKCS7_pop_free(written->safes, PKCS7_free);
    PKCS12_free(written->p12);
}
AUTO_DEFINE(written, written_release)

static enum err certificates_load(const struct pfx_content *content, struct written *written);
static enum err certificates_safe(const struct pfx_content *content,
    const struct pfx_target *target, const char *passphrase, struct written *written);
static enum err key_safe(const struct pfx_content *content, const struct pfx_target *target,
    const char *passphrase, struct written *written);
static enum err attributes_add(
    PKCS12_SAFEBAG *bag, const struct pfx_content *content, const X509 *own, const char *provider);
static enum err pfx_encode(PKCS12 *p12, struct buf *buf);

const struct pfx_target *pfx_target_find(const char *name)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        if (strcmp(targets[i].name, name) == 0) {
            return &targets[i];
        }
    }
    return NULL;
}

void pfx_target_names(struct buf *text)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        buf_append_format(text, "%s%s", i == 0 ? "" : ", ", targets[i].name);
    }
}

static int cipher_nid(const struct pfx_target *target)
{
    return target->cipher == PFX_AES256_SHA256 ? NID_aes_256_cbc
                                               : NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
}

static bool is_ec(const struct key *key)
{
    return key_kind(key) != KEY_RSA;
}

enum err pfx_write(const struct pfx_content *content, const struct secret *passphrase,
    const struct pfx_target *target, struct reason *ret_reason, struct buf *buf)
{
    AUTO(secret) text = { 0 };
    AUTO(written) written = { 0 };
    assert(content->key != NULL);
    pbes2_hasten();
    if (is_ec(content->key) && !target->takes_ec) {
        return reason_set(ret_reason, ERR_UNSUPPORTED, "pfx.target_key", target->name,
            key_kind_name(key_kind(content->key)), "RSA");
    }
    TRY(pfx_passphrase_text(passphrase, &text));
    const char *pass = (const char *)text.data;
    TRY(certificates_load(content, &written));
    TRY(certificates_safe(content, target, pass, &written));
    TRY(key_safe(content, target, pass, &written));
    written.p12 = PKCS12_add_safes(written.safes, /* p7_nid= */ 0);
    const EVP_MD *digest = target->cipher == PFX_AES256_SHA256 ? EVP_sha256() : EVP_sha1();
    bool made = written.p12 != NULL && PKCS12_set_mac(written.p12, pass, -1, /* salt= */ NULL,
                                           SALT_BYTES, target->iterations, digest) == 1;
    return made ? pfx_encode(written.p12, buf) : crypto_failed(ERR_CRYPTO);
}

static enum err certificates_load(const struct pfx_content *content, struct written *written)
{
    if (content->certificate.len > 0) {
        const uint8_t *at = content->certificate.data;
        written->own = d2i_X509(NULL, &at, (long)content->certificate.len);
        if (written->own == NULL) {
            return crypto_failed(ERR_INPUT);
        }
        if (X509_check_private_key(written->own, content->key->pkey) != 1) {
            return crypto_failed(ERR_CRYPTO);
        }
    }
    written->chain = sk_X509_new_null();
    for (size_t i = 0; i < content->chain_count; i++) {
        const uint8_t *at = content->chain[i].data;
        X509 *next = d2i_X509(NULL, &at, (long)content->chain[i].len);
        if (next == NULL || sk_X509_push(written->chain, next) < 1) {
            X509_free(next);
            return crypto_failed(ERR_INPUT);
        }
    }
    return OK;
}

/* The key's own first, with the name and the identifier that tie it to the key. */
static enum err certificates_safe(const struct pfx_content *content,
    const struct pfx_target *target, const char *passphrase, struct written *written)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    bool made = true;
    if (written->own != NULL) {
        PKCS12_SAFEBAG *bag = PKCS12_add_cert(&bags, written->own);
        made = bag != NULL && attributes_add(bag, content, written->own, NULL) == OK;
    }
    for (int i = 0; made && i < sk_X509_num(written->chain); i++) {
        made = PKCS12_add_cert(&bags, sk_X509_value(written->chain, i)) != NULL;
    }
    made = made && (bags == NULL || PKCS12_add_safe(&written->safes, bags, cipher_nid(target),
                                        target->iterations, passphrase) == 1);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return made ? OK : crypto_failed(ERR_CRYPTO);
}

/* KEY_EX is Windows' AT_KEYEXCHANGE, which SChannel needs; others don't look at it. */
static enum err key_safe(const struct pfx_content *content, const struct pfx_target *target,
    const char *passphrase, struct written *written)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    const char *provider = is_ec(content->key) ? target->ec_provider : target->rsa_provider;
    PKCS12_SAFEBAG *bag = PKCS12_add_key(&bags, content->key->pkey, provider == NULL ? 0 : KEY_EX,
        target->iterations, cipher_nid(target), passphrase);
    bool made = bag != NULL && attributes_add(bag, content, written->own, provider) == OK &&
                PKCS12_add_safe(&written->safes, bags, -1, 0, NULL) == 1;
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return made ? OK : crypto_failed(ERR_CRYPTO);
}

static enum err attributes_add(
    PKCS12_SAFEBAG *bag, const struct pfx_content *content, const X509 *own, const char *provider)
{
    unsigned char id[EVP_MAX_MD_SIZE];
    unsigned id_len = 0;
    const char *name = content->friendly_name;
    bool made = true;
    if (name != NULL && name[0] != '\0') {
        made = PKCS12_add_friendlyname_utf8(bag, name, -1) == 1;
    }
    if (own != NULL) {
        made = made && X509_digest(own, EVP_sha1(), id, &id_len) == 1 &&
               PKCS12_add_localkeyid(bag, id, (int)id_len) == 1;
    }
    if (provider != NULL) {
        made = made && PKCS12_add_CSPName_asc(bag, provider, -1) == 1;
    }
    return made ? OK : ERR_CRYPTO;
}

static enum err pfx_encode(PKCS12 *p12, struct buf *buf)
{
    uint8_t *der = NULL;
    int len = i2d_PKCS12(p12, &der);
    if (len <= 0) {
        return crypto_failed(ERR_CRYPTO);
    }
    buf_append(buf, span_make(der, (size_t)len));
    OPENSSL_free(der);
    return buf_check(buf);
}
