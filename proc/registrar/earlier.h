#pragma once
/* Proofs that are there from before, of the same application or of an earlier one of the same
 * subscriber: where one would still do, everybody is asked for CAA alone. */
#include "lib/store/challenge.h"
#include "lib/store/evidence.h"
#include "proc/registrar/registrar.h"

/* What proves a name already. */
struct earlier {
    bool reusable;
    struct evidence_row row; /* its has_caa is false */
    struct name_evidence
        evidence; /* of row.attempt; its challenge may be an earlier application's */
};

/* The earlier applications of one warrant, or of one round. */
struct earlier_applications {
    struct earlier_application list[EARLIER_APPLICATIONS_MAX];
    size_t count;
};

/* Adds the application of that hash, with its approvals, unless it is there. ERR_DENIED
 * "warrant.earlier_withdrawn" if it is not approved any more, "warrant.earlier_many" if there is no
 * room; nothing else about it is judged. */
enum err earlier_application_add(struct store *store, const uint8_t hash[HASH_BYTES],
    struct arena *arena, struct earlier_applications *applications,
    struct reason *ret_reason) MUST_USE;

/* The enrolment's application, and the rules by which its evidence is judged at `now`; both live in
 * the arena. */
enum err earlier_rules(struct registrar *registrar, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, struct arena *arena, struct application *ret_application,
    struct evidence_rules *ret_rules) MUST_USE;

/* What is looked for: proofs of these challenges, all of one enrolment. */
struct earlier_search {
    struct registrar *registrar;
    const struct challenge_row *rows;
    size_t count;
    const struct application *application;
    const struct evidence_rules *rules;
    struct earlier_applications *applications; /* grows by those whose evidence is found */
    struct arena *arena;
};
/* For each of them the enrolment's own proof, if it has one that may serve again, else the youngest
 * of the subscriber's that the signer would take; none of these where the signer has refused such
 * a one to the enrolment. Not found is no failure: it is not reusable. */
enum err earlier_find(const struct earlier_search *search, struct earlier *ret_earlier) MUST_USE;

/* What everybody is to be asked about: an earlier proof has the challenge that it proved. */
static inline const struct challenge *earlier_challenge(
    const struct earlier *earlier, const struct challenge *own)
{
    return earlier->reusable ? &earlier->evidence.observations[0].challenge : own;
}
