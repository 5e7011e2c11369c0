#pragma once
/* What the commands about CA certificates and lists share. */
#include "cli/ecert/tool.h"
#include "lib/certstore/authority.h"

enum { CHAIN_NAME_MAX = 256, CHAIN_SHORT_THUMBPRINT = 12 };

/* The name people know a certificate by: its CN, else its whole subject. `der` is a Name. */
void chain_name(struct span der, char ret_name[CHAIN_NAME_MAX]);
/* "Intermediate", "Revoked", … in the person's language. */
const char *chain_role_text(const struct tool *tool, enum authority_role role);
const char *chain_standing_text(const struct tool *tool, enum authority_standing standing);
void chain_put(struct tool *tool, const struct authority *authority, struct value *object);
/* "✓ text: NAME THUMBPRINT", for one that has been installed or removed; without the mark where it
 * only would be. */
void chain_step(struct tool *tool, const char *id, const struct authority *authority, bool done);
