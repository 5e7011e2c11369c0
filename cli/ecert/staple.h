#pragma once
/* OCSP answers for stapling: fetched from where the certificate says, verified, put into the file
 * that the server program of a target reads them from, here or over ssh, and looked for in what the
 * server sends. */
#include "cli/ecert/deploy.h"
#include "lib/pki/ocsp.h"

struct staple {
    struct buf der;
    int64_t this_update, next_update;
};
void staple_release(struct staple *staple);
AUTO_DEFINE(staple, staple_release)

/* From the responder that the certificate `chain->spans[0]` names; its issuer is among the others.
 * ERR_NOT_FOUND with "ocsp.none" where it names none (nothing is to be stapled then) or
 * "ocsp.no_issuer"; ERR_DENIED with "ocsp.bad" (seen: what it says) where the answer is not "good";
 * "ocsp.status" (seen: HTTP's), the reasons of http_client_call and of lib/pki/ocsp.h. */
enum err staple_fetch(const struct bundle *chain, int64_t now, struct staple *ret_staple,
    struct reason *ret_reason) MUST_USE;
/* What the file holds, if it is a good answer of this time for the certificate. ERR_NOT_FOUND with
 * "ocsp.file_missing", and the reasons of lib/pki/ocsp.h. */
enum err staple_read(const char *path, const struct bundle *chain, int64_t now,
    struct staple *ret_staple, struct reason *ret_reason) MUST_USE;

/* Whether DER from wherever is a good answer of this time for the certificate. */
enum err staple_check(struct span der, const struct bundle *chain, int64_t now,
    struct staple *ret_staple, struct reason *ret_reason) MUST_USE;

/* What was in the file, to be put back; over ssh that is kept there. */
struct staple_swap {
    struct buf before;
    bool done, existed;
};
void staple_swap_release(struct staple_swap *swap);
AUTO_DEFINE(staple_swap, staple_swap_release)
/* By one rename. "tool.file_write", and over ssh "deploy.refused" and "deploy.ssh". */
enum err staple_put(const struct deploy_target *target, const struct staple *staple,
    struct staple_swap *ret_swap, struct reason *ret_reason) MUST_USE;
/* Nothing where nothing was put. */
void staple_back(const struct deploy_target *target, const struct staple_swap *swap);

/* Shakes hands with a server until it hands out `wanted` (three times in a row, as of old workers
 * there may be some left), or, where that is NULL, any good answer of this time. `seconds` bounds
 * the asking. Reasons: "staple.silent" (expected: what the configuration needs), "staple.other",
 * those of staple_check and the handshake's; the field is the target's name. OK for a target that
 * can't be asked. */
enum err staple_prove(const struct deploy_target *target, const struct bundle *chain,
    const struct staple *wanted, int64_t now, int64_t seconds, struct reason *ret_reason) MUST_USE;

enum staple_end { STAPLE_NONE, STAPLE_KEPT, STAPLE_NEW, STAPLE_ITSELF };
/* "none", "kept", "new", "itself". */
const char *staple_end_name(enum staple_end end);
/* For what the target has by its record: what is there is kept for half of its time; else a new one
 * is fetched and put there, the program tests its configuration and takes it, and is asked for it.
 * Where it doesn't take it, the one before is back. What is there is told by the file here, and by
 * the record on other hosts, which is written. STAPLE_NONE: the certificate names no responder.
 * STAPLE_ITSELF: the program fetches it, and was asked for it. */
enum err staple_refresh(struct tool *tool, struct certstore *store, struct deploy_record *record,
    enum staple_end *ret_end, struct reason *ret_reason) MUST_USE;
/* Whether what is there is good until some time from now: the file's, the record's over ssh. */
enum err staple_stands(const struct deploy_record *record, const struct bundle *chain, int64_t now,
    struct staple *ret_staple, struct reason *ret_reason) MUST_USE;
/* The certificate that the record says is there, with its chain. "certstore.no_item". */
enum err staple_chain(const struct certstore *store, const struct deploy_record *record,
    struct bundle *ret_chain, struct reason *ret_reason) MUST_USE;
