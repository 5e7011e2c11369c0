#pragma once
/* What a place asked the DNS, as values, and when two places asked and saw alike. */
#include "lib/crypto/digest.h"
#include "lib/wire/validator.h"
#include "proc/portal/page.h"

/* The member "questions" of one place: asked, outcome, dnssec, ttl, records, ms, via, seen. */
void questions_put(struct visit *visit, struct value *place, const struct questions *questions);
/* The same for two reports that tell the same, whatever time their answers took and in whatever
 * order their addresses came. ERR_INPUT for what is no report. */
enum err report_likeness(struct span report, uint8_t ret_likeness[SHA256_BYTES]) MUST_USE;
