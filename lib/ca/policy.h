#pragma once
/* What holds on a day, as data keyed by the UTC second of issuance. A policy set says
 * which relaxations a hierarchy made for itself at its ceremony; `public` has none, `classic` those
 * of `private` and certificates with organizational units, as they were until 2022. */
#include "lib/base/err.h"

#include <stdint.h>

enum policy_set { POLICY_PUBLIC, POLICY_PRIVATE, POLICY_CLASSIC, POLICY_SET_COUNT };

/* What may change on a day. Every parameter has a value at any time. */
enum policy_parameter {
    POLICY_VALIDITY_MAX,     /* days */
    POLICY_VALIDITY,         /* days: what the default profile issues */
    POLICY_SHORT_LIVED,      /* days up to which no revocation information is needed */
    POLICY_DOMAIN_REUSE,     /* days: age of domain evidence at issuance */
    POLICY_PERSISTENT_REUSE, /* days: the same for persistent TXT records */
    POLICY_IDENTITY_REUSE,   /* days: age of what officers found out about the subscriber */
    POLICY_REMOTES,          /* remote perspectives */
    POLICY_REGIONS,          /* RIR regions in which those that corroborate lie */
    POLICY_ADN_ALGORITHM,    /* duties from here on */
    POLICY_DCV_LOG,
    POLICY_CAA_PARAMETERS,
    POLICY_METHOD_EMAIL,
    POLICY_METHOD_PHONE,
    POLICY_PRECERTIFICATE_LOGGED,
    POLICY_CLIENT_AUTH_CA,
    POLICY_CLIENT_AUTH_SERVER,
    POLICY_SHA1,
    POLICY_PRECERTIFICATE_CA,
    POLICY_REVERSE_ZONE_NAMES,
    POLICY_PARAMETER_COUNT,
};

/* The values of a parameter that is no number. */
enum policy_duty { POLICY_MAY, POLICY_SHOULD, POLICY_MUST, POLICY_SHOULD_NOT, POLICY_MUST_NOT };

enum policy_unit { POLICY_DAYS, POLICY_COUNT, POLICY_DUTY };

/* How a parameter is shown. */
struct policy_parameter_row {
    const char *id; /* "validity.max": stable */
    const char *what;
    const char *concerns; /* who has to do something when it changes */
    const char *source;   /* "BR 6.3.2" */
    enum policy_unit unit;
};

struct policy_change {
    int64_t from; /* INT64_MIN: ever since this program knows of it */
    int64_t value;
};

const struct policy_parameter_row *policy_parameter_row(enum policy_parameter parameter);
/* What is in force at `time`, and since when. */
struct policy_change policy_in_force(enum policy_parameter parameter, int64_t time);
/* The next change after `time`; false if none is known. */
bool policy_next(enum policy_parameter parameter, int64_t time, struct policy_change *ret_change);
/* "MUST NOT" and so on, as RFC 2119 writes them. */
const char *policy_duty_name(enum policy_duty duty);

/* What an issuance asks for, of one moment. */
struct policy {
    int64_t validity_max_seconds; /* BR 6.3.2, inclusive of both ends */
    int64_t validity_seconds;     /* what the default profile issues: a day less */
    int64_t reuse_seconds;        /* BR 4.2.1: age of domain evidence at issuance */
    int64_t persistent_reuse_seconds;
    int64_t identity_reuse_seconds; /* BR 4.2.1: age of the officers' approvals at issuance */
    unsigned remotes_min;           /* BR 3.2.2.9 */
    unsigned regions_min;
    bool logged; /* Chrome 1.3.4.1: no certificate without a precertificate in logs */
};

/* "public", "private" or "classic". */
const char *policy_set_id(enum policy_set set);
enum err policy_set_from_id(const char *id, enum policy_set *ret_set) MUST_USE;
/* The rules in force at `time` under `set`. All but the public set ask for the same number of
 * remotes but let them share a region, and for no logs. */
void policy_at(int64_t time, enum policy_set set, struct policy *ret_policy);
/* How many of `remotes` may fail to corroborate (BR 3.2.2.9: one of 2 to 5, two of 6 and more). */
unsigned policy_quorum_failures(unsigned remotes);
