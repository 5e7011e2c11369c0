/* The trial ceremony: a whole hierarchy in one command, as doc/architecture.md §7 lays it out.
 *
 * Everything is made in a folder beside the places where it will stand, and moved there when all of
 * it is done: what was there before is never overwritten, and an interrupted ceremony leaves no
 * half of one behind. A real ceremony makes the officers' and perspectives' keys on their own
 * machines; only the trial keeps them together. */
#include "proc/signer/ceremony.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/ca/roster.h"
#include "lib/config/ceremony.h"
#include "lib/der/pem.h"
#include "proc/signer/arl.h"
#include "proc/signer/authority.h"
#include "proc/signer/journal.h"
#include "proc/signer/keyfile.h"
#include "proc/signer/trial.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { EXIT_USAGE = 64 };

struct ceremony_arguments {
    const char *trial;
    const char *profile;
    const char *revoke;
    const char *reason;
    const char *arl; /* the folder of a ceremony that has been held */
};

static enum err arl_run(const struct ceremony_arguments *arguments, struct reason *ret_reason);
static int usage(void);
static bool arguments_read(int argc, char **argv, struct ceremony_arguments *ret_arguments);
static int outcome(const char *event, enum err err, const struct reason *reason);

int ceremony_main(int argc, char **argv)
{
    struct ceremony_arguments arguments = { .reason = "superseded" };
    struct reason reason = { 0 };
    log_open("ceremony", LOG_INFO);
    if (!arguments_read(argc, argv, &arguments)) {
        return usage();
    }
    if (arguments.arl != NULL) {
        return outcome("ceremony.arl", arl_run(&arguments, &reason), &reason);
    }
    const char *profile = arguments.profile != NULL ? arguments.profile : TRIAL_PROFILE;
    return outcome("ceremony.trial", trial_make(arguments.trial, profile, &reason), &reason);
}

/* A profile is asked for only where roots' keys are in a module: it says which. */
static enum err arl_run(const struct ceremony_arguments *arguments, struct reason *ret_reason)
{
    AUTO(ceremony_profile) profile = { .module = { .path = "" } };
    if (arguments->profile != NULL) {
        TRY(ceremony_profile_load(arguments->profile, &profile, ret_reason));
    }
    const struct arl_request request = { arguments->arl, arguments->revoke, arguments->reason,
        &profile.module };
    return arl_issue(&request, ret_reason);
}

static int usage(void)
{
    fprintf(stderr,
        "usage: ceremony --trial DIR [--profile FILE]\n"
        "       ceremony arl DIR [--profile FILE] [--revoke CERTIFICATE [--reason REASON]]\n");
    return EXIT_USAGE;
}

static bool arguments_read(int argc, char **argv, struct ceremony_arguments *ret_arguments)
{
    static const struct option options[] = {
        { "trial", required_argument, NULL, 't' },
        { "profile", required_argument, NULL, 'p' },
        { "revoke", required_argument, NULL, 'r' },
        { "reason", required_argument, NULL, 'R' },
        { NULL, 0, NULL, 0 },
    };
    const char **const targets[] = { ['t'] = &ret_arguments->trial,
        ['p'] = &ret_arguments->profile,
        ['r'] = &ret_arguments->revoke,
        ['R'] = &ret_arguments->reason };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == '?') {
            return false;
        }
        *targets[c] = optarg;
    }
    bool arl = optind + 2 == argc && strcmp(argv[optind], "arl") == 0;
    ret_arguments->arl = arl ? argv[optind + 1] : NULL;
    return arl ? ret_arguments->trial == NULL
               : ret_arguments->trial != NULL && optind == argc && ret_arguments->revoke == NULL;
}

static int outcome(const char *event, enum err err, const struct reason *reason)
{
    if (err != OK) {
        log_failure(LOG_ERROR, event, err, reason);
        return EXIT_FAILURE;
    }
    log_event(LOG_INFO, event, "result", "done", NULL);
    return EXIT_SUCCESS;
}
