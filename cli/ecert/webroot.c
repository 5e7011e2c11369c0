/* Folder by folder from the web root down, by descriptors, so that nothing on the way can lead
 * elsewhere. */
#include "cli/ecert/webroot.h"

#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTENT_MAX = 512, FOLDERS = 2 };

#define FILE_NAME "fileauth.txt"
#define FILE_NEW  ".fileauth.txt.new"

static const char *const folders[FOLDERS] = { ".well-known", "pki-validation" };

static enum err folders_open(const char *root, bool make, int ret_folders[FOLDERS + 1]);
static void folders_close(int opened[FOLDERS + 1]);
static enum err file_write(int folder, const char *content);
static enum err content_compare(int folder, const char *content);

enum err webroot_place(const char *folder, const char *value, struct reason *ret_reason)
{
    char content[CONTENT_MAX];
    int opened[FOLDERS + 1] = { -1, -1, -1 };
    if ((size_t)snprintf(content, sizeof content, "%s\n", value) >= sizeof content) {
        return ERR_LIMIT;
    }
    enum err err = folders_open(folder, /* make= */ true, opened);
    if (err == OK) {
        err = content_compare(opened[FOLDERS], content);
        err = err == ERR_NOT_FOUND ? file_write(opened[FOLDERS], content) : err;
    }
    int number = errno;
    folders_close(opened);
    if (err == ERR_CONFLICT) {
        return reason_set(ret_reason, err, "tool.webroot_taken", folder, NULL, NULL);
    }
    return err == OK ? OK
                     : reason_set(ret_reason, err, "tool.webroot", folder, strerror(number), NULL);
}

enum err webroot_remove(const char *folder, const char *value)
{
    char content[CONTENT_MAX];
    int opened[FOLDERS + 1] = { -1, -1, -1 };
    snprintf(content, sizeof content, "%s\n", value);
    enum err err = folders_open(folder, /* make= */ false, opened);
    if (err == OK) {
        err = content_compare(opened[FOLDERS], content);
    }
    if (err == OK && unlinkat(opened[FOLDERS], FILE_NAME, 0) != 0) {
        err = ERR_IO;
    }
    for (int i = FOLDERS; err == OK && i-- > 0;) {
        /* Fails, and is meant to, where something else is in it. */
        (void)!unlinkat(opened[i], folders[i], AT_REMOVEDIR);
    }
    folders_close(opened);
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err folders_open(const char *root, bool make, int ret_folders[FOLDERS + 1])
{
    ret_folders[0] = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < FOLDERS && ret_folders[i] >= 0; i++) {
        bool made = make && mkdirat(ret_folders[i], folders[i], 0755) == 0;
        if (make && !made && errno != EEXIST) {
            return ERR_IO;
        }
        int folder =
            openat(ret_folders[i], folders[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        ret_folders[i + 1] = folder;
        /* The web server is somebody else, whatever our umask says. */
        if (folder >= 0 && made && fchmod(folder, 0755) != 0) {
            return ERR_IO;
        }
    }
    if (ret_folders[FOLDERS] >= 0) {
        return OK;
    }
    return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
}

static void folders_close(int opened[FOLDERS + 1])
{
    for (int i = 0; i <= FOLDERS; i++) {
        if (opened[i] >= 0) {
            close(opened[i]);
        }
    }
}

static enum err file_write(int folder, const char *content)
{
    (void)!unlinkat(folder, FILE_NEW, 0);
    int file = openat(folder, FILE_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0) {
        return ERR_IO;
    }
    enum err err = fd_write_all(file, span_from_text(content));
    err = err == OK && fchmod(file, 0644) != 0 ? ERR_IO : err;
    close(file);
    /* Not by renaming over it: what has come there in between is not ours. */
    if (err == OK && linkat(folder, FILE_NEW, folder, FILE_NAME, 0) != 0) {
        err = errno == EEXIST ? ERR_CONFLICT : ERR_IO;
    }
    (void)!unlinkat(folder, FILE_NEW, 0);
    return err;
}

/* OK if the file holds exactly this; ERR_CONFLICT if it holds anything else or is no file. */
static enum err content_compare(int folder, const char *content)
{
    char found[CONTENT_MAX];
    struct stat status;
    int file = openat(folder, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_CONFLICT;
    }
    bool regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    ssize_t len = regular ? read(file, found, sizeof found) : -1;
    close(file);
    bool same = len >= 0 && span_equal_text(span_make(found, (size_t)len), content);
    return same ? OK : ERR_CONFLICT;
}
