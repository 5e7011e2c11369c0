/* Two different officers' signatures over one application. */
#include "lib/ca/officers.h"
#include "lib/crypto/sign.h"

/* Officers' desks and this machine keep their own time. */
#define CLOCK_TOLERANCE_SECONDS INT64_C(300)

static enum err approval_check(
    const struct approval *approval, const struct officers_rules *rules, struct reason *ret_reason);
static enum err officer_verify(const struct approval *approval, const struct officer *officer,
    const struct officers_rules *rules);

static enum err denied(struct reason *ret_reason, const char *code, const char *field)
{
    return reason_set(ret_reason, ERR_DENIED, code, field, NULL, NULL);
}

enum err officers_check(const struct approval *approvals, size_t count,
    const struct officers_rules *rules, struct reason *ret_reason)
{
    const struct approval *vetted = &approvals[0], *approved = &approvals[1];
    if (count != 2 || vetted->role != APPROVAL_VETTED || approved->role != APPROVAL_APPROVED) {
        return denied(ret_reason, "warrant.approvals", NULL);
    }
    if (memcmp(vetted->key_id, approved->key_id, HASH_BYTES) == 0) {
        return denied(ret_reason, "warrant.same_officer", NULL);
    }
    TRY(approval_check(vetted, rules, ret_reason));
    return approval_check(approved, rules, ret_reason);
}

static enum err approval_check(
    const struct approval *approval, const struct officers_rules *rules, struct reason *ret_reason)
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
    const struct officers_rules *rules)
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
