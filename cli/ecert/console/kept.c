/* Nobody gets at the bytes but by taking them out, so that time may wipe them at any moment. */
#include "cli/ecert/console/kept.h"

#include "lib/base/clock.h"

enum { KEPT_MS = 5 * 60 * 1000 };

void kept_put(struct kept *kept, struct span file)
{
    struct secret copy = { 0 };
    if (secret_copy(file, &copy) != OK) {
        return;
    }
    (void)pthread_mutex_lock(&kept->lock);
    secret_release(&kept->file);
    kept->file = copy;
    kept->until_ms = clock_monotonic_ms() + KEPT_MS;
    (void)pthread_mutex_unlock(&kept->lock);
}

void kept_take(struct kept *kept, struct secret *ret_file)
{
    kept_age(kept);
    (void)pthread_mutex_lock(&kept->lock);
    *ret_file = kept->file;
    kept->file = (struct secret){ 0 };
    (void)pthread_mutex_unlock(&kept->lock);
}

void kept_drop(struct kept *kept)
{
    (void)pthread_mutex_lock(&kept->lock);
    secret_release(&kept->file);
    kept->file = (struct secret){ 0 };
    (void)pthread_mutex_unlock(&kept->lock);
}

void kept_age(struct kept *kept)
{
    (void)pthread_mutex_lock(&kept->lock);
    if (kept->file.data != NULL && clock_monotonic_ms() >= kept->until_ms) {
        secret_release(&kept->file);
        kept->file = (struct secret){ 0 };
    }
    (void)pthread_mutex_unlock(&kept->lock);
}
