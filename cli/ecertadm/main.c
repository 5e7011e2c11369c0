/* ecertadm, the tool of the operator and the officers at the shell. It holds nothing: what it asks
 * goes to the registrar's control socket; an officer's key is read for one signature and wiped. */
#include "cli/ecertadm/command.h"

#include <stdio.h>
#include <string.h>

#define CONTROL_DEFAULT "/run/ecert/control.sock"

const struct command commands[] = {
    { "application", "new", "FILE.json", "enter an application", application_new_run },
    { "application", "list", "", "all applications, newest first", application_list_run },
    { "application", "show", "ID", "one application in full", application_show_run },
    { "application", "vet", "ID --key FILE", "sign that it was vetted", application_vet_run },
    { "application", "approve", "ID --key FILE [--key FILE]",
        "sign that it is approved; with two keys vet and approve", application_approve_run },
    { "application", "validate",
        "ID [--method dns|website|persistent|email] [--address MAILBOX] [--code CODE] [--check]",
        "what a government subscriber is to place for its names; have it checked now",
        application_validate_run },
    { "application", "withdraw", "ID", "have nothing signed for it any more",
        application_withdraw_run },
    { "letter", "list", "", "PIN letters waiting to be printed", letter_list_run },
    { "letter", "print", "REFERENCE --out FILE", "take a letter out of the spool",
        letter_print_run },
    { "mail", "list", "", "mail that has not arrived: to whom, why, and what to do",
        mail_list_run },
    { "mail", "again", "ID|all", "try a mail once more; all: those that were given up",
        mail_again_run },
    { "mail", "forget", "ID", "take a mail off that list: somebody has seen to it otherwise",
        mail_forget_run },
    { "certificate", "list", "", "all certificates, newest first", certificate_list_run },
    { "revoke", NULL, "SERIAL --reason REASON", "revoke a certificate", revoke_run },
    { "key", "block", "FILE|HASH --reason TEXT",
        "give no certificate for this key any more, and revoke those that have it", key_block_run },
    { "key", "list", "", "all blocked keys, newest first", key_list_run },
    { "crl", NULL, "[ISSUER]", "publish a new revocation list now", crl_run },
    { "publish", NULL, "FILE", "publish a CA certificate (.crt) or list (.crl), in DER",
        publish_run },
    { "stop", NULL, "--reason TEXT", "stop all issuance at once, until resumed", stop_run },
    { "resume", NULL, "--key FILE --key FILE", "let issuance go on: two people sign", resume_run },
    { "status", NULL, "", "how the service is", status_run },
    { "audit", "verify",
        "[--journal FILE --roster FILE … --ceremony-spki FILE [--certificates DIR] [--store FILE]]",
        "check the audit chain, or prove from public keys what the signer did", audit_verify_run },
    { "audit", "lint", "[--warnings]", "hold all that was issued and published to the rules",
        audit_lint_run },
    { "lint", NULL, "FILE … [--kind KIND] [--at DAY] | --list",
        "hold certificates, lists and OCSP answers to the rules", lint_run, .raw = true },
    { "reconcile", NULL, "[--missing revoke]",
        "bring store and journal together after either was put back", reconcile_run },
    { "notice", "add", "--en TEXT --zh-HK TEXT --zh-CN TEXT [--from DAY] [--until DAY]",
        "show a notice on the portal's log-in page", notice_add_run },
    { "notice", "list", "", "all notices, newest first", notice_list_run },
    { "notice", "remove", "ID", "show a notice no more", notice_remove_run },
    { "policy", NULL, "[RULE] [--on YYYY-MM-DD]",
        "what holds on a day, what changes next, and for whom", policy_run },
    { "profile", NULL, "[ID]", "what each kind of certificate and list holds", profile_run },
    { "officer", "new", "NAME --out FILE.key", "make an officer's key", officer_new_run },
    { "config", "check", "FILE", "say whether a configuration is right, or what is wrong",
        config_check_run },
    { "ceremony", "plan", "DIR SCRIPT [--out FILE]",
        "rehearse a script: what it would make, whose approval it needs; signs and writes nothing",
        ceremony_run, .raw = true },
    { "ceremony", "approve", "SCRIPT --key FILE --out FILE",
        "sign as an administrator that this script may be held", ceremony_approve_run },
    { "ceremony", "run", "DIR SCRIPT --approval FILE … [--passphrase-file FILE] [--out FILE]",
        "hold the ceremony; give its transcript", ceremony_run, .raw = true },
    { "ceremony", "transcript", "DIR [NUMBER] [--out FILE]",
        "what was done in the last ceremony, or another: to be read and signed", ceremony_run,
        .raw = true },
    { "ceremony", "sign-transcript", "FILE --key FILE --out FILE",
        "sign as a witness that a transcript is what was seen", ceremony_sign_transcript_run },
    { "ceremony", "check-transcript", "DIR FILE [--signature FILE …]",
        "hold a transcript to the journal, and its signatures to their keys", ceremony_run,
        .raw = true },
    { "ceremony", "arl", "DIR [--revoke FILE --reason REASON] [--profile FILE]",
        "in a trial: new lists of revoked CAs at once", ceremony_run, .raw = true },
    { "ceremony", "--trial", "DIR [--profile FILE]",
        "make a whole trial hierarchy at once, everybody's keys with it", ceremony_run,
        .raw = true },
};
const size_t command_count = sizeof commands / sizeof *commands;

static const struct command *command_find(int argc, char **argv, int *ret_words);
static int globals_take(struct call *call, int argc, char **argv);
static enum exit_code command_missing(int argc, char **argv);
static size_t usage_print(FILE *stream, const char *noun, const struct command *only);

int main(int argc, char **argv)
{
    struct call call = { .control = CONTROL_DEFAULT };
    int words = 0;
    int first = globals_take(&call, argc, argv);
    if (first < argc && strcmp(argv[first], "--help") == 0) {
        usage_print(stdout, /* noun= */ NULL, /* only= */ NULL);
        return EXIT_DONE;
    }
    call.command = command_find(argc - first, argv + first, &words);
    bool help = argc > first && strcmp(argv[argc - 1], "--help") == 0;
    if (help && usage_print(stdout, argv[first], call.command) > 0) {
        return EXIT_DONE;
    }
    if (call.command == NULL) {
        return command_missing(argc - first, argv + first);
    }
    call.argc = argc - first - words;
    call.argv = argv + first + words;
    enum err err = call.command->run(&call);
    return err == OK ? EXIT_DONE : (int)call_explain(&call, err);
}

/* What may stand before the command; --json may also stand behind it. */
static int globals_take(struct call *call, int argc, char **argv)
{
    int at = 1;
    while (at < argc) {
        if (strcmp(argv[at], "--json") == 0) {
            call->json = true;
            at++;
        } else if (strcmp(argv[at], "--control") == 0 && at + 1 < argc) {
            call->control = argv[at + 1];
            at += 2;
        } else {
            break;
        }
    }
    return at;
}

static const struct command *command_find(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        int words = command->verb == NULL ? 1 : 2;
        if (argc >= words && strcmp(argv[0], command->noun) == 0 &&
            (words == 1 || strcmp(argv[1], command->verb) == 0)) {
            *ret_words = words;
            return command;
        }
    }
    return NULL;
}

/* What was typed, and what it could have been. */
static enum exit_code command_missing(int argc, char **argv)
{
    char typed[128] = "";
    if (argc == 0) {
        usage_print(stderr, /* noun= */ NULL, /* only= */ NULL);
        return EXIT_USAGE;
    }
    snprintf(typed, sizeof typed, "%s%s%s", argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
    utf8_make_plain(typed);
    fprintf(stderr, "ecertadm: there is no such command\n  seen:     %s\n", typed);
    if (usage_print(stderr, argv[0], /* only= */ NULL) == 0) {
        fprintf(stderr, "  next:     see all commands: ecertadm --help\n");
    }
    return EXIT_USAGE;
}

/* All commands, or those of one noun, or one; how many there are. */
static size_t usage_print(FILE *stream, const char *noun, const struct command *only)
{
    size_t count = 0;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        const char *verb = command->verb == NULL ? "" : command->verb;
        bool other =
            (only != NULL && only != command) || (noun != NULL && strcmp(noun, command->noun) != 0);
        if (other) {
            continue;
        }
        if (count++ == 0) {
            fprintf(stream, "usage: ecertadm [--control SOCKET] [--json] COMMAND …\n\n");
        }
        fprintf(stream, "  %s%s%s%s%s\n        %s\n", command->noun, *verb == '\0' ? "" : " ", verb,
            *command->arguments == '\0' ? "" : " ", command->arguments, command->purpose);
    }
    return count;
}
