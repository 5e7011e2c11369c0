/* ecertd-validator: looks whether an expected value stands at a name, and whether CAA permits us.
 *
 * What I hold: my observation key; as a remote perspective also my transport key. No store, no
 * issuing key, nothing of the subscriber but names and hashes.
 * Whom I talk to: the registrar, over the socket I inherit or, as a remote perspective, over HTTPS
 * with client certificates; and the name servers of whatever name I am asked about.
 * What I may do after boot: Internet sockets, threads, and the descriptors I hold. No file.
 *
 *   ecertd-validator --config FILE --listen-fd N=validator.sock [--ready-fd N]   the primary
 *   ecertd-validator --config FILE [--ready-fd N]                                a remote
 * perspective
 */
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/config/config.h"
#include "lib/config/start.h"
#include "lib/sandbox/sandbox.h"
#include "proc/validator/serve.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const struct sandbox_rules rules = {
    .groups = SANDBOX_INTERNET,
    .syscalls = (const char *const[]){ "setpriority", NULL }, /* downwards, as anybody may */
    .files_max = 4096, /* each check may have 64 questions on their way */
};

/* The root's anchors as Debian's dns-root-data installs them, where the configuration names none.
 */
#define ROOT_ANCHORS "/usr/share/dns/root.ds"
enum { KEY_FILE_MAX_BYTES = 16 * 1024, MAIL_KEY_MIN_BYTES = 32 };

static struct validator {
    struct start start;
    bool perspective; /* started without a socket: alone, answering over HTTPS */
    struct config config;
    struct resolver_base *resolvers;
    struct suffix_list *suffixes;
    struct key *key;
    struct serve_identity identity;
    unsigned registrar_user;
    struct checker checker;
    struct budget budget, rehearsals;
    struct mailer mailer;
    struct language_set *languages;
    char smtp_server[CONFIG_ADDRESS_MAX + 8];
} self = {
    .budget = BUDGET_INIT(1), /* until the configuration says more */
    .rehearsals = BUDGET_INIT(1),
};

static const struct start_rules start_rules = { { "validator.sock" }, 1, .optional = true };

static enum err boot(struct reason *ret_reason);
static enum err relaxations_check(struct reason *ret_reason);
static enum err open_resolvers(struct reason *ret_reason);
static enum err open_key(struct reason *ret_reason);
static enum err open_suffixes(struct reason *ret_reason);
static enum err open_mailer(struct reason *ret_reason);
static enum err give_up_the_rest(struct reason *ret_reason);
static enum err serve(struct reason *ret_reason);
static enum err session_open(void *ctx, struct resolver *ret_resolver);
static void session_close(void *ctx, struct resolver resolver);

int main(int argc, char **argv)
{
    struct reason reason = { 0 };
    log_open("validator", LOG_INFO);
    if (!start_read(argc, argv, &start_rules, &self.start)) {
        fprintf(stderr, "usage: ecertd-validator --config FILE "
                        "[--listen-fd N=validator.sock] [--ready-fd N]\n");
        return 64;
    }
    self.perspective = self.start.listen_fds[0] < 0;
    enum err err = boot(&reason);
    if (err == OK) {
        err = serve(&reason);
    }
    log_failure(LOG_ERROR, "validator.ended", err, &reason);
    return 1;
}

static enum err boot(struct reason *ret_reason)
{
    const struct config_validator *validator = &self.config.validator;
    TRY(config_load(self.start.config_path, CONFIG_VALIDATOR, &self.config, ret_reason));
    if ((self.config.sections & CONFIG_SERVICE) != 0) {
        log_open(self.perspective ? validator->id : "validator", self.config.service.log_level);
    }
    if (self.perspective && !validator->remote) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "validator.listen", NULL, NULL);
    }
    TRY(relaxations_check(ret_reason));
    TRY(open_key(ret_reason));
    TRY(open_resolvers(ret_reason));
    TRY(http_fetch_prepare());
    TRY(open_mailer(ret_reason));
    TRY(open_suffixes(ret_reason));
    if (self.perspective) {
        TRY(serve_identity_read(&validator->transport, &self.identity, ret_reason));
    } else {
        TRY(config_user_id(&self.config, ROLE_REGISTRAR, &self.registrar_user));
    }
    budget_set(&self.budget, validator->checks_per_minute);
    budget_set(&self.rehearsals, rehearsals_of(validator->checks_per_minute));
    self.checker = (struct checker){
        .id = validator->id,
        .key = self.key,
        .caa_identity = validator->caa_identity,
        .clock = clock_system(),
        .suffixes = self.suffixes,
        .website = {
            .source = *validator->address == '\0' ? NULL : validator->address,
            .http_port = validator->website_port,
            .https_port = validator->website_tls_port,
            .loopback_allowed = validator->allow_localhost_websites,
            .fetch = http_fetch,
        },
        .budget = &self.budget,
        .rehearsals = &self.rehearsals,
        .mailer = validator->mails ? &self.mailer : NULL,
        .resolver_open = session_open,
        .resolver_close = session_close,
        .ctx = self.resolvers,
    };
    return give_up_the_rest(ret_reason);
}

/* BR 4.2.2.2: no local policy may stand in for the public DNS, but in a trial, which says so; a
 * remote perspective's file has no other reason to have a section `service`. */
static enum err relaxations_check(struct reason *ret_reason)
{
    const struct config *config = &self.config;
    const struct config_validator *validator = &config->validator;
    const struct {
        const char *key;
        bool used;
    } relaxations[] = {
        { "validator.stubs", validator->stub_count > 0 },
        { "validator.allow_localhost_queries", validator->allow_localhost_queries },
        { "validator.allow_localhost_websites", validator->allow_localhost_websites },
        { "validator.website_port", validator->website_port != 80 },
        { "validator.website_tls_port", validator->website_tls_port != 443 },
    };
    if ((config->sections & CONFIG_SERVICE) != 0 && config->service.trial) {
        return OK;
    }
    for (size_t i = 0; i < sizeof relaxations / sizeof *relaxations; i++) {
        if (relaxations[i].used) {
            return reason_set(ret_reason, ERR_DENIED, "config.value", relaxations[i].key, NULL,
                "service.trial = true");
        }
    }
    return OK;
}

static enum err open_resolvers(struct reason *ret_reason)
{
    const struct config_validator *validator = &self.config.validator;
    struct dns_stub stubs[CONFIG_STUBS_MAX];
    char servers[CONFIG_STUBS_MAX][CONFIG_ADDRESS_MAX + 8];
    for (size_t i = 0; i < validator->stub_count; i++) {
        const struct config_stub *stub = &validator->stubs[i];
        snprintf(servers[i], sizeof servers[i], "%s@%u", stub->server.address, stub->server.port);
        stubs[i] = (struct dns_stub){ .zone = stub->zone, .server = servers[i] };
    }
    bool own_anchors = *validator->trust_anchors != '\0';
    const struct resolver_config config = {
        .anchor_file = own_anchors ? validator->trust_anchors : ROOT_ANCHORS,
        .stubs = stubs,
        .stub_count = validator->stub_count,
        .source = *validator->address == '\0' ? NULL : validator->address,
        .special_allowed = validator->allow_localhost_queries,
    };
    return resolver_base_open(&config, &self.resolvers, ret_reason);
}

static enum err open_key(struct reason *ret_reason)
{
    const char *path = self.config.validator.key;
    struct secret pem = { 0 };
    enum err err = file_read_secret(path, KEY_FILE_MAX_BYTES, &pem);
    if (err != OK) {
        return reason_set(ret_reason, err, "validator.key", path, NULL, NULL);
    }
    err = key_from_pem(secret_span(&pem), /* passphrase= */ NULL, ret_reason, &self.key);
    secret_release(&pem);
    TRY(err);
    if (key_kind(self.key) != KEY_RSA || key_bits(self.key) != 2048) {
        return reason_set(ret_reason, ERR_UNSUPPORTED, "validator.key", path,
            key_kind_name(key_kind(self.key)), "RSA, 2048 bits");
    }
    return OK;
}

static enum err open_suffixes(struct reason *ret_reason)
{
    char made[TIME_TEXT_MAX];
    TRY(suffix_list_load(self.config.validator.suffix_list, &self.suffixes, ret_reason));
    int64_t time = suffix_list_time(self.suffixes);
    struct clock clock = clock_system();
    if (clock_now(&clock) - time > SUFFIX_LIST_OLD_SECONDS) {
        time_format_rfc3339(time, made);
        log_event(LOG_WARNING, "suffix_list.old", "made", made, NULL);
    }
    return OK;
}

/* The texts of the mail are the service's, so its section must be there. */
static enum err open_mailer(struct reason *ret_reason)
{
    const struct config_validator *validator = &self.config.validator;
    struct mailer *mailer = &self.mailer;
    char locale[PATH_MAX];
    if (!validator->mails) {
        return OK;
    }
    if ((self.config.sections & CONFIG_SERVICE) == 0) {
        return reason_set(ret_reason, ERR_INPUT, "config.section_missing", "service", NULL, NULL);
    }
    enum err err = file_read_secret(validator->mail_key, KEY_FILE_MAX_BYTES, &mailer->key);
    if (err != OK || mailer->key.len < MAIL_KEY_MIN_BYTES) {
        return reason_set(ret_reason, err != OK ? err : ERR_INPUT, "validator.mail_key",
            validator->mail_key, NULL, NULL);
    }
    TRY(path_join(locale, sizeof locale, self.config.service.data_directory, "locale"));
    TRY(language_set_open(locale, &self.languages, ret_reason));
    TRY(mail_address_parse(span_from_text(validator->mail_from), &mailer->from));
    bool v6 = strchr(validator->smtp.address, ':') != NULL;
    snprintf(self.smtp_server, sizeof self.smtp_server, "%s%s%s:%u", v6 ? "[" : "",
        validator->smtp.address, v6 ? "]" : "", validator->smtp.port);
    mailer->smtp = (struct smtp_config){ .server = self.smtp_server,
        .own_name = strrchr(mailer->from.text, '@') + 1 };
    mailer->languages = self.languages;
    mailer->trial = self.config.service.trial;
    return OK;
}

static enum err give_up_the_rest(struct reason *ret_reason)
{
    char user[CONFIG_USER_MAX], level[SANDBOX_LEVEL_MAX];
    config_user(&self.config, ROLE_VALIDATOR, user);
    bool has_service = (self.config.sections & CONFIG_SERVICE) != 0;
    const struct sandbox_request request = {
        .rules = &rules,
        .user = user,
        .mode = has_service ? sandbox_mode_from_text(self.config.service.sandbox) : SANDBOX_ENFORCE,
    };
    TRY(sandbox_enter(&request, level, ret_reason));
    log_event(
        LOG_INFO, "validator.started", "id", self.config.validator.id, "sandbox", level, NULL);
    return OK;
}

static enum err serve(struct reason *ret_reason)
{
    signal(SIGPIPE, SIG_IGN);
    if (!self.perspective) {
        TRY(start_ready(&self.start));
        return serve_socket(&self.checker, self.start.listen_fds[0], self.registrar_user);
    }
    const struct config_endpoint *listen = &self.config.validator.listen;
    struct http_server *server = NULL;
    enum err err = serve_https(&self.checker, listen, &self.identity, &server);
    if (err != OK) {
        return reason_set(ret_reason, err, "validator.listen", listen->address, NULL, NULL);
    }
    TRY(start_ready(&self.start));
    for (;;) {
        pause();
    }
}

static enum err session_open(void *ctx, struct resolver *ret_resolver)
{
    struct resolver_session *session = NULL;
    TRY(resolver_session_new(ctx, &session));
    *ret_resolver = resolver_session_resolver(session);
    return OK;
}

static void session_close(void *ctx, struct resolver resolver)
{
    (void)ctx;
    resolver_session_free(resolver.ctx);
}
