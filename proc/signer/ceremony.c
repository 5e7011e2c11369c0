/* The words behind `ceremony`: a table of them, and how an outcome is told. */
#include "proc/signer/ceremony.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/ca/ceremony.h"
#include "lib/config/script.h"
#include "lib/wire/message.h"
#include "proc/signer/conduct.h"
#include "proc/signer/transcript.h"
#include "proc/signer/trial.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, WORDS_MAX = 3 };

struct ceremony_arguments {
    const char *words[WORDS_MAX]; /* behind the verb */
    size_t word_count;
    const char *profile;
    const char *revoke;
    const char *reason;
    const char *out;
    const char *passphrase_file;
    const char *reason_fd;
    const char *statements[STATEMENTS_MAX]; /* files: approvals, or witnesses' signatures */
    size_t statement_count;
};

static enum err trial_run(const struct ceremony_arguments *arguments, struct reason *ret_reason);
static enum err arl_run(const struct ceremony_arguments *arguments, struct reason *ret_reason);
static enum err plan_run(const struct ceremony_arguments *arguments, struct reason *ret_reason);
static enum err run_run(const struct ceremony_arguments *arguments, struct reason *ret_reason);
static enum err transcript_run(
    const struct ceremony_arguments *arguments, struct reason *ret_reason);
static enum err check_run(const struct ceremony_arguments *arguments, struct reason *ret_reason);

/* `--trial DIR` is the word "trial". */
static const struct verb {
    const char *name;
    size_t words_min, words_max;
    enum err (*run)(const struct ceremony_arguments *arguments, struct reason *ret_reason);
} verbs[] = {
    { "trial", 1, 1, trial_run },
    { "arl", 1, 1, arl_run },
    { "plan", 2, 2, plan_run },
    { "run", 2, 2, run_run },
    { "transcript", 1, 2, transcript_run },
    { "check-transcript", 2, 2, check_run },
};

static const struct verb *arguments_read(
    int argc, char **argv, struct ceremony_arguments *ret_arguments);
static void usage_print(bool wanted);
static enum err plain_write(const char *path, struct buf *text, struct reason *ret_reason);
static int outcome(
    const struct verb *verb, const char *reason_fd, enum err err, const struct reason *reason);

int ceremony_main(int argc, char **argv)
{
    struct ceremony_arguments arguments = { .reason = "superseded" };
    struct reason reason = { 0 };
    log_open("ceremony", LOG_INFO);
    const struct verb *verb = arguments_read(argc, argv, &arguments);
    if (verb == NULL) {
        usage_print(arguments.reason_fd == NULL);
        return EXIT_USAGE;
    }
    enum err err = verb->run(&arguments, &reason);
    return outcome(verb, arguments.reason_fd, err, &reason);
}

/* ecertadm says it itself. */
static void usage_print(bool wanted)
{
    if (wanted) {
        fprintf(stderr, "usage: ceremony --trial DIR [--profile FILE]\n"
                        "       ceremony arl DIR [--profile FILE] [--revoke CERTIFICATE [--reason "
                        "REASON]]\n"
                        "       ceremony plan DIR SCRIPT\n"
                        "       ceremony run DIR SCRIPT --approval FILE … [--passphrase-file "
                        "FILE]\n"
                        "       ceremony transcript DIR [NUMBER] [--out FILE]\n"
                        "       ceremony check-transcript DIR FILE [--signature FILE …]\n");
    }
}

static const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static const struct verb *arguments_read(
    int argc, char **argv, struct ceremony_arguments *ret_arguments)
{
    static const struct option options[] = {
        { "trial", required_argument, NULL, 't' },
        { "profile", required_argument, NULL, 'p' },
        { "revoke", required_argument, NULL, 'r' },
        { "reason", required_argument, NULL, 'R' },
        { "approval", required_argument, NULL, 'a' },
        { "signature", required_argument, NULL, 'a' },
        { "passphrase-file", required_argument, NULL, 'P' },
        { "out", required_argument, NULL, 'o' },
        { "reason-fd", required_argument, NULL, 'f' },
        { NULL, 0, NULL, 0 },
    };
    const char *trial = NULL;
    const char **const targets[] = { ['t'] = &trial,
        ['p'] = &ret_arguments->profile,
        ['r'] = &ret_arguments->revoke,
        ['R'] = &ret_arguments->reason,
        ['P'] = &ret_arguments->passphrase_file,
        ['o'] = &ret_arguments->out,
        ['f'] = &ret_arguments->reason_fd };
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        bool many = c == 'a' && ret_arguments->statement_count == STATEMENTS_MAX;
        if (c == '?' || many) {
            return NULL;
        }
        if (c == 'a') {
            ret_arguments->statements[ret_arguments->statement_count++] = optarg;
        } else {
            *targets[c] = optarg;
        }
    }
    const struct verb *verb = verb_find(trial != NULL   ? "trial"
                                        : optind < argc ? argv[optind++]
                                                        : "");
    if (trial != NULL) {
        ret_arguments->words[ret_arguments->word_count++] = trial;
    }
    while (optind < argc && ret_arguments->word_count < WORDS_MAX) {
        ret_arguments->words[ret_arguments->word_count++] = argv[optind++];
    }
    bool fits = verb != NULL && ret_arguments->word_count >= verb->words_min &&
                ret_arguments->word_count <= verb->words_max;
    return fits ? verb : NULL;
}

static enum err trial_run(const struct ceremony_arguments *arguments, struct reason *ret_reason)
{
    const char *profile = arguments->profile != NULL ? arguments->profile : TRIAL_PROFILE;
    return trial_make(arguments->words[0], profile, ret_reason);
}

static enum err arl_run(const struct ceremony_arguments *arguments, struct reason *ret_reason)
{
    const struct trial_list_request request = { arguments->words[0], arguments->revoke,
        arguments->reason, arguments->profile };
    return trial_lists(&request, ret_reason);
}

static enum err plan_run(const struct ceremony_arguments *arguments, struct reason *ret_reason)
{
    AUTO(script) script = { .parsed = NULL };
    AUTO(buf) plan = buf_make(TRANSCRIPT_MAX_BYTES);
    TRY(script_load(arguments->words[1], &script, ret_reason));
    const struct conduct_request request = { .directory = arguments->words[0], .script = &script };
    TRY(conduct_rehearse(&request, &plan, ret_reason));
    return plain_write(arguments->out, &plan, ret_reason);
}

static enum err statements_read(const struct ceremony_arguments *arguments,
    struct statement *ret_statements, struct reason *ret_reason)
{
    for (size_t i = 0; i < arguments->statement_count; i++) {
        const char *path = arguments->statements[i];
        AUTO(buf) pem = { 0 };
        enum err err = file_read(path, CSR_MAX_BYTES, &pem);
        if (err != OK) {
            return reason_set(ret_reason, err, "ceremony.approval_file", path, err_name(err), NULL);
        }
        if (statement_parse(buf_span(&pem), &ret_statements[i]) != OK) {
            return reason_set(ret_reason, ERR_INPUT, "ceremony.approval_file", path, NULL,
                "what `approve` or `sign-transcript` wrote");
        }
    }
    return OK;
}

static enum err run_run(const struct ceremony_arguments *arguments, struct reason *ret_reason)
{
    bool settled = false;
    struct statement approvals[STATEMENTS_MAX];
    AUTO(script) script = { .parsed = NULL };
    AUTO(buf) transcript = buf_make(TRANSCRIPT_MAX_BYTES);
    TRY(script_load(arguments->words[1], &script, ret_reason));
    TRY(statements_read(arguments, approvals, ret_reason));
    const struct conduct_request request = { .directory = arguments->words[0],
        .script = &script,
        .approvals = approvals,
        .approval_count = arguments->statement_count,
        .passphrase_file = arguments->passphrase_file };
    TRY(conduct(&request, &settled, ret_reason));
    if (settled) {
        printf("This ceremony had ended before; its files are in their places now.\n\n");
    }
    TRY(transcript_write(arguments->words[0], /* number= */ 0, &transcript, ret_reason));
    return plain_write(arguments->out, &transcript, ret_reason);
}

static enum err transcript_run(
    const struct ceremony_arguments *arguments, struct reason *ret_reason)
{
    AUTO(buf) transcript = buf_make(TRANSCRIPT_MAX_BYTES);
    const char *text = arguments->word_count > 1 ? arguments->words[1] : "0";
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < 0 || (number == 0 && arguments->word_count > 1)) {
        return reason_set(ret_reason, ERR_INPUT, "ceremony.unknown_number", "NUMBER", text,
            "1 for the first ceremony, 2 for the second …");
    }
    TRY(transcript_write(arguments->words[0], number, &transcript, ret_reason));
    return plain_write(arguments->out, &transcript, ret_reason);
}

/* Which ceremony it is about the file's first line says. */
static enum err transcript_same(const char *directory, const char *path,
    uint8_t ret_hash[HASH_BYTES], struct reason *ret_reason)
{
    static const char first[] = "Transcript of ceremony ";
    AUTO(buf) file = { 0 };
    AUTO(buf) right = buf_make(TRANSCRIPT_MAX_BYTES);
    enum err err = file_read(path, TRANSCRIPT_MAX_BYTES, &file);
    const char *text = err == OK ? buf_text(&file) : NULL;
    if (text == NULL || strncmp(text, first, sizeof first - 1) != 0) {
        return reason_set(ret_reason, err == OK ? ERR_INPUT : err, "ceremony.transcript_file", path,
            err == OK ? NULL : err_name(err), "what `ecertadm ceremony transcript` wrote");
    }
    long long number = strtoll(text + sizeof first - 1, NULL, 10);
    TRY(transcript_write(directory, number < 1 ? INT64_MAX : number, &right, ret_reason));
    if (!span_equal(buf_span(&file), buf_span(&right))) {
        return reason_set(
            ret_reason, ERR_DENIED, "ceremony.transcript_differs", path, NULL, directory);
    }
    return sha256(buf_span(&file), ret_hash);
}

static enum err witness_print(const struct statement *witness)
{
    char key[2 * HASH_BYTES + 1], time[TIME_TEXT_MAX];
    uint8_t key_id[HASH_BYTES];
    TRY(sha256(SPAN_OF(witness->spki), key_id));
    hex_format(SPAN_OF(key_id), key);
    time_format_rfc3339(witness->time, time);
    printf("signed      %s, by the key %s\n", time, key);
    return OK;
}

static enum err check_run(const struct ceremony_arguments *arguments, struct reason *ret_reason)
{
    uint8_t hash[HASH_BYTES];
    struct statement witnesses[STATEMENTS_MAX];
    const char *directory = arguments->words[0], *path = arguments->words[1];
    TRY(statements_read(arguments, witnesses, ret_reason));
    TRY(transcript_same(directory, path, hash, ret_reason));
    for (size_t i = 0; i < arguments->statement_count; i++) {
        const struct statement *witness = &witnesses[i];
        if (witness->kind != STATEMENT_WITNESS || memcmp(witness->subject, hash, HASH_BYTES) != 0 ||
            statement_verify(witness) != OK) {
            return reason_set(ret_reason, ERR_SIGNATURE, "ceremony.signature",
                arguments->statements[i], NULL, path);
        }
    }
    printf("transcript  as the journal says\n");
    for (size_t i = 0; i < arguments->statement_count; i++) {
        TRY(witness_print(&witnesses[i]));
    }
    return OK;
}

static enum err plain_write(const char *path, struct buf *text, struct reason *ret_reason)
{
    struct span bytes = buf_span(text);
    if (path == NULL) {
        fflush(stdout);
        return fd_write_all(STDOUT_FILENO, bytes);
    }
    enum err err = file_create(path, bytes, 0644);
    return err == OK ? OK
                     : reason_set(ret_reason, err, "output.file", path,
                           err == ERR_CONFLICT ? "it exists already" : err_name(err), "a new file");
}

/* To whoever started us and explains it to a person; else as a line of log. */
static int outcome(
    const struct verb *verb, const char *reason_fd, enum err err, const struct reason *reason)
{
    char event[64];
    snprintf(event, sizeof event, "ceremony.%s", verb->name);
    if (reason_fd == NULL) {
        if (err != OK) {
            log_failure(LOG_ERROR, event, err, reason);
        } else {
            log_event(LOG_INFO, event, "result", "done", NULL);
        }
        return err == OK ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    AUTO(buf) answer = buf_make(MESSAGE_MAX_BYTES);
    const struct answer_fields fields = { .type = CEREMONY_ANSWER, .err = err, .reason = reason };
    if (answer_format(&fields, &answer) != OK ||
        fd_write_all((int)strtol(reason_fd, NULL, 10), buf_span(&answer)) != OK) {
        return EXIT_FAILURE;
    }
    return err == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
