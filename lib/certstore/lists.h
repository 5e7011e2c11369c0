#pragma once
/* Revocation lists of the store: those of CAs that sign servers (CRL) and of roots that sign CAs
 * (ARL). Only what a CA of our own stores has signed comes in, and nothing older ever replaces it.
 */
#include "lib/certstore/authority.h"

/* Verifies and keeps a list. `ret_new` (may be NULL) is false if exactly this list was here
 * already. ERR_INPUT with "crl.malformed"; ERR_DENIED with "crl.partial" (it is no complete list,
 * so that keeping it in place of one would forget revocations), "crl.foreign" (no CA of ours has
 * the issuer's name), "crl.signature" (one has, but its key did not sign this), "crl.future";
 * ERR_CONFLICT with "crl.older" (seen and expected: the two dates). The field is the issuer. */
enum err certstore_install_crl(struct certstore *store, struct span der, int64_t now,
    struct reason *ret_reason, bool *ret_new) MUST_USE;
/* The same without keeping it. */
enum err certstore_judge_crl(const struct certstore *store, struct span der, int64_t now,
    struct reason *ret_reason, bool *ret_new) MUST_USE;

enum list_state {
    LIST_FRESH,
    LIST_STALE,    /* its next update is past */
    LIST_UNSIGNED, /* no CA of ours signed it: it counts for nothing */
};
/* "fresh", "stale", "unsigned". */
const char *list_state_name(enum list_state state);

struct revocation_list {
    struct crl crl;
    char id[CERTSTORE_ID_MAX]; /* SHA-256 of all of it */
    bool of_authorities;       /* an ARL: its issuer is a root */
    enum list_state state;
    size_t entries;
};

struct revocation_lists {
    struct revocation_list *items;
    size_t count;
    struct certstore_blobs blobs;
};
void revocation_lists_release(struct revocation_lists *lists);
AUTO_DEFINE(revocation_lists, revocation_lists_release)
enum err certstore_lists(
    const struct certstore *store, int64_t now, struct revocation_lists *ret_lists) MUST_USE;

/* The one with this id, or a beginning of it of at least 8 digits (colons and blanks don't matter).
 * ERR_NOT_FOUND with "crl.unknown", ERR_CONFLICT with "certstore.ambiguous". */
enum err revocation_lists_find(const struct revocation_lists *lists, const char *thumbprint,
    struct reason *ret_reason, const struct revocation_list **ret_list) MUST_USE;

/* Takes the list with this id out. ERR_NOT_FOUND with "certstore.no_list"; "certstore.write". */
enum err certstore_remove_list(
    struct certstore *store, const char *id, int64_t now, struct reason *ret_reason) MUST_USE;

/* Where the lists of all that is in the stores are published: the first address of each
 * certificate's CRL distribution points, each once. Addresses longer than the maximum are left out.
 * `missing` names the certificate's issuer where no CA of our own stores has that name, so that
 * what is published there can't be verified; else it is empty. */
enum { LIST_URL_MAX = 512, LIST_URLS_MAX = 64 };
struct list_url {
    char url[LIST_URL_MAX];
    char missing[REASON_FIELD_MAX];
};
struct list_urls {
    struct list_url urls[LIST_URLS_MAX];
    size_t count;
};
enum err certstore_list_urls(
    const struct certstore *store, int64_t now, struct list_urls *ret_urls) MUST_USE;
