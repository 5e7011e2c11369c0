/* The names of a request: read from the command line, or asked for in the order of the pages of
 * Exchange's wizard: domain scope, services with their host names, the common name. */
#include "cli/ecert/request_names.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/services.h"

#include <stdio.h>

enum scope { SCOPE_ONE, SCOPE_WILDCARD, SCOPE_SEVERAL, SCOPES };

static enum err name_add(struct request_names *names, const char *typed, struct reason *ret_reason);
static enum err service_add(struct request_names *names, const struct service *service,
    const char *domain, struct reason *ret_reason);
static enum err ask_one(struct tool *tool, struct request_names *names, const char *question,
    const char *proposed, bool *ret_more);
static enum err ask_wildcard(struct tool *tool, struct request_names *names);
static enum err ask_services(struct tool *tool, struct request_names *names);
static enum err ask_hosts(struct tool *tool, struct request_names *names,
    const struct service *service, const char *domain);
static enum err ask_common_name(struct tool *tool, struct request_names *names);
static bool services_read(const char *typed, bool chosen[]);

enum err request_names_from_arguments(
    const struct arguments *arguments, struct request_names *ret_names, struct reason *ret_reason)
{
    const char *domain = arguments_value(arguments, "domain");
    const char *service = arguments_nth(arguments, "service", 0);
    for (size_t i = 0; arguments_nth(arguments, "name", i) != NULL; i++) {
        TRY(name_add(ret_names, arguments_nth(arguments, "name", i), ret_reason));
    }
    if ((domain == NULL) != (service == NULL)) {
        const char *given = domain == NULL ? "--service" : "--domain";
        const char *missing = domain == NULL ? "--domain" : "--service";
        return reason_set(ret_reason, ERR_INPUT, "tool.service_domain", given, NULL, missing);
    }
    for (size_t i = 0; arguments_nth(arguments, "service", i) != NULL; i++) {
        const char *typed = arguments_nth(arguments, "service", i);
        const struct service *found = service_find(typed);
        if (found == NULL) {
            AUTO(buf) all = buf_make(REASON_TEXT_MAX);
            for (size_t j = 0; j < services_count; j++) {
                buf_append_format(&all, "%s%s", j == 0 ? "" : ", ", services[j].name);
            }
            return reason_set(
                ret_reason, ERR_INPUT, "tool.service_unknown", "--service", typed, buf_text(&all));
        }
        TRY(service_add(ret_names, found, domain, ret_reason));
    }
    return OK;
}

/* One name twice is one name. */
static enum err name_add(struct request_names *names, const char *typed, struct reason *ret_reason)
{
    struct dns_name name;
    TRY(dns_name_parse(span_from_text(typed), DNS_NAME_HOST_OR_WILDCARD, &name, ret_reason));
    for (size_t i = 0; i < names->count; i++) {
        if (dns_name_equal(&names->list[i], &name)) {
            return OK;
        }
    }
    if (names->count == APPLICATION_NAMES_MAX) {
        return reason_set(ret_reason, ERR_LIMIT, "tool.too_many_names", typed, NULL, "50");
    }
    names->list[names->count++] = name;
    return OK;
}

static void host_format(char ret_host[ANSWER_MAX], const char *label, const char *domain)
{
    snprintf(ret_host, ANSWER_MAX, "%s%s%s", label, label[0] == '\0' ? "" : ".", domain);
}

static enum err service_add(struct request_names *names, const struct service *service,
    const char *domain, struct reason *ret_reason)
{
    for (size_t i = 0; i < SERVICE_HOSTS_MAX && service->hosts[i] != NULL; i++) {
        char host[ANSWER_MAX];
        host_format(host, service->hosts[i], domain);
        TRY(name_add(names, host, ret_reason));
    }
    return OK;
}

enum err request_names_ask(struct tool *tool, struct request_names *ret_names)
{
    static const char *const scopes[SCOPES] = { "tool.scope_one", "tool.scope_wildcard",
        "tool.scope_several" };
    const char *choices[SCOPES];
    size_t scope = SCOPE_ONE;
    bool more = true;
    for (size_t i = 0; i < SCOPES; i++) {
        choices[i] = language_text(tool->language, scopes[i]);
    }
    TRY(ask_choice(tool, "tool.ask_scope", choices, SCOPES, SCOPE_ONE, &scope));
    if (scope == SCOPE_ONE) {
        return ask_one(tool, ret_names, "tool.ask_name", /* proposed= */ NULL, &more);
    }
    if (scope == SCOPE_WILDCARD) {
        return ask_wildcard(tool, ret_names);
    }
    TRY(ask_services(tool, ret_names));
    while (more) {
        bool first = ret_names->count == 0;
        TRY(ask_one(tool, ret_names, first ? "tool.ask_name" : "tool.ask_another_name",
            first ? NULL : "", &more));
    }
    return ask_common_name(tool, ret_names);
}

/* Until a name was typed that is one; `ret_more` is false after an empty line, which only a
 * `proposed` "" permits. */
static enum err ask_one(struct tool *tool, struct request_names *names, const char *question,
    const char *proposed, bool *ret_more)
{
    for (;;) {
        char answer[ANSWER_MAX];
        struct reason reason = { 0 };
        TRY(ask_line(tool, question, proposed, answer));
        *ret_more = answer[0] != '\0';
        enum err err = *ret_more ? name_add(names, answer, &reason) : OK;
        if (err == OK) {
            return OK;
        }
        screen_failure(tool, err, &reason);
    }
}

/* With or without "*.": the certificate is for both, as the wildcard edition has it. */
static enum err ask_wildcard(struct tool *tool, struct request_names *names)
{
    for (;;) {
        char answer[ANSWER_MAX], wildcard[ANSWER_MAX + 2];
        struct reason reason = { 0 };
        TRY(ask_line(tool, "tool.ask_wildcard", /* proposed= */ NULL, answer));
        const char *bare = strncmp(answer, "*.", 2) == 0 ? answer + 2 : answer;
        snprintf(wildcard, sizeof wildcard, "*.%s", bare);
        names->count = 0;
        enum err err = name_add(names, wildcard, &reason);
        err = err == OK ? name_add(names, bare, &reason) : err;
        if (err == OK) {
            return OK;
        }
        screen_failure(tool, err, &reason);
    }
}

static enum err ask_services(struct tool *tool, struct request_names *names)
{
    enum { SERVICES_MAX = 32 };
    bool chosen[SERVICES_MAX];
    char answer[ANSWER_MAX], domain[ANSWER_MAX];
    struct dns_name parsed;
    struct reason reason = { 0 };
    for (size_t i = 0; i < services_count; i++) {
        char number[24];
        snprintf(number, sizeof number, "%2zu", i + 1);
        screen_pair(tool, 2, number, 6, language_text(tool->language, services[i].label));
    }
    for (;;) {
        TRY(ask_line(tool, "tool.ask_services", "", answer));
        memset(chosen, 0, sizeof chosen);
        if (services_read(answer, chosen)) {
            break;
        }
        ask_number_refuse(tool, answer, services_count);
    }
    if (answer[0] == '\0') {
        return OK;
    }
    TRY(ask_line(tool, "tool.ask_domain", /* proposed= */ NULL, domain));
    while (dns_name_parse(span_from_text(domain), DNS_NAME_HOST, &parsed, &reason) != OK) {
        screen_failure(tool, ERR_INPUT, &reason);
        TRY(ask_line(tool, "tool.ask_domain", /* proposed= */ NULL, domain));
    }
    for (size_t i = 0; i < services_count; i++) {
        if (chosen[i]) {
            TRY(ask_hosts(tool, names, &services[i], domain));
        }
    }
    return OK;
}

/* Numbers of the list above, with spaces or commas between them. */
static bool services_read(const char *typed, bool chosen[])
{
    for (const char *at = typed + strspn(typed, " ,"); *at != '\0'; at += strspn(at, " ,")) {
        char *end = NULL;
        unsigned long number = strtoul(at, &end, 10);
        if (end == at || number == 0 || number > services_count) {
            return false;
        }
        chosen[number - 1] = true;
        at = end;
    }
    return true;
}

/* Each proposal can be typed over: the host names of a service are its administrator's choice. */
static enum err ask_hosts(struct tool *tool, struct request_names *names,
    const struct service *service, const char *domain)
{
    screen_line(tool, language_text(tool->language, service->label));
    for (size_t i = 0; i < SERVICE_HOSTS_MAX && service->hosts[i] != NULL; i++) {
        char proposed[ANSWER_MAX];
        bool more;
        host_format(proposed, service->hosts[i], domain);
        TRY(ask_one(tool, names, "tool.ask_host", proposed, &more));
    }
    return OK;
}

static enum err ask_common_name(struct tool *tool, struct request_names *names)
{
    enum { CHOICES = 16 }; /* of more, whoever needs another one names it first */
    const char *choices[CHOICES];
    size_t count = names->count < CHOICES ? names->count : CHOICES, choice = 0;
    if (names->count < 2) {
        return OK;
    }
    for (size_t i = 0; i < count; i++) {
        choices[i] = names->list[i].text;
    }
    TRY(ask_choice(tool, "tool.ask_common_name", choices, count, 0, &choice));
    struct dns_name common = names->list[choice];
    names->list[choice] = names->list[0];
    names->list[0] = common;
    return OK;
}

void request_names_text(
    const struct tool *tool, const struct request_names *names, struct buf *text)
{
    for (size_t i = 0; i < names->count; i++) {
        char shown[HOST_NAME_UNICODE_MAX];
        dns_name_to_unicode(&names->list[i], shown);
        bool same = strcmp(shown, names->list[i].text) == 0;
        buf_append_text(text, i == 0 ? "" : ", ");
        if (same) {
            buf_append_text(text, shown);
        } else {
            screen_bracket(tool, names->list[i].text, shown, text);
        }
    }
}

bool request_names_warn(const struct tool *tool, const struct request_names *names)
{
    bool any = false;
    for (size_t i = 0; i < names->count; i++) {
        char shown[HOST_NAME_UNICODE_MAX];
        if (dns_name_mixes_scripts(&names->list[i])) {
            dns_name_to_unicode(&names->list[i], shown);
            const struct placeholder values[] = { { "name", shown }, { NULL, NULL } };
            screen_message(tool, "tool.idn_mixed", values);
            any = true;
        }
    }
    return any;
}
