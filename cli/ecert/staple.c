/* An answer is public and signed, so that it comes over plain HTTP by GET (RFC 5019 §5); nothing of
 * it is believed before it is verified, and nothing but "good" is ever put before a server. */
#include "cli/ecert/staple.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/http/client.h"

#include <stdio.h>
#include <unistd.h>

enum { STAPLE_TIMEOUT_MS = 15000, URL_MAX = 1024, FILE_MODE = 0644, PROVE_SECONDS = 20 };

static enum err issuer_find(const struct bundle *chain, const struct certificate *leaf,
    struct certificate *ret_issuer, struct reason *ret_reason);
static enum err url_make(const struct certificate *leaf, const struct certificate *issuer,
    char ret_url[URL_MAX], struct reason *ret_reason);
static enum err url_refuse(const struct certificate *leaf, struct reason *ret_reason);
static enum err renew(const struct deploy_target *target, const struct bundle *chain, int64_t now,
    struct staple *ret_staple, struct reason *ret_reason);

void staple_release(struct staple *staple)
{
    buf_release(&staple->der);
}

void staple_swap_release(struct staple_swap *swap)
{
    buf_release(&swap->before);
}

const char *staple_end_name(enum staple_end end)
{
    static const char *const names[] = { "none", "kept", "new", "itself" };
    return names[end];
}

enum err staple_fetch(
    const struct bundle *chain, int64_t now, struct staple *ret_staple, struct reason *ret_reason)
{
    AUTO_PTR(http_client) client = NULL;
    AUTO(http_answer) answer = { 0 };
    struct certificate leaf, issuer;
    char url[URL_MAX], status[16];
    TRY(certificate_parse(chain->spans[0], &leaf));
    TRY(issuer_find(chain, &leaf, &issuer, ret_reason));
    TRY(url_make(&leaf, &issuer, url, ret_reason));
    struct http_client_config config = { .timeout_ms = STAPLE_TIMEOUT_MS,
        .answer_max = OCSP_ANSWER_MAX_BYTES };
    TRY(http_client_new(&config, &client));
    struct http_call call = { .method = HTTP_GET, .url = url, .plain_allowed = true };
    TRY(http_client_call(client, &call, &answer, ret_reason));
    snprintf(status, sizeof status, "%d", answer.status);
    if (answer.status != 200) {
        return reason_set(ret_reason, ERR_AGAIN, "ocsp.status", url, status, "200");
    }
    return staple_check(buf_span(&answer.body), chain, now, ret_staple, ret_reason);
}

/* By name and signature; whoever made the chain has ordered it already. */
static enum err issuer_find(const struct bundle *chain, const struct certificate *leaf,
    struct certificate *ret_issuer, struct reason *ret_reason)
{
    for (size_t i = 1; i < chain->count; i++) {
        AUTO_PTR(key) key = NULL;
        struct certificate one;
        bool issued = certificate_parse(chain->spans[i], &one) == OK &&
                      span_equal(one.subject, leaf->issuer) &&
                      key_from_spki(one.spki, &key) == OK && certificate_verify(leaf, key) == OK;
        if (issued) {
            *ret_issuer = one;
            return OK;
        }
    }
    return reason_set(ret_reason, ERR_NOT_FOUND, "ocsp.no_issuer", NULL, NULL, NULL);
}

/* RFC 6960 §A.1: the address, '/', and the request in base64 whose own signs are escaped. */
static enum err url_make(const struct certificate *leaf, const struct certificate *issuer,
    char ret_url[URL_MAX], struct reason *ret_reason)
{
    AUTO(buf) request = buf_make(URL_MAX / 2);
    char text[URL_MAX];
    size_t len = leaf->ocsp_uri.len;
    if (len == 0) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "ocsp.none", NULL, NULL, NULL);
    }
    TRY(ocsp_request_write(leaf, issuer, &request));
    if (base64_length(request.len) >= sizeof text || len > URL_MAX / 2 ||
        !span_to_text(leaf->ocsp_uri, ret_url, URL_MAX)) {
        return url_refuse(leaf, ret_reason);
    }
    base64_format(buf_span(&request), text, sizeof text);
    len -= ret_url[len - 1] == '/';
    ret_url[len++] = '/';
    for (const char *byte = text; *byte != '\0'; byte++) {
        bool plain = *byte != '+' && *byte != '/' && *byte != '=';
        if (len + 4 > URL_MAX) {
            return url_refuse(leaf, ret_reason);
        }
        len += (size_t)snprintf(
            ret_url + len, URL_MAX - len, plain ? "%c" : "%%%02X", (unsigned char)*byte);
    }
    ret_url[len] = '\0';
    return OK;
}

static enum err url_refuse(const struct certificate *leaf, struct reason *ret_reason)
{
    char most[32], seen[32];
    snprintf(seen, sizeof seen, "%zu", leaf->ocsp_uri.len);
    snprintf(most, sizeof most, "%d", URL_MAX / 2);
    return reason_set(ret_reason, ERR_LIMIT, "ocsp.long", NULL, seen, most);
}

enum err staple_check(struct span der, const struct bundle *chain, int64_t now,
    struct staple *ret_staple, struct reason *ret_reason)
{
    struct certificate leaf, issuer;
    struct ocsp_answer answer;
    TRY(certificate_parse(chain->spans[0], &leaf));
    TRY(issuer_find(chain, &leaf, &issuer, ret_reason));
    TRY(ocsp_answer_parse(der, &leaf, &issuer, ret_reason, &answer));
    TRY(ocsp_answer_verify(&answer, &issuer, now, ret_reason));
    if (answer.status != OCSP_GOOD) {
        return reason_set(ret_reason, ERR_DENIED, "ocsp.bad", NULL, ocsp_status_name(answer.status),
            ocsp_status_name(OCSP_GOOD));
    }
    struct staple staple = { buf_make(OCSP_ANSWER_MAX_BYTES), answer.this_update,
        answer.next_update };
    buf_append(&staple.der, der);
    TRY(buf_check(&staple.der));
    *ret_staple = staple;
    return OK;
}

enum err staple_read(const char *path, const struct bundle *chain, int64_t now,
    struct staple *ret_staple, struct reason *ret_reason)
{
    AUTO(buf) file = { 0 };
    enum err err = file_read(path, OCSP_ANSWER_MAX_BYTES, &file);
    if (err != OK) {
        return reason_set(ret_reason, err, "ocsp.file_missing", path, err_name(err), NULL);
    }
    return staple_check(buf_span(&file), chain, now, ret_staple, ret_reason);
}

enum err staple_put(const struct deploy_target *target, const struct staple *staple,
    struct staple_swap *ret_swap, struct reason *ret_reason)
{
    struct staple_swap swap = { .done = false };
    if (target->to[0] != '\0') {
        TRY(deploy_there_staple(target, buf_span(&staple->der), ret_reason));
        ret_swap->done = true;
        return OK;
    }
    swap.existed = file_read(target->staple, OCSP_ANSWER_MAX_BYTES, &swap.before) == OK;
    enum err err = file_replace(target->staple, buf_span(&staple->der), FILE_MODE);
    if (err != OK) {
        buf_release(&swap.before);
        return reason_set(ret_reason, err, "tool.file_write", target->staple, err_name(err), NULL);
    }
    swap.done = true;
    *ret_swap = swap;
    return OK;
}

void staple_back(const struct deploy_target *target, const struct staple_swap *swap)
{
    if (swap->done && target->to[0] != '\0') {
        (void)!deploy_there_staple(target, (struct span){ 0 }, /* ret_reason= */ NULL);
    } else if (swap->done && swap->existed) {
        (void)!file_replace(target->staple, buf_span(&swap->before), FILE_MODE);
    } else if (swap->done) {
        (void)unlink(target->staple);
    }
}

enum err staple_chain(const struct certstore *store, const struct deploy_record *record,
    struct bundle *ret_chain, struct reason *ret_reason)
{
    AUTO(certstore_item) item = { 0 };
    AUTO(buf) pem = buf_make(2 * CERTSTORE_CHAIN_MAX);
    TRY(certstore_find(store, record->there, ret_reason, &item));
    TRY(deploy_chain_pem(&item, &pem));
    return bundle_cut(buf_span(&pem), ret_chain);
}

enum err staple_stands(const struct deploy_record *record, const struct bundle *chain, int64_t now,
    struct staple *ret_staple, struct reason *ret_reason)
{
    char ended[TIME_TEXT_MAX] = "";
    if (record->target.to[0] == '\0') {
        return staple_read(record->target.staple, chain, now, ret_staple, ret_reason);
    }
    if (record->staple_until <= now) {
        time_format_rfc3339(record->staple_until, ended);
        return reason_set(ret_reason, ERR_DENIED, "ocsp.stale", record->target.name, ended, NULL);
    }
    ret_staple->this_update = record->staple_from;
    ret_staple->next_update = record->staple_until;
    return OK;
}

enum err staple_refresh(struct tool *tool, struct certstore *store, struct deploy_record *record,
    enum staple_end *ret_end, struct reason *ret_reason)
{
    AUTO(bundle) chain = { 0 };
    AUTO(staple) kept = { 0 };
    AUTO(staple) fresh = { 0 };
    struct certificate leaf;
    int64_t now = clock_now(&tool->clock);
    TRY(staple_chain(store, record, &chain, ret_reason));
    TRY(certificate_parse(chain.spans[0], &leaf));
    if (leaf.ocsp_uri.len == 0) {
        *ret_end = STAPLE_NONE;
        return OK;
    }
    if (!deploy_staples_from_file(&record->target)) {
        *ret_end = STAPLE_ITSELF;
        return staple_prove(
            &record->target, &chain, /* wanted= */ NULL, now, PROVE_SECONDS, ret_reason);
    }
    bool good = staple_stands(record, &chain, now, &kept, NULL) == OK;
    if (good && now < kept.this_update + (kept.next_update - kept.this_update) / 2) {
        *ret_end = STAPLE_KEPT;
        return OK;
    }
    TRY(renew(&record->target, &chain, now, &fresh, ret_reason));
    record->staple_from = fresh.this_update;
    record->staple_until = fresh.next_update;
    enum err err = deploy_record_write(store, record);
    if (err != OK) {
        return reason_set(
            ret_reason, err, "certstore.write", tool->store_path, err_name(err), NULL);
    }
    *ret_end = STAPLE_NEW;
    return staple_prove(&record->target, &chain, &fresh, now, PROVE_SECONDS, ret_reason);
}

static enum err renew(const struct deploy_target *target, const struct bundle *chain, int64_t now,
    struct staple *ret_staple, struct reason *ret_reason)
{
    AUTO(staple_swap) swap = { 0 };
    TRY(staple_fetch(chain, now, ret_staple, ret_reason));
    TRY(staple_put(target, ret_staple, &swap, ret_reason));
    enum err err = deploy_take(target, ret_reason);
    if (err != OK) {
        staple_back(target, &swap);
        (void)!deploy_take(target, /* ret_reason= */ NULL);
    }
    return err;
}
