/* Two clocks. */
#include "proc/signer/watch.h"

void watch_init(struct watch *watch, const struct clock *wall, const struct clock *elapsed)
{
    *watch = (struct watch){ .wall = *wall, .elapsed = *elapsed };
    pthread_mutex_init(&watch->mutex, NULL);
    watch->wall_at = clock_now(wall);
    watch->elapsed_at = elapsed->now == NULL ? 0 : clock_now(elapsed);
}

void watch_release(struct watch *watch)
{
    pthread_mutex_destroy(&watch->mutex);
}

/* Where they agree, it is from here that they are held against each other next: small steps that
 * are years apart never add up. */
static bool agrees(struct watch *watch, int64_t *ret_wall, int64_t *ret_expected)
{
    *ret_wall = *ret_expected = clock_now(&watch->wall);
    if (watch->elapsed.now == NULL) {
        return true;
    }
    pthread_mutex_lock(&watch->mutex);
    int64_t elapsed = clock_now(&watch->elapsed);
    int64_t expected = watch->wall_at + (elapsed - watch->elapsed_at);
    bool same =
        *ret_wall >= expected - WATCH_BACK_SECONDS && *ret_wall <= expected + WATCH_FORWARD_SECONDS;
    if (same) {
        watch->wall_at = *ret_wall;
        watch->elapsed_at = elapsed;
    } else {
        *ret_expected = expected;
    }
    pthread_mutex_unlock(&watch->mutex);
    return same;
}

static int64_t watched_now(void *ctx)
{
    int64_t wall, expected;
    return agrees(ctx, &wall, &expected) ? wall : expected;
}

struct clock watch_clock(struct watch *watch)
{
    return (struct clock){ watched_now, watch };
}

enum err watch_check(struct watch *watch, struct reason *ret_reason)
{
    int64_t wall, expected;
    char seen[TIME_TEXT_MAX], wanted[TIME_TEXT_MAX];
    if (watch->elapsed.now == NULL || agrees(watch, &wall, &expected)) {
        return OK;
    }
    time_format_rfc3339(wall, seen);
    time_format_rfc3339(expected, wanted);
    return reason_set(ret_reason, ERR_AGAIN, "clock.jumped", NULL, seen, wanted);
}
