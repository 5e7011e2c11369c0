/* The portal's third page by mail: a code to a mailbox of the domain, and back. The person reads it
 * there and types it here; with --resume it may be typed another day. */
#include "cli/ecert/ask.h"
#include "cli/ecert/enrol.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

enum { ADDRESS_MAX = HOST_NAME_MAX_LENGTH + 20 };

static enum err challenges_choose(struct walk *walk, struct reason *ret_reason);
static const struct value *challenges(const struct walk *walk);
static bool address_of(const struct walk *walk, const char *name, char ret_address[ADDRESS_MAX]);
static enum err mail_have_sent(struct walk *walk, const char *name, struct reason *ret_reason);
static bool mails_are_out(const struct value *enrolment);
static enum err code_give(
    struct walk *walk, const char *name, size_t index, struct reason *ret_reason);
static bool check_is_over(const struct value *enrolment);

enum err walk_prove_by_email(struct walk *walk, struct reason *ret_reason)
{
    char names[2][HOST_NAME_MAX_LENGTH + 1];
    size_t count = 0;
    TRY(challenges_choose(walk, ret_reason));
    TRY(walk_await_before(walk, ret_reason));
    bool proved = strcmp(api_text(walk->enrolment, "state"), "confirmed") != 0;
    const struct value *one = proved ? NULL : value_first(challenges(walk));
    for (; one != NULL && count < 2; one = value_next(one)) {
        count +=
            span_to_text(span_from_text(api_text(one, "name")), names[count], sizeof names[count]);
    }
    for (size_t i = 0; i < count; i++) {
        TRY(mail_have_sent(walk, names[i], ret_reason));
    }
    for (size_t i = 0; i < count; i++) {
        TRY(code_give(walk, names[i], i, ret_reason));
    }
    screen_step(walk->tool, "tool.proved", NULL);
    return OK;
}

/* Anew only where another method was chosen, or the old ones are no good any more, or for another
 * key. */
static enum err challenges_choose(struct walk *walk, struct reason *ret_reason)
{
    const struct value *answer, *dcv = value_get(walk->enrolment, "dcv");
    bool usable = strcmp(api_text(dcv, "method"), "email") == 0 &&
                  strcmp(api_text(dcv, "state"), "expired") != 0 && !walk_is_bound_elsewhere(walk);
    if (usable) {
        return OK;
    }
    TRY(walk_choose_method(walk, "email", &answer, ret_reason));
    TRY(walk_keep(walk));
    return walk_look(walk, ret_reason);
}

static const struct value *challenges(const struct walk *walk)
{
    return value_get(value_get(walk->enrolment, "dcv"), "challenges");
}

static const struct value *challenge_of(const struct walk *walk, const char *name)
{
    const struct value *one = value_first(challenges(walk));
    while (one != NULL && strcmp(api_text(one, "name"), name) != 0) {
        one = value_next(one);
    }
    return one;
}

/* "admin" stands for admin at the name itself. */
static bool address_of(const struct walk *walk, const char *name, char ret_address[ADDRESS_MAX])
{
    const char *domain = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
    bool whole = strchr(walk->email, '@') != NULL;
    int len = snprintf(
        ret_address, ADDRESS_MAX, "%s%s%s", walk->email, whole ? "" : "@", whole ? "" : domain);
    return len > 0 && len < ADDRESS_MAX;
}

static enum err mail_have_sent(struct walk *walk, const char *name, struct reason *ret_reason)
{
    struct tool *tool = walk->tool;
    char address[ADDRESS_MAX];
    if (!address_of(walk, name, address)) {
        return reason_set(ret_reason, ERR_INPUT, "dcv.mail_address", walk->email, NULL, NULL);
    }
    const struct value *challenge = challenge_of(walk, name);
    bool sent = strcmp(api_text(challenge, "address"), address) == 0 &&
                strcmp(api_text(challenge, "mail"), "sent") == 0;
    if (!sent) {
        const struct value *answer;
        struct value *body = value_object(&tool->tree);
        value_put_text(&tool->tree, body, "name", name);
        value_put_text(&tool->tree, body, "address", address);
        TRY(api_call(
            &walk->api, tool, HTTP_POST, "/enrolment/dcv/mail", body, &answer, ret_reason));
        TRY(walk_poll(walk, "tool.wait_mail", mails_are_out, ret_reason));
    }
    challenge = challenge_of(walk, name);
    if (strcmp(api_text(challenge, "mail"), "sent") != 0) {
        return reason_set(ret_reason, ERR_DENIED, "tool.mail_refused", address,
            api_text(challenge, "mail_seen"), NULL);
    }
    const struct placeholder values[] = { { "address", address }, { "name", name },
        { NULL, NULL } };
    screen_step(tool, "tool.mail_sent", values);
    return OK;
}

static bool mails_are_out(const struct value *enrolment)
{
    const struct value *list = value_get(value_get(enrolment, "dcv"), "challenges");
    for (const struct value *one = value_first(list); one != NULL; one = value_next(one)) {
        if (value_truth(value_get(one, "mail_asked"))) {
            return false;
        }
    }
    return true;
}

static enum err code_give(
    struct walk *walk, const char *name, size_t index, struct reason *ret_reason)
{
    struct tool *tool = walk->tool;
    char typed[ANSWER_MAX];
    const struct value *answer;
    const char *code = walk->email_codes[index];
    if (strcmp(api_text(challenge_of(walk, name), "state"), "passed") == 0) {
        return OK;
    }
    if (code == NULL && ask_line(tool, "tool.ask_code", /* proposed= */ NULL, typed) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "tool.code_needed", name, NULL, NULL);
    }
    struct value *body = value_object(&tool->tree);
    value_put_text(&tool->tree, body, "name", name);
    value_put_text(&tool->tree, body, "code", code != NULL ? code : typed);
    TRY(api_call(&walk->api, tool, HTTP_POST, "/enrolment/dcv/code", body, &answer, ret_reason));
    TRY(walk_poll(walk, "tool.wait_code", check_is_over, ret_reason));
    bool whole = strcmp(api_text(walk->enrolment, "state"), "confirmed") != 0;
    if (whole || strcmp(api_text(challenge_of(walk, name), "state"), "passed") == 0) {
        return OK;
    }
    walk_results_show(walk);
    return reason_set(ret_reason, ERR_DENIED, "tool.not_proved", name, NULL, NULL);
}

static bool check_is_over(const struct value *enrolment)
{
    const char *state = api_text(value_get(enrolment, "dcv"), "state");
    return strcmp(api_text(enrolment, "state"), "confirmed") != 0 || strcmp(state, "checking") != 0;
}
