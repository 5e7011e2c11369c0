#pragma once
/* What commands and pages about revocation lists share. */
#include "cli/ecert/chain.h"
#include "lib/certstore/lists.h"

/* Keeps the list of a file (PEM or DER): reasons of certstore_install_crl, and "crl.malformed". */
enum err crl_take(struct certstore *store, struct span file, int64_t now, struct reason *ret_reason,
    char ret_issuer[CHAIN_NAME_MAX], bool *ret_new) MUST_USE;
/* "Fresh", … in the person's language. */
const char *crl_state_text(const struct tool *tool, enum list_state state);
