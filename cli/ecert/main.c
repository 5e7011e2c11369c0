/* ecert, the subscriber's tool.
 *
 * What it holds: the subscriber's private keys, in memory only while they are used, and for the
 * moment of logging in the PIN. Whom it talks to: the portal's /api/v1, the CA's repository, the
 * subscriber's own DNS server, the TLS servers that are to be looked at, and by the system's ssh
 * the servers that the person names. What it may never do: run anything but that ssh, a server
 * program's own test and reload, and the program the person names; believe a certificate
 * that doesn't lead to the trusted root and to its own key, or a list that its CA didn't sign, take
 * a secret from the command line. */
#include "cli/ecert/complete.h"
#include "cli/ecert/help.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/operand.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/base/limits.h"
#include "lib/text/json.h"

#include <linux/capability.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ARENA_MAX = 64 * 1024 * 1024 };
static const char STORE_HOME[] = "/.local/share/ecert";

const struct option options_all[] = {
    { "store", OPTION_VALUE, "DIR" },
    { "lang", OPTION_VALUE, "en|zh-HK|zh-CN" },
    { "json", OPTION_FLAG, NULL },
    { "help", OPTION_FLAG, NULL },
    { "version", OPTION_FLAG, NULL },
    { .name = NULL },
};
static const struct option options_none[] = { { .name = NULL } };

static const struct command commands[] = {
    { "request", "new", command_request_new, options_request_new, NULL, 0, 0,
        "tool.help_request_new", .opens_key = true, .changes = true },
    { "enrol", NULL, command_enrol, options_enrol, NULL, 0, 0, "tool.help_enrol",
        .opens_key = true },
    { "cert", "list", command_cert_list, options_none, NULL, 0, 0, "tool.help_cert_list" },
    { "cert", "show", command_cert_show, options_none, "ID", 1, 1, "tool.help_cert_show" },
    { "cert", "complete", command_cert_complete, options_none, "FILE", 1, 1,
        "tool.help_cert_complete", .opens_key = true, .changes = true },
    { "cert", "import", command_cert_import, options_cert_import, "FILE", 1, 1,
        "tool.help_cert_import", .opens_key = true, .changes = true },
    { "cert", "export", command_cert_export, options_cert_export, "ID", 1, 1,
        "tool.help_cert_export", .opens_key = true },
    { "cert", "remove", command_cert_remove, options_cert_remove, "ID", 1, 1,
        "tool.help_cert_remove", .changes = true },
    { "chain", "list", command_chain_list, options_none, NULL, 0, 0, "tool.help_chain_list" },
    { "chain", "install", command_chain_install, options_chain_install, "[FILE]", 0, 1,
        "tool.help_chain_install", .changes = true },
    { "chain", "remove", command_chain_remove, options_none, "THUMBPRINT", 1, 1,
        "tool.help_chain_remove", .changes = true },
    { "chain", "check", command_chain_check, options_none, "[ID|FILE]", 0, 1,
        "tool.help_chain_check" },
    { "chain", "mirror", command_chain_mirror, options_chain_mirror, NULL, 0, 0,
        "tool.help_chain_mirror" },
    { "crl", "install", command_crl_install, options_none, "FILE", 1, 1, "tool.help_crl_install",
        .changes = true },
    { "crl", "list", command_crl_list, options_none, NULL, 0, 0, "tool.help_crl_list" },
    { "crl", "refresh", command_crl_refresh, options_none, NULL, 0, 0, "tool.help_crl_refresh",
        .changes = true },
    { "crl", "write", command_crl_write, options_none, "FILE", 1, 1, "tool.help_crl_write" },
    { "key", "backup", command_key_backup, options_key_backup, "ID", 1, 1, "tool.help_key_backup",
        .opens_key = true },
    { "key", "restore", command_key_restore, options_key_restore, "FILE.pfx", 1, 1,
        "tool.help_key_restore", .opens_key = true, .changes = true },
    { "check", NULL, command_check, options_check, "[HOST[:PORT][@ADDRESS] …]", 0, ARGUMENTS_MAX,
        "tool.help_check" },
    { "deploy", "plan", command_deploy_plan, options_deploy_plan, "[ID]", 0, 1,
        "tool.help_deploy_plan", .opens_key = true },
    { "deploy", "run", command_deploy_run, options_deploy_run, "[ID]", 0, 1, "tool.help_deploy_run",
        .opens_key = true },
    { "deploy", "script", command_deploy_script, options_deploy_script, "[ID]", 0, 1,
        "tool.help_deploy_script", .opens_key = true },
    { "deploy", "status", command_deploy_status, options_deploy_status, NULL, 0, 0,
        "tool.help_deploy_status" },
    { "deploy", "staple", command_deploy_staple, options_none, "[TARGET …]", 0, ARGUMENTS_MAX,
        "tool.help_deploy_staple" },
    { "deploy", "rollback", command_deploy_rollback, options_none, "TARGET", 1, ARGUMENTS_MAX,
        "tool.help_deploy_rollback" },
    { "deploy", "forget", command_deploy_forget, options_none, "TARGET", 1, ARGUMENTS_MAX,
        "tool.help_deploy_forget", .changes = true },
    { "undo", NULL, command_undo, options_undo, "[CHANGE]", 0, 1, "tool.help_undo" },
    { "watch", NULL, command_watch, options_watch, NULL, 0, 0, "tool.help_watch",
        .opens_key = true },
    { "console", NULL, command_console, options_console, NULL, 0, 0, "tool.help_console" },
    { "idn", NULL, command_idn, options_none, "NAME", 1, ARGUMENTS_MAX, "tool.help_idn" },
    { "manual", NULL, command_manual, options_none, "DIRECTORY", 1, 1, .summary = NULL },
};
const struct command command_alone = { "", NULL, command_state, options_none, NULL, 0, 0,
    "tool.help_state" };

static void harden(void);
static void stay_in_memory(void);
static const struct language *language_choose(const struct language_set *set, const char *wanted);
static int options_leading(int argc, char *const *argv);
static const struct command *command_find(int argc, char *const *argv, int *ret_words);
static const char *wanted_language(int argc, char *const *argv);
static enum exit_code command_line_run(struct tool *tool, int argc, char *const *argv);
static bool wants_json(const struct command *command, int argc, char *const *argv);
static enum err operands_check(struct tool *tool, const struct command *command,
    struct arguments *arguments, struct reason *ret_reason);
static enum exit_code command_missing(struct tool *tool, int argc, char *const *argv);
static void result_print(struct tool *tool);

int main(int argc, char **argv)
{
    AUTO_PTR(language_set) languages = NULL;
    struct reason reason = { 0 };
    harden();
    setlocale(LC_CTYPE, "C.UTF-8");
    if (language_set_open_installed(&languages, &reason) != OK) {
        fprintf(
            stderr, "ecert: the language files can't be read: %s %s\n", reason.field, reason.seen);
        return EXIT_FAILED;
    }
    const char *no_colour = getenv("NO_COLOR");
    struct key_access access = { .token = NULL };
    struct tool tool = {
        .access = &access,
        .language = language_choose(languages, wanted_language(argc, argv)),
        .clock = clock_system(),
        .colour = isatty(STDOUT_FILENO) && (no_colour == NULL || no_colour[0] == '\0'),
        .asks = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
        .arena = arena_make(ARENA_MAX),
    };
    tool.tree = value_tree_make(&tool.arena);
    tool.result = value_object(&tool.tree);
    enum exit_code code = command_line_run(&tool, argc - 1, argv + 1);
    result_print(&tool);
    key_access_release(&access);
    arena_release(&tool.arena);
    return fflush(stdout) == 0 ? (int)code : EXIT_FAILED;
}

/* Keys are in this memory: no core dump, no debugger of the same user, no file that others may
 * read. */
static void harden(void)
{
    const struct rlimit none = { 0, 0 };
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    umask(077);
    stay_in_memory();
}

/* No page of ours is swapped out, whichever library made a copy there. Only where no limit counts
 * (root): under one the next allocation would fail. What is in a struct secret is locked by itself.
 */
static void stay_in_memory(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { { .effective = 0 } };
    bool unlimited = syscall(SYS_capget, &header, sets) == 0 &&
                     (sets[0].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
    if (unlimited) {
        (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    }
}

/* --lang, else the locale; English where the locale says nothing, as every tool does. */
static const struct language *language_choose(const struct language_set *set, const char *wanted)
{
    static const char *const variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
    char tag[16];
    const char *locale = wanted;
    for (size_t i = 0; locale == NULL && i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        locale = value != NULL && value[0] != '\0' ? value : NULL;
    }
    snprintf(tag, sizeof tag, "%s", locale == NULL ? "en" : locale);
    tag[strcspn(tag, ".@")] = '\0';
    for (char *byte = tag; *byte != '\0'; byte++) {
        *byte = *byte == '_' ? '-' : *byte;
    }
    const struct language *language = language_by_tag(set, tag);
    bool chinese = strncasecmp(tag, "zh", 2) == 0;
    if (language == NULL && chinese) {
        language = language_negotiate(set, span_from_text(tag));
    }
    return language != NULL ? language : language_by_tag(set, "en");
}

/* Needed before the command line is read, so that its mistakes can be told. */
static const char *wanted_language(int argc, char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0) {
            return argv[i] + 7;
        }
        if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc) {
            return argv[i + 1];
        }
    }
    return NULL;
}

const struct command *command_at(size_t index)
{
    return index < sizeof commands / sizeof commands[0] ? &commands[index] : NULL;
}

const struct option *command_options(const struct command *command, size_t index)
{
    const struct option *const tables[] = {
        command->options,
        command->opens_key ? options_key : options_change,
        options_change,
    };
    size_t count = 1 + (size_t)command->opens_key + (size_t)command->changes;
    return index < count ? tables[index] : NULL;
}

/* Known before anything else of the line is: its mistakes are told in the same way. What another
 * program is given is not ours. */
static bool wants_json(const struct command *command, int argc, char *const *argv)
{
    bool json = false, ours = true;
    for (int i = 0; i < argc; i++) {
        const struct option *option = command == NULL ? NULL : command->options;
        for (; option != NULL && option->name != NULL; option++) {
            bool program = option->kind == OPTION_PROGRAM && strncmp(argv[i], "--", 2) == 0 &&
                           strcmp(argv[i] + 2, option->name) == 0;
            ours = ours && !program;
        }
        ours = ours || strcmp(argv[i], ";") == 0;
        json |= ours && strcmp(argv[i], "--json") == 0;
    }
    return json;
}

static enum exit_code command_line_run(struct tool *tool, int argc, char *const *argv)
{
    int words = 0;
    struct arguments arguments = { 0 };
    struct reason reason = { 0 };
    if (argc > 0 && strcmp(argv[0], "complete") == 0) {
        return complete_words(tool, argc - 1, argv + 1);
    }
    int leading = options_leading(argc, argv);
    const struct command *command = command_find(argc - leading, argv + leading, &words);
    tool->json = wants_json(command, argc, argv);
    if (command == NULL) {
        return command_missing(tool, argc - leading, argv + leading);
    }
    const struct option *const tables[] = { command->options, options_all,
        command_options(command, 1), command_options(command, 2), NULL };
    tool->arguments = &arguments;
    enum err err = arguments_parse(leading, argv, tables + 1, &arguments, &reason);
    words += leading;
    err =
        err == OK ? arguments_parse(argc - words, argv + words, tables, &arguments, &reason) : err;
    tool->asks = tool->asks && !tool->json;
    tool->store_path = arguments_value(&arguments, "store");
    char name[HELP_LINE_MAX];
    help_words(command, name);
    tool->recorded_as = command->changes ? name : NULL;
    if (arguments_has(&arguments, "help")) {
        help_show(tool, command == &command_alone ? NULL : command);
        return EXIT_DONE;
    }
    if (arguments_has(&arguments, "version")) {
        screen_line(tool, "ecert " ECERT_VERSION);
        value_put_text(&tool->tree, tool->result, "version", ECERT_VERSION);
        return EXIT_DONE;
    }
    err = err == OK ? operands_check(tool, command, &arguments, &reason) : err;
    return err == OK ? command->run(tool, &arguments) : screen_failure(tool, err, &reason);
}

/* What is missing is asked for, where somebody is there to answer. */
static enum err operands_check(struct tool *tool, const struct command *command,
    struct arguments *arguments, struct reason *ret_reason)
{
    if (arguments->operand_count > command->operands_max) {
        return reason_set(ret_reason, ERR_INPUT, "usage.operand",
            arguments->operands[command->operands_max], NULL, command->operands);
    }
    while (arguments->operand_count < command->operands_min) {
        const char *given = NULL;
        if (operand_ask(tool, command->operands, &given, ret_reason) != OK) {
            return ret_reason->code[0] != '\0' ? ERR_INPUT
                                               : reason_set(ret_reason, ERR_INPUT, "usage.missing",
                                                     command->operands, NULL, command->operands);
        }
        arguments->operands[arguments->operand_count++] = given;
    }
    return OK;
}

/* Words before the command: options that every command takes, with their values. */
static int options_leading(int argc, char *const *argv)
{
    int count = 0;
    while (count < argc && strncmp(argv[count], "--", 2) == 0) {
        bool flag = strchr(argv[count], '=') != NULL;
        for (const struct option *option = options_all; option->name != NULL; option++) {
            flag |= option->kind == OPTION_FLAG && strcmp(argv[count] + 2, option->name) == 0;
        }
        count += flag ? 1 : 2;
    }
    return count < argc ? count : argc;
}

static const struct command *command_find(int argc, char *const *argv, int *ret_words)
{
    if (argc == 0) {
        *ret_words = 0;
        return &command_alone;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        bool noun = strcmp(argv[0], commands[i].noun) == 0;
        bool verb =
            commands[i].verb == NULL || (argc > 1 && strcmp(argv[1], commands[i].verb) == 0);
        if (noun && verb) {
            *ret_words = commands[i].verb == NULL ? 1 : 2;
            return &commands[i];
        }
    }
    return NULL;
}

/* A noun alone, or with a verb that it hasn't got: what may follow it, asked for or not. */
static enum exit_code command_missing(struct tool *tool, int argc, char *const *argv)
{
    AUTO(buf) typed = buf_make(REASON_FIELD_MAX * 2), verbs = buf_make(REASON_TEXT_MAX);
    struct reason reason = { 0 };
    bool help = strcmp(argv[argc - 1], "--help") == 0;
    bool verb = argc > 1 && argv[1][0] != '-';
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        bool ours = strcmp(argv[0], commands[i].noun) == 0 && commands[i].verb != NULL;
        if (ours && help) {
            help_command(tool, &commands[i]);
        }
        if (ours) {
            buf_append_format(
                &verbs, "%s%s %s", verbs.len > 0 ? ", " : "", commands[i].noun, commands[i].verb);
        }
    }
    if (verbs.len > 0 && help) {
        return EXIT_DONE;
    }
    bool wrong = verb && verbs.len > 0;
    buf_append_format(&typed, "%.80s%s%.80s", argv[0], wrong ? " " : "", wrong ? argv[1] : "");
    (void)reason_set(&reason, ERR_INPUT, verbs.len > 0 && !verb ? "usage.verb" : "usage.command",
        buf_text(&typed), NULL, buf_text(&verbs));
    return screen_failure(tool, ERR_INPUT, &reason);
}

static void result_print(struct tool *tool)
{
    AUTO(buf) text = buf_make(16 * 1024 * 1024);
    if (!tool->json) {
        return;
    }
    json_format(&text, tool->result);
    if (value_tree_check(&tool->tree) == OK && buf_check(&text) == OK) {
        fprintf(stdout, "%s\n", buf_text(&text));
    }
}

const char *tool_store_path(struct tool *tool)
{
    const char *given = tool->store_path != NULL ? tool->store_path : getenv("ECERT_STORE");
    const char *home = getenv("HOME");
    return given != NULL ? given
                         : arena_format(&tool->arena, "%s%s", home == NULL ? "" : home, STORE_HOME);
}

enum err tool_open_store(struct tool *tool, struct certstore **ret_store)
{
    struct reason reason = { 0 };
    bool own = tool->store_path == NULL && getenv("ECERT_STORE") == NULL;
    const char *kept = tool_store_path(tool);
    char *path = kept == NULL ? NULL : arena_text(&tool->arena, span_from_text(kept));
    if (path == NULL) {
        return ERR_MEMORY;
    }
    tool->store_path = path;
    for (char *slash = own ? strchr(path + 1, '/') : NULL; slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    enum err err = certstore_open(path, &reason, ret_store);
    if (err != OK) {
        screen_failure(tool, err, &reason);
        return err;
    }
    if (tool->recorded_as != NULL) {
        certstore_record(*ret_store, tool->recorded_as, clock_now(&tool->clock));
    }
    if (tool->recorded_as != NULL && change_is_dry(tool)) {
        certstore_rehearse(*ret_store);
    }
    return OK;
}
