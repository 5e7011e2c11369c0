/* Starting and stopping a signer. */
#include "tests/process/signer/running.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTENER_FD = 3, READY_FD = 4, BACKLOG = 32 };

static enum err program_run(char *const *words);
static enum err config_write(struct running *running);
static enum err socket_listen(struct running *running);

enum err running_init(const char *signer, const char *profile, struct running *running)
{
    *running =
        (struct running){ .signer = signer, .folder = "/tmp/ecert-signer-XXXXXX", .listener = -1 };
    if (mkdtemp(running->folder) == NULL || rmdir(running->folder) != 0) {
        return ERR_IO;
    }
    char *const words[] = { (char *)signer, "ceremony", "--trial", running->folder, "--profile",
        (char *)profile, NULL };
    TRY(program_run(words));
    TRY(path_join(
        running->socket_path, sizeof running->socket_path, running->folder, "signer.sock"));
    TRY(path_join(
        running->config_path, sizeof running->config_path, running->folder, "ecert.conf"));
    TRY(config_write(running));
    TRY(socket_listen(running));
    TRY(factory_load(&running->factory, running->folder));
    return client_init(running->socket_path, RUNNING_TIMEOUT_MS, &running->client);
}

static enum err program_run(char *const *words)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(quiet, STDERR_FILENO);
        dup2(quiet, STDOUT_FILENO);
        execv(words[0], words);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? OK : ERR_AGAIN;
}

static enum err config_write(struct running *running)
{
    AUTO(buf) text = buf_make(8192);
    const char *folder = running->folder;
    buf_append_format(&text,
        "service { run_directory = \"%s\" store = \"%s/ecert.db\" trial = true users = false\n"
        "data_directory = \"%s\" log_level = \"error\" }\n"
        "signer { directory = \"%s/signer\" passphrase_file = \"%s/signer/passphrase\" }\n",
        folder, folder, folder, folder, folder);
    TRY(buf_check(&text));
    return file_create(running->config_path, buf_span(&text), 0600);
}

static enum err socket_listen(struct running *running)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(running->socket_path) >= sizeof address.sun_path) {
        return ERR_LIMIT;
    }
    memcpy(address.sun_path, running->socket_path, strlen(running->socket_path) + 1);
    running->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    bool listens = running->listener >= 0 &&
                   bind(running->listener, (const void *)&address, sizeof address) == 0 &&
                   listen(running->listener, BACKLOG) == 0;
    return listens ? OK : ERR_IO;
}

enum err running_start(struct running *running)
{
    int ready[2];
    char octet;
    if (pipe2(ready, O_CLOEXEC) != 0) {
        return err_from_errno(errno);
    }
    running->pid = fork();
    if (running->pid == 0) {
        /* Above both numbers first, so that neither overwrites the other. */
        int listener = fcntl(running->listener, F_DUPFD, 10);
        int writing = fcntl(ready[1], F_DUPFD, 10);
        dup2(listener, LISTENER_FD);
        dup2(writing, READY_FD);
        close(listener);
        close(writing);
        execl(running->signer, running->signer, "--config", running->config_path, "--listen-fd",
            "3=signer.sock", "--ready-fd", "4", (char *)NULL);
        _exit(127);
    }
    close(ready[1]);
    ssize_t got = running->pid > 0 ? read(ready[0], &octet, 1) : -1;
    close(ready[0]);
    return got == 1 ? OK : ERR_AGAIN;
}

void running_kill(struct running *running)
{
    if (running->pid > 0) {
        kill(running->pid, SIGKILL);
        waitpid(running->pid, NULL, 0);
    }
    running->pid = 0;
}

bool running_lives(struct running *running)
{
    return running->pid > 0 && waitpid(running->pid, NULL, WNOHANG) == 0;
}

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

void running_release(struct running *running)
{
    running_kill(running);
    client_release(&running->client);
    factory_release(&running->factory);
    if (running->listener >= 0) {
        close(running->listener);
    }
    nftw(running->folder, entry_remove, /* descriptors= */ 8, FTW_DEPTH | FTW_PHYS);
}
