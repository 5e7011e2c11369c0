#pragma once
/* The trial ceremony's work: doc/architecture.md §7. */
#include "lib/base/err.h"

/* Makes everything the profile asks for below `directory`, which it makes if need be. ERR_CONFLICT
 * if a ceremony was held there already. */
enum err trial_make(
    const char *directory, const char *profile_path, struct reason *ret_reason) MUST_USE;
