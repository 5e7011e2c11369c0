/* The same messages over two kinds of wire. */
#include "proc/registrar/perspective.h"
#include "lib/http/client.h"

enum { CONNECT_TIMEOUT_MS = 5000 };

static enum err remote_check(struct perspective_link *link, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason);
static enum err remote_rehearse(struct perspective_link *link, const struct rehearse *rehearse,
    struct rehearsed *ret_rehearsed, struct reason *ret_reason);
static enum err remote_ask(struct perspective_link *link, const struct request *request,
    struct http_answer *answer, struct der *ret_body, struct reason *ret_reason);
static enum err http_open(struct perspective_link *link);

enum err perspective_links_make(const struct registrar *registrar, int64_t timeout_ms,
    struct perspective_link ret_links[PERSPECTIVES_MAX], size_t *ret_count)
{
    size_t count = 1;
    ret_links[0] = (struct perspective_link){
        .registrar = registrar, .client = client_none(), .timeout_ms = timeout_ms
    };
    for (size_t i = 0; i < registrar->roster.perspective_count; i++) {
        if (registrar->roster.perspectives[i].primary) {
            ret_links[0].id = registrar->roster.perspectives[i].id;
        }
    }
    TRY(registrar_client(registrar, "validator.sock", timeout_ms, &ret_links[0].client));
    for (size_t i = 0; i < registrar->config.perspective_count && count < PERSPECTIVES_MAX; i++) {
        ret_links[count++] = (struct perspective_link){
            .registrar = registrar,
            .id = registrar->config.perspectives[i].id,
            .url = registrar->config.perspectives[i].url,
            .timeout_ms = timeout_ms,
        };
    }
    *ret_count = count;
    return OK;
}

enum err perspective_ask(struct perspective_link *link, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason)
{
    if (link->url == NULL) {
        return validator_call_check(&link->client, check, observation, ret_report, ret_reason);
    }
    return remote_check(link, check, observation, ret_report, ret_reason);
}

enum err perspective_rehearse(struct perspective_link *link, const struct rehearse *rehearse,
    struct rehearsed *ret_rehearsed, struct reason *ret_reason)
{
    if (link->url == NULL) {
        return validator_call_rehearse(&link->client, rehearse, ret_rehearsed, ret_reason);
    }
    return remote_rehearse(link, rehearse, ret_rehearsed, ret_reason);
}

void perspective_each(size_t count, void *(*run)(void *ctx), void *each, size_t size)
{
    pthread_t threads[PERSPECTIVES_MAX];
    bool started[PERSPECTIVES_MAX] = { false };
    uint8_t *object = each;
    for (size_t i = 0; i < count; i++) {
        started[i] = pthread_create(&threads[i], NULL, run, object + i * size) == 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (started[i]) {
            pthread_join(threads[i], NULL);
        } else {
            (void)run(object + i * size);
        }
    }
}

static enum err remote_check(struct perspective_link *link, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason)
{
    struct der body;
    struct validator_answer result;
    AUTO(http_answer) answer = { 0 };
    const struct request request = request_make(VALIDATOR_CHECK, validator_check_write, check);
    TRY(remote_ask(link, &request, &answer, &body, ret_reason));
    if (validator_answer_read(&body, &result) != OK) {
        return ERR_PEER;
    }
    buf_append(observation, result.observation);
    TRY(buf_check(observation));
    *ret_report = result.report;
    return OK;
}

static enum err remote_rehearse(struct perspective_link *link, const struct rehearse *rehearse,
    struct rehearsed *ret_rehearsed, struct reason *ret_reason)
{
    struct der body;
    AUTO(http_answer) answer = { 0 };
    const struct request request = request_make(VALIDATOR_REHEARSE, rehearse_write, rehearse);
    TRY(remote_ask(link, &request, &answer, &body, ret_reason));
    return rehearsed_read(&body, ret_rehearsed) == OK ? OK : ERR_PEER;
}

static enum err remote_ask(struct perspective_link *link, const struct request *request,
    struct http_answer *answer, struct der *ret_body, struct reason *ret_reason)
{
    AUTO(buf) message = buf_make(MESSAGE_MAX_BYTES);
    TRY(request_format(request->type, request->write, request->object, &message));
    TRY(http_open(link));
    struct http_call call = {
        .method = HTTP_POST,
        .url = link->url,
        .content_type = "application/x-ecert-message",
        .body = buf_span(&message),
    };
    TRY(http_client_call(link->http, &call, answer, ret_reason));
    return answer_parse(buf_span(&answer->body), request->type, ret_body, ret_reason);
}

static enum err http_open(struct perspective_link *link)
{
    if (link->http != NULL) {
        return OK;
    }
    struct http_client_config config = {
        .ca_pem = link->registrar->transport_ca,
        .certificate_pem = link->registrar->transport_certificate,
        .key_pem = link->registrar->transport_key,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .timeout_ms = link->timeout_ms,
        .answer_max = MESSAGE_MAX_BYTES,
        .user_agent = "ecert-registrar",
    };
    return http_client_new(&config, &link->http);
}
