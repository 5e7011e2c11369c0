/* The system call filter: an allow-list; everything else ends the process. Beside the tables stand
 * the few calls of which only certain uses are allowed, and those that fail politely, because
 * libraries try them and know how to do without. See seccomp(2). */
#include "lib/sandbox/internal.h"

#include <seccomp.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Calls of which only some uses are allowed, or fail politely: one argument, masked, decides. */
static const struct use {
    unsigned groups; /* holds where the process has one of these; 0: everywhere */
    int call;
    unsigned argument;
    uint64_t mask;
    uint64_t value;
    int error_number; /* 0: allowed */
    uint64_t type;    /* of a socket; 0: any */
} uses[] = {
    /* Threads, not processes. */
    { 0, SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD, 0 },
    /* Memory is never made executable any more. */
    { 0, SCMP_SYS(mmap), 2, PROT_EXEC, 0, 0 },
    { 0, SCMP_SYS(mmap), 2, PROT_EXEC, PROT_EXEC, EPERM },
    { 0, SCMP_SYS(mprotect), 2, PROT_EXEC, 0, 0 },
    { 0, SCMP_SYS(mprotect), 2, PROT_EXEC, PROT_EXEC, EPERM },
    { 0, SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO, 0 },
    { 0, SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD, 0 },
    { 0, SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS, 0 },
    { 0, SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME, 0 },
    { 0, SCMP_SYS(prctl), 0, UINT32_MAX, PR_GET_DUMPABLE, 0 },
    /* Reading a limit; setting one would pass a pointer to it. */
    { 0, SCMP_SYS(prlimit64), 2, UINT64_MAX, 0, 0 },
    { 0, SCMP_SYS(socketpair), 0, UINT32_MAX, AF_UNIX, 0 },
    { SANDBOX_LOCAL, SCMP_SYS(socket), 0, UINT32_MAX, AF_UNIX, 0 },
    { SANDBOX_INTERNET, SCMP_SYS(socket), 0, UINT32_MAX, AF_INET, 0 },
    { SANDBOX_INTERNET, SCMP_SYS(socket), 0, UINT32_MAX, AF_INET6, 0 },
    { SANDBOX_INTERNET, SCMP_SYS(socket), 0, UINT32_MAX, AF_NETLINK, EAFNOSUPPORT },
    { SANDBOX_LISTEN, SCMP_SYS(socket), 0, UINT32_MAX, AF_INET, 0, SOCK_STREAM },
    { SANDBOX_LISTEN, SCMP_SYS(socket), 0, UINT32_MAX, AF_INET6, 0, SOCK_STREAM },
};

/* Calls that libraries try and know how to do without. */
static const struct polite {
    int call;
    int error_number;
} polite_calls[] = {
    { SCMP_SYS(clone3), ENOSYS }, /* its flags are behind a pointer; clone is tried next */
    { SCMP_SYS(io_uring_setup), ENOSYS },
    { SCMP_SYS(mbind), EPERM },
    { SCMP_SYS(get_mempolicy), EPERM },
    { SCMP_SYS(sched_setaffinity), EPERM },
    { SCMP_SYS(sched_setscheduler), EPERM },
    { SCMP_SYS(setpriority), EPERM },
};

/* What a process without SANDBOX_FILES hears when a library tries to read a file. */
static const int file_probes[] = { SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(statfs) };

/* What a foreign module hears when it tries these; only without a group that has sockets. */
static const int foreign_probes[] = { SCMP_SYS(socket), SCMP_SYS(connect) };

/* Beside it stand SOCK_CLOEXEC and SOCK_NONBLOCK. */
#define SOCKET_TYPE_MASK 0xf

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static enum err explain_install(void);
static enum err rules_load(scmp_filter_ctx filter, const struct sandbox_rules *rules);
static enum err table_allow(scmp_filter_ctx filter, const char *const *names);
static enum err uses_add(scmp_filter_ctx filter, unsigned groups);
static enum err polite_add(scmp_filter_ctx filter, unsigned groups);
static enum err rule_result(int result);

enum err filter_enter(const struct sandbox_request *request, struct reason *ret_reason)
{
    bool explain = request->mode == SANDBOX_EXPLAIN;
    if (explain) {
        TRY(explain_install());
    }
    scmp_filter_ctx filter = seccomp_init(explain ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) {
        return ERR_MEMORY;
    }
    enum err err = rules_load(filter, request->rules);
    seccomp_release(filter);
    return err == OK ? OK : reason_set(ret_reason, err, "sandbox.filter", NULL, NULL, NULL);
}

static enum err rules_load(scmp_filter_ctx filter, const struct sandbox_rules *rules)
{
    TRY(table_allow(filter, filter_base));
    if ((rules->groups & SANDBOX_FILES) != 0) {
        TRY(table_allow(filter, filter_files));
    }
    if ((rules->groups & (SANDBOX_LOCAL | SANDBOX_INTERNET | SANDBOX_LISTEN)) != 0) {
        TRY(table_allow(filter, filter_sockets));
    }
    if (rules->syscalls != NULL) {
        TRY(table_allow(filter, rules->syscalls));
    }
    TRY(uses_add(filter, rules->groups));
    TRY(polite_add(filter, rules->groups));
    /* no_new_privs is set by sandbox_enter, and holds whatever the filter does. */
    TRY(rule_result(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1)));
    return rule_result(seccomp_load(filter));
}

static enum err table_allow(scmp_filter_ctx filter, const char *const *names)
{
    for (; *names != NULL; names++) {
        int number = seccomp_syscall_resolve_name(*names);
        if (number != __NR_SCMP_ERROR) {
            TRY(rule_result(seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0)));
        }
    }
    return OK;
}

static enum err uses_add(scmp_filter_ctx filter, unsigned groups)
{
    for (size_t i = 0; i < COUNT(uses); i++) {
        const struct use *use = &uses[i];
        if (use->groups != 0 && (use->groups & groups) == 0) {
            continue;
        }
        uint32_t action =
            use->error_number == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint32_t)use->error_number);
        const struct scmp_arg_cmp compare[] = {
            { use->argument, SCMP_CMP_MASKED_EQ, use->mask, use->value },
            { 1, SCMP_CMP_MASKED_EQ, SOCKET_TYPE_MASK, use->type },
        };
        unsigned count = use->type == 0 ? 1 : 2;
        TRY(rule_result(seccomp_rule_add_array(filter, action, use->call, count, compare)));
    }
    return OK;
}

static enum err polite_add(scmp_filter_ctx filter, unsigned groups)
{
    for (size_t i = 0; i < COUNT(polite_calls); i++) {
        uint32_t action = SCMP_ACT_ERRNO((uint32_t)polite_calls[i].error_number);
        TRY(rule_result(seccomp_rule_add(filter, action, polite_calls[i].call, 0)));
    }
    for (size_t i = 0; (groups & SANDBOX_FILES) == 0 && i < COUNT(file_probes); i++) {
        TRY(rule_result(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), file_probes[i], 0)));
    }
    for (size_t i = 0; (groups & SANDBOX_FOREIGN) != 0 && i < COUNT(foreign_probes); i++) {
        TRY(rule_result(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), foreign_probes[i], 0)));
    }
    return OK;
}

static enum err rule_result(int result)
{
    return result == 0 || result == -EEXIST ? OK : err_from_errno(-result);
}

/* Says which call it was, then ends as the kernel would have ended us. Only async-signal-safe. */
static void explain(int signal_number, siginfo_t *info, void *context)
{
    char line[] = "sandbox: forbidden system call 0000\n";
    unsigned number = (unsigned)info->si_syscall;
    for (size_t at = sizeof line - 3; number > 0 && line[at] == '0'; at--, number /= 10) {
        line[at] = (char)('0' + number % 10);
    }
    ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
    (void)ignored;
    (void)signal_number;
    (void)context;
    _exit(128 + SIGSYS);
}

static enum err explain_install(void)
{
    struct sigaction action = { .sa_sigaction = explain, .sa_flags = SA_SIGINFO };
    return sigaction(SIGSYS, &action, NULL) == 0 ? OK : err_from_errno(errno);
}
