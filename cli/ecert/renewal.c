/* The record is written before each step that it has to know of: the pacing before anything is
 * tried, the new key's hash before the key is kept. */
#include "cli/ecert/renewal.h"

#include "cli/ecert/enrol.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/renewal_time.h"
#include "cli/ecert/screen.h"
#include "lib/certstore/login.h"
#include "lib/pki/csr.h"
#include "lib/pki/name.h"
#include "lib/text/json.h"

#include <stdio.h>
#include <unistd.h>

static void walk_release(struct walk *walk)
{
    certstore_item_release(&walk->item);
    api_close(&walk->api);
}
AUTO_DEFINE(walk, walk_release)

static bool places_unattended(const struct walk *walk);
static enum err record_parse(
    const struct value *object, struct renewal *renewal, struct reason *ret_reason);
static enum err record_write(struct certstore *store, const struct renewal *renewal);
static enum err attempt(struct tool *tool, struct certstore *store,
    const struct certstore_item *item, struct renewal *renewal, struct reason *ret_reason);
static enum err request_find(struct walk *walk, const struct certstore_item *before,
    struct renewal *renewal, struct reason *ret_reason);
static enum err request_make(struct walk *walk, const struct certstore_item *before,
    struct renewal *renewal, struct reason *ret_reason);
static enum key_type type_like(const struct key *key);
static enum err request_write(
    const struct certstore_item *before, const struct key *key, struct buf *csr);
static enum err walk_prepare(
    struct walk *walk, const struct certstore_item *before, struct reason *ret_reason);

void renewal_way_read(struct tool *tool, const struct certstore *store,
    const struct certstore_item *item, struct renewal_way *ret_way)
{
    /* Borrows store and item, and releases neither. */
    struct walk walk = { .tool = tool, .store = (struct certstore *)(uintptr_t)store };
    struct renewal_way way = { .enrolled = false };
    AUTO_PTR(key) key = NULL;
    walk.item = *item;
    *ret_way = way;
    if (walk_recall(&walk, /* ret_reason= */ NULL) != OK || walk.portal == NULL ||
        walk.reference == NULL || walk.server_name == NULL) {
        return;
    }
    way.enrolled =
        span_to_text(span_from_text(walk.portal), way.portal, sizeof way.portal) &&
        span_to_text(span_from_text(walk.reference), way.reference, sizeof way.reference) &&
        span_to_text(span_from_text(walk.server_name), way.server_name, sizeof way.server_name);
    const char *end = walk.subscription_end == NULL ? "" : walk.subscription_end;
    (void)!time_parse_rfc3339(span_from_text(end), &way.subscription_end);
    bool by_key = !walk.no_key && walk_find_login(&walk, &key) == OK;
    way.logs_in = by_key || (walk.pin_file != NULL && access(walk.pin_file, R_OK) == 0);
    way.proves = places_unattended(&walk);
    *ret_way = way;
}

/* A record that lasts stands there since the first time. */
static bool places_unattended(const struct walk *walk)
{
    return walk->dns_server != NULL || walk->webroots[0] != NULL || walk->hook[0] != NULL ||
           walk->persist != NULL;
}

enum err renewal_read(struct tool *tool, const struct certstore *store,
    const struct renewal_way *way, struct renewal *ret_renewal, struct reason *ret_reason)
{
    AUTO(buf) text = { 0 };
    AUTO(buf) words = buf_make(2048);
    const struct value *object = NULL;
    struct reason inner = { 0 };
    struct renewal renewal = { .attempts = 0 };
    uint8_t hash[SHA256_BYTES];
    buf_append_format(&words, "%s\n%s\n%s", way->portal, way->reference, way->server_name);
    TRY(buf_check(&words));
    TRY(sha256(buf_span(&words), hash));
    hex_format(SPAN_OF(hash), renewal.id);
    enum err err = certstore_renewal_read(store, renewal.id, &text);
    if (err == ERR_NOT_FOUND) {
        *ret_renewal = renewal;
        return OK;
    }
    TRY(err);
    err = json_parse(buf_span(&text), RENEWAL_TEXT_MAX, &tool->tree, &object, &inner);
    err = err == OK ? record_parse(object, &renewal, &inner) : err;
    if (err != OK) {
        return reason_set(
            ret_reason, ERR_INPUT, "watch.record", way->server_name, inner.code, inner.field);
    }
    *ret_renewal = renewal;
    return OK;
}

static enum err record_parse(
    const struct value *object, struct renewal *renewal, struct reason *ret_reason)
{
    const struct {
        const char *name;
        char *text;
        size_t size;
    } texts[] = {
        { "key", renewal->key, sizeof renewal->key },
        { "reason", renewal->reason.code, sizeof renewal->reason.code },
        { "field", renewal->reason.field, sizeof renewal->reason.field },
        { "seen", renewal->reason.seen, sizeof renewal->reason.seen },
        { "expected", renewal->reason.expected, sizeof renewal->reason.expected },
        { "said", renewal->said, sizeof renewal->said },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *value;
        TRY(json_get_text_or(object, texts[i].name, texts[i].size - 1, "", &value, ret_reason));
        snprintf(texts[i].text, texts[i].size, "%s", value);
    }
    TRY(json_get_integer(object, "attempts", &renewal->attempts, ret_reason));
    TRY(json_get_integer(object, "tried", &renewal->tried, ret_reason));
    return json_get_integer(object, "next", &renewal->next, ret_reason);
}

static enum err record_write(struct certstore *store, const struct renewal *renewal)
{
    AUTO(arena) arena = arena_make(RENEWAL_TEXT_MAX);
    AUTO(buf) text = buf_make(RENEWAL_TEXT_MAX);
    struct value_tree tree = value_tree_make(&arena);
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "key", renewal->key);
    value_put_integer(&tree, object, "attempts", renewal->attempts);
    value_put_integer(&tree, object, "tried", renewal->tried);
    value_put_integer(&tree, object, "next", renewal->next);
    value_put_text(&tree, object, "reason", renewal->reason.code);
    value_put_text(&tree, object, "field", renewal->reason.field);
    value_put_text(&tree, object, "seen", renewal->reason.seen);
    value_put_text(&tree, object, "expected", renewal->reason.expected);
    value_put_text(&tree, object, "said", renewal->said);
    TRY(value_tree_check(&tree));
    json_format(&text, object);
    TRY(buf_check(&text));
    return certstore_renewal_write(store, renewal->id, buf_span(&text));
}

enum err renewal_attempt(struct tool *tool, struct certstore *store,
    const struct certstore_item *item, struct renewal *renewal, struct reason *ret_reason)
{
    struct certificate parsed;
    struct reason reason = { 0 };
    int64_t now = clock_now(&tool->clock);
    TRY(certificate_parse(buf_span(&item->certificate), &parsed));
    renewal->attempts++;
    renewal->tried = now;
    renewal->next = now + renewal_pause(renewal->attempts, parsed.not_after - now, item->id);
    TRY(record_write(store, renewal));
    enum err err = attempt(tool, store, item, renewal, &reason);
    if (err != OK && reason.code[0] == '\0') {
        (void)reason_set(&reason, err, "watch.failed", item->friendly_name, err_name(err), NULL);
    }
    renewal->reason = reason;
    if (err == OK) {
        renewal->key[0] = renewal->said[0] = '\0';
        renewal->attempts = renewal->next = 0;
        renewal->reason = (struct reason){ 0 };
    }
    TRY(record_write(store, renewal));
    *ret_reason = reason;
    return err;
}

/* Its words go to the screen; its result is of no use to anybody. */
static enum err attempt(struct tool *tool, struct certstore *store,
    const struct certstore_item *item, struct renewal *renewal, struct reason *ret_reason)
{
    struct tool alone = *tool;
    alone.asks = false;
    alone.result = value_object(&tool->tree);
    AUTO(walk) walk = { .tool = &alone, .store = store };
    TRY(request_find(&walk, item, renewal, ret_reason));
    TRY(walk_prepare(&walk, item, ret_reason));
    enum err err = walk_unattended(&walk, ret_reason);
    snprintf(renewal->said, sizeof renewal->said, "%.500s", walk.api.title);
    api_log_out(&walk.api, &alone);
    if (err == OK && !walk.finished) {
        return reason_set(
            ret_reason, ERR_DENIED, "watch.ended", walk.server_name, walk.portal, NULL);
    }
    return err;
}

/* That of the attempt before, wherever it has got to; else a new one. */
static enum err request_find(struct walk *walk, const struct certstore_item *before,
    struct renewal *renewal, struct reason *ret_reason)
{
    uint8_t spki[SHA256_BYTES];
    size_t len = 0;
    bool begun = hex_parse(span_from_text(renewal->key), spki, sizeof spki, &len) == OK &&
                 len == sizeof spki;
    enum err err = begun ? certstore_find_key(walk->store, spki, &walk->item) : ERR_NOT_FOUND;
    return err == ERR_NOT_FOUND ? request_make(walk, before, renewal, ret_reason) : err;
}

/* Of the same kind of key, guarded as that is, and for the same names as the certificate before. In
 * a token nobody has said where a second key may go. */
static enum err request_make(struct walk *walk, const struct certstore_item *before,
    struct renewal *renewal, struct reason *ret_reason)
{
    AUTO_PTR(key) old = NULL;
    AUTO_PTR(key) key = NULL;
    AUTO(buf) csr = buf_make(CSR_MAX_BYTES);
    const struct secret *passphrase = NULL;
    if (before->guard == CERTSTORE_KEY_TOKEN) {
        return reason_set(ret_reason, ERR_UNSUPPORTED, "certstore.renewal_in_token", before->id,
            before->token_uri, NULL);
    }
    TRY(key_open(walk->tool, walk->store, before, ret_reason, &old));
    if (before->guard == CERTSTORE_KEY_PASSPHRASE) {
        passphrase = &walk->tool->access->passphrase;
    }
    TRY(key_generate_proven(type_like(old), &key));
    TRY(request_write(before, key, &csr));
    hex_format(key_spki_sha256(key), renewal->key);
    TRY(record_write(walk->store, renewal));
    struct certstore_request request = {
        .key = key,
        .csr = buf_span(&csr),
        .friendly_name = before->friendly_name,
        .passphrase = passphrase,
        .created = clock_now(&walk->tool->clock),
    };
    return certstore_add_request(walk->store, &request, ret_reason, &walk->item);
}

static enum key_type type_like(const struct key *key)
{
    static const struct {
        enum key_kind kind;
        unsigned bits; /* at least */
        enum key_type type;
    } table[] = {
        { KEY_RSA, 4096, KEY_TYPE_RSA_4096 },
        { KEY_RSA, 3072, KEY_TYPE_RSA_3072 },
        { KEY_P384, 0, KEY_TYPE_P384 },
        { KEY_P521, 0, KEY_TYPE_P384 },
        { KEY_P256, 0, KEY_TYPE_P256 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (key_kind(key) == table[i].kind && key_bits(key) >= table[i].bits) {
            return table[i].type;
        }
    }
    return KEY_TYPE_RSA_2048;
}

static enum err request_write(
    const struct certstore_item *before, const struct key *key, struct buf *csr)
{
    AUTO(buf) subject = buf_make(8192);
    struct certificate parsed;
    struct csr old;
    TRY(certificate_parse(buf_span(&before->certificate), &parsed));
    bool has_request = before->csr.len > 0 &&
                       csr_parse(buf_span(&before->csr), /* ret_reason= */ NULL, &old) == OK;
    if (!has_request) {
        TRY(name_write(NULL, 0, /* ret_reason= */ NULL, &subject));
    }
    struct csr_fields fields = {
        .subject = has_request ? old.subject : buf_span(&subject),
        .dns_names = parsed.dns_names,
        .dns_name_count = parsed.dns_name_count,
    };
    return csr_write(&fields, key, csr);
}

/* Where the request has no walk of its own yet, it gets that of the certificate before. What that
 * one placed and couldn't take away goes along, so that it still will be. */
static enum err walk_prepare(
    struct walk *walk, const struct certstore_item *before, struct reason *ret_reason)
{
    AUTO(buf) text = { 0 };
    if (certstore_read_progress(walk->store, &walk->item, &text) != ERR_NOT_FOUND) {
        return OK;
    }
    struct walk first = { .tool = walk->tool, .store = walk->store, .item = *before };
    TRY(walk_recall(&first, ret_reason));
    first.item = walk->item;
    first.accept = first.renew = true;
    first.finished = false;
    return walk_keep(&first);
}
