/* The description of an item ("about"): a few lines of `name: value`. Everything else about it is
 * read from its request and certificate. */
#include "lib/certstore/internal.h"

#include "lib/base/clock.h"

#include <stdio.h>

enum { ABOUT_MAX_BYTES = 4096 };

static enum err about_line(struct span line, struct certstore_item *item);

enum err item_about_read(const struct folder *folder, struct certstore_item *item)
{
    AUTO(buf) text = { 0 };
    TRY(folder_read(folder, "about", ABOUT_MAX_BYTES, &text));
    struct span rest = buf_span(&text);
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t len = end == NULL ? rest.len : (size_t)(end - rest.data);
        TRY(about_line(span_make(rest.data, len), item));
        len += end != NULL;
        rest = span_make(rest.data + len, rest.len - len);
    }
    return OK;
}

/* Lines that this version doesn't know are passed over. */
static enum err about_line(struct span line, struct certstore_item *item)
{
    const uint8_t *colon = line.len == 0 ? NULL : memchr(line.data, ':', line.len);
    if (colon == NULL || colon + 1 == line.data + line.len) {
        return OK;
    }
    struct span name = span_make(line.data, (size_t)(colon - line.data));
    struct span value = span_make(colon + 2, line.len - name.len - 2);
    if (span_equal_text(name, "created")) {
        return time_parse_rfc3339(value, &item->created);
    }
    if (span_equal_text(name, "key")) {
        size_t len;
        TRY(hex_parse(value, item->spki_sha256, SHA256_BYTES, &len));
        return len == SHA256_BYTES ? OK : ERR_INPUT;
    }
    if (span_equal_text(name, "guard") && span_equal_text(value, "passphrase")) {
        item->guard = CERTSTORE_KEY_PASSPHRASE;
    }
    if (span_equal_text(name, "token")) {
        item->guard = CERTSTORE_KEY_TOKEN;
    }
    const struct {
        const char *name;
        char *text;
        size_t size;
    } texts[] = {
        { "friendly_name", item->friendly_name, sizeof item->friendly_name },
        { "token", item->token_uri, sizeof item->token_uri },
        { "module", item->token_module, sizeof item->token_module },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bool meant = span_equal_text(name, texts[i].name) && value.len > 0;
        if (meant && (!utf8_valid(value) || !span_to_text(value, texts[i].text, texts[i].size))) {
            return ERR_INPUT;
        }
    }
    return OK;
}

enum err item_about_write(const struct folder *folder, const struct certstore_request *request)
{
    char created[TIME_TEXT_MAX], key[2 * SHA256_BYTES + 1];
    AUTO(buf) text = buf_make(ABOUT_MAX_BYTES);
    time_format_rfc3339(request->created, created);
    hex_format(key_spki_sha256(request->key), key);
    buf_append_format(&text, "created: %s\nkey: %s\nfriendly_name: ", created, key);
    const char *friendly = request->friendly_name == NULL ? "" : request->friendly_name;
    if (!utf8_valid(span_from_text(friendly)) || strlen(friendly) >= CERTSTORE_FRIENDLY_MAX) {
        friendly = "";
    }
    for (const char *byte = friendly; *byte != '\0'; byte++) {
        bool control = (unsigned char)*byte < 0x20 || *byte == 0x7f;
        buf_append_byte(&text, control ? '?' : (uint8_t)*byte);
    }
    buf_append_byte(&text, '\n');
    if (key_in_token(request->key)) {
        buf_append_format(
            &text, "token: %s\nmodule: %s\n", request->token_uri, request->token_module);
    } else if (request->passphrase != NULL) {
        buf_append_format(&text, "guard: passphrase\n");
    }
    TRY(buf_check(&text));
    return folder_write(folder, "about", buf_span(&text));
}
