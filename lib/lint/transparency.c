/* Lints of certificate transparency: the SCT list and the poison (RFC 6962 §3.1 and §3.3,
 * BR 7.1.2.9 and 7.1.2.11.3, the policies of Chrome and Apple). That there are none is no fault of
 * the bytes: a trial's certificates have none. */
#include "lib/lint/view.h"

enum { SCT_HEAD = 1 + 32 + 8, SCTS_MAX = 32, HASH_SHA256 = 4, SIGNS_RSA = 1, SIGNS_ECDSA = 3 };

/* A vector of TLS with a length of two octets, off the front of `rest`. */
static bool vector_take(struct span *rest, struct span *ret_content)
{
    size_t len = rest->len < 2 ? 0 : (size_t)rest->data[0] << 8 | rest->data[1];
    if (rest->len < 2 || len > rest->len - 2) {
        return false;
    }
    *ret_content = span_make(rest->data + 2, len);
    *rest = span_make(rest->data + 2 + len, rest->len - 2 - len);
    return true;
}

/* SctExtensions of the static API: {type, vector} one behind the other. */
static bool extensions_valid(struct span rest)
{
    struct span content;
    while (rest.len > 0) {
        rest = span_make(rest.data + 1, rest.len - 1);
        if (!vector_take(&rest, &content)) {
            return false;
        }
    }
    return true;
}

static void time_look(struct view *view, struct span sct)
{
    uint64_t milliseconds = load_be64(sct.data + 33);
    int64_t latest = view->signed_at == 0 ? view->not_after : view->signed_at + 60;
    if (milliseconds / 1000 > (uint64_t)(latest < 0 ? 0 : latest)) {
        view_fault(view, FAULT_SCT_TIME, span_make(sct.data + 33, 8));
    }
}

static bool sct_look(struct view *view, struct span sct)
{
    struct span extensions, signature;
    if (sct.len < SCT_HEAD) {
        return false;
    }
    struct span rest = span_make(sct.data + SCT_HEAD, sct.len - SCT_HEAD);
    if (sct.data[0] != 0) {
        view_fault(view, FAULT_SCT_VERSION, sct);
        return true;
    }
    time_look(view, sct);
    if (!vector_take(&rest, &extensions) || rest.len < 2) {
        return false;
    }
    if (!extensions_valid(extensions)) {
        view_fault(view, FAULT_SCT_EXTENSIONS, extensions);
    }
    if (rest.data[0] != HASH_SHA256 || (rest.data[1] != SIGNS_RSA && rest.data[1] != SIGNS_ECDSA)) {
        view_fault(view, FAULT_SCT_ALGORITHM, span_make(rest.data, 2));
    }
    rest = span_make(rest.data + 2, rest.len - 2);
    return vector_take(&rest, &signature) && signature.len > 0 && rest.len == 0;
}

static void list_look(struct view *view)
{
    struct span value = view->known[EXT_SCT_LIST]->value, octets, list, sct, logs[SCTS_MAX];
    struct der outer = der_reader(value);
    if (der_read(&outer, DER_OCTET_STRING, &octets) != OK || !der_empty(&outer) ||
        !vector_take(&octets, &list) || octets.len > 0) {
        view_fault(view, FAULT_SCT_FORM, value);
        return;
    }
    if (list.len == 0) {
        view_fault(view, FAULT_SCT_EMPTY, value);
    }
    while (list.len > 0) {
        if (view->sct_count == SCTS_MAX || !vector_take(&list, &sct) || !sct_look(view, sct)) {
            view_fault(view, FAULT_SCT_FORM, value);
            return;
        }
        logs[view->sct_count] = span_make(sct.data + 1, 32);
        for (size_t i = 0; i < view->sct_count; i++) {
            if (span_equal(logs[i], logs[view->sct_count])) {
                view_fault(view, FAULT_SCT_TWICE, logs[i]);
            }
        }
        view->sct_count++;
    }
}

static void transparency_observe(struct view *view)
{
    if (view->known[EXT_SCT_LIST] != NULL) {
        list_look(view);
    }
}

static bool poison_there(const struct view *view)
{
    return view->known[EXT_POISON] != NULL;
}

static bool poison_critical(const struct view *view)
{
    return !poison_there(view) || view->known[EXT_POISON]->critical;
}

static bool poison_null(const struct view *view)
{
    return !poison_there(view) ||
           span_equal(view->known[EXT_POISON]->value, SPAN_LITERAL("\x05\x00"));
}

static bool poison_or_list(const struct view *view)
{
    return !poison_there(view) || view->known[EXT_SCT_LIST] == NULL;
}

static bool list_uncritical(const struct view *view)
{
    return view->known[EXT_SCT_LIST] == NULL || !view->known[EXT_SCT_LIST]->critical;
}

/* Two logs up to 180 days, three beyond. */
static bool enough(const struct view *view)
{
    size_t wanted = view->not_after - view->not_before + 1 > INT64_C(180) * 86400 ? 3 : 2;
    return view->known[EXT_SCT_LIST] == NULL || view->sct_count >= wanted;
}

static const struct lint rows[] = {
    { "ct.poison_present", "RFC 6962 3.1", "the poison", FOR_PRECERTIFICATE, SINCE_RFC6960,
        .holds = poison_there },
    { "ct.poison_critical", "RFC 6962 3.1", "a critical poison", FOR_CERTIFICATE, SINCE_RFC6960,
        .holds = poison_critical },
    { "ct.poison_null", "RFC 6962 3.1", "a poison of NULL", FOR_CERTIFICATE, SINCE_RFC6960,
        .holds = poison_null },
    { "ct.poison_or_scts", "BR 7.1.2.9", "poison or SCTs, not both", FOR_CERTIFICATE, SINCE_RFC6960,
        .holds = poison_or_list },
    { "ct.critical", "BR 7.1.2.11.3", "SCTs that aren't critical", FOR_CERTIFICATE, SINCE_BR_2,
        .holds = list_uncritical },
    { "ct.form", "RFC 6962 3.3", "a list of whole SCTs in an OCTET STRING", FOR_SERVER,
        SINCE_RFC6960, .fault = FAULT_SCT_FORM },
    { "ct.empty", "RFC 6962 3.3", "at least one SCT in a list", FOR_SERVER, SINCE_RFC6960,
        .fault = FAULT_SCT_EMPTY },
    { "ct.version", "RFC 6962 3.2", "SCTs of version 1", FOR_SERVER, SINCE_RFC6960,
        .fault = FAULT_SCT_VERSION },
    { "ct.log_twice", "Chrome CT", "each log once", FOR_SERVER, SINCE_2020_08_20,
        .fault = FAULT_SCT_TWICE },
    { "ct.time", "RFC 6962 3.2", "SCTs no younger than the certificate", FOR_SERVER, SINCE_RFC6960,
        .fault = FAULT_SCT_TIME },
    { "ct.algorithm", "RFC 6962 2.1.4", "SHA-256 with RSA or ECDSA", FOR_SERVER, SINCE_RFC6960,
        .fault = FAULT_SCT_ALGORITHM },
    { "ct.extensions", "static-ct-api", "an SCT's extensions as types and vectors", FOR_SERVER,
        SINCE_2024_11, .fault = FAULT_SCT_EXTENSIONS },
    { "ct.enough", "Chrome CT", "SCTs of two logs, of three beyond 180 days", FOR_SERVER,
        SINCE_2020_08_20, LINT_SHOULD, .holds = enough },
};

const struct lint_table lint_transparency = { transparency_observe, FOR_SERVER, rows,
    sizeof rows / sizeof rows[0] };
