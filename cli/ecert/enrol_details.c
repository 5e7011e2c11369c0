/* The portal's second page: the details of the application, to be confirmed or rejected. */
#include "cli/ecert/ask.h"
#include "cli/ecert/enrol.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

static void details_show(struct walk *walk);
static enum err reject(struct walk *walk, struct reason *ret_reason);

enum err walk_confirm(struct walk *walk, struct reason *ret_reason)
{
    struct tool *tool = walk->tool;
    bool right = walk->accept;
    details_show(walk);
    if (!right && ask_yes(tool, "tool.ask_details_right", &right) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "tool.needs_accept", NULL, NULL, NULL);
    }
    if (!right) {
        return reject(walk, ret_reason);
    }
    const struct value *answer;
    struct value *body = value_object(&tool->tree);
    value_put_bool(&tool->tree, body, "chinese", walk->chinese);
    TRY(api_call(&walk->api, tool, HTTP_POST, "/enrolment/confirm", body, &answer, ret_reason));
    screen_step(tool, "tool.confirmed", NULL);
    return OK;
}

static void details_show(struct walk *walk)
{
    const struct value *enrolment = walk->enrolment;
    const char *type = api_text(enrolment, "certificate_type");
    AUTO(buf) names = buf_make(WALK_NAMES_MAX_BYTES);
    walk_names_write(walk, value_get(enrolment, "names"), &names);
    if (strstr(type, "Trial") != NULL || value_truth(value_get(enrolment, "trial"))) {
        screen_heading(walk->tool, "trial.text", NULL);
    }
    screen_heading(walk->tool, "tool.details_title", NULL);
    char ends[SCREEN_MOMENT_MAX];
    screen_moment_text(walk->tool, api_text(value_get(enrolment, "subscription"), "end"), ends);
    const struct screen_fact facts[] = {
        { "tool.names", buf_text(&names) },
        { "tool.organisation", api_text(enrolment, "organisation") },
        { "tool.organisation_zh", api_text(enrolment, "organisation_zh") },
        { "tool.branch", api_text(enrolment, "branch") },
        { "tool.branch_zh", api_text(enrolment, "branch_zh") },
        { "tool.brn", api_text(enrolment, "brn") },
        { "tool.ci_cr", api_text(enrolment, "ci_cr") },
        { "tool.other_document", api_text(enrolment, "other_document") },
        { "tool.srn", api_text(enrolment, "srn") },
        { "field.business_category", api_text(enrolment, "business_category") },
        { "field.jurisdiction_country", api_text(enrolment, "jurisdiction_country") },
        { "field.registration_number", api_text(enrolment, "registration_number") },
        { "tool.certificate_type", type },
        { "tool.subscription_end", ends },
        { .id = NULL },
    };
    screen_facts(walk->tool, facts);
}

/* A name is {ascii, unicode, mixed_script}, or plain text. */
void walk_names_write(const struct walk *walk, const struct value *list, struct buf *text)
{
    for (const struct value *name = value_first(list); name != NULL; name = value_next(name)) {
        const char *ascii = value_text(name) != NULL ? value_text(name) : api_text(name, "ascii");
        const char *unicode = api_text(name, "unicode");
        bool both = unicode[0] != '\0' && strcmp(ascii, unicode) != 0;
        buf_append_text(text, text->len == 0 ? "" : ", ");
        if (both) {
            screen_bracket(walk->tool, ascii, unicode, text);
        } else {
            buf_append_text(text, ascii);
        }
        if (value_truth(value_get(name, "mixed_script"))) {
            buf_append_format(
                text, " – %s", language_text(walk->tool->language, "tool.mixed_script"));
        }
    }
}

static enum err reject(struct walk *walk, struct reason *ret_reason)
{
    char why[ANSWER_MAX];
    const struct value *answer;
    TRY(ask_line(walk->tool, "tool.ask_reject_reason", /* proposed= */ NULL, why));
    struct value *body = value_object(&walk->tool->tree);
    value_put_text(&walk->tool->tree, body, "reason", why);
    return api_call(
        &walk->api, walk->tool, HTTP_POST, "/enrolment/reject", body, &answer, ret_reason);
}

enum err walk_returned(struct walk *walk, struct reason *ret_reason)
{
    (void)ret_reason;
    screen_message(walk->tool, "tool.returned", NULL);
    value_put_text(
        &walk->tool->tree, walk->tool->result, "state", api_text(walk->enrolment, "state"));
    walk->ended = true;
    walk->exit = EXIT_NOTHING;
    return OK;
}
