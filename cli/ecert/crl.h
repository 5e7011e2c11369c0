#pragma once
/* Fetching the lists of all that is in the stores, for `ecert crl refresh` and `ecert watch`. */
#include "cli/ecert/tool.h"

struct crl_outcome {
    size_t addresses, changed, failed, skipped;
};
/* Each is told as it is fetched, and stands in the result's "lists"; one that fails doesn't stop
 * the others. Fails only where the store can't be read. */
enum err crl_refresh_all(
    struct tool *tool, struct certstore *store, struct crl_outcome *ret_outcome) MUST_USE;
