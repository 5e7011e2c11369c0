/* PKCS#12 files, with the passphrase "secret". */
#include "lib/crypto/pfx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(secret) passphrase = { 0 };
    AUTO(pfx) pfx = { 0 };
    struct reason reason = { 0 };
    if (secret_copy(SPAN_LITERAL("secret"), &passphrase) != OK ||
        pfx_read(span_make(data, size), &passphrase, &reason, &pfx) != OK) {
        return 0;
    }
    return 0;
}
