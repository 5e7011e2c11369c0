/* ecertd-registrar: moves every enrolment on.
 *
 * What I hold: the store, the roster of officers and perspectives (their public keys), and the
 *   transport key with which I show myself to remote perspectives. No issuing key, no PIN.
 * Whom I talk to: the signer, the courier and the primary validator over their sockets, the remote
 *   perspectives and the logs of the roster over HTTPS; the portal and the courier may wake me,
 * ecertadm may ask me. What I may do after boot: read and write the store's folder, connect to Unix
 * sockets and to perspectives and logs. I can have nothing signed that two officers did not approve
 * and the perspectives did not see: the signer checks all of it again.
 *
 *   ecertd-registrar --config FILE --listen-fd N=registrar.sock --listen-fd N=control.sock
 *                    [--ready-fd N] */
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/crypto/sign.h"
#include "lib/dns/suffix.h"
#include "lib/sandbox/sandbox.h"
#include "lib/wire/poke.h"
#include "lib/wire/server.h"
#include "lib/wire/rehearsal.h"
#include "proc/registrar/control.h"
#include "proc/registrar/publications.h"
#include "proc/registrar/worker.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EXIT_USAGE = 64,
    ROSTER_MAX_BYTES = 1024 * 1024,
    TRANSPORT_MAX_BYTES = 64 * 1024,
    CONTROL_CONNECTIONS = 8,
    POKE_CONNECTIONS = 32,
};

static const struct sandbox_rules rules = {
    .groups = SANDBOX_FILES | SANDBOX_LOCAL | SANDBOX_INTERNET,
    .syscalls = NULL,
    .files_max = 4096,
};

static struct registrar self = {
    .queue = QUEUE_INIT(store_pacing_due),
    .target_pace = PACE_INIT(1, 1) /* until the configuration says more */,
    .rehearsals = QUEUE_INIT(store_pacing_due_rehearsals),
    .rehearsal_pace = PACE_INIT(1, 1),
    .bell = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 },
    .courier_mutex = PTHREAD_MUTEX_INITIALIZER,
    .crl_mutex = PTHREAD_MUTEX_INITIALIZER,
    .anchor_mutex = PTHREAD_MUTEX_INITIALIZER,
};

enum { SOCKET_POKE, SOCKET_CONTROL };

static const struct start_rules start_rules = {
    .sockets = { [SOCKET_POKE] = "registrar.sock", [SOCKET_CONTROL] = "control.sock" },
    .socket_count = 2,
};

/* Who may connect to which of our sockets. */
static struct server poke_server;
static struct server control_server;

static enum err boot(struct reason *ret_reason);
static enum err roster_load(struct reason *ret_reason);
static enum err perspectives_know(struct reason *ret_reason);
static enum err observation_verify(
    void *ctx, size_t index, struct span signed_part, struct span signature);
static enum err transport_load(struct reason *ret_reason);
static enum err servers_make(void);
static enum err give_up_the_rest(struct reason *ret_reason);
static enum err serve(struct reason *ret_reason);
static void peer_report(void *ctx, const char *event, unsigned type, enum err err);

int main(int argc, char **argv)
{
    struct reason reason = { 0 };
    log_open("registrar", LOG_INFO);
    if (!start_read(argc, argv, &start_rules, &self.start)) {
        fprintf(stderr, "usage: ecertd-registrar --config FILE --listen-fd N=registrar.sock "
                        "--listen-fd N=control.sock [--ready-fd N]\n");
        return EXIT_USAGE;
    }
    enum err err = boot(&reason);
    if (err == OK) {
        err = serve(&reason);
    }
    log_failure(LOG_ERROR, "registrar.ended", err, &reason);
    return 1;
}

static enum err boot(struct reason *ret_reason)
{
    unsigned needed = CONFIG_SERVICE | CONFIG_PORTAL | CONFIG_REGISTRAR;
    signal(SIGPIPE, SIG_IGN);
    umask(0007); /* the store is shared by the roles' group */
    TRY(config_load(self.start.config_path, needed, &self.config, ret_reason));
    log_open("registrar", self.config.service.log_level);
    const unsigned checks = self.config.registrar.checks_per_minute;
    self.target_pace.per_minute = self.target_pace.burst = checks;
    self.rehearsal_pace.per_minute = self.rehearsal_pace.burst = rehearsals_of(checks);
    self.clock = clock_system();
    self.random = random_system();
    self.arena = arena_make(4 * ROSTER_MAX_BYTES);
    TRY(roster_load(ret_reason));
    TRY(perspectives_know(ret_reason));
    TRY(transport_load(ret_reason));
    TRY(servers_make());
    TRY(suffix_list_load(self.config.validator.suffix_list, &self.suffixes, ret_reason));
    TRY(give_up_the_rest(ret_reason));
    TRY(store_open(self.config.service.store, &self.store, ret_reason));
    TRY(store_check(self.store, ret_reason));
    return publications_load(&self, ret_reason);
}

static enum err roster_load(struct reason *ret_reason)
{
    const struct config_registrar *config = &self.config.registrar;
    AUTO(buf) sealed = { 0 };
    AUTO(buf) spki = { 0 };
    enum err err = file_read(config->roster, ROSTER_MAX_BYTES, &sealed);
    if (err != OK) {
        return reason_set(ret_reason, err, "registrar.roster", config->roster, NULL, NULL);
    }
    err = file_read(config->ceremony_spki, KEY_SPKI_MAX_BYTES, &spki);
    if (err != OK) {
        return reason_set(
            ret_reason, err, "registrar.ceremony_spki", config->ceremony_spki, NULL, NULL);
    }
    TRY(roster_open(buf_span(&sealed), buf_span(&spki), &self.arena, &self.roster, ret_reason));
    for (size_t i = 0; i < self.roster.perspective_count; i++) {
        TRY(key_from_spki(self.roster.perspectives[i].spki, &self.perspective_keys[i]));
    }
    for (size_t i = 0; i < self.roster.log_count; i++) {
        TRY(key_from_spki(self.roster.logs[i].spki, &self.log_keys[i]));
    }
    self.verifier = (struct observation_verifier){ .verify = observation_verify };
    return OK;
}

/* A perspective that the roster doesn't have would make every name's evidence unusable. */
static enum err perspectives_know(struct reason *ret_reason)
{
    for (size_t i = 0; i < self.config.perspective_count; i++) {
        const struct perspective *known =
            roster_perspective(&self.roster, self.config.perspectives[i].id);
        if (known == NULL || known->primary) {
            return reason_set(ret_reason, ERR_INPUT, "registrar.perspective",
                self.config.perspectives[i].id, NULL, "a remote perspective of the roster");
        }
    }
    return OK;
}

static enum err observation_verify(
    void *ctx, size_t index, struct span signed_part, struct span signature)
{
    (void)ctx;
    return signature_verify(
        self.perspective_keys[index], SIGNATURE_RSA_SHA256, signed_part, signature);
}

static enum err transport_load(struct reason *ret_reason)
{
    const struct config_transport *transport = &self.config.registrar.transport;
    const struct {
        const char *path;
        struct span *ret;
    } files[] = {
        { transport->ca, &self.transport_ca },
        { transport->certificate, &self.transport_certificate },
        { transport->key, &self.transport_key },
        { self.config.registrar.ct_trust_anchors, &self.log_anchors },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        AUTO(buf) content = { 0 };
        if (files[i].ret == &self.log_anchors && *files[i].path == '\0') {
            continue;
        }
        enum err err = file_read(files[i].path, TRANSPORT_MAX_BYTES, &content);
        if (err != OK) {
            return reason_set(ret_reason, err, "registrar.transport", files[i].path, NULL, NULL);
        }
        *files[i].ret = arena_span(&self.arena, buf_span(&content));
        if (files[i].ret->data == NULL) {
            return ERR_MEMORY;
        }
    }
    return OK;
}

static enum err poke_take(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    if (nothing_read(&exchange->body) != OK) {
        return ERR_PEER;
    }
    bell_ring(&registrar->bell);
    return OK;
}

static enum err servers_make(void)
{
    static const struct handler pokes[] = { { POKE, poke_take, .silent = true } };
    static const enum config_role pokers[] = { ROLE_PORTAL, ROLE_COURIER };
    poke_server = (struct server){ .handlers = pokes,
        .handler_count = 1,
        .ctx = &self,
        .connections_max = POKE_CONNECTIONS,
        .report = peer_report };
    for (size_t i = 0; i < sizeof pokers / sizeof *pokers; i++) {
        TRY(config_user_id(&self.config, pokers[i], &poke_server.users[poke_server.user_count++]));
    }
    control_server = (struct server){ .handlers = control_handlers,
        .handler_count = control_handler_count,
        .ctx = &self,
        .users = { geteuid() }, /* who starts the service, asked before it becomes another */
        .user_count = 1,
        .connections_max = CONTROL_CONNECTIONS,
        .report = peer_report };
    return OK;
}

static enum err give_up_the_rest(struct reason *ret_reason)
{
    char user[CONFIG_USER_MAX];
    char store[PATH_MAX];
    const char *slash = strrchr(self.config.service.store, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - self.config.service.store);
    if (!span_to_text(span_make(self.config.service.store, length), store, sizeof store)) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "service.store",
            self.config.service.store, "a file in a folder");
    }
    config_user(&self.config, ROLE_REGISTRAR, user);
    const struct sandbox_path paths[] = {
        { store, SANDBOX_WRITE },
        { self.config.service.run_directory, SANDBOX_WRITE },
        { self.config.registrar.publications, SANDBOX_READ },
        { "/etc/hosts", SANDBOX_READ }, /* perspectives' and logs' names, by the C library */
        { "/etc/host.conf", SANDBOX_READ },
        { "/etc/nsswitch.conf", SANDBOX_READ },
        { "/etc/resolv.conf", SANDBOX_READ },
        { "/etc/gai.conf", SANDBOX_READ },
        { "/etc/ssl/certs", SANDBOX_READ }, /* whom logs are trusted by */
        { "/usr/lib", SANDBOX_READ },
        { "/lib", SANDBOX_READ },
    };
    const struct sandbox_request request = {
        .rules = &rules,
        .paths = paths,
        .path_count = sizeof paths / sizeof *paths,
        .user = user,
        .mode = sandbox_mode_from_text(self.config.service.sandbox),
    };
    TRY(sandbox_enter(&request, self.sandbox_level, ret_reason));
    log_event(LOG_INFO, "registrar.started", "sandbox", self.sandbox_level, NULL);
    return OK;
}

static void peer_report(void *ctx, const char *event, unsigned type, enum err err)
{
    (void)ctx;
    char number[16];
    snprintf(number, sizeof number, "%u", type);
    log_event(LOG_WARNING, event, "type", number, "err", err_name(err), NULL);
}

static void *poke_serve(void *ctx)
{
    (void)ctx;
    enum err err = server_run(&poke_server, self.start.listen_fds[SOCKET_POKE]);
    log_failure(LOG_ERROR, "registrar.poke_ended", err, NULL);
    _exit(1);
}

static enum err serve(struct reason *ret_reason)
{
    pthread_t thread;
    TRY(workers_start(&self, ret_reason));
    if (pthread_create(&thread, NULL, poke_serve, NULL) != 0) {
        return ERR_AGAIN;
    }
    TRY(start_ready(&self.start));
    return server_run(&control_server, self.start.listen_fds[SOCKET_CONTROL]);
}

enum err registrar_client(const struct registrar *registrar, const char *name, int64_t timeout_ms,
    struct client *ret_client)
{
    char path[PATH_MAX];
    TRY(path_join(path, sizeof path, registrar->config.service.run_directory, name));
    return client_init(path, timeout_ms, ret_client);
}
