/* A round that proves nothing: every perspective is asked what it sees of every name that has not
 * passed, at the same time. What they say is counted by the signer's own rule and stored for the
 * page; challenges, evidence and the pace of checks are left as they are. */
#include "proc/registrar/rehearsing.h"
#include "proc/registrar/earlier.h"

#include "lib/base/log.h"
#include "lib/ca/quorum.h"
#include "lib/store/rehearsal.h"

#include <stdio.h>
#include <stdlib.h>

/* One perspective's word about one name. */
struct word {
    bool answered;
    struct rehearsed rehearsed;
};

struct rehearsing {
    struct registrar *registrar;
    const uint8_t *enrolment;
    struct challenge_row *rows; /* those that have not passed */
    size_t row_count;
    const struct perspective_link *links;
    size_t link_count;
    struct word *words; /* by link, then by row */
    struct earlier earlier[APPLICATION_NAMES_MAX + 1];
    bool passes[APPLICATION_NAMES_MAX + 1];
    int64_t now, until; /* until: where it waits for its place */
    int64_t deadline_ms;
    struct arena *arena;
};

/* What one thread does: all names by one perspective, one behind the other. */
struct asking {
    struct rehearsing *rehearsing;
    struct perspective_link *link;
    struct word *words;
};

static enum err rehearsal_run(struct rehearsing *rehearsing, struct validation *validation);
static size_t unpassed(struct challenge_row *rows, size_t count);
static enum err place_take(struct rehearsing *rehearsing, bool *ret_free);
static int64_t pace_wait(struct rehearsing *rehearsing, const uint64_t *targets);
static enum err postpone_commit(struct store *store, void *ctx);
static enum err forget_commit(struct store *store, void *ctx);
static enum err everybody_ask(struct rehearsing *rehearsing, struct validation *validation);
static void *asking_run(void *ctx);
static void word_ask(struct asking *asking, size_t row);
static enum err names_judge(struct rehearsing *rehearsing);
static bool name_passes(
    const struct rehearsing *rehearsing, size_t row, const struct policy *policy);
static enum err rehearsal_commit(struct store *store, void *ctx);
static enum err sights_store(struct store *store, const struct rehearsing *rehearsing, size_t row);
static void report_object_write(struct der_writer *writer, const void *object);

enum err rehearsing_step(
    struct registrar *registrar, struct validation *validation, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct queue_turn turn = { 0 };
    struct queue *queue = &registrar->rehearsals;
    TRY(queue_await(
        queue, registrar->store, QUEUE_REHEARSAL, &registrar->clock, &registrar->bell, &turn));
    *ret_worked = true;
    enum err err = ERR_MEMORY;
    struct rehearsing *rehearsing = arena_alloc(&arena, 1, sizeof *rehearsing);
    if (rehearsing != NULL) {
        *rehearsing = (struct rehearsing){
            .registrar = registrar,
            .enrolment = turn.enrolment,
            .links = validation->links,
            .link_count = validation->link_count,
            .now = clock_now(&registrar->clock),
            .arena = &arena,
        };
        err = rehearsal_run(rehearsing, validation);
    }
    queue_done(queue, turn.enrolment, /* made= */ true, /* slow= */ false);
    return err;
}

static enum err rehearsal_run(struct rehearsing *rehearsing, struct validation *validation)
{
    struct store *store = rehearsing->registrar->store;
    bool placed = false;
    TRY(store_challenge_list(store, rehearsing->enrolment, rehearsing->arena, &rehearsing->rows,
        &rehearsing->row_count));
    rehearsing->row_count = unpassed(rehearsing->rows, rehearsing->row_count);
    if (rehearsing->row_count == 0) {
        /* All has passed since it was asked for. */
        return store_transact(store, forget_commit, rehearsing);
    }
    TRY(place_take(rehearsing, &placed));
    if (!placed) {
        return OK;
    }
    enum err err = everybody_ask(rehearsing, validation);
    err = err == OK ? names_judge(rehearsing) : err;
    err = err == OK ? store_transact(store, rehearsal_commit, rehearsing) : err;
    free(rehearsing->words);
    /* Forgotten meanwhile: it was about what is no longer asked. */
    return err == ERR_NOT_FOUND ? OK : err;
}

/* Moves them to the front. */
static size_t unpassed(struct challenge_row *rows, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].state != CHALLENGE_PASSED) {
            rows[left++] = rows[i];
        }
    }
    return left;
}

/* False where another one looks at the same domain, or it was put off. */
static enum err place_take(struct rehearsing *rehearsing, bool *ret_placed)
{
    struct registrar *registrar = rehearsing->registrar;
    uint64_t targets[APPLICATION_NAMES_MAX + 1];
    struct rehearsal_row *asked = NULL;
    size_t count = 0;
    due_targets(registrar, rehearsing->rows, rehearsing->row_count, targets);
    *ret_placed =
        queue_aim(&registrar->rehearsals, rehearsing->enrolment, targets, rehearsing->row_count);
    if (!*ret_placed) {
        return OK;
    }
    TRY(store_rehearsal_list(
        registrar->store, rehearsing->enrolment, rehearsing->arena, &asked, &count));
    int64_t wait_ms = count > 0 && asked[0].put_off ? 0 : pace_wait(rehearsing, targets);
    if (wait_ms == 0) {
        return OK;
    }
    *ret_placed = false;
    rehearsing->until = rehearsing->now + (wait_ms + 999) / 1000;
    return store_transact(registrar->store, postpone_commit, rehearsing);
}

/* A domain with more names than it may have at once is looked at when it has been left alone. */
static int64_t pace_wait(struct rehearsing *rehearsing, const uint64_t *targets)
{
    struct pace *pace = &rehearsing->registrar->rehearsal_pace;
    int64_t longest = 0, now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < rehearsing->row_count; i++) {
        unsigned names = 0;
        bool first = true;
        for (size_t other = 0; other < rehearsing->row_count; other++) {
            bool same = targets[other] == targets[i];
            names += same ? 1 : 0;
            first = first && !(same && other < i);
        }
        int64_t wait = first ? pace_take(pace, targets[i], names, now_ms, /* reserve= */ true) : 0;
        longest = wait > longest ? wait : longest;
    }
    return longest;
}

static enum err postpone_commit(struct store *store, void *ctx)
{
    const struct rehearsing *rehearsing = ctx;
    return store_rehearsal_postpone(
        store, rehearsing->enrolment, rehearsing->now, rehearsing->until);
}

static enum err forget_commit(struct store *store, void *ctx)
{
    const struct rehearsing *rehearsing = ctx;
    return store_rehearsal_forget(store, rehearsing->enrolment);
}

static enum err everybody_ask(struct rehearsing *rehearsing, struct validation *validation)
{
    struct asking askings[PERSPECTIVES_MAX];
    struct application application = { 0 };
    struct evidence_rules rules;
    TRY(earlier_rules(rehearsing->registrar, rehearsing->enrolment, rehearsing->now,
        rehearsing->arena, &application, &rules));
    struct earlier_applications *applications =
        arena_alloc(rehearsing->arena, 1, sizeof *applications);
    if (applications == NULL) {
        return ERR_MEMORY;
    }
    const struct earlier_search search = { .registrar = rehearsing->registrar,
        .rows = rehearsing->rows,
        .count = rehearsing->row_count,
        .application = &application,
        .rules = &rules,
        .applications = applications,
        .arena = rehearsing->arena };
    TRY(earlier_find(&search, rehearsing->earlier));
    rehearsing->words =
        calloc(rehearsing->link_count * rehearsing->row_count, sizeof *rehearsing->words);
    if (rehearsing->words == NULL) {
        return ERR_MEMORY;
    }
    rehearsing->deadline_ms = clock_monotonic_ms() + REHEARSAL_ALL_MS;
    for (size_t i = 0; i < rehearsing->link_count; i++) {
        askings[i] = (struct asking){
            .rehearsing = rehearsing,
            .link = &validation->links[i],
            .words = &rehearsing->words[i * rehearsing->row_count],
        };
    }
    perspective_each(rehearsing->link_count, asking_run, askings, sizeof *askings);
    return OK;
}

static void *asking_run(void *ctx)
{
    struct asking *asking = ctx;
    for (size_t i = 0; i < asking->rehearsing->row_count; i++) {
        word_ask(asking, i);
    }
    return NULL;
}

static void word_ask(struct asking *asking, size_t row)
{
    struct rehearsing *rehearsing = asking->rehearsing;
    struct word *word = &asking->words[row];
    struct reason reason = { 0 };
    const struct rehearse rehearse = {
        .challenge =
            *earlier_challenge(&rehearsing->earlier[row], &rehearsing->rows[row].challenge),
        .caa_only = rehearsing->earlier[row].reusable,
    };
    bool late = clock_monotonic_ms() >= rehearsing->deadline_ms;
    enum err err = late ? reason_set(&reason, ERR_TIMEOUT, "dcv.rehearsal_late", NULL, NULL, NULL)
                        : perspective_rehearse(asking->link, &rehearse, &word->rehearsed, &reason);
    word->answered = err == OK;
    if (err != OK) {
        bool busy = strcmp(reason.code, "dcv.target_busy") == 0;
        word->rehearsed.report = (struct report){ 0 };
        report_add(&word->rehearsed.report,
            late   ? "dcv.rehearsal_late"
            : busy ? "dcv.rehearsal_busy"
                   : "dcv.unreachable",
            asking->link->id, NULL, busy ? reason.expected : NULL);
        log_failure(LOG_WARNING, "perspective.no_answer", err, &reason);
    }
}

static enum err names_judge(struct rehearsing *rehearsing)
{
    struct policy policy;
    rehearsing->now = clock_now(&rehearsing->registrar->clock);
    policy_at(rehearsing->now, rehearsing->registrar->roster.policy_set, &policy);
    for (size_t i = 0; i < rehearsing->row_count; i++) {
        rehearsing->passes[i] = name_passes(rehearsing, i, &policy);
        log_event(LOG_INFO, "name.rehearsed", "name", rehearsing->rows[i].challenge.name, "passes",
            rehearsing->passes[i] ? "yes" : "no", NULL);
    }
    return OK;
}

/* The signer's own rule, over words that nobody signed. The code of a mail is not asked for. */
static bool name_passes(
    const struct rehearsing *rehearsing, size_t row, const struct policy *policy)
{
    const struct roster *roster = &rehearsing->registrar->roster;
    const struct challenge *challenge = &rehearsing->rows[row].challenge;
    bool proof = !rehearsing->earlier[row].reusable && challenge->method != DCV_EMAIL;
    const struct asked_for asked = { challenge->method, .proof = proof, .caa = true };
    struct tally tally = { 0 };
    struct reason reason = { 0 };
    for (size_t i = 0; i < rehearsing->link_count; i++) {
        const struct word *word = &rehearsing->words[i * rehearsing->row_count + row];
        const struct perspective *perspective = roster_perspective(roster, rehearsing->links[i].id);
        const struct sight sight = { word->rehearsed.dcv, word->rehearsed.caa,
            word->rehearsed.dnssec };
        if (!word->answered || perspective == NULL) {
            continue;
        }
        bool agrees = perspective->primary
                          ? quorum_primary(&sight, &asked, challenge->name, &reason) == OK
                          : quorum_remote(&sight, &asked);
        if (agrees) {
            quorum_count(&tally, perspective);
        }
    }
    return quorum_check(&tally, challenge->name, roster, policy, &reason) == OK;
}

static enum err rehearsal_commit(struct store *store, void *ctx)
{
    const struct rehearsing *rehearsing = ctx;
    for (size_t i = 0; i < rehearsing->row_count; i++) {
        const struct challenge *challenge = &rehearsing->rows[i].challenge;
        struct rehearsal_row row = { .made = rehearsing->now, .passes = rehearsing->passes[i] };
        snprintf(row.name, sizeof row.name, "%s", challenge->name);
        memcpy(row.nonce, challenge->nonce, sizeof row.nonce);
        TRY(store_rehearsal_put(store, rehearsing->enrolment, &row));
        TRY(sights_store(store, rehearsing, i));
    }
    return OK;
}

static enum err sights_store(struct store *store, const struct rehearsing *rehearsing, size_t row)
{
    for (size_t i = 0; i < rehearsing->link_count; i++) {
        const struct word *word = &rehearsing->words[i * rehearsing->row_count + row];
        AUTO(buf) report = buf_make(MESSAGE_MAX_BYTES);
        TRY(der_encode(report_object_write, &word->rehearsed.report, &report));
        struct sight_row sight = {
            .answered = word->answered,
            .dcv = word->rehearsed.dcv,
            .caa = word->rehearsed.caa,
            .dnssec = word->rehearsed.dnssec,
            .report = buf_span(&report),
        };
        snprintf(sight.name, sizeof sight.name, "%s", rehearsing->rows[row].challenge.name);
        snprintf(sight.perspective, sizeof sight.perspective, "%s", rehearsing->links[i].id);
        TRY(store_sight_put(store, rehearsing->enrolment, &sight));
    }
    return OK;
}

static void report_object_write(struct der_writer *writer, const void *object)
{
    report_write(writer, object);
}
