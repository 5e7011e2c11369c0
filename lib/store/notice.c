/* Notices: added and removed, never changed. */
#include "lib/store/notice.h"

#include "lib/store/audit.h"
#include "lib/store/query.h"

#include <inttypes.h>
#include <stdio.h>

enum { ID_TEXT_MAX = 24 };

static enum err row_read(struct query *query, struct arena *arena, void *row);

enum err store_notice_add(
    struct store *store, const struct act *act, const struct notice *notice, int64_t *ret_id)
{
    char id[ID_TEXT_MAX];
    AUTO(query) query = query_write(store,
        "INSERT INTO notice (from_time, until_time, en, zh_hk, zh_cn)"
        " SELECT ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM notice) < ? RETURNING id");
    bind_int64(&query, notice->from);
    bind_int64(&query, notice->until);
    for (enum notice_language i = 0; i < NOTICE_LANGUAGE_COUNT; i++) {
        bind_text(&query, notice->texts[i]);
    }
    bind_int64(&query, NOTICES_MAX);
    enum err err = query_row(&query);
    if (err == ERR_NOT_FOUND) {
        return ERR_LIMIT;
    }
    TRY(err);
    int64_t number = column_int64(&query, 0);
    snprintf(id, sizeof id, "%" PRId64, number);
    TRY(store_audit_add(store, act, "notice.added", id, notice->texts[NOTICE_EN]));
    *ret_id = number;
    return OK;
}

enum err store_notice_remove(struct store *store, const struct act *act, int64_t id)
{
    char text[ID_TEXT_MAX];
    AUTO(query) query = query_write(store, "DELETE FROM notice WHERE id = ?");
    bind_int64(&query, id);
    TRY(query_change(&query));
    snprintf(text, sizeof text, "%" PRId64, id);
    return store_audit_add(store, act, "notice.removed", text, "");
}

enum err store_notice_list(
    struct store *store, struct arena *arena, struct notice **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(
        store, "SELECT id, from_time, until_time, en, zh_hk, zh_cn FROM notice ORDER BY id DESC");
    struct query_list list = {
        .row_size = sizeof **ret_rows, .limit = NOTICES_MAX, .read = row_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err row_read(struct query *query, struct arena *arena, void *row)
{
    (void)arena;
    struct notice *notice = row;
    notice->id = column_int64(query, 0);
    notice->from = column_int64(query, 1);
    notice->until = column_int64(query, 2);
    for (enum notice_language i = 0; i < NOTICE_LANGUAGE_COUNT; i++) {
        TRY(column_cstring(query, 3 + (int)i, notice->texts[i], NOTICE_TEXT_MAX));
    }
    return OK;
}
