/* One thread a connection, bounded: straight-line code and a deadline on every send. */
#include "lib/wire/server.h"
#include "lib/base/clock.h"

#include <pthread.h>
#include <unistd.h>

enum { SEND_TIMEOUT_MS = 10000 };

/* A connection on its way into its thread. */
struct connection {
    const struct server *server;
    struct channel channel;
    struct turnstile *turnstile;
};

/* Counts connections, so that a client that opens many waits instead of filling the process. */
struct turnstile {
    pthread_mutex_t mutex;
    pthread_cond_t left;
    unsigned inside;
};

static void turnstile_enter(struct turnstile *turnstile, unsigned max);
static void turnstile_leave(struct turnstile *turnstile);
static bool user_may_connect(const struct server *server, struct channel *channel);
static enum err connection_start(
    const struct server *server, struct channel *channel, struct turnstile *turnstile);
static void *connection_run(void *argument);
static enum err exchange_once(
    const struct server *server, struct channel *channel, struct buf *packet, uid_t user);

static void report(const struct server *server, const char *event, unsigned type, enum err err)
{
    if (server->report != NULL) {
        server->report(server->ctx, event, type, err);
    }
}

enum err server_run(const struct server *server, int listen_fd)
{
    struct turnstile turnstile = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
    for (;;) {
        AUTO(channel) channel = channel_none();
        turnstile_enter(&turnstile, server->connections_max);
        TRY(channel_accept(listen_fd, &channel));
        if (!user_may_connect(server, &channel)) {
            turnstile_leave(&turnstile);
            report(server, "peer.refused", 0, ERR_DENIED);
            continue;
        }
        if (connection_start(server, &channel, &turnstile) != OK) {
            turnstile_leave(&turnstile);
            report(server, "peer.no_thread", 0, ERR_AGAIN);
        }
    }
}

static void turnstile_enter(struct turnstile *turnstile, unsigned max)
{
    pthread_mutex_lock(&turnstile->mutex);
    while (turnstile->inside >= max) {
        pthread_cond_wait(&turnstile->left, &turnstile->mutex);
    }
    turnstile->inside++;
    pthread_mutex_unlock(&turnstile->mutex);
}

static void turnstile_leave(struct turnstile *turnstile)
{
    pthread_mutex_lock(&turnstile->mutex);
    turnstile->inside--;
    pthread_cond_signal(&turnstile->left);
    pthread_mutex_unlock(&turnstile->mutex);
}

static bool user_may_connect(const struct server *server, struct channel *channel)
{
    uid_t user;
    if (channel_peer_user(channel, &user) != OK) {
        return false;
    }
    bool allowed = user == geteuid();
    for (size_t i = 0; i < server->user_count; i++) {
        allowed = allowed || server->users[i] == user;
    }
    return allowed;
}

static enum err connection_start(
    const struct server *server, struct channel *channel, struct turnstile *turnstile)
{
    pthread_t thread;
    pthread_attr_t detached;
    struct connection *connection = malloc(sizeof *connection);
    if (connection == NULL || pthread_attr_init(&detached) != 0) {
        free(connection);
        return ERR_MEMORY;
    }
    *connection = (struct connection){ server, *channel, turnstile };
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &detached, connection_run, connection);
    pthread_attr_destroy(&detached);
    if (failed != 0) {
        free(connection);
        return ERR_AGAIN;
    }
    channel->fd = -1;
    return OK;
}

static void *connection_run(void *argument)
{
    struct connection connection = *(struct connection *)argument;
    free(argument);
    server_serve(connection.server, &connection.channel);
    channel_close(&connection.channel);
    turnstile_leave(connection.turnstile);
    return NULL;
}

void server_serve(const struct server *server, struct channel *channel)
{
    uid_t user = 0;
    AUTO(buf) packet = buf_make(MESSAGE_MAX_BYTES);
    enum err err = channel_peer_user(channel, &user);
    while (err == OK) {
        err = exchange_once(server, channel, &packet, user);
    }
}

static const struct handler *handler_of(const struct server *server, unsigned type)
{
    for (size_t i = 0; i < server->handler_count; i++) {
        if (server->handlers[i].type == type) {
            return &server->handlers[i];
        }
    }
    return NULL;
}

static void exchange_release(struct exchange *exchange)
{
    struct channel files[] = { { exchange->fd }, { exchange->reply_fd } };
    channel_close(&files[0]);
    channel_close(&files[1]);
    buf_release(&exchange->reply);
}
AUTO_DEFINE(exchange, exchange_release)

static enum err answer_send(struct channel *channel, const struct exchange *exchange, enum err err)
{
    AUTO(buf) message = buf_make(MESSAGE_MAX_BYTES + 64);
    struct answer_fields fields = { .type = exchange->type, .err = err };
    if (err == OK) {
        fields.body = buf_span(&exchange->reply);
    } else {
        fields.reason = &exchange->reason;
    }
    if (answer_format(&fields, &message) != OK) {
        buf_clear(&message);
        fields = (struct answer_fields){ .type = exchange->type, .err = ERR_LIMIT };
        TRY(answer_format(&fields, &message));
    }
    int fd = err == OK ? exchange->reply_fd : -1;
    return channel_send(channel, buf_span(&message), fd, clock_monotonic_ms() + SEND_TIMEOUT_MS);
}

static enum err exchange_once(
    const struct server *server, struct channel *channel, struct buf *packet, uid_t user)
{
    AUTO(exchange) exchange = {
        .fd = -1, .user = user, .reply_fd = -1, .reply = buf_make(MESSAGE_MAX_BYTES)
    };
    enum err err = channel_recv(channel, packet, &exchange.fd, CHANNEL_FOREVER);
    if (err != OK) {
        if (err != ERR_NOT_FOUND) {
            report(server, "peer.packet", 0, err);
        }
        return err;
    }
    if (request_parse(buf_span(packet), &exchange.type, &exchange.body) != OK) {
        report(server, "peer.malformed", 0, ERR_PEER);
        return ERR_PEER;
    }
    const struct handler *handler = handler_of(server, exchange.type);
    if (handler == NULL) {
        report(server, "peer.unknown_type", exchange.type, ERR_PEER);
        return ERR_PEER;
    }
    err = handler->handle(server->ctx, &exchange);
    if (err == ERR_PEER) {
        report(server, "peer.malformed", exchange.type, err);
        return err;
    }
    return handler->silent ? OK : answer_send(channel, &exchange, err);
}
