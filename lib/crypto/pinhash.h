#pragma once
/* PINs at rest: Argon2id (RFC 9106) in PHC string format. The cost is that of an interactive
 * log-in: 19 MiB, 2 passes, 1 lane; a stored hash carries its own. */
#include "lib/base/bytes.h"
#include "lib/base/random.h"

enum { PIN_HASH_MAX = 128 };

/* `pin` are the digits without spaces. ERR_MEMORY, or what `random` fails with. */
enum err pin_hash(
    struct span pin, const struct random *random, char ret_phc[PIN_HASH_MAX]) MUST_USE;
/* OK if it fits; ERR_DENIED if not; ERR_INPUT for a string that is not ours or costs more than we
 * would ever pay; ERR_MEMORY. Takes the same time for every PIN. */
enum err pin_hash_verify(const char *phc, struct span pin) MUST_USE;
/* Takes as long as pin_hash_verify and always answers ERR_DENIED: for a log-in without a
 * credential, so that its absence can't be timed. */
enum err pin_hash_verify_nothing(struct span pin) MUST_USE;
