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

/* One name's question. */
struct earlier_search {
    struct registrar *registrar;
    const struct challenge_row *row;
    const struct application *application;
    const struct evidence_rules *rules; /* for which `applications` is the list of earlier ones */
    struct earlier_applications *applications;
    struct arena *arena;
    bool own_alone; /* the signer has refused what was proved for another application */
};
/* The enrolment's own proof of the name, if it has one, else the youngest of the subscriber's that
 * the signer would take. Not found is no failure: it is not reusable. */
enum err earlier_search(const struct earlier_search *search, struct earlier *ret_earlier) MUST_USE;
