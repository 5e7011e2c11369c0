/* Reading and writing cookies. */
#include "lib/http/cookie.h"

#include <ctype.h>
#include <stdio.h>

static bool token_valid(struct span text);
static bool path_valid(const struct cookie *cookie);
static bool pair_named(
    struct span pair, const char *prefix, const char *name, struct span *ret_value);

bool cookie_find(struct span header, const char *name, bool secure, struct span *ret_value)
{
    struct span found = { 0 };
    size_t count = 0;
    for (size_t at = 0; at < header.len;) {
        const uint8_t *end = memchr(header.data + at, ';', header.len - at);
        size_t length = end == NULL ? header.len - at : (size_t)(end - (header.data + at));
        size_t skip = 0;
        while (skip < length && header.data[at + skip] == ' ') {
            skip++;
        }
        struct span pair = { header.data + at + skip, length - skip };
        count += pair_named(pair, secure ? "__Host-" : "", name, &found);
        at += length + 1;
    }
    if (count != 1) {
        return false;
    }
    *ret_value = found;
    return true;
}

enum err cookie_format(struct buf *buf, const struct cookie *cookie)
{
    if (!token_valid(span_from_text(cookie->name)) || cookie->name[0] == '\0' ||
        !token_valid(cookie->value) || !path_valid(cookie)) {
        return ERR_INPUT;
    }
    buf_append_format(buf, "%s%s=", cookie->secure ? "__Host-" : "", cookie->name);
    buf_append(buf, cookie->value);
    buf_append_format(buf, "; Path=%s; HttpOnly; SameSite=%s",
        cookie->path == NULL ? "/" : cookie->path, cookie->lax ? "Lax" : "Strict");
    if (cookie->secure) {
        buf_append_text(buf, "; Secure");
    }
    if (cookie->max_age_seconds != 0) {
        long long age = cookie->max_age_seconds < 0 ? 0 : (long long)cookie->max_age_seconds;
        buf_append_format(buf, "; Max-Age=%lld", age);
    }
    return buf_check(buf);
}

static bool pair_named(
    struct span pair, const char *prefix, const char *name, struct span *ret_value)
{
    size_t prefix_len = strlen(prefix), name_len = strlen(name), len = prefix_len + name_len;
    if (pair.len <= len || pair.data[len] != '=' || memcmp(pair.data, prefix, prefix_len) != 0 ||
        memcmp(pair.data + prefix_len, name, name_len) != 0) {
        return false;
    }
    *ret_value = span_make(pair.data + len + 1, pair.len - len - 1);
    return true;
}

/* "__Host-" stands for a cookie of the whole host (RFC 6265bis §4.1.3.2). */
static bool path_valid(const struct cookie *cookie)
{
    const char *path = cookie->path;
    if (path == NULL) {
        return true;
    }
    for (const char *part = path; *part != '\0'; part += strcspn(part, "/")) {
        part += *part == '/';
        if (!token_valid(span_make(part, strcspn(part, "/")))) {
            return false;
        }
    }
    return path[0] == '/' && !cookie->secure;
}

static bool token_valid(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        bool alphanumeric = byte < 0x80 && isalnum(byte);
        if (!alphanumeric && (byte == '\0' || strchr("-._~", byte) == NULL)) {
            return false;
        }
    }
    return true;
}
