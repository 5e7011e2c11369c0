#pragma once
/* "Look at the store now": what the portal and the courier say to the registrar. It carries
 * nothing, so that whoever faces the Internet can make the registrar hurry and nothing else. */
#include "lib/wire/client.h"

enum poke_message { POKE = 1 };

/* There is no answer; a failure only means that the registrar finds the work by itself, later. */
enum err poke_send(struct client *client) MUST_USE;
