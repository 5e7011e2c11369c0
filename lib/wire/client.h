#pragma once
/* A client's side of a conversation: connects on first use, and again after a failure; every call
 * has a deadline. One `struct client` belongs to one thread at a time. */
#include "lib/wire/channel.h"
#include "lib/wire/message.h"

enum { CLIENT_PATH_MAX = 108 };

struct client {
    char path[CLIENT_PATH_MAX];
    struct channel channel;
    int64_t timeout_ms; /* of one call */
};

/* Connects to nothing yet. ERR_LIMIT for a path that no socket can have. */
enum err client_init(const char *path, int64_t timeout_ms, struct client *ret_client) MUST_USE;
void client_release(struct client *client);
AUTO_DEFINE(client, client_release)

struct request {
    unsigned type;
    body_writer write;
    const void *object;
    int fd; /* -1: none */
};

static inline struct request request_make(unsigned type, body_writer write, const void *object)
{
    return (struct request){ .type = type, .write = write, .object = object, .fd = -1 };
}

/* What came back; the body borrows from the packet. Begin with answer_none. */
struct answer {
    struct buf packet;
    struct der body;
    int fd; /* -1: none; answer_take_fd moves it out */
};
struct answer answer_none(void);
void answer_release(struct answer *answer);
AUTO_DEFINE(answer, answer_release)
/* Moves the descriptor out; ERR_PEER if none came. */
enum err answer_take_fd(struct answer *answer, int *ret_fd) MUST_USE;

/* Sends and waits for the answer. What the server answered (an error of its own with its reason),
 * or ERR_AGAIN if it can't be reached or went away, ERR_TIMEOUT, ERR_PEER if it talks nonsense. A
 * request that failed on its way may have been carried out. */
enum err client_call(struct client *client, const struct request *request, struct answer *answer,
    struct reason *ret_reason) MUST_USE;
/* For messages that have no answer. */
enum err client_send(struct client *client, const struct request *request) MUST_USE;
