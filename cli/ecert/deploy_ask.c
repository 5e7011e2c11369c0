/* A target by questions: which program, which host, which files, where it answers. */
#include "cli/ecert/ask.h"
#include "cli/ecert/deploy.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

static enum err field_ask(struct tool *tool, const char *question, const char *field,
    const char *proposed, struct deploy_target *target);
static void proposal(const char *form, const char *name, char *ret_text, size_t size);

enum err deploy_ask(
    struct tool *tool, const struct deploy_material *material, struct deploy_target *ret_target)
{
    const char *names[16];
    size_t count = 0, choice = 0;
    char proposed[DEPLOY_PATH_MAX];
    struct deploy_target target = { .kind = NULL };
    const char *server = material->view.first_name;
    while (deploy_kind_at(count) != NULL) {
        names[count] = deploy_kind_at(count)->name;
        count++;
    }
    const struct placeholder values[] = { { "name", server }, { NULL, NULL } };
    screen_heading(tool, "tool.deploy_title", values);
    TRY(ask_choice(tool, "tool.ask_deploy_kind", names, count, 0, &choice));
    target.kind = deploy_kind_at(choice);
    TRY(field_ask(tool, "tool.ask_deploy_to", "to", "", &target));
    proposal(target.kind->certificate, server, proposed, sizeof proposed);
    TRY(field_ask(tool, "tool.ask_deploy_certificate", "certificate", proposed, &target));
    if (!target.kind->one_file) {
        proposal(target.kind->key, server, proposed, sizeof proposed);
        TRY(field_ask(tool, "tool.ask_deploy_key", "key", proposed, &target));
    }
    snprintf(proposed, sizeof proposed, "%s:%u", server, target.kind->port);
    TRY(field_ask(tool, "tool.ask_deploy_check", "check", proposed, &target));
    char name[LEDGER_NAME_MAX];
    deploy_name_propose(target.kind->name, target.to, name);
    for (;;) {
        char answer[ANSWER_MAX];
        TRY(ask_line(tool, "tool.ask_deploy_name", name, answer));
        if (ledger_name_valid(answer)) {
            snprintf(target.name, sizeof target.name, "%.64s", answer);
            break;
        }
        struct reason reason = { 0 };
        (void)reason_set(&reason, ERR_INPUT, "deploy.name", answer, answer, "a-z A-Z 0-9 . _ - @");
        screen_failure(tool, ERR_INPUT, &reason);
    }
    *ret_target = target;
    return OK;
}

/* A wrong answer is explained and asked for again. */
static enum err field_ask(struct tool *tool, const char *question, const char *field,
    const char *proposed, struct deploy_target *target)
{
    for (;;) {
        char answer[ANSWER_MAX];
        struct reason reason = { 0 };
        TRY(ask_line(tool, question, proposed, answer));
        enum err err = deploy_field_set(target, field, answer, &reason);
        err = err == OK ? deploy_field_check(target, field, &reason) : err;
        if (err == OK) {
            return OK;
        }
        screen_failure(tool, err, &reason);
    }
}

static void proposal(const char *form, const char *name, char *ret_text, size_t size)
{
    const char *hole = strstr(form, "%s");
    snprintf(ret_text, size, "%.*s%s%s", (int)(hole - form), form, name, hole + 2);
}
