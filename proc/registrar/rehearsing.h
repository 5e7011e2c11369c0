#pragma once
/* Rehearsals that subscribers asked for: everybody is asked, everything is told, nothing is kept
 * that could prove a name. In workers of their own, so that no check waits for them. */
#include "proc/registrar/validation.h"

enum {
    /* One name at one perspective, from question to answer. */
    REHEARSAL_ANSWER_MS = 15000,
    /* All names of an enrolment; those behind that are not looked at. */
    REHEARSAL_ALL_MS = 60000,
};

/* Waits for the next rehearsal that is due and makes it, if its domains have not had their fill. */
enum err rehearsing_step(
    struct registrar *registrar, struct validation *validation, bool *ret_worked) MUST_USE;
