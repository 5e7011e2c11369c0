#pragma once
/* "Would it pass now?": asked, and what came of it. */
#include "lib/store/challenge.h"
#include "proc/portal/page.h"

/* The member "rehearsal" {state, asked, made?, would_pass?, results} of the challenges `rows`; puts
 * nothing where none was asked for lately, or only for what is no longer to be placed. */
enum err rehearsal_put(struct visit *visit, struct value *dcv, const struct challenge_row *rows,
    size_t count) MUST_USE;
