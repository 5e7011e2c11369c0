/* `application validate`: officers have the names of a government subscriber validated. Without
 * --check it says what to place where; the values stay the same from then on. With --check the
 * primary and the perspectives look now, and it waits for what they see. */
#include "cli/ecertadm/validate.h"
#include "lib/base/clock.h"

#include <string.h>
#include <time.h>

enum {
    CHECK_WAIT_MS = 120000, /* fifty names, each by a perspective that is slow */
    POLL_MS = 300,
};

static enum err validation_ask(struct call *call, const struct control_validate *ask,
    struct arena *arena, struct control_validation *ret_validation);
static enum err validation_wait(struct call *call, const struct control_validate *ask,
    struct arena *arena, struct control_validation *ret_validation);
static enum err validation_show(struct call *call, const struct control_validate *ask,
    const struct control_validation *validation, struct value_tree *tree);
static enum err name_see(struct call *call, const struct control_validate *ask,
    const struct language *language, struct value_tree *tree, struct value *name);
static enum err text_take(
    struct call *call, const char *option, const char *text, char *ret_text, size_t size);

static bool stands(const struct control_validation *validation, const char *standing)
{
    return strcmp(validation->standing, standing) == 0;
}

enum err application_validate_run(struct call *call)
{
    const char *id = NULL, *method = NULL, *address = NULL, *code = NULL;
    struct option_value options[] = { { "--method", &method, 1, 0 }, { "--check", NULL, 0, 0 },
        { "--address", &address, 1, 0 }, { "--code", &code, 1, 0 } };
    struct control_validate ask = { 0 };
    struct control_validation validation = { 0 };
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, options, 4, &id, 1));
    TRY(call_application_id(call, id, ask.id));
    TRY(text_take(call, "--method", method, ask.method, sizeof ask.method));
    TRY(text_take(call, "--address", address, ask.mail.address, sizeof ask.mail.address));
    TRY(text_take(call, "--code", code, ask.mail.code, sizeof ask.mail.code));
    ask.check = options[1].count > 0;
    TRY(validation_ask(call, &ask, &arena, &validation));
    if (ask.check) {
        TRY(validation_wait(call, &ask, &arena, &validation));
    }
    TRY(validation_show(call, &ask, &validation, &tree));
    if (!ask.check || stands(&validation, "proved")) {
        return OK;
    }
    bool checking = stands(&validation, "checking");
    return reason_set(&call->reason, checking ? ERR_TIMEOUT : ERR_DENIED,
        checking ? "validation.unanswered" : "validation.failed", NULL, validation.standing,
        "proved");
}

static enum err text_take(
    struct call *call, const char *option, const char *text, char *ret_text, size_t size)
{
    return text == NULL || span_to_text(span_from_text(text), ret_text, size)
               ? OK
               : reason_set(&call->reason, ERR_INPUT, "usage", option, text, NULL);
}

static enum err validation_ask(struct call *call, const struct control_validate *ask,
    struct arena *arena, struct control_validation *ret_validation)
{
    struct request request = request_make(CONTROL_VALIDATE, control_validate_write, ask);
    AUTO(answer) answer = answer_none();
    TRY(call_registrar(call, &request, &answer));
    return control_validation_read(&answer.body, arena, ret_validation);
}

/* Asked again and again in memory of its own, and once more when the check has ended. */
static enum err validation_wait(struct call *call, const struct control_validate *ask,
    struct arena *arena, struct control_validation *ret_validation)
{
    struct control_validate look = { 0 };
    const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
    int64_t end = clock_monotonic_ms() + CHECK_WAIT_MS;
    bool checking = true;
    memcpy(look.id, ask->id, sizeof look.id);
    while (checking && clock_monotonic_ms() < end) {
        AUTO(arena) own = arena_make(CALL_ARENA_BYTES);
        struct control_validation now = { 0 };
        TRY(validation_ask(call, &look, &own, &now));
        checking = stands(&now, "checking");
        nanosleep(&pause, /* remaining= */ NULL);
    }
    return validation_ask(call, &look, arena, ret_validation);
}

static enum err validation_show(struct call *call, const struct control_validate *ask,
    const struct control_validation *validation, struct value_tree *tree)
{
    AUTO_PTR(language_set) languages = NULL;
    struct reason reason = { 0 };
    bool spoken = language_set_open_installed(&languages, &reason) == OK;
    const struct language *language = spoken ? language_by_tag(languages, "en") : NULL;
    struct value *object = value_object(tree);
    struct value *name = NULL;
    TRY(validation_describe(tree, validation, ask->id, object));
    TRY(value_tree_check(tree));
    for (name = (struct value *)value_first(value_get(object, "names")); name != NULL;
         name = (struct value *)value_next(name)) {
        TRY(name_see(call, ask, language, tree, name));
    }
    if (call->json) {
        return call_print(call, object);
    }
    validation_print(object, /* advice= */ !ask->check);
    return OK;
}

static enum err name_see(struct call *call, const struct control_validate *ask,
    const struct language *language, struct value_tree *tree, struct value *name)
{
    struct control_sight sight = { 0 };
    struct control_sightings sightings = { 0 };
    const char *state = value_text(value_get(name, "state"));
    AUTO(answer) answer = answer_none();
    if (strcmp(state, "passed") != 0 && strcmp(state, "failed") != 0) {
        return OK;
    }
    memcpy(sight.id, ask->id, sizeof sight.id);
    TRY(text_take(call, "ID", value_text(value_get(name, "name")), sight.name, sizeof sight.name));
    struct request request = request_make(CONTROL_VALIDATION_SEEN, control_sight_write, &sight);
    TRY(call_registrar(call, &request, &answer));
    TRY(control_sightings_read(&answer.body, &sightings));
    return sightings_describe(tree, &sightings, language, name);
}
