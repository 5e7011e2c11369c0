/* What stands to be placed and what the perspectives saw, as values. */
#include "proc/portal/enrolment.h"

#include "lib/ca/observation.h"
#include "lib/store/evidence.h"
#include "lib/wire/validator.h"
#include "proc/portal/handlers.h"
#include "proc/portal/trace.h"
#include "proc/portal/waits.h"

#include <stdio.h>

/* More failed names than these are shown as a list of closed rows. */
enum { OPEN_RESULTS_MAX = 5 };

/* What one place says of one name: as it signed it, and beside it what it reports to people. The
 * texts are the tables' below. */
struct saying {
    const struct observation_row *row;
    const char *dcv, *caa, *dnssec;
    bool passed;
    uint8_t likeness[SHA256_BYTES]; /* of its report; zeros without one */
};

static const char *overall_state(
    const struct visit *visit, const struct challenge_row *rows, size_t count);
static enum err results_put(
    struct visit *visit, struct value *dcv, const struct challenge_row *rows, size_t count);
static void result_put(struct visit *visit, struct value *result,
    const struct challenge_row *challenge, const struct observation_row *rows, size_t count);
static size_t rows_before(const struct observation_row *rows, size_t count, const char *name);
static struct saying saying_of(const struct observation_row *row);
static void saying_put(
    struct visit *visit, struct value *object, const struct saying *saying, struct value *result);
static void groups_put(
    struct visit *visit, struct value *result, const struct saying *sayings, size_t count);
static void place_put(struct visit *visit, struct value *place, const struct saying *saying);
static bool alike(const struct saying *a, const struct saying *b);
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
    return count > 0 && (!dcv_rules(rows[0].challenge.method)->coded ||
                            visit->now < rows[0].challenge.created + VALIDATION_VALUE_SECONDS);
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
    if (dcv_rules(rows[0].challenge.method)->coded) {
        put_time(visit, dcv, "expires", rows[0].challenge.created + VALIDATION_VALUE_SECONDS);
    }
    int64_t next = 0;
    for (size_t i = 0; i < count; i++) {
        bool sooner = rows[i].next_check != 0 && (next == 0 || rows[i].next_check < next);
        next = sooner && rows[i].state == CHALLENGE_FAILED ? rows[i].next_check : next;
    }
    if (next != 0) {
        put_time(visit, dcv, "next_check", next);
        put_until(visit, dcv, "next_check", next);
    }
    TRY(waits_put(visit, dcv, rows, count));
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
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        failed += rows[i].state == CHALLENGE_FAILED ? 1 : 0;
    }
    struct value *list = value_put_list(&visit->tree, dcv, "results");
    for (size_t i = 0; i < count; i++) {
        if (rows[i].state == CHALLENGE_FAILED || rows[i].state == CHALLENGE_PASSED) {
            struct value *result = value_add_object(&visit->tree, list);
            result_put(visit, result, &rows[i], seen, seen_count);
            bool open = rows[i].state == CHALLENGE_FAILED && failed <= OPEN_RESULTS_MAX;
            if (!visit_is_api(visit)) {
                value_put_bool(&visit->tree, result, "open", open);
            }
        }
    }
    return OK;
}

static void result_put(struct visit *visit, struct value *result,
    const struct challenge_row *challenge, const struct observation_row *rows, size_t count)
{
    struct saying sayings[PERSPECTIVES_MAX];
    struct value_tree *tree = &visit->tree;
    value_put_text(tree, result, "name", challenge->challenge.name);
    name_put(visit, result, challenge->challenge.name);
    value_put_bool(tree, result, "passed", challenge->state == CHALLENGE_PASSED);
    size_t said = 0;
    unsigned passed = 0;
    for (size_t i = rows_before(rows, count, challenge->challenge.name);
         i < count && said < PERSPECTIVES_MAX &&
         strcmp(rows[i].name, challenge->challenge.name) == 0;
         i++) {
        /* A report of an earlier challenge is of no use to anybody. */
        if (rows[i].time >= challenge->challenge.created) {
            sayings[said] = saying_of(&rows[i]);
            passed += sayings[said++].passed ? 1 : 0;
        }
    }
    if (visit_is_api(visit)) {
        struct value *perspectives = value_put_list(tree, result, "perspectives");
        for (size_t i = 0; i < said; i++) {
            saying_put(visit, value_add_object(tree, perspectives), &sayings[i], result);
        }
    } else {
        groups_put(visit, result, sayings, said);
    }
    value_put_text(
        tree, result, "quorum", arena_format(visit->request->arena, "%u/%zu", passed, said));
}

/* How many rows, which are in the order of their names, come before those of `name`. */
static size_t rows_before(const struct observation_row *rows, size_t count, const char *name)
{
    size_t from = 0;
    while (count > 0) {
        size_t half = count / 2;
        bool before = strcmp(rows[from + half].name, name) < 0;
        from += before ? half + 1 : 0;
        count = before ? count - half - 1 : half;
    }
    return from;
}

/* Its signed word where it gave one. */
static struct saying saying_of(const struct observation_row *row)
{
    struct saying saying = { .row = row, .dcv = "failed", .caa = "unknown", .dnssec = "unknown" };
    (void)!report_likeness(row->report, saying.likeness);
    struct observation observation = { 0 };
    struct der der = der_reader(row->der);
    if (row->der.len > 0 && observation_read(&der, &observation) == OK) {
        saying.dcv = dcv_ids[observation.dcv];
        saying.caa = caa_ids[observation.caa];
        saying.dnssec = dnssec_ids[observation.dnssec];
        saying.passed = observation.dcv != DCV_FAILED && observation.caa == CAA_PERMITS;
    }
    return saying;
}

static void saying_put(
    struct visit *visit, struct value *object, const struct saying *saying, struct value *result)
{
    struct value_tree *tree = &visit->tree;
    value_put_text(tree, object, "id", saying->row->perspective);
    value_put_bool(tree, object, "passed", saying->passed);
    value_put_text(tree, object, "dcv", saying->dcv);
    value_put_text(tree, object, "caa", saying->caa);
    value_put_text(tree, object, "dnssec", saying->dnssec);
    struct report report = { 0 };
    struct der steps = der_reader(saying->row->report);
    if (saying->row->report.len == 0 || report_read(&steps, &report) != OK) {
        report = (struct report){ 0 };
        report_add(&report, "dcv.unreachable", "", "", "");
    }
    steps_put(visit, object, &report, saying->row->name, result);
    questions_put(visit, object, &report.questions);
}

/* A page says once what several places saw alike; most often that is all of them. */
static void groups_put(
    struct visit *visit, struct value *result, const struct saying *sayings, size_t count)
{
    bool told[PERSPECTIVES_MAX] = { false };
    struct value_tree *tree = &visit->tree;
    struct value *groups = value_put_list(tree, result, "groups");
    for (size_t first = 0; first < count; first++) {
        if (told[first]) {
            continue;
        }
        const struct saying *saying = &sayings[first];
        struct value *group = value_add_object(tree, groups);
        saying_put(visit, group, saying, result);
        struct value *places = value_put_list(tree, group, "places");
        for (size_t i = first; i < count; i++) {
            if (!told[i] && alike(&sayings[i], saying)) {
                told[i] = true;
                place_put(visit, value_add_object(tree, places), &sayings[i]);
            }
        }
        value_put_integer(tree, group, "count", (int64_t)value_count(places));
        value_put_integer(tree, group, "of", (int64_t)count);
        value_put_bool(tree, group, "all", value_count(places) == count);
    }
}

static void place_put(struct visit *visit, struct value *place, const struct saying *saying)
{
    struct value_tree *tree = &visit->tree;
    struct arena *arena = visit->request->arena;
    value_put_text(tree, place, "id", saying->row->perspective);
    value_put_text(tree, place, "caa_label", arena_format(arena, "dcv.caa.%s", saying->caa));
    value_put_text(
        tree, place, "dnssec_label", arena_format(arena, "dcv.dnssec.%s", saying->dnssec));
}

static bool alike(const struct saying *a, const struct saying *b)
{
    return a->passed == b->passed && memcmp(a->likeness, b->likeness, sizeof a->likeness) == 0;
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
        if (!visit_is_api(visit)) {
            bool told = value_truth(value_get(perspective, "passed"));
            value_put_bool(tree, object, "detailed",
                !told &&
                    (step->asked[0] != '\0' || step->seen[0] != '\0' || step->expected[0] != '\0'));
        }
        if (next.len > 0 && !value_truth(value_get(result, "passed")) &&
            value_get(result, "next") == NULL) {
            value_put_text(tree, result, "next", buf_text(&next));
        }
    }
}
