/* Three lines: the list's SHA-256, ETag, Last-Modified. */
#include "lib/certstore/fetched.h"

#include "lib/certstore/internal.h"

#include <stdio.h>

enum { TEXT_MAX = 512 };

static enum err line_take(struct span *rest, char *ret_text, size_t size);
static enum err list_find(const struct certstore *store, const char *digest, int64_t now);

enum err certstore_fetched_read(const struct certstore *store, const char *url, int64_t now,
    struct certstore_fetched *ret_fetched)
{
    char name[CERTSTORE_ID_MAX];
    AUTO(buf) text = { 0 };
    struct certstore_fetched fetched;
    TRY(certstore_thumbprint(span_from_text(url), name));
    TRY(folder_read(&store->fetched, name, TEXT_MAX, &text));
    struct span rest = buf_span(&text);
    TRY(line_take(&rest, fetched.list, sizeof fetched.list));
    TRY(line_take(&rest, fetched.etag, sizeof fetched.etag));
    TRY(line_take(&rest, fetched.modified, sizeof fetched.modified));
    TRY(list_find(store, fetched.list, now));
    *ret_fetched = fetched;
    return OK;
}

static enum err line_take(struct span *rest, char *ret_text, size_t size)
{
    const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
    if (end == NULL) {
        return ERR_INPUT;
    }
    size_t len = (size_t)(end - rest->data);
    bool whole = span_to_text(span_make(rest->data, len), ret_text, size);
    *rest = span_make(end + 1, rest->len - len - 1);
    return whole ? OK : ERR_INPUT;
}

static enum err list_find(const struct certstore *store, const char *digest, int64_t now)
{
    AUTO(certstore_blobs) lists = { 0 };
    TRY(certstore_list_crls(store, &lists));
    for (size_t i = 0; i < lists.count; i++) {
        char here[CERTSTORE_ID_MAX];
        struct crl crl;
        TRY(certstore_thumbprint(buf_span(&lists.blobs[i]), here));
        if (strcmp(here, digest) == 0 && crl_parse(buf_span(&lists.blobs[i]), &crl) == OK) {
            return crl.next_update > now ? OK : ERR_NOT_FOUND;
        }
    }
    return ERR_NOT_FOUND;
}

enum err certstore_fetched_write(struct certstore *store, const char *url, const char *etag,
    const char *modified, struct span list)
{
    char name[CERTSTORE_ID_MAX], digest[CERTSTORE_ID_MAX];
    AUTO(buf) text = buf_make(TEXT_MAX);
    if (store->rehearsed) {
        return OK;
    }
    TRY(certstore_thumbprint(span_from_text(url), name));
    TRY(certstore_thumbprint(list, digest));
    buf_append_format(&text, "%s\n%s\n%s\n", digest, etag, modified);
    TRY(buf_check(&text));
    TRY(certstore_lock(store));
    enum err err = folder_write(&store->fetched, name, buf_span(&text));
    certstore_unlock(store);
    return err;
}
