#pragma once
/* Where clear text may go: 127.0.0.0/8 and ::1, by the address, never by a name. */
#include <stdbool.h>

struct sockaddr;

bool address_loopback(const struct sockaddr *address);
