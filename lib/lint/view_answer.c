/* An OCSP response taken apart as far as its own shape goes (RFC 6960 §4.2.1); the answers within
 * are answers.c's. */
#include "lib/lint/view.h"

static const struct span oid_basic = BYTES("\x2b\x06\x01\x05\x05\x07\x30\x01\x01");

static enum err data_take(struct der *data, struct view *view);

/* BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature, [0] certs }. */
static enum err basic_take(struct span der, struct view *view)
{
    struct der outer = der_reader(der), inner, data, certificates, list;
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_finish(&outer));
    struct der peek = inner;
    TRY(der_read_whole(&peek, DER_SEQUENCE, &view->tbs));
    TRY(der_enter(&inner, DER_SEQUENCE, &data));
    TRY(data_take(&data, view));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &view->outer_algorithm));
    TRY(der_read(&inner, DER_BIT_STRING, &view->signature));
    view->inner_algorithm = view->outer_algorithm;
    view->has_outer = true;
    if (der_peek(&inner, DER_CONTEXT(0))) {
        struct der_element certificate;
        TRY(der_enter(&inner, DER_CONTEXT(0), &certificates));
        TRY(der_enter(&certificates, DER_SEQUENCE, &list));
        TRY(der_finish(&certificates));
        view->answer.certificates = list.rest;
        for (; !der_empty(&list); view->answer.certificate_count++) {
            TRY(der_read_any(&list, &certificate));
        }
    }
    return der_finish(&inner);
}

/* ResponseData: version, who answers, when, the answers, extensions. */
static enum err data_take(struct der *data, struct view *view)
{
    struct view_answer *answer = &view->answer;
    struct der choice, responses, wrapper, extensions;
    answer->version_written = der_peek(data, DER_CONTEXT(0));
    if (answer->version_written) {
        TRY(der_enter(data, DER_CONTEXT(0), &choice));
        TRY(der_read_uint(&choice, /* max= */ 255, &view->version));
    }
    if (der_peek(data, DER_CONTEXT(1))) {
        TRY(der_enter(data, DER_CONTEXT(1), &choice));
        TRY(der_read_whole(&choice, DER_SEQUENCE, &answer->responder_name));
    } else {
        TRY(der_enter(data, DER_CONTEXT(2), &choice));
        TRY(der_read(&choice, DER_OCTET_STRING, &answer->responder_key));
    }
    TRY(der_finish(&choice));
    TRY(view_time(data, /* view= */ NULL, &answer->produced_at));
    TRY(der_enter(data, DER_SEQUENCE, &responses));
    answer->responses = responses.rest;
    view->not_before = answer->produced_at;
    if (der_peek(data, DER_CONTEXT(1))) {
        TRY(der_enter(data, DER_CONTEXT(1), &wrapper));
        TRY(der_enter(&wrapper, DER_SEQUENCE, &extensions));
        TRY(der_finish(&wrapper));
        TRY(view_extensions_take(&extensions, view));
    }
    answer->basic = true;
    return der_finish(data);
}

enum err view_answer_take(struct span der, struct view *view)
{
    struct der outer = der_reader(der), inner, wrapper, bytes;
    struct span status, type, basic;
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    if (!der_peek(&inner, DER_ENUMERATED)) {
        view->tbs = der;
        return data_take(&inner, view);
    }
    TRY(der_read(&inner, DER_ENUMERATED, &status));
    view->answer.status = status.len == 1 ? status.data[0] : 255;
    view->not_before = INT64_MAX; /* an error has no date of its own */
    view->answer.has_bytes = der_peek(&inner, DER_CONTEXT(0));
    if (!view->answer.has_bytes) {
        return der_finish(&inner);
    }
    TRY(der_enter(&inner, DER_CONTEXT(0), &wrapper));
    TRY(der_finish(&inner));
    TRY(der_enter(&wrapper, DER_SEQUENCE, &bytes));
    TRY(der_read(&bytes, DER_OID, &type));
    TRY(der_read(&bytes, DER_OCTET_STRING, &basic));
    return span_equal(type, oid_basic) ? basic_take(basic, view) : OK;
}
