/* One tree for programs and for people: per name what is to be placed where, how it stands, and
 * what each perspective saw at its last look; the words are the portal's own. */
#include "cli/ecertadm/validate.h"
#include "lib/base/clock.h"

#include <stdio.h>
#include <string.h>

enum { TTL_SECONDS = 3600, LINE_MAX_BYTES = 2048, LABEL_WIDTH = 14 };

/* What is said of a validation that stands so, and what an officer does about it. */
static const struct standing_words {
    const char *standing, *said, *next;
} words[] = {
    { "due", "nobody has begun", "`ecertadm application validate ID` says what to place where" },
    { "pending", "not checked yet",
        "have it placed, then `ecertadm application validate ID --check`" },
    { "checking", "being checked now",
        "`ecertadm application validate ID` shows what comes of it" },
    { "failed", "not proved at the last check",
        "do what is said of each name, then `ecertadm application validate ID --check`" },
    { "expired", "the values are too old to be used",
        "`ecertadm application validate ID` makes new ones and says what to place where" },
    { "stale", "proved, but more than eight hours ago",
        "nothing: it is looked at again when the representative confirms; leave in place what was "
        "placed" },
    { "proved", "proved", "" },
    /* Where the proof is a code, whatever else is said. */
    { "mail", "",
        "have a code mailed: `ecertadm application validate ID --address MAILBOX`; then "
        "give it back with --code CODE --check" },
};

static const struct {
    const char *state, *said;
} state_words[] = {
    { "pending", "to be placed" },
    { "checking", "being checked" },
    { "passed", "proved" },
    { "failed", "not proved" },
};

/* Of a step: its words first. */
static const char *const step_details[] = { "text", "asked", "seen", "expected" };
enum { STEP_DETAILS = sizeof step_details / sizeof *step_details };

static const char *const dcv_ids[] = {
    [DCV_PASSED] = "passed",
    [DCV_FAILED] = "failed",
    [DCV_NOT_ASKED] = "not asked",
};
static const char *const dnssec_ids[] = {
    [DNSSEC_SECURE] = "secure",
    [DNSSEC_INSECURE] = "insecure",
    [DNSSEC_BOGUS] = "bogus",
    [DNSSEC_UNKNOWN] = "unknown",
};

static const struct standing_words *words_of(const char *standing);
static enum err name_put(struct value_tree *tree, const struct control_validation *validation,
    size_t at, struct value *object);
static enum err record_put(struct value_tree *tree, const struct challenge *challenge,
    const char *value, struct value *object);
static bool sighting_put(struct value_tree *tree, const struct control_sighting *sighting,
    const struct language *language, struct value *name);
static void steps_put(struct value_tree *tree, const struct report *report,
    const struct language *language, struct value *name, struct value *perspective);
static void name_print(const struct value *name);
static bool same_sight(const struct value *left, const struct value *right);
static void sight_print(const struct value *list, const struct value *sight);
static void line_print(const char *label, const char *text);

const char *validation_next(
    struct value_tree *tree, const char *standing, const uint8_t id[APPLICATION_ID_BYTES])
{
    char text[2 * APPLICATION_ID_BYTES + 1];
    const struct standing_words *found = words_of(standing);
    const char *next = found == NULL ? "" : found->next;
    const char *at = strstr(next, " ID");
    hex_format(span_make(id, APPLICATION_ID_BYTES), text);
    return at == NULL
               ? next
               : arena_format(tree->arena, "%.*s %s%s", (int)(at - next), next, text, at + 3);
}

static const struct standing_words *words_of(const char *standing)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].standing, standing) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

static void time_put(struct value_tree *tree, struct value *object, const char *name, int64_t time)
{
    char text[TIME_TEXT_MAX];
    if (time != 0) {
        time_format_rfc3339(time, text);
        value_put_text(tree, object, name, text);
    }
}

enum err validation_describe(struct value_tree *tree, const struct control_validation *validation,
    const uint8_t id[APPLICATION_ID_BYTES], struct value *object)
{
    char id_text[2 * APPLICATION_ID_BYTES + 1];
    const struct standing_words *found = words_of(validation->standing);
    hex_format(span_make(id, APPLICATION_ID_BYTES), id_text);
    value_put_text(tree, object, "id", id_text);
    value_put_text(tree, object, "standing", validation->standing);
    value_put_text(tree, object, "said", found == NULL ? "" : found->said);
    bool by_mail = validation->count > 0 && validation->names[0].challenge.method == DCV_EMAIL &&
                   validation->proved == 0;
    value_put_text(
        tree, object, "next", validation_next(tree, by_mail ? "mail" : validation->standing, id));
    time_put(tree, object, "proved", validation->proved);
    time_put(tree, object, "next_check", validation->next_check);
    if (validation->count > 0) {
        const struct challenge *first = &validation->names[0].challenge;
        value_put_text(tree, object, "method", dcv_method_id(first->method));
        time_put(tree, object, "created", first->created);
        if (dcv_rules(first->method)->coded) {
            time_put(tree, object, "expires", first->created + VALIDATION_VALUE_SECONDS);
        }
    }
    if (validation->mail_address[0] != '\0') {
        value_put_text(tree, object, "mail_address", validation->mail_address);
        value_put_text(tree, object, "mail_state", validation->mail_state);
        value_put_text(tree, object, "mail_seen", validation->mail_seen);
    }
    struct value *names = value_put_list(tree, object, "names");
    for (size_t i = 0; i < validation->count; i++) {
        TRY(name_put(tree, validation, i, value_add_object(tree, names)));
    }
    return value_tree_check(tree);
}

static enum err name_put(struct value_tree *tree, const struct control_validation *validation,
    size_t at, struct value *object)
{
    const struct control_validation_name *name = &validation->names[at];
    const struct challenge *challenge = &name->challenge;
    char value[EXPECTED_TEXT_MAX];
    TRY(challenge_expected(challenge, validation->identity, value));
    value_put_text(tree, object, "name", challenge->name);
    value_put_text(tree, object, "state", name->state);
    switch (challenge->method) {
    case DCV_DNS:
        return record_put(tree, challenge, value, object);
    case DCV_PERSISTENT: {
        const char *record =
            arena_format(tree->arena, "%s; accounturi=%s", validation->identity, value);
        return record == NULL ? ERR_MEMORY : record_put(tree, challenge, record, object);
    }
    case DCV_WEBSITE:
        value_put_text(tree, object, "type", "file");
        value_put_text(tree, object, "url",
            arena_format(tree->arena, "http://%s%s", challenge->name, CHALLENGE_WEBSITE_PATH));
        value_put_text(tree, object, "value", value);
        return OK;
    case DCV_EMAIL:
        break;
    }
    value_put_text(tree, object, "type", "mail");
    return OK;
}

static enum err record_put(struct value_tree *tree, const struct challenge *challenge,
    const char *value, struct value *object)
{
    char host[HOST_NAME_MAX_LENGTH + 32];
    TRY(challenge_dns_host(challenge, host, sizeof host));
    value_put_text(tree, object, "type", "TXT");
    value_put_text(tree, object, "host", host);
    value_put_text(tree, object, "value", value);
    value_put_integer(tree, object, "ttl", TTL_SECONDS);
    value_put_text(tree, object, "zone_line",
        arena_format(tree->arena, "%s. %d IN TXT \"%s\"", host, TTL_SECONDS, value));
    return OK;
}

enum err sightings_describe(struct value_tree *tree, const struct control_sightings *sightings,
    const struct language *language, struct value *name)
{
    unsigned passed = 0;
    value_put_list(tree, name, "perspectives");
    for (size_t i = 0; i < sightings->count; i++) {
        passed += sighting_put(tree, &sightings->rows[i], language, name) ? 1 : 0;
    }
    value_put_text(
        tree, name, "quorum", arena_format(tree->arena, "%u/%zu", passed, sightings->count));
    return value_tree_check(tree);
}

/* One place: what it signed, where it answered, and beside it what it says for people. */
static bool sighting_put(struct value_tree *tree, const struct control_sighting *sighting,
    const struct language *language, struct value *name)
{
    struct observation seen = { .dcv = DCV_FAILED, .dnssec = DNSSEC_UNKNOWN };
    struct der observation = der_reader(sighting->observation);
    struct der steps = der_reader(sighting->report);
    struct report report = { 0 };
    struct value *list = (struct value *)value_get(name, "perspectives");
    struct value *object = value_add_object(tree, list);
    bool answered = sighting->observation.len > 0 && observation_read(&observation, &seen) == OK;
    bool passed = answered && seen.dcv != DCV_FAILED && seen.caa == CAA_PERMITS;
    const char *caa = !answered ? "unknown" : seen.caa == CAA_PERMITS ? "permits" : "prohibits";
    value_put_text(tree, object, "id", sighting->perspective);
    value_put_bool(tree, object, "passed", passed);
    value_put_text(tree, object, "dcv", dcv_ids[seen.dcv]);
    value_put_text(tree, object, "caa", caa);
    value_put_text(tree, object, "dnssec", dnssec_ids[seen.dnssec]);
    if (sighting->report.len == 0 || report_read(&steps, &report) != OK) {
        report = (struct report){ 0 };
        report_add(&report, "dcv.unreachable", "", "", "");
    }
    steps_put(tree, &report, language, name, object);
    return passed;
}

/* The first step anywhere that has something to do about it becomes the name's "next". */
static void steps_put(struct value_tree *tree, const struct report *report,
    const struct language *language, struct value *name, struct value *perspective)
{
    struct value *list = value_put_list(tree, perspective, "steps");
    bool proved = strcmp(value_text(value_get(name, "state")), "passed") == 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct report_step *step = &report->steps[i];
        struct reason reason = { 0 };
        AUTO(buf) text = buf_make(4096);
        AUTO(buf) next = buf_make(4096);
        (void)reason_set(&reason, ERR_INPUT, step->code, value_text(value_get(name, "name")),
            step->seen, step->expected);
        if (language != NULL) {
            language_format_reason(language, &reason, "", &text);
            language_format_reason(language, &reason, ".next", &next);
        }
        struct value *object = value_add_object(tree, list);
        value_put_text(tree, object, "code", step->code);
        value_put_text(tree, object, "asked", step->asked);
        value_put_text(tree, object, "seen", step->seen);
        value_put_text(tree, object, "expected", step->expected);
        value_put_text(tree, object, "text", text.len > 0 ? buf_text(&text) : step->code);
        value_put_bool(tree, object, "fault", next.len > 0);
        if (!proved && next.len > 0 && value_get(name, "next") == NULL) {
            value_put_text(tree, name, "next", buf_text(&next));
        }
    }
}

void validation_print(const struct value *object, bool advice)
{
    static const char *const members[] = { "method", "expires", "proved", "next_check",
        "mail_address", "mail_state", "mail_seen" };
    line_print("validation", value_text(value_get(object, "said")));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        line_print(members[i], value_text(value_get(object, members[i])));
    }
    for (const struct value *name = value_first(value_get(object, "names")); name != NULL;
         name = value_next(name)) {
        name_print(name);
    }
    if (advice && value_truth(value_get(object, "next"))) {
        printf("\n");
        line_print("next", value_text(value_get(object, "next")));
    }
}

static void name_print(const struct value *name)
{
    static const char *const members[] = { "type", "host", "url", "value", "zone_line" };
    const char *state = value_text(value_get(name, "state"));
    const char *said = state;
    for (size_t i = 0; i < sizeof state_words / sizeof *state_words; i++) {
        said = strcmp(state_words[i].state, state) == 0 ? state_words[i].said : said;
    }
    printf("\n");
    line_print(said, value_text(value_get(name, "name")));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        line_print(members[i], value_text(value_get(name, members[i])));
    }
    line_print("confirmed by", value_text(value_get(name, "quorum")));
    const struct value *list = value_get(name, "perspectives");
    for (const struct value *one = value_first(list); one != NULL; one = value_next(one)) {
        bool shown = value_truth(value_get(one, "passed"));
        for (const struct value *before = value_first(list); before != one && !shown;
             before = value_next(before)) {
            shown = same_sight(before, one);
        }
        if (!shown) {
            sight_print(list, one);
        }
    }
    line_print("next", value_text(value_get(name, "next")));
}

static bool same_sight(const struct value *left, const struct value *right)
{
    const struct value *a = value_first(value_get(left, "steps"));
    const struct value *b = value_first(value_get(right, "steps"));
    bool same = value_truth(value_get(left, "passed")) == value_truth(value_get(right, "passed"));
    for (; same && a != NULL && b != NULL; a = value_next(a), b = value_next(b)) {
        for (size_t i = 0; i < STEP_DETAILS; i++) {
            same = same && strcmp(value_text(value_get(a, step_details[i])),
                               value_text(value_get(b, step_details[i]))) == 0;
        }
    }
    return same && a == NULL && b == NULL;
}

/* Places that saw the same are named together; a step that is no fault needs no details. */
static void sight_print(const struct value *list, const struct value *sight)
{
    AUTO(buf) places = buf_make(LINE_MAX_BYTES);
    for (const struct value *one = value_first(list); one != NULL; one = value_next(one)) {
        if (same_sight(one, sight)) {
            buf_append_format(
                &places, "%s%s", places.len > 0 ? ", " : "", value_text(value_get(one, "id")));
        }
    }
    line_print("not by", buf_check(&places) == OK ? buf_text(&places) : "");
    for (const struct value *step = value_first(value_get(sight, "steps")); step != NULL;
         step = value_next(step)) {
        line_print("", value_text(value_get(step, step_details[0])));
        for (size_t i = 1; i < STEP_DETAILS && value_truth(value_get(step, "fault")); i++) {
            const char *text = value_text(value_get(step, step_details[i]));
            char line[LINE_MAX_BYTES];
            snprintf(line, sizeof line, "  %-8s  %s", step_details[i], text);
            line_print("", text[0] == '\0' ? NULL : line);
        }
    }
}

/* What comes from the DNS of others paints over nothing. */
static void line_print(const char *label, const char *text)
{
    char line[LINE_MAX_BYTES];
    if (text == NULL || text[0] == '\0') {
        return;
    }
    snprintf(line, sizeof line, "%s", text);
    utf8_make_plain(line);
    printf("%-*s  %s\n", LABEL_WIDTH, label, line);
}
