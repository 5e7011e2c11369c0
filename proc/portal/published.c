/* What anybody may know of an accepted certificate is what stands in it, and its subscriber's
 * reference number; of one that was not accepted, nothing. */
#include "proc/portal/published.h"

#include "lib/pki/certificate.h"
#include "lib/pki/name.h"
#include "lib/store/repository.h"
#include "proc/portal/enrolment.h"

#include <stdio.h>

enum { NAME_TEXT_MAX = 512 };

static enum err application_of(
    struct visit *visit, const struct certificate_row *row, struct application *ret_application);
static const char *state_of(const struct visit *visit, const struct certificate_row *row);
static void links_put(struct visit *visit, struct value *object, struct span serial);
static bool separator(uint8_t c);

enum err published_enter(
    struct store *store, const struct visit *visit, const struct request_id *request)
{
    char text[NAME_TEXT_MAX];
    struct certificate certificate = { 0 };
    struct certificate_row row = { 0 };
    struct name subject = { 0 };
    AUTO(arena) arena = arena_make(4 * CERTIFICATE_MAX_BYTES);
    TRY(store_certificate_by_request(store, request, &arena, &row));
    TRY(certificate_parse(row.der, &certificate));
    for (size_t i = 0; i < certificate.dns_name_count; i++) {
        if (span_to_text(certificate.dns_names[i], text, sizeof text)) {
            TRY(store_repository_enter(store, request, REPOSITORY_NAME, text));
        }
    }
    TRY(name_parse(certificate.subject, &subject));
    if (name_text(&subject, oid_organisation, text, sizeof text) == OK) {
        TRY(store_repository_enter(store, request, REPOSITORY_ORGANISATION, text));
    }
    return store_repository_enter(store, request, REPOSITORY_SRN, visit->application.subject.srn);
}

enum err published_find(struct visit *visit, struct span serial, struct certificate_row *ret_row)
{
    struct certificate_row row = { 0 };
    enum err err =
        store_certificate_by_serial(visit->portal->store, serial, visit->request->arena, &row);
    if (err == ERR_NOT_FOUND || (err == OK && row.accepted == 0)) {
        return reason_set(&visit->request->reason, ERR_NOT_FOUND, "repository.none", "", "", "");
    }
    TRY(err);
    *ret_row = row;
    return OK;
}

enum err published_put(struct visit *visit, struct value *object, const struct certificate_row *row)
{
    struct application application = { 0 };
    struct certificate certificate = { 0 };
    struct value_tree *tree = &visit->tree;
    TRY(application_of(visit, row, &application));
    TRY(certificate_parse(row->der, &certificate));
    TRY(certificate_facts_put(visit, object, &certificate));
    value_put_text(tree, object, "edition", edition_rules(application.edition)->id);
    value_put_text(tree, object, "type", certificate_type(visit, application.edition));
    value_put_text(tree, object, "srn", application.subject.srn);
    const char *state = state_of(visit, row);
    value_put_text(tree, object, "state", state);
    if (row->revoked != 0) {
        const char *reason = revocation_reason_id(row->reason);
        value_put_text(tree, object, "reason", reason);
        put_time(visit, object, "revoked", row->revoked);
    }
    if (!visit_is_api(visit)) {
        struct arena *arena = visit->request->arena;
        value_put_text(tree, object, "state_label", arena_format(arena, "repository.%s", state));
        value_put_bool(tree, object, "good", strcmp(state, "valid") == 0);
        value_put_text(tree, object, "reason_label",
            row->revoked == 0
                ? NULL
                : arena_format(arena, "revocation.%s", revocation_reason_id(row->reason)));
    }
    links_put(visit, object, certificate.serial);
    return value_tree_check(tree);
}

static enum err application_of(
    struct visit *visit, const struct certificate_row *row, struct application *ret_application)
{
    struct enrolment_row enrolment = { 0 };
    struct application_row application = { 0 };
    struct arena *arena = visit->request->arena;
    TRY(store_enrolment_get(visit->portal->store, row->request.enrolment, &enrolment));
    TRY(store_application_get(visit->portal->store, enrolment.application, arena, &application));
    return application_parse(application.der, arena, ret_application);
}

/* Revoked as soon as it is decided: the list that says so is made at once. */
static const char *state_of(const struct visit *visit, const struct certificate_row *row)
{
    if (row->state != CERTIFICATE_ACCEPTED) {
        return "revoked";
    }
    return visit->now > row->not_after ? "expired" : "valid";
}

static void links_put(struct visit *visit, struct value *object, struct span serial)
{
    static const char *const forms[] = { "pem", "cer", "p7b" };
    char hex[2 * SERIAL_MAX_BYTES + 1];
    struct arena *arena = visit->request->arena;
    if (serial.len > SERIAL_MAX_BYTES) {
        return;
    }
    hex_format(serial, hex);
    value_put_text(&visit->tree, object, "href", arena_format(arena, "/repository/%s", hex));
    struct value *files = value_put_object(&visit->tree, object, "files");
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        value_put_text(
            &visit->tree, files, forms[i], arena_format(arena, "/repository/%s.%s", hex, forms[i]));
    }
}

enum err serial_parse_hex(struct span text, uint8_t ret_bytes[SERIAL_MAX_BYTES], size_t *ret_len)
{
    char digits[2 * SERIAL_MAX_BYTES + 3] = "0";
    size_t len = 1;
    for (size_t i = 0; i < text.len; i++) {
        bool prefix = i == 1 && text.data[0] == '0' && strchr("xX", text.data[i]) != NULL;
        if (prefix && text.data[i] != '\0') {
            continue;
        }
        if (separator(text.data[i]) || (text.data[i] == '0' && len == 1)) {
            continue; /* leading zeros mean nothing */
        }
        if (len == sizeof digits - 2) {
            return ERR_INPUT;
        }
        digits[len++] = (char)text.data[i];
    }
    size_t from = len % 2; /* an odd number of digits has a zero before it */
    TRY(hex_parse(span_make(digits + from, len - from), ret_bytes, SERIAL_MAX_BYTES, ret_len));
    return *ret_len == 0 ? ERR_INPUT : OK;
}

enum err serial_parse_decimal(
    struct span text, uint8_t ret_bytes[SERIAL_MAX_BYTES], size_t *ret_len)
{
    uint8_t number[SERIAL_MAX_BYTES] = { 0 };
    bool any = false;
    for (size_t i = 0; i < text.len; i++) {
        if (separator(text.data[i])) {
            continue;
        }
        if (text.data[i] < '0' || text.data[i] > '9') {
            return ERR_INPUT;
        }
        unsigned carry = text.data[i] - '0';
        for (size_t at = SERIAL_MAX_BYTES; at-- > 0;) {
            carry += 10U * number[at];
            number[at] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0) {
            return ERR_INPUT;
        }
        any = true;
    }
    size_t first = 0;
    while (first < SERIAL_MAX_BYTES && number[first] == 0) {
        first++;
    }
    if (!any || first == SERIAL_MAX_BYTES) {
        return ERR_INPUT;
    }
    memcpy(ret_bytes, number + first, SERIAL_MAX_BYTES - first);
    *ret_len = SERIAL_MAX_BYTES - first;
    return OK;
}

static bool separator(uint8_t c)
{
    return strchr(" :-.,_\t", c) != NULL && c != '\0';
}
