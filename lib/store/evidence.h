#pragma once
/* What the perspectives saw, signed, and which attempt proves which name. */
#include "lib/ca/observation.h"
#include "lib/ca/warrant.h"
#include "lib/store/store.h"

enum { EARLIER_EVIDENCE_MAX = 4 };

struct observation_row {
    uint8_t attempt[ATTEMPT_BYTES];
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    char name[HOST_NAME_MAX_LENGTH + 1];
    char perspective[PERSPECTIVE_ID_MAX];
    struct span der;    /* the observation; empty if the perspective did not answer */
    struct span report; /* for people, unsigned (lib/wire); may be empty */
    int64_t time;
};

struct evidence_row {
    char name[HOST_NAME_MAX_LENGTH + 1];
    uint8_t attempt[ATTEMPT_BYTES];
    enum dcv_method method;
    int64_t time;
    bool has_caa; /* a later attempt asked for CAA alone */
    uint8_t caa_attempt[ATTEMPT_BYTES];
    int64_t caa_time;
};

/* When CAA was asked last. */
static inline int64_t evidence_caa_time(const struct evidence_row *row)
{
    return row->has_caa ? row->caa_time : row->time;
}

/* The same observation twice is fine. */
enum err store_observation_insert(struct store *store, const struct observation_row *row) MUST_USE;
/* The observations of one attempt for one name. */
enum err store_observation_list(struct store *store, const uint8_t attempt[ATTEMPT_BYTES],
    const char *name, struct arena *arena, struct observation_row **ret_rows,
    size_t *ret_count) MUST_USE;
/* The observations of the last attempt for each name, by name; for the pages. */
enum err store_report_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct observation_row **ret_rows, size_t *ret_count) MUST_USE;

/* This attempt proves this name; what proved it before is forgotten. */
enum err store_evidence_put(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct evidence_row *row) MUST_USE;
enum err store_evidence_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct evidence_row **ret_rows, size_t *ret_count) MUST_USE;
/* What to look for among the evidence of a subscriber's other applications. */
struct earlier_question {
    const uint8_t *enrolment; /* ENROLMENT_ID_BYTES: the asker's own, which doesn't count */
    const char *srn, *organisation, *name;
    const uint8_t *spki_hash; /* HASH_BYTES: the key that the proof is to serve; NULL: any key */
    int64_t since;
};
/* The evidence of this very name for applications of the same subscriber that are still approved,
 * by whatever method, bound to no other key; the youngest first, at most EARLIER_EVIDENCE_MAX.
 * Whether it would do is nothing that the store knows. */
enum err store_evidence_earlier(struct store *store, const struct earlier_question *question,
    struct arena *arena, struct evidence_row **ret_rows, size_t *ret_count) MUST_USE;
/* For evidence whose CAA is too old: all challenges are due again, and what is proved stays, to be
 * used once more where it may be. */
enum err store_evidence_recheck(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES]) MUST_USE;
/* For evidence that is too old to be used: all challenges are due again. */
enum err store_evidence_forget(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES]) MUST_USE;
