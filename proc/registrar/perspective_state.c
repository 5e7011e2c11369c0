/* The question is the smallest there is, and one that an older place doesn't know: it refuses it as
 * it would refuse a check that says more than it knows. */
#include "proc/registrar/perspective_state.h"
#include "lib/dns/suffix.h"
#include "proc/registrar/perspective.h"

#include <stdio.h>
#include <string.h>

enum { STATE_TIMEOUT_MS = 2000 };

struct looking {
    struct perspective_link *link;
    struct validator_about about;
    enum err err;
    struct reason reason;
};

static void *looking_run(void *ctx);
static void state_say(const struct looking *looking, int64_t now, char *ret_text, size_t size);

enum err perspective_facts(struct registrar *registrar, struct control_facts *facts)
{
    struct perspective_links *links = NULL;
    struct looking lookings[PERSPECTIVES_MAX] = { 0 };
    TRY(perspective_links_take(registrar, STATE_TIMEOUT_MS, &links));
    for (size_t i = 0; i < links->count; i++) {
        lookings[i].link = &links->list[i];
    }
    perspective_each(links->count, looking_run, lookings, sizeof *lookings);
    for (size_t i = 0; i < links->count; i++) {
        char name[CONTROL_FACT_NAME_MAX], text[CONTROL_FACT_TEXT_MAX];
        snprintf(name, sizeof name, "perspective.%s", links->list[i].id);
        state_say(&lookings[i], clock_now(&registrar->clock), text, sizeof text);
        control_fact_add(facts, name, text);
    }
    perspective_links_give(registrar, links);
    return OK;
}

static void *looking_run(void *ctx)
{
    struct looking *looking = ctx;
    looking->err = perspective_about(looking->link, &looking->about, &looking->reason);
    return NULL;
}

static void state_say(const struct looking *looking, int64_t now, char *ret_text, size_t size)
{
    static const char older[] = "ours is %d: it refuses what it doesn't know, and its checks count "
                                "as failed; install our version there (remote hosts come first)";
    const struct validator_about *about = &looking->about;
    bool refused = strcmp(looking->reason.code, "perspective.refused") == 0;
    int length = 0;
    if (looking->err != OK && !refused) {
        snprintf(ret_text, size,
            "no answer (%s%s%.80s): start ecertd there, and see that it is reached from here",
            err_name(looking->err), looking->reason.seen[0] == '\0' ? "" : ", ",
            looking->reason.seen);
        return;
    }
    if (refused) {
        length = snprintf(ret_text, size, "refuses our question (HTTP %.8s): its version is below ",
            looking->reason.seen);
        snprintf(ret_text + length, size - (size_t)length, "%d, ", VALIDATOR_VERSION);
        length = (int)strlen(ret_text);
        snprintf(ret_text + length, size - (size_t)length, older, VALIDATOR_VERSION);
    } else if (about->version < VALIDATOR_VERSION) {
        length = snprintf(ret_text, size, "answers with version %u, ", about->version);
        snprintf(ret_text + length, size - (size_t)length, older, VALIDATOR_VERSION);
    } else if (now - about->suffixes > SUFFIX_LIST_OLD_SECONDS) {
        char made[TIME_TEXT_MAX];
        time_format_day(about->suffixes, made);
        snprintf(ret_text, size, "answers; its list of public suffixes is of %s, %s", made,
            SUFFIX_LIST_OLD_ADVICE);
    } else {
        snprintf(ret_text, size, "answers");
    }
}
