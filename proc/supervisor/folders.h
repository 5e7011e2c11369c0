#pragma once
/* Giving each process the folders it works in, where it has a user of its own. */
#include "lib/config/config.h"

/* Makes the store's, the courier's and the signer's folder if need be, and gives them and the files
 * in them to their users; without users of their own only makes them. */
enum err folders_prepare(const struct config *config, struct reason *ret_reason) MUST_USE;
