/* What is put off keeps the place that it was given: it isn't counted again when its time has come.
 */
#include "proc/registrar/due.h"

#include "lib/base/log.h"
#include "lib/dns/suffix.h"
#include "lib/store/pacing.h"

#include <stdio.h>

/* Why an enrolment waits, and until when. */
struct waiting {
    const uint8_t *enrolment;
    int64_t now, until;
    struct pacing pacing;
};

static size_t due_rows(struct challenge_row *rows, size_t count, int64_t now);
static enum err caps_check(struct registrar *registrar, const struct challenge_row *rows,
    size_t count, int64_t now, bool *ret_put_off);
static uint64_t target_of(const struct registrar *registrar, const char *name);
static int64_t pace_wait(struct registrar *registrar, const uint64_t *targets, size_t count);
static enum err waiting_commit(struct store *store, void *ctx);

enum err due_take(struct registrar *registrar, enum queue_lane lane, struct arena *arena,
    struct challenge_row **ret_rows, size_t *ret_count, struct queue_turn *ret_turn)
{
    bool put_off = false;
    TRY(queue_await(
        &registrar->queue, registrar->store, lane, &registrar->clock, &registrar->bell, ret_turn));
    int64_t now = clock_now(&registrar->clock);
    enum err err =
        store_challenge_list(registrar->store, ret_turn->enrolment, arena, ret_rows, ret_count);
    *ret_count = err == OK ? due_rows(*ret_rows, *ret_count, now) : 0;
    if (*ret_count > 0) {
        err = caps_check(registrar, *ret_rows, *ret_count, now, &put_off);
        *ret_count = put_off ? 0 : *ret_count;
    }
    if (err != OK) {
        due_done(registrar, ret_turn->enrolment, /* made= */ false, /* slow= */ false);
    }
    return err;
}

void due_done(
    struct registrar *registrar, const uint8_t enrolment[ENROLMENT_ID_BYTES], bool made, bool slow)
{
    queue_done(&registrar->queue, enrolment, made, slow);
}

/* Moves them to the front. */
static size_t due_rows(struct challenge_row *rows, size_t count, int64_t now)
{
    size_t due = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].next_check > 0 && rows[i].next_check <= now) {
            rows[due++] = rows[i];
        }
    }
    return due;
}

static enum err caps_check(struct registrar *registrar, const struct challenge_row *rows,
    size_t count, int64_t now, bool *ret_put_off)
{
    uint64_t targets[APPLICATION_NAMES_MAX + 1];
    struct waiting waiting = { .enrolment = rows[0].enrolment, .now = now };
    due_targets(registrar, rows, count, targets);
    TRY(store_pacing_get(registrar->store, rows[0].enrolment, &waiting.pacing));
    if (!queue_aim(&registrar->queue, rows[0].enrolment, targets, count)) {
        *ret_put_off = true;
        return OK;
    }
    bool has_place = waiting.pacing.reason[0] != '\0';
    int64_t wait_ms = has_place ? 0 : pace_wait(registrar, targets, count);
    if (wait_ms == 0) {
        return OK;
    }
    waiting.until = now + (wait_ms + 999) / 1000;
    snprintf(waiting.pacing.reason, sizeof waiting.pacing.reason, "dcv.waits_target");
    log_event(LOG_INFO, "check.put_off", "name", rows[0].challenge.name, NULL);
    *ret_put_off = true;
    return store_transact(registrar->store, waiting_commit, &waiting);
}

void due_targets(const struct registrar *registrar, const struct challenge_row *rows, size_t count,
    uint64_t *ret_targets)
{
    for (size_t i = 0; i < count; i++) {
        ret_targets[i] = target_of(registrar, rows[i].challenge.name);
    }
}

static uint64_t target_of(const struct registrar *registrar, const char *name)
{
    struct dns_name parsed;
    const char *target = name;
    if (dns_name_parse(span_from_text(name), DNS_NAME_HOST_OR_WILDCARD, &parsed, NULL) == OK) {
        target = dns_name_base(&parsed);
        (void)!suffix_list_registrable(registrar->suffixes, &parsed, &target);
    }
    return pace_key(target, strlen(target));
}

static int64_t pace_wait(struct registrar *registrar, const uint64_t *targets, size_t count)
{
    int64_t longest = 0, now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < count; i++) {
        int64_t wait =
            pace_take(&registrar->target_pace, targets[i], 1, now_ms, /* reserve= */ true);
        longest = wait > longest ? wait : longest;
    }
    return longest;
}

static enum err waiting_commit(struct store *store, void *ctx)
{
    const struct waiting *waiting = ctx;
    return store_pacing_postpone(
        store, waiting->enrolment, waiting->now, waiting->until, &waiting->pacing);
}
