/* From a message to a check and back. A peer that talks nonsense loses its connection. */
#include "proc/validator/serve.h"

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "proc/validator/yielding.h"

enum {
    /* One for each of the registrar's workers that check, and some to spare: a check may take its
     * deadline, and must not hold up another. */
    CONNECTIONS_MAX = 64,
    /* At a remote place so many for each address, so that a stranger who holds his leaves the
     * registrar's alone. */
    HTTPS_CONNECTIONS_MAX = 8 * CONNECTIONS_MAX,
    HTTPS_IDLE_SECONDS = 30,
    /* The registrar's; its client gives them up first (lib/http/client.c). */
    HTTPS_CLIENT_IDLE_SECONDS = 120,
    /* A certificate with chain, a key, a CA certificate. */
    TRANSPORT_PEM_MAX_BYTES = 64 * 1024,
};

#define MESSAGE_MEDIA_TYPE "application/x-ecert-message"

static void log_check(
    const struct validator_check *check, const struct report *report, struct span observation);
static enum err serve_rehearsal(
    const struct checker *checker, struct der *body, struct buf *reply, struct reason *ret_reason);
static enum err serve_about(
    const struct checker *checker, struct der *body, struct buf *reply, struct reason *ret_reason);
static enum err handle_about(void *ctx, struct exchange *exchange);
static enum err handle_exchange(void *ctx, struct exchange *exchange);
static enum err handle_rehearsal(void *ctx, struct exchange *exchange);
static enum err handle_mail(void *ctx, struct exchange *exchange);
static void report_peer(void *ctx, const char *event, unsigned type, enum err err);
static enum err handle_post(
    struct http_request *request, struct http_response *response, void *ctx);
static enum err error_page(
    struct http_request *request, struct http_response *response, int status, void *ctx);

static const struct handler handlers[] = {
    { VALIDATOR_CHECK, handle_exchange, /* silent= */ false },
    { VALIDATOR_MAIL, handle_mail, /* silent= */ false },
    { VALIDATOR_REHEARSE, handle_rehearsal, /* silent= */ false },
    { VALIDATOR_ABOUT, handle_about, /* silent= */ false },
};

/* What a remote perspective answers. */
static const struct {
    unsigned type;
    enum err (*serve)(const struct checker *checker, struct der *body, struct buf *reply,
        struct reason *ret_reason);
} posted[] = {
    { VALIDATOR_CHECK, serve_check },
    { VALIDATOR_REHEARSE, serve_rehearsal },
    { VALIDATOR_ABOUT, serve_about },
};

static const struct http_route routes[] = {
    { .method = HTTP_POST,
        .pattern = "/check",
        .handler = handle_post,
        .body_max = HTTP_BODY_MAX_BYTES },
};

enum err serve_check(
    const struct checker *checker, struct der *body, struct buf *reply, struct reason *ret_reason)
{
    struct validator_check check;
    struct validator_answer answer = { 0 };
    AUTO(buf) observation = buf_make(OBSERVATION_MAX_BYTES);
    if (validator_check_read(body, &check) != OK || der_finish(body) != OK) {
        return ERR_PEER;
    }
    enum err err = yielding_check_run(checker, &check, &observation, &answer.report, ret_reason);
    if (err != OK) {
        log_failure(LOG_WARNING, "check.refused", err, ret_reason);
        return err;
    }
    log_check(&check, &answer.report, buf_span(&observation));
    answer.observation = buf_span(&observation);
    return der_encode(validator_answer_write, &answer, reply);
}

static enum err serve_rehearsal(
    const struct checker *checker, struct der *body, struct buf *reply, struct reason *ret_reason)
{
    struct rehearse rehearse;
    struct rehearsed rehearsed;
    if (rehearse_read(body, &rehearse) != OK || der_finish(body) != OK) {
        return ERR_PEER;
    }
    enum err err = rehearse_run(checker, &rehearse, &rehearsed, ret_reason);
    if (err != OK) {
        log_failure(LOG_WARNING, "rehearsal.refused", err, ret_reason);
        return err;
    }
    log_event(LOG_INFO, "rehearsal.done", "name", rehearse.challenge.name, "dcv",
        rehearsed.dcv == DCV_FAILED ? "failed" : "passed", "caa",
        rehearsed.caa == CAA_PERMITS ? "permits" : "prohibits", NULL);
    return der_encode(rehearsed_write, &rehearsed, reply);
}

static enum err serve_about(
    const struct checker *checker, struct der *body, struct buf *reply, struct reason *ret_reason)
{
    const struct validator_about about = { VALIDATOR_VERSION, suffix_list_time(checker->suffixes) };
    (void)ret_reason;
    TRY(nothing_read(body) == OK && der_finish(body) == OK ? OK : ERR_PEER);
    return der_encode(validator_about_write, &about, reply);
}

enum err serve_socket(const struct checker *checker, int listen_fd, unsigned user)
{
    const struct server server = {
        .handlers = handlers,
        .handler_count = sizeof handlers / sizeof *handlers,
        .ctx = (void *)checker,
        .users = { user },
        .user_count = 1,
        .connections_max = CONNECTIONS_MAX,
        .report = report_peer,
    };
    return server_run(&server, listen_fd);
}

enum err serve_identity_read(const struct config_transport *transport,
    struct serve_identity *ret_identity, struct reason *ret_reason)
{
    const struct {
        const char *path;
        struct buf *buf;
    } files[] = {
        { transport->certificate, &ret_identity->certificate_pem },
        { transport->key, &ret_identity->key_pem },
        { transport->ca, &ret_identity->client_ca_pem },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        enum err err = file_read(files[i].path, TRANSPORT_PEM_MAX_BYTES, files[i].buf);
        if (err != OK) {
            return reason_set(ret_reason, err, "validator.transport", files[i].path, NULL, NULL);
        }
    }
    return OK;
}

void serve_identity_release(struct serve_identity *identity)
{
    buf_release(&identity->certificate_pem);
    buf_release(&identity->key_pem);
    buf_release(&identity->client_ca_pem);
}

enum err serve_https(const struct checker *checker, const struct config_endpoint *listen,
    const struct serve_identity *identity, struct http_server **ret_server)
{
    const struct http_server_config config = {
        .address = listen->address,
        .port = listen->port,
        .routes = routes,
        .route_count = sizeof routes / sizeof *routes,
        .ctx = (void *)checker,
        .error_page = error_page,
        .thread_each = true,
        .connections_max = HTTPS_CONNECTIONS_MAX,
        .connections_per_address_max = CONNECTIONS_MAX,
        .idle_seconds = HTTPS_IDLE_SECONDS,
        .client_idle_seconds = HTTPS_CLIENT_IDLE_SECONDS,
        .certificate_pem = buf_span(&identity->certificate_pem),
        .key_pem = buf_span(&identity->key_pem),
        .client_ca_pem = buf_span(&identity->client_ca_pem),
    };
    return http_server_start(&config, ret_server);
}

static void log_check(
    const struct validator_check *check, const struct report *report, struct span observation)
{
    struct observation seen;
    struct der reader = der_reader(observation);
    char attempt[2 * ATTEMPT_BYTES + 1], first[REASON_CODE_MAX] = "", last[REASON_CODE_MAX] = "";
    hex_format(SPAN_OF(check->attempt), attempt);
    if (observation_read(&reader, &seen) != OK) {
        return;
    }
    if (report->count > 0) {
        memcpy(first, report->steps[0].code, sizeof first);
        memcpy(last, report->steps[report->count - 1].code, sizeof last);
    }
    log_event(LOG_INFO, "check.done", "attempt", attempt, "name", check->challenge.name, "dcv",
        seen.dcv == DCV_PASSED ? "passed" : "failed", "caa",
        seen.caa == CAA_PERMITS ? "permits" : "prohibits", "first", first, "last", last, NULL);
}

static enum err handle_exchange(void *ctx, struct exchange *exchange)
{
    return serve_check(ctx, &exchange->body, &exchange->reply, &exchange->reason);
}

static enum err handle_rehearsal(void *ctx, struct exchange *exchange)
{
    return serve_rehearsal(ctx, &exchange->body, &exchange->reply, &exchange->reason);
}

static enum err handle_about(void *ctx, struct exchange *exchange)
{
    return serve_about(ctx, &exchange->body, &exchange->reply, &exchange->reason);
}

static enum err handle_mail(void *ctx, struct exchange *exchange)
{
    struct validator_mail mail;
    if (validator_mail_read(&exchange->body, &mail) != OK || der_finish(&exchange->body) != OK) {
        return ERR_PEER;
    }
    enum err err = check_mail(ctx, &mail, &exchange->reason);
    if (err != OK) {
        log_failure(LOG_WARNING, "mail.not_sent", err, &exchange->reason);
        return err;
    }
    log_event(LOG_INFO, "mail.sent", "name", mail.challenge.name, "to", mail.address, NULL);
    return OK;
}

static void report_peer(void *ctx, const char *event, unsigned type, enum err err)
{
    (void)ctx;
    (void)type;
    log_failure(LOG_ERROR, event, err, /* reason= */ NULL);
}

static enum err handle_post(struct http_request *request, struct http_response *response, void *ctx)
{
    unsigned type = 0;
    struct der body;
    struct reason reason = { 0 };
    AUTO(buf) reply = buf_make(MESSAGE_MAX_BYTES);
    AUTO(buf) message = buf_make(MESSAGE_MAX_BYTES);
    if (!request->client_certificate) {
        return ERR_DENIED;
    }
    size_t kind = 0, kinds = sizeof posted / sizeof *posted;
    TRY(request_parse(request->body, &type, &body) == OK ? OK : ERR_INPUT);
    while (kind < kinds && posted[kind].type != type) {
        kind++;
    }
    if (kind == kinds) {
        return ERR_INPUT;
    }
    enum err err = posted[kind].serve(ctx, &body, &reply, &reason);
    if (err == ERR_PEER) {
        return ERR_INPUT;
    }
    const struct answer_fields fields = { .type = type,
        .err = err,
        .reason = &reason,
        .body = err == OK ? buf_span(&reply) : (struct span){ 0 } };
    TRY(answer_format(&fields, &message));
    return reply_bytes(response, 200, MESSAGE_MEDIA_TYPE, buf_span(&message));
}

static enum err error_page(
    struct http_request *request, struct http_response *response, int status, void *ctx)
{
    (void)ctx;
    log_event(
        LOG_WARNING, "request.refused", "client", request->client_address, "id", request->id, NULL);
    return reply_text(response, status, "refused\n");
}
