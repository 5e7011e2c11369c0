/* `policy`: what holds on a day and since when, what changes next and for whom; of one rule, whence
 * it comes and all its changes. Asks nobody: it is the table that the signer goes by. */
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/ca/policy.h"

#include <inttypes.h>
#include <stdio.h>

enum { VALUE_TEXT_MAX = 32 };

static enum err rule_print(struct call *call, const char *id);
static enum err rules_print(struct call *call, int64_t time);

static enum err day_read(struct call *call, const char *text, int64_t *ret_time);
static void row_add(
    struct value_tree *tree, struct value *list, enum policy_parameter parameter, int64_t time);
static void value_format(enum policy_unit unit, int64_t value, char ret_text[VALUE_TEXT_MAX]);
static void day_format(int64_t time, char ret_text[TIME_TEXT_MAX]);

enum err policy_run(struct call *call)
{
    const char *day = NULL, *id = NULL;
    struct option_value options[] = { { "--on", &day, 1, 0 } };
    struct clock clock = clock_system();
    int64_t time = clock_now(&clock);
    bool one = call->argc > 0 && call->argv[0][0] != '-';
    TRY(call_arguments(call, options, 1, &id, one ? 1 : 0));
    TRY(day_read(call, day, &time));
    return one ? rule_print(call, id) : rules_print(call, time);
}

static enum err rules_print(struct call *call, int64_t time)
{
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *list = value_list(&tree);
    for (enum policy_parameter i = 0; i < POLICY_PARAMETER_COUNT; i++) {
        row_add(&tree, list, i, time);
    }
    TRY(value_tree_check(&tree));
    return call_print(call, list);
}

static enum err rule_print(struct call *call, const char *id)
{
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    enum policy_parameter found = 0;
    while (found < POLICY_PARAMETER_COUNT && strcmp(policy_parameter_row(found)->id, id) != 0) {
        found++;
    }
    if (found == POLICY_PARAMETER_COUNT) {
        return reason_set(
            &call->reason, ERR_NOT_FOUND, "policy.rule", "RULE", id, "as in `ecertadm policy`");
    }
    const struct policy_parameter_row *row = policy_parameter_row(found);
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "rule", row->id);
    value_put_text(&tree, object, "what", row->what);
    value_put_text(&tree, object, "source", row->source);
    value_put_text(&tree, object, "concerns", row->concerns);
    struct policy_change change = policy_in_force(found, INT64_MIN);
    struct value *changes = value_put_list(&tree, object, "changes");
    do {
        char day[TIME_TEXT_MAX], value[VALUE_TEXT_MAX], text[TIME_TEXT_MAX + VALUE_TEXT_MAX];
        day_format(change.from, day);
        value_format(row->unit, change.value, value);
        snprintf(text, sizeof text, "%-10s  %s", day[0] == '\0' ? "before" : day, value);
        value_add_text(&tree, changes, text);
    } while (policy_next(found, change.from, &change));
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

/* The first second of a day, UTC; nothing given leaves the present. */
static enum err day_read(struct call *call, const char *text, int64_t *ret_time)
{
    char whole[TIME_TEXT_MAX];
    if (text == NULL) {
        return OK;
    }
    int len = snprintf(whole, sizeof whole, "%sT00:00:00Z", text);
    if (len != (int)strlen("2026-11-27T00:00:00Z") ||
        time_parse_rfc3339(span_from_text(whole), ret_time) != OK) {
        return reason_set(&call->reason, ERR_INPUT, "policy.day", "--on", text, "2027-03-15");
    }
    return OK;
}

static void row_add(
    struct value_tree *tree, struct value *list, enum policy_parameter parameter, int64_t time)
{
    const struct policy_parameter_row *row = policy_parameter_row(parameter);
    struct policy_change now = policy_in_force(parameter, time);
    struct policy_change next = { 0 };
    char value[VALUE_TEXT_MAX], since[TIME_TEXT_MAX];
    char next_value[VALUE_TEXT_MAX] = "", next_day[TIME_TEXT_MAX] = "";
    bool changes = policy_next(parameter, time, &next);
    value_format(row->unit, now.value, value);
    day_format(now.from, since);
    if (changes) {
        value_format(row->unit, next.value, next_value);
        day_format(next.from, next_day);
    }
    struct value *object = value_add_object(tree, list);
    value_put_text(tree, object, "rule", row->id);
    value_put_text(tree, object, "value", value);
    value_put_text(tree, object, "since", since);
    value_put_text(tree, object, "next", next_value);
    value_put_text(tree, object, "from", next_day);
    value_put_text(tree, object, "concerns", changes ? row->concerns : "");
}

static void value_format(enum policy_unit unit, int64_t value, char ret_text[VALUE_TEXT_MAX])
{
    switch (unit) {
    case POLICY_DAYS:
        snprintf(ret_text, VALUE_TEXT_MAX, "%" PRId64 " days", value);
        break;
    case POLICY_COUNT:
        snprintf(ret_text, VALUE_TEXT_MAX, "%" PRId64, value);
        break;
    case POLICY_DUTY:
        snprintf(ret_text, VALUE_TEXT_MAX, "%s", policy_duty_name((enum policy_duty)value));
        break;
    }
}

/* "2027-03-15"; "" for what was always so. */
static void day_format(int64_t time, char ret_text[TIME_TEXT_MAX])
{
    ret_text[0] = '\0';
    if (time != INT64_MIN) {
        time_format_rfc3339(time, ret_text);
        ret_text[strlen("2027-03-15")] = '\0';
    }
}
