/* Calls that look like functions: connect, send, receive, unpack. */
#include "lib/wire/client.h"
#include "lib/base/clock.h"

static enum err request_send(
    struct client *client, const struct request *request, int64_t deadline);

enum err client_init(const char *path, int64_t timeout_ms, struct client *ret_client)
{
    if (strlen(path) >= sizeof ret_client->path) {
        return ERR_LIMIT;
    }
    *ret_client = (struct client){ .channel = channel_none(), .timeout_ms = timeout_ms };
    memcpy(ret_client->path, path, strlen(path) + 1);
    return OK;
}

void client_release(struct client *client)
{
    channel_close(&client->channel);
}

struct answer answer_none(void)
{
    return (struct answer){ .packet = buf_make(MESSAGE_MAX_BYTES), .fd = -1 };
}

void answer_release(struct answer *answer)
{
    struct channel file = { answer->fd };
    channel_close(&file);
    answer->fd = -1;
    buf_release(&answer->packet);
}

enum err answer_take_fd(struct answer *answer, int *ret_fd)
{
    if (answer->fd < 0) {
        return ERR_PEER;
    }
    *ret_fd = answer->fd;
    answer->fd = -1;
    return OK;
}

enum err client_call(struct client *client, const struct request *request, struct answer *answer,
    struct reason *ret_reason)
{
    int64_t deadline = clock_monotonic_ms() + client->timeout_ms;
    TRY(request_send(client, request, deadline));
    enum err err = channel_recv(&client->channel, &answer->packet, &answer->fd, deadline);
    if (err != OK) {
        channel_close(&client->channel);
        return err == ERR_NOT_FOUND ? ERR_AGAIN : err;
    }
    struct reason reason = { 0 };
    err = answer_parse(buf_span(&answer->packet), request->type, &answer->body, &reason);
    if (err == ERR_PEER) {
        channel_close(&client->channel);
    }
    if (err != OK && ret_reason != NULL) {
        *ret_reason = reason;
    }
    return err;
}

enum err client_send(struct client *client, const struct request *request)
{
    return request_send(client, request, clock_monotonic_ms() + client->timeout_ms);
}

/* A connection that was kept may belong to a server that has since been restarted: sending fails
 * then, nothing has been carried out, and one more try on a new connection is safe. */
static enum err request_send(struct client *client, const struct request *request, int64_t deadline)
{
    AUTO(buf) message = buf_make(MESSAGE_MAX_BYTES + 64);
    TRY(request_format(request->type, request->write, request->object, &message));
    for (bool fresh = client->channel.fd < 0;; fresh = true) {
        if (client->channel.fd < 0) {
            TRY(channel_connect(client->path, deadline, &client->channel));
        }
        enum err err = channel_send(&client->channel, buf_span(&message), request->fd, deadline);
        if (err == OK) {
            return OK;
        }
        channel_close(&client->channel);
        if (err != ERR_AGAIN || fresh) {
            return err;
        }
    }
}
