/* Persistent TXT records: none authorises both of two accounts. */
#include "lib/dns/persistent.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct persistent_request one = { "ca.example.net", "acct:1@ca.example.net", 1 };
    const struct persistent_request other = { "ca.example.net", "acct:2@ca.example.net", 1 };
    int64_t until = 0;
    bool first = persistent_evaluate(span_make(data, size), &one, &until) == PERSISTENT_AUTHORISES;
    assert(!first || until == 0 || until >= one.now);
    bool second =
        persistent_evaluate(span_make(data, size), &other, &until) == PERSISTENT_AUTHORISES;
    assert(!first || !second);
    return 0;
}
