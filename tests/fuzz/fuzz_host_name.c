/* Host names: what is accepted must be accepted again, unchanged, and be shown without trouble. */
#include "lib/dns/hostname.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_name name, again;
    struct reason reason;
    char shown[HOST_NAME_UNICODE_MAX];
    if (dns_name_parse(span_make(data, size), DNS_NAME_HOST_OR_WILDCARD, &name, &reason) == OK) {
        enum err err =
            dns_name_parse(span_from_text(name.text), DNS_NAME_HOST_OR_WILDCARD, &again, &reason);
        assert(err == OK && dns_name_equal(&name, &again));
        dns_name_to_unicode(&name, shown);
        (void)dns_name_mixes_scripts(&name);
    }
    return 0;
}
