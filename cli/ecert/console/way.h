#pragma once
/* Where on these pages is done what a reason says is to be done next. */
#include "cli/ecert/console/visit.h"

/* "way_href" and "way_label" in `object`, where there is such a page. */
void way_put(struct visit *visit, struct value *object, const struct reason *reason);
