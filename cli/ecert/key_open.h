#pragma once
/* The private key behind a request or certificate, whatever guards it: a file's mode, a passphrase,
 * a token's PIN. Each secret is asked for once in a run. */
#include "cli/ecert/tool.h"

/* What every command that opens a key takes beside its own options. */
extern const struct option options_key[];

/* Reasons: those of certstore_load_key, of ask_secret_from, of token_open and token_key_find, and
 * "certstore.key_damaged" for a token that has another key there. The key lives no longer than
 * `tool`. */
enum err key_open(struct tool *tool, const struct certstore *store,
    const struct certstore_item *item, struct reason *ret_reason, struct key **ret_key) MUST_USE;
/* certstore_complete, with the request's key opened where it is guarded. */
enum err key_complete(struct tool *tool, struct certstore *store, struct span certificate,
    struct span chain, struct reason *ret_reason, struct certstore_item *ret_item) MUST_USE;

/* Whether --encrypt-key is given. */
bool key_guard_given(const struct tool *tool);
/* A new passphrase where one is wanted, kept in `tool`; else NULL. Reasons of ask_secret_from;
 * "tool.passphrase_short" (expected: how many octets at least). */
enum err key_guard_new(struct tool *tool, bool wanted, struct reason *ret_reason,
    const struct secret **ret_passphrase) MUST_USE;

/* The key at an RFC 7512 URI; made there if `make` is not NULL. `module`: NULL for p11-kit's, which
 * knows every module of the system. */
enum err key_from_token(struct tool *tool, const char *uri, const char *module,
    const enum key_type *make, struct reason *ret_reason, struct key **ret_key) MUST_USE;
const char *key_module_or_default(const char *module);

/* Before a key is put where a server program reads it. ERR_UNSUPPORTED with "deploy.key_in_token"
 * (seen: its URI). */
enum err key_may_leave(const struct certstore_item *item, struct reason *ret_reason) MUST_USE;
/* That a key which is encrypted here lies in the clear there. */
void key_goes_plain_tell(const struct tool *tool, const struct certstore_item *item);

void key_access_release(struct key_access *access);
