/* The frame of a page. */
#include "proc/portal/page.h"

#include "lib/web/page.h"

#include <stdio.h>

enum { HONG_KONG_OFFSET = 8 * 3600 };

static const struct {
    const char *page;
    enum page_step step;
} states[ENROLMENT_STATE_COUNT] = {
    [ENROLMENT_OPEN] = { "/confirm", STEP_CONFIRM },
    [ENROLMENT_REJECTED] = { "/returned", STEP_CONFIRM },
    [ENROLMENT_CONFIRMED] = { "/dcv", STEP_DCV },
    [ENROLMENT_VALIDATED] = { "/csr", STEP_CSR },
    [ENROLMENT_ISSUING] = { "/certificate", STEP_CERTIFICATE },
    [ENROLMENT_ISSUED] = { "/certificate", STEP_CERTIFICATE },
    [ENROLMENT_ACCEPTED] = { "/download", STEP_DOWNLOAD },
    [ENROLMENT_DECLINED] = { "/returned", STEP_CERTIFICATE },
};

/* `again`: looking at it once more changes nothing, so a later step links back to it. */
static const struct {
    const char *label, *page;
    bool again;
} steps[STEP_COUNT] = {
    [STEP_LOGIN] = { "step.login", "/", false },
    [STEP_CONFIRM] = { "step.confirm", "/confirm", true },
    [STEP_DCV] = { "step.dcv", "/dcv", true },
    [STEP_CSR] = { "step.csr", "/csr", false },
    [STEP_CERTIFICATE] = { "step.certificate", "/certificate", false },
    [STEP_DOWNLOAD] = { "step.download", "/download", false },
};

static void steps_put(struct visit *visit, enum page_step shown);
static struct web_page visit_page(struct visit *visit);

const char *page_of_state(enum enrolment_state state)
{
    return states[state].page;
}

enum page_step step_of_state(enum enrolment_state state)
{
    return states[state].step;
}

void page_begin(struct visit *visit, enum page_step step, const char *title)
{
    struct value_tree *tree = &visit->tree;
    const struct config *config = &visit->portal->config;
    value_put_text(tree, visit->page, "lang", language_tag(visit->language));
    value_put_text(tree, visit->page, "site", "site.name");
    value_put_text(tree, visit->page, "home", "/");
    value_put_text(tree, visit->page, "title", title);
    value_put_bool(tree, visit->page, "trial", config->service.trial);
    value_put_text(tree, visit->page, "enquiry_email", config->portal.enquiry_email);
    value_put_text(tree, visit->page, "enquiry_href",
        arena_format(visit->request->arena, "mailto:%s", config->portal.enquiry_email));
    value_put_bool(tree, visit->page, "logged_in", visit->has_session);
    if (visit->has_session) {
        value_put_text(tree, visit->page, "csrf", visit->csrf);
    }
    const struct web_page page = visit_page(visit);
    web_put_languages(&page, visit->portal->languages, visit->here);
    if (step != STEP_NONE) {
        steps_put(visit, step);
    }
}

void page_put_error(struct visit *visit, const struct reason *reason)
{
    const struct web_page page = visit_page(visit);
    web_put_error(&page, reason);
}

void page_put_errors(struct visit *visit)
{
    for (size_t i = 0; i < visit->errors.count; i++) {
        page_put_error(visit, &visit->errors.reasons[i]);
    }
}

void page_put_typed(struct visit *visit, const char *field, struct span text)
{
    const struct web_page page = visit_page(visit);
    web_put_typed(&page, field, text);
}

void page_put_problem(struct visit *visit)
{
    const struct reason *problem = &visit->enrolment.problem;
    if (problem->code[0] == '\0') {
        return;
    }
    AUTO(buf) text = buf_make(4096);
    AUTO(buf) next = buf_make(4096);
    language_format_reason(visit->language, problem, "", &text);
    language_format_reason(visit->language, problem, ".next", &next);
    struct value *refused = value_put_object(&visit->tree, visit->page, "refused");
    value_put_text(&visit->tree, refused, "text", buf_text(&text));
    value_put_text(&visit->tree, refused, "next", buf_text(&next));
}

enum err page_refresh(struct visit *visit)
{
    return response_header(visit->response, "Refresh", "3");
}

enum err page_reply(struct visit *visit, int status, const char *template)
{
    const struct web_page page = visit_page(visit);
    return web_reply(&page, visit->portal->templates, status, template);
}

void page_put_refusal(struct visit *visit, int status, const struct reason *reason)
{
    const struct web_page page = visit_page(visit);
    web_put_refusal(&page, status, reason);
}

void put_time(struct visit *visit, struct value *object, const char *name, int64_t time)
{
    char text[TIME_TEXT_MAX];
    time_format_rfc3339(time, text);
    value_put_text(&visit->tree, object, name, text);
    if (visit_is_api(visit)) {
        return;
    }
    value_put_text(&visit->tree, object, arena_format(visit->request->arena, "%s_text", name),
        time_text(visit, time));
}

void put_until(struct visit *visit, struct value *object, const char *name, int64_t time)
{
    static const struct {
        int64_t below, unit; /* seconds */
        const char *id;
    } spans[] = {
        { 60, 1, "dcv.in_seconds" },
        { 120, 60, "dcv.in_minute" },
        { 7200, 60, "dcv.in_minutes" },
        { INT64_MAX, 3600, "dcv.in_hours" },
    };
    struct arena *arena = visit->request->arena;
    int64_t left = time > visit->now ? time - visit->now : 0;
    if (visit_is_api(visit)) {
        value_put_integer(&visit->tree, object, arena_format(arena, "%s_seconds", name), left);
    }
    size_t i = 0;
    while (left >= spans[i].below) {
        i++;
    }
    const struct placeholder values[] = {
        { "number", arena_format(arena, "%lld", (long long)(left / spans[i].unit)) },
        { NULL, NULL },
    };
    AUTO(buf) text = buf_make(256);
    language_format(visit->language, spans[i].id, values, &text);
    value_put_text(&visit->tree, object, arena_format(arena, "%s_in", name), buf_text(&text));
}

const char *time_text(const struct visit *visit, int64_t time)
{
    struct civil civil = civil_from_time(time + HONG_KONG_OFFSET);
    return arena_format(visit->request->arena, "%02d/%02d/%04d %02d:%02d HKT", civil.day,
        civil.month, civil.year, civil.hour, civil.minute);
}

void put_hash(struct visit *visit, struct value *object, const char *name, const char *hex)
{
    value_put_text(&visit->tree, object, name, hex);
    if (visit_is_api(visit)) {
        return;
    }
    const struct web_page page = visit_page(visit);
    web_put_groups(&page, object, arena_format(visit->request->arena, "%s_groups", name), hex);
}

static void steps_put(struct visit *visit, enum page_step shown)
{
    struct value_tree *tree = &visit->tree;
    enum page_step reached =
        visit->has_session ? step_of_state(visit->enrolment.state) : STEP_LOGIN;
    struct value *list = value_put_list(tree, visit->page, "steps");
    for (enum page_step step = STEP_LOGIN; step < STEP_COUNT; step++) {
        struct value *item = value_add_object(tree, list);
        value_put_text(tree, item, "label", steps[step].label);
        value_put_bool(tree, item, "current", step == shown);
        value_put_bool(tree, item, "done", step < reached);
        bool again = step < reached && steps[step].again;
        if (step != shown && (again || (step == reached && step > STEP_LOGIN))) {
            value_put_text(tree, item, "href", steps[step].page);
        }
    }
}

static struct web_page visit_page(struct visit *visit)
{
    return (struct web_page){
        .request = visit->request,
        .response = visit->response,
        .language = visit->language,
        .tree = &visit->tree,
        .root = visit->page,
    };
}
