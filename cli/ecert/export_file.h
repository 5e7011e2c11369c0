#pragma once
/* A certificate on its way into a file, without its key; with it, see pfx_file.h. */
#include "lib/certstore/store.h"

struct export_format {
    const char *name; /* "pem" (with its chain), "der" (alone), "p7b" (with its chain), "pfx" */
    /* NULL: it is the PFX. */
    enum err (*write)(const struct certstore_item *item, struct buf *ret_file);
};
enum { EXPORT_FORMATS = 4 };
/* NULL past the last. */
const struct export_format *export_format_at(size_t index);
/* Writes it new, 0644, to `out`: "tool.file_exists", "tool.file_write". Not for the PFX. */
enum err export_write(const struct export_format *format, const struct certstore_item *item,
    const char *out, struct reason *ret_reason) MUST_USE;
