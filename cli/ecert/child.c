/* Its standard output is dropped: what a program tells people about a failure is on the other. */
#include "cli/ecert/child.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* Somebody whom the child left behind may hold its standard error for ever: what it said is waited
 * for while it lives, and looked for every so often. */
enum { SAID_MAX = 16 * 1024, SIGNAL_CODE = 128, LOOK_MS = 100, FAREWELL_MS = 2000 };

/* One that runs, our end of its standard input and of its standard error. */
struct child {
    pid_t pid; /* 0: it isn't there, or has ended with `status` */
    int status;
    int in, out;
    struct buf said;
};
static void child_release(struct child *child);
AUTO_DEFINE(child, child_release)

static void child_stop(pid_t pid);
static enum err child_start(const struct child_request *request, struct child *child);
static int child_spawn(
    const struct child_request *request, const int in[2], const int out[2], pid_t *ret_pid);
static enum err child_talk(struct child *child, const struct child_request *request);
static void child_feed(struct child *child, struct span *input);
static void child_read(struct child *child);
static void last_line(const struct child *child, char *ret_line, size_t size);
static void lines_join(const struct child *child, char *ret_words, size_t size);

enum err child_run(const struct child_request *request, struct child_end *ret_end)
{
    AUTO(child) child = { .in = -1, .out = -1, .said = buf_make(SAID_MAX) };
    TRY(child_start(request, &child));
    TRY(child_talk(&child, request));
    int status = child.status;
    ret_end->code = WIFEXITED(status) ? WEXITSTATUS(status) : SIGNAL_CODE + WTERMSIG(status);
    last_line(&child, ret_end->said, sizeof ret_end->said);
    lines_join(&child, ret_end->words, sizeof ret_end->words);
    return OK;
}

static void child_release(struct child *child)
{
    if (child->in >= 0) {
        close(child->in);
    }
    if (child->out >= 0) {
        close(child->out);
    }
    if (child->pid > 0) {
        child_stop(child->pid);
    }
    buf_release(&child->said);
}

/* One that doesn't hear the request to end would be waited for without end. */
static void child_stop(pid_t pid)
{
    int64_t deadline = clock_monotonic_ms() + FAREWELL_MS;
    (void)kill(pid, SIGTERM);
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (clock_monotonic_ms() >= deadline) {
            (void)kill(pid, SIGKILL);
            (void)waitpid(pid, NULL, 0);
            return;
        }
        (void)poll(NULL, 0, LOOK_MS);
    }
}

static enum err child_start(const struct child_request *request, struct child *child)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0) {
        return ERR_IO;
    }
    if (pipe2(out, O_CLOEXEC) != 0) {
        close(in[0]);
        close(in[1]);
        return ERR_IO;
    }
    int failure = child_spawn(request, in, out, &child->pid);
    close(in[0]);
    close(out[1]);
    child->in = in[1];
    child->out = out[0];
    child->pid = failure == 0 ? child->pid : 0;
    (void)fcntl(child->in, F_SETFL, O_NONBLOCK);
    return failure == 0 ? OK : err_from_errno(failure);
}

static int child_spawn(
    const struct child_request *request, const int in[2], const int out[2], pid_t *ret_pid)
{
    static const char *const clean[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", NULL
    };
    char *const *environment = request->own_environment ? environ : (char *const *)(uintptr_t)clean;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, pipe_signal;
    sigemptyset(&none);
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDERR_FILENO);
    /* posix_spawn's prototype lacks const. */
    int failure = posix_spawnp(ret_pid, request->words[0], &actions, &attributes,
        (char *const *)(uintptr_t)request->words, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

/* Writes and listens until the child is gone. */
static enum err child_talk(struct child *child, const struct child_request *request)
{
    struct span input = request->input;
    int64_t deadline = clock_monotonic_ms() + request->seconds * 1000;
    while (child->pid > 0) {
        struct pollfd waits[] = { { child->out, POLLIN, 0 }, { child->in, POLLOUT, 0 } };
        int ready = poll(waits, 2, LOOK_MS); /* a descriptor of -1 is passed over */
        if (ready > 0 && child->in >= 0 && waits[1].revents != 0) {
            child_feed(child, &input);
        }
        if (ready > 0 && child->out >= 0 && waits[0].revents != 0) {
            child_read(child);
        }
        bool quiet = ready <= 0 || child->out < 0;
        if (quiet && waitpid(child->pid, &child->status, WNOHANG) == child->pid) {
            child->pid = 0;
        } else if (clock_monotonic_ms() >= deadline) {
            return ERR_TIMEOUT;
        }
    }
    return OK;
}

static void child_feed(struct child *child, struct span *input)
{
    ssize_t sent = input->len == 0 ? 0 : write(child->in, input->data, input->len);
    if (sent > 0) {
        *input = span_make(input->data + sent, input->len - (size_t)sent);
    }
    if (input->len == 0 || (sent < 0 && errno != EAGAIN && errno != EINTR)) {
        close(child->in);
        child->in = -1;
    }
}

/* Words beyond the maximum are read and dropped. */
static void child_read(struct child *child)
{
    uint8_t piece[1024];
    ssize_t got = read(child->out, piece, sizeof piece);
    if (got <= 0) {
        close(child->out);
        child->out = -1;
        return;
    }
    size_t room = SAID_MAX - child->said.len;
    buf_append(&child->said, span_make(piece, (size_t)got < room ? (size_t)got : room));
}

static void last_line(const struct child *child, char *ret_line, size_t size)
{
    struct span said = buf_span(&child->said);
    while (said.len > 0 && (said.data[said.len - 1] == '\n' || said.data[said.len - 1] == '\r')) {
        said.len--;
    }
    const uint8_t *start = said.len == 0 ? NULL : memrchr(said.data, '\n', said.len);
    if (start != NULL) {
        said = span_make(start + 1, said.len - (size_t)(start + 1 - said.data));
    }
    said.len = said.len < size ? said.len : size - 1;
    if (said.len == 0 || !span_to_text(said, ret_line, size)) {
        ret_line[0] = '\0';
    }
}

static void lines_join(const struct child *child, char *ret_words, size_t size)
{
    size_t len = 0;
    bool gap = false;
    for (size_t i = 0; i < child->said.len && len + 3 < size; i++) {
        char byte = (char)child->said.data[i];
        if (byte == '\n' || byte == '\r' || byte == '\0') {
            gap = len > 0;
            continue;
        }
        if (gap) {
            ret_words[len++] = ';';
            ret_words[len++] = ' ';
            gap = false;
        }
        ret_words[len++] = byte;
    }
    ret_words[len] = '\0';
}
