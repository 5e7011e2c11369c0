/* Page 1, and sessions (doc/threats.md P1 to P4): one answer for every wrong input, one
 * hash computed for every attempt, an attempt spent in the store before the PIN is hashed, and a
 * throttle for the network and for everybody before that. */
#include "proc/portal/handlers.h"
#include "proc/portal/notice.h"

#include "lib/crypto/pinhash.h"
#include "lib/dns/hostname.h"
#include "proc/portal/entry.h"
#include "proc/portal/page.h"

#include <stdio.h>

enum { SERVER_NAME_TYPED_MAX = 1000 };

struct credentials {
    struct span server_name;
    struct span reference;
    struct secret pin;
};

/* What one transaction does with an attempt, before anything is hashed. */
struct attempt {
    const struct visit *visit;
    char reference[REFERENCE_DIGITS + 1];
    struct act act;
    struct enrolment_row enrolment;
    bool known; /* there is such a reference number, and its PIN is not void */
};

static enum err log_in(
    struct visit *visit, const struct credentials *credentials, char ret_token[TOKEN_TEXT_MAX]);
static enum err attempt_spend(struct store *store, void *ctx);
static enum err attempts_restore(struct store *store, void *ctx);
static enum err session_end(struct store *store, void *ctx);
static bool name_fits(
    struct visit *visit, const struct enrolment_row *enrolment, struct span typed);
static enum err cookie_set(struct visit *visit, const char *token, int64_t max_age);
static enum err login_show(struct visit *visit, int status, const struct credentials *credentials);
static bool for_revocation(const struct visit *visit);
static const char *page_after_login(const struct visit *visit);

static const struct form_field fields[] = {
    { "server_name", FORM_LINE, 1, SERVER_NAME_TYPED_MAX, .required = true,
        .offset = offsetof(struct credentials, server_name) },
    { "reference", FORM_DIGITS, REFERENCE_DIGITS, REFERENCE_DIGITS, .required = true,
        .offset = offsetof(struct credentials, reference) },
    { "pin", FORM_SECRET_DIGITS, PIN_DIGITS, PIN_DIGITS, .required = true,
        .offset = offsetof(struct credentials, pin) },
};
static const struct form login_form = { fields, sizeof fields / sizeof fields[0],
    FORM_IGNORE_UNKNOWN };

enum err login_get(struct visit *visit)
{
    struct credentials typed = { 0 };
    if (visit->has_session && !for_revocation(visit)) {
        return reply_redirect(visit->response, page_of_state(visit->enrolment.state));
    }
    (void)http_request_query(visit->request, "server_name", &typed.server_name);
    return login_show(visit, 200, &typed);
}

enum err login_post(struct visit *visit)
{
    struct credentials credentials = { 0 };
    char token[TOKEN_TEXT_MAX];
    if (!http_request_same_origin(visit->request)) {
        return reason_set(&visit->request->reason, ERR_DENIED, "session.csrf", "", "", "");
    }
    enum err err = visit_form(visit, &login_form, &credentials);
    if (err == OK) {
        err = log_in(visit, &credentials, token);
    }
    secret_release(&credentials.pin);
    if (err == ERR_INPUT || err == ERR_DENIED || err == ERR_LIMIT) {
        page_put_errors(visit);
        if (err != ERR_INPUT) {
            page_put_error(visit, &visit->request->reason);
        }
        return login_show(visit, err == ERR_LIMIT ? 429 : 422, &credentials);
    }
    TRY(err);
    TRY(cookie_set(visit, token, /* max_age= */ 0));
    return reply_redirect(visit->response, page_after_login(visit));
}

enum err leave_post(struct visit *visit)
{
    TRY(store_transact(visit->portal->store, session_end, visit));
    TRY(cookie_set(visit, "", /* max_age= */ -1));
    const char *path =
        arena_format(visit->request->arena, "/?left=1&server_name=%s", visit->application.names[0]);
    return path == NULL ? ERR_MEMORY : reply_redirect(visit->response, path);
}

enum err api_session_post(struct visit *visit)
{
    static const char *const names[] = { "server_name", "reference", "pin", NULL };
    const struct value *object = NULL;
    struct reason *reason = &visit->request->reason;
    const char *texts[3] = { NULL };
    char token[TOKEN_TEXT_MAX];
    TRY(visit_json(visit, names, &object));
    for (size_t i = 0; i < 3; i++) {
        TRY(json_get_text(object, names[i], SERVER_NAME_TYPED_MAX, &texts[i], reason));
    }
    struct credentials credentials = {
        .server_name = span_from_text(texts[0]),
        .reference = span_from_text(texts[1]),
    };
    TRY(digits_only(visit, names[1], texts[1], REFERENCE_DIGITS, &credentials.reference));
    struct span pin = { 0 };
    TRY(digits_only(visit, names[2], texts[2], PIN_DIGITS, &pin));
    TRY(secret_copy(pin, &credentials.pin));
    enum err err = log_in(visit, &credentials, token);
    secret_release(&credentials.pin);
    /* JSON had to be read into the arena: not to stay there for the rest of the request. */
    explicit_bzero((char *)(uintptr_t)texts[2], strlen(texts[2]));
    explicit_bzero((uint8_t *)(uintptr_t)pin.data, pin.len);
    if (err == ERR_LIMIT) {
        return visit_reply_problem(visit, 429, reason);
    }
    TRY(err);
    return entry_reply(visit, token);
}

enum err api_session_delete(struct visit *visit)
{
    TRY(store_transact(visit->portal->store, session_end, visit));
    return reply_empty(visit->response);
}

/* The order is the defence: throttle and attempt in one transaction, then always one hash. */
static enum err log_in(
    struct visit *visit, const struct credentials *credentials, char ret_token[TOKEN_TEXT_MAX])
{
    struct attempt attempt = { .visit = visit, .act = visit_act(visit) };
    (void)span_to_text(credentials->reference, attempt.reference, sizeof attempt.reference);
    enum err err = store_transact(visit->portal->store, attempt_spend, &attempt);
    if (err == ERR_LIMIT) {
        return entry_throttled(visit);
    }
    TRY(err);
    struct span pin = secret_span(&credentials->pin);
    err = attempt.known ? pin_hash_verify(attempt.enrolment.pin_hash, pin)
                        : pin_hash_verify_nothing(pin);
    if (err == ERR_MEMORY) {
        return ERR_AGAIN;
    }
    bool right = err == OK && attempt.known &&
                 name_fits(visit, &attempt.enrolment, credentials->server_name);
    if (!right) {
        return entry_refused(visit, "login.refused");
    }
    const struct entry entry = {
        .enrolment = &attempt.enrolment, .also = attempts_restore, .ctx = &attempt
    };
    return entry_open(visit, &entry, ret_token);
}

static enum err attempt_spend(struct store *store, void *ctx)
{
    struct attempt *attempt = ctx;
    attempt->known = false;
    TRY(entry_spend(store, attempt->visit));
    enum err err = store_enrolment_by_reference(store, attempt->reference, &attempt->enrolment);
    if (err == ERR_NOT_FOUND || (err == OK && attempt->enrolment.pin_hash[0] == '\0')) {
        return OK;
    }
    TRY(err);
    unsigned left = 0;
    err = store_enrolment_spend_attempt(store, &attempt->act, attempt->enrolment.id, &left);
    attempt->known = err == OK;
    return err == ERR_DENIED ? OK : err;
}

static enum err attempts_restore(struct store *store, void *ctx)
{
    const struct attempt *attempt = ctx;
    return store_enrolment_restore_attempts(store, &attempt->act, attempt->enrolment.id);
}

static enum err session_end(struct store *store, void *ctx)
{
    const struct visit *visit = ctx;
    return store_session_delete(store, visit->token_hash);
}

/* The server name used as subject name: the application's first. Typed in either form. */
static bool name_fits(struct visit *visit, const struct enrolment_row *enrolment, struct span typed)
{
    struct application_row row = { 0 };
    struct application application = { 0 };
    struct dns_name name = { 0 };
    struct arena *arena = visit->request->arena;
    return dns_name_parse(typed, DNS_NAME_HOST_OR_WILDCARD, &name, NULL) == OK &&
           store_application_get(visit->portal->store, enrolment->application, arena, &row) == OK &&
           application_parse(row.der, arena, &application) == OK && application.name_count > 0 &&
           strcmp(name.text, application.names[0]) == 0;
}

static enum err cookie_set(struct visit *visit, const char *token, int64_t max_age)
{
    const struct cookie cookie = {
        .name = "ecert",
        .value = span_from_text(token),
        .max_age_seconds = max_age,
        .secure = visit->portal->secure,
    };
    return response_cookie(visit->response, &cookie);
}

static enum err login_show(struct visit *visit, int status, const struct credentials *credentials)
{
    struct span ignored = { 0 };
    bool revocation = for_revocation(visit);
    page_begin(
        visit, revocation ? STEP_NONE : STEP_LOGIN, revocation ? "revoke.title" : "login.title");
    value_put_bool(
        &visit->tree, visit->page, "left", http_request_query(visit->request, "left", &ignored));
    value_put_bool(
        &visit->tree, visit->page, "ended", http_request_query(visit->request, "ended", &ignored));
    page_put_typed(visit, "server_name", credentials->server_name);
    page_put_typed(visit, "reference", credentials->reference);
    TRY(notices_put(visit));
    return page_reply(visit, status, revocation ? "revoke_login" : "login");
}

/* Who has all there was to get comes back for the next certificate. */
static const char *page_after_login(const struct visit *visit)
{
    if (for_revocation(visit)) {
        return "/revoke/certificate";
    }
    enum enrolment_state state = visit->enrolment.state;
    return state == ENROLMENT_ACCEPTED ? "/next" : page_of_state(state);
}

/* The same log-in, on the page that leads to a revocation: always asked for anew. */
static bool for_revocation(const struct visit *visit)
{
    return span_equal_text(visit->request->path, "/revoke");
}

enum err digits_only(
    struct visit *visit, const char *field, const char *text, size_t count, struct span *ret_digits)
{
    char seen[24];
    char expected[24];
    struct reason *reason = &visit->request->reason;
    char *digits = arena_alloc(visit->request->arena, strlen(text) + 1, 1);
    size_t len = 0;
    if (digits == NULL) {
        return ERR_MEMORY;
    }
    snprintf(expected, sizeof expected, "%zu", count);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c >= '0' && *c <= '9') {
            digits[len++] = *c;
        } else if (*c != ' ' && *c != '-') {
            return reason_set(reason, ERR_INPUT, "form.not_digits", field, "", expected);
        }
    }
    if (len != count) {
        snprintf(seen, sizeof seen, "%zu", len);
        return reason_set(reason, ERR_INPUT, len < count ? "form.too_short" : "form.too_long",
            field, seen, expected);
    }
    *ret_digits = span_make(digits, len);
    return OK;
}
