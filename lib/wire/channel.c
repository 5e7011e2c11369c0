/* Packets and descriptors over Unix sockets (unix(7), memfd_create(2)). */
#include "lib/wire/channel.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, DESCRIPTORS_ROOM = 4 };

static enum err wait_for(int fd, short events, int64_t deadline);
static enum err descriptor_take(struct msghdr *header, int *ret_fd);

struct channel channel_none(void)
{
    return (struct channel){ .fd = -1 };
}

enum err channel_connect(const char *path, int64_t deadline, struct channel *ret_channel)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) {
        return ERR_LIMIT;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    AUTO(channel) channel = { socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) };
    if (channel.fd < 0) {
        return err_from_errno(errno);
    }
    while (connect(channel.fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        /* A full backlog answers EAGAIN at once; nothing can be polled for then. */
        if (errno != EAGAIN && errno != EINTR) {
            return errno == EACCES ? ERR_DENIED : ERR_AGAIN;
        }
        if (clock_monotonic_ms() >= deadline) {
            return ERR_TIMEOUT;
        }
        poll(NULL, 0, /* milliseconds= */ 10);
    }
    *ret_channel = channel;
    channel.fd = -1;
    return OK;
}

enum err channel_accept(int listen_fd, struct channel *ret_channel)
{
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            ret_channel->fd = fd;
            return OK;
        }
        if (errno == EAGAIN) {
            TRY(wait_for(listen_fd, POLLIN, CHANNEL_FOREVER));
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return err_from_errno(errno);
        }
    }
}

void channel_close(struct channel *channel)
{
    if (channel->fd >= 0) {
        close(channel->fd);
    }
    channel->fd = -1;
}

enum err channel_peer_user(const struct channel *channel, uid_t *ret_user)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(channel->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return err_from_errno(errno);
    }
    *ret_user = peer.uid;
    return OK;
}

static enum err wait_for(int fd, short events, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline == CHANNEL_FOREVER ? -1 : deadline - clock_monotonic_ms();
        if (deadline != CHANNEL_FOREVER && left <= 0) {
            return ERR_TIMEOUT;
        }
        struct pollfd wanted = { .fd = fd, .events = events };
        int ready = poll(&wanted, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready > 0) {
            return OK;
        }
        if (ready < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
    }
}

enum err channel_send(struct channel *channel, struct span packet, int fd, int64_t deadline)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec piece = { (void *)(uintptr_t)packet.data, packet.len };
    struct msghdr header = { .msg_iov = &piece, .msg_iovlen = 1 };
    if (packet.len == 0 || packet.len > MESSAGE_MAX_BYTES) {
        return ERR_LIMIT;
    }
    if (fd >= 0) {
        header.msg_control = &control;
        header.msg_controllen = sizeof control;
        struct cmsghdr *message = CMSG_FIRSTHDR(&header);
        message->cmsg_level = SOL_SOCKET;
        message->cmsg_type = SCM_RIGHTS;
        message->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(message), &fd, sizeof fd);
    }
    while (sendmsg(channel->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN) {
            return ERR_AGAIN;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return err_from_errno(errno);
        }
        TRY(wait_for(channel->fd, POLLOUT, deadline));
    }
    return OK;
}

enum err channel_recv(struct channel *channel, struct buf *packet, int *ret_fd, int64_t deadline)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(DESCRIPTORS_ROOM * sizeof(int))];
    } control;
    buf_clear(packet);
    struct iovec piece = { buf_reserve(packet, MESSAGE_MAX_BYTES), MESSAGE_MAX_BYTES };
    if (piece.iov_base == NULL) {
        return ERR_MEMORY;
    }
    for (;;) {
        struct msghdr header = { .msg_iov = &piece,
            .msg_iovlen = 1,
            .msg_control = &control,
            .msg_controllen = sizeof control };
        ssize_t got = recvmsg(channel->fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (got >= 0) {
            int fd = -1;
            TRY(descriptor_take(&header, &fd));
            if (got == 0 || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
                struct channel surplus = { fd };
                channel_close(&surplus);
                return got == 0 ? ERR_NOT_FOUND : ERR_PEER;
            }
            packet->len = (size_t)got;
            *ret_fd = fd;
            return OK;
        }
        if (errno == ECONNRESET) {
            return ERR_NOT_FOUND;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return err_from_errno(errno);
        }
        TRY(wait_for(channel->fd, POLLIN, deadline));
    }
}

/* The one descriptor, or none; several are closed and held against the peer. */
static enum err descriptor_take(struct msghdr *header, int *ret_fd)
{
    size_t count = 0;
    for (struct cmsghdr *message = CMSG_FIRSTHDR(header); message != NULL;
         message = CMSG_NXTHDR(header, message)) {
        if (message->cmsg_level != SOL_SOCKET || message->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t held = (message->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < held; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(message) + i * sizeof fd, sizeof fd);
            if (count++ == 0) {
                *ret_fd = fd;
            } else {
                close(fd);
            }
        }
    }
    if (count > 1) {
        close(*ret_fd);
        return ERR_PEER;
    }
    return OK;
}

enum err channel_memfd(struct span content, int *ret_fd)
{
    AUTO(channel) file = { memfd_create("ecert", MFD_CLOEXEC | MFD_ALLOW_SEALING) };
    if (file.fd < 0) {
        return err_from_errno(errno);
    }
    TRY(fd_write_all(file.fd, content));
    /* Whoever gets it may map it or read it from its beginning. */
    if (lseek(file.fd, 0, SEEK_SET) != 0 || fcntl(file.fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) != 0) {
        return err_from_errno(errno);
    }
    *ret_fd = file.fd;
    file.fd = -1;
    return OK;
}

enum err channel_memfd_map(int fd, size_t max, struct mapping *ret_mapping)
{
    struct stat status;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &status) != 0 || status.st_size < 0 ||
        (size_t)status.st_size > max) {
        return ERR_PEER;
    }
    size_t len = (size_t)status.st_size;
    if (len == 0) {
        ret_mapping->content = (struct span){ 0 };
        return OK;
    }
    void *memory = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (memory == MAP_FAILED) {
        return ERR_MEMORY;
    }
    ret_mapping->content = span_make(memory, len);
    return OK;
}

void mapping_release(struct mapping *mapping)
{
    if (mapping->content.len > 0) {
        munmap((void *)(uintptr_t)mapping->content.data, mapping->content.len);
    }
    mapping->content = (struct span){ 0 };
}
