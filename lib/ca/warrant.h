#pragma once
/* The warrant: everything the signer needs to check before it signs one certificate, and what
 * proves years later, by public keys alone, that it did right. The signer believes nothing in it
 * that it can't check. DER, read by one strict parser; what it accepts, warrant_format gives back.
 */
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/ca/application.h"
#include "lib/ca/approval.h"
#include "lib/ca/classic.h"
#include "lib/ca/observation.h"
#include "lib/ca/profile.h"
#include "lib/ca/roster.h"
#include "lib/crypto/key.h"

enum {
    ENROLMENT_ID_BYTES = 16,
    APPROVALS_MAX = 4,
    PROFILE_ID_MAX = 32,
    EVIDENCE_OBSERVATIONS_MAX = 2 * PERSPECTIVES_MAX,
    /* Names that were proved for more applications than that are proved again. */
    EARLIER_APPLICATIONS_MAX = 8,
    /* 50 names with 16 perspectives each; beyond MESSAGE_MAX_BYTES it travels as a memfd. */
    WARRANT_MAX_BYTES = 1024 * 1024,
    /* What parsing and checking one takes of an arena at most. */
    WARRANT_ARENA_BYTES = 4 * 1024 * 1024,
};

/* The idempotency key: one certificate per request, whatever happens in between. */
struct request_id {
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    unsigned ordinal; /* 1 for the first certificate of the enrolment, then counting */
};

struct name_evidence {
    /* One attempt, the primary's and the remotes'; and behind it perhaps a later one that asked
     * for CAA alone. */
    struct observation *observations;
    size_t count;
};

/* An earlier application of the same subscriber, for which some of the evidence was gathered. It
 * was approved as the present one was, and stands in the warrant so that the signer need not
 * believe anybody that it was. */
struct earlier_application {
    struct span application_der;
    struct application application; /* parsed from application_der */
    uint8_t hash[HASH_BYTES];       /* of application_der; derived when read, never stored */
    struct approval approvals[APPROVALS_MAX];
    size_t approval_count;
};

struct warrant {
    struct request_id request;
    struct span application_der;
    struct application application; /* parsed from application_der */
    struct approval approvals[APPROVALS_MAX];
    size_t approval_count;
    struct name_evidence *evidence; /* one per name of the application, in their order; a
                                       wildcard's serves its bare name too */
    size_t evidence_count;
    struct span csr; /* DER */
    bool chinese;    /* Confirm with Chinese: O is the Chinese organisation name */
    char profile_id[PROFILE_ID_MAX];
    uint8_t profile_hash[HASH_BYTES];
    int64_t epoch;
    struct earlier_application *earlier; /* at most EARLIER_APPLICATIONS_MAX */
    size_t earlier_count;
};

enum err warrant_format(const struct warrant *warrant, struct buf *der) MUST_USE;
enum err warrant_parse(struct span der, struct arena *arena, struct warrant *ret_warrant) MUST_USE;
/* SHA-256("ecert warrant v1" ‖ 00 ‖ DER). */
enum err warrant_hash(struct span der, uint8_t ret_hash[HASH_BYTES]) MUST_USE;

/* Verifies one observation's signature; the signer gives one that keeps the perspectives' keys
 * loaded, an auditor one that loads them as needed. `index` is the perspective's place in the
 * roster. */
struct observation_verifier {
    enum err (*verify)(void *ctx, size_t index, struct span signed_part, struct span signature);
    void *ctx;
    /* The same for an officer's signature; NULL loads the key from the roster each time. */
    enum err (*verify_officer)(void *ctx, size_t index, struct span message, struct span signature);
    bool request_verified; /* the CSR's key was looked at before, and its signature */
};

/* What a checked warrant entitles to: the input of building the certificate, all borrowed. */
struct entitlement {
    const struct issuer *issuer;
    const struct profile *profile;
    const struct profile *precertificate; /* what is signed first, for the logs; NULL: nothing */
    const struct application *application;
    const char *const *names;
    size_t name_count;
    const char *organisation; /* English or Chinese, as the subscriber confirmed */
    struct classic_units units;
    struct span spki;
    enum key_kind key_kind;
    int64_t subscription_end; /* the first instant after it */
    int64_t oldest_evidence;
};

/* The profile that a warrant for this edition has to pin under this roster: with SCTs where the
 * roster has logs, with organizational units where its policy set is the classic one. NULL if this
 * program has no such row, or the set doesn't offer the edition. */
const struct profile *warrant_profile(const struct roster *roster, enum edition edition);

/* Everything a warrant must prove, in one order: application rules, two different officers of the
 * roster with the right role, subscription not over, profile id and hash and epoch, logs where the
 * policy set demands them ("ct.logs_missing"), CSR's proof of
 * possession and key, each earlier application (lib/ca/earlier.h), then for every name: derived
 * value, age, binding, method allowed that day for that edition, one attempt, distinct
 * perspectives, signatures, quorum, CAA fresh. Quorum counts every remote of the roster: one whose
 * observation is missing did not corroborate, so that leaving out who disagrees gains nothing. The
 * first failure is returned: ERR_DENIED with a reason "warrant.<what>" (field: the name concerned),
 * "application.<field>" or "csr.<what>"; warrant_lapsed says which of them new evidence cures.
 * `arena` holds the names. */
enum err warrant_check(const struct warrant *warrant, const struct roster *roster,
    const struct observation_verifier *verifier, int64_t now, struct arena *arena,
    struct entitlement *ret_entitlement, struct reason *ret_reason) MUST_USE;
/* True for a reason of warrant_check that goes away when domain control is proved again. */
bool warrant_lapsed(const struct reason *reason);
