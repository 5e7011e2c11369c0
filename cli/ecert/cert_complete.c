/* ecert cert complete FILE: joins a certificate that came by another way (mail, download page) to the
 * request whose key it certifies. PEM, DER or P7B; what else the file holds becomes the chain. */
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/der/pem.h"
#include "lib/pki/p7b.h"

enum { COMPLETE_FILE_MAX = 512 * 1024 };

/* All certificates of a file; spans borrow from `der`. */
struct certificates {
    struct buf der;
    struct span spans[P7B_CERTIFICATES_MAX];
    size_t count;
};
static void certificates_release(struct certificates *certificates)
{
    buf_release(&certificates->der);
}
AUTO_DEFINE(certificates, certificates_release)

static enum err certificates_read(
    const char *path, struct certificates *ret, struct reason *ret_reason);
static enum err certificates_cut(struct span file, struct certificates *ret);
static enum err pem_certificates(struct span text, struct certificates *ret);
static enum err p7b_certificates(struct span der, struct certificates *ret);
static enum err chain_write(
    const struct certificates *certificates, size_t leaf, struct buf *chain);

enum exit_code command_cert_complete(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certificates) certificates = { 0 };
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    struct item_view view;
    enum err err = certificates_read(arguments->operands[0], &certificates, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    err = ERR_NOT_FOUND;
    for (size_t i = 0; err == ERR_NOT_FOUND && i < certificates.count; i++) {
        AUTO(buf) chain = buf_make(CERTSTORE_CHAIN_MAX);
        err = chain_write(&certificates, i, &chain);
        err = err == OK ? certstore_complete(
                              store, certificates.spans[i], buf_span(&chain), &reason, &item)
                        : err;
    }
    err = err == OK ? item_view(tool, store, &item, &view) : err;
    if (err == ERR_CONFLICT) {
        screen_failure(tool, err, &reason);
        return EXIT_NOTHING;
    }
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    screen_step(tool, "tool.completed", NULL);
    item_show(tool, &view);
    item_put(tool, &view, tool->result);
    return EXIT_DONE;
}

static enum err certificates_read(
    const char *path, struct certificates *ret, struct reason *ret_reason)
{
    AUTO(buf) file = { 0 };
    enum err err = file_read(path, COMPLETE_FILE_MAX, &file);
    if (err != OK) {
        return reason_set(ret_reason, err, "tool.file_read", path, err_name(err), NULL);
    }
    ret->der = buf_make(2 * COMPLETE_FILE_MAX);
    if (certificates_cut(buf_span(&file), ret) != OK || ret->count == 0) {
        return reason_set(ret_reason, ERR_INPUT, "certificate.malformed", path, NULL, NULL);
    }
    return OK;
}

static enum err certificates_cut(struct span file, struct certificates *ret)
{
    struct pem pem;
    if (pem_find(file, "PKCS7", &pem) == OK) {
        TRY(pem_decode(&pem, &ret->der));
        return p7b_certificates(buf_span(&ret->der), ret);
    }
    if (pem_find(file, "CERTIFICATE", &pem) == OK) {
        return pem_certificates(file, ret);
    }
    buf_append(&ret->der, file);
    TRY(buf_check(&ret->der));
    if (p7b_certificates(buf_span(&ret->der), ret) == OK) {
        return OK;
    }
    ret->spans[0] = buf_span(&ret->der);
    ret->count = 1;
    return OK;
}

static enum err p7b_certificates(struct span der, struct certificates *ret)
{
    return p7b_parse(der, ret->spans, &ret->count);
}

static enum err pem_certificates(struct span text, struct certificates *ret)
{
    struct pem pem;
    size_t ends[P7B_CERTIFICATES_MAX];
    while (ret->count < P7B_CERTIFICATES_MAX && pem_next(&text, &pem) == OK) {
        if (span_equal_text(pem.label, "CERTIFICATE")) {
            TRY(pem_decode(&pem, &ret->der));
            ends[ret->count++] = ret->der.len;
        }
    }
    for (size_t i = 0; i < ret->count; i++) {
        size_t start = i == 0 ? 0 : ends[i - 1];
        ret->spans[i] = span_make(ret->der.data + start, ends[i] - start);
    }
    return OK;
}

static enum err chain_write(const struct certificates *certificates, size_t leaf, struct buf *chain)
{
    for (size_t i = 0; i < certificates->count; i++) {
        if (i != leaf) {
            TRY(pem_write("CERTIFICATE", certificates->spans[i], chain));
        }
    }
    return OK;
}
