#pragma once
/* How the proof of an enrolment's names stands on the whole: what an officer is told, and what
 * decides whether a confirmed government enrolment still waits for one. */
#include "lib/store/challenge.h"

enum standing_kind {
    STANDING_DUE,      /* nobody was told what to place */
    STANDING_PENDING,  /* told, never checked */
    STANDING_CHECKING, /* asked for and not answered yet */
    STANDING_FAILED,   /* the last check said no */
    STANDING_EXPIRED,  /* no look at these values cures it: they are over 30 days old, or their
                          method has ended */
    STANDING_STALE,    /* proved, but CAA was looked at too long ago: another look cures it, without
                          anybody's help */
    STANDING_PROVED,   /* the signer would take it now */
    STANDING_COUNT,
};

struct standing {
    enum standing_kind kind;
    enum dcv_method method; /* 0 if due, as all that follows */
    int64_t created;        /* of the values */
    int64_t next_check;     /* 0: only when asked */
    int64_t proved;         /* the oldest observation of stale or proved evidence */
};

/* "due", "pending", "checking", "failed", "expired", "stale", "proved". */
const char *standing_id(enum standing_kind kind);
enum err store_standing(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, struct standing *ret_standing) MUST_USE;
