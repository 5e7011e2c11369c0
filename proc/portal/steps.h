#pragma once
/* The pages with installation steps. */
#include "proc/portal/visit.h"

/* The list "steps_links" of {label, href} for the download page. */
void steps_links_put(struct visit *visit);
