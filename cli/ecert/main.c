/* ecert, the subscriber's tool.
 *
 * What it holds: the subscriber's private keys, in memory only while they are used, and for the
 * moment of logging in the PIN. Whom it talks to: the portal's /api/v1, the CA's repository, the
 * subscriber's own DNS server, the TLS servers that are to be looked at, and by the system's ssh
 * the servers that the person names. What it may never do: run anything but its own second half
 * (network.h), that ssh, a server program's own test and reload, and the program the person names;
 * believe a certificate that doesn't lead to the trusted root and to its own key, or a list that
 * its CA didn't sign, take a secret from the command line. */
#include "cli/ecert/complete.h"
#include "cli/ecert/help.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/network.h"
#include "cli/ecert/operand.h"
#include "cli/ecert/pfx_apart.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/base/limits.h"
#include "lib/crypto/start.h"
#include "lib/text/json.h"

#include <inttypes.h>
#include <linux/capability.h>
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

static void harden(void);
static void stay_in_memory(void);
static bool writable_areas_lock(void);
static int options_leading(int argc, char *const *argv);
static const struct command *command_find(int argc, char *const *argv, int *ret_words);
static const char *locale_wanted(int argc, char *const *argv);
static enum exit_code command_line_run(struct tool *tool, int argc, char *const *argv);
static bool wants_json(const struct command *command, int argc, char *const *argv);
static enum err operands_check(struct tool *tool, const struct command *command,
    struct arguments *arguments, struct reason *ret_reason);
static enum exit_code command_missing(struct tool *tool, int argc, char *const *argv);
static void result_print(struct tool *tool);

int main(int argc, char **argv)
{
    AUTO_PTR(language_set) languages = NULL;
    const struct language *language = NULL;
    struct reason reason = { 0 };
    harden();
    if (pfx_apart_is_asked(argc, argv)) {
        stay_in_memory();
        return pfx_apart_run();
    }
    if (language_open_installed(locale_wanted(argc, argv), &languages, &language, &reason) != OK) {
        fprintf(
            stderr, "ecert: the language files can't be read: %s %s\n", reason.field, reason.seen);
        return EXIT_FAILED;
    }
    const char *no_colour = getenv("NO_COLOR");
    struct key_access access = { .token = NULL };
    struct tool tool = {
        .access = &access,
        .language = language,
        .line = argv,
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
}

/* From here on, before a secret is asked for or read, no page of ours is swapped out that a library
 * may write a copy to; help doesn't pay for it. Only where no limit counts (root): under one the
 * next allocation would fail. What is in a struct secret is locked by itself. */
static void stay_in_memory(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { { .effective = 0 } };
    bool unlimited = syscall(SYS_capget, &header, sets) == 0 &&
                     (sets[0].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
    if (unlimited && (mlockall(MCL_FUTURE | MCL_ONFAULT) != 0 || !writable_areas_lock())) {
        (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    }
}

/* Of what is mapped already, the program texts and tables are most, and hold no secret: to lock
 * them, and to unlock them at the end, would be a twentieth of a short run. */
static bool writable_areas_lock(void)
{
    FILE *file = fopen("/proc/self/maps", "re");
    char *line = NULL;
    size_t size = 0;
    bool locked = file != NULL;
    while (locked && getline(&line, &size, file) > 0) {
        uintptr_t begin, end;
        char mode[5];
        locked = sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, mode) == 3 &&
                 (mode[1] != 'w' || mlock2((void *)begin, end - begin, MLOCK_ONFAULT) == 0);
    }
    free(line);
    locked = locked && ferror(file) == 0;
    if (file != NULL) {
        fclose(file);
    }
    return locked;
}

/* --lang, else the locale. Needed before the command line is read, so that its mistakes can be
 * told. */
static const char *locale_wanted(int argc, char *const *argv)
{
    static const char *const variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0) {
            return argv[i] + 7;
        }
        if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc) {
            return argv[i + 1];
        }
    }
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0') {
            return value;
        }
    }
    return "en";
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
    if (err == OK && command->run == NULL) {
        err = network_start(tool->line, &reason);
    }
    err = err == OK ? operands_check(tool, command, &arguments, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    stay_in_memory();
    crypto_ends_with_process();
    return command->run(tool, &arguments);
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
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        bool noun = strcmp(argv[0], command->noun) == 0;
        bool verb = command->verb == NULL || (argc > 1 && strcmp(argv[1], command->verb) == 0);
        if (noun && verb) {
            *ret_words = command->verb == NULL ? 1 : 2;
            return command;
        }
    }
    return NULL;
}

/* A noun alone, or with a verb that it hasn't got: what may follow it, asked for or not. */
static enum exit_code command_missing(struct tool *tool, int argc, char *const *argv)
{
    AUTO(buf) typed = buf_make(REASON_FIELD_MAX * 2), verbs = buf_make(REASON_TEXT_MAX);
    struct reason reason = { 0 };
    bool help = false;
    for (int i = 1; i < argc; i++) {
        help |= strcmp(argv[i], "--help") == 0;
    }
    bool verb = argc > 1 && argv[1][0] != '-';
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        bool ours = strcmp(argv[0], command->noun) == 0 && command->verb != NULL;
        if (ours && help) {
            help_command(tool, command);
        }
        if (ours) {
            buf_append_format(
                &verbs, "%s%s %s", verbs.len > 0 ? ", " : "", command->noun, command->verb);
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

bool tool_told(const struct tool *tool)
{
    return tool->told == NULL || tool->told(tool, tool->told_ctx);
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
    bool dry = change_is_dry(tool);
    for (char *slash = own && !dry ? strchr(path + 1, '/') : NULL; slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    enum err err = (dry ? certstore_look : certstore_open)(path, &reason, ret_store);
    if (err != OK) {
        screen_failure(tool, err, &reason);
        return err;
    }
    if (tool->recorded_as != NULL) {
        certstore_record(*ret_store, tool->recorded_as, clock_now(&tool->clock));
    }
    if (tool->recorded_as != NULL && dry) {
        certstore_rehearse(*ret_store);
    }
    return OK;
}
