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
};

static const struct {
    const char *state, *said;
} state_words[] = {
    { "pending", "to be placed" },
    { "checking", "being checked" },
    { "passed", "proved" },
    { "failed", "not proved" },
};

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
static enum err name_put(
    struct value_tree *tree, const struct control_validation_name *name, struct value *object);
static bool sighting_put(struct value_tree *tree, const struct control_sighting *sighting,
    const struct language *language, struct value *name);
static void steps_put(struct value_tree *tree, const struct report *report,
    const struct language *language, struct value *name, struct value *perspective);
static void name_print(const struct value *name);
static void perspective_print(const struct value *perspective);
static void line_print(const char *label, const char *text);

const char *validation_next(const char *standing)
{
    const struct standing_words *found = words_of(standing);
    return found == NULL ? "" : found->next;
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
    value_put_text(tree, object, "next", found == NULL ? "" : found->next);
    time_put(tree, object, "proved", validation->proved);
    time_put(tree, object, "next_check", validation->next_check);
    if (validation->count > 0) {
        const struct challenge *first = &validation->names[0].challenge;
        value_put_text(tree, object, "method", dcv_method_id(first->method));
        time_put(tree, object, "created", first->created);
        time_put(tree, object, "expires", first->created + VALIDATION_VALUE_SECONDS);
    }
    if (validation->mail_address[0] != '\0') {
        value_put_text(tree, object, "mail_address", validation->mail_address);
        value_put_text(tree, object, "mail_state", validation->mail_state);
        value_put_text(tree, object, "mail_seen", validation->mail_seen);
    }
    struct value *names = value_put_list(tree, object, "names");
    for (size_t i = 0; i < validation->count; i++) {
        TRY(name_put(tree, &validation->names[i], value_add_object(tree, names)));
    }
    return value_tree_check(tree);
}

static enum err name_put(
    struct value_tree *tree, const struct control_validation_name *name, struct value *object)
{
    const struct challenge *challenge = &name->challenge;
    char value[EXPECTED_TEXT_MAX], host[HOST_NAME_MAX_LENGTH + 32];
    TRY(challenge_expected(challenge, value));
    TRY(challenge_dns_host(challenge, host, sizeof host));
    value_put_text(tree, object, "name", challenge->name);
    value_put_text(tree, object, "state", name->state);
    if (challenge->method == DCV_DNS) {
        value_put_text(tree, object, "type", "TXT");
        value_put_text(tree, object, "host", host);
        value_put_text(tree, object, "value", value);
        value_put_integer(tree, object, "ttl", TTL_SECONDS);
        value_put_text(tree, object, "zone_line",
            arena_format(tree->arena, "%s. %d IN TXT \"%s\"", host, TTL_SECONDS, value));
    } else if (challenge->method == DCV_WEBSITE) {
        value_put_text(tree, object, "type", "file");
        value_put_text(tree, object, "url",
            arena_format(tree->arena, "http://%s%s", challenge->name, CHALLENGE_WEBSITE_PATH));
        value_put_text(tree, object, "value", value);
    } else {
        value_put_text(tree, object, "type", "mail");
    }
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
        if (!proved && next.len > 0 && value_get(name, "next") == NULL) {
            value_put_text(tree, name, "next", buf_text(&next));
        }
    }
}

void validation_print(const struct value *object)
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
    if (value_truth(value_get(object, "next"))) {
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
    for (const struct value *one = value_first(value_get(name, "perspectives")); one != NULL;
         one = value_next(one)) {
        perspective_print(one);
    }
    line_print("next", value_text(value_get(name, "next")));
}

/* A place that confirmed the name has nothing else to tell. */
static void perspective_print(const struct value *perspective)
{
    static const char *const details[] = { "asked", "seen", "expected" };
    const char *id = value_text(value_get(perspective, "id"));
    if (value_truth(value_get(perspective, "passed"))) {
        line_print(id, "confirmed");
        return;
    }
    for (const struct value *step = value_first(value_get(perspective, "steps")); step != NULL;
         step = value_next(step)) {
        line_print(id, value_text(value_get(step, "text")));
        for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
            const char *text = value_text(value_get(step, details[i]));
            char line[LINE_MAX_BYTES];
            snprintf(line, sizeof line, "  %-8s  %s", details[i], text == NULL ? "" : text);
            line_print("", text == NULL || text[0] == '\0' ? NULL : line);
        }
        id = "";
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
