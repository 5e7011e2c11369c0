#pragma once
/* A shared key between a subscriber's host and its DNS server (TSIG, RFC 8945), as the servers' own
 * tools write it to a file. */
#include "lib/base/secret.h"
#include "lib/base/limits.h"

enum { TSIG_FILE_MAX_BYTES = 4096, TSIG_SECRET_MIN_BYTES = 16, TSIG_SECRET_MAX_BYTES = 512 };

struct tsig_key {
    char name[HOST_NAME_MAX_LENGTH + 1]; /* lower case, no full stop at the end */
    const char *algorithm;               /* static: "hmac-sha256." or "hmac-sha512." */
    struct secret secret;                /* base64 text with its terminator */
};

void tsig_key_release(struct tsig_key *key);
AUTO_DEFINE(tsig_key, tsig_key_release)

/* Takes BIND's `key "name" { algorithm …; secret "…"; };`, Knot's `key: - id: …` as keymgr -t
 * writes it, and one line `algorithm:name:secret`. ERR_INPUT with "tsig.malformed",
 * "tsig.algorithm" (seen: the algorithm; hmac-sha256 and hmac-sha512 are taken) or "tsig.secret"
 * (not base64, under 16 or over 512 bytes). */
enum err tsig_key_parse(
    const struct secret *text, struct reason *ret_reason, struct tsig_key *ret_key) MUST_USE;
/* The same from a file. ERR_DENIED with "tsig.readable" for one that group or others may read,
 * ERR_NOT_FOUND or ERR_IO with "tsig.file"; the field is the path. */
enum err tsig_key_read(
    const char *path, struct reason *ret_reason, struct tsig_key *ret_key) MUST_USE;
