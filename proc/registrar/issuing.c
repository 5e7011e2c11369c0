/* Gather, reserve, commit the serial, issue, commit the certificate; where the roster has logs,
 * commit the precertificate and go by way of them. Each of the signer's answers is the same when it
 * is asked again, so a kill between any two of these steps costs nothing. */
#include "proc/registrar/issuing.h"
#include "lib/base/log.h"
#include "lib/pki/certificate.h"
#include "lib/store/application.h"
#include "lib/store/blocked.h"
#include "lib/store/evidence.h"
#include "lib/store/outbox.h"
#include "lib/wire/signer.h"
#include "proc/registrar/acceptance.h"
#include "proc/registrar/anchoring.h"
#include "proc/registrar/transparency.h"

#include <stdio.h>

enum { STEP_ENROLMENTS = 64 };

struct issuing {
    struct registrar *registrar;
    struct client *signer;
    struct act act;
    struct enrolment_row enrolment;
    struct certificate_row row;
    struct application application;
    struct signer_serial serial;
    struct anchor anchor;
    struct outbox_row mail;
    struct reason reason;
    struct arena *arena;
    bool waits; /* for logs: nothing is to be done now */
};

static enum err issue_one(struct issuing *issuing);
static enum err certificate_obtain(struct issuing *issuing);
static enum err warrant_present(struct issuing *issuing, struct buf *der, bool *ret_precertificate);
static enum err logs_go_by(struct issuing *issuing, const struct precertificate_row *row);
static enum err serial_abandon(struct issuing *issuing);
static enum err precertificate_commit(struct store *store, void *ctx);
static enum err abandon_commit(struct store *store, void *ctx);
static enum err problem_tell(struct issuing *issuing);
static enum err problem_commit(struct store *store, void *ctx);
static enum err stranded_commit(struct store *store, void *ctx);
static enum err certificate_accept(struct issuing *issuing, struct span der);
static enum err mail_write(struct issuing *issuing);
static enum err reserve_commit(struct store *store, void *ctx);
static enum err issue_commit(struct store *store, void *ctx);
static enum err refusal_handle(struct issuing *issuing, enum err err);
static enum err lapse_commit(struct store *store, void *ctx);
static enum err refuse_commit(struct store *store, void *ctx);
static enum err stop_commit(struct store *store, void *ctx);

enum err issuing_step(
    struct registrar *registrar, struct client *signer, const struct share *share, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct enrolment_row *rows = NULL;
    size_t count = 0;
    bool worked = false;
    enum err last = OK;
    TRY(store_enrolment_list(
        registrar->store, ENROLMENT_ISSUING, STEP_ENROLMENTS, &arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        if (!share_has(share, rows[i].id)) {
            continue;
        }
        AUTO(arena) own = arena_make(STEP_ARENA_BYTES);
        struct issuing issuing = { .registrar = registrar,
            .signer = signer,
            .arena = &own,
            .act = registrar_act(registrar),
            .enrolment = rows[i] };
        enum err err = issue_one(&issuing);
        if (err != OK) {
            log_failure(LOG_ERROR, "certificate.not_issued", err, &issuing.reason);
            last = err;
        }
        worked = worked || (err == OK && !issuing.waits);
    }
    *ret_worked = worked;
    return last;
}

static enum err issue_one(struct issuing *issuing)
{
    struct store *store = issuing->registrar->store;
    struct request_id request = { .ordinal = issuing->enrolment.ordinal };
    struct application_row application = { 0 };
    memcpy(request.enrolment, issuing->enrolment.id, sizeof request.enrolment);
    TRY(store_certificate_by_request(store, &request, issuing->arena, &issuing->row));
    TRY(store_application_get(store, issuing->enrolment.application, issuing->arena, &application));
    TRY(application_parse(application.der, issuing->arena, &issuing->application));
    enum err err = certificate_obtain(issuing);
    bool stopped = strcmp(issuing->reason.code, "issuance.stopped") == 0;
    if (stopped && strcmp(issuing->enrolment.problem.code, issuing->reason.code) != 0) {
        TRY(store_transact(store, stop_commit, issuing));
    }
    return err == ERR_DENIED ? refusal_handle(issuing, err) : err;
}

static enum err certificate_obtain(struct issuing *issuing)
{
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    struct store *store = issuing->registrar->store;
    const struct request_id *request = &issuing->row.request;
    struct precertificate_row precertificate = { .attempts = 0 };
    bool logged = false;
    enum err err = store_precertificate_get(store, request, issuing->arena, &precertificate);
    if (err == ERR_NOT_FOUND) {
        TRY(warrant_present(issuing, &der, &logged));
        if (!logged) {
            return certificate_accept(issuing, buf_span(&der));
        }
        issuing->row.der = buf_span(&der);
        TRY(store_transact(store, precertificate_commit, issuing));
        TRY(store_certificate_by_request(store, request, issuing->arena, &issuing->row));
        err = store_precertificate_get(store, request, issuing->arena, &precertificate);
    }
    TRY(err);
    return logs_go_by(issuing, &precertificate);
}

static enum err precertificate_commit(struct store *store, void *ctx)
{
    const struct issuing *issuing = ctx;
    return store_precertificate_put(store, &issuing->act, &issuing->row.request, issuing->row.der);
}

static enum err logs_go_by(struct issuing *issuing, const struct precertificate_row *row)
{
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    enum transparency outcome;
    issuing->serial.len = issuing->row.serial.len;
    memcpy(issuing->serial.bytes, issuing->row.serial.data, issuing->row.serial.len);
    TRY(transparency_step(
        issuing->registrar, issuing->signer, &issuing->row, row, &der, &outcome, &issuing->reason));
    switch (outcome) {
    case TRANSPARENCY_WAITING:
        issuing->waits = true;
        return problem_tell(issuing);
    case TRANSPARENCY_COMPLETED:
        return certificate_accept(issuing, buf_span(&der));
    case TRANSPARENCY_GIVEN_UP:
        break;
    }
    return serial_abandon(issuing);
}

/* The signer first: what the store gives up must not be signed any more. */
static enum err serial_abandon(struct issuing *issuing)
{
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    const struct signer_reserve abandoned = { issuing->row.request };
    const struct signer_complete complete = { .request = issuing->row.request };
    struct reason why = issuing->reason;
    enum err err = signer_call_abandon(issuing->signer, &abandoned, &issuing->reason);
    if (err == ERR_CONFLICT) { /* it was completed, and the answer lost */
        TRY(signer_call_complete(issuing->signer, &complete, &der, &issuing->reason));
        return certificate_accept(issuing, buf_span(&der));
    }
    TRY(err);
    issuing->reason = why;
    log_failure(LOG_ERROR, "certificate.abandoned", ERR_DENIED, &why);
    return store_transact(issuing->registrar->store, abandon_commit, issuing);
}

static enum err abandon_commit(struct store *store, void *ctx)
{
    const struct issuing *issuing = ctx;
    enum enrolment_state state = ENROLMENT_OPEN;
    struct request_id next = issuing->row.request;
    next.ordinal++;
    TRY(store_certificate_abandon(
        store, &issuing->act, &issuing->row.request, issuing->reason.code));
    TRY(store_certificate_submit(
        store, &issuing->act, &next, issuing->row.csr, issuing->row.spki_hash));
    return store_enrolment_advance(
        store, &issuing->act, issuing->enrolment.id, ENROLMENT_ABANDON, &state);
}

/* Of a withdrawn application nothing is signed any more, and no precertificate of it may stand. */
enum err stranded_step(struct registrar *registrar, struct client *signer, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct request_id *requests = NULL;
    size_t count = 0;
    TRY(store_precertificate_stranded(
        registrar->store, STEP_ENROLMENTS, &arena, &requests, &count));
    for (size_t i = 0; i < count; i++) {
        const struct signer_reserve abandoned = { requests[i] };
        struct issuing issuing = { .registrar = registrar,
            .act = registrar_act(registrar),
            .row = { .request = requests[i] } };
        enum err err = signer_call_abandon(signer, &abandoned, &issuing.reason);
        /* One that was completed, its answer lost, is revoked like any other. */
        err = err == OK || err == ERR_CONFLICT
                  ? store_transact(registrar->store, stranded_commit, &issuing)
                  : err;
        if (err != OK) {
            log_failure(LOG_ERROR, "certificate.not_abandoned", err, &issuing.reason);
            return err;
        }
    }
    *ret_worked = count > 0;
    return OK;
}

static enum err stranded_commit(struct store *store, void *ctx)
{
    const struct issuing *issuing = ctx;
    return store_certificate_abandon(
        store, &issuing->act, &issuing->row.request, "application.state");
}

/* To the subscriber it is all one, which rule of whom is not met yet. Said once: what is told of an
 * enrolment is a change of it. */
static enum err problem_tell(struct issuing *issuing)
{
    struct reason why = issuing->reason;
    const struct reason *told = &issuing->enrolment.problem;
    if (why.code[0] == '\0' || strcmp(told->seen, why.code) == 0) {
        return OK;
    }
    (void)reason_set(&issuing->reason, ERR_AGAIN, "ct.waiting", NULL, why.code, NULL);
    return store_transact(issuing->registrar->store, problem_commit, issuing);
}

static enum err problem_commit(struct store *store, void *ctx)
{
    const struct issuing *issuing = ctx;
    return store_enrolment_set_problem(store, issuing->enrolment.id, &issuing->reason);
}

/* Appends what the signer signs for the warrant. */
static enum err warrant_present(struct issuing *issuing, struct buf *der, bool *ret_precertificate)
{
    AUTO(buf) warrant = buf_make(WARRANT_MAX_BYTES);
    struct registrar *registrar = issuing->registrar;
    struct signer_reserve reserve = { .request = issuing->row.request };
    struct signer_issue issue = { .request = issuing->row.request };
    TRY(warrant_gather(registrar, &issuing->enrolment, &issuing->row, &warrant, &issuing->reason));
    TRY(anchoring_check(registrar, issuing->signer, &issuing->reason));
    enum err err =
        signer_call_reserve(issuing->signer, &reserve, &issuing->serial, &issuing->reason);
    if (anchoring_lapsed(registrar, err, &issuing->reason)) {
        TRY(anchoring_check(registrar, issuing->signer, &issuing->reason));
        err = signer_call_reserve(issuing->signer, &reserve, &issuing->serial, &issuing->reason);
    }
    TRY(err);
    TRY(store_transact(registrar->store, reserve_commit, issuing));
    issue.warrant = buf_span(&warrant);
    return signer_call_issue(issuing->signer, &issue, der, ret_precertificate, &issuing->reason);
}

static enum err reserve_commit(struct store *store, void *ctx)
{
    const struct issuing *issuing = ctx;
    const struct edition_rules *rules = edition_rules(issuing->application.edition);
    return store_certificate_reserve(store, &issuing->act, &issuing->row.request, rules->issuer,
        span_make(issuing->serial.bytes, issuing->serial.len));
}

/* The signer checks all of it; that the certificate is the one we asked for costs nothing. */
static enum err certificate_accept(struct issuing *issuing, struct span der)
{
    struct certificate certificate;
    uint8_t spki_hash[HASH_BYTES];
    TRY(anchoring_take(issuing->registrar, issuing->signer, &issuing->anchor, &issuing->reason));
    if (certificate_parse(der, &certificate) != OK) {
        return ERR_PEER;
    }
    TRY(sha256(certificate.spki, spki_hash));
    struct span serial = span_make(issuing->serial.bytes, issuing->serial.len);
    if (!span_equal(certificate.serial, serial) ||
        memcmp(spki_hash, issuing->row.spki_hash, sizeof spki_hash) != 0) {
        return reason_set(
            &issuing->reason, ERR_PEER, "certificate.other_than_asked", NULL, NULL, NULL);
    }
    issuing->row.der = der;
    issuing->row.not_before = certificate.not_before;
    issuing->row.not_after = certificate.not_after;
    TRY(mail_write(issuing));
    TRY(store_transact(issuing->registrar->store, issue_commit, issuing));
    char text[3 * SERIAL_MAX_BYTES + 1];
    TRY(serial_format(serial, text, sizeof text));
    log_event(LOG_INFO, "certificate.issued", "reference", issuing->enrolment.reference, "serial",
        text, NULL);
    return OK;
}

static enum err mail_write(struct issuing *issuing)
{
    const struct acceptance_mail mail = {
        .kind = "certificate-issued",
        .application = &issuing->application,
        .spki_hash = issuing->row.spki_hash,
        .serial = span_make(issuing->serial.bytes, issuing->serial.len),
    };
    return acceptance_mail_write(
        issuing->registrar, &mail, issuing->enrolment.id, issuing->arena, &issuing->mail);
}

static enum err issue_commit(struct store *store, void *ctx)
{
    const struct issuing *issuing = ctx;
    enum enrolment_state state = ENROLMENT_OPEN;
    TRY(store_certificate_issued(store, &issuing->act, &issuing->row));
    TRY(store_anchor_put(store, &issuing->act, &issuing->anchor));
    TRY(store_blocked_again(store, issuing->row.spki_hash));
    TRY(store_enrolment_advance(
        store, &issuing->act, issuing->enrolment.id, ENROLMENT_CERTIFICATE, &state));
    return store_outbox_add(store, &issuing->act, &issuing->mail);
}

/* What the subscriber can mend goes back to the subscriber; the rest stays, for an operator. */
static enum err refusal_handle(struct issuing *issuing, enum err err)
{
    const char *code = issuing->reason.code;
    bool csr = strncmp(code, "csr.", 4) == 0 || strncmp(code, "key.", 4) == 0 ||
               strcmp(code, "warrant.key_binding") == 0;
    if (!csr && !warrant_lapsed(&issuing->reason)) {
        return err;
    }
    log_failure(LOG_WARNING, csr ? "csr.refused" : "evidence.lapsed", err, &issuing->reason);
    return store_transact(issuing->registrar->store, csr ? refuse_commit : lapse_commit, issuing);
}

static enum err lapse_commit(struct store *store, void *ctx)
{
    const struct issuing *issuing = ctx;
    const uint8_t *id = issuing->enrolment.id;
    enum enrolment_state state = ENROLMENT_OPEN;
    /* Only CAA has grown old: what was proved stays, and everybody is asked for CAA alone. */
    bool stale = strcmp(issuing->reason.code, "warrant.caa_stale") == 0;
    TRY(stale ? store_evidence_recheck(store, &issuing->act, id)
              : store_evidence_forget(store, &issuing->act, id));
    TRY(store_enrolment_advance(store, &issuing->act, id, ENROLMENT_EVIDENCE_LAPSED, &state));
    return store_enrolment_set_problem(store, id, &issuing->reason);
}

static enum err refuse_commit(struct store *store, void *ctx)
{
    const struct issuing *issuing = ctx;
    const uint8_t *id = issuing->enrolment.id;
    enum enrolment_state state = ENROLMENT_OPEN;
    TRY(store_enrolment_advance(store, &issuing->act, id, ENROLMENT_REFUSE_CSR, &state));
    return store_enrolment_set_problem(store, id, &issuing->reason);
}

/* The subscriber is told that it waits; who stopped it and why is the CA's affair. */
static enum err stop_commit(struct store *store, void *ctx)
{
    const struct issuing *issuing = ctx;
    struct reason told = { 0 };
    (void)reason_set(&told, ERR_AGAIN, issuing->reason.code, NULL, NULL, NULL);
    return store_enrolment_set_problem(store, issuing->enrolment.id, &told);
}
