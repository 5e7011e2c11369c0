/* Names of keys in tokens. */
#include "lib/crypto/pkcs11.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pkcs11_uri uri;
    struct reason reason = { 0 };
    (void)!pkcs11_uri_parse(span_make(data, size), &uri, &reason);
    return 0;
}
