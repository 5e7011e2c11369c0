/* Lints of a CRL's entries: RFC 5280 §5.1.2.6 and §5.3, BR 7.2.2. A list may have a million: they
 * are read through once, and sorted where their order doesn't show that none is there twice. */
#include "lib/lint/view.h"

#include <stdlib.h>

static const struct span oid_certificate_issuer = BYTES("\x55\x1d\x1d");
static const struct span oid_invalidity_date = BYTES("\x55\x1d\x18");

enum { REASON_HOLD = 6, REASON_REMOVE = 8, REASON_LAST = 10 };

struct entry {
    struct span serial, whole;
    int64_t revoked_at;
    bool has_reason;
    unsigned reason;
};

static bool value_look(
    struct view *view, struct entry *entry, struct span oid, struct span value, bool critical)
{
    struct der content = der_reader(value);
    struct span code;
    int64_t time;
    if (critical) {
        view_fault(view, FAULT_ENTRY_CRITICAL, oid);
    }
    if (span_equal(oid, oid_reason_code)) {
        if (critical) {
            view_fault(view, FAULT_ENTRY_REASON_CRITICAL, entry->serial);
        }
        if (der_read(&content, DER_ENUMERATED, &code) != OK || code.len != 1 ||
            !der_empty(&content)) {
            return false;
        }
        entry->has_reason = true;
        entry->reason = code.data[0];
    } else if (span_equal(oid, oid_certificate_issuer)) {
        view_fault(view, FAULT_ENTRY_INDIRECT, entry->serial);
    } else if (span_equal(oid, oid_invalidity_date) &&
               (der_read_generalized_time(&content, &time) != OK || !der_empty(&content))) {
        view_fault(view, FAULT_ENTRY_INVALIDITY, value);
    }
    return true;
}

static bool extensions_look(struct view *view, struct der *extensions, struct entry *entry)
{
    struct der extension;
    struct span oid, value, seen[4] = { { 0 } };
    for (size_t count = 0; !der_empty(extensions); count++) {
        bool critical = false;
        if (der_enter(extensions, DER_SEQUENCE, &extension) != OK ||
            der_read(&extension, DER_OID, &oid) != OK ||
            (der_peek(&extension, DER_BOOLEAN) &&
                (der_read_boolean(&extension, &critical) != OK || !critical)) ||
            der_read(&extension, DER_OCTET_STRING, &value) != OK || !der_empty(&extension) ||
            !value_look(view, entry, oid, value, critical)) {
            return false;
        }
        for (size_t i = 0; i < count && i < 4; i++) {
            if (span_equal(seen[i], oid)) {
                view_fault(view, FAULT_ENTRY_EXTENSION_TWICE, oid);
            }
        }
        seen[count % 4] = oid;
    }
    return true;
}

/* BR 7.2.2: 1, 3, 4, 5, 9; for CAs 2 as well, and always a reason. */
static void reason_look(struct view *view, const struct entry *entry)
{
    static const bool listed[] = { [1] = true, [3] = true, [4] = true, [5] = true, [9] = true };
    unsigned reason = entry->reason;
    if (!entry->has_reason) {
        view_fault(view, FAULT_ENTRY_NO_REASON, entry->serial);
        return;
    }
    if (reason == 0) {
        view_fault(view, FAULT_ENTRY_REASON_ZERO, entry->serial);
    } else if (reason == REASON_HOLD) {
        view_fault(view, FAULT_ENTRY_HOLD, entry->serial);
    } else if (reason == REASON_REMOVE) {
        view_fault(view, FAULT_ENTRY_REMOVE, entry->serial);
    } else if (reason > REASON_LAST || reason == 7) {
        view_fault(view, FAULT_ENTRY_REASON_UNKNOWN, entry->serial);
    } else if (!(reason < sizeof listed && listed[reason]) &&
               !(reason == 2 && view->kind == LINT_ARL)) {
        view_fault(view, FAULT_ENTRY_REASON, entry->serial);
    }
}

static bool entry_look(struct view *view, struct der *fields, struct entry *entry)
{
    struct der extensions;
    if (der_read(fields, DER_INTEGER, &entry->serial) != OK ||
        view_time(fields, view, &entry->revoked_at) != OK) {
        return false;
    }
    if (!der_empty(fields) &&
        (der_enter(fields, DER_SEQUENCE, &extensions) != OK || der_empty(&extensions) ||
            !der_empty(fields) || !extensions_look(view, &extensions, entry))) {
        return false;
    }
    struct span serial = entry->serial;
    if (serial.len == 0 || (serial.data[0] & 0x80) != 0 ||
        (serial.len == 1 && serial.data[0] == 0)) {
        view_fault(view, FAULT_ENTRY_SERIAL, serial);
    } else if (serial.len > 20) {
        view_fault(view, FAULT_ENTRY_SERIAL_LENGTH, serial);
    }
    if (entry->revoked_at > view->not_before) {
        view_fault(view, FAULT_ENTRY_FUTURE, serial);
    }
    reason_look(view, entry);
    return true;
}

/* Anybody's list: sorted, so that no choice of serials makes it long. Without memory nobody can
 * say: that is a fault. */
static void twice_look(struct view *view)
{
    struct der entries = der_reader(view->entries.content), fields;
    struct span *serials = calloc(view->entry_count + 1, sizeof *serials);
    size_t count = 0;
    if (serials == NULL) {
        view_fault(view, FAULT_ENTRY_TWICE, view->entries.whole);
        return;
    }
    while (count < view->entry_count && der_enter(&entries, DER_SEQUENCE, &fields) == OK &&
           der_read(&fields, DER_INTEGER, &serials[count]) == OK) {
        count++;
    }
    qsort(serials, count, sizeof *serials, view_by_bytes);
    for (size_t i = 1; i < count; i++) {
        if (span_equal(serials[i - 1], serials[i])) {
            view_fault(view, FAULT_ENTRY_TWICE, serials[i]);
        }
    }
    free(serials);
}

static void entries_observe(struct view *view)
{
    struct der entries = der_reader(view->entries.content), fields;
    struct span last = { 0 };
    bool ascending = true;
    while (!der_empty(&entries)) {
        struct span rest = entries.rest;
        struct entry entry = { .reason = 0 };
        if (der_enter(&entries, DER_SEQUENCE, &fields) != OK ||
            !entry_look(view, &fields, &entry)) {
            view_fault(view, FAULT_ENTRY_FORM, rest);
            return;
        }
        ascending = ascending && entry.serial.len > 0 &&
                    (last.len < entry.serial.len ||
                        (last.len == entry.serial.len &&
                            memcmp(last.data, entry.serial.data, last.len) < 0));
        last = entry.serial;
        view->entry_count++;
    }
    if (!ascending) {
        twice_look(view);
    }
}

static const struct lint rows[] = {
    { "entry.form", "RFC 5280 5.1.2.6", "entries of serial, time and perhaps extensions", FOR_CRL,
        SINCE_RFC5280, .fault = FAULT_ENTRY_FORM },
    { "entry.serial", "RFC 5280 4.1.2.2", "a serial above zero", FOR_CRL, SINCE_RFC5280,
        .fault = FAULT_ENTRY_SERIAL },
    { "entry.serial_length", "RFC 5280 4.1.2.2", "a serial of at most 20 octets", FOR_CRL,
        SINCE_RFC5280, .fault = FAULT_ENTRY_SERIAL_LENGTH },
    { "entry.twice", "RFC 5280 5.3", "each serial once", FOR_CRL, SINCE_RFC5280,
        .fault = FAULT_ENTRY_TWICE },
    { "entry.future", "RFC 5280 5.1.2.6", "a revocation no later than the list", FOR_CRL,
        SINCE_RFC5280, .fault = FAULT_ENTRY_FUTURE },
    { "entry.ca_reason", "BR 7.2.2", "a reason", FOR_ARL, SINCE_2020_09_30,
        .fault = FAULT_ENTRY_NO_REASON },
    { "entry.reason", "BR 7.2.2", "one of the reasons 1, 3, 4, 5, 9; of CAs also 2", FOR_CRL,
        SINCE_2023_07_15, .fault = FAULT_ENTRY_REASON },
    { "entry.reason_unknown", "RFC 5280 5.3.1", "a reason that has a name", FOR_CRL, SINCE_RFC5280,
        .fault = FAULT_ENTRY_REASON_UNKNOWN },
    { "entry.reason_unspecified", "BR 7.2.2", "no reason rather than reason 0", FOR_CRL,
        SINCE_2020_09_30, .fault = FAULT_ENTRY_REASON_ZERO },
    { "entry.hold", "BR 4.9.13", "no certificateHold", FOR_CRL, SINCE_BR_1,
        .fault = FAULT_ENTRY_HOLD },
    { "entry.remove", "RFC 5280 5.3.1", "no removeFromCRL but in a delta", FOR_CRL, SINCE_RFC5280,
        .fault = FAULT_ENTRY_REMOVE },
    { "entry.reason_critical", "BR 7.2.2", "a reason that isn't critical", FOR_CRL,
        SINCE_2020_09_30, .fault = FAULT_ENTRY_REASON_CRITICAL },
    { "entry.critical", "RFC 5280 5.3", "no critical extension of an entry", FOR_CRL, SINCE_RFC5280,
        .fault = FAULT_ENTRY_CRITICAL },
    { "entry.extension_twice", "RFC 5280 4.2", "each extension of an entry once", FOR_CRL,
        SINCE_RFC5280, .fault = FAULT_ENTRY_EXTENSION_TWICE },
    { "entry.indirect", "BR 7.2", "no other issuer's certificate", FOR_CRL, SINCE_2023_07_15,
        .fault = FAULT_ENTRY_INDIRECT },
    { "entry.invalidity", "RFC 5280 5.3.2", "an invalidityDate as GeneralizedTime", FOR_CRL,
        SINCE_RFC5280, .fault = FAULT_ENTRY_INVALIDITY },
};

const struct lint_table lint_entries = { entries_observe, FOR_CRL, rows,
    sizeof rows / sizeof rows[0] };
