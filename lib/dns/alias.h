#pragma once
/* The name in a CNAME record (RFC 1035 §3.3.1). */
#include "lib/dns/hostname.h"

/* RDATA as a resolver gives it: one name, whole, without compression. ERR_INPUT for anything else,
 * and for a name that no certificate could hold (an underscore label, the root, an address). */
enum err dns_alias_parse(struct span rdata, struct dns_name *ret_target) MUST_USE;
