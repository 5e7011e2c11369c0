#pragma once
/* Notices of the CA. */
#include "lib/ca/notice.h"
#include "lib/store/store.h"

/* ERR_LIMIT with NOTICES_MAX of them there. */
enum err store_notice_add(struct store *store, const struct act *act, const struct notice *notice,
    int64_t *ret_id) MUST_USE;
enum err store_notice_remove(struct store *store, const struct act *act, int64_t id) MUST_USE;
/* Newest first; past and future ones too. */
enum err store_notice_list(
    struct store *store, struct arena *arena, struct notice **ret_rows, size_t *ret_count) MUST_USE;
