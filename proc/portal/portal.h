#pragma once
/* What the portal's parts share for its whole life: read-only after boot, but for the connection to
 * the registrar and the lists kept, which have locks of their own. */
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/config/config.h"
#include "lib/crypto/weaklist.h"
#include "lib/dns/suffix.h"
#include "lib/http/server.h"
#include "lib/sandbox/sandbox.h"
#include "lib/store/store.h"
#include "lib/text/language.h"
#include "lib/text/template.h"
#include "lib/web/asset.h"
#include "lib/wire/poke.h"
#include "proc/portal/lists.h"

#include <pthread.h>

enum { PORTAL_HOSTS_MAX = 3, PORTAL_HOST_MAX = 280 };

struct portal {
    struct config config;
    struct store *store;
    struct language_set *languages;
    struct template_set *templates;
    struct weaklist *weak; /* known weak keys */
    struct suffix_list *suffixes;
    struct assets assets; /* after boot the portal opens no file but the store */
    struct clock clock;
    struct random random;
    bool secure; /* the URL that subscribers type is https: cookies are Secure */
    char sandbox_level[SANDBOX_LEVEL_MAX];
    char hosts[PORTAL_HOSTS_MAX][PORTAL_HOST_MAX];
    const char *host_list[PORTAL_HOSTS_MAX + 1];
    pthread_mutex_t poke_lock;
    struct client poke;
    struct lists lists;
};

/* Tells the registrar that there is work. A failure is not one: it looks by itself, only later. */
void portal_poke(struct portal *portal);

/* routes.c: the table as lib/http wants it, the words for refusals, the access log. */
size_t portal_routes(const struct http_route **ret_routes);
enum err portal_error_page(
    struct http_request *request, struct http_response *response, int status, void *ctx);
void portal_observe(const struct http_request *request, int status, int64_t elapsed_ms, void *ctx);
