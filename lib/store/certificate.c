/* Certificates: each state's way out is one sentence, guarded by the state it starts from. */
#include "lib/store/certificate.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

#include <assert.h>
#include <stdio.h>

#define CERTIFICATE_COLUMNS                                                                        \
    "enrolment, ordinal, state, csr, serial, issuer, der, not_before, not_after, spki_hash,"       \
    " reason, revoked, accepted"

/* Lists for people are paged; nobody reads more at once. */
enum { CERTIFICATES_OF_ENROLMENT_MAX = 64 };

static const char *const state_ids[CERTIFICATE_STATE_COUNT] = {
    [CERTIFICATE_REQUESTED] = "requested",
    [CERTIFICATE_RESERVED] = "reserved",
    [CERTIFICATE_ISSUED] = "issued",
    [CERTIFICATE_ACCEPTED] = "accepted",
    [CERTIFICATE_DECLINED] = "declined",
    [CERTIFICATE_REVOKING] = "revoking",
    [CERTIFICATE_REVOKED] = "revoked",
};

/* One step of a certificate's life. */
struct step {
    enum certificate_state to;
    enum revocation_reason reason;
    int64_t revoked;
    int64_t accepted; /* 0: as it was */
    const char *action;
};

static enum err row_of(struct store *store, const struct request_id *request, struct arena *arena,
    struct certificate_row *ret_row);
static enum err step_take(struct store *store, const struct act *act,
    const struct certificate_row *row, const struct step *step);
static enum err certificate_audit(struct store *store, const struct act *act, const char *action,
    const struct request_id *request, const char *detail);
static enum err rows_list(struct query *query, size_t limit, struct arena *arena,
    struct certificate_row **ret_rows, size_t *ret_count);
static enum err row_read(struct query *query, struct arena *arena, void *row);
static enum err state_from_id(const char *id, enum certificate_state *ret_state);
static void bind_request(struct query *query, const struct request_id *request);

const char *certificate_state_id(enum certificate_state state)
{
    return state_ids[state];
}

enum err store_certificate_submit(struct store *store, const struct act *act,
    const struct request_id *request, struct span csr, const uint8_t spki_hash[HASH_BYTES])
{
    AUTO(query) query = query_write(store,
        "INSERT INTO certificate (enrolment, ordinal, state, csr, spki_hash, created)"
        " VALUES (?, ?, 'requested', ?, ?, ?) ON CONFLICT (enrolment, ordinal) DO UPDATE"
        " SET csr = excluded.csr, spki_hash = excluded.spki_hash"
        " WHERE state IN ('requested', 'reserved') RETURNING ordinal");
    bind_request(&query, request);
    bind_bytes(&query, csr);
    bind_bytes(&query, span_make(spki_hash, HASH_BYTES));
    bind_int64(&query, act->time);
    enum err err = query_row(&query);
    if (err == ERR_NOT_FOUND) {
        return ERR_CONFLICT;
    }
    TRY(err);
    char hash[2 * HASH_BYTES + 1];
    hex_format(span_make(spki_hash, HASH_BYTES), hash);
    return certificate_audit(store, act, "certificate.requested", request, hash);
}

enum err store_certificate_reserve(struct store *store, const struct act *act,
    const struct request_id *request, const char *issuer, struct span serial)
{
    struct certificate_row row = { 0 };
    AUTO(arena) arena = arena_make(4 * MESSAGE_MAX_BYTES);
    TRY(row_of(store, request, &arena, &row));
    if (row.serial.len > 0) {
        return span_equal(row.serial, serial) ? OK : ERR_CONFLICT;
    }
    if (serial.len == 0 || serial.len > SERIAL_MAX_BYTES) {
        return ERR_INPUT;
    }
    AUTO(query) query =
        query_write(store, "UPDATE certificate SET state = 'reserved', serial = ?, issuer = ?"
                           " WHERE enrolment = ? AND ordinal = ? AND state = 'requested'");
    bind_bytes(&query, serial);
    bind_text(&query, issuer);
    bind_request(&query, request);
    enum err err = query_change(&query);
    if (err == ERR_NOT_FOUND) {
        return ERR_CONFLICT;
    }
    TRY(err);
    char text[2 * SERIAL_MAX_BYTES + 1];
    hex_format(serial, text);
    return certificate_audit(store, act, "certificate.reserved", request, text);
}

enum err store_certificate_issued(
    struct store *store, const struct act *act, const struct certificate_row *row)
{
    struct certificate_row before = { 0 };
    AUTO(arena) arena = arena_make(4 * MESSAGE_MAX_BYTES);
    TRY(row_of(store, &row->request, &arena, &before));
    if (before.der.len > 0) {
        return span_equal(before.der, row->der) ? OK : ERR_CONFLICT;
    }
    if (before.state != CERTIFICATE_RESERVED) {
        return ERR_CONFLICT;
    }
    AUTO(query) query = query_write(store,
        "UPDATE certificate SET state = 'issued', der = ?, not_before = ?, not_after = ?"
        " WHERE enrolment = ? AND ordinal = ?");
    bind_bytes(&query, row->der);
    bind_int64(&query, row->not_before);
    bind_int64(&query, row->not_after);
    bind_request(&query, &row->request);
    TRY(query_change(&query));
    char text[2 * SERIAL_MAX_BYTES + 1];
    hex_format(before.serial, text);
    return certificate_audit(store, act, "certificate.issued", &row->request, text);
}

enum err store_certificate_by_request(struct store *store, const struct request_id *request,
    struct arena *arena, struct certificate_row *ret_row)
{
    return row_of(store, request, arena, ret_row);
}

static enum err row_of(struct store *store, const struct request_id *request, struct arena *arena,
    struct certificate_row *ret_row)
{
    AUTO(query) query = query_read(store,
        "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE enrolment = ? AND ordinal = ?");
    bind_request(&query, request);
    TRY(query_row(&query));
    return row_read(&query, arena, ret_row);
}

enum err store_certificate_by_serial(
    struct store *store, struct span serial, struct arena *arena, struct certificate_row *ret_row)
{
    AUTO(query) query =
        query_read(store, "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE serial = ?");
    bind_bytes(&query, serial);
    TRY(query_row(&query));
    return row_read(&query, arena, ret_row);
}

enum err store_certificate_by_enrolment(struct store *store,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], struct arena *arena,
    struct certificate_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query =
        query_read(store, "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE enrolment = ?"
                          " ORDER BY ordinal DESC");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    return rows_list(&query, CERTIFICATES_OF_ENROLMENT_MAX, arena, ret_rows, ret_count);
}

enum err store_certificate_list(struct store *store, enum certificate_state state, size_t limit,
    struct arena *arena, struct certificate_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(
        store, "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE state = ? ORDER BY created");
    bind_text(&query, state_ids[state]);
    return rows_list(&query, limit, arena, ret_rows, ret_count);
}

enum err store_certificate_list_all(struct store *store, size_t from, size_t limit,
    struct arena *arena, struct certificate_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT " CERTIFICATE_COLUMNS " FROM certificate ORDER BY created DESC, enrolment,"
        " ordinal LIMIT -1 OFFSET ?");
    bind_int64(&query, (int64_t)from);
    return rows_list(&query, limit, arena, ret_rows, ret_count);
}

enum err store_certificate_valid_by_key(struct store *store, const uint8_t spki_hash[HASH_BYTES],
    size_t limit, struct arena *arena, struct certificate_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query =
        query_read(store, "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE spki_hash = ?"
                          " AND state IN ('issued', 'accepted') ORDER BY created");
    bind_bytes(&query, span_make(spki_hash, HASH_BYTES));
    return rows_list(&query, limit, arena, ret_rows, ret_count);
}

static enum err rows_list(struct query *query, size_t limit, struct arena *arena,
    struct certificate_row **ret_rows, size_t *ret_count)
{
    struct query_list list = { .row_size = sizeof **ret_rows, .limit = limit, .read = row_read };
    void *rows = NULL;
    TRY(query_list(query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err row_read(struct query *query, struct arena *arena, void *row)
{
    struct certificate_row *certificate = row;
    char state[16];
    TRY(column_fixed(query, 0, certificate->request.enrolment, ENROLMENT_ID_BYTES));
    certificate->request.ordinal = (unsigned)column_int64(query, 1);
    TRY(column_cstring(query, 2, state, sizeof state));
    TRY(state_from_id(state, &certificate->state));
    TRY(column_bytes(query, 3, arena, &certificate->csr));
    TRY(column_bytes(query, 4, arena, &certificate->serial));
    TRY(column_cstring(query, 5, certificate->issuer, sizeof certificate->issuer));
    TRY(column_bytes(query, 6, arena, &certificate->der));
    certificate->not_before = column_int64(query, 7);
    certificate->not_after = column_int64(query, 8);
    TRY(column_fixed(query, 9, certificate->spki_hash, HASH_BYTES));
    certificate->reason = (enum revocation_reason)column_int64(query, 10);
    certificate->revoked = column_int64(query, 11);
    certificate->accepted = column_int64(query, 12);
    return OK;
}

static enum err state_from_id(const char *id, enum certificate_state *ret_state)
{
    for (int state = 0; state < CERTIFICATE_STATE_COUNT; state++) {
        if (strcmp(id, state_ids[state]) == 0) {
            *ret_state = (enum certificate_state)state;
            return OK;
        }
    }
    return ERR_IO;
}

enum err store_certificate_abandon(
    struct store *store, const struct act *act, const struct request_id *request, const char *why)
{
    struct certificate_row row = { 0 };
    AUTO(arena) arena = arena_make(4 * MESSAGE_MAX_BYTES);
    TRY(row_of(store, request, &arena, &row));
    if (row.state != CERTIFICATE_RESERVED) {
        return ERR_CONFLICT;
    }
    struct step step = { .to = CERTIFICATE_REVOKING,
        .reason = REVOCATION_SUPERSEDED,
        .revoked = act->time,
        .action = "certificate.revoking" };
    TRY(certificate_audit(store, act, "certificate.abandoned", request, why));
    return step_take(store, act, &row, &step);
}

enum err store_certificate_accept(
    struct store *store, const struct act *act, const struct request_id *request)
{
    struct certificate_row row = { 0 };
    AUTO(arena) arena = arena_make(4 * MESSAGE_MAX_BYTES);
    TRY(row_of(store, request, &arena, &row));
    if (row.state != CERTIFICATE_ISSUED) {
        return ERR_CONFLICT;
    }
    struct step step = {
        .to = CERTIFICATE_ACCEPTED, .accepted = act->time, .action = "certificate.accepted"
    };
    return step_take(store, act, &row, &step);
}

enum err store_certificate_decline(struct store *store, const struct act *act,
    const struct request_id *request, enum revocation_reason reason)
{
    struct certificate_row row = { 0 };
    AUTO(arena) arena = arena_make(4 * MESSAGE_MAX_BYTES);
    TRY(row_of(store, request, &arena, &row));
    if (row.state != CERTIFICATE_ISSUED) {
        return ERR_CONFLICT;
    }
    struct step step = { .to = CERTIFICATE_DECLINED,
        .reason = reason,
        .revoked = act->time,
        .action = "certificate.declined" };
    return step_take(store, act, &row, &step);
}

enum err store_certificate_revoke(struct store *store, const struct act *act,
    const struct request_id *request, enum revocation_reason reason)
{
    struct certificate_row row = { 0 };
    AUTO(arena) arena = arena_make(4 * MESSAGE_MAX_BYTES);
    TRY(row_of(store, request, &arena, &row));
    bool valid = row.state == CERTIFICATE_ISSUED || row.state == CERTIFICATE_ACCEPTED;
    bool graver =
        row.revoked > 0 && row.reason != reason && revocation_reason_may_change(row.reason, reason);
    if (!valid && !graver) {
        return ERR_CONFLICT;
    }
    struct step step = { .to = CERTIFICATE_REVOKING,
        .reason = reason,
        .revoked = act->time,
        .action = "certificate.revoking" };
    return step_take(store, act, &row, &step);
}

enum err store_certificate_revoked(
    struct store *store, const struct act *act, const struct request_id *request)
{
    struct certificate_row row = { 0 };
    AUTO(arena) arena = arena_make(4 * MESSAGE_MAX_BYTES);
    TRY(row_of(store, request, &arena, &row));
    if (row.state != CERTIFICATE_DECLINED && row.state != CERTIFICATE_REVOKING) {
        return ERR_CONFLICT;
    }
    struct step step = { .to = CERTIFICATE_REVOKED,
        .reason = row.reason,
        .revoked = row.revoked,
        .action = "certificate.revoked" };
    return step_take(store, act, &row, &step);
}

static enum err step_take(struct store *store, const struct act *act,
    const struct certificate_row *row, const struct step *step)
{
    AUTO(query) query = query_write(store,
        "UPDATE certificate SET state = ?, reason = ?, revoked = ?, accepted = max(accepted, ?)"
        " WHERE enrolment = ? AND ordinal = ?");
    bind_text(&query, state_ids[step->to]);
    bind_int64(&query, step->reason);
    bind_int64(&query, step->revoked);
    bind_int64(&query, step->accepted);
    bind_request(&query, &row->request);
    TRY(query_change(&query));
    const char *reason = step->revoked == 0 ? "" : revocation_reason_id(step->reason);
    return certificate_audit(store, act, step->action, &row->request, reason);
}

/* The object is "<enrolment>/<ordinal>". */
static enum err certificate_audit(struct store *store, const struct act *act, const char *action,
    const struct request_id *request, const char *detail)
{
    char enrolment[2 * ENROLMENT_ID_BYTES + 1];
    char object[sizeof enrolment + 16];
    hex_format(SPAN_OF(request->enrolment), enrolment);
    snprintf(object, sizeof object, "%s/%u", enrolment, request->ordinal);
    return store_audit_add(store, act, action, object, detail);
}

static void bind_request(struct query *query, const struct request_id *request)
{
    assert(request->ordinal >= 1);
    bind_bytes(query, SPAN_OF(request->enrolment));
    bind_int64(query, request->ordinal);
}
