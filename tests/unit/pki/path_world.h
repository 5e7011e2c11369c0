#pragma once
/* Hierarchies with faults, for the table of path_cases.c: a few certificates and lists around now,
 * made by the library's own writers, each fault one line of what is written otherwise. */
#include "lib/pki/paths.h"

/* Places of a hierarchy; a list is named by the place of the CA that signs it. What a shape has
 * beyond these four begins at MORE. */
enum place { ROOT, CA, SUB, LEAF, MORE, NODES_MAX = 54 };

enum shape {
    PLAIN,          /* root → CA → sub CA → leaf */
    ROLLOVER,       /* root → CA → CA's next key → sub CA → leaf */
    TWO_KEYS,       /* plain, and another key under the CA's name, from the root too */
    CROSSED,        /* a partner's root, the trusted one → our root's key → CA → … */
    CROSSED_BESIDE, /* the same, and our root itself is there, not trusted */
    LOOP,           /* plain, and the CA and another certify each other */
    DEAD_LOOP,      /* the CA and another certify each other, nobody certifies them */
    LENGTH_6,
    LENGTH_7,
    COPIES, /* plain, with the CA last of fifty certificates of its name and key that it gave itself
             */
    TANGLE, /* seven CAs that certify each other, nobody certifies them */
};

enum fault_kind {
    NO_FAULT,
    /* of a certificate */
    EXPIRED,
    NOT_YET,
    FORGED,
    NO_CONSTRAINTS,
    NO_CA,
    NO_CERT_SIGN,
    NO_CRL_SIGN,
    NO_USAGE,
    LENGTH_0,
    LENGTH_1,
    CRITICAL,
    UNCRITICAL,
    CLIENTS_ONLY,
    NO_PURPOSE,
    ANY_PURPOSE,
    ISSUER_CASE,
    ISSUER_SPACE,
    ISSUER_PRINTABLE,
    PERMITS_DNS,
    EXCLUDES_DNS,
    EXCLUDES_DNS_UNMARKED,
    PERMITS_OTHER_DIRECTORY,
    NO_POLICY,
    REQUIRES_POLICY,
    NO_KEY_ID,
    OTHER_KEY_ID,
    REVOKED,
    HELD,
    REVOKED_FOR_ANOTHER,
    REVOKED_SOMEHOW,
    /* of a CA's list */
    LIST_ABSENT,
    LIST_EXPIRED,
    LIST_NOT_YET,
    LIST_WITHOUT_END,
    LIST_FORGED,
    LIST_OF_ANOTHER,
    LIST_CRITICAL,
    LIST_UNCRITICAL,
    LIST_INDIRECT,
    LIST_DELTA,
    LIST_OF_SERVERS,
    LIST_OF_AUTHORITIES,
    LIST_OF_ATTRIBUTES,
    LIST_SOME_REASONS,
    LIST_PARTITION,
    LIST_OTHER_PARTITION,
};

struct fault {
    enum place at;
    enum fault_kind what;
};

enum { FAULTS_MAX = 3 };

struct path_world {
    struct buf certificates[NODES_MAX], lists[NODES_MAX];
    struct span intermediates[NODES_MAX], roots[NODES_MAX], crls[NODES_MAX];
    size_t node_count, intermediate_count, root_count, crl_count;
};
void path_world_release(struct path_world *world);
AUTO_DEFINE(path_world, path_world_release)

void path_world_make(enum shape shape, const struct fault faults[FAULTS_MAX], int64_t now,
    struct path_world *ret_world);
/* The keys of all worlds are kept until this. */
void path_world_end(void);
