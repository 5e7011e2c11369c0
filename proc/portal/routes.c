/* The table of everything that can be asked of the portal, and the one way through it: permission
 * first, then the handler. What is not in the table does not exist (doc/threats.md P18). */
#include "proc/portal/handlers.h"
#include "proc/portal/page.h"

#include "lib/base/log.h"

#include <stdio.h>

#define PAGE       ROUTE_SESSION
#define API        (ROUTE_API | ROUTE_SESSION)
#define SMALL_BODY ((size_t)16 * 1024)
#define CSR_BODY   ((size_t)HTTP_BODY_MAX_BYTES)

#define DETAILS_SEEN (STATES_ANY & ~(STATE(REJECTED) | STATE(DECLINED)))
#define DCV_SEEN     (DETAILS_SEEN & ~STATE(OPEN))
/* Until a request is handed in, the method may be chosen again. */
#define DCV_OPEN (STATE(CONFIRMED) | STATE(VALIDATED))

static const struct route routes[] = {
    { HTTP_GET, "/", login_get, 0, 0, 0 },
    { HTTP_POST, "/", login_post, 0, 0, SMALL_BODY },
    { HTTP_POST, "/leave", leave_post, PAGE, STATES_ANY, SMALL_BODY },
    { HTTP_GET, "/confirm", confirm_get, PAGE, DETAILS_SEEN, 0 },
    { HTTP_POST, "/confirm", confirm_post, PAGE, STATE(OPEN), SMALL_BODY },
    { HTTP_GET, "/confirm/reject", reject_get, PAGE, STATE(OPEN), 0 },
    { HTTP_POST, "/confirm/reject", reject_post, PAGE, STATE(OPEN), SMALL_BODY },
    { HTTP_GET, "/returned", returned_get, PAGE, STATE(REJECTED) | STATE(DECLINED), 0 },
    { HTTP_GET, "/dcv", dcv_get, PAGE, DCV_SEEN, 0 },
    { HTTP_POST, "/dcv", dcv_post, PAGE, DCV_OPEN, SMALL_BODY },
    { HTTP_POST, "/dcv/check", dcv_check_post, PAGE, STATE(CONFIRMED), SMALL_BODY },
    { HTTP_POST, "/dcv/rehearse", dcv_rehearse_post, PAGE, STATE(CONFIRMED), SMALL_BODY },
    { HTTP_POST, "/dcv/mail", dcv_mail_post, PAGE, STATE(CONFIRMED), SMALL_BODY },
    { HTTP_POST, "/dcv/code", dcv_code_post, PAGE, STATE(CONFIRMED), SMALL_BODY },
    { HTTP_GET, "/dcv/fileauth/{name}", fileauth_get, PAGE, DCV_SEEN, 0 },
    { HTTP_GET, "/csr", csr_get, PAGE, STATE(VALIDATED), 0 },
    { HTTP_POST, "/csr", csr_post, PAGE, STATE(VALIDATED), CSR_BODY },
    { HTTP_POST, "/csr/submit", csr_submit_post, PAGE, STATE(VALIDATED), CSR_BODY },
    { HTTP_GET, "/certificate", certificate_get, PAGE, STATE(ISSUING) | STATE(ISSUED), 0 },
    { HTTP_POST, "/certificate/accept", accept_post, PAGE, STATE(ISSUED), SMALL_BODY },
    { HTTP_GET, "/certificate/decline", decline_get, PAGE, STATE(ISSUED), 0 },
    { HTTP_POST, "/certificate/decline", decline_post, PAGE, STATE(ISSUED), SMALL_BODY },
    { HTTP_GET, "/download", download_get, PAGE, STATE(ACCEPTED), 0 },
    { HTTP_GET, "/download/{file}", download_file_get, PAGE, STATE(ACCEPTED), 0 },
    { HTTP_GET, "/download/steps/{software}", steps_get, PAGE, STATE(ACCEPTED), 0 },

    { HTTP_GET, "/next", next_get, PAGE, STATE(ACCEPTED), 0 },
    { HTTP_POST, "/next", next_post, PAGE, STATE(ACCEPTED), SMALL_BODY },
    { HTTP_GET, "/keys", keys_get, PAGE, STATES_ANY, 0 },
    { HTTP_POST, "/keys/remove", keys_remove_post, PAGE, STATES_ANY, SMALL_BODY },
    { HTTP_GET, "/revoke", login_get, 0, 0, 0 },
    { HTTP_POST, "/revoke", login_post, 0, 0, SMALL_BODY },
    { HTTP_GET, "/revoke/certificate", revoke_choose_get, PAGE, STATES_ANY, 0 },
    { HTTP_POST, "/revoke/certificate", revoke_choose_post, PAGE, STATES_ANY, SMALL_BODY },

    { HTTP_POST, "/api/v1/session", api_session_post, ROUTE_API, 0, SMALL_BODY },
    { HTTP_DELETE, "/api/v1/session", api_session_delete, API, STATES_ANY, 0 },
    { HTTP_POST, "/api/v1/session/nonce", api_nonce_post, ROUTE_API, 0, SMALL_BODY },
    { HTTP_POST, "/api/v1/session/key", api_session_key_post, ROUTE_API, 0, SMALL_BODY },
    { HTTP_GET, "/api/v1/enrolment", api_enrolment_get, API, STATES_ANY, 0 },
    { HTTP_POST, "/api/v1/enrolment/confirm", api_confirm_post, API, STATE(OPEN), SMALL_BODY },
    { HTTP_POST, "/api/v1/enrolment/reject", api_reject_post, API, STATE(OPEN), SMALL_BODY },
    { HTTP_GET, "/api/v1/enrolment/dcv", api_dcv_get, API, DCV_SEEN, 0 },
    { HTTP_POST, "/api/v1/enrolment/dcv", api_dcv_post, API, DCV_OPEN, SMALL_BODY },
    { HTTP_POST, "/api/v1/enrolment/dcv/check", api_dcv_check_post, API, STATE(CONFIRMED),
        SMALL_BODY },
    { HTTP_POST, "/api/v1/enrolment/dcv/rehearse", api_dcv_rehearse_post, API, STATE(CONFIRMED),
        SMALL_BODY },
    { HTTP_POST, "/api/v1/enrolment/dcv/mail", api_dcv_mail_post, API, STATE(CONFIRMED),
        SMALL_BODY },
    { HTTP_POST, "/api/v1/enrolment/dcv/code", api_dcv_code_post, API, STATE(CONFIRMED),
        SMALL_BODY },
    { HTTP_POST, "/api/v1/enrolment/csr/preview", api_csr_preview_post, API, STATE(VALIDATED),
        CSR_BODY },
    { HTTP_POST, "/api/v1/enrolment/csr", api_csr_post, API, STATE(VALIDATED), CSR_BODY },
    { HTTP_GET, "/api/v1/enrolment/certificate", api_certificate_get, API, STATES_ANY, 0 },
    { HTTP_POST, "/api/v1/enrolment/accept", api_accept_post, API, STATE(ISSUED), SMALL_BODY },
    { HTTP_POST, "/api/v1/enrolment/decline", api_decline_post, API, STATE(ISSUED), SMALL_BODY },
    { HTTP_POST, "/api/v1/enrolment/next", api_next_post, API, STATE(ACCEPTED), SMALL_BODY },
    { HTTP_POST, "/api/v1/enrolment/key", api_key_post, API, STATE(ACCEPTED), SMALL_BODY },
    { HTTP_DELETE, "/api/v1/enrolment/key/{sha256}", api_key_delete, API, STATES_ANY, 0 },
    { HTTP_POST, "/api/v1/enrolment/revoke", api_revoke_post, API, STATES_ANY, SMALL_BODY },
    { HTTP_GET, "/api/v1/enrolment/download", api_download_get, API, STATES_ANY, 0 },
    { HTTP_GET, "/api/v1/enrolment/download/{file}", download_file_get, API, STATES_ANY, 0 },

    { HTTP_GET, "/repository", search_get, 0, 0, 0 },
    { HTTP_GET, "/repository/{file}", search_file_get, 0, 0, 0 },
    { HTTP_GET, "/api/v1/repository", api_search_get, ROUTE_API, 0, 0 },
    { HTTP_GET, "/api/v1/repository/{serial}", api_search_one_get, ROUTE_API, 0, 0 },
    { HTTP_GET, "/root/", authorities_get, 0, 0, 0 },
    { HTTP_GET, "/api/v1/root", authorities_json_get, ROUTE_API, 0, 0 },
    { HTTP_GET, "/root/{file}", repository_certificate_get, 0, 0, 0 },
    { HTTP_GET, "/crl/{file}", repository_crl_get, 0, 0, 0 },
    { HTTP_GET, "/static/{file}", asset_get, 0, 0, 0 },
    { HTTP_GET, "/health", health_get, ROUTE_API, 0, 0 },
};

enum { ROUTE_COUNT = sizeof routes / sizeof routes[0] };

static enum err route_enter(
    struct http_request *request, struct http_response *response, void *ctx);
static enum err permission(struct visit *visit, bool *ret_answered);
static enum err login_wanted(struct visit *visit);
static enum err state_wrong(struct visit *visit);

/* The same rows as lib/http wants them; every one leads to route_enter. */
static struct http_route http_routes[ROUTE_COUNT];

size_t portal_routes(const struct http_route **ret_routes)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        http_routes[i] = (struct http_route){
            .method = routes[i].method,
            .pattern = routes[i].pattern,
            .handler = route_enter,
            .flags = routes[i].flags,
            .body_max = routes[i].body_max,
        };
    }
    *ret_routes = http_routes;
    return ROUTE_COUNT;
}

static enum err route_enter(struct http_request *request, struct http_response *response, void *ctx)
{
    struct visit *visit = arena_alloc(request->arena, 1, sizeof *visit);
    if (visit == NULL) {
        return ERR_MEMORY;
    }
    bool answered = false;
    const struct route *route = &routes[request->route - http_routes];
    TRY(visit_open(visit, ctx, route, request, response));
    enum err err = permission(visit, &answered);
    if (err == OK && !answered) {
        err = route->handle(visit);
    }
    if (err != OK) {
        log_event(http_status_from_err(err) >= 500 ? LOG_ERROR : LOG_INFO, "http.refused", "route",
            route->pattern, "err", err_name(err), "code", request->reason.code, "request",
            request->id, NULL);
    }
    return err;
}

static enum err permission(struct visit *visit, bool *ret_answered)
{
    const struct route *route = visit->route;
    if ((route->flags & ROUTE_SESSION) == 0) {
        return OK;
    }
    if (!visit->has_session) {
        *ret_answered = true;
        return login_wanted(visit);
    }
    if (route->method == HTTP_POST && !visit_is_api(visit)) {
        TRY(visit_check_form(visit));
    }
    if ((route->states & 1U << visit->enrolment.state) == 0) {
        *ret_answered = true;
        return state_wrong(visit);
    }
    return OK;
}

static enum err login_wanted(struct visit *visit)
{
    struct span cookie = { 0 };
    struct reason reason = { 0 };
    if (visit_is_api(visit)) {
        (void)reason_set(&reason, ERR_DENIED, "login.required", "", "", "");
        TRY(response_header(visit->response, "WWW-Authenticate", "Bearer"));
        return visit_reply_problem(visit, 401, &reason);
    }
    bool ended = http_request_cookie(visit->request, "ecert", &cookie) && cookie.len > 0;
    return reply_redirect(visit->response, ended ? "/?ended=1" : "/");
}

/* A page leads on to where the enrolment is; a machine is told. */
static enum err state_wrong(struct visit *visit)
{
    struct reason reason = { 0 };
    enum enrolment_state state = visit->enrolment.state;
    if (!visit_is_api(visit)) {
        return reply_redirect(visit->response, page_of_state(state));
    }
    (void)reason_set(&reason, ERR_CONFLICT, "enrolment.state", "", enrolment_state_id(state), "");
    return visit_reply_problem(visit, 409, &reason);
}

enum err portal_error_page(
    struct http_request *request, struct http_response *response, int status, void *ctx)
{
    struct visit *visit = arena_alloc(request->arena, 1, sizeof *visit);
    if (visit == NULL) {
        return ERR_MEMORY;
    }
    const struct reason reason = request->reason;
    enum err err = visit_open(visit, ctx, NULL, request, response);
    if (err != OK && err != ERR_NOT_FOUND) {
        visit->has_session = false; /* the store is what failed: words need none of it */
    }
    if (visit_is_api(visit)) {
        return visit_reply_problem(visit, status, &reason);
    }
    page_begin(visit, STEP_NONE, "error.title");
    page_put_refusal(visit, status, &reason);
    return page_reply(visit, status, "error");
}

void portal_observe(const struct http_request *request, int status, int64_t elapsed_ms, void *ctx)
{
    char code[16];
    char elapsed[24];
    const char *pattern = request->route == NULL ? NULL : request->route->pattern;
    (void)ctx;
    snprintf(code, sizeof code, "%d", status);
    snprintf(elapsed, sizeof elapsed, "%lld", (long long)elapsed_ms);
    /* The pattern and not the path: what somebody typed into an address stays out of the log. */
    log_event(status >= 500 ? LOG_ERROR : LOG_INFO, "http.answered", "method",
        http_method_name(request->method), "route", pattern, "status", code, "ms", elapsed,
        "address", request->client_address, "request", request->id, "reason",
        request->reason.code[0] == '\0' ? NULL : request->reason.code, NULL);
}
