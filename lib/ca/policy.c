/* The policy clock: one row for every day on which something changes (BR 6.3.2, 4.2.1,
 * 3.2.2.9). The row in force is the last one that has begun. */
#include "lib/ca/policy.h"
#include "lib/base/limits.h"

#include <string.h>

struct policy_row {
    int64_t from;
    unsigned validity_max_days, validity_days, reuse_days;
    unsigned remotes_min, regions_min;
};

static const struct policy_row rows[] = {
    { INT64_MIN, 398, 397, 398, 2, 1 },
    { INT64_C(1773532800), 200, 199, 200, 3, 2 }, /* 2026-03-15 */
    { INT64_C(1781481600), 200, 199, 200, 4, 2 }, /* 2026-06-15 */
    { INT64_C(1797292800), 200, 199, 200, 5, 2 }, /* 2026-12-15 */
    { INT64_C(1805068800), 100, 99, 100, 5, 2 },  /* 2027-03-15 */
    { INT64_C(1868227200), 47, 46, 10, 5, 2 },    /* 2029-03-15 */
};

#define EMAIL_ENDS               INT64_C(1836691200) /* 2028-03-15 */
#define PERSISTENT_REUSE_SECONDS (10 * DAY_SECONDS)

static const char *const set_ids[POLICY_SET_COUNT] = { "public", "private" };

static const struct method_row {
    enum dcv_method method;
    const char *id;
} methods[] = {
    { DCV_EMAIL, "email" },
    { DCV_DNS, "dns" },
    { DCV_WEBSITE, "website" },
    { DCV_PERSISTENT, "persistent" },
};

enum { ROWS = sizeof rows / sizeof rows[0], METHODS = sizeof methods / sizeof methods[0] };

const char *policy_set_id(enum policy_set set)
{
    return set_ids[set];
}

enum err policy_set_from_id(const char *id, enum policy_set *ret_set)
{
    for (unsigned i = 0; i < POLICY_SET_COUNT; i++) {
        if (strcmp(id, set_ids[i]) == 0) {
            *ret_set = (enum policy_set)i;
            return OK;
        }
    }
    return ERR_INPUT;
}

void policy_at(int64_t time, enum policy_set set, struct policy *ret_policy)
{
    const struct policy_row *row = &rows[0];
    for (size_t i = 1; i < ROWS && rows[i].from <= time; i++) {
        row = &rows[i];
    }
    *ret_policy = (struct policy){
        .validity_max_seconds = row->validity_max_days * DAY_SECONDS,
        .validity_seconds = row->validity_days * DAY_SECONDS,
        .reuse_seconds = row->reuse_days * DAY_SECONDS,
        .remotes_min = row->remotes_min,
        .regions_min = set == POLICY_PRIVATE ? 1 : row->regions_min,
    };
}

int64_t policy_reuse(const struct policy *policy, enum dcv_method method)
{
    bool shorter = method == DCV_PERSISTENT && policy->reuse_seconds > PERSISTENT_REUSE_SECONDS;
    return shorter ? PERSISTENT_REUSE_SECONDS : policy->reuse_seconds;
}

unsigned policy_quorum_failures(unsigned remotes)
{
    return remotes < 2 ? 0 : remotes < 6 ? 1 : 2;
}

bool policy_method_allowed(enum dcv_method method, int64_t time)
{
    return method != DCV_EMAIL || time < EMAIL_ENDS;
}

const char *dcv_method_id(enum dcv_method method)
{
    for (size_t i = 0; i < METHODS; i++) {
        if (methods[i].method == method) {
            return methods[i].id;
        }
    }
    return "unknown";
}

enum err dcv_method_from_id(const char *id, enum dcv_method *ret_method)
{
    for (size_t i = 0; i < METHODS; i++) {
        if (strcmp(id, methods[i].id) == 0) {
            *ret_method = methods[i].method;
            return OK;
        }
    }
    return ERR_INPUT;
}

enum err dcv_method_from_number(unsigned number, enum dcv_method *ret_method)
{
    for (size_t i = 0; i < METHODS; i++) {
        if ((unsigned)methods[i].method == number) {
            *ret_method = methods[i].method;
            return OK;
        }
    }
    return ERR_INPUT;
}
