#pragma once
/* A place that a certificate goes to: which server program, on which host, which files, and where
 * it answers. Described by options, by a file (lib/config/targets.h), or by what the ledger has. */
#include "cli/ecert/remote.h"
#include "lib/certstore/ledger.h"
#include "lib/http/starttls.h"

enum {
    DEPLOY_TARGETS_MAX = 64,
    DEPLOY_PATH_MAX = 512,
    DEPLOY_CHECK_MAX = 320,
    DEPLOY_WINDOW_MAX = 128,
    DEPLOY_WORDS_MAX = 8,
};

/* A server program. Words end with NULL; where the target names a configuration, the option and it
 * stand behind the first word. */
struct deploy_kind {
    const char *name;
    bool one_file; /* it wants the key behind the certificates */
    bool either;   /* one file where no key's path is given */
    const char *test[DEPLOY_WORDS_MAX], *reload[DEPLOY_WORDS_MAX]; /* empty: there is none */
    const char *config_option;
    const char *config_default; /* NULL: the program knows it */
    bool staples;               /* it reads an OCSP answer from a file */
    bool staples_itself;        /* it fetches its answers: the file is DEPLOY_STAPLE_ITSELF */
    const char
        *staple_suffix; /* behind the certificate's name, where it looks for it nowhere else */
    const char *staple_lines; /* what its configuration needs to hand one out; NULL: nothing */
    bool by_signal; /* with a pid_file it is reloaded by SIGUSR2; without, the words are whole */
    const char *certificate, *key; /* proposed to a person; %s is the server name */
    const char *key_line; /* names a key in a token, %s its URI; NULL: it reads key files only */
    uint16_t port;
};
/* In place of a file's path, for a program that fetches its OCSP answers. */
#define DEPLOY_STAPLE_ITSELF "itself"

/* NULL past the last. */
const struct deploy_kind *deploy_kind_at(size_t index);
const struct deploy_kind *deploy_kind_find(const char *name);

struct deploy_target {
    char name[LEDGER_NAME_MAX];
    const struct deploy_kind *kind;
    char to[REMOTE_USER_MAX + REMOTE_HOST_MAX]; /* "": this host */
    char ssh_config[DEPLOY_PATH_MAX];           /* "": the person's own */
    char certificate[DEPLOY_PATH_MAX];
    char key[DEPLOY_PATH_MAX];        /* or of the line that names it, where it is in a token */
    char pin_source[DEPLOY_PATH_MAX]; /* the token's PIN, for the server program; "": none */
    char config[DEPLOY_PATH_MAX];
    char pid_file[DEPLOY_PATH_MAX];
    char staple[DEPLOY_PATH_MAX]; /* the OCSP answer's file, or "itself"; "": none */
    char check[DEPLOY_CHECK_MAX]; /* HOST[:PORT][@ADDRESS]; "": it can't be asked */
    char window[DEPLOY_WINDOW_MAX];
};

/* "nginx", "nginx-root@host": what a target is called where nobody says otherwise. */
void deploy_name_propose(const char *kind, const char *to, char ret_name[LEDGER_NAME_MAX]);

/* The texts of a target, under the names that options, file and ledger share. NULL past the last;
 * "kind" is the first. */
const char *deploy_field_name(size_t index);
/* "" where it isn't set. */
const char *deploy_field_get(const struct deploy_target *target, size_t index);
/* ERR_INPUT with "deploy.kind", "deploy.long" (field: the name). */
enum err deploy_field_set(struct deploy_target *target, const char *field, const char *value,
    struct reason *ret_reason) MUST_USE;
/* Whether it is whole and every text can be what it says. ERR_INPUT with "deploy.name",
 * "deploy.missing" (expected: the field), "deploy.path", "deploy.one_file", "deploy.window",
 * "deploy.staple", "deploy.staple_itself", "deploy.staple_taken", "deploy.staple_place",
 * "remote.host" or an endpoint's reason; the field is the target's name. */
enum err deploy_target_check(
    const struct deploy_target *target, struct reason *ret_reason) MUST_USE;
/* The same of one text alone: of "to", "check", "window" and the paths. */
enum err deploy_field_check(
    const struct deploy_target *target, const char *field, struct reason *ret_reason) MUST_USE;

/* The line for the key's file that names a key in a token: its URI, with the file of its PIN.
 * ERR_UNSUPPORTED for a program that reads key files only, or a target on another host. */
enum err deploy_key_line(
    const struct deploy_target *target, const char *token_uri, struct buf *line) MUST_USE;

/* Whether the program is given its OCSP answers in a file, here or there. */
bool deploy_staples_from_file(const struct deploy_target *target);

/* Words of a test or a reload with the configuration in its place. */
void deploy_words(const struct deploy_target *target, const char *const *words, bool plain,
    const char *ret_words[DEPLOY_WORDS_MAX + 2]);
