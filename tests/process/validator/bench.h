#pragma once
/* One checker over a world of answers, for the tests of a perspective's check. */
#include "proc/validator/check.h"
#include "tests/unit/dns/fake_resolver.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW INT64_C(1795400000)

/* A checker over a world of answers, with the key of the group. */
struct bench {
    struct fake_world world;
    struct checker checker;
    struct validator_check check;
    char expected[EXPECTED_TEXT_MAX];
    uint8_t rdata[1 + EXPECTED_TEXT_MAX]; /* a TXT record with the expected value */
    struct report report;
    struct reason reason;
    struct buf der;
};

/* What a check and a rehearsal of it refuse before they ask anybody. */
struct senseless {
    const char *name, *code;
    enum dcv_method method;
    enum err err;
};
enum { SENSELESS_COUNT = 5 };
extern const struct senseless senseless[SENSELESS_COUNT];

/* Of a group of tests: makes the key once. */
int bench_prepare(void **state);
int bench_clear(void **state);

/* A check of this name by DNS; bench.der is the caller's to release. */
void bench_init(struct bench *bench, const char *name);
/* Derives the expected value once the challenge is as the test wants it. */
void bench_expect(struct bench *bench);
/* A TXT record with it; borrows from the bench. */
struct span bench_rdata(const struct bench *bench);
/* Checks against these answers; the observation is signed, and borrows from the bench. */
struct observation bench_run(struct bench *bench, struct fake_answer *answers, size_t count);
/* The first step of the report with this code; NULL if there is none. */
const struct report_step *bench_step(const struct bench *bench, const char *code);
