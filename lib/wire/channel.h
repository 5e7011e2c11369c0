#pragma once
/* Packets between two processes of the service: Unix SOCK_SEQPACKET, at most MESSAGE_MAX_BYTES
 * each, with at most one descriptor beside them; and the sealed memory files in which anything
 * larger travels. A deadline is a point of clock_monotonic_ms; CHANNEL_FOREVER waits. */
#include "lib/base/buf.h"
#include "lib/base/limits.h"

#include <sys/types.h>

#define CHANNEL_FOREVER INT64_MAX

struct channel {
    int fd; /* -1: closed; begin with channel_none */
};

struct channel channel_none(void);
/* ERR_AGAIN if nobody listens at `path`. */
enum err channel_connect(const char *path, int64_t deadline, struct channel *ret_channel) MUST_USE;
/* Waits for the next client of a listening socket. */
enum err channel_accept(int listen_fd, struct channel *ret_channel) MUST_USE;
void channel_close(struct channel *channel);
AUTO_DEFINE(channel, channel_close)
/* The user at the other end, as the kernel knows it (SO_PEERCRED). */
enum err channel_peer_user(const struct channel *channel, uid_t *ret_user) MUST_USE;

/* `fd` -1 sends none; the caller keeps it. ERR_AGAIN if the peer has gone, ERR_TIMEOUT. */
enum err channel_send(
    struct channel *channel, struct span packet, int fd, int64_t deadline) MUST_USE;
/* Replaces what `packet` (of MESSAGE_MAX_BYTES) holds. `ret_fd` is -1 or a descriptor that the
 * caller closes. ERR_NOT_FOUND if the peer closed in an orderly way, ERR_PEER for an oversized
 * packet or more than one descriptor, ERR_TIMEOUT. */
enum err channel_recv(
    struct channel *channel, struct buf *packet, int *ret_fd, int64_t deadline) MUST_USE;

/* Bytes as a memory file that nobody can change any more. */
enum err channel_memfd(struct span content, int *ret_fd) MUST_USE;
/* A received memory file, readable in place. */
struct mapping {
    struct span content;
};
/* ERR_PEER if it isn't sealed against every change or is larger than `max`. The descriptor may be
 * closed afterwards. */
enum err channel_memfd_map(int fd, size_t max, struct mapping *ret_mapping) MUST_USE;
void mapping_release(struct mapping *mapping);
AUTO_DEFINE(mapping, mapping_release)
