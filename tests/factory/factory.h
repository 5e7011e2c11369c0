#pragma once
/* A whole small world for tests and benchmarks: a roster whose every key is at hand, and warrants
 * that are valid until a test spoils them. Nothing of it is ever part of the service. */
#include "lib/ca/warrant.h"
#include "lib/crypto/sign.h"
#include "proc/signer/build.h"

enum {
    FACTORY_OFFICERS = 3,
    FACTORY_PERSPECTIVES = 6,
    FACTORY_LOGS = 4,
    FACTORY_NAMES_MAX = APPLICATION_NAMES_MAX
};

struct factory {
    struct roster roster;
    uint8_t roster_hash[HASH_BYTES];
    struct key *officers[FACTORY_OFFICERS];         /* the third is an auditor */
    struct key *perspectives[FACTORY_PERSPECTIVES]; /* the first is the primary's */
    struct key *stranger;                           /* Ed25519, in nobody's roster */
    struct key *strange_perspective;                /* RSA 2048, the same */
    struct key *subscriber;
    struct key *logs[FACTORY_LOGS]; /* in no roster but factory_publish's */
    struct key *root_key;
    struct issuer_key issuer, ev_issuer;
    struct buf root; /* certificate, DER */
    struct arena arena;
};

/* Makes all keys: about a second. */
enum err factory_init(struct factory *factory, enum key_type issuer_type) MUST_USE;
/* The same from the folder of a trial ceremony, without the issuing CA's key, which is the
 * signer's. */
enum err factory_load(struct factory *factory, const char *directory) MUST_USE;
void factory_release(struct factory *factory);
/* The public policy set, with logs: two operators with two each. */
void factory_publish(struct factory *factory);
/* The classic policy set: the first issuing CA alone, with a certificate for any policy. */
enum err factory_classic(struct factory *factory) MUST_USE;
/* Appends what log number `log` promises for a precertificate of the factory's issuing CA at `now`:
 * a SerializedSCT. */
enum err factory_promise(const struct factory *factory, size_t log, struct span precertificate,
    int64_t now, struct buf *sct) MUST_USE;
/* Appends a list of the promises of the first `count` logs. */
enum err factory_promises(const struct factory *factory, size_t count, struct span precertificate,
    int64_t now, struct buf *list) MUST_USE;

/* Takes every signature for a right one, where what is judged is not the signatures. */
extern const struct observation_verifier factory_believer;

/* One warrant with all it borrows from. Change what is in it, then call the maker's later steps. */
struct sample {
    const struct factory *factory;
    int64_t now;
    const char *names[FACTORY_NAMES_MAX];
    char more[FACTORY_NAMES_MAX][32]; /* names of the multi-domain editions */
    struct application application;
    struct buf application_der;
    struct buf csr;
    struct observation observations[FACTORY_NAMES_MAX][FACTORY_PERSPECTIVES];
    uint8_t signatures[FACTORY_NAMES_MAX][FACTORY_PERSPECTIVES][256];
    struct name_evidence evidence[FACTORY_NAMES_MAX];
    uint8_t approval_signatures[2][64];
    struct warrant warrant;
    struct buf der;
};

/* A valid warrant for www.shop.example.com, request number `serial_of_request`. */
enum err sample_init(struct sample *sample, const struct factory *factory, int64_t now,
    unsigned serial_of_request) MUST_USE;
void sample_release(struct sample *sample);
/* The steps of sample_init, to be repeated after a change, each with all behind it. */
/* The same for another edition with that many names, bound, signed and formatted. */
enum err sample_become(struct sample *sample, enum edition edition, size_t names) MUST_USE;
enum err sample_bind(struct sample *sample) MUST_USE;   /* hash into approvals and challenges */
enum err sample_sign(struct sample *sample) MUST_USE;   /* expected values and all signatures */
enum err sample_format(struct sample *sample) MUST_USE; /* DER */

/* A CSR for `name` by `key`; replaces the sample's. */
enum err sample_csr(struct sample *sample, const struct key *key, const char *name) MUST_USE;
/* Signs one approval or observation by a key of the caller's. */
enum err sample_sign_approval(struct sample *sample, size_t at, const struct key *key) MUST_USE;
enum err sample_sign_observation(
    struct sample *sample, size_t name, size_t at, const struct key *key) MUST_USE;
