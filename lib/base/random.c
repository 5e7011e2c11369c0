/* getrandom(2), and decimal digits from it without bias. */
#include "lib/base/random.h"

#include <errno.h>
#include <sys/random.h>

static enum err system_fill(void *ctx, uint8_t *ret_bytes, size_t len);

struct random random_system(void)
{
    return (struct random){ .fill = system_fill, .ctx = NULL };
}

enum err random_fill(const struct random *random, uint8_t *ret_bytes, size_t len)
{
    return random->fill(random->ctx, ret_bytes, len);
}

static enum err system_fill(void *ctx, uint8_t *ret_bytes, size_t len)
{
    (void)ctx;
    while (len > 0) {
        ssize_t got = getrandom(ret_bytes, len, /* flags= */ 0);
        if (got < 0 && errno != EINTR) {
            return ERR_CRYPTO;
        }
        if (got > 0) {
            ret_bytes += got;
            len -= (size_t)got;
        }
    }
    return OK;
}

/* A byte of 250 and above is thrown away: 250 is the largest multiple of ten below 256. */
enum err random_digits(const struct random *random, uint8_t *ret_digits, size_t count)
{
    for (size_t i = 0; i < count;) {
        uint8_t byte;
        TRY(random_fill(random, &byte, 1));
        if (byte < 250) {
            ret_digits[i++] = (uint8_t)('0' + byte % 10);
        }
    }
    return OK;
}
