#pragma once
/* What the registrar's parts share: configuration, roster, store and the bell that wakes workers.
 */
#include "lib/base/clock.h"
#include "lib/base/pace.h"
#include "lib/base/random.h"
#include "lib/ca/evidence.h"
#include "lib/config/config.h"
#include "lib/config/start.h"
#include "lib/crypto/key.h"
#include "lib/store/store.h"
#include "lib/wire/client.h"
#include "proc/registrar/queue.h"

#include <pthread.h>

enum {
    REGISTRAR_LEVEL_MAX = 160,
    /* How many enrolments are validated, and how many certificates asked for, at the same time. */
    PROMPT_WORKERS = 24,
    PATIENT_WORKERS = 8,
    REHEARSAL_WORKERS = 4,
    /* Half of the signer's connections, so that revocations, lists and blocked keys have theirs;
     * each waits for logs and disks most of its time, and the signer's records share a sync. */
    ISSUING_WORKERS = 16,
    /* What one step may hold of the store's rows and a warrant. */
    STEP_ARENA_BYTES = 8 * 1024 * 1024,
};

struct perspective_links;
struct suffix_list;

struct registrar {
    struct start start;
    struct config config;
    struct arena arena; /* of the roster and the transport's files */
    struct roster roster;
    struct key *perspective_keys[PERSPECTIVES_MAX]; /* in the roster's order */
    struct observation_verifier verifier;
    struct span transport_ca, transport_certificate, transport_key;
    struct key *log_keys[CT_LOGS_MAX]; /* in the roster's order */
    struct span log_anchors;           /* PEM; empty: the system's */
    struct store *store;
    struct clock clock;
    struct random random;
    struct bell bell;
    struct suffix_list *suffixes;
    struct perspective_links *links; /* that no round uses; under links_mutex */
    pthread_mutex_t links_mutex;
    struct queue queue;            /* of enrolments to be checked */
    struct pace target_pace;       /* of checks of one registrable domain */
    struct queue rehearsals;       /* of enrolments to be rehearsed */
    struct pace rehearsal_pace;    /* beside the checks' */
    pthread_mutex_t courier_mutex; /* one at a time draws a PIN */
    pthread_mutex_t crl_mutex;     /* one at a time makes a CRL */
    pthread_mutex_t anchor_mutex;  /* over the next */
    bool reconciled;               /* store and journal agreed when last compared */
    char sandbox_level[REGISTRAR_LEVEL_MAX];
};

/* One job among several of a kind: each takes the enrolments whose first byte falls to it, so that
 * no two ever work on the same one. */
struct share {
    unsigned index;
    unsigned of;
};

static inline bool share_has(const struct share *share, const uint8_t *id)
{
    return id[0] % share->of == share->index;
}

static inline struct act registrar_act(const struct registrar *registrar)
{
    return (struct act){ .actor = "registrar", .time = clock_now(&registrar->clock) };
}

/* Released without harm before registrar_client has made it. */
static inline struct client client_none(void)
{
    return (struct client){ .channel = channel_none() };
}

/* A client of the socket `name` in the run directory. */
enum err registrar_client(const struct registrar *registrar, const char *name, int64_t timeout_ms,
    struct client *ret_client) MUST_USE;
