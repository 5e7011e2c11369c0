#pragma once
/* How the supervisor starts a process (doc/architecture.md §2): `--config FILE`, `--listen-fd
 * N=NAME` for each listening socket that it inherits, `--ready-fd N` for the byte that says it is
 * ready. */
#include "lib/base/err.h"

enum { START_SOCKETS_MAX = 2 };

struct start_rules {
    const char *sockets[START_SOCKETS_MAX]; /* the names of all that must be inherited */
    size_t socket_count;
    bool optional; /* or none of them: then it is a remote perspective */
};

struct start {
    const char *config_path;
    int listen_fds[START_SOCKETS_MAX]; /* in the order of the rules; -1 where none is given */
    int ready_fd;                      /* -1: nobody waits */
};

/* False for anything but this, each once at most: the caller prints its usage. `ret_start` borrows
 * from `argv`. Not for more than one thread. */
bool start_read(int argc, char **argv, const struct start_rules *rules, struct start *ret_start);
/* Says once that the process answers from now on. */
enum err start_ready(struct start *start) MUST_USE;
