#pragma once
/* Keys with their certificates in PFX files, as the commands about keys and certificates share
 * them. */
#include "cli/ecert/ask.h"
#include "lib/certstore/store.h"
#include "lib/crypto/pfx.h"

/* What may stand behind --for: the names of lib/crypto's table. */
#define PFX_TARGET_WORDS "modern|exchange2010|windows2012|windows2016|windows2019|java"

/* Asks for a new password (or takes it from where --password-file or --password-fd says), writes
 * the item's key, certificate and chain new to `out`, 0600, as the target of --for (else
 * `proposed`) reads them, and reads the file back. "tool.pfx_target" for a target that there isn't.
 */
enum err pfx_file_write(struct tool *tool, const struct arguments *arguments, const char *proposed,
    const struct certstore *store, const struct certstore_item *item, const char *out,
    struct reason *ret_reason) MUST_USE;
/* Says so where the target of --for knows only ciphers that are too weak to lie about. */
void pfx_file_warn(const struct tool *tool, const struct arguments *arguments);
/* Asks for the password in the same way. "tool.pfx_no_key" for a file without a key. */
enum err pfx_file_read(const struct tool *tool, const struct arguments *arguments, const char *path,
    struct pfx *ret_pfx, struct reason *ret_reason) MUST_USE;
/* Into the store: a pair if the key's own certificate is there, else a key that waits for it. */
enum err pfx_keep(struct tool *tool, struct certstore *store, const struct pfx *pfx,
    struct certstore_item *ret_item, struct reason *ret_reason) MUST_USE;
