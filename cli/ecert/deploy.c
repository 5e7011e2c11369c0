/* ecert deploy plan|run|status|rollback|forget: certificates to the servers that use them, and the
 * proof that these answer with them. */
#include "cli/ecert/deploy.h"

#include "cli/ecert/crew.h"
#include "cli/ecert/deploy_window.h"
#include "cli/ecert/ask.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

enum { PROVE_SECONDS = 20, PROVE_SECONDS_MAX = 600, ANSWER_MS = 5000 };

/* What targets answer with at this moment. */
struct answers {
    const struct deploy_list *list;
    char (*thumbprints)[CERTSTORE_ID_MAX];
    int64_t *not_after;
};

static void answers_ask(size_t index, void *ctx);
static enum err answers_get(
    struct tool *tool, const struct deploy_list *list, struct answers *ret_answers);
static void plan_show(struct tool *tool, const struct deploy_record *record,
    const struct deploy_material *material, const char *answer, int64_t not_after);
static enum err seconds_take(
    const struct arguments *arguments, int64_t *ret_seconds, struct reason *ret_reason);
static enum err due_keep(struct tool *tool, const struct arguments *arguments,
    const struct deploy_material *material, struct deploy_list *list, size_t *ret_waiting);
static bool is_due(struct tool *tool, const struct arguments *arguments,
    const struct deploy_material *material, const struct deploy_record *record, const char *answer);
static enum exit_code run_result(struct tool *tool, const struct deploy_list *list, size_t waiting);
static void status_show(
    struct tool *tool, const struct deploy_list *list, const struct answers *answers);

enum exit_code command_deploy_plan(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(deploy_material) material = { .root_count = 0 };
    struct deploy_list list = { 0 };
    struct answers answers = { 0 };
    struct reason reason = { 0 };
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    const char *wanted = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    enum err err = deploy_material_load(tool, store, wanted, &material, &reason);
    err = err == OK ? deploy_gather(tool, arguments, store, &material, &list, &reason) : err;
    err = err == OK ? answers_get(tool, &list, &answers) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    const struct placeholder values[] = { { "name", material.view.first_name }, { NULL, NULL } };
    screen_heading(tool, "tool.deploy_plan", values);
    key_goes_plain_tell(tool, &material.item);
    struct value *targets = value_put_list(&tool->tree, tool->result, "targets");
    value_put_text(&tool->tree, tool->result, "id", material.item.id);
    for (size_t i = 0; i < list.count; i++) {
        plan_show(tool, &list.records[i], &material, answers.thumbprints[i], answers.not_after[i]);
        struct value *object = value_add_object(&tool->tree, targets);
        deploy_record_put(&tool->tree, &list.records[i], object);
        value_put_text(&tool->tree, object, "answers_with",
            answers.thumbprints[i][0] == '\0' ? NULL : answers.thumbprints[i]);
        value_put_bool(&tool->tree, object, "due",
            is_due(tool, arguments, &material, &list.records[i], answers.thumbprints[i]));
    }
    screen_line(tool, "");
    screen_message(tool, "tool.deploy_plan_end", NULL);
    return EXIT_DONE;
}

static void plan_show(struct tool *tool, const struct deploy_record *record,
    const struct deploy_material *material, const char *answer, int64_t not_after)
{
    const struct deploy_target *target = &record->target;
    struct deploy_window window;
    AUTO(buf) steps = buf_make(1024), now = buf_make(256), when = buf_make(256);
    AUTO(buf) line = buf_make(DEPLOY_LINE_MAX);
    const char *words[DEPLOY_WORDS_MAX + 2];
    const char *const *both[] = { target->kind->test, target->kind->reload };
    char moment[SCREEN_MOMENT_MAX];
    for (size_t i = 0; i < 2; i++) {
        bool plain = i == 1 && target->kind->by_signal;
        deploy_words(target, both[i], plain, words);
        for (size_t k = 0; words[k] != NULL; k++) {
            buf_append_format(&steps, "%s%s", k > 0 ? " " : i > 0 ? "; " : "", words[k]);
        }
    }
    bool same = strcmp(answer, material->item.id) == 0;
    if (answer[0] != '\0') {
        screen_day(tool, not_after, moment);
        buf_append_format(&now, "%.12s  %s%s", answer, moment, same ? " ✓" : "");
    } else {
        buf_append_text(
            &now, language_text(tool->language,
                      target->check[0] == '\0' ? "tool.deploy_not_asked" : "tool.deploy_silent"));
    }
    int64_t next = deploy_window_parse(target->window, &window) == OK
                       ? deploy_window_next(&window, material->now)
                       : material->now;
    if (next > material->now) {
        screen_moment(tool, next, moment);
        buf_append_format(&when, "%s: %s", target->window, moment);
    }
    /* That it can't be made was said before. */
    (void)!deploy_material_line(material, target, &line, /* ret_reason= */ NULL);
    line.len -= line.len > 0;
    const struct screen_fact facts[] = {
        { "tool.deploy_target", target->name },
        { "tool.deploy_kind", target->kind->name },
        { "tool.deploy_host", target->to },
        { "tool.deploy_certificate", target->certificate },
        { "tool.deploy_key", target->key },
        { "tool.deploy_key_line", line.len > 0 ? buf_text(&line) : NULL },
        { "tool.deploy_staple", strcmp(target->staple, DEPLOY_STAPLE_ITSELF) == 0
                                    ? language_text(tool->language, "tool.deploy_staple_itself")
                                    : target->staple },
        { "tool.deploy_steps", steps.len > 0 ? buf_text(&steps) : NULL },
        { "tool.deploy_check", target->check },
        { "tool.deploy_now", buf_text(&now) },
        { "tool.deploy_window", when.len > 0 ? buf_text(&when) : target->window },
        { NULL, NULL },
    };
    screen_line(tool, "");
    screen_facts(tool, facts);
}

static enum err answers_get(
    struct tool *tool, const struct deploy_list *list, struct answers *ret_answers)
{
    struct answers answers = {
        .list = list,
        .thumbprints = arena_alloc(&tool->arena, list->count, sizeof *answers.thumbprints),
        .not_after = arena_alloc(&tool->arena, list->count, sizeof *answers.not_after),
    };
    if (answers.thumbprints == NULL || answers.not_after == NULL) {
        return ERR_MEMORY;
    }
    crew_run(list->count, CREW_MAX, answers_ask, &answers);
    *ret_answers = answers;
    return OK;
}

static void answers_ask(size_t index, void *ctx)
{
    struct answers *answers = ctx;
    deploy_answer(&answers->list->records[index].target, ANSWER_MS, answers->thumbprints[index],
        &answers->not_after[index]);
}

enum exit_code command_deploy_run(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(deploy_material) material = { .root_count = 0 };
    struct deploy_list list = { 0 };
    struct reason reason = { 0 };
    int64_t seconds = PROVE_SECONDS;
    size_t waiting = 0;
    bool go = true;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    const char *wanted = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    enum err err = seconds_take(arguments, &seconds, &reason);
    err = err == OK ? deploy_material_load(tool, store, wanted, &material, &reason) : err;
    err = err == OK ? deploy_gather(tool, arguments, store, &material, &list, &reason) : err;
    err = err == OK ? due_keep(tool, arguments, &material, &list, &waiting) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    key_goes_plain_tell(tool, &material.item);
    bool asked = list.count == 1 && list.records[0].state == DEPLOY_NEW && tool->asks &&
                 !arguments_has(arguments, "kind") && !arguments_has(arguments, "targets");
    if (asked && (ask_yes(tool, "tool.ask_deploy", &go) != OK || !go)) {
        screen_message(tool, "tool.nothing_made", NULL);
        return EXIT_NOTHING;
    }
    err = list.count > 0 ? deploy_all(tool, store, &material, &list, seconds) : OK;
    if (err != OK) {
        reason_set(&reason, err, "certstore.write", tool->store_path, err_name(err), NULL);
        return screen_failure(tool, err, &reason);
    }
    value_put_text(&tool->tree, tool->result, "id", material.item.id);
    return run_result(tool, &list, waiting);
}

static enum err seconds_take(
    const struct arguments *arguments, int64_t *ret_seconds, struct reason *ret_reason)
{
    const char *text = arguments_value(arguments, "wait");
    char *end = NULL;
    if (text == NULL) {
        return OK;
    }
    long seconds = strtol(text, &end, 10);
    if (*end != '\0' || seconds < 1 || seconds > PROVE_SECONDS_MAX) {
        return reason_set(ret_reason, ERR_INPUT, "usage.number", "--wait", text, "1-600");
    }
    *ret_seconds = seconds;
    return OK;
}

/* What is there already, or has to wait for its time, leaves the list and is told. */
static enum err due_keep(struct tool *tool, const struct arguments *arguments,
    const struct deploy_material *material, struct deploy_list *list, size_t *ret_waiting)
{
    struct answers answers = { 0 };
    size_t kept = 0;
    TRY(answers_get(tool, list, &answers));
    for (size_t i = 0; i < list->count; i++) {
        struct deploy_record record = list->records[i];
        struct deploy_window window = { .count = 0 };
        char moment[SCREEN_MOMENT_MAX] = "";
        TRY(deploy_window_parse(record.target.window, &window));
        int64_t next = deploy_window_next(&window, material->now);
        bool closed = next > material->now && !arguments_has(arguments, "now");
        bool due = is_due(tool, arguments, material, &record, answers.thumbprints[i]);
        if (due && closed) {
            screen_moment(tool, next, moment);
            *ret_waiting += 1;
        }
        const struct placeholder values[] = { { "name", record.target.name }, { "time", moment },
            { NULL, NULL } };
        if (due && !closed) {
            list->records[kept++] = record;
        } else {
            screen_message(tool, due ? "tool.deploy_waits" : "tool.deploy_already", values);
        }
    }
    list->count = kept;
    return OK;
}

static bool is_due(struct tool *tool, const struct arguments *arguments,
    const struct deploy_material *material, const struct deploy_record *record, const char *answer)
{
    (void)tool;
    bool settled = record->state == DEPLOY_ANSWERS || record->state == DEPLOY_INSTALLED;
    bool there = settled && strcmp(record->there, material->item.id) == 0 &&
                 (record->target.check[0] == '\0' || strcmp(answer, record->there) == 0);
    return !there || arguments_has(arguments, "again");
}

static enum exit_code run_result(struct tool *tool, const struct deploy_list *list, size_t waiting)
{
    size_t failed = 0, unstapled = 0;
    struct value *targets = value_put_list(&tool->tree, tool->result, "targets");
    for (size_t i = 0; i < list->count; i++) {
        const struct deploy_record *record = &list->records[i];
        bool settled = record->state == DEPLOY_ANSWERS || record->state == DEPLOY_INSTALLED;
        failed += !settled;
        unstapled += settled && record->reason.code[0] != '\0';
        deploy_record_put(&tool->tree, record, value_add_object(&tool->tree, targets));
    }
    value_put_integer(&tool->tree, tool->result, "waiting", (int64_t)waiting);
    if (failed > 0) {
        screen_message(tool, "tool.deploy_retry", NULL);
    }
    return failed + unstapled > 0 ? EXIT_FAILED : list->count > 0 ? EXIT_DONE : EXIT_NOTHING;
}

enum exit_code command_deploy_status(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    struct deploy_list list = { 0 };
    struct answers answers = { 0 };
    struct reason reason = { 0 };
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = deploy_gather(tool, arguments, store, /* material= */ NULL, &list, &reason);
    if (err != OK && strcmp(reason.code, "deploy.no_target") != 0) {
        return screen_failure(tool, err, &reason);
    }
    bool live = arguments_has(arguments, "live");
    if (live && answers_get(tool, &list, &answers) != OK) {
        return screen_failure(tool, ERR_MEMORY, &reason);
    }
    status_show(tool, &list, &answers);
    bool fine = true;
    for (size_t i = 0; i < list.count; i++) {
        const struct deploy_record *record = &list.records[i];
        bool settled = record->state == DEPLOY_ANSWERS || record->state == DEPLOY_INSTALLED;
        bool other = live && record->target.check[0] != '\0' &&
                     strcmp(answers.thumbprints[i], record->there) != 0;
        fine = fine && settled && !other;
    }
    return fine ? EXIT_DONE : EXIT_FAILED;
}

static void status_show(
    struct tool *tool, const struct deploy_list *list, const struct answers *answers)
{
    struct screen_row *rows = arena_alloc(&tool->arena, list->count + 1, sizeof *rows);
    struct value *targets = value_put_list(&tool->tree, tool->result, "targets");
    if (list->count == 0 || rows == NULL) {
        screen_message(tool, "tool.deploy_empty", NULL);
        return;
    }
    rows[0] = (struct screen_row){ { language_text(tool->language, "tool.deploy_target"),
        language_text(tool->language, "tool.deploy_kind"),
        language_text(tool->language, "tool.deploy_host"),
        language_text(tool->language, "tool.state_label"),
        language_text(tool->language, "tool.deploy_certificate"),
        language_text(tool->language, "tool.ends") } };
    for (size_t i = 0; i < list->count; i++) {
        const struct deploy_record *record = &list->records[i];
        char day[SCREEN_MOMENT_MAX] = "-", id[32];
        const char *answer = answers->thumbprints == NULL ? NULL : answers->thumbprints[i];
        bool other =
            answer != NULL && record->target.check[0] != '\0' && strcmp(answer, record->there) != 0;
        if (record->not_after != 0) {
            screen_day(tool, record->not_after, day);
        }
        snprintf(id, sizeof id, "deploy_state.%s",
            other ? "elsewhere" : deploy_state_name(record->state));
        rows[i + 1] = (struct screen_row){ {
            record->target.name,
            record->target.kind->name,
            record->target.to[0] == '\0' ? "-" : record->target.to,
            language_text(tool->language, arena_text(&tool->arena, span_from_text(id))),
            record->there[0] == '\0' ? "-" : arena_format(&tool->arena, "%.12s", record->there),
            arena_text(&tool->arena, span_from_text(day)),
        } };
        struct value *object = value_add_object(&tool->tree, targets);
        deploy_record_put(&tool->tree, record, object);
        value_put_text(&tool->tree, object, "answers_with",
            answer == NULL || answer[0] == '\0' ? NULL : answer);
    }
    screen_table(tool, rows, list->count + 1, 6);
}
