/* Tables of what can be said, and the request as DER. */
#include "cli/ecert/request_plan.h"

#include "cli/ecert/key_open.h"
#include "lib/base/file.h"
#include "lib/certstore/undo.h"
#include "lib/der/pem.h"
#include "lib/pki/certificate.h"
#include "lib/pki/csr.h"
#include "lib/pki/name.h"

#include <errno.h>
#include <stdio.h>

const struct request_subject request_subject[REQUEST_SUBJECT_FIELDS] = {
    { "organisation", "tool.organisation", "tool.ask_organisation", "", &oid_organisation },
    { "unit", "tool.unit", "tool.ask_unit", "", &oid_organisational_unit },
    { "locality", "tool.locality", "tool.ask_locality", "Hong Kong", &oid_locality },
    { "state", "tool.state", "tool.ask_state", "Hong Kong", &oid_state_or_province },
    { "country", "tool.country", "tool.ask_country", "HK", &oid_country },
};

const enum key_type request_keys[REQUEST_KEYS] = { KEY_TYPE_RSA_2048, KEY_TYPE_RSA_3072,
    KEY_TYPE_RSA_4096, KEY_TYPE_P256, KEY_TYPE_P384 };

static enum err key_have(struct tool *tool, const struct request_plan *plan,
    struct reason *ret_reason, struct key **ret_key);
static enum err request_write(const struct request_plan *plan, const struct key *key,
    struct buf *csr, struct reason *ret_reason);
static enum err out_failed(enum err err, const char *path, struct reason *ret_reason);
static enum err path_whole(
    const char *path, char ret_path[CERTSTORE_STEP_PATH_MAX], struct reason *ret_reason);

enum err request_plan_friendly(
    struct request_plan *plan, const char *typed, const char *field, struct reason *ret_reason)
{
    if (!span_to_text(span_from_text(typed), plan->friendly, sizeof plan->friendly)) {
        return reason_set(ret_reason, ERR_INPUT, "tool.friendly_long", field, NULL, NULL);
    }
    return OK;
}

enum err request_plan_key(
    struct request_plan *plan, const char *typed, const char *field, struct reason *ret_reason)
{
    enum key_type type;
    if (key_type_from_name(typed, &type) != OK || type == KEY_TYPE_ED25519) {
        return reason_set(ret_reason, ERR_INPUT, "tool.key_type", field, typed,
            "rsa2048, rsa3072, rsa4096, p256, p384");
    }
    plan->key_type = type;
    return OK;
}

bool request_plan_renews(const struct certstore *store, const struct request_plan *plan)
{
    AUTO(certstore_items) items = { 0 };
    struct certificate parsed;
    if (certstore_list(store, &items, /* ret_unreadable= */ NULL) != OK) {
        return false;
    }
    for (size_t i = 0; i < items.count; i++) {
        bool covers = items.items[i].kind == CERTSTORE_PERSONAL &&
                      certificate_parse(buf_span(&items.items[i].certificate), &parsed) == OK &&
                      certificate_covers_host(&parsed, span_from_text(plan->names.list[0].text));
        if (covers) {
            return true;
        }
    }
    return false;
}

enum err request_plan_make(struct tool *tool, struct certstore *store,
    const struct request_plan *plan, int64_t now, struct reason *ret_reason,
    const char **ret_key_type, struct certstore_item *ret_item)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) csr = buf_make(CSR_MAX_BYTES);
    AUTO(buf) pem = buf_make(2 * CSR_MAX_BYTES);
    AUTO(file_begun) out = { 0 };
    char given[CERTSTORE_STEP_PATH_MAX];
    const struct secret *passphrase = NULL;
    enum key_type type;
    TRY(plan->out == NULL ? OK : path_whole(plan->out, given, ret_reason));
    TRY(key_guard_new(tool, plan->encrypts, ret_reason, &passphrase));
    TRY(key_have(tool, plan, ret_reason, &key));
    TRY(request_write(plan, key, &csr, ret_reason));
    TRY(pem_write("CERTIFICATE REQUEST", buf_span(&csr), &pem));
    /* Under its name when the key is on disk. */
    if (plan->out != NULL) {
        TRY(out_failed(file_begin(plan->out, buf_span(&pem), 0644, &out), plan->out, ret_reason));
    }
    struct certstore_request request = {
        .key = key,
        .csr = buf_span(&csr),
        .passphrase = passphrase,
        .token_uri = plan->token_uri,
        .token_module = plan->module,
        .friendly_name = plan->friendly[0] != '\0' ? plan->friendly : plan->names.list[0].text,
        .created = now,
        .given = plan->out != NULL ? given : NULL,
        .given_content = buf_span(&pem),
    };
    TRY(certstore_add_request(store, &request, ret_reason, ret_item));
    if (ret_key_type != NULL) {
        *ret_key_type = key_type_of(key, &type) == OK ? key_type_name(type) : NULL;
    }
    return plan->out == NULL ? OK : out_failed(file_finish(&out), plan->out, ret_reason);
}

static enum err key_have(struct tool *tool, const struct request_plan *plan,
    struct reason *ret_reason, struct key **ret_key)
{
    if (plan->token_uri == NULL) {
        return key_generate_proven(plan->key_type, ret_key);
    }
    return key_from_token(tool, plan->token_uri, plan->module,
        plan->generate ? &plan->key_type : NULL, ret_reason, ret_key);
}

static enum err request_write(const struct request_plan *plan, const struct key *key,
    struct buf *csr, struct reason *ret_reason)
{
    struct span names[APPLICATION_NAMES_MAX];
    struct name_entry entries[REQUEST_SUBJECT_FIELDS + 1] = { 0 };
    AUTO(buf) subject = buf_make(8192);
    size_t count = 0;
    for (size_t i = 0; i < plan->names.count; i++) {
        names[i] = span_from_text(plan->names.list[i].text);
    }
    /* X.520 gives the CN 64 characters; a longer name stands in the SAN alone. */
    if (names[0].len <= SUBJECT_COMMON_NAME_MAX) {
        entries[count++] = (struct name_entry){ oid_common_name, names[0] };
    }
    for (size_t i = 0; i < REQUEST_SUBJECT_FIELDS; i++) {
        entries[count++] =
            (struct name_entry){ *request_subject[i].oid, span_from_text(plan->subject[i]) };
    }
    TRY(name_write(entries, count, ret_reason, &subject));
    struct csr_fields fields = {
        .subject = buf_span(&subject), .dns_names = names, .dns_name_count = plan->names.count
    };
    return csr_write(&fields, key, csr);
}

/* It is written down as part of the same change: a request whose key is no more must not lie about.
 */
static enum err out_failed(enum err err, const char *path, struct reason *ret_reason)
{
    const char *code = err == ERR_CONFLICT ? "tool.file_exists" : "tool.file_write";
    return err == OK ? OK
                     : reason_set(ret_reason, err, code, path,
                           err == ERR_CONFLICT ? NULL : err_name(err), NULL);
}

/* From the root, whatever folder it is undone in; one that the store couldn't write down is refused
 * before there is a key. */
static enum err path_whole(
    const char *path, char ret_path[CERTSTORE_STEP_PATH_MAX], struct reason *ret_reason)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX], real[PATH_MAX];
    int len = slash == NULL ? snprintf(folder, sizeof folder, ".")
                            : snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path);
    enum err err = len < 0 || (size_t)len >= sizeof folder ? ERR_LIMIT
                   : realpath(folder, real) == NULL        ? err_from_errno(errno)
                                                           : OK;
    err = err == OK
              ? path_join(ret_path, CERTSTORE_STEP_PATH_MAX, real, slash == NULL ? path : slash + 1)
              : err;
    return err == OK ? OK
                     : reason_set(ret_reason, err, "tool.file_write", path, err_name(err), NULL);
}
