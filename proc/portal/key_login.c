/* Logging in by a registered key, in two calls: a nonce, then a signature over it (lib/pki/proof.h)
 * that also names this portal's own URL, the enrolment and the key. A nonce is good once and for
 * two minutes, and is stored hashed. Whatever is wrong has one answer and costs one verification
 * (doc/threats.md P4, P19). The PIN and its attempts are not touched: a void PIN locks no server
 * out, and a new one doesn't either. */
#include "proc/portal/entry.h"
#include "proc/portal/handlers.h"

#include "lib/crypto/digest.h"
#include "lib/pki/proof.h"
#include "lib/store/login_nonce.h"
#include "lib/store/registered_key.h"

enum { HEX_TYPED_MAX = 200, SIGNATURE_TYPED_MAX = 200, REFERENCE_TYPED_MAX = 32 };

/* What came, understood, and what the store knows of it. */
struct knock {
    const struct visit *visit;
    struct act act;
    char reference[REFERENCE_DIGITS + 1];
    uint8_t spki_hash[HASH_BYTES];
    uint8_t nonce[PROOF_NONCE_BYTES];
    uint8_t nonce_hash[HASH_BYTES];
    uint8_t signature[PROOF_SIGNATURE_BYTES];
    size_t signature_len;
    bool fresh; /* the nonce is ours, not old, and was not spent */
    bool known; /* the enrolment has the key */
    struct enrolment_row enrolment;
    struct registered_key key;
};

static enum err nonce_store(struct store *store, void *ctx);
static enum err knock_read(struct visit *visit, struct knock *knock);
static enum err hex_read(
    struct visit *visit, const char *field, const char *text, uint8_t *bytes, size_t len);
static enum err nonce_hashed(const uint8_t nonce[PROOF_NONCE_BYTES], uint8_t hash[HASH_BYTES]);
static enum err knock_spend(struct store *store, void *ctx);
static enum err proof_right(const struct knock *knock, bool *ret_right);
static enum err still_served(struct visit *visit, const struct enrolment_row *enrolment);
static enum err key_use(struct store *store, void *ctx);

/* What is verified against where there is no such key, so that the cost is the same: RFC 8032 §7.1,
 * TEST 1. */
static const uint8_t no_key[REGISTERED_KEY_SPKI_BYTES] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b,
    0x65, 0x70, 0x03, 0x21, 0x00, 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
    0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a,
    0x68, 0xf7, 0x07, 0x51, 0x1a };

enum err api_nonce_post(struct visit *visit)
{
    char text[2 * PROOF_NONCE_BYTES + 1];
    struct knock knock = { .visit = visit };
    TRY(random_fill(&visit->portal->random, knock.nonce, sizeof knock.nonce));
    TRY(nonce_hashed(knock.nonce, knock.nonce_hash));
    enum err err = store_transact(visit->portal->store, nonce_store, &knock);
    if (err == ERR_LIMIT) {
        (void)!entry_throttled(visit);
        return visit_reply_problem(visit, 429, &visit->request->reason);
    }
    TRY(err);
    hex_format(SPAN_OF(knock.nonce), text);
    value_put_text(&visit->tree, visit->page, "nonce", text);
    value_put_integer(&visit->tree, visit->page, "seconds", LOGIN_NONCE_SECONDS);
    return visit_reply_json(visit, 201, visit->page);
}

static enum err nonce_store(struct store *store, void *ctx)
{
    const struct knock *knock = ctx;
    int64_t now = knock->visit->now;
    TRY(entry_spend(store, knock->visit));
    return store_login_nonce_add(store, knock->nonce_hash, now, now + LOGIN_NONCE_SECONDS);
}

enum err api_session_key_post(struct visit *visit)
{
    char token[TOKEN_TEXT_MAX];
    bool right = false;
    struct knock knock = { .visit = visit, .act = visit_act(visit) };
    TRY(knock_read(visit, &knock));
    enum err err = store_transact(visit->portal->store, knock_spend, &knock);
    if (err == ERR_LIMIT) {
        (void)!entry_throttled(visit);
        return visit_reply_problem(visit, 429, &visit->request->reason);
    }
    TRY(err);
    TRY(proof_right(&knock, &right));
    if (!right || !knock.fresh || !knock.known) {
        return entry_refused(visit, "login.key_refused");
    }
    TRY(still_served(visit, &knock.enrolment));
    const struct entry entry = {
        .enrolment = &knock.enrolment,
        .spki_hash = knock.spki_hash,
        .also = key_use,
        .ctx = &knock,
    };
    err = entry_open(visit, &entry, token);
    if (err == ERR_NOT_FOUND) { /* removed just now */
        return entry_refused(visit, "login.key_refused");
    }
    TRY(err);
    return entry_reply(visit, token);
}

static enum err knock_read(struct visit *visit, struct knock *knock)
{
    static const char *const names[] = { "reference", "key_sha256", "nonce", "signature", NULL };
    const struct value *object = NULL;
    const char *reference = NULL, *hash = NULL, *nonce = NULL, *signature = NULL;
    struct reason *reason = &visit->request->reason;
    struct span digits = { 0 };
    TRY(visit_json(visit, names, &object));
    TRY(json_get_text(object, "reference", REFERENCE_TYPED_MAX, &reference, reason));
    TRY(json_get_text(object, "key_sha256", HEX_TYPED_MAX, &hash, reason));
    TRY(json_get_text(object, "nonce", HEX_TYPED_MAX, &nonce, reason));
    TRY(json_get_text(object, "signature", SIGNATURE_TYPED_MAX, &signature, reason));
    TRY(digits_only(visit, "reference", reference, REFERENCE_DIGITS, &digits));
    (void)span_to_text(digits, knock->reference, sizeof knock->reference);
    TRY(hex_read(visit, "key_sha256", hash, knock->spki_hash, sizeof knock->spki_hash));
    TRY(hex_read(visit, "nonce", nonce, knock->nonce, sizeof knock->nonce));
    if (base64_parse(span_from_text(signature), knock->signature, sizeof knock->signature,
            &knock->signature_len) != OK) {
        return reason_set(reason, ERR_INPUT, "key.encoding", "signature", "", "base64");
    }
    return nonce_hashed(knock->nonce, knock->nonce_hash);
}

static enum err hex_read(
    struct visit *visit, const char *field, const char *text, uint8_t *bytes, size_t len)
{
    size_t got = 0;
    bool fits = hex_parse(span_from_text(text), bytes, len, &got) == OK && got == len;
    return fits ? OK
                : reason_set(&visit->request->reason, ERR_INPUT, "key.encoding", field, "",
                      arena_format(visit->request->arena, "%zu hexadecimal digits", 2 * len));
}

/* Who reads the store learns no nonce that still could be used. */
static enum err nonce_hashed(const uint8_t nonce[PROOF_NONCE_BYTES], uint8_t hash[HASH_BYTES])
{
    const struct span pieces[] = { SPAN_LITERAL("ecert log-in nonce v1\0"),
        span_make(nonce, PROOF_NONCE_BYTES) };
    return sha256_pieces(pieces, 2, hash);
}

/* The same questions whatever their answers; the nonce is spent with the first attempt. */
static enum err knock_spend(struct store *store, void *ctx)
{
    struct knock *knock = ctx;
    TRY(entry_spend(store, knock->visit));
    enum err err = store_login_nonce_spend(store, knock->nonce_hash, knock->act.time);
    knock->fresh = err == OK;
    TRY(err == ERR_NOT_FOUND ? OK : err);
    err = store_enrolment_by_reference(store, knock->reference, &knock->enrolment);
    bool referred = err == OK;
    TRY(err == ERR_NOT_FOUND ? OK : err);
    err = store_registered_key_get(store, knock->enrolment.id, knock->spki_hash, &knock->key);
    knock->known = referred && err == OK;
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err proof_right(const struct knock *knock, bool *ret_right)
{
    AUTO_PTR(key) key = NULL;
    struct proof proof = {
        .purpose = PROOF_LOGIN,
        .portal = knock->visit->portal->config.portal.url,
        .reference = knock->reference,
        .nonce = SPAN_OF(knock->nonce),
    };
    TRY(key_from_spki(knock->known ? SPAN_OF(knock->key.spki) : SPAN_OF(no_key), &key));
    enum err err = proof_check(&proof, key, span_make(knock->signature, knock->signature_len));
    *ret_right = err == OK;
    return err == ERR_SIGNATURE ? OK : err;
}

/* Who holds the key may be told. A key is for getting certificates, and there are none to be had
 * any more; the person's PIN still opens the enrolment, to look and to revoke. */
static enum err still_served(struct visit *visit, const struct enrolment_row *enrolment)
{
    struct application_row row = { 0 };
    struct reason *reason = &visit->request->reason;
    TRY(store_application_get(
        visit->portal->store, enrolment->application, visit->request->arena, &row));
    if (row.state == APPLICATION_WITHDRAWN) {
        return reason_set(reason, ERR_DENIED, "login.key_withdrawn", "", "", "");
    }
    return visit->now < enrolment->subscription_end
               ? OK
               : reason_set(reason, ERR_DENIED, "login.key_ended", "", "", "");
}

static enum err key_use(struct store *store, void *ctx)
{
    const struct knock *knock = ctx;
    return store_registered_key_use(store, &knock->act, knock->enrolment.id, knock->spki_hash);
}
