#pragma once
/* The deployment that goes on behind the pages: a thread of its own, so that they are there
 * meanwhile. One at a time; what comes of each target is in the store's ledger, as of a command. */
#include "cli/ecert/deploy_target.h"
#include "cli/ecert/tool.h"

struct assignment;

struct assignment_order {
    const struct language *language;
    struct clock clock;
    const char *store_path;
    const char *id;               /* of the certificate */
    const char *name;             /* its own, for people */
    const struct arguments *what; /* of deploy run, without the certificate */
    struct key_access *access;    /* what opens its key; moved */
};

/* What is going on, or went on last; for the page that shows it. */
struct assignment_state {
    bool any, running;
    char id[CERTSTORE_ID_MAX];
    int64_t began;
    enum exit_code end;   /* once it doesn't run any more */
    struct reason reason; /* why nothing was done; code empty if something was */
};

enum err assignment_new(struct assignment **ret_assignment) MUST_USE;
/* Waits for what is going on: half of a deployment would be none. */
void assignment_free(struct assignment *assignment);
AUTO_PTR_DEFINE(assignment, assignment_free)

/* ERR_CONFLICT with "console.assigning" (seen: which certificate's) while another one goes on. */
enum err assignment_start(struct assignment *assignment, const struct assignment_order *order,
    struct reason *ret_reason) MUST_USE;
void assignment_look(struct assignment *assignment, struct assignment_state *ret_state);
