/* PEM blocks: RFC 7468 §2 and 3, read laxly, written strictly. */
#include "lib/der/pem.h"

static const char begin_line[] = "-----BEGIN ";
static const char end_line[] = "-----END ";
static const char dashes[] = "-----";

enum { LINE_CHARACTERS = 64, LINE_BYTES = 48 };

static bool text_find(struct span text, const char *needle, size_t *ret_at);
static struct span span_from(struct span span, size_t at);

enum err pem_next(struct span *text, struct pem *ret_pem)
{
    size_t at, label_len, body_len;
    if (!text_find(*text, begin_line, &at)) {
        return ERR_NOT_FOUND;
    }
    struct span label = span_from(*text, at + sizeof begin_line - 1);
    if (!text_find(label, dashes, &label_len) || label_len == 0 || label_len >= PEM_LABEL_MAX) {
        return ERR_INPUT;
    }
    struct span body = span_from(label, label_len + sizeof dashes - 1);
    label.len = label_len;
    if (!text_find(body, end_line, &body_len)) {
        return ERR_INPUT;
    }
    struct span end = span_from(body, body_len + sizeof end_line - 1);
    body.len = body_len;
    if (end.len < label.len + sizeof dashes - 1 ||
        !span_equal(span_make(end.data, label.len), label) ||
        memcmp(end.data + label.len, dashes, sizeof dashes - 1) != 0) {
        return ERR_INPUT;
    }
    *ret_pem = (struct pem){ .label = label, .body = body };
    *text = span_from(end, label.len + sizeof dashes - 1);
    return OK;
}

enum err pem_narrow(struct span input, struct buf *buf)
{
    const uint8_t *data = input.data;
    bool little = input.len >= 2 && ((data[0] == 0xff && data[1] == 0xfe) ||
                                        (data[0] < 0x80 && data[0] > 0 && data[1] == 0));
    bool big = input.len >= 2 && ((data[0] == 0xfe && data[1] == 0xff) ||
                                     (data[0] == 0 && data[1] < 0x80 && data[1] > 0));
    if (!little && !big) {
        bool mark = input.len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0;
        buf_append(buf, mark ? span_make(data + 3, input.len - 3) : input);
        return buf_check(buf);
    }
    for (size_t i = data[0] >= 0xfe ? 2 : 0; i + 1 < input.len; i += 2) {
        uint8_t high = little ? data[i + 1] : data[i], low = little ? data[i] : data[i + 1];
        if (high != 0) {
            return ERR_INPUT;
        }
        buf_append_byte(buf, low);
    }
    return buf_check(buf);
}

static bool text_find(struct span text, const char *needle, size_t *ret_at)
{
    const uint8_t *found =
        text.len == 0 ? NULL : memmem(text.data, text.len, needle, strlen(needle));
    if (found == NULL) {
        return false;
    }
    *ret_at = (size_t)(found - text.data);
    return true;
}

static struct span span_from(struct span span, size_t at)
{
    return span_make(span.data + at, span.len - at);
}

enum err pem_find(struct span text, const char *label, struct pem *ret_pem)
{
    struct pem pem;
    do {
        TRY(pem_next(&text, &pem));
    } while (!span_equal_text(pem.label, label));
    *ret_pem = pem;
    return OK;
}

enum err pem_decode(const struct pem *pem, struct buf *buf)
{
    size_t capacity = pem->body.len / 4 * 3 + 3, len = 0;
    uint8_t *room = buf_reserve(buf, capacity);
    if (room == NULL) {
        return buf_check(buf);
    }
    TRY(base64_parse(pem->body, room, capacity, &len));
    buf->len += len;
    return OK;
}

enum err pem_write(const char *label, struct span der, struct buf *buf)
{
    char line[LINE_CHARACTERS + 1];
    buf_append_format(buf, "%s%s%s\n", begin_line, label, dashes);
    for (size_t at = 0; at < der.len; at += LINE_BYTES) {
        size_t len = der.len - at < LINE_BYTES ? der.len - at : LINE_BYTES;
        base64_format(span_make(der.data + at, len), line, sizeof line);
        buf_append_format(buf, "%s\n", line);
    }
    buf_append_format(buf, "%s%s%s\n", end_line, label, dashes);
    return buf_check(buf);
}
