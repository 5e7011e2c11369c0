/* From `ecert` to `ecert-network`. */
#include "cli/ecert/network.h"

#include "lib/base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum err network_start(char *const *argv, struct reason *ret_reason)
{
    static const char *const places[] = { "ecert-network", "../libexec/ecert-network" };
    char path[PATH_MAX] = "", seen[REASON_TEXT_MAX] = "";
    enum err err = OK;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        TRY(path_beside_program(path, sizeof path, places[i]));
        /* A copy of ours by that name would start itself without end. */
        bool itself = file_same("/proc/self/exe", path);
        int failure = itself || execv(path, argv) == 0 ? ELOOP : errno;
        err = err_from_errno(failure);
        snprintf(seen, sizeof seen, "%s", strerror(failure));
        if (err != ERR_NOT_FOUND) {
            break;
        }
    }
    return reason_set(ret_reason, err, "tool.network_missing", path, seen, NULL);
}
