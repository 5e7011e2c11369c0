#pragma once
/* What every command of ecertadm gets and gives: its words, its options, and one of four exits. */
#include "lib/base/err.h"
#include "lib/crypto/key.h"
#include "lib/text/value.h"
#include "lib/wire/client.h"

/* Done, failed, nothing to do, wrong usage. */
enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_NOTHING = 2, EXIT_USAGE = 64 };

enum { CALL_TIMEOUT_MS = 90000, CALL_ARENA_BYTES = 8 * 1024 * 1024 };

struct command;

/* One invocation. */
struct call {
    const struct command *command;
    const char *control; /* the registrar's socket */
    bool json;
    int argc; /* what stands behind the command's own words */
    char **argv;
    struct reason reason;
};

struct command {
    const char *noun;
    const char *verb;      /* NULL: the noun alone is the command */
    const char *arguments; /* for the usage line */
    const char *purpose;
    enum err (*run)(struct call *call);
    bool raw; /* takes its arguments as they are */
};

extern const struct command commands[];
extern const size_t command_count;

/* One command a function; usage errors are ERR_INPUT with the code "usage". */
enum err application_new_run(struct call *call);
enum err application_list_run(struct call *call);
enum err application_show_run(struct call *call);
enum err application_vet_run(struct call *call);
enum err application_approve_run(struct call *call);
enum err application_validate_run(struct call *call);
enum err application_withdraw_run(struct call *call);
enum err letter_list_run(struct call *call);
enum err letter_print_run(struct call *call);
enum err certificate_list_run(struct call *call);
enum err revoke_run(struct call *call);
enum err crl_run(struct call *call);
enum err publish_run(struct call *call);
enum err key_block_run(struct call *call);
enum err key_list_run(struct call *call);
enum err mail_list_run(struct call *call);
enum err mail_again_run(struct call *call);
enum err mail_forget_run(struct call *call);
enum err status_run(struct call *call);
enum err audit_verify_run(struct call *call);
enum err audit_lint_run(struct call *call);
enum err lint_run(struct call *call);
enum err reconcile_run(struct call *call);
enum err notice_add_run(struct call *call);
enum err notice_list_run(struct call *call);
enum err notice_remove_run(struct call *call);
enum err policy_run(struct call *call);
enum err profile_run(struct call *call);
enum err stop_run(struct call *call);
enum err resume_run(struct call *call);
enum err officer_new_run(struct call *call);
enum err config_check_run(struct call *call);
enum err ceremony_run(struct call *call);
enum err ceremony_approve_run(struct call *call);
enum err ceremony_sign_transcript_run(struct call *call);

/* A declared option: `--name VALUE`, at most `max` times; with `max` 0 the word alone. */
struct option_value {
    const char *name;
    const char **values;
    size_t max;
    size_t count;
};

/* Puts options into `options` and everything else, of which there must be `word_count`, into
 * `ret_words`. "usage" for anything that is not declared. */
enum err call_arguments(struct call *call, struct option_value *options, size_t option_count,
    const char **ret_words, size_t word_count) MUST_USE;
/* `text` as the number of a row, from 1 on; `code` with `expected` if it is none. */
enum err call_number(struct call *call, const char *text, const char *code, const char *expected,
    int64_t *ret_number) MUST_USE;
/* `text` as the 16 bytes of an application's id; "application.id" if it is none. */
enum err call_application_id(struct call *call, const char *text, uint8_t *ret_id) MUST_USE;

/* An officer's private key out of a PEM file that is nobody else's: "key.file", "key.not_officer".
 */
enum err call_officer_key(struct call *call, const char *path, struct key **ret_key) MUST_USE;

/* Asks the registrar. `answer` begins with answer_none. */
enum err call_registrar(
    struct call *call, const struct request *request, struct answer *answer) MUST_USE;

/* Asks a question and prints the facts that come back. */
enum err call_facts(struct call *call, const struct request *request) MUST_USE;

/* Reads one page of a list from an answer's body and adds its rows; tells how many there were. */
typedef enum err (*call_rows)(
    struct der *body, struct value_tree *tree, struct value *list, size_t *ret_count);
/* Prints a list that the registrar hands out by pages, all of it. Takes no arguments. */
enum err call_list(struct call *call, unsigned message_type, call_rows rows_add) MUST_USE;
/* Prints an object as lines, or a list of objects as a table; with --json as JSON. */
enum err call_print(const struct call *call, const struct value *value) MUST_USE;
/* Says on standard error what happened, what was seen and expected, and what to do next. */
enum exit_code call_explain(const struct call *call, enum err err);
