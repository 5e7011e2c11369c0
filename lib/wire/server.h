#pragma once
/* A server's side of a conversation: takes connections of the users that may connect, one thread
 * each, at most `connections_max` at a time; hands every request to the row of its type; answers. A
 * request that is malformed, unknown, or refused by its handler as ERR_PEER ends the connection. */
#include "lib/wire/channel.h"
#include "lib/wire/message.h"

enum { SERVER_USERS_MAX = 8 };

/* One request and what becomes of it; lives as long as its handler runs. */
struct exchange {
    unsigned type;
    struct der body;      /* to be read by the conversation's x_read */
    int fd;               /* came with the request, or -1; closed afterwards */
    uid_t user;           /* who asks */
    struct buf reply;     /* the answer's body: der_encode(x_write, &object, &exchange->reply) */
    int reply_fd;         /* goes with the answer, or -1; closed afterwards */
    struct reason reason; /* goes with an error */
};

struct handler {
    unsigned type;
    /* Its result is the answer's. May run in several threads at once. */
    enum err (*handle)(void *ctx, struct exchange *exchange);
    bool silent; /* has no answer */
};

struct server {
    const struct handler *handlers;
    size_t handler_count;
    void *ctx;
    uid_t users[SERVER_USERS_MAX]; /* who may connect; the own user always may */
    size_t user_count;
    unsigned connections_max;
    /* Told of what ends a connection ("peer.refused", "peer.malformed", …), for the log; may be
     * NULL. Called from any thread. */
    void (*report)(void *ctx, const char *event, unsigned type, enum err err);
};

/* Serves until the listening socket fails; never returns OK. `server` must stay where it is. */
enum err server_run(const struct server *server, int listen_fd) MUST_USE;
/* Serves one connection to its end in the calling thread: for tests, and for loops of one's own. */
void server_serve(const struct server *server, struct channel *channel);
