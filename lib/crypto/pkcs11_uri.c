/* PKCS#11 URIs, RFC 7512 §2.3: the path attributes token, object, id and type, nothing else. */
#include "lib/crypto/pkcs11.h"

#include <ctype.h>

enum { URI_MAX = 512, VALUE_MAX = 65 };

static const char scheme[] = "pkcs11:";

enum attribute { TOKEN, OBJECT, ID, TYPE, ATTRIBUTES };
static const char *const names[ATTRIBUTES] = { "token", "object", "id", "type" };

struct value {
    uint8_t bytes[VALUE_MAX];
    size_t len;
    bool given;
};

bool pkcs11_uri_begins(struct span text)
{
    size_t len = sizeof scheme - 1;
    return text.len >= len && memcmp(text.data, scheme, len) == 0;
}

static bool refused(struct span text, struct reason *ret_reason)
{
    char seen[URI_MAX] = "";
    (void)span_to_text(text, seen, sizeof seen);
    (void)reason_set(
        ret_reason, ERR_INPUT, "pkcs11.uri", NULL, seen, "pkcs11:token=…;object=… (RFC 7512)");
    return false;
}

/* One octet of a value, percent-encoded or plain (RFC 3986 unreserved and what §2.3 adds). */
static bool octet_take(struct span *rest, uint8_t *ret_octet)
{
    uint8_t first = rest->data[0];
    size_t used = 1, len = 0;
    if (first == '%') {
        used = 3;
        if (rest->len < used || !isxdigit(rest->data[1]) || !isxdigit(rest->data[2]) ||
            hex_parse(span_make(rest->data + 1, 2), ret_octet, 1, &len) != OK) {
            return false;
        }
    } else if (isalnum(first) || strchr("-._~:[]@!$'()*+,=&", first) != NULL) {
        *ret_octet = first;
    } else {
        return false;
    }
    *rest = span_make(rest->data + used, rest->len - used);
    return first != '\0';
}

/* "name=value" up to the next semicolon. */
static bool attribute_take(struct span pair, struct value values[ATTRIBUTES])
{
    const uint8_t *equals = memchr(pair.data, '=', pair.len);
    if (equals == NULL) {
        return false;
    }
    struct span name = span_make(pair.data, (size_t)(equals - pair.data));
    struct span rest = span_make(equals + 1, pair.len - name.len - 1);
    for (unsigned i = 0; i < ATTRIBUTES; i++) {
        struct value *value = &values[i];
        if (!span_equal_text(name, names[i])) {
            continue;
        }
        if (value->given || rest.len == 0) {
            return false;
        }
        value->given = true;
        while (rest.len > 0) {
            if (value->len == VALUE_MAX - 1 || !octet_take(&rest, &value->bytes[value->len])) {
                return false;
            }
            value->len++;
        }
        return true;
    }
    return false;
}

static bool text_of(const struct value *value, char *ret_text, size_t size)
{
    return !value->given || (span_to_text(span_make(value->bytes, value->len), ret_text, size) &&
                                utf8_plain(span_make(value->bytes, value->len)));
}

enum err pkcs11_uri_parse(struct span text, struct pkcs11_uri *ret_uri, struct reason *ret_reason)
{
    struct value values[ATTRIBUTES] = { 0 };
    struct pkcs11_uri uri = { 0 };
    bool good = pkcs11_uri_begins(text) && text.len < URI_MAX;
    size_t at = sizeof scheme - 1;
    while (good && at <= text.len) {
        const uint8_t *end = memchr(text.data + at, ';', text.len - at);
        size_t len = end == NULL ? text.len - at : (size_t)(end - text.data) - at;
        good = attribute_take(span_make(text.data + at, len), values);
        at += len + 1;
    }
    good = good && values[TOKEN].given && (values[OBJECT].given || values[ID].given) &&
           text_of(&values[TOKEN], uri.token, sizeof uri.token) &&
           text_of(&values[OBJECT], uri.object, sizeof uri.object) &&
           values[ID].len <= sizeof uri.id &&
           (!values[TYPE].given ||
               span_equal_text(span_make(values[TYPE].bytes, values[TYPE].len), "private"));
    if (!good) {
        (void)refused(text, ret_reason);
        return ERR_INPUT;
    }
    memcpy(uri.id, values[ID].bytes, values[ID].len);
    uri.id_len = values[ID].len;
    *ret_uri = uri;
    return OK;
}
