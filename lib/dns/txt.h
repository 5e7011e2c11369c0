#pragma once
/* TXT records: RDATA is one or more character-strings (RFC 1035 §3.3.14) that mean one text. */
#include "lib/base/buf.h"

/* Appends the strings of one record, joined. ERR_INPUT if they don't fill the RDATA exactly; `text`
 * is untouched then. */
enum err txt_join(struct span rdata, struct buf *text) MUST_USE;
/* Bytes from outside made fit for a report: printable ASCII stays, all else becomes '?', cut to
 * `size` with its terminator. */
void txt_excerpt(struct span text, char *ret_excerpt, size_t size);
