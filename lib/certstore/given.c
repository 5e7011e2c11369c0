/* Files that a command wrote for the person, outside the store: changed, moved or replaced, they
 * are the person's alone. What is read and what is deleted lie in one folder, whatever its path
 * leads to by then. */
#include "lib/base/limits.h"
#include "lib/certstore/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err place_open(const char *path, int *ret_folder, const char **ret_name);
static bool is_as_given(int folder, const char *name, const char *digest);
static enum err content_read(int fd, struct buf *content);

bool given_stands(const struct certstore_step *step)
{
    const char *name = NULL;
    int folder = -1;
    if (place_open(step->path, &folder, &name) != OK) {
        return false;
    }
    bool stands = is_as_given(folder, name, step->after);
    close(folder);
    return stands;
}

enum err given_remove(const struct certstore_step *step)
{
    const char *name = NULL;
    int folder = -1;
    enum err err = OK;
    TRY(place_open(step->path, &folder, &name));
    if (is_as_given(folder, name, step->after) &&
        (unlinkat(folder, name, /* flags= */ 0) != 0 || fsync(folder) != 0)) {
        err = err_from_errno(errno);
    }
    close(folder);
    return err;
}

static enum err place_open(const char *path, int *ret_folder, const char **ret_name)
{
    char folder[CERTSTORE_STEP_PATH_MAX + 1];
    const char *slash = strrchr(path, '/');
    if (path[0] != '/' || slash[1] == '\0') {
        return ERR_INPUT;
    }
    snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    *ret_folder = fd;
    *ret_name = slash + 1;
    return OK;
}

/* A pipe would keep us waiting, and a device may do something when it is opened. */
static bool is_as_given(int folder, const char *name, const char *digest)
{
    AUTO(buf) content = buf_make(FILE_MAX_BYTES);
    char here[CERTSTORE_ID_MAX] = "";
    struct stat status;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool file = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
                content_read(fd, &content) == OK &&
                certstore_thumbprint(buf_span(&content), here) == OK;
    if (fd >= 0) {
        close(fd);
    }
    return file && strcmp(here, digest) == 0;
}

static enum err content_read(int fd, struct buf *content)
{
    for (ssize_t got = 1; got > 0;) {
        uint8_t piece[4096];
        got = read(fd, piece, sizeof piece);
        if (got < 0) {
            return err_from_errno(errno);
        }
        buf_append(content, span_make(piece, (size_t)got));
        TRY(buf_check(content));
    }
    return OK;
}
