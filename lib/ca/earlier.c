/* What an earlier application must be so that what was proved for it serves again. Asked of each as
 * of the present one: nobody is believed that it was approved. That it was not withdrawn only the
 * signer's journal knows. */
#include "lib/ca/earlier.h"
#include "lib/ca/officers.h"

static bool same_subscriber(const struct application *left, const struct application *right);

static enum err denied(struct reason *ret_reason, const char *code, const char *seen)
{
    return reason_set(ret_reason, ERR_DENIED, code, NULL, seen, NULL);
}

enum err earlier_check(const struct earlier_application *earlier, const struct application *present,
    const struct evidence_rules *rules, struct reason *ret_reason)
{
    struct reason why = { 0 };
    const struct officers_rules officers_rules = { rules->roster, rules->verifier, earlier->hash,
        rules->now };
    if (application_check(&earlier->application, &why) != OK) {
        return denied(ret_reason, "warrant.earlier_application", why.code);
    }
    if (!same_subscriber(&earlier->application, present)) {
        return denied(ret_reason, "warrant.earlier_subscriber", NULL);
    }
    enum err err =
        officers_check(earlier->approvals, earlier->approval_count, &officers_rules, &why);
    if (err != OK) {
        return denied(ret_reason, "warrant.earlier_approvals", why.code);
    }
    if (rules->now - earlier->approvals[0].time > rules->policy.identity_reuse_seconds) {
        return denied(ret_reason, "warrant.earlier_old", NULL);
    }
    return OK;
}

/* The number is the subscriber's for ever; the rest says that nothing about whom it stands for has
 * changed meanwhile. */
static bool same_subscriber(const struct application *left, const struct application *right)
{
    return strcmp(left->subject.srn, right->subject.srn) == 0 &&
           strcmp(left->subject.organisation, right->subject.organisation) == 0 &&
           strcmp(left->subject.organisation_zh, right->subject.organisation_zh) == 0 &&
           left->government == right->government;
}

const struct earlier_application *earlier_of_hash(
    const struct earlier_application *earlier, size_t count, const uint8_t hash[HASH_BYTES])
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(earlier[i].hash, hash, HASH_BYTES) == 0) {
            return &earlier[i];
        }
    }
    return NULL;
}

bool earlier_has_name(const struct earlier_application *earlier, const char *name)
{
    for (size_t i = 0; i < earlier->application.name_count; i++) {
        if (strcmp(earlier->application.names[i], name) == 0) {
            return true;
        }
    }
    return false;
}
