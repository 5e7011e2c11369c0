#pragma once
/* Internet addresses as the DNS gives them, and which of them nobody on the Internet has. A domain
 * must not be able to send us into our own network (doc/threats.md D7). */
#include "lib/base/bytes.h"

enum { IP_ADDRESS_TEXT_MAX = 46 };

struct ip_address {
    bool v6;
    uint8_t bytes[16]; /* the first four of IPv4 */
    char text[IP_ADDRESS_TEXT_MAX];
};

/* The RDATA of an A record (4 octets) or an AAAA record (16). ERR_INPUT for any other length. */
enum err ip_address_from_record(struct span rdata, struct ip_address *ret_address) MUST_USE;
enum err ip_address_parse(const char *text, struct ip_address *ret_address) MUST_USE;
bool ip_address_loopback(const struct ip_address *address);
/* In a block of IANA's special-purpose registries (RFC 6890), loopback included. */
bool ip_address_special(const struct ip_address *address);
/* Those blocks but loopback, as "ADDRESS/BITS"; NULL behind the last. */
const char *const *special_blocks(void);
