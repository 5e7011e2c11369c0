/* The trust folders, and judgement by them. */
#include "lib/certstore/trust.h"

#include "lib/base/clock.h"
#include "lib/certstore/internal.h"
#include "lib/der/pem.h"

#include <stdio.h>

struct state_by_reason {
    const char *code;
    enum certstore_state state;
};

static const struct state_by_reason states[] = {
    { "chain.expired", CERTSTORE_DATE_INVALID },
    { "chain.not_yet_valid", CERTSTORE_DATE_INVALID },
    { "chain.untrusted", CERTSTORE_UNTRUSTED_STATE },
    { "chain.revoked", CERTSTORE_REVOKED },
    { "chain.crl_missing", CERTSTORE_REVOCATION_CHECK_FAILURE },
    { "chain.crl_stale", CERTSTORE_REVOCATION_CHECK_FAILURE },
    { "chain.crl_signature", CERTSTORE_REVOCATION_CHECK_FAILURE },
};

/* All that chain_verify wants to see at once. */
struct trust {
    struct certstore_blobs intermediates, roots, crls, untrusted;
    struct buf extra; /* DER of further intermediates, one behind the other */
    struct span intermediate_spans[CHAIN_CANDIDATES_MAX];
    size_t intermediate_count;
    struct span root_spans[CHAIN_CANDIDATES_MAX];
    size_t root_count;
    struct span crl_spans[CHAIN_CANDIDATES_MAX];
};

static void trust_release(struct trust *trust);
AUTO_DEFINE(trust, trust_release)

static enum err blobs_read(
    const struct folder *folder, bool pem, size_t max, struct certstore_blobs *ret_blobs);
static enum err blob_read(
    const struct folder *folder, const char *name, bool pem, size_t max, struct buf *ret_der);
static enum err crl_file_name(const struct crl *crl, char ret_name[FOLDER_NAME_MAX]);
static bool crl_is_newer(const struct folder *folder, const char *name, const struct crl *crl);
static enum err trust_load(
    const struct certstore *store, struct span chain_pem, struct trust *ret_trust);
static enum err trust_add_chain(struct span chain_pem, struct trust *trust);
static size_t spans_of(
    const struct trust *trust, const struct certstore_blobs *blobs, struct span *ret_spans);
static bool is_distrusted(const struct trust *trust, struct span der);
static enum err trust_verify(const struct trust *trust, struct span leaf, bool require_crl,
    int64_t now, struct reason *ret_reason);
static struct chain_request trust_request(const struct trust *trust, struct span leaf, int64_t now);
static enum err is_untrusted(
    const struct certstore *store, struct span certificate, bool *ret_untrusted);
static enum certstore_state state_of_reason(const char *code);
static enum err key_fits(const struct certstore *store, const struct certstore_item *item);

const struct folder *certstore_folder_of(
    const struct certstore *store, enum certstore_folder folder)
{
    switch (folder) {
    case CERTSTORE_INTERMEDIATE:
        return &store->intermediate;
    case CERTSTORE_ROOTS:
        return &store->roots;
    case CERTSTORE_UNTRUSTED:
        return &store->untrusted;
    }
    return NULL;
}

enum err certstore_add_trust(struct certstore *store, enum certstore_folder folder, struct span der,
    struct reason *ret_reason, bool *ret_new)
{
    struct certificate parsed;
    char id[CERTSTORE_ID_MAX], name[FOLDER_NAME_MAX];
    if (certificate_parse(der, &parsed) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "certificate.malformed", NULL, NULL, NULL);
    }
    TRY(certstore_thumbprint(der, id));
    snprintf(name, sizeof name, "%s.pem", id);
    AUTO(buf) text = buf_make(2 * der.len + 256), before = { 0 };
    TRY(pem_write("CERTIFICATE", der, &text));
    TRY(certstore_lock(store));
    bool there = folder_read(certstore_folder_of(store, folder), name, CERTIFICATE_MAX_BYTES * 2,
                     &before) == OK &&
                 span_equal(buf_span(&before), buf_span(&text));
    enum err err =
        there ? OK : folder_write(certstore_folder_of(store, folder), name, buf_span(&text));
    certstore_unlock(store);
    if (err != OK) {
        return reason_set(ret_reason, err, "certstore.write", name, err_name(err), NULL);
    }
    if (ret_new != NULL) {
        *ret_new = !there;
    }
    return OK;
}

enum err certstore_add_crl(struct certstore *store, struct span der, struct reason *ret_reason)
{
    struct crl crl;
    char name[FOLDER_NAME_MAX];
    if (crl_parse(der, &crl) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "crl.malformed", NULL, NULL, NULL);
    }
    TRY(crl_file_name(&crl, name));
    TRY(certstore_lock(store));
    bool newer = crl_is_newer(&store->crls, name, &crl);
    enum err err = newer ? folder_write(&store->crls, name, der) : ERR_CONFLICT;
    certstore_unlock(store);
    if (err == ERR_CONFLICT) {
        return reason_set(ret_reason, err, "crl.older", NULL, NULL, NULL);
    }
    return err == OK ? OK
                     : reason_set(ret_reason, err, "certstore.write", name, err_name(err), NULL);
}

enum err certstore_replace_crl(
    struct certstore *store, const struct crl *crl, struct reason *ret_reason)
{
    char name[FOLDER_NAME_MAX];
    char path[CERTSTORE_STEP_PATH_MAX];
    TRY(crl_file_name(crl, name));
    snprintf(path, sizeof path, "crls/%s", name);
    TRY(certstore_lock(store));
    enum err err = step_file(store, path, &crl->der);
    certstore_unlock(store);
    return err == OK ? OK
                     : reason_set(ret_reason, err, "certstore.write", name, err_name(err), NULL);
}

enum err certstore_take_crl_out(
    struct certstore *store, const struct crl *crl, struct reason *ret_reason)
{
    char name[FOLDER_NAME_MAX];
    char path[CERTSTORE_STEP_PATH_MAX];
    TRY(crl_file_name(crl, name));
    snprintf(path, sizeof path, "crls/%s", name);
    TRY(certstore_lock(store));
    enum err err = step_file(store, path, /* content= */ NULL);
    certstore_unlock(store);
    return err == OK ? OK
                     : reason_set(ret_reason, err, "certstore.write", name, err_name(err), NULL);
}

/* Old and new intermediate may share a name: the key identifier tells their lists apart; and one CA
 * may have several lists (crl_same_series). */
static enum err crl_file_name(const struct crl *crl, char ret_name[FOLDER_NAME_MAX])
{
    uint8_t hash[SHA256_BYTES];
    char text[2 * SHA256_BYTES + 1];
    struct span kind = crl->only_servers       ? SPAN_LITERAL("servers")
                       : crl->only_authorities ? SPAN_LITERAL("authorities")
                                               : (struct span){ 0 };
    struct span pieces[] = { crl->issuer, crl->authority_key_id, crl->scope_uri, kind };
    TRY(sha256_pieces(pieces, 4, hash));
    hex_format(SPAN_OF(hash), text);
    snprintf(ret_name, FOLDER_NAME_MAX, "%s.crl", text);
    return OK;
}

static bool crl_is_newer(const struct folder *folder, const char *name, const struct crl *crl)
{
    AUTO(buf) before = { 0 };
    struct crl old;
    bool readable = folder_read(folder, name, FILE_MAX_BYTES, &before) == OK &&
                    crl_parse(buf_span(&before), &old) == OK;
    return !readable || old.this_update <= crl->this_update;
}

void certstore_blobs_release(struct certstore_blobs *blobs)
{
    for (size_t i = 0; i < blobs->count; i++) {
        buf_release(&blobs->blobs[i]);
    }
    free(blobs->blobs);
    *blobs = (struct certstore_blobs){ 0 };
}

enum err certstore_list_trust(
    const struct certstore *store, enum certstore_folder folder, struct certstore_blobs *ret_blobs)
{
    return blobs_read(
        certstore_folder_of(store, folder), /* pem= */ true, CERTIFICATE_MAX_BYTES, ret_blobs);
}

enum err certstore_list_crls(const struct certstore *store, struct certstore_blobs *ret_blobs)
{
    return blobs_read(&store->crls, /* pem= */ false, FILE_MAX_BYTES, ret_blobs);
}

/* What can't be read is no trust: it is passed over. */
static enum err blobs_read(
    const struct folder *folder, bool pem, size_t max, struct certstore_blobs *ret_blobs)
{
    AUTO(folder_names) names = { 0 };
    AUTO(certstore_blobs) blobs = { 0 };
    TRY(folder_list(folder, &names));
    blobs.blobs = calloc(names.count + 1, sizeof blobs.blobs[0]);
    if (blobs.blobs == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < names.count; i++) {
        enum err err = blob_read(folder, names.names[i], pem, max, &blobs.blobs[blobs.count]);
        if (err == ERR_MEMORY) {
            return err;
        }
        blobs.count += err == OK;
    }
    *ret_blobs = blobs;
    blobs = (struct certstore_blobs){ 0 };
    return OK;
}

static enum err blob_read(
    const struct folder *folder, const char *name, bool pem, size_t max, struct buf *ret_der)
{
    AUTO(buf) content = { 0 };
    TRY(folder_read(folder, name, pem ? 2 * max : max, &content));
    if (pem) {
        AUTO(buf) der = buf_make(max);
        TRY(certificate_read_any(buf_span(&content), &der));
        *ret_der = der;
        der = (struct buf){ 0 };
        return OK;
    }
    *ret_der = content;
    content = (struct buf){ 0 };
    return OK;
}

const char *certstore_state_name(enum certstore_state state)
{
    static const char *const names[] = {
        [CERTSTORE_VALID] = "Valid",
        [CERTSTORE_PENDING] = "PendingRequest",
        [CERTSTORE_DATE_INVALID] = "DateInvalid",
        [CERTSTORE_INVALID] = "Invalid",
        [CERTSTORE_REVOKED] = "Revoked",
        [CERTSTORE_REVOCATION_CHECK_FAILURE] = "RevocationCheckFailure",
        [CERTSTORE_UNTRUSTED_STATE] = "Untrusted",
        [CERTSTORE_UNKNOWN] = "Unknown",
    };
    return names[state];
}

enum err certstore_judge(const struct certstore *store, const struct certstore_item *item,
    int64_t now, struct certstore_judgement *ret_judgement)
{
    struct certstore_judgement judgement = { .state = CERTSTORE_VALID };
    struct certificate parsed;
    bool untrusted = false;
    if (item->kind == CERTSTORE_REQUEST) {
        judgement.state = CERTSTORE_PENDING;
    } else if (certificate_parse(buf_span(&item->certificate), &parsed) != OK) {
        judgement.state = CERTSTORE_INVALID;
        snprintf(judgement.reason.code, sizeof judgement.reason.code, "certificate.malformed");
    } else if (key_fits(store, item) != OK) {
        judgement.state = CERTSTORE_INVALID;
        snprintf(judgement.reason.code, sizeof judgement.reason.code, "install.mismatch");
    } else {
        TRY(is_untrusted(store, buf_span(&item->certificate), &untrusted));
        AUTO(trust) trust = { 0 };
        TRY(trust_load(store, buf_span(&item->chain), &trust));
        struct span leaf = buf_span(&item->certificate);
        /* Trust and dates first: what is wrong with them matters more than a missing list. */
        enum err err = trust_verify(&trust, leaf, /* require_crl= */ false, now, &judgement.reason);
        err = err == OK
                  ? trust_verify(&trust, leaf, /* require_crl= */ true, now, &judgement.reason)
                  : err;
        judgement.state = untrusted   ? CERTSTORE_UNTRUSTED_STATE
                          : err == OK ? CERTSTORE_VALID
                          : err == ERR_DENIED || err == ERR_INPUT || err == ERR_SIGNATURE
                              ? state_of_reason(judgement.reason.code)
                              : CERTSTORE_UNKNOWN;
    }
    *ret_judgement = judgement;
    return OK;
}

/* A key behind a passphrase or in a token is known by what was written down of it when it was last
 * open. */
static enum err key_fits(const struct certstore *store, const struct certstore_item *item)
{
    struct certificate parsed;
    AUTO_PTR(key) key = NULL;
    TRY(certificate_parse(buf_span(&item->certificate), &parsed));
    if (item->guard != CERTSTORE_KEY_PLAIN || item->rehearsed) {
        uint8_t hash[SHA256_BYTES];
        TRY(sha256(parsed.spki, hash));
        return span_equal(SPAN_OF(hash), SPAN_OF(item->spki_sha256)) ? OK : ERR_DENIED;
    }
    TRY(certstore_load_key(store, item, /* passphrase= */ NULL, /* ret_reason= */ NULL, &key));
    return span_equal(key_spki(key), parsed.spki) ? OK : ERR_DENIED;
}

static enum certstore_state state_of_reason(const char *code)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(states[i].code, code) == 0) {
            return states[i].state;
        }
    }
    return CERTSTORE_INVALID;
}

static enum err is_untrusted(
    const struct certstore *store, struct span certificate, bool *ret_untrusted)
{
    AUTO(certstore_blobs) untrusted = { 0 };
    TRY(certstore_list_trust(store, CERTSTORE_UNTRUSTED, &untrusted));
    *ret_untrusted = false;
    for (size_t i = 0; i < untrusted.count; i++) {
        *ret_untrusted |= span_equal(buf_span(&untrusted.blobs[i]), certificate);
    }
    return OK;
}

enum err certstore_verify(const struct certstore *store, struct span certificate,
    struct span chain_pem, struct span extra_root, int64_t now, struct reason *ret_reason)
{
    AUTO(trust) trust = { 0 };
    TRY(trust_load(store, chain_pem, &trust));
    if (extra_root.len > 0 && trust.root_count < CHAIN_CANDIDATES_MAX) {
        trust.root_spans[trust.root_count++] = extra_root;
    }
    return trust_verify(&trust, certificate, /* require_crl= */ false, now, ret_reason);
}

enum err certstore_paths(const struct certstore *store, struct span certificate,
    struct span chain_pem, int64_t now, struct reason *ret_reason,
    struct certstore_paths *ret_paths)
{
    AUTO(certstore_paths) found = { 0 };
    found.trust = calloc(1, sizeof *found.trust);
    found.paths = calloc(1, sizeof *found.paths);
    if (found.trust == NULL || found.paths == NULL) {
        return ERR_MEMORY;
    }
    TRY(trust_load(store, chain_pem, found.trust));
    struct chain_request request = trust_request(found.trust, certificate, now);
    TRY(paths_find(&request, ret_reason, found.paths));
    *ret_paths = found;
    found = (struct certstore_paths){ 0 };
    return OK;
}

void certstore_paths_release(struct certstore_paths *paths)
{
    if (paths->trust != NULL) {
        trust_release(paths->trust);
    }
    free(paths->trust);
    free(paths->paths);
    *paths = (struct certstore_paths){ 0 };
}

static void trust_release(struct trust *trust)
{
    certstore_blobs_release(&trust->intermediates);
    certstore_blobs_release(&trust->roots);
    certstore_blobs_release(&trust->crls);
    certstore_blobs_release(&trust->untrusted);
    buf_release(&trust->extra);
}

static enum err trust_load(
    const struct certstore *store, struct span chain_pem, struct trust *ret_trust)
{
    ret_trust->extra = buf_make(CERTSTORE_CHAIN_MAX);
    TRY(certstore_list_trust(store, CERTSTORE_INTERMEDIATE, &ret_trust->intermediates));
    TRY(certstore_list_trust(store, CERTSTORE_ROOTS, &ret_trust->roots));
    TRY(certstore_list_crls(store, &ret_trust->crls));
    TRY(certstore_list_trust(store, CERTSTORE_UNTRUSTED, &ret_trust->untrusted));
    ret_trust->intermediate_count =
        spans_of(ret_trust, &ret_trust->intermediates, ret_trust->intermediate_spans);
    ret_trust->root_count = spans_of(ret_trust, &ret_trust->roots, ret_trust->root_spans);
    (void)spans_of(ret_trust, &ret_trust->crls, ret_trust->crl_spans);
    return trust_add_chain(chain_pem, ret_trust);
}

/* The first CHAIN_CANDIDATES_MAX; a store of more is cut, which can only cost trust. What lies in
 * the untrusted folder too is no candidate. */
static size_t spans_of(
    const struct trust *trust, const struct certstore_blobs *blobs, struct span *ret_spans)
{
    size_t count = 0;
    for (size_t i = 0; i < blobs->count && count < CHAIN_CANDIDATES_MAX; i++) {
        if (!is_distrusted(trust, buf_span(&blobs->blobs[i]))) {
            ret_spans[count++] = buf_span(&blobs->blobs[i]);
        }
    }
    return count;
}

static bool is_distrusted(const struct trust *trust, struct span der)
{
    for (size_t i = 0; i < trust->untrusted.count; i++) {
        if (span_equal(buf_span(&trust->untrusted.blobs[i]), der)) {
            return true;
        }
    }
    return false;
}

static enum err trust_add_chain(struct span chain_pem, struct trust *trust)
{
    struct pem pem;
    size_t ends[CHAIN_LENGTH_MAX], count = 0;
    while (count < CHAIN_LENGTH_MAX && pem_next(&chain_pem, &pem) == OK) {
        if (span_equal_text(pem.label, "CERTIFICATE")) {
            TRY(pem_decode(&pem, &trust->extra));
            ends[count++] = trust->extra.len;
        }
    }
    /* Only now does the buffer stand still. */
    for (size_t i = 0; i < count && trust->intermediate_count < CHAIN_CANDIDATES_MAX; i++) {
        size_t start = i == 0 ? 0 : ends[i - 1];
        struct span der = span_make(trust->extra.data + start, ends[i] - start);
        if (!is_distrusted(trust, der)) {
            trust->intermediate_spans[trust->intermediate_count++] = der;
        }
    }
    return OK;
}

static enum err trust_verify(const struct trust *trust, struct span leaf, bool require_crl,
    int64_t now, struct reason *ret_reason)
{
    struct chain chain;
    struct chain_request request = trust_request(trust, leaf, now);
    request.require_crl = require_crl;
    return chain_verify(&request, ret_reason, &chain);
}

static struct chain_request trust_request(const struct trust *trust, struct span leaf, int64_t now)
{
    size_t limit = CHAIN_CANDIDATES_MAX;
    return (struct chain_request){
        .leaf = leaf,
        .intermediates = trust->intermediate_spans,
        .intermediate_count = trust->intermediate_count,
        .roots = trust->root_spans,
        .root_count = trust->root_count,
        .crls = trust->crl_spans,
        .crl_count = trust->crls.count < limit ? trust->crls.count : limit,
        .now = now,
    };
}
