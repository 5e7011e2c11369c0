/* What the subscriber proved for an earlier application: told, and waited for while the portal has
 * CAA looked at again. What the portal says of it decides nothing but what is placed here. */
#include "cli/ecert/enrol.h"
#include "cli/ecert/screen.h"

static bool look_is_over(const struct value *enrolment);

bool walk_was_proved_before(const struct value *challenge)
{
    return api_text(challenge, "proved_before")[0] != '\0';
}

enum err walk_await_before(struct walk *walk, struct reason *ret_reason)
{
    const struct value *list = value_get(value_get(walk->enrolment, "dcv"), "challenges");
    bool any = false;
    for (const struct value *one = value_first(list); one != NULL; one = value_next(one)) {
        char moment[SCREEN_MOMENT_MAX];
        if (!walk_was_proved_before(one)) {
            continue;
        }
        screen_moment_text(walk->tool, api_text(one, "proved_before"), moment);
        const struct placeholder values[] = { { "name", api_text(one, "name") }, { "time", moment },
            { NULL, NULL } };
        screen_step(walk->tool, "tool.proved_before", values);
        any = true;
    }
    return any ? walk_poll(walk, "tool.wait_check", look_is_over, ret_reason) : OK;
}

static bool look_is_over(const struct value *enrolment)
{
    const char *state = api_text(value_get(enrolment, "dcv"), "state");
    return strcmp(api_text(enrolment, "state"), "confirmed") != 0 || strcmp(state, "checking") != 0;
}
