/* One file a text. Who renews holds the folder itself by flock, which ends with the process. */
#include "lib/certstore/renewals.h"

#include "lib/certstore/internal.h"
#include "lib/certstore/ledger.h"

#include <errno.h>
#include <sys/file.h>

enum err certstore_renewal_read(
    const struct certstore *store, const char *name, struct buf *ret_text)
{
    return ledger_name_valid(name) ? folder_read(&store->renewals, name, RENEWAL_TEXT_MAX, ret_text)
                                   : ERR_INPUT;
}

enum err certstore_renewal_write(struct certstore *store, const char *name, struct span text)
{
    if (!ledger_name_valid(name)) {
        return ERR_INPUT;
    }
    TRY(certstore_lock(store));
    enum err err = folder_write(&store->renewals, name, text);
    certstore_unlock(store);
    return err;
}

enum err certstore_renewals_take(struct certstore *store)
{
    while (flock(store->renewals.fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EINTR) {
            return errno == EWOULDBLOCK ? ERR_AGAIN : err_from_errno(errno);
        }
    }
    return OK;
}
