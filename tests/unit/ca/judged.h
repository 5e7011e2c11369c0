#pragma once
/* What the tests of the signer's judgement share: one factory, and the verdict on a sample. */
#include "tests/factory/factory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW INT64_C(1795000000) /* 2026-11-18 */

extern struct factory factory;

int make_factory(void **state);
int drop_factory(void **state);

/* Formats, parses and checks the sample at its own time; what the entitlement names lies in the
 * arena and in the sample. */
enum err judge(struct sample *sample, struct arena *arena, struct entitlement *ret_entitlement,
    struct reason *ret_reason) MUST_USE;
/* The same for who asks for nothing but the answer; and what was parsed is formatted again, to the
 * octet. */
enum err verdict(struct sample *sample, struct reason *ret_reason) MUST_USE;

/* For functions that spoil a `sample`. */
#define OBSERVATION(i) sample->observations[0][i]
#define EVERY_OBSERVATION(statement)                                                               \
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {                                            \
        struct observation *o = &sample->observations[0][i];                                       \
        statement;                                                                                 \
    }
#define SPOIL(name, statement)                                                                     \
    static void name(struct sample *sample)                                                        \
    {                                                                                              \
        statement;                                                                                 \
    }
