/* Directories by descriptor (doc/threats.md K1 to K3). The order of writing is always the same:
 * content, fsync of the file, rename, fsync of the directory; a power cut leaves the old or the
 * new. What is written into a draft is renamed with it, and synced before that: the disk begins
 * with each file when it is written, and all are waited for together, at the cost of little more
 * than one. */
#include "lib/certstore/folder.h"

#include "lib/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_OPEN_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, UNSYNCED_MAX = 8 };

struct folder_unsynced {
    int files[UNSYNCED_MAX];
    size_t count;
};

static enum err own_and_closed(int fd, mode_t kind, struct reason *ret_reason, const char *path);
static enum err file_open(const struct folder *folder, const char *name, int *ret_fd);
static enum err draft_write(const struct folder *draft, const char *name, struct span content);
static enum err draft_begin(
    const struct folder *draft, const struct folder *folder, const char *name, struct span content);
static enum err draft_sync(struct folder_unsynced *draft);
static enum err file_write(const struct folder *folder, const char *name, struct span content);
static enum err file_make(
    const struct folder *folder, const char *name, struct span content, int *ret_fd);
static enum err hidden_name(const char *kind, char ret_name[FOLDER_NAME_MAX]);
static enum err remove_now(const struct folder *folder, const char *name);
static enum err empty_now(const struct folder *folder);
static DIR *directory_open(const struct folder *folder);
static bool is_self(const char *name);
static enum err names_add(struct folder_names *names, const char *name);
static enum err each_name(const struct folder *folder, bool hidden, struct folder_names *ret_names);
static int name_compare(const void *left, const void *right);

enum err folder_open_path(
    const char *path, enum folder_make make, struct reason *ret_reason, struct folder *ret_folder)
{
    bool made = make == FOLDER_MAKE && mkdir(path, 0700) == 0;
    if (make == FOLDER_MAKE && !made && errno != EEXIST) {
        return reason_set(
            ret_reason, err_from_errno(errno), "certstore.path", path, strerror(errno), NULL);
    }
    int fd = open(path, FOLDER_OPEN_FLAGS);
    if (fd < 0) {
        bool trap = errno == ELOOP || errno == ENOTDIR;
        return reason_set(ret_reason, trap ? ERR_DENIED : err_from_errno(errno),
            trap ? "certstore.directory" : "certstore.path", path, strerror(errno), "0700");
    }
    /* The umask may have taken bits from the mode. */
    enum err err = made && fchmod(fd, 0700) != 0 ? err_from_errno(errno) : OK;
    err = err == OK ? own_and_closed(fd, S_IFDIR, ret_reason, path) : err;
    if (err != OK) {
        close(fd);
        return err;
    }
    *ret_folder = (struct folder){ .fd = fd, .open = true };
    return OK;
}

/* A directory whose name is gone while it is open: the kernel makes nothing below it any more. */
enum err folder_open_nowhere(struct reason *ret_reason, struct folder *ret_folder)
{
    /* The second is there where files are only read. */
    char paths[][32] = { "/tmp/ecert-nowhere-XXXXXX", "/dev/shm/ecert-nowhere-XXXXXX" };
    char *path = mkdtemp(paths[0]) != NULL ? paths[0] : paths[1];
    if (path == paths[1] && mkdtemp(path) == NULL) {
        return reason_set(
            ret_reason, err_from_errno(errno), "certstore.path", path, strerror(errno), NULL);
    }
    enum err err = folder_open_path(path, FOLDER_MUST_EXIST, ret_reason, ret_folder);
    (void)rmdir(path);
    return err;
}

enum err folder_open(
    const struct folder *parent, const char *name, enum folder_make make, struct folder *ret_folder)
{
    bool made = make == FOLDER_MAKE && mkdirat(parent->fd, name, 0700) == 0;
    if (make == FOLDER_MAKE && !made && errno != EEXIST) {
        return err_from_errno(errno);
    }
    int fd = openat(parent->fd, name, FOLDER_OPEN_FLAGS);
    if (fd < 0) {
        return errno == ELOOP || errno == ENOTDIR ? ERR_DENIED : err_from_errno(errno);
    }
    enum err err = made && fchmod(fd, 0700) != 0 ? err_from_errno(errno) : OK;
    err = err == OK ? own_and_closed(fd, S_IFDIR, /* ret_reason= */ NULL, name) : err;
    if (err != OK) {
        close(fd);
        return err;
    }
    *ret_folder = (struct folder){ .fd = fd, .open = true, .made = made };
    return OK;
}

void folder_close(struct folder *folder)
{
    if (folder->open) {
        close(folder->fd);
    }
    for (size_t i = 0; folder->draft != NULL && i < folder->draft->count; i++) {
        close(folder->draft->files[i]);
    }
    free(folder->draft);
    *folder = (struct folder){ 0 };
}

static enum err own_and_closed(int fd, mode_t kind, struct reason *ret_reason, const char *path)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return err_from_errno(errno);
    }
    char seen[64];
    snprintf(seen, sizeof seen, "uid %u, mode %04o", (unsigned)status.st_uid,
        (unsigned)(status.st_mode & 07777));
    bool fine = (status.st_mode & S_IFMT) == kind && status.st_uid == geteuid() &&
                (status.st_mode & 077) == 0 && (kind == S_IFDIR || status.st_nlink == 1);
    return fine ? OK
                : reason_set(ret_reason, ERR_DENIED, "certstore.directory", path, seen,
                      kind == S_IFDIR ? "0700" : "0600");
}

static enum err file_open(const struct folder *folder, const char *name, int *ret_fd)
{
    int fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return errno == ELOOP ? ERR_DENIED : err_from_errno(errno);
    }
    enum err err = own_and_closed(fd, S_IFREG, /* ret_reason= */ NULL, name);
    if (err != OK) {
        close(fd);
        return err;
    }
    *ret_fd = fd;
    return OK;
}

enum err folder_read(const struct folder *folder, const char *name, size_t max, struct buf *ret_buf)
{
    int fd;
    TRY(file_open(folder, name, &fd));
    AUTO(buf) buf = buf_make(max);
    enum err err = OK;
    for (ssize_t got = 1; err == OK && got > 0;) {
        uint8_t piece[4096];
        got = read(fd, piece, sizeof piece);
        err = got < 0 ? err_from_errno(errno) : OK;
        if (got > 0) {
            buf_append(&buf, span_make(piece, (size_t)got));
            err = buf_check(&buf);
        }
    }
    close(fd);
    TRY(err);
    *ret_buf = buf;
    buf = (struct buf){ 0 };
    return OK;
}

enum err folder_read_secret(
    const struct folder *folder, const char *name, size_t max, struct secret *ret_secret)
{
    int fd;
    TRY(file_open(folder, name, &fd));
    enum err err = secret_read_fd(fd, max, ret_secret);
    close(fd);
    return err;
}

enum err folder_write(const struct folder *folder, const char *name, struct span content)
{
    return folder->draft != NULL ? draft_write(folder, name, content)
                                 : file_write(folder, name, content);
}

static enum err draft_write(const struct folder *draft, const char *name, struct span content)
{
    return draft_begin(draft, draft, name, content);
}

enum err folder_write_along(
    const struct folder *draft, const struct folder *folder, const char *name, struct span content)
{
    TRY(draft_begin(draft, folder, name, content));
    int fd = draft->draft->count < UNSYNCED_MAX ? fcntl(folder->fd, F_DUPFD_CLOEXEC, /* least= */ 0)
                                                : -1;
    if (fd < 0) {
        return folder_sync(folder);
    }
    draft->draft->files[draft->draft->count++] = fd;
    return OK;
}

/* Written, and the disk has begun with it. */
static enum err draft_begin(
    const struct folder *draft, const struct folder *folder, const char *name, struct span content)
{
    int fd;
    if (draft->draft->count == UNSYNCED_MAX) {
        TRY(draft_sync(draft->draft));
    }
    TRY(file_make(folder, name, content, &fd));
    draft->draft->files[draft->draft->count++] = fd;
    /* Where it isn't heeded, fsync does it all. */
    (void)sync_file_range(fd, /* offset= */ 0, /* nbytes= */ 0, SYNC_FILE_RANGE_WRITE);
    return OK;
}

static enum err draft_sync(struct folder_unsynced *draft)
{
    enum err err = OK;
    for (size_t i = 0; i < draft->count; i++) {
        bool synced = fsync(draft->files[i]) == 0;
        err = err == OK && !synced ? err_from_errno(errno) : err;
        synced = close(draft->files[i]) == 0;
        err = err == OK && !synced ? err_from_errno(errno) : err;
    }
    draft->count = 0;
    return err;
}

static enum err file_write(const struct folder *folder, const char *name, struct span content)
{
    char hidden[FOLDER_NAME_MAX];
    int fd;
    TRY(hidden_name("new", hidden));
    TRY(file_make(folder, hidden, content, &fd));
    enum err err = fsync(fd) == 0 ? OK : err_from_errno(errno);
    if (close(fd) != 0 && err == OK) {
        err = err_from_errno(errno);
    }
    if (err == OK && renameat(folder->fd, hidden, folder->fd, name) != 0) {
        err = err_from_errno(errno);
    }
    if (err != OK) {
        unlinkat(folder->fd, hidden, /* flags= */ 0);
        return err;
    }
    return folder_sync(folder);
}

/* Not synced yet; gone again if it can't be written. */
static enum err file_make(
    const struct folder *folder, const char *name, struct span content, int *ret_fd)
{
    int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    enum err err = fchmod(fd, 0600) != 0 ? err_from_errno(errno) : fd_write_all(fd, content);
    if (err != OK) {
        close(fd);
        unlinkat(folder->fd, name, /* flags= */ 0);
        return err;
    }
    *ret_fd = fd;
    return OK;
}

enum err folder_sync(const struct folder *folder)
{
    return fsync(folder->fd) == 0 ? OK : err_from_errno(errno);
}

enum err folder_draft(
    const struct folder *folder, char ret_name[FOLDER_NAME_MAX], struct folder *ret_draft)
{
    TRY(hidden_name("new", ret_name));
    if (mkdirat(folder->fd, ret_name, 0700) != 0) {
        return err_from_errno(errno);
    }
    TRY(folder_open(folder, ret_name, FOLDER_MUST_EXIST, ret_draft));
    ret_draft->draft = calloc(1, sizeof *ret_draft->draft);
    return ret_draft->draft != NULL ? OK : ERR_MEMORY;
}

enum err folder_publish(
    const struct folder *folder, const char *name, const struct folder *draft, const char *to)
{
    TRY(draft_sync(draft->draft));
    TRY(folder_sync(draft));
    return folder_move(folder, name, folder, to);
}

enum err folder_publish_over(
    const struct folder *folder, const char *name, const struct folder *draft, const char *to)
{
    TRY(draft_sync(draft->draft));
    TRY(folder_sync(draft));
    if (renameat2(folder->fd, name, folder->fd, to, RENAME_EXCHANGE) != 0) {
        return err_from_errno(errno);
    }
    TRY(folder_sync(folder));
    return remove_now(folder, name);
}

enum err folder_move(
    const struct folder *folder, const char *from, const struct folder *to_folder, const char *to)
{
    if (renameat2(folder->fd, from, to_folder->fd, to, RENAME_NOREPLACE) != 0) {
        return errno == EEXIST ? ERR_CONFLICT : err_from_errno(errno);
    }
    TRY(folder_sync(to_folder));
    return folder == to_folder ? OK : folder_sync(folder);
}

enum err folder_remove(const struct folder *folder, const char *name)
{
    char gone[FOLDER_NAME_MAX];
    TRY(hidden_name("gone", gone));
    if (renameat(folder->fd, name, folder->fd, gone) != 0) {
        return errno == ENOENT ? OK : err_from_errno(errno);
    }
    return remove_now(folder, gone);
}

static enum err remove_now(const struct folder *folder, const char *name)
{
    if (unlinkat(folder->fd, name, /* flags= */ 0) == 0) {
        return fsync(folder->fd) == 0 ? OK : err_from_errno(errno);
    }
    AUTO(folder) inner = { .fd = openat(folder->fd, name, FOLDER_OPEN_FLAGS) };
    if (inner.fd < 0) {
        return err_from_errno(errno);
    }
    inner.open = true;
    TRY(empty_now(&inner));
    bool gone = unlinkat(folder->fd, name, AT_REMOVEDIR) == 0 && fsync(folder->fd) == 0;
    return gone ? OK : err_from_errno(errno);
}

/* Whatever is in there, of names that the store never gives and in any number: what is left of a
 * removal keeps the store from opening. */
static enum err empty_now(const struct folder *folder)
{
    DIR *directory = directory_open(folder);
    enum err err = directory == NULL ? err_from_errno(errno) : OK;
    for (struct dirent *entry; err == OK && (entry = readdir(directory)) != NULL;) {
        err = is_self(entry->d_name) ? OK : remove_now(folder, entry->d_name);
    }
    if (directory != NULL) {
        closedir(directory);
    }
    return err;
}

enum err folder_sweep(const struct folder *folder)
{
    AUTO(folder_names) hidden = { 0 };
    TRY(each_name(folder, /* hidden= */ true, &hidden));
    for (size_t i = 0; i < hidden.count; i++) {
        bool ours =
            strncmp(hidden.names[i], ".new-", 5) == 0 || strncmp(hidden.names[i], ".gone-", 6) == 0;
        if (ours) {
            TRY(remove_now(folder, hidden.names[i]));
        }
    }
    return OK;
}

void folder_names_release(struct folder_names *names)
{
    free(names->names);
    *names = (struct folder_names){ 0 };
}

enum err folder_list(const struct folder *folder, struct folder_names *ret_names)
{
    AUTO(folder_names) names = { 0 };
    TRY(each_name(folder, /* hidden= */ false, &names));
    if (names.count > 1) {
        qsort(names.names, names.count, sizeof names.names[0], name_compare);
    }
    *ret_names = names;
    names = (struct folder_names){ 0 };
    return OK;
}

static enum err each_name(const struct folder *folder, bool hidden, struct folder_names *ret_names)
{
    DIR *directory = directory_open(folder);
    if (directory == NULL) {
        return err_from_errno(errno);
    }
    AUTO(folder_names) names = { 0 };
    enum err err = OK;
    for (struct dirent *entry; err == OK && (entry = readdir(directory)) != NULL;) {
        const char *name = entry->d_name;
        bool wanted =
            !is_self(name) && (name[0] == '.') == hidden && strlen(name) < FOLDER_NAME_MAX;
        err = wanted ? names_add(&names, name) : OK;
    }
    closedir(directory);
    TRY(err);
    *ret_names = names;
    names = (struct folder_names){ 0 };
    return OK;
}

/* NULL with errno. */
static DIR *directory_open(const struct folder *folder)
{
    int fd = openat(folder->fd, ".", FOLDER_OPEN_FLAGS);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (directory == NULL && fd >= 0) {
        int failure = errno;
        close(fd);
        errno = failure;
    }
    return directory;
}

static bool is_self(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum err names_add(struct folder_names *names, const char *name)
{
    if (names->count == FOLDER_ENTRIES_MAX) {
        return ERR_LIMIT;
    }
    void *grown = names->count % 64 != 0
                      ? names->names
                      : reallocarray(names->names, names->count + 64, sizeof names->names[0]);
    if (grown == NULL) {
        return ERR_MEMORY;
    }
    names->names = grown;
    memcpy(names->names[names->count++], name, strlen(name) + 1);
    return OK;
}

static int name_compare(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* Salted, so that nobody can lay a trap under the name. */
static enum err hidden_name(const char *kind, char ret_name[FOLDER_NAME_MAX])
{
    uint8_t salt[8];
    char text[2 * sizeof salt + 1];
    if (getrandom(salt, sizeof salt, /* flags= */ 0) != (ssize_t)sizeof salt) {
        return ERR_CRYPTO;
    }
    hex_format(SPAN_OF(salt), text);
    snprintf(ret_name, FOLDER_NAME_MAX, ".%s-%s", kind, text);
    return OK;
}
