#pragma once
/* Where the proof is looked for: the authorization domain name, chosen by the algorithm of BR
 * 3.2.2.4 (SC-101) out of the name, its parents down to the registrable domain, and where its
 * CNAMEs lead. What each method permits is lib/ca/method.h's table. */
#include "proc/validator/method.h"

/* Holds the challenge's domain against the name, the suffix list and, where it is neither the name
 * nor its parent, the name's CNAMEs, one by one; reports. Fills the attempt's alias, and the DNSSEC
 * state of what was asked. False in `ret_found`: there is nowhere to look. */
enum err place_find(struct attempt *attempt, bool *ret_found) MUST_USE;
