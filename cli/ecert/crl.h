#pragma once
/* What commands and pages about revocation lists share, and `ecert watch` with them. */
#include "cli/ecert/chain.h"
#include "lib/certstore/lists.h"

/* Keeps the list of a file (PEM or DER): reasons of certstore_install_crl, and "crl.malformed". */
enum err crl_take(struct certstore *store, struct span file, int64_t now, struct reason *ret_reason,
    char ret_issuer[CHAIN_NAME_MAX], bool *ret_new) MUST_USE;
/* "✓ list installed: NAME", or that it was here already, or with --dry-run that it would come. */
void crl_step(const struct tool *tool, bool fresh, const struct placeholder *values);
/* A list in the result. */
void crl_put(struct tool *tool, const struct revocation_list *list, struct value *object);
/* "Fresh", … in the person's language. */
const char *crl_state_text(const struct tool *tool, enum list_state state);

struct crl_outcome {
    size_t addresses, changed, failed, skipped;
};
/* Fetches the lists of all that is in the stores. Each is told as it is fetched, and stands in the
 * result's "lists"; one that fails doesn't stop the others. Fails only where the store can't be
 * read. */
enum err crl_refresh_all(
    struct tool *tool, struct certstore *store, struct crl_outcome *ret_outcome) MUST_USE;
