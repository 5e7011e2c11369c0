#pragma once
/* The commands that talk to the network are in a program of their own, `ecert-network`, which has
 * all commands and their libraries. `ecert` alone has what works on the store and on files, and
 * starts it in its own place for the rest: a person sees one program. */
#include "lib/base/err.h"

/* Goes on as ecert-network with the same words, environment and descriptors; it lies beside the
 * program that runs, or in ../libexec. Returns only if that fails: "tool.network_missing". */
enum err network_start(char *const *argv, struct reason *ret_reason) MUST_USE;
