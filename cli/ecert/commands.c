/* What ecert can do. A command that needs the network is marked with NETWORK(its function): the
 * build makes that NULL in `ecert` itself, whose table is else the same as that of ecert-network
 * (network.h). */
#include "cli/ecert/key_open.h"
#include "cli/ecert/undo.h"

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
    { "enrol", NULL, NETWORK(command_enrol), options_enrol, NULL, 0, 0, "tool.help_enrol",
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
        "tool.help_chain_mirror", .changes = true },
    { "crl", "install", command_crl_install, options_none, "FILE", 1, 1, "tool.help_crl_install",
        .changes = true },
    { "crl", "list", command_crl_list, options_none, NULL, 0, 0, "tool.help_crl_list" },
    { "crl", "remove", command_crl_remove, options_none, "LIST", 1, 1, "tool.help_crl_remove",
        .changes = true },
    { "crl", "refresh", NETWORK(command_crl_refresh), options_none, NULL, 0, 0,
        "tool.help_crl_refresh", .changes = true },
    { "crl", "write", command_crl_write, options_none, "FILE", 1, 1, "tool.help_crl_write" },
    { "key", "backup", command_key_backup, options_key_backup, "ID", 1, 1, "tool.help_key_backup",
        .opens_key = true },
    { "key", "restore", command_key_restore, options_key_restore, "FILE.pfx", 1, 1,
        "tool.help_key_restore", .opens_key = true, .changes = true },
    { "check", NULL, NETWORK(command_check), options_check, "[HOST[:PORT][@ADDRESS] …]", 0,
        ARGUMENTS_MAX, "tool.help_check" },
    { "deploy", "plan", NETWORK(command_deploy_plan), options_deploy_plan, "[ID]", 0, 1,
        "tool.help_deploy_plan", .opens_key = true },
    { "deploy", "run", NETWORK(command_deploy_run), options_deploy_run, "[ID]", 0, 1,
        "tool.help_deploy_run", .opens_key = true },
    { "deploy", "script", NETWORK(command_deploy_script), options_deploy_script, "[ID]", 0, 1,
        "tool.help_deploy_script", .opens_key = true },
    { "deploy", "status", NETWORK(command_deploy_status), options_deploy_status, NULL, 0, 0,
        "tool.help_deploy_status" },
    { "deploy", "staple", NETWORK(command_deploy_staple), options_none, "[TARGET …]", 0,
        ARGUMENTS_MAX, "tool.help_deploy_staple" },
    { "deploy", "rollback", NETWORK(command_deploy_rollback), options_none, "TARGET", 1,
        ARGUMENTS_MAX, "tool.help_deploy_rollback" },
    { "deploy", "forget", NETWORK(command_deploy_forget), options_none, "TARGET", 1, ARGUMENTS_MAX,
        "tool.help_deploy_forget", .changes = true },
    { "undo", NULL, command_undo, options_undo, "[CHANGE]", 0, 1, "tool.help_undo" },
    { "watch", NULL, NETWORK(command_watch), options_watch, NULL, 0, 0, "tool.help_watch",
        .opens_key = true },
    { "console", NULL, NETWORK(command_console), options_console, NULL, 0, 0, "tool.help_console" },
    { "idn", NULL, command_idn, options_none, "NAME", 1, ARGUMENTS_MAX, "tool.help_idn" },
    { "manual", NULL, command_manual, options_none, "DIRECTORY", 1, 1, .summary = NULL },
};
const struct command command_alone = { "", NULL, command_state, options_none, NULL, 0, 0,
    "tool.help_state" };

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
