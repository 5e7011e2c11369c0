/* The table of who may connect to whom (doc/architecture.md §2), as files with owners. What the
 * file lets through, the server checks once more by SO_PEERCRED. */
#include "proc/supervisor/sockets.h"

#include "lib/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128 };

/* `clients`: the role that connects; ROLE_COUNT where it is more than one, or the operator. */
static const struct {
    const char *name;
    enum config_role server;
    enum config_role client;
    mode_t mode; /* with users of their own; otherwise 0600 */
} table[SOCKETS_COUNT] = {
    { "signer.sock", ROLE_SIGNER, ROLE_REGISTRAR, 0600 },
    { "validator.sock", ROLE_VALIDATOR, ROLE_REGISTRAR, 0600 },
    { "courier.sock", ROLE_COURIER, ROLE_REGISTRAR, 0600 },
    { "registrar.sock", ROLE_REGISTRAR, ROLE_COUNT, 0666 }, /* portal and courier */
    { "control.sock", ROLE_REGISTRAR, ROLE_COUNT, 0600 },   /* root, who is asked by ecertadm */
};

static enum err socket_open(
    const struct config *config, size_t index, struct socket_held *socket_held);
static enum err owner_set(const struct config *config, size_t index, const char *path);

enum err sockets_open(const struct config *config, struct socket_held ret_sockets[SOCKETS_COUNT],
    struct reason *ret_reason)
{
    const char *directory = config->service.run_directory;
    bool users = config->service.users && geteuid() == 0;
    for (size_t i = 0; i < SOCKETS_COUNT; i++) {
        ret_sockets[i] =
            (struct socket_held){ .name = table[i].name, .server = table[i].server, .fd = -1 };
    }
    enum err err = directory_ensure(directory, users ? 0711 : 0700);
    if (err != OK) {
        return reason_set(ret_reason, err, "supervisor.run_directory", directory, NULL, NULL);
    }
    for (size_t i = 0; i < SOCKETS_COUNT; i++) {
        err = socket_open(config, i, &ret_sockets[i]);
        if (err != OK) {
            sockets_close(ret_sockets);
            return reason_set(ret_reason, err, "supervisor.socket", table[i].name, directory,
                "a path of at most 107 bytes in a folder of our own");
        }
    }
    return OK;
}

void sockets_close(struct socket_held sockets[SOCKETS_COUNT])
{
    for (size_t i = 0; i < SOCKETS_COUNT; i++) {
        if (sockets[i].fd >= 0) {
            unlink(sockets[i].path);
            close(sockets[i].fd);
            sockets[i].fd = -1;
        }
    }
}

static enum err socket_open(
    const struct config *config, size_t index, struct socket_held *socket_held)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    TRY(path_join(socket_held->path, sizeof socket_held->path, config->service.run_directory,
        table[index].name));
    memcpy(address.sun_path, socket_held->path, strlen(socket_held->path) + 1);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    unlink(socket_held->path);
    mode_t before = umask(0177);
    bool bound = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    umask(before);
    if (!bound || owner_set(config, index, socket_held->path) != OK || listen(fd, BACKLOG) != 0) {
        close(fd);
        return ERR_IO;
    }
    socket_held->fd = fd;
    return OK;
}

/* The file belongs to its client: to connect one must be allowed to write to it. */
static enum err owner_set(const struct config *config, size_t index, const char *path)
{
    if (!config->service.users || geteuid() != 0) {
        return OK;
    }
    unsigned owner = 0;
    if (table[index].client != ROLE_COUNT) {
        TRY(config_user_id(config, table[index].client, &owner));
    }
    return chown(path, owner, 0) == 0 && chmod(path, table[index].mode) == 0
               ? OK
               : err_from_errno(errno);
}
