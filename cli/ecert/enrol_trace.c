/* What a perspective asked the DNS, question by question, for a person who looks for the place
 * where his zone and the perspective's view of it part. */
#include "cli/ecert/enrol.h"
#include "cli/ecert/screen.h"

enum { LINE_MAX_BYTES = 2048, QUESTIONS_SHOWN_MAX = 1024 };

static void question_show(const struct walk *walk, const struct value *question);

void walk_trace_show(const struct walk *walk, const struct value *place)
{
    const struct value *question = value_first(value_get(place, "questions"));
    const struct placeholder values[] = { { "place", api_text(place, "id") }, { NULL, NULL } };
    if (question != NULL) {
        screen_message(walk->tool, "tool.trace", values);
    }
    for (size_t i = 0; question != NULL && i < QUESTIONS_SHOWN_MAX; i++) {
        question_show(walk, question);
        question = value_next(question);
    }
}

static void question_show(const struct walk *walk, const struct value *question)
{
    AUTO(buf) line = buf_make(LINE_MAX_BYTES);
    const char *dnssec = api_text(question, "dnssec");
    const char *via = api_text(question, "via"), *seen = api_text(question, "seen");
    int64_t ttl = value_integer(value_get(question, "ttl"));
    int64_t records = value_integer(value_get(question, "records"));
    buf_append_format(
        &line, "  %s: %s", api_text(question, "asked"), api_text(question, "outcome"));
    if (strcmp(dnssec, "unknown") != 0) {
        buf_append_format(&line, ", DNSSEC %s", dnssec);
    }
    if (records > 0) {
        buf_append_format(&line, ", TTL %lld", (long long)ttl);
    }
    if (via[0] != '\0') {
        buf_append_format(&line, ", > %s", via);
    }
    if (seen[0] != '\0') {
        buf_append_format(&line, " – %s", seen);
    }
    screen_line(walk->tool, buf_text(&line));
}
