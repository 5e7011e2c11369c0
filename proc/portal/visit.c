/* Language, session, CSRF (doc/threats.md P7, P8): every enrolment that a handler ever sees comes
 * from the session's token, never from an identifier in the request. */
#include "proc/portal/visit.h"

#include "lib/web/page.h"

#include <stdio.h>
#include <strings.h>

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
    return form_check(visit->request, visit->csrf);
}

struct act visit_act(const struct visit *visit)
{
    return (struct act){ .actor = "portal", .time = visit->now };
}

enum err visit_reload(struct visit *visit)
{
    return store_enrolment_get(visit->portal->store, visit->enrolment.id, &visit->enrolment);
}

enum err token_hash(struct span token, uint8_t ret_hash[HASH_BYTES])
{
    const struct span pieces[] = { SPAN_LITERAL("ecert session v1\0"), token };
    return sha256_pieces(pieces, 2, ret_hash);
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

/* A machine says what it understands with every call, and keeps no cookie. */
static enum err language_choose(struct visit *visit)
{
    const struct language_set *languages = visit->portal->languages;
    struct span accept = { 0 };
    if (!visit_is_api(visit)) {
        return web_language_choose(
            languages, visit->request, visit->response, visit->portal->secure, &visit->language);
    }
    (void)http_request_header(visit->request, "Accept-Language", &accept);
    visit->language = language_negotiate(languages, accept);
    return OK;
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
    TRY(token_hash(token, visit->token_hash));
    TRY(token_csrf(token, visit->csrf));
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
