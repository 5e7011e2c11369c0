#pragma once
/* What the files of this library know of each other. */
#include "lib/certstore/trust.h"

struct certstore {
    struct folder root, requests, personal, intermediate, roots, untrusted, crls, logins, deployed,
        renewals;
    int lock; /* held by flock during each change */
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

/* SHA-256 as 64 hexadecimal digits. */
enum err certstore_thumbprint(struct span bytes, char ret_id[CERTSTORE_ID_MAX]) MUST_USE;
const struct folder *certstore_folder_of(
    const struct certstore *store, enum certstore_folder folder);
/* Keeps a list whatever was there; the caller has verified it. */
enum err certstore_replace_crl(
    struct certstore *store, const struct crl *crl, struct reason *ret_reason) MUST_USE;
enum err certstore_take_crl_out(
    struct certstore *store, const struct crl *crl, struct reason *ret_reason) MUST_USE;
/* The chains beside certificates (replace.h): put back as they were before the last change, which
 * `ret_count` counts; or the means for that forgotten. Under the lock. */
enum err certstore_restore_chains(const struct certstore *store, size_t *ret_count) MUST_USE;
enum err certstore_forget_chains(const struct certstore *store) MUST_USE;
/* Forgets the last change as a whole. Under the lock. */
enum err certstore_forget(const struct certstore *store) MUST_USE;
