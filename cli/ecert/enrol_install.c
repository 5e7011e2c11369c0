/* The portal's last page: download, verify, keep, install, tell the server program. Nothing is kept
 * or installed that isn't for our key, for our name, and signed by the CA that we trust
 * (doc/threats.md K3, K8, K12). */
#include "cli/ecert/ask.h"
#include "cli/ecert/enrol.h"
#include "cli/ecert/item.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/certstore/install.h"
#include "lib/certstore/lists.h"
#include "lib/der/pem.h"
#include "lib/dns/hostname.h"

#include <stdio.h>

enum { CHAIN_PARTS_MAX = 6 };

/* What the portal gave, decoded. */
struct delivery {
    struct buf leaf, root;             /* DER */
    struct buf chain;                  /* PEM, intermediates only */
    struct buf parts[CHAIN_PARTS_MAX]; /* DER of the same */
    size_t part_count;
};
static void delivery_release(struct delivery *delivery);
AUTO_DEFINE(delivery, delivery_release)

static enum err delivery_get(
    struct walk *walk, struct delivery *delivery, struct reason *ret_reason);
static enum err pem_take(const char *text, struct buf *der);
static enum err leaf_check(
    const struct walk *walk, const struct delivery *delivery, struct reason *ret_reason);
static enum err root_choose(
    struct walk *walk, struct delivery *delivery, bool *ret_new, struct reason *ret_reason);
static enum err root_trust(
    struct walk *walk, const struct delivery *delivery, struct reason *ret_reason);
static enum err chain_keep(
    struct walk *walk, const struct delivery *delivery, struct reason *ret_reason);
static void crls_fetch(struct walk *walk, const struct delivery *delivery);
static void crl_fetch(struct walk *walk, struct span certificate);
static enum err pair_use(
    struct walk *walk, const struct delivery *delivery, struct reason *ret_reason);
static enum err pair_install(
    struct walk *walk, const struct delivery *delivery, struct reason *ret_reason);
static void pair_back(struct walk *walk);
static enum err walk_finish(struct walk *walk);

enum err walk_install(struct walk *walk, struct reason *ret_reason)
{
    AUTO(delivery) delivery = { 0 };
    bool new_root = false;
    TRY(delivery_get(walk, &delivery, ret_reason));
    TRY(leaf_check(walk, &delivery, ret_reason));
    TRY(root_choose(walk, &delivery, &new_root, ret_reason));
    TRY(certstore_verify(walk->store, buf_span(&delivery.leaf), buf_span(&delivery.chain),
        buf_span(&delivery.root), clock_now(&walk->tool->clock), ret_reason));
    if (new_root) {
        TRY(root_trust(walk, &delivery, ret_reason));
    }
    TRY(chain_keep(walk, &delivery, ret_reason));
    crls_fetch(walk, &delivery);
    TRY(pair_use(walk, &delivery, ret_reason));
    walk_register_key(walk);
    return walk_finish(walk);
}

enum err walk_install_kept(struct walk *walk, struct reason *ret_reason)
{
    AUTO(delivery) delivery = { .leaf = buf_make(CERTIFICATE_MAX_BYTES),
        .chain = buf_make(CERTSTORE_CHAIN_MAX) };
    buf_append(&delivery.leaf, buf_span(&walk->item.certificate));
    buf_append(&delivery.chain, buf_span(&walk->item.chain));
    TRY(buf_check(&delivery.leaf));
    TRY(buf_check(&delivery.chain));
    TRY(leaf_check(walk, &delivery, ret_reason));
    TRY(certstore_verify(walk->store, buf_span(&delivery.leaf), buf_span(&delivery.chain),
        /* root= */ (struct span){ 0 }, clock_now(&walk->tool->clock), ret_reason));
    TRY(pair_use(walk, &delivery, ret_reason));
    return walk_finish(walk);
}

static void delivery_release(struct delivery *delivery)
{
    buf_release(&delivery->leaf);
    buf_release(&delivery->root);
    buf_release(&delivery->chain);
    for (size_t i = 0; i < delivery->part_count; i++) {
        buf_release(&delivery->parts[i]);
    }
}

static enum err delivery_get(
    struct walk *walk, struct delivery *delivery, struct reason *ret_reason)
{
    const struct value *answer;
    TRY(api_call(&walk->api, walk->tool, HTTP_GET, "/enrolment/download", /* body= */ NULL, &answer,
        ret_reason));
    delivery->chain = buf_make(CERTSTORE_CHAIN_MAX);
    enum err err = pem_take(api_text(answer, "certificate"), &delivery->leaf);
    err = err == OK ? pem_take(api_text(answer, "root"), &delivery->root) : err;
    const struct value *part = value_first(value_get(answer, "chain"));
    for (; err == OK && part != NULL; part = value_next(part)) {
        struct buf *der = &delivery->parts[delivery->part_count];
        err = delivery->part_count == CHAIN_PARTS_MAX ? ERR_LIMIT
              : value_text(part) == NULL              ? ERR_INPUT
                                                      : pem_take(value_text(part), der);
        delivery->part_count += err == OK;
        /* Re-written from what was understood: nothing else of the portal's text is kept. */
        err = err == OK ? pem_write("CERTIFICATE", buf_span(der), &delivery->chain) : err;
    }
    return err == OK ? OK
                     : reason_set(ret_reason, ERR_PEER, "api.malformed", walk->portal,
                           "certificate", NULL);
}

static enum err pem_take(const char *text, struct buf *der)
{
    AUTO(buf) taken = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(certificate_read_any(span_from_text(text), &taken));
    *der = taken;
    taken = (struct buf){ 0 };
    return OK;
}

static enum err leaf_check(
    const struct walk *walk, const struct delivery *delivery, struct reason *ret_reason)
{
    struct certificate leaf;
    struct dns_name name;
    uint8_t hash[SHA256_BYTES];
    char seen[2 * SHA256_BYTES + 1], expected[2 * SHA256_BYTES + 1];
    if (certificate_parse(buf_span(&delivery->leaf), &leaf) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "certificate.malformed", walk->portal, NULL, NULL);
    }
    TRY(sha256(leaf.spki, hash));
    hex_format(SPAN_OF(hash), seen);
    hex_format(SPAN_OF(walk->item.spki_sha256), expected);
    if (memcmp(hash, walk->item.spki_sha256, sizeof hash) != 0) {
        return reason_set(
            ret_reason, ERR_DENIED, "tool.foreign_key", walk->server_name, seen, expected);
    }
    TRY(dns_name_parse(
        span_from_text(walk->server_name), DNS_NAME_HOST_OR_WILDCARD, &name, ret_reason));
    bool covers = false;
    for (size_t i = 0; i < leaf.dns_name_count; i++) {
        covers |= span_equal_text(leaf.dns_names[i], name.text);
    }
    return covers ? OK
                  : reason_set(ret_reason, ERR_DENIED, "chain.host", walk->server_name, NULL, NULL);
}

/* Our own roots decide. Only where there is none yet (and no --root) is the portal's believed, and
 * its fingerprint shown for comparison with what the CA publishes. */
static enum err root_choose(
    struct walk *walk, struct delivery *delivery, bool *ret_new, struct reason *ret_reason)
{
    AUTO(certstore_blobs) roots = { 0 };
    TRY(certstore_list_trust(walk->store, CERTSTORE_ROOTS, &roots));
    *ret_new = roots.count == 0 || walk->root_file != NULL;
    if (walk->root_file != NULL) {
        AUTO(buf) file = { 0 }, der = buf_make(CERTIFICATE_MAX_BYTES);
        enum err err = file_read(walk->root_file, 2 * CERTIFICATE_MAX_BYTES, &file);
        err = err == OK ? certificate_read_any(buf_span(&file), &der) : err;
        if (err != OK) {
            return reason_set(
                ret_reason, err, "tool.file_read", walk->root_file, err_name(err), NULL);
        }
        buf_release(&delivery->root);
        delivery->root = der;
        der = (struct buf){ 0 };
        return OK;
    }
    if (!*ret_new) {
        buf_clear(&delivery->root);
    }
    return OK;
}

static enum err root_trust(
    struct walk *walk, const struct delivery *delivery, struct reason *ret_reason)
{
    uint8_t hash[SHA256_BYTES];
    char fingerprint[2 * SHA256_BYTES + 1];
    bool trusted = walk->accept || walk->root_file != NULL;
    TRY(sha256(buf_span(&delivery->root), hash));
    hex_format(SPAN_OF(hash), fingerprint);
    const struct placeholder values[] = { { "fingerprint", fingerprint }, { NULL, NULL } };
    screen_message(walk->tool, "tool.root_new", values);
    if (!trusted && ask_yes(walk->tool, "tool.ask_trust_root", &trusted) != OK) {
        trusted = false;
    }
    if (!trusted) {
        return reason_set(ret_reason, ERR_DENIED, "tool.root_not_trusted", NULL, fingerprint, NULL);
    }
    return certstore_add_trust(walk->store, CERTSTORE_ROOTS, buf_span(&delivery->root), ret_reason,
        /* ret_new= */ NULL);
}

/* A walk that was interrupted behind this finds the certificate where it belongs. */
static enum err chain_keep(
    struct walk *walk, const struct delivery *delivery, struct reason *ret_reason)
{
    for (size_t i = 0; i < delivery->part_count; i++) {
        TRY(certstore_add_trust(walk->store, CERTSTORE_INTERMEDIATE, buf_span(&delivery->parts[i]),
            ret_reason, /* ret_new= */ NULL));
    }
    if (walk->item.kind == CERTSTORE_PERSONAL) {
        return OK;
    }
    AUTO(certstore_item) certificate = { 0 };
    TRY(key_complete(walk->tool, walk->store, buf_span(&delivery->leaf), buf_span(&delivery->chain),
        ret_reason, &certificate));
    certstore_item_release(&walk->item);
    walk->item = certificate;
    certificate = (struct certstore_item){ 0 };
    screen_step(walk->tool, "tool.completed", NULL);
    return OK;
}

/* Without them the certificate still works; its state then says that revocation isn't known. */
static void crls_fetch(struct walk *walk, const struct delivery *delivery)
{
    crl_fetch(walk, buf_span(&delivery->leaf));
    for (size_t i = 0; i < delivery->part_count; i++) {
        crl_fetch(walk, buf_span(&delivery->parts[i]));
    }
}

/* From the portal's repository under the name that the certificate gives; the list is signed. */
static void crl_fetch(struct walk *walk, struct span certificate)
{
    struct certificate parsed;
    char uri[512], path[600];
    AUTO(buf) file = { 0 }, der = buf_make(FILE_MAX_BYTES);
    if (certificate_parse(certificate, &parsed) != OK ||
        !span_to_text(parsed.crl_uri, uri, sizeof uri)) {
        return;
    }
    const char *name = strrchr(uri, '/');
    snprintf(path, sizeof path, "/crl%s", name == NULL ? "/" : name);
    bool fetched = api_fetch(&walk->api, path, &file, /* ret_reason= */ NULL) == OK &&
                   crl_read_any(buf_span(&file), &der) == OK;
    enum err err =
        fetched ? certstore_install_crl(walk->store, buf_span(&der), clock_now(&walk->tool->clock),
                      /* ret_reason= */ NULL, /* ret_new= */ NULL)
                : ERR_IO;
    if (err != OK && err != ERR_CONFLICT) {
        const struct placeholder values[] = { { "uri", uri }, { NULL, NULL } };
        screen_message(walk->tool, "tool.crl_not_fetched", values);
    }
}

/* Where the server program looks for it, and then the program is told. */
static enum err pair_use(
    struct walk *walk, const struct delivery *delivery, struct reason *ret_reason)
{
    if (walk->install_certificate != NULL) {
        TRY(pair_install(walk, delivery, ret_reason));
    }
    if (walk->after[0] != NULL) {
        enum err err = program_run(walk->after, ret_reason);
        if (err != OK && walk->renew && walk->install_certificate != NULL) {
            pair_back(walk);
        }
        TRY(err);
        const struct placeholder values[] = { { "program", walk->after[0] }, { NULL, NULL } };
        screen_step(walk->tool, "tool.after_done", values);
    }
    return OK;
}

/* What the program had before, which it took then. At a first certificate there is none. */
static void pair_back(struct walk *walk)
{
    if (certstore_install_back(walk->install_certificate, walk->install_key,
            /* ret_reason= */ NULL) == OK) {
        (void)!program_run(walk->after, /* ret_reason= */ NULL);
        screen_message(walk->tool, "tool.pair_back", NULL);
    }
}

static enum err pair_install(
    struct walk *walk, const struct delivery *delivery, struct reason *ret_reason)
{
    AUTO(buf) full = buf_make(2 * CERTSTORE_CHAIN_MAX);
    AUTO_PTR(key) key = NULL;
    TRY(pem_write("CERTIFICATE", buf_span(&delivery->leaf), &full));
    buf_append(&full, buf_span(&delivery->chain));
    TRY(buf_check(&full));
    TRY(key_may_leave(&walk->item, ret_reason));
    key_goes_plain_tell(walk->tool, &walk->item);
    TRY(key_open(walk->tool, walk->store, &walk->item, ret_reason, &key));
    struct install_request request = {
        .certificate_path = walk->install_certificate,
        .key_path = walk->install_key,
        .full_chain = buf_span(&full),
        .key = key,
    };
    TRY(certstore_install(&request, ret_reason));
    const struct placeholder values[] = { { "certificate", walk->install_certificate },
        { "key", walk->install_key }, { NULL, NULL } };
    screen_step(walk->tool, "tool.installed", values);
    return OK;
}

static enum err walk_finish(struct walk *walk)
{
    struct item_view view;
    const char *end = api_text(value_get(walk->enrolment, "subscription"), "end");
    walk->subscription_end = end[0] != '\0' ? end : walk->subscription_end;
    walk->finished = true;
    walk->ended = true;
    walk->exit = EXIT_DONE;
    TRY(walk_keep(walk));
    TRY(item_view(walk->tool, walk->store, &walk->item, &view));
    item_show(walk->tool, &view);
    item_put(walk->tool, &view, walk->tool->result);
    return OK;
}
