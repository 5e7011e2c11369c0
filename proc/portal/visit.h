#pragma once
/* One request on its way through the portal: who asks, in which language, for which enrolment, and
 * the tree of values that becomes the page or the JSON answer. Nothing here outlives the request.
 */
#include "lib/ca/application.h"
#include "lib/http/form.h"
#include "lib/store/application.h"
#include "lib/store/enrolment.h"
#include "lib/store/session.h"
#include "lib/text/json.h"
#include "lib/web/session.h"
#include "proc/portal/portal.h"

enum route_flags {
    ROUTE_API = 1 << 0,     /* JSON, bearer token; else a page, cookie and CSRF token */
    ROUTE_SESSION = 1 << 1, /* only for who has logged in */
};

#define STATE(name) (1u << ENROLMENT_##name)
#define STATES_ANY  ((1u << ENROLMENT_STATE_COUNT) - 1)

struct visit;

/* A row of the table in routes.c. */
struct route {
    enum http_method method;
    const char *pattern;
    enum err (*handle)(struct visit *visit);
    unsigned flags;
    unsigned states; /* in which the enrolment must be; a page leads elsewhere, the API says 409 */
    size_t body_max;
};

struct visit {
    struct portal *portal;
    const struct route *route; /* NULL on error pages */
    struct http_request *request;
    struct http_response *response;
    int64_t now;
    const struct language *language;
    struct value_tree tree;
    struct value *page; /* the root of what is shown */
    struct form_errors errors;
    const char *here; /* path and query that the language links keep; NULL: the path alone */

    bool has_session;
    int64_t session_created; /* when its log-in was */
    uint8_t token_hash[HASH_BYTES];
    char csrf[CSRF_TEXT_MAX];
    struct enrolment_row enrolment;
    struct application_row application_row;
    struct application application;
};

/* Finds out language and, where the request carries a valid token, session and enrolment. An absent
 * or ended session is no failure. */
enum err visit_open(struct visit *visit, struct portal *portal, const struct route *route,
    struct http_request *request, struct http_response *response) MUST_USE;
bool visit_is_api(const struct visit *visit);
/* A form of our own page, sent from our own page, for this session: ERR_DENIED with "session.csrf".
 */
enum err visit_check_form(struct visit *visit) MUST_USE;
/* Who acts, for the audit trail. */
struct act visit_act(const struct visit *visit);
/* Reads the enrolment again after it was changed. */
enum err visit_reload(struct visit *visit) MUST_USE;
/* A session's token, hashed as the store knows it. */
enum err token_hash(struct span token, uint8_t ret_hash[HASH_BYTES]) MUST_USE;
/* Parses the body as a JSON object with no other members than `names` (NULL at the end). */
enum err visit_json(
    struct visit *visit, const char *const *names, const struct value **ret_object) MUST_USE;
/* Parses the body as this form; on ERR_INPUT visit->errors says what is wrong. */
enum err visit_form(struct visit *visit, const struct form *form, void *ret_fields) MUST_USE;
/* Sends the tree as JSON. */
enum err visit_reply_json(struct visit *visit, int status, const struct value *value) MUST_USE;
/* An RFC 7807 problem, in the caller's language, from this reason. */
enum err visit_reply_problem(struct visit *visit, int status, const struct reason *reason) MUST_USE;
