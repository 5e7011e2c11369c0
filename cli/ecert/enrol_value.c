/* Whether the values that the portal asks to be placed prove control for our key and for no other.
 * The portal may be anybody's: it is believed about nothing that can be derived
 * (lib/ca/observation.h). Whatever application it names, a value that our key's hash goes into
 * serves no other key. */
#include "cli/ecert/enrol.h"
#include "lib/base/clock.h"
#include "lib/ca/observation.h"
#include "lib/dns/hostname.h"

static bool challenge_of(const struct walk *walk, const char *method, const struct value *one,
    struct challenge *ret_challenge);
static enum err record_check(
    const struct walk *walk, const struct value *one, struct reason *ret_reason);
static bool domain_of(const struct value *one, struct challenge *challenge);
static bool bytes_of(const char *text, uint8_t *ret_bytes, size_t len);

enum err walk_values_check(const struct walk *walk, const char *method, const struct value *list,
    struct reason *ret_reason)
{
    for (const struct value *one = value_first(list); one != NULL; one = value_next(one)) {
        struct challenge challenge = { .has_spki = true };
        char expected[EXPECTED_TEXT_MAX];
        if (walk->persist != NULL) {
            TRY(record_check(walk, one, ret_reason));
            continue;
        }
        if (!challenge_of(walk, method, one, &challenge) ||
            challenge_expected(&challenge, /* identity= */ "", expected) != OK ||
            strcmp(expected, api_text(one, "value")) != 0) {
            return reason_set(ret_reason, ERR_DENIED, "tool.value_unbound", api_text(one, "name"),
                api_text(one, "value"), NULL);
        }
    }
    return OK;
}

/* A lasting record is good for whoever has its account: it must be the one that the person named,
 * whatever the portal says, and at the issuer that the record itself names. */
static enum err record_check(
    const struct walk *walk, const struct value *one, struct reason *ret_reason)
{
    char account[EXPECTED_TEXT_MAX];
    AUTO(buf) record = buf_make(PLACED_VALUE_MAX);
    const char *value = api_text(one, "value"), *end = strchr(value, ';');
    struct span identity = span_make(value, end == NULL ? 0 : (size_t)(end - value));
    char issuer[HOST_NAME_MAX_LENGTH + 1] = "";
    bool right = span_to_text(identity, issuer, sizeof issuer) &&
                 account_uri(walk->persist, issuer, account) == OK;
    if (right) {
        buf_append_format(&record, "%s; accounturi=%s", issuer, account);
        right = buf_check(&record) == OK && strcmp(buf_text(&record), value) == 0;
    }
    return right ? OK
                 : reason_set(ret_reason, ERR_DENIED, "tool.account_foreign", api_text(one, "name"),
                       value, walk->persist);
}

static bool challenge_of(const struct walk *walk, const char *method, const struct value *one,
    struct challenge *ret_challenge)
{
    memcpy(ret_challenge->spki_hash, walk->item.spki_sha256, HASH_BYTES);
    return bytes_of(api_text(walk->enrolment, "application_hash"), ret_challenge->application_hash,
               HASH_BYTES) &&
           span_to_text(span_from_text(api_text(one, "name")), ret_challenge->name,
               sizeof ret_challenge->name) &&
           domain_of(one, ret_challenge) &&
           dcv_method_from_id(method, &ret_challenge->method) == OK &&
           time_parse_rfc3339(span_from_text(api_text(one, "created")), &ret_challenge->created) ==
               OK &&
           bytes_of(api_text(one, "nonce"), ret_challenge->nonce, NONCE_BYTES);
}

/* Where it is the name's own, nothing was chosen and the name is what goes into the value. */
static bool domain_of(const struct value *one, struct challenge *challenge)
{
    const char *domain = api_text(one, "domain");
    bool chosen = domain[0] != '\0' && strcmp(domain, challenge_base_name(challenge)) != 0;
    return !chosen ||
           span_to_text(span_from_text(domain), challenge->domain, sizeof challenge->domain);
}

static bool bytes_of(const char *text, uint8_t *ret_bytes, size_t len)
{
    size_t read = 0;
    return hex_parse(span_from_text(text), ret_bytes, len, &read) == OK && read == len;
}

/* The portal names the place, and the person's DNS is not the portal's to write in: a record stands
 * at the tag of its method above the name, or above a domain over it, and nowhere else. */
enum err walk_records_check(
    const struct walk *walk, const struct value *list, struct reason *ret_reason)
{
    const char *tag = walk->persist != NULL ? "_validation-persist." : "_ecert-validation.";
    for (const struct value *one = value_first(list); one != NULL; one = value_next(one)) {
        const char *host = api_text(one, "host"), *name = api_text(one, "name");
        const char *value = api_text(one, "value");
        struct dns_name place;
        name += strncmp(name, "*.", 2) == 0 ? 2 : 0;
        bool tagged = strncmp(host, tag, strlen(tag)) == 0;
        const char *above = tagged ? host + strlen(tag) : "";
        size_t gap = strlen(name) - strlen(above);
        bool right = tagged && strlen(above) <= strlen(name) &&
                     dns_name_parse(span_from_text(above), DNS_NAME_HOST, &place, NULL) == OK &&
                     strcmp(name + gap, above) == 0 && (gap == 0 || name[gap - 1] == '.');
        for (const char *byte = value; *byte != '\0'; byte++) {
            right = right && *byte >= ' ' && *byte <= '~';
        }
        if (!right) {
            return reason_set(ret_reason, ERR_DENIED, "tool.record_foreign", name, host, tag);
        }
    }
    return OK;
}
