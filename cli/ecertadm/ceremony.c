/* `ceremony`: becomes the signer's program in its one-shot mode, which alone knows how to make keys
 * and CA certificates. No shell is between. */
#include "cli/ecertadm/command.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CEREMONY_ARGUMENTS_MAX = 16 };

/* Relative to the folder of our own executable: installed beside it, or in a build tree. */
static const char *const places[] = { "ecertd-signer", "../libexec/ecert/ecertd-signer",
    "../../proc/signer/ecertd-signer" };

static enum err signer_find(struct call *call, char ret_path[PATH_MAX]);

enum err ceremony_run(struct call *call)
{
    char path[PATH_MAX];
    char *argv[CEREMONY_ARGUMENTS_MAX + 3];
    char program[] = "ecertd-signer";
    char mode[] = "ceremony";
    if (call->argc == 0 || call->argc > CEREMONY_ARGUMENTS_MAX) {
        return reason_set(&call->reason, ERR_INPUT, "usage", NULL, NULL, NULL);
    }
    TRY(signer_find(call, path));
    int count = 0;
    argv[count++] = program;
    argv[count++] = mode;
    for (int i = 0; i < call->argc; i++) {
        argv[count++] = call->argv[i];
    }
    argv[count] = NULL;
    execv(path, argv);
    return reason_set(&call->reason, ERR_IO, "program.missing", path, strerror(errno), NULL);
}

static enum err signer_find(struct call *call, char ret_path[PATH_MAX])
{
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    own[length < 0 ? 0 : length] = '\0';
    char *slash = strrchr(own, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int written = snprintf(ret_path, PATH_MAX, "%s/%s", own, places[i]);
        if (written < PATH_MAX && access(ret_path, X_OK) == 0) {
            return OK;
        }
    }
    return reason_set(&call->reason, ERR_NOT_FOUND, "program.missing", own, NULL, places[0]);
}
