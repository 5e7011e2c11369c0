/* ecertd, the supervisor of the service.
 *
 * What I hold: the listening Unix sockets, for ever; no key, no store, no parser of outside bytes.
 * Whom I talk to: nobody. I start the processes, give each its sockets, and hear from the kernel
 *   when one ends and from a pipe when one is ready.
 * What I may do: everything that the user who started me may, since I give each process its own
 *   user. Therefore there is nothing here that anyone outside could reach.
 *
 *   ecertd --config FILE [--ready-fd N]       the service
 *   ecertd perspective --config FILE          one remote perspective: the validator alone
 *
 * If I die, the kernel tells the processes to end; a new start takes up where they were. */
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/config/config.h"
#include "proc/supervisor/child.h"
#include "proc/supervisor/folders.h"
#include "proc/supervisor/notify.h"
#include "proc/supervisor/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, EXIT_CONFIG = 78, STOP_PATIENCE_MS = 5000 };

struct supervisor {
    struct config config;
    const char *config_path;
    bool perspective; /* the validator alone */
    int ready_fd;     /* where our own starter waits; -1 if nowhere */
    int signal_fd;
    int lock_fd;
    struct socket_held sockets[SOCKETS_COUNT];
    struct child children[ROLE_COUNT];
    char programs[ROLE_COUNT][PATH_MAX];
    size_t child_count;
    bool announced;
    bool stopping;
    int64_t stop_by_ms;
};

static struct supervisor self = { .ready_fd = -1, .signal_fd = -1, .lock_fd = -1 };

static int arguments_read(int argc, char **argv);
static enum err boot(struct reason *ret_reason);
static void children_define(void);
static void watch(void);
static void end(void);

int main(int argc, char **argv)
{
    log_open("supervisor", LOG_INFO);
    int usage = arguments_read(argc, argv);
    if (usage != 0) {
        return usage;
    }
    struct reason why = { 0 };
    enum err err = boot(&why);
    if (err != OK) {
        log_failure(LOG_ERROR, "service.start", err, &why);
        end();
        return EXIT_CONFIG;
    }
    watch();
    end();
    log_event(LOG_INFO, "service.stopped", NULL);
    return 0;
}

static int arguments_read(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "ready-fd", required_argument, NULL, 'r' },
        { 0 },
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c') {
            self.config_path = optarg;
        } else if (option == 'r') {
            self.ready_fd = (int)strtol(optarg, NULL, 10);
        } else {
            return EXIT_USAGE;
        }
    }
    self.perspective = optind + 1 == argc && strcmp(argv[optind], "perspective") == 0;
    if (self.config_path == NULL || (optind != argc && !self.perspective)) {
        fprintf(stderr, "usage: ecertd [perspective] --config FILE [--ready-fd N]\n");
        return EXIT_USAGE;
    }
    return 0;
}

/* Two supervisors of one service would take each other's sockets. */
static enum err lock_take(const char *directory, struct reason *ret_reason)
{
    char path[PATH_MAX];
    char text[32];
    TRY(path_join(path, sizeof path, directory, "ecertd.pid"));
    self.lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (self.lock_fd < 0) {
        return err_from_errno(errno);
    }
    if (flock(self.lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return reason_set(ret_reason, ERR_CONFLICT, "supervisor.running", directory, NULL, NULL);
    }
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(self.lock_fd, 0) != 0) {
        return err_from_errno(errno);
    }
    return fd_write_all(self.lock_fd, span_make(text, (size_t)length));
}

static enum err signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return err_from_errno(errno);
    }
    signal(SIGPIPE, SIG_IGN);
    self.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return self.signal_fd >= 0 ? OK : err_from_errno(errno);
}

static enum err boot(struct reason *ret_reason)
{
    unsigned needed = self.perspective ? CONFIG_VALIDATOR : CONFIG_ALL;
    TRY(config_load(self.config_path, needed, &self.config, ret_reason));
    if ((self.config.sections & CONFIG_SERVICE) != 0) {
        log_open("supervisor", self.config.service.log_level);
    }
    if (self.perspective && !self.config.validator.remote) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "validator.listen", "",
            "ADDRESS:PORT of this perspective");
    }
    if (!self.perspective) {
        const char *directory = self.config.service.run_directory;
        bool users = self.config.service.users && geteuid() == 0;
        enum err err = directory_ensure(directory, users ? 0711 : 0700);
        if (err != OK) {
            return reason_set(ret_reason, err, "supervisor.run_directory", directory, NULL, NULL);
        }
        TRY(lock_take(directory, ret_reason));
        TRY(folders_prepare(&self.config, ret_reason));
        TRY(sockets_open(&self.config, self.sockets, ret_reason));
    }
    TRY(signals_open());
    children_define();
    return OK;
}

/* Beside our own executable, or, in a build tree, in the folder named as the role. */
static void program_find(enum config_role role, char *ret_path)
{
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    own[length < 0 ? 0 : length] = '\0';
    char *slash = strrchr(own, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    const char *name = config_role_name(role);
    snprintf(ret_path, PATH_MAX, "%.3000s/ecertd-%s", own, name);
    if (access(ret_path, X_OK) != 0) {
        snprintf(ret_path, PATH_MAX, "%.3000s/../%s/ecertd-%s", own, name, name);
    }
}

static void children_define(void)
{
    for (enum config_role role = 0; role < ROLE_COUNT; role++) {
        if (self.perspective && role != ROLE_VALIDATOR) {
            continue;
        }
        struct child *child = &self.children[self.child_count++];
        *child = (struct child){ .role = config_role_name(role), .ready_fd = -1 };
        program_find(role, self.programs[role]);
        child->program = self.programs[role];
        for (size_t i = 0; !self.perspective && i < SOCKETS_COUNT; i++) {
            if (self.sockets[i].server == role) {
                child->sockets[child->socket_count++] = &self.sockets[i];
            }
        }
    }
}

static void children_reap(int64_t now_ms)
{
    int status = 0;
    pid_t pid = 0;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < self.child_count; i++) {
            if (self.children[i].pid == pid) {
                child_ended(&self.children[i], status, now_ms);
            }
        }
    }
}

static void children_signal(int signal_number)
{
    for (size_t i = 0; i < self.child_count; i++) {
        if (self.children[i].pid > 0) {
            kill(self.children[i].pid, signal_number);
        }
    }
}

static void signals_handle(int64_t now_ms)
{
    struct signalfd_siginfo info;
    while (read(self.signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGCHLD && !self.stopping) {
            self.stopping = true;
            self.stop_by_ms = now_ms + STOP_PATIENCE_MS;
            notify_manager("STOPPING=1");
            children_signal(SIGTERM);
        }
    }
    children_reap(now_ms);
}

static void due_handle(struct child *child, int64_t now_ms)
{
    if (now_ms < child_due_ms(child)) {
        return;
    }
    if (child->state == CHILD_WAITING) {
        child_start(child, self.config_path, now_ms);
    } else if (child->state == CHILD_STARTING) {
        log_event(LOG_WARNING, "process.late", "role", child->role, NULL);
        kill(child->pid, SIGKILL);
    }
}

/* Once, when all are ready for the first time. */
static void announce(void)
{
    for (size_t i = 0; i < self.child_count; i++) {
        if (self.announced || self.children[i].state != CHILD_READY) {
            return;
        }
    }
    self.announced = true;
    log_event(LOG_INFO, "service.ready", NULL);
    notify_manager("READY=1");
    if (self.ready_fd >= 0) {
        ssize_t ignored = write(self.ready_fd, "1", 1);
        (void)ignored;
        close(self.ready_fd);
    }
}

static int64_t next_due(int64_t now_ms)
{
    int64_t due = now_ms + CHILD_HEALTHY_MS;
    for (size_t i = 0; i < self.child_count; i++) {
        int64_t one = child_due_ms(&self.children[i]);
        due = one < due ? one : due;
    }
    if (self.stopping) {
        due = self.stop_by_ms;
    }
    return due > now_ms ? due - now_ms : 0;
}

static void wait_for_event(int64_t now_ms)
{
    struct pollfd fds[1 + ROLE_COUNT];
    struct child *children[1 + ROLE_COUNT];
    nfds_t count = 1;
    fds[0] = (struct pollfd){ .fd = self.signal_fd, .events = POLLIN };
    for (size_t i = 0; i < self.child_count; i++) {
        if (self.children[i].ready_fd >= 0) {
            fds[count] = (struct pollfd){ .fd = self.children[i].ready_fd, .events = POLLIN };
            children[count++] = &self.children[i];
        }
    }
    if (poll(fds, count, (int)next_due(now_ms)) <= 0) {
        return;
    }
    int64_t after_ms = clock_monotonic_ms();
    for (nfds_t i = 1; i < count; i++) {
        if (fds[i].revents != 0 && child_check_ready(children[i], after_ms)) {
            log_event(LOG_INFO, "process.ready", "role", children[i]->role, NULL);
        }
    }
    if (fds[0].revents != 0) {
        signals_handle(after_ms);
    }
}

static bool any_running(void)
{
    for (size_t i = 0; i < self.child_count; i++) {
        if (self.children[i].pid > 0) {
            return true;
        }
    }
    return false;
}

static void watch(void)
{
    for (;;) {
        int64_t now_ms = clock_monotonic_ms();
        if (self.stopping && !any_running()) {
            return;
        }
        if (self.stopping && now_ms >= self.stop_by_ms) {
            children_signal(SIGKILL);
            self.stop_by_ms = now_ms + STOP_PATIENCE_MS;
        }
        for (size_t i = 0; !self.stopping && i < self.child_count; i++) {
            due_handle(&self.children[i], now_ms);
        }
        wait_for_event(now_ms);
        announce();
    }
}

static void end(void)
{
    if (self.child_count > 0 && !self.perspective) {
        sockets_close(self.sockets);
        char path[PATH_MAX];
        if (path_join(path, sizeof path, self.config.service.run_directory, "ecertd.pid") == OK) {
            unlink(path);
        }
    }
    config_release(&self.config);
}
