#pragma once
/* The file in which a subscriber says where certificates go: `target "NAME" { key = "value" … }`.
 * What the values mean is the reader's affair. */
#include "lib/base/err.h"

/* Called for each target with `key` NULL, then for each of its values; a failure ends the reading.
 */
typedef enum err (*config_target_visit)(
    const char *target, const char *key, const char *value, struct reason *ret_reason, void *ctx);

/* ERR_NOT_FOUND with "config.file"; ERR_INPUT with "config.syntax" (field: the line, seen: what
 * libConfuse says), which an unknown key and a name given twice are too. */
enum err config_targets_read(
    const char *path, config_target_visit visit, void *ctx, struct reason *ret_reason) MUST_USE;
