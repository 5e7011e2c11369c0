/* The reply family. */
#include "lib/http/request.h"

#include "lib/http/tls.h"

#include <ctype.h>

static enum err body_copy(struct http_response *response, struct span body);
static enum err body_move(
    struct http_response *response, int status, const char *content_type, struct buf *body);
static bool filename_valid(const char *filename);

enum err reply_html(struct http_response *response, int status, struct buf *body)
{
    return body_move(response, status, "text/html; charset=utf-8", body);
}

enum err reply_json(struct http_response *response, int status, struct buf *body)
{
    return body_move(response, status, "application/json", body);
}

enum err reply_problem(struct http_response *response, int status, struct buf *body)
{
    return body_move(response, status, "application/problem+json", body);
}

enum err reply_text(struct http_response *response, int status, const char *text)
{
    return reply_bytes(response, status, "text/plain; charset=utf-8", span_from_text(text));
}

enum err reply_bytes(
    struct http_response *response, int status, const char *content_type, struct span body)
{
    TRY(body_copy(response, body));
    response->status = status;
    response->content_type = content_type;
    return OK;
}

enum err reply_download(struct http_response *response, const char *content_type,
    const char *filename, struct span body)
{
    if (!filename_valid(filename)) {
        return ERR_INPUT;
    }
    char disposition[160];
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", filename);
    TRY(reply_bytes(response, 200, content_type, body));
    return response_header(response, "Content-Disposition", disposition);
}

enum err reply_public(
    struct http_response *response, const char *content_type, int64_t seconds, struct span body)
{
    uint8_t digest[HTTP_FINGERPRINT_BYTES];
    char hex[2 * sizeof digest + 1], tag[sizeof hex + 2];
    TRY(tls_sha256(body, digest));
    hex_format(span_make(digest, 16), hex);
    snprintf(tag, sizeof tag, "\"%s\"", hex);
    TRY(reply_bytes(response, 200, content_type, body));
    TRY(response_header(response, "ETag", tag));
    response->public_seconds = seconds;
    return OK;
}

/* "//host" and "/\host" are other hosts to a browser. */
enum err reply_redirect(struct http_response *response, const char *path)
{
    if (path[0] != '/' || path[1] == '/' || path[1] == '\\') {
        return ERR_INPUT;
    }
    TRY(reply_bytes(response, 303, "text/plain; charset=utf-8", (struct span){ 0 }));
    return response_header(response, "Location", path);
}

enum err reply_empty(struct http_response *response)
{
    return reply_bytes(response, 204, /* content_type= */ NULL, (struct span){ 0 });
}

enum err response_header(struct http_response *response, const char *name, const char *value)
{
    if (response->header_count == HTTP_RESPONSE_HEADERS_MAX) {
        return ERR_LIMIT;
    }
    for (const char *at = value; *at != '\0'; at++) {
        if ((uint8_t)*at < 0x20 || (uint8_t)*at == 0x7f) {
            return ERR_INPUT;
        }
    }
    char *name_copy = arena_text(response->arena, span_from_text(name));
    char *value_copy = arena_text(response->arena, span_from_text(value));
    if (name_copy == NULL || value_copy == NULL) {
        return ERR_MEMORY;
    }
    response->headers[response->header_count++] =
        (struct http_pair){ span_from_text(name_copy), span_from_text(value_copy) };
    return OK;
}

enum err response_cookie(struct http_response *response, const struct cookie *cookie)
{
    AUTO(buf) value = buf_make(4096);
    TRY(cookie_format(&value, cookie));
    return response_header(response, "Set-Cookie", buf_text(&value));
}

static enum err body_move(
    struct http_response *response, int status, const char *content_type, struct buf *body)
{
    TRY(buf_check(body));
    buf_release(&response->body);
    response->body = *body;
    *body = (struct buf){ .max = body->max };
    response->status = status;
    response->content_type = content_type;
    return OK;
}

static enum err body_copy(struct http_response *response, struct span body)
{
    AUTO(buf) copy = buf_make(body.len);
    buf_append(&copy, body);
    TRY(buf_check(&copy));
    buf_release(&response->body);
    response->body = copy;
    copy = (struct buf){ 0 };
    return OK;
}

static bool filename_valid(const char *filename)
{
    size_t len = strlen(filename);
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)filename[i]) && strchr("._-", filename[i]) == NULL) {
            return false;
        }
    }
    return len > 0 && len <= 100 && filename[0] != '.';
}
