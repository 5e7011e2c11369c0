#pragma once
/* One path from a certificate upwards, as `chain check` and `check` show it. */
#include "cli/ecert/tool.h"
#include "lib/pki/paths.h"

/* `taken`: it is the one that clients take. */
void path_show(struct tool *tool, const struct path *path, size_t index, bool taken);
void path_put(struct tool *tool, const struct path *path, struct value *object);
