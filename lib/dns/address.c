/* Addresses against the table of special-purpose blocks. */
#include "lib/dns/address.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* IANA's registries of RFC 6890, with what is reserved, multicast, or carries an IPv4 address that
 * somebody else will unpack. */
static const char *const blocks[] = { "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/3", "::/128", "::ffff:0:0/96", "::/96", "64:ff9b::/96",
    "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2002::/16",
    "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9", "ff00::/8", NULL };
static const char *const loopback_blocks[] = { "127.0.0.0/8", "::1/128", NULL };

static bool within_any(const struct ip_address *address, const char *const *among);
static bool within(const struct ip_address *address, const char *block);

enum err ip_address_from_record(struct span rdata, struct ip_address *ret_address)
{
    struct ip_address address = { .v6 = rdata.len == 16 };
    if (rdata.len != 4 && rdata.len != 16) {
        return ERR_INPUT;
    }
    memcpy(address.bytes, rdata.data, rdata.len);
    if (inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes, address.text,
            sizeof address.text) == NULL) {
        return ERR_INPUT;
    }
    *ret_address = address;
    return OK;
}

enum err ip_address_parse(const char *text, struct ip_address *ret_address)
{
    uint8_t bytes[16];
    if (inet_pton(AF_INET, text, bytes) == 1) {
        return ip_address_from_record(span_make(bytes, 4), ret_address);
    }
    if (inet_pton(AF_INET6, text, bytes) == 1) {
        return ip_address_from_record(span_make(bytes, 16), ret_address);
    }
    return ERR_INPUT;
}

bool ip_address_loopback(const struct ip_address *address)
{
    return within_any(address, loopback_blocks);
}

bool ip_address_special(const struct ip_address *address)
{
    return within_any(address, blocks) || ip_address_loopback(address);
}

const char *const *special_blocks(void)
{
    return blocks;
}

static bool within_any(const struct ip_address *address, const char *const *among)
{
    for (; *among != NULL; among++) {
        if (within(address, *among)) {
            return true;
        }
    }
    return false;
}

static bool within(const struct ip_address *address, const char *block)
{
    const char *slash = strchr(block, '/');
    char base_text[IP_ADDRESS_TEXT_MAX];
    struct ip_address base;
    if (!span_to_text(span_make(block, (size_t)(slash - block)), base_text, sizeof base_text) ||
        ip_address_parse(base_text, &base) != OK || base.v6 != address->v6) {
        return false;
    }
    unsigned long bits = strtoul(slash + 1, NULL, 10);
    for (size_t at = 0; bits > 0; at++) {
        unsigned long taken = bits < 8 ? bits : 8;
        unsigned mask = 0xffu << (8 - taken) & 0xffu;
        if (((base.bytes[at] ^ address->bytes[at]) & mask) != 0) {
            return false;
        }
        bits -= taken;
    }
    return true;
}
