/* What the places say becomes values: for the API place by place, for a page those together that
 * say the same. */
#include "proc/portal/saying.h"

#include "proc/portal/enrolment.h"
#include "proc/portal/trace.h"

#include <stdio.h>

static void saying_put(struct visit *visit, struct value *object, const struct saying *saying,
    const struct verdict *verdict, struct value *result);
static void mark_put(
    struct visit *visit, struct value *object, const struct verdict *verdict, bool passed);
static void groups_put(struct visit *visit, struct value *result, const struct verdict *verdict,
    const struct saying *sayings, size_t count);
static void place_put(struct visit *visit, struct value *place, const struct saying *saying);
static bool alike(const struct saying *a, const struct saying *b);
static void steps_put(struct visit *visit, struct value *perspective, const struct report *report,
    const char *name, struct value *result);

static const char *const dcv_ids[] = {
    [DCV_PASSED] = "passed",
    [DCV_FAILED] = "failed",
    [DCV_NOT_ASKED] = "not_asked",
};
static const char *const caa_ids[] = { [CAA_PERMITS] = "permits", [CAA_PROHIBITS] = "prohibits" };
static const char *const dnssec_ids[] = {
    [DNSSEC_SECURE] = "secure",
    [DNSSEC_INSECURE] = "insecure",
    [DNSSEC_BOGUS] = "bogus",
    [DNSSEC_UNKNOWN] = "unknown",
};

struct saying saying_make(const char *perspective, struct span report, const struct sight *sight)
{
    struct saying saying = { .perspective = perspective,
        .report = report,
        .dcv = "failed",
        .caa = "unknown",
        .dnssec = "unknown" };
    (void)!report_likeness(report, saying.likeness);
    if (sight != NULL) {
        saying.dcv = dcv_ids[sight->dcv];
        saying.caa = caa_ids[sight->caa];
        saying.dnssec = dnssec_ids[sight->dnssec];
        saying.passed = sight->dcv != DCV_FAILED && sight->caa == CAA_PERMITS;
    }
    return saying;
}

void sayings_put(struct visit *visit, struct value *result, const struct verdict *verdict,
    const struct saying *sayings, size_t count)
{
    struct value_tree *tree = &visit->tree;
    unsigned passed = 0;
    value_put_text(tree, result, "name", verdict->name);
    name_put(visit, result, verdict->name);
    value_put_bool(tree, result, "passed", verdict->passed);
    mark_put(visit, result, verdict, verdict->passed);
    for (size_t i = 0; i < count; i++) {
        passed += sayings[i].passed ? 1 : 0;
    }
    if (visit_is_api(visit)) {
        struct value *perspectives = value_put_list(tree, result, "perspectives");
        for (size_t i = 0; i < count; i++) {
            saying_put(visit, value_add_object(tree, perspectives), &sayings[i], verdict, result);
        }
    } else {
        value_put_bool(tree, result, "open", verdict->open);
        groups_put(visit, result, verdict, sayings, count);
    }
    value_put_text(
        tree, result, "quorum", arena_format(visit->request->arena, "%u/%zu", passed, count));
}

static void mark_put(
    struct visit *visit, struct value *object, const struct verdict *verdict, bool passed)
{
    if (!visit_is_api(visit)) {
        value_put_text(&visit->tree, object, "mark", passed ? verdict->good : verdict->bad);
    }
}

static void saying_put(struct visit *visit, struct value *object, const struct saying *saying,
    const struct verdict *verdict, struct value *result)
{
    struct value_tree *tree = &visit->tree;
    value_put_text(tree, object, "id", saying->perspective);
    value_put_bool(tree, object, "passed", saying->passed);
    mark_put(visit, object, verdict, saying->passed);
    value_put_text(tree, object, "dcv", saying->dcv);
    value_put_text(tree, object, "caa", saying->caa);
    value_put_text(tree, object, "dnssec", saying->dnssec);
    struct report report = { 0 };
    struct der steps = der_reader(saying->report);
    if (saying->report.len == 0 || report_read(&steps, &report) != OK) {
        report = (struct report){ 0 };
        report_add(&report, "dcv.unreachable", "", "", "");
    }
    steps_put(visit, object, &report, verdict->name, result);
    questions_put(visit, object, &report.questions);
}

/* A page says once what several places saw alike; most often that is all of them. */
static void groups_put(struct visit *visit, struct value *result, const struct verdict *verdict,
    const struct saying *sayings, size_t count)
{
    bool told[PERSPECTIVES_MAX] = { false };
    struct value_tree *tree = &visit->tree;
    struct value *groups = value_put_list(tree, result, "groups");
    for (size_t first = 0; first < count; first++) {
        if (told[first]) {
            continue;
        }
        const struct saying *saying = &sayings[first];
        struct value *group = value_add_object(tree, groups);
        saying_put(visit, group, saying, verdict, result);
        struct value *places = value_put_list(tree, group, "places");
        for (size_t i = first; i < count; i++) {
            if (!told[i] && alike(&sayings[i], saying)) {
                told[i] = true;
                place_put(visit, value_add_object(tree, places), &sayings[i]);
            }
        }
        value_put_integer(tree, group, "count", (int64_t)value_count(places));
        value_put_integer(tree, group, "of", (int64_t)count);
        value_put_bool(tree, group, "all", value_count(places) == count);
    }
}

static void place_put(struct visit *visit, struct value *place, const struct saying *saying)
{
    struct value_tree *tree = &visit->tree;
    struct arena *arena = visit->request->arena;
    value_put_text(tree, place, "id", saying->perspective);
    value_put_text(tree, place, "caa_label", arena_format(arena, "dcv.caa.%s", saying->caa));
    value_put_text(
        tree, place, "dnssec_label", arena_format(arena, "dcv.dnssec.%s", saying->dnssec));
}

static bool alike(const struct saying *a, const struct saying *b)
{
    return a->passed == b->passed && memcmp(a->likeness, b->likeness, sizeof a->likeness) == 0;
}

/* The first step anywhere that has something to do about it becomes the name's "next". */
static void steps_put(struct visit *visit, struct value *perspective, const struct report *report,
    const char *name, struct value *result)
{
    struct value_tree *tree = &visit->tree;
    struct value *list = value_put_list(tree, perspective, "steps");
    for (size_t i = 0; i < report->count; i++) {
        const struct report_step *step = &report->steps[i];
        struct reason reason = { 0 };
        AUTO(buf) text = buf_make(4096);
        AUTO(buf) next = buf_make(4096);
        (void)reason_set(&reason, ERR_INPUT, step->code, name, step->seen, step->expected);
        language_format_reason(visit->language, &reason, "", &text);
        language_format_reason(visit->language, &reason, ".next", &next);
        struct value *object = value_add_object(tree, list);
        value_put_text(tree, object, "code", step->code);
        value_put_text(tree, object, "asked", step->asked);
        value_put_text(tree, object, "seen", step->seen);
        value_put_text(tree, object, "expected", step->expected);
        bool zone = strcmp(step->code, "zone.answered") == 0 && !visit_is_api(visit);
        if (zone && value_get(visit->page, "zones") == NULL) {
            value_put_bool(tree, visit->page, "zones", true);
        }
        /* What is the same of every zone, a page says once. */
        value_put_text(tree, object, "text", zone ? "" : buf_text(&text));
        if (!visit_is_api(visit)) {
            bool told = value_truth(value_get(perspective, "passed"));
            value_put_bool(tree, object, "detailed",
                !told &&
                    (step->asked[0] != '\0' || step->seen[0] != '\0' || step->expected[0] != '\0'));
        }
        if (next.len > 0 && !value_truth(value_get(result, "passed")) &&
            value_get(result, "next") == NULL) {
            value_put_text(tree, result, "next", buf_text(&next));
        }
    }
}
