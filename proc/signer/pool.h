#pragma once
/* Threads that compute, one for each processor, for callers that are far more: what a caller asks
 * for is done by one of them, in the order of asking. So no processor is without work while there
 * is some, and none is shared by two who have it. */
#include "lib/base/err.h"

#include <stddef.h>

struct pool;

/* Stays with the caller until `work` is running. */
struct pool_task {
    struct pool_task *next; /* private */
    void (*work)(void *ctx);
    void *ctx;
};

/* `count` is cut to what is sensible. ERR_MEMORY, ERR_AGAIN. */
enum err pool_start(size_t count, struct pool **ret_pool) MUST_USE;
/* Nothing may be asked for any more. */
void pool_stop(struct pool *pool);
/* Returns at once: it is `work` that tells the caller when it is done. Without a pool (NULL) it is
 * done here and now. */
void pool_ask(struct pool *pool, struct pool_task *task);
