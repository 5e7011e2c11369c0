/* The table of editions. */
#include "lib/ca/edition.h"
#include "lib/base/limits.h"
#include "lib/ca/method.h"

#include <assert.h>
#include <string.h>

#define METHOD(name) (1u << DCV_##name)
#define BY_DNS       (METHOD(DNS) | METHOD(PERSISTENT))

static const struct edition_rules table[EDITION_COUNT] = {
    [EDITION_SERVER] = { "server", 1, /* wildcard= */ false, /* ev= */ false,
        METHOD(WEBSITE) | BY_DNS | METHOD(EMAIL), "ssl-ca-3-17", "ov-server-1", "ov-server-ct-1",
        "classic-server-1" },
    [EDITION_WILDCARD] = { "wildcard", 1, /* wildcard= */ true, /* ev= */ false,
        BY_DNS | METHOD(EMAIL), "ssl-ca-3-17", "ov-server-1", "ov-server-ct-1",
        "classic-server-1" },
    [EDITION_MULTI] = { "multi", APPLICATION_NAMES_MAX, /* wildcard= */ false, /* ev= */ false,
        METHOD(WEBSITE) | BY_DNS, "ssl-ca-3-17", "ov-server-1", "ov-server-ct-1",
        "classic-server-1" },
    [EDITION_EV] = { "ev", 1, /* wildcard= */ false, /* ev= */ true,
        METHOD(WEBSITE) | BY_DNS | METHOD(EMAIL), "ev-ssl-ca-3-17", "ev-server-1", "ev-server-ct-1",
        NULL },
    [EDITION_EV_MULTI] = { "ev-multi", APPLICATION_NAMES_MAX, /* wildcard= */ false, /* ev= */ true,
        METHOD(WEBSITE) | BY_DNS, "ev-ssl-ca-3-17", "ev-server-1", "ev-server-ct-1", NULL },
};

const struct edition_rules *edition_rules(enum edition edition)
{
    assert(edition < EDITION_COUNT);
    return &table[edition];
}

enum err edition_from_id(const char *id, enum edition *ret_edition)
{
    for (unsigned i = 0; i < EDITION_COUNT; i++) {
        if (strcmp(id, table[i].id) == 0) {
            *ret_edition = (enum edition)i;
            return OK;
        }
    }
    return ERR_INPUT;
}
