/* What the journal tells those who keep a store beside it: whether it still has what they noted of
 * it, and what happened since. */
#include "proc/signer/internal.h"

#include <stdio.h>

/* What one answer may make the signer read. */
enum { SINCE_RECORDS_MAX = 4096 };

static enum err event_of(
    struct issuing *issuing, const struct journal_record *record, struct signer_event *ret_event);

/* The noted place as the journal has it. */
static enum err place_find(struct issuing *issuing, const struct signer_place *noted,
    struct journal_state *ret_place, struct reason *ret_reason)
{
    struct journal_state now,
        place = { .records = noted->records, .last_offset = noted->last_offset };
    AUTO(buf) der = buf_make(JOURNAL_RECORD_MAX);
    memcpy(place.head, noted->head, sizeof place.head);
    journal_look(issuing->journal, &now);
    int fd = journal_fd(issuing->journal);
    enum err err = noted->records == 0 ? OK
                   : noted->records > now.records
                       ? ERR_NOT_FOUND
                       : journal_record_load(fd, noted->last_offset, &der);
    if (err == OK && noted->records > 0) {
        place.bytes = noted->last_offset + JOURNAL_LENGTH_BYTES + (int64_t)der.len;
        err = journal_holds(fd, &place);
    }
    if (err == ERR_NOT_FOUND || err == ERR_INPUT) {
        char seen[24], expected[24];
        snprintf(seen, sizeof seen, "%lld", (long long)now.records);
        snprintf(expected, sizeof expected, "%lld", (long long)noted->records);
        return reason_set(ret_reason, ERR_CONFLICT, "journal.behind", NULL, seen, expected);
    }
    TRY(err);
    *ret_place = noted->records == 0 ? (struct journal_state){ .records = 0 } : place;
    return OK;
}

static void place_tell(const struct journal_state *state, struct signer_place *ret_place)
{
    ret_place->records = state->records;
    ret_place->last_offset = state->last_offset;
    memcpy(ret_place->head, state->head, sizeof ret_place->head);
}

enum err issuing_anchor(struct issuing *issuing, const struct signer_place *noted,
    struct signer_place *ret_now, struct reason *ret_reason)
{
    struct journal_state place, now;
    TRY(place_find(issuing, noted, &place, ret_reason));
    journal_look(issuing->journal, &now);
    place_tell(&now, ret_now);
    return OK;
}

enum err issuing_since(struct issuing *issuing, const struct signer_place *noted,
    struct signer_past *ret_past, struct reason *ret_reason)
{
    struct journal_state place, now;
    struct journal_record record;
    TRY(place_find(issuing, noted, &place, ret_reason));
    journal_look(issuing->journal, &now);
    AUTO(journal_reader) reader =
        journal_reader_make(journal_fd(issuing->journal), &place, now.bytes);
    enum err err = OK;
    ret_past->count = 0;
    for (size_t i = 0; i < SINCE_RECORDS_MAX && ret_past->count < SIGNER_EVENTS_MAX; i++) {
        err = journal_reader_next(&reader, &record);
        if (err != OK) {
            break;
        }
        err = event_of(issuing, &record, &ret_past->events[ret_past->count]);
        if (err == OK) {
            ret_past->count++;
        } else if (err != ERR_NOT_FOUND) {
            return err;
        }
    }
    if (err != OK && err != ERR_NOT_FOUND) {
        return err;
    }
    ret_past->more = reader.state.records < now.records;
    place_tell(&reader.state, &ret_past->place);
    return OK;
}

/* What the ledger says of a request, with its issuer's name. */
static void event_fill(
    struct issuing *issuing, const struct request_id *request, struct signer_event *event)
{
    struct ledger_row row;
    event->request = *request;
    pthread_mutex_lock(&issuing->mutex);
    if (ledger_by_request(&issuing->ledger, request, &row)) {
        memcpy(event->serial.bytes, row.serial, SERIAL_BYTES);
        event->serial.len = SERIAL_BYTES;
        if (row.state != LEDGER_RESERVED) {
            memcpy(event->issuer, issuing->ledger.sums.issuers[row.issuer].id, ISSUER_ID_MAX);
        }
    }
    pthread_mutex_unlock(&issuing->mutex);
}

/* ERR_NOT_FOUND for a record that no store has to know. */
static enum err event_of(
    struct issuing *issuing, const struct journal_record *record, struct signer_event *ret_event)
{
    struct record_reserved reserved;
    struct record_issued issued;
    struct record_revoked revoked;
    struct record_withdrawn withdrawn;
    struct record_blocked blocked;
    struct signer_event event = { .kind = SIGNER_EVENT_RESERVED };
    if (record->type == JOURNAL_RESERVED) {
        TRY(record_reserved_read(record->body, &reserved));
        event_fill(issuing, &reserved.request, &event);
    } else if (record->type == JOURNAL_ISSUED) {
        event.kind = SIGNER_EVENT_ISSUED;
        TRY(record_issued_read(record->body, &issued));
        event_fill(issuing, &issued.request, &event);
    } else if (record->type == JOURNAL_REVOKED) {
        event.kind = SIGNER_EVENT_REVOKED;
        TRY(record_revoked_read(record->body, &revoked));
        memcpy(event.serial.bytes, revoked.serial.data, revoked.serial.len);
        event.serial.len = revoked.serial.len;
        memcpy(event.issuer, revoked.issuer, ISSUER_ID_MAX);
        event.reason = revoked.reason;
    } else if (record->type == JOURNAL_WITHDRAWN) {
        event.kind = SIGNER_EVENT_WITHDRAWN;
        TRY(record_withdrawn_read(record->body, &withdrawn));
        memcpy(event.hash, withdrawn.application_hash, HASH_BYTES);
    } else if (record->type == JOURNAL_BLOCKED) {
        event.kind = SIGNER_EVENT_BLOCKED;
        TRY(record_blocked_read(record->body, &blocked));
        memcpy(event.hash, blocked.spki_hash, HASH_BYTES);
    } else {
        return ERR_NOT_FOUND;
    }
    *ret_event = event;
    return OK;
}
