#pragma once
/* A second application of the same subscriber, which brings the first one's proof along instead of
 * proving the name again: a warrant that is valid until a test spoils it. */
#include "tests/factory/factory.h"

enum renewal_stage {
    RENEWAL_APPLIED, /* the first application is there, not signed for yet */
    RENEWAL_PROVED,  /* its observations are, not signed yet; the officers have signed */
    RENEWAL_ASKED,   /* everybody was asked for CAA alone just now and has not signed yet */
    RENEWAL_JOINED,  /* the second's warrant is whole, not formatted yet */
};

struct renewal {
    struct sample first, second;
    struct earlier_application earlier; /* the first, as the second's warrant has it */
    /* The proof, and everybody's word on CAA of now. */
    struct observation observations[2 * FACTORY_PERSPECTIVES];
    uint8_t signatures[2 * FACTORY_PERSPECTIVES][256];
};

/* The proof is `age` seconds old at `now`. `spoil`, which may be NULL, is called at each stage.
 * The requests have the numbers `serial_of_request` and the next. */
struct renewal_plan {
    int64_t now, age;
    unsigned serial_of_request;
    void (*spoil)(struct renewal *renewal, enum renewal_stage stage);
};
enum err renewal_init(struct renewal *renewal, const struct factory *factory,
    const struct renewal_plan *plan) MUST_USE;
void renewal_release(struct renewal *renewal);
