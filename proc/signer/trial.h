#pragma once
/* Ceremonies of a trial, where everybody's keys lie in one folder: the script is written and
 * approved here, and held like any other. */
#include "lib/base/err.h"

/* Makes the folders of doc/architecture.md §7 below `directory`; what a ceremony made before is
 * never touched: "ceremony.held". */
enum err trial_make(
    const char *directory, const char *profile_path, struct reason *ret_reason) MUST_USE;

struct trial_list_request {
    const char *directory;    /* of a trial */
    const char *revoke;       /* file of a CA certificate of one of its roots, or NULL */
    const char *reason;       /* as RFC 5280 spells it */
    const char *profile_path; /* where roots' keys are in a module: it says which; or NULL */
};
/* The next list of each root. "ceremony.approval_needed" where administrators keep their keys
 * themselves. */
enum err trial_lists(const struct trial_list_request *request, struct reason *ret_reason) MUST_USE;
