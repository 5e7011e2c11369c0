#pragma once
/* What the lints look at: an object taken apart once, laxly, with everything kept as it stands; and
 * the faults that were met on the way. Private to lib/lint. */
#include "lib/der/oid.h"
#include "lib/der/reader.h"
#include "lib/lint/lint.h"

enum { VIEW_EXTENSIONS_MAX = 64, VIEW_ATTRIBUTES_MAX = 32 };

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

/* What one walk over the bytes can meet, each fault the business of one lint. */
enum fault {
    FAULT_NONE,
    /* form.c: encoding and times */
    FAULT_LENGTH,
    FAULT_TAG,
    FAULT_BOOLEAN,
    FAULT_INTEGER,
    FAULT_OID,
    FAULT_BIT_STRING,
    FAULT_SET_ORDER,
    FAULT_NULL,
    FAULT_CONSTRUCTED,
    FAULT_TRAILING,
    FAULT_UTF8,
    FAULT_PRINTABLE,
    FAULT_IA5,
    FAULT_DEPTH,
    FAULT_TIME_SECONDS,
    FAULT_TIME_ZULU,
    FAULT_TIME_FRACTION,
    FAULT_TIME_TYPE,
    FAULT_TIME_EXISTS,
    /* names.c */
    FAULT_NAME_RDN,
    FAULT_NAME_UNKNOWN,
    FAULT_NAME_ORDER,
    FAULT_NAME_TWICE,
    FAULT_NAME_TYPE,
    FAULT_NAME_COUNTRY_TYPE,
    FAULT_NAME_SERIAL_TYPE,
    FAULT_NAME_DC_TYPE,
    FAULT_NAME_EMPTY,
    FAULT_NAME_MEANING,
    FAULT_NAME_SPACE,
    FAULT_NAME_CONTROL,
    FAULT_NAME_COUNTRY,
    FAULT_NAME_LENGTH_CN,
    FAULT_NAME_LENGTH_O,
    FAULT_NAME_LENGTH_L,
    FAULT_NAME_LENGTH_ST,
    FAULT_NAME_LENGTH_STREET,
    FAULT_NAME_LENGTH_POSTAL,
    FAULT_NAME_LENGTH_PERSON,
    FAULT_NAME_LENGTH_SERIAL,
    FAULT_NAME_LENGTH_OTHER,
    FAULT_ISSUER_RDN,
    FAULT_ISSUER_SPACE,
    FAULT_ISSUER_COUNTRY_TYPE,
    /* extensions.c */
    FAULT_EXTENSION_TWICE,
    FAULT_EXTENSION_DEFAULT,
    FAULT_EXTENSION_VALUE,
    FAULT_EXTENSION_UNKNOWN,
    FAULT_EXTENSION_CRITICAL,
    /* usages.c */
    FAULT_EKU_FORM,
    FAULT_EKU_TWICE,
    FAULT_EKU_OTHER,
    /* policies.c */
    FAULT_POLICY_FORM,
    FAULT_POLICY_TWICE,
    FAULT_POLICY_QUALIFIED,
    FAULT_POLICY_QUALIFIER,
    FAULT_POLICY_CPS,
    /* addresses.c */
    FAULT_POINT_FORM,
    FAULT_POINT_MANY,
    FAULT_POINT_RELATIVE,
    FAULT_POINT_REASONS,
    FAULT_POINT_ISSUER,
    FAULT_POINT_TYPE,
    FAULT_POINT_SCHEME,
    FAULT_ACCESS_FORM,
    FAULT_ACCESS_METHOD,
    FAULT_ACCESS_TYPE,
    FAULT_ACCESS_SCHEME,
    FAULT_ACCESS_TWICE,
    FAULT_ADDRESS_TEXT,
    FAULT_ADDRESS_HOST,
    /* servers.c, hosts.c */
    FAULT_SAN_FORM,
    FAULT_SAN_TYPE,
    FAULT_SAN_TWICE,
    FAULT_SAN_EMPTY,
    FAULT_SAN_LENGTH,
    FAULT_SAN_LABEL_LENGTH,
    FAULT_SAN_LABEL_EMPTY,
    FAULT_SAN_FINAL_DOT,
    FAULT_SAN_UNDERSCORE,
    FAULT_SAN_CHARACTER,
    FAULT_SAN_HYPHEN,
    FAULT_SAN_RESERVED,
    FAULT_SAN_PUNYCODE,
    FAULT_SAN_CASE,
    FAULT_SAN_SINGLE,
    FAULT_SAN_NUMERIC,
    FAULT_SAN_REVERSE,
    FAULT_SAN_INTERNAL,
    FAULT_SAN_ONION,
    FAULT_SAN_WILDCARD,
    FAULT_SAN_WILDCARD_PLACE,
    FAULT_SAN_WILDCARD_NARROW,
    FAULT_SAN_IP,
    FAULT_SAN_IP_LENGTH,
    FAULT_SAN_IP_RESERVED,
    /* transparency.c */
    FAULT_SCT_FORM,
    FAULT_SCT_EMPTY,
    FAULT_SCT_VERSION,
    FAULT_SCT_TWICE,
    FAULT_SCT_TIME,
    FAULT_SCT_ALGORITHM,
    FAULT_SCT_EXTENSIONS,
    /* constraints.c */
    FAULT_CONSTRAINTS_EMPTY,
    FAULT_CONSTRAINTS_FORM,
    FAULT_CONSTRAINTS_DISTANCE,
    FAULT_MAPPING_ANY,
    /* entries.c */
    FAULT_ENTRY_FORM,
    FAULT_ENTRY_SERIAL,
    FAULT_ENTRY_SERIAL_LENGTH,
    FAULT_ENTRY_TWICE,
    FAULT_ENTRY_FUTURE,
    FAULT_ENTRY_NO_REASON,
    FAULT_ENTRY_REASON,
    FAULT_ENTRY_REASON_UNKNOWN,
    FAULT_ENTRY_REASON_ZERO,
    FAULT_ENTRY_HOLD,
    FAULT_ENTRY_REMOVE,
    FAULT_ENTRY_CRITICAL,
    FAULT_ENTRY_REASON_CRITICAL,
    FAULT_ENTRY_EXTENSION_TWICE,
    FAULT_ENTRY_INDIRECT,
    FAULT_ENTRY_INVALIDITY,
    /* answers.c */
    FAULT_ANSWER_FORM,
    FAULT_ANSWER_TWICE,
    FAULT_ANSWER_NEXT,
    FAULT_ANSWER_ORDER,
    FAULT_ANSWER_SHORT,
    FAULT_ANSWER_LONG,
    FAULT_ANSWER_FUTURE,
    FAULT_ANSWER_BEFORE,
    FAULT_ANSWER_HASH,
    FAULT_ANSWER_HASH_LENGTH,
    FAULT_ANSWER_SERIAL,
    FAULT_ANSWER_REASON,
    FAULT_ANSWER_SINGLE_REASON,
    FAULT_ANSWER_REVOKED_LATER,
    FAULT_ANSWER_BEYOND,
    FAULT_ANSWER_RESPONDER,
    FAULT_COUNT,
};

/* Extensions that some lint asks for; extensions.c has their OIDs. */
enum extension {
    EXT_AUTHORITY_KEY,
    EXT_SUBJECT_KEY,
    EXT_KEY_USAGE,
    EXT_ALT_NAME,
    EXT_ISSUER_ALT_NAME,
    EXT_BASIC_CONSTRAINTS,
    EXT_NAME_CONSTRAINTS,
    EXT_CRL_POINTS,
    EXT_POLICIES,
    EXT_POLICY_MAPPINGS,
    EXT_POLICY_CONSTRAINTS,
    EXT_INHIBIT_ANY,
    EXT_EXT_USAGE,
    EXT_FRESHEST,
    EXT_AUTHORITY_INFO,
    EXT_SUBJECT_INFO,
    EXT_SCT_LIST,
    EXT_POISON,
    EXT_NO_CHECK,
    EXT_ORGANISATION_ID,
    EXT_CRL_NUMBER,
    EXT_DELTA,
    EXT_ISSUING_POINT,
    EXT_NONCE,
    EXT_COUNT,
};

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
    struct span crowded; /* an RDN with more or fewer than one attribute */
};

/* Of the subject's key, as far as it has parts. */
struct view_key {
    struct span algorithm, bits; /* bits: without the octet that counts unused ones */
    uint8_t unused_bits;
    bool rsa, ec;                  /* by its OID, parameters aside */
    struct span modulus, exponent; /* INTEGERs' magnitudes; empty where the key has another shape */
};

/* What the extensions say, read once; zero where one is absent or malformed. */
struct view_usages {
    uint32_t key_usage;
    size_t key_usage_bits; /* how many were encoded */
    bool key_usage_form, is_ca, has_path_length, constraints_form;
    int64_t path_length;
    bool server_auth, client_auth, email, code_signing, time_stamping, ocsp_signing, any, precert;
    size_t ext_usage_count;
};

struct view_policies {
    size_t count, reserved;
    bool any, first_reserved;
    struct span reserved_oid;
};

/* An OCSP response (RFC 6960 §4.2.1). */
struct view_answer {
    unsigned status;
    bool has_bytes, basic, version_written;
    struct span responder_name, responder_key; /* one of the two */
    int64_t produced_at;
    struct span responses, certificates; /* contents */
    size_t count, certificate_count;
};

struct view {
    enum lint_kind kind;  /* of a precertificate: the server certificate's */
    unsigned applies;     /* LINT_FOR this kind, and LINT_PRECERTIFICATE's where it is one */
    int64_t signed_at;    /* 0: not known */
    int64_t rules_at;     /* whose rules are in force */
    struct span der, tbs; /* all of it; what is signed, whole */

    bool has_outer; /* false where only the to-be-signed part was given */
    struct span outer_algorithm, inner_algorithm,
        signature; /* signature: the BIT STRING's content */
    bool has_version;
    unsigned version;
    struct span serial; /* the INTEGER's content, sign octet included */
    struct view_name issuer, subject;
    int64_t not_before, not_after; /* of a CRL or an answer: thisUpdate, nextUpdate */
    bool has_not_after;
    struct span spki;
    struct view_key key;
    bool unique_ids, has_extensions;
    struct view_extension extensions[VIEW_EXTENSIONS_MAX];
    size_t extension_count;
    const struct view_extension *known[EXT_COUNT]; /* the first of each, or NULL */
    struct view_usages usages;
    struct view_policies policies;
    size_t alt_name_count, access_count, sct_count;
    bool has_ocsp_uri, has_issuers_uri;

    bool has_entries; /* a CRL's revokedCertificates is there, be it empty */
    struct der_element entries;
    size_t entry_count;
    struct view_answer answer;

    struct span faults[FAULT_COUNT]; /* where each was first met; data is NULL where it wasn't */
};

/* Takes `der` apart and runs every observer. ERR_INPUT: it has not even the shape of this kind;
 * what is wrong with its encoding is among the faults all the same. */
enum err view_make(struct span der, enum lint_kind kind, struct view *ret_view) MUST_USE;
/* Notes a fault where it is met first. `at` is shown to people: it must not be NULL. */
void view_fault(struct view *view, enum fault fault, struct span at);
const struct view_attribute *view_attribute(const struct view_name *name, struct span oid);
/* No policies, and a subscriber reference number as the first unit: by its looks a classic one. */
bool view_classic(const struct view *view);
/* The order of spans, for qsort. */
int view_by_bytes(const void *left, const void *right);
/* A time in any form that names a moment. With `view`, RFC 5280's choice of the type is asked for.
 */
enum err view_time(struct der *fields, struct view *view, int64_t *ret_time) MUST_USE;
bool view_time_at(const struct der *fields);
/* Extensions ::= SEQUENCE OF Extension, appended to the view's. */
enum err view_extensions_take(struct der *extensions, struct view *view) MUST_USE;
enum err view_name_take(struct der *fields, struct view_name *ret_name) MUST_USE;
/* view_answer.c: an OCSP response, or its ResponseData. */
enum err view_answer_take(struct span der, struct view *view) MUST_USE;
/* hosts.c: notes what is wrong with a dNSName; with an iPAddress; whether the name's end is one
 * that no registry hands out. */
void host_look(struct view *view, struct span name);
void address_bytes_look(struct view *view, struct span address);
bool host_special(struct span name);
/* form.c: walks over bytes that should be DER elements, noting what their encoding breaks. */
void form_walk(struct view *view, struct span der);
/* form.c: notes what is wrong with a UTCTime or GeneralizedTime; OK if it names a moment. */
enum err form_time(
    struct view *view, const struct der_element *element, int64_t *ret_time) MUST_USE;
/* What a finding shows: the place of the fault, or what the lint looks at. */
void view_show(const struct view *view, const struct lint *lint, char ret_text[LINT_SEEN_MAX]);

enum {
    FOR_ROOT = LINT_FOR(LINT_ROOT),
    FOR_OLD = LINT_FOR(LINT_ISSUING_CA_OLD),
    FOR_SUBORDINATE = LINT_FOR(LINT_ISSUING_CA) | FOR_OLD | LINT_FOR(LINT_CROSS_CA),
    FOR_CA = FOR_ROOT | FOR_SUBORDINATE,
    FOR_DV = LINT_FOR(LINT_SERVER_DV),
    FOR_IV = LINT_FOR(LINT_SERVER_IV),
    FOR_OV = LINT_FOR(LINT_SERVER_OV),
    FOR_EV = LINT_FOR(LINT_SERVER_EV),
    FOR_PUBLIC = FOR_DV | FOR_IV | FOR_OV | FOR_EV, /* what BR 7.1.2.7 knows */
    FOR_CLASSIC = LINT_FOR(LINT_SERVER_CLASSIC),
    FOR_SERVER = FOR_PUBLIC | FOR_CLASSIC,
    FOR_PRECERTIFICATE = LINT_FOR(LINT_PRECERTIFICATE),
    FOR_RESPONDER = LINT_FOR(LINT_RESPONDER),
    FOR_CERTIFICATE = FOR_CA | FOR_SERVER | FOR_RESPONDER,
    FOR_BELOW_ROOT = FOR_CERTIFICATE & ~FOR_ROOT,
    FOR_ARL = LINT_FOR(LINT_ARL),
    FOR_CRL = LINT_FOR(LINT_CRL) | FOR_ARL,
    FOR_OCSP = LINT_FOR(LINT_OCSP),
    FOR_ALL = FOR_CERTIFICATE | FOR_CRL | FOR_OCSP,
};

/* 00:00:00Z of the days from which rules apply. */
#define SINCE_DER        INT64_C(1028160000) /* 2002-08: X.690 as RFC 5280 cites it */
#define SINCE_EVG        INT64_C(1181606400) /* 2007-06-12: EV Guidelines 1.0 */
#define SINCE_RFC5019    INT64_C(1188604800) /* 2007-09 */
#define SINCE_RFC5280    INT64_C(1209600000) /* 2008-05 */
#define SINCE_BR_1       INT64_C(1341100800) /* 2012-07-01: BR 1.0 in force */
#define SINCE_RFC6960    INT64_C(1370044800) /* 2013-06; RFC 6962 as well */
#define SINCE_2014       INT64_C(1388534400) /* BR 6.1.5: 2048 bits */
#define SINCE_2016       INT64_C(1451606400) /* BR 7.1.3: no SHA-1 */
#define SINCE_2016_09_30 INT64_C(1475193600) /* ballot 164: 64 bits of a serial */
#define SINCE_2018_08_10 INT64_C(1533859200) /* RFC 8399 */
#define SINCE_2019_04_01 INT64_C(1554076800) /* BR 7.1.4.2.1: no underscore */
#define SINCE_2020_01_31 INT64_C(1580428800) /* SC-17: organizationIdentifier */
#define SINCE_2020_08_20 INT64_C(1597881600) /* SC-31: browsers' policies, BR 1.7.1 */
#define SINCE_2020_09_30 INT64_C(1601424000) /* SC-31: reasons of revoked CAs; OCSP periods */
#define SINCE_2021_10_01 INT64_C(1633046400) /* SC-48: LDH labels */
#define SINCE_2022_09_01 INT64_C(1661990400) /* SC-47: no organizationalUnit */
#define SINCE_2023_07_15 INT64_C(1689379200) /* SC-63: lists */
#define SINCE_BR_2       INT64_C(1694736000) /* 2023-09-15: SC-62, the profiles */
#define SINCE_2024_11    INT64_C(1730419200) /* RFC 9654 */
#define SINCE_2026_03_15 INT64_C(1773532800) /* SC-081, SC-086 */
#define SINCE_2026_06_15 INT64_C(1781481600) /* Chrome 1.8: subordinate CAs */
#define SINCE_2026_08_01 INT64_C(1785542400) /* Apple 2.0 */
#define SINCE_2026_09_15 INT64_C(1789430400) /* SC-097: no SHA-1 anywhere */
#define SINCE_2027_03_15 INT64_C(1805068800)
#define SINCE_2029_03_15 INT64_C(1868227200)

/* A subject: what it looks for on the way, and its lints. */
struct lint_table {
    void (*observe)(struct view *view); /* NULL: nothing */
    unsigned observes;                  /* of which kinds */
    const struct lint *lints;
    size_t count;
};

/* In the order in which they are run: a later one may use what an earlier one has read. */
extern const struct lint_table lint_form, lint_fields, lint_keys, lint_extensions, lint_usages,
    lint_policies, lint_names, lint_subjects, lint_addresses, lint_servers, lint_classic,
    lint_transparency, lint_constraints, lint_responders, lint_crls, lint_entries, lint_answers;
