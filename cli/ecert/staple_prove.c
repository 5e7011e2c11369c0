/* What clients are handed is the proof: that a file is there says nothing of a server that was
 * never told to read it. */
#include "cli/ecert/endpoint.h"
#include "cli/ecert/staple.h"

#include <time.h>

enum { ASK_AGAIN_MS = 200, HANDSHAKE_MS = 10000, ANSWERS_IN_A_ROW = 3 };

static enum err handed_judge(const struct deploy_target *target, const struct handshake *handshake,
    const struct bundle *chain, const struct staple *wanted, int64_t now,
    struct reason *ret_reason);

/* A program that is never told to read a file anew can't be asked for what is in it. */
enum err staple_prove(const struct deploy_target *target, const struct bundle *chain,
    const struct staple *wanted, int64_t now, int64_t seconds, struct reason *ret_reason)
{
    struct endpoint endpoint;
    struct reason reason = { 0 };
    int64_t deadline = clock_monotonic_ms() + seconds * 1000;
    if (target->check[0] == '\0' || target->kind->reload[0] == NULL) {
        return OK;
    }
    TRY(endpoint_parse(target->check, target->kind->port, &endpoint, ret_reason));
    for (int right = 0;;) {
        AUTO(handshake) handshake = { 0 };
        struct handshake_request request = endpoint_request(&endpoint, HANDSHAKE_MS);
        enum err err = handshake_make(&request, &reason, &handshake);
        err = err == OK ? handed_judge(target, &handshake, chain, wanted, now, &reason) : err;
        right = err == OK ? right + 1 : 0;
        if (right == (wanted == NULL ? 1 : ANSWERS_IN_A_ROW)) {
            return OK;
        }
        if (err != OK && clock_monotonic_ms() >= deadline) {
            if (ret_reason != NULL) {
                *ret_reason = reason;
            }
            return err;
        }
        const struct timespec pause = { .tv_nsec = err == OK ? 0 : ASK_AGAIN_MS * 1000000L };
        (void)nanosleep(&pause, /* rem= */ NULL);
    }
}

static enum err handed_judge(const struct deploy_target *target, const struct handshake *handshake,
    const struct bundle *chain, const struct staple *wanted, int64_t now, struct reason *ret_reason)
{
    AUTO(staple) handed = { 0 };
    struct span der = buf_span(&handshake->ocsp);
    if (der.len == 0) {
        return reason_set(ret_reason, ERR_DENIED, "staple.silent", target->name, target->staple,
            target->kind->staple_lines);
    }
    if (wanted == NULL) {
        return staple_check(der, chain, now, &handed, ret_reason);
    }
    return span_equal(der, buf_span(&wanted->der))
               ? OK
               : reason_set(
                     ret_reason, ERR_DENIED, "staple.other", target->name, target->staple, NULL);
}
