#pragma once
/* A signer that really runs, over the folder of a trial ceremony, and whoever may speak to it: with
 * the officers' and perspectives' keys at hand, and the issuing CA's out of reach. */
#include "lib/wire/signer.h"
#include "tests/factory/factory.h"

#include <limits.h>
#include <sys/types.h>

enum { RUNNING_TIMEOUT_MS = 60000 };

struct running {
    const char *signer; /* its program */
    char folder[32];
    char socket_path[PATH_MAX], config_path[PATH_MAX];
    int listener; /* outlives the signers */
    pid_t pid;    /* 0: none runs */
    struct factory factory;
    struct client client;
};

/* Holds the ceremony by this profile, in a new folder below /tmp. */
enum err running_init(const char *signer, const char *profile, struct running *running) MUST_USE;
/* Kills it, and removes the folder. */
void running_release(struct running *running);
/* Starts it, and returns when it is ready; ERR_AGAIN if it ends instead. */
enum err running_start(struct running *running) MUST_USE;
/* kill -9 */
void running_kill(struct running *running);
/* True while it lives. */
bool running_lives(struct running *running);
