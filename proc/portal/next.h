#pragma once
/* The next certificate within the subscription. */
#include "proc/portal/enrolment.h"

/* The member "next": {possible, not_after, until, days, proved, evidence_until}. */
enum err next_put(struct visit *visit, struct value *object) MUST_USE;
