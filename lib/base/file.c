/* Whole files in, whole files out. */
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err fd_read_all(int fd, struct buf *buf);
static enum err file_wait(struct file_begun *begun);
static enum err directory_sync(const char *path);
static const char *name_of(const char *path);
static bool folder_stat(const char *path, struct stat *ret_status);
static bool path_plain(const char *path, char ret_plain[PATH_MAX]);

enum err file_read(const char *path, size_t max, struct buf *ret_buf)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    *ret_buf = buf_make(max);
    enum err err = fd_read_all(fd, ret_buf);
    close(fd);
    if (err != OK) {
        buf_release(ret_buf);
    }
    return err;
}

enum err file_map(const char *path, size_t max, struct span *ret_content)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    enum err err = fstat(fd, &status) != 0          ? err_from_errno(errno)
                   : !S_ISREG(status.st_mode)       ? ERR_INPUT
                   : status.st_size == 0            ? ERR_INPUT
                   : (uint64_t)status.st_size > max ? ERR_LIMIT
                                                    : OK;
    void *mapped = err == OK ? mmap(/* addr= */ NULL, (size_t)status.st_size, PROT_READ,
                                   MAP_PRIVATE, fd, /* offset= */ 0)
                             : MAP_FAILED;
    err = err == OK && mapped == MAP_FAILED ? err_from_errno(errno) : err;
    close(fd);
    TRY(err);
    *ret_content = span_make(mapped, (size_t)status.st_size);
    return OK;
}

void file_unmap(struct span content)
{
    if (content.len > 0) {
        (void)munmap((void *)(uintptr_t)content.data, content.len);
    }
}

/* Reads to the end; a byte beyond the buffer's maximum is ERR_LIMIT. */
static enum err fd_read_all(int fd, struct buf *buf)
{
    for (;;) {
        uint8_t beyond;
        size_t left = buf->max - buf->len;
        size_t want = left == 0 ? 1 : left < 65536 ? left : 65536;
        uint8_t *room = left == 0 ? &beyond : buf_reserve(buf, want);
        if (room == NULL) {
            return ERR_MEMORY;
        }
        ssize_t got = read(fd, room, want);
        if (got == 0) {
            return OK;
        }
        if (got < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        if (got > 0 && left == 0) {
            return ERR_LIMIT;
        }
        buf->len += got > 0 ? (size_t)got : 0;
    }
}

enum err file_read_secret(const char *path, size_t max, struct secret *ret_secret)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    bool open_to_others = fstat(fd, &status) != 0 || (status.st_mode & 077) != 0;
    enum err err = open_to_others ? ERR_DENIED : secret_read_fd(fd, max, ret_secret);
    close(fd);
    return err;
}

enum err file_replace(const char *path, struct span content, mode_t mode)
{
    AUTO(file_begun) begun = { 0 };
    TRY(file_begin(path, content, mode, &begun));
    TRY(file_wait(&begun));
    if (rename(begun.temporary, path) != 0) {
        return err_from_errno(errno);
    }
    begun.temporary[0] = '\0';
    return directory_sync(path);
}

enum err file_create(const char *path, struct span content, mode_t mode)
{
    AUTO(file_begun) begun = { 0 };
    TRY(file_begin(path, content, mode, &begun));
    return file_finish(&begun);
}

enum err file_begin(
    const char *path, struct span content, mode_t mode, struct file_begun *ret_begun)
{
    AUTO(file_begun) begun = { 0 };
    uint8_t salt[8];
    char salt_text[2 * sizeof salt + 1];
    if (getrandom(salt, sizeof salt, /* flags= */ 0) != (ssize_t)sizeof salt) {
        return ERR_CRYPTO;
    }
    hex_format(SPAN_OF(salt), salt_text);
    if (snprintf(begun.path, PATH_MAX, "%s", path) >= PATH_MAX ||
        snprintf(begun.temporary, PATH_MAX, "%s.new-%s", path, salt_text) >= PATH_MAX) {
        return ERR_LIMIT;
    }
    begun.fd = open(begun.temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (begun.fd < 0) {
        begun = (struct file_begun){ 0 };
        return err_from_errno(errno);
    }
    TRY(fchmod(begun.fd, mode) == 0 ? OK : err_from_errno(errno));
    TRY(fd_write_all(begun.fd, content));
    /* Where it isn't heeded, fsync does it all. */
    (void)sync_file_range(begun.fd, /* offset= */ 0, /* nbytes= */ 0, SYNC_FILE_RANGE_WRITE);
    *ret_begun = begun;
    begun = (struct file_begun){ 0 };
    return OK;
}

enum err file_finish(struct file_begun *begun)
{
    TRY(file_wait(begun));
    if (link(begun->temporary, begun->path) != 0) {
        return errno == EEXIST ? ERR_CONFLICT : err_from_errno(errno);
    }
    unlink(begun->temporary);
    begun->temporary[0] = '\0';
    return directory_sync(begun->path);
}

static enum err file_wait(struct file_begun *begun)
{
    enum err err = fsync(begun->fd) == 0 ? OK : err_from_errno(errno);
    if (close(begun->fd) != 0 && err == OK) {
        err = err_from_errno(errno);
    }
    begun->fd = 0;
    return err;
}

void file_begun_release(struct file_begun *begun)
{
    if (begun->fd > 0) {
        close(begun->fd);
    }
    if (begun->temporary[0] != '\0') {
        unlink(begun->temporary);
    }
    *begun = (struct file_begun){ 0 };
}

static enum err directory_sync(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (length >= sizeof directory) {
        return ERR_LIMIT;
    }
    memcpy(directory, length == 0 ? "." : path, length == 0 ? 1 : length);
    directory[length == 0 ? 1 : length] = '\0';
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    enum err err = fsync(fd) == 0 ? OK : err_from_errno(errno);
    close(fd);
    return err;
}

enum err directory_ensure(const char *path, mode_t mode)
{
    if (mkdir(path, mode) == 0) {
        return chmod(path, mode) == 0 ? OK : err_from_errno(errno);
    }
    struct stat status;
    if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return OK;
    }
    return err_from_errno(errno);
}

enum err path_join(char *ret_path, size_t size, const char *directory, const char *name)
{
    int length = snprintf(ret_path, size, "%s/%s", directory, name);
    return length < 0 || (size_t)length >= size ? ERR_LIMIT : OK;
}

bool file_same(const char *one, const char *other)
{
    struct stat a, b;
    if (stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino) {
        return true;
    }
    if (folder_stat(one, &a) && folder_stat(other, &b)) {
        return strcmp(name_of(one), name_of(other)) == 0 && a.st_dev == b.st_dev &&
               a.st_ino == b.st_ino;
    }
    return path_same(one, other);
}

bool path_same(const char *one, const char *other)
{
    char plain[PATH_MAX], other_plain[PATH_MAX];
    return path_plain(one, plain) && path_plain(other, other_plain) &&
           strcmp(plain, other_plain) == 0;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool folder_stat(const char *path, struct stat *ret_status)
{
    char folder[PATH_MAX];
    int len = snprintf(folder, sizeof folder, "%.*s.", (int)(name_of(path) - path), path);
    return len > 0 && (size_t)len < sizeof folder && stat(folder, ret_status) == 0;
}

/* "/a/./b//../c" → "/a/c"; false for a path that isn't absolute. */
static bool path_plain(const char *path, char ret_plain[PATH_MAX])
{
    size_t len = 0;
    if (path[0] != '/' || strlen(path) >= PATH_MAX) {
        return false;
    }
    while (*path != '\0') {
        path += strspn(path, "/");
        size_t part = strcspn(path, "/");
        bool up = part == 2 && memcmp(path, "..", 2) == 0;
        bool stays = part == 0 || (part == 1 && *path == '.');
        while (up && len > 0 && ret_plain[--len] != '/') {
        }
        if (!up && !stays) {
            ret_plain[len++] = '/';
            memcpy(ret_plain + len, path, part);
            len += part;
        }
        path += part;
    }
    ret_plain[len] = '\0';
    return true;
}

enum err path_beside_program(char *ret_path, size_t size, const char *name)
{
    char program[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len < 0) {
        return err_from_errno(errno);
    }
    program[len] = '\0';
    char *slash = strrchr(program, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    return path_join(ret_path, size, program, name);
}

enum err fd_write_all(int fd, struct span content)
{
    while (content.len > 0) {
        ssize_t wrote = write(fd, content.data, content.len);
        if (wrote < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        if (wrote > 0) {
            content.data += wrote;
            content.len -= (size_t)wrote;
        }
    }
    return OK;
}

enum err fd_write_at(int fd, struct span content, int64_t offset)
{
    while (content.len > 0) {
        ssize_t wrote = pwrite(fd, content.data, content.len, offset);
        if (wrote < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        if (wrote > 0) {
            content = span_make(content.data + wrote, content.len - (size_t)wrote);
            offset += wrote;
        }
    }
    return OK;
}

enum err fd_read_upto(int fd, void *ret_bytes, size_t len, int64_t offset, size_t *ret_len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd, (uint8_t *)ret_bytes + done, len - done, offset + (int64_t)done);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        done += got > 0 ? (size_t)got : 0;
    }
    *ret_len = done;
    return OK;
}

enum err fd_read_at(int fd, void *ret_bytes, size_t len, int64_t offset)
{
    size_t got;
    TRY(fd_read_upto(fd, ret_bytes, len, offset, &got));
    return got == len ? OK : ERR_NOT_FOUND;
}
