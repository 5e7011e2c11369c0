/* Whether a warrant entitles to a certificate: every rule of doc/architecture.md 1, in one order,
 * cheap ones first within each part. Nothing here trusts the caller, the store or the network; all
 * it believes are the roster's keys. The evidence of one name is evidence.c's, the officers'
 * signatures are officers.c's. */
#include "lib/ca/earlier.h"
#include "lib/ca/evidence.h"
#include "lib/ca/internal.h"
#include "lib/ca/officers.h"
#include "lib/pki/csr.h"

#include <stdio.h>
#include <strings.h>

static enum err profile_check(const struct warrant *warrant, const struct roster *roster,
    struct entitlement *entitlement, struct reason *ret_reason);
static enum err csr_check(const struct warrant *warrant, bool verified,
    struct entitlement *entitlement, struct reason *ret_reason);
static bool name_entitled(const struct entitlement *entitlement, struct span name);
static enum err evidence_of_names_check(const struct warrant *warrant,
    const struct evidence_rules *rules, struct entitlement *entitlement, struct reason *ret_reason);

static enum err denied(struct reason *ret_reason, const char *code, const char *field)
{
    return reason_set(ret_reason, ERR_DENIED, code, field, NULL, NULL);
}

enum err warrant_check(const struct warrant *warrant, const struct roster *roster,
    const struct observation_verifier *verifier, int64_t now, struct arena *arena,
    struct entitlement *ret_entitlement, struct reason *ret_reason)
{
    uint8_t application_hash_[HASH_BYTES], spki_hash[HASH_BYTES];
    struct entitlement entitlement = { .application = &warrant->application };
    const char **names = NULL;

    if (application_check(&warrant->application, ret_reason) != OK) {
        return ERR_DENIED;
    }
    TRY(application_hash(warrant->application_der, application_hash_));
    const struct officers_rules officers_rules = { roster, verifier, application_hash_, now };
    TRY(officers_check(warrant->approvals, warrant->approval_count, &officers_rules, ret_reason));
    entitlement.subscription_end = subscription_end(&warrant->approvals[1]);
    if (now >= entitlement.subscription_end) {
        return denied(ret_reason, "warrant.subscription", NULL);
    }
    TRY(profile_check(warrant, roster, &entitlement, ret_reason));
    TRY(application_certificate_names(
        &warrant->application, arena, &names, &entitlement.name_count));
    entitlement.names = names;
    TRY(csr_check(warrant, verifier->request_verified, &entitlement, ret_reason));
    TRY(sha256(entitlement.spki, spki_hash));

    struct evidence_rules rules = { .roster = roster,
        .verifier = verifier,
        .now = now,
        .edition = edition_rules(warrant->application.edition),
        .application_hash = application_hash_,
        .srn = warrant->application.subject.srn,
        .spki_hash = spki_hash,
        .earlier = warrant->earlier,
        .earlier_count = warrant->earlier_count };
    policy_at(now, roster->policy_set, &rules.policy);
    if (rules.policy.logged && entitlement.precertificate == NULL) {
        return denied(ret_reason, "ct.logs_missing", NULL);
    }
    if (now - warrant->approvals[0].time > rules.policy.identity_reuse_seconds) {
        return denied(ret_reason, "warrant.identity_old", NULL);
    }
    for (size_t i = 0; i < warrant->earlier_count; i++) {
        TRY(earlier_check(&warrant->earlier[i], &warrant->application, &rules, ret_reason));
    }
    TRY(evidence_of_names_check(warrant, &rules, &entitlement, ret_reason));
    *ret_entitlement = entitlement;
    return OK;
}

const struct profile *warrant_profile(const struct roster *roster, enum edition edition)
{
    const struct edition_rules *rules = edition_rules(edition);
    const char *id = roster->log_count > 0 ? rules->logged : rules->profile;
    if (roster->policy_set == POLICY_CLASSIC) {
        id = rules->classic;
    }
    return id == NULL ? NULL : profile_by_id(id);
}

static enum err profile_check(const struct warrant *warrant, const struct roster *roster,
    struct entitlement *entitlement, struct reason *ret_reason)
{
    const struct edition_rules *rules = edition_rules(warrant->application.edition);
    uint8_t hash[HASH_BYTES];
    if (warrant->request.ordinal == 0) {
        return denied(ret_reason, "warrant.request", NULL);
    }
    if (warrant->epoch != roster->epoch) {
        return denied(ret_reason, "warrant.epoch", NULL);
    }
    entitlement->profile = warrant_profile(roster, warrant->application.edition);
    if (entitlement->profile == NULL ||
        strcmp(warrant->profile_id, entitlement->profile->id) != 0) {
        return denied(ret_reason, "warrant.profile", NULL);
    }
    if (entitlement->profile->precertificate != NULL) {
        entitlement->precertificate = profile_by_id(entitlement->profile->precertificate);
    }
    TRY(profile_hash(entitlement->profile, hash));
    if (memcmp(hash, warrant->profile_hash, HASH_BYTES) != 0) {
        return denied(ret_reason, "warrant.profile_hash", NULL);
    }
    entitlement->issuer = roster_issuer(roster, rules->issuer);
    if (entitlement->issuer == NULL) {
        return denied(ret_reason, "warrant.issuer", NULL);
    }
    const struct subject *subject = &warrant->application.subject;
    entitlement->organisation = warrant->chinese ? subject->organisation_zh : subject->organisation;
    if (entitlement->organisation[0] == '\0') {
        return denied(ret_reason, "warrant.chinese", NULL);
    }
    return classic_units(roster, &warrant->application, warrant->chinese, &entitlement->units,
               ret_reason) == OK
               ? OK
               : ERR_DENIED;
}

/* Key and proof of possession; and no name that was not applied for, for whoever asks for one
 * would believe to have it. */
static enum err csr_check(const struct warrant *warrant, bool verified,
    struct entitlement *entitlement, struct reason *ret_reason)
{
    struct csr csr;
    if (csr_parse(warrant->csr, ret_reason, &csr) != OK ||
        (!verified && csr_verify(&csr, ret_reason, /* ret_key= */ NULL) != OK)) {
        return ERR_DENIED;
    }
    for (size_t i = 0; i < csr.dns_name_count; i++) {
        if (!name_entitled(entitlement, csr.dns_names[i])) {
            char name[HOST_NAME_MAX_LENGTH + 1] = "";
            (void)span_to_text(csr.dns_names[i], name, sizeof name);
            return reason_set(
                ret_reason, ERR_DENIED, "csr.foreign_name", "csr", name, entitlement->names[0]);
        }
    }
    entitlement->spki = csr.spki;
    return key_kind_of_spki(csr.spki, &entitlement->key_kind) == OK
               ? OK
               : denied(ret_reason, "csr.key_malformed", "csr");
}

static bool name_entitled(const struct entitlement *entitlement, struct span name)
{
    for (size_t i = 0; i < entitlement->name_count; i++) {
        const char *entitled = entitlement->names[i];
        if (strlen(entitled) == name.len &&
            strncasecmp(entitled, (const char *)name.data, name.len) == 0) {
            return true;
        }
    }
    return false;
}

static enum err evidence_of_names_check(const struct warrant *warrant,
    const struct evidence_rules *rules, struct entitlement *entitlement, struct reason *ret_reason)
{
    const struct application *application = &warrant->application;
    if (warrant->evidence_count != application->name_count) {
        return denied(ret_reason, "warrant.evidence_missing", NULL);
    }
    entitlement->oldest_evidence = rules->now;
    for (size_t i = 0; i < warrant->evidence_count; i++) {
        int64_t oldest = 0;
        TRY(evidence_check(
            &warrant->evidence[i], application->names[i], rules, &oldest, ret_reason));
        if (oldest < entitlement->oldest_evidence) {
            entitlement->oldest_evidence = oldest;
        }
    }
    return OK;
}

bool warrant_lapsed(const struct reason *reason)
{
    static const char *const codes[] = { "warrant.evidence_missing", "warrant.evidence_old",
        "warrant.challenge_old", "warrant.caa_stale", "warrant.method", "warrant.key_binding",
        "warrant.quorum", "warrant.regions" };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(reason->code, codes[i]) == 0) {
            return true;
        }
    }
    return strncmp(reason->code, EARLIER_REASON, strlen(EARLIER_REASON)) == 0;
}
