/* Starting and restarting one process. Between fork and exec only what POSIX allows there is done:
 * nothing allocates, nothing logs. */
#include "proc/supervisor/child.h"

#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 16,
    ENVIRONMENT_MAX = 8,
    READY_FD = 3, /* in the child; its sockets follow */
};

/* What exec needs, put together before the fork. */
struct launch {
    const char *program;
    char texts[CHILD_SOCKETS_MAX][64];
    char *argv[ARGUMENTS_MAX];
    char *environment[ENVIRONMENT_MAX];
    int inherited[1 + CHILD_SOCKETS_MAX]; /* to become READY_FD and following */
    size_t inherited_count;
};

static void launch_prepare(
    struct launch *launch, const struct child *child, const char *config_path, int ready_fd);
static void launch_run(const struct launch *launch, pid_t parent) __attribute__((noreturn));
static void child_wait(struct child *child, int64_t now_ms);

void child_start(struct child *child, const char *config_path, int64_t now_ms)
{
    int fds[2] = { -1, -1 };
    if (pipe2(fds, O_CLOEXEC) != 0) {
        log_failure(LOG_ERROR, "process.start", err_from_errno(errno), NULL);
        child_wait(child, now_ms);
        return;
    }
    struct launch launch;
    launch_prepare(&launch, child, config_path, fds[1]);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        launch_run(&launch, parent);
    }
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        log_failure(LOG_ERROR, "process.start", err_from_errno(errno), NULL);
        child_wait(child, now_ms);
        return;
    }
    (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
    child->pid = pid;
    child->ready_fd = fds[0];
    child->state = CHILD_STARTING;
    child->changed_ms = now_ms;
}

void child_ended(struct child *child, int wait_status, int64_t now_ms)
{
    char how[32];
    char delay[32];
    bool was_ready = child->state == CHILD_READY;
    if (was_ready && now_ms - child->changed_ms >= CHILD_HEALTHY_MS) {
        child->delay_ms = 0;
    }
    child_wait(child, now_ms);
    if (WIFSIGNALED(wait_status)) {
        snprintf(how, sizeof how, "signal %d", WTERMSIG(wait_status));
    } else {
        snprintf(how, sizeof how, "status %d", WEXITSTATUS(wait_status));
    }
    snprintf(delay, sizeof delay, "%lld ms", (long long)child->delay_ms);
    log_event(LOG_WARNING, "process.ended", "role", child->role, "by", how, "was",
        was_ready ? "ready" : "starting", "restart_in", delay, NULL);
}

bool child_check_ready(struct child *child, int64_t now_ms)
{
    char byte = 0;
    ssize_t got = read(child->ready_fd, &byte, 1);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    close(child->ready_fd);
    child->ready_fd = -1;
    if (got != 1) {
        return false; /* it ended first; its death is reported by the kernel */
    }
    child->state = CHILD_READY;
    child->changed_ms = now_ms;
    return true;
}

int64_t child_due_ms(const struct child *child)
{
    switch (child->state) {
    case CHILD_WAITING:
        return child->changed_ms + child->delay_ms;
    case CHILD_STARTING:
        return child->changed_ms + CHILD_START_MAX_MS;
    case CHILD_READY:
        break;
    }
    return INT64_MAX;
}

static void child_wait(struct child *child, int64_t now_ms)
{
    if (child->ready_fd >= 0) {
        close(child->ready_fd);
    }
    int64_t doubled = child->delay_ms * 2;
    child->delay_ms = doubled < CHILD_DELAY_MIN_MS   ? CHILD_DELAY_MIN_MS
                      : doubled > CHILD_DELAY_MAX_MS ? CHILD_DELAY_MAX_MS
                                                     : doubled;
    child->state = CHILD_WAITING;
    child->changed_ms = now_ms;
    child->ready_fd = -1;
    child->pid = 0;
}

/* PROGRAM --config FILE --ready-fd 3 --listen-fd 4=signer.sock … */
static void launch_prepare(
    struct launch *launch, const struct child *child, const char *config_path, int ready_fd)
{
    static const char *const kept[] = { "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS" };
    static char *const always[] = { "PATH=/usr/bin:/bin", "LANG=C.UTF-8" };
    size_t argument = 0;
    size_t variable = 0;
    *launch = (struct launch){ .program = child->program };
    launch->argv[argument++] = (char *)(uintptr_t)child->program;
    launch->argv[argument++] = "--config";
    launch->argv[argument++] = (char *)(uintptr_t)config_path;
    launch->argv[argument++] = "--ready-fd";
    launch->argv[argument++] = "3";
    launch->inherited[launch->inherited_count++] = ready_fd;
    for (size_t i = 0; i < child->socket_count; i++) {
        const struct socket_held *held = child->sockets[i];
        snprintf(launch->texts[i], sizeof launch->texts[i], "%zu=%s",
            READY_FD + launch->inherited_count, held->name);
        launch->argv[argument++] = "--listen-fd";
        launch->argv[argument++] = launch->texts[i];
        launch->inherited[launch->inherited_count++] = held->fd;
    }
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        launch->environment[variable++] = always[i];
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const char *value = getenv(kept[i]);
        if (value != NULL) {
            /* getenv points behind "NAME=" of the very entry that is passed on. */
            launch->environment[variable++] = (char *)(uintptr_t)(value - strlen(kept[i]) - 1);
        }
    }
}

/* In the child. Every descriptor is first moved out of the way of the numbers it may get. */
static void launch_run(const struct launch *launch, pid_t parent)
{
    enum { ABOVE = 32 };
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != parent) {
        _exit(1);
    }
    int moved[1 + CHILD_SOCKETS_MAX];
    for (size_t i = 0; i < launch->inherited_count; i++) {
        moved[i] = fcntl(launch->inherited[i], F_DUPFD_CLOEXEC, ABOVE);
    }
    for (size_t i = 0; i < launch->inherited_count; i++) {
        if (moved[i] < 0 || dup2(moved[i], READY_FD + (int)i) < 0) {
            _exit(1);
        }
    }
    (void)syscall(SYS_close_range, READY_FD + launch->inherited_count, ~0U, 0);
    execve(launch->program, launch->argv, launch->environment);
    _exit(127);
}
