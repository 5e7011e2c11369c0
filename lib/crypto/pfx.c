/* PKCS#12 read by OpenSSL's own functions, but walked bag by bag: every password cost is looked at
 * before it is paid, and every absent content (CVE-2024-0727) is refused before it is touched. */
#include "lib/crypto/pfx.h"
#include "lib/base/limits.h"
#include "lib/crypto/internal.h"
#include "lib/der/reader.h"

#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include <pthread.h>

enum { BAGS_MAX = 64, PASSPHRASE_MAX = 512 };

/* A file being read. */
struct walk {
    const char *passphrase; /* NUL-terminated, or NULL where the file was made without any */
    struct reason *reason;
    struct pfx *pfx;
    unsigned bags;
};

/* The MAC's check beside the contents'. */
struct mac_job {
    PKCS12 *p12;
    struct secret *text;
    struct walk *walk; /* its own */
    enum err err;
};

static enum err both_run(PKCS12 *p12, struct secret *text, struct walk *walk);
static void *mac_job_run(void *ctx);
static enum err mac_check(PKCS12 *p12, struct secret *text, struct walk *walk);
static enum err safes_walk(PKCS12 *p12, struct walk *walk);
static enum err safe_walk(PKCS7 *safe, struct walk *walk);
static enum err bags_walk(const STACK_OF(PKCS12_SAFEBAG) * bags, struct walk *walk);
static enum err bag_take(const PKCS12_SAFEBAG *bag, struct walk *walk);
static enum err key_take(const PKCS8_PRIV_KEY_INFO *info, struct walk *walk);
static enum err shrouded_take(const PKCS12_SAFEBAG *bag, struct walk *walk);
static void friendly_name_take(const PKCS12_SAFEBAG *bag, struct pfx *pfx);
static enum err certificate_take(const PKCS12_SAFEBAG *bag, struct walk *walk);
static enum err cost_check(const X509_ALGOR *algorithm, struct reason *ret_reason);
static void own_first(struct pfx *pfx);

void pfx_release(struct pfx *pfx)
{
    key_free(pfx->key);
    for (size_t i = 0; i < pfx->certificate_count; i++) {
        buf_release(&pfx->certificates[i]);
    }
    *pfx = (struct pfx){ 0 };
}

/* The library wants a C string. */
enum err pfx_passphrase_text(const struct secret *passphrase, struct secret *ret_text)
{
    if (passphrase->len > PASSPHRASE_MAX) {
        return ERR_LIMIT;
    }
    if (passphrase->len > 0 && !utf8_valid(secret_span(passphrase))) {
        return ERR_INPUT;
    }
    TRY(secret_new(passphrase->len + 1, ret_text));
    if (passphrase->len > 0) {
        memcpy(ret_text->data, passphrase->data, passphrase->len);
    }
    return OK;
}

enum err pfx_read(struct span der, const struct secret *passphrase, struct reason *ret_reason,
    struct pfx *ret_pfx)
{
    AUTO(secret) text = { 0 };
    AUTO(pfx) pfx = { 0 };
    struct walk walk = { .reason = ret_reason, .pfx = &pfx };
    pbes2_hasten();
    if (der.len > PFX_MAX_BYTES) {
        return reason_set(ret_reason, ERR_INPUT, "pfx.too_long", "", "", "");
    }
    if (pfx_passphrase_text(passphrase, &text) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "pfx.password", "", "", "");
    }
    const uint8_t *at = der.data;
    PKCS12 *p12 = der.len == 0 ? NULL : d2i_PKCS12(NULL, &at, (long)der.len);
    enum err err = ERR_INPUT;
    if (p12 == NULL || at != der.data + der.len) {
        (void)reason_set(ret_reason, err, "pfx.malformed", "", "", "");
    } else {
        err = text.len == 1 ? mac_check(p12, &text, &walk) : OK;
        err = err != OK       ? err
              : text.len == 1 ? safes_walk(p12, &walk)
                              : both_run(p12, &text, &walk);
    }
    PKCS12_free(p12);
    if (err != OK) {
        return crypto_failed(err);
    }
    own_first(&pfx);
    *ret_pfx = pfx;
    pfx = (struct pfx){ 0 };
    return OK;
}

/* Once a provider is asked for by name, the default one isn't there by itself any more. */
bool pfx_old_ciphers_load(void)
{
    bool loaded =
        OSSL_PROVIDER_load(NULL, "default") != NULL && OSSL_PROVIDER_load(NULL, "legacy") != NULL;
    return loaded || crypto_failed(ERR_UNSUPPORTED) == OK;
}

/* The MAC's key and those of the contents cost a third each, and none needs another. Contents under
 * a MAC that is wrong count for nothing; who reads a PFX is confined (cli/ecert/pfx_apart.c). */
static enum err both_run(PKCS12 *p12, struct secret *text, struct walk *walk)
{
    struct reason reason = { 0 };
    struct walk checking = { .reason = &reason };
    struct mac_job job = { .p12 = p12, .text = text, .walk = &checking };
    pthread_t thread;
    bool apart = pthread_create(&thread, /* attr= */ NULL, mac_job_run, &job) == 0;
    if (!apart) {
        (void)mac_job_run(&job);
    }
    walk->passphrase = (const char *)text->data;
    enum err err = safes_walk(p12, walk);
    if (apart) {
        (void)pthread_join(thread, /* retval= */ NULL);
    }
    if (job.err == OK) {
        return err;
    }
    return reason_set(
        walk->reason, job.err, reason.code, reason.field, reason.seen, reason.expected);
}

static void *mac_job_run(void *ctx)
{
    struct mac_job *job = ctx;
    job->err = mac_check(job->p12, job->text, job->walk);
    return NULL;
}

/* An empty passphrase is written in two ways (RFC 7292 is silent): both are tried. */
static enum err mac_check(PKCS12 *p12, struct secret *text, struct walk *walk)
{
    const ASN1_OCTET_STRING *mac = NULL;
    const ASN1_INTEGER *iterations = NULL;
    if (PKCS12_mac_present(p12) != 1) {
        return reason_set(walk->reason, ERR_INPUT, "pfx.no_mac", "", "", "");
    }
    PKCS12_get0_mac(&mac, NULL, NULL, &iterations, p12);
    if (iterations != NULL &&
        (ASN1_INTEGER_get(iterations) < 1 || ASN1_INTEGER_get(iterations) > PFX_ITERATIONS_MAX)) {
        return reason_set(walk->reason, ERR_INPUT, "pfx.cost", "", "", "");
    }
    walk->passphrase = (const char *)text->data;
    if (PKCS12_verify_mac(p12, walk->passphrase, -1) == 1) {
        return OK;
    }
    if (text->len == 1 && PKCS12_verify_mac(p12, /* pass= */ NULL, 0) == 1) {
        walk->passphrase = NULL;
        return OK;
    }
    return reason_set(walk->reason, ERR_DENIED, "pfx.password", "", "", "");
}

static enum err malformed(struct walk *walk)
{
    return reason_set(walk->reason, ERR_INPUT, "pfx.malformed", "", "", "");
}

static enum err safes_walk(PKCS12 *p12, struct walk *walk)
{
    STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(p12);
    enum err err = safes == NULL ? malformed(walk) : OK;
    for (int i = 0; err == OK && i < sk_PKCS7_num(safes); i++) {
        err = safe_walk(sk_PKCS7_value(safes, i), walk);
    }
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return err;
}

static enum err safe_walk(PKCS7 *safe, struct walk *walk)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    if (safe == NULL || safe->d.ptr == NULL) {
        return malformed(walk);
    }
    if (PKCS7_type_is_data(safe)) {
        bags = PKCS12_unpack_p7data(safe);
    } else if (PKCS7_type_is_encrypted(safe)) {
        const PKCS7_ENC_CONTENT *content = safe->d.encrypted->enc_data;
        if (content == NULL || content->algorithm == NULL || content->enc_data == NULL) {
            return malformed(walk);
        }
        TRY(cost_check(content->algorithm, walk->reason));
        bags = PKCS12_unpack_p7encdata(safe, walk->passphrase, walk->passphrase == NULL ? 0 : -1);
        if (bags == NULL) {
            char name[80] = "";
            OBJ_obj2txt(name, sizeof name, content->algorithm->algorithm, /* no_name= */ 0);
            return reason_set(walk->reason, ERR_UNSUPPORTED, "pfx.unsupported", "", name, "");
        }
    } else {
        return OK;
    }
    enum err err = bags == NULL ? malformed(walk) : bags_walk(bags, walk);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return err;
}

static enum err bags_walk(const STACK_OF(PKCS12_SAFEBAG) * bags, struct walk *walk)
{
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        if (++walk->bags > BAGS_MAX) {
            return reason_set(walk->reason, ERR_INPUT, "pfx.too_long", "", "", "");
        }
        TRY(bag_take(sk_PKCS12_SAFEBAG_value(bags, i), walk));
    }
    return OK;
}

/* Bags of other kinds (CRLs, secrets, nested safes) are passed over. */
static enum err bag_take(const PKCS12_SAFEBAG *bag, struct walk *walk)
{
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_keyBag:
        return key_take(PKCS12_SAFEBAG_get0_p8inf(bag), walk);
    case NID_pkcs8ShroudedKeyBag:
        return shrouded_take(bag, walk);
    case NID_certBag:
        return certificate_take(bag, walk);
    default:
        return OK;
    }
}

/* Through its bytes into our own reader, as every private key; a second one is passed over. */
static enum err key_take(const PKCS8_PRIV_KEY_INFO *info, struct walk *walk)
{
    uint8_t *der = NULL;
    if (walk->pfx->key != NULL) {
        return OK;
    }
    int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    if (len <= 0) {
        return malformed(walk);
    }
    enum err err = key_from_pkcs8(span_make(der, (size_t)len), &walk->pfx->key);
    OPENSSL_clear_free(der, (size_t)len);
    if (err == ERR_UNSUPPORTED) {
        return reason_set(walk->reason, err, "pfx.unsupported", "key", "", "");
    }
    return err == ERR_INPUT ? malformed(walk) : err;
}

static enum err shrouded_take(const PKCS12_SAFEBAG *bag, struct walk *walk)
{
    const X509_SIG *shroud = PKCS12_SAFEBAG_get0_pkcs8(bag);
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OCTET_STRING *octets = NULL;
    if (shroud == NULL) {
        return malformed(walk);
    }
    X509_SIG_get0(shroud, &algorithm, &octets);
    if (algorithm == NULL || octets == NULL) {
        return malformed(walk);
    }
    TRY(cost_check(algorithm, walk->reason));
    PKCS8_PRIV_KEY_INFO *info =
        PKCS12_decrypt_skey(bag, walk->passphrase, walk->passphrase == NULL ? 0 : -1);
    if (info == NULL) {
        char name[80] = "";
        OBJ_obj2txt(name, sizeof name, algorithm->algorithm, /* no_name= */ 0);
        return reason_set(walk->reason, ERR_UNSUPPORTED, "pfx.unsupported", "", name, "");
    }
    enum err err = key_take(info, walk);
    PKCS8_PRIV_KEY_INFO_free(info);
    if (err == OK && walk->pfx->friendly_name[0] == '\0') {
        friendly_name_take(bag, walk->pfx);
    }
    return err;
}

/* By the string functions: PKCS12_get_friendlyname of OpenSSL 3.0.19 loses all but ASCII. */
static void friendly_name_take(const PKCS12_SAFEBAG *bag, struct pfx *pfx)
{
    const ASN1_TYPE *attribute = PKCS12_SAFEBAG_get0_attr(bag, NID_friendlyName);
    uint8_t *name = NULL;
    if (attribute == NULL || attribute->type != V_ASN1_BMPSTRING) {
        return;
    }
    int len = ASN1_STRING_to_UTF8(&name, attribute->value.bmpstring);
    if (len > 0) {
        (void)span_to_text(
            span_make(name, (size_t)len), pfx->friendly_name, sizeof pfx->friendly_name);
    }
    OPENSSL_free(name);
}

static enum err certificate_take(const PKCS12_SAFEBAG *bag, struct walk *walk)
{
    struct pfx *pfx = walk->pfx;
    uint8_t *der = NULL;
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) {
        return OK;
    }
    if (pfx->certificate_count == PFX_CERTIFICATES_MAX) {
        return reason_set(walk->reason, ERR_INPUT, "pfx.too_long", "", "", "");
    }
    X509 *x509 = PKCS12_SAFEBAG_get1_cert(bag);
    int len = x509 == NULL ? -1 : i2d_X509(x509, &der);
    X509_free(x509);
    if (len <= 0) {
        return malformed(walk);
    }
    struct buf *place = &pfx->certificates[pfx->certificate_count++];
    *place = buf_make(CERTIFICATE_MAX_BYTES);
    buf_append(place, span_make(der, (size_t)len));
    OPENSSL_free(der);
    return buf_check(place) == OK ? OK : malformed(walk);
}

/* PBEParameter, or PBES2's PBKDF2 (RFC 8018 A.2, A.4): whatever names a number of iterations. */
static enum err cost_check(const X509_ALGOR *algorithm, struct reason *ret_reason)
{
    enum { DEPTH = 4 };
    if (algorithm->parameter == NULL || algorithm->parameter->type != V_ASN1_SEQUENCE) {
        return reason_set(ret_reason, ERR_INPUT, "pfx.malformed", "", "", "");
    }
    const ASN1_STRING *sequence = algorithm->parameter->value.sequence;
    struct der reader = der_reader(span_make(sequence->data, (size_t)sequence->length));
    struct der inner;
    /* Down the first elements to the salt; behind it stands the number (scrypt: N). */
    for (int depth = 0; depth < DEPTH; depth++) {
        if (der_enter(&reader, DER_SEQUENCE, &inner) != OK) {
            break;
        }
        reader = inner;
        if (der_peek(&reader, DER_OID)) {
            struct span oid;
            TRY(der_read(&reader, DER_OID, &oid));
        }
    }
    struct span salt;
    int64_t count = 0;
    if (der_read(&reader, DER_OCTET_STRING, &salt) != OK || der_read_int64(&reader, &count) != OK ||
        count < 1 || count > PFX_ITERATIONS_MAX) {
        return reason_set(ret_reason, ERR_INPUT, "pfx.cost", "", "", "");
    }
    return OK;
}

/* The certificate whose public key is the key's comes first; the others keep their order. */
static void own_first(struct pfx *pfx)
{
    for (size_t i = 0; pfx->key != NULL && i < pfx->certificate_count; i++) {
        struct span der = buf_span(&pfx->certificates[i]), spki = key_spki(pfx->key);
        if (memmem(der.data, der.len, spki.data, spki.len) != NULL) {
            struct buf own = pfx->certificates[i];
            memmove(&pfx->certificates[1], &pfx->certificates[0], i * sizeof own);
            pfx->certificates[0] = own;
            pfx->first_is_own = true;
            return;
        }
    }
}
