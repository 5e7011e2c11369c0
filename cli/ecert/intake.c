/* Windows' import wizard would put a CA's certificate wherever it is told to; here it is refused
 * and its place named. */
#include "cli/ecert/intake.h"

#include "cli/ecert/key_open.h"
#include "lib/certstore/authority.h"
#include "lib/der/pem.h"

static enum err leaf_find(const struct bundle *bundle, size_t *ret_leaf, struct reason *ret_reason);
static enum err pair_add(struct tool *tool, struct certstore *store, const struct intake_pair *pair,
    struct span certificate, struct span chain, struct reason *ret_reason,
    struct certstore_item *ret_item);

bool intake_holds_certificates(struct span file)
{
    AUTO(buf) text = buf_make(BUNDLE_FILE_MAX);
    AUTO(bundle) bundle = { 0 };
    struct certificate parsed;
    struct pem pem;
    bool narrow = pem_narrow(file, &text) == OK;
    struct span rest = narrow ? buf_span(&text) : file;
    return pem_next(&rest, &pem) == OK || (bundle_cut(file, &bundle) == OK && bundle.count > 0 &&
                                              certificate_parse(bundle.spans[0], &parsed) == OK);
}

enum err intake_complete(struct tool *tool, struct certstore *store,
    const struct bundle *certificates, struct reason *ret_reason, struct certstore_item *ret_item)
{
    enum err err = ERR_NOT_FOUND;
    bool more = true;
    for (size_t i = 0; more && i < certificates->count; i++) {
        AUTO(buf) chain = buf_make(CERTSTORE_CHAIN_MAX);
        err = bundle_chain(certificates, i, &chain);
        err = err == OK ? key_complete(tool, store, certificates->spans[i], buf_span(&chain),
                              ret_reason, ret_item)
                        : err;
        more = err == ERR_NOT_FOUND && strcmp(ret_reason->code, "certificate.no_request") == 0;
    }
    return err;
}

enum err intake_certificates(struct tool *tool, struct certstore *store,
    const struct bundle *certificates, const struct intake_pair *pair, struct reason *ret_reason,
    struct certstore_item *ret_item)
{
    AUTO(buf) chain = buf_make(CERTSTORE_CHAIN_MAX);
    size_t leaf = 0;
    TRY(leaf_find(certificates, &leaf, ret_reason));
    TRY(bundle_chain(certificates, leaf, &chain));
    if (pair->key_pem.len > 0) {
        return pair_add(
            tool, store, pair, certificates->spans[leaf], buf_span(&chain), ret_reason, ret_item);
    }
    return key_complete(
        tool, store, certificates->spans[leaf], buf_span(&chain), ret_reason, ret_item);
}

/* The first server's certificate; where there is none, what is wrong with the first. */
static enum err leaf_find(const struct bundle *bundle, size_t *ret_leaf, struct reason *ret_reason)
{
    for (size_t i = 0; i < bundle->count; i++) {
        if (certstore_is_server(bundle->spans[i], /* ret_reason= */ NULL) == OK) {
            *ret_leaf = i;
            return OK;
        }
    }
    return certstore_is_server(bundle->spans[0], ret_reason);
}

/* A key that waits here already gets its certificate; another comes in with it. */
static enum err pair_add(struct tool *tool, struct certstore *store, const struct intake_pair *pair,
    struct span certificate, struct span chain, struct reason *ret_reason,
    struct certstore_item *ret_item)
{
    AUTO_PTR(key) key = NULL;
    AUTO(certstore_item) here = { 0 };
    struct certificate parsed;
    TRY(key_from_pem(pair->key_pem, pair->password, ret_reason, &key));
    if (certificate_parse(certificate, &parsed) != OK || !span_equal(parsed.spki, key_spki(key))) {
        return reason_set(ret_reason, ERR_DENIED, "install.mismatch", NULL, NULL, NULL);
    }
    if (certstore_find_key(store, key_spki_sha256(key).data, &here) == OK &&
        here.kind == CERTSTORE_REQUEST) {
        return certstore_complete(store, certificate, chain, key, ret_reason, ret_item);
    }
    const struct secret *passphrase = NULL;
    TRY(key_guard_new(tool, key_guard_given(tool), ret_reason, &passphrase));
    struct certstore_request request = {
        .key = key,
        .passphrase = passphrase,
        .friendly_name = pair->friendly_name,
        .created = pair->now,
    };
    return certstore_add_personal(store, &request, certificate, chain, ret_reason, ret_item);
}
