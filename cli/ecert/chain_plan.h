#pragma once
/* A change of the trust folders, thought through before anything is touched: what comes in, what
 * goes out, and why it can't. Nothing lands in a store where it doesn't belong. Who carries it out
 * has made sure that each root it adds is trusted by its fingerprint. */
#include "cli/ecert/bundle.h"
#include "cli/ecert/chain_kept.h"
#include "lib/certstore/change.h"

struct chain_plan {
    struct certstore *store; /* borrowed */
    enum certstore_folder folder;
    bool send_cross;      /* cross certificates go behind the kept chains that lack them */
    bool replace_old;     /* what the CA has withdrawn goes out, and is left out of what comes in */
    const char *source;   /* what the bundle came from, for reasons */
    struct bundle bundle; /* what is to come in; may be empty */
    struct authorities authorities;
    struct chain_kept kept;
    const struct authority *chosen[CERTSTORE_CHANGES_MAX]; /* what each change is about */
    struct certstore_change changes[CERTSTORE_CHANGES_MAX];
    size_t count;
};
void chain_plan_release(struct chain_plan *plan);
AUTO_DEFINE(chain_plan, chain_plan_release)

/* "intermediate", "root", "untrusted". ERR_INPUT for any other word. */
enum err chain_folder_from_word(const char *word, enum certstore_folder *ret_folder) MUST_USE;
/* Plans the bundle's coming in. One certificate that doesn't belong keeps all of it out: reasons of
 * certstore_belongs, "certstore.foreign_issuer", "certstore.revoked" (without replace_old). */
enum err chain_plan_install(
    const struct tool *tool, struct chain_plan *plan, struct reason *ret_reason) MUST_USE;
/* Plans the going out of the one with this thumbprint; reasons of authorities_find. */
enum err chain_plan_remove(const struct tool *tool, struct chain_plan *plan, const char *thumbprint,
    struct reason *ret_reason) MUST_USE;
/* Nothing is left to do. */
bool chain_plan_empty(const struct chain_plan *plan);
/* The `index`th root that would come in; NULL past the last. */
const struct authority *chain_plan_root(const struct chain_plan *plan, size_t index);
/* Whether this is the SHA-256 of it, as people write one: capitals, colons and blanks don't count.
 */
bool chain_fingerprint_is(const char *typed, const char *id);
/* Does it. `ret_chains`: how many kept chains were rewritten. */
enum err chain_plan_apply(
    struct chain_plan *plan, size_t *ret_chains, struct reason *ret_reason) MUST_USE;
