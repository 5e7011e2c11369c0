/* Lints of OCSP responses: RFC 6960 §4.2, RFC 5019 §2.2, RFC 9654, BR 4.9.10 and 7.3. */
#include "lib/lint/view.h"

enum { HOUR = 3600, DAY = 86400, STATUS_LAST = 6, NONCE_MAX = 128, CLOCK_TOLERANCE = 300 };

static const struct span sha1_algorithm = BYTES("\x2b\x0e\x03\x02\x1a");
static const struct span sha256_algorithm = BYTES("\x60\x86\x48\x01\x65\x03\x04\x02\x01");

/* CertID: hash algorithm, the issuer's name and key hashed, serial. */
static bool id_look(struct view *view, struct der *fields, struct span *ret_whole)
{
    struct der id, algorithm, whole = *fields;
    struct span oid, name, key, serial;
    if (der_read_whole(&whole, DER_SEQUENCE, ret_whole) != OK ||
        der_enter(fields, DER_SEQUENCE, &id) != OK ||
        der_enter(&id, DER_SEQUENCE, &algorithm) != OK ||
        der_read(&algorithm, DER_OID, &oid) != OK || der_read(&id, DER_OCTET_STRING, &name) != OK ||
        der_read(&id, DER_OCTET_STRING, &key) != OK || der_read(&id, DER_INTEGER, &serial) != OK ||
        !der_empty(&id)) {
        return false;
    }
    bool sha1 = span_equal(oid, sha1_algorithm), sha256 = span_equal(oid, sha256_algorithm);
    size_t wanted = sha1 ? 20 : sha256 ? 32 : name.len;
    if (!sha1 && !sha256) {
        view_fault(view, FAULT_ANSWER_HASH, oid);
    }
    if (name.len != wanted || key.len != wanted) {
        view_fault(view, FAULT_ANSWER_HASH_LENGTH, name);
    }
    if (serial.len == 0 || serial.len > 20 || (serial.data[0] & 0x80) != 0 ||
        (serial.len == 1 && serial.data[0] == 0)) {
        view_fault(view, FAULT_ANSWER_SERIAL, serial);
    }
    return true;
}

/* RevokedInfo: when, and perhaps why. */
static bool revoked_look(struct view *view, struct span content, int64_t *ret_revoked)
{
    static const bool listed[] = {
        [1] = true, [2] = true, [3] = true, [4] = true, [5] = true, [9] = true
    };
    struct der info = der_reader(content), wrapper;
    struct span code;
    if (view_time(&info, /* view= */ NULL, ret_revoked) != OK) {
        return false;
    }
    if (der_empty(&info)) {
        return true;
    }
    if (der_enter(&info, DER_CONTEXT(0), &wrapper) != OK || !der_empty(&info) ||
        der_read(&wrapper, DER_ENUMERATED, &code) != OK || code.len != 1) {
        return false;
    }
    if (code.data[0] >= sizeof listed || !listed[code.data[0]]) {
        view_fault(view, FAULT_ANSWER_REASON, code);
    }
    return true;
}

/* good [0], revoked [1], unknown [2]. */
static bool status_look(struct view *view, struct der *fields, int64_t *ret_revoked)
{
    struct der_element status;
    if (der_read_any(fields, &status) != OK) {
        return false;
    }
    return status.tag == DER_CONTEXT(1) ? revoked_look(view, status.content, ret_revoked)
                                        : (status.tag == DER_CONTEXT_PRIMITIVE(0) ||
                                              status.tag == DER_CONTEXT_PRIMITIVE(2)) &&
                                              status.content.len == 0;
}

static void times_look(struct view *view, int64_t this_update, int64_t next_update, struct span at)
{
    int64_t life = next_update - this_update;
    if (life <= 0) {
        view_fault(view, FAULT_ANSWER_ORDER, at);
    } else if (life < 8 * HOUR) {
        view_fault(view, FAULT_ANSWER_SHORT, at);
    } else if (life > 10 * DAY) {
        view_fault(view, FAULT_ANSWER_LONG, at);
    }
}

static bool single_extensions_look(struct view *view, struct der *fields)
{
    struct der wrapper, list, extension;
    struct span oid;
    if (der_enter(fields, DER_CONTEXT(1), &wrapper) != OK ||
        der_enter(&wrapper, DER_SEQUENCE, &list) != OK) {
        return false;
    }
    while (der_enter(&list, DER_SEQUENCE, &extension) == OK &&
           der_read(&extension, DER_OID, &oid) == OK) {
        if (span_equal(oid, oid_reason_code)) {
            view_fault(view, FAULT_ANSWER_SINGLE_REASON, oid);
        }
    }
    return der_empty(&list);
}

static bool single_look(struct view *view, struct der *fields, struct span *ret_id)
{
    struct der wrapper;
    int64_t revoked = 0, this_update = 0, next_update = 0;
    struct span at = fields->rest;
    if (!id_look(view, fields, ret_id) || !status_look(view, fields, &revoked) ||
        view_time(fields, /* view= */ NULL, &this_update) != OK) {
        return false;
    }
    if (!der_peek(fields, DER_CONTEXT(0))) {
        view_fault(view, FAULT_ANSWER_NEXT, at);
    } else if (der_enter(fields, DER_CONTEXT(0), &wrapper) != OK ||
               view_time(&wrapper, /* view= */ NULL, &next_update) != OK) {
        return false;
    } else {
        times_look(view, this_update, next_update, at);
        view->not_after = next_update > view->not_after ? next_update : view->not_after;
    }
    if (view->signed_at != 0 && this_update > view->signed_at + CLOCK_TOLERANCE) {
        view_fault(view, FAULT_ANSWER_FUTURE, at);
    }
    if (this_update > view->answer.produced_at) {
        view_fault(view, FAULT_ANSWER_BEFORE, at);
    }
    if (revoked > view->answer.produced_at) {
        view_fault(view, FAULT_ANSWER_REVOKED_LATER, at);
    }
    return der_empty(fields) || (single_extensions_look(view, fields) && der_empty(fields));
}

static void singles_look(struct view *view)
{
    struct span ids[16], id;
    struct der list = der_reader(view->answer.responses), fields;
    for (; !der_empty(&list); view->answer.count++) {
        struct span rest = list.rest;
        if (der_enter(&list, DER_SEQUENCE, &fields) != OK || !single_look(view, &fields, &id)) {
            view_fault(view, FAULT_ANSWER_FORM, rest);
            return;
        }
        for (size_t i = 0; i < view->answer.count && i < 16; i++) {
            if (span_equal(ids[i], id)) {
                view_fault(view, FAULT_ANSWER_TWICE, id);
            }
        }
        ids[view->answer.count % 16] = id;
    }
}

/* The certificate that came along, if one did, is the answerer's. */
static void certificate_look(struct view *view)
{
    struct der list = der_reader(view->answer.certificates);
    struct der_element first;
    struct view certificate = { .signed_at = 0 };
    if (der_read_any(&list, &first) != OK ||
        view_make(first.whole, LINT_RESPONDER, &certificate) != OK) {
        return;
    }
    if (view->not_after > certificate.not_after) {
        view_fault(view, FAULT_ANSWER_BEYOND, first.whole);
    }
    if (view->answer.responder_name.len > 0 &&
        !span_equal(view->answer.responder_name, certificate.subject.whole)) {
        view_fault(view, FAULT_ANSWER_RESPONDER, view->answer.responder_name);
    }
}

static void answers_observe(struct view *view)
{
    if (!view->answer.basic) {
        return;
    }
    form_walk(view, view->tbs);
    singles_look(view);
    certificate_look(view);
}

static bool status_known(const struct view *view)
{
    return view->answer.status <= STATUS_LAST && view->answer.status != 4;
}

static bool bytes_with_success(const struct view *view)
{
    return view->answer.basic || view->answer.status != 0 || view->answer.has_bytes;
}

static bool no_bytes_with_error(const struct view *view)
{
    return view->answer.status == 0 || !view->answer.has_bytes;
}

static bool type_basic(const struct view *view)
{
    return !view->answer.has_bytes || view->answer.basic;
}

static bool version_default(const struct view *view)
{
    return !view->answer.version_written;
}

static bool key_hash(const struct view *view)
{
    return !view->answer.basic || view->answer.responder_name.len > 0 ||
           view->answer.responder_key.len == 20;
}

static bool some(const struct view *view)
{
    return !view->answer.basic || view->answer.responses.len > 0;
}

static bool one(const struct view *view)
{
    return view->answer.count <= 1;
}

static bool one_certificate(const struct view *view)
{
    return view->answer.certificate_count <= 1;
}

static bool produced_in_time(const struct view *view)
{
    return view->signed_at == 0 || !view->answer.basic ||
           view->answer.produced_at <= view->signed_at + CLOCK_TOLERANCE;
}

static bool nonce_form(const struct view *view)
{
    struct span nonce;
    if (view->known[EXT_NONCE] == NULL) {
        return true;
    }
    struct der value = der_reader(view->known[EXT_NONCE]->value);
    return der_read(&value, DER_OCTET_STRING, &nonce) == OK && der_empty(&value) &&
           nonce.len >= 1 && nonce.len <= NONCE_MAX;
}

static const struct lint rows[] = {
    { "ocsp.status", "RFC 6960 4.2.1", "a status that has a name", FOR_OCSP, SINCE_RFC6960,
        .holds = status_known },
    { "ocsp.bytes", "RFC 6960 4.2.1", "an answer in a successful response", FOR_OCSP, SINCE_RFC6960,
        .holds = bytes_with_success },
    { "ocsp.error", "RFC 6960 2.3", "no answer in an error", FOR_OCSP, SINCE_RFC6960,
        .holds = no_bytes_with_error },
    { "ocsp.type", "RFC 5019 2.2.1", "id-pkix-ocsp-basic", FOR_OCSP, SINCE_RFC5019,
        .holds = type_basic },
    { "ocsp.version", "X.690 11.5", "version 1 left out", FOR_OCSP, SINCE_RFC6960,
        .holds = version_default },
    { "ocsp.key_hash", "RFC 6960 4.2.1", "a responder's key as its SHA-1: 20 octets", FOR_OCSP,
        SINCE_RFC6960, .holds = key_hash },
    { "ocsp.some", "RFC 6960 4.2.1", "at least one answer", FOR_OCSP, SINCE_RFC6960,
        .holds = some },
    { "ocsp.one", "RFC 5019 2.2.1", "one answer", FOR_OCSP, SINCE_RFC5019, LINT_SHOULD,
        .holds = one },
    { "ocsp.one_certificate", "RFC 5019 2.2.1", "no more than the responder's certificate",
        FOR_OCSP, SINCE_RFC5019, LINT_SHOULD, .holds = one_certificate },
    { "ocsp.produced", "RFC 6960 2.4", "producedAt no later than the signing", FOR_OCSP,
        SINCE_RFC6960, .holds = produced_in_time },
    { "ocsp.nonce", "RFC 9654 2.1", "a nonce of 1 to 128 octets in an OCTET STRING", FOR_OCSP,
        SINCE_2024_11, .holds = nonce_form },
    { "ocsp.form", "RFC 6960 4.2.1", "answers of id, status and times", FOR_OCSP, SINCE_RFC6960,
        .fault = FAULT_ANSWER_FORM },
    { "ocsp.twice", "RFC 6960 4.2.1", "each certificate once", FOR_OCSP, SINCE_RFC6960, LINT_SHOULD,
        .fault = FAULT_ANSWER_TWICE },
    { "ocsp.next_update", "RFC 5019 2.2.4", "nextUpdate", FOR_OCSP, SINCE_RFC5019,
        .fault = FAULT_ANSWER_NEXT },
    { "ocsp.update_order", "RFC 6960 4.2.2.1", "nextUpdate behind thisUpdate", FOR_OCSP,
        SINCE_RFC6960, .fault = FAULT_ANSWER_ORDER },
    { "ocsp.short", "BR 4.9.10", "a life of at least 8 hours", FOR_OCSP, SINCE_2020_09_30,
        .fault = FAULT_ANSWER_SHORT },
    { "ocsp.long", "BR 4.9.10", "a life of at most 10 days", FOR_OCSP, SINCE_BR_1,
        .fault = FAULT_ANSWER_LONG },
    { "ocsp.future", "RFC 6960 2.4", "thisUpdate no later than the signing", FOR_OCSP,
        SINCE_RFC6960, .fault = FAULT_ANSWER_FUTURE },
    { "ocsp.before", "RFC 6960 2.4", "thisUpdate no later than producedAt", FOR_OCSP, SINCE_RFC6960,
        .fault = FAULT_ANSWER_BEFORE },
    { "ocsp.hash", "RFC 5019 2.1.1", "ids by SHA-1 or SHA-256", FOR_OCSP, SINCE_RFC5019,
        .fault = FAULT_ANSWER_HASH },
    { "ocsp.hash_length", "RFC 6960 4.1.1", "hashes as long as their algorithm makes them",
        FOR_OCSP, SINCE_RFC6960, .fault = FAULT_ANSWER_HASH_LENGTH },
    { "ocsp.serial", "RFC 5280 4.1.2.2", "a serial above zero, of at most 20 octets", FOR_OCSP,
        SINCE_RFC6960, .fault = FAULT_ANSWER_SERIAL },
    { "ocsp.reason", "BR 7.3", "a reason that a list may have, or none", FOR_OCSP, SINCE_2020_09_30,
        .fault = FAULT_ANSWER_REASON },
    { "ocsp.single_reason", "BR 7.3.2", "no reasonCode among an answer's extensions", FOR_OCSP,
        SINCE_2020_09_30, .fault = FAULT_ANSWER_SINGLE_REASON },
    { "ocsp.revoked_later", "RFC 6960 2.4", "a revocation no later than the answer", FOR_OCSP,
        SINCE_RFC6960, .fault = FAULT_ANSWER_REVOKED_LATER },
    { "ocsp.beyond", "Mozilla 5.4", "an answer that ends before its responder's certificate",
        FOR_OCSP, SINCE_2020_08_20, .fault = FAULT_ANSWER_BEYOND },
    { "ocsp.responder", "RFC 6960 4.2.2.3", "a responder with the name of its certificate",
        FOR_OCSP, SINCE_RFC6960, .fault = FAULT_ANSWER_RESPONDER },
};

const struct lint_table lint_answers = { answers_observe, FOR_OCSP, rows,
    sizeof rows / sizeof rows[0] };
