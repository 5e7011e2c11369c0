/* Page 2: the details, confirming or rejecting them. */
#include "proc/portal/enrolment.h"
#include "proc/portal/handlers.h"

#include "lib/base/log.h"

enum { REASON_TYPED_MAX = 1000 };

struct choice {
    struct span chinese;
};
struct rejection {
    struct span reason;
};
struct also {
    const struct visit *visit;
    bool chinese;
    const char *text;
};

static enum err confirm(struct visit *visit, bool chinese);
static enum err reject(struct visit *visit, struct span why);
static enum err chinese_store(struct store *store, void *ctx);
static enum err rejection_store(struct store *store, void *ctx);
static enum err reject_show(struct visit *visit, int status, struct span typed);

static const char *const yes_or_no[] = { "yes", "no", NULL };
static const struct form_field choice_fields[] = {
    { "chinese", FORM_CHOICE, .required = true, .offset = offsetof(struct choice, chinese),
        .choices = yes_or_no },
};
static const struct form choice_form = { choice_fields, 1, FORM_IGNORE_UNKNOWN };
static const struct form_field rejection_fields[] = {
    { "reason", FORM_TEXT, 1, REASON_TYPED_MAX, .required = true,
        .offset = offsetof(struct rejection, reason) },
};
static const struct form rejection_form = { rejection_fields, 1, FORM_IGNORE_UNKNOWN };

enum err confirm_get(struct visit *visit)
{
    page_begin(visit, STEP_CONFIRM, "confirm.title");
    TRY(details_put(visit, visit->page));
    struct value_tree *tree = &visit->tree;
    const struct subject *subject = &visit->application.subject;
    names_notes_put(visit, visit->page);
    value_put_bool(tree, visit->page, "branch_any",
        subject->branch[0] != '\0' || subject->branch_zh[0] != '\0');
    value_put_bool(tree, visit->page, "open", visit->enrolment.state == ENROLMENT_OPEN);
    value_put_text(tree, visit->page, "next_href", page_of_state(visit->enrolment.state));
    return page_reply(visit, 200, "confirm");
}

enum err confirm_post(struct visit *visit)
{
    struct choice choice = { 0 };
    TRY(visit_form(visit, &choice_form, &choice));
    TRY(confirm(visit, span_equal_text(choice.chinese, "yes")));
    return reply_redirect(visit->response, page_of_state(visit->enrolment.state));
}

enum err reject_get(struct visit *visit)
{
    return reject_show(visit, 200, (struct span){ 0 });
}

enum err reject_post(struct visit *visit)
{
    struct rejection rejection = { 0 };
    if (visit_form(visit, &rejection_form, &rejection) != OK) {
        page_put_errors(visit);
        return reject_show(visit, 422, rejection.reason);
    }
    enum err err = reject(visit, rejection.reason);
    if (err == ERR_INPUT) {
        page_put_error(visit, &visit->request->reason);
        return reject_show(visit, 422, rejection.reason);
    }
    TRY(err);
    return reply_redirect(visit->response, page_of_state(visit->enrolment.state));
}

enum err returned_get(struct visit *visit)
{
    bool rejected = visit->enrolment.state == ENROLMENT_REJECTED;
    struct return_row returned = { 0 };
    enum err err = store_application_returned(
        visit->portal->store, visit->enrolment.application, visit->request->arena, &returned);
    TRY(err == ERR_NOT_FOUND ? OK : err);
    page_begin(visit, rejected ? STEP_CONFIRM : STEP_CERTIFICATE, "returned.title");
    value_put_text(
        &visit->tree, visit->page, "heading", rejected ? "returned.heading" : "declined.heading");
    value_put_text(&visit->tree, visit->page, "explained",
        rejected ? "returned.explained" : "declined.explained");
    value_put_text(&visit->tree, visit->page, "reason", returned.reason);
    return page_reply(visit, 200, "returned");
}

enum err api_enrolment_get(struct visit *visit)
{
    TRY(enrolment_put(visit, visit->page));
    return visit_reply_json(visit, 200, visit->page);
}

enum err api_confirm_post(struct visit *visit)
{
    static const char *const names[] = { "chinese", NULL };
    const struct value *object = NULL;
    bool chinese = false;
    TRY(visit_json(visit, names, &object));
    TRY(json_get_bool_or(object, "chinese", false, &chinese, &visit->request->reason));
    TRY(confirm(visit, chinese));
    return api_enrolment_get(visit);
}

enum err api_reject_post(struct visit *visit)
{
    static const char *const names[] = { "reason", NULL };
    const struct value *object = NULL;
    const char *why = NULL;
    TRY(visit_json(visit, names, &object));
    TRY(json_get_text(object, "reason", REASON_TYPED_MAX, &why, &visit->request->reason));
    TRY(reject(visit, span_from_text(why)));
    return api_enrolment_get(visit);
}

static enum err confirm(struct visit *visit, bool chinese)
{
    if (chinese && visit->application.subject.organisation_zh[0] == '\0') {
        return reason_set(
            &visit->request->reason, ERR_INPUT, "enrolment.no_chinese", "chinese", "", "");
    }
    struct also also = { .visit = visit, .chinese = chinese };
    return enrolment_move(visit, ENROLMENT_CONFIRM, chinese_store, &also);
}

static enum err chinese_store(struct store *store, void *ctx)
{
    const struct also *also = ctx;
    TRY(store_enrolment_set_chinese(store, also->visit->enrolment.id, also->chinese));
    return also->visit->application.government ? office_take(store, also->visit) : OK;
}

static enum err reject(struct visit *visit, struct span why)
{
    size_t blank = 0;
    while (blank < why.len && strchr(" \t\r\n", why.data[blank]) != NULL) {
        blank++;
    }
    if (blank == why.len) {
        return reason_set(&visit->request->reason, ERR_INPUT, "form.required", "reason", "", "");
    }
    struct also also = { .visit = visit, .text = arena_text(visit->request->arena, why) };
    if (also.text == NULL) {
        return ERR_MEMORY;
    }
    return enrolment_move(visit, ENROLMENT_REJECT, rejection_store, &also);
}

static enum err rejection_store(struct store *store, void *ctx)
{
    const struct also *also = ctx;
    struct act act = visit_act(also->visit);
    return store_application_return(
        store, &act, also->visit->enrolment.application, RETURN_AT_DETAILS, also->text);
}

static enum err reject_show(struct visit *visit, int status, struct span typed)
{
    page_begin(visit, STEP_CONFIRM, "reject.title");
    page_put_typed(visit, "reason", typed);
    return page_reply(visit, status, "reject");
}
