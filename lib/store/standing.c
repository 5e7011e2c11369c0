/* Read from the challenges, and from the evidence where all of them passed. */
#include "lib/store/standing.h"
#include "lib/store/evidence.h"

enum { STANDING_ARENA_BYTES = 256 * 1024 };

static const char *const ids[STANDING_COUNT] = {
    [STANDING_DUE] = "due",
    [STANDING_PENDING] = "pending",
    [STANDING_CHECKING] = "checking",
    [STANDING_FAILED] = "failed",
    [STANDING_EXPIRED] = "expired",
    [STANDING_STALE] = "stale",
    [STANDING_PROVED] = "proved",
};

static enum standing_kind unproved_kind(
    const struct challenge_row *rows, size_t count, bool usable);
static enum err proof_read(struct store *store, const uint8_t *enrolment, size_t names,
    struct arena *arena, int64_t *ret_oldest);
static int64_t next_check(const struct challenge_row *rows, size_t count);

const char *standing_id(enum standing_kind kind)
{
    return ids[kind];
}

enum err store_standing(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, struct standing *ret_standing)
{
    AUTO(arena) arena = arena_make(STANDING_ARENA_BYTES);
    struct challenge_row *rows = NULL;
    size_t count = 0;
    TRY(store_challenge_list(store, enrolment, &arena, &rows, &count));
    if (count == 0) {
        *ret_standing = (struct standing){ .kind = STANDING_DUE };
        return OK;
    }
    struct standing standing = {
        .method = rows[0].challenge.method,
        .created = rows[0].challenge.created,
        .next_check = next_check(rows, count),
    };
    bool allowed = policy_method_allowed(standing.method, now);
    bool ages = dcv_rules(standing.method)->coded;
    bool usable = allowed && (!ages || now < standing.created + VALIDATION_VALUE_SECONDS);
    standing.kind = unproved_kind(rows, count, usable);
    if (standing.kind == STANDING_PROVED) {
        TRY(proof_read(store, enrolment, count, &arena, &standing.proved));
        bool fresh = allowed && now - standing.proved <= CAA_FRESH_SECONDS;
        standing.kind = fresh ? STANDING_PROVED : usable ? STANDING_STALE : STANDING_EXPIRED;
    }
    *ret_standing = standing;
    return OK;
}

/* STANDING_PROVED where every challenge passed, however long ago. */
static enum standing_kind unproved_kind(const struct challenge_row *rows, size_t count, bool usable)
{
    size_t of[CHALLENGE_STATE_COUNT] = { 0 };
    for (size_t i = 0; i < count; i++) {
        of[rows[i].state]++;
    }
    if (of[CHALLENGE_PASSED] == count) {
        return STANDING_PROVED;
    }
    if (!usable) {
        return STANDING_EXPIRED;
    }
    if (of[CHALLENGE_CHECKING] > 0) {
        return STANDING_CHECKING;
    }
    return of[CHALLENGE_FAILED] > 0 ? STANDING_FAILED : STANDING_PENDING;
}

/* A name whose evidence is not there was proved before the world began. */
static enum err proof_read(struct store *store, const uint8_t *enrolment, size_t names,
    struct arena *arena, int64_t *ret_oldest)
{
    struct evidence_row *rows = NULL;
    size_t count = 0;
    TRY(store_evidence_list(store, enrolment, arena, &rows, &count));
    int64_t oldest = count < names ? 0 : INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        int64_t asked = evidence_caa_time(&rows[i]);
        oldest = asked < oldest ? asked : oldest;
    }
    *ret_oldest = oldest;
    return OK;
}

static int64_t next_check(const struct challenge_row *rows, size_t count)
{
    int64_t next = 0;
    for (size_t i = 0; i < count; i++) {
        bool sooner = rows[i].next_check != 0 && (next == 0 || rows[i].next_check < next);
        next = sooner ? rows[i].next_check : next;
    }
    return next;
}
