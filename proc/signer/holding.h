#pragma once
/* A ceremony while it is held, or rehearsed: one pass over a script's steps. The rehearsal does
 * everything but open private keys, sign and write, on throwaway keys; what it would make is seen
 * by whoever asked, record by record, in the same form as in the journal. */
#include "lib/config/script.h"
#include "lib/lint/lint.h"
#include "proc/signer/hierarchy.h"
#include "proc/signer/keyring.h"

enum { HOLDING_ROOTS_MAX = 8, ROSTER_FILE_MAX = 256 * 1024 };

struct opened_key {
    char name[AUTHORITY_NAME_MAX];
    struct key *key;
    bool made; /* in this pass: made_keys has it */
};

struct holding {
    const char *directory;
    const char *stage; /* where what is made stands until all is done */
    bool rehearsal;
    int64_t now;
    const struct script *script;
    struct hierarchy *hierarchy;
    struct journal *journal; /* NULL in a rehearsal */
    journal_visitor visit;   /* of a rehearsal's records; or NULL */
    void *visitor;
    struct arena arena;                      /* of this pass */
    struct keyring *roots;                   /* opens the roots' keys */
    struct secret signer_passphrase;         /* for new issuing keys */
    struct key *made_keys[SCRIPT_STEPS_MAX]; /* by step: the rehearsal's serve the ceremony too */
    struct key *seal;                        /* signs rosters */
    struct opened_key opened[HOLDING_ROOTS_MAX];
    size_t opened_count;
    size_t at;       /* the step */
    int64_t records; /* of a rehearsal */
    struct reason *reason;
};

void holding_release(struct holding *holding);
AUTO_DEFINE(holding, holding_release)
/* The steps, one after the other. */
enum err holding_steps(struct holding *holding) MUST_USE;

/* What steps are made of. */

/* A record: into the journal, or shown as if. */
enum err holding_record(struct holding *holding, enum journal_type type,
    void (*write)(struct der_writer *writer, const void *object), const void *object) MUST_USE;
enum err holding_note(
    struct holding *holding, const char *what, const char *name, struct span made) MUST_USE;
enum err holding_note_object(struct holding *holding, const char *what, const char *name,
    void (*write)(struct der_writer *writer, const void *object), const void *object) MUST_USE;
/* A file of the ceremony at FOLDER/NAME+SUFFIX; in a rehearsal none. */
enum err holding_file(struct holding *holding, const char *folder, const char *name,
    const char *suffix, struct span content, mode_t mode) MUST_USE;
enum err holding_path(const struct holding *holding, const char *folder, const char *name,
    const char *suffix, char *ret_path) MUST_USE;
/* Bytes that live as long as the pass; data NULL: no memory. */
struct span holding_keep(struct holding *holding, struct span bytes);
/* An input, if its hash is what the script says: "ceremony.input", "ceremony.input_hash". */
enum err holding_input(
    struct holding *holding, const struct script_input *input, struct span *ret_content) MUST_USE;
/* An Ed25519 or other public key out of an input. */
enum err holding_input_spki(
    struct holding *holding, const struct script_input *input, struct span *ret_spki) MUST_USE;
/* A CA certificate that the journal knows by this name: "ceremony.unknown_name". */
enum err holding_authority(
    struct holding *holding, const char *name, const struct authority **ret_authority) MUST_USE;
/* A root of ours, and its key: the public half in a rehearsal. The key is the holding's. */
enum err holding_root(struct holding *holding, const char *name, const struct authority **ret_root,
    const struct key **ret_key) MUST_USE;
/* The key that seals rosters, if there has been one. */
enum err holding_seal(struct holding *holding) MUST_USE;
/* The present step's new key, checked, and journalled; its file goes to FOLDER/NAME.key, encrypted
 * by `passphrase`, or names a token's. */
enum err holding_new_key(struct holding *holding, const struct ceremony_authority *authority,
    const char *folder, const char *name, const struct secret *passphrase,
    const struct key **ret_key) MUST_USE;

/* A certificate that is about to be. */
struct certifying {
    const char *what; /* of its record */
    const char *name;
    const char *id, *crl_name, *by;
    enum lint_kind kind;
    const struct key *key; /* that signs */
};
/* Looks at what is to be signed, journals it, signs it, looks again, journals and writes it. */
enum err holding_certify(
    struct holding *holding, const struct certifying *certifying, struct span tbs) MUST_USE;
/* Looks at something and remembers how it was: "lint". */
enum err holding_look(struct holding *holding, struct span der, enum lint_kind kind,
    struct ceremony_verdict *ret_verdict) MUST_USE;
/* `tbs` with the place of a signature: what a rehearsal has instead of a signed object. */
enum err unsigned_write(
    struct span tbs, enum signature_algorithm algorithm, struct buf *der) MUST_USE;

/* One function a kind of step (steps_*.c). */
enum err step_new_root(struct holding *holding, const struct script_step *step) MUST_USE;
enum err step_new_issuing_ca(struct holding *holding, const struct script_step *step) MUST_USE;
enum err step_reissue(struct holding *holding, const struct script_step *step) MUST_USE;
enum err step_cross_sign(struct holding *holding, const struct script_step *step) MUST_USE;
enum err step_cross_request(struct holding *holding, const struct script_step *step) MUST_USE;
enum err step_cross_import(struct holding *holding, const struct script_step *step) MUST_USE;
enum err step_revoke(struct holding *holding, const struct script_step *step) MUST_USE;
enum err step_arl(struct holding *holding, const struct script_step *step) MUST_USE;
enum err step_roster(struct holding *holding, const struct script_step *step) MUST_USE;
enum err step_administrators(struct holding *holding, const struct script_step *step) MUST_USE;
