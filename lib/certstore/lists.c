/* Lists and their signers (RFC 5280 §6.3.3, as far as complete lists go). */
#include "lib/certstore/lists.h"

#include "lib/base/clock.h"
#include "lib/certstore/internal.h"
#include "lib/der/pem.h"
#include "lib/pki/name.h"

static const struct authority *signer_find(
    const struct authorities *authorities, const struct crl *crl, bool *ret_named);
static bool is_signer(const struct authority *item, struct span name);
static enum err list_check(
    const struct certstore *store, const struct crl *crl, int64_t now, struct reason *ret_reason);
static bool is_old(const struct crl *crl, const struct crl *before);
static int number_compare(struct span left, struct span right);
static enum err list_refuse(const struct crl *crl, enum err err, const char *code, int64_t seen,
    int64_t expected, struct reason *ret_reason);
static void list_fill(
    const struct authorities *authorities, int64_t now, struct revocation_list *list);
static void url_add(
    const struct authorities *known, struct span certificate, struct list_urls *urls);
static void chain_urls_add(
    const struct authorities *known, struct span chain_pem, struct list_urls *urls);
static bool is_named(const struct authorities *authorities, struct span name);

enum err certstore_install_crl(
    struct certstore *store, struct span der, int64_t now, struct reason *ret_reason, bool *ret_new)
{
    struct crl crl;
    bool fresh = false;
    TRY(certstore_judge_crl(store, der, now, ret_reason, &fresh));
    TRY(crl_parse(der, &crl));
    if (fresh) {
        TRY(certstore_replace_crl(store, &crl, ret_reason));
    }
    if (ret_new != NULL) {
        *ret_new = fresh;
    }
    return OK;
}

enum err certstore_judge_crl(const struct certstore *store, struct span der, int64_t now,
    struct reason *ret_reason, bool *ret_new)
{
    struct crl crl;
    AUTO(revocation_lists) here = { 0 };
    if (crl_parse(der, &crl) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "crl.malformed", NULL, NULL, NULL);
    }
    TRY(list_check(store, &crl, now, ret_reason));
    TRY(certstore_lists(store, now, &here));
    bool same = false;
    for (size_t i = 0; i < here.count; i++) {
        const struct crl *before = &here.items[i].crl;
        bool ours = here.items[i].state != LIST_UNSIGNED && crl_same_series(before, &crl);
        if (ours && is_old(&crl, before)) {
            return list_refuse(
                &crl, ERR_CONFLICT, "crl.older", crl.this_update, before->this_update, ret_reason);
        }
        same |= ours && span_equal(before->der, der);
    }
    *ret_new = !same;
    return OK;
}

static enum err list_check(
    const struct certstore *store, const struct crl *crl, int64_t now, struct reason *ret_reason)
{
    AUTO(authorities) authorities = { 0 };
    bool named = false;
    if (crl->partial || crl->unknown_critical) {
        return list_refuse(crl, ERR_DENIED, "crl.partial", 0, 0, ret_reason);
    }
    TRY(certstore_authorities(
        store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0, now, &authorities));
    if (signer_find(&authorities, crl, &named) == NULL) {
        return list_refuse(
            crl, ERR_DENIED, named ? "crl.signature" : "crl.foreign", 0, 0, ret_reason);
    }
    if (crl->this_update > now) {
        return list_refuse(crl, ERR_DENIED, "crl.future", crl->this_update, now, ret_reason);
    }
    return OK;
}

static const struct authority *signer_find(
    const struct authorities *authorities, const struct crl *crl, bool *ret_named)
{
    const struct authority *found = NULL;
    for (size_t i = 0; found == NULL && i < authorities->count; i++) {
        const struct authority *item = &authorities->items[i];
        AUTO_PTR(key) key = NULL;
        bool named = is_signer(item, crl->issuer);
        bool signed_it = named && certificate_signs_lists(&item->certificate) &&
                         key_from_spki(item->certificate.spki, &key) == OK &&
                         crl_verify(crl, key) == OK;
        *ret_named |= named;
        found = signed_it ? item : NULL;
    }
    return found;
}

/* A CA of our own stores with this name. */
static bool is_signer(const struct authority *item, struct span name)
{
    return item->folder != CERTSTORE_UNTRUSTED && item->certificate.is_ca &&
           span_equal(item->certificate.subject, name);
}

/* By date and by number: a list that is older in either is not the newer one. */
static bool is_old(const struct crl *crl, const struct crl *before)
{
    return crl->this_update < before->this_update ||
           number_compare(crl->number, before->number) < 0;
}

static int number_compare(struct span left, struct span right)
{
    if (left.len != right.len) {
        return left.len < right.len ? -1 : 1;
    }
    return left.len == 0 ? 0 : memcmp(left.data, right.data, left.len);
}

static enum err list_refuse(const struct crl *crl, enum err err, const char *code, int64_t seen,
    int64_t expected, struct reason *ret_reason)
{
    AUTO(buf) issuer = buf_make(REASON_FIELD_MAX * 4);
    char seen_text[TIME_TEXT_MAX] = "", expected_text[TIME_TEXT_MAX] = "";
    bool named = name_format(crl->issuer, &issuer) == OK;
    if (seen != 0) {
        time_format_rfc3339(seen, seen_text);
        time_format_rfc3339(expected, expected_text);
    }
    return reason_set(
        ret_reason, err, code, named ? buf_text(&issuer) : "", seen_text, expected_text);
}

const char *list_state_name(enum list_state state)
{
    static const char *const names[] = {
        [LIST_FRESH] = "fresh",
        [LIST_STALE] = "stale",
        [LIST_UNSIGNED] = "unsigned",
    };
    return names[state];
}

void revocation_lists_release(struct revocation_lists *lists)
{
    free(lists->items);
    certstore_blobs_release(&lists->blobs);
    *lists = (struct revocation_lists){ 0 };
}

enum err certstore_lists(
    const struct certstore *store, int64_t now, struct revocation_lists *ret_lists)
{
    AUTO(revocation_lists) found = { 0 };
    AUTO(authorities) authorities = { 0 };
    TRY(certstore_list_crls(store, &found.blobs));
    TRY(certstore_authorities(
        store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0, now, &authorities));
    found.items = calloc(found.blobs.count + 1, sizeof found.items[0]);
    if (found.items == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < found.blobs.count; i++) {
        struct revocation_list *list = &found.items[found.count];
        if (crl_parse(buf_span(&found.blobs.blobs[i]), &list->crl) == OK) {
            TRY(certstore_thumbprint(list->crl.der, list->id));
            list_fill(&authorities, now, list);
            found.count++;
        }
    }
    *ret_lists = found;
    found = (struct revocation_lists){ 0 };
    return OK;
}

enum err revocation_lists_find(const struct revocation_lists *lists, const char *thumbprint,
    struct reason *ret_reason, const struct revocation_list **ret_list)
{
    const struct revocation_list *found = NULL;
    for (size_t i = 0; i < lists->count; i++) {
        const struct revocation_list *list = &lists->items[i];
        if (!thumbprint_begins(list->id, thumbprint)) {
            continue;
        }
        if (found != NULL) {
            return reason_set(
                ret_reason, ERR_CONFLICT, "certstore.ambiguous", thumbprint, found->id, list->id);
        }
        found = list;
    }
    if (found == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "crl.unknown", thumbprint, NULL, NULL);
    }
    *ret_list = found;
    return OK;
}

enum err certstore_remove_list(
    struct certstore *store, const char *id, int64_t now, struct reason *ret_reason)
{
    AUTO(revocation_lists) lists = { 0 };
    TRY(certstore_lists(store, now, &lists));
    for (size_t i = 0; i < lists.count; i++) {
        if (strcmp(lists.items[i].id, id) == 0) {
            return certstore_take_crl_out(store, &lists.items[i].crl, ret_reason);
        }
    }
    return reason_set(ret_reason, ERR_NOT_FOUND, "certstore.no_list", id, NULL, NULL);
}

static void list_fill(
    const struct authorities *authorities, int64_t now, struct revocation_list *list)
{
    bool named = false;
    const struct authority *signer = signer_find(authorities, &list->crl, &named);
    list->of_authorities =
        signer != NULL && (signer->role == AUTHORITY_ROOT || signer->role == AUTHORITY_CROSS);
    list->state = signer == NULL                                              ? LIST_UNSIGNED
                  : list->crl.next_update != 0 && now > list->crl.next_update ? LIST_STALE
                                                                              : LIST_FRESH;
    struct der entries = der_reader(list->crl.entries);
    struct crl_entry entry;
    while (!der_empty(&entries) && crl_entry_next(&entries, &entry) == OK) {
        list->entries++;
    }
}

enum err certstore_list_urls(const struct certstore *store, int64_t now, struct list_urls *ret_urls)
{
    AUTO(authorities) known = { 0 };
    AUTO(certstore_items) items = { 0 };
    ret_urls->count = 0;
    TRY(certstore_authorities(store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0, now, &known));
    TRY(certstore_list(store, &items, /* ret_unreadable= */ NULL));
    for (size_t i = 0; i < known.count; i++) {
        if (known.items[i].folder == CERTSTORE_INTERMEDIATE) {
            url_add(&known, known.items[i].certificate.der, ret_urls);
        }
    }
    for (size_t i = 0; i < items.count; i++) {
        if (items.items[i].kind == CERTSTORE_PERSONAL) {
            url_add(&known, buf_span(&items.items[i].certificate), ret_urls);
            chain_urls_add(&known, buf_span(&items.items[i].chain), ret_urls);
        }
    }
    return OK;
}

static void chain_urls_add(
    const struct authorities *known, struct span chain_pem, struct list_urls *urls)
{
    struct pem pem;
    while (chain_pem.len > 0 && pem_next(&chain_pem, &pem) == OK) {
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        if (pem_decode(&pem, &der) == OK) {
            url_add(known, buf_span(&der), urls);
        }
    }
}

static void url_add(
    const struct authorities *known, struct span certificate, struct list_urls *urls)
{
    AUTO(buf) issuer = buf_make(REASON_FIELD_MAX * 4);
    struct certificate parsed;
    char url[LIST_URL_MAX];
    bool has = certificate_parse(certificate, &parsed) == OK && parsed.crl_uri.len > 0 &&
               span_to_text(parsed.crl_uri, url, sizeof url);
    for (size_t i = 0; has && i < urls->count; i++) {
        has = strcmp(urls->urls[i].url, url) != 0;
    }
    if (!has || urls->count == LIST_URLS_MAX) {
        return;
    }
    struct list_url *added = &urls->urls[urls->count++];
    bool missing = !is_named(known, parsed.issuer) && name_format(parsed.issuer, &issuer) == OK;
    snprintf(added->url, sizeof added->url, "%s", url);
    snprintf(added->missing, sizeof added->missing, "%s", missing ? buf_text(&issuer) : "");
}

static bool is_named(const struct authorities *authorities, struct span name)
{
    for (size_t i = 0; i < authorities->count; i++) {
        if (is_signer(&authorities->items[i], name)) {
            return true;
        }
    }
    return false;
}
