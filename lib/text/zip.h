#pragma once
/* ZIP archives, written only: several files as one download. */
#include "lib/base/buf.h"

struct zip_file {
    const char *name; /* in ASCII, without directories: ERR_INPUT otherwise */
    struct span content;
};

enum { ZIP_FILES_MAX = 64 };

/* Appends an archive of these files, in this order, all of this time. ERR_LIMIT if `buf` is full.
 */
enum err zip_write(
    const struct zip_file *files, size_t count, int64_t time, struct buf *buf) MUST_USE;
