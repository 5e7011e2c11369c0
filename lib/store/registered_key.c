/* Registered keys: added and removed by whoever holds a session of the enrolment. */
#include "lib/store/registered_key.h"

#include "lib/store/audit.h"
#include "lib/store/query.h"

#include <stdio.h>

#define KEY_COLUMNS "spki_hash, spki, label, registered, used"

static enum err insert(struct store *store, int64_t now,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct registered_key *row);
static enum err sessions_end(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const uint8_t spki_hash[HASH_BYTES]);
static enum err audit(struct store *store, const struct act *act, const char *action,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const uint8_t spki_hash[HASH_BYTES]);
static enum err row_read(struct query *query, struct arena *arena, void *row);

enum err store_registered_key_add(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct registered_key *row, bool *ret_new)
{
    struct registered_key known = { 0 };
    enum err err = store_registered_key_get(store, enrolment, row->spki_hash, &known);
    if (err == OK) {
        *ret_new = false;
        return OK;
    }
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    TRY(insert(store, act->time, enrolment, row));
    TRY(audit(store, act, "key.registered", enrolment, row->spki_hash));
    *ret_new = true;
    return OK;
}

static enum err insert(struct store *store, int64_t now,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct registered_key *row)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO registered_key (enrolment, spki_hash, spki, label, registered)"
        " SELECT ?1, ?2, ?3, ?4, ?5 WHERE"
        " (SELECT count(*) FROM registered_key WHERE enrolment = ?1) < ?6 RETURNING registered");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_bytes(&query, SPAN_OF(row->spki_hash));
    bind_bytes(&query, SPAN_OF(row->spki));
    bind_text(&query, row->label);
    bind_int64(&query, now);
    bind_int64(&query, ENROLMENT_KEYS_MAX);
    enum err err = query_row(&query);
    return err == ERR_NOT_FOUND ? ERR_LIMIT : err;
}

enum err store_registered_key_get(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const uint8_t spki_hash[HASH_BYTES], struct registered_key *ret_row)
{
    struct registered_key row = { 0 };
    AUTO(query) query = query_read(
        store, "SELECT " KEY_COLUMNS " FROM registered_key WHERE enrolment = ? AND spki_hash = ?");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_bytes(&query, span_make(spki_hash, HASH_BYTES));
    TRY(query_row(&query));
    TRY(row_read(&query, /* arena= */ NULL, &row));
    *ret_row = row;
    return OK;
}

enum err store_registered_key_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct registered_key **ret_rows, size_t *ret_count)
{
    AUTO(query) query =
        query_read(store, "SELECT " KEY_COLUMNS " FROM registered_key WHERE enrolment = ?"
                          " ORDER BY registered, spki_hash");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    struct query_list list = {
        .row_size = sizeof **ret_rows, .limit = ENROLMENT_KEYS_MAX, .read = row_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

enum err store_registered_key_use(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const uint8_t spki_hash[HASH_BYTES])
{
    AUTO(query) query = query_write(
        store, "UPDATE registered_key SET used = ? WHERE enrolment = ? AND spki_hash = ?");
    bind_int64(&query, act->time);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_bytes(&query, span_make(spki_hash, HASH_BYTES));
    TRY(query_change(&query));
    return audit(store, act, "key.login", enrolment, spki_hash);
}

enum err store_registered_key_remove(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const uint8_t spki_hash[HASH_BYTES])
{
    AUTO(query) query =
        query_write(store, "DELETE FROM registered_key WHERE enrolment = ? AND spki_hash = ?");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_bytes(&query, span_make(spki_hash, HASH_BYTES));
    TRY(query_change(&query));
    TRY(sessions_end(store, enrolment, spki_hash));
    return audit(store, act, "key.removed", enrolment, spki_hash);
}

static enum err sessions_end(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const uint8_t spki_hash[HASH_BYTES])
{
    AUTO(query) query =
        query_write(store, "DELETE FROM session WHERE enrolment = ? AND spki_hash = ?");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_bytes(&query, span_make(spki_hash, HASH_BYTES));
    return query_run(&query);
}

static enum err audit(struct store *store, const struct act *act, const char *action,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const uint8_t spki_hash[HASH_BYTES])
{
    char hash[2 * HASH_BYTES + 1];
    hex_format(span_make(spki_hash, HASH_BYTES), hash);
    return store_audit_add_id(store, act, action, span_make(enrolment, ENROLMENT_ID_BYTES), hash);
}

static enum err row_read(struct query *query, struct arena *arena, void *row)
{
    (void)arena;
    struct registered_key *key = row;
    TRY(column_fixed(query, 0, key->spki_hash, sizeof key->spki_hash));
    TRY(column_fixed(query, 1, key->spki, sizeof key->spki));
    TRY(column_cstring(query, 2, key->label, sizeof key->label));
    key->registered = column_int64(query, 3);
    key->used = column_int64(query, 4);
    return OK;
}
