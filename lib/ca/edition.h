#pragma once
/* The five editions: what each may hold, how its names may be validated, who issues it. */
#include "lib/base/err.h"

enum edition {
    EDITION_SERVER,
    EDITION_WILDCARD,
    EDITION_MULTI,
    EDITION_EV,
    EDITION_EV_MULTI,
    EDITION_COUNT,
};

struct edition_rules {
    const char *id;      /* "server": in files, messages, URLs and message ids */
    unsigned names_max;  /* names in an application; a wildcard's bare name is added, not counted */
    bool wildcard;       /* the one name is "*.base" */
    bool ev;             /* carries business category, jurisdiction and registration number */
    unsigned methods;    /* bit set of 1u << enum dcv_method */
    const char *issuer;  /* id of the issuing CA in the roster */
    const char *profile; /* id of the certificate profile */
    const char *logged;  /* the same where the roster has logs */
    const char *classic; /* the same under the classic policy set; NULL: not offered there */
};

/* Never NULL for a valid edition. */
const struct edition_rules *edition_rules(enum edition edition);
enum err edition_from_id(const char *id, enum edition *ret_edition) MUST_USE;
