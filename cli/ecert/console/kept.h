#pragma once
/* One uploaded PFX whose password was wrong, so that nobody has to choose the file again: browsers
 * clear what was chosen. It is kept for minutes and no longer than the person stays on the page,
 * wiped afterwards, and never anything but a PFX. */
#include "lib/base/secret.h"

#include <pthread.h>

struct kept {
    pthread_mutex_t lock; /* between the pages and who watches the time */
    struct secret file;
    int64_t until_ms; /* by the monotonic clock */
};

/* Keeps a copy instead of what was there; where there is no memory for it, nothing. */
void kept_put(struct kept *kept, struct span file);
/* Moves it out: empty where there is none, or its time is past. */
void kept_take(struct kept *kept, struct secret *ret_file);
/* Wipes it. */
void kept_drop(struct kept *kept);
/* Wipes it where its time is past. */
void kept_age(struct kept *kept);
