#pragma once
/* The signer's end of its conversation: one handler a message, all of them calls of the core. */
#include "lib/wire/server.h"
#include "proc/signer/issue.h"

#include <stdatomic.h>

struct service {
    struct issuing *issuing;
    char sandbox[SIGNER_LEVEL_MAX];
    atomic_bool anchored; /* who keeps the store has told what it knows, and the journal has it */
    int64_t weak_keys, weak_keys_time; /* known ones, and how old the list is */
};

/* The table for a server; `service` is its context. */
struct server service_server(struct service *service);
