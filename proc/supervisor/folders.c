/* Folders and their owners. The store is shared by a group, everything else is one user's alone.
 * All other files a process reads are opened by it while it still is who started us. */
#include "proc/supervisor/folders.h"

#include "lib/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FILES_MAX = 100000 };

static enum err folder_give(const char *path, unsigned user, unsigned group, mode_t mode);
static enum err store_prepare(const struct config *config, bool users);

enum err folders_prepare(const struct config *config, struct reason *ret_reason)
{
    bool users = config->service.users && geteuid() == 0;
    const struct {
        const char *path;
        enum config_role role;
    } folders[] = {
        { config->signer.directory, ROLE_SIGNER },
        { config->courier.spool, ROLE_COURIER },
    };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        unsigned user = 0;
        if (folders[i].path == NULL) {
            continue;
        }
        enum err err = directory_ensure(folders[i].path, 0700);
        err = err == OK ? config_user_id(config, folders[i].role, &user) : err;
        err = err == OK && users ? folder_give(folders[i].path, user, (unsigned)-1, 0700) : err;
        if (err != OK) {
            return reason_set(ret_reason, err, "supervisor.folder", folders[i].path, NULL, NULL);
        }
    }
    enum err err = store_prepare(config, users);
    return err == OK ? OK
                     : reason_set(
                           ret_reason, err, "supervisor.folder", config->service.store, NULL, NULL);
}

/* An empty file is an empty database; SQLite gives its other files the same mode. */
static enum err store_prepare(const struct config *config, bool users)
{
    char directory[PATH_MAX];
    const char *store = config->service.store;
    const char *slash = store == NULL ? NULL : strrchr(store, '/');
    if (slash == NULL || slash == store) {
        return OK;
    }
    if (!span_to_text(span_make(store, (size_t)(slash - store)), directory, sizeof directory)) {
        return ERR_LIMIT;
    }
    TRY(directory_ensure(directory, 0700));
    if (!users) {
        return OK;
    }
    unsigned registrar = 0;
    struct stat status;
    TRY(config_user_id(config, ROLE_REGISTRAR, &registrar));
    unsigned group = config->service.first_user_id;
    if (group == 0) {
        return OK; /* accounts: the installation has set up group and folder */
    }
    if (stat(store, &status) != 0) {
        TRY(file_create(store, span_make(NULL, 0), 0660));
    }
    return folder_give(directory, registrar, group, 02770);
}

static enum err folder_give(const char *path, unsigned user, unsigned group, mode_t mode)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return err_from_errno(errno);
    }
    enum err err = OK;
    for (size_t count = 0; err == OK && count < FOLDER_FILES_MAX; count++) {
        const struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            break;
        }
        struct stat status;
        if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode) &&
            fchownat(dirfd(folder), entry->d_name, user, group, AT_SYMLINK_NOFOLLOW) != 0) {
            err = err_from_errno(errno);
        }
    }
    if (err == OK &&
        (fchown(dirfd(folder), user, group) != 0 || fchmod(dirfd(folder), mode) != 0)) {
        err = err_from_errno(errno);
    }
    closedir(folder);
    return err;
}
