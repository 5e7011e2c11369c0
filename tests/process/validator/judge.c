/* The signer's judgement on one name's observations, for tests that made them with real
 * perspectives:
 *
 *   judge NAME NOW < lines "ID REGION primary|remote SPKI [OBSERVATION]", in hexadecimal
 *
 * A line is a perspective of the roster; without an observation it has not answered. Prints
 * "entitled" or the reason's code. The policy set is the public one. */
#include "lib/ca/evidence.h"
#include "lib/crypto/sign.h"

#include <assert.h>

static struct roster roster;
static struct key *keys[PERSPECTIVES_MAX];
static struct observation observations[PERSPECTIVES_MAX];

static enum err verify(void *ctx, size_t index, struct span part, struct span signature)
{
    (void)ctx;
    return signature_verify(keys[index], SIGNATURE_RSA_SHA256, part, signature);
}

static struct span bytes_read(const char *text, struct arena *arena)
{
    size_t len = 0, capacity = strlen(text) / 2;
    uint8_t *bytes = arena_alloc(arena, capacity, 1);
    enum err err =
        bytes == NULL ? ERR_MEMORY : hex_parse(span_from_text(text), bytes, capacity, &len);
    assert(err == OK);
    return span_make(bytes, len);
}

static bool perspective_read(char *line, struct arena *arena, struct observation *ret_observation)
{
    char *rest = NULL;
    struct perspective *perspective = &roster.perspectives[roster.perspective_count];
    snprintf(perspective->id, sizeof perspective->id, "%s", strtok_r(line, " \n", &rest));
    snprintf(perspective->region, sizeof perspective->region, "%s", strtok_r(NULL, " \n", &rest));
    perspective->primary = strcmp(strtok_r(NULL, " \n", &rest), "primary") == 0;
    perspective->spki = bytes_read(strtok_r(NULL, " \n", &rest), arena);
    enum err err = key_from_spki(perspective->spki, &keys[roster.perspective_count++]);
    assert(err == OK);
    const char *answer = strtok_r(NULL, " \n", &rest);
    if (answer == NULL) {
        return false;
    }
    struct der reader = der_reader(bytes_read(answer, arena));
    err = observation_read(&reader, ret_observation);
    assert(err == OK);
    return true;
}

int main(int argc, char **argv)
{
    static char line[16384];
    static const struct observation_verifier verifier = { verify, NULL };
    AUTO(arena) arena = arena_make(1024 * 1024);
    struct name_evidence evidence = { observations, 0 };
    struct reason reason = { 0 };
    int64_t oldest = 0;
    assert(argc == 3);
    while (fgets(line, sizeof line, stdin) != NULL) {
        evidence.count += perspective_read(line, &arena, &observations[evidence.count]);
    }
    struct evidence_rules rules = { .roster = &roster,
        .verifier = &verifier,
        .edition = edition_rules(EDITION_SERVER),
        .now = strtoll(argv[2], NULL, 10),
        .application_hash = observations[0].challenge.application_hash };
    policy_at(rules.now, POLICY_PUBLIC, &rules.policy);
    enum err err = evidence_check(&evidence, argv[1], &rules, &oldest, &reason);
    puts(err == OK ? "entitled" : reason.code);
    for (size_t i = 0; i < roster.perspective_count; i++) {
        key_free(keys[i]);
    }
    return err == OK || err == ERR_DENIED ? 0 : 1;
}
