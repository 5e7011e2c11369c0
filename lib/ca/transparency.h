#pragma once
/* Certificate Transparency as browsers demand it: which logs' promises (SCTs) count for a
 * certificate, and how many of them are enough. The logs themselves stand in the roster. */
#include "lib/ca/application.h"
#include "lib/pki/sct.h"

enum ct_log_kind { CT_LOG_RFC6962, CT_LOG_STATIC, CT_LOG_KIND_COUNT };

/* The states of the browsers' log lists. */
enum ct_log_state {
    CT_LOG_PENDING,
    CT_LOG_QUALIFIED,
    CT_LOG_USABLE,
    CT_LOG_READ_ONLY,
    CT_LOG_RETIRED,
    CT_LOG_REJECTED,
    CT_LOG_STATE_COUNT,
};

enum { CT_LOGS_MAX = 16, CT_LOG_NAME_MAX = 64 };
/* Promises are of the last hours: one that is older belongs to another attempt. */
#define CT_PROMISE_FRESH_SECONDS INT64_C(86400)

struct ct_log {
    char name[CT_LOG_NAME_MAX];
    char operator_name[CT_LOG_NAME_MAX]; /* promises count per operator, not per log */
    enum ct_log_kind kind;
    enum ct_log_state state;
    int64_t state_since;
    int64_t shard_from,
        shard_until; /* of the certificate's last second; the end is outside; 0, 0: any */
    struct span spki;
    const char *url; /* without a slash at the end: /ct/v1/add-pre-chain is below it */
};

/* "rfc6962", "static"; "pending", "qualified", "usable", "read-only", "retired", "rejected". */
enum err ct_log_kind_from_id(const char *id, enum ct_log_kind *ret_kind) MUST_USE;
enum err ct_log_state_from_id(const char *id, enum ct_log_state *ret_state) MUST_USE;
/* Whether a precertificate whose last second is `not_after` may be submitted to it. */
bool ct_log_suits(const struct ct_log *log, int64_t not_after);

/* A promise and whose it is. */
struct ct_promise {
    const struct ct_log *log;
    int64_t time; /* seconds */
};

/* Whether a log's promise may be embedded at `now`: that it is the log's own over this certificate
 * (sct_verify), of the last 24 hours, and that the certificate's end lies in the log's shard.
 * Reasons: "ct.signature", "ct.time", "ct.shard"; the field is the log's name. */
struct ct_subject {
    const uint8_t *issuer_spki_sha256; /* SHA256_BYTES */
    struct span signed_tbs;            /* of sct_signed_tbs */
    int64_t not_after;
    int64_t now;
};
enum err ct_promise_check(const struct ct_log *log, const struct key *log_key,
    const struct sct *sct, const struct ct_subject *subject, struct reason *ret_reason) MUST_USE;

/* The roster's logs with their keys at hand, place by place. */
struct ct_logs {
    const struct ct_log *list;
    struct key *const *keys;
    size_t count;
};

/* Whether a SignedCertificateTimestampList may stand in a certificate: every promise of it by a log
 * of these, each log once, each as ct_promise_check wants it, and all together as ct_policy_check
 * does. More reasons: "ct.list", "ct.log_unknown", "ct.log_twice". */
enum err ct_list_check(const struct ct_logs *logs, struct span list,
    const struct ct_subject *subject, int64_t lifetime, struct reason *ret_reason) MUST_USE;
/* The place of the log that made it; `count` if none did. */
size_t ct_logs_find(const struct ct_logs *logs, const struct sct *sct);

/* Whether these promises are enough for each browser (Chrome CT policy, Apple CT policy 1.0) for a
 * certificate that is valid for `lifetime` seconds, both ends included. ERR_DENIED; reasons:
 * "ct.too_few", "ct.operators", "ct.current", "ct.rfc6962"; the field is the browser. */
enum err ct_policy_check(const struct ct_promise *promises, size_t count, int64_t lifetime,
    struct reason *ret_reason) MUST_USE;
/* The same, and whichever of them turns out to be worthless, the others would do. */
bool ct_policy_spare(const struct ct_promise *promises, size_t count, int64_t lifetime);
