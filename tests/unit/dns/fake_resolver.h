#pragma once
/* A resolver whose world is a table. What isn't in the table exists and has no data, securely. */
#include "lib/dns/resolver.h"

#include <stdlib.h>
#include <strings.h>

struct fake_answer {
    const char *name;
    enum dns_type type;
    enum err err; /* of the lookup itself */
    int rcode;
    enum dns_security security;
    bool unsigned_delegation;
    struct span records[4];
    const char *canonical; /* where CNAMEs led to; NULL: nowhere */
    unsigned fails_first;  /* SERVFAIL this many times before the answer */
};

struct fake_world {
    struct fake_answer *answers;
    size_t count;
    char asked[64][HOST_NAME_MAX_LENGTH + 20]; /* "name type" in the order of the questions */
    size_t asked_count;
};

static enum err fake_lookup(void *ctx, const char *name, enum dns_type type, int64_t deadline_ms,
    struct dns_answer *ret_answer)
{
    struct fake_world *world = ctx;
    (void)deadline_ms;
    if (world->asked_count < 64) {
        snprintf(world->asked[world->asked_count++], sizeof world->asked[0], "%s %d", name, type);
    }
    struct dns_answer answer = { .bytes = buf_make(DNS_ANSWER_MAX_BYTES) };
    for (size_t i = 0; i < world->count; i++) {
        struct fake_answer *fake = &world->answers[i];
        if (fake->type != type || strcasecmp(fake->name, name) != 0) {
            continue;
        }
        if (fake->err != OK) {
            return fake->err;
        }
        if (fake->fails_first > 0) {
            fake->fails_first--;
            answer.rcode = DNS_RCODE_SERVFAIL;
            answer.security = DNS_SECURITY_INSECURE;
            break;
        }
        answer.rcode = fake->rcode;
        answer.security = fake->security;
        answer.unsigned_delegation = fake->unsigned_delegation;
        if (fake->canonical != NULL) {
            snprintf(answer.canonical, sizeof answer.canonical, "%s", fake->canonical);
        }
        while (answer.record_count < 4 && fake->records[answer.record_count].data != NULL) {
            answer.records[answer.record_count] = fake->records[answer.record_count];
            answer.record_count++;
        }
        break;
    }
    *ret_answer = answer;
    return OK;
}

static inline struct resolver fake_resolver(struct fake_world *world)
{
    return (struct resolver){ .lookup = fake_lookup, .ctx = world };
}
