/* ecertd-signer: checks warrants, signs, and never forgets.
 *
 * What I hold: the issuing CAs' private keys, or the PIN of the token that has them, and the
 * journal of everything I ever signed, revoked or refused. Whom I talk to: the registrar, over the
 * socket I inherit, and nobody else: I have no network and no store. What I may do after boot:
 * threads, and reading and writing the journal and its index by the descriptors I hold; with a
 * security module, what that does in its own folders. I believe nothing that I can't check by the
 * roster's keys. As `ceremony` I am another program under the same name: run by hand, with the
 * root's key and without any socket; as `responder` I am run by hand too, sign the certificate of
 * an OCSP responder and end.
 *
 *   ecertd-signer --config FILE --listen-fd N=signer.sock [--ready-fd N]
 *   ecertd-signer ceremony …      (proc/signer/ceremony.h)
 *   ecertd-signer responder --config FILE --issuer ID --csr FILE --out FILE
 */
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/config/config.h"
#include "lib/config/start.h"
#include "lib/crypto/keycheck.h"
#include "lib/der/pem.h"
#include "lib/pki/csr.h"
#include "lib/sandbox/sandbox.h"
#include "proc/signer/ceremony.h"
#include "proc/signer/keyring.h"
#include "proc/signer/responder.h"
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

/* What `responder` is told. */
struct responder_arguments {
    const char *config, *issuer, *csr, *out;
};

static enum err boot(struct reason *ret_reason);
static enum err open_all(const char *config_path, struct reason *ret_reason);
static int responder_main(int argc, char **argv);
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
    if (argc > 1 && strcmp(argv[1], "responder") == 0) {
        return responder_main(argc - 1, argv + 1);
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
    TRY(open_all(self.start.config_path, ret_reason));
    TRY(config_user_id(&self.config, ROLE_REGISTRAR, &registrar));
    self.server = service_server(&self.service);
    self.server.users[self.server.user_count++] = (uid_t)registrar;
    TRY(give_up_the_rest(ret_reason));
    return issuing_follow(self.service.issuing);
}

static enum err open_all(const char *config_path, struct reason *ret_reason)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk, not a death */
    TRY(config_load(config_path, CONFIG_SERVICE | CONFIG_SIGNER, &self.config, ret_reason));
    log_open("signer", self.config.service.log_level);
    TRY(open_roster(ret_reason));
    TRY(open_keys(ret_reason));
    const struct config_service *service = &self.config.service;
    TRY(weaklist_load(service->weak_keys, service->weak_key_count, &self.weak, ret_reason));
    return open_journal(ret_reason);
}

static bool responder_read(int argc, char **argv, struct responder_arguments *ret_arguments)
{
    const struct {
        const char *option;
        const char **value;
    } options[] = { { "--config", &ret_arguments->config }, { "--issuer", &ret_arguments->issuer },
        { "--csr", &ret_arguments->csr }, { "--out", &ret_arguments->out } };
    enum { OPTIONS = sizeof options / sizeof options[0] };
    for (int i = 1; i + 1 < argc; i += 2) {
        for (size_t k = 0; k < OPTIONS; k++) {
            if (strcmp(argv[i], options[k].option) == 0) {
                *options[k].value = argv[i + 1];
            }
        }
    }
    for (size_t k = 0; k < OPTIONS; k++) {
        if (*options[k].value == NULL) {
            return false;
        }
    }
    return argc == 1 + 2 * OPTIONS;
}

/* Where it is to go must be free before anything is signed. */
static enum err responder_make(
    const struct responder_arguments *arguments, struct reason *ret_reason)
{
    AUTO(buf) file = { 0 };
    AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) pem = buf_make(2 * CERTIFICATE_MAX_BYTES);
    AUTO(csr_reading) reading = { .private_key = false };
    if (access(arguments->out, F_OK) == 0) {
        return reason_set(ret_reason, ERR_CONFLICT, "file.exists", arguments->out, NULL, NULL);
    }
    enum err err = file_read(arguments->csr, CSR_MAX_BYTES, &file);
    if (err != OK) {
        return reason_set(ret_reason, err, "csr.file", arguments->csr, err_name(err), NULL);
    }
    TRY(csr_read_any(buf_span(&file), ret_reason, &reading));
    TRY(issuing_responder(
        self.service.issuing, arguments->issuer, buf_span(&reading.der), &certificate, ret_reason));
    TRY(pem_write("CERTIFICATE", buf_span(&certificate), &pem));
    return file_create(arguments->out, buf_span(&pem), 0644);
}

static int responder_main(int argc, char **argv)
{
    struct responder_arguments arguments = { NULL, NULL, NULL, NULL };
    struct reason reason = { 0 };
    log_open("responder", LOG_INFO);
    if (!responder_read(argc, argv, &arguments)) {
        fprintf(stderr, "usage: ecertd-signer responder --config FILE --issuer ID --csr FILE "
                        "--out FILE\n");
        return EXIT_USAGE;
    }
    enum err err = open_all(arguments.config, &reason);
    err = err == OK ? responder_make(&arguments, &reason) : err;
    if (err != OK) {
        log_failure(LOG_ERROR, "signer.responder", err, &reason);
        return EXIT_FAILURE;
    }
    log_event(
        LOG_INFO, "signer.responder", "issuer", arguments.issuer, "file", arguments.out, NULL);
    return EXIT_SUCCESS;
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
