/* Lints of CRLs: RFC 5280 §5, BR 4.9.7 and 7.2. The entries are walked once for each lint of them:
 * a million entries cost some tenths of a second, and only when a CRL is made. */
#include "lib/lint/view.h"

enum { DAY = 86400 };

static bool version_2(const struct view *view)
{
    return view->has_version && view->version == 1;
}

static bool next_update_there(const struct view *view)
{
    return view->has_not_after;
}

static bool updates_in_order(const struct view *view)
{
    return !view->has_not_after || view->not_after > view->not_before;
}

/* BR 4.9.7: at most ten days for subscribers' lists, twelve months for CAs'. */
static bool server_period(const struct view *view)
{
    return !view->has_not_after || view->not_after - view->not_before <= 10 * DAY;
}

static bool ca_period(const struct view *view)
{
    return !view->has_not_after || view->not_after - view->not_before <= 366 * DAY;
}

static bool not_in_future(const struct view *view)
{
    return view->not_before <= view->now + 300;
}

static bool number_there(const struct view *view)
{
    const struct view_extension *extension = view_find(view, oid_crl_number);
    struct span magnitude;
    if (extension == NULL || extension->critical) {
        return false;
    }
    struct der value = der_reader(extension->value);
    return der_read_magnitude(&value, &magnitude) == OK && der_empty(&value) &&
           magnitude.len <= 20 && (magnitude.len < 20 || (magnitude.data[0] & 0x80) == 0);
}

static bool not_delta(const struct view *view)
{
    return view_find(view, oid_delta_crl_indicator) == NULL;
}

static bool point_critical(const struct view *view)
{
    const struct view_extension *extension = view_find(view, oid_issuing_distribution_point);
    return extension == NULL || extension->critical;
}

static bool list_not_empty(const struct view *view)
{
    return !view->has_entries || view->entries.len > 0;
}

struct entry {
    struct span serial; /* the INTEGER's content */
    int64_t revoked_at;
    bool has_reason, critical, well_formed;
    unsigned reason;
};

static void entry_extension(struct der *extensions, struct entry *entry)
{
    struct der extension;
    struct span oid, value, code;
    bool critical = false;
    entry->well_formed = false;
    if (der_enter(extensions, DER_SEQUENCE, &extension) != OK ||
        der_read(&extension, DER_OID, &oid) != OK ||
        (der_peek(&extension, DER_BOOLEAN) && der_read_boolean(&extension, &critical) != OK) ||
        der_read(&extension, DER_OCTET_STRING, &value) != OK) {
        return;
    }
    entry->critical = entry->critical || critical;
    entry->well_formed = true;
    if (span_equal(oid, oid_reason_code)) {
        struct der content = der_reader(value);
        entry->has_reason = true;
        entry->well_formed = der_read(&content, DER_ENUMERATED, &code) == OK && code.len == 1;
        entry->reason = entry->well_formed ? code.data[0] : 0;
    }
}

/* False at the end, or where the list is malformed: `ret_entry` then says so. */
static bool entry_next(struct der *entries, struct entry *ret_entry)
{
    struct der entry, extensions;
    *ret_entry = (struct entry){ .well_formed = true };
    if (der_empty(entries)) {
        return false;
    }
    if (der_enter(entries, DER_SEQUENCE, &entry) != OK ||
        der_read(&entry, DER_INTEGER, &ret_entry->serial) != OK ||
        der_read_time(&entry, &ret_entry->revoked_at) != OK) {
        ret_entry->well_formed = false;
        return false;
    }
    if (der_empty(&entry)) {
        return true;
    }
    if (der_enter(&entry, DER_SEQUENCE, &extensions) != OK || der_empty(&extensions)) {
        ret_entry->well_formed = false;
        return false;
    }
    while (!der_empty(&extensions) && ret_entry->well_formed) {
        entry_extension(&extensions, ret_entry);
    }
    return ret_entry->well_formed;
}

static bool each_entry(
    const struct view *view, bool (*holds)(const struct view *view, const struct entry *entry))
{
    struct der entries = der_reader(view->entries);
    struct entry entry;
    while (entry_next(&entries, &entry)) {
        if (!holds(view, &entry)) {
            return false;
        }
    }
    return entry.well_formed;
}

static bool entry_any(const struct view *view, const struct entry *entry)
{
    (void)view;
    return entry->well_formed;
}

static bool entries_well_formed(const struct view *view)
{
    return each_entry(view, entry_any);
}

static bool entry_serial(const struct view *view, const struct entry *entry)
{
    (void)view;
    bool zero = entry->serial.len == 1 && entry->serial.data[0] == 0;
    return entry->serial.len > 0 && entry->serial.len <= 20 &&
           (entry->serial.data[0] & 0x80) == 0 && !zero;
}

static bool entries_serials(const struct view *view)
{
    return each_entry(view, entry_serial);
}

static bool entry_past(const struct view *view, const struct entry *entry)
{
    return entry->revoked_at <= view->not_before;
}

static bool entries_past(const struct view *view)
{
    return each_entry(view, entry_past);
}

/* BR 7.2.2: 1, 3, 4, 5, 9; for CAs 2 as well, and always a reason. */
static bool entry_reason(const struct view *view, const struct entry *entry)
{
    static const bool allowed[] = { [1] = true, [3] = true, [4] = true, [5] = true, [9] = true };
    if (!entry->has_reason) {
        return view->kind == LINT_CRL;
    }
    if (view->kind == LINT_ARL && entry->reason == 2) {
        return true;
    }
    return entry->reason < sizeof allowed / sizeof allowed[0] && allowed[entry->reason];
}

static bool entries_reasons(const struct view *view)
{
    return each_entry(view, entry_reason);
}

static bool entry_uncritical(const struct view *view, const struct entry *entry)
{
    (void)view;
    return !entry->critical;
}

static bool entries_uncritical(const struct view *view)
{
    return each_entry(view, entry_uncritical);
}

static const struct lint rows[] = {
    { "crl.version_2", "RFC 5280 5.1.2.1", FOR_CRL, 0, version_2 },
    { "crl.next_update", "RFC 5280 5.1.2.5", FOR_CRL, 0, next_update_there },
    { "crl.update_order", "RFC 5280 5.1.2.5", FOR_CRL, 0, updates_in_order },
    { "crl.server_period", "BR 4.9.7", LINT_FOR(LINT_CRL), 0, server_period },
    { "crl.ca_period", "BR 4.9.7", LINT_FOR(LINT_ARL), 0, ca_period },
    { "crl.future", "RFC 5280 5.1.2.4", FOR_CRL, 0, not_in_future },
    { "crl.number", "BR 7.2.1", FOR_CRL, 0, number_there },
    { "crl.delta_absent", "BR 7.2", FOR_CRL, 0, not_delta },
    { "crl.point_critical", "BR 7.2.2.1", FOR_CRL, 0, point_critical },
    { "crl.list_not_empty", "RFC 5280 5.1.2.6", FOR_CRL, 0, list_not_empty },
    { "crl.entry_form", "RFC 5280 5.1.2.6", FOR_CRL, 0, entries_well_formed },
    { "crl.entry_serial", "RFC 5280 5.1.2.6", FOR_CRL, 0, entries_serials },
    { "crl.entry_past", "RFC 5280 5.1.2.6", FOR_CRL, 0, entries_past },
    { "crl.entry_reason", "BR 7.2.2", FOR_CRL, 0, entries_reasons },
    { "crl.entry_critical", "BR 7.2.2", FOR_CRL, 0, entries_uncritical },
};

const struct lint_table lint_crls = { rows, sizeof rows / sizeof rows[0] };
