#pragma once
/* A walk of the tool with its own store, and a network that is only what a fuzz input says. */
#include "lib/base/bytes.h"

/* Walks to the end; false where the store is not as whole as before. */
bool portal_walk_is_whole(struct span answers);
