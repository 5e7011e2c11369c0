#pragma once
/* Asking the DNS, validated by DNSSEC from trust anchors down (RFC 4035 §5), as an interface that
 * tests can replace and as its implementation by libunbound. A resolver is made for one check and
 * starts with nothing remembered: what it says is what stands there now, and two checks never share
 * an answer (BR 3.2.2.9). */
#include "lib/base/buf.h"
#include "lib/base/limits.h"

enum dns_type {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_DS = 43,
    DNS_CAA = 257,
};

/* RFC 4035 §4.3. An answer below no trust anchor is insecure as well: give the root's. */
enum dns_security { DNS_SECURITY_SECURE, DNS_SECURITY_INSECURE, DNS_SECURITY_BOGUS };

enum { DNS_RCODE_OK = 0, DNS_RCODE_SERVFAIL = 2, DNS_RCODE_NXDOMAIN = 3 };

enum {
    /* doc/threats.md D18: more than these is no answer. */
    DNS_RECORDS_MAX = 64,
    DNS_ANSWER_MAX_BYTES = 64 * 1024,
    DNS_ALIASES_MAX = 8, /* doc/threats.md D12 */
    DNS_DETAIL_MAX = 200,
    DNS_VIA_MAX = 200,
    DNS_STUBS_MAX = 64,
    DNS_ANCHORS_MAX_BYTES = 64 * 1024,
};

struct dns_answer {
    int rcode;
    enum dns_security security;
    struct span records[DNS_RECORDS_MAX]; /* RDATA on the wire's form; owned by `bytes` */
    size_t record_count;
    int64_t ttl;                              /* seconds */
    char canonical[HOST_NAME_MAX_LENGTH + 1]; /* where CNAMEs led to; empty if nowhere else */
    char via[DNS_VIA_MAX];                    /* the aliases on the way, in order; or empty */
    char detail[DNS_DETAIL_MAX];              /* why bogus, printable ASCII; empty otherwise */
    bool unsigned_delegation;                 /* DNS_DS only: proven to be delegated without DS */
    struct buf bytes;
};

void dns_answer_release(struct dns_answer *answer);
AUTO_DEFINE(dns_answer, dns_answer_release)

struct resolver {
    /* OK whenever the DNS gave any verdict, SERVFAIL and bogus included. `deadline_ms` is on
     * clock_monotonic_ms. ERR_TIMEOUT, ERR_LIMIT (more records, bytes or aliases than above),
     * ERR_INPUT (no DNS name), ERR_MEMORY, ERR_IO. */
    enum err (*lookup)(void *ctx, const char *name, enum dns_type type, int64_t deadline_ms,
        struct dns_answer *ret_answer);
    void *ctx;
};

enum err resolver_lookup(const struct resolver *resolver, const char *name, enum dns_type type,
    int64_t deadline_ms, struct dns_answer *ret_answer) MUST_USE;
/* Whether `name` lies in a zone that is proven to be insecure (RFC 4035 §4.3, BR 4.2.2.1): climbs
 * towards the root until something is proven. False if nothing is. */
enum err resolver_proves_insecure(const struct resolver *resolver, const char *name,
    int64_t deadline_ms, bool *ret_insecure) MUST_USE;

struct dns_stub {
    const char *zone;
    const char *server; /* "192.0.2.1" or "192.0.2.1@5353" */
};

struct resolver_config {
    const char *anchor_file; /* DS or DNSKEY records in zone file form */
    const struct dns_stub *stubs;
    size_t stub_count;
    const char *source;   /* address that questions come from; NULL: the system's choice */
    bool special_allowed; /* name servers may have special-purpose addresses, loopback among
                           * them: policy set `private` only */
};

/* What all resolvers of a process share: the configuration, read and tried once, so that no file is
 * needed afterwards. ERR_NOT_FOUND or ERR_IO for the anchor file; ERR_INPUT for anything that
 * libunbound doesn't take ("resolver.anchors", "resolver.stub", "resolver.source"). */
struct resolver_base;
enum err resolver_base_open(const struct resolver_config *config, struct resolver_base **ret_base,
    struct reason *ret_reason) MUST_USE;
void resolver_base_free(struct resolver_base *base);
AUTO_PTR_DEFINE(resolver_base, resolver_base_free)

/* A resolver for one check, used by one thread. ERR_MEMORY, ERR_IO. */
struct resolver_session;
enum err resolver_session_new(
    const struct resolver_base *base, struct resolver_session **ret_session) MUST_USE;
void resolver_session_free(struct resolver_session *session);
AUTO_PTR_DEFINE(resolver_session, resolver_session_free)
struct resolver resolver_session_resolver(struct resolver_session *session);
