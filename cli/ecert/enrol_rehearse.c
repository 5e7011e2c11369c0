/* ecert enrol --dry-run: would the proof pass now? The portal has every place look without proving
 * anything; nothing is placed, taken away, counted or kept here, and the values stay as they are.
 */
#include "cli/ecert/enrol.h"
#include "cli/ecert/screen.h"

static bool rehearsal_is_over(const struct value *enrolment);
static const struct value *rehearsal_of(const struct value *enrolment);
static void verdict_tell(struct walk *walk, bool good);

enum err walk_rehearse(struct walk *walk, struct reason *ret_reason)
{
    struct tool *tool = walk->tool;
    const struct value *answer;
    bool drawn = value_truth(value_get(walk->enrolment, "dcv"));
    if (drawn && !walk_values_stand(walk)) {
        return reason_set(
            ret_reason, ERR_CONFLICT, "tool.dry_run_other", walk->server_name, NULL, NULL);
    }
    if (walk->email == NULL) {
        TRY(walk_values_get(walk, ret_reason));
    } else if (!drawn) {
        TRY(walk_choose_method(walk, "email", &answer, ret_reason));
    }
    TRY(api_call(&walk->api, tool, HTTP_POST, "/enrolment/dcv/rehearse", /* body= */ NULL, &answer,
        ret_reason));
    TRY(walk_poll(walk, "tool.wait_rehearsal", rehearsal_is_over, ret_reason));
    const struct value *rehearsal = rehearsal_of(walk->enrolment);
    walk_results_show_as(
        walk, value_get(rehearsal, "results"), "tool.would_pass", "tool.would_fail");
    value_put_shared(&tool->tree, tool->result, "rehearsal", rehearsal);
    verdict_tell(walk, value_truth(value_get(rehearsal, "would_pass")));
    return OK;
}

/* Or forgotten, because a check was asked for meanwhile: then its word is the one to look at. */
static bool rehearsal_is_over(const struct value *enrolment)
{
    return strcmp(api_text(rehearsal_of(enrolment), "state"), "waiting") != 0;
}

static const struct value *rehearsal_of(const struct value *enrolment)
{
    return value_get(value_get(enrolment, "dcv"), "rehearsal");
}

static void verdict_tell(struct walk *walk, bool good)
{
    struct tool *tool = walk->tool;
    screen_message(tool, good ? "tool.dry_run_good" : "tool.dry_run_bad", NULL);
    value_put_bool(&tool->tree, tool->result, "dry_run", true);
    value_put_bool(&tool->tree, tool->result, "would_pass", good);
    walk->exit = good ? EXIT_DONE : EXIT_FAILED;
    walk->ended = true;
}

enum err walk_rehearse_nothing(struct walk *walk, struct reason *ret_reason)
{
    static const char *const proved[] = { "validated", "issuing", "issued", "accepted" };
    const char *state = api_text(walk->enrolment, "state");
    for (size_t i = 0; i < sizeof proved / sizeof *proved; i++) {
        if (strcmp(state, proved[i]) == 0) {
            const struct placeholder values[] = { { "name", walk->server_name }, { NULL, NULL } };
            screen_message(walk->tool, "tool.dry_run_proved", values);
            value_put_bool(&walk->tool->tree, walk->tool->result, "dry_run", true);
            value_put_bool(&walk->tool->tree, walk->tool->result, "would_pass", true);
            walk->ended = true;
            return OK;
        }
    }
    return reason_set(
        ret_reason, ERR_CONFLICT, "tool.dry_run_state", walk->server_name, state, NULL);
}
