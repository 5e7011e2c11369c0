/* The policy clock: for each parameter its values and the days from which they hold (Baseline
 * Requirements 2.3.0, Chrome Root Program Policy 1.8). In force is the last one that has begun. */
#include "lib/ca/policy.h"
#include "lib/base/limits.h"

#include <string.h>

/* 00:00:00Z of the days on which something changes. */
#define DAY_2026_03_15 INT64_C(1773532800)
#define DAY_2026_06_15 INT64_C(1781481600)
#define DAY_2026_07_15 INT64_C(1784073600)
#define DAY_2026_09_15 INT64_C(1789430400)
#define DAY_2026_11_15 INT64_C(1794700800)
#define DAY_2026_12_15 INT64_C(1797292800)
#define DAY_2027_03_15 INT64_C(1805068800)
#define DAY_2028_03_15 INT64_C(1836691200)
#define DAY_2029_03_15 INT64_C(1868227200)

static const struct policy_parameter_row parameters[POLICY_PARAMETER_COUNT] = {
    [POLICY_VALIDITY_MAX] = { "validity.max", "longest validity of a server certificate",
        "all subscribers", "BR 6.3.2", POLICY_DAYS },
    [POLICY_VALIDITY] = { "validity", "validity that is issued", "all subscribers", "BR 6.3.2",
        POLICY_DAYS },
    [POLICY_SHORT_LIVED] = { "validity.short_lived",
        "validity up to which no revocation information is needed", "the CA", "BR 1.6.1",
        POLICY_DAYS },
    [POLICY_DOMAIN_REUSE] = { "domain.reuse", "age of evidence of domain control",
        "all subscribers", "BR 4.2.1", POLICY_DAYS },
    [POLICY_PERSISTENT_REUSE] = { "domain.reuse.persistent", "the same by a persistent TXT record",
        "who has such a record", "BR 3.2.2.4.22", POLICY_DAYS },
    [POLICY_IDENTITY_REUSE] = { "identity.reuse", "age of what officers vetted", "officers",
        "BR 4.2.1", POLICY_DAYS },
    [POLICY_REMOTES] = { "perspectives.remote", "remote perspectives, at least", "administrators",
        "BR 3.2.2.9", POLICY_COUNT },
    [POLICY_REGIONS] = { "perspectives.regions", "RIR regions of those that corroborate, at least",
        "administrators", "BR 3.2.2.9", POLICY_COUNT },
    [POLICY_ADN_ALGORITHM] = { "domain.adn",
        "choosing the authorization domain name by the algorithm", "the CA", "BR 3.2.2.4 (SC-101)",
        POLICY_DUTY },
    [POLICY_DCV_LOG] = { "domain.log", "logging name, authorization domain name and method",
        "the CA", "BR 5.4.1 (SC-099)", POLICY_DUTY },
    [POLICY_CAA_PARAMETERS] = { "domain.caa", "CAA accounturi and validationmethods",
        "who has CAA records", "BR 4.2.2.1 (SC-098)", POLICY_DUTY },
    [POLICY_METHOD_EMAIL] = { "domain.email", "validation by a constructed e-mail address",
        "who validates by e-mail", "BR 3.2.2.4.4", POLICY_DUTY },
    [POLICY_METHOD_PHONE] = { "domain.phone",
        "validation by telephone, of IP addresses also by e-mail or reverse lookup",
        "nobody here: it is not offered", "BR 3.2.2.4.16, 3.2.2.4.17, 3.2.2.5", POLICY_DUTY },
    [POLICY_PRECERTIFICATE_LOGGED] = { "ct.before_issuance",
        "a precertificate in a log before the certificate is signed", "the CA", "Chrome 1.3.4.1",
        POLICY_DUTY },
    [POLICY_CLIENT_AUTH_CA] = { "eku.client_auth.ca", "clientAuth in a new CA certificate",
        "administrators", "Chrome 1.3.2", POLICY_DUTY },
    [POLICY_CLIENT_AUTH_SERVER] = { "eku.client_auth", "clientAuth in a server certificate",
        "servers that are clients too", "Chrome 1.3.2", POLICY_DUTY },
    [POLICY_SHA1] = { "sha1", "SHA-1 in any signature", "the CA", "BR 7.1.3.2 (SC-097)",
        POLICY_DUTY },
    [POLICY_PRECERTIFICATE_CA] = { "ct.precertificate_ca", "a CA of its own for precertificates",
        "administrators", "BR 7.1.2.4 (SC-092)", POLICY_DUTY },
    [POLICY_REVERSE_ZONE_NAMES] = { "names.reverse_zone", "names below in-addr.arpa and ip6.arpa",
        "subscribers", "BR 7.1.2.7.12 (SC-086)", POLICY_DUTY },
};

/* A parameter's changes stand together, the earliest first. */
static const struct {
    enum policy_parameter parameter;
    struct policy_change change;
} changes[] = {
    { POLICY_VALIDITY_MAX, { INT64_MIN, 398 } },
    { POLICY_VALIDITY_MAX, { DAY_2026_03_15, 200 } },
    { POLICY_VALIDITY_MAX, { DAY_2027_03_15, 100 } },
    { POLICY_VALIDITY_MAX, { DAY_2029_03_15, 47 } },
    { POLICY_VALIDITY, { INT64_MIN, 397 } },
    { POLICY_VALIDITY, { DAY_2026_03_15, 199 } },
    { POLICY_VALIDITY, { DAY_2027_03_15, 99 } },
    { POLICY_VALIDITY, { DAY_2029_03_15, 46 } },
    { POLICY_SHORT_LIVED, { INT64_MIN, 10 } },
    { POLICY_SHORT_LIVED, { DAY_2026_03_15, 7 } },
    { POLICY_DOMAIN_REUSE, { INT64_MIN, 398 } },
    { POLICY_DOMAIN_REUSE, { DAY_2026_03_15, 200 } },
    { POLICY_DOMAIN_REUSE, { DAY_2027_03_15, 100 } },
    { POLICY_DOMAIN_REUSE, { DAY_2029_03_15, 10 } },
    { POLICY_PERSISTENT_REUSE, { INT64_MIN, 10 } },
    { POLICY_IDENTITY_REUSE, { INT64_MIN, 825 } },
    { POLICY_IDENTITY_REUSE, { DAY_2026_03_15, 398 } },
    { POLICY_REMOTES, { INT64_MIN, 2 } },
    { POLICY_REMOTES, { DAY_2026_03_15, 3 } },
    { POLICY_REMOTES, { DAY_2026_06_15, 4 } },
    { POLICY_REMOTES, { DAY_2026_12_15, 5 } },
    { POLICY_REGIONS, { INT64_MIN, 1 } },
    { POLICY_REGIONS, { DAY_2026_03_15, 2 } },
    { POLICY_ADN_ALGORITHM, { INT64_MIN, POLICY_SHOULD } },
    { POLICY_ADN_ALGORITHM, { DAY_2026_11_15, POLICY_MUST } },
    { POLICY_DCV_LOG, { INT64_MIN, POLICY_SHOULD } },
    { POLICY_DCV_LOG, { DAY_2026_07_15, POLICY_MUST } },
    { POLICY_CAA_PARAMETERS, { INT64_MIN, POLICY_SHOULD } },
    { POLICY_CAA_PARAMETERS, { DAY_2027_03_15, POLICY_MUST } },
    { POLICY_METHOD_EMAIL, { INT64_MIN, POLICY_MAY } },
    { POLICY_METHOD_EMAIL, { DAY_2026_03_15, POLICY_SHOULD_NOT } },
    { POLICY_METHOD_EMAIL, { DAY_2028_03_15, POLICY_MUST_NOT } },
    { POLICY_METHOD_PHONE, { INT64_MIN, POLICY_SHOULD_NOT } },
    { POLICY_METHOD_PHONE, { DAY_2027_03_15, POLICY_MUST_NOT } },
    { POLICY_PRECERTIFICATE_LOGGED, { INT64_MIN, POLICY_SHOULD } },
    { POLICY_PRECERTIFICATE_LOGGED, { DAY_2026_06_15, POLICY_MUST } },
    { POLICY_CLIENT_AUTH_CA, { INT64_MIN, POLICY_MAY } },
    { POLICY_CLIENT_AUTH_CA, { DAY_2026_06_15, POLICY_MUST_NOT } },
    { POLICY_CLIENT_AUTH_SERVER, { INT64_MIN, POLICY_MAY } },
    { POLICY_CLIENT_AUTH_SERVER, { DAY_2027_03_15, POLICY_MUST_NOT } },
    { POLICY_SHA1, { INT64_MIN, POLICY_SHOULD_NOT } },
    { POLICY_SHA1, { DAY_2026_09_15, POLICY_MUST_NOT } },
    { POLICY_PRECERTIFICATE_CA, { INT64_MIN, POLICY_MAY } },
    { POLICY_PRECERTIFICATE_CA, { DAY_2026_03_15, POLICY_MUST_NOT } },
    { POLICY_REVERSE_ZONE_NAMES, { INT64_MIN, POLICY_MAY } },
    { POLICY_REVERSE_ZONE_NAMES, { DAY_2026_03_15, POLICY_MUST_NOT } },
};

static const char *const set_ids[POLICY_SET_COUNT] = { "public", "private", "classic" };

enum { CHANGES = sizeof changes / sizeof changes[0] };

const char *policy_set_id(enum policy_set set)
{
    return set_ids[set];
}

enum err policy_set_from_id(const char *id, enum policy_set *ret_set)
{
    for (unsigned i = 0; i < POLICY_SET_COUNT; i++) {
        if (strcmp(id, set_ids[i]) == 0) {
            *ret_set = (enum policy_set)i;
            return OK;
        }
    }
    return ERR_INPUT;
}

const struct policy_parameter_row *policy_parameter_row(enum policy_parameter parameter)
{
    return &parameters[parameter];
}

struct policy_change policy_in_force(enum policy_parameter parameter, int64_t time)
{
    struct policy_change found = { INT64_MIN, 0 };
    for (size_t i = 0; i < CHANGES; i++) {
        if (changes[i].parameter == parameter && changes[i].change.from <= time) {
            found = changes[i].change;
        }
    }
    return found;
}

bool policy_next(enum policy_parameter parameter, int64_t time, struct policy_change *ret_change)
{
    for (size_t i = 0; i < CHANGES; i++) {
        if (changes[i].parameter == parameter && changes[i].change.from > time) {
            *ret_change = changes[i].change;
            return true;
        }
    }
    return false;
}

const char *policy_duty_name(enum policy_duty duty)
{
    static const char *const names[] = { [POLICY_MAY] = "MAY",
        [POLICY_SHOULD] = "SHOULD",
        [POLICY_MUST] = "MUST",
        [POLICY_SHOULD_NOT] = "SHOULD NOT",
        [POLICY_MUST_NOT] = "MUST NOT" };
    return names[duty];
}

static int64_t seconds_in_force(enum policy_parameter parameter, int64_t time)
{
    return policy_in_force(parameter, time).value * DAY_SECONDS;
}

void policy_at(int64_t time, enum policy_set set, struct policy *ret_policy)
{
    *ret_policy = (struct policy){
        .validity_max_seconds = seconds_in_force(POLICY_VALIDITY_MAX, time),
        .validity_seconds = seconds_in_force(POLICY_VALIDITY, time),
        .reuse_seconds = seconds_in_force(POLICY_DOMAIN_REUSE, time),
        .persistent_reuse_seconds = seconds_in_force(POLICY_PERSISTENT_REUSE, time),
        .identity_reuse_seconds = seconds_in_force(POLICY_IDENTITY_REUSE, time),
        .remotes_min = (unsigned)policy_in_force(POLICY_REMOTES, time).value,
        .regions_min =
            set != POLICY_PUBLIC ? 1 : (unsigned)policy_in_force(POLICY_REGIONS, time).value,
        .logged = set == POLICY_PUBLIC &&
                  policy_in_force(POLICY_PRECERTIFICATE_LOGGED, time).value == POLICY_MUST,
    };
}

unsigned policy_quorum_failures(unsigned remotes)
{
    return remotes < 2 ? 0 : remotes < 6 ? 1 : 2;
}
