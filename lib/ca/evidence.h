#pragma once
/* One name's evidence, checked as the signer checks it. The registrar asks the same question before
 * it calls a name validated, so that nobody is told "passed" for what will be refused later. */
#include "lib/ca/warrant.h"

struct evidence_rules {
    const struct roster *roster;
    const struct observation_verifier *verifier;
    const struct edition_rules *edition;
    struct policy policy; /* of `now` */
    int64_t now;
    const uint8_t *application_hash; /* HASH_BYTES */
    const char *srn;                 /* the application's subscriber */
    const uint8_t *spki_hash;        /* of the CSR's key; NULL while there is none */
    /* Whose evidence serves as well, each held against earlier_check before. */
    const struct earlier_application *earlier;
    size_t earlier_count;
};

/* The observations of one attempt, of which the proof is at most as old as the method allows and
 * CAA was asked within eight hours; or of two, the second of which asked for CAA alone: then the
 * first is the proof, and the second says what CAA is now (BR 4.2.1, 4.2.2.1). Each has its own
 * quorum. All of it is of the application or of an earlier one, which then asked for the
 * name itself. ERR_DENIED with "warrant.<what>", the name in `field`. The age of the oldest
 * observation comes back as its time. */
enum err evidence_check(const struct name_evidence *evidence, const char *name,
    const struct evidence_rules *rules, int64_t *ret_oldest, struct reason *ret_reason) MUST_USE;
/* Whether these observations, all of one attempt, would do as the first of two. */
enum err evidence_reusable(const struct name_evidence *evidence, const char *name,
    const struct evidence_rules *rules, struct reason *ret_reason) MUST_USE;
