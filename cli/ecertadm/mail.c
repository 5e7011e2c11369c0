/* `mail list`, `again` and `forget`: mail that has not arrived, and what may be done about it. */
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/wire/mails.h"

#include <stdio.h>
#include <string.h>

/* By the problem, and where a person may not have been told, how that is made good. */
static const struct {
    const char *problem, *next;
} advice[] = {
    { "smtp.refused",
        "the mailbox or the mail server on its way does not take it, whose log says why: put that "
        "right, then `ecertadm mail again ID`; or tell the recipient otherwise, then `ecertadm "
        "mail forget ID`" },
    { "mail.unsendable",
        "no mail can be made of it: tell the recipient otherwise, then `ecertadm mail forget ID`" },
    { "smtp.later",
        "the mail server puts it off: its log says why; then `ecertadm mail again ID`" },
    { "smtp.clear_off_loopback",
        "the mail server is not on this host's loopback: set courier.smtp to one that is, then "
        "`ecertadm mail again ID`" },
    { "smtp.",
        "the mail server does not answer: start it, or set courier.smtp, then `ecertadm mail again "
        "ID`" },
    { "", "look for this mail's id in the courier's log" },
};

static enum err rows_add(
    struct der *body, struct value_tree *tree, struct value *list, size_t *ret_count);
static void row_put(struct value_tree *tree, struct value *list, const struct control_mail *mail);
static const char *advice_for(const char *problem);
static enum err change_run(struct call *call, unsigned message_type, bool all, const char *done);

enum err mail_list_run(struct call *call)
{
    return call_list(call, CONTROL_MAIL_LIST, rows_add);
}

enum err mail_again_run(struct call *call)
{
    return change_run(call, CONTROL_MAIL_AGAIN, /* all= */ true, "again");
}

enum err mail_forget_run(struct call *call)
{
    return change_run(call, CONTROL_MAIL_FORGET, /* all= */ false, "forgotten");
}

static enum err rows_add(
    struct der *body, struct value_tree *tree, struct value *list, size_t *ret_count)
{
    struct control_mails mails = { 0 };
    TRY(control_mails_read(body, tree->arena, &mails));
    for (size_t i = 0; i < mails.count; i++) {
        row_put(tree, list, &mails.rows[i]);
    }
    *ret_count = mails.count;
    return OK;
}

static void row_put(struct value_tree *tree, struct value *list, const struct control_mail *mail)
{
    static const uint8_t none[APPLICATION_ID_BYTES];
    char application[2 * APPLICATION_ID_BYTES + 1] = "", queued[TIME_TEXT_MAX];
    char next[TIME_TEXT_MAX] = "";
    struct value *object = value_add_object(tree, list);
    if (memcmp(mail->application, none, sizeof none) != 0) {
        hex_format(SPAN_OF(mail->application), application);
    }
    time_format_rfc3339(mail->queued, queued);
    if (mail->next_try != 0) {
        time_format_rfc3339(mail->next_try, next);
    }
    value_put_integer(tree, object, "id", mail->id);
    value_put_text(tree, object, "state", mail->next_try == 0 ? "given up" : "late");
    value_put_text(tree, object, "kind", mail->kind);
    value_put_text(tree, object, "to", mail->recipient);
    value_put_text(tree, object, "name", mail->name);
    value_put_text(tree, object, "application", application);
    value_put_text(tree, object, "since", queued);
    value_put_integer(tree, object, "attempts", mail->attempts);
    value_put_text(tree, object, "next_try", next);
    value_put_text(tree, object, "problem", mail->problem);
    value_put_text(tree, object, "seen", mail->seen);
    value_put_text(tree, object, "next", advice_for(mail->problem));
}

/* The first that begins so. */
static const char *advice_for(const char *problem)
{
    size_t i = 0;
    while (strncmp(problem, advice[i].problem, strlen(advice[i].problem)) != 0) {
        i++;
    }
    return advice[i].next;
}

static enum err change_run(struct call *call, unsigned message_type, bool all, const char *done)
{
    const char *word = NULL;
    struct control_number number = { 0 };
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, NULL, 0, &word, 1));
    if (!all || strcmp(word, "all") != 0) {
        TRY(call_number(
            call, word, "mail.unknown", all ? "a number, or all" : "a number", &number.number));
    }
    struct request request = request_make(message_type, control_number_write, &number);
    TRY(call_registrar(call, &request, &answer));
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, done, word);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}
