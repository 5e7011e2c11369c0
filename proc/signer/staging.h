#pragma once
/* Where a ceremony's files stand until all of them are there: DIR/ceremony.unfinished. The journal
 * says whether that ceremony ended. If it did, its files belong to their places, however often the
 * power goes while they are moved; if not, nothing in it ever counted. */
#include "lib/base/err.h"

#include <limits.h>

struct staging {
    const char *directory;
    char path[PATH_MAX];
};

enum err staging_init(const char *directory, struct staging *ret_staging) MUST_USE;
/* There is one, whole or in part. */
bool staging_exists(const struct staging *staging);
/* Removes what is there and makes it anew, empty. "ceremony.stage". */
enum err staging_begin(const struct staging *staging, struct reason *ret_reason) MUST_USE;
/* Moves every file to its place, over what is there, and removes the folder. May be repeated.
 * "ceremony.places" names what could not be moved. */
enum err staging_settle(const struct staging *staging, struct reason *ret_reason) MUST_USE;
/* A folder of the ceremony is there, other than the one with the journal. */
bool staging_place_taken(const struct staging *staging, char ret_path[PATH_MAX]);
