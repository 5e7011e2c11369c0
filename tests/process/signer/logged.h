#pragma once
/* One signer core over its own folder, with logs, and requests on their way through it. */
#include "lib/base/file.h"
#include "lib/pki/sct.h"
#include "proc/signer/issue.h"
#include "tests/factory/factory.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW INT64_C(1795000000) /* 2026-11-18 */

enum { SCTS = 3 };

/* What a test shares with its core. */
struct logged_world {
    struct factory factory;
    struct issuer_key issuers[2];
    char folder[32];
    char journal_path[PATH_MAX];
    int64_t time;
    bool watched;    /* by the time since boot */
    int64_t elapsed; /* that */
};
extern struct logged_world world;

int world_make(void **state);
int world_drop(void **state);
/* At NOW again, without a journal. */
int world_begin(void **state);
struct issuing *core(void);

/* One request on its way: its warrant, its precertificate, and enough promises for it. */
struct walk {
    struct sample sample;
    const struct request_id *request;
    struct signer_serial serial;
    struct buf precertificate, list;
};

void walk_begin(struct issuing *issuing, struct walk *walk, unsigned number);
void walk_release(struct walk *walk);
enum err complete(struct issuing *issuing, const struct walk *walk, struct span list,
    struct buf *certificate, struct reason *ret_reason) MUST_USE;

/* A list of these promises, each spoilt as its row says. */
struct promises {
    const char *code;
    size_t logs[SCTS];
    size_t count;
    int64_t later;
    bool of_another, forged, cut;
};

void promises_write(const struct promises *promises, const struct walk *walk,
    const struct walk *other, struct buf *list);
