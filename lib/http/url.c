/* Escaping, unescaping and cutting URLs. */
#include "lib/http/url.h"

#include "lib/base/limits.h"

#include <ctype.h>
#include <strings.h>

static int hex_value(uint8_t digit);
static enum err pair_parse(struct span piece, struct arena *arena, struct http_pair *ret_pair);
static enum err authority_parse(struct span authority, struct url *url);

void url_escape(struct buf *buf, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        bool alphanumeric = byte < 0x80 && isalnum(byte);
        if (alphanumeric || (byte != '\0' && strchr("-._~", byte) != NULL)) {
            buf_append_byte(buf, byte);
        } else {
            buf_append_format(buf, "%%%02X", byte);
        }
    }
}

enum err url_unescape(
    struct span text, enum url_plus plus, struct arena *arena, struct span *ret_text)
{
    uint8_t *copy = arena_alloc(arena, text.len + 1, 1);
    size_t len = 0;
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '%') {
            int high = i + 2 < text.len ? hex_value(text.data[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return ERR_INPUT;
            }
            byte = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (byte == '+' && plus == URL_PLUS_IS_SPACE) {
            byte = ' ';
        }
        copy[len++] = byte;
    }
    *ret_text = span_make(copy, len);
    return OK;
}

enum err url_pairs_parse(
    struct span text, struct arena *arena, struct http_pair **ret_pairs, size_t *ret_count)
{
    size_t pieces = text.len > 0;
    for (size_t i = 0; i < text.len; i++) {
        pieces += text.data[i] == '&';
    }
    if (pieces > HTTP_PAIRS_MAX) {
        return ERR_LIMIT;
    }
    struct http_pair *pairs = arena_alloc(arena, pieces, sizeof *pairs);
    size_t count = 0;
    if (pairs == NULL) {
        return ERR_MEMORY;
    }
    for (size_t at = 0; at < text.len;) {
        const uint8_t *end = memchr(text.data + at, '&', text.len - at);
        size_t length = end == NULL ? text.len - at : (size_t)(end - (text.data + at));
        if (length > 0) {
            TRY(pair_parse(span_make(text.data + at, length), arena, &pairs[count]));
            count++;
        }
        at += length + 1;
    }
    *ret_pairs = pairs;
    *ret_count = count;
    return OK;
}

static enum err pair_parse(struct span piece, struct arena *arena, struct http_pair *ret_pair)
{
    const uint8_t *equals = memchr(piece.data, '=', piece.len);
    size_t length = equals == NULL ? piece.len : (size_t)(equals - piece.data);
    struct span value = { piece.data + piece.len, 0 };
    if (equals != NULL) {
        value = span_make(equals + 1, piece.len - length - 1);
    }
    TRY(url_unescape(span_make(piece.data, length), URL_PLUS_IS_SPACE, arena, &ret_pair->name));
    return url_unescape(value, URL_PLUS_IS_SPACE, arena, &ret_pair->value);
}

static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

enum err url_parse(const char *text, struct url *ret_url)
{
    struct url url = { .tls = strncasecmp(text, "https://", 8) == 0 };
    if (!url.tls && strncasecmp(text, "http://", 7) != 0) {
        return ERR_INPUT;
    }
    const char *authority = text + (url.tls ? 8 : 7);
    size_t length = strcspn(authority, "/?#");
    const char *path = authority + length;
    url.port = url.tls ? 443 : 80;
    TRY(authority_parse(span_make(authority, length), &url));
    for (const char *at = path; *at != '\0'; at++) {
        if ((uint8_t)*at <= 0x20 || (uint8_t)*at >= 0x7f || *at == '#') {
            return ERR_INPUT;
        }
    }
    int written = snprintf(url.path, sizeof url.path, "%s%s", path[0] == '/' ? "" : "/", path);
    if (written < 0 || (size_t)written >= sizeof url.path) {
        return ERR_LIMIT;
    }
    *ret_url = url;
    return OK;
}

static enum err authority_parse(struct span authority, struct url *url)
{
    const uint8_t *bracket = memchr(authority.data, ']', authority.len);
    size_t searched = bracket == NULL ? 0 : (size_t)(bracket - authority.data);
    const uint8_t *colon = memchr(authority.data + searched, ':', authority.len - searched);
    size_t host = colon == NULL ? authority.len : (size_t)(colon - authority.data);
    for (size_t i = 0; i < host; i++) {
        if (!isalnum(authority.data[i]) &&
            strchr(bracket == NULL ? "-._" : "[:]", authority.data[i]) == NULL) {
            return ERR_INPUT;
        }
    }
    if (!span_to_text(span_make(authority.data, host), url->host, sizeof url->host)) {
        return ERR_INPUT;
    }
    if (colon == NULL) {
        return OK;
    }
    unsigned port = 0;
    for (size_t i = host + 1; i < authority.len; i++) {
        if (authority.data[i] < '0' || authority.data[i] > '9' || port > 6553) {
            return ERR_INPUT;
        }
        port = port * 10 + (unsigned)(authority.data[i] - '0');
    }
    if (port == 0 || port > 65535) {
        return ERR_INPUT;
    }
    url->port = (uint16_t)port;
    return OK;
}
