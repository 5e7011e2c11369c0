/* One table of jobs, one loop for all. A step that fails is tried again, ever more slowly; a ring
 * of the bell shortens every wait, so that nobody waits for a service that has just come back. */
#include "proc/registrar/worker.h"
#include "lib/base/log.h"
#include "lib/store/rehearsal.h"
#include "lib/store/session.h"
#include "lib/store/throttle.h"
#include "proc/registrar/acceptance.h"
#include "proc/registrar/blocking.h"
#include "proc/registrar/control.h"
#include "proc/registrar/credentials.h"
#include "proc/registrar/issuing.h"
#include "proc/registrar/ageing.h"
#include "proc/registrar/lists.h"
#include "proc/registrar/mailing.h"
#include "proc/registrar/rehearsing.h"
#include "proc/registrar/validation.h"

#include <stdlib.h>

/* A check has its own deadline; this is for a perspective that has gone away under it. */
enum { PERSPECTIVE_MS = 45000 };
enum { FAILURE_WAIT_MAX_MS = 30000, SWEEP_SECONDS = 60, WATCH_SECONDS = 3600 };

struct worker {
    struct registrar *registrar;
    const struct job *job;
    struct share share;
    struct client signer;
    struct client courier;
    struct validation validation;
    int64_t swept;
};

struct job {
    const char *name;
    unsigned workers;
    enum err (*step)(struct worker *worker, bool *ret_worked);
    int64_t perspective_ms; /* how long a perspective is waited for; 0: PERSPECTIVE_MS */
};

static enum err step_credentials(struct worker *worker, bool *ret_worked);
static enum err step_mailing(struct worker *worker, bool *ret_worked);
static enum err step_validation(struct worker *worker, bool *ret_worked);
static enum err step_patient_validation(struct worker *worker, bool *ret_worked);
static enum err step_rehearsing(struct worker *worker, bool *ret_worked);
static enum err step_issuing(struct worker *worker, bool *ret_worked);
static enum err step_blocking(struct worker *worker, bool *ret_worked);
static enum err step_revocation(struct worker *worker, bool *ret_worked);
static enum err step_crl(struct worker *worker, bool *ret_worked);
static enum err step_sessions(struct worker *worker, bool *ret_worked);
static enum err step_acceptance(struct worker *worker, bool *ret_worked);
static enum err worker_start(struct registrar *registrar, const struct job *job, unsigned index);
static enum err worker_prepare(struct worker *worker);
static void *worker_run(void *ctx);

static const struct job jobs[] = {
    { "credentials", 1, step_credentials, 0 },
    { "mailing", 1, step_mailing, 0 },
    { "validation", PROMPT_WORKERS, step_validation, PROMPT_PATIENCE_MS + 3000 },
    { "patient validation", PATIENT_WORKERS, step_patient_validation, 0 },
    { "rehearsing", REHEARSAL_WORKERS, step_rehearsing, REHEARSAL_ANSWER_MS },
    { "issuing", ISSUING_WORKERS, step_issuing, 0 },
    { "blocking", 1, step_blocking, 0 },
    { "revocation", 1, step_revocation, 0 },
    { "crl", 1, step_crl, 0 },
    { "sessions", 1, step_sessions, 0 },
    { "acceptance", 1, step_acceptance, 0 },
};

enum err workers_start(struct registrar *registrar, struct reason *ret_reason)
{
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        for (unsigned index = 0; index < jobs[i].workers; index++) {
            enum err err = worker_start(registrar, &jobs[i], index);
            if (err != OK) {
                return reason_set(ret_reason, err, "registrar.worker", jobs[i].name, NULL, NULL);
            }
        }
    }
    return OK;
}

/* Workers live as long as the process. */
static enum err worker_start(struct registrar *registrar, const struct job *job, unsigned index)
{
    pthread_t thread;
    struct worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL) {
        return ERR_MEMORY;
    }
    worker->registrar = registrar;
    worker->job = job;
    worker->share = (struct share){ .index = index, .of = job->workers };
    TRY(worker_prepare(worker));
    if (pthread_create(&thread, NULL, worker_run, worker) != 0) {
        return ERR_AGAIN;
    }
    return pthread_detach(thread) == 0 ? OK : ERR_AGAIN;
}

static enum err worker_prepare(struct worker *worker)
{
    struct validation *validation = &worker->validation;
    TRY(registrar_client(worker->registrar, "signer.sock", SIGNER_TIMEOUT_MS, &worker->signer));
    TRY(registrar_client(worker->registrar, "courier.sock", COURIER_TIMEOUT_MS, &worker->courier));
    int64_t timeout_ms =
        worker->job->perspective_ms == 0 ? PERSPECTIVE_MS : worker->job->perspective_ms;
    return perspective_links_make(
        worker->registrar, timeout_ms, validation->links, &validation->link_count);
}

static void *worker_run(void *ctx)
{
    struct worker *worker = ctx;
    struct bell *bell = &worker->registrar->bell;
    int64_t wait_ms = IDLE_WAIT_MS;
    for (;;) {
        uint64_t count = bell_count(bell);
        bool worked = false;
        enum err err = worker->job->step(worker, &worked);
        if (err != OK) {
            log_event(
                LOG_WARNING, "step.failed", "job", worker->job->name, "err", err_name(err), NULL);
            wait_ms = wait_ms * 2 < FAILURE_WAIT_MAX_MS ? wait_ms * 2 : FAILURE_WAIT_MAX_MS;
            bell_wait(bell, count, wait_ms);
        } else if (worked) {
            bell_ring(bell); /* one job's result is another's work */
        } else {
            wait_ms = IDLE_WAIT_MS;
            bell_wait(bell, count, wait_ms);
        }
    }
    return NULL;
}

static enum err step_credentials(struct worker *worker, bool *ret_worked)
{
    return credentials_step(worker->registrar, &worker->courier, ret_worked);
}

static enum err step_mailing(struct worker *worker, bool *ret_worked)
{
    return mailing_step(worker->registrar, &worker->validation.links[0], ret_worked);
}

static enum err step_validation(struct worker *worker, bool *ret_worked)
{
    return validation_step(worker->registrar, &worker->validation, ret_worked);
}

static enum err step_patient_validation(struct worker *worker, bool *ret_worked)
{
    worker->validation.lane = QUEUE_PATIENT;
    return validation_step(worker->registrar, &worker->validation, ret_worked);
}

static enum err step_rehearsing(struct worker *worker, bool *ret_worked)
{
    return rehearsing_step(worker->registrar, &worker->validation, ret_worked);
}

static enum err step_issuing(struct worker *worker, bool *ret_worked)
{
    return issuing_step(worker->registrar, &worker->signer, &worker->share, ret_worked);
}

static enum err step_blocking(struct worker *worker, bool *ret_worked)
{
    return blocking_step(worker->registrar, &worker->signer, ret_worked);
}

static enum err step_revocation(struct worker *worker, bool *ret_worked)
{
    bool stranded = false;
    enum err err = stranded_step(worker->registrar, &worker->signer, &stranded);
    TRY(revocation_step(worker->registrar, &worker->signer, ret_worked));
    *ret_worked = *ret_worked || stranded;
    return err;
}

static enum err step_crl(struct worker *worker, bool *ret_worked)
{
    int64_t now = clock_now(&worker->registrar->clock);
    enum err err = crl_step(worker->registrar, &worker->signer, ret_worked);
    if (now - worker->swept >= WATCH_SECONDS) {
        worker->swept = now;
        TRY(ageing_watch(worker->registrar));
    }
    return err;
}

static enum err sessions_sweep(struct store *store, void *ctx)
{
    const int64_t *now = ctx;
    TRY(store_throttle_sweep(store, *now - DAY_SECONDS)); /* no window is longer */
    TRY(store_rehearsal_sweep(store, *now - REHEARSAL_KEPT_SECONDS));
    return store_session_sweep(store, *now);
}

static enum err step_sessions(struct worker *worker, bool *ret_worked)
{
    int64_t now = clock_now(&worker->registrar->clock);
    *ret_worked = false;
    if (now - worker->swept < SWEEP_SECONDS) {
        return OK;
    }
    worker->swept = now;
    return store_transact(worker->registrar->store, sessions_sweep, &now);
}

static enum err step_acceptance(struct worker *worker, bool *ret_worked)
{
    int64_t now = clock_now(&worker->registrar->clock);
    *ret_worked = false;
    if (now - worker->swept < SWEEP_SECONDS) {
        return OK;
    }
    worker->swept = now;
    return acceptance_step(worker->registrar, ret_worked);
}
