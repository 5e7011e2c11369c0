#pragma once
/* The keys that log in without the PIN. */
#include "proc/portal/enrolment.h"

/* The member "keys": [{sha256, label, registered, used?}], oldest first. */
enum err keys_put(struct visit *visit, struct value *object) MUST_USE;
