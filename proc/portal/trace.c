/* Questions and answers of the DNS, for the page and the API. */
#include "proc/portal/trace.h"

#include "lib/der/writer.h"

static void question_put(
    struct visit *visit, struct value *object, const struct question *question);
static void report_object_write(struct der_writer *writer, const void *report);

static const char *const dnssec_ids[] = {
    [DNSSEC_SECURE] = "secure",
    [DNSSEC_INSECURE] = "insecure",
    [DNSSEC_BOGUS] = "bogus",
    [DNSSEC_UNKNOWN] = "unknown",
};

void questions_put(struct visit *visit, struct value *place, const struct questions *questions)
{
    struct value *list = value_put_list(&visit->tree, place, "questions");
    for (size_t i = 0; i < questions->count; i++) {
        question_put(visit, value_add_object(&visit->tree, list), &questions->rows[i]);
    }
}

static void question_put(struct visit *visit, struct value *object, const struct question *question)
{
    static const struct {
        const char *outcome, *label;
    } labels[] = {
        { "timeout", "dcv.outcome.timeout" },
        { "too large", "dcv.outcome.too_large" },
        { "failed", "dcv.outcome.failed" },
    };
    struct value_tree *tree = &visit->tree;
    value_put_text(tree, object, "asked", question->asked);
    value_put_text(tree, object, "outcome", question->outcome);
    value_put_text(tree, object, "dnssec", dnssec_ids[question->dnssec]);
    value_put_integer(tree, object, "ttl", question->ttl);
    value_put_integer(tree, object, "records", question->records);
    value_put_integer(tree, object, "ms", question->milliseconds);
    value_put_text(tree, object, "via", question->via);
    value_put_text(tree, object, "seen", question->seen);
    if (visit_is_api(visit)) {
        return;
    }
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        if (strcmp(labels[i].outcome, question->outcome) == 0) {
            value_put_text(tree, object, "outcome_label", labels[i].label);
        }
    }
    if (question->dnssec != DNSSEC_UNKNOWN) {
        value_put_text(tree, object, "dnssec_label",
            arena_format(visit->request->arena, "dcv.dnssec.%s", dnssec_ids[question->dnssec]));
    }
    value_put_bool(tree, object, "any", question->records > 0);
    bool nothing = question->records == 0 && strcmp(question->outcome, "NOERROR") == 0;
    value_put_bool(tree, object, "nothing", nothing);
}

enum err report_likeness(struct span report, uint8_t ret_likeness[SHA256_BYTES])
{
    struct report told = { 0 };
    struct der reader = der_reader(report);
    AUTO(buf) der = buf_make(MESSAGE_MAX_BYTES);
    TRY(report_read(&reader, &told));
    for (size_t i = 0; i < told.questions.count; i++) {
        struct question *question = &told.questions.rows[i];
        question->ttl = question->milliseconds = 0;
        question->seen[0] = '\0';
    }
    TRY(der_encode(report_object_write, &told, &der));
    return sha256(buf_span(&der), ret_likeness);
}

static void report_object_write(struct der_writer *writer, const void *report)
{
    report_write(writer, report);
}
