#pragma once
/* OCSP answers for stapling: fetched from where the certificate says, verified, and put into the
 * file that the server program of a target reads them from. */
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

/* What was in the file, to be put back. */
struct staple_swap {
    struct buf before;
    bool done, existed;
};
void staple_swap_release(struct staple_swap *swap);
AUTO_DEFINE(staple_swap, staple_swap_release)
/* By one rename. "tool.file_write". */
enum err staple_put(const struct deploy_target *target, const struct staple *staple,
    struct staple_swap *ret_swap, struct reason *ret_reason) MUST_USE;
/* Nothing where nothing was put. */
void staple_back(const struct deploy_target *target, const struct staple_swap *swap);

enum staple_end { STAPLE_NONE, STAPLE_KEPT, STAPLE_NEW };
/* "none", "kept", "new". */
const char *staple_end_name(enum staple_end end);
/* For what the target has by its record: what is in the file is kept for half of its time; else a
 * new one is fetched and put there, and the program tests its configuration and takes it. Where it
 * doesn't, the one before is back. STAPLE_NONE: the certificate names no responder. */
enum err staple_refresh(struct tool *tool, const struct certstore *store,
    const struct deploy_record *record, enum staple_end *ret_end,
    struct reason *ret_reason) MUST_USE;
/* The certificate that the record says is there, with its chain. "certstore.no_item". */
enum err staple_chain(const struct certstore *store, const struct deploy_record *record,
    struct bundle *ret_chain, struct reason *ret_reason) MUST_USE;
