#pragma once
/* Serial numbers (BR 7.1, doc/threats.md S2 and S6): one fixed octet that is neither zero nor has
 * its top bit set, so that every serial has the same length and sign, and 16 octets from the
 * kernel. */
#include "lib/base/random.h"

enum { SERIAL_BYTES = 17 };

enum err serial_draw(const struct random *random, uint8_t ret_serial[SERIAL_BYTES]) MUST_USE;
