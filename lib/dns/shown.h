#pragma once
/* Records as a person reads them, for reports: short, printable, never complete. */
#include "lib/dns/resolver.h"

/* "TXT", "CAA", …; "TYPE99" has no name here and is "?". */
const char *dns_type_name(enum dns_type type);
/* The answer's records, as many as fit, " | " between them: a TXT's text, a CAA's property, an
 * address, a name server, of an SOA the first server and the serial number. What can't be read is
 * left out. */
void dns_answer_show(
    const struct dns_answer *answer, enum dns_type type, char *ret_text, size_t size);
