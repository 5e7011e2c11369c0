/* A thread a log, none of them waited for longer than needed: what they share is freed by the last
 * who leaves. */
#include "proc/registrar/submitting.h"
#include "lib/http/client.h"
#include "lib/text/json.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LOG_TIMEOUT_MS = 10000, CONNECT_TIMEOUT_MS = 5000, ANSWER_MAX = 16 * 1024, URL_MAX = 512 };
enum { WAIT_MS = LOG_TIMEOUT_MS + 1000, BODY_MAX = 4 * CERTIFICATE_MAX_BYTES };

struct race;

/* One log asked. */
struct entrant {
    struct race *race;
    size_t log; /* place in the roster */
    char url[URL_MAX];
    enum err err;
    struct reason reason;
    struct buf sct;
    bool answered;
    bool counted;
};

struct race {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t holders;
    struct buf body, anchors;
    struct entrant entrants[CT_LOGS_MAX];
    size_t count;
};

static enum err race_start(const struct submitting *submitting, struct race **ret_race);
static void race_leave(struct race *race);
static void *entrant_run(void *ctx);
static enum err promise_ask(const struct entrant *entrant, struct buf *sct, struct reason *reason);
static enum err promise_read(struct span json, struct buf *sct, struct reason *ret_reason);
static enum err entrant_count(struct submitting *submitting, struct entrant *entrant,
    struct arena *arena, struct submission_row *ret_row);

enum err submitting_run(struct submitting *submitting, struct arena *arena,
    struct submission_row ret_rows[CT_LOGS_MAX], size_t *ret_count)
{
    struct race *race = NULL;
    struct timespec deadline;
    size_t count = 0, open = 0;
    enum err err = OK;
    TRY(race_start(submitting, &race));
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += WAIT_MS / 1000;
    pthread_mutex_lock(&race->mutex);
    for (bool late = false; err == OK;
         late = pthread_cond_timedwait(&race->changed, &race->mutex, &deadline) != 0) {
        open = 0;
        for (size_t i = 0; i < race->count && err == OK; i++) {
            struct entrant *entrant = &race->entrants[i];
            if (!entrant->answered && late) {
                entrant->reason = (struct reason){ 0 };
                entrant->err =
                    reason_set(&entrant->reason, ERR_TIMEOUT, "ct.silent", NULL, NULL, NULL);
            }
            bool done = entrant->answered || late;
            if (done && !entrant->counted) {
                entrant->counted = true;
                err = entrant_count(submitting, entrant, arena, &ret_rows[count]);
                count += err == OK;
            }
            open += !done;
        }
        bool enough =
            ct_policy_spare(submitting->promises, submitting->promise_count, submitting->lifetime);
        if (open == 0 || enough) {
            break;
        }
    }
    pthread_mutex_unlock(&race->mutex);
    race_leave(race);
    *ret_count = count;
    return err;
}

static void base64_append(struct buf *body, struct span der)
{
    size_t size = base64_length(der.len) + 1;
    char *room = (char *)buf_reserve(body, size);
    if (room != NULL) {
        base64_format(der, room, size);
        body->len += size - 1;
    }
}

static enum err race_start(const struct submitting *submitting, struct race **ret_race)
{
    const struct registrar *registrar = submitting->registrar;
    pthread_condattr_t monotonic;
    struct race *race = calloc(1, sizeof *race);
    if (race == NULL) {
        return ERR_MEMORY;
    }
    pthread_mutex_init(&race->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&race->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    race->holders = 1;
    race->body = buf_make(BODY_MAX);
    race->anchors = buf_make(FILE_MAX_BYTES);
    buf_append(&race->anchors, registrar->log_anchors);
    buf_append_text(&race->body, "{\"chain\":[\"");
    base64_append(&race->body, submitting->precertificate);
    buf_append_text(&race->body, "\",\"");
    base64_append(&race->body, submitting->issuer);
    buf_append_text(&race->body, "\"]}");
    enum err err = buf_check(&race->body);
    err = err == OK ? buf_check(&race->anchors) : err;
    pthread_mutex_lock(&race->mutex);
    for (size_t i = 0; i < registrar->roster.log_count && err == OK; i++) {
        pthread_t thread;
        struct entrant *entrant = &race->entrants[race->count];
        if (!submitting->wanted[i]) {
            continue;
        }
        *entrant = (struct entrant){ .race = race, .log = i, .sct = buf_make(SCT_MAX_BYTES) };
        snprintf(entrant->url, sizeof entrant->url, "%s/ct/v1/add-pre-chain",
            registrar->roster.logs[i].url);
        race->count++;
        race->holders++;
        if (pthread_create(&thread, NULL, entrant_run, entrant) == 0) {
            pthread_detach(thread);
        } else {
            race->holders--;
            entrant->answered = true;
            entrant->err = reason_set(&entrant->reason, ERR_AGAIN, "ct.silent", NULL, NULL, NULL);
        }
    }
    pthread_mutex_unlock(&race->mutex);
    if (err != OK) {
        race_leave(race);
        return err;
    }
    *ret_race = race;
    return OK;
}

static void race_leave(struct race *race)
{
    pthread_mutex_lock(&race->mutex);
    bool last = --race->holders == 0;
    pthread_mutex_unlock(&race->mutex);
    if (!last) {
        return;
    }
    for (size_t i = 0; i < race->count; i++) {
        buf_release(&race->entrants[i].sct);
    }
    buf_release(&race->body);
    buf_release(&race->anchors);
    pthread_cond_destroy(&race->changed);
    pthread_mutex_destroy(&race->mutex);
    free(race);
}

static void *entrant_run(void *ctx)
{
    struct entrant *entrant = ctx;
    struct race *race = entrant->race;
    struct reason reason = { 0 };
    AUTO(buf) sct = buf_make(SCT_MAX_BYTES);
    enum err err = promise_ask(entrant, &sct, &reason);
    pthread_mutex_lock(&race->mutex);
    if (!entrant->counted) {
        entrant->err = err;
        entrant->reason = reason;
        buf_append(&entrant->sct, buf_span(&sct));
        entrant->answered = true;
    }
    pthread_cond_signal(&race->changed);
    pthread_mutex_unlock(&race->mutex);
    race_leave(race);
    return NULL;
}

static enum err promise_ask(const struct entrant *entrant, struct buf *sct, struct reason *reason)
{
    AUTO_PTR(http_client) client = NULL;
    AUTO(http_answer) answer = { 0 };
    const struct http_client_config config = {
        .ca_pem = buf_span(&entrant->race->anchors),
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .timeout_ms = LOG_TIMEOUT_MS,
        .answer_max = ANSWER_MAX,
        .user_agent = "ecert-registrar",
    };
    const struct http_call call = {
        .method = HTTP_POST,
        .url = entrant->url,
        .content_type = "application/json",
        .body = buf_span(&entrant->race->body),
    };
    TRY(http_client_new(&config, &client));
    enum err err = http_client_call(client, &call, &answer, reason);
    if (err == ERR_TIMEOUT || err == ERR_AGAIN) {
        struct reason why = *reason;
        return reason_set(reason, err, "ct.silent", NULL, why.seen, NULL);
    }
    TRY(err);
    if (answer.status != 200) {
        char status[16];
        snprintf(status, sizeof status, "%d", answer.status);
        return reason_set(reason, ERR_AGAIN, "ct.status", NULL, status, "200");
    }
    if (promise_read(buf_span(&answer.body), sct, reason) != OK) {
        return reason_set(reason, ERR_INPUT, "ct.answer", NULL, NULL, NULL);
    }
    return OK;
}

static enum err octets_get(const struct value *object, const char *name, uint8_t *ret_octets,
    size_t size, size_t *ret_len, struct reason *ret_reason)
{
    const char *text = NULL;
    TRY(json_get_text(object, name, 2 * SCT_MAX_BYTES, &text, ret_reason));
    return base64_parse(span_from_text(text), ret_octets, size, ret_len);
}

/* The answer's fields as the one structure that they are parts of. */
static enum err promise_read(struct span json, struct buf *sct, struct reason *ret_reason)
{
    AUTO(arena) arena = arena_make(16 * ANSWER_MAX);
    struct value_tree tree = value_tree_make(&arena);
    const struct value *object = NULL;
    uint8_t id[SCT_LOG_ID_BYTES], extensions[SCT_MAX_BYTES], signature[SCT_MAX_BYTES];
    size_t id_len = 0, extensions_len = 0, signature_len = 0;
    int64_t version = 0, timestamp = 0;
    TRY(json_parse(json, ANSWER_MAX, &tree, &object, ret_reason));
    TRY(json_get_integer(object, "sct_version", &version, ret_reason));
    TRY(json_get_integer(object, "timestamp", &timestamp, ret_reason));
    TRY(octets_get(object, "id", id, sizeof id, &id_len, ret_reason));
    TRY(octets_get(
        object, "extensions", extensions, sizeof extensions, &extensions_len, ret_reason));
    TRY(octets_get(object, "signature", signature, sizeof signature, &signature_len, ret_reason));
    if (version != 0 || timestamp < 0 || id_len != sizeof id) {
        return ERR_INPUT;
    }
    return sct_write(id, (uint64_t)timestamp, span_make(extensions, extensions_len),
        span_make(signature, signature_len), sct);
}

/* A log's answer becomes a row; a promise counts only if it is this log's over this certificate. */
static enum err entrant_count(struct submitting *submitting, struct entrant *entrant,
    struct arena *arena, struct submission_row *ret_row)
{
    const struct registrar *registrar = submitting->registrar;
    const struct ct_log *log = &registrar->roster.logs[entrant->log];
    struct submission_row row = { .time = clock_now(&registrar->clock) };
    struct sct sct;
    enum err err = entrant->err;
    row.problem = entrant->reason;
    snprintf(row.log, sizeof row.log, "%s", log->name);
    if (err == OK && sct_parse(buf_span(&entrant->sct), &sct) != OK) {
        err = reason_set(&row.problem, ERR_INPUT, "ct.answer", NULL, NULL, NULL);
    }
    err = err == OK ? ct_promise_check(log, registrar->log_keys[entrant->log], &sct,
                          submitting->subject, &row.problem)
                    : err;
    if (err == OK) {
        row.sct = arena_span(arena, buf_span(&entrant->sct));
        if (row.sct.data == NULL) {
            return ERR_MEMORY;
        }
        submitting->promises[submitting->promise_count++] =
            (struct ct_promise){ log, (int64_t)(sct.timestamp_ms / 1000) };
    } else if (row.problem.code[0] == '\0') {
        (void)reason_set(&row.problem, err, "ct.answer", NULL, NULL, NULL);
    }
    *ret_row = row;
    return OK;
}
