/* Whether a warrant entitles to a certificate: every rule of doc/architecture.md 1, in one order,
 * cheap ones first within each part. Nothing here trusts the caller, the store or the network; all
 * it believes are the roster's keys. The evidence of one name is evidence_check.c's. */
#include "lib/ca/evidence.h"
#include "lib/ca/internal.h"
#include "lib/ca/warrant.h"
#include "lib/crypto/sign.h"
#include "lib/pki/csr.h"

#include <stdio.h>
#include <strings.h>

/* Officers' desks and this machine keep their own time. */
#define CLOCK_TOLERANCE_SECONDS INT64_C(300)

/* What approvals are held against. */
struct approval_rules {
    const struct roster *roster;
    const struct observation_verifier *verifier;
    const uint8_t *application_hash; /* HASH_BYTES */
    int64_t now;
};

static enum err officers_check(
    const struct warrant *warrant, const struct approval_rules *rules, struct reason *ret_reason);
static enum err approval_check(
    const struct approval *approval, const struct approval_rules *rules, struct reason *ret_reason);
static enum err officer_verify(const struct approval *approval, const struct officer *officer,
    const struct approval_rules *rules);
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
    const struct approval_rules approval_rules = { roster, verifier, application_hash_, now };
    TRY(officers_check(warrant, &approval_rules, ret_reason));
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
        .spki_hash = spki_hash };
    policy_at(now, roster->policy_set, &rules.policy);
    if (rules.policy.logged && entitlement.precertificate == NULL) {
        return denied(ret_reason, "ct.logs_missing", NULL);
    }
    if (now - warrant->approvals[0].time > rules.policy.identity_reuse_seconds) {
        return denied(ret_reason, "warrant.identity_old", NULL);
    }
    TRY(evidence_of_names_check(warrant, &rules, &entitlement, ret_reason));
    *ret_entitlement = entitlement;
    return OK;
}

/* Exactly one vetting and one approval, in this order, by two different officers (doc/threats.md
 * S14). */
static enum err officers_check(
    const struct warrant *warrant, const struct approval_rules *rules, struct reason *ret_reason)
{
    const struct approval *vetted = &warrant->approvals[0], *approved = &warrant->approvals[1];
    if (warrant->approval_count != 2 || vetted->role != APPROVAL_VETTED ||
        approved->role != APPROVAL_APPROVED) {
        return denied(ret_reason, "warrant.approvals", NULL);
    }
    if (memcmp(vetted->key_id, approved->key_id, HASH_BYTES) == 0) {
        return denied(ret_reason, "warrant.same_officer", NULL);
    }
    TRY(approval_check(vetted, rules, ret_reason));
    return approval_check(approved, rules, ret_reason);
}

static enum err approval_check(
    const struct approval *approval, const struct approval_rules *rules, struct reason *ret_reason)
{
    const struct officer *officer = roster_officer(rules->roster, approval->key_id);
    if (officer == NULL || officer->key_type != approval->key_type) {
        return denied(ret_reason, "warrant.officer_unknown", NULL);
    }
    if ((officer->roles & OFFICER_ROLE_OFFICER) == 0) {
        return denied(ret_reason, "warrant.officer_role", officer->id);
    }
    if (memcmp(approval->application_hash, rules->application_hash, HASH_BYTES) != 0) {
        return denied(ret_reason, "warrant.approval_hash", officer->id);
    }
    if (approval->time > rules->now + CLOCK_TOLERANCE_SECONDS) {
        return denied(ret_reason, "warrant.approval_time", officer->id);
    }
    if (officer_verify(approval, officer, rules) != OK) {
        return denied(ret_reason, "warrant.approval_signature", officer->id);
    }
    return OK;
}

static enum err officer_verify(const struct approval *approval, const struct officer *officer,
    const struct approval_rules *rules)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) message = buf_make(512);
    TRY(approval_message(approval, &message));
    if (rules->verifier->verify_officer != NULL) {
        size_t index = (size_t)(officer - rules->roster->officers);
        return rules->verifier->verify_officer(
            rules->verifier->ctx, index, buf_span(&message), approval->signature);
    }
    TRY(key_from_spki(officer->spki, &key));
    return signature_verify(key, SIGNATURE_ED25519, buf_span(&message), approval->signature);
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
    return false;
}
