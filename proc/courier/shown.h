#pragma once
/* How a server name is written to people: in their characters, with the A-label behind it where the
 * two differ. Either form may be typed at the portal. */
#include "lib/base/arena.h"

/* "店.example.com (xn--….example.com)", or the name as it is. NULL if the arena is exhausted. */
const char *server_name_shown(struct arena *arena, const char *ascii);
