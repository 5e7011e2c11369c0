#pragma once
/* The CA certificates of the stores: what each is, and whether its CA has withdrawn it. Told apart
 * by thumbprint, because an old and a new intermediate may share name, key, key identifier and end.
 */
#include "lib/certstore/trust.h"

enum authority_role {
    AUTHORITY_ROOT,  /* self-signed */
    AUTHORITY_CROSS, /* another CA's certificate for a root's key, or one above a CA of ours */
    AUTHORITY_INTERMEDIATE, /* signs server certificates */
    AUTHORITY_SERVER,       /* no CA at all; only the untrusted folder takes it */
};
/* "root", "cross", "intermediate", "server". */
const char *authority_role_name(enum authority_role role);

enum authority_standing {
    AUTHORITY_CURRENT,
    AUTHORITY_EXPIRED,
    AUTHORITY_NOT_YET_VALID,
    AUTHORITY_OLD,     /* no serverAuth, and a newer one of the same name and key has it */
    AUTHORITY_REVOKED, /* in a list that its issuer signed */
};
/* "current", "expired", "not_yet_valid", "old", "revoked". */
const char *authority_standing_name(enum authority_standing standing);

struct authority {
    enum certstore_folder folder;
    bool added; /* not in the store: one of those that came with the call */
    struct certificate certificate;
    char id[CERTSTORE_ID_MAX];
    char sha1[2 * SHA1_BYTES + 1];
    enum authority_role role;
    enum authority_standing standing;
    int64_t revoked_at;
};

struct authorities {
    struct authority *items;
    size_t count;
    struct certstore_blobs blobs[3], crls;
};
void authorities_release(struct authorities *authorities);
AUTO_DEFINE(authorities, authorities_release)

/* All of the three folders, and `added` as if they were in `folder` already. */
enum err certstore_authorities(const struct certstore *store, enum certstore_folder folder,
    const struct span *added, size_t added_count, int64_t now,
    struct authorities *ret_authorities) MUST_USE;
/* The one with this SHA-256 or SHA-1, or a beginning of it of at least 8 digits (colons and blanks
 * don't matter). ERR_NOT_FOUND with "certstore.no_authority", ERR_CONFLICT with
 * "certstore.ambiguous". */
enum err authorities_find(const struct authorities *authorities, const char *thumbprint,
    struct reason *ret_reason, const struct authority **ret_authority) MUST_USE;

/* Whether a certificate belongs into the folder: roots takes only CA certificates that are signed
 * by themselves, intermediate only those that are not, untrusted anything. ERR_INPUT with
 * "certificate.malformed"; ERR_DENIED with "certstore.not_ca", "certstore.is_root",
 * "certstore.not_root" (seen: the subject). */
enum err certstore_belongs(
    struct span der, enum certstore_folder folder, struct reason *ret_reason) MUST_USE;
/* Whether it is a server's: ERR_DENIED with "certstore.is_ca" if it is a CA's. */
enum err certstore_is_server(struct span der, struct reason *ret_reason) MUST_USE;
