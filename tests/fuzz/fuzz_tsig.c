/* DNS key files: what is taken holds a name, an algorithm and a secret that ends. */
#include "lib/dns/tsig.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(secret) text = { 0 };
    AUTO(tsig_key) key = { 0 };
    struct reason reason = { 0 };
    if (secret_copy(span_make(data, size), &text) != OK) {
        return 0;
    }
    if (tsig_key_parse(&text, &reason, &key) == OK) {
        assert(key.name[0] != '\0' && key.algorithm != NULL);
        assert(strlen((const char *)key.secret.data) + 1 == key.secret.len);
    } else {
        assert(reason.code[0] != '\0' && key.secret.data == NULL);
    }
    return 0;
}
