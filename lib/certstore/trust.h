#pragma once
/* Whom the subscriber trusts: intermediate, root and untrusted certificates and CRLs; and what that
 * means for a certificate, in the words of the Exchange console. */
#include "lib/certstore/store.h"
#include "lib/pki/paths.h"

enum certstore_folder { CERTSTORE_INTERMEDIATE, CERTSTORE_ROOTS, CERTSTORE_UNTRUSTED };

/* `der` is a certificate; told apart by SHA-256, never by name. `ret_new` (may be NULL) says
 * whether it wasn't there before. ERR_INPUT with "certificate.malformed". */
enum err certstore_add_trust(struct certstore *store, enum certstore_folder folder, struct span der,
    struct reason *ret_reason, bool *ret_new) MUST_USE;
/* Keeps the newer of two CRLs of one issuer and key: ERR_CONFLICT for one that is older than what
 * is here. Its signature is checked when it is used. */
enum err certstore_add_crl(
    struct certstore *store, struct span der, struct reason *ret_reason) MUST_USE;

struct certstore_blobs {
    struct buf *blobs; /* DER */
    size_t count;
};
void certstore_blobs_release(struct certstore_blobs *blobs);
AUTO_DEFINE(certstore_blobs, certstore_blobs_release)
enum err certstore_list_trust(const struct certstore *store, enum certstore_folder folder,
    struct certstore_blobs *ret_blobs) MUST_USE;
enum err certstore_list_crls(
    const struct certstore *store, struct certstore_blobs *ret_blobs) MUST_USE;

/* As Exchange shows them. */
enum certstore_state {
    CERTSTORE_VALID,
    CERTSTORE_PENDING,
    CERTSTORE_DATE_INVALID,
    CERTSTORE_INVALID,
    CERTSTORE_REVOKED,
    CERTSTORE_REVOCATION_CHECK_FAILURE,
    CERTSTORE_UNTRUSTED_STATE,
    CERTSTORE_UNKNOWN,
};
/* "Valid", "PendingRequest", … */
const char *certstore_state_name(enum certstore_state state);

struct certstore_judgement {
    enum certstore_state state;
    struct reason reason; /* why it isn't valid; code empty if it is */
};
/* Judges the item by the stores at `now`. Fails only where the stores can't be read. */
enum err certstore_judge(const struct certstore *store, const struct certstore_item *item,
    int64_t now, struct certstore_judgement *ret_judgement) MUST_USE;
/* Whether this certificate leads to one of our roots, or to `extra_root` (DER; may be empty), with
 * `chain_pem` as further intermediates; as chain_verify. Revocation is looked at where a CRL is
 * here. */
enum err certstore_verify(const struct certstore *store, struct span certificate,
    struct span chain_pem, struct span extra_root, int64_t now, struct reason *ret_reason) MUST_USE;

/* Every path from `certificate` through the stores and `chain_pem`, each with its verdict; the
 * paths borrow from `certificate`. Reasons as paths_find. */
struct trust;
struct certstore_paths {
    struct paths *paths;
    struct trust *trust; /* what the paths borrow from */
};
void certstore_paths_release(struct certstore_paths *paths);
AUTO_DEFINE(certstore_paths, certstore_paths_release)
enum err certstore_paths(const struct certstore *store, struct span certificate,
    struct span chain_pem, int64_t now, struct reason *ret_reason,
    struct certstore_paths *ret_paths) MUST_USE;
