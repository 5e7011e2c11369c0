#pragma once
/* One process of the service, watched: started by fork and exec, restarted with a growing delay. A
 * child inherits its listening sockets, the descriptor it reports ready on, and nothing else. */
#include "lib/base/err.h"
#include "proc/supervisor/sockets.h"

#include <stdint.h>
#include <sys/types.h>

enum {
    CHILD_DELAY_MIN_MS = 100,
    CHILD_DELAY_MAX_MS = 5000,
    /* After this long in health a death counts as the first again. */
    CHILD_HEALTHY_MS = 60 * 1000,
    /* A process that is not ready by then is ended and started anew. */
    CHILD_START_MAX_MS = 60 * 1000,
    CHILD_SOCKETS_MAX = 2,
};

enum child_state { CHILD_WAITING, CHILD_STARTING, CHILD_READY };

struct child {
    const char *role;    /* "signer" */
    const char *program; /* its path */
    const struct socket_held *sockets[CHILD_SOCKETS_MAX];
    size_t socket_count;
    enum child_state state;
    pid_t pid;          /* 0 while CHILD_WAITING */
    int ready_fd;       /* our end; -1 if none */
    int64_t changed_ms; /* monotonic: when it came into this state */
    int64_t delay_ms;   /* before the next start */
};

/* Starts the process. On failure it stays waiting, with the delay grown. */
void child_start(struct child *child, const char *config_path, int64_t now_ms);
/* It has ended: what is to be logged about `wait_status` is logged, the next start is set. */
void child_ended(struct child *child, int wait_status, int64_t now_ms);
/* Reads the ready descriptor; true if the child has just become ready. */
bool child_check_ready(struct child *child, int64_t now_ms);
/* When something is due for it (monotonic milliseconds): a start, or the end of its patience. */
int64_t child_due_ms(const struct child *child);
