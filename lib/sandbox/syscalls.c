/* The system calls each group of a sandbox allows. What is in no table here and in no process's own
 * ends the process. Calls whose arguments matter (socket, clone, mmap, ioctl) are in filter.c.
 * Names of calls that this architecture or libseccomp does not know are skipped. */
#include "lib/sandbox/internal.h"

/* Computing, memory, threads, time, and using descriptors already held. */
const char *const filter_base[] = {
    /* memory */
    "brk", "madvise", "mlock", "mlock2", "mremap", "munlock", "munmap",
    /* threads and signals */
    "futex", "get_robust_list", "gettid", "membarrier", "restart_syscall", "rseq", "rt_sigaction",
    "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_yield", "set_robust_list",
    "set_tid_address", "sigaltstack", "tgkill",
    /* who and where am I */
    "getegid", "geteuid", "getgid", "getgroups", "getpid", "getppid", "getrandom", "getresgid",
    "getresuid", "getrlimit", "getrusage", "getuid", "sysinfo", "times", "umask", "uname",
    /* time */
    "clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "pause",
    "time", "timerfd_create", "timerfd_gettime", "timerfd_settime",
    /* descriptors */
    "close", "close_range", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd2", "fadvise64", "fcntl", "fstat",
    "ftruncate", "lseek", "memfd_create", "newfstatat", "pipe2", "poll", "ppoll", "pread64",
    "preadv", "pselect6", "pwrite64", "pwritev", "read", "readv", "select", "sendfile", "signalfd4",
    "splice", "write", "writev",
    /* sockets already connected, or accepted from one that listens */
    "accept4", "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmmsg", "recvmsg",
    "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
    /* the end */
    "exit", "exit_group", NULL
};

/* Opening, replacing and removing files; where Landlock is, only below the folders given. */
const char *const filter_files[] = { "access", "chmod", "faccessat", "faccessat2", "fallocate",
    "fchmod", "fchmodat", "fchown", "fdatasync", "flock", "fstatfs", "fsync", "getcwd",
    "getdents64", "link", "linkat", "lstat", "mkdir", "mkdirat", "open", "openat", "readlink",
    "readlinkat", "rename", "renameat", "renameat2", "rmdir", "stat", "statfs", "statx",
    "sync_file_range", "unlink", "unlinkat", "utimensat", NULL };

const char *const filter_sockets[] = { "bind", "connect", "listen", NULL };
