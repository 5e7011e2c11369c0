/* What stands to be placed and what the perspectives saw, as values. */
#include "proc/portal/enrolment.h"

#include "lib/ca/observation.h"
#include "lib/store/evidence.h"
#include "proc/portal/handlers.h"
#include "proc/portal/rehearsal.h"
#include "proc/portal/saying.h"
#include "proc/portal/waits.h"

static const char *overall_state(
    const struct visit *visit, const struct challenge_row *rows, size_t count);
static enum err results_put(
    struct visit *visit, struct value *dcv, const struct challenge_row *rows, size_t count);
static void result_put(struct visit *visit, struct value *result,
    const struct challenge_row *challenge, bool open, const struct observation_row *rows,
    size_t count);
static size_t rows_before(const struct observation_row *rows, size_t count, const char *name);
static struct saying saying_of(const struct observation_row *row);

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
    TRY(rehearsal_put(visit, dcv, rows, count));
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
            /* A rehearsal is later, and says what still stands. */
            bool open = rows[i].state == CHALLENGE_FAILED && failed <= OPEN_RESULTS_MAX &&
                        value_get(dcv, "rehearsal") == NULL;
            result_put(visit, result, &rows[i], open, seen, seen_count);
        }
    }
    return OK;
}

static void result_put(struct visit *visit, struct value *result,
    const struct challenge_row *challenge, bool open, const struct observation_row *rows,
    size_t count)
{
    struct saying sayings[PERSPECTIVES_MAX];
    const char *name = challenge->challenge.name;
    bool passed = challenge->state == CHALLENGE_PASSED;
    size_t said = 0;
    for (size_t i = rows_before(rows, count, name);
         i < count && said < PERSPECTIVES_MAX && strcmp(rows[i].name, name) == 0; i++) {
        /* A report of an earlier challenge is of no use to anybody. */
        if (rows[i].time >= challenge->challenge.created) {
            sayings[said++] = saying_of(&rows[i]);
        }
    }
    const struct verdict verdict = { name, passed, open, "dcv.passed", "dcv.failed" };
    sayings_put(visit, result, &verdict, sayings, said);
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
    struct sight sight = { 0 };
    struct observation observation = { 0 };
    struct der der = der_reader(row->der);
    bool answered = row->der.len > 0 && observation_read(&der, &observation) == OK;
    if (answered) {
        sight = (struct sight){ observation.dcv, observation.caa, observation.dnssec };
    }
    return saying_make(row->perspective, row->report, answered ? &sight : NULL);
}
