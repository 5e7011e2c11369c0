/* Each chain that changes leaves the one before beside it as "chain.before", until the next change.
 */
#include "lib/certstore/replace.h"

#include "lib/certstore/internal.h"
#include "lib/der/pem.h"

static const char CHAIN[] = "chain.pem", BEFORE[] = "chain.before";

static enum err chain_replace(const struct folder *folder,
    const struct certstore_replacement *replacements, size_t count, bool *ret_changed);
static enum err chain_write(const struct certstore_replacement *replacements, size_t count,
    struct span chain, struct buf *ret_chain, bool *ret_changed);
static enum err chain_restore(const struct folder *folder, bool *ret_changed);
static enum err before_forget(const struct folder *folder, bool *ret_changed);
static enum err each_item(const struct certstore *store,
    enum err (*visit)(const struct folder *folder, bool *ret_changed), size_t *ret_count);

void certstore_kept_release(struct certstore_kept *kept)
{
    buf_release(&kept->der);
    kept->count = 0;
}

enum err certstore_kept_chains(const struct certstore *store, struct certstore_kept *ret_kept)
{
    AUTO(certstore_items) items = { 0 };
    size_t ends[CHAIN_CANDIDATES_MAX];
    struct pem pem;
    ret_kept->der = buf_make(CHAIN_CANDIDATES_MAX * CERTIFICATE_MAX_BYTES);
    ret_kept->count = 0;
    TRY(certstore_list(store, &items, /* ret_unreadable= */ NULL));
    for (size_t i = 0; i < items.count; i++) {
        struct span chain = buf_span(&items.items[i].chain);
        while (ret_kept->count < CHAIN_CANDIDATES_MAX && pem_next(&chain, &pem) == OK) {
            TRY(pem_decode(&pem, &ret_kept->der));
            ends[ret_kept->count++] = ret_kept->der.len;
        }
    }
    for (size_t i = 0; i < ret_kept->count; i++) {
        size_t start = i == 0 ? 0 : ends[i - 1];
        ret_kept->spans[i] = span_make(ret_kept->der.data + start, ends[i] - start);
    }
    return OK;
}

enum err certstore_replace(struct certstore *store,
    const struct certstore_replacement *replacements, size_t count, bool joined,
    struct reason *ret_reason, size_t *ret_count)
{
    AUTO(folder_names) names = { 0 };
    TRY(certstore_lock(store));
    enum err err = folder_list(&store->personal, &names);
    *ret_count = 0;
    for (size_t i = 0; err == OK && i < names.count; i++) {
        AUTO(folder) folder = { 0 };
        bool changed = false;
        err = folder_open(&store->personal, names.names[i], FOLDER_MUST_EXIST, &folder);
        if (err == OK && !joined) {
            err = certstore_forget(store);
            joined = true;
        }
        err = err == OK ? chain_replace(&folder, replacements, count, &changed) : err;
        *ret_count += changed;
    }
    certstore_unlock(store);
    return err == OK ? OK
                     : reason_set(ret_reason, err, "certstore.write", CHAIN, err_name(err), NULL);
}

static enum err chain_replace(const struct folder *folder,
    const struct certstore_replacement *replacements, size_t count, bool *ret_changed)
{
    AUTO(buf) chain = { 0 }, replaced = buf_make(CERTSTORE_CHAIN_MAX);
    enum err err = folder_read(folder, CHAIN, CERTSTORE_CHAIN_MAX, &chain);
    if (err != OK) {
        return err == ERR_NOT_FOUND ? OK : err;
    }
    TRY(chain_write(replacements, count, buf_span(&chain), &replaced, ret_changed));
    if (!*ret_changed) {
        return OK;
    }
    TRY(folder_write(folder, BEFORE, buf_span(&chain)));
    return folder_write(folder, CHAIN, buf_span(&replaced));
}

/* A successor that the chain holds already doesn't come in twice. */
static enum err chain_write(const struct certstore_replacement *replacements, size_t count,
    struct span chain, struct buf *ret_chain, bool *ret_changed)
{
    struct pem pem;
    while (pem_next(&chain, &pem) == OK) {
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES), text = buf_make(CERTSTORE_CHAIN_MAX);
        TRY(pem_decode(&pem, &der));
        struct span one = buf_span(&der);
        for (size_t i = 0; i < count; i++) {
            bool withdrawn = span_equal(buf_span(&der), replacements[i].withdrawn);
            *ret_changed |= withdrawn;
            one = withdrawn ? replacements[i].successor : one;
        }
        if (one.len == 0) {
            continue;
        }
        TRY(pem_write("CERTIFICATE", one, &text));
        struct span line = buf_span(&text), so_far = buf_span(ret_chain);
        bool twice = so_far.len > 0 && memmem(so_far.data, so_far.len, line.data, line.len) != NULL;
        if (!twice) {
            buf_append(ret_chain, line);
        }
    }
    return buf_check(ret_chain);
}

enum err certstore_restore_chains(const struct certstore *store, size_t *ret_count)
{
    return each_item(store, chain_restore, ret_count);
}

static enum err chain_restore(const struct folder *folder, bool *ret_changed)
{
    AUTO(buf) before = { 0 };
    enum err err = folder_read(folder, BEFORE, CERTSTORE_CHAIN_MAX, &before);
    if (err != OK) {
        return err == ERR_NOT_FOUND ? OK : err;
    }
    *ret_changed = true;
    TRY(folder_write(folder, CHAIN, buf_span(&before)));
    return folder_remove(folder, BEFORE);
}

enum err certstore_forget_chains(const struct certstore *store)
{
    size_t count;
    return each_item(store, before_forget, &count);
}

static enum err before_forget(const struct folder *folder, bool *ret_changed)
{
    *ret_changed = false;
    return folder_remove(folder, BEFORE);
}

static enum err each_item(const struct certstore *store,
    enum err (*visit)(const struct folder *folder, bool *ret_changed), size_t *ret_count)
{
    AUTO(folder_names) names = { 0 };
    *ret_count = 0;
    TRY(folder_list(&store->personal, &names));
    for (size_t i = 0; i < names.count; i++) {
        AUTO(folder) folder = { 0 };
        bool changed = false;
        TRY(folder_open(&store->personal, names.names[i], FOLDER_MUST_EXIST, &folder));
        TRY(visit(&folder, &changed));
        *ret_count += changed;
    }
    return OK;
}
