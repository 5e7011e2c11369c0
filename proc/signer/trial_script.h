#pragma once
/* A profile as the script of a trial's first ceremony. */
#include "lib/base/buf.h"
#include "lib/config/ceremony.h"
#include "lib/config/script.h"

/* Where the public keys lie that the script names, and who the administrators are. */
struct trial_people {
    const char *stage; /* officers/ID.spki, validator/ID.spki, administrators/ID.spki below it */
    size_t administrators;
    unsigned quorum;
};

/* "administrator-1" and so on. */
enum { TRIAL_PERSON_ID_MAX = 32 };
void trial_administrator_id(size_t index, char ret_id[TRIAL_PERSON_ID_MAX]);

/* Appends the script. Every key file must be there: its hash goes in. */
enum err trial_script_write(const struct ceremony_profile *profile,
    const struct trial_people *people, struct buf *text, struct reason *ret_reason) MUST_USE;
/* `KEY = "VALUE"`, so that it is read back as it is. */
void script_put(struct buf *text, const char *key, const char *value);
/* The keys of a security module, if there is one. */
void script_put_module(struct buf *text, const struct config_module *module);
/* The same of a file and of its hash, in one: `KEY = "PATH"` and `KEY_sha256 = "…"`.
 * "ceremony.input" */
enum err script_put_input(
    struct buf *text, const char *key, const char *path, struct reason *ret_reason) MUST_USE;
