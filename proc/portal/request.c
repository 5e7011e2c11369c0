/* Reading a certificate request and holding it against the application. */
#include "proc/portal/request.h"

#include "lib/dns/hostname.h"
#include "lib/pki/name.h"
#include "lib/store/blocked.h"
#include "proc/portal/page.h"

#include <stdio.h>

static enum err key_check_here(struct visit *visit, struct request_view *view);
static enum err names_check(struct visit *visit, const struct csr *csr);
static enum err name_check(struct visit *visit, struct span typed, bool must_be_name);
static enum err names_tell(struct visit *visit, char ret_text[REASON_TEXT_MAX]);
static bool application_has(struct visit *visit, const char *name);
static bool csr_has(const struct csr *csr, const char *name);
static void ignored_put(struct visit *visit, struct value *object, const struct csr *csr);
static bool common_name(const struct csr *csr, char *ret_text, size_t size);

void request_view_release(struct request_view *view)
{
    csr_reading_release(&view->reading);
}

enum err request_view_read(struct visit *visit, struct span input, struct request_view *view)
{
    struct reason *reason = &visit->request->reason;
    TRY(csr_read_any(input, reason, &view->reading));
    TRY(csr_parse(buf_span(&view->reading.der), reason, &view->csr));
    TRY(key_check_here(visit, view));
    return names_check(visit, &view->csr);
}

enum err request_view_put(
    struct visit *visit, struct value *object, const struct request_view *view)
{
    char hex[2 * HASH_BYTES + 1];
    const char **names = NULL;
    size_t count = 0;
    struct value_tree *tree = &visit->tree;
    TRY(application_certificate_names(&visit->application, visit->request->arena, &names, &count));
    hex_format(SPAN_OF(view->spki_hash), hex);
    value_put_text(tree, object, "key_type", view->key_type);
    put_hash(visit, object, "key_sha256", hex);
    struct value *list = value_put_list(tree, object, "names");
    for (size_t i = 0; i < count; i++) {
        struct value *name = value_add_object(tree, list);
        value_put_text(tree, name, "name", names[i]);
        value_put_bool(tree, name, "in_csr", csr_has(&view->csr, names[i]));
    }
    ignored_put(visit, object, &view->csr);
    return value_tree_check(tree);
}

static enum err key_check_here(struct visit *visit, struct request_view *view)
{
    AUTO_PTR(key) key = NULL;
    bool blocked = false;
    struct reason *reason = &visit->request->reason;
    TRY(csr_verify(&view->csr, reason, &key));
    memcpy(view->spki_hash, key_spki_sha256(key).data, HASH_BYTES);
    const char *kind = key_kind_name(key_kind(key));
    snprintf(view->key_type, sizeof view->key_type, "%s", kind);
    if (key_kind(key) == KEY_RSA) {
        snprintf(view->key_type, sizeof view->key_type, "%s %u", kind, key_bits(key));
    }
    TRY(weaklist_check(visit->portal->weak, view->csr.spki, reason));
    TRY(store_blocked_contains(visit->portal->store, view->spki_hash, &blocked));
    if (blocked) {
        return reason_set(reason, ERR_INPUT, "key.blocked", "", "", "");
    }
    const struct enrolment_row *enrolment = &visit->enrolment;
    if (enrolment->has_spki && memcmp(enrolment->spki_hash, view->spki_hash, HASH_BYTES) != 0) {
        char seen[2 * HASH_BYTES + 1], expected[2 * HASH_BYTES + 1];
        hex_format(SPAN_OF(view->spki_hash), seen);
        hex_format(SPAN_OF(enrolment->spki_hash), expected);
        return reason_set(reason, ERR_INPUT, "csr.foreign_key", "csr", seen, expected);
    }
    return OK;
}

/* Every DNS name of the request must be the application's; a common name too, if it is one. */
static enum err names_check(struct visit *visit, const struct csr *csr)
{
    char text[REASON_TEXT_MAX];
    for (size_t i = 0; i < csr->dns_name_count; i++) {
        TRY(name_check(visit, csr->dns_names[i], /* must_be_name= */ true));
    }
    return common_name(csr, text, sizeof text)
               ? name_check(visit, span_from_text(text), /* must_be_name= */ false)
               : OK;
}

static enum err name_check(struct visit *visit, struct span typed, bool must_be_name)
{
    char seen[REASON_TEXT_MAX] = "", expected[REASON_TEXT_MAX];
    struct dns_name name = { 0 };
    enum err err = dns_name_parse(typed, DNS_NAME_HOST_OR_WILDCARD, &name, NULL);
    if (err == OK ? application_has(visit, name.text) : !must_be_name) {
        return OK;
    }
    (void)span_to_text(typed, seen, sizeof seen);
    TRY(names_tell(visit, expected));
    return reason_set(
        &visit->request->reason, ERR_INPUT, "csr.foreign_name", "csr", seen, expected);
}

/* All of them, or as many as a reason can hold. */
static enum err names_tell(struct visit *visit, char ret_text[REASON_TEXT_MAX])
{
    static const char more[] = ", …";
    const char **names = NULL;
    size_t count = 0, len = 0;
    TRY(application_certificate_names(&visit->application, visit->request->arena, &names, &count));
    ret_text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *between = i == 0 ? "" : ", ";
        size_t rest = REASON_TEXT_MAX - len;
        if (strlen(between) + strlen(names[i]) + sizeof more > rest) {
            snprintf(ret_text + len, rest, "%s", more);
            return OK;
        }
        len += (size_t)snprintf(ret_text + len, rest, "%s%s", between, names[i]);
    }
    return OK;
}

static bool application_has(struct visit *visit, const char *name)
{
    const char **names = NULL;
    size_t count = 0;
    if (application_certificate_names(&visit->application, visit->request->arena, &names, &count) !=
        OK) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool csr_has(const struct csr *csr, const char *name)
{
    char text[REASON_TEXT_MAX];
    struct dns_name parsed = { 0 };
    for (size_t i = 0; i < csr->dns_name_count; i++) {
        if (dns_name_parse(csr->dns_names[i], DNS_NAME_HOST_OR_WILDCARD, &parsed, NULL) == OK &&
            strcmp(parsed.text, name) == 0) {
            return true;
        }
    }
    return common_name(csr, text, sizeof text) &&
           dns_name_parse(span_from_text(text), DNS_NAME_HOST_OR_WILDCARD, &parsed, NULL) == OK &&
           strcmp(parsed.text, name) == 0;
}

static bool common_name(const struct csr *csr, char *ret_text, size_t size)
{
    struct name subject = { 0 };
    return name_parse(csr->subject, &subject) == OK &&
           name_text(&subject, oid_common_name, ret_text, size) == OK;
}

static void ignored_add(
    struct visit *visit, struct value *list, const char *label, const char *text)
{
    struct value *item = value_add_object(&visit->tree, list);
    value_put_text(&visit->tree, item, "name", language_text(visit->language, label));
    value_put_text(&visit->tree, item, "value", text);
}

static void ignored_put(struct visit *visit, struct value *object, const struct csr *csr)
{
    char text[OID_TEXT_MAX];
    AUTO(buf) subject = buf_make(4096);
    struct value *list = value_put_list(&visit->tree, object, "ignored");
    if (name_format(csr->subject, &subject) == OK && subject.len > 0 &&
        utf8_valid(buf_span(&subject))) {
        ignored_add(visit, list, "preview.subject", buf_text(&subject));
    }
    if (csr->other_name_count > 0) {
        ignored_add(visit, list, "preview.other_names",
            arena_format(visit->request->arena, "%zu", csr->other_name_count));
    }
    for (size_t i = 0; i < csr->attribute_count; i++) {
        bool known = span_equal(csr->attributes[i], oid_subject_alt_name) ||
                     span_equal(csr->attributes[i], oid_extension_request) ||
                     span_equal(csr->attributes[i], oid_challenge_password);
        if (!known && oid_format(csr->attributes[i], text) == OK) {
            ignored_add(visit, list, "preview.attributes", text);
        }
    }
    if (csr->challenge_password) {
        ignored_add(visit, list, "preview.challenge_password",
            language_text(visit->language, "preview.present"));
    }
}
