/* PEM may hold other blocks beside certificates; they are passed over, private keys unread. */
#include "cli/ecert/bundle.h"

#include "lib/base/file.h"
#include "lib/der/pem.h"

static enum err pem_certificates(struct span text, struct bundle *ret);

void bundle_release(struct bundle *bundle)
{
    buf_release(&bundle->der);
    bundle->count = 0;
}

enum err bundle_read(const char *path, struct bundle *ret, struct reason *ret_reason)
{
    AUTO(buf) file = { 0 };
    enum err err = file_read(path, BUNDLE_FILE_MAX, &file);
    if (err != OK) {
        return reason_set(ret_reason, err, "tool.file_read", path, err_name(err), NULL);
    }
    if (bundle_cut(buf_span(&file), ret) != OK || ret->count == 0) {
        return reason_set(ret_reason, ERR_INPUT, "certificate.malformed", path, NULL, NULL);
    }
    return OK;
}

enum err bundle_cut(struct span bytes, struct bundle *ret)
{
    struct pem pem;
    ret->der = buf_make(2 * BUNDLE_FILE_MAX);
    AUTO(buf) text = buf_make(BUNDLE_FILE_MAX);
    if (bytes.len == 0) {
        return OK;
    }
    TRY(pem_narrow(bytes, &text));
    bytes = buf_span(&text);
    if (pem_find(bytes, "PKCS7", &pem) == OK) {
        TRY(pem_decode(&pem, &ret->der));
        return p7b_parse(buf_span(&ret->der), ret->spans, &ret->count);
    }
    if (pem_find(bytes, "CERTIFICATE", &pem) == OK) {
        return pem_certificates(bytes, ret);
    }
    buf_append(&ret->der, bytes);
    TRY(buf_check(&ret->der));
    if (p7b_parse(buf_span(&ret->der), ret->spans, &ret->count) == OK) {
        return OK;
    }
    ret->spans[0] = buf_span(&ret->der);
    ret->count = 1;
    return OK;
}

static enum err pem_certificates(struct span text, struct bundle *ret)
{
    struct pem pem;
    size_t ends[P7B_CERTIFICATES_MAX];
    while (ret->count < P7B_CERTIFICATES_MAX && pem_next(&text, &pem) == OK) {
        if (span_equal_text(pem.label, "CERTIFICATE")) {
            TRY(pem_decode(&pem, &ret->der));
            ends[ret->count++] = ret->der.len;
        }
    }
    /* A Microsoft CA writes its P7B under this label too. */
    if (ret->count == 1 && p7b_parse(buf_span(&ret->der), ret->spans, &ret->count) == OK) {
        return OK;
    }
    for (size_t i = 0; i < ret->count; i++) {
        size_t start = i == 0 ? 0 : ends[i - 1];
        ret->spans[i] = span_make(ret->der.data + start, ends[i] - start);
    }
    return OK;
}

enum err bundle_chain(const struct bundle *bundle, size_t leaf, struct buf *chain)
{
    for (size_t i = 0; i < bundle->count; i++) {
        if (i != leaf) {
            TRY(pem_write("CERTIFICATE", bundle->spans[i], chain));
        }
    }
    return OK;
}
