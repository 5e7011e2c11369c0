#pragma once
/* The listening Unix sockets of the service. The supervisor makes them once and holds them while
 * processes come and go, so that a client waits for a restart instead of failing. */
#include "lib/config/config.h"

enum { SOCKETS_COUNT = 5, SOCKET_PATH_MAX = 108 };

struct socket_held {
    const char *name; /* "signer.sock" */
    enum config_role server;
    char path[SOCKET_PATH_MAX];
    int fd; /* -1 until opened */
};

/* Makes the run directory if need be, and all sockets in it; replaces what a dead supervisor left.
 * Where the roles have users of their own, the file's owner and group let in the client alone. */
enum err sockets_open(const struct config *config, struct socket_held ret_sockets[SOCKETS_COUNT],
    struct reason *ret_reason) MUST_USE;
/* Removes the files. */
void sockets_close(struct socket_held sockets[SOCKETS_COUNT]);
