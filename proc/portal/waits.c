/* What the registrar noted of the pace, for the one who waits. */
#include "proc/portal/waits.h"

#include "lib/store/pacing.h"

/* Sooner, nobody has begun to wonder. */
enum { WONDER_SECONDS = 3 };

static int64_t due_since(const struct challenge_row *rows, size_t count);
static void text_put(struct visit *visit, struct value *waits, const char *code);

enum err waits_put(
    struct visit *visit, struct value *dcv, const struct challenge_row *rows, size_t count)
{
    struct pacing pacing = { 0 };
    int64_t due = due_since(rows, count), ahead = 0;
    struct value_tree *tree = &visit->tree;
    if (due == 0) {
        return OK;
    }
    TRY(store_pacing_get(visit->portal->store, visit->enrolment.id, &pacing));
    if (pacing.reason[0] != '\0') {
        struct value *waits = value_put_object(tree, dcv, "waits");
        put_time(visit, waits, "until", due);
        put_until(visit, waits, "until", due);
        text_put(visit, waits, pacing.reason);
        return OK;
    }
    TRY(store_pacing_ahead(visit->portal->store, visit->enrolment.id, visit->now, &ahead));
    if (pacing.slow || (ahead > 0 && due + WONDER_SECONDS < visit->now)) {
        struct value *waits = value_put_object(tree, dcv, "waits");
        value_put_integer(tree, waits, "ahead", ahead);
        text_put(visit, waits, pacing.slow ? "dcv.waits_slow" : "dcv.waits_ahead");
    }
    return OK;
}

/* The earliest time at which one that was asked for is to be checked; 0: none. */
static int64_t due_since(const struct challenge_row *rows, size_t count)
{
    int64_t due = 0;
    for (size_t i = 0; i < count; i++) {
        bool earlier = rows[i].state == CHALLENGE_CHECKING && rows[i].next_check > 0 &&
                       (due == 0 || rows[i].next_check < due);
        due = earlier ? rows[i].next_check : due;
    }
    return due;
}

static void text_put(struct visit *visit, struct value *waits, const char *code)
{
    AUTO(buf) text = buf_make(1024);
    AUTO(buf) ahead = buf_make(32);
    const char *until = value_text(value_get(waits, "until_text"));
    const char *in = value_text(value_get(waits, "until_in"));
    buf_append_format(&ahead, "%lld", (long long)value_integer(value_get(waits, "ahead")));
    const struct placeholder values[] = {
        { "until", until != NULL ? until : value_text(value_get(waits, "until")) },
        { "in", in },
        { "ahead", buf_text(&ahead) },
        { NULL, NULL },
    };
    language_format(visit->language, code, values, &text);
    value_put_text(&visit->tree, waits, "code", code);
    value_put_text(&visit->tree, waits, "text", buf_text(&text));
}
