/* Throttles for the network and for everybody (doc/threats.md P1, P3), and sessions. */
#include "proc/portal/entry.h"

#include "lib/base/log.h"
#include "lib/store/throttle.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { BUCKET_MAX = 64 };

struct opening {
    const struct visit *visit;
    const struct entry *entry;
    const uint8_t *token_hash;
};

static enum err session_begin(struct store *store, void *ctx);
static void network_of(const char *address, char ret_bucket[BUCKET_MAX]);

enum err entry_spend(struct store *store, const struct visit *visit)
{
    char network[BUCKET_MAX], quiet[BUCKET_MAX + 8];
    network_of(visit->request->client_address, network);
    snprintf(quiet, sizeof quiet, "quiet:%s", network);
    const struct throttle throttles[] = {
        { network, NETWORK_BUDGET, THROTTLE_WINDOW_SECONDS },
        { "login:all", EVERYBODY_BUDGET, THROTTLE_WINDOW_SECONDS },
        { quiet, QUIET_BUDGET, THROTTLE_WINDOW_SECONDS },
    };
    TRY(store_throttle_spend(store, &throttles[0], visit->now));
    enum err err = store_throttle_spend(store, &throttles[1], visit->now);
    return err == ERR_LIMIT ? store_throttle_spend(store, &throttles[2], visit->now) : err;
}

enum err entry_throttled(struct visit *visit)
{
    char network[BUCKET_MAX];
    network_of(visit->request->client_address, network);
    log_event(
        LOG_WARNING, "login.throttled", "network", network, "request", visit->request->id, NULL);
    return reason_set(&visit->request->reason, ERR_LIMIT, "login.throttled", "", "", "");
}

enum err entry_refused(struct visit *visit, const char *code)
{
    log_event(LOG_INFO, code, "address", visit->request->client_address, "request",
        visit->request->id, NULL);
    return reason_set(&visit->request->reason, ERR_DENIED, code, "", "", "");
}

enum err entry_open(struct visit *visit, const struct entry *entry, char ret_token[TOKEN_TEXT_MAX])
{
    char token[TOKEN_TEXT_MAX];
    uint8_t hash[HASH_BYTES];
    TRY(token_make(&visit->portal->random, token));
    TRY(token_hash(span_from_text(token), hash));
    struct opening opening = { visit, entry, hash };
    TRY(store_transact(visit->portal->store, session_begin, &opening));
    visit->enrolment = *entry->enrolment;
    memcpy(ret_token, token, TOKEN_TEXT_MAX);
    return OK;
}

static enum err session_begin(struct store *store, void *ctx)
{
    const struct opening *opening = ctx;
    const struct entry *entry = opening->entry;
    const struct visit *visit = opening->visit;
    struct session_row session = { .created = visit->now, .seen = visit->now };
    memcpy(session.enrolment, entry->enrolment->id, ENROLMENT_ID_BYTES);
    snprintf(session.language, sizeof session.language, "%s", language_tag(visit->language));
    session.has_key = entry->spki_hash != NULL;
    if (session.has_key) {
        memcpy(session.spki_hash, entry->spki_hash, HASH_BYTES);
    }
    TRY(store_session_sweep(store, visit->now));
    TRY(entry->also(store, entry->ctx));
    return store_session_insert(store, opening->token_hash, &session);
}

enum err entry_reply(struct visit *visit, const char *token)
{
    value_put_text(&visit->tree, visit->page, "token", token);
    value_put_integer(&visit->tree, visit->page, "idle_seconds", SESSION_IDLE_SECONDS);
    return visit_reply_json(visit, 201, visit->page);
}

/* "login:192.0.2.0" or "login:20010db80001": the /24 or the /48. */
static void network_of(const char *address, char ret_bucket[BUCKET_MAX])
{
    uint8_t bytes[16] = { 0 };
    char text[13];
    if (inet_pton(AF_INET, address, bytes) == 1) {
        snprintf(ret_bucket, BUCKET_MAX, "login:%u.%u.%u.0", bytes[0], bytes[1], bytes[2]);
    } else if (inet_pton(AF_INET6, address, bytes) == 1) {
        hex_format(span_make(bytes, 6), text);
        snprintf(ret_bucket, BUCKET_MAX, "login:%s", text);
    } else {
        snprintf(ret_bucket, BUCKET_MAX, "login:unknown");
    }
}
