/* Lints of classic certificates, beside those that they share with other servers': what profile
 * classic-server-1 says of the subscriber in organizational units, as Hongkong Post's certificates
 * did until 2022, and that it claims nothing which only a public hierarchy may. */
#include "lib/lint/view.h"

#include <ctype.h>

enum { UNITS_MIN = 3, UNITS_MAX = 4, UNIT_SRN = 0, UNIT_DOCUMENTS = 1, UNIT_TYPE = 2 };
enum { SRN_LENGTH = 10, NUMBERS_LENGTH = 16 + 8, OTHER_LENGTH_MAX = 30 };

static size_t units_count(const struct view *view)
{
    size_t count = 0;
    for (size_t i = 0; i < view->subject.count; i++) {
        count += span_equal(view->subject.attributes[i].oid, oid_organisational_unit);
    }
    return count;
}

/* Empty if there is none. */
static struct span unit_at(const struct view *view, size_t index)
{
    for (size_t i = 0; i < view->subject.count; i++) {
        const struct view_attribute *attribute = &view->subject.attributes[i];
        if (span_equal(attribute->oid, oid_organisational_unit) && index-- == 0) {
            return attribute->value;
        }
    }
    return (struct span){ 0 };
}

static bool all(struct span text, int (*is)(int))
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 0x80 || is(text.data[i]) == 0) {
            return false;
        }
    }
    return true;
}

static bool srn_first(const struct view *view)
{
    struct span unit = unit_at(view, UNIT_SRN);
    return unit.len == SRN_LENGTH && all(unit, isdigit);
}

bool view_classic(const struct view *view)
{
    return view->known[EXT_POLICIES] == NULL && srn_first(view);
}

static bool units_fit(const struct view *view)
{
    size_t count = units_count(view);
    return count >= UNITS_MIN && count <= UNITS_MAX;
}

static bool documents_second(const struct view *view)
{
    struct span unit = unit_at(view, UNIT_DOCUMENTS);
    if (unit.len < NUMBERS_LENGTH || !all(span_make(unit.data, NUMBERS_LENGTH), isalnum)) {
        return false;
    }
    struct span other = span_make(unit.data + NUMBERS_LENGTH, unit.len - NUMBERS_LENGTH);
    return utf8_valid(other) && utf8_length(other) <= OTHER_LENGTH_MAX;
}

static bool type_third(const struct view *view)
{
    static const char type[] = "e-Cert (Server)";
    struct span unit = unit_at(view, UNIT_TYPE);
    size_t len = sizeof type - 1;
    return unit.len >= len && memcmp(unit.data + unit.len - len, type, len) == 0;
}

static bool closed(const struct view *view)
{
    const struct span listed[] = { oid_country, oid_state_or_province, oid_locality,
        oid_organisation, oid_organisational_unit, oid_common_name };
    for (size_t i = 0; i < view->subject.count; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof listed / sizeof listed[0]; k++) {
            found = found || span_equal(view->subject.attributes[i].oid, listed[k]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static bool once(const struct view *view)
{
    const struct view_attribute *attributes = view->subject.attributes;
    for (size_t i = 0; i < view->subject.count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (span_equal(attributes[k].oid, attributes[i].oid) &&
                !span_equal(attributes[i].oid, oid_organisational_unit)) {
                return false;
            }
        }
    }
    return true;
}

static bool no_policy(const struct view *view)
{
    return view->known[EXT_POLICIES] == NULL;
}

static bool unlogged(const struct view *view)
{
    return view->known[EXT_POISON] == NULL && view->known[EXT_SCT_LIST] == NULL;
}

#define PROFILE "classic-server-1"

static const struct lint rows[] = {
    { "classic.units", PROFILE, "three or four organizational units", FOR_CLASSIC, SINCE_RFC5280,
        .holds = units_fit },
    { "classic.srn", PROFILE, "ten digits in the first unit: the subscriber reference number",
        FOR_CLASSIC, SINCE_RFC5280, .holds = srn_first },
    { "classic.documents", PROFILE,
        "16 and 8 letters or digits in the second unit, and at most 30 characters more",
        FOR_CLASSIC, SINCE_RFC5280, .holds = documents_second },
    { "classic.type", PROFILE, "the type of certificate in the third unit", FOR_CLASSIC,
        SINCE_RFC5280, .holds = type_third },
    { "classic.closed", PROFILE, "no attribute beside C, ST, L, O, OU and CN", FOR_CLASSIC,
        SINCE_RFC5280, .holds = closed },
    { "classic.once", PROFILE, "each attribute once, but for the units", FOR_CLASSIC, SINCE_RFC5280,
        .holds = once },
    { "classic.policy", PROFILE, "no policies: it claims none", FOR_CLASSIC, SINCE_RFC5280,
        .holds = no_policy },
    { "classic.unlogged", PROFILE, "neither poison nor SCTs: no log takes it", FOR_CLASSIC,
        SINCE_RFC6960, .holds = unlogged },
};

const struct lint_table lint_classic = { NULL, 0, rows, sizeof rows / sizeof rows[0] };
