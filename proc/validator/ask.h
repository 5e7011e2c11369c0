#pragma once
/* A question to the DNS within an attempt: once more where no answer came, and what a failure is
 * called in the report. */
#include "proc/validator/method.h"

/* `ret_failure` is the message id of what went wrong, NULL if the DNS gave an answer that can be
 * used, be it that there is nothing. Errors are those of resolver_lookup that are not the DNS's
 * doing. */
enum err ask(const struct attempt *attempt, const char *name, enum dns_type type,
    struct dns_answer *ret_answer, const char **ret_failure) MUST_USE;
/* The state of such an answer, for an observation. */
enum dnssec_state ask_dnssec(const struct dns_answer *answer, const char *failure);
