/* Sent is what the handler filled in, with the headers that every answer has. */
#include "lib/http/answer.h"

#include "lib/http/shared.h"

#include <microhttpd.h>
#include <stdio.h>

static struct MHD_Response *body_take(struct http_response *response);
static void shared_sent(void *shared);
static void headers_add(const struct http_request *request, const struct http_response *response,
    struct MHD_Response *answer);

bool answer_send(const struct http_request *request, struct http_response *response,
    struct MHD_Connection *connection)
{
    unsigned status = (unsigned)response->status;
    struct MHD_Response *answer = body_take(response);
    if (answer == NULL) {
        return false;
    }
    headers_add(request, response, answer);
    enum MHD_Result queued = MHD_queue_response(connection, status, answer);
    MHD_destroy_response(answer);
    return queued == MHD_YES;
}

void answer_drop(struct http_response *response)
{
    buf_release(&response->body);
    http_shared_free(response->shared);
    response->shared = NULL;
}

/* RFC 9110 §13.1.2, for the single strong tags that reply_public makes, alone or in a list. */
bool answer_not_modified(const struct http_request *request, const struct http_response *response)
{
    struct span wanted = { 0 };
    if (response->public_seconds <= 0 || !http_request_header(request, "if-none-match", &wanted)) {
        return false;
    }
    for (size_t i = 0; i < response->header_count; i++) {
        const struct http_pair *header = &response->headers[i];
        if (span_equal_text(header->name, "ETag")) {
            return wanted.len >= header->value.len &&
                   memmem(wanted.data, wanted.len, header->value.data, header->value.len) != NULL;
        }
    }
    return false;
}

/* What is sent belongs to libmicrohttpd from here on; NULL: nothing does, and it is still ours. */
static struct MHD_Response *body_take(struct http_response *response)
{
    struct MHD_Response *answer = NULL;
    if (response->shared != NULL) {
        struct span bytes = http_shared_bytes(response->shared);
        answer = MHD_create_response_from_buffer_with_free_callback_cls(
            bytes.len, (void *)(uintptr_t)bytes.data, shared_sent, response->shared);
        response->shared = answer == NULL ? response->shared : NULL;
        return answer;
    }
    answer = MHD_create_response_from_buffer(
        response->body.len, response->body.data, MHD_RESPMEM_MUST_FREE);
    if (answer != NULL) {
        size_t len = 0;
        (void)buf_detach(&response->body, &len);
    }
    return answer;
}

static void shared_sent(void *shared)
{
    http_shared_free(shared);
}

/* doc/threats.md P16: on every answer, whatever its status. */
static void headers_add(const struct http_request *request, const struct http_response *response,
    struct MHD_Response *answer)
{
    static const char *const always[][2] = {
        { "Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; "
                                     "frame-ancestors 'none'; object-src 'none'" },
        { "X-Content-Type-Options", "nosniff" },
        { "Referrer-Policy", "no-referrer" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
    };
    char cache[64] = "no-store";
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        MHD_add_response_header(answer, always[i][0], always[i][1]);
    }
    if (request->tls) {
        MHD_add_response_header(answer, "Strict-Transport-Security", "max-age=31536000");
    }
    if (response->public_seconds > 0) {
        snprintf(cache, sizeof cache, "public, max-age=%lld", (long long)response->public_seconds);
    }
    MHD_add_response_header(answer, "Cache-Control", cache);
    MHD_add_response_header(answer, "X-Request-Id", request->id);
    if (response->content_type != NULL && response->status != 304) {
        MHD_add_response_header(answer, "Content-Type", response->content_type);
    }
    for (size_t i = 0; i < response->header_count; i++) {
        MHD_add_response_header(answer, (const char *)response->headers[i].name.data,
            (const char *)response->headers[i].value.data);
    }
    if (response->close) {
        MHD_add_response_header(answer, "Connection", "close");
    }
}
