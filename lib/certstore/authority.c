/* Roles and standings of CA certificates. Nothing is believed of a list that the issuer's key, in
 * one of our certificates, has not signed. */
#include "lib/certstore/authority.h"

#include "lib/certstore/internal.h"
#include "lib/pki/name.h"

enum { THUMBPRINT_MIN_DIGITS = 8 };

static enum err item_add(
    struct authorities *authorities, enum certstore_folder folder, struct span der, bool added);
static enum authority_role role_of(
    const struct authorities *authorities, const struct authority *item);
static enum authority_standing standing_of(
    const struct authorities *authorities, struct authority *item, int64_t now);
static bool is_revoked(const struct authorities *authorities, struct authority *item);
static bool list_revokes(const struct authorities *authorities, const struct crl *crl,
    const struct authority *item, int64_t *ret_when);
static bool is_replaced(
    const struct authorities *authorities, const struct authority *item, int64_t now);
static bool in_dates(const struct certificate *certificate, int64_t now);
static bool is_self_signed(const struct certificate *certificate);
static enum err refuse(const struct certificate *certificate, const char *code,
    const char *expected, struct reason *ret_reason);

const char *authority_role_name(enum authority_role role)
{
    static const char *const names[] = {
        [AUTHORITY_ROOT] = "root",
        [AUTHORITY_CROSS] = "cross",
        [AUTHORITY_INTERMEDIATE] = "intermediate",
        [AUTHORITY_SERVER] = "server",
    };
    return names[role];
}

const char *authority_standing_name(enum authority_standing standing)
{
    static const char *const names[] = {
        [AUTHORITY_CURRENT] = "current",
        [AUTHORITY_EXPIRED] = "expired",
        [AUTHORITY_NOT_YET_VALID] = "not_yet_valid",
        [AUTHORITY_OLD] = "old",
        [AUTHORITY_REVOKED] = "revoked",
    };
    return names[standing];
}

void authorities_release(struct authorities *authorities)
{
    free(authorities->items);
    for (size_t i = 0; i < 3; i++) {
        certstore_blobs_release(&authorities->blobs[i]);
    }
    certstore_blobs_release(&authorities->crls);
    *authorities = (struct authorities){ 0 };
}

enum err certstore_authorities(const struct certstore *store, enum certstore_folder folder,
    const struct span *added, size_t added_count, int64_t now, struct authorities *ret_authorities)
{
    static const enum certstore_folder folders[] = { CERTSTORE_ROOTS, CERTSTORE_INTERMEDIATE,
        CERTSTORE_UNTRUSTED };
    AUTO(authorities) found = { 0 };
    size_t total = added_count;
    for (size_t i = 0; i < 3; i++) {
        TRY(certstore_list_trust(store, folders[i], &found.blobs[i]));
        total += found.blobs[i].count;
    }
    TRY(certstore_list_crls(store, &found.crls));
    found.items = calloc(total + 1, sizeof found.items[0]);
    if (found.items == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < found.blobs[i].count; k++) {
            TRY(item_add(
                &found, folders[i], buf_span(&found.blobs[i].blobs[k]), /* added= */ false));
        }
    }
    for (size_t i = 0; i < added_count; i++) {
        TRY(item_add(&found, folder, added[i], /* added= */ true));
    }
    for (size_t i = 0; i < found.count; i++) {
        found.items[i].role = role_of(&found, &found.items[i]);
    }
    /* Replacement looks at revocation, so that comes first. */
    for (size_t i = 0; i < found.count; i++) {
        bool revoked = is_revoked(&found, &found.items[i]);
        found.items[i].standing = revoked ? AUTHORITY_REVOKED : AUTHORITY_CURRENT;
    }
    for (size_t i = 0; i < found.count; i++) {
        found.items[i].standing = standing_of(&found, &found.items[i], now);
    }
    *ret_authorities = found;
    found = (struct authorities){ 0 };
    return OK;
}

/* What can't be parsed is no trust; what is added although it is here already stands once. */
static enum err item_add(
    struct authorities *authorities, enum certstore_folder folder, struct span der, bool added)
{
    struct authority *item = &authorities->items[authorities->count];
    uint8_t hash[SHA1_BYTES];
    *item = (struct authority){ .folder = folder, .added = added };
    if (certificate_parse(der, &item->certificate) != OK) {
        return OK;
    }
    TRY(certstore_thumbprint(der, item->id));
    TRY(digest_bytes(DIGEST_SHA1_THUMBPRINT, der, hash));
    hex_format(SPAN_OF(hash), item->sha1);
    for (size_t i = 0; added && i < authorities->count; i++) {
        const struct authority *other = &authorities->items[i];
        if (other->folder == folder && strcmp(other->id, item->id) == 0) {
            return OK;
        }
    }
    authorities->count++;
    return OK;
}

static enum authority_role role_of(
    const struct authorities *authorities, const struct authority *item)
{
    const struct certificate *own = &item->certificate;
    if (!own->is_ca) {
        return AUTHORITY_SERVER;
    }
    if (is_self_signed(own)) {
        return AUTHORITY_ROOT;
    }
    for (size_t i = 0; i < authorities->count; i++) {
        const struct certificate *other = &authorities->items[i].certificate;
        bool same_key =
            span_equal(other->subject, own->subject) && span_equal(other->spki, own->spki);
        bool below = other->is_ca && !span_equal(other->subject, own->subject) &&
                     span_equal(other->issuer, own->subject);
        if ((same_key && is_self_signed(other)) || below) {
            return AUTHORITY_CROSS;
        }
    }
    return AUTHORITY_INTERMEDIATE;
}

static enum authority_standing standing_of(
    const struct authorities *authorities, struct authority *item, int64_t now)
{
    return item->standing == AUTHORITY_REVOKED   ? AUTHORITY_REVOKED
           : now > item->certificate.not_after   ? AUTHORITY_EXPIRED
           : is_replaced(authorities, item, now) ? AUTHORITY_OLD
           : now < item->certificate.not_before  ? AUTHORITY_NOT_YET_VALID
                                                 : AUTHORITY_CURRENT;
}

static bool is_revoked(const struct authorities *authorities, struct authority *item)
{
    for (size_t i = 0; i < authorities->crls.count; i++) {
        struct crl crl;
        bool parsed = crl_parse(buf_span(&authorities->crls.blobs[i]), &crl) == OK;
        if (parsed && list_revokes(authorities, &crl, item, &item->revoked_at)) {
            return true;
        }
    }
    return false;
}

static bool list_revokes(const struct authorities *authorities, const struct crl *crl,
    const struct authority *item, int64_t *ret_when)
{
    struct crl_entry entry;
    bool listed = crl_covers(crl, &item->certificate) &&
                  crl_find(crl, item->certificate.serial, &entry) == OK &&
                  entry.reason != CRL_REMOVE_FROM_CRL;
    for (size_t i = 0; listed && i < authorities->count; i++) {
        const struct certificate *issuer = &authorities->items[i].certificate;
        AUTO_PTR(key) key = NULL;
        if (issuer->is_ca && certificate_signs_lists(issuer) &&
            span_equal(issuer->subject, crl->issuer) && key_from_spki(issuer->spki, &key) == OK &&
            crl_verify(crl, key) == OK && certificate_verify(&item->certificate, key) == OK) {
            *ret_when = entry.revoked_at;
            return true;
        }
    }
    return false;
}

static bool is_replaced(
    const struct authorities *authorities, const struct authority *item, int64_t now)
{
    const struct certificate *own = &item->certificate;
    bool serves = own->server_auth;
    for (size_t i = 0; !serves && item->role == AUTHORITY_INTERMEDIATE && i < authorities->count;
         i++) {
        const struct authority *other = &authorities->items[i];
        const struct certificate *newer = &other->certificate;
        if (other->folder == CERTSTORE_INTERMEDIATE && other->standing != AUTHORITY_REVOKED &&
            span_equal(newer->subject, own->subject) && span_equal(newer->spki, own->spki) &&
            span_equal(newer->issuer, own->issuer) && newer->server_auth &&
            newer->not_before >= own->not_before && in_dates(newer, now)) {
            return true;
        }
    }
    return false;
}

static bool in_dates(const struct certificate *certificate, int64_t now)
{
    return now >= certificate->not_before && now <= certificate->not_after;
}

static bool is_self_signed(const struct certificate *certificate)
{
    AUTO_PTR(key) key = NULL;
    return certificate_is_self_issued(certificate) &&
           key_from_spki(certificate->spki, &key) == OK &&
           certificate_verify(certificate, key) == OK;
}

enum err authorities_find(const struct authorities *authorities, const char *thumbprint,
    struct reason *ret_reason, const struct authority **ret_authority)
{
    const struct authority *found = NULL;
    for (size_t i = 0; i < authorities->count; i++) {
        const struct authority *item = &authorities->items[i];
        if (!thumbprint_begins(item->id, thumbprint) &&
            !thumbprint_begins(item->sha1, thumbprint)) {
            continue;
        }
        if (found != NULL) {
            return reason_set(
                ret_reason, ERR_CONFLICT, "certstore.ambiguous", thumbprint, found->id, item->id);
        }
        found = item;
    }
    if (found == NULL) {
        return reason_set(
            ret_reason, ERR_NOT_FOUND, "certstore.no_authority", thumbprint, NULL, NULL);
    }
    *ret_authority = found;
    return OK;
}

bool thumbprint_begins(const char *digits, const char *wanted)
{
    size_t count = 0;
    for (; *wanted != '\0'; wanted++) {
        if (*wanted == ':' || *wanted == ' ') {
            continue;
        }
        char digit = *wanted >= 'A' && *wanted <= 'F' ? (char)(*wanted | 0x20) : *wanted;
        if (digits[count] == '\0' || digits[count] != digit) {
            return false;
        }
        count++;
    }
    return count >= THUMBPRINT_MIN_DIGITS;
}

enum err certstore_belongs(struct span der, enum certstore_folder folder, struct reason *ret_reason)
{
    struct certificate parsed;
    if (certificate_parse(der, &parsed) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "certificate.malformed", NULL, NULL, NULL);
    }
    bool self = is_self_signed(&parsed);
    if (folder != CERTSTORE_UNTRUSTED && !parsed.is_ca) {
        return refuse(&parsed, "certstore.not_ca", "CA:TRUE", ret_reason);
    }
    if (folder == CERTSTORE_INTERMEDIATE && self) {
        return refuse(&parsed, "certstore.is_root", "subject ≠ issuer", ret_reason);
    }
    if (folder == CERTSTORE_ROOTS && !self) {
        return refuse(&parsed, "certstore.not_root", "subject = issuer", ret_reason);
    }
    return OK;
}

enum err certstore_is_server(struct span der, struct reason *ret_reason)
{
    struct certificate parsed;
    if (certificate_parse(der, &parsed) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "certificate.malformed", NULL, NULL, NULL);
    }
    return parsed.is_ca ? refuse(&parsed, "certstore.is_ca", "CA:FALSE", ret_reason) : OK;
}

/* What the file is, and what it would have had to be. */
static enum err refuse(const struct certificate *certificate, const char *code,
    const char *expected, struct reason *ret_reason)
{
    AUTO(buf) subject = buf_make(REASON_TEXT_MAX * 4), issuer = buf_make(REASON_TEXT_MAX * 4);
    char seen[REASON_TEXT_MAX];
    bool named = name_format(certificate->subject, &subject) == OK &&
                 name_format(certificate->issuer, &issuer) == OK;
    snprintf(seen, sizeof seen, "%.150s ← %.150s", named ? buf_text(&subject) : "",
        named ? buf_text(&issuer) : "");
    return reason_set(ret_reason, ERR_DENIED, code, NULL, seen, expected);
}
