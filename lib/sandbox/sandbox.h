#pragma once
/* What a process gives up before it reads its first byte from outside: its user, files outside its
 * folders, every system call it has no use for, new privileges, and core dumps. What the kernel
 * cannot enforce is degraded and reported, never hidden. */
#include "lib/base/err.h"

/* What a process does with the kernel, beyond computing, threads and the descriptors it holds. */
enum sandbox_group {
    SANDBOX_FILES = 1 << 0,    /* opens, renames, removes files: in the folders given */
    SANDBOX_LOCAL = 1 << 1,    /* makes and connects Unix sockets */
    SANDBOX_INTERNET = 1 << 2, /* makes, binds and connects Internet sockets */
    SANDBOX_LISTEN = 1 << 3,   /* makes and binds such sockets, TCP only, and connects none */
    SANDBOX_FOREIGN = 1 << 4,  /* holds a foreign module, which hears no where others die: it tries
                                * to reach the system's log */
};

/* Stands as a constant above main() of each process. */
struct sandbox_rules {
    unsigned groups;             /* of enum sandbox_group */
    const char *const *syscalls; /* further ones by name, NULL behind the last; NULL for none */
    unsigned files_max;          /* open descriptors (RLIMIT_NOFILE) */
};

enum sandbox_access {
    SANDBOX_READ,  /* read files, list folders */
    SANDBOX_WRITE, /* read, write, create, rename, remove */
};

/* A file or a folder with all below it. One that does not exist is skipped. */
struct sandbox_path {
    const char *path;
    enum sandbox_access access;
};

enum sandbox_mode {
    SANDBOX_ENFORCE, /* a forbidden system call ends the process at once */
    SANDBOX_EXPLAIN, /* it ends too, having written the call's number to standard error */
    SANDBOX_OFF,     /* no filter, no Landlock: for debuggers and leak checkers */
};

/* "enforce", "explain" or "off", as lib/config has checked it; anything else enforces. */
enum sandbox_mode sandbox_mode_from_text(const char *text);

struct sandbox_request {
    const struct sandbox_rules *rules;
    const struct sandbox_path *paths;
    size_t path_count;
    const char
        *user; /* to become, where started as root: a name, or "UID:GID"; "" keeps one's own */
    enum sandbox_mode mode;
};

enum { SANDBOX_LEVEL_MAX = 160 };

/* Gives all of it up, for good, for this process and its threads; to be called before any is made.
 * `ret_level` says in words for the log what is in force, and what the kernel does not have.
 * ERR_NOT_FOUND: no such user. ERR_DENIED: the user can't be changed although there is more than
 * one here. After a failure the process must end: some of it may already be gone. */
enum err sandbox_enter(const struct sandbox_request *request, char ret_level[SANDBOX_LEVEL_MAX],
    struct reason *ret_reason) MUST_USE;

/* Closes every descriptor from `first` on: what a parent may have left open by mistake. */
enum err sandbox_close_from(unsigned first) MUST_USE;
