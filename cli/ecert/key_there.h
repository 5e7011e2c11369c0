#pragma once
/* key restore --to: a pair on other servers, by ssh, and what taking that back needs. */
#include "cli/ecert/tool.h"
#include "lib/certstore/undo.h"
#include "lib/crypto/pfx.h"

/* Puts it onto each server of --to, which is one change: written down before the first is asked.
 * One that fails doesn't stop the others. With --dry-run nobody is asked. */
enum exit_code key_there_put(
    struct tool *tool, const struct arguments *arguments, const struct pfx *pfx);

/* Of a change that key_there_put made. */
bool key_there_made(const struct certstore_past *past);
/* Takes it back on each server; one that is done is not asked again. Each that fails is told, the
 * last one's reason returned: "remote.ssh", "remote.back". */
enum err key_there_back(struct tool *tool, struct certstore *store,
    const struct certstore_past *past, struct reason *ret_reason) MUST_USE;
/* "USER@HOST:/DIRECTORY" of a step. ERR_INPUT for what nobody of us wrote. */
enum err key_there_name(struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, size_t step, const char **ret_name) MUST_USE;
