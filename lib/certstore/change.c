/* Changes of the trust folders, step by step (record.c). */
#include "lib/certstore/change.h"

#include "lib/certstore/internal.h"
#include "lib/der/pem.h"

#include <stdio.h>

static const char *const folder_words[] = {
    [CERTSTORE_INTERMEDIATE] = "intermediate",
    [CERTSTORE_ROOTS] = "roots",
    [CERTSTORE_UNTRUSTED] = "untrusted",
};

static enum err change_do(
    struct certstore *store, const struct certstore_change *change, size_t *count);

enum err certstore_apply(struct certstore *store, const struct certstore_change *changes,
    size_t count, struct reason *ret_reason, size_t *ret_count)
{
    size_t done = 0;
    if (count > CERTSTORE_CHANGES_MAX) {
        return reason_set(
            ret_reason, ERR_LIMIT, "certstore.write", NULL, err_name(ERR_LIMIT), NULL);
    }
    TRY(certstore_lock(store));
    enum err err = OK;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; err == OK && i < count; i++) {
            err = changes[i].add == (pass == 0) ? change_do(store, &changes[i], &done) : OK;
        }
    }
    if (err != OK && store->record.count > 0) {
        (void)!change_revert(store, &store->record);
    }
    certstore_unlock(store);
    if (err != OK) {
        return reason_set(ret_reason, err, "certstore.write", NULL, err_name(err), NULL);
    }
    if (ret_count != NULL) {
        *ret_count = done;
    }
    return OK;
}

static enum err change_do(
    struct certstore *store, const struct certstore_change *change, size_t *count)
{
    char id[CERTSTORE_ID_MAX], path[CERTSTORE_STEP_PATH_MAX], name[FOLDER_NAME_MAX];
    AUTO(buf) text = buf_make(2 * change->der.len + 256), here = { 0 };
    TRY(certstore_thumbprint(change->der, id));
    snprintf(name, sizeof name, "%s.pem", id);
    snprintf(path, sizeof path, "%s/%s", folder_words[change->folder], name);
    enum err err = folder_read(
        certstore_folder_of(store, change->folder), name, 2 * CERTIFICATE_MAX_BYTES, &here);
    if ((err == OK) == change->add) {
        return OK;
    }
    TRY(pem_write("CERTIFICATE", change->der, &text));
    struct span content = buf_span(&text);
    *count += 1;
    return step_file(store, path, change->add ? &content : NULL);
}
