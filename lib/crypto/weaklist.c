/* A sorted array of ten octets a key. */
#include "lib/crypto/weaklist.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/key.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { ENTRY_BYTES = 10, ENTRY_DIGITS = 2 * ENTRY_BYTES };

struct weaklist {
    uint8_t (*entries)[ENTRY_BYTES];
    size_t count, capacity;
    int64_t time;
};

static enum err file_add(struct weaklist *list, const char *path, struct reason *ret_reason);
static enum err line_add(struct weaklist *list, struct span line);

static int entries_compare(const void *left, const void *right)
{
    return memcmp(left, right, ENTRY_BYTES);
}

enum err weaklist_load(
    const char *const *paths, size_t count, struct weaklist **ret_list, struct reason *ret_reason)
{
    AUTO_PTR(weaklist) list = calloc(1, sizeof *list);
    if (list == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(file_add(list, paths[i], ret_reason));
    }
    if (list->count > 0) {
        qsort(list->entries, list->count, ENTRY_BYTES, entries_compare);
    }
    *ret_list = list;
    list = NULL;
    return OK;
}

void weaklist_free(struct weaklist *list)
{
    if (list != NULL) {
        free(list->entries);
        free(list);
    }
}

size_t weaklist_count(const struct weaklist *list)
{
    return list->count;
}

int64_t weaklist_time(const struct weaklist *list)
{
    return list->time;
}

static enum err file_add(struct weaklist *list, const char *path, struct reason *ret_reason)
{
    AUTO(buf) content = { 0 };
    struct stat status;
    char number[24];
    enum err err = file_read(path, FILE_MAX_BYTES, &content);
    if (err != OK || stat(path, &status) != 0) {
        return reason_set(
            ret_reason, err == OK ? ERR_IO : err, "weak_keys.file", path, err_name(err), NULL);
    }
    struct span rest = buf_span(&content);
    for (size_t line = 1; rest.len > 0; line++) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t len = end == NULL ? rest.len : (size_t)(end - rest.data);
        err = line_add(list, span_make(rest.data, len));
        if (err != OK) {
            snprintf(number, sizeof number, "line %zu", line);
            return reason_set(ret_reason, err, "weak_keys.file", path, number,
                "20 hexadecimal digits (openssl-blacklist)");
        }
        len += end != NULL;
        rest = span_make(rest.data + len, rest.len - len);
    }
    int64_t time = (int64_t)status.st_mtim.tv_sec;
    list->time = list->time == 0 || time < list->time ? time : list->time;
    return OK;
}

static enum err line_add(struct weaklist *list, struct span line)
{
    size_t len = 0;
    while (line.len > 0 && isspace(line.data[line.len - 1])) {
        line.len--;
    }
    if (line.len == 0 || line.data[0] == '#') {
        return OK;
    }
    if (list->count == list->capacity) {
        size_t grown = list->capacity == 0 ? 1024 : 2 * list->capacity;
        void *moved = realloc(list->entries, grown * ENTRY_BYTES);
        if (moved == NULL) {
            return ERR_MEMORY;
        }
        list->entries = moved;
        list->capacity = grown;
    }
    if (line.len != ENTRY_DIGITS ||
        hex_parse(line, list->entries[list->count], ENTRY_BYTES, &len) != OK ||
        len != ENTRY_BYTES) {
        return ERR_INPUT;
    }
    list->count++;
    return OK;
}

/* The modulus of an RSA key; false for anything else. */
static bool modulus_of(struct span spki, struct span *ret_modulus)
{
    struct der outer = der_reader(spki), inner, algorithm, numbers;
    struct span oid, bits;
    if (der_enter(&outer, DER_SEQUENCE, &inner) != OK ||
        der_enter(&inner, DER_SEQUENCE, &algorithm) != OK ||
        der_read(&algorithm, DER_OID, &oid) != OK || !span_equal(oid, oid_rsa_encryption) ||
        der_read_bit_string(&inner, &bits) != OK) {
        return false;
    }
    struct der key = der_reader(bits);
    return der_enter(&key, DER_SEQUENCE, &numbers) == OK &&
           der_read_magnitude(&numbers, ret_modulus) == OK &&
           ret_modulus->len <= KEY_RSA_MAX_BITS / 8;
}

/* As OpenSSL prints it: upper case, no zero in front. */
static enum err entry_of(struct span modulus, uint8_t ret_entry[ENTRY_BYTES])
{
    char hex[2 * KEY_RSA_MAX_BITS / 8 + 1], text[sizeof hex + 16];
    uint8_t hash[SHA1_BYTES];
    hex_format(modulus, hex);
    for (char *at = hex; *at != '\0'; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    int len = snprintf(text, sizeof text, "Modulus=%s\n", hex[0] == '0' ? hex + 1 : hex);
    TRY(digest_bytes(DIGEST_SHA1_THUMBPRINT, span_make(text, (size_t)len), hash));
    memcpy(ret_entry, hash + SHA1_BYTES - ENTRY_BYTES, ENTRY_BYTES);
    return OK;
}

enum err weaklist_check(const struct weaklist *list, struct span spki, struct reason *ret_reason)
{
    struct span modulus;
    uint8_t entry[ENTRY_BYTES];
    if (list == NULL || list->count == 0 || !modulus_of(spki, &modulus)) {
        return OK;
    }
    TRY(entry_of(modulus, entry));
    if (bsearch(entry, list->entries, list->count, ENTRY_BYTES, entries_compare) == NULL) {
        return OK;
    }
    return reason_set(ret_reason, ERR_INPUT, "csr.key_weak", "rsa.listed", "CVE-2008-0166",
        "RSA 2048, RSA 3072, RSA 4096");
}
