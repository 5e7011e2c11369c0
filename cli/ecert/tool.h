#pragma once
/* What every command of `ecert` has in hand, and the table that all commands stand in. */
#include "cli/ecert/arguments.h"
#include "lib/base/clock.h"
#include "lib/certstore/store.h"
#include "lib/text/language.h"
#include "lib/text/value.h"

#include <limits.h>

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_NOTHING = 2, EXIT_USAGE = 64 };

/* The secrets that open keys, each asked for once (key_open.c). */
struct key_access {
    struct secret passphrase, pin;
    uint8_t key_sha256[SHA256_BYTES]; /* of the key that the passphrase was typed for */
    struct token *token;
};

struct tool {
    const struct language *language;
    struct clock clock;
    const char *store_path;
    const char *recorded_as; /* under what name changes of the store are remembered; NULL: not */
    bool json;               /* one object on standard output, nothing else */
    bool colour;
    bool asks;                         /* a person sits at the terminal */
    char *const *line;                 /* the command line, as it was given */
    const struct arguments *arguments; /* of the command that runs */
    struct key_access *access;
    struct arena arena;
    struct value_tree tree;
    struct value *result; /* the object that --json prints at the end */
    /* Who looks at the result before the end (tool_told); NULL: nobody. */
    bool (*told)(const struct tool *tool, void *ctx);
    void *told_ctx;
};

struct command {
    const char *noun;
    const char *verb; /* NULL: the noun alone */
    /* NULL: ecert-network has it (network.h) */
    enum exit_code (*run)(struct tool *tool, const struct arguments *arguments);
    const struct option *options;
    const char *operands; /* shown in usage; NULL: none */
    size_t operands_min, operands_max;
    const char *summary; /* message id, "tool.help_…"; NULL: for the build, shown nowhere */
    bool opens_key;      /* takes options_key too */
    bool changes; /* what it changes in the store can be taken back; takes options_change too */
};
/* All of them, in the order of the overview; NULL past the last. */
const struct command *command_at(size_t index);
/* What `ecert` does alone. */
extern const struct command command_alone;
/* The `index`th table of what it takes beside options_all; NULL past the last. */
const struct option *command_options(const struct command *command, size_t index);
/* What every command takes. */
extern const struct option options_all[];

enum exit_code command_state(struct tool *tool, const struct arguments *arguments);
enum exit_code command_request_new(struct tool *tool, const struct arguments *arguments);
enum exit_code command_enrol(struct tool *tool, const struct arguments *arguments);
enum exit_code command_cert_list(struct tool *tool, const struct arguments *arguments);
enum exit_code command_cert_show(struct tool *tool, const struct arguments *arguments);
enum exit_code command_cert_complete(struct tool *tool, const struct arguments *arguments);
enum exit_code command_cert_import(struct tool *tool, const struct arguments *arguments);
enum exit_code command_cert_export(struct tool *tool, const struct arguments *arguments);
enum exit_code command_cert_remove(struct tool *tool, const struct arguments *arguments);
enum exit_code command_manual(struct tool *tool, const struct arguments *arguments);
enum exit_code command_console(struct tool *tool, const struct arguments *arguments);
enum exit_code command_idn(struct tool *tool, const struct arguments *arguments);
enum exit_code command_chain_list(struct tool *tool, const struct arguments *arguments);
enum exit_code command_chain_install(struct tool *tool, const struct arguments *arguments);
enum exit_code command_chain_remove(struct tool *tool, const struct arguments *arguments);
enum exit_code command_chain_check(struct tool *tool, const struct arguments *arguments);
enum exit_code command_chain_mirror(struct tool *tool, const struct arguments *arguments);
enum exit_code command_crl_install(struct tool *tool, const struct arguments *arguments);
enum exit_code command_crl_list(struct tool *tool, const struct arguments *arguments);
enum exit_code command_crl_remove(struct tool *tool, const struct arguments *arguments);
enum exit_code command_crl_refresh(struct tool *tool, const struct arguments *arguments);
enum exit_code command_crl_write(struct tool *tool, const struct arguments *arguments);
enum exit_code command_key_backup(struct tool *tool, const struct arguments *arguments);
enum exit_code command_key_restore(struct tool *tool, const struct arguments *arguments);
enum exit_code command_check(struct tool *tool, const struct arguments *arguments);
enum exit_code command_undo(struct tool *tool, const struct arguments *arguments);
enum exit_code command_watch(struct tool *tool, const struct arguments *arguments);
enum exit_code command_deploy_plan(struct tool *tool, const struct arguments *arguments);
enum exit_code command_deploy_run(struct tool *tool, const struct arguments *arguments);
enum exit_code command_deploy_script(struct tool *tool, const struct arguments *arguments);
enum exit_code command_deploy_status(struct tool *tool, const struct arguments *arguments);
enum exit_code command_deploy_staple(struct tool *tool, const struct arguments *arguments);
enum exit_code command_deploy_rollback(struct tool *tool, const struct arguments *arguments);
enum exit_code command_deploy_forget(struct tool *tool, const struct arguments *arguments);

extern const struct option options_request_new[];
extern const struct option options_enrol[];
extern const struct option options_cert_import[];
extern const struct option options_cert_export[];
extern const struct option options_cert_remove[];
extern const struct option options_chain_install[];
extern const struct option options_chain_mirror[];
extern const struct option options_check[];
extern const struct option options_console[];
extern const struct option options_deploy_plan[];
extern const struct option options_deploy_run[];
extern const struct option options_deploy_script[];
extern const struct option options_deploy_status[];
extern const struct option options_undo[];
extern const struct option options_watch[];
extern const struct option options_key_backup[];
extern const struct option options_key_restore[];

/* The store of --store, $ECERT_STORE or the home directory, whether it is there or not. */
const char *tool_store_path(struct tool *tool);
/* Said by a command that takes long, whenever its result says more. False: nobody waits for the
 * rest; it ends where what is done is whole. */
bool tool_told(const struct tool *tool);
/* Opens the store of --store, $ECERT_STORE or the home directory, to remember what changes
 * (`recorded_as`), or with --dry-run to change nothing; on failure the person has been
 * told and EXIT_FAILED is to be returned. */
enum err tool_open_store(struct tool *tool, struct certstore **ret_store) MUST_USE;
