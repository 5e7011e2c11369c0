/* What the commands that talk to the network take. Elsewhere a command's options stand beside it;
 * of these `ecert` knows the options alone, for its help, completion and complaints. */
#include "cli/ecert/pfx_file.h"

const struct option options_enrol[] = {
    { "portal", OPTION_VALUE, "URL" },
    { "server-name", OPTION_VALUE, "NAME" },
    { "reference", OPTION_VALUE, "N" },
    { "pin-file", OPTION_VALUE, "FILE" },
    { "pin-fd", OPTION_VALUE, "N" },
    { "request", OPTION_VALUE, "ID" },
    { "portal-ca", OPTION_VALUE, "FILE" },
    { "root", OPTION_VALUE, "FILE" },
    { "dns-update", OPTION_VALUE, "SERVER[@PORT]" },
    { "tsig", OPTION_VALUE, "FILE" },
    { "domain", OPTION_VALUE, "DOMAIN" },
    { "persist", OPTION_VALUE, "SRN" },
    { "webroot", OPTION_MANY, "[NAME=]FOLDER" },
    { "hook", OPTION_PROGRAM, "PROGRAM ARG ... ;" },
    { "email", OPTION_VALUE, "MAILBOX" },
    { "email-code", OPTION_MANY, "CODE" },
    { "chinese", OPTION_FLAG, NULL },
    { "accept", OPTION_FLAG, NULL },
    { "install-certificate", OPTION_VALUE, "FILE" },
    { "install-key", OPTION_VALUE, "FILE" },
    { "after", OPTION_PROGRAM, "PROGRAM ARG ... ;" },
    { "no-key", OPTION_FLAG, NULL },
    { "resume", OPTION_FLAG, NULL },
    { "renew", OPTION_FLAG, NULL },
    { "dry-run", OPTION_FLAG, NULL },
    { .name = NULL },
};

const struct option options_check[] = {
    { "hosts", OPTION_VALUE, "FILE" },
    { "days", OPTION_VALUE, "N" },
    { "timeout", OPTION_VALUE, "SECONDS" },
    { "root", OPTION_VALUE, "FILE" },
    { "no-lists", OPTION_FLAG, NULL },
    { .name = NULL },
};

/* What every command about targets takes. */
#define TARGET_OPTIONS                                                                             \
    { "targets", OPTION_VALUE, "FILE" }, { "only", OPTION_MANY, "TARGET" },                        \
        { "target", OPTION_VALUE, "NAME" },                                                        \
        { "kind", OPTION_VALUE, "nginx|apache|haproxy|postfix|dovecot|files" },                    \
        { "to", OPTION_VALUE, "USER@HOST" }, { "ssh-config", OPTION_VALUE, "FILE" },               \
        { "certificate", OPTION_VALUE, "FILE" }, { "key", OPTION_VALUE, "FILE" },                  \
        { "pin-source", OPTION_VALUE, "FILE" }, { "config", OPTION_VALUE, "FILE" },                \
        { "pid-file", OPTION_VALUE, "FILE" }, { "staple", OPTION_VALUE, "FILE|itself" },           \
        { "check", OPTION_VALUE, "HOST[:PORT][@ADDRESS]" },                                        \
    {                                                                                              \
        "window", OPTION_VALUE, "TIMES"                                                            \
    }

const struct option options_deploy_plan[] = { TARGET_OPTIONS, { .name = NULL } };
const struct option options_deploy_run[] = {
    TARGET_OPTIONS,
    { "now", OPTION_FLAG, NULL },
    { "again", OPTION_FLAG, NULL },
    { "wait", OPTION_VALUE, "SECONDS" },
    { .name = NULL },
};
const struct option options_deploy_status[] = {
    { "live", OPTION_FLAG, NULL },
    { .name = NULL },
};

const struct option options_deploy_script[] = {
    { "kind", OPTION_VALUE, "exchange|windows" },
    { "services", OPTION_VALUE, "IIS,SMTP,IMAP,POP" },
    { "out", OPTION_VALUE, "DIRECTORY" },
    { "password-file", OPTION_VALUE, "FILE" },
    { "password-fd", OPTION_VALUE, "N" },
    { "for", OPTION_VALUE, PFX_TARGET_WORDS },
    { .name = NULL },
};

const struct option options_watch[] = {
    { "renew", OPTION_FLAG, NULL },
    { "notify", OPTION_PROGRAM, "PROGRAM ARG ... ;" },
    { .name = NULL },
};

const struct option options_console[] = {
    { "port", OPTION_VALUE, "N" },
    { "address", OPTION_VALUE, "127.0.0.1|::1" },
    { "idle", OPTION_VALUE, "SECONDS" },
    { .name = NULL },
};
