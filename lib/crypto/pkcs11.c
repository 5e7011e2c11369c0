/* A token as its callers see it: a few threads that call, deadlines for those who wait, and a
 * breaker between the two. Calls are made in pkcs11_calls.c. */
#include "lib/crypto/pkcs11.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/crypto/pkcs11_internal.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    DEADLINE_MS = 5000,
    GENERATE_DEADLINE_MS = 120000,
    PAUSE_FIRST_MS = 1000,
    PAUSE_MAX_MS = 60000,
    FAILURES_MAX = 3, /* in a row: then the token is away */
    PIN_MAX = 256,
};

/* DigestInfo up to the hash itself (RFC 8017 §9.2). */
#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
static const struct span digest_infos[DIGEST_COUNT] = {
    [DIGEST_SHA256] =
        BYTES("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"),
    [DIGEST_SHA384] =
        BYTES("\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"),
    [DIGEST_SHA512] =
        BYTES("\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"),
};

/* What a fault is to whoever asked. */
static const struct {
    enum err err;
    const char *code;
} meanings[] = {
    [FAULT_NONE] = { OK, "" },
    [FAULT_SESSION] = { ERR_AGAIN, "token.fault" },
    [FAULT_DEVICE] = { ERR_AGAIN, "token.fault" },
    [FAULT_PIN] = { ERR_AGAIN, "token.pin_refused" },
    [FAULT_MISSING] = { ERR_AGAIN, "token.no_such_key" },
    [FAULT_EXISTS] = { ERR_CONFLICT, "token.key_exists" },
    [FAULT_MISMATCH] = { ERR_AGAIN, "token.other_key" },
    [FAULT_HUNG] = { ERR_AGAIN, "token.hung" },
    [FAULT_BUSY] = { ERR_AGAIN, "token.busy" },
    [FAULT_OTHER] = { ERR_AGAIN, "token.fault" },
};

static enum err module_load(
    struct token *token, const struct token_setup *setup, struct reason *ret_reason);
static enum err pin_read(
    struct token *token, const struct token_setup *setup, struct reason *ret_reason);
static enum err held_key(
    struct token *token, const struct pkcs11_uri *uri, struct span spki, struct key **ret_key);
static enum err key_by_job(
    struct token *token, struct job *job, struct key **ret_key, struct reason *ret_reason);
static enum err token_call(struct token *token, struct job *job, unsigned deadline_ms);
static struct token_worker *worker_take(
    struct token *token, const struct timespec *deadline, enum fault *ret_fault);
static void *worker_run(void *ctx);
static void judge(struct token *token, bool good, const char *event, const char *detail);

static void tell(struct token *token, const char *event, const char *detail)
{
    if (token->report.tell != NULL) {
        token->report.tell(token->report.ctx, event, token->label, detail);
    }
}

enum err token_open(
    const struct token_setup *setup, struct token **ret_token, struct reason *ret_reason)
{
    struct token *token = calloc(1, sizeof *token);
    pthread_condattr_t monotonic;
    if (token == NULL) {
        return ERR_MEMORY;
    }
    pthread_mutex_init(&token->mutex, NULL);
    pthread_mutex_init(&token->connecting, NULL);
    pthread_rwlock_init(&token->inside, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&token->freed, &monotonic);
    for (size_t i = 0; i < TOKEN_SESSIONS; i++) {
        token->workers[i].token = token;
        pthread_cond_init(&token->workers[i].wake, NULL);
    }
    pthread_condattr_destroy(&monotonic);
    snprintf(token->label, sizeof token->label, "%s", setup->label);
    token->makes_keys = setup->makes_keys;
    token->deadline_ms = setup->deadline_ms != 0 ? setup->deadline_ms : DEADLINE_MS;
    token->pause_first_ms = setup->pause_ms != 0 ? setup->pause_ms : PAUSE_FIRST_MS;
    token->report = setup->report;
    token->refusal_fd = -1;
    enum err err = module_load(token, setup, ret_reason);
    err = err == OK ? pin_read(token, setup, ret_reason) : err;
    if (err != OK) {
        token_free(token);
        return err;
    }
    *ret_token = token;
    return OK;
}

/* It stays loaded: what a module left running in the process would not survive its going. */
static enum err module_load(
    struct token *token, const struct token_setup *setup, struct reason *ret_reason)
{
    CK_C_GetFunctionList list = NULL;
    void *library = dlopen(setup->module, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return reason_set(ret_reason, access(setup->module, F_OK) == 0 ? ERR_DENIED : ERR_NOT_FOUND,
            "pkcs11.module", setup->module, dlerror(), NULL);
    }
    void *symbol = dlsym(library, "C_GetFunctionList");
    memcpy(&list, &symbol, sizeof list);
    if (list == NULL || list(&token->calls) != CKR_OK || token->calls == NULL) {
        return reason_set(
            ret_reason, ERR_DENIED, "pkcs11.module", setup->module, "C_GetFunctionList", NULL);
    }
    return OK;
}

/* Which PIN file it is, so that a refused one is known again: its content stays secret. */
static enum err pin_read(
    struct token *token, const struct token_setup *setup, struct reason *ret_reason)
{
    struct stat status;
    char refused[sizeof token->pin_identity] = "";
    if (setup->pin != NULL) {
        return secret_copy(secret_span(setup->pin), &token->pin);
    }
    enum err err = file_read_secret(setup->pin_file, PIN_MAX, &token->pin);
    if (err != OK || stat(setup->pin_file, &status) != 0) {
        return reason_set(ret_reason, err == OK ? ERR_NOT_FOUND : err, "pkcs11.pin_file",
            setup->pin_file, err_name(err), NULL);
    }
    snprintf(token->pin_identity, sizeof token->pin_identity, "%llu %llu %lld.%09ld\n",
        (unsigned long long)status.st_dev, (unsigned long long)status.st_ino,
        (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    if (setup->refusal_file == NULL) {
        return OK;
    }
    token->refusal_fd = open(setup->refusal_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (token->refusal_fd < 0 || pread(token->refusal_fd, refused, sizeof refused - 1, 0) < 0) {
        return reason_set(ret_reason, err_from_errno(errno), "pkcs11.refusal_file",
            setup->refusal_file, NULL, NULL);
    }
    if (strcmp(refused, token->pin_identity) == 0) {
        atomic_store(&token->pin_refused, true);
        tell(token, "token.pin_refused", "before; write the PIN file anew");
    }
    return OK;
}

/* If the disk can't take it, this process still remembers. */
void token_refuse_pin(struct token *token, bool tried, const char *detail)
{
    size_t len = strlen(token->pin_identity);
    atomic_store(&token->pin_refused, true);
    if (tried && token->refusal_fd >= 0 && ftruncate(token->refusal_fd, 0) == 0 &&
        pwrite(token->refusal_fd, token->pin_identity, len, 0) == (ssize_t)len) {
        (void)fdatasync(token->refusal_fd);
    }
    tell(token, "token.pin_refused", detail);
}

/* A thread that hangs in the module keeps all that it may still touch. */
void token_free(struct token *token)
{
    bool hangs = false;
    if (token == NULL) {
        return;
    }
    pthread_mutex_lock(&token->mutex);
    token->ending = true;
    for (size_t i = 0; i < TOKEN_SESSIONS; i++) {
        pthread_cond_signal(&token->workers[i].wake);
        hangs = hangs || token->workers[i].state == WORKER_LOST;
    }
    pthread_mutex_unlock(&token->mutex);
    if (hangs) {
        return;
    }
    for (size_t i = 0; i < TOKEN_SESSIONS; i++) {
        if (token->workers[i].state != WORKER_NONE) {
            (void)pthread_join(token->workers[i].thread, NULL);
        }
        pthread_cond_destroy(&token->workers[i].wake);
    }
    if (token->initialised && token->owner) {
        (void)token->calls->C_Finalize(NULL);
    }
    if (token->refusal_fd >= 0) {
        close(token->refusal_fd);
    }
    secret_release(&token->pin);
    pthread_cond_destroy(&token->freed);
    pthread_mutex_destroy(&token->mutex);
    pthread_mutex_destroy(&token->connecting);
    pthread_rwlock_destroy(&token->inside);
    free(token);
}

const char *token_label(const struct token *token)
{
    return token->label;
}

enum err token_key(
    struct token *token, const struct pkcs11_uri *uri, struct span spki, struct key **ret_key)
{
    return held_key(token, uri, spki, ret_key);
}

enum err token_key_find(struct token *token, const struct pkcs11_uri *uri, struct key **ret_key,
    struct reason *ret_reason)
{
    struct job job = { .kind = JOB_PUBLIC, .uri = *uri };
    return key_by_job(token, &job, ret_key, ret_reason);
}

enum err token_key_generate(struct token *token, const struct pkcs11_uri *uri, enum key_type type,
    struct key **ret_key, struct reason *ret_reason)
{
    struct job job = { .kind = JOB_GENERATE, .uri = *uri };
    key_type_shape(type, &job.key_kind, &job.bits);
    if (job.key_kind == KEY_ED25519 || uri->object[0] == '\0') {
        return reason_set(ret_reason, ERR_UNSUPPORTED, "token.key_type", token->label,
            key_type_name(type), "RSA, EC");
    }
    return key_by_job(token, &job, ret_key, ret_reason);
}

/* The answer's public half with the private one behind it, which has to prove itself once. */
static enum err key_by_job(
    struct token *token, struct job *job, struct key **ret_key, struct reason *ret_reason)
{
    AUTO_PTR(key) key = NULL;
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    enum err err = token_call(
        token, job, job->kind == JOB_GENERATE ? GENERATE_DEADLINE_MS : token->deadline_ms);
    if (err != OK) {
        return reason_set(
            ret_reason, err, meanings[job->fault].code, token->label, job->detail, NULL);
    }
    judge(token, /* good= */ true, NULL, NULL);
    err = held_key(token, &job->uri, span_make(job->spki, job->spki_len), &key);
    err = err == OK ? signature_make(key, signature_algorithm_of_key(key),
                          SPAN_LITERAL("a key on trial"), signature, &len)
                    : err;
    if (err != OK) {
        return reason_set(ret_reason, err, "token.key_useless", token->label, job->detail, NULL);
    }
    *ret_key = key;
    key = NULL;
    return OK;
}

static enum err held_key(
    struct token *token, const struct pkcs11_uri *uri, struct span spki, struct key **ret_key)
{
    AUTO_PTR(key) key = NULL;
    TRY(key_from_spki(spki, &key));
    if (key->kind == KEY_ED25519) {
        return ERR_UNSUPPORTED;
    }
    key->held = malloc(sizeof *key->held);
    if (key->held == NULL) {
        return ERR_MEMORY;
    }
    *key->held = (struct held){ token, *uri };
    key->is_private = true;
    *ret_key = key;
    key = NULL;
    return OK;
}

/* RFC 3279 §2.2.3 out of the token's r ‖ s. */
static enum err ecdsa_format(struct span raw, uint8_t *ret_signature, size_t *ret_len)
{
    struct der_writer writer = der_writer_make(ret_signature, SIGNATURE_MAX_BYTES);
    size_t half = raw.len / 2;
    der_open(&writer, DER_SEQUENCE);
    der_write_magnitude(&writer, span_make(raw.data, half));
    der_write_magnitude(&writer, span_make(raw.data + half, half));
    der_close(&writer);
    return der_writer_finish(&writer, ret_len);
}

enum err held_sign(const struct key *key, enum digest digest, const uint8_t *hash,
    uint8_t *ret_signature, size_t *ret_len)
{
    struct token *token = key->held->token;
    struct job job = { .kind = JOB_SIGN, .uri = key->held->uri, .key_kind = key->kind };
    struct span spki = key_spki(key);
    size_t hash_len = digest_size(digest);
    bool rsa = key->kind == KEY_RSA;
    if (rsa) {
        job.input_len = digest_infos[digest].len;
        memcpy(job.input, digest_infos[digest].data, job.input_len);
    }
    memcpy(job.input + job.input_len, hash, hash_len);
    job.input_len += hash_len;
    memcpy(job.spki, spki.data, spki.len);
    job.spki_len = spki.len;
    memcpy(job.spki_sha256, key->spki_sha256, SHA256_BYTES);
    TRY(token_call(token, &job, token->deadline_ms));
    size_t expected = rsa ? key->bits / 8 : 2 * ((size_t)(key->bits + 7) / 8);
    struct span raw = span_make(job.signature, job.signature_len);
    enum err err = raw.len == expected ? OK : ERR_CRYPTO;
    if (err == OK && rsa) {
        memcpy(ret_signature, raw.data, raw.len);
        *ret_len = raw.len;
    } else if (err == OK) {
        err = ecdsa_format(raw, ret_signature, ret_len);
    }
    explicit_bzero(job.signature, sizeof job.signature);
    if (err != OK) {
        held_judge(key, /* good= */ false);
        return ERR_CRYPTO;
    }
    return OK;
}

void held_judge(const struct key *key, bool good)
{
    judge(key->held->token, good, "token.bad_signature", "C_Sign");
}

/* Whether a request would be let through to the token now. The mutex is held. */
static bool away(const struct token *token)
{
    return atomic_load(&token->pin_refused) ||
           (token->failures >= FAILURES_MAX &&
               (token->trying || clock_monotonic_ms() < token->away_until_ms));
}

enum err held_ready(const struct key *key)
{
    struct token *token = key->held->token;
    pthread_mutex_lock(&token->mutex);
    bool refused = away(token);
    pthread_mutex_unlock(&token->mutex);
    return refused ? ERR_AGAIN : OK;
}

/* The mutex is held. */
static void judge_locked(struct token *token, bool good, const char *event, const char *detail)
{
    if (good) {
        bool back = token->failures >= FAILURES_MAX;
        token->failures = 0;
        token->trying = false;
        if (back) {
            tell(token, "token.back", "");
        }
        return;
    }
    token->failures++;
    if (token->failures <= FAILURES_MAX) {
        tell(token, event, detail);
    }
    if (token->failures < FAILURES_MAX) {
        return;
    }
    if (token->failures == FAILURES_MAX) {
        token->pause_ms = token->pause_first_ms;
        tell(token, "token.away", detail);
    } else if (token->trying) {
        token->pause_ms = 2 * token->pause_ms < PAUSE_MAX_MS ? 2 * token->pause_ms : PAUSE_MAX_MS;
    }
    token->trying = false;
    token->away_until_ms = clock_monotonic_ms() + token->pause_ms;
}

static void judge(struct token *token, bool good, const char *event, const char *detail)
{
    pthread_mutex_lock(&token->mutex);
    judge_locked(token, good, event, detail);
    pthread_mutex_unlock(&token->mutex);
}

static struct timespec deadline_after(unsigned milliseconds)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += milliseconds / 1000;
    deadline.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    return deadline;
}

/* Hands the job to a thread and waits for it: so long for a thread, and so long again for the
 * token, which is not to be blamed for a queue. A failure is judged here; a success by whoever can
 * tell whether it is one. The mutex is held. */
static void call_locked(struct token *token, struct job *job, unsigned deadline_ms)
{
    struct timespec deadline = deadline_after(deadline_ms);
    struct token_worker *worker = worker_take(token, &deadline, &job->fault);
    if (worker == NULL) {
        return;
    }
    deadline = deadline_after(deadline_ms);
    worker->job = *job;
    worker->state = WORKER_BUSY;
    pthread_cond_signal(&worker->wake);
    int waited = 0;
    while (worker->state == WORKER_BUSY && waited == 0) {
        waited = pthread_cond_timedwait(&token->freed, &token->mutex, &deadline);
    }
    if (worker->state == WORKER_DONE) {
        *job = worker->job;
        worker->state = WORKER_IDLE;
        pthread_cond_broadcast(&token->freed);
        return;
    }
    worker->state = WORKER_LOST;
    job->fault = FAULT_HUNG;
    snprintf(job->detail, sizeof job->detail, "no answer in time");
}

static enum err token_call(struct token *token, struct job *job, unsigned deadline_ms)
{
    pthread_mutex_lock(&token->mutex);
    if (away(token)) {
        pthread_mutex_unlock(&token->mutex);
        job->fault = atomic_load(&token->pin_refused) ? FAULT_PIN : FAULT_OTHER;
        snprintf(job->detail, sizeof job->detail, "away");
        return ERR_AGAIN;
    }
    token->trying = token->failures >= FAILURES_MAX;
    call_locked(token, job, deadline_ms);
    if (job->fault == FAULT_BUSY) {
        token->trying = false;
    } else if (job->fault == FAULT_EXISTS) {
        judge_locked(token, /* good= */ true, NULL, NULL);
    } else if (job->fault != FAULT_NONE) {
        judge_locked(token, /* good= */ false, "token.fault", job->detail);
    }
    pthread_mutex_unlock(&token->mutex);
    return meanings[job->fault].err;
}

/* An idle thread, or a new one, or the first that becomes idle. NULL if there is none in time, or
 * all hang. The mutex is held. */
static struct token_worker *worker_take(
    struct token *token, const struct timespec *deadline, enum fault *ret_fault)
{
    for (int waited = 0; waited == 0;) {
        size_t lost = 0;
        for (size_t i = 0; i < TOKEN_SESSIONS; i++) {
            struct token_worker *worker = &token->workers[i];
            if (worker->state == WORKER_NONE) {
                worker->state = WORKER_IDLE;
                if (pthread_create(&worker->thread, NULL, worker_run, worker) != 0) {
                    worker->state = WORKER_NONE;
                    continue;
                }
            }
            if (worker->state == WORKER_IDLE) {
                return worker;
            }
            lost += worker->state == WORKER_LOST;
        }
        if (lost == TOKEN_SESSIONS) {
            *ret_fault = FAULT_HUNG;
            return NULL;
        }
        waited = pthread_cond_timedwait(&token->freed, &token->mutex, deadline);
    }
    *ret_fault = FAULT_BUSY;
    return NULL;
}

/* One thread of the token: takes what it is given, calls, and hands back, unless nobody waits any
 * more. */
static void *worker_run(void *ctx)
{
    struct token_worker *worker = ctx;
    struct token *token = worker->token;
    struct job job;
    pthread_mutex_lock(&token->mutex);
    for (;;) {
        while (worker->state != WORKER_BUSY && !token->ending) {
            pthread_cond_wait(&worker->wake, &token->mutex);
        }
        if (worker->state != WORKER_BUSY) {
            break;
        }
        job = worker->job;
        pthread_mutex_unlock(&token->mutex);
        token_job_run(token, &worker->session, &job);
        pthread_mutex_lock(&token->mutex);
        if (worker->state == WORKER_LOST) {
            worker->state = WORKER_IDLE;
        } else {
            worker->job = job;
            worker->state = WORKER_DONE;
        }
        explicit_bzero(&job, sizeof job);
        pthread_cond_broadcast(&token->freed);
    }
    pthread_mutex_unlock(&token->mutex);
    token_session_close(token, &worker->session);
    return NULL;
}
