/* One thread, one step: wait until enough is there, take it in, relieve the ledger. */
#include "proc/signer/follow.h"
#include "lib/base/log.h"

#include <time.h>

enum { BYTES_MIN = 16 * 1024 * 1024, RETRY_SECONDS = 30 };

struct follower {
    struct follow_setup setup;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t poked;
    bool stop;
};

static void *follower_run(void *ctx);
static bool is_due(const struct follower *follower, struct journal_state *ret_state);
static void step(struct follower *follower, const struct journal_state *state, bool *ret_failed);

enum err follower_start(const struct follow_setup *setup, struct follower **ret_follower)
{
    struct follower *follower = calloc(1, sizeof *follower);
    if (follower == NULL) {
        return ERR_MEMORY;
    }
    follower->setup = *setup;
    pthread_mutex_init(&follower->mutex, NULL);
    pthread_cond_init(&follower->poked, NULL);
    if (pthread_create(&follower->thread, NULL, follower_run, follower) != 0) {
        free(follower);
        return ERR_AGAIN;
    }
    *ret_follower = follower;
    return OK;
}

void follower_stop(struct follower *follower)
{
    if (follower == NULL) {
        return;
    }
    pthread_mutex_lock(&follower->mutex);
    follower->stop = true;
    pthread_cond_signal(&follower->poked);
    pthread_mutex_unlock(&follower->mutex);
    pthread_join(follower->thread, NULL);
    pthread_cond_destroy(&follower->poked);
    pthread_mutex_destroy(&follower->mutex);
    free(follower);
}

/* Lost pokes do no harm: the next one wakes it, or the second. */
void follower_poke(struct follower *follower)
{
    struct journal_state state;
    if (follower != NULL && is_due(follower, &state) &&
        pthread_mutex_trylock(&follower->mutex) == 0) {
        pthread_cond_signal(&follower->poked);
        pthread_mutex_unlock(&follower->mutex);
    }
}

static bool is_due(const struct follower *follower, struct journal_state *ret_state)
{
    struct journal_state place;
    checkpoint_place(follower->setup.checkpoint, &place);
    journal_look(follower->setup.journal, ret_state);
    return ret_state->records - place.records >= follower->setup.records ||
           ret_state->bytes - place.bytes >= BYTES_MIN;
}

static void *follower_run(void *ctx)
{
    struct follower *follower = ctx;
    struct journal_state state;
    bool failed = false;
    pthread_mutex_lock(&follower->mutex);
    while (!follower->stop) {
        struct timespec until;
        if (!failed && is_due(follower, &state)) {
            pthread_mutex_unlock(&follower->mutex);
            step(follower, &state, &failed);
            pthread_mutex_lock(&follower->mutex);
            continue;
        }
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += failed ? RETRY_SECONDS : 1;
        pthread_cond_timedwait(&follower->poked, &follower->mutex, &until);
        failed = false;
    }
    pthread_mutex_unlock(&follower->mutex);
    return NULL;
}

static void step(struct follower *follower, const struct journal_state *state, bool *ret_failed)
{
    const struct follow_setup *setup = &follower->setup;
    bool advanced;
    enum err err = checkpoint_advance(setup->checkpoint, journal_fd(setup->journal), state->bytes,
        /* records_min= */ 1, &advanced);
    pthread_mutex_lock(setup->mutex);
    err = err == OK ? checkpoint_relieve(setup->checkpoint, setup->ledger) : err;
    pthread_mutex_unlock(setup->mutex);
    *ret_failed = err != OK || !advanced;
    if (*ret_failed) {
        log_event(LOG_WARNING, "journal.index_late", "err", err_name(err), "next",
            "retrying in 30 s", NULL);
    }
}
