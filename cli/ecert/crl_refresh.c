/* ecert crl refresh. */
#include "cli/ecert/crl.h"

#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/certstore/fetched.h"
#include "lib/http/client.h"

#include <stdio.h>

/* What a list of FILE_MAX_BYTES needs at 10 Mbit/s; a server that drips gets no more. */
enum { CRL_TIMEOUT_MS = 60000, HTTP_NOT_MODIFIED = 304 };

/* What refreshing has come to. */
struct refresh {
    struct tool *tool;
    struct certstore *store;
    struct http_client *client;
    struct value *shown[LIST_URLS_MAX]; /* of each address; without a state until it was asked */
    struct crl_outcome outcome;
};
static void refresh_release(struct refresh *refresh)
{
    http_client_free(refresh->client);
}
AUTO_DEFINE(refresh, refresh_release)

static void list_skip(struct refresh *refresh, const struct list_url *url, struct value *object);
static void list_refresh(struct refresh *refresh, const char *url, struct value *object);
static enum err list_fetch(
    struct refresh *refresh, const char *url, bool *ret_fresh, struct reason *ret_reason);

enum exit_code command_crl_refresh(struct tool *tool, const struct arguments *arguments)
{
    (void)arguments;
    AUTO_PTR(certstore) store = NULL;
    struct crl_outcome outcome;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = crl_refresh_all(tool, store, &outcome);
    if (err != OK) {
        return screen_failure(tool, err, &(struct reason){ 0 });
    }
    if (outcome.addresses == 0) {
        screen_message(tool, "tool.crl_no_urls", NULL);
    }
    change_show(tool, store);
    return outcome.failed > 0                           ? EXIT_FAILED
           : outcome.changed > 0 || outcome.skipped > 0 ? EXIT_DONE
                                                        : EXIT_NOTHING;
}

enum err crl_refresh_all(
    struct tool *tool, struct certstore *store, struct crl_outcome *ret_outcome)
{
    AUTO(refresh) run = { .tool = tool, .store = store };
    struct http_client_config config = {
        .timeout_ms = CRL_TIMEOUT_MS,
        .answer_max = FILE_MAX_BYTES,
    };
    struct list_urls *urls = arena_alloc(&tool->arena, 1, sizeof *urls);
    TRY(urls == NULL ? ERR_MEMORY : certstore_list_urls(store, clock_now(&tool->clock), urls));
    TRY(http_client_new(&config, &run.client));
    struct value *list = value_put_list(&tool->tree, tool->result, "lists");
    for (size_t i = 0; i < urls->count; i++) {
        run.shown[i] = value_add_object(&tool->tree, list);
        value_put_text(&tool->tree, run.shown[i], "url", urls->urls[i].url);
    }
    for (size_t i = 0; i < urls->count && tool_told(tool); i++) {
        if (urls->urls[i].missing[0] != '\0') {
            list_skip(&run, &urls->urls[i], run.shown[i]);
        } else {
            list_refresh(&run, urls->urls[i].url, run.shown[i]);
        }
    }
    run.outcome.addresses = urls->count;
    *ret_outcome = run.outcome;
    return OK;
}

/* Nothing in the stores could tell a true list from a false one; nothing relies on it either, since
 * no path leads over a CA that isn't here. */
static void list_skip(struct refresh *refresh, const struct list_url *url, struct value *object)
{
    struct tool *tool = refresh->tool;
    value_put_text(&tool->tree, object, "state", "unverifiable");
    value_put_text(&tool->tree, object, "missing", url->missing);
    refresh->outcome.skipped++;
    const struct placeholder values[] = { { "name", url->url }, { "issuer", url->missing },
        { NULL, NULL } };
    screen_message(tool, "tool.crl_skipped", values);
}

/* One that fails doesn't stop the others. */
static void list_refresh(struct refresh *refresh, const char *url, struct value *object)
{
    struct tool *tool = refresh->tool;
    struct reason reason = { 0 };
    bool fresh = false;
    screen_wait(tool, "tool.wait_list", 0);
    enum err err = list_fetch(refresh, url, &fresh, &reason);
    screen_wait_end(tool);
    const char *state = err != OK ? "failed" : fresh ? "new" : "unchanged";
    value_put_text(&tool->tree, object, "state", state);
    value_put_text(&tool->tree, object, "reason", err == OK ? NULL : reason.code);
    value_put_text(&tool->tree, object, "seen", reason.seen[0] == '\0' ? NULL : reason.seen);
    refresh->outcome.failed += err != OK;
    refresh->outcome.changed += fresh;
    if (err != OK && !tool->json) {
        snprintf(reason.field, sizeof reason.field, "%.260s", url);
        screen_failure(tool, err, &reason);
    } else {
        const struct placeholder values[] = { { "name", url }, { NULL, NULL } };
        crl_step(tool, fresh, values);
    }
}

/* Asked for only if it is another one than the last time, and kept. A list whose time is over is
 * asked for whatever the server says. */
static enum err list_fetch(
    struct refresh *refresh, const char *url, bool *ret_fresh, struct reason *ret_reason)
{
    AUTO(http_answer) answer = { 0 };
    AUTO(buf) der = buf_make(FILE_MAX_BYTES);
    struct certstore_fetched last = { .etag = "" };
    char status[16];
    int64_t now = clock_now(&refresh->tool->clock);
    bool known = certstore_fetched_read(refresh->store, url, now, &last) == OK;
    struct http_call call = {
        .method = HTTP_GET,
        .url = url,
        .plain_allowed = true,
        .have_etag = last.etag,
        .have_modified = last.modified,
    };
    TRY(http_client_call(refresh->client, &call, &answer, ret_reason));
    if (answer.status == HTTP_NOT_MODIFIED && known) {
        *ret_fresh = false;
        return OK;
    }
    snprintf(status, sizeof status, "%d", answer.status);
    if (answer.status != 200) {
        return reason_set(ret_reason, ERR_AGAIN, "tool.crl_status", url, status, "200");
    }
    if (crl_read_any(buf_span(&answer.body), &der) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "crl.malformed", url, NULL, NULL);
    }
    TRY(certstore_install_crl(refresh->store, buf_span(&der), now, ret_reason, ret_fresh));
    bool said = answer.etag[0] != '\0' || answer.modified[0] != '\0';
    return said ? certstore_fetched_write(
                      refresh->store, url, answer.etag, answer.modified, buf_span(&der))
                : OK;
}
