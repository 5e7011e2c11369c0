#pragma once
/* What proves a name already, by the rules of the day: where it may be used again, everybody is
 * asked for CAA alone. */
#include "lib/store/challenge.h"
#include "lib/store/evidence.h"
#include "proc/registrar/registrar.h"

struct earlier {
    bool reusable;
    struct evidence_row row;
    struct name_evidence evidence; /* of row.attempt; in the arena */
};

/* The enrolment's application, and the rules by which its evidence is judged at `now`; both live in
 * the arena. */
enum err earlier_rules(struct registrar *registrar, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, struct arena *arena, struct application *ret_application,
    struct evidence_rules *ret_rules) MUST_USE;
/* For each of these challenges, all of one enrolment. */
enum err earlier_find(struct registrar *registrar, const struct evidence_rules *rules,
    const struct challenge_row *rows, size_t count, struct arena *arena,
    struct earlier *ret_earlier) MUST_USE;
