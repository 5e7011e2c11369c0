/* Certificates-only SignedData. Written as PKCS#7 1.5 (version 1, empty sets); of a foreign file
 * only the certificates are read, the rest is passed over. */
#include "lib/pki/p7b.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

struct list {
    const struct span *certificates;
    size_t count;
};

static void list_write(struct der_writer *writer, const void *object);

enum err p7b_write(const struct span *certificates, size_t count, struct buf *buf)
{
    const struct list list = { certificates, count };
    return count > P7B_CERTIFICATES_MAX ? ERR_LIMIT : der_encode(list_write, &list, buf);
}

static void list_write(struct der_writer *writer, const void *object)
{
    const struct list *list = object;
    der_open(writer, DER_SEQUENCE);
    der_write_oid(writer, oid_signed_data);
    der_open(writer, DER_CONTEXT(0));
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, 1);
    der_open(writer, DER_SET); /* digestAlgorithms */
    der_close(writer);
    der_open(writer, DER_SEQUENCE);
    der_write_oid(writer, oid_pkcs7_data);
    der_close(writer);
    der_open(
        writer, DER_CONTEXT(0)); /* certificates, in the order that readers expect: own first */
    for (size_t i = 0; i < list->count; i++) {
        der_write_raw(writer, list->certificates[i]);
    }
    der_close(writer);
    der_open(writer, DER_SET); /* signerInfos */
    der_close(writer);
    der_close(writer);
    der_close(writer);
    der_close(writer);
}

enum err p7b_parse(
    struct span der, struct span ret_certificates[P7B_CERTIFICATES_MAX], size_t *ret_count)
{
    struct der outer = der_reader(der), info, wrapper, data, certificates;
    struct span oid, found[P7B_CERTIFICATES_MAX];
    struct der_element skipped;
    unsigned version;
    size_t count = 0;
    TRY(der_enter(&outer, DER_SEQUENCE, &info));
    TRY(der_finish(&outer));
    TRY(der_read(&info, DER_OID, &oid));
    if (!span_equal(oid, oid_signed_data)) {
        return ERR_UNSUPPORTED;
    }
    TRY(der_enter(&info, DER_CONTEXT(0), &wrapper));
    TRY(der_enter(&wrapper, DER_SEQUENCE, &data));
    TRY(der_read_uint(&data, /* max= */ 5, &version));
    TRY(der_read_any(&data, &skipped));
    TRY(der_read_any(&data, &skipped));
    if (der_peek(&data, DER_CONTEXT(0))) {
        TRY(der_enter(&data, DER_CONTEXT(0), &certificates));
        while (!der_empty(&certificates)) {
            if (count == P7B_CERTIFICATES_MAX) {
                return ERR_LIMIT;
            }
            TRY(der_read_whole(&certificates, DER_SEQUENCE, &found[count++]));
        }
    }
    memcpy(ret_certificates, found, count * sizeof found[0]);
    *ret_count = count;
    return OK;
}
