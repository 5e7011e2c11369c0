#pragma once
/* What stands to be placed for a government's names, and what was seen of them, as values. */
#include "cli/ecertadm/application.h"
#include "lib/text/language.h"
#include "lib/wire/validation.h"

/* Puts standing and names into `object`; the values to be placed are derived here. */
enum err validation_describe(struct value_tree *tree, const struct control_validation *validation,
    const uint8_t id[APPLICATION_ID_BYTES], struct value *object) MUST_USE;
/* What each perspective saw of one name, put into that name's object. `language` may be NULL: then
 * codes stand for texts. */
enum err sightings_describe(struct value_tree *tree, const struct control_sightings *sightings,
    const struct language *language, struct value *name) MUST_USE;
/* The same for people; what to do next where nobody else says it. */
void validation_print(const struct value *object, bool advice);
