/* The same messages over two kinds of wire. */
#include "proc/registrar/perspective.h"
#include "lib/http/client.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONNECT_TIMEOUT_MS = 5000 };

static enum err links_make(const struct registrar *registrar, struct perspective_links *links);
static enum err remote_check(struct perspective_link *link, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason);
static enum err remote_rehearse(struct perspective_link *link, const struct rehearse *rehearse,
    struct rehearsed *ret_rehearsed, struct reason *ret_reason);
static enum err remote_ask(struct perspective_link *link, const struct request *request,
    struct http_answer *answer, struct der *ret_body, struct reason *ret_reason);
static enum err http_open(struct perspective_link *link);

enum err perspective_links_take(
    struct registrar *registrar, int64_t timeout_ms, struct perspective_links **ret_links)
{
    pthread_mutex_lock(&registrar->links_mutex);
    struct perspective_links *links = registrar->links;
    registrar->links = links == NULL ? NULL : links->next;
    pthread_mutex_unlock(&registrar->links_mutex);
    if (links == NULL) {
        links = calloc(1, sizeof *links);
        enum err err = links == NULL ? ERR_MEMORY : links_make(registrar, links);
        if (err != OK) {
            free(links);
            return err;
        }
    }
    for (size_t i = 0; i < links->count; i++) {
        links->list[i].timeout_ms = links->list[i].client.timeout_ms = timeout_ms;
    }
    *ret_links = links;
    return OK;
}

void perspective_links_give(struct registrar *registrar, struct perspective_links *links)
{
    pthread_mutex_lock(&registrar->links_mutex);
    links->next = registrar->links;
    registrar->links = links;
    pthread_mutex_unlock(&registrar->links_mutex);
}

static enum err links_make(const struct registrar *registrar, struct perspective_links *links)
{
    struct perspective_link *list = links->list;
    list[0] = (struct perspective_link){ .registrar = registrar, .client = client_none() };
    for (size_t i = 0; i < registrar->roster.perspective_count; i++) {
        if (registrar->roster.perspectives[i].primary) {
            list[0].id = registrar->roster.perspectives[i].id;
        }
    }
    TRY(registrar_client(registrar, "validator.sock", /* timeout_ms= */ 0, &list[0].client));
    links->count = 1;
    for (size_t i = 0; i < registrar->config.perspective_count && links->count < PERSPECTIVES_MAX;
         i++) {
        list[links->count++] = (struct perspective_link){
            .registrar = registrar,
            .id = registrar->config.perspectives[i].id,
            .url = registrar->config.perspectives[i].url,
            .client = client_none(),
        };
    }
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

enum err perspective_about(
    struct perspective_link *link, struct validator_about *ret_about, struct reason *ret_reason)
{
    struct der body;
    AUTO(http_answer) answer = { 0 };
    const struct request request = request_make(VALIDATOR_ABOUT, nothing_write, NULL);
    if (link->url == NULL) {
        return validator_call_about(&link->client, ret_about, ret_reason);
    }
    TRY(remote_ask(link, &request, &answer, &body, ret_reason));
    return validator_about_read(&body, ret_about) == OK ? OK : ERR_PEER;
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
        .timeout_ms = link->timeout_ms,
    };
    TRY(http_client_call(link->http, &call, answer, ret_reason));
    if (answer->status != 200) {
        char status[16], expected[64];
        snprintf(status, sizeof status, "%d", answer->status);
        snprintf(
            expected, sizeof expected, "a perspective of version %d or newer", VALIDATOR_VERSION);
        return reason_set(ret_reason, ERR_PEER, "perspective.refused", link->id, status, expected);
    }
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
        .answer_max = MESSAGE_MAX_BYTES,
        .user_agent = "ecert-registrar",
    };
    return http_client_new(&config, &link->http);
}
