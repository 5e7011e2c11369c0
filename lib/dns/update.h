#pragma once
/* Dynamic update (RFC 2136) of one TXT record set, signed with TSIG (RFC 8945): how the
 * subscriber's tool places a validation record at its own DNS server. Over TCP, one deadline for
 * the whole. */
#include "lib/base/bytes.h"
#include "lib/dns/tsig.h"

enum dns_update_action {
    DNS_UPDATE_ADD,        /* beside what stands there already */
    DNS_UPDATE_REPLACE,    /* instead of all TXT records at the name */
    DNS_UPDATE_REMOVE,     /* this value only; others stay */
    DNS_UPDATE_REMOVE_ALL, /* every TXT record at the name; `value` is not read */
};

struct dns_update_request {
    const char *server; /* IPv4 or IPv6 address, or address@port; port 53 if not given */
    const struct tsig_key *key;
    enum dns_update_action action;
    const char *name;  /* absolute; labels may begin with '_' */
    const char *value; /* at most 255 bytes */
    uint32_t ttl;
    int timeout_ms;
};

/* Asks the server for the zone that holds the name, then sends the update. It has happened if and
 * only if OK is returned, except after ERR_TIMEOUT or "update.answer", when it may have. Reasons,
 * with the server in `field`: update.server         ERR_INPUT: not an address with a port
 *   update.name           ERR_INPUT: name or value can't be a TXT record
 *   update.unreachable    ERR_AGAIN, ERR_TIMEOUT: no connection or no answer in time
 *   update.zone           ERR_DENIED: the server holds no zone for the name (seen: its answer)
 *   update.key            ERR_DENIED: the server doesn't take the key (seen: BADKEY, BADSIG,
 * BADTIME) update.refused        ERR_DENIED: the server's answer (seen: REFUSED, NOTAUTH, SERVFAIL,
 * …) update.answer         ERR_SIGNATURE: the answer isn't signed with the key: not to be believed
 */
enum err dns_update_txt(
    const struct dns_update_request *request, struct reason *ret_reason) MUST_USE;
