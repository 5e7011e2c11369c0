/* CNAME records: a host name or nothing. */
#include "lib/dns/alias.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_name target, again;
    if (dns_alias_parse(span_make(data, size), &target) == OK) {
        assert(dns_name_parse(span_from_text(target.text), DNS_NAME_HOST, &again, NULL) == OK);
        assert(dns_name_equal(&target, &again) && !target.wildcard);
    }
    return 0;
}
