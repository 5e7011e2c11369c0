#pragma once
/* Whose check is next, and how long it may take. Longest waiting first, but nobody's slow or many
 * checks before everybody else's: a subscriber has few rounds at a time, a domain too, and what had
 * to be waited for goes to workers of its own. Nobody is known to be slow before it has been tried:
 * the more rounds are waited for, the shorter the time in which a further one must answer to stay
 * with the others, and some workers are kept for whom nobody has had to wait for. */
#include "lib/base/clock.h"
#include "lib/store/pacing.h"
#include "proc/registrar/bell.h"

#include <pthread.h>

enum {
    /* How many due enrolments are looked at at a time; those behind them come with the next look.
     */
    QUEUE_ROWS_MAX = 8192,
    QUEUE_FLIGHTS_MAX = 64,
    QUEUE_TARGETS_MAX = 4,
    QUEUE_AIMS_MAX = 4096,
    QUEUE_KNOWN_MAX = 16384,
    QUEUE_KNOWN_PLACES = 8, /* for each; the one that was noted first makes room */
    /* How long a subscriber's slow round is held against his others. */
    SLOW_REMEMBERED_MS = 600000,
    /* Rounds of one subscriber, and of one registrable domain, at the same time in one lane. */
    PROMPT_ROUNDS_MAX = 4,
    PATIENT_ROUNDS_MAX = 2,
    REHEARSAL_ROUNDS_MAX = 1,
    /* Prompt rounds of all subscribers of whom nothing is known; the workers above that number
     * (PROMPT_WORKERS) serve those whose last round was quick. */
    UNKNOWN_ROUNDS_MAX = 18,
    /* How long a name's check may take where others wait behind it, at most and with less room.
     * What needs more is not judged by that, but checked again where there is time. */
    PROMPT_PATIENCE_MS = 4000,
    CROWDED_PATIENCE_MS = 2500,
    /* So many prompt rounds that are waited for already leave less room. */
    CROWDED_ROUNDS = 8,
    WAITED_FOR_MS = 1000,
    /* Two patient rounds begin so far apart: a crowd that was found slow at one moment must not
     * take the processors from everybody at the next. */
    PATIENT_SPACING_MS = 150,
};

enum queue_lane {
    QUEUE_PROMPT,    /* whatever was not slow the last time */
    QUEUE_PATIENT,   /* what was */
    QUEUE_REHEARSAL, /* nobody's certificate waits for it; in a queue of its own */
    QUEUE_LANES,
};

/* Who is next. */
struct queue_turn {
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    unsigned patience_ms; /* for each of its names; 0: as long as a check takes */
    bool yields;          /* others' checks go before it where processors are short */
};

/* A round under way. */
struct queue_flight {
    bool used;
    bool unknown; /* nothing was known of the subscriber when it began */
    enum queue_lane lane;
    int64_t begun_ms;
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    uint64_t subscriber;
    uint64_t targets[QUEUE_TARGETS_MAX]; /* 0: none */
};

struct queue {
    pthread_mutex_t mutex;
    pthread_mutex_t lookouts[QUEUE_LANES]; /* held by the one who watches for all of the lane */
    enum err (*due)(struct store *store, int64_t since, int64_t now, size_t limit,
        struct arena *arena, struct pacing_due **ret_rows, size_t *ret_count); /* what fills it */
    struct queue_list {
        struct arena arena;
        struct pacing_due *rows; /* taken ones have no subscriber any more */
        size_t count;
    } all, fresh;       /* what is due, and what has become so since that was read */
    int64_t filled;     /* when all was read, by the clock of the store */
    int64_t filled_ms;  /* and by the one that doesn't go back */
    uint64_t bell;      /* what had rung when either was read */
    int64_t patient_ms; /* when the last patient round began */
    struct queue_flight flights[QUEUE_FLIGHTS_MAX];
    struct {
        uint64_t enrolment, target; /* what was found to have its fill the last time */
    } aims[QUEUE_AIMS_MAX];
    struct {
        uint64_t subscriber;
        int64_t slow_ms;  /* when his last slow round was over; 0: his last one was quick */
        int64_t noted_ms; /* when his last round was over */
    } known[QUEUE_KNOWN_MAX];
};

/* Static initialisation of a queue that nobody has used. */
#define QUEUE_INIT(due_)                                                                           \
    {                                                                                              \
        .mutex = PTHREAD_MUTEX_INITIALIZER,                                                        \
        .lookouts = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,                        \
            PTHREAD_MUTEX_INITIALIZER },                                                           \
        .due = (due_)                                                                              \
    }

/* Waits for the next turn in this lane; errors are the store's. Of all who wait in a lane one
 * watches, so that a ring wakes one and not each; who gets a turn leaves the watch to the next. */
enum err queue_await(struct queue *queue, struct store *store, enum queue_lane lane,
    const struct clock *clock, struct bell *bell, struct queue_turn *ret_turn) MUST_USE;
/* The next enrolment of this lane, which is nobody else's until queue_done; *ret_found is false if
 * there is none. `bell` is how often something has happened that may have made more due. */
enum err queue_take(struct queue *queue, struct store *store, enum queue_lane lane, int64_t now,
    uint64_t bell, struct queue_turn *ret_turn, bool *ret_found) MUST_USE;
/* Notes what the round will look at; false if one of the targets has its fill: then the enrolment
 * is given back by queue_done, and comes again when there is room. */
bool queue_aim(struct queue *queue, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const uint64_t *targets, size_t count);
/* `made` if the round was made, `slow` if it had to be waited for. Of a subscriber whose last round
 * was slow, all others count as slow; one of whom nothing is known has one round at a time. */
void queue_done(
    struct queue *queue, const uint8_t enrolment[ENROLMENT_ID_BYTES], bool made, bool slow);
