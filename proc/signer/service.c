/* Handlers: read the message, one call, write the answer, one line in the log. */
#include "proc/signer/service.h"
#include "lib/base/log.h"

#include <stdio.h>

enum { CONNECTIONS_MAX = 32 };

static enum err handle_reserve(void *ctx, struct exchange *exchange);
static enum err handle_issue(void *ctx, struct exchange *exchange);
static enum err handle_complete(void *ctx, struct exchange *exchange);
static enum err handle_abandon(void *ctx, struct exchange *exchange);
static enum err handle_revoke(void *ctx, struct exchange *exchange);
static enum err handle_withdraw(void *ctx, struct exchange *exchange);
static enum err handle_crl(void *ctx, struct exchange *exchange);
static enum err handle_status(void *ctx, struct exchange *exchange);
static enum err handle_halt(void *ctx, struct exchange *exchange);
static enum err handle_resume(void *ctx, struct exchange *exchange);
static enum err handle_anchor(void *ctx, struct exchange *exchange);
static enum err handle_since(void *ctx, struct exchange *exchange);
static enum err handle_block(void *ctx, struct exchange *exchange);

static const struct handler handlers[] = {
    { SIGNER_RESERVE, handle_reserve, false },
    { SIGNER_ISSUE, handle_issue, false },
    { SIGNER_COMPLETE, handle_complete, false },
    { SIGNER_ABANDON, handle_abandon, false },
    { SIGNER_REVOKE, handle_revoke, false },
    { SIGNER_WITHDRAW, handle_withdraw, false },
    { SIGNER_CRL, handle_crl, false },
    { SIGNER_STATUS, handle_status, false },
    { SIGNER_HALT, handle_halt, false },
    { SIGNER_RESUME, handle_resume, false },
    { SIGNER_ANCHOR, handle_anchor, false },
    { SIGNER_SINCE, handle_since, false },
    { SIGNER_BLOCK, handle_block, false },
};

static void report(void *ctx, const char *event, unsigned type, enum err err)
{
    char type_text[16];
    (void)ctx;
    snprintf(type_text, sizeof type_text, "%u", type);
    log_event(LOG_WARNING, event, "type", type_text, "err", err_name(err), NULL);
}

struct server service_server(struct service *service)
{
    return (struct server){ .handlers = handlers,
        .handler_count = sizeof handlers / sizeof handlers[0],
        .ctx = service,
        .connections_max = CONNECTIONS_MAX,
        .report = report };
}

static void request_text(
    const struct request_id *request, char ret_text[2 * ENROLMENT_ID_BYTES + 16])
{
    hex_format(SPAN_OF(request->enrolment), ret_text);
    snprintf(ret_text + 2 * ENROLMENT_ID_BYTES, 16, "/%u", request->ordinal);
}

/* That a token is away was said once, when it went. */
static enum log_level level_of(const struct reason *reason)
{
    return strcmp(reason->code, "issuer.away") == 0 ? LOG_DEBUG : LOG_WARNING;
}

static enum err logged(
    const char *event, const struct request_id *request, enum err err, const struct reason *reason)
{
    char text[2 * ENROLMENT_ID_BYTES + 16];
    request_text(request, text);
    if (err == OK) {
        log_event(LOG_INFO, event, "request", text, NULL);
    } else {
        log_event(level_of(reason), event, "request", text, "err", err_name(err), "code",
            reason->code, "field", reason->field, "seen", reason->seen, "expected",
            reason->expected, NULL);
    }
    return err;
}

/* Whoever keeps the store tells first what was acknowledged to it: a journal that has been put back
 * to an earlier day must not go on from there. Revocations and withdrawals are taken all the same.
 */
static enum err anchored(const struct service *service, struct reason *ret_reason)
{
    return atomic_load(&service->anchored)
               ? OK
               : reason_set(ret_reason, ERR_CONFLICT, "journal.unanchored", NULL, NULL, NULL);
}

static enum err handle_reserve(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_reserve reserve;
    struct signer_serial serial;
    if (signer_reserve_read(&exchange->body, &reserve) != OK) {
        return ERR_PEER;
    }
    TRY(anchored(service, &exchange->reason));
    TRY(logged("serial.reserved", &reserve.request,
        issuing_reserve(service->issuing, &reserve.request, &serial, &exchange->reason),
        &exchange->reason));
    return der_encode(signer_serial_write, &serial, &exchange->reply);
}

static enum err handle_issue(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_issue issue;
    AUTO(mapping) mapping = { 0 };
    AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
    if (signer_issue_read(&exchange->body, &issue) != OK ||
        (exchange->fd >= 0) != (issue.warrant.len == 0)) {
        return ERR_PEER;
    }
    TRY(anchored(service, &exchange->reason));
    if (exchange->fd >= 0) {
        TRY(channel_memfd_map(exchange->fd, WARRANT_MAX_BYTES, &mapping));
        issue.warrant = mapping.content;
    }
    struct signer_certificate made = { .precertificate = false };
    enum err err = issuing_issue(service->issuing, &issue.request, issue.warrant, &certificate,
        &made.precertificate, &exchange->reason);
    TRY(logged(made.precertificate ? "precertificate.signed" : "certificate.issued", &issue.request,
        err, &exchange->reason));
    made.der = buf_span(&certificate);
    return der_encode(signer_certificate_write, &made, &exchange->reply);
}

static enum err handle_complete(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_complete complete;
    AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
    if (signer_complete_read(&exchange->body, &complete) != OK) {
        return ERR_PEER;
    }
    TRY(logged("certificate.issued", &complete.request,
        issuing_complete(
            service->issuing, &complete.request, complete.scts, &certificate, &exchange->reason),
        &exchange->reason));
    const struct signer_certificate made = { buf_span(&certificate), false };
    return der_encode(signer_certificate_write, &made, &exchange->reply);
}

static enum err handle_abandon(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_reserve abandoned;
    if (signer_reserve_read(&exchange->body, &abandoned) != OK) {
        return ERR_PEER;
    }
    return logged("request.abandoned", &abandoned.request,
        issuing_abandon(service->issuing, &abandoned.request, &exchange->reason),
        &exchange->reason);
}

static enum err handle_revoke(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_revoke revoke;
    char serial[2 * SERIAL_MAX_BYTES + 1];
    if (signer_revoke_read(&exchange->body, &revoke) != OK) {
        return ERR_PEER;
    }
    enum err err = issuing_revoke(service->issuing, &revoke, &exchange->reason);
    hex_format(span_make(revoke.serial.bytes, revoke.serial.len), serial);
    log_event(err == OK ? LOG_INFO : LOG_WARNING, "certificate.revoked", "serial", serial, "reason",
        revocation_reason_id(revoke.reason), "err", err_name(err), NULL);
    return err;
}

static enum err handle_withdraw(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_withdraw withdraw;
    char hash[2 * HASH_BYTES + 1];
    if (signer_withdraw_read(&exchange->body, &withdraw) != OK) {
        return ERR_PEER;
    }
    enum err err = issuing_withdraw(service->issuing, withdraw.application_hash);
    hex_format(SPAN_OF(withdraw.application_hash), hash);
    log_event(err == OK ? LOG_INFO : LOG_WARNING, "application.withdrawn", "hash", hash, "err",
        err_name(err), NULL);
    return err;
}

static enum err handle_crl(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_crl wanted;
    struct signer_crl_made made;
    char number[24];
    AUTO(buf) crl = buf_make(SIGNER_CRL_MAX_BYTES);
    if (signer_crl_read(&exchange->body, &wanted) != OK) {
        return ERR_PEER;
    }
    enum err err = issuing_crl(service->issuing, &wanted, &made, &crl, &exchange->reason);
    if (err != OK) {
        log_failure(level_of(&exchange->reason), "crl.signed", err, &exchange->reason);
        return err;
    }
    snprintf(number, sizeof number, "%lld", (long long)made.number);
    log_event(LOG_INFO, "crl.signed", "issuer", wanted.issuer, "number", number, NULL);
    TRY(channel_memfd(buf_span(&crl), &exchange->reply_fd));
    return der_encode(signer_crl_made_write, &made, &exchange->reply);
}

static enum err handle_status(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_status status;
    if (nothing_read(&exchange->body) != OK) {
        return ERR_PEER;
    }
    issuing_status(service->issuing, &status);
    status.weak_keys = service->weak_keys;
    status.weak_keys_time = service->weak_keys_time;
    memcpy(status.sandbox, service->sandbox, sizeof status.sandbox);
    return der_encode(signer_status_write, &status, &exchange->reply);
}

static enum err handle_halt(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct halt halt;
    if (halt_read(&exchange->body, &halt) != OK) {
        return ERR_PEER;
    }
    enum err err = issuing_halt(service->issuing, &halt, &exchange->reason);
    log_event(LOG_WARNING, "issuance.stopped", "by", halt.by, "why", halt.why, "err", err_name(err),
        NULL);
    return err;
}

static enum err handle_resume(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct resumption resumption;
    if (resumption_read(&exchange->body, &resumption) != OK) {
        return ERR_PEER;
    }
    enum err err = issuing_resume(service->issuing, &resumption, &exchange->reason);
    log_event(
        LOG_WARNING, "issuance.resumed", "err", err_name(err), "code", exchange->reason.code, NULL);
    return err;
}

static enum err handle_anchor(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_place noted, now;
    if (signer_place_read(&exchange->body, &noted) != OK) {
        return ERR_PEER;
    }
    enum err err = issuing_anchor(service->issuing, &noted, &now, &exchange->reason);
    atomic_store(&service->anchored, err == OK);
    if (err != OK) {
        log_failure(LOG_ERROR, "journal.not_anchored", err, &exchange->reason);
        return err;
    }
    return der_encode(signer_place_write, &now, &exchange->reply);
}

static enum err handle_since(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_place noted;
    struct signer_past past;
    if (signer_place_read(&exchange->body, &noted) != OK) {
        return ERR_PEER;
    }
    TRY(issuing_since(service->issuing, &noted, &past, &exchange->reason));
    return der_encode(signer_past_write, &past, &exchange->reply);
}

static enum err handle_block(void *ctx, struct exchange *exchange)
{
    struct service *service = ctx;
    struct signer_block block;
    char hash[2 * HASH_BYTES + 1];
    if (signer_block_read(&exchange->body, &block) != OK) {
        return ERR_PEER;
    }
    enum err err = issuing_block(service->issuing, block.spki_hash);
    hex_format(SPAN_OF(block.spki_hash), hash);
    log_event(err == OK ? LOG_INFO : LOG_WARNING, "key.blocked", "hash", hash, "err", err_name(err),
        NULL);
    return err;
}
