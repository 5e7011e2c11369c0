/* The table of formats. */
#include "cli/ecert/export_file.h"

#include "cli/ecert/bundle.h"
#include "lib/base/file.h"
#include "lib/der/pem.h"

static enum err format_pem(const struct certstore_item *item, struct buf *ret_file);
static enum err format_der(const struct certstore_item *item, struct buf *ret_file);
static enum err format_p7b(const struct certstore_item *item, struct buf *ret_file);

static const struct export_format formats[EXPORT_FORMATS] = {
    { "pem", format_pem },
    { "der", format_der },
    { "p7b", format_p7b },
    { "pfx", NULL },
};

const struct export_format *export_format_at(size_t index)
{
    return index < EXPORT_FORMATS ? &formats[index] : NULL;
}

enum err export_write(const struct export_format *format, const struct certstore_item *item,
    const char *out, struct reason *ret_reason)
{
    AUTO(buf) file = buf_make(2 * CERTSTORE_CHAIN_MAX);
    enum err err = format->write(item, &file);
    err = err == OK ? buf_check(&file) : err;
    err = err == OK ? file_create(out, buf_span(&file), 0644) : err;
    const char *code = err == ERR_CONFLICT ? "tool.file_exists" : "tool.file_write";
    return err == OK ? OK
                     : reason_set(ret_reason, err, code, out,
                           err == ERR_CONFLICT ? NULL : err_name(err), NULL);
}

static enum err format_pem(const struct certstore_item *item, struct buf *ret_file)
{
    TRY(pem_write("CERTIFICATE", buf_span(&item->certificate), ret_file));
    buf_append(ret_file, buf_span(&item->chain));
    return OK;
}

static enum err format_der(const struct certstore_item *item, struct buf *ret_file)
{
    buf_append(ret_file, buf_span(&item->certificate));
    return OK;
}

static enum err format_p7b(const struct certstore_item *item, struct buf *ret_file)
{
    AUTO(bundle) chain = { 0 };
    struct span all[P7B_CERTIFICATES_MAX] = { buf_span(&item->certificate) };
    size_t count = 1;
    TRY(bundle_cut(buf_span(&item->chain), &chain));
    for (size_t i = 0; i < chain.count && count < P7B_CERTIFICATES_MAX; i++) {
        all[count++] = chain.spans[i];
    }
    return p7b_write(all, count, ret_file);
}
