#pragma once
/* What the files of `ecert check` share: a server that is looked at, what clients trust, and what
 * was found. */
#include "cli/ecert/endpoint.h"
#include "cli/ecert/tool.h"
#include "lib/certstore/trust.h"
#include "lib/pki/sent.h"

enum {
    CHECK_HOSTS_MAX = 1000,
    CHECK_THREADS = 64,
    CHECK_FINDINGS_MAX = 12,
    CHECK_LISTS_MAX = 64,
    CHECK_URL_MAX = 512,
    CHECK_ROOTS_MAX = 512,
    CHECK_SOON_DAYS = 21,
};

enum check_state {
    CHECK_FINE,
    CHECK_WARNED, /* clients accept it; something should be put right */
    CHECK_SOON,   /* its certificate ends within the days */
    CHECK_FAILED, /* some clients, or all, refuse it */
};
/* "fine", "warned", "soon", "failed". */
const char *check_state_name(enum check_state state);

/* What is to be said of the OCSP answer that came along. */
enum check_staple {
    CHECK_STAPLE_NONE,
    CHECK_STAPLE_GOOD,
    CHECK_STAPLE_REVOKED,
    CHECK_STAPLE_UNKNOWN,   /* the CA doesn't know the certificate */
    CHECK_STAPLE_STALE,     /* its next update is behind us */
    CHECK_STAPLE_FUTURE,    /* its this update is before us */
    CHECK_STAPLE_ENDLESS,   /* it has no next update */
    CHECK_STAPLE_OTHER,     /* about another certificate */
    CHECK_STAPLE_FORGED,    /* signed neither by the issuer nor by whom that appointed */
    CHECK_STAPLE_MALFORMED, /* no OCSP answer */
    CHECK_STAPLE_REFUSED,  /* a responder's "not now": no answer either, but one that is well-formed
                            */
    CHECK_STAPLE_UNJUDGED, /* nobody here has the issuer's certificate */
};
/* "none", "good", "revoked", "unknown", "stale", "future", "endless", "other", "forged",
 * "malformed", "refused", "unjudged". */
const char *check_staple_name(enum check_staple staple);

struct check_finding {
    enum check_state severity;
    struct reason reason; /* "check.…" or the handshake's */
};

struct check_host {
    const char *typed;
    struct endpoint endpoint;
    enum err reached; /* else the only finding says why not */
    struct handshake handshake;
    struct sent sent;
    struct paths *paths; /* from what was sent to the roots; they borrow from `handshake` */
    struct certificate leaf;
    bool parsed;     /* `leaf` and `sent` hold something */
    enum err unread; /* why they don't */
    enum check_staple staple;
    int64_t staple_from, staple_until; /* where there is an answer about it; 0: it says none */
    int64_t revoked_at;                /* by that answer; 0: it isn't */
    struct check_finding findings[CHECK_FINDINGS_MAX];
    size_t finding_count;
    enum check_state state; /* the gravest of them */
};

/* A revocation list that a certificate names. */
struct check_list {
    char url[CHECK_URL_MAX];
    struct buf der; /* empty: it could not be had */
    struct reason reason;
};

/* What clients know: the store's certificates, and the system's roots. */
struct check_trust {
    struct certstore_blobs roots, intermediates, crls;
    struct buf system; /* DER of many, one behind the other */
    struct span known_roots[CHECK_ROOTS_MAX];
    size_t known_count;
    struct check_list lists[CHECK_LISTS_MAX];
    size_t list_count;
    int64_t now;
    int64_t soon_days;
};
void check_trust_release(struct check_trust *trust);
AUTO_DEFINE(check_trust, check_trust_release)
/* `root_file` (may be NULL) names the only roots that count; else the store's and the system's do.
 * "tool.file_read", "certificate.malformed". */
enum err check_trust_load(struct tool *tool, const struct certstore *store, const char *root_file,
    struct check_trust *ret_trust, struct reason *ret_reason) MUST_USE;

/* Of all known roots those that issued one of the certificates; returns how many. */
size_t check_roots_for(const struct check_trust *trust, const struct span *certificates,
    size_t count, struct span ret_roots[CHAIN_CANDIDATES_MAX]);
/* Finds the host's paths; then notes the addresses of the lists of all certificates on paths that
 * end in a root: addresses that no trusted CA has signed are not gone to. */
enum err check_paths(struct check_trust *trust, struct check_host *host) MUST_USE;
/* Gets all lists that were noted, several at once. */
void check_lists_fetch(struct check_trust *trust);
/* All findings of a host that was reached. ERR_MEMORY only. */
enum err check_judge(const struct check_trust *trust, struct check_host *host) MUST_USE;
/* What the answer that came along says, whether that counts, and what is missing where none came.
 */
void check_staple_judge(const struct check_trust *trust, struct check_host *host);
void check_find(struct check_host *host, enum check_state severity, const char *code,
    const char *field, const char *seen, const char *expected);

void check_show(struct tool *tool, const struct check_host *host);
void check_show_many(struct tool *tool, const struct check_host *hosts, size_t count);
void check_put(struct tool *tool, const struct check_host *host, struct value *object);
