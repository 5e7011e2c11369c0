/* One server in full; of many a line each, and what is wrong behind them. */
#include "cli/ecert/chain.h"
#include "cli/ecert/check.h"
#include "cli/ecert/path.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

enum { STAPLE_TEXT_MAX = 256 };

static void certificate_show(struct tool *tool, const struct check_host *host);
static const char *staple_text(
    const struct tool *tool, const struct check_host *host, char text[STAPLE_TEXT_MAX]);
static void sent_show(struct tool *tool, const struct check_host *host);
static void findings_show(struct tool *tool, const struct check_host *host);
static void certificate_put(struct tool *tool, const struct check_host *host, struct value *object);
static void staple_put(struct tool *tool, const struct check_host *host, struct value *object);
static void sent_put(struct tool *tool, const struct check_host *host, struct value *object);
static void findings_put(struct tool *tool, const struct check_host *host, struct value *object);
static void names_join(const struct check_host *host, struct buf *names);
static const char *state_text(const struct tool *tool, enum check_state state);

void check_show(struct tool *tool, const struct check_host *host)
{
    const struct placeholder values[] = { { "name", host->typed },
        { "state", state_text(tool, host->state) }, { NULL, NULL } };
    screen_heading(tool, "tool.check_title", values);
    if (host->reached == OK && host->parsed) {
        bool taken = false;
        certificate_show(tool, host);
        sent_show(tool, host);
        for (size_t i = 0; i < host->paths->count; i++) {
            const struct path *path = &host->paths->paths[i];
            bool good = path->rooted && path->verdict == OK;
            path_show(tool, path, i, good && !taken);
            taken |= good;
        }
    }
    findings_show(tool, host);
    if (host->state == CHECK_FINE) {
        screen_step(tool, "tool.check_fine", values);
    }
}

static void certificate_show(struct tool *tool, const struct check_host *host)
{
    AUTO(buf) names = buf_make(4096);
    char issuer[CHAIN_NAME_MAX], ends[SCREEN_MOMENT_MAX], begins[SCREEN_MOMENT_MAX];
    char thumbprint[2 * SHA256_BYTES + 1];
    uint8_t hash[SHA256_BYTES];
    chain_name(host->leaf.issuer, issuer);
    names_join(host, &names);
    screen_moment(tool, host->leaf.not_after, ends);
    screen_moment(tool, host->leaf.not_before, begins);
    if (sha256(host->leaf.der, hash) != OK) {
        return;
    }
    hex_format(SPAN_OF(hash), thumbprint);
    char staple[STAPLE_TEXT_MAX];
    const struct screen_fact facts[] = {
        { "tool.check_protocol", host->handshake.version },
        { "tool.names", names.len > 0 ? buf_text(&names) : "-" },
        { "tool.issuer", issuer },
        { "tool.check_begins", begins },
        { "tool.ends", ends },
        { "tool.check_thumbprint", thumbprint },
        { "tool.check_stapled", staple_text(tool, host, staple) },
        { NULL, NULL },
    };
    screen_facts(tool, facts);
}

/* NULL where there is none. */
static const char *staple_text(
    const struct tool *tool, const struct check_host *host, char text[STAPLE_TEXT_MAX])
{
    AUTO(buf) words = buf_make(STAPLE_TEXT_MAX);
    char until[SCREEN_MOMENT_MAX], id[64];
    const struct placeholder values[] = { { "until", until }, { NULL, NULL } };
    if (host->staple == CHECK_STAPLE_NONE) {
        return NULL;
    }
    screen_moment(tool, host->staple_until, until);
    snprintf(id, sizeof id, "check_staple.%s", check_staple_name(host->staple));
    language_format(tool->language, id, values, &words);
    snprintf(text, STAPLE_TEXT_MAX, "%s", words.len > 0 ? buf_text(&words) : "");
    return text;
}

static void sent_show(struct tool *tool, const struct check_host *host)
{
    screen_message(tool, "tool.check_sent", NULL);
    for (size_t i = 0; i < host->sent.count; i++) {
        struct certificate parsed;
        AUTO(buf) line = buf_make(CHAIN_NAME_MAX + 256), bracketed = buf_make(CHAIN_NAME_MAX + 256);
        char name[CHAIN_NAME_MAX] = "-", id[64];
        if (certificate_parse(host->handshake.certificates[i], &parsed) == OK) {
            chain_name(parsed.subject, name);
        }
        snprintf(id, sizeof id, "check_place.%s", sent_place_name(host->sent.places[i]));
        screen_bracket(tool, name, language_text(tool->language, id), &bracketed);
        buf_append_format(&line, "    %zu  %s", i + 1, buf_text(&bracketed));
        screen_line(tool, buf_text(&line));
    }
}

static void findings_show(struct tool *tool, const struct check_host *host)
{
    for (size_t i = 0; i < host->finding_count && !tool->json; i++) {
        const struct check_finding *finding = &host->findings[i];
        if (finding->severity == CHECK_FAILED) {
            (void)screen_failure(tool, ERR_DENIED, &finding->reason);
        } else {
            screen_remark(tool, &finding->reason);
        }
    }
}

void check_show_many(struct tool *tool, const struct check_host *hosts, size_t count)
{
    struct screen_row *rows = arena_alloc(&tool->arena, count + 1, sizeof *rows);
    if (rows == NULL || tool->json) {
        return;
    }
    rows[0] = (struct screen_row){ { language_text(tool->language, "tool.check_host"),
        language_text(tool->language, "tool.state_label"),
        language_text(tool->language, "tool.ends"),
        language_text(tool->language, "tool.check_what") } };
    for (size_t i = 0; i < count; i++) {
        AUTO(buf) what = buf_make(2048);
        char day[SCREEN_MOMENT_MAX] = "-";
        if (hosts[i].parsed) {
            screen_day(tool, hosts[i].leaf.not_after, day);
        }
        if (hosts[i].finding_count > 0) {
            language_format_reason(tool->language, &hosts[i].findings[0].reason, "", &what);
        }
        rows[i + 1] = (struct screen_row){ {
            hosts[i].typed,
            state_text(tool, hosts[i].state),
            arena_text(&tool->arena, span_from_text(day)),
            what.len > 0 ? arena_text(&tool->arena, buf_span(&what)) : "",
        } };
    }
    screen_table(tool, rows, count + 1, 4);
}

void check_put(struct tool *tool, const struct check_host *host, struct value *object)
{
    struct value_tree *tree = &tool->tree;
    value_put_text(tree, object, "name", host->typed);
    value_put_text(tree, object, "host", host->endpoint.host);
    value_put_integer(tree, object, "port", host->endpoint.port);
    value_put_text(tree, object, "starttls", starttls_name(host->endpoint.starttls));
    value_put_text(tree, object, "state", check_state_name(host->state));
    if (host->reached == OK) {
        value_put_text(tree, object, "tls", host->handshake.version);
        value_put_bool(tree, object, "stapled", host->handshake.ocsp.len > 0);
        value_put_bool(tree, object, "whole", host->handshake.whole);
    }
    if (host->reached == OK && host->parsed) {
        certificate_put(tool, host, value_put_object(tree, object, "certificate"));
        staple_put(tool, host, value_put_object(tree, object, "staple"));
        sent_put(tool, host, object);
        struct value *paths = value_put_list(tree, object, "paths");
        for (size_t i = 0; i < host->paths->count; i++) {
            path_put(tool, &host->paths->paths[i], value_add_object(tree, paths));
        }
    }
    findings_put(tool, host, object);
}

static void certificate_put(struct tool *tool, const struct check_host *host, struct value *object)
{
    struct value_tree *tree = &tool->tree;
    char text[CHAIN_NAME_MAX], serial[3 * SERIAL_MAX_BYTES + 1], time[TIME_TEXT_MAX];
    uint8_t hash[SHA256_BYTES];
    struct value *names = value_put_list(tree, object, "names");
    for (size_t i = 0; i < host->leaf.dns_name_count; i++) {
        value_add_text(tree, names, arena_text(&tool->arena, host->leaf.dns_names[i]));
    }
    chain_name(host->leaf.issuer, text);
    value_put_text(tree, object, "issuer", text);
    if (serial_format(host->leaf.serial, serial, sizeof serial) == OK) {
        value_put_text(tree, object, "serial", serial);
    }
    if (sha256(host->leaf.der, hash) == OK) {
        hex_format(SPAN_OF(hash), text);
        value_put_text(tree, object, "sha256", text);
    }
    time_format_rfc3339(host->leaf.not_before, time);
    value_put_text(tree, object, "not_before", time);
    time_format_rfc3339(host->leaf.not_after, time);
    value_put_text(tree, object, "not_after", time);
    value_put_integer(
        tree, object, "days_left", (host->leaf.not_after - clock_now(&tool->clock)) / DAY_SECONDS);
}

static void staple_put(struct tool *tool, const struct check_host *host, struct value *object)
{
    const struct {
        const char *name;
        int64_t time;
    } times[] = {
        { "this_update", host->staple_from },
        { "next_update", host->staple_until },
        { "revoked", host->revoked_at },
    };
    value_put_text(&tool->tree, object, "state", check_staple_name(host->staple));
    value_put_bool(&tool->tree, object, "required", certificate_must_staple(&host->leaf));
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[TIME_TEXT_MAX];
        if (times[i].time != 0) {
            time_format_rfc3339(times[i].time, text);
            value_put_text(&tool->tree, object, times[i].name, text);
        }
    }
}

static void sent_put(struct tool *tool, const struct check_host *host, struct value *object)
{
    struct value_tree *tree = &tool->tree;
    struct value *list = value_put_list(tree, object, "sent");
    for (size_t i = 0; i < host->sent.count; i++) {
        char text[CHAIN_NAME_MAX];
        uint8_t hash[SHA256_BYTES];
        struct certificate parsed;
        struct value *one = value_add_object(tree, list);
        value_put_text(tree, one, "place", sent_place_name(host->sent.places[i]));
        if (certificate_parse(host->handshake.certificates[i], &parsed) == OK) {
            chain_name(parsed.subject, text);
            value_put_text(tree, one, "name", text);
        }
        if (sha256(host->handshake.certificates[i], hash) == OK) {
            hex_format(SPAN_OF(hash), text);
            value_put_text(tree, one, "sha256", text);
        }
    }
}

static void findings_put(struct tool *tool, const struct check_host *host, struct value *object)
{
    struct value_tree *tree = &tool->tree;
    struct value *list = value_put_list(tree, object, "findings");
    for (size_t i = 0; i < host->finding_count; i++) {
        const struct reason *reason = &host->findings[i].reason;
        AUTO(buf) text = buf_make(2048), next = buf_make(2048);
        struct value *one = value_add_object(tree, list);
        language_format_reason(tool->language, reason, "", &text);
        language_format_reason(tool->language, reason, ".next", &next);
        value_put_text(tree, one, "severity", check_state_name(host->findings[i].severity));
        value_put_text(tree, one, "code", reason->code);
        value_put_text(tree, one, "field", reason->field);
        value_put_text(tree, one, "seen", reason->seen[0] == '\0' ? NULL : reason->seen);
        value_put_text(
            tree, one, "expected", reason->expected[0] == '\0' ? NULL : reason->expected);
        value_put_text(tree, one, "text", buf_text(&text));
        value_put_text(tree, one, "next", buf_text(&next));
    }
}

static void names_join(const struct check_host *host, struct buf *names)
{
    for (size_t i = 0; i < host->leaf.dns_name_count; i++) {
        buf_append_text(names, i > 0 ? ", " : "");
        buf_append(names, host->leaf.dns_names[i]);
    }
}

static const char *state_text(const struct tool *tool, enum check_state state)
{
    static const char *const ids[] = { "check_state.fine", "check_state.warned", "check_state.soon",
        "check_state.failed" };
    return language_text(tool->language, ids[state]);
}
