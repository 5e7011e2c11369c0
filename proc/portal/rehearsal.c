/* A rehearsal asks what a check would say and changes nothing: no attempt is counted, no code is
 * used up. It has budgets of its own, so that nobody has others' servers looked at for sport. */
#include "proc/portal/rehearsal.h"
#include "proc/portal/asking.h"
#include "proc/portal/enrolment.h"
#include "proc/portal/handlers.h"
#include "proc/portal/saying.h"

#include "lib/store/rehearsal.h"
#include "lib/store/throttle.h"

#include <stdio.h>

/* Of one subscriber, whatever he enrols, and of all together. */
enum {
    SUBSCRIBER_BUDGET = 20,
    SUBSCRIBER_WINDOW_SECONDS = 600,
    ALL_BUDGET = 120,
    ALL_WINDOW_SECONDS = 60,
};

static enum err rehearsal_store(struct store *store, void *ctx);
static enum err results_put(struct visit *visit, struct value *rehearsal,
    const struct rehearsal_row *rehearsals, size_t asked, const struct challenge_row *rows,
    size_t count);
static const struct rehearsal_row *rehearsal_of(
    const struct challenge_row *row, const struct rehearsal_row *rehearsals, size_t count);
static void result_put(struct visit *visit, struct value *result, const struct verdict *verdict,
    const struct sight_row *sights, size_t count);

static const struct asking rehearsal_asking = { rehearsal_store, "dcv.rehearsed_too_often" };

enum err dcv_rehearse_post(struct visit *visit)
{
    return asking_post(visit, &rehearsal_asking);
}

enum err api_dcv_rehearse_post(struct visit *visit)
{
    return asking_api_post(visit, &rehearsal_asking);
}

/* One that is under way is the answer to whoever asks meanwhile. */
static enum err rehearsal_store(struct store *store, void *ctx)
{
    const struct visit *visit = ctx;
    char bucket[16 + SRN_DIGITS];
    bool asked = false;
    snprintf(bucket, sizeof bucket, "rehearse:%s", visit->application.subject.srn);
    const struct throttle throttles[] = {
        { bucket, SUBSCRIBER_BUDGET, SUBSCRIBER_WINDOW_SECONDS },
        { "rehearse", ALL_BUDGET, ALL_WINDOW_SECONDS },
    };
    TRY(store_rehearsal_ask(store, visit->enrolment.id, visit->now, &asked));
    for (size_t i = 0; asked && i < sizeof throttles / sizeof *throttles; i++) {
        TRY(store_throttle_spend(store, &throttles[i], visit->now));
    }
    return OK;
}

enum err rehearsal_put(
    struct visit *visit, struct value *dcv, const struct challenge_row *rows, size_t count)
{
    struct rehearsal_row *rehearsals = NULL;
    size_t asked = 0;
    struct value_tree *tree = &visit->tree;
    TRY(store_rehearsal_list(
        visit->portal->store, visit->enrolment.id, visit->request->arena, &rehearsals, &asked));
    if (asked == 0 || rehearsals[0].asked + REHEARSAL_KEPT_SECONDS < visit->now) {
        return OK;
    }
    struct value *rehearsal = value_put_object(tree, dcv, "rehearsal");
    bool waits = rehearsals[0].due > 0; /* all of an enrolment's are made together */
    value_put_text(tree, rehearsal, "state", waits ? "waiting" : "done");
    put_time(visit, rehearsal, "asked", rehearsals[0].asked);
    if (waits && rehearsals[0].put_off) {
        put_time(visit, rehearsal, "begins", rehearsals[0].due);
    }
    if (waits) {
        value_put_bool(tree, rehearsal, "waiting", !visit_is_api(visit));
        return OK;
    }
    put_time(visit, rehearsal, "made", rehearsals[0].made);
    return results_put(visit, rehearsal, rehearsals, asked, rows, count);
}

static enum err results_put(struct visit *visit, struct value *rehearsal,
    const struct rehearsal_row *rehearsals, size_t asked, const struct challenge_row *rows,
    size_t count)
{
    struct sight_row *sights = NULL;
    size_t seen = 0, failed = 0;
    TRY(store_sight_list(
        visit->portal->store, visit->enrolment.id, visit->request->arena, &sights, &seen));
    for (size_t i = 0; i < asked; i++) {
        failed += rehearsals[i].passes ? 0 : 1;
    }
    struct value *list = value_put_list(&visit->tree, rehearsal, "results");
    for (size_t i = 0; i < count; i++) {
        const struct rehearsal_row *row = rehearsal_of(&rows[i], rehearsals, asked);
        if (row != NULL) {
            const struct verdict verdict = { row->name, row->passes,
                .open = !row->passes && failed <= OPEN_RESULTS_MAX, .good = "dcv.would_pass",
                .bad = "dcv.would_fail" };
            result_put(visit, value_add_object(&visit->tree, list), &verdict, sights, seen);
        }
    }
    value_put_bool(&visit->tree, rehearsal, "would_pass", failed == 0);
    return OK;
}

/* NULL where this challenge was not rehearsed. */
static const struct rehearsal_row *rehearsal_of(
    const struct challenge_row *row, const struct rehearsal_row *rehearsals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rehearsals[i].name, row->challenge.name) == 0 &&
            memcmp(rehearsals[i].nonce, row->challenge.nonce, NONCE_BYTES) == 0) {
            return &rehearsals[i];
        }
    }
    return NULL;
}

static void result_put(struct visit *visit, struct value *result, const struct verdict *verdict,
    const struct sight_row *sights, size_t count)
{
    struct saying sayings[PERSPECTIVES_MAX];
    size_t said = 0;
    for (size_t i = 0; i < count && said < PERSPECTIVES_MAX; i++) {
        const struct sight sight = { sights[i].dcv, sights[i].caa, sights[i].dnssec };
        if (strcmp(sights[i].name, verdict->name) == 0) {
            sayings[said++] = saying_make(
                sights[i].perspective, sights[i].report, sights[i].answered ? &sight : NULL);
        }
    }
    sayings_put(visit, result, verdict, sayings, said);
}
