/* TSIG key files. All three forms are read as one list of words: what stands behind "algorithm" and
 * "secret" is the same everywhere, and the name follows "key" or "id". The words stay in the
 * secret's own pages. */
#include "lib/dns/tsig.h"

#include "lib/base/file.h"

#include <ctype.h>

struct tsig_algorithm {
    const char *name;
    const char *on_the_wire;
};

/* RFC 8945 §6, those that are neither deprecated nor misspelt in libldns (it knows hmac-sha384 only
 * as "hmac-shac384."). */
static const struct tsig_algorithm algorithms[] = {
    { "hmac-sha256", "hmac-sha256." },
    { "hmac-sha512", "hmac-sha512." },
};

struct tsig_words {
    struct span name, algorithm, secret;
};

static enum err words_from_line(struct span text, struct tsig_words *ret_words);
static enum err words_from_blocks(struct span text, struct tsig_words *ret_words);
static bool word_next(struct span *text, struct span *ret_word);
static struct span trim(struct span text);
static const char *algorithm_find(struct span name);
static enum err secret_check(struct span base64);
static bool key_name_copy(struct span name, char *ret_name, size_t size);

void tsig_key_release(struct tsig_key *key)
{
    secret_release(&key->secret);
    *key = (struct tsig_key){ 0 };
}

enum err tsig_key_parse(
    const struct secret *text, struct reason *ret_reason, struct tsig_key *ret_key)
{
    struct tsig_words words = { 0 };
    struct span trimmed = trim(secret_span(text));
    enum err err = words_from_line(trimmed, &words);
    err = err == OK ? OK : words_from_blocks(trimmed, &words);
    AUTO(tsig_key) key = { 0 };
    if (err != OK || !key_name_copy(words.name, key.name, sizeof key.name)) {
        return reason_set(ret_reason, ERR_INPUT, "tsig.malformed", NULL, NULL, NULL);
    }
    key.algorithm = algorithm_find(words.algorithm);
    if (key.algorithm == NULL) {
        char seen[32];
        bool shown = span_to_text(words.algorithm, seen, sizeof seen);
        return reason_set(ret_reason, ERR_INPUT, "tsig.algorithm", key.name, shown ? seen : NULL,
            "hmac-sha256, hmac-sha512");
    }
    if (secret_check(words.secret) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "tsig.secret", key.name, NULL, NULL);
    }
    TRY(secret_new(words.secret.len + 1, &key.secret));
    memcpy(key.secret.data, words.secret.data, words.secret.len);
    *ret_key = key;
    key = (struct tsig_key){ 0 };
    return OK;
}

enum err tsig_key_read(const char *path, struct reason *ret_reason, struct tsig_key *ret_key)
{
    AUTO(secret) text = { 0 };
    enum err err = file_read_secret(path, TSIG_FILE_MAX_BYTES, &text);
    if (err != OK) {
        const char *code = err == ERR_DENIED ? "tsig.readable" : "tsig.file";
        return reason_set(ret_reason, err, code, path, NULL, NULL);
    }
    err = tsig_key_parse(&text, ret_reason, ret_key);
    if (err == ERR_INPUT && ret_reason != NULL && ret_reason->field[0] == '\0') {
        return reason_set(ret_reason, err, ret_reason->code, path, NULL, NULL);
    }
    return err;
}

/* algorithm:name:secret, alone on its line. */
static enum err words_from_line(struct span text, struct tsig_words *ret_words)
{
    const uint8_t *first = text.len == 0 ? NULL : memchr(text.data, ':', text.len);
    const uint8_t *end = text.data + text.len;
    const uint8_t *second =
        first == NULL ? NULL : memchr(first + 1, ':', (size_t)(end - first - 1));
    if (second == NULL || memchr(text.data, '\n', text.len) != NULL) {
        return ERR_INPUT;
    }
    struct tsig_words words = {
        .algorithm = span_make(text.data, (size_t)(first - text.data)),
        .name = span_make(first + 1, (size_t)(second - first - 1)),
        .secret = span_make(second + 1, (size_t)(end - second - 1)),
    };
    if (algorithm_find(words.algorithm) == NULL && words.algorithm.len > 16) {
        return ERR_INPUT;
    }
    if (memchr(words.algorithm.data, ' ', words.algorithm.len) != NULL) {
        return ERR_INPUT;
    }
    *ret_words = words;
    return OK;
}

/* The first key of a file in BIND's or Knot's form. */
static enum err words_from_blocks(struct span text, struct tsig_words *ret_words)
{
    struct tsig_words words = { 0 };
    struct span word, before = { 0 };
    while (word_next(&text, &word)) {
        bool named = span_equal_text(before, "id") || span_equal_text(before, "key");
        if (named && words.name.len == 0 && !span_equal_text(word, "id")) {
            words.name = word;
        } else if (span_equal_text(before, "algorithm") && words.algorithm.len == 0) {
            words.algorithm = word;
        } else if (span_equal_text(before, "secret") && words.secret.len == 0) {
            words.secret = word;
        }
        before = word;
    }
    bool whole = words.name.len > 0 && words.algorithm.len > 0 && words.secret.len > 0;
    if (!whole) {
        return ERR_INPUT;
    }
    *ret_words = words;
    return OK;
}

/* The next run of letters between punctuation; comments to the end of the line are passed over. A
 * '-' alone is Knot's list mark. */
static bool word_next(struct span *text, struct span *ret_word)
{
    static const char between[] = " \t\r\n{}[];:\",'";
    size_t at = 0;
    while (at < text->len) {
        bool comment = text->data[at] == '#' ||
                       (text->data[at] == '/' && at + 1 < text->len && text->data[at + 1] == '/');
        if (comment) {
            while (at < text->len && text->data[at] != '\n') {
                at++;
            }
            continue;
        }
        size_t start = at;
        while (at < text->len && text->data[at] != '\0' && !strchr(between, text->data[at])) {
            at++;
        }
        struct span word = span_make(text->data + start, at - start);
        if (word.len > 0 && !span_equal_text(word, "-")) {
            *text = span_make(text->data + at, text->len - at);
            *ret_word = word;
            return true;
        }
        at += word.len == 0;
    }
    return false;
}

static struct span trim(struct span text)
{
    while (text.len > 0 && isspace(text.data[0])) {
        text = span_make(text.data + 1, text.len - 1);
    }
    while (text.len > 0 && isspace(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

static const char *algorithm_find(struct span name)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        size_t len = strlen(algorithms[i].name);
        bool same = name.len >= len && name.len <= len + 1 &&
                    strncasecmp((const char *)name.data, algorithms[i].on_the_wire, name.len) == 0;
        if (same) {
            return algorithms[i].on_the_wire;
        }
    }
    return NULL;
}

static enum err secret_check(struct span base64)
{
    AUTO(secret) bytes = { 0 };
    TRY(secret_new(TSIG_SECRET_MAX_BYTES, &bytes));
    size_t len;
    TRY(base64_parse(base64, bytes.data, bytes.len, &len));
    return len < TSIG_SECRET_MIN_BYTES ? ERR_INPUT : OK;
}

/* A key's name is a domain name, but need not be a host's: letters, digits, '-', '_' and '.'. */
static bool key_name_copy(struct span name, char *ret_name, size_t size)
{
    if (name.len > 0 && name.data[name.len - 1] == '.') {
        name.len--;
    }
    if (!span_to_text(name, ret_name, size)) {
        return false;
    }
    for (char *byte = ret_name; *byte != '\0'; byte++) {
        if (!isalnum((unsigned char)*byte) && strchr("-_.", *byte) == NULL) {
            return false;
        }
        *byte = (char)tolower((unsigned char)*byte);
    }
    return true;
}
