#pragma once
/* Profiles: what each kind of object that we sign holds, as readable tables with a stable id and a
 * hash. A warrant pins both, so that a signer with another table refuses instead of issuing
 * something else. A profile's extensions stand in the object in the order in which they stand here;
 * the order and string types of names are lib/pki/name's, for all profiles alike (BR 7.1.4.2). */
#include "lib/ca/application.h"
#include "lib/crypto/key.h"
#include "lib/der/writer.h"
#include "lib/pki/name.h"

enum profile_extension {
    PROFILE_END, /* of a list */
    PROFILE_AUTHORITY_KEY,
    PROFILE_SUBJECT_KEY,
    PROFILE_KEY_USAGE,
    PROFILE_BASIC_CONSTRAINTS,
    PROFILE_PURPOSE,
    PROFILE_POLICY,
    PROFILE_ALT_NAMES,
    PROFILE_CRL_POINT,
    PROFILE_AUTHORITY_INFO,
    PROFILE_OCSP_NOCHECK,
    PROFILE_POISON, /* in a precertificate, where the certificate has its SCT list */
    PROFILE_SCT_LIST,
    PROFILE_CRL_NUMBER,
    PROFILE_EXTENSION_COUNT,
};

enum { PROFILE_ATTRIBUTES_MAX = 12, PROFILE_EXTENSIONS_MAX = 12, PROFILE_SCT_LIST_MAX = 2048 };

struct profile {
    const char *id;                                        /* "ov-server-1" */
    const char *what;                                      /* for people */
    const struct span *attributes[PROFILE_ATTRIBUTES_MAX]; /* the subject's, up to NULL */
    enum profile_extension extensions[PROFILE_EXTENSIONS_MAX];
    bool is_ca;
    int path_length;                      /* -1: none */
    uint32_t key_usage_rsa, key_usage_ec; /* of enum key_usage */
    const struct span *purpose;           /* the one extended key usage */
    const struct span *policy;            /* the one policy */
    const char *precertificate; /* id of the profile that goes before, into the logs; or NULL */
};

/* NULL if unknown. */
const struct profile *profile_by_id(const char *id);
size_t profile_count(void);
const struct profile *profile_at(size_t index);
/* "keyUsage" and so on, as RFC 5280 names them. */
const char *profile_extension_name(enum profile_extension extension);
/* SHA-256 over the DER of the table's row: changes with anything that changes what is signed. */
enum err profile_hash(const struct profile *profile, uint8_t ret_hash[HASH_BYTES]) MUST_USE;

/* Whether these are the policies that the profile's objects hold: its one, or none. */
bool profile_policy_only(const struct profile *profile, const struct span *policies, size_t count);

/* Appends the subject's name. A value for an attribute that the profile doesn't have is ERR_INPUT
 * with "profile.attribute" (seen: the attribute); else as name_write. */
enum err profile_write_subject(const struct profile *profile, const struct name_entry *entries,
    size_t count, struct reason *ret_reason, struct buf *buf) MUST_USE;

/* What differs from one object of a profile to the next; only what its extensions need is read. */
struct profile_values {
    struct span authority_key_id, subject_key_id;
    enum key_kind key_kind;
    const struct span *names; /* dNSNames, A-labels */
    size_t name_count;
    struct span crl_uri, ca_issuers_uri;
    struct span sct_list; /* a SignedCertificateTimestampList (RFC 6962 §3.3) */
};

/* The profile's extensions, one behind the other. Failures stick in the writer: ERR_INPUT for a
 * list of SCTs that is not there. The number of a CRL is lib/pki/crl's own affair. */
void profile_write_extensions(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values);
