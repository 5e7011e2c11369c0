#pragma once
/* One directory of the store, held open. Every name is looked up relative to the descriptor and
 * never through a symbolic link; every directory belongs to us and is closed to others; every file
 * is made with O_EXCL and 0600, whatever the umask; what has a name is complete and on disk. */
#include "lib/base/buf.h"
#include "lib/base/secret.h"

struct folder_unsynced;

struct folder {
    int fd;
    bool open;
    bool made; /* by this opening */
    /* Of a draft: nobody finds it, what is written gets its name at once, and is waited for when
     * the draft is published. */
    struct folder_unsynced *draft;
};

enum { FOLDER_NAME_MAX = 96, FOLDER_ENTRIES_MAX = 4096 };

enum folder_make { FOLDER_MUST_EXIST, FOLDER_MAKE };
/* By path; FOLDER_MAKE: made with 0700 if it isn't there (its parent must be). ERR_DENIED with
 * "certstore.directory" for what is a link or no directory, belongs to someone else, or is open to
 * others (field: path, seen: owner or mode, expected: ours); ERR_NOT_FOUND. */
enum err folder_open_path(const char *path, enum folder_make make, struct reason *ret_reason,
    struct folder *ret_folder) MUST_USE;
/* One that is empty, stands nowhere and takes nothing in: what is not there, as it would be found
 * had it been made. "certstore.path". */
enum err folder_open_nowhere(struct reason *ret_reason, struct folder *ret_folder) MUST_USE;
/* Below another one; the same checks. A new one's name is on disk once folder_sync(parent) is done,
 * so that several cost one sync. */
enum err folder_open(const struct folder *parent, const char *name, enum folder_make make,
    struct folder *ret_folder) MUST_USE;
void folder_close(struct folder *folder);
AUTO_DEFINE(folder, folder_close)

/* ERR_DENIED for a file that is a link, not ours, or open to others; ERR_LIMIT beyond `max`. */
enum err folder_read(
    const struct folder *folder, const char *name, size_t max, struct buf *ret_buf) MUST_USE;
enum err folder_read_secret(
    const struct folder *folder, const char *name, size_t max, struct secret *ret_secret) MUST_USE;
/* Writes beside, syncs, renames over `name`, syncs the directory. In a draft: writes, and
 * has the disk begin; a name can be given once. */
enum err folder_write(const struct folder *folder, const char *name, struct span content) MUST_USE;
enum err folder_sync(const struct folder *folder) MUST_USE;
/* A new sub-directory under a name that listings pass over, to be filled and then given its name by
 * folder_publish. */
enum err folder_draft(
    const struct folder *folder, char ret_name[FOLDER_NAME_MAX], struct folder *ret_draft) MUST_USE;
/* A new file in another folder, on disk, with its name, before the draft gets its own: of what was
 * cut off before, a part may be found. ERR_CONFLICT if it exists. */
enum err folder_write_along(const struct folder *draft, const struct folder *folder,
    const char *name, struct span content) MUST_USE;
/* Everything in the draft `name` of `folder` is on disk; then it becomes `to` in one step.
 * ERR_CONFLICT if that exists. */
enum err folder_publish(const struct folder *folder, const char *name, const struct folder *draft,
    const char *to) MUST_USE;
/* The same in the place of the file or sub-directory `to`, which goes. */
enum err folder_publish_over(const struct folder *folder, const char *name,
    const struct folder *draft, const char *to) MUST_USE;
/* Gives the sub-directory `from` its final place in one step. ERR_CONFLICT if `to` exists. */
enum err folder_move(const struct folder *folder, const char *from, const struct folder *to_folder,
    const char *to) MUST_USE;
/* Takes a file, or a directory with all that is in it, away; first out of sight, then for good.
 * What is not there is no failure. */
enum err folder_remove(const struct folder *folder, const char *name) MUST_USE;
/* What an interrupted draft or removal left behind. Only under the store's lock. */
enum err folder_sweep(const struct folder *folder) MUST_USE;

struct folder_names {
    char (*names)[FOLDER_NAME_MAX];
    size_t count;
};
void folder_names_release(struct folder_names *names);
AUTO_DEFINE(folder_names, folder_names_release)
/* Sorted; names that begin with a full stop are passed over. */
enum err folder_list(const struct folder *folder, struct folder_names *ret_names) MUST_USE;
