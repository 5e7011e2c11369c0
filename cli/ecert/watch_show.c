/* What was found: a row for each certificate, then what is the matter and what to do, then one line
 * that says it all. */
#include "cli/ecert/watch.h"

#include "cli/ecert/screen.h"
#include "lib/ca/policy.h"

#include <stdio.h>

static void certificates_show(struct watch *watch);
static void certificate_put(
    struct watch *watch, const struct watch_certificate *one, struct value *object);
static int64_t outlook(const struct watch_certificate *one, int64_t moment);
static void time_put(struct value_tree *tree, struct value *object, const char *name, int64_t time);
static void targets_put(struct watch *watch);
static void finding_show(struct watch *watch, const struct watch_finding *finding);
static void finding_put(
    struct watch *watch, const struct watch_finding *finding, struct value *object);

void watch_show(struct watch *watch)
{
    struct tool *tool = watch->tool;
    char number[24];
    size_t persons = 0;
    certificates_show(watch);
    targets_put(watch);
    struct value *findings = value_put_list(&tool->tree, tool->result, "findings");
    for (size_t i = 0; i < watch->finding_count; i++) {
        finding_show(watch, &watch->findings[i]);
        finding_put(watch, &watch->findings[i], value_add_object(&tool->tree, findings));
        persons += watch->findings[i].severity == WATCH_PERSON;
    }
    if (watch->cut) {
        screen_message(tool, "tool.watch_cut", NULL);
    }
    snprintf(number, sizeof number, "%zu", persons);
    const struct placeholder values[] = { { "n", number }, { NULL, NULL } };
    bool nothing = watch->certificate_count == 0 && watch->target_count == 0;
    screen_line(tool, "");
    screen_message(tool,
        persons > 0 ? "tool.watch_person"
        : nothing   ? "tool.watch_nothing"
                    : "tool.watch_well",
        values);
    value_put_text(&tool->tree, tool->result, "state", watch_severity_name(watch_gravest(watch)));
}

static void certificates_show(struct watch *watch)
{
    struct tool *tool = watch->tool;
    struct value *list = value_put_list(&tool->tree, tool->result, "certificates");
    struct screen_row *rows = arena_alloc(&tool->arena, watch->certificate_count + 1, sizeof *rows);
    if (rows == NULL || watch->certificate_count == 0) {
        return;
    }
    rows[0] = (struct screen_row){ { language_text(tool->language, "tool.names"),
        language_text(tool->language, "tool.state_label"),
        language_text(tool->language, "tool.ends"),
        language_text(tool->language, "tool.watch_renewal") } };
    for (size_t i = 0; i < watch->certificate_count; i++) {
        const struct watch_certificate *one = &watch->certificates[i];
        char name[HOST_NAME_UNICODE_MAX], ends[SCREEN_MOMENT_MAX], due[SCREEN_MOMENT_MAX];
        item_name(&one->view, name);
        screen_day(tool, one->view.not_after, ends);
        screen_day(tool, one->due > one->renewal.next ? one->due : one->renewal.next, due);
        rows[i + 1] = (struct screen_row){ {
            arena_text(&tool->arena, span_from_text(name)),
            item_state_text(tool, one->view.judgement.state),
            arena_text(&tool->arena, span_from_text(ends)),
            watch_at_end(one) ? language_text(tool->language, "tool.watch_no_renewal")
                              : arena_text(&tool->arena, span_from_text(due)),
        } };
        certificate_put(watch, one, value_add_object(&tool->tree, list));
    }
    screen_line(tool, "");
    screen_table(tool, rows, watch->certificate_count + 1, 4);
}

static void certificate_put(
    struct watch *watch, const struct watch_certificate *one, struct value *object)
{
    struct value_tree *tree = &watch->tool->tree;
    value_put_text(tree, object, "id", one->item->id);
    value_put_text(tree, object, "names", one->view.names);
    value_put_text(tree, object, "state", certstore_state_name(one->view.judgement.state));
    time_put(tree, object, "not_after", one->view.not_after);
    value_put_bool(
        tree, object, "unattended", one->way.enrolled && one->way.logs_in && one->way.proves);
    time_put(tree, object, "subscription_end", one->way.subscription_end);
    if (!watch_at_end(one)) {
        time_put(tree, object, "renewal_due", one->due);
        value_put_integer(tree, object, "next_days", outlook(one, one->due));
    }
    value_put_integer(tree, object, "attempts", one->renewal.attempts);
    time_put(tree, object, "next_attempt", one->renewal.next);
    if (one->renewal.reason.code[0] != '\0') {
        value_put_text(tree, object, "reason", one->renewal.reason.code);
    }
}

/* Days that a certificate issued at that moment lasts: what the policy of its day lets the CA
 * issue, within the subscription. */
static int64_t outlook(const struct watch_certificate *one, int64_t moment)
{
    int64_t days = policy_in_force(POLICY_VALIDITY, moment).value;
    int64_t left = (one->way.subscription_end - moment) / DAY_SECONDS;
    return one->way.subscription_end != 0 && left < days ? left : days;
}

/* What isn't known is left out. */
static void time_put(struct value_tree *tree, struct value *object, const char *name, int64_t time)
{
    char text[TIME_TEXT_MAX];
    if (time != 0) {
        time_format_rfc3339(time, text);
        value_put_text(tree, object, name, text);
    }
}

static void targets_put(struct watch *watch)
{
    struct value_tree *tree = &watch->tool->tree;
    struct value *list = value_put_list(tree, watch->tool->result, "targets");
    for (size_t i = 0; i < watch->target_count; i++) {
        const struct watch_target *target = &watch->targets[i];
        struct value *object = value_add_object(tree, list);
        int64_t next = watch_target_next(watch, target);
        deploy_record_put(tree, &target->record, object);
        value_put_text(
            tree, object, "answers_with", target->answer[0] == '\0' ? NULL : target->answer);
        time_put(tree, object, "next_attempt", next == INT64_MAX ? 0 : next);
    }
}

static void finding_show(struct watch *watch, const struct watch_finding *finding)
{
    struct tool *tool = watch->tool;
    AUTO(buf) what = buf_make(4096), next = buf_make(4096);
    language_format_reason(tool->language, &finding->reason, "", &what);
    language_format_reason(tool->language, &finding->reason, ".next", &next);
    const char *mark = finding->severity == WATCH_PERSON ? "!" : "-";
    screen_line(tool, "");
    screen_pair(tool, 0, mark, 2, buf_text(&what));
    if (next.len > 0) {
        screen_pair(tool, 0, "", 2, buf_text(&next));
    }
}

static void finding_put(
    struct watch *watch, const struct watch_finding *finding, struct value *object)
{
    struct value_tree *tree = &watch->tool->tree;
    AUTO(buf) what = buf_make(4096), next = buf_make(4096);
    language_format_reason(watch->tool->language, &finding->reason, "", &what);
    language_format_reason(watch->tool->language, &finding->reason, ".next", &next);
    value_put_text(tree, object, "severity", watch_severity_name(finding->severity));
    value_put_text(tree, object, "code", finding->reason.code);
    value_put_text(tree, object, "field", finding->reason.field);
    value_put_text(tree, object, "seen", finding->reason.seen);
    value_put_text(tree, object, "expected", finding->reason.expected);
    value_put_text(tree, object, "text", buf_text(&what));
    value_put_text(tree, object, "next", next.len > 0 ? buf_text(&next) : NULL);
}
