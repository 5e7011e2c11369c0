#pragma once
/* From an approved application to a letter in the spool: draws the PIN, hashes it, and forgets it.
 */
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/text/language.h"
#include "lib/wire/courier.h"
#include "proc/courier/spool.h"

struct renderer {
    const struct spool *spool;
    const struct language_set *languages;
    const struct random *random;
    const struct clock *clock;
    bool trial;
};

/* The hash of the PIN in the letter that waits for this enrolment: one that is already there is
 * taken as it is, so that a caller who lost the answer may ask again. */
enum err render_letter(const struct renderer *renderer, const struct courier_render *request,
    char ret_phc[PIN_HASH_MAX], struct reason *ret_reason) MUST_USE;
/* Draws one letter in every language into nothing: opens the fonts while files may be opened, and
 * finds out whether they are there (ERR_NOT_FOUND, "courier.fonts"). */
enum err render_warm_up(const struct renderer *renderer, struct reason *ret_reason) MUST_USE;
