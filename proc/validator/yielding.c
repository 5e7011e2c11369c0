/* In a thread of its own: one that has stepped back can't come forward again (setpriority(2)), and
 * the connection's next check may be one that others wait behind. What the thread starts,
 * libunbound's own, inherits its place. Lowest, but not idle (sched(7)): on a host that is busy for
 * long it still gets its small share, and what it holds in common with others is not held for ever.
 * Nor does it make its resolver from there: resolvers are made one at a time, and all others'
 * checks would wait until it gets its share. */
#include "proc/validator/yielding.h"

#include <pthread.h>
#include <sys/resource.h>

enum { YIELDING_NICE = 19 };

/* A check, its thread's place, and the checker that it sees: ours, but for the resolver. */
struct yielding {
    const struct checker *checker;
    const struct validator_check *check;
    struct buf *observation;
    struct report *report;
    struct reason *reason;
    enum err err;
    struct resolver behind;
    int64_t begun_ms;
    bool back;
};

static void *yielding_run(void *ctx);
static enum err yielding_open(void *ctx, struct resolver *ret_resolver);
static void yielding_close(void *ctx, struct resolver resolver);
static enum err yielding_lookup(void *ctx, const char *name, enum dns_type type,
    int64_t deadline_ms, struct dns_answer *ret_answer);
static void step_back(struct yielding *yielding);

enum err yielding_check_run(const struct checker *checker, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason)
{
    pthread_t thread;
    struct yielding yielding = { .checker = checker,
        .check = check,
        .observation = observation,
        .report = ret_report,
        .reason = ret_reason };
    if (pthread_create(&thread, NULL, yielding_run, &yielding) != 0) {
        return check_run(checker, check, observation, ret_report, ret_reason);
    }
    pthread_join(thread, NULL);
    return yielding.err;
}

static void *yielding_run(void *ctx)
{
    struct yielding *yielding = ctx;
    struct checker checker = *yielding->checker;
    checker.resolver_open = yielding_open;
    checker.resolver_close = yielding_close;
    checker.ctx = yielding;
    yielding->begun_ms = clock_monotonic_ms();
    yielding->err = check_run(
        &checker, yielding->check, yielding->observation, yielding->report, yielding->reason);
    return NULL;
}

static enum err yielding_open(void *ctx, struct resolver *ret_resolver)
{
    struct yielding *yielding = ctx;
    TRY(yielding->checker->resolver_open(yielding->checker->ctx, &yielding->behind));
    if (yielding->check->yields) {
        step_back(yielding);
    }
    *ret_resolver = (struct resolver){ .lookup = yielding_lookup, .ctx = yielding };
    return OK;
}

static void yielding_close(void *ctx, struct resolver resolver)
{
    struct yielding *yielding = ctx;
    (void)resolver;
    yielding->checker->resolver_close(yielding->checker->ctx, yielding->behind);
}

static enum err yielding_lookup(void *ctx, const char *name, enum dns_type type,
    int64_t deadline_ms, struct dns_answer *ret_answer)
{
    struct yielding *yielding = ctx;
    const struct resolver *behind = &yielding->behind;
    enum err err = behind->lookup(behind->ctx, name, type, deadline_ms, ret_answer);
    if (clock_monotonic_ms() - yielding->begun_ms >= YIELDING_AFTER_MS) {
        step_back(yielding);
    }
    return err;
}

/* Of this thread alone, on Linux. A check that can't step back is made all the same. */
static void step_back(struct yielding *yielding)
{
    if (!yielding->back) {
        (void)!setpriority(PRIO_PROCESS, /* who= */ 0, YIELDING_NICE);
        yielding->back = true;
    }
}
