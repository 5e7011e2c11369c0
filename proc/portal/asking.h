#pragma once
/* The two questions of the DCV page, a check and a rehearsal, as they are asked: for whose own
 * names, within what budget, and what is answered. */
#include "proc/portal/visit.h"

struct asking {
    /* Within a transaction, with the visit: ERR_LIMIT where the budget is spent, ERR_CONFLICT where
     * no method was chosen yet. */
    enum err (*store)(struct store *store, void *ctx);
    const char *too_often; /* the reason's code for ERR_LIMIT */
};

/* From the page: back to it, with the reason on it where the budget is spent. */
enum err asking_post(struct visit *visit, const struct asking *asking) MUST_USE;
/* From a program: 202 and what the page shows, or 429. */
enum err asking_api_post(struct visit *visit, const struct asking *asking) MUST_USE;
