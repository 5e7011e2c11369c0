/* Read with CAA's own grammar: one parser for both. */
#include "lib/dns/persistent.h"

#include "lib/dns/caa.h"

#include <strings.h>

enum { TIME_DIGITS_MAX = 18 };

/* The two parameters that mean something here. */
struct parameters {
    struct span account, until;
    bool has_account, has_until, repeated;
};

static bool parameters_read(struct span rest, struct parameters *parameters);
static void parameter_take(struct span value, struct span *ret_value, bool *has, bool *repeated);
static bool time_read(struct span digits, int64_t *ret_time);
static bool equal_fold(struct span text, const char *other);

static const char *const codes[PERSISTENT_FINDING_COUNT] = {
    [PERSISTENT_AUTHORISES] = "dcv.persist_found",
    [PERSISTENT_ENDED] = "dcv.persist_ended",
    [PERSISTENT_OTHER_ACCOUNT] = "dcv.persist_account",
    [PERSISTENT_MALFORMED] = "dcv.persist_malformed",
    [PERSISTENT_OTHER_ISSUER] = "dcv.persist_issuer",
};

const char *persistent_code(enum persistent_finding finding)
{
    return codes[finding];
}

enum persistent_finding persistent_evaluate(
    struct span text, const struct persistent_request *request, int64_t *ret_until)
{
    struct span issuer, rest;
    struct parameters parameters = { 0 };
    int64_t until = 0;
    if (caa_value_begin(text, &issuer, &rest) != OK) {
        return PERSISTENT_MALFORMED;
    }
    if (!equal_fold(issuer, request->identity)) {
        return PERSISTENT_OTHER_ISSUER;
    }
    if (!parameters_read(rest, &parameters) || parameters.repeated ||
        (parameters.has_until && !time_read(parameters.until, &until))) {
        return PERSISTENT_MALFORMED;
    }
    if (!parameters.has_account || !span_equal_text(parameters.account, request->account_uri)) {
        return PERSISTENT_OTHER_ACCOUNT;
    }
    if (parameters.has_until && request->now > until) {
        return PERSISTENT_ENDED;
    }
    *ret_until = until;
    return PERSISTENT_AUTHORISES;
}

static bool parameters_read(struct span rest, struct parameters *parameters)
{
    while (rest.len > 0) {
        struct caa_parameter parameter;
        if (caa_parameter_next(&rest, &parameter) != OK) {
            return false;
        }
        if (equal_fold(parameter.tag, "accounturi")) {
            parameter_take(parameter.value, &parameters->account, &parameters->has_account,
                &parameters->repeated);
        }
        if (equal_fold(parameter.tag, "persistUntil")) {
            parameter_take(
                parameter.value, &parameters->until, &parameters->has_until, &parameters->repeated);
        }
    }
    return true;
}

static void parameter_take(struct span value, struct span *ret_value, bool *has, bool *repeated)
{
    *repeated |= *has;
    *has = true;
    *ret_value = value;
}

/* Seconds since 1970 in base 10: digits alone. */
static bool time_read(struct span digits, int64_t *ret_time)
{
    int64_t time = 0;
    if (digits.len == 0 || digits.len > TIME_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
        time = 10 * time + (digits.data[i] - '0');
    }
    *ret_time = time;
    return true;
}

static bool equal_fold(struct span text, const char *other)
{
    return text.len == strlen(other) && text.len > 0 &&
           strncasecmp((const char *)text.data, other, text.len) == 0;
}
