#pragma once
/* The parts of sandbox_enter, one file each. Each is irrevocable. */
#include "lib/sandbox/sandbox.h"

#include <stdbool.h>

/* Becomes `user` and its primary group alone. False in *ret_switched where there is nobody else to
 * become: not root, or a user namespace that knows one user only. */
enum err identity_become(const char *user, bool *ret_switched, struct reason *ret_reason) MUST_USE;

/* Limits file access to `paths`, and without SANDBOX_INTERNET also forbids TCP. *ret_version is the
 * kernel's Landlock version, 0 where it has none. */
enum err landlock_enter(const struct sandbox_request *request, int *ret_version) MUST_USE;

/* Loads the system call filter. */
enum err filter_enter(const struct sandbox_request *request, struct reason *ret_reason) MUST_USE;

/* The tables of filter_enter: system calls by name, NULL behind the last. */
extern const char *const filter_base[];
extern const char *const filter_files[];
extern const char *const filter_sockets[];
