#pragma once
/* What the files of this library know of each other. */
#include "lib/certstore/trust.h"
#include "lib/certstore/undo.h"

struct certstore {
    struct folder root, requests, personal, intermediate, roots, untrusted, crls, logins, deployed,
        renewals, changes, fetched;
    struct folder nowhere;        /* open where one of them isn't there */
    int lock;                     /* held by flock during each change */
    struct certstore_past record; /* what this run has changed so far; no command: unrecorded */
    bool rehearsed;               /* nothing is written */
};

/* Every change happens between the two; what another process of the same user is doing is waited
 * for. */
enum err certstore_lock(struct certstore *store) MUST_USE;
void certstore_unlock(struct certstore *store);

/* The key's file in an item's folder (keyfile.c); `passphrase` may be NULL. */
enum err keyfile_read(const struct folder *folder, const struct secret *passphrase,
    struct reason *ret_reason, struct key **ret_key) MUST_USE;
enum err keyfile_write(
    const struct folder *folder, const struct certstore_request *request) MUST_USE;

/* What is said of an item in its folder (about.c): into `item`, which says its kind and id. */
enum err item_about_read(const struct folder *folder, struct certstore_item *item) MUST_USE;
enum err item_about_write(
    const struct folder *folder, const struct certstore_request *request) MUST_USE;

/* SHA-256 as 64 hexadecimal digits. */
enum err certstore_thumbprint(struct span bytes, char ret_id[CERTSTORE_ID_MAX]) MUST_USE;
const struct folder *certstore_folder_of(
    const struct certstore *store, enum certstore_folder folder);
/* Keeps a list whatever was there; the caller has verified it. */
enum err certstore_replace_crl(
    struct certstore *store, const struct crl *crl, struct reason *ret_reason) MUST_USE;
enum err certstore_take_crl_out(
    struct certstore *store, const struct crl *crl, struct reason *ret_reason) MUST_USE;

/* How the store changes (record.c): each step is written down, then done. `path` is below the
 * store. Under the lock. */
/* A file's content; NULL: it goes. What is so already is no step. */
enum err step_file(struct certstore *store, const char *path, const struct span *content) MUST_USE;
/* A draft (folder_draft) gets its place, which is in its own folder; the file that is given for it
 * (`request`) is written down too. */
enum err step_item_add(struct certstore *store, const struct folder *parent, const char *name,
    const struct folder *draft, const char *path, const struct certstore_request *request) MUST_USE;
enum err step_item_remove(struct certstore *store, const char *path) MUST_USE;
/* A request that holds its certificate becomes one of the personal store. */
enum err step_join(struct certstore *store, const char *path, const char *to) MUST_USE;

/* A file that was written for the person (given.c): whether it is there as it was given, and its
 * end, where it still is. */
bool given_stands(const struct certstore_step *step);
enum err given_remove(const struct certstore_step *step) MUST_USE;

/* Where a path's last name lies. ERR_NOT_FOUND where a folder on the way isn't there. */
enum err step_place(const struct certstore *store, const char *path, struct folder *ret_folder,
    char ret_name[FOLDER_NAME_MAX]) MUST_USE;
enum err step_file_digest(
    const struct folder *folder, const char *name, char ret_digest[CERTSTORE_ID_MAX]) MUST_USE;
enum err step_item_digest(
    const struct folder *parent, const char *name, char ret_digest[CERTSTORE_ID_MAX]) MUST_USE;

/* Their names, the oldest first; what else lies among them is nobody's. */
enum err changes_list(const struct certstore *store, struct folder_names *ret_names) MUST_USE;
void change_name(unsigned number, char ret_name[FOLDER_NAME_MAX]);
enum err change_open(
    const struct certstore *store, unsigned number, struct folder *ret_folder) MUST_USE;
/* ERR_INPUT for what is no whole change. */
enum err change_read(
    const struct certstore *store, const char *name, struct certstore_past *ret_past) MUST_USE;
/* Everything it touched is as it was before it. */
bool change_is_idle(const struct certstore *store, const struct certstore_past *past);
/* Takes it back, whatever the checks would say (undo.c). */
enum err change_revert(struct certstore *store, const struct certstore_past *past) MUST_USE;
/* People copy thumbprints with colons, blanks and capitals: at least 8 digits count (authority.c).
 */
bool thumbprint_begins(const char *digits, const char *wanted);
/* An item's folder as an item (store.c). */
enum err item_read(const struct folder *parent, enum certstore_kind kind, const char *id,
    struct certstore_item *ret_item) MUST_USE;
