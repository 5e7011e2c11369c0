/* The mail that is still to be sent. */
#include "lib/store/outbox.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

#include <stdio.h>

static struct span enrolment_of(const struct outbox_row *row);
static enum err row_read(struct query *query, struct arena *arena, void *row);
static enum err undelivered_read(struct query *query, struct arena *arena, void *row);
static enum err audit_mail(
    struct store *store, const struct act *act, const char *action, int64_t id, const char *detail);

enum err store_outbox_add(struct store *store, const struct act *act, const struct outbox_row *row)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO outbox (kind, enrolment, recipient, language, parameters, state, attempts,"
        " next_try, queued) VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?, ?) ON CONFLICT DO NOTHING");
    bind_text(&query, row->kind);
    bind_bytes_or_null(&query, enrolment_of(row));
    bind_text(&query, row->recipient);
    bind_text(&query, row->language);
    bind_text(&query, row->parameters);
    bind_int64(&query, act->time);
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
        "SELECT outbox.id, kind, enrolment, recipient, language, parameters, attempts, next_try,"
        " queued, coalesce(enrolment.state, ''), coalesce(application.state, '') FROM outbox"
        " LEFT JOIN enrolment ON enrolment.id = outbox.enrolment"
        " LEFT JOIN application ON application.id = enrolment.application"
        " WHERE outbox.state = 'waiting' AND next_try <= ? ORDER BY next_try, outbox.id");
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
    mail->queued = column_int64(query, 8);
    char state[16];
    TRY(column_cstring(query, 9, state, sizeof state));
    if (!mail->to_operator) {
        TRY(enrolment_state_from_id(state, &mail->enrolment_state));
    }
    TRY(column_cstring(query, 10, state, sizeof state));
    mail->withdrawn = strcmp(state, "withdrawn") == 0;
    return OK;
}

enum err store_outbox_done(struct store *store, const struct act *act, int64_t id)
{
    AUTO(query) query =
        query_write(store, "UPDATE outbox SET state = 'sent', attempts = attempts + 1"
                           " WHERE id = ? AND state = 'waiting'");
    bind_int64(&query, id);
    TRY(query_change(&query));
    return audit_mail(store, act, "mail.sent", id, NULL);
}

enum err store_outbox_retry(
    struct store *store, int64_t id, int64_t next_try, const struct reason *reason)
{
    AUTO(query) query = query_write(store,
        "UPDATE outbox SET next_try = ?, attempts = attempts + 1, problem = ?, seen = ?"
        " WHERE id = ? AND state = 'waiting'");
    bind_int64(&query, next_try);
    bind_text(&query, reason->code);
    bind_text(&query, reason->seen);
    bind_int64(&query, id);
    return query_change(&query);
}

enum err store_outbox_end(struct store *store, const struct act *act, int64_t id,
    enum outbox_end end, const struct reason *reason)
{
    AUTO(query) query = query_write(store,
        "UPDATE outbox SET state = ?, attempts = attempts + 1, problem = ?, seen = ?"
        " WHERE id = ? AND state = 'waiting'");
    bind_text(&query, end == OUTBOX_GIVEN_UP ? "given_up" : "lapsed");
    bind_text(&query, reason->code);
    bind_text(&query, reason->seen);
    bind_int64(&query, id);
    TRY(query_change(&query));
    const char *action = end == OUTBOX_GIVEN_UP ? "mail.given_up" : "mail.lapsed";
    return audit_mail(store, act, action, id, reason->code);
}

enum err store_outbox_undelivered(struct store *store, size_t from, size_t limit,
    struct arena *arena, struct outbox_undelivered **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT outbox.id, kind, recipient, enrolment.application,"
        " CASE WHEN json_valid(parameters) THEN"
        " coalesce(json_extract(parameters, '$.server_name'), '') ELSE '' END, queued, attempts,"
        " CASE outbox.state WHEN 'waiting' THEN next_try ELSE 0 END, problem, seen FROM outbox"
        " LEFT JOIN enrolment ON enrolment.id = outbox.enrolment"
        " WHERE outbox.state = 'given_up' OR (outbox.state = 'waiting' AND attempts > 0)"
        " ORDER BY outbox.id DESC LIMIT -1 OFFSET ?");
    bind_int64(&query, (int64_t)from);
    struct query_list list = {
        .row_size = sizeof **ret_rows, .limit = limit, .read = undelivered_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err undelivered_read(struct query *query, struct arena *arena, void *row)
{
    struct outbox_undelivered *mail = row;
    const char *name = NULL;
    mail->id = column_int64(query, 0);
    TRY(column_cstring(query, 1, mail->kind, sizeof mail->kind));
    TRY(column_cstring(query, 2, mail->recipient, sizeof mail->recipient));
    mail->to_operator = column_is_null(query, 3);
    if (!mail->to_operator) {
        TRY(column_fixed(query, 3, mail->application, sizeof mail->application));
    }
    /* Whatever it is: a mail must be told of though its parameters are no mail's. */
    TRY(column_text(query, 4, arena, &name));
    snprintf(mail->server_name, sizeof mail->server_name, "%s", name);
    mail->queued = column_int64(query, 5);
    mail->attempts = (unsigned)column_int64(query, 6);
    mail->next_try = column_int64(query, 7);
    TRY(column_cstring(query, 8, mail->problem, sizeof mail->problem));
    return column_cstring(query, 9, mail->seen, sizeof mail->seen);
}

enum err store_outbox_again(struct store *store, const struct act *act, int64_t id)
{
    AUTO(query) query = query_write(store,
        "UPDATE outbox SET state = 'waiting', attempts = 0, next_try = ?, queued = ?,"
        " problem = '', seen = '' WHERE (state = 'given_up' AND ? IN (0, id))"
        " OR (state = 'waiting' AND attempts > 0 AND id = ?)");
    bind_int64(&query, act->time);
    bind_int64(&query, act->time);
    bind_int64(&query, id);
    bind_int64(&query, id);
    TRY(query_change(&query));
    return audit_mail(store, act, "mail.again", id, NULL);
}

enum err store_outbox_forget(struct store *store, const struct act *act, int64_t id)
{
    AUTO(query) query =
        query_write(store, "UPDATE outbox SET state = 'forgotten' WHERE id = ? AND"
                           " (state = 'given_up' OR (state = 'waiting' AND attempts > 0))");
    bind_int64(&query, id);
    TRY(query_change(&query));
    return audit_mail(store, act, "mail.forgotten", id, NULL);
}

/* The object of id 0 is all of them. */
static enum err audit_mail(
    struct store *store, const struct act *act, const char *action, int64_t id, const char *detail)
{
    char object[24];
    snprintf(object, sizeof object, "%lld", (long long)id);
    return store_audit_add(store, act, action, id == 0 ? "all" : object, detail);
}

enum err store_outbox_count(struct store *store, struct outbox_count *ret_count)
{
    AUTO(query) query =
        query_read(store, "SELECT count(*) FILTER (WHERE state = 'waiting'),"
                          " count(*) FILTER (WHERE state = 'waiting' AND attempts > 0),"
                          " count(*) FILTER (WHERE state = 'given_up') FROM outbox"
                          " WHERE state = 'waiting' OR state = 'given_up'");
    TRY(query_row(&query));
    *ret_count = (struct outbox_count){ column_int64(&query, 0), column_int64(&query, 1),
        column_int64(&query, 2) };
    return OK;
}
