#pragma once
/* What every way of logging in has in common: the throttles that come before anything, and the
 * session at the end. */
#include "proc/portal/visit.h"

enum {
    THROTTLE_WINDOW_SECONDS = 600,
    NETWORK_BUDGET = 100,    /* log-ins from one /24 or /48 in a window */
    EVERYBODY_BUDGET = 5000, /* log-ins in all: what so many guesses can hit is below 1e-9 a day */
    QUIET_BUDGET = 10,       /* of one network beyond that, or a flood would lock holders out */
};

/* Inside a transaction: ERR_LIMIT once the network or everybody has spent its budget. */
enum err entry_spend(struct store *store, const struct visit *visit) MUST_USE;
/* Logs, and gives ERR_LIMIT with "login.throttled". */
enum err entry_throttled(struct visit *visit) MUST_USE;
/* Logs, and gives ERR_DENIED with `code`: the one answer to everything that is wrong. */
enum err entry_refused(struct visit *visit, const char *code) MUST_USE;

struct entry {
    const struct enrolment_row *enrolment;
    const uint8_t *spki_hash; /* of the key that opens the session; NULL: the PIN does */
    /* What the log-in changes beside, in the same transaction. */
    enum err (*also)(struct store *store, void *ctx);
    void *ctx;
};
/* Opens a session with a new token; visit->enrolment is the session's afterwards. */
enum err entry_open(
    struct visit *visit, const struct entry *entry, char ret_token[TOKEN_TEXT_MAX]) MUST_USE;
/* {token, idle_seconds}, 201. */
enum err entry_reply(struct visit *visit, const char *token) MUST_USE;
