#pragma once
/* Cookies (RFC 6265 §4): read one by name out of a Cookie header, write one Set-Cookie value.
 * Every cookie we set is HttpOnly and SameSite; where the connection is TLS its name starts with
 * "__Host-" and it is Secure, so that no other host can plant it. */
#include "lib/base/buf.h"

struct cookie {
    const char *name;        /* without "__Host-" */
    struct span value;       /* of the unreserved URL characters only */
    int64_t max_age_seconds; /* 0: until the browser is closed; negative: delete it now */
    bool secure;             /* the connection is TLS */
    /* Below which path it is sent, as "/desk/"; NULL: everywhere. Browsers send a host's cookies to
     * all of its ports: a path that others don't know keeps one from them. Not with `secure`. */
    const char *path;
    bool lax; /* SameSite=Lax instead of Strict: a link from a mail keeps the cookie */
};

/* Finds the cookie under the name that cookie_format gave it. False if it is missing, or there
 * more than once (somebody planted a second). */
bool cookie_find(struct span header, const char *name, bool secure, struct span *ret_value);
/* Appends the value of a Set-Cookie header; ERR_INPUT if name or value has a foreign character. */
enum err cookie_format(struct buf *buf, const struct cookie *cookie) MUST_USE;
