/* Taking apart, without judging: whatever a lint might complain of is kept, only what has no shape
 * at all is refused. */
#include "lib/lint/view.h"
#include "lib/base/clock.h"

static enum err outer_split(struct span der, struct view *view);
static enum err certificate_take(struct der *tbs, struct view *view);
static enum err crl_take(struct der *tbs, struct view *view);
static enum err extensions_enter(struct der *fields, uint8_t tag, struct view *view);

enum err view_make(struct span der, enum lint_kind kind, struct view *ret_view)
{
    struct der whole, tbs;
    ret_view->kind = kind;
    ret_view->applies = LINT_FOR(kind);
    ret_view->der = der;
    if (kind == LINT_OCSP) {
        return view_answer_take(der, ret_view);
    }
    TRY(outer_split(der, ret_view));
    whole = der_reader(ret_view->tbs);
    TRY(der_enter(&whole, DER_SEQUENCE, &tbs));
    return kind == LINT_CRL || kind == LINT_ARL ? crl_take(&tbs, ret_view)
                                                : certificate_take(&tbs, ret_view);
}

/* A signed object is a SEQUENCE of SEQUENCE, SEQUENCE and BIT STRING; anything else is taken for
 * the to-be-signed part. */
static enum err outer_split(struct span der, struct view *view)
{
    struct der outer = der_reader(der), inner;
    struct span tbs = der;
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    view->has_outer = der_read_whole(&inner, DER_SEQUENCE, &tbs) == OK &&
                      der_read_whole(&inner, DER_SEQUENCE, &view->outer_algorithm) == OK &&
                      der_read(&inner, DER_BIT_STRING, &view->signature) == OK && der_empty(&inner);
    view->tbs = view->has_outer ? tbs : der;
    return OK;
}

static enum err certificate_take(struct der *tbs, struct view *view)
{
    struct der version, validity;
    struct span unique;
    if (der_peek(tbs, DER_CONTEXT(0))) {
        TRY(der_enter(tbs, DER_CONTEXT(0), &version));
        TRY(der_read_uint(&version, /* max= */ 255, &view->version));
        view->has_version = true;
    }
    TRY(der_read(tbs, DER_INTEGER, &view->serial));
    TRY(der_read_whole(tbs, DER_SEQUENCE, &view->inner_algorithm));
    TRY(view_name_take(tbs, &view->issuer));
    TRY(der_enter(tbs, DER_SEQUENCE, &validity));
    TRY(view_time(&validity, view, &view->not_before));
    TRY(view_time(&validity, view, &view->not_after));
    TRY(der_finish(&validity));
    view->has_not_after = true;
    TRY(view_name_take(tbs, &view->subject));
    TRY(der_read_whole(tbs, DER_SEQUENCE, &view->spki));
    for (unsigned tag = 1; tag <= 2; tag++) {
        if (der_peek(tbs, DER_CONTEXT_PRIMITIVE(tag))) {
            TRY(der_read(tbs, DER_CONTEXT_PRIMITIVE(tag), &unique));
            view->unique_ids = true;
        }
    }
    TRY(extensions_enter(tbs, DER_CONTEXT(3), view));
    return der_finish(tbs);
}

static enum err crl_take(struct der *tbs, struct view *view)
{
    if (der_peek(tbs, DER_INTEGER)) {
        TRY(der_read_uint(tbs, /* max= */ 255, &view->version));
        view->has_version = true;
    }
    TRY(der_read_whole(tbs, DER_SEQUENCE, &view->inner_algorithm));
    TRY(view_name_take(tbs, &view->issuer));
    TRY(view_time(tbs, view, &view->not_before));
    if (view_time_at(tbs)) {
        TRY(view_time(tbs, view, &view->not_after));
        view->has_not_after = true;
    }
    if (der_peek(tbs, DER_SEQUENCE)) {
        TRY(der_read_any(tbs, &view->entries));
        view->has_entries = true;
    }
    TRY(extensions_enter(tbs, DER_CONTEXT(0), view));
    return der_finish(tbs);
}

bool view_time_at(const struct der *fields)
{
    return der_peek(fields, DER_UTC_TIME) || der_peek(fields, DER_GENERALIZED_TIME);
}

/* RFC 5280 §4.1.2.5: GeneralizedTime from the year 2050 on, which UTCTime can't tell, and only
 * then. */
enum err view_time(struct der *fields, struct view *view, int64_t *ret_time)
{
    struct der_element element;
    if (!view_time_at(fields)) {
        return ERR_INPUT;
    }
    TRY(der_read_any(fields, &element));
    TRY(form_time(/* view= */ NULL, &element, ret_time));
    int year = civil_from_time(*ret_time).year;
    if (view != NULL && element.tag == DER_GENERALIZED_TIME && year >= 1950 && year < 2050) {
        view_fault(view, FAULT_TIME_TYPE, element.content);
    }
    return OK;
}

enum err view_name_take(struct der *fields, struct view_name *ret_name)
{
    struct der names, set, pair;
    TRY(der_read_whole(fields, DER_SEQUENCE, &ret_name->whole));
    struct der whole = der_reader(ret_name->whole);
    TRY(der_enter(&whole, DER_SEQUENCE, &names));
    while (!der_empty(&names)) {
        size_t in_set = 0;
        struct span rest = names.rest;
        TRY(der_enter(&names, DER_SET, &set));
        for (; !der_empty(&set); in_set++) {
            struct der_element value;
            struct view_attribute *attribute = &ret_name->attributes[ret_name->count];
            if (ret_name->count == VIEW_ATTRIBUTES_MAX) {
                return ERR_INPUT;
            }
            TRY(der_enter(&set, DER_SEQUENCE, &pair));
            TRY(der_read(&pair, DER_OID, &attribute->oid));
            TRY(der_read_any(&pair, &value));
            TRY(der_finish(&pair));
            attribute->tag = value.tag;
            attribute->value = value.content;
            ret_name->count++;
        }
        if (in_set != 1) {
            ret_name->crowded = span_make(rest.data, rest.len - names.rest.len);
        }
    }
    return OK;
}

static enum err extensions_enter(struct der *fields, uint8_t tag, struct view *view)
{
    struct der wrapper, extensions;
    if (!der_peek(fields, tag)) {
        return OK;
    }
    view->has_extensions = true;
    TRY(der_enter(fields, tag, &wrapper));
    TRY(der_enter(&wrapper, DER_SEQUENCE, &extensions));
    TRY(der_finish(&wrapper));
    return view_extensions_take(&extensions, view);
}

enum err view_extensions_take(struct der *extensions, struct view *view)
{
    struct der extension;
    while (!der_empty(extensions)) {
        struct view_extension *read = &view->extensions[view->extension_count];
        if (view->extension_count == VIEW_EXTENSIONS_MAX) {
            return ERR_INPUT;
        }
        TRY(der_enter(extensions, DER_SEQUENCE, &extension));
        TRY(der_read(&extension, DER_OID, &read->oid));
        if (der_peek(&extension, DER_BOOLEAN)) {
            TRY(der_read_boolean(&extension, &read->critical));
            read->explicit_default = !read->critical;
        }
        TRY(der_read(&extension, DER_OCTET_STRING, &read->value));
        TRY(der_finish(&extension));
        view->extension_count++;
    }
    return OK;
}

void view_fault(struct view *view, enum fault fault, struct span at)
{
    if (view->faults[fault].data == NULL) {
        view->faults[fault] = at.data == NULL ? SPAN_LITERAL("") : at;
    }
}

const struct view_attribute *view_attribute(const struct view_name *name, struct span oid)
{
    for (size_t i = 0; i < name->count; i++) {
        if (span_equal(name->attributes[i].oid, oid)) {
            return &name->attributes[i];
        }
    }
    return NULL;
}

int view_by_bytes(const void *left, const void *right)
{
    const struct span *a = left, *b = right;
    int order = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}
