#pragma once
/* Who needs a certificate or a request that is about to be removed. */
#include "cli/ecert/tool.h"

/* ERR_DENIED with "tool.enrolment_waits" or "tool.in_use" (field: the id, seen: where). */
enum err item_use_check(struct tool *tool, const struct certstore *store,
    const struct certstore_item *item, struct reason *ret_reason) MUST_USE;
