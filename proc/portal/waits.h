#pragma once
/* Why a check that was asked for has not been made yet. */
#include "lib/store/challenge.h"
#include "proc/portal/page.h"

/* The member "waits" {code, text, until?, ahead?}: that it was put off and until when, that it has
 * been given more time, or how many are before it. Puts nothing where it is under way or over. */
enum err waits_put(struct visit *visit, struct value *dcv, const struct challenge_row *rows,
    size_t count) MUST_USE;
