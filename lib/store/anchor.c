/* Anchors are audit rows: object the number of records, detail "HEAD OFFSET". */
#include "lib/store/anchor.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { DETAIL_MAX = 2 * HASH_BYTES + 32 };

struct anchor_row {
    struct anchor anchor;
    int64_t seq;
};

static enum err row_read(struct query *query, struct arena *arena, void *row);

enum err store_anchor_put(struct store *store, const struct act *act, const struct anchor *anchor)
{
    char object[24], hex[2 * HASH_BYTES + 1], detail[DETAIL_MAX];
    struct anchor last;
    TRY(store_anchor_last(store, &last));
    if (anchor->records == 0 || anchor->records < last.records) {
        return OK; /* nothing to say, or another thread was later with less */
    }
    if (last.records == anchor->records && memcmp(last.head, anchor->head, HASH_BYTES) == 0) {
        return OK;
    }
    hex_format(SPAN_OF(anchor->head), hex);
    snprintf(object, sizeof object, "%" PRId64, anchor->records);
    snprintf(detail, sizeof detail, "%s %" PRId64, hex, anchor->last_offset);
    return store_audit_add(store, act, "journal.anchored", object, detail);
}

enum err store_anchor_last(struct store *store, struct anchor *ret_anchor)
{
    AUTO(arena) arena = arena_make(4096);
    AUTO(query) query =
        query_read(store, "SELECT seq, object, detail FROM audit"
                          " WHERE action = 'journal.anchored' ORDER BY seq DESC LIMIT 1");
    struct anchor_row row = { .seq = 0 };
    enum err err = query_row(&query);
    if (err != ERR_NOT_FOUND) {
        TRY(err);
        TRY(row_read(&query, &arena, &row));
    }
    *ret_anchor = row.anchor;
    return OK;
}

enum err store_anchor_list(struct store *store, int64_t after, size_t limit, struct arena *arena,
    struct anchor **ret_anchors, size_t *ret_count, int64_t *ret_after)
{
    AUTO(query) query =
        query_read(store, "SELECT seq, object, detail FROM audit"
                          " WHERE action = 'journal.anchored' AND seq > ? ORDER BY seq");
    bind_int64(&query, after);
    struct query_list list = {
        .row_size = sizeof(struct anchor_row), .limit = limit, .read = row_read
    };
    void *rows = NULL;
    size_t count = 0;
    TRY(query_list(&query, &list, arena, &rows, &count));
    struct anchor *anchors = arena_alloc(arena, count, sizeof *anchors);
    if (anchors == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        anchors[i] = ((struct anchor_row *)rows)[i].anchor;
    }
    *ret_after = count == 0 ? after : ((struct anchor_row *)rows)[count - 1].seq;
    *ret_anchors = anchors;
    *ret_count = count;
    return OK;
}

/* ERR_IO: the row is not ours. */
static enum err row_read(struct query *query, struct arena *arena, void *row)
{
    struct anchor_row *anchored = row;
    const char *object, *detail;
    size_t len;
    anchored->seq = column_int64(query, 0);
    TRY(column_text(query, 1, arena, &object));
    TRY(column_text(query, 2, arena, &detail));
    if (strlen(detail) < 2 * HASH_BYTES + 2 ||
        hex_parse(span_make(detail, 2 * HASH_BYTES), anchored->anchor.head, HASH_BYTES, &len) !=
            OK ||
        len != HASH_BYTES) {
        return ERR_IO;
    }
    anchored->anchor.records = strtoll(object, NULL, 10);
    anchored->anchor.last_offset = strtoll(detail + 2 * HASH_BYTES + 1, NULL, 10);
    return OK;
}
