#pragma once
/* How each perspective is, for whoever asks how the service is: a place that is older than we, or
 * that knows an old list of suffixes, fails validations that nobody could explain. */
#include "lib/wire/control.h"
#include "proc/registrar/registrar.h"

/* What a list of public suffixes that is old means, and what to do; of whichever host has it. */
#define SUFFIX_LIST_OLD_ADVICE                                                                     \
    "older than 30 days: fetch https://publicsuffix.org/list/public_suffix_list.dat, name it as "  \
    "suffix_list in the section validator of that host's configuration, and start ecertd anew"

/* Asks all of them at once, two seconds at most; a fact a perspective, "perspective.ID". */
enum err perspective_facts(struct registrar *registrar, struct control_facts *facts) MUST_USE;
