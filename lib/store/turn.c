/* Open file description locks: they belong to the descriptor, not to the process, and the kernel
 * wakes waiters in the order they came. */
#include "lib/store/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The byte that each lock covers. */
enum lock_byte { LOCK_NEXT, LOCK_WRITING };

static enum err lock_set(int fd, enum lock_byte byte, short type);

enum err turn_open(const char *path, struct turn *ret_turn)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    /* All roles' users lock it, whatever our umask is; only its owner can say so. */
    int result = fchmod(fd, 0660);
    if (result != 0 && errno != EPERM) {
        enum err err = err_from_errno(errno);
        close(fd);
        return err;
    }
    ret_turn->fd = fd;
    return OK;
}

void turn_close(struct turn *turn)
{
    if (turn->fd > 0) {
        close(turn->fd);
        turn->fd = 0;
    }
}

enum err turn_take(struct turn *turn)
{
    TRY(lock_set(turn->fd, LOCK_NEXT, F_WRLCK));
    enum err err = lock_set(turn->fd, LOCK_WRITING, F_WRLCK);
    enum err given = lock_set(turn->fd, LOCK_NEXT, F_UNLCK);
    return err != OK ? err : given;
}

void turn_give(struct turn *turn)
{
    (void)lock_set(turn->fd, LOCK_WRITING, F_UNLCK);
}

static enum err lock_set(int fd, enum lock_byte byte, short type)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
    while (fcntl(fd, F_OFD_SETLKW, &lock) != 0) {
        if (errno != EINTR) {
            return err_from_errno(errno);
        }
    }
    return OK;
}
