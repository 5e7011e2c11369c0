/* Every step is stored before the next: a promise that was made is found again after a kill, and
 * the signer answers the same to the same request. */
#include "proc/registrar/transparency.h"
#include "lib/base/log.h"
#include "lib/ca/profile.h"
#include "lib/pki/certificate.h"
#include "lib/wire/signer.h"
#include "proc/registrar/submitting.h"

#include <stdio.h>

enum { RETRY_FIRST_SECONDS = 5, RETRY_MAX_SECONDS = 900, RETRY_DOUBLINGS_MAX = 8 };

struct transparency_work {
    struct registrar *registrar;
    const struct certificate_row *row;
    const struct precertificate_row *precertificate;
    struct certificate parsed;
    struct ct_subject subject;
    struct buf signed_tbs;
    struct submission_row rows[CT_LOGS_MAX]; /* promises that hold */
    size_t row_count;
    struct submission_row news[CT_LOGS_MAX]; /* what the logs said now */
    size_t news_count;
    struct submitting submitting;
    struct arena *arena;
    int64_t next_try;
};

static enum err work_prepare(struct transparency_work *work);
static enum err promises_load(struct transparency_work *work);
static enum err promises_judge(const struct submitting *submitting, struct reason *ret_reason);
static enum err logs_ask(struct transparency_work *work);
static enum err complete(struct transparency_work *work, struct client *signer,
    struct buf *certificate, struct reason *ret_reason);
static enum err list_write(const struct transparency_work *work, struct buf *list);
static enum err news_commit(struct store *store, void *ctx);
static enum err retry_commit(struct store *store, void *ctx);

enum err transparency_step(struct registrar *registrar, struct client *signer,
    const struct certificate_row *row, const struct precertificate_row *precertificate,
    struct buf *certificate, enum transparency *ret_outcome, struct reason *ret_reason)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    AUTO(buf) signed_tbs = buf_make(CERTIFICATE_MAX_BYTES);
    int64_t now = clock_now(&registrar->clock);
    *ret_outcome = TRANSPARENCY_WAITING;
    if (now < precertificate->next_try) {
        return OK;
    }
    struct transparency_work *work = arena_alloc(&arena, 1, sizeof *work);
    if (work == NULL) {
        return ERR_MEMORY;
    }
    *work = (struct transparency_work){
        .registrar = registrar, .row = row, .precertificate = precertificate, .arena = &arena
    };
    TRY(certificate_parse(precertificate->der, &work->parsed));
    TRY(sct_signed_tbs(work->parsed.tbs, &signed_tbs));
    work->subject.signed_tbs = buf_span(&signed_tbs);
    TRY(work_prepare(work));
    struct submitting *submitting = &work->submitting;
    enum err err = promises_judge(submitting, ret_reason);
    if (err != OK) {
        TRY(logs_ask(work));
        err = promises_judge(submitting, ret_reason);
    }
    err = err == OK ? complete(work, signer, certificate, ret_reason) : err;
    if (err == OK) {
        *ret_outcome = TRANSPARENCY_COMPLETED;
        return OK;
    }
    bool late = now >= precertificate->signed_ + registrar->config.registrar.ct_give_up_seconds;
    if (err != ERR_DENIED && !(err == ERR_CRYPTO && late)) {
        return err; /* the signer is away, stopped or in trouble: it is no log's fault */
    }
    bool logs = strncmp(ret_reason->code, "ct.", 3) == 0;
    if (!logs || late) {
        *ret_outcome = TRANSPARENCY_GIVEN_UP;
        return OK;
    }
    return store_transact(registrar->store, retry_commit, work);
}

/* Everything the promises are held against, and those that are in the store. */
static enum err work_prepare(struct transparency_work *work)
{
    const struct registrar *registrar = work->registrar;
    const struct issuer *issuer = roster_issuer(&registrar->roster, work->row->issuer);
    struct certificate ca;
    uint8_t *hash = arena_alloc(work->arena, 1, SHA256_BYTES);
    if (issuer == NULL || hash == NULL) {
        return issuer == NULL ? ERR_NOT_FOUND : ERR_MEMORY;
    }
    TRY(certificate_parse(issuer->certificate, &ca));
    TRY(sha256(ca.spki, hash));
    work->subject.issuer_spki_sha256 = hash;
    work->subject.not_after = work->parsed.not_after;
    work->subject.now = clock_now(&registrar->clock);
    work->submitting = (struct submitting){ .registrar = registrar,
        .precertificate = work->precertificate->der,
        .issuer = issuer->certificate,
        .subject = &work->subject,
        .lifetime = work->parsed.not_after - work->parsed.not_before + 1 };
    for (size_t i = 0; i < registrar->roster.log_count; i++) {
        work->submitting.wanted[i] =
            ct_log_suits(&registrar->roster.logs[i], work->parsed.not_after);
    }
    return promises_load(work);
}

static enum err promises_load(struct transparency_work *work)
{
    const struct registrar *registrar = work->registrar;
    struct submitting *submitting = &work->submitting;
    struct submission_row *rows = NULL;
    size_t count = 0;
    TRY(store_submission_list(registrar->store, &work->row->request, work->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        const struct ct_log *log = roster_log(&registrar->roster, rows[i].log);
        struct sct sct;
        struct reason why = { 0 };
        if (log == NULL || sct_parse(rows[i].sct, &sct) != OK) {
            continue;
        }
        size_t at = (size_t)(log - registrar->roster.logs);
        if (ct_promise_check(log, registrar->log_keys[at], &sct, &work->subject, &why) == OK) {
            submitting->wanted[at] = false;
            work->rows[work->row_count++] = rows[i];
            submitting->promises[submitting->promise_count++] =
                (struct ct_promise){ log, (int64_t)(sct.timestamp_ms / 1000) };
        }
    }
    return OK;
}

static enum err promises_judge(const struct submitting *submitting, struct reason *ret_reason)
{
    *ret_reason = (struct reason){ 0 };
    return ct_policy_check(
        submitting->promises, submitting->promise_count, submitting->lifetime, ret_reason);
}

static enum err logs_ask(struct transparency_work *work)
{
    TRY(submitting_run(&work->submitting, work->arena, work->news, &work->news_count));
    for (size_t i = 0; i < work->news_count; i++) {
        const struct submission_row *news = &work->news[i];
        bool promised = news->sct.len > 0;
        if (promised) {
            work->rows[work->row_count++] = *news;
        }
        log_event(promised ? LOG_INFO : LOG_WARNING, promised ? "ct.promised" : "ct.not_promised",
            "log", news->log, "code", news->problem.code, "seen", news->problem.seen, NULL);
    }
    return store_transact(work->registrar->store, news_commit, work);
}

static enum err news_commit(struct store *store, void *ctx)
{
    const struct transparency_work *work = ctx;
    for (size_t i = 0; i < work->news_count; i++) {
        TRY(store_submission_put(store, &work->row->request, &work->news[i]));
    }
    return OK;
}

static enum err complete(struct transparency_work *work, struct client *signer,
    struct buf *certificate, struct reason *ret_reason)
{
    AUTO(buf) list = buf_make(SCT_LIST_MAX_BYTES);
    TRY(list_write(work, &list));
    const struct signer_complete message = { work->row->request, buf_span(&list) };
    buf_clear(certificate);
    return signer_call_complete(signer, &message, certificate, ret_reason);
}

/* As many as a certificate takes, those of an operator who has none in the list yet before the
 * others. */
static enum err list_write(const struct transparency_work *work, struct buf *list)
{
    size_t len = 2;
    struct sct scts[SCT_LIST_MAX];
    const char *operators[SCT_LIST_MAX];
    bool taken[CT_LOGS_MAX] = { false };
    size_t count = 0;
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < work->row_count && count < SCT_LIST_MAX; i++) {
            const struct ct_log *log = roster_log(&work->registrar->roster, work->rows[i].log);
            bool known = false;
            for (size_t j = 0; j < count; j++) {
                known = known || strcmp(operators[j], log->operator_name) == 0;
            }
            bool fits = len + 2 + work->rows[i].sct.len <= PROFILE_SCT_LIST_MAX;
            if (fits && !taken[i] && (!known || round == 1)) {
                len += 2 + work->rows[i].sct.len;
                TRY(sct_parse(work->rows[i].sct, &scts[count]));
                operators[count++] = log->operator_name;
                taken[i] = true;
            }
        }
    }
    return sct_list_write(scts, count, list);
}

/* Ever more slowly. */
static enum err retry_commit(struct store *store, void *ctx)
{
    const struct transparency_work *work = ctx;
    int64_t doublings = work->precertificate->attempts < RETRY_DOUBLINGS_MAX
                            ? work->precertificate->attempts
                            : RETRY_DOUBLINGS_MAX;
    int64_t wait = RETRY_FIRST_SECONDS * (INT64_C(1) << doublings);
    wait = wait < RETRY_MAX_SECONDS ? wait : RETRY_MAX_SECONDS;
    return store_precertificate_retry(
        store, &work->row->request, clock_now(&work->registrar->clock) + wait);
}
