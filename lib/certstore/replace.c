/* Each chain that changes is a step of the change that its CA certificates made. */
#include "lib/certstore/replace.h"

#include "lib/certstore/internal.h"
#include "lib/der/pem.h"

#include <stdio.h>

static const char CHAIN[] = "chain.pem";

static enum err chain_replace(struct certstore *store, const char *id,
    const struct certstore_replacement *replacements, size_t count, bool *ret_changed);
static enum err chain_write(const struct certstore_replacement *replacements, size_t count,
    struct span chain, struct buf *ret_chain, bool *ret_changed);

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
    const struct certstore_replacement *replacements, size_t count, struct reason *ret_reason,
    size_t *ret_count)
{
    AUTO(folder_names) names = { 0 };
    TRY(certstore_lock(store));
    enum err err = folder_list(&store->personal, &names);
    *ret_count = 0;
    for (size_t i = 0; err == OK && i < names.count; i++) {
        bool changed = false;
        err = chain_replace(store, names.names[i], replacements, count, &changed);
        *ret_count += changed;
    }
    certstore_unlock(store);
    return err == OK ? OK
                     : reason_set(ret_reason, err, "certstore.write", CHAIN, err_name(err), NULL);
}

static enum err chain_replace(struct certstore *store, const char *id,
    const struct certstore_replacement *replacements, size_t count, bool *ret_changed)
{
    AUTO(folder) folder = { 0 };
    AUTO(buf) chain = { 0 }, replaced = buf_make(CERTSTORE_CHAIN_MAX);
    char path[CERTSTORE_STEP_PATH_MAX];
    TRY(folder_open(&store->personal, id, FOLDER_MUST_EXIST, &folder));
    enum err err = folder_read(&folder, CHAIN, CERTSTORE_CHAIN_MAX, &chain);
    if (err != OK) {
        return err == ERR_NOT_FOUND ? OK : err;
    }
    TRY(chain_write(replacements, count, buf_span(&chain), &replaced, ret_changed));
    struct span content = buf_span(&replaced);
    snprintf(path, sizeof path, "personal/%s/%s", id, CHAIN);
    return *ret_changed ? step_file(store, path, &content) : OK;
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
