/* `notice add`, `list` and `remove`: what the CA has to say on the portal's log-in page. Days are
 * Hong Kong's. */
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/wire/control.h"
#include "lib/wire/notice.h"

#include <stdio.h>

enum { HONG_KONG_OFFSET = 8 * 3600, DAY = 86400 };

static enum err day_take(
    struct call *call, const char *option, const char *text, int64_t *ret_time);
static void notice_put(struct value_tree *tree, struct value *list, const struct notice *notice);
static void day_put(struct value_tree *tree, struct value *object, const char *name, int64_t time);

enum err notice_add_run(struct call *call)
{
    static const char *const names[] = { "--en", "--zh-HK", "--zh-CN" };
    const char *texts[NOTICE_LANGUAGE_COUNT] = { "", "", "" };
    const char *from = NULL;
    const char *until = NULL;
    struct option_value options[] = {
        { names[0], &texts[0], 1, 0 },
        { names[1], &texts[1], 1, 0 },
        { names[2], &texts[2], 1, 0 },
        { "--from", &from, 1, 0 },
        { "--until", &until, 1, 0 },
    };
    struct notice notice = { 0 };
    struct control_number number = { 0 };
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, options, 5, NULL, 0));
    for (size_t i = 0; i < NOTICE_LANGUAGE_COUNT; i++) {
        if (!span_to_text(span_from_text(texts[i]), notice.texts[i], NOTICE_TEXT_MAX)) {
            return reason_set(
                &call->reason, ERR_LIMIT, "notice.text", names[i], "", "fewer than 2000 bytes");
        }
    }
    TRY(day_take(call, "--from", from, &notice.from));
    TRY(day_take(call, "--until", until, &notice.until));
    notice.until += notice.until == 0 ? 0 : DAY; /* that day still counts */
    TRY(notice_check(&notice, &call->reason));
    struct request request = request_make(CONTROL_NOTICE_ADD, control_notice_write, &notice);
    TRY(call_registrar(call, &request, &answer));
    TRY(control_number_read(&answer.body, &number));
    struct value *object = value_object(&tree);
    value_put_integer(&tree, object, "id", number.number);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

enum err notice_list_run(struct call *call)
{
    struct request request = request_make(CONTROL_NOTICE_LIST, nothing_write, NULL);
    struct control_notices notices = { 0 };
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, NULL, 0, NULL, 0));
    TRY(call_registrar(call, &request, &answer));
    TRY(control_notices_read(&answer.body, &notices));
    struct value *list = value_list(&tree);
    for (size_t i = 0; i < notices.count; i++) {
        notice_put(&tree, list, &notices.rows[i]);
    }
    TRY(value_tree_check(&tree));
    return call_print(call, list);
}

enum err notice_remove_run(struct call *call)
{
    const char *word = NULL;
    struct control_number number = { 0 };
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, NULL, 0, &word, 1));
    TRY(call_number(call, word, "notice.unknown", "a number", &number.number));
    struct request request = request_make(CONTROL_NOTICE_REMOVE, control_number_write, &number);
    TRY(call_registrar(call, &request, &answer));
    struct value *object = value_object(&tree);
    value_put_integer(&tree, object, "removed", number.number);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

/* "2025-05-01" as the first moment of that day in Hong Kong; nothing said stays 0. */
static enum err day_take(struct call *call, const char *option, const char *text, int64_t *ret_time)
{
    struct civil civil = { 0 };
    int64_t time = 0;
    char rest = '\0';
    if (text == NULL) {
        return OK;
    }
    bool read = sscanf(text, "%4d-%2d-%2d%c", &civil.year, &civil.month, &civil.day, &rest) == 3;
    if (!read || civil_to_time(&civil, &time) != OK) {
        return reason_set(&call->reason, ERR_INPUT, "notice.time", option, text, "2025-05-01");
    }
    *ret_time = time - HONG_KONG_OFFSET;
    return OK;
}

static void notice_put(struct value_tree *tree, struct value *list, const struct notice *notice)
{
    struct value *object = value_add_object(tree, list);
    value_put_integer(tree, object, "id", notice->id);
    day_put(tree, object, "from", notice->from);
    day_put(tree, object, "until", notice->until == 0 ? 0 : notice->until - DAY);
    for (enum notice_language i = 0; i < NOTICE_LANGUAGE_COUNT; i++) {
        value_put_text(tree, object, notice_language_tag(i), notice->texts[i]);
    }
}

static void day_put(struct value_tree *tree, struct value *object, const char *name, int64_t time)
{
    char text[TIME_TEXT_MAX] = "";
    if (time != 0) {
        time_format_rfc3339(time + HONG_KONG_OFFSET, text);
        text[10] = '\0';
    }
    value_put_text(tree, object, name, text);
}
