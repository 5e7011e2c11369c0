/* Taking apart, without judging: whatever a lint might complain of is kept, only what has no shape
 * at all is refused. */
#include "lib/lint/view.h"

static enum err outer_split(struct span der, struct view *view, struct der *ret_tbs);
static enum err certificate_take(struct der *tbs, struct view *view);
static enum err crl_take(struct der *tbs, struct view *view);
static enum err name_take(struct der *fields, struct view_name *ret_name);
static enum err extensions_take(struct der *fields, uint8_t tag, struct view *view);
static bool time_at(const struct der *fields);

enum err view_make(struct span der, enum lint_kind kind, int64_t now, struct view *ret_view)
{
    struct der tbs;
    *ret_view = (struct view){ .kind = kind, .now = now };
    TRY(outer_split(der, ret_view, &tbs));
    return kind == LINT_CRL || kind == LINT_ARL ? crl_take(&tbs, ret_view)
                                                : certificate_take(&tbs, ret_view);
}

/* A signed object is a SEQUENCE of SEQUENCE, SEQUENCE and BIT STRING; anything else is taken for
 * the to-be-signed part. */
static enum err outer_split(struct span der, struct view *view, struct der *ret_tbs)
{
    struct der outer = der_reader(der), inner, tbs;
    struct span signature;
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_finish(&outer));
    struct der fields = inner;
    view->has_outer = der_enter(&inner, DER_SEQUENCE, &tbs) == OK &&
                      der_read_whole(&inner, DER_SEQUENCE, &view->outer_algorithm) == OK &&
                      der_read_bit_string(&inner, &signature) == OK && der_empty(&inner);
    *ret_tbs = view->has_outer ? tbs : fields;
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
    TRY(name_take(tbs, &view->issuer));
    TRY(der_enter(tbs, DER_SEQUENCE, &validity));
    TRY(der_read_time(&validity, &view->not_before));
    TRY(der_read_time(&validity, &view->not_after));
    TRY(der_finish(&validity));
    view->has_not_after = true;
    TRY(name_take(tbs, &view->subject));
    TRY(der_read_whole(tbs, DER_SEQUENCE, &view->spki));
    for (unsigned tag = 1; tag <= 2; tag++) {
        if (der_peek(tbs, DER_CONTEXT_PRIMITIVE(tag))) {
            TRY(der_read(tbs, DER_CONTEXT_PRIMITIVE(tag), &unique));
            view->unique_ids = true;
        }
    }
    TRY(extensions_take(tbs, DER_CONTEXT(3), view));
    return der_finish(tbs);
}

static bool time_at(const struct der *fields)
{
    return der_peek(fields, DER_UTC_TIME) || der_peek(fields, DER_GENERALIZED_TIME);
}

static enum err crl_take(struct der *tbs, struct view *view)
{
    if (der_peek(tbs, DER_INTEGER)) {
        TRY(der_read_uint(tbs, /* max= */ 255, &view->version));
        view->has_version = true;
    }
    TRY(der_read_whole(tbs, DER_SEQUENCE, &view->inner_algorithm));
    TRY(name_take(tbs, &view->issuer));
    TRY(der_read_time(tbs, &view->not_before));
    if (time_at(tbs)) {
        TRY(der_read_time(tbs, &view->not_after));
        view->has_not_after = true;
    }
    if (der_peek(tbs, DER_SEQUENCE)) {
        TRY(der_read(tbs, DER_SEQUENCE, &view->entries));
        view->has_entries = true;
    }
    TRY(extensions_take(tbs, DER_CONTEXT(0), view));
    return der_finish(tbs);
}

static enum err name_take(struct der *fields, struct view_name *ret_name)
{
    struct der names, set, pair;
    TRY(der_read_whole(fields, DER_SEQUENCE, &ret_name->whole));
    struct der whole = der_reader(ret_name->whole);
    TRY(der_enter(&whole, DER_SEQUENCE, &names));
    while (!der_empty(&names)) {
        size_t in_set = 0;
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
        ret_name->multi_valued = ret_name->multi_valued || in_set != 1;
    }
    return OK;
}

static enum err extensions_take(struct der *fields, uint8_t tag, struct view *view)
{
    struct der wrapper, extensions, extension;
    if (!der_peek(fields, tag)) {
        return OK;
    }
    TRY(der_enter(fields, tag, &wrapper));
    TRY(der_enter(&wrapper, DER_SEQUENCE, &extensions));
    TRY(der_finish(&wrapper));
    while (!der_empty(&extensions)) {
        struct view_extension *read = &view->extensions[view->extension_count];
        if (view->extension_count == VIEW_EXTENSIONS_MAX) {
            return ERR_INPUT;
        }
        TRY(der_enter(&extensions, DER_SEQUENCE, &extension));
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

const struct view_extension *view_find(const struct view *view, struct span oid)
{
    for (size_t i = 0; i < view->extension_count; i++) {
        if (span_equal(view->extensions[i].oid, oid)) {
            return &view->extensions[i];
        }
    }
    return NULL;
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

bool view_alt_names(const struct view *view, struct der *ret_names)
{
    const struct view_extension *extension = view_find(view, oid_subject_alt_name);
    if (extension == NULL) {
        return false;
    }
    struct der value = der_reader(extension->value);
    return der_enter(&value, DER_SEQUENCE, ret_names) == OK;
}

bool view_alt_name(struct der *names, struct der_element *ret_name)
{
    return !der_empty(names) && der_read_any(names, ret_name) == OK;
}

bool view_rsa_key(const struct view *view)
{
    static const struct span rsa =
        BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00");
    struct der outer = der_reader(view->spki), inner;
    struct span algorithm;
    return der_enter(&outer, DER_SEQUENCE, &inner) == OK &&
           der_read_whole(&inner, DER_SEQUENCE, &algorithm) == OK && span_equal(algorithm, rsa);
}
