/* A record is a JSON object of texts and numbers; --json shows the very same. */
#include "cli/ecert/deploy_record.h"

#include "lib/text/json.h"

#include <stdio.h>

static const char *const states[DEPLOY_STATES] = { "new", "started", "answers", "installed",
    "rolled_back", "failed" };

/* Numbers, of which a record of before may lack the later ones. */
static const struct {
    const char *name;
    size_t offset;
    bool needed;
} numbers[] = {
    { "not_after", offsetof(struct deploy_record, not_after), .needed = true },
    { "changed", offsetof(struct deploy_record, changed), .needed = true },
    { "attempts", offsetof(struct deploy_record, attempts), .needed = true },
    { "staple_from", offsetof(struct deploy_record, staple_from) },
    { "staple_until", offsetof(struct deploy_record, staple_until) },
};

/* Texts beside the target's own. */
static const struct {
    const char *name;
    size_t offset, size;
} texts[] = {
#define TEXT(name, member)                                                                         \
    {                                                                                              \
        name, offsetof(struct deploy_record, member), sizeof((struct deploy_record *)0)->member    \
    }
    TEXT("there", there),
    TEXT("before", before),
    TEXT("tried", tried),
    TEXT("server_name", server_name),
    TEXT("reason", reason.code),
    TEXT("field", reason.field),
    TEXT("seen", reason.seen),
    TEXT("expected", reason.expected),
#undef TEXT
};

static enum err record_parse(const struct value *object, const char *name,
    struct deploy_record *record, struct reason *ret_reason);
static enum err texts_parse(
    const struct value *object, struct deploy_record *record, struct reason *ret_reason);
static bool state_parse(const char *name, enum deploy_state *ret_state);

const char *deploy_state_name(enum deploy_state state)
{
    return states[state];
}

enum err deploy_record_read(struct tool *tool, const struct certstore *store, const char *name,
    struct deploy_record *ret_record, struct reason *ret_reason)
{
    AUTO(buf) text = { 0 };
    const struct value *object = NULL;
    struct reason inner = { 0 };
    struct deploy_record record = { .changed = 0 };
    enum err err = certstore_ledger_read(store, name, &text);
    if (err != OK) {
        return reason_set(ret_reason, err, "deploy.unknown", name, NULL, NULL);
    }
    err = json_parse(buf_span(&text), LEDGER_TEXT_MAX, &tool->tree, &object, &inner);
    err = err == OK ? record_parse(object, name, &record, &inner) : err;
    if (err != OK) {
        return reason_set(ret_reason, ERR_INPUT, "deploy.ledger", name, inner.code, inner.field);
    }
    *ret_record = record;
    return OK;
}

static enum err record_parse(const struct value *object, const char *name,
    struct deploy_record *record, struct reason *ret_reason)
{
    const char *state, *value;
    snprintf(record->target.name, sizeof record->target.name, "%s", name);
    for (size_t i = 0; deploy_field_name(i) != NULL; i++) {
        TRY(json_get_text_or(
            object, deploy_field_name(i), DEPLOY_PATH_MAX, NULL, &value, ret_reason));
        if (value != NULL) {
            TRY(deploy_field_set(&record->target, deploy_field_name(i), value, ret_reason));
        }
    }
    TRY(texts_parse(object, record, ret_reason));
    TRY(json_get_text(object, "state", 32, &state, ret_reason));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int64_t *number = (int64_t *)(void *)((char *)record + numbers[i].offset);
        if (numbers[i].needed || value_get(object, numbers[i].name) != NULL) {
            TRY(json_get_integer(object, numbers[i].name, number, ret_reason));
        }
    }
    if (!state_parse(state, &record->state)) {
        return reason_set(ret_reason, ERR_INPUT, "json.type", "state", state, NULL);
    }
    return deploy_target_check(&record->target, ret_reason);
}

static enum err texts_parse(
    const struct value *object, struct deploy_record *record, struct reason *ret_reason)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *value;
        TRY(json_get_text_or(object, texts[i].name, texts[i].size - 1, "", &value, ret_reason));
        snprintf((char *)record + texts[i].offset, texts[i].size, "%s", value);
    }
    return OK;
}

static bool state_parse(const char *name, enum deploy_state *ret_state)
{
    for (enum deploy_state i = 0; i < DEPLOY_STATES; i++) {
        if (strcmp(states[i], name) == 0) {
            *ret_state = i;
            return true;
        }
    }
    return false;
}

enum err deploy_record_write(struct certstore *store, const struct deploy_record *record)
{
    AUTO(arena) arena = arena_make(LEDGER_TEXT_MAX);
    AUTO(buf) text = buf_make(LEDGER_TEXT_MAX);
    struct value_tree tree = value_tree_make(&arena);
    struct value *object = value_object(&tree);
    deploy_record_put(&tree, record, object);
    TRY(value_tree_check(&tree));
    json_format(&text, object);
    TRY(buf_check(&text));
    return certstore_ledger_write(store, record->target.name, buf_span(&text));
}

void deploy_record_put(
    struct value_tree *tree, const struct deploy_record *record, struct value *object)
{
    value_put_text(tree, object, "name", record->target.name);
    for (size_t i = 0; deploy_field_name(i) != NULL; i++) {
        const char *value = deploy_field_get(&record->target, i);
        value_put_text(tree, object, deploy_field_name(i), value[0] == '\0' ? NULL : value);
    }
    value_put_text(tree, object, "state", states[record->state]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *value = (const char *)record + texts[i].offset;
        value_put_text(tree, object, texts[i].name, value[0] == '\0' ? NULL : value);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const void *number = (const char *)record + numbers[i].offset;
        value_put_integer(tree, object, numbers[i].name, *(const int64_t *)number);
    }
}
