/* Shares and pauses; no clock. */
#include "cli/ecert/renewal_time.h"

#include <string.h>

enum { SPREAD_DIGITS = 4, PAUSE_DOUBLINGS = 5, PAUSE_SHARE = 10 };

static int64_t spread(int64_t width, const char *id, size_t place);

int64_t renewal_due(int64_t not_before, int64_t not_after, const char *id)
{
    int64_t life = not_after - not_before;
    return not_after - life / RENEWAL_SHARE - spread(life / RENEWAL_SPREAD, id, 0);
}

int64_t renewal_pause(int64_t attempts, int64_t left, const char *id)
{
    int64_t doublings = attempts < 1 ? 0 : attempts - 1;
    int64_t pause = (int64_t)RENEWAL_PAUSE_LEAST
                    << (doublings < PAUSE_DOUBLINGS ? doublings : PAUSE_DOUBLINGS);
    pause = pause < RENEWAL_PAUSE_MOST ? pause : RENEWAL_PAUSE_MOST;
    pause = pause < left / PAUSE_SHARE ? pause : left / PAUSE_SHARE;
    pause = pause > RENEWAL_PAUSE_LEAST ? pause : RENEWAL_PAUSE_LEAST;
    return pause + spread(pause / PAUSE_SHARE, id, (size_t)doublings % SPREAD_DIGITS);
}

/* Between 0 and `width`, by hexadecimal digits of the id from `place` on. */
static int64_t spread(int64_t width, const char *id, size_t place)
{
    static const char digits[] = "0123456789abcdef";
    int64_t share = 0, whole = 1;
    for (size_t i = 0; i < SPREAD_DIGITS && strlen(id) > place + i; i++) {
        const char *digit = strchr(digits, id[place + i]);
        share = share * 16 + (digit == NULL ? 0 : digit - digits);
        whole *= 16;
    }
    return width / whole * share + width % whole * share / whole;
}
