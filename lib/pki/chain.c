/* Path building, depth first: from the leaf upwards, every issuer that fits by name is tried, roots
 * first. What a failed path died of is kept if it came further than the others. */
#include "lib/pki/chain.h"
#include "lib/base/clock.h"
#include "lib/pki/name.h"

/* One search. `depth` is the length of the path so far. */
struct search {
    const struct chain_request *request;
    struct chain chain;
    struct reason best;
    size_t best_depth, work;
    bool failed_once;
};

/* What looking through the CRLs of one issuer brought. */
struct standing {
    bool known, stale, unsigned_one;
};

static enum err dead_end(struct search *search, const struct certificate *certificate,
    const char *code, const char *seen);
static enum err leaf_check(struct search *search, const struct certificate *leaf);
static enum err climb(struct search *search, const struct certificate *subject, int below);
static enum err issuer_try(struct search *search, const struct certificate *subject,
    struct span candidate, bool trusted, int below);
static enum err issuer_check(struct search *search, const struct certificate *issuer, int below);
static enum err revocation_check(struct search *search, const struct certificate *subject,
    const struct certificate *issuer, const struct key *issuer_key);
static enum err crl_look(struct search *search, const struct certificate *subject, struct span der,
    const struct key *issuer_key, struct standing *standing);

enum err chain_verify(
    const struct chain_request *request, struct reason *ret_reason, struct chain *ret_chain)
{
    struct search search = { .request = request };
    struct certificate leaf;
    if (certificate_parse(request->leaf, &leaf) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "chain.malformed", "", "", "");
    }
    search.chain.path[0] = request->leaf;
    search.chain.length = 1;
    enum err err = leaf_check(&search, &leaf);
    if (err == OK) {
        err = climb(&search, &leaf, /* below= */ 0);
    }
    if (err == OK) {
        *ret_chain = search.chain;
        return OK;
    }
    if (search.work >= CHAIN_WORK_MAX) {
        char seen[24];
        snprintf(seen, sizeof seen, "%zu", search.work);
        search.best_depth = 0;
        (void)dead_end(&search, &leaf, "chain.limit", seen);
    }
    if (ret_reason != NULL) {
        *ret_reason = search.best;
    }
    return err;
}

/* Notes why the path ends here, unless another one came further; that there is no issuer says less
 * than anything else. */
static enum err dead_end(struct search *search, const struct certificate *certificate,
    const char *code, const char *seen)
{
    bool vague = strcmp(search->best.code, "chain.untrusted") == 0;
    if (!search->failed_once || search->chain.length > search->best_depth ||
        (vague && search->chain.length == search->best_depth)) {
        AUTO(buf) subject = buf_make(REASON_TEXT_MAX * 4);
        const char *text =
            name_format(certificate->subject, &subject) == OK ? buf_text(&subject) : "";
        (void)reason_set(&search->best, ERR_DENIED, code, text, seen, "");
        search->best_depth = search->chain.length;
        search->failed_once = true;
    }
    return ERR_DENIED;
}

static enum err validity_check(struct search *search, const struct certificate *certificate)
{
    char seen[TIME_TEXT_MAX];
    int64_t now = search->request->now;
    if (now > certificate->not_after) {
        time_format_rfc3339(certificate->not_after, seen);
        return dead_end(search, certificate, "chain.expired", seen);
    }
    if (now < certificate->not_before) {
        time_format_rfc3339(certificate->not_before, seen);
        return dead_end(search, certificate, "chain.not_yet_valid", seen);
    }
    return certificate->unknown_critical ? dead_end(search, certificate, "chain.critical", "") : OK;
}

static enum err leaf_check(struct search *search, const struct certificate *leaf)
{
    struct span host = search->request->host;
    char seen[256] = "";
    if (host.len > 0 && !certificate_covers_host(leaf, host)) {
        (void)span_to_text(host, seen, sizeof seen);
        (void)dead_end(search, leaf, "chain.host", "");
        return reason_set(&search->best, ERR_DENIED, "chain.host", seen, "", "");
    }
    if (leaf->has_ext_key_usage && !leaf->server_auth) {
        return dead_end(search, leaf, "chain.usage", "");
    }
    return validity_check(search, leaf);
}

/* `below` counts the intermediates under the next issuer (RFC 5280 §4.2.1.9; self-issued ones don't
 * count). */
static enum err climb(struct search *search, const struct certificate *subject, int below)
{
    const struct chain_request *request = search->request;
    if (search->chain.length < CHAIN_LENGTH_MAX) {
        for (size_t i = 0; i < request->root_count && i < CHAIN_CANDIDATES_MAX; i++) {
            if (issuer_try(search, subject, request->roots[i], /* trusted= */ true, below) == OK) {
                return OK;
            }
        }
        for (size_t i = 0; i < request->intermediate_count && i < CHAIN_CANDIDATES_MAX; i++) {
            if (issuer_try(search, subject, request->intermediates[i], /* trusted= */ false,
                    below) == OK) {
                return OK;
            }
        }
    }
    bool too_long = search->chain.length == CHAIN_LENGTH_MAX;
    return dead_end(search, subject, too_long ? "chain.limit" : "chain.untrusted", "");
}

bool chain_fits(
    const struct chain *chain, const struct certificate *subject, const struct certificate *issuer)
{
    bool fits = span_equal(issuer->subject, subject->issuer) &&
                (subject->authority_key_id.len == 0 || issuer->subject_key_id.len == 0 ||
                    span_equal(subject->authority_key_id, issuer->subject_key_id));
    for (size_t i = 0; fits && i < chain->length; i++) {
        struct certificate other;
        bool same = i > 0 && certificate_parse(chain->path[i], &other) == OK &&
                    span_equal(other.subject, issuer->subject) &&
                    span_equal(other.spki, issuer->spki);
        fits = !same && !span_equal(chain->path[i], issuer->der);
    }
    return fits;
}

static enum err issuer_try(struct search *search, const struct certificate *subject,
    struct span candidate, bool trusted, int below)
{
    struct certificate issuer;
    AUTO_PTR(key) key = NULL;
    if (certificate_parse(candidate, &issuer) != OK ||
        !chain_fits(&search->chain, subject, &issuer) || search->work >= CHAIN_WORK_MAX) {
        return ERR_NOT_FOUND;
    }
    search->work++;
    if (key_from_spki(issuer.spki, &key) != OK || certificate_verify(subject, key) != OK) {
        return dead_end(search, subject, "chain.signature", "");
    }
    search->chain.path[search->chain.length++] = candidate;
    enum err err = issuer_check(search, &issuer, below);
    if (err == OK) {
        err = revocation_check(search, subject, &issuer, key);
    }
    if (err == OK && !trusted) {
        err = climb(search, &issuer, below + (certificate_is_self_issued(&issuer) ? 0 : 1));
    }
    if (err != OK) {
        search->chain.length--;
    }
    return err;
}

static enum err issuer_check(struct search *search, const struct certificate *issuer, int below)
{
    if (!issuer->is_ca ||
        (issuer->has_key_usage && (issuer->key_usage & KEY_USAGE_CERT_SIGN) == 0)) {
        return dead_end(search, issuer, "chain.not_ca", "");
    }
    if (issuer->path_length >= 0 && below > issuer->path_length) {
        return dead_end(search, issuer, "chain.path_length", "");
    }
    if (issuer->has_ext_key_usage && !issuer->server_auth) {
        return dead_end(search, issuer, "chain.usage", "");
    }
    return validity_check(search, issuer);
}

static enum err revocation_check(struct search *search, const struct certificate *subject,
    const struct certificate *issuer, const struct key *issuer_key)
{
    const struct chain_request *request = search->request;
    struct standing standing = { .known = false };
    bool may_sign = certificate_signs_lists(issuer);
    for (size_t i = 0; may_sign && i < request->crl_count && i < CHAIN_CANDIDATES_MAX; i++) {
        TRY(crl_look(search, subject, request->crls[i], issuer_key, &standing));
    }
    if (standing.known || !request->require_crl) {
        return OK;
    }
    return dead_end(search, subject,
        standing.stale          ? "chain.crl_stale"
        : standing.unsigned_one ? "chain.crl_signature"
                                : "chain.crl_missing",
        "");
}

/* A revocation counts even in a stale list: nothing is ever un-revoked. */
static enum err crl_look(struct search *search, const struct certificate *subject, struct span der,
    const struct key *issuer_key, struct standing *standing)
{
    struct crl crl;
    struct crl_entry entry;
    int64_t now = search->request->now;
    if (crl_parse(der, &crl) != OK || !crl_covers(&crl, subject)) {
        return OK;
    }
    if (++search->work > CHAIN_WORK_MAX) {
        return ERR_DENIED;
    }
    if (crl_verify(&crl, issuer_key) != OK) {
        standing->unsigned_one = true;
        return OK;
    }
    enum err err = crl_find(&crl, subject->serial, &entry);
    if (err == OK && entry.reason != CRL_REMOVE_FROM_CRL) {
        return dead_end(search, subject, "chain.revoked", crl_reason_name(entry.reason));
    }
    bool fresh = now >= crl.this_update && (crl.next_update == 0 || now <= crl.next_update);
    standing->known = standing->known || (fresh && err == ERR_NOT_FOUND);
    standing->stale = standing->stale || !fresh;
    return OK;
}
