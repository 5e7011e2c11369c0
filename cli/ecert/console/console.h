#pragma once
/* What the console's parts share for its whole life. One thread answers all requests, so nothing
 * here has a lock but what the thread that waits for the end reads: the errands and what is kept
 * have theirs. */
#include "cli/ecert/console/errand.h"
#include "cli/ecert/console/kept.h"
#include "cli/ecert/tool.h"
#include "lib/base/random.h"
#include "lib/http/server.h"
#include "lib/text/template.h"
#include "lib/web/asset.h"
#include "lib/web/session.h"

#include <stdatomic.h>

enum { CONSOLE_HOST_MAX = 64, CONSOLE_DESK_MAX = TOKEN_TEXT_MAX + 2 };

struct console {
    struct language_set *languages;
    struct template_set *templates;
    struct assets assets;
    struct clock clock;
    struct random random;
    const char *store_path;
    const char *server_name;     /* of this host, for people */
    char host[CONSOLE_HOST_MAX]; /* the one Host that is answered to: "127.0.0.1:40123" */
    const char *host_list[2];

    /* Good once, for whoever has it from the terminal; empty afterwards. */
    char entry[TOKEN_TEXT_MAX];
    /* The browser's, in a cookie; empty before it came. The desk is the first part of every page's
     * path, "/3f…": another server of this host gets the cookie only below that path, which it
     * doesn't know (doc/threats.md K13). */
    char token[TOKEN_TEXT_MAX];
    char desk[CONSOLE_DESK_MAX];
    char csrf[CSRF_TEXT_MAX];

    struct errand *assignment; /* deploy run */
    struct errand *fetching;   /* crl refresh */
    struct kept kept;

    atomic_llong used_ms; /* when the person did something last, by the monotonic clock */
    atomic_bool ended;    /* by the page's button */
};

/* routes.c: the table as lib/http wants it, and the words for refusals. */
size_t console_routes(const struct http_route **ret_routes);
enum err console_error_page(
    struct http_request *request, struct http_response *response, int status, void *ctx);
/* console.c: whether something goes on behind the pages. */
bool console_is_at_work(const struct console *console);
/* console.c: nothing begins behind the pages any more; what goes on comes to its end. */
void console_stop(struct console *console);
/* session.c: a new token for the terminal. */
enum err console_entry_make(struct console *console) MUST_USE;
