/* ecert check HOST …: what servers really send, what clients make of it, and what to do. Three
 * steps, each for all hosts before the next: shake hands, get the revocation lists, judge. */
#include "cli/ecert/check.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/crew.h"
#include "cli/ecert/deploy_record.h"
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    HTTPS_PORT = 443,
    TIMEOUT_SECONDS = 10,
    TIMEOUT_MAX = 120,
    DAYS_MAX = 3650,
    HOSTS_FILE_MAX = 256 * 1024
};

struct round {
    struct tool *tool;
    struct check_trust *trust;
    struct check_host *hosts;
    size_t count;
    int64_t timeout_ms;
};
static void round_release(struct round *round);
AUTO_DEFINE(round, round_release)

static enum err hosts_gather(struct tool *tool, const struct arguments *arguments,
    const struct certstore *store, struct round *round, struct reason *ret_reason);
static enum err host_add(
    struct tool *tool, const char *text, struct round *round, struct reason *ret_reason);
static enum err file_take(
    struct tool *tool, const char *path, struct round *round, struct reason *ret_reason);
static enum err ledger_take(struct tool *tool, const struct certstore *store, struct round *round,
    struct reason *ret_reason);
static enum err number_take(const struct arguments *arguments, const char *option, int64_t max,
    int64_t *number, struct reason *ret_reason);
static void host_probe(size_t index, void *ctx);
static enum err round_go(struct round *round, bool lists);
static enum exit_code round_show(const struct round *round, bool soon_fails);

enum exit_code command_check(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(check_trust) trust = { .soon_days = CHECK_SOON_DAYS };
    AUTO(round) round = { .tool = tool, .trust = &trust };
    struct reason reason = { 0 };
    int64_t seconds = TIMEOUT_SECONDS;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    round.hosts = arena_alloc(&tool->arena, CHECK_HOSTS_MAX, sizeof *round.hosts);
    enum err err = round.hosts == NULL ? ERR_MEMORY : OK;
    err = err == OK ? number_take(arguments, "timeout", TIMEOUT_MAX, &seconds, &reason) : err;
    err = err == OK ? number_take(arguments, "days", DAYS_MAX, &trust.soon_days, &reason) : err;
    err = err == OK ? hosts_gather(tool, arguments, store, &round, &reason) : err;
    err = err == OK
              ? check_trust_load(tool, store, arguments_value(arguments, "root"), &trust, &reason)
              : err;
    round.timeout_ms = seconds * 1000;
    err = err == OK ? round_go(&round, !arguments_has(arguments, "no-lists")) : err;
    return err == OK ? round_show(&round, arguments_has(arguments, "days"))
                     : screen_failure(tool, err, &reason);
}

static void round_release(struct round *round)
{
    for (size_t i = 0; round->hosts != NULL && i < round->count; i++) {
        handshake_release(&round->hosts[i].handshake);
        free(round->hosts[i].paths);
    }
}

static enum err number_take(const struct arguments *arguments, const char *option, int64_t max,
    int64_t *number, struct reason *ret_reason)
{
    const char *text = arguments_value(arguments, option);
    char *end = NULL, range[32];
    if (text == NULL) {
        return OK;
    }
    long given = strtol(text, &end, 10);
    if (text[0] == '\0' || *end != '\0' || given < 1 || given > max) {
        snprintf(range, sizeof range, "1-%ld", (long)max);
        return reason_set(ret_reason, ERR_INPUT, "usage.number", option, text, range);
    }
    *number = given;
    return OK;
}

/* Those that are named; else all that the ledger knows; else the person is asked. */
static enum err hosts_gather(struct tool *tool, const struct arguments *arguments,
    const struct certstore *store, struct round *round, struct reason *ret_reason)
{
    const char *file = arguments_value(arguments, "hosts");
    char answer[ANSWER_MAX];
    for (size_t i = 0; i < arguments->operand_count; i++) {
        TRY(host_add(tool, arguments->operands[i], round, ret_reason));
    }
    if (file != NULL) {
        TRY(file_take(tool, file, round, ret_reason));
    }
    if (round->count == 0 && file == NULL) {
        TRY(ledger_take(tool, store, round, ret_reason));
    }
    if (round->count == 0 && tool->asks &&
        ask_line(tool, "tool.ask_check", /* proposed= */ NULL, answer) == OK) {
        TRY(host_add(tool, arena_text(&tool->arena, span_from_text(answer)), round, ret_reason));
    }
    return round->count > 0 ? OK
                            : reason_set(ret_reason, ERR_INPUT, "usage.needed", "HOST", NULL, NULL);
}

static enum err host_add(
    struct tool *tool, const char *text, struct round *round, struct reason *ret_reason)
{
    (void)tool;
    if (text == NULL || round->count == CHECK_HOSTS_MAX) {
        return text == NULL ? ERR_MEMORY
                            : reason_set(ret_reason, ERR_LIMIT, "check.many", text, NULL, "1000");
    }
    struct check_host *host = &round->hosts[round->count];
    TRY(endpoint_parse(text, HTTPS_PORT, &host->endpoint, ret_reason));
    host->typed = text;
    round->count++;
    return OK;
}

/* A host a line; what stands behind '#' is for people. */
static enum err file_take(
    struct tool *tool, const char *path, struct round *round, struct reason *ret_reason)
{
    AUTO(buf) file = { 0 };
    enum err err = file_read(path, HOSTS_FILE_MAX, &file);
    if (err != OK) {
        return reason_set(ret_reason, err, "tool.file_read", path, err_name(err), NULL);
    }
    char *text = arena_text(&tool->arena, buf_span(&file));
    if (text == NULL) {
        return ERR_MEMORY;
    }
    while (text != NULL) {
        char *line = strsep(&text, "\n");
        line += strspn(line, " \t\r");
        line[strcspn(line, " \t\r#")] = '\0';
        if (line[0] != '\0') {
            TRY(host_add(tool, line, round, ret_reason));
        }
    }
    return OK;
}

static enum err ledger_take(struct tool *tool, const struct certstore *store, struct round *round,
    struct reason *ret_reason)
{
    struct ledger_names *names = arena_alloc(&tool->arena, 1, sizeof *names);
    TRY(names == NULL ? ERR_MEMORY : certstore_ledger_list(store, names));
    for (size_t i = 0; i < names->count; i++) {
        struct deploy_record record;
        TRY(deploy_record_read(tool, store, names->names[i], &record, ret_reason));
        if (record.target.check[0] != '\0') {
            char *text = arena_text(&tool->arena, span_from_text(record.target.check));
            size_t at = round->count;
            TRY(host_add(tool, text, round, ret_reason));
            TRY(endpoint_parse(
                text, record.target.kind->port, &round->hosts[at].endpoint, ret_reason));
        }
    }
    return OK;
}

static enum err round_go(struct round *round, bool lists)
{
    screen_wait(round->tool, "tool.check_wait", 0);
    crew_run(round->count, CHECK_THREADS, host_probe, round);
    for (size_t i = 0; i < round->count; i++) {
        struct check_host *host = &round->hosts[i];
        if (host->reached == OK && host->parsed) {
            TRY(check_paths(round->trust, host));
        }
    }
    if (lists) {
        check_lists_fetch(round->trust);
    } else {
        round->trust->list_count = 0;
    }
    screen_wait_end(round->tool);
    for (size_t i = 0; i < round->count; i++) {
        if (round->hosts[i].reached == OK) {
            TRY(check_judge(round->trust, &round->hosts[i]));
        }
    }
    return OK;
}

/* In a thread of its own: touches nothing but its host. */
static void host_probe(size_t index, void *ctx)
{
    struct round *round = ctx;
    struct check_host *host = &round->hosts[index];
    struct reason reason = { 0 };
    struct handshake_request request = endpoint_request(&host->endpoint, round->timeout_ms);
    host->reached = handshake_make(&request, &reason, &host->handshake);
    if (host->reached != OK) {
        check_find(host, CHECK_FAILED, reason.code, reason.field, reason.seen, reason.expected);
        return;
    }
    const struct handshake *handshake = &host->handshake;
    host->unread = certificate_parse(handshake->certificates[0], &host->leaf);
    host->parsed = host->unread == OK &&
                   sent_judge(handshake->certificates, handshake->count, &host->sent) == OK;
}

static enum exit_code round_show(const struct round *round, bool soon_fails)
{
    struct tool *tool = round->tool;
    size_t failed = 0;
    struct value *list = value_put_list(&tool->tree, tool->result, "hosts");
    if (round->count > 1) {
        check_show_many(tool, round->hosts, round->count);
    }
    for (size_t i = 0; i < round->count; i++) {
        const struct check_host *host = &round->hosts[i];
        failed += host->state == CHECK_FAILED || (host->state == CHECK_SOON && soon_fails);
        if (round->count == 1 || (host->state != CHECK_FINE && host->state != CHECK_WARNED)) {
            if (round->count > 1) {
                screen_line(tool, "");
            }
            check_show(tool, host);
        }
        check_put(tool, host, value_add_object(&tool->tree, list));
    }
    value_put_integer(&tool->tree, tool->result, "failed", (int64_t)failed);
    return failed > 0 ? EXIT_FAILED : EXIT_DONE;
}
