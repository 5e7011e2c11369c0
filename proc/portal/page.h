#pragma once
/* The frame that every page has: title, language switch, steps, errors; and sending it. */
#include "proc/portal/visit.h"

enum page_step {
    STEP_NONE,
    STEP_LOGIN,
    STEP_CONFIRM,
    STEP_DCV,
    STEP_CSR,
    STEP_CERTIFICATE,
    STEP_DOWNLOAD,
    STEP_COUNT,
};

/* The page that the enrolment's state asks for: "/confirm", "/dcv", … */
const char *page_of_state(enum enrolment_state state);
enum page_step step_of_state(enum enrolment_state state);

/* Puts the frame into visit->page; `title` is a message id. */
void page_begin(struct visit *visit, enum page_step step, const char *title);
/* Adds one error to the page's summary and, by its field, above the field. */
void page_put_error(struct visit *visit, const struct reason *reason);
/* All of visit->errors. */
void page_put_errors(struct visit *visit);
/* What was typed, to be shown again; never a secret. Texts that aren't UTF-8 are left out. */
void page_put_typed(struct visit *visit, const char *field, struct span text);
/* Why the enrolment's last step went back, as "refused" {text, next}; nothing if it did not. */
void page_put_problem(struct visit *visit);
/* Has the browser look again in a moment, without a script: for pages that wait. By header, since a
 * <meta> would be read out as part of the page. */
enum err page_refresh(struct visit *visit) MUST_USE;
/* What refuses a request, for the template "error". */
void page_put_refusal(struct visit *visit, int status, const struct reason *reason);
enum err page_reply(struct visit *visit, int status, const char *template) MUST_USE;

/* `time` under `name` as RFC 3339, and for pages under `name`_text as people in Hong Kong read it.
 */
void put_time(struct visit *visit, struct value *object, const char *name, int64_t time);
/* How long it is until then under `name`_in, "in 4 minutes", and for the API under `name`_seconds
 * too, 0 if it is over. */
void put_until(struct visit *visit, struct value *object, const char *name, int64_t time);
/* "23/11/2026 08:00 HKT"; NULL without memory. */
const char *time_text(const struct visit *visit, int64_t time);
/* A fingerprint in hexadecimal, and for pages under `name`_groups in groups that a person can
 * compare. */
void put_hash(struct visit *visit, struct value *object, const char *name, const char *hex);
