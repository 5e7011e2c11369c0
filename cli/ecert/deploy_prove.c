/* A real connection, as the server's clients make it. A reload takes its moment, so the question is
 * asked again until it is answered rightly or the time is over. */
#include "cli/ecert/deploy.h"
#include "cli/ecert/endpoint.h"

#include <stdio.h>
#include <time.h>

/* The last question may go beyond the end: it is to bring the answer, not the end of the time. */
enum { ASK_AGAIN_MS = 200, HANDSHAKE_LEAST_MS = 3000, HANDSHAKE_MS = 10000 };

/* Behind a reload the old workers may still take a connection or two: one right answer is no proof.
 */
enum { ANSWERS_IN_A_ROW = 3 };

static enum err answer_judge(const struct deploy_target *target, const struct endpoint *endpoint,
    const struct deploy_material *material, const struct handshake *handshake,
    struct reason *ret_reason);
static bool chain_is_sent(
    const struct deploy_material *material, const struct handshake *handshake);

enum err deploy_prove(const struct deploy_target *target, const struct deploy_material *material,
    int64_t seconds, struct reason *ret_reason)
{
    struct endpoint endpoint;
    struct reason reason = { 0 };
    int64_t deadline = clock_monotonic_ms() + seconds * 1000;
    TRY(endpoint_parse(target->check, target->kind->port, &endpoint, ret_reason));
    for (int right = 0;;) {
        AUTO(handshake) handshake = { 0 };
        int64_t left = deadline - clock_monotonic_ms();
        int64_t timeout = left < HANDSHAKE_LEAST_MS ? HANDSHAKE_LEAST_MS : left;
        timeout = timeout < HANDSHAKE_MS ? timeout : HANDSHAKE_MS;
        struct handshake_request request = endpoint_request(&endpoint, timeout);
        enum err err = handshake_make(&request, &reason, &handshake);
        err = err == OK ? answer_judge(target, &endpoint, material, &handshake, &reason) : err;
        right = err == OK ? right + 1 : 0;
        if (right == ANSWERS_IN_A_ROW) {
            return OK;
        }
        if (err != OK && clock_monotonic_ms() >= deadline) {
            *ret_reason = reason;
            return err;
        }
        if (err == OK) {
            continue;
        }
        const struct timespec pause = { .tv_nsec = ASK_AGAIN_MS * 1000000L };
        (void)nanosleep(&pause, /* rem= */ NULL);
    }
}

static enum err answer_judge(const struct deploy_target *target, const struct endpoint *endpoint,
    const struct deploy_material *material, const struct handshake *handshake,
    struct reason *ret_reason)
{
    char seen[CERTSTORE_ID_MAX];
    uint8_t hash[SHA256_BYTES];
    struct chain chain;
    if (!span_equal(handshake->certificates[0], buf_span(&material->item.certificate))) {
        TRY(sha256(handshake->certificates[0], hash));
        hex_format(SPAN_OF(hash), seen);
        return reason_set(ret_reason, ERR_DENIED, "deploy.other_certificate", target->name, seen,
            material->item.id);
    }
    TRY(deploy_material_fits(material, target, ret_reason));
    if (!chain_is_sent(material, handshake)) {
        snprintf(seen, sizeof seen, "%zu", handshake->count);
        return reason_set(ret_reason, ERR_DENIED, "deploy.other_chain", target->name, seen, NULL);
    }
    const struct chain_request request = {
        .leaf = handshake->certificates[0],
        .intermediates = handshake->certificates + 1,
        .intermediate_count = handshake->count - 1,
        .roots = material->roots,
        .root_count = material->root_count,
        .now = material->now,
        .host = span_from_text(endpoint->host),
    };
    struct reason why = { 0 };
    bool judged = material->view.judgement.state == CERTSTORE_VALID;
    if (judged && chain_verify(&request, &why, &chain) != OK) {
        return reason_set(
            ret_reason, ERR_DENIED, "deploy.untrusted", target->name, why.code, why.field);
    }
    return OK;
}

/* What we gave it is what it sends, in this order; a root at its end may be left out. */
static bool chain_is_sent(const struct deploy_material *material, const struct handshake *handshake)
{
    bool sent = true;
    for (size_t i = 0; i < material->chain.count; i++) {
        struct certificate own;
        bool root = certificate_parse(material->chain.spans[i], &own) == OK &&
                    certificate_is_self_issued(&own);
        bool same = i < handshake->count &&
                    span_equal(handshake->certificates[i], material->chain.spans[i]);
        sent = sent && (same || (root && i > 0));
    }
    return sent;
}

void deploy_answer(const struct deploy_target *target, int64_t timeout_ms,
    char ret_thumbprint[CERTSTORE_ID_MAX], int64_t *ret_not_after)
{
    AUTO(handshake) handshake = { 0 };
    struct endpoint endpoint;
    struct certificate leaf;
    uint8_t hash[SHA256_BYTES];
    ret_thumbprint[0] = '\0';
    *ret_not_after = 0;
    if (target->check[0] == '\0' || endpoint_parse(target->check, target->kind->port, &endpoint,
                                        /* ret_reason= */ NULL) != OK) {
        return;
    }
    struct handshake_request request = endpoint_request(&endpoint, timeout_ms);
    if (handshake_make(&request, /* ret_reason= */ NULL, &handshake) != OK ||
        sha256(handshake.certificates[0], hash) != OK) {
        return;
    }
    hex_format(SPAN_OF(hash), ret_thumbprint);
    if (certificate_parse(handshake.certificates[0], &leaf) == OK) {
        *ret_not_after = leaf.not_after;
    }
}
