#pragma once
/* What the ledger says of a target: what is there, what was tried last and what came of it. */
#include "cli/ecert/deploy_target.h"
#include "cli/ecert/tool.h"
#include "lib/base/limits.h"

enum deploy_state {
    DEPLOY_NEW,         /* nothing was done yet */
    DEPLOY_STARTED,     /* and not ended: it was interrupted if nobody is at it */
    DEPLOY_ANSWERS,     /* the server answers with it */
    DEPLOY_INSTALLED,   /* it is there; nobody can be asked */
    DEPLOY_ROLLED_BACK, /* the new one didn't answer: the one before is back */
    DEPLOY_FAILED,
    DEPLOY_STATES,
};
/* "new", "started", "answers", "installed", "rolled_back", "failed". */
const char *deploy_state_name(enum deploy_state state);

struct deploy_record {
    struct deploy_target target;
    enum deploy_state state;
    char there[CERTSTORE_ID_MAX];  /* thumbprint of the certificate that is there; "": not known */
    char before[CERTSTORE_ID_MAX]; /* of the one before it */
    char tried[CERTSTORE_ID_MAX];  /* of the last that was to go there */
    char server_name[HOST_NAME_MAX_LENGTH + 1]; /* the certificate's first name */
    int64_t not_after;                          /* of what is there; 0: not known */
    int64_t changed;
    int64_t attempts; /* in a row that didn't succeed */
    /* Of the OCSP answer that was put there last; 0: none. */
    int64_t staple_from, staple_until;
    /* Of the last failure, or of the OCSP answer that isn't handed out; else its code is empty. */
    struct reason reason;
};

/* ERR_NOT_FOUND; ERR_INPUT with "deploy.ledger" for what nobody of us wrote. */
enum err deploy_record_read(struct tool *tool, const struct certstore *store, const char *name,
    struct deploy_record *ret_record, struct reason *ret_reason) MUST_USE;
enum err deploy_record_write(struct certstore *store, const struct deploy_record *record) MUST_USE;
/* The same facts, for --json. */
void deploy_record_put(
    struct value_tree *tree, const struct deploy_record *record, struct value *object);
