/* Lints of the encoding: DER's own rules (X.690 §8, §10, §11) and those of RFC 5280 §4.1.2.5 for
 * times. The walk reads headers by itself and goes on behind what is wrong, so that more than the
 * first fault is found, and so that it depends on no other reader. */
#include "lib/base/clock.h"
#include "lib/lint/view.h"

#include <ctype.h>

enum { DEPTH_MAX = 24, CONSTRUCTED = 0x20, CLASS = 0xc0 };

struct element {
    uint8_t tag;
    struct span content, whole;
};

static void content_check(struct view *view, const struct element *element);

/* False where nothing more can be read. Lengths are BER's, of up to four octets. */
static bool element_next(struct view *view, struct span *rest, struct element *ret_element)
{
    const uint8_t *data = rest->data;
    size_t header = 2, len = rest->len < 2 ? 0 : data[1];
    if (rest->len < 2 || len == 0x80 || len > 0x84) {
        view_fault(view, FAULT_LENGTH, *rest);
        return false;
    }
    if ((data[0] & 0x1f) == 0x1f || data[0] == 0) {
        view_fault(view, FAULT_TAG, *rest);
        return false;
    }
    if (len > 0x80) {
        size_t octets = len & 0x7f;
        len = 0;
        for (size_t i = 0; i < octets && 2 + i < rest->len; i++) {
            len = len << 8 | data[2 + i];
        }
        header += octets;
        if (len < 0x80 || len >> (8 * (octets - 1)) == 0) {
            view_fault(view, FAULT_LENGTH, *rest);
        }
    }
    if (header > rest->len || len > rest->len - header) {
        view_fault(view, FAULT_LENGTH, *rest);
        return false;
    }
    *ret_element = (struct element){ data[0], { data + header, len }, { data, header + len } };
    *rest = span_make(data + header + len, rest->len - header - len);
    return true;
}

/* X.690 §11.6: the encodings of a SET OF in ascending order. */
static bool set_in_order(struct view *view, struct span content)
{
    struct element last = { 0 }, element;
    while (content.len > 0 && element_next(view, &content, &element)) {
        size_t len = last.whole.len < element.whole.len ? last.whole.len : element.whole.len;
        int order = len == 0 ? 0 : memcmp(last.whole.data, element.whole.data, len);
        if (order > 0 || (order == 0 && last.whole.len > element.whole.len)) {
            return false;
        }
        last = element;
    }
    return true;
}

void form_walk(struct view *view, struct span der)
{
    struct span stack[DEPTH_MAX];
    size_t depth = 0;
    struct element element;
    stack[0] = der;
    for (;;) {
        while (stack[depth].len == 0) {
            if (depth == 0) {
                return;
            }
            depth--;
        }
        if (!element_next(view, &stack[depth], &element)) {
            return;
        }
        if ((element.tag & CONSTRUCTED) == 0 || element.content.len == 0) {
            content_check(view, &element);
            continue;
        }
        if ((element.tag & CLASS) == 0 && element.tag != DER_SEQUENCE && element.tag != DER_SET) {
            view_fault(view, FAULT_CONSTRUCTED, element.whole);
        }
        if (element.tag == DER_SET && !set_in_order(view, element.content)) {
            view_fault(view, FAULT_SET_ORDER, element.whole);
        }
        if (depth + 1 == DEPTH_MAX) {
            view_fault(view, FAULT_DEPTH, element.whole);
            return;
        }
        stack[++depth] = element.content;
    }
}

static bool integer_minimal(struct span content)
{
    bool sign_twice = content.len > 1 && ((content.data[0] == 0 && (content.data[1] & 0x80) == 0) ||
                                             (content.data[0] == 0xff && content.data[1] >= 0x80));
    return content.len > 0 && !sign_twice;
}

static bool oid_minimal(struct span content)
{
    bool begins = true;
    for (size_t i = 0; i < content.len; i++) {
        if (begins && content.data[i] == 0x80) {
            return false;
        }
        begins = (content.data[i] & 0x80) == 0;
    }
    return content.len > 0 && begins;
}

static bool bits_clean(struct span content)
{
    if (content.len == 0 || content.data[0] > 7 || (content.len == 1 && content.data[0] != 0)) {
        return false;
    }
    return content.len == 1 || (content.data[content.len - 1] & ((1u << content.data[0]) - 1)) == 0;
}

static bool ascii(struct span content)
{
    for (size_t i = 0; i < content.len; i++) {
        if (content.data[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static bool boolean_form(struct span content)
{
    return content.len == 1 && (content.data[0] == 0x00 || content.data[0] == 0xff);
}

static bool empty(struct span content)
{
    return content.len == 0;
}

static void content_check(struct view *view, const struct element *element)
{
    static const struct {
        uint8_t tag;
        bool (*holds)(struct span content);
        enum fault fault;
    } checks[] = {
        { DER_OID, oid_minimal, FAULT_OID },
        { DER_PRINTABLE_STRING, der_printable, FAULT_PRINTABLE },
        { DER_UTF8_STRING, utf8_valid, FAULT_UTF8 },
        { DER_INTEGER, integer_minimal, FAULT_INTEGER },
        { DER_ENUMERATED, integer_minimal, FAULT_INTEGER },
        { DER_BOOLEAN, boolean_form, FAULT_BOOLEAN },
        { DER_BIT_STRING, bits_clean, FAULT_BIT_STRING },
        { DER_NULL, empty, FAULT_NULL },
        { DER_IA5_STRING, ascii, FAULT_IA5 },
    };
    int64_t time;
    if (element->tag == DER_UTC_TIME || element->tag == DER_GENERALIZED_TIME) {
        const struct der_element read = { element->tag, element->content, element->whole };
        if (form_time(view, &read, &time) != OK) {
            view_fault(view, FAULT_TIME_EXISTS, element->content);
        }
        return;
    }
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (element->tag == checks[i].tag && !checks[i].holds(element->content)) {
            view_fault(view, checks[i].fault, element->whole);
        }
    }
}

/* Two digits at `at`, or -1. */
static int digits(struct span text, size_t at)
{
    bool both = at + 2 <= text.len && isdigit(text.data[at]) && isdigit(text.data[at + 1]);
    return both ? (text.data[at] - '0') * 10 + (text.data[at + 1] - '0') : -1;
}

static void time_fault(struct view *view, enum fault fault, struct span text)
{
    if (view != NULL) {
        view_fault(view, fault, text);
    }
}

/* What stands behind the minutes: seconds, a fraction, the zone. */
static int tail_check(struct view *view, struct span text, size_t at)
{
    int second = digits(text, at);
    if (second < 0) {
        time_fault(view, FAULT_TIME_SECONDS, text);
        second = 0;
    } else {
        at += 2;
    }
    if (at < text.len && (text.data[at] == '.' || text.data[at] == ',')) {
        time_fault(view, FAULT_TIME_FRACTION, text);
        for (at++; at < text.len && isdigit(text.data[at]); at++) {
        }
    }
    if (at + 1 != text.len || text.data[at] != 'Z') {
        time_fault(view, FAULT_TIME_ZULU, text);
    }
    return second;
}

enum err form_time(struct view *view, const struct der_element *element, int64_t *ret_time)
{
    struct span text = element->content;
    size_t at = element->tag == DER_UTC_TIME ? 2 : 4;
    int year = digits(text, at - 2);
    int century = at == 2 ? (year < 50 ? 20 : 19) : digits(text, 0);
    struct civil civil = { .year = century * 100 + year,
        .month = digits(text, at),
        .day = digits(text, at + 2),
        .hour = digits(text, at + 4),
        .minute = digits(text, at + 6) };
    if (year < 0 || century < 0 || civil.month < 0 || civil.day < 0 || civil.hour < 0 ||
        civil.minute < 0) {
        return ERR_INPUT;
    }
    civil.second = tail_check(view, text, at + 8);
    return civil_to_time(&civil, ret_time);
}

/* Only the first element is the object. Of a list the entries are left to entries.c, which reads
 * each of them strictly: a million would be walked over twice. */
static void form_observe(struct view *view)
{
    struct span rest = view->der, before = view->der;
    struct element element;
    if (!element_next(view, &rest, &element)) {
        return;
    }
    if (rest.len > 0) {
        view_fault(view, FAULT_TRAILING, rest);
    }
    before.len -= rest.len;
    if (!view->has_entries) {
        form_walk(view, before);
        return;
    }
    const uint8_t *begin = view->inner_algorithm.data, *end = before.data + before.len;
    const uint8_t *behind = view->entries.whole.data + view->entries.whole.len;
    form_walk(view, span_make(begin, (size_t)(view->entries.whole.data - begin)));
    form_walk(view, span_make(behind, (size_t)(end - behind)));
}

static const struct lint rows[] = {
    { "der.length", "X.690 10.1", "definite lengths in the fewest octets", FOR_ALL, SINCE_DER,
        .fault = FAULT_LENGTH },
    { "der.tag", "X.690 8.1.2", "tags of one octet, none of them zero", FOR_ALL, SINCE_DER,
        .fault = FAULT_TAG },
    { "der.depth", "X.690 8.1", "elements nested no deeper than the types are", FOR_ALL, SINCE_DER,
        .fault = FAULT_DEPTH },
    { "der.trailing", "RFC 5280 4.1", "nothing behind the object", FOR_ALL, SINCE_DER,
        .fault = FAULT_TRAILING },
    { "der.boolean", "X.690 11.1", "BOOLEAN of one octet, 00 or FF", FOR_ALL, SINCE_DER,
        .fault = FAULT_BOOLEAN },
    { "der.integer", "X.690 8.3.2", "INTEGER in the fewest octets", FOR_ALL, SINCE_DER,
        .fault = FAULT_INTEGER },
    { "der.oid", "X.690 8.19.2", "OBJECT IDENTIFIER with arcs in the fewest octets", FOR_ALL,
        SINCE_DER, .fault = FAULT_OID },
    { "der.bit_string", "X.690 11.2.1", "BIT STRING whose unused bits are at most 7, and zero",
        FOR_ALL, SINCE_DER, .fault = FAULT_BIT_STRING },
    { "der.null", "X.690 8.8.2", "NULL without content", FOR_ALL, SINCE_DER, .fault = FAULT_NULL },
    { "der.constructed", "X.690 10.2", "strings in one piece", FOR_ALL, SINCE_DER,
        .fault = FAULT_CONSTRUCTED },
    { "der.set_order", "X.690 11.6", "a SET OF in ascending order", FOR_ALL, SINCE_DER,
        .fault = FAULT_SET_ORDER },
    { "der.utf8", "RFC 3629 3", "UTF8String of valid UTF-8", FOR_ALL, SINCE_DER,
        .fault = FAULT_UTF8 },
    { "der.printable", "X.680 41.4", "PrintableString of its own alphabet", FOR_ALL, SINCE_DER,
        .fault = FAULT_PRINTABLE },
    { "der.ia5", "X.680 41.1", "IA5String of ASCII", FOR_ALL, SINCE_DER, .fault = FAULT_IA5 },
    { "time.seconds", "RFC 5280 4.1.2.5.1", "times with their seconds", FOR_ALL, SINCE_RFC5280,
        .fault = FAULT_TIME_SECONDS },
    { "time.zulu", "RFC 5280 4.1.2.5.1", "times that end in Z", FOR_ALL, SINCE_RFC5280,
        .fault = FAULT_TIME_ZULU },
    { "time.fraction", "RFC 5280 4.1.2.5.2", "times without fractions of a second", FOR_ALL,
        SINCE_RFC5280, .fault = FAULT_TIME_FRACTION },
    { "time.type", "RFC 5280 4.1.2.5", "UTCTime through 2049, GeneralizedTime from 2050",
        FOR_CERTIFICATE | FOR_CRL, SINCE_RFC5280, .fault = FAULT_TIME_TYPE },
    { "time.exists", "X.680 47", "a day and a time of day that exist", FOR_ALL, SINCE_DER,
        .fault = FAULT_TIME_EXISTS },
};

const struct lint_table lint_form = { form_observe, FOR_ALL, rows, sizeof rows / sizeof rows[0] };
