#pragma once
/* The workers: threads that take what is due from the store, step by step, for ever. */
#include "proc/registrar/registrar.h"

/* Starts all of them. */
enum err workers_start(struct registrar *registrar, struct reason *ret_reason) MUST_USE;
