/* What browsers ask for, as data, and the arithmetic over it. */
#include "lib/ca/transparency.h"
#include "lib/base/limits.h"

#include <stdio.h>

/* Logs keep their own time. */
#define CLOCK_TOLERANCE_SECONDS INT64_C(300)

/* The first row of a browser whose lifetime is not exceeded is the one that holds. */
static const struct browser_rule {
    const char *browser;
    int64_t lifetime_max_days;
    unsigned promises;
    unsigned operators;
    unsigned counted_per_operator;
    bool one_current; /* from a log that is not retired */
    bool one_rfc6962;
} rules[] = {
    { "Chrome", 180, 2, 2, CT_LOGS_MAX, .one_current = true, .one_rfc6962 = false },
    { "Chrome", INT32_MAX, 3, 2, CT_LOGS_MAX, .one_current = true, .one_rfc6962 = false },
    { "Apple", 180, 2, 2, 1, .one_current = true, .one_rfc6962 = true },
    { "Apple", INT32_MAX, 3, 2, 2, .one_current = true, .one_rfc6962 = true },
};

struct tally {
    const struct ct_log *logs[CT_LOGS_MAX]; /* each once */
    size_t log_count;
    const char *operators[CT_LOGS_MAX];
    unsigned by_operator[CT_LOGS_MAX];
    size_t operator_count;
    bool current, rfc6962;
};

static const char *const kind_ids[CT_LOG_KIND_COUNT] = { "rfc6962", "static" };
static const char *const state_ids[CT_LOG_STATE_COUNT] = { "pending", "qualified", "usable",
    "read-only", "retired", "rejected" };

static bool counts(const struct ct_promise *promise);
static void tally_add(struct tally *tally, const struct ct_log *log);
static enum err rule_check(
    const struct browser_rule *rule, const struct tally *tally, struct reason *ret_reason);

static enum err id_find(const char *const *ids, unsigned count, const char *id, unsigned *ret_place)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(ids[i], id) == 0) {
            *ret_place = i;
            return OK;
        }
    }
    return ERR_INPUT;
}

enum err ct_log_kind_from_id(const char *id, enum ct_log_kind *ret_kind)
{
    unsigned place;
    TRY(id_find(kind_ids, CT_LOG_KIND_COUNT, id, &place));
    *ret_kind = (enum ct_log_kind)place;
    return OK;
}

enum err ct_log_state_from_id(const char *id, enum ct_log_state *ret_state)
{
    unsigned place;
    TRY(id_find(state_ids, CT_LOG_STATE_COUNT, id, &place));
    *ret_state = (enum ct_log_state)place;
    return OK;
}

static bool in_shard(const struct ct_log *log, int64_t not_after)
{
    bool sharded = log->shard_until != 0;
    return !sharded || (not_after >= log->shard_from && not_after < log->shard_until);
}

bool ct_log_suits(const struct ct_log *log, int64_t not_after)
{
    bool open = log->state == CT_LOG_QUALIFIED || log->state == CT_LOG_USABLE;
    return open && in_shard(log, not_after);
}

enum err ct_promise_check(const struct ct_log *log, const struct key *log_key,
    const struct sct *sct, const struct ct_subject *subject, struct reason *ret_reason)
{
    int64_t time = (int64_t)(sct->timestamp_ms / 1000);
    if (sct_verify(sct, log_key, subject->issuer_spki_sha256, subject->signed_tbs) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "ct.signature", log->name, NULL, NULL);
    }
    if (time > subject->now + CLOCK_TOLERANCE_SECONDS ||
        time < subject->now - CT_PROMISE_FRESH_SECONDS) {
        return reason_set(ret_reason, ERR_DENIED, "ct.time", log->name, NULL, NULL);
    }
    if (!in_shard(log, subject->not_after)) {
        return reason_set(ret_reason, ERR_DENIED, "ct.shard", log->name, NULL, NULL);
    }
    return OK;
}

size_t ct_logs_find(const struct ct_logs *logs, const struct sct *sct)
{
    size_t at = 0;
    while (at < logs->count && !span_equal(key_spki_sha256(logs->keys[at]), sct->log_id)) {
        at++;
    }
    return at;
}

enum err ct_list_check(const struct ct_logs *logs, struct span list,
    const struct ct_subject *subject, int64_t lifetime, struct reason *ret_reason)
{
    struct sct scts[SCT_LIST_MAX];
    struct ct_promise promises[SCT_LIST_MAX];
    size_t count = 0;
    if (sct_list_parse(list, scts, &count) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "ct.list", NULL, NULL, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = ct_logs_find(logs, &scts[i]);
        if (at == logs->count) {
            return reason_set(ret_reason, ERR_DENIED, "ct.log_unknown", NULL, NULL, NULL);
        }
        const struct ct_log *log = &logs->list[at];
        for (size_t j = 0; j < i; j++) {
            if (promises[j].log == log) {
                return reason_set(ret_reason, ERR_DENIED, "ct.log_twice", log->name, NULL, NULL);
            }
        }
        TRY(ct_promise_check(log, logs->keys[at], &scts[i], subject, ret_reason));
        promises[i] = (struct ct_promise){ log, (int64_t)(scts[i].timestamp_ms / 1000) };
    }
    return ct_policy_check(promises, count, lifetime, ret_reason);
}

enum err ct_policy_check(
    const struct ct_promise *promises, size_t count, int64_t lifetime, struct reason *ret_reason)
{
    struct tally tally = { .log_count = 0 };
    const char *judged = "";
    for (size_t i = 0; i < count; i++) {
        if (counts(&promises[i])) {
            tally_add(&tally, promises[i].log);
        }
    }
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        bool applies = lifetime <= rules[i].lifetime_max_days * DAY_SECONDS &&
                       strcmp(judged, rules[i].browser) != 0;
        if (applies) {
            TRY(rule_check(&rules[i], &tally, ret_reason));
            judged = rules[i].browser;
        }
    }
    return OK;
}

bool ct_policy_spare(const struct ct_promise *promises, size_t count, int64_t lifetime)
{
    struct ct_promise others[CT_LOGS_MAX];
    struct reason reason = { 0 };
    bool enough = count > 0 && count <= CT_LOGS_MAX;
    for (size_t i = 0; enough && i < count; i++) {
        memcpy(others, promises, count * sizeof others[0]);
        others[i] = promises[count - 1];
        enough = ct_policy_check(others, count - 1, lifetime, &reason) == OK;
    }
    return enough;
}

/* A retired log's promise counts if it was made before. */
static bool counts(const struct ct_promise *promise)
{
    switch (promise->log->state) {
    case CT_LOG_QUALIFIED:
    case CT_LOG_USABLE:
    case CT_LOG_READ_ONLY:
        return true;
    case CT_LOG_RETIRED:
        return promise->time < promise->log->state_since;
    case CT_LOG_PENDING:
    case CT_LOG_REJECTED:
    case CT_LOG_STATE_COUNT:
        break;
    }
    return false;
}

static void tally_add(struct tally *tally, const struct ct_log *log)
{
    size_t at = 0;
    for (size_t i = 0; i < tally->log_count; i++) {
        if (span_equal(tally->logs[i]->spki, log->spki)) {
            return;
        }
    }
    if (tally->log_count == CT_LOGS_MAX) {
        return;
    }
    tally->logs[tally->log_count++] = log;
    while (at < tally->operator_count && strcmp(tally->operators[at], log->operator_name) != 0) {
        at++;
    }
    if (at == tally->operator_count) {
        tally->operators[tally->operator_count++] = log->operator_name;
    }
    tally->by_operator[at]++;
    tally->current = tally->current || log->state != CT_LOG_RETIRED;
    tally->rfc6962 = tally->rfc6962 || log->kind == CT_LOG_RFC6962;
}

static enum err rule_check(
    const struct browser_rule *rule, const struct tally *tally, struct reason *ret_reason)
{
    char seen[16], expected[16];
    unsigned promises = 0;
    for (size_t i = 0; i < tally->operator_count; i++) {
        promises += tally->by_operator[i] < rule->counted_per_operator ? tally->by_operator[i]
                                                                       : rule->counted_per_operator;
    }
    snprintf(seen, sizeof seen, "%u", promises);
    snprintf(expected, sizeof expected, "%u", rule->promises);
    const struct {
        const char *code;
        bool holds;
    } checks[] = {
        { "ct.too_few", promises >= rule->promises },
        { "ct.operators", tally->operator_count >= rule->operators },
        { "ct.current", tally->current || !rule->one_current },
        { "ct.rfc6962", tally->rfc6962 || !rule->one_rfc6962 },
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (!checks[i].holds) {
            return reason_set(
                ret_reason, ERR_DENIED, checks[i].code, rule->browser, seen, expected);
        }
    }
    return OK;
}
