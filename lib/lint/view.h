#pragma once
/* What the lints look at: a certificate or CRL taken apart once, laxly, with everything kept as it
 * stands. Private to lib/lint. */
#include "lib/der/oid.h"
#include "lib/der/reader.h"
#include "lib/lint/lint.h"

enum { VIEW_EXTENSIONS_MAX = 64, VIEW_ATTRIBUTES_MAX = 32 };

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

struct view_extension {
    struct span oid, value;
    bool critical;
    bool explicit_default; /* criticality FALSE was written out */
};

struct view_attribute {
    struct span oid, value;
    uint8_t tag;
};

struct view_name {
    struct span whole;
    struct view_attribute attributes[VIEW_ATTRIBUTES_MAX];
    size_t count;
    bool multi_valued; /* an RDN with more or fewer than one attribute */
};

struct view {
    enum lint_kind kind;
    int64_t now;

    bool has_outer; /* false where only the to-be-signed part was given */
    struct span outer_algorithm, inner_algorithm;
    bool has_version;
    unsigned version;
    struct span serial; /* the INTEGER's content, sign octet included */
    struct view_name issuer, subject;
    int64_t not_before, not_after; /* of a CRL: thisUpdate, nextUpdate */
    bool has_not_after;
    struct span spki;
    bool unique_ids;
    struct view_extension extensions[VIEW_EXTENSIONS_MAX];
    size_t extension_count;

    bool has_entries;    /* a CRL's revokedCertificates is there, be it empty */
    struct span entries; /* its content */
};

/* ERR_INPUT: not even DER of this shape. */
enum err view_make(
    struct span der, enum lint_kind kind, int64_t now, struct view *ret_view) MUST_USE;
const struct view_extension *view_find(const struct view *view, struct span oid);
const struct view_attribute *view_attribute(const struct view_name *name, struct span oid);
/* The next GeneralName of a SAN; false at the end or where it is malformed. */
bool view_alt_name(struct der *names, struct der_element *ret_name);
/* Enters the SAN's GeneralNames; false if there is none. */
bool view_alt_names(const struct view *view, struct der *ret_names);
/* True if the subject key is RSA. */
bool view_rsa_key(const struct view *view);

/* One lint: `holds` says whether the rule is kept. */
struct lint {
    const char *id, *source;
    unsigned kinds; /* of LINT_FOR */
    int64_t since;  /* not applied to what is made before this moment */
    bool (*holds)(const struct view *view);
};

#define LINT_FOR(kind) (1u << (kind))
enum {
    FOR_ROOT = LINT_FOR(LINT_ROOT),
    FOR_SUBORDINATE =
        LINT_FOR(LINT_ISSUING_CA) | LINT_FOR(LINT_ISSUING_CA_OLD) | LINT_FOR(LINT_CROSS_CA),
    FOR_CA = FOR_ROOT | FOR_SUBORDINATE,
    FOR_SERVER = LINT_FOR(LINT_SERVER) | LINT_FOR(LINT_SERVER_EV),
    FOR_CERTIFICATE = FOR_CA | FOR_SERVER,
    FOR_CRL = LINT_FOR(LINT_CRL) | LINT_FOR(LINT_ARL),
};

struct lint_table {
    const struct lint *lints;
    size_t count;
};

/* In the order in which they are run. */
extern const struct lint_table lint_fields, lint_names, lint_extensions, lint_servers, lint_crls;
