/* ecertd-signer: checks warrants, signs, and never forgets.
 *
 * What I hold: the issuing CAs' private keys, or the PIN of the token that has them, and the
 * journal of everything I ever signed, revoked or refused. Whom I talk to: the registrar, over the
 * socket I inherit, and nobody else: I have no network and no store. What I may do after boot:
 * threads, and reading and writing the journal and its index by the descriptors I hold; with a
 * security module, what that does in its own folders. I believe nothing that I can't check by the
 * roster's keys. As `ceremony` I am another program under the same name: run by hand, with the
 * root's key and without any socket.
 *
 *   ecertd-signer --config FILE --listen-fd N=signer.sock [--ready-fd N]
 *   ecertd-signer ceremony …      (proc/signer/ceremony.h)
 */
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/config/config.h"
#include "lib/config/start.h"
#include "lib/crypto/keycheck.h"
#include "lib/sandbox/sandbox.h"
#include "proc/signer/ceremony.h"
#include "proc/signer/keyring.h"
#include "proc/signer/service.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const char *const syscalls[] = { "fdatasync", "fsync", NULL };

static const struct sandbox_rules rules = {
    .groups = 0,
    .syscalls = syscalls,
    .files_max = 256,
};

/* With a security module, which opens its files when it likes to, in its own folders. */
static const struct sandbox_rules module_rules = {
    .groups = SANDBOX_FILES | SANDBOX_FOREIGN,
    .syscalls = syscalls,
    .files_max = 256,
};

enum { EXIT_USAGE = 64, PASSPHRASE_MAX = 1024, SPKI_FILE_MAX = 4096 };
enum { ROSTER_FILE_MAX = 512 * 1024, ROSTER_ARENA_MAX = 2 * 1024 * 1024 };

static struct signer {
    struct start start;
    struct config config;
    struct arena arena;
    struct roster roster;
    uint8_t roster_hash[HASH_BYTES];
    struct keyring keyring;
    struct weaklist *weak;
    struct issuer_key issuers[ISSUERS_MAX];
    size_t issuer_count;
    struct service service;
    struct server server;
} self;

static const struct start_rules start_rules = { { "signer.sock" }, 1, .optional = false };

static enum err boot(struct reason *ret_reason);
static enum err open_roster(struct reason *ret_reason);
static enum err open_keys(struct reason *ret_reason);
static enum err open_journal(struct reason *ret_reason);
static enum err give_up_the_rest(struct reason *ret_reason);

int main(int argc, char **argv)
{
    struct reason reason = { 0 };
    if (argc > 1 && strcmp(argv[1], "ceremony") == 0) {
        return ceremony_main(argc - 1, argv + 1);
    }
    log_open("signer", LOG_INFO);
    if (!start_read(argc, argv, &start_rules, &self.start)) {
        fprintf(stderr,
            "usage: ecertd-signer --config FILE --listen-fd N=signer.sock [--ready-fd N]\n");
        return EXIT_USAGE;
    }
    enum err err = boot(&reason);
    err = err == OK ? start_ready(&self.start) : err;
    err = err == OK ? server_run(&self.server, self.start.listen_fds[0]) : err;
    log_failure(LOG_ERROR, "signer.ended", err, &reason);
    return EXIT_FAILURE;
}

static enum err boot(struct reason *ret_reason)
{
    unsigned registrar;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk, not a death */
    TRY(config_load(
        self.start.config_path, CONFIG_SERVICE | CONFIG_SIGNER, &self.config, ret_reason));
    log_open("signer", self.config.service.log_level);
    TRY(config_user_id(&self.config, ROLE_REGISTRAR, &registrar));
    TRY(open_roster(ret_reason));
    TRY(open_keys(ret_reason));
    const struct config_service *service = &self.config.service;
    TRY(weaklist_load(service->weak_keys, service->weak_key_count, &self.weak, ret_reason));
    TRY(open_journal(ret_reason));
    self.server = service_server(&self.service);
    self.server.users[self.server.user_count++] = (uid_t)registrar;
    TRY(give_up_the_rest(ret_reason));
    return issuing_follow(self.service.issuing);
}

static enum err file_of_signer(
    const char *name, size_t max, struct buf *ret_content, struct reason *ret_reason)
{
    char path[PATH_MAX];
    TRY(path_join(path, sizeof path, self.config.signer.directory, name));
    enum err err = file_read(path, max, ret_content);
    return err == OK ? OK : reason_set(ret_reason, err, "signer.file", path, NULL, NULL);
}

static enum err open_roster(struct reason *ret_reason)
{
    AUTO(buf) sealed = { 0 };
    AUTO(buf) ceremony = { 0 };
    self.arena = arena_make(ROSTER_ARENA_MAX);
    TRY(file_of_signer("roster.der", ROSTER_FILE_MAX, &sealed, ret_reason));
    TRY(file_of_signer("ceremony.spki", SPKI_FILE_MAX, &ceremony, ret_reason));
    TRY(roster_open(buf_span(&sealed), buf_span(&ceremony), &self.arena, &self.roster, ret_reason));
    return sha256(buf_span(&sealed), self.roster_hash);
}

static void token_tell(void *ctx, const char *event, const char *label, const char *detail)
{
    (void)ctx;
    log_event(strcmp(event, "token.back") == 0 ? LOG_INFO : LOG_ERROR, event, "token", label,
        "detail", detail, NULL);
}

static enum err open_keys(struct reason *ret_reason)
{
    const struct config_signer *signer = &self.config.signer;
    const char *path = signer->passphrase_file;
    const struct token_report report = { token_tell, NULL };
    TRY(keyring_init(
        &self.keyring, &signer->module, signer->directory, /* makes_keys= */ false, &report));
    enum err err = file_read_secret(path, PASSPHRASE_MAX, &self.keyring.passphrase);
    if (err != OK) {
        return reason_set(ret_reason, err, "signer.passphrase", path, NULL, NULL);
    }
    for (size_t i = 0; i < self.roster.issuer_count; i++) {
        const struct issuer *issuer = &self.roster.issuers[i];
        char key_path[PATH_MAX], name[ISSUER_ID_MAX + 8];
        struct certificate certificate;
        struct key *key = NULL;
        if (certificate_parse(issuer->certificate, &certificate) != OK) {
            return reason_set(ret_reason, ERR_INPUT, "issuer.certificate", issuer->id, NULL, NULL);
        }
        snprintf(name, sizeof name, "%s.key", issuer->id);
        TRY(path_join(key_path, sizeof key_path, self.config.signer.directory, name));
        TRY(keyring_read(&self.keyring, key_path, certificate.spki, &key, ret_reason));
        TRY(key_check(key_spki(key), ret_reason, /* ret_key= */ NULL));
        TRY(issuer_key_init(
            &self.roster, issuer, key, &self.issuers[self.issuer_count], ret_reason));
        self.issuer_count++;
    }
    secret_release(&self.keyring.passphrase);
    return OK;
}

static enum err open_journal(struct reason *ret_reason)
{
    char path[PATH_MAX], cut_text[24];
    uint8_t index_key[CHECKPOINT_KEY_BYTES];
    int64_t cut = 0;
    struct random random = random_system();
    TRY(path_join(path, sizeof path, self.config.signer.directory, "index.key"));
    TRY(issuing_index_key(self.issuers, self.issuer_count, path, &random, index_key, ret_reason));
    TRY(path_join(path, sizeof path, self.config.signer.directory, "journal"));
    if (access(path, F_OK) != 0) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "journal.missing", path, NULL, NULL);
    }
    const struct issuing_setup setup = {
        .roster = &self.roster,
        .roster_hash = self.roster_hash,
        .weak = self.weak,
        .issuers = self.issuers,
        .issuer_count = self.issuer_count,
        .journal_path = path,
        .index_key = index_key,
        .clock = clock_system(),
        .elapsed = clock_boot(),
        .random = random,
    };
    TRY(issuing_open(&setup, &self.service.issuing, &cut, ret_reason));
    if (cut > 0) {
        snprintf(cut_text, sizeof cut_text, "%lld", (long long)cut);
        log_event(LOG_WARNING, "journal.cut", "bytes", cut_text, NULL);
    }
    return OK;
}

static enum err give_up_the_rest(struct reason *ret_reason)
{
    char user[CONFIG_USER_MAX], level[SANDBOX_LEVEL_MAX];
    config_user(&self.config, ROLE_SIGNER, user);
    struct sandbox_path paths[CONFIG_MODULE_LIST_MAX];
    const struct config_module *module = &self.config.signer.module;
    for (size_t i = 0; i < module->folder_count; i++) {
        paths[i] = (struct sandbox_path){ module->folders[i], SANDBOX_WRITE };
    }
    const struct sandbox_request request = {
        .rules = self.keyring.token_count > 0 ? &module_rules : &rules,
        .paths = paths,
        .path_count = module->folder_count,
        .user = user,
        .mode = sandbox_mode_from_text(self.config.service.sandbox),
    };
    TRY(sandbox_enter(&request, level, ret_reason));
    snprintf(self.service.sandbox, sizeof self.service.sandbox, "%s", level);
    self.service.weak_keys = (int64_t)weaklist_count(self.weak);
    self.service.weak_keys_time = weaklist_time(self.weak);
    log_event(LOG_INFO, "signer.started", "policy_set", policy_set_id(self.roster.policy_set),
        "sandbox", level, NULL);
    return OK;
}
