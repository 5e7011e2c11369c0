/* `ceremony …`: starts the signer's program in its one-shot mode, which alone knows how to use a
 * root's key, and explains what came of it as for every other command. No shell is between. */
#include "cli/ecertadm/command.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The type of the answer by which the ceremony says how it went (proc/signer/ceremony.h). */
enum { CEREMONY_ANSWER = 1, CEREMONY_WORDS_MAX = 48, REASON_FD = 3 };

/* Relative to the folder of our own executable: installed beside it, or in a build tree. */
static const char *const places[] = { "ecertd-signer", "../libexec/ecert/ecertd-signer",
    "../../proc/signer/ecertd-signer" };

static enum err signer_find(struct call *call, char ret_path[PATH_MAX]);
static void signer_become(const struct call *call, const char *path, int answer_fd);
static enum err answer_take(struct call *call, int answer_fd, pid_t child);

enum err ceremony_run(struct call *call)
{
    char path[PATH_MAX];
    int ends[2];
    if (call->argc == 0 || call->argc > CEREMONY_WORDS_MAX) {
        return reason_set(&call->reason, ERR_INPUT, "usage", NULL, NULL, NULL);
    }
    TRY(signer_find(call, path));
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_from_errno(errno);
    }
    pid_t child = fork();
    if (child == 0) {
        signer_become(call, path, ends[1]);
    }
    close(ends[1]);
    enum err err = child < 0 ? err_from_errno(errno) : answer_take(call, ends[0], child);
    close(ends[0]);
    return err;
}

/* In the child: returns never. */
static void signer_become(const struct call *call, const char *path, int answer_fd)
{
    char *argv[CEREMONY_WORDS_MAX + 6];
    char program[] = "ecertd-signer", mode[] = "ceremony", option[] = "--reason-fd", number[] = "3";
    int count = 0;
    argv[count++] = program;
    argv[count++] = mode;
    argv[count++] = option;
    argv[count++] = number;
    argv[count++] = (char *)(uintptr_t)call->command->verb;
    for (int i = 0; i < call->argc; i++) {
        argv[count++] = call->argv[i];
    }
    argv[count] = NULL;
    /* dup2 onto itself would leave the descriptor to be closed. */
    int placed = answer_fd == REASON_FD ? fcntl(answer_fd, F_SETFD, 0) : dup2(answer_fd, REASON_FD);
    if (placed >= 0) {
        execv(path, argv);
    }
    _exit(EXIT_FAILED);
}

static enum err answer_take(struct call *call, int answer_fd, pid_t child)
{
    uint8_t answer[MESSAGE_MAX_BYTES];
    struct der body;
    size_t len = 0;
    int status = 0;
    for (ssize_t got = 1; got != 0 && len < sizeof answer;) {
        got = read(answer_fd, answer + len, sizeof answer - len);
        if (got < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        len += got > 0 ? (size_t)got : 0;
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return err_from_errno(errno);
        }
    }
    if (len == 0) {
        bool usage = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_USAGE;
        return usage ? reason_set(&call->reason, ERR_INPUT, "usage", NULL, NULL, NULL)
                     : reason_set(&call->reason, ERR_PEER, "ceremony.died", NULL, NULL, NULL);
    }
    return answer_parse(span_make(answer, len), CEREMONY_ANSWER, &body, &call->reason);
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
