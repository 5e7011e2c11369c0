/* One file an entry. */
#include "lib/certstore/ledger.h"

#include "lib/certstore/internal.h"

#include <stdio.h>

bool ledger_name_valid(const char *name)
{
    size_t len = strlen(name);
    bool valid = len > 0 && len < LEDGER_NAME_MAX && strchr("._-@", name[0]) == NULL;
    for (size_t i = 0; i < len; i++) {
        bool letter = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z');
        bool digit = name[i] >= '0' && name[i] <= '9';
        valid &= letter || digit || strchr("._-@", name[i]) != NULL;
    }
    return valid;
}

enum err certstore_ledger_list(const struct certstore *store, struct ledger_names *ret_names)
{
    AUTO(folder_names) names = { 0 };
    TRY(folder_list(&store->deployed, &names));
    ret_names->count = 0;
    for (size_t i = 0; i < names.count; i++) {
        if (ledger_name_valid(names.names[i])) {
            if (ret_names->count == LEDGER_ENTRIES_MAX) {
                return ERR_LIMIT;
            }
            char *name = ret_names->names[ret_names->count++];
            memcpy(name, names.names[i], strlen(names.names[i]) + 1);
        }
    }
    return OK;
}

enum err certstore_ledger_read(
    const struct certstore *store, const char *name, struct buf *ret_text)
{
    return ledger_name_valid(name) ? folder_read(&store->deployed, name, LEDGER_TEXT_MAX, ret_text)
                                   : ERR_INPUT;
}

enum err certstore_ledger_write(struct certstore *store, const char *name, struct span text)
{
    if (!ledger_name_valid(name)) {
        return ERR_INPUT;
    }
    TRY(certstore_lock(store));
    enum err err = folder_write(&store->deployed, name, text);
    certstore_unlock(store);
    return err;
}

enum err certstore_ledger_remove(struct certstore *store, const char *name)
{
    if (!ledger_name_valid(name)) {
        return ERR_INPUT;
    }
    char path[CERTSTORE_STEP_PATH_MAX];
    snprintf(path, sizeof path, "deployed/%s", name);
    TRY(certstore_lock(store));
    enum err err = step_file(store, path, /* content= */ NULL);
    certstore_unlock(store);
    return err;
}
