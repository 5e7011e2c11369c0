/* Cutting a body into its parts. */
#include "lib/http/multipart.h"

#include "lib/base/limits.h"

#include <strings.h>

enum { BOUNDARY_MAX = 70 }; /* RFC 2046 §5.1.1 */

static size_t find(struct span text, size_t from, struct span wanted);
static enum err part_parse(struct span part, struct http_pair *ret_pair);
static bool skip_text(struct span body, size_t *at, struct span text);
static bool parameter_next(
    struct span value, size_t *at, struct span *ret_name, struct span *ret_value);

enum err multipart_parse(struct span boundary, struct span body, struct arena *arena,
    struct http_pair **ret_pairs, size_t *ret_count)
{
    uint8_t mark[BOUNDARY_MAX + 4] = "\r\n--";
    if (boundary.len == 0 || boundary.len > BOUNDARY_MAX) {
        return ERR_INPUT;
    }
    memcpy(mark + 4, boundary.data, boundary.len);
    struct span between = span_make(mark, boundary.len + 4);
    struct span first = span_make(mark + 2, boundary.len + 2);
    struct http_pair *pairs = arena_alloc(arena, HTTP_PAIRS_MAX, sizeof *pairs);
    size_t count = 0, at = 0;
    if (pairs == NULL) {
        return ERR_MEMORY;
    }
    if (!skip_text(body, &at, first)) {
        return ERR_INPUT;
    }
    while (skip_text(body, &at, SPAN_LITERAL("\r\n"))) {
        size_t end = find(body, at, between);
        if (end == body.len) {
            return ERR_INPUT;
        }
        if (count == HTTP_PAIRS_MAX) {
            return ERR_LIMIT;
        }
        TRY(part_parse(span_make(body.data + at, end - at), &pairs[count++]));
        at = end + between.len;
    }
    if (!skip_text(body, &at, SPAN_LITERAL("--"))) {
        return ERR_INPUT;
    }
    (void)skip_text(body, &at, SPAN_LITERAL("\r\n"));
    if (at != body.len) {
        return ERR_INPUT;
    }
    *ret_pairs = pairs;
    *ret_count = count;
    return OK;
}

static bool skip_text(struct span body, size_t *at, struct span text)
{
    if (body.len - *at < text.len || memcmp(body.data + *at, text.data, text.len) != 0) {
        return false;
    }
    *at += text.len;
    return true;
}

/* text.len if it is not there. */
static size_t find(struct span text, size_t from, struct span wanted)
{
    if (from >= text.len) {
        return text.len;
    }
    const uint8_t *hit = memmem(text.data + from, text.len - from, wanted.data, wanted.len);
    return hit == NULL ? text.len : (size_t)(hit - text.data);
}

/* Header lines, an empty line, the value. */
static enum err part_parse(struct span part, struct http_pair *ret_pair)
{
    static const char wanted[] = "content-disposition:";
    struct span name = { 0 };
    size_t at = 0, named = 0;
    for (;;) {
        size_t end = find(part, at, SPAN_LITERAL("\r\n"));
        struct span line = span_make(part.data + at, end - at);
        if (end == part.len || line.len > 1024) {
            return ERR_INPUT;
        }
        at = end + 2;
        if (line.len == 0) {
            break;
        }
        size_t prefix = sizeof wanted - 1;
        if (line.len > prefix && strncasecmp((const char *)line.data, wanted, prefix) == 0) {
            named++;
            if (!header_parameter(
                    span_make(line.data + prefix, line.len - prefix), "name", &name)) {
                return ERR_INPUT;
            }
        }
    }
    if (named != 1) {
        return ERR_INPUT;
    }
    *ret_pair = (struct http_pair){ name, span_make(part.data + at, part.len - at) };
    return OK;
}

bool header_parameter(struct span value, const char *name, struct span *ret_value)
{
    struct span found = { 0 };
    size_t count = 0, length = strlen(name);
    const uint8_t *semicolon = memchr(value.data, ';', value.len);
    size_t at = semicolon == NULL ? value.len : (size_t)(semicolon - value.data);
    while (at < value.len) {
        struct span key = { 0 }, content = { 0 };
        if (!parameter_next(value, &at, &key, &content)) {
            return false;
        }
        if (key.len == length && strncasecmp((const char *)key.data, name, length) == 0) {
            found = content;
            count++;
        }
    }
    if (count != 1) {
        return false;
    }
    *ret_value = found;
    return true;
}

/* `;  key=value` or `; key="value"`; browsers write a quote inside as %22, so there is no escape.
 */
static bool parameter_next(
    struct span value, size_t *at, struct span *ret_name, struct span *ret_value)
{
    size_t i = *at + 1;
    while (i < value.len && (value.data[i] == ' ' || value.data[i] == '\t')) {
        i++;
    }
    size_t name = i;
    while (i < value.len && value.data[i] != '=' && value.data[i] != ';') {
        i++;
    }
    if (i >= value.len || value.data[i] == ';') {
        return false;
    }
    *ret_name = span_make(value.data + name, i - name);
    bool quoted = i + 1 < value.len && value.data[i + 1] == '"';
    size_t start = i + 1 + quoted;
    for (i = start; i < value.len && value.data[i] != (quoted ? '"' : ';'); i++) {
        if (value.data[i] < 0x20 || value.data[i] == 0x7f) {
            return false;
        }
    }
    *ret_value = span_make(value.data + start, i - start);
    i += quoted && i < value.len;
    if (i > value.len || (i < value.len && value.data[i] != ';') ||
        (quoted && value.data[i - 1] != '"')) {
        return false;
    }
    *at = i;
    return true;
}
