/* HTTP calls to the portal. The PIN leaves in one body, built in locked memory. */
#include "cli/ecert/api.h"

#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/http/url.h"
#include "lib/pki/proof.h"

#include <stdio.h>

enum { CA_FILE_MAX = 256 * 1024, API_ANSWER_MAX = 1024 * 1024, LOGIN_BODY_MAX = 1024 };

static enum err call_raw(struct api *api, enum http_method method, const char *url,
    struct span body, struct http_answer *ret_answer, struct reason *ret_reason);
static enum err answer_read(struct api *api, struct tool *tool, const struct http_answer *answer,
    const struct value **ret_answer, struct reason *ret_reason);
static enum err problem_read(struct api *api, const struct http_answer *answer,
    const struct value *problem, struct reason *ret_reason);
static enum err err_of_status(int status);
static enum err token_take(struct api *api, const struct value *session, struct reason *ret_reason);
static enum err nonce_get(struct api *api, struct tool *tool, uint8_t nonce[PROOF_NONCE_BYTES],
    struct reason *ret_reason);
static enum err login_body(const char *server_name, const char *reference, const struct secret *pin,
    struct secret *ret_body);
static bool is_plain(struct span text);
static void secret_append(struct secret *body, struct span text);

enum err api_open(struct api *api, const struct tool *tool, const char *portal_url,
    const char *ca_file, struct reason *ret_reason)
{
    struct url url;
    AUTO(buf) anchors = { 0 };
    size_t len = strlen(portal_url);
    while (len > 0 && portal_url[len - 1] == '/') {
        len--;
    }
    bool fits = span_to_text(span_make(portal_url, len), api->base, sizeof api->base);
    if (!fits || url_parse(api->base, &url) != OK) {
        return reason_set(
            ret_reason, ERR_INPUT, "api.url", portal_url, NULL, "https://portal.example.net");
    }
    if (ca_file != NULL) {
        enum err err = file_read(ca_file, CA_FILE_MAX, &anchors);
        if (err != OK) {
            return reason_set(ret_reason, err, "api.ca_file", ca_file, err_name(err), NULL);
        }
    }
    api->language = language_tag(tool->language);
    struct http_client_config config = {
        .ca_pem = buf_span(&anchors),
        .answer_max = API_ANSWER_MAX,
        .user_agent = "ecert",
    };
    return http_client_new(&config, &api->client);
}

void api_close(struct api *api)
{
    http_client_free(api->client);
    explicit_bzero(api, sizeof *api);
}

enum err api_log_in(struct api *api, struct tool *tool, const char *server_name,
    const char *reference, const struct secret *pin, struct reason *ret_reason)
{
    AUTO(secret) body = { 0 };
    AUTO(http_answer) answer = { 0 };
    char url[API_URL_MAX + 32];
    const struct value *session;
    TRY(login_body(server_name, reference, pin, &body));
    snprintf(url, sizeof url, "%s/api/v1/session", api->base);
    TRY(call_raw(api, HTTP_POST, url, secret_span(&body), &answer, ret_reason));
    TRY(answer_read(api, tool, &answer, &session, ret_reason));
    return token_take(api, session, ret_reason);
}

static enum err token_take(struct api *api, const struct value *session, struct reason *ret_reason)
{
    const char *token;
    TRY(json_get_text(session, "token", API_TOKEN_MAX - 1, &token, ret_reason));
    snprintf(api->token, sizeof api->token, "%s", token);
    return OK;
}

enum err api_log_in_by_key(struct api *api, struct tool *tool, const char *reference,
    const struct key *key, struct reason *ret_reason)
{
    const struct value *session;
    struct value_tree *tree = &tool->tree;
    uint8_t nonce[PROOF_NONCE_BYTES], signature[PROOF_SIGNATURE_BYTES];
    char hash[2 * SHA256_BYTES + 1], nonce_text[2 * PROOF_NONCE_BYTES + 1];
    char signature_text[2 * PROOF_SIGNATURE_BYTES];
    TRY(nonce_get(api, tool, nonce, ret_reason));
    /* The address that we called, whatever it says of itself: a signature made here is good there.
     */
    struct proof proof = { PROOF_LOGIN, api->base, reference, SPAN_OF(nonce) };
    TRY(proof_make(&proof, key, signature));
    hex_format(key_spki_sha256(key), hash);
    hex_format(SPAN_OF(nonce), nonce_text);
    base64_format(SPAN_OF(signature), signature_text, sizeof signature_text);
    struct value *body = value_object(tree);
    value_put_text(tree, body, "reference", reference);
    value_put_text(tree, body, "key_sha256", hash);
    value_put_text(tree, body, "nonce", nonce_text);
    value_put_text(tree, body, "signature", signature_text);
    TRY(api_call(api, tool, HTTP_POST, "/session/key", body, &session, ret_reason));
    return token_take(api, session, ret_reason);
}

static enum err nonce_get(
    struct api *api, struct tool *tool, uint8_t nonce[PROOF_NONCE_BYTES], struct reason *ret_reason)
{
    const struct value *answer;
    size_t len = 0;
    TRY(api_call(api, tool, HTTP_POST, "/session/nonce", /* body= */ NULL, &answer, ret_reason));
    struct span text = span_from_text(api_text(answer, "nonce"));
    bool fits = hex_parse(text, nonce, PROOF_NONCE_BYTES, &len) == OK && len == PROOF_NONCE_BYTES;
    return fits ? OK : reason_set(ret_reason, ERR_PEER, "api.malformed", api->base, "nonce", NULL);
}

/* The three fields are plain: a name of LDH characters, digits, digits. Anything else would be
 * refused by the portal anyway and is left to it, as long as it can't break the JSON. */
static enum err login_body(const char *server_name, const char *reference, const struct secret *pin,
    struct secret *ret_body)
{
    AUTO(secret) body = { 0 };
    TRY(secret_new(LOGIN_BODY_MAX, &body));
    size_t capacity = body.len;
    body.len = 0;
    struct span plain[] = { span_from_text(server_name), span_from_text(reference),
        secret_span(pin) };
    bool fits = true;
    for (size_t i = 0; i < 3 && fits; i++) {
        static const char *const names[] = { "{\"server_name\":\"", "\",\"reference\":\"",
            "\",\"pin\":\"" };
        fits = is_plain(plain[i]) && body.len + strlen(names[i]) + plain[i].len + 4 < capacity;
        if (fits) {
            secret_append(&body, span_from_text(names[i]));
            secret_append(&body, plain[i]);
        }
    }
    secret_append(&body, SPAN_LITERAL("\"}"));
    struct secret whole = { body.data, capacity };
    enum err err = fits ? secret_copy(secret_span(&body), ret_body) : ERR_INPUT;
    body = whole;
    return err;
}

static bool is_plain(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\' || text.data[i] < 0x20) {
            return false;
        }
    }
    return true;
}

static void secret_append(struct secret *body, struct span text)
{
    memcpy(body->data + body->len, text.data, text.len);
    body->len += text.len;
}

void api_log_out(struct api *api, struct tool *tool)
{
    const struct value *answer;
    if (api->token[0] != '\0') {
        (void)!api_call(api, tool, HTTP_DELETE, "/session", /* body= */ NULL, &answer,
            /* ret_reason= */ NULL);
        explicit_bzero(api->token, sizeof api->token);
    }
}

enum err api_call(struct api *api, struct tool *tool, enum http_method method, const char *path,
    const struct value *body, const struct value **ret_answer, struct reason *ret_reason)
{
    char url[API_URL_MAX + 128];
    AUTO(buf) text = buf_make(HTTP_BODY_MAX_BYTES);
    AUTO(http_answer) answer = { 0 };
    snprintf(url, sizeof url, "%s/api/v1%s", api->base, path);
    if (body != NULL) {
        json_format(&text, body);
    } else if (method == HTTP_POST) {
        buf_append_text(&text, "{}");
    }
    TRY(buf_check(&text));
    TRY(call_raw(api, method, url, buf_span(&text), &answer, ret_reason));
    return answer_read(api, tool, &answer, ret_answer, ret_reason);
}

enum err api_fetch(
    struct api *api, const char *path, struct buf *ret_file, struct reason *ret_reason)
{
    char url[API_URL_MAX + 512];
    AUTO(http_answer) answer = { 0 };
    snprintf(url, sizeof url, "%s%s", api->base, path);
    TRY(call_raw(api, HTTP_GET, url, (struct span){ 0 }, &answer, ret_reason));
    if (answer.status != 200) {
        return reason_set(ret_reason, err_of_status(answer.status), "api.status", path, NULL, NULL);
    }
    *ret_file = answer.body;
    answer.body = (struct buf){ 0 };
    return OK;
}

static enum err call_raw(struct api *api, enum http_method method, const char *url,
    struct span body, struct http_answer *ret_answer, struct reason *ret_reason)
{
    char authorization[API_TOKEN_MAX + 16];
    api->title[0] = api->next[0] = '\0';
    snprintf(authorization, sizeof authorization, "Bearer %s", api->token);
    const struct http_pair headers[] = {
        { SPAN_LITERAL("Accept-Language"), span_from_text(api->language) },
        { SPAN_LITERAL("Accept"), SPAN_LITERAL("application/json") },
        { SPAN_LITERAL("Authorization"), span_from_text(authorization) },
    };
    struct http_call call = {
        .method = method,
        .url = url,
        .content_type = body.len > 0 ? "application/json" : NULL,
        .body = body,
        .headers = headers,
        .header_count = api->token[0] != '\0' ? 3 : 2,
    };
    enum err err = http_client_call(api->client, &call, ret_answer, ret_reason);
    explicit_bzero(authorization, sizeof authorization);
    return err;
}

static enum err answer_read(struct api *api, struct tool *tool, const struct http_answer *answer,
    const struct value **ret_answer, struct reason *ret_reason)
{
    const struct value *value = value_object(&tool->tree);
    struct reason malformed = { 0 };
    bool good = answer->status >= 200 && answer->status < 300;
    if (answer->body.len > 0) {
        enum err err =
            json_parse(buf_span(&answer->body), API_ANSWER_MAX, &tool->tree, &value, &malformed);
        if (err != OK && good) {
            return reason_set(
                ret_reason, ERR_PEER, "api.malformed", api->base, malformed.seen, NULL);
        }
        if (err != OK) {
            value = value_object(&tool->tree);
        }
    }
    if (!good) {
        return problem_read(api, answer, value, ret_reason);
    }
    *ret_answer = value;
    return OK;
}

/* RFC 7807. Its words are kept for showing, cut to size; its type becomes the reason's code. */
static enum err problem_read(struct api *api, const struct http_answer *answer,
    const struct value *problem, struct reason *ret_reason)
{
    static const char prefix[] = "urn:ecert:problem:";
    const char *type = api_text(problem, "type");
    char status[32];
    snprintf(status, sizeof status, "HTTP %d", answer->status);
    bool ours = strncmp(type, prefix, sizeof prefix - 1) == 0;
    /* The detail says what happened; the title is only its heading. */
    const char *detail = api_text(problem, "detail");
    snprintf(api->title, sizeof api->title, "%s",
        detail[0] != '\0' ? detail : api_text(problem, "title"));
    snprintf(api->next, sizeof api->next, "%s", api_text(problem, "next"));
    if (api->title[0] == '\0') {
        return reason_set(
            ret_reason, err_of_status(answer->status), "api.status", api->base, status, NULL);
    }
    return reason_set(ret_reason, err_of_status(answer->status),
        ours ? type + sizeof prefix - 1 : "api.problem", api_text(problem, "field"),
        api_text(problem, "seen"), api_text(problem, "expected"));
}

static enum err err_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return ERR_DENIED;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    case 429:
        return ERR_LIMIT;
    default:
        return status >= 500 ? ERR_AGAIN : ERR_INPUT;
    }
}

enum exit_code api_failure(
    struct tool *tool, const struct api *api, enum err err, const struct reason *reason)
{
    if (api->title[0] == '\0') {
        return screen_failure(tool, err, reason);
    }
    const struct screen_words words = { .title = api->title,
        .seen = reason->seen,
        .expected = reason->expected,
        .next =
            api->next[0] != '\0' ? api->next : language_text(tool->language, "api.problem.next") };
    /* Whatever the portal calls it, the command was used rightly. */
    (void)screen_worded_failure(tool, reason, &words);
    return EXIT_FAILED;
}

const char *api_text(const struct value *object, const char *name)
{
    const char *text = value_text(value_get(object, name));
    return text == NULL ? "" : text;
}
