#pragma once
/* What the commands about one application share. */
#include "cli/ecertadm/command.h"
#include "lib/wire/control.h"

/* Spans of `ret_shown` borrow from the answer. */
enum err application_fetch(struct call *call, const uint8_t id[APPLICATION_ID_BYTES],
    struct answer *answer, struct control_application *ret_shown) MUST_USE;
/* What an officer does about a validation that stands so, as one would type it for this
 * application;
 * "" where there is nothing to do. */
const char *validation_next(
    struct value_tree *tree, const char *standing, const uint8_t id[APPLICATION_ID_BYTES]);
/* Puts everything an officer should see into `object`, the hash computed here. */
enum err application_describe(const struct control_application *shown, struct value_tree *tree,
    struct value *object) MUST_USE;
