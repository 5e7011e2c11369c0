/* What stands to be placed and what the perspectives saw, as values. */
#include "proc/portal/enrolment.h"

#include "lib/ca/observation.h"
#include "lib/store/evidence.h"
#include "lib/wire/validator.h"
#include "proc/portal/handlers.h"

#include <stdio.h>

static const char *overall_state(
    const struct visit *visit, const struct challenge_row *rows, size_t count);
static enum err results_put(
    struct visit *visit, struct value *dcv, const struct challenge_row *rows, size_t count);
static void result_put(struct visit *visit, struct value *list,
    const struct challenge_row *challenge, const struct observation_row *rows, size_t count);
static bool perspective_put(struct visit *visit, struct value *list,
    const struct observation_row *row, struct value *result);
static void steps_put(struct visit *visit, struct value *perspective, const struct report *report,
    const char *name, struct value *result);

static const char *const dcv_ids[] = {
    [DCV_PASSED] = "passed",
    [DCV_FAILED] = "failed",
    [DCV_NOT_ASKED] = "not_asked",
};
static const char *const caa_ids[] = { [CAA_PERMITS] = "permits", [CAA_PROHIBITS] = "prohibits" };
static const char *const dnssec_ids[] = {
    [DNSSEC_SECURE] = "secure",
    [DNSSEC_INSECURE] = "insecure",
    [DNSSEC_BOGUS] = "bogus",
    [DNSSEC_UNKNOWN] = "unknown",
};

bool challenges_good(const struct visit *visit, const struct challenge_row *rows, size_t count)
{
    return count > 0 && visit->now < rows[0].challenge.created + VALIDATION_VALUE_SECONDS;
}

enum err dcv_put(struct visit *visit, struct value *object)
{
    struct challenge_row *rows = NULL;
    size_t count = 0;
    struct value_tree *tree = &visit->tree;
    TRY(store_challenge_list(
        visit->portal->store, visit->enrolment.id, visit->request->arena, &rows, &count));
    if (count == 0) {
        return OK;
    }
    struct value *dcv = value_put_object(tree, object, "dcv");
    value_put_text(tree, dcv, "method", dcv_method_id(rows[0].challenge.method));
    value_put_text(tree, dcv, "state", overall_state(visit, rows, count));
    if (rows[0].challenge.has_spki) {
        char key[2 * HASH_BYTES + 1];
        hex_format(SPAN_OF(rows[0].challenge.spki_hash), key);
        value_put_text(tree, dcv, "spki_sha256", key);
    }
    put_time(visit, dcv, "requested", rows[0].challenge.created);
    put_time(visit, dcv, "expires", rows[0].challenge.created + VALIDATION_VALUE_SECONDS);
    int64_t next = 0;
    for (size_t i = 0; i < count; i++) {
        bool sooner = rows[i].next_check != 0 && (next == 0 || rows[i].next_check < next);
        next = sooner && rows[i].state == CHALLENGE_FAILED ? rows[i].next_check : next;
    }
    if (next != 0) {
        put_time(visit, dcv, "next_check", next);
    }
    struct value *list = value_put_list(tree, dcv, "challenges");
    for (size_t i = 0; challenges_good(visit, rows, count) && i < count; i++) {
        TRY(challenge_put(visit, list, &rows[i]));
    }
    return results_put(visit, dcv, rows, count);
}

static const char *overall_state(
    const struct visit *visit, const struct challenge_row *rows, size_t count)
{
    size_t of[CHALLENGE_STATE_COUNT] = { 0 };
    for (size_t i = 0; i < count; i++) {
        of[rows[i].state]++;
    }
    if (of[CHALLENGE_PASSED] == count) {
        return "passed";
    }
    if (!challenges_good(visit, rows, count)) {
        return "expired";
    }
    if (of[CHALLENGE_CHECKING] > 0) {
        return "checking";
    }
    return of[CHALLENGE_FAILED] > 0 ? "failed" : "pending";
}

static enum err results_put(
    struct visit *visit, struct value *dcv, const struct challenge_row *rows, size_t count)
{
    struct observation_row *seen = NULL;
    size_t seen_count = 0;
    TRY(store_report_list(
        visit->portal->store, visit->enrolment.id, visit->request->arena, &seen, &seen_count));
    struct value *list = value_put_list(&visit->tree, dcv, "results");
    for (size_t i = 0; i < count; i++) {
        if (rows[i].state == CHALLENGE_FAILED || rows[i].state == CHALLENGE_PASSED) {
            result_put(visit, list, &rows[i], seen, seen_count);
        }
    }
    return OK;
}

static void result_put(struct visit *visit, struct value *list,
    const struct challenge_row *challenge, const struct observation_row *rows, size_t count)
{
    unsigned passed = 0;
    unsigned total = 0;
    struct value_tree *tree = &visit->tree;
    struct value *result = value_add_object(tree, list);
    value_put_text(tree, result, "name", challenge->challenge.name);
    name_put(visit, result, challenge->challenge.name);
    value_put_bool(tree, result, "passed", challenge->state == CHALLENGE_PASSED);
    struct value *perspectives = value_put_list(tree, result, "perspectives");
    for (size_t i = 0; i < count; i++) {
        /* A report of an earlier challenge is of no use to anybody. */
        if (strcmp(rows[i].name, challenge->challenge.name) == 0 &&
            rows[i].time >= challenge->challenge.created) {
            total++;
            passed += perspective_put(visit, perspectives, &rows[i], result) ? 1 : 0;
        }
    }
    value_put_text(
        tree, result, "quorum", arena_format(visit->request->arena, "%u/%u", passed, total));
}

/* One place: its signed word where it gave one, and beside it what it says for people. */
static bool perspective_put(struct visit *visit, struct value *list,
    const struct observation_row *row, struct value *result)
{
    struct value_tree *tree = &visit->tree;
    struct value *object = value_add_object(tree, list);
    struct observation observation = { .dcv = DCV_FAILED, .dnssec = DNSSEC_UNKNOWN };
    struct der der = der_reader(row->der);
    bool answered = row->der.len > 0 && observation_read(&der, &observation) == OK;
    bool passed = answered && observation.dcv != DCV_FAILED && observation.caa == CAA_PERMITS;
    const char *caa = answered ? caa_ids[observation.caa] : "unknown";
    const char *dnssec = dnssec_ids[observation.dnssec];
    value_put_text(tree, object, "id", row->perspective);
    value_put_bool(tree, object, "passed", passed);
    value_put_text(tree, object, "dcv", dcv_ids[answered ? observation.dcv : DCV_FAILED]);
    value_put_text(tree, object, "caa", caa);
    value_put_text(tree, object, "dnssec", dnssec);
    if (!visit_is_api(visit)) {
        struct arena *arena = visit->request->arena;
        value_put_text(tree, object, "caa_label", arena_format(arena, "dcv.caa.%s", caa));
        value_put_text(tree, object, "dnssec_label", arena_format(arena, "dcv.dnssec.%s", dnssec));
    }
    struct report report = { 0 };
    struct der steps = der_reader(row->report);
    if (row->report.len == 0 || report_read(&steps, &report) != OK) {
        report = (struct report){ 0 };
        report_add(&report, "dcv.unreachable", "", "", "");
    }
    steps_put(visit, object, &report, row->name, result);
    return passed;
}

/* The first step anywhere that has something to do about it becomes the name's "next". */
static void steps_put(struct visit *visit, struct value *perspective, const struct report *report,
    const char *name, struct value *result)
{
    struct value_tree *tree = &visit->tree;
    struct value *list = value_put_list(tree, perspective, "steps");
    for (size_t i = 0; i < report->count; i++) {
        const struct report_step *step = &report->steps[i];
        struct reason reason = { 0 };
        AUTO(buf) text = buf_make(4096);
        AUTO(buf) next = buf_make(4096);
        (void)reason_set(&reason, ERR_INPUT, step->code, name, step->seen, step->expected);
        language_format_reason(visit->language, &reason, "", &text);
        language_format_reason(visit->language, &reason, ".next", &next);
        struct value *object = value_add_object(tree, list);
        value_put_text(tree, object, "code", step->code);
        value_put_text(tree, object, "asked", step->asked);
        value_put_text(tree, object, "seen", step->seen);
        value_put_text(tree, object, "expected", step->expected);
        value_put_text(tree, object, "text", buf_text(&text));
        if (next.len > 0 && !value_truth(value_get(result, "passed")) &&
            value_get(result, "next") == NULL) {
            value_put_text(tree, result, "next", buf_text(&next));
        }
    }
}
