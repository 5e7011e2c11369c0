/* The one program that ecert may start beside ssh (remote.h): the person's own, word for word as
 * given (doc/threats.md K4). Nothing that a server said is ever among its arguments or in its
 * environment. */
#include "cli/ecert/enrol.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum err program_run(const char *const *program, struct reason *ret_reason)
{
    static const char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", NULL
    };
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t none;
    pid_t pid;
    int status = 0;
    char seen[64];
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    /* Our standard output may be one JSON object: the program's words go to standard error. */
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    /* posix_spawn's prototype lacks const; it changes neither words nor environment. */
    int failure = posix_spawnp(&pid, program[0], &actions, &attributes,
        (char *const *)(uintptr_t)program, (char *const *)(uintptr_t)environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        return reason_set(
            ret_reason, ERR_IO, "tool.after_failed", program[0], strerror(failure), NULL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        continue;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return OK;
    }
    snprintf(seen, sizeof seen, WIFEXITED(status) ? "exit %d" : "signal %d",
        WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return reason_set(ret_reason, ERR_IO, "tool.after_failed", program[0], seen, NULL);
}
