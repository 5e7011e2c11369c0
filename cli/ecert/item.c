/* Requests and certificates for reading. */
#include "cli/ecert/item.h"

#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/pki/csr.h"
#include "lib/pki/name.h"

#include <stdio.h>

static void view_certificate(struct item_view *view);
static void view_request(struct item_view *view);
static void view_names(struct item_view *view, const struct span *names, size_t count);
static void view_key(struct item_view *view, struct span spki);
static void name_put(struct span der, char *ret_text, size_t size);
static void thumbprint(enum digest digest, struct span der, char *ret_text);

enum err item_view(const struct tool *tool, const struct certstore *store,
    const struct certstore_item *item, struct item_view *ret_view)
{
    struct item_view view = { .item = item };
    TRY(certstore_judge(store, item, clock_now(&tool->clock), &view.judgement));
    hex_format(SPAN_OF(item->spki_sha256), view.key_sha256);
    int shown = item->kind == CERTSTORE_PERSONAL ? ITEM_SHORT_ID : CERTSTORE_ID_MAX;
    snprintf(view.short_id, sizeof view.short_id, "%.*s", shown, item->id);
    if (item->kind == CERTSTORE_PERSONAL) {
        view_certificate(&view);
    } else {
        view_request(&view);
    }
    *ret_view = view;
    return OK;
}

static void view_certificate(struct item_view *view)
{
    struct certificate parsed;
    struct span der = buf_span(&view->item->certificate);
    thumbprint(DIGEST_SHA1_THUMBPRINT, der, view->thumbprint_sha1);
    thumbprint(DIGEST_SHA256, der, view->thumbprint_sha256);
    if (certificate_parse(der, &parsed) != OK) {
        return;
    }
    name_put(parsed.subject, view->subject, sizeof view->subject);
    name_put(parsed.issuer, view->issuer, sizeof view->issuer);
    (void)!serial_format(parsed.serial, view->serial, sizeof view->serial);
    view->not_before = parsed.not_before;
    view->not_after = parsed.not_after;
    view_names(view, parsed.dns_names, parsed.dns_name_count);
    view_key(view, parsed.spki);
}

static void view_request(struct item_view *view)
{
    struct csr csr;
    if (view->item->csr.len == 0 ||
        csr_parse(buf_span(&view->item->csr), /* ret_reason= */ NULL, &csr) != OK) {
        return;
    }
    name_put(csr.subject, view->subject, sizeof view->subject);
    view_names(view, csr.dns_names, csr.dns_name_count);
    view_key(view, csr.spki);
}

static void view_names(struct item_view *view, const struct span *names, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        int added = snprintf(view->names + len, sizeof view->names - len, "%s%.*s",
            i == 0 ? "" : ", ", (int)names[i].len, (const char *)names[i].data);
        len += (size_t)added;
        if (len >= sizeof view->names) {
            memcpy(view->names + sizeof view->names - 5, " ...", 5);
            break;
        }
    }
    if (count > 0) {
        (void)span_to_text(names[0], view->first_name, sizeof view->first_name);
    }
}

static void view_key(struct item_view *view, struct span spki)
{
    AUTO_PTR(key) key = NULL;
    if (key_from_spki(spki, &key) != OK) {
        return;
    }
    const char *kind = key_kind_name(key_kind(key));
    if (key_kind(key) == KEY_RSA) {
        snprintf(view->key_text, sizeof view->key_text, "%s %u", kind, key_bits(key));
    } else {
        snprintf(view->key_text, sizeof view->key_text, "%s", kind);
    }
}

static void name_put(struct span der, char *ret_text, size_t size)
{
    AUTO(buf) text = buf_make(size - 1);
    if (name_format(der, &text) == OK && buf_text(&text) != NULL) {
        snprintf(ret_text, size, "%s", buf_text(&text));
    }
}

static void thumbprint(enum digest digest, struct span der, char *ret_text)
{
    uint8_t hash[DIGEST_MAX_BYTES];
    if (digest_bytes(digest, der, hash) == OK) {
        hex_format(span_make(hash, digest_size(digest)), ret_text);
    }
}

void item_name(const struct item_view *view, char ret_name[HOST_NAME_UNICODE_MAX])
{
    struct dns_name name;
    bool parsed = dns_name_parse(span_from_text(view->first_name), DNS_NAME_HOST_OR_WILDCARD, &name,
                      /* ret_reason= */ NULL) == OK;
    if (parsed && !dns_name_mixes_scripts(&name)) {
        dns_name_to_unicode(&name, ret_name);
        return;
    }
    const char *friendly = view->item->friendly_name[0] != '\0' ? view->item->friendly_name : "-";
    snprintf(ret_name, HOST_NAME_UNICODE_MAX, "%s",
        view->first_name[0] != '\0' ? view->first_name : friendly);
}

const char *item_guard_name(enum certstore_guard guard)
{
    static const char *const names[] = { [CERTSTORE_KEY_PLAIN] = "plain",
        [CERTSTORE_KEY_PASSPHRASE] = "passphrase",
        [CERTSTORE_KEY_TOKEN] = "token" };
    return names[guard];
}

const char *item_state_text(const struct tool *tool, enum certstore_state state)
{
    char id[64];
    snprintf(id, sizeof id, "tool.state_%s", certstore_state_name(state));
    return language_text(tool->language, id);
}

void item_step(const struct tool *tool, const char *done, const char *would)
{
    if (change_is_dry(tool)) {
        screen_message(tool, would, NULL);
    } else {
        screen_step(tool, done, NULL);
    }
}

void item_show(const struct tool *tool, const struct item_view *view)
{
    char begins[SCREEN_MOMENT_MAX] = "", ends[SCREEN_MOMENT_MAX] = "", made[SCREEN_MOMENT_MAX];
    AUTO(buf) why = buf_make(2048), next = buf_make(2048);
    screen_moment(tool, view->item->created, made);
    if (view->not_after != 0) {
        screen_moment(tool, view->not_before, begins);
        screen_moment(tool, view->not_after, ends);
    }
    if (view->judgement.reason.code[0] != '\0') {
        language_format_reason(tool->language, &view->judgement.reason, "", &why);
        language_format_reason(tool->language, &view->judgement.reason, ".next", &next);
    }
    const char *guard = view->item->guard == CERTSTORE_KEY_TOKEN ? view->item->token_uri
                        : view->item->guard == CERTSTORE_KEY_PASSPHRASE
                            ? language_text(tool->language, "tool.key_guard_passphrase")
                            : NULL;
    const struct screen_fact facts[] = {
        { "tool.names", view->names },
        { "tool.friendly_name", view->item->friendly_name },
        { "tool.state_label", item_state_text(tool, view->judgement.state) },
        { "tool.why", buf_text(&why) },
        { "tool.next", buf_text(&next) },
        { "tool.subject", view->subject },
        { "tool.issuer", view->issuer },
        { "tool.serial", view->serial },
        { "tool.valid_from", begins },
        { "tool.valid_until", ends },
        { "tool.key", view->key_text },
        { "tool.key_guard", guard },
        { "tool.key_fingerprint", view->key_sha256 },
        { "tool.thumbprint_sha256", view->thumbprint_sha256 },
        { "tool.thumbprint_sha1", view->thumbprint_sha1 },
        { "tool.created", made },
        { "tool.id", view->item->id },
        { .id = NULL },
    };
    screen_facts(tool, facts);
}

void item_put(struct tool *tool, const struct item_view *view, struct value *object)
{
    struct value_tree *tree = &tool->tree;
    char text[TIME_TEXT_MAX];
    value_put_text(tree, object, "id", view->item->id);
    value_put_text(tree, object, "state", certstore_state_name(view->judgement.state));
    value_put_text(tree, object, "reason",
        view->judgement.reason.code[0] == '\0' ? NULL : view->judgement.reason.code);
    value_put_text(tree, object, "friendly_name", view->item->friendly_name);
    value_put_text(tree, object, "names", view->names);
    value_put_text(tree, object, "subject", view->subject);
    value_put_text(tree, object, "key", view->key_text);
    value_put_text(tree, object, "key_sha256", view->key_sha256);
    value_put_text(tree, object, "key_guard", item_guard_name(view->item->guard));
    value_put_text(tree, object, "key_uri",
        view->item->guard == CERTSTORE_KEY_TOKEN ? view->item->token_uri : NULL);
    time_format_rfc3339(view->item->created, text);
    value_put_text(tree, object, "created", text);
    if (view->item->kind == CERTSTORE_PERSONAL) {
        value_put_text(tree, object, "issuer", view->issuer);
        value_put_text(tree, object, "serial", view->serial);
        time_format_rfc3339(view->not_before, text);
        value_put_text(tree, object, "not_before", text);
        time_format_rfc3339(view->not_after, text);
        value_put_text(tree, object, "not_after", text);
        value_put_text(tree, object, "thumbprint_sha1", view->thumbprint_sha1);
        value_put_text(tree, object, "thumbprint_sha256", view->thumbprint_sha256);
    }
}
