/* Keys, private and public, as PEM and DER. */
#include "lib/crypto/key.h"
#include "lib/crypto/keycheck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_PTR(key) pem = NULL;
    AUTO_PTR(key) pkcs8 = NULL;
    AUTO_PTR(key) public_pem = NULL;
    struct reason reason = { 0 };
    struct span input = span_make(data, size);
    bool found = key_from_pem(input, /* passphrase= */ NULL, &reason, &pem) == OK;
    found = key_from_pkcs8(input, &pkcs8) == OK || found;
    found = key_from_public_pem(input, &public_pem) == OK || found;
    found = key_check(input, &reason, NULL) == OK || found;
    return 0;
}
