#pragma once
/* What must be read out of a whole DNS message because libunbound doesn't tell: whether its
 * authority section proves a delegation without DS, and how many aliases led to the answer.
 * libunbound has validated the message before; the reader is strict all the same and follows
 * compression pointers backwards only, and only where it shows a name. */
#include "lib/base/bytes.h"

/* Looks in a secure "no data" answer to a DS question for its one NSEC (RFC 4034 §4) or NSEC3 (RFC
 * 5155 §3) record; true if its type bitmap holds NS and neither SOA nor DS. False for anything
 * malformed, and if there are several NSEC or NSEC3 records: then no single one is about the name.
 */
bool dns_packet_proves_unsigned_delegation(struct span packet);
/* CNAME records in the answer section; SIZE_MAX for a malformed message. */
size_t dns_packet_count_aliases(struct span packet);
/* The targets of those CNAME records in their order, printable, " > " between them, cut to `size`
 * with its terminator; empty without any and for a malformed message. */
void dns_packet_show_aliases(struct span packet, char *ret_text, size_t size);
/* A name at `at` in the message as printable text without the last dot ("." for the root); false if
 * it is malformed. `packet` may be a record's data alone where the name is not compressed. */
bool dns_packet_show_name(struct span packet, size_t at, char *ret_text, size_t size);
