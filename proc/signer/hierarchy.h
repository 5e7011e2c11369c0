#pragma once
/* What a ceremony's journal says: which authorities there are, what their roots revoked, which
 * numbers their lists had, the roster, and the administrators whose approvals count. Nothing else
 * in the folder is believed. */
#include "lib/ca/ceremony.h"
#include "lib/ca/revocation.h"
#include "lib/journal/record.h"
#include "proc/signer/journal.h"

enum {
    AUTHORITIES_MAX = 64,
    REVOKED_AUTHORITIES_MAX = 256,
    HIERARCHY_ARENA_MAX = 64 * 1024 * 1024
};

enum authority_kind {
    AUTHORITY_ROOT,
    AUTHORITY_ISSUER,   /* below a root of ours; re-issued ones too */
    AUTHORITY_CROSS,    /* what a root of ours signed for another CA */
    AUTHORITY_IMPORTED, /* what another CA's root signed for one of ours */
};

/* One CA certificate. Spans live in the hierarchy's arena. */
struct authority {
    enum authority_kind kind;
    char name[AUTHORITY_NAME_MAX];     /* of its files */
    char id[ISSUER_ID_MAX];            /* of its key and lists; empty for a cross certificate */
    char crl_name[AUTHORITY_NAME_MAX]; /* the list it signs; or empty */
    char by[AUTHORITY_NAME_MAX];       /* the root that signed it */
    struct span certificate;           /* DER */
    int64_t number;                    /* of a root's last list; 0: none yet */
};

struct revoked_authority {
    char root[ISSUER_ID_MAX];
    struct span serial;
    enum revocation_reason reason;
    int64_t date;
};

struct facts {
    struct authority authorities[AUTHORITIES_MAX];
    size_t authority_count;
    struct revoked_authority revoked[REVOKED_AUTHORITIES_MAX];
    size_t revoked_count;
    struct administrators administrators;
    struct span seal;   /* SPKI of the key that signs rosters; or empty */
    struct span roster; /* sealed; or empty */
    int64_t epoch;      /* of that roster */
};

struct hierarchy {
    struct arena arena;
    struct facts held;   /* by ceremonies that ended */
    struct facts during; /* the same and what the present one, or an interrupted one, did since */
    bool open;           /* begun and not ended */
    bool older;          /* it holds a trial from before there were scripts */
    struct ceremony_begun begun;     /* the last */
    struct administrators approvers; /* who approves that one: those before it, or the first */
    uint8_t script[HASH_BYTES];      /* of the last that was begun; zero: none */
    uint8_t begun_from[HASH_BYTES];  /* the head that it was approved for */
    int64_t ceremonies;              /* how many were begun */
    struct ceremony_intent intent;   /* the last */
    char intent_name[AUTHORITY_NAME_MAX];
    struct journal_state end; /* behind the last record; filled by hierarchy_read */
};

struct hierarchy *hierarchy_new(void);
void hierarchy_free(struct hierarchy *hierarchy);
AUTO_PTR_DEFINE(hierarchy, hierarchy_free)

/* One record more; `ctx` is the hierarchy. ERR_INPUT for a record that doesn't fit those before,
 * ERR_DENIED at the end of a ceremony that not enough administrators had approved. */
enum err hierarchy_learn(void *ctx, const struct journal_record *record);
/* Reads a journal from its beginning without writing; then `visit`, if there is one, sees each
 * record after the hierarchy has learnt it. A file that is not there is an empty journal; a torn
 * tail ends it. "journal.broken", "ceremony.journal" (seen: the record's number). */
enum err hierarchy_read(struct hierarchy *hierarchy, const char *path, journal_visitor visit,
    void *ctx, struct reason *ret_reason) MUST_USE;

/* NULL if there is none. */
const struct authority *facts_by_name(const struct facts *facts, const char *name);
const struct authority *facts_root_by_subject(const struct facts *facts, struct span subject);
