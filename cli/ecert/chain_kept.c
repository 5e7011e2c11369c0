/* A server program sends the chain that it was given: an old intermediate there reaches clients
 * whatever the stores hold. */
#include "cli/ecert/chain_kept.h"

enum { ADDED_MAX = P7B_CERTIFICATES_MAX + CHAIN_CANDIDATES_MAX };

static enum err authorities_know(const struct tool *tool, const struct certstore *store,
    const struct bundle *coming, struct chain_kept *kept);
static void replacement_add(struct chain_kept *kept, struct span der);
static bool is_withdrawn(const struct authority *item);

void chain_kept_release(struct chain_kept *kept)
{
    certstore_kept_release(&kept->kept);
    authorities_release(&kept->authorities);
}

enum err chain_kept_plan(const struct tool *tool, const struct certstore *store,
    const struct bundle *coming, struct chain_kept *ret_kept)
{
    TRY(authorities_know(tool, store, coming, ret_kept));
    for (size_t i = 0; i < ret_kept->kept.count; i++) {
        replacement_add(ret_kept, ret_kept->kept.spans[i]);
    }
    return OK;
}

enum err chain_kept_cross(const struct tool *tool, const struct certstore *store,
    const struct bundle *coming, struct chain_kept *ret_kept)
{
    TRY(authorities_know(tool, store, coming, ret_kept));
    for (size_t i = 0; i < ret_kept->authorities.count; i++) {
        const struct authority *item = &ret_kept->authorities.items[i];
        bool cross = item->role == AUTHORITY_CROSS && item->standing == AUTHORITY_CURRENT &&
                     item->folder == CERTSTORE_INTERMEDIATE;
        if (cross && ret_kept->count < CERTSTORE_REPLACEMENTS_MAX) {
            ret_kept->replacements[ret_kept->count++] =
                (struct certstore_replacement){ .successor = item->certificate.der };
        }
    }
    return OK;
}

/* Once, however many of the two are asked for. */
static enum err authorities_know(const struct tool *tool, const struct certstore *store,
    const struct bundle *coming, struct chain_kept *kept)
{
    struct span added[ADDED_MAX];
    size_t count = 0;
    if (kept->known) {
        return OK;
    }
    TRY(certstore_kept_chains(store, &kept->kept));
    for (size_t i = 0; i < coming->count; i++) {
        added[count++] = coming->spans[i];
    }
    for (size_t i = 0; i < kept->kept.count; i++) {
        added[count++] = kept->kept.spans[i];
    }
    TRY(certstore_authorities(
        store, CERTSTORE_INTERMEDIATE, added, count, clock_now(&tool->clock), &kept->authorities));
    kept->known = true;
    return OK;
}

static void replacement_add(struct chain_kept *kept, struct span der)
{
    const struct authorities *all = &kept->authorities;
    const struct authority *own = NULL;
    struct span successor = { 0 };
    for (size_t i = 0; i < all->count; i++) {
        bool same = span_equal(all->items[i].certificate.der, der);
        own = same && is_withdrawn(&all->items[i]) ? &all->items[i] : own;
    }
    for (size_t i = 0; own != NULL && i < all->count; i++) {
        const struct certificate *other = &all->items[i].certificate;
        bool fits = all->items[i].standing == AUTHORITY_CURRENT && other->server_auth &&
                    span_equal(other->subject, own->certificate.subject) &&
                    span_equal(other->spki, own->certificate.spki);
        successor = fits ? other->der : successor;
    }
    for (size_t i = 0; i < kept->count; i++) {
        own = span_equal(kept->replacements[i].withdrawn, der) ? NULL : own;
    }
    if (own != NULL && kept->count < CERTSTORE_REPLACEMENTS_MAX) {
        kept->replacements[kept->count++] = (struct certstore_replacement){ der, successor };
    }
}

static bool is_withdrawn(const struct authority *item)
{
    return item->folder == CERTSTORE_INTERMEDIATE &&
           (item->standing == AUTHORITY_REVOKED || item->standing == AUTHORITY_OLD);
}
