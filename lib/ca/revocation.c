/* The table of reasons. */
#include "lib/ca/revocation.h"

#include <string.h>

static const struct reason_row {
    enum revocation_reason reason;
    const char *id;
    bool for_subscriber;
} table[] = {
    { REVOCATION_UNSPECIFIED, "unspecified", true },
    { REVOCATION_KEY_COMPROMISE, "keyCompromise", true },
    { REVOCATION_AFFILIATION_CHANGED, "affiliationChanged", true },
    { REVOCATION_SUPERSEDED, "superseded", true },
    { REVOCATION_CESSATION, "cessationOfOperation", true },
    { REVOCATION_PRIVILEGE_WITHDRAWN, "privilegeWithdrawn", false },
};

enum { ROWS = sizeof table / sizeof table[0] };

static const struct reason_row *row_of(unsigned code)
{
    for (size_t i = 0; i < ROWS; i++) {
        if ((unsigned)table[i].reason == code) {
            return &table[i];
        }
    }
    return NULL;
}

const char *revocation_reason_id(unsigned code)
{
    const struct reason_row *row = row_of(code);
    return row == NULL ? NULL : row->id;
}

enum err revocation_reason_from_id(const char *id, enum revocation_reason *ret_reason)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(id, table[i].id) == 0) {
            *ret_reason = table[i].reason;
            return OK;
        }
    }
    return ERR_INPUT;
}

bool revocation_reason_for_subscriber(enum revocation_reason reason)
{
    const struct reason_row *row = row_of(reason);
    return row != NULL && row->for_subscriber;
}

bool revocation_reason_may_change(enum revocation_reason from, enum revocation_reason to)
{
    return to == REVOCATION_KEY_COMPROMISE && from != REVOCATION_KEY_COMPROMISE;
}
