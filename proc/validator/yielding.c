/* In a thread of its own: one that has stepped back can't come forward again (setpriority(2)), and
 * the connection's next check may be one that others wait behind. What the thread starts,
 * libunbound's own, inherits its place. Lowest, but not idle (sched(7)): on a host that is busy for
 * long it still gets its small share, and what it holds in common with others is not held for ever.
 */
#include "proc/validator/yielding.h"

#include <pthread.h>
#include <sys/resource.h>

enum { YIELDING_NICE = 19 };

struct yielding {
    const struct checker *checker;
    const struct validator_check *check;
    struct buf *observation;
    struct report *report;
    struct reason *reason;
    enum err err;
};

static void *yielding_run(void *ctx);

enum err yielding_check_run(const struct checker *checker, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason)
{
    pthread_t thread;
    struct yielding yielding = { checker, check, observation, ret_report, ret_reason, OK };
    if (pthread_create(&thread, NULL, yielding_run, &yielding) != 0) {
        return ERR_AGAIN;
    }
    pthread_join(thread, NULL);
    return yielding.err;
}

static void *yielding_run(void *ctx)
{
    struct yielding *yielding = ctx;
    /* Of this thread alone, on Linux. A check that can't step back is made all the same. */
    (void)!setpriority(PRIO_PROCESS, /* who= */ 0, YIELDING_NICE);
    yielding->err = check_run(yielding->checker, yielding->check, yielding->observation,
        yielding->report, yielding->reason);
    return NULL;
}
