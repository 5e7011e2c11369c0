#pragma once
/* Between the file of a script (script.c), one step of it (script_step.c) and whom a step names
 * (script_named.c). */
#include "lib/config/internal.h"
#include "lib/config/script.h"

/* ERR_INPUT with this reason. */
enum err script_refused(struct reason *ret_reason, const char *code, const char *field,
    const char *seen, const char *expected) MUST_USE;
/* "TITLE: KEY", as a person finds it in the file. */
void script_field(struct cfg_t *section, const char *key, char ret_field[REASON_FIELD_MAX]);
/* ERR_INPUT with "script.hash" if `text` is no SHA-256 in hexadecimal digits. */
enum err script_hash_take(const char *text, uint8_t ret_hash[SCRIPT_HASH_BYTES], const char *field,
    struct reason *ret_reason) MUST_USE;
/* The file that `key` names, and its KEY_sha256; without the one the other isn't looked at. */
enum err script_input_take(struct cfg_t *section, const char *key, struct script_input *ret_input,
    struct reason *ret_reason) MUST_USE;

/* Reads and checks a `step` section; texts are borrowed from it. */
enum err script_step_fill(struct cfg_t *section, const struct script *script,
    struct script_step *step, struct reason *ret_reason) MUST_USE;
/* What only these two kinds have: lists of named sections, whose lengths were checked. */
enum err script_roster_take(
    struct cfg_t *section, struct script_step *step, struct reason *ret_reason) MUST_USE;
enum err script_administrators_take(
    struct cfg_t *section, struct script_step *step, struct reason *ret_reason) MUST_USE;
