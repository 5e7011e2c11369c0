#pragma once
/* The signer's core without its process: over a journal in a folder of its own, with the factory's
 * issuing CAs, at the time that a test says. */
#include "lib/base/file.h"
#include "lib/journal/proof.h"
#include "proc/signer/issue.h"
#include "tests/factory/factory.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW INT64_C(1795000000) /* 2026-11-18 */

enum { WORLD_ISSUERS = 2 };

/* What a test shares with its core. */
struct world {
    struct factory factory;
    struct issuer_key issuers[WORLD_ISSUERS];
    size_t issuer_count;
    const struct weaklist *weak;
    char folder[32];
    char journal_path[PATH_MAX];
    int64_t time;
    void (*at_clock)(void); /* what happens elsewhere while somebody looks at the clock */
    bool watched;           /* by the time since boot */
    int64_t elapsed;        /* that */
};
extern struct world world;

/* Of a group of tests: with issuing CAs of RSA 2048, or of P-256. */
int world_make(void **state);
int world_make_p256(void **state);
int world_drop(void **state);
/* Of each test: at NOW again, without a journal. */
int world_begin(void **state);

/* `ret_cut` may be NULL. */
enum err core_open(
    struct issuing **ret_issuing, int64_t *ret_cut, struct reason *ret_reason) MUST_USE;
/* The same where nothing may keep it from opening. */
struct issuing *core(void);

/* The proof of the journal at this path, by one roster with the hash of the world's; the proof's
 * file is closed again. */
enum err prove(const char *path, const struct roster *roster, struct proof *ret_proof,
    struct reason *ret_reason) MUST_USE;
