/* Language, session, CSRF (doc/threats.md P7, P8): every enrolment that a handler ever sees comes
 * from the session's token, never from an identifier in the request. */
#include "proc/portal/visit.h"

#include "lib/crypto/digest.h"

#include <stdio.h>
#include <strings.h>

enum { LANGUAGE_COOKIE_SECONDS = 365 * 86400, CSRF_FIELD_MAX = 64 };

static enum err language_choose(struct visit *visit);
static bool token_find(const struct visit *visit, struct span *ret_token);
static enum err session_open(struct visit *visit, struct span token);
static enum err session_touch(struct store *store, void *ctx);
static void problem_put(
    struct visit *visit, struct value *object, int status, const struct reason *reason);

enum err visit_open(struct visit *visit, struct portal *portal, const struct route *route,
    struct http_request *request, struct http_response *response)
{
    *visit = (struct visit){
        .portal = portal,
        .route = route,
        .request = request,
        .response = response,
        .now = clock_now(&portal->clock),
        .tree = value_tree_make(request->arena),
    };
    visit->page = value_object(&visit->tree);
    TRY(language_choose(visit));
    struct span token = { 0 };
    return token_find(visit, &token) ? session_open(visit, token) : OK;
}

bool visit_is_api(const struct visit *visit)
{
    static const char prefix[] = "/api/";
    size_t len = sizeof prefix - 1;
    return visit->request->path.len >= len && memcmp(visit->request->path.data, prefix, len) == 0;
}

enum err visit_check_form(struct visit *visit)
{
    static const struct form_field fields[] = {
        { "csrf", FORM_LINE, 1, CSRF_FIELD_MAX, .required = true, .offset = 0 },
    };
    static const struct form form = { fields, 1, FORM_IGNORE_UNKNOWN };
    struct span csrf = { 0 };
    struct span type = { 0 };
    struct form_errors errors = { 0 };
    bool same = http_request_same_origin(visit->request) &&
                http_request_header(visit->request, "Content-Type", &type) &&
                form_parse(&form, type, visit->request->body, visit->request->arena, &csrf,
                    &errors) == OK &&
                bytes_equal_secret(csrf, span_from_text(visit->csrf));
    return same ? OK : reason_set(&visit->request->reason, ERR_DENIED, "session.csrf", "", "", "");
}

struct act visit_act(const struct visit *visit)
{
    return (struct act){ .actor = "portal", .time = visit->now };
}

enum err visit_reload(struct visit *visit)
{
    return store_enrolment_get(visit->portal->store, visit->enrolment.id, &visit->enrolment);
}

enum err token_make(struct portal *portal, char ret_token[TOKEN_TEXT_MAX])
{
    uint8_t bytes[TOKEN_BYTES];
    TRY(random_fill(&portal->random, bytes, sizeof bytes));
    base32_format(SPAN_OF(bytes), ret_token, TOKEN_TEXT_MAX);
    return OK;
}

enum err token_hashes(struct span token, uint8_t ret_hash[HASH_BYTES], char ret_csrf[CSRF_TEXT_MAX])
{
    uint8_t csrf[HASH_BYTES];
    const struct span for_store[] = { SPAN_LITERAL("ecert session v1\0"), token };
    const struct span for_forms[] = { SPAN_LITERAL("ecert form v1\0"), token };
    TRY(sha256_pieces(for_store, 2, ret_hash));
    TRY(sha256_pieces(for_forms, 2, csrf));
    if (ret_csrf != NULL) {
        base32_format(SPAN_OF(csrf), ret_csrf, CSRF_TEXT_MAX);
    }
    return OK;
}

enum err visit_json(struct visit *visit, const char *const *names, const struct value **ret_object)
{
    struct span type = { 0 };
    struct reason *reason = &visit->request->reason;
    static const char json[] = "application/json";
    if (!http_request_header(visit->request, "Content-Type", &type) || type.len < sizeof json - 1 ||
        strncasecmp((const char *)type.data, json, sizeof json - 1) != 0) {
        return reason_set(reason, ERR_UNSUPPORTED, "form.content_type", "", "", json);
    }
    const struct value *object = NULL;
    TRY(json_parse(visit->request->body, HTTP_BODY_MAX_BYTES, &visit->tree, &object, reason));
    if (value_kind(object) != VALUE_OBJECT) {
        return reason_set(reason, ERR_INPUT, "json.type", "", "a list", "an object");
    }
    TRY(json_refuse_unknown(object, names, reason));
    *ret_object = object;
    return OK;
}

enum err visit_form(struct visit *visit, const struct form *form, void *ret_fields)
{
    struct span type = { 0 };
    (void)http_request_header(visit->request, "Content-Type", &type);
    return form_parse(
        form, type, visit->request->body, visit->request->arena, ret_fields, &visit->errors);
}

enum err visit_reply_json(struct visit *visit, int status, const struct value *value)
{
    AUTO(buf) json = buf_make(HTTP_BODY_MAX_BYTES * 16);
    TRY(value_tree_check(&visit->tree));
    json_format(&json, value);
    return reply_json(visit->response, status, &json);
}

enum err visit_reply_problem(struct visit *visit, int status, const struct reason *reason)
{
    AUTO(buf) json = buf_make(HTTP_BODY_MAX_BYTES);
    struct value *object = value_object(&visit->tree);
    problem_put(visit, object, status, reason);
    TRY(value_tree_check(&visit->tree));
    json_format(&json, object);
    return reply_problem(visit->response, status, &json);
}

static void problem_put(
    struct visit *visit, struct value *object, int status, const struct reason *reason)
{
    char text[64];
    AUTO(buf) detail = buf_make(4096);
    AUTO(buf) next = buf_make(4096);
    struct reason shown = *reason;
    if (shown.code[0] == '\0') {
        snprintf(shown.code, sizeof shown.code, "status.%d", status);
    }
    snprintf(text, sizeof text, "status.%d", status);
    language_format_reason(visit->language, &shown, "", &detail);
    language_format_reason(visit->language, &shown, ".next", &next);
    AUTO(buf) type = buf_make(128);
    buf_append_format(&type, "urn:ecert:problem:%s", shown.code);
    struct value_tree *tree = &visit->tree;
    value_put_text(tree, object, "type", buf_text(&type));
    value_put_text(tree, object, "title", language_text(visit->language, text));
    value_put_integer(tree, object, "status", status);
    value_put_text(tree, object, "detail", buf_text(&detail));
    value_put_text(tree, object, "field", shown.field);
    value_put_text(tree, object, "seen", shown.seen);
    value_put_text(tree, object, "expected", shown.expected);
    value_put_text(tree, object, "next", buf_text(&next));
    value_put_text(tree, object, "instance", visit->request->id);
}

/* ?lang= wins and is remembered in a cookie; then the cookie; then what the browser asks for. */
static enum err language_choose(struct visit *visit)
{
    const struct language_set *languages = visit->portal->languages;
    struct span accept = { 0 };
    struct span tag = { 0 };
    char text[16];
    (void)http_request_header(visit->request, "Accept-Language", &accept);
    visit->language = language_negotiate(languages, accept);
    if (visit_is_api(visit)) {
        return OK;
    }
    bool asked = http_request_query(visit->request, "lang", &tag);
    if (!asked && !http_request_cookie(visit->request, "lang", &tag)) {
        return OK;
    }
    const struct language *language =
        span_to_text(tag, text, sizeof text) ? language_by_tag(languages, text) : NULL;
    if (language == NULL) {
        return OK;
    }
    visit->language = language;
    const struct cookie cookie = {
        .name = "lang",
        .value = span_from_text(language_tag(language)),
        .max_age_seconds = LANGUAGE_COOKIE_SECONDS,
        .secure = visit->portal->secure,
        .lax = true,
    };
    return asked ? response_cookie(visit->response, &cookie) : OK;
}

static bool token_find(const struct visit *visit, struct span *ret_token)
{
    static const char bearer[] = "Bearer ";
    size_t len = sizeof bearer - 1;
    if (!visit_is_api(visit)) {
        return http_request_cookie(visit->request, "ecert", ret_token);
    }
    struct span value = { 0 };
    if (!http_request_header(visit->request, "Authorization", &value) || value.len <= len ||
        strncasecmp((const char *)value.data, bearer, len) != 0) {
        return false;
    }
    *ret_token = span_make(value.data + len, value.len - len);
    return true;
}

static enum err session_open(struct visit *visit, struct span token)
{
    struct store *store = visit->portal->store;
    struct session_row session = { 0 };
    TRY(token_hashes(token, visit->token_hash, visit->csrf));
    enum err err = store_session_get(store, visit->token_hash, visit->now, &session);
    if (err == ERR_NOT_FOUND) {
        return OK;
    }
    TRY(err);
    TRY(store_enrolment_get(store, session.enrolment, &visit->enrolment));
    TRY(store_application_get(
        store, visit->enrolment.application, visit->request->arena, &visit->application_row));
    TRY(application_parse(visit->application_row.der, visit->request->arena, &visit->application));
    visit->has_session = true;
    visit->session_created = session.created;
    return session_wants_touch(&session, visit->now) ? store_transact(store, session_touch, visit)
                                                     : OK;
}

static enum err session_touch(struct store *store, void *ctx)
{
    const struct visit *visit = ctx;
    enum err err = store_session_touch(store, visit->token_hash, visit->now);
    return err == ERR_NOT_FOUND ? OK : err;
}
