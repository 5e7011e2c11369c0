#pragma once
/* The subscriber's stores, as Windows has them: personal (a key with its certificate), requests (a
 * key that waits for one), intermediate, roots, untrusted, CRLs. All are folders of plain files
 * (PEM for what people handle), so that they can be looked at, backed up and moved without us.
 *
 *     requests/ID/  key.pem  request.csr  about  progress       ID: 16 digits of the key's SHA-256
 *     personal/ID/  key.pem  certificate.pem  chain.pem  about  ID: the certificate's SHA-256
 *     intermediate/  roots/  untrusted/   SHA-256.pem           crls/  SHA-256 of the issuer.crl
 *     logins/  the keys that log in at a portal (login.h)    deployed/  what is where (ledger.h)
 *     renewals/  what unattended renewal has come to (renewals.h)
 *     fetched/  what servers said of the lists that they gave (fetched.h)
 *     changes/  what the last changes replaced or took away (undo.h)
 *
 * A certificate joins its key by one rename of the request's directory: there is no moment at which
 * key and certificate lie in two places, or the key nowhere (doc/threats.md K3, K11). */
#include "lib/certstore/folder.h"
#include "lib/crypto/key.h"

enum {
    CERTSTORE_ID_MAX = 2 * SHA256_BYTES + 1,
    CERTSTORE_FRIENDLY_MAX = 256,
    CERTSTORE_ITEMS_MAX = 1024,
    CERTSTORE_PROGRESS_MAX = 64 * 1024,
    CERTSTORE_CHAIN_MAX = 256 * 1024,
    CERTSTORE_PLACE_MAX = 512, /* a token's URI, a module's path */
};

enum certstore_kind { CERTSTORE_REQUEST, CERTSTORE_PERSONAL };
/* What stands between the key and whoever holds its file. */
enum certstore_guard {
    CERTSTORE_KEY_PLAIN,      /* nothing but the file's mode */
    CERTSTORE_KEY_PASSPHRASE, /* the file is an EncryptedPrivateKeyInfo */
    CERTSTORE_KEY_TOKEN,      /* there is no file: a security module holds the key */
};

struct certstore;

/* Makes what is missing, and clears away what an interruption left behind. */
enum err certstore_open(
    const char *path, struct reason *ret_reason, struct certstore **ret_store) MUST_USE;
/* The same without making anything: what is missing is found empty, and nothing can be kept there.
 * For a run that only says what it would do (certstore_rehearse). */
enum err certstore_look(
    const char *path, struct reason *ret_reason, struct certstore **ret_store) MUST_USE;
void certstore_free(struct certstore *store);
AUTO_PTR_DEFINE(certstore, certstore_free)

/* A request or a certificate with its key; the key itself stays in its file. */
struct certstore_item {
    enum certstore_kind kind;
    char id[CERTSTORE_ID_MAX];
    char friendly_name[CERTSTORE_FRIENDLY_MAX]; /* UTF-8, no control characters */
    int64_t created;
    struct buf csr;         /* DER; empty if the key came from a backup */
    struct buf certificate; /* DER; empty for a request */
    struct buf chain;       /* PEM of the intermediates that came with it; may be empty */
    uint8_t spki_sha256[SHA256_BYTES];
    enum certstore_guard guard;
    char token_uri[CERTSTORE_PLACE_MAX], token_module[CERTSTORE_PLACE_MAX]; /* of a token's key */
    bool rehearsed; /* it would be there (certstore_rehearse): it has no key yet */
};
void certstore_item_release(struct certstore_item *item);
AUTO_DEFINE(certstore_item, certstore_item_release)

struct certstore_items {
    struct certstore_item *items;
    size_t count;
};
void certstore_items_release(struct certstore_items *items);
AUTO_DEFINE(certstore_items, certstore_items_release)

/* Requests first, then certificates, each by time of creation. An item that can't be read is left
 * out; `ret_unreadable` (may be NULL) counts those. */
enum err certstore_list(const struct certstore *store, struct certstore_items *ret_items,
    size_t *ret_unreadable) MUST_USE;
/* By id, a beginning of it of at least 4 digits (colons and blanks don't matter), or the friendly
 * name. ERR_NOT_FOUND with "certstore.no_item", ERR_CONFLICT with "certstore.ambiguous". */
enum err certstore_find(const struct certstore *store, const char *wanted,
    struct reason *ret_reason, struct certstore_item *ret_item) MUST_USE;
/* The item whose key this is; ERR_NOT_FOUND. */
enum err certstore_find_key(const struct certstore *store, const uint8_t spki_sha256[SHA256_BYTES],
    struct certstore_item *ret_item) MUST_USE;
/* `passphrase` may be NULL. Reasons: "key.passphrase_needed" and "key.passphrase" (ERR_DENIED);
 * "certstore.key_in_token" (ERR_UNSUPPORTED, seen: its URI). */
enum err certstore_load_key(const struct certstore *store, const struct certstore_item *item,
    const struct secret *passphrase, struct reason *ret_reason, struct key **ret_key) MUST_USE;

struct certstore_request {
    const struct key *key;
    struct span csr; /* DER; may be empty */
    const char *friendly_name;
    int64_t created;
    const struct secret *passphrase;      /* the key's file is encrypted under it; NULL: not */
    const char *token_uri, *token_module; /* where the key is if key_in_token; else NULL */
    /* A file that the caller writes for the person as soon as the item is there; NULL: none. It is
     * part of the same change: undoing deletes it where it is as it was given, and else leaves it.
     * The path is whole, from the root. */
    const char *given;
    struct span given_content;
};
/* ERR_CONFLICT with "certstore.key_exists" (seen: the id) if the key is here already. */
enum err certstore_add_request(struct certstore *store, const struct certstore_request *request,
    struct reason *ret_reason, struct certstore_item *ret_item) MUST_USE;

/* Joins a certificate to the request whose key it certifies. `chain` is PEM and may be empty. The
 * certificate must parse and its key be the request's, or nothing changes: ERR_NOT_FOUND with
 * "certificate.no_request" (seen: the certificate's key), ERR_CONFLICT with
 * "certstore.have_certificate", ERR_INPUT with "certificate.malformed". `key` is the request's, as
 * the caller opened it; NULL: it is read from its file, which must be plain
 * ("key.passphrase_needed", "certstore.key_in_token"). */
enum err certstore_complete(struct certstore *store, struct span certificate, struct span chain,
    const struct key *key, struct reason *ret_reason, struct certstore_item *ret_item) MUST_USE;
/* A key with its certificate in one step (from a backup); as the two above. */
enum err certstore_add_personal(struct certstore *store, const struct certstore_request *request,
    struct span certificate, struct span chain, struct reason *ret_reason,
    struct certstore_item *ret_item) MUST_USE;

/* Takes the item with its key away: a recorded change (certstore_record) keeps both until it is
 * forgotten, else they are gone for good. "certstore.write". */
enum err certstore_remove(
    struct certstore *store, const struct certstore_item *item, struct reason *ret_reason) MUST_USE;

/* What the enrolment of a request (or, after completion, of a certificate) has come to, as text
 * that only its writer reads; ERR_NOT_FOUND if there is none. Never a PIN. */
enum err certstore_read_progress(const struct certstore *store, const struct certstore_item *item,
    struct buf *ret_text) MUST_USE;
enum err certstore_write_progress(
    struct certstore *store, const struct certstore_item *item, struct span text) MUST_USE;
