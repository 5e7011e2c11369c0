#pragma once
/* The signer's core with logs, and requests on their way through it. */
#include "lib/pki/sct.h"
#include "tests/process/signer/core.h"

enum { SCTS = 3 };

/* A world with logs. */
int logged_make(void **state);

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
