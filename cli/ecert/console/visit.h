#pragma once
/* One request on its way through the console: a tool as a command has it, silent, and the page that
 * is made of it. Nothing here outlives the request. */
#include "cli/ecert/console/console.h"
#include "cli/ecert/item.h"
#include "lib/http/form.h"
#include "lib/web/page.h"

struct visit;

/* A row of the table in routes.c. Whatever isn't open needs the session; a POST its form's proof
 * too. */
struct route {
    enum http_method method;
    const char *pattern; /* "{desk}" stands for the session's part of the path */
    enum err (*handle)(struct visit *visit);
    bool open;
    size_t body_max;
    bool keeps; /* a language can be chosen by its form, which keeps what was typed */
};

struct visit {
    struct console *console;
    const struct route *route; /* NULL on error pages */
    struct http_request *request;
    struct http_response *response;
    bool inside; /* it is the session's browser */
    bool stays;  /* the form was sent to be shown again in another language: nothing is done */
    struct tool tool;
    struct key_access access; /* what opens a guarded key, for this request */
    bool unlocks;             /* a passphrase was typed */
    struct value *page;       /* the root of what is shown */
    struct form_errors errors;
    const char *here; /* path and query that the language links keep; NULL: the path alone */
};

/* routes.c: whether the path is a page too, and not only what a form leads to. */
bool route_has_page(const struct route *route);

/* Language, tool and session of a request. To be closed, whatever it returns. */
enum err visit_open(struct visit *visit, struct console *console, const struct route *route,
    struct http_request *request, struct http_response *response) MUST_USE;
void visit_close(struct visit *visit);

/* Which entry of the navigation a page belongs to: "certificates", "intermediate", "lists",
 * "root", "untrusted"; NULL: none. */
void page_begin(struct visit *visit, const char *title, const char *place);
void page_put_error(struct visit *visit, const struct reason *reason);
/* "why" and "next" of a reason, and the way to the page where that is done. */
void page_put_reason(struct visit *visit, struct value *object, const struct reason *reason);
void page_put_typed(struct visit *visit, const char *field, struct span text);
void page_put_groups(struct visit *visit, struct value *object, const char *name, const char *hex);
void page_put_refusal(struct visit *visit, int status, const struct reason *reason);
void page_put_error_at(struct visit *visit, const struct reason *reason, const char *field);
/* The same page again with all that is wrong, 422: visit->errors, and `reason` unless it is NULL. A
 * reason about something else than a field of the form stands above `field`. */
enum err page_reply_wrong(struct visit *visit, const struct reason *reason, const char *field,
    const char *template) MUST_USE;
enum err page_reply(struct visit *visit, int status, const char *template) MUST_USE;
/* A page whose form (its id is "form") leads to a route that keeps what is typed. */
enum err page_reply_form(struct visit *visit, int status, const char *template) MUST_USE;
/* A failure that the page tells beside what was entered; others are passed on. Where nobody said
 * why, the reason says what failed. */
bool is_wrong(enum err err, struct reason *reason);
/* "2027-06-10 08:00 HKT (in 199 days)", the local time of this server. */
void page_put_moment(struct visit *visit, struct value *object, const char *name, int64_t time);

enum err visit_store(struct visit *visit, struct certstore **ret_store) MUST_USE;
/* Parses the body as this form; on ERR_INPUT visit->errors says what is wrong. */
enum err visit_form(struct visit *visit, const struct form *form, void *ret_fields) MUST_USE;
/* 303 to a path of the desk: "/certificate/…". NULL (no memory) is a failure. */
enum err visit_lead(struct visit *visit, const char *path) MUST_USE;
/* The same, where the page then says what was done: one of the words in page.c. */
enum err visit_done(struct visit *visit, const char *path, const char *word) MUST_USE;
/* A part of the path as text in the request's memory; NULL where it is none. */
const char *visit_param(struct visit *visit, const char *name);
/* A text as a command takes it, in the request's memory; NULL for an empty one. */
const char *visit_text(struct visit *visit, struct span text);
