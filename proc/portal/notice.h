#pragma once
/* The CA's notices on the log-in page. */
#include "proc/portal/visit.h"

/* The list "notices" of {lead: [text], items: [text]}, those of now, in the page's language. */
enum err notices_put(struct visit *visit) MUST_USE;
