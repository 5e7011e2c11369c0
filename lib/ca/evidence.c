/* The evidence of one name: one attempt, one challenge, distinct perspectives, their signatures,
 * and the quorum (BR 3.2.2.4, 3.2.2.9, 4.2.1, 4.2.2.1). */
#include "lib/ca/evidence.h"
#include "lib/ca/earlier.h"
#include "lib/ca/quorum.h"

/* Perspectives and this machine keep their own time. */
#define CLOCK_TOLERANCE_SECONDS INT64_C(60)
/* One attempt asks everybody at once: observations further apart were put together later. */
#define ATTEMPT_SPREAD_SECONDS INT64_C(900)

/* The observations of one attempt, and what they are to show. */
struct group {
    size_t first, end;
    bool proof, caa;
};

/* Whose words count, and when they were said. */
struct counted {
    struct tally tally;
    int64_t oldest, newest;
    char expected[EXPECTED_TEXT_MAX]; /* derived from the challenge that all share */
};

static enum err challenge_check(const struct challenge *challenge, const char *name,
    const struct evidence_rules *rules, struct reason *ret_reason);
static bool asks_caa_alone(const struct name_evidence *evidence, size_t first);
static size_t first_attempt(const struct name_evidence *evidence);
static enum err group_check(const struct name_evidence *evidence, const struct group *group,
    const struct evidence_rules *rules, int64_t *ret_oldest, struct reason *ret_reason);
static enum err observation_check(const struct name_evidence *evidence, size_t at,
    const struct group *group, const struct evidence_rules *rules, struct counted *counted,
    struct reason *ret_reason);
static bool adn_fits(const struct observation *observation, const struct perspective *perspective);
static bool same_challenge(const struct challenge *left, const struct challenge *right);
static enum err times_check(const struct observation *observation, const struct group *group,
    const struct evidence_rules *rules, struct reason *ret_reason);
static enum err signature_check(const struct observation *observation,
    const struct perspective *perspective, const struct evidence_rules *rules,
    struct reason *ret_reason);
static enum err word_count(const struct observation *observation, const struct group *group,
    const struct perspective *perspective, int64_t now, struct tally *tally,
    struct reason *ret_reason);
static bool has_ended(const struct observation *observation, int64_t now);

static enum err denied(struct reason *ret_reason, const char *code, const char *name)
{
    return reason_set(ret_reason, ERR_DENIED, code, name, NULL, NULL);
}

enum err evidence_check(const struct name_evidence *evidence, const char *name,
    const struct evidence_rules *rules, int64_t *ret_oldest, struct reason *ret_reason)
{
    size_t first = first_attempt(evidence);
    const struct group proof = { 0, first, .proof = true, .caa = first == evidence->count };
    const struct group caa = { first, evidence->count, .proof = false, .caa = true };
    int64_t oldest = 0, asked = 0;
    if (evidence->count == 0) {
        return denied(ret_reason, "warrant.evidence_missing", name);
    }
    if (!asks_caa_alone(evidence, first)) {
        return denied(ret_reason, "warrant.attempt", name);
    }
    TRY(challenge_check(&evidence->observations[0].challenge, name, rules, ret_reason));
    TRY(group_check(evidence, &proof, rules, &oldest, ret_reason));
    if (!proof.caa) {
        TRY(group_check(evidence, &caa, rules, &asked, ret_reason));
    }
    *ret_oldest = oldest;
    return OK;
}

enum err evidence_reusable(const struct name_evidence *evidence, const char *name,
    const struct evidence_rules *rules, struct reason *ret_reason)
{
    const struct group proof = { 0, evidence->count, .proof = true, .caa = false };
    int64_t oldest = 0;
    if (evidence->count == 0) {
        return denied(ret_reason, "warrant.evidence_missing", name);
    }
    TRY(challenge_check(&evidence->observations[0].challenge, name, rules, ret_reason));
    return group_check(evidence, &proof, rules, &oldest, ret_reason);
}

/* Whether what stands behind the first attempt is one other, in which nobody was asked for a proof:
 * answers of another attempt are not carried along (BR 3.2.2.9). */
static bool asks_caa_alone(const struct name_evidence *evidence, size_t first)
{
    const struct observation *observations = evidence->observations;
    for (size_t i = first; i < evidence->count; i++) {
        if (observations[i].dcv != DCV_NOT_ASKED ||
            memcmp(observations[i].attempt, observations[first].attempt, ATTEMPT_BYTES) != 0) {
            return false;
        }
    }
    return true;
}

/* How many observations at the front are of one attempt. */
static size_t first_attempt(const struct name_evidence *evidence)
{
    const struct observation *observations = evidence->observations;
    size_t count = 0;
    while (count < evidence->count &&
           memcmp(observations[count].attempt, observations[0].attempt, ATTEMPT_BYTES) == 0) {
        count++;
    }
    return count;
}

static enum err group_check(const struct name_evidence *evidence, const struct group *group,
    const struct evidence_rules *rules, int64_t *ret_oldest, struct reason *ret_reason)
{
    struct counted counted = { .oldest = INT64_MAX, .newest = INT64_MIN };
    const char *name = evidence->observations[0].challenge.name;
    for (size_t i = group->first; i < group->end; i++) {
        TRY(observation_check(evidence, i, group, rules, &counted, ret_reason));
    }
    if (counted.newest - counted.oldest > ATTEMPT_SPREAD_SECONDS) {
        return denied(ret_reason, "warrant.attempt", name);
    }
    TRY(quorum_check(&counted.tally, name, rules->roster, &rules->policy, ret_reason));
    *ret_oldest = counted.oldest;
    return OK;
}

static enum err challenge_check(const struct challenge *challenge, const char *name,
    const struct evidence_rules *rules, struct reason *ret_reason)
{
    if (strcmp(challenge->name, name) != 0) {
        return denied(ret_reason, "warrant.name", name);
    }
    if (memcmp(challenge->application_hash, rules->application_hash, HASH_BYTES) != 0) {
        const struct earlier_application *earlier =
            earlier_of_hash(rules->earlier, rules->earlier_count, challenge->application_hash);
        if (earlier == NULL || !earlier_has_name(earlier, name)) {
            return denied(ret_reason,
                earlier == NULL ? "warrant.application_binding" : "warrant.earlier_name", name);
        }
    }
    if ((rules->edition->methods & (1u << challenge->method)) == 0 ||
        !policy_method_allowed(challenge->method, rules->now)) {
        return denied(ret_reason, "warrant.method", name);
    }
    if (challenge->srn[0] != '\0' && strcmp(challenge->srn, rules->srn) != 0) {
        return denied(ret_reason, "warrant.account", name);
    }
    if (challenge->has_spki && rules->spki_hash != NULL &&
        memcmp(challenge->spki_hash, rules->spki_hash, HASH_BYTES) != 0) {
        return denied(ret_reason, "warrant.key_binding", name);
    }
    return OK;
}

static enum err observation_check(const struct name_evidence *evidence, size_t at,
    const struct group *group, const struct evidence_rules *rules, struct counted *counted,
    struct reason *ret_reason)
{
    const struct observation *first = &evidence->observations[0];
    const struct observation *of_group = &evidence->observations[group->first];
    const struct observation *observation = &evidence->observations[at];
    const char *name = first->challenge.name;

    if (memcmp(observation->attempt, of_group->attempt, ATTEMPT_BYTES) != 0) {
        return denied(ret_reason, "warrant.attempt", name);
    }
    if (!same_challenge(&observation->challenge, &first->challenge)) {
        return denied(ret_reason, "warrant.challenge", name);
    }
    for (size_t i = group->first; i < at; i++) {
        if (strcmp(evidence->observations[i].perspective, observation->perspective) == 0) {
            return denied(ret_reason, "warrant.perspective_twice", name);
        }
    }
    const struct perspective *perspective =
        roster_perspective(rules->roster, observation->perspective);
    if (perspective == NULL) {
        return denied(ret_reason, "warrant.perspective_unknown", name);
    }
    if (counted->expected[0] == '\0' && challenge_expected(&first->challenge,
                                            rules->roster->caa_identity, counted->expected) != OK) {
        return denied(ret_reason, "warrant.expected", name);
    }
    if (strcmp(counted->expected, observation->expected) != 0) {
        return denied(ret_reason, "warrant.expected", name);
    }
    if (!adn_fits(observation, perspective)) {
        return denied(ret_reason, "warrant.adn", name);
    }
    TRY(times_check(observation, group, rules, ret_reason));
    TRY(signature_check(observation, perspective, rules, ret_reason));
    TRY(word_count(observation, group, perspective, rules->now, &counted->tally, ret_reason));
    counted->oldest = observation->time < counted->oldest ? observation->time : counted->oldest;
    counted->newest = observation->time > counted->newest ? observation->time : counted->newest;
    return OK;
}

/* Where the table lets this name be proved by this method (SC-101): at the domain that the
 * challenge named, for everybody. Only a mail's is known from its address, and to the primary
 * alone. */
static bool adn_fits(const struct observation *observation, const struct perspective *perspective)
{
    const struct challenge *challenge = &observation->challenge;
    bool by_address =
        challenge->method == DCV_EMAIL && perspective->primary && challenge->domain[0] == '\0';
    if (!by_address && strcmp(observation->adn, challenge_domain(challenge)) != 0) {
        return false;
    }
    return dcv_adn_permitted(
        challenge->method, challenge->name, observation->adn, observation->alias);
}

static bool same_challenge(const struct challenge *left, const struct challenge *right)
{
    return memcmp(left->application_hash, right->application_hash, HASH_BYTES) == 0 &&
           strcmp(left->name, right->name) == 0 && left->method == right->method &&
           left->created == right->created && memcmp(left->nonce, right->nonce, NONCE_BYTES) == 0 &&
           left->has_spki == right->has_spki &&
           memcmp(left->spki_hash, right->spki_hash, HASH_BYTES) == 0 &&
           strcmp(left->domain, right->domain) == 0 && strcmp(left->srn, right->srn) == 0;
}

static enum err times_check(const struct observation *observation, const struct group *group,
    const struct evidence_rules *rules, struct reason *ret_reason)
{
    const struct challenge *challenge = &observation->challenge;
    int64_t age = rules->now - observation->time;
    if (age < -CLOCK_TOLERANCE_SECONDS) {
        return denied(ret_reason, "warrant.observation_time", challenge->name);
    }
    bool coded = dcv_rules(challenge->method)->coded;
    if (challenge->created > observation->time + CLOCK_TOLERANCE_SECONDS ||
        (coded && group->proof &&
            observation->time - challenge->created > VALIDATION_VALUE_SECONDS)) {
        return denied(ret_reason, "warrant.challenge_old", challenge->name);
    }
    if (group->proof && age > policy_reuse(&rules->policy, challenge->method)) {
        return denied(ret_reason, "warrant.evidence_old", challenge->name);
    }
    if (group->caa && age > CAA_FRESH_SECONDS) {
        return denied(ret_reason, "warrant.caa_stale", challenge->name);
    }
    return OK;
}

static enum err signature_check(const struct observation *observation,
    const struct perspective *perspective, const struct evidence_rules *rules,
    struct reason *ret_reason)
{
    size_t index = (size_t)(perspective - rules->roster->perspectives);
    enum err err = rules->verifier->verify(
        rules->verifier->ctx, index, observation->signed_part, observation->signature);
    return err == OK
               ? OK
               : denied(ret_reason, "warrant.observation_signature", observation->challenge.name);
}

static enum err word_count(const struct observation *observation, const struct group *group,
    const struct perspective *perspective, int64_t now, struct tally *tally,
    struct reason *ret_reason)
{
    const char *name = observation->challenge.name;
    const struct sight sight = { observation->dcv, observation->caa, observation->dnssec };
    const struct asked_for asked = { observation->challenge.method, group->proof, group->caa };
    bool ended = has_ended(observation, now);
    if (perspective->primary) {
        TRY(quorum_primary(&sight, &asked, name, ret_reason));
        TRY(ended ? denied(ret_reason, "warrant.evidence_old", name) : OK);
    } else if (ended || !quorum_remote(&sight, &asked)) {
        return OK;
    }
    quorum_count(tally, perspective);
    return OK;
}

/* BR 3.2.2.4.22: behind its persistUntil a record proves nothing, nor does having seen it before.
 */
static bool has_ended(const struct observation *observation, int64_t now)
{
    return observation->until != 0 && now > observation->until;
}
