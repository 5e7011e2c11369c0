/* The one look into a whole DNS message. */
#include "lib/dns/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)dns_packet_proves_unsigned_delegation(span_make(data, size));
    (void)dns_packet_count_aliases(span_make(data, size));
    char text[64];
    dns_packet_show_aliases(span_make(data, size), text, sizeof text);
    (void)dns_packet_show_name(span_make(data, size), size / 2, text, sizeof text);
    return 0;
}
