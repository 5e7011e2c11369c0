#pragma once
/* Randomness as an interface, so that tests can be deterministic. */
#include "lib/base/bytes.h"

struct random {
    enum err (*fill)(void *ctx, uint8_t *ret_bytes, size_t len);
    void *ctx;
};

/* The kernel's generator by getrandom(2): no state in the process that a fork could copy. */
struct random random_system(void);
enum err random_fill(const struct random *random, uint8_t *ret_bytes, size_t len) MUST_USE;
/* `count` decimal digits without bias, not terminated. */
enum err random_digits(const struct random *random, uint8_t *ret_digits, size_t count) MUST_USE;
