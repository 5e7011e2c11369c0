/* A process of the service reduced to its joints: takes the arguments of doc/architecture.md §2,
 * enters a sandbox, says it is ready, and answers on its first socket: "pid" with its process
 * number, "exec" by trying to run a program, "env" with its environment, "fds" with its open
 * descriptors. It never does anything else, and stands for any of the real ones where only the
 * supervisor is tested. */
#include "lib/base/buf.h"
#include "lib/sandbox/sandbox.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

static const struct sandbox_rules rules = { .groups = SANDBOX_INTERNET, .files_max = 64 };

static void try_exec(void)
{
    char *argv[] = { "/bin/true", NULL };
    char *none[] = { NULL };
    execve(argv[0], argv, none);
}

static void environment_describe(struct buf *answer)
{
    for (char **variable = environ; *variable != NULL; variable++) {
        buf_append_format(answer, "%s\n", *variable);
    }
}

static void descriptors_describe(struct buf *answer)
{
    for (int fd = 0; fd < 64; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            buf_append_format(answer, "%d ", fd);
        }
    }
}

static void serve(int listen_fd)
{
    for (;;) {
        AUTO(buf) answer = buf_make(4096);
        char request[16] = { 0 };
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 || recv(fd, request, sizeof request - 1, 0) < 0) {
            continue;
        }
        if (strcmp(request, "exec") == 0) {
            try_exec();
        } else if (strcmp(request, "env") == 0) {
            environment_describe(&answer);
        } else if (strcmp(request, "fds") == 0) {
            descriptors_describe(&answer);
        } else {
            buf_append_format(&answer, "%d %u", getpid(), getuid());
        }
        ssize_t ignored = send(fd, answer.data, answer.len, MSG_NOSIGNAL);
        (void)ignored;
        close(fd);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "ready-fd", required_argument, NULL, 'r' },
        { "listen-fd", required_argument, NULL, 'l' },
        { 0 },
    };
    int listen_fd = -1;
    int ready_fd = -1;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'l' && listen_fd < 0) {
            listen_fd = (int)strtol(optarg, NULL, 10);
        } else if (option == 'r') {
            ready_fd = (int)strtol(optarg, NULL, 10);
        }
    }
    char level[SANDBOX_LEVEL_MAX];
    struct sandbox_request request = { .rules = &rules };
    if (sandbox_enter(&request, level, NULL) != OK || write(ready_fd, "1", 1) != 1) {
        return 1;
    }
    close(ready_fd);
    if (listen_fd < 0) {
        for (;;) {
            pause();
        }
    }
    serve(listen_fd);
}
