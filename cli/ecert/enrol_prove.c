/* The portal's third page: proof of control by TXT records or by files on the websites. The key
 * exists already, so its hash is sent along and the expected values are bound to it: they are of no
 * use to anybody else. */
#include "cli/ecert/ask.h"
#include "cli/ecert/enrol.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/webroot.h"
#include "lib/dns/update.h"

#include <stdio.h>
#include <time.h>

/* A method, and how it is told. */
struct way {
    const char *method;
    const char *host; /* the challenge's member that says where */
    const char *title, *where, *what, *ask, *placed;
};
static const struct way by_dns = { "dns", "host", "tool.records_title", "tool.record_host",
    "tool.record_value", "tool.ask_placed", "tool.placed" };
static const struct way by_persistence = { "persistent", "host", "tool.records_title",
    "tool.record_host", "tool.record_value", "tool.ask_placed", "tool.placed" };
static const struct way by_website = { "website", "name", "tool.files_title", "tool.file_url",
    "tool.file_content", "tool.ask_placed", "tool.files_placed" };

/* A portal of ours has far fewer; each place is held against all before it. */
enum {
    RESULTS_SHOWN_MAX = 2 * APPLICATION_NAMES_MAX,
    PLACES_SHOWN_MAX = 32,
    STEPS_SHOWN_MAX = 256
};
enum { UPDATE_TIMEOUT_MS = 15000, RECORD_TTL = 3600, CHECKS_MAX = 3, RECHECK_SECONDS = 10 };

static enum err office_wait(struct walk *walk, struct reason *ret_reason);
static bool offers(const struct walk *walk, const char *wanted);
static const struct way *way(const struct walk *walk);
static bool places_itself(const struct walk *walk);
static bool stand_at_domain(const struct walk *walk, const struct value *list);
static bool challenges_are_ours(const struct walk *walk, const struct value *list);
static enum err challenges_keep(
    struct walk *walk, const struct value *list, struct reason *ret_reason);
static void challenges_show(const struct walk *walk, const struct value *list);
static const char *webroot_of(const struct walk *walk, const char *name);
static enum err placed_put(
    const struct walk *walk, const struct placed *placed, struct reason *ret_reason);
static enum err placed_remove(
    const struct walk *walk, const struct placed *placed, struct reason *ret_reason);
static enum err records_place(struct walk *walk, struct reason *ret_reason);
static enum err record_update(const struct walk *walk, const struct placed *record,
    enum dns_update_action action, struct reason *ret_reason);
static enum err check(struct walk *walk, struct reason *ret_reason);
static bool check_is_over(const struct value *enrolment);
static bool is_validated(const struct value *enrolment);
static void next_check_show(const struct walk *walk);
static void perspectives_show(const struct walk *walk, const struct value *result);
static const struct value *next_within(const struct value *one, size_t *count, size_t max);
static const struct value *decisive_step(const struct value *perspective);
static bool same_step(const struct value *left, const struct value *right);
static void step_show(
    const struct walk *walk, const struct value *perspectives, const struct value *step);

enum err walk_prove(struct walk *walk, struct reason *ret_reason)
{
    if (value_truth(value_get(walk->enrolment, "government"))) {
        return office_wait(walk, ret_reason);
    }
    const char *method = way(walk)->method;
    if (!offers(walk, method)) {
        return reason_set(
            ret_reason, ERR_UNSUPPORTED, "tool.no_method", walk->server_name, method, NULL);
    }
    if (walk->dry_run) {
        return walk_rehearse(walk, ret_reason);
    }
    if (walk->email != NULL) {
        return walk_prove_by_email(walk, ret_reason);
    }
    TRY(walk_values_get(walk, ret_reason));
    bool proved = is_validated(walk->enrolment);
    TRY(proved ? OK : records_place(walk, ret_reason));
    for (int i = 0; i < CHECKS_MAX; i++) {
        TRY(proved ? OK : check(walk, ret_reason));
        if (is_validated(walk->enrolment)) {
            screen_step(walk->tool, "tool.proved", NULL);
            walk_remove_records(walk);
            return OK;
        }
        /* A server that has just been updated may have others to tell. */
        bool again = places_itself(walk) && i + 1 < CHECKS_MAX;
        struct timespec pause = { .tv_sec = again ? RECHECK_SECONDS : 0 };
        if (!again) {
            break;
        }
        screen_message(walk->tool, "tool.check_again", NULL);
        nanosleep(&pause, /* remaining= */ NULL);
    }
    walk_results_show(walk);
    return reason_set(ret_reason, ERR_DENIED, "tool.not_proved", walk->server_name, NULL, NULL);
}

/* Officers have the names of the government validated: a look that goes on is waited for. */
static enum err office_wait(struct walk *walk, struct reason *ret_reason)
{
    const char *state = api_text(value_get(walk->enrolment, "dcv"), "state");
    if (strcmp(state, "checking") == 0) {
        TRY(walk_poll(walk, "tool.wait_check", check_is_over, ret_reason));
        state = api_text(value_get(walk->enrolment, "dcv"), "state");
    }
    return is_validated(walk->enrolment)
               ? OK
               : reason_set(ret_reason, ERR_DENIED, "tool.office", walk->server_name, state, NULL);
}

/* Not so for an edition without this method. */
static bool offers(const struct walk *walk, const char *wanted)
{
    const struct value *method = value_first(value_get(walk->enrolment, "methods"));
    while (
        method != NULL && value_text(method) != NULL && strcmp(value_text(method), wanted) != 0) {
        method = value_next(method);
    }
    return method != NULL;
}

static const struct way *way(const struct walk *walk)
{
    static const struct way by_email = { .method = "email" };
    return walk->email != NULL         ? &by_email
           : walk->persist != NULL     ? &by_persistence
           : walk->webroots[0] != NULL ? &by_website
                                       : &by_dns;
}

static bool places_itself(const struct walk *walk)
{
    return walk->webroots[0] != NULL || walk->dns_server != NULL || walk->hook[0] != NULL;
}

bool walk_values_stand(const struct walk *walk)
{
    const struct value *dcv = value_get(walk->enrolment, "dcv");
    const struct value *list = value_get(dcv, "challenges");
    bool usable = strcmp(api_text(dcv, "method"), way(walk)->method) == 0 &&
                  strcmp(api_text(dcv, "state"), "expired") != 0 && !walk_is_bound_elsewhere(walk);
    /* A mail's code is placed nowhere. */
    return usable && (walk->email != NULL ||
                         (stand_at_domain(walk, list) && challenges_are_ours(walk, list)));
}

enum err walk_values_get(struct walk *walk, struct reason *ret_reason)
{
    const struct way *chosen = way(walk);
    const struct value *list = value_get(value_get(walk->enrolment, "dcv"), "challenges");
    if (!walk_values_stand(walk)) {
        const struct value *answer;
        TRY(walk_choose_method(walk, chosen->method, &answer, ret_reason));
        TRY(walk_look(walk, ret_reason));
    }
    TRY(walk_await_before(walk, ret_reason));
    if (is_validated(walk->enrolment)) {
        return OK;
    }
    list = value_get(value_get(walk->enrolment, "dcv"), "challenges");
    TRY(walk_values_check(walk, chosen->method, list, ret_reason));
    if (chosen != &by_website) {
        TRY(walk_records_check(walk, list, ret_reason));
    }
    TRY(challenges_keep(walk, list, ret_reason));
    challenges_show(walk, list);
    return OK;
}

bool walk_is_bound_elsewhere(const struct walk *walk)
{
    char key[2 * SHA256_BYTES + 1];
    const char *bound = api_text(value_get(walk->enrolment, "dcv"), "spki_sha256");
    hex_format(SPAN_OF(walk->item.spki_sha256), key);
    return bound[0] != '\0' && strcmp(bound, key) != 0;
}

enum err walk_choose_method(struct walk *walk, const char *method, const struct value **ret_answer,
    struct reason *ret_reason)
{
    struct tool *tool = walk->tool;
    char key[2 * SHA256_BYTES + 1];
    struct value *body = value_object(&tool->tree);
    hex_format(SPAN_OF(walk->item.spki_sha256), key);
    if (walk_is_bound_elsewhere(walk)) {
        const struct placeholder values[] = { { "name", walk->server_name },
            { "other", api_text(value_get(walk->enrolment, "dcv"), "spki_sha256") }, { "key", key },
            { NULL, NULL } };
        screen_message(tool, "tool.bound_elsewhere", values);
    }
    walk_remove_records(walk);
    value_put_text(&tool->tree, body, "method", method);
    value_put_text(&tool->tree, body, "domain", walk->domain);
    value_put_text(&tool->tree, body, "spki_sha256", key);
    return api_call(&walk->api, tool, HTTP_POST, "/enrolment/dcv", body, ret_answer, ret_reason);
}

/* Where the person wants the record: at least one name's must be there. */
static bool stand_at_domain(const struct walk *walk, const struct value *list)
{
    const struct value *one = value_first(list);
    while (
        one != NULL && walk->domain != NULL && strcmp(api_text(one, "domain"), walk->domain) != 0) {
        one = value_next(one);
    }
    return one != NULL;
}

/* Those that an earlier run asked for, with this key. */
static bool challenges_are_ours(const struct walk *walk, const struct value *list)
{
    size_t found = 0;
    for (const struct value *one = value_first(list); one != NULL; one = value_next(one)) {
        for (size_t i = 0; i < walk->placed_count; i++) {
            found += strcmp(walk->placed[i].host, api_text(one, way(walk)->host)) == 0 &&
                     strcmp(walk->placed[i].value, api_text(one, "value")) == 0;
        }
    }
    return found > 0 && found == value_count(list);
}

/* Before anything is placed: what may stand in the DNS because of us is known from then on. */
static enum err challenges_keep(
    struct walk *walk, const struct value *list, struct reason *ret_reason)
{
    size_t count = 0;
    for (const struct value *one = value_first(list); one != NULL; one = value_next(one)) {
        struct placed *placed = &walk->placed[count];
        if (walk_was_proved_before(one)) {
            continue;
        }
        bool fits = count < APPLICATION_NAMES_MAX &&
                    span_to_text(span_from_text(api_text(one, way(walk)->host)), placed->host,
                        sizeof placed->host) &&
                    span_to_text(span_from_text(api_text(one, "value")), placed->value,
                        sizeof placed->value);
        if (!fits) {
            return reason_set(
                ret_reason, ERR_PEER, "api.malformed", walk->portal, "challenges", NULL);
        }
        count++;
    }
    if (count == 0) {
        return reason_set(ret_reason, ERR_PEER, "api.malformed", walk->portal, "challenges", NULL);
    }
    walk->placed_count = count;
    return walk_keep(walk);
}

static void challenges_show(const struct walk *walk, const struct value *list)
{
    const struct way *chosen = way(walk);
    bool by_hand = !places_itself(walk);
    screen_heading(walk->tool, chosen->title, NULL);
    for (const struct value *one = value_first(list); one != NULL; one = value_next(one)) {
        const char *url = api_text(one, "url");
        if (walk_was_proved_before(one)) {
            continue;
        }
        const struct screen_fact facts[] = {
            { chosen->where, url[0] != '\0' ? url : api_text(one, "host") },
            { chosen->what, api_text(one, "value") },
            { "tool.record_line", by_hand ? api_text(one, "zone_line") : "" },
            { .id = NULL },
        };
        screen_facts(walk->tool, facts);
    }
}

static enum err records_place(struct walk *walk, struct reason *ret_reason)
{
    char answer[ANSWER_MAX];
    const struct way *chosen = way(walk);
    if (!places_itself(walk)) {
        /* A record that lasts may stand there since the last time. */
        if (walk->persist != NULL && !walk->tool->asks) {
            return OK;
        }
        if (ask_line(walk->tool, chosen->ask, "", answer) != OK) {
            return reason_set(
                ret_reason, ERR_DENIED, "tool.place_by_hand", walk->server_name, NULL, NULL);
        }
        return OK;
    }
    for (size_t i = 0; i < walk->placed_count; i++) {
        TRY(placed_put(walk, &walk->placed[i], ret_reason));
    }
    const struct placeholder values[] = { { "server", walk->dns_server },
        { "program", walk->hook[0] }, { NULL, NULL } };
    screen_step(walk->tool, walk->hook[0] != NULL ? "tool.hook_placed" : chosen->placed, values);
    return OK;
}

static bool lasts(const struct placed *placed);

static bool is_record(const struct placed *placed)
{
    return strncmp(placed->host, "_ecert-validation.", 18) == 0 || lasts(placed);
}

/* What is meant to stay. */
static bool lasts(const struct placed *placed)
{
    return strncmp(placed->host, "_validation-persist.", 20) == 0;
}

static enum err placed_put(
    const struct walk *walk, const struct placed *placed, struct reason *ret_reason)
{
    if (is_record(placed) && walk->hook[0] != NULL) {
        return walk_hook_run(walk, HOOK_PLACE, placed, ret_reason);
    }
    if (is_record(placed)) {
        return record_update(walk, placed, DNS_UPDATE_ADD, ret_reason);
    }
    const char *folder = webroot_of(walk, placed->host);
    if (folder == NULL) {
        return reason_set(ret_reason, ERR_INPUT, "tool.webroot_needed", placed->host, NULL, NULL);
    }
    return webroot_place(folder, placed->value, ret_reason);
}

static enum err placed_remove(
    const struct walk *walk, const struct placed *placed, struct reason *ret_reason)
{
    if (!is_record(placed)) {
        const char *folder = webroot_of(walk, placed->host);
        return folder == NULL ? ERR_NOT_FOUND : webroot_remove(folder, placed->value);
    }
    if (walk->hook[0] != NULL) {
        return walk_hook_run(walk, HOOK_REMOVE, placed, ret_reason);
    }
    bool able = walk->dns_server != NULL && walk->tsig_file != NULL;
    return able ? record_update(walk, placed, DNS_UPDATE_REMOVE, ret_reason) : ERR_NOT_FOUND;
}

/* "NAME=FOLDER" for this name, or a lone "FOLDER" where it can only be this one. */
static const char *webroot_of(const struct walk *walk, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; walk->webroots[i] != NULL; i++) {
        const char *given = walk->webroots[i];
        if (strncmp(given, name, len) == 0 && given[len] == '=') {
            return given + len + 1;
        }
    }
    bool lone = walk->webroots[0] != NULL && walk->webroots[1] == NULL && walk->placed_count <= 1;
    return lone ? walk->webroots[0] : NULL;
}

static enum err record_update(const struct walk *walk, const struct placed *record,
    enum dns_update_action action, struct reason *ret_reason)
{
    AUTO(tsig_key) key = { 0 };
    TRY(tsig_key_read(walk->tsig_file, ret_reason, &key));
    struct dns_update_request request = {
        .server = walk->dns_server,
        .key = &key,
        .action = action,
        .name = record->host,
        .value = record->value,
        .ttl = RECORD_TTL,
        .timeout_ms = UPDATE_TIMEOUT_MS,
    };
    return dns_update_txt(&request, ret_reason);
}

/* What can't be removed is said and kept, and does no harm: the value is good for one key and 30
 * days. */
void walk_remove_records(struct walk *walk)
{
    struct reason reason = { 0 };
    size_t passing = 0;
    for (size_t i = 0; i < walk->placed_count; i++) {
        if (!lasts(&walk->placed[i])) {
            walk->placed[passing++] = walk->placed[i];
        }
    }
    walk->placed_count = passing;
    if (!places_itself(walk)) {
        if (walk->placed_count > 0) {
            screen_message(walk->tool, "tool.remove_by_hand", NULL);
        }
        walk->placed_count = 0;
        return;
    }
    while (walk->placed_count > 0) {
        const struct placed *last = &walk->placed[walk->placed_count - 1];
        if (placed_remove(walk, last, &reason) != OK) {
            const struct placeholder values[] = { { "host", last->host }, { NULL, NULL } };
            screen_message(walk->tool, "tool.not_removed", values);
            break;
        }
        walk->placed_count--;
    }
    (void)!walk_keep(walk);
}

static enum err check(struct walk *walk, struct reason *ret_reason)
{
    const struct value *answer;
    TRY(api_call(&walk->api, walk->tool, HTTP_POST, "/enrolment/dcv/check", /* body= */ NULL,
        &answer, ret_reason));
    return walk_poll(walk, "tool.wait_check", check_is_over, ret_reason);
}

static bool is_validated(const struct value *enrolment)
{
    return strcmp(api_text(enrolment, "state"), "confirmed") != 0;
}

static bool check_is_over(const struct value *enrolment)
{
    const char *state = api_text(value_get(enrolment, "dcv"), "state");
    return is_validated(enrolment) || strcmp(state, "failed") == 0 || strcmp(state, "expired") == 0;
}

/* One line a name, one a perspective, and what it saw where it failed. */
void walk_results_show(const struct walk *walk)
{
    walk_results_show_as(walk, value_get(value_get(walk->enrolment, "dcv"), "results"),
        "tool.name_passed", "tool.name_failed");
    next_check_show(walk);
}

void walk_results_show_as(
    const struct walk *walk, const struct value *list, const char *good, const char *bad)
{
    size_t count = 0;
    for (const struct value *result = value_first(list); result != NULL;
         result = next_within(result, &count, RESULTS_SHOWN_MAX)) {
        const struct placeholder values[] = {
            { "name", api_text(result, "name") },
            { "quorum", api_text(result, "quorum") },
            { "next", api_text(result, "next") },
            { NULL, NULL },
        };
        bool passed = value_truth(value_get(result, "passed"));
        screen_message(walk->tool, passed ? good : bad, values);
        if (!passed) {
            perspectives_show(walk, result);
            walk_trace_show(walk, value_first(value_get(result, "perspectives")));
            screen_line(walk->tool, api_text(result, "next"));
        }
    }
}

static void next_check_show(const struct walk *walk)
{
    const char *next = api_text(value_get(walk->enrolment, "dcv"), "next_check");
    char moment[SCREEN_MOMENT_MAX];
    screen_moment_text(walk->tool, next, moment);
    const struct placeholder values[] = { { "time", moment }, { NULL, NULL } };
    if (next[0] != '\0') {
        screen_message(walk->tool, "tool.next_check", values);
    }
}

/* Places that saw the same are named together. */
static void perspectives_show(const struct walk *walk, const struct value *result)
{
    const struct value *list = value_get(result, "perspectives");
    const struct value *one = value_first(list);
    for (size_t count = 0; one != NULL; one = next_within(one, &count, PLACES_SHOWN_MAX)) {
        const struct value *step = decisive_step(one);
        bool said = false;
        for (const struct value *before = value_first(list); before != one;
             before = value_next(before)) {
            said |= same_step(decisive_step(before), step);
        }
        if (!said) {
            step_show(walk, list, step);
        }
    }
}

static const struct value *next_within(const struct value *one, size_t *count, size_t max)
{
    *count += 1;
    return *count < max ? value_next(one) : NULL;
}

/* The last one of what failed: of the record itself, or else of CAA. Whom the holder wants told of
 * a refusal is no reason for one. */
static const struct value *decisive_step(const struct value *perspective)
{
    bool record_failed = strcmp(api_text(perspective, "dcv"), "failed") == 0;
    const char *kind = record_failed ? "dcv." : "caa.";
    const struct value *found = NULL;
    const struct value *step = value_first(value_get(perspective, "steps"));
    for (size_t count = 0; step != NULL; step = next_within(step, &count, STEPS_SHOWN_MAX)) {
        const char *code = api_text(step, "code");
        bool wanted = strncmp(code, kind, 4) == 0 && strcmp(code, "caa.iodef") != 0;
        found = wanted || found == NULL ? step : found;
    }
    return found;
}

static bool same_step(const struct value *left, const struct value *right)
{
    return strcmp(api_text(left, "code"), api_text(right, "code")) == 0 &&
           strcmp(api_text(left, "seen"), api_text(right, "seen")) == 0;
}

static void step_show(
    const struct walk *walk, const struct value *perspectives, const struct value *step)
{
    AUTO(buf) line = buf_make(4096);
    const char *text = api_text(step, "text"), *seen = api_text(step, "seen");
    const char *between = "";
    text = text[0] != '\0' ? text : api_text(step, "code");
    buf_append_text(&line, "  ");
    if (seen[0] != '\0' && strstr(text, seen) == NULL) {
        screen_bracket(walk->tool, text, seen, &line);
    } else {
        buf_append_text(&line, text);
    }
    buf_append_text(&line, " – ");
    const struct value *one = value_first(perspectives);
    for (size_t count = 0; one != NULL; one = next_within(one, &count, PLACES_SHOWN_MAX)) {
        if (same_step(decisive_step(one), step)) {
            buf_append_format(&line, "%s%s", between, api_text(one, "id"));
            between = ", ";
        }
    }
    screen_line(walk->tool, buf_text(&line));
}
