#pragma once
/* What administrators and witnesses sign about a ceremony, and what its journal keeps of it. A
 * ceremony is held on a script that m of the n administrators have signed, for one state of one
 * folder's journal; who they are and how many it takes is changed by as many of the old ones. */
#include "lib/ca/roster.h"

enum {
    ADMINISTRATORS_MAX = 16,
    QUORUM_MIN = 2, /* nobody alone ever uses a root's key */
    STATEMENTS_MAX = 16,
    STATEMENT_SIGNATURE_BYTES = 64, /* Ed25519 */
    STATEMENT_SPKI_BYTES = 44,
    AUTHORITY_FILE_MAX = 64,
};

struct administrator {
    char id[OFFICER_ID_MAX];
    char name[OFFICER_ID_MAX * 2];
    struct span spki;           /* Ed25519 */
    uint8_t key_id[HASH_BYTES]; /* SHA-256 of spki; derived when read, never stored */
};

struct administrators {
    unsigned quorum; /* m: from QUORUM_MIN to n */
    struct administrator list[ADMINISTRATORS_MAX];
    size_t count; /* n; 0: none are known */
};

void administrators_write(struct der_writer *writer, const void *object);
/* Keys borrow from the reader. ERR_INPUT for an id or a key that is there twice, a key that is not
 * Ed25519, and a quorum that can't be met or that one person could be alone. */
enum err administrators_read(struct der *reader, struct administrators *ret_set) MUST_USE;
/* NULL if there is none. */
const struct administrator *administrators_find(
    const struct administrators *set, const uint8_t key_id[HASH_BYTES]);

enum statement_kind {
    STATEMENT_APPROVAL = 1, /* of a script: to be held on this journal */
    STATEMENT_WITNESS,      /* of a transcript: it says what was seen */
};

/* What somebody signs with an Ed25519 key of theirs. */
struct statement {
    enum statement_kind kind;
    uint8_t subject[HASH_BYTES]; /* SHA-256 of the script's or the transcript's bytes */
    uint8_t journal[HASH_BYTES]; /* the head that the script is for; zero for a transcript, which
                                    says it itself */
    int64_t time;
    uint8_t spki[STATEMENT_SPKI_BYTES];
    uint8_t signature[STATEMENT_SIGNATURE_BYTES];
};

void statement_write(struct der_writer *writer, const void *object);
enum err statement_read(struct der *reader, struct statement *ret_statement) MUST_USE;
/* Fills key and signature. ERR_UNSUPPORTED for a key that is not Ed25519. */
enum err statement_sign(struct statement *statement, const struct key *key) MUST_USE;
/* OK, or ERR_SIGNATURE. Whose key it is the caller asks. */
enum err statement_verify(const struct statement *statement) MUST_USE;
/* A file: PEM, "ECERT CEREMONY STATEMENT". ERR_INPUT for anything else. */
enum err statement_format(const struct statement *statement, struct buf *pem) MUST_USE;
enum err statement_parse(struct span pem, struct statement *ret_statement) MUST_USE;

/* Whether m of the n approved this script for this journal. ERR_DENIED, ERR_INPUT; codes
 * "ceremony.approval_kind", "ceremony.approval_script", "ceremony.approval_journal",
 * "ceremony.approval_unknown", "ceremony.approval_twice", "ceremony.approval_time",
 * "ceremony.approval_signature", "ceremony.approvals_few". */
enum err approvals_check(const struct statement *approvals, size_t count,
    const struct administrators *set, const uint8_t script[HASH_BYTES],
    const uint8_t journal[HASH_BYTES], int64_t now, struct reason *ret_reason) MUST_USE;

/* The journal's bodies of a ceremony (in a record_ceremony): its beginning. */
struct ceremony_begun {
    struct span script; /* its bytes */
    struct statement approvals[STATEMENTS_MAX];
    size_t count;
};
void ceremony_begun_write(struct der_writer *writer, const void *object);
enum err ceremony_begun_read(struct span der, struct ceremony_begun *ret_begun) MUST_USE;

/* How something was held to the rules. */
struct ceremony_verdict {
    int64_t checked, warnings; /* how many rules applied, how many SHOULDs were broken */
};
void ceremony_verdict_write(struct der_writer *writer, const void *object);
enum err ceremony_verdict_read(struct span der, struct ceremony_verdict *ret_verdict) MUST_USE;

/* What is about to be signed as a certificate. */
struct ceremony_intent {
    char what[ISSUER_ID_MAX];          /* "root", "issuer", "reissued" or "cross" */
    char id[ISSUER_ID_MAX];            /* of the authority; of a cross certificate empty */
    char crl_name[AUTHORITY_FILE_MAX]; /* of the list it will sign, or empty */
    char by[AUTHORITY_FILE_MAX];       /* name of the root that signs */
    struct ceremony_verdict verdict;   /* on the bytes below, before anything is signed */
    struct span tbs;
};
void ceremony_intent_write(struct der_writer *writer, const void *object);
enum err ceremony_intent_read(struct span der, struct ceremony_intent *ret_intent) MUST_USE;
