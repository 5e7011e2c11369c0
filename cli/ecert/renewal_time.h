#pragma once
/* When a certificate is renewed, and when again after a failure. By shares of its life, never by a
 * number of days, so that the same rule serves 200, 100 and 47 days (BR 6.3.2). Both are spread so
 * that not everybody comes at once, always the same way for one certificate: what is shown is what
 * will be. */
#include "lib/base/bytes.h"

enum {
    RENEWAL_SHARE = 3,          /* due with a third of its life left */
    RENEWAL_SPREAD = 30,        /* and up to a thirtieth of its life before that */
    RENEWAL_PAUSE_LEAST = 3600, /* between two attempts, seconds */
    RENEWAL_PAUSE_MOST = 86400,
};

/* `id` is the certificate's thumbprint, of which the spread is taken. */
int64_t renewal_due(int64_t not_before, int64_t not_after, const char *id);
/* Seconds until the next attempt after `attempts` (at least 1) that failed in a row: an hour,
 * doubled each time up to a day; where the certificate has only `left` seconds to go, a tenth of
 * them, but never less than the least. */
int64_t renewal_pause(int64_t attempts, int64_t left, const char *id);
