#pragma once
/* What the words of the perspectives about one name amount to (BR 3.2.2.9): the primary decides,
 * and enough of the remotes must agree with it. Who said them, and whether they are signed, is for
 * the caller to know: evidence is counted by this, and so is a rehearsal, which proves nothing. */
#include "lib/ca/observation.h"
#include "lib/ca/policy.h"
#include "lib/ca/roster.h"

/* What was asked of everybody. */
struct asked_for {
    enum dcv_method method;
    bool proof, caa;
};

/* One perspective's word. */
struct sight {
    enum dcv_result dcv;
    enum caa_result caa;
    enum dnssec_state dnssec;
};

struct tally {
    bool primary;
    unsigned corroborating;
    const char *regions[PERSPECTIVES_MAX]; /* of those, each once; borrowed from the roster */
    unsigned region_count;
};

/* The primary speaks for the name, and only over DNS that validates or is proved unsigned.
 * ERR_DENIED with "warrant.primary_dcv", "…_caa" or "…_dnssec", the name in `field`. */
enum err quorum_primary(const struct sight *sight, const struct asked_for *asked, const char *name,
    struct reason *ret_reason) MUST_USE;
/* Whether a remote agrees. Where the proof is a mail, its word is about CAA alone. */
bool quorum_remote(const struct sight *sight, const struct asked_for *asked);
/* Counts a perspective that speaks for the name; each may be counted once. */
void quorum_count(struct tally *tally, const struct perspective *perspective);
/* Every remote of the roster counts as asked, so that an answer left out is an answer against.
 * ERR_DENIED with "warrant.primary_missing", "warrant.quorum" or "warrant.regions". */
enum err quorum_check(const struct tally *tally, const char *name, const struct roster *roster,
    const struct policy *policy, struct reason *ret_reason) MUST_USE;
