/* In and out: the token that stood on the terminal becomes a cookie, once. */
#include "cli/ecert/console/handlers.h"

#include "lib/crypto/digest.h"

static enum err desk_make(struct console *console);

enum err console_entry_make(struct console *console)
{
    return token_make(&console->random, console->entry);
}

/* The address that was printed. Whoever comes first with it is the person; nobody comes after. */
enum err enter_get(struct visit *visit)
{
    struct console *console = visit->console;
    struct span token = { 0 };
    (void)http_request_param(visit->request, "token", &token);
    if (console->entry[0] == '\0') {
        return reason_set(&visit->request->reason, ERR_DENIED, "console.used", "", "", "");
    }
    if (!bytes_equal_secret(token, span_from_text(console->entry))) {
        return reason_set(&visit->request->reason, ERR_DENIED, "console.token", "", "", "");
    }
    TRY(token_make(&console->random, console->token));
    TRY(token_csrf(span_from_text(console->token), console->csrf));
    TRY(desk_make(console));
    explicit_bzero(console->entry, sizeof console->entry);
    atomic_store(&console->used_ms, clock_monotonic_ms());
    const struct cookie cookie = {
        .name = "ecert-console",
        .value = span_from_text(console->token),
        .path = arena_format(visit->request->arena, "%s/", console->desk),
    };
    TRY(cookie.path == NULL ? ERR_MEMORY : response_cookie(visit->response, &cookie));
    return visit_lead(visit, "/");
}

static enum err desk_make(struct console *console)
{
    console->desk[0] = '/';
    return token_make(&console->random, console->desk + 1);
}

enum err end_post(struct visit *visit)
{
    /* No way in any more, so none is offered. */
    visit->inside = false;
    page_begin(visit, "console.ended_title", /* place= */ NULL);
    value_put_bool(&visit->tool.tree, visit->page, "running", console_is_at_work(visit->console));
    console_stop(visit->console);
    atomic_store(&visit->console->ended, true);
    return page_reply(visit, 200, "ended");
}

enum err static_get(struct visit *visit)
{
    return assets_reply(&visit->console->assets, visit->request, visit->response);
}
