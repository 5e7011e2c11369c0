/* ecertd-portal: pages and JSON API for subscribers, and the repository for everybody.
 *
 * I hold: the store (read and write), the portal's TLS key. No signing key, no PIN, no clear
 * secret. I talk to: whoever connects, and the registrar, to which I can only say "look at the
 * store". After boot I may: answer on my listening socket, read and write below the store's folder,
 * connect to registrar.sock. I open no other file and start no program. I never see: the signer,
 * the courier, the validators. */
#include "proc/portal/portal.h"

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/config/start.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_CONFIG = 1, EXIT_USAGE = 64, PEM_MAX_BYTES = 64 * 1024 };
enum { POKE_TIMEOUT_MS = 500, FILES_MAX = 4096, CONNECTIONS_MAX = 1024, PER_ADDRESS_MAX = 64 };

static const struct sandbox_rules rules = {
    .groups = SANDBOX_FILES | SANDBOX_LOCAL | SANDBOX_LISTEN,
    .files_max = FILES_MAX,
};

static struct portal self = {
    .poke_lock = PTHREAD_MUTEX_INITIALIZER,
    .lists = { .lock = PTHREAD_MUTEX_INITIALIZER },
};

static const struct start_rules start_rules = { .socket_count = 0 };

struct tls_files {
    struct buf certificate;
    struct buf key;
};

static enum err boot(struct reason *ret_reason, struct tls_files *tls);
static enum err data_load(struct reason *ret_reason);
static void hosts_note(void);
static enum err confine(struct reason *ret_reason);
static enum err serve(const struct tls_files *tls, struct start *start);

int main(int argc, char **argv)
{
    struct start start;
    struct reason why = { 0 };
    struct tls_files tls = { .certificate = buf_make(0), .key = buf_make(0) };
    log_open("portal", LOG_INFO);
    if (!start_read(argc, argv, &start_rules, &start)) {
        fprintf(stderr, "usage: ecertd-portal --config FILE [--ready-fd N]\n");
        return EXIT_USAGE;
    }
    enum err err =
        config_load(start.config_path, CONFIG_SERVICE | CONFIG_PORTAL, &self.config, &why);
    if (err == OK) {
        err = boot(&why, &tls);
    }
    if (err == OK) {
        err = serve(&tls, &start);
    }
    if (err != OK) {
        log_failure(LOG_ERROR, "portal.start", err, &why);
    }
    lists_release(&self.lists);
    store_free(self.store);
    weaklist_free(self.weak);
    suffix_list_free(self.suffixes);
    template_set_free(self.templates);
    language_set_free(self.languages);
    assets_release(&self.assets);
    buf_release(&tls.certificate);
    buf_release(&tls.key);
    client_release(&self.poke);
    config_release(&self.config);
    return err == OK ? 0 : EXIT_CONFIG;
}

void portal_poke(struct portal *portal)
{
    pthread_mutex_lock(&portal->poke_lock);
    enum err err = poke_send(&portal->poke);
    pthread_mutex_unlock(&portal->poke_lock);
    if (err != OK) {
        log_failure(LOG_WARNING, "registrar.poke", err, NULL);
    }
}

/* Everything that needs the file system or the caller's rights, then giving both up. */
static enum err boot(struct reason *ret_reason, struct tls_files *tls)
{
    char path[PATH_MAX];
    const struct config *config = &self.config;
    log_open("portal", config->service.log_level);
    self.clock = clock_system();
    self.random = random_system();
    self.secure = strncmp(config->portal.url, "https://", 8) == 0;
    hosts_note();
    TRY(data_load(ret_reason));
    TRY(weaklist_load(
        config->service.weak_keys, config->service.weak_key_count, &self.weak, ret_reason));
    TRY(suffix_list_load(config->validator.suffix_list, &self.suffixes, ret_reason));
    if (config->portal.tls_certificate[0] != '\0') {
        TRY(file_read(config->portal.tls_certificate, PEM_MAX_BYTES, &tls->certificate));
        TRY(file_read(config->portal.tls_key, PEM_MAX_BYTES, &tls->key));
    }
    TRY(path_join(path, sizeof path, config->service.run_directory, "registrar.sock"));
    TRY(client_init(path, POKE_TIMEOUT_MS, &self.poke));
    TRY(confine(ret_reason));
    /* Opened as who we are from here on, so that the files of the store belong to that user. */
    return store_open(config->service.store, &self.store, ret_reason);
}

static enum err data_load(struct reason *ret_reason)
{
    char path[PATH_MAX];
    const char *data = self.config.service.data_directory;
    TRY(path_join(path, sizeof path, data, "locale"));
    TRY(language_set_open(path, &self.languages, ret_reason));
    TRY(path_join(path, sizeof path, data, "templates"));
    TRY(template_set_open(path, &self.templates, ret_reason));
    TRY(path_join(path, sizeof path, data, "static"));
    return assets_load(path, &self.assets, ret_reason);
}

/* The names under which this server may be addressed (doc/threats.md P15). */
static void hosts_note(void)
{
    const struct config_portal *portal = &self.config.portal;
    const char *host = strstr(portal->url, "://");
    size_t count = 0;
    snprintf(self.hosts[count++], PORTAL_HOST_MAX, "%.250s", host == NULL ? "" : host + 3);
    bool literal6 = strchr(portal->listen.address, ':') != NULL;
    snprintf(self.hosts[count++], PORTAL_HOST_MAX, literal6 ? "[%s]:%u" : "%s:%u",
        portal->listen.address, portal->listen.port);
    for (size_t i = 0; i < count; i++) {
        self.host_list[i] = self.hosts[i];
    }
}

static enum err confine(struct reason *ret_reason)
{
    char store_path[PATH_MAX];
    char user[CONFIG_USER_MAX];
    const struct config *config = &self.config;
    snprintf(store_path, sizeof store_path, "%s", config->service.store);
    char *slash = strrchr(store_path, '/');
    if (slash == NULL) {
        return reason_set(ret_reason, ERR_INPUT, "portal.store", "service.store", store_path, "/…");
    }
    *slash = '\0';
    const struct sandbox_path paths[] = {
        { store_path, SANDBOX_WRITE },
        { config->service.run_directory, SANDBOX_READ },
    };
    config_user(config, ROLE_PORTAL, user);
    const struct sandbox_request request = {
        .rules = &rules,
        .paths = paths,
        .path_count = sizeof paths / sizeof paths[0],
        .user = user,
        .mode = sandbox_mode_from_text(config->service.sandbox),
    };
    TRY(sandbox_enter(&request, self.sandbox_level, ret_reason));
    log_event(LOG_INFO, "portal.confined", "level", self.sandbox_level, NULL);
    return OK;
}

static enum err serve(const struct tls_files *tls, struct start *start)
{
    AUTO_PTR(http_server) server = NULL;
    const struct http_route *routes = NULL;
    size_t route_count = portal_routes(&routes);
    const struct http_server_config config = {
        .address = self.config.portal.listen.address,
        .port = self.config.portal.listen.port,
        .routes = routes,
        .route_count = route_count,
        .ctx = &self,
        .error_page = portal_error_page,
        .observer = portal_observe,
        .hosts = self.host_list,
        .connections_max = CONNECTIONS_MAX,
        /* Without TLS of its own it is on loopback behind a proxy, whose address is everybody's. */
        .connections_per_address_max = tls->certificate.len > 0 ? PER_ADDRESS_MAX : 0,
        .certificate_pem = buf_span(&tls->certificate),
        .key_pem = buf_span(&tls->key),
    };
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    TRY(http_server_start(&config, &server));
    TRY(start_ready(start));
    log_event(LOG_INFO, "portal.ready", "url", self.config.portal.url, NULL);
    int received = 0;
    sigwait(&ends, &received);
    return OK;
}
