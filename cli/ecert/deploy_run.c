/* Hosts at the same time, targets of one host one after the other: they may share a program. Each
 * target ends in a state of its own; one that fails stops nothing. */
#include "cli/ecert/crew.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/staple.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { ANSWER_MS = 5000, ASK_AGAIN_MS = 200, STAPLE_PATIENCE_DAYS = 3 };

struct run {
    struct tool *tool;
    struct certstore *store;
    const struct deploy_material *material;
    struct deploy_record *records;
    size_t count;
    int64_t seconds;                       /* a proof may take */
    const char *hosts[DEPLOY_TARGETS_MAX]; /* each `to` once */
    size_t host_count;
    pthread_mutex_t turn; /* for the screen and the ledger */
    enum err failed;      /* the ledger's */
};

static void host_serve(size_t index, void *ctx);
static void record_serve(const struct run *run, struct deploy_record *record);
static enum err staple_serve(const struct run *run, const struct deploy_record *record,
    struct staple *staple, struct staple_swap *swap, struct reason *ret_without,
    struct reason *ret_reason);
static void staple_note(const struct run *run, struct deploy_record *record,
    const struct staple *staple, const struct reason *without);
static void staple_return(const struct deploy_target *target, const struct staple_swap *swap);
static void record_back(
    const struct run *run, struct deploy_record *record, const char *answered_before);
static bool answers_again(
    const struct run *run, const struct deploy_target *target, const char *wanted);
static void record_succeed(
    const struct run *run, struct deploy_record *record, enum deploy_state state);
static void record_note(struct run *run, struct deploy_record *record);

enum err deploy_all(struct tool *tool, struct certstore *store,
    const struct deploy_material *material, const struct deploy_list *list, int64_t seconds)
{
    struct run run = {
        .tool = tool,
        .store = store,
        .material = material,
        .records = list->records,
        .count = list->count,
        .seconds = seconds,
        .turn = PTHREAD_MUTEX_INITIALIZER,
    };
    for (size_t i = 0; i < list->count; i++) {
        struct deploy_record *record = &list->records[i];
        size_t host = 0;
        record->state = DEPLOY_STARTED;
        record->changed = material->now;
        snprintf(record->tried, sizeof record->tried, "%s", material->item.id);
        snprintf(record->server_name, sizeof record->server_name, "%s", material->view.first_name);
        TRY(deploy_record_write(store, record));
        while (host < run.host_count && strcmp(run.hosts[host], record->target.to) != 0) {
            host++;
        }
        run.hosts[host] = record->target.to;
        run.host_count += host == run.host_count;
    }
    screen_wait(tool, "tool.deploy_wait", 0);
    crew_run(run.host_count, CREW_MAX, host_serve, &run);
    screen_wait_end(tool);
    return run.failed;
}

static void host_serve(size_t index, void *ctx)
{
    struct run *run = ctx;
    for (size_t i = 0; i < run->count; i++) {
        if (strcmp(run->records[i].target.to, run->hosts[index]) == 0) {
            record_serve(run, &run->records[i]);
            record_note(run, &run->records[i]);
        }
    }
}

static void record_serve(const struct run *run, struct deploy_record *record)
{
    const struct deploy_target *target = &record->target;
    AUTO(staple) staple = { 0 };
    AUTO(staple_swap) swap = { 0 };
    struct reason reason = { 0 }, without = { 0 };
    char before[CERTSTORE_ID_MAX];
    int64_t not_after;
    deploy_answer(target, ANSWER_MS, before, &not_after);
    enum err err = staple_serve(run, record, &staple, &swap, &without, &reason);
    err = err == OK ? deploy_put(target, run->material, &reason) : err;
    if (err != OK) {
        staple_return(target, &swap);
        record->state = DEPLOY_FAILED;
        record->reason = reason;
        record->attempts++;
        return;
    }
    if (target->check[0] == '\0') {
        record_succeed(run, record, DEPLOY_INSTALLED);
        staple_note(run, record, &staple, &without);
        return;
    }
    err = deploy_prove(target, run->material, run->seconds, &reason);
    if (err == OK) {
        record_succeed(run, record, DEPLOY_ANSWERS);
        staple_note(run, record, &staple, &without);
        return;
    }
    record->reason = reason;
    record->attempts++;
    staple_back(target, &swap);
    record_back(run, record, before);
}

/* The new certificate's OCSP answer comes in with it: with the old one's the program may refuse, or
 * its clients. Where none can be had the old pair is better, as long as it has days to go; else the
 * pair goes without one, and `ret_without` says why. */
static enum err staple_serve(const struct run *run, const struct deploy_record *record,
    struct staple *staple, struct staple_swap *swap, struct reason *ret_without,
    struct reason *ret_reason)
{
    struct reason reason = { 0 };
    if (!deploy_staples_from_file(&record->target)) {
        return OK;
    }
    int64_t now = run->material->now;
    enum err err = staple_fetch(&run->material->chain, now, staple, &reason);
    if (err != OK && strcmp(reason.code, "ocsp.none") == 0) {
        return OK;
    }
    if (err != OK) {
        bool waits = record->there[0] != '\0' &&
                     record->not_after - now > STAPLE_PATIENCE_DAYS * DAY_SECONDS;
        *(waits ? ret_reason : ret_without) = reason;
        return waits ? err : OK;
    }
    return staple_put(&record->target, staple, swap, ret_reason);
}

/* The pair serves with or without an answer: a server that hands out none keeps it, and that is
 * told, and so is why none could be had, in which case none is asked for. */
static void staple_note(const struct run *run, struct deploy_record *record,
    const struct staple *staple, const struct reason *without)
{
    const struct deploy_target *target = &record->target;
    struct certificate leaf;
    bool itself = target->staple[0] != '\0' && !deploy_staples_from_file(target) &&
                  certificate_parse(run->material->chain.spans[0], &leaf) == OK &&
                  leaf.ocsp_uri.len > 0;
    record->staple_from = staple->this_update;
    record->staple_until = staple->next_update;
    record->reason = *without;
    if (staple->der.len > 0 || itself) {
        (void)!staple_prove(target, &run->material->chain, itself ? NULL : staple,
            run->material->now, run->seconds, &record->reason);
    }
}

/* The program may have read it with the new pair before that went back. */
static void staple_return(const struct deploy_target *target, const struct staple_swap *swap)
{
    if (swap->done) {
        staple_back(target, swap);
        (void)!deploy_take(target, /* ret_reason= */ NULL);
    }
}

/* The new pair doesn't answer as it should. What answered before must do so again. */
static void record_back(
    const struct run *run, struct deploy_record *record, const char *answered_before)
{
    struct reason reason = { 0 };
    if (deploy_back(&record->target, &reason) != OK) {
        bool none = strcmp(reason.code, "install.no_previous") == 0;
        record->state = DEPLOY_FAILED;
        record->reason = none ? record->reason : reason;
        return;
    }
    bool answers =
        answered_before[0] == '\0' || answers_again(run, &record->target, answered_before);
    record->state = answers ? DEPLOY_ROLLED_BACK : DEPLOY_FAILED;
    if (!answers) {
        (void)reason_set(&record->reason, ERR_DENIED, "deploy.back_silent", record->target.name,
            record->reason.code, answered_before);
    }
}

static bool answers_again(
    const struct run *run, const struct deploy_target *target, const char *wanted)
{
    int64_t deadline = clock_monotonic_ms() + run->seconds * 1000;
    for (;;) {
        char seen[CERTSTORE_ID_MAX];
        int64_t not_after;
        deploy_answer(target, ANSWER_MS, seen, &not_after);
        if (strcmp(seen, wanted) == 0 || clock_monotonic_ms() >= deadline) {
            return strcmp(seen, wanted) == 0;
        }
        const struct timespec pause = { .tv_nsec = ASK_AGAIN_MS * 1000000L };
        (void)nanosleep(&pause, /* rem= */ NULL);
    }
}

static void record_succeed(
    const struct run *run, struct deploy_record *record, enum deploy_state state)
{
    if (strcmp(record->there, record->tried) != 0) {
        memcpy(record->before, record->there, sizeof record->before);
    }
    memcpy(record->there, record->tried, sizeof record->there);
    record->not_after = run->material->view.not_after;
    record->state = state;
    record->attempts = 0;
    record->reason = (struct reason){ 0 };
}

static void record_note(struct run *run, struct deploy_record *record)
{
    bool good = record->state == DEPLOY_ANSWERS || record->state == DEPLOY_INSTALLED;
    const struct placeholder values[] = { { "name", record->target.name },
        { "check", record->target.check }, { "file", record->target.certificate }, { NULL, NULL } };
    (void)pthread_mutex_lock(&run->turn);
    screen_wait_end(run->tool);
    if (good) {
        bool answers = record->state == DEPLOY_ANSWERS;
        screen_step(run->tool, answers ? "tool.deploy_answers" : "tool.deploy_installed", values);
        if (record->reason.code[0] != '\0' && !run->tool->json) {
            screen_failure(run->tool, ERR_DENIED, &record->reason);
        }
    } else if (!run->tool->json) {
        screen_failure(run->tool, ERR_DENIED, &record->reason);
        bool back = record->state == DEPLOY_ROLLED_BACK;
        screen_message(run->tool, back ? "tool.deploy_rolled_back" : "tool.deploy_failed", values);
    }
    enum err err = deploy_record_write(run->store, record);
    run->failed = run->failed == OK ? err : run->failed;
    (void)pthread_mutex_unlock(&run->turn);
}
