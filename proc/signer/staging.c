/* The folders of a ceremony; each holds files only. */
#include "proc/signer/staging.h"
#include "lib/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The signer's last: its roster is what the service waits for. */
static const struct folder {
    const char *name;
    mode_t mode;
} folders[] = {
    { "root", 0700 },
    { "ca", 0755 },
    { "requests", 0755 },
    { "administrators", 0700 },
    { "officers", 0700 },
    { "validator", 0700 },
    { "transport", 0700 },
    { "signer", 0700 },
};

enum { FOLDERS = sizeof folders / sizeof folders[0] };

typedef enum err (*file_visitor)(
    const struct staging *staging, const struct folder *folder, const char *name);

static enum err folder_each(
    const struct staging *staging, const struct folder *folder, file_visitor visit);
static enum err file_remove(
    const struct staging *staging, const struct folder *folder, const char *name);
static enum err file_move(
    const struct staging *staging, const struct folder *folder, const char *name);
static enum err folders_remove(const struct staging *staging);
static enum err folder_sync(const char *directory, const char *name);

enum err staging_init(const char *directory, struct staging *ret_staging)
{
    ret_staging->directory = directory;
    return path_join(ret_staging->path, sizeof ret_staging->path, directory, "ceremony.unfinished");
}

bool staging_exists(const struct staging *staging)
{
    return access(staging->path, F_OK) == 0;
}

enum err staging_begin(const struct staging *staging, struct reason *ret_reason)
{
    char path[PATH_MAX];
    enum err err = OK;
    for (size_t i = 0; i < FOLDERS && err == OK && staging_exists(staging); i++) {
        err = folder_each(staging, &folders[i], file_remove);
    }
    err = err == OK ? folders_remove(staging) : err;
    if (err != OK) {
        return reason_set(
            ret_reason, err, "ceremony.stage", staging->path, err_name(err), "a ceremony's files");
    }
    TRY(directory_ensure(staging->path, 0700));
    for (size_t i = 0; i < FOLDERS; i++) {
        TRY(path_join(path, sizeof path, staging->path, folders[i].name));
        TRY(directory_ensure(path, folders[i].mode));
    }
    return folder_sync(staging->directory, "ceremony.unfinished");
}

enum err staging_settle(const struct staging *staging, struct reason *ret_reason)
{
    for (size_t i = 0; i < FOLDERS; i++) {
        enum err err = folder_each(staging, &folders[i], file_move);
        if (err != OK) {
            return reason_set(ret_reason, err, "ceremony.places", folders[i].name, err_name(err),
                staging->directory);
        }
    }
    TRY(folders_remove(staging));
    return folder_sync(staging->directory, ".");
}

bool staging_place_taken(const struct staging *staging, char ret_path[PATH_MAX])
{
    for (size_t i = 0; i < FOLDERS; i++) {
        if (strcmp(folders[i].name, "root") != 0 &&
            path_join(ret_path, PATH_MAX, staging->directory, folders[i].name) == OK &&
            access(ret_path, F_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* Every file of one of its folders; a folder that is not there has none. */
static enum err folder_each(
    const struct staging *staging, const struct folder *folder, file_visitor visit)
{
    char path[PATH_MAX];
    enum err err = OK;
    TRY(path_join(path, sizeof path, staging->path, folder->name));
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return errno == ENOENT ? OK : err_from_errno(errno);
    }
    for (struct dirent *entry = readdir(directory); entry != NULL && err == OK;
         entry = readdir(directory)) {
        bool itself = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        err = itself ? OK : visit(staging, folder, entry->d_name);
    }
    closedir(directory);
    return err;
}

static enum err staged_path(const struct staging *staging, const struct folder *folder,
    const char *name, char ret_path[PATH_MAX])
{
    char path[PATH_MAX];
    TRY(path_join(path, sizeof path, staging->path, folder->name));
    return path_join(ret_path, PATH_MAX, path, name);
}

static enum err file_remove(
    const struct staging *staging, const struct folder *folder, const char *name)
{
    char path[PATH_MAX];
    TRY(staged_path(staging, folder, name, path));
    return unlink(path) == 0 ? OK : err_from_errno(errno);
}

static enum err file_move(
    const struct staging *staging, const struct folder *folder, const char *name)
{
    char from[PATH_MAX], place[PATH_MAX], to[PATH_MAX];
    TRY(staged_path(staging, folder, name, from));
    TRY(path_join(place, sizeof place, staging->directory, folder->name));
    TRY(directory_ensure(place, folder->mode));
    TRY(path_join(to, sizeof to, place, name));
    if (rename(from, to) != 0) {
        return err_from_errno(errno);
    }
    return folder_sync(staging->directory, folder->name);
}

static enum err folders_remove(const struct staging *staging)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < FOLDERS; i++) {
        TRY(path_join(path, sizeof path, staging->path, folders[i].name));
        if (rmdir(path) != 0 && errno != ENOENT) {
            return err_from_errno(errno);
        }
    }
    return rmdir(staging->path) == 0 || errno == ENOENT ? OK : err_from_errno(errno);
}

/* What was renamed is so after a power cut too. */
static enum err folder_sync(const char *directory, const char *name)
{
    char path[PATH_MAX];
    TRY(path_join(path, sizeof path, directory, name));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    enum err err = fsync(fd) == 0 ? OK : err_from_errno(errno);
    close(fd);
    return err;
}
