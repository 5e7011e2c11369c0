/* CA certificates and revocation lists with their state, for everybody: which are in
 * use, which were replaced and revoked, which are cross certificates. The state is read from the
 * certificates and the lists themselves and kept nowhere. */
#include "proc/portal/handlers.h"
#include "proc/portal/page.h"

#include "lib/crypto/digest.h"
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"
#include "lib/pki/name.h"
#include "lib/store/publication.h"

#include <stdio.h>

enum { NAME_TEXT_MAX = 512 };

/* One publication, read. */
struct published {
    struct publication_row row;
    struct certificate certificate;
    struct crl list; /* borrows from `bytes` */
    struct http_shared *bytes;
    bool read;
};

struct all {
    struct published *items;
    size_t count;
};
static void all_release(struct all *all);
AUTO_DEFINE(all, all_release)

static enum err all_read(struct visit *visit, struct all *all);
static enum err item_read(
    struct visit *visit, const struct publication_row *row, struct published *item);
static enum err all_put(struct visit *visit);
static void certificate_item_put(
    struct visit *visit, struct value *list, const struct all *all, const struct published *item);
static const char *state_of(struct visit *visit, const struct all *all,
    const struct published *item, struct crl_entry *ret_entry);
static bool revoked_by(
    const struct all *all, const struct certificate *certificate, struct crl_entry *ret_entry);
static bool is_cross(const struct all *all, const struct certificate *certificate);
static void list_item_put(struct visit *visit, struct value *list, const struct published *item);
static void common_name_put(
    struct visit *visit, struct value *object, const char *member, struct span name);

enum err authorities_get(struct visit *visit)
{
    page_begin(visit, STEP_NONE, "authorities.title");
    TRY(all_put(visit));
    return page_reply(visit, 200, "authorities");
}

enum err authorities_json_get(struct visit *visit)
{
    TRY(all_put(visit));
    return visit_reply_json(visit, 200, visit->page);
}

static enum err all_put(struct visit *visit)
{
    AUTO(all) all = { 0 };
    TRY(all_read(visit, &all));
    struct value *certificates = value_put_list(&visit->tree, visit->page, "certificates");
    struct value *lists = value_put_list(&visit->tree, visit->page, "lists");
    for (size_t i = 0; i < all.count; i++) {
        const struct published *item = &all.items[i];
        if (item->read && item->row.kind == PUBLICATION_CERTIFICATE) {
            certificate_item_put(visit, certificates, &all, item);
        } else if (item->read) {
            list_item_put(visit, lists, item);
        }
    }
    if (!visit_is_api(visit)) {
        value_put_integer(
            &visit->tree, visit->page, "certificates_count", (int64_t)value_count(certificates));
        value_put_integer(&visit->tree, visit->page, "lists_count", (int64_t)value_count(lists));
    }
    return value_tree_check(&visit->tree);
}

/* What can't be read is left out of the page, not the page because of it. */
static enum err all_read(struct visit *visit, struct all *all)
{
    struct publication_row *rows = NULL;
    struct arena *arena = visit->request->arena;
    size_t count = 0;
    TRY(store_publication_list(visit->portal->store, arena, &rows, &count));
    all->items = arena_alloc(arena, count, sizeof *all->items);
    if (all->items == NULL) {
        return ERR_MEMORY;
    }
    for (; all->count < count; all->count++) {
        TRY(item_read(visit, &rows[all->count], &all->items[all->count]));
    }
    return OK;
}

static enum err item_read(
    struct visit *visit, const struct publication_row *row, struct published *item)
{
    struct portal *portal = visit->portal;
    item->row = *row;
    if (row->kind == PUBLICATION_CRL) {
        TRY(lists_get(&portal->lists, portal->store, row->name, &item->bytes));
        item->read = crl_parse(http_shared_bytes(item->bytes), &item->list) == OK;
        return OK;
    }
    TRY(store_publication_get(
        portal->store, row->kind, row->name, visit->request->arena, &item->row));
    item->read = certificate_parse(item->row.der, &item->certificate) == OK;
    return OK;
}

static void all_release(struct all *all)
{
    for (size_t i = 0; i < all->count; i++) {
        http_shared_free(all->items[i].bytes);
    }
}

static void certificate_item_put(
    struct visit *visit, struct value *list, const struct all *all, const struct published *item)
{
    uint8_t hash[HASH_BYTES];
    char hex[2 * HASH_BYTES + 1] = "";
    char serial[4 * SERIAL_MAX_BYTES] = "";
    struct crl_entry entry = { 0 };
    struct value_tree *tree = &visit->tree;
    struct arena *arena = visit->request->arena;
    const struct certificate *certificate = &item->certificate;
    struct value *object = value_add_object(tree, list);
    value_put_text(tree, object, "id", item->row.name);
    common_name_put(visit, object, "name", certificate->subject);
    common_name_put(visit, object, "issuer", certificate->issuer);
    const char *state = state_of(visit, all, item, &entry);
    value_put_text(tree, object, "state", state);
    if (entry.revoked_at != 0) {
        put_time(visit, object, "revoked", entry.revoked_at);
        value_put_text(tree, object, "reason", crl_reason_name(entry.reason));
    }
    if (!visit_is_api(visit)) {
        value_put_text(tree, object, "state_label", arena_format(arena, "authorities.%s", state));
        value_put_bool(tree, object, "bad", entry.revoked_at != 0);
    }
    if (serial_format(certificate->serial, serial, sizeof serial) == OK) {
        value_put_text(tree, object, "serial", serial);
    }
    put_time(visit, object, "not_before", certificate->not_before);
    put_time(visit, object, "not_after", certificate->not_after);
    if (sha256(item->row.der, hash) == OK) {
        hex_format(SPAN_OF(hash), hex);
        put_hash(visit, object, "sha256", hex);
    }
    value_put_text(tree, object, "der", arena_format(arena, "/root/%s.crt", item->row.name));
    value_put_text(tree, object, "pem", arena_format(arena, "/root/%s.pem.crt", item->row.name));
}

static const char *state_of(struct visit *visit, const struct all *all,
    const struct published *item, struct crl_entry *ret_entry)
{
    const struct certificate *certificate = &item->certificate;
    if (revoked_by(all, certificate, ret_entry)) {
        return "revoked";
    }
    if (visit->now > certificate->not_after) {
        return "expired";
    }
    if (certificate_is_self_issued(certificate)) {
        return "root";
    }
    return is_cross(all, certificate) ? "cross" : "issuing";
}

/* The list of the same issuer; where two generations share the name, the key identifier decides. */
static bool revoked_by(
    const struct all *all, const struct certificate *certificate, struct crl_entry *ret_entry)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct published *item = &all->items[i];
        if (item->read && item->row.kind == PUBLICATION_CRL &&
            span_equal(item->list.issuer, certificate->issuer) &&
            (certificate_is_self_issued(certificate) ||
                span_equal(item->list.authority_key_id, certificate->authority_key_id)) &&
            crl_find(&item->list, certificate->serial, ret_entry) == OK) {
            return true;
        }
    }
    return false;
}

/* The same name and key also stand in a root certificate. */
static bool is_cross(const struct all *all, const struct certificate *certificate)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct published *item = &all->items[i];
        if (item->read && item->row.kind == PUBLICATION_CERTIFICATE &&
            certificate_is_self_issued(&item->certificate) &&
            span_equal(item->certificate.subject, certificate->subject) &&
            span_equal(item->certificate.spki, certificate->spki)) {
            return true;
        }
    }
    return false;
}

static void list_item_put(struct visit *visit, struct value *list, const struct published *item)
{
    struct value_tree *tree = &visit->tree;
    struct value *object = value_add_object(tree, list);
    value_put_text(tree, object, "id", item->row.name);
    common_name_put(visit, object, "issuer", item->list.issuer);
    value_put_integer(tree, object, "number", item->row.number);
    put_time(visit, object, "this_update", item->list.this_update);
    put_time(visit, object, "next_update", item->list.next_update);
    value_put_bool(tree, object, "stale", visit->now > item->list.next_update);
    value_put_text(
        tree, object, "der", arena_format(visit->request->arena, "/crl/%s.crl", item->row.name));
}

static void common_name_put(
    struct visit *visit, struct value *object, const char *member, struct span name)
{
    char text[NAME_TEXT_MAX];
    struct name parsed = { 0 };
    if (name_parse(name, &parsed) == OK &&
        name_text(&parsed, oid_common_name, text, sizeof text) == OK) {
        value_put_text(&visit->tree, object, member, text);
    }
}
