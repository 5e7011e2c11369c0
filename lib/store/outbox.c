/* The mail that is still to be sent. */
#include "lib/store/outbox.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

#include <stdio.h>

static struct span enrolment_of(const struct outbox_row *row);
static enum err row_read(struct query *query, struct arena *arena, void *row);

enum err store_outbox_add(struct store *store, const struct act *act, const struct outbox_row *row)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO outbox (kind, enrolment, recipient, language, parameters, state, attempts,"
        " next_try) VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?) ON CONFLICT DO NOTHING");
    bind_text(&query, row->kind);
    bind_bytes_or_null(&query, enrolment_of(row));
    bind_text(&query, row->recipient);
    bind_text(&query, row->language);
    bind_text(&query, row->parameters);
    bind_int64(&query, act->time);
    TRY(query_run(&query));
    return row->to_operator
               ? store_audit_add(store, act, "mail.queued", "operator", row->kind)
               : store_audit_add_id(store, act, "mail.queued", SPAN_OF(row->enrolment), row->kind);
}

/* Empty where there is none. */
static struct span enrolment_of(const struct outbox_row *row)
{
    return row->to_operator ? (struct span){ 0 } : SPAN_OF(row->enrolment);
}

enum err store_outbox_contains(
    struct store *store, const struct outbox_row *row, bool *ret_contains)
{
    AUTO(query) query = query_read(
        store, "SELECT count(*) FROM outbox WHERE kind = ? AND enrolment IS ? AND parameters = ?");
    bind_text(&query, row->kind);
    bind_bytes_or_null(&query, enrolment_of(row));
    bind_text(&query, row->parameters);
    TRY(query_row(&query));
    *ret_contains = column_int64(&query, 0) > 0;
    return OK;
}

enum err store_outbox_told(struct store *store, const struct outbox_row *row, bool *ret_told)
{
    AUTO(query) query =
        query_read(store, "SELECT count(*) FROM outbox WHERE kind = ? AND enrolment IS ?");
    bind_text(&query, row->kind);
    bind_bytes_or_null(&query, enrolment_of(row));
    TRY(query_row(&query));
    *ret_told = column_int64(&query, 0) > 0;
    return OK;
}

enum err store_outbox_due(struct store *store, int64_t now, size_t limit, struct arena *arena,
    struct outbox_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT id, kind, enrolment, recipient, language, parameters, attempts, next_try"
        " FROM outbox WHERE state = 'waiting' AND next_try <= ? ORDER BY next_try, id");
    bind_int64(&query, now);
    struct query_list list = { .row_size = sizeof **ret_rows, .limit = limit, .read = row_read };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err row_read(struct query *query, struct arena *arena, void *row)
{
    struct outbox_row *mail = row;
    mail->id = column_int64(query, 0);
    TRY(column_cstring(query, 1, mail->kind, sizeof mail->kind));
    mail->to_operator = column_is_null(query, 2);
    if (!mail->to_operator) {
        TRY(column_fixed(query, 2, mail->enrolment, sizeof mail->enrolment));
    }
    TRY(column_cstring(query, 3, mail->recipient, sizeof mail->recipient));
    TRY(column_cstring(query, 4, mail->language, sizeof mail->language));
    TRY(column_text(query, 5, arena, &mail->parameters));
    mail->attempts = (unsigned)column_int64(query, 6);
    mail->next_try = column_int64(query, 7);
    return OK;
}

enum err store_outbox_done(struct store *store, const struct act *act, int64_t id)
{
    AUTO(query) query =
        query_write(store, "UPDATE outbox SET state = 'sent', attempts = attempts + 1"
                           " WHERE id = ? AND state = 'waiting'");
    bind_int64(&query, id);
    TRY(query_change(&query));
    char object[24];
    snprintf(object, sizeof object, "%lld", (long long)id);
    return store_audit_add(store, act, "mail.sent", object, NULL);
}

enum err store_outbox_retry(struct store *store, int64_t id, int64_t next_try)
{
    AUTO(query) query = query_write(store, "UPDATE outbox SET next_try = ?, attempts = attempts + 1"
                                           " WHERE id = ? AND state = 'waiting'");
    bind_int64(&query, next_try);
    bind_int64(&query, id);
    return query_change(&query);
}

enum err store_outbox_count(struct store *store, int64_t *ret_count)
{
    AUTO(query) query = query_read(store, "SELECT count(*) FROM outbox WHERE state = 'waiting'");
    TRY(query_row(&query));
    *ret_count = column_int64(&query, 0);
    return OK;
}
