/* doc/threats.md D3: every way in which perspectives may be lied to, before the signer's own
 * judgement. The rule is written here a second time, from BR 3.2.2.9, and both must agree in every
 * row. */
#include "lib/ca/evidence.h"
#include "tests/unit/ca/judged.h"

#define DAY_2025_03_15 INT64_C(1741996800)
#define DAY_2026_03_15 INT64_C(1773532800)
#define DAY_2026_06_15 INT64_C(1781481600)
#define DAY_2026_12_15 INT64_C(1797292800)

enum { REMOTES_MAX = 8, FACTORY_REMOTES = FACTORY_PERSPECTIVES - 1 };

/* --- The rule, from its text --- */

/* BR 3.2.2.9: "2-5 remotes: at most 1 non-corroboration; 6 and more: at most 2"; the schedule. */
static unsigned remotes_required(int64_t now)
{
    return now >= DAY_2026_12_15 ? 5 : now >= DAY_2026_06_15 ? 4 : now >= DAY_2026_03_15 ? 3 : 2;
}

static const char *rule(bool primary_dcv, bool primary_caa, unsigned remotes, unsigned agreeing,
    unsigned regions, int64_t now)
{
    if (!primary_dcv) {
        return "warrant.primary_dcv";
    }
    if (!primary_caa) {
        return "warrant.primary_caa";
    }
    unsigned forgiven = remotes >= 6 ? 2 : remotes >= 2 ? 1 : 0;
    if (remotes < remotes_required(now) || remotes - agreeing > forgiven) {
        return "warrant.quorum";
    }
    return regions < (now >= DAY_2026_03_15 ? 2u : 1u) ? "warrant.regions" : "";
}

/* --- All 2^6 lies about the value times all 2^6 lies about CAA, through the whole warrant --- */

/* What one perspective says in each of its four states, signed by its own key. */
struct statement {
    uint8_t signature[256];
};

static void states_sign(
    struct sample *sample, struct statement statements[FACTORY_PERSPECTIVES][2][2])
{
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        for (unsigned state = 0; state < 4; state++) {
            sample->observations[0][i].dcv = (state & 1) != 0 ? DCV_PASSED : DCV_FAILED;
            sample->observations[0][i].caa = (state & 2) != 0 ? CAA_PERMITS : CAA_PROHIBITS;
            assert_int_equal(sample_sign_observation(sample, 0, i, factory.perspectives[i]), OK);
            memcpy(statements[i][state & 1][state >> 1].signature, sample->signatures[0][i], 256);
        }
    }
}

static void d3_every_set_of_lying_perspectives_is_judged_by_the_rule(void **state)
{
    (void)state;
    static struct statement statements[FACTORY_PERSPECTIVES][2][2];
    struct sample sample;
    unsigned entitled = 0;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    states_sign(&sample, statements);
    for (unsigned row = 0; row < 1u << (2 * FACTORY_PERSPECTIVES); row++) {
        unsigned value = row & 63, caa = row >> FACTORY_PERSPECTIVES;
        for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
            bool sees = (value >> i & 1) != 0, permits = (caa >> i & 1) != 0;
            sample.observations[0][i].dcv = sees ? DCV_PASSED : DCV_FAILED;
            sample.observations[0][i].caa = permits ? CAA_PERMITS : CAA_PROHIBITS;
            memcpy(sample.signatures[0][i], statements[i][sees][permits].signature, 256);
        }
        unsigned agreeing = (unsigned)__builtin_popcount((value & caa) >> 1);
        /* Of the factory's five remotes each has a region of its own. */
        const char *wanted =
            rule((value & 1) != 0, (caa & 1) != 0, FACTORY_REMOTES, agreeing, agreeing, NOW);
        struct reason reason;
        enum err err = verdict(&sample, &reason);
        if (err != (*wanted == '\0' ? OK : ERR_DENIED) || strcmp(reason.code, wanted) != 0) {
            fail_msg(
                "value %02x, caa %02x: \"%s\" instead of \"%s\"", value, caa, reason.code, wanted);
        }
        entitled += err == OK;
    }
    /* The primary and all five, or one of the five differing in value, CAA or both. */
    assert_int_equal(entitled, 1 + 5 * 3);
    sample_release(&sample);
}

/* --- Any number of remotes, regions and days, by the evidence's own judge --- */

struct table {
    struct roster roster;
    struct observation observations[REMOTES_MAX + 1];
    struct name_evidence evidence;
    struct evidence_rules rules;
};

static void table_init(struct table *table, unsigned remotes, int64_t now)
{
    static const char *const regions[] = { "apnic", "arin", "ripe", "lacnic", "afrinic" };
    static const uint8_t application[HASH_BYTES];
    *table = (struct table){ .roster = { .perspective_count = remotes + 1 } };
    for (unsigned i = 0; i <= remotes; i++) {
        struct perspective *perspective = &table->roster.perspectives[i];
        snprintf(perspective->id, sizeof perspective->id, "place-%u", i);
        snprintf(perspective->region, sizeof perspective->region, "%s", regions[i % 5]);
        perspective->primary = i == 0;
        struct observation *observation = &table->observations[i];
        snprintf(observation->perspective, sizeof observation->perspective, "place-%u", i);
        snprintf(
            observation->challenge.name, sizeof observation->challenge.name, "www.example.com");
        snprintf(observation->adn, sizeof observation->adn, "www.example.com");
        observation->challenge.method = DCV_DNS;
        observation->challenge.created = observation->time = now - 60;
        observation->dcv = DCV_PASSED;
        observation->caa = CAA_PERMITS;
        assert_int_equal(
            challenge_expected(&observation->challenge, "", observation->expected), OK);
    }
    table->evidence = (struct name_evidence){ table->observations, remotes + 1 };
    table->rules = (struct evidence_rules){ .roster = &table->roster,
        .verifier = &factory_believer,
        .edition = edition_rules(EDITION_SERVER),
        .now = now,
        .application_hash = application };
    policy_at(now, POLICY_PUBLIC, &table->rules.policy);
}

static const char *table_judge(struct table *table, struct reason *reason)
{
    int64_t oldest = 0;
    *reason = (struct reason){ 0 };
    enum err err =
        evidence_check(&table->evidence, "www.example.com", &table->rules, &oldest, reason);
    assert_int_equal(err, reason->code[0] == '\0' ? OK : ERR_DENIED);
    return reason->code;
}

static unsigned regions_of(const struct table *table, unsigned agreeing)
{
    unsigned count = 0;
    for (unsigned i = 1; i < table->roster.perspective_count; i++) {
        bool again = (agreeing >> i & 1) == 0;
        for (unsigned j = 1; j < i; j++) {
            again |= (agreeing >> j & 1) != 0 && strcmp(table->roster.perspectives[i].region,
                                                     table->roster.perspectives[j].region) == 0;
        }
        count += !again;
    }
    return count;
}

static void hold_against_the_rule(struct table *table, unsigned agreeing, int64_t now)
{
    unsigned remotes = (unsigned)table->roster.perspective_count - 1;
    for (unsigned i = 0; i <= remotes; i++) {
        table->observations[i].dcv = (agreeing >> i & 1) != 0 ? DCV_PASSED : DCV_FAILED;
    }
    struct reason reason;
    const char *wanted = rule((agreeing & 1) != 0, true, remotes,
        (unsigned)__builtin_popcount(agreeing >> 1), regions_of(table, agreeing), now);
    if (strcmp(table_judge(table, &reason), wanted) != 0) {
        fail_msg("%u remotes, %03x at %lld: \"%s\" instead of \"%s\"", remotes, agreeing,
            (long long)now, reason.code, wanted);
    }
}

static void d3_any_number_of_remotes_on_both_sides_of_each_day(void **state)
{
    (void)state;
    static const int64_t days[] = { DAY_2025_03_15, DAY_2026_03_15, DAY_2026_06_15, DAY_2026_12_15,
        NOW };
    for (size_t day = 0; day < sizeof days / sizeof *days; day++) {
        for (int64_t now = days[day] - 1; now <= days[day] + 1; now++) {
            for (unsigned remotes = 0; remotes <= REMOTES_MAX; remotes++) {
                struct table table;
                table_init(&table, remotes, now);
                for (unsigned agreeing = 0; agreeing < 2u << remotes; agreeing++) {
                    hold_against_the_rule(&table, agreeing, now);
                }
            }
        }
    }
}

static void d3_those_who_agree_lie_in_two_regions_whichever_they_are(void **state)
{
    (void)state;
    static const char *const regions[] = { "apnic", "arin", "ripe" };
    /* 3^5 ways to place five remotes, and 2^6 sets of those who agree, before and after the day. */
    for (unsigned placing = 0; placing < 243; placing++) {
        for (int64_t now = DAY_2026_03_15 - 1; now <= DAY_2026_03_15; now++) {
            struct table table;
            table_init(&table, 5, now);
            for (unsigned i = 1, rest = placing; i <= 5; i++, rest /= 3) {
                struct perspective *perspective = &table.roster.perspectives[i];
                snprintf(perspective->region, REGION_MAX, "%s", regions[rest % 3]);
            }
            for (unsigned agreeing = 0; agreeing < 64; agreeing++) {
                hold_against_the_rule(&table, agreeing, now);
            }
        }
    }
}

static void d3_whoever_is_left_out_has_disagreed(void **state)
{
    (void)state;
    for (unsigned present = 1; present < 64; present++) {
        struct table table;
        struct reason reason;
        table_init(&table, 5, NOW);
        size_t count = 0;
        for (unsigned i = 0; i < 6; i++) {
            if ((present >> i & 1) != 0) {
                table.observations[count++] = table.observations[i];
            }
        }
        table.evidence.count = count;
        const char *wanted = (present & 1) == 0 ? "warrant.primary_missing"
                             : count < 5        ? "warrant.quorum"
                                                : "";
        assert_string_equal(table_judge(&table, &reason), wanted);
    }
}

/* BR 3.2.2.9: corroborations of an attempt that failed are not carried into the next. */
static void d3_no_mixture_of_two_attempts_counts(void **state)
{
    (void)state;
    for (unsigned second = 0; second < 64; second++) {
        struct table table;
        struct reason reason;
        table_init(&table, 5, NOW);
        for (unsigned i = 0; i < 6; i++) {
            table.observations[i].attempt[ATTEMPT_BYTES - 1] = second >> i & 1;
        }
        bool whole = second == 0 || second == 63;
        assert_string_equal(table_judge(&table, &reason), whole ? "" : "warrant.attempt");
    }
}

static void d3_nobody_is_counted_twice(void **state)
{
    (void)state;
    for (unsigned from = 0; from < 6; from++) {
        for (unsigned to = 0; to < 6; to++) {
            struct table table;
            struct reason reason;
            table_init(&table, 5, NOW);
            table.observations[to] = table.observations[from];
            assert_string_equal(
                table_judge(&table, &reason), from == to ? "" : "warrant.perspective_twice");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(d3_every_set_of_lying_perspectives_is_judged_by_the_rule),
        cmocka_unit_test(d3_any_number_of_remotes_on_both_sides_of_each_day),
        cmocka_unit_test(d3_those_who_agree_lie_in_two_regions_whichever_they_are),
        cmocka_unit_test(d3_whoever_is_left_out_has_disagreed),
        cmocka_unit_test(d3_no_mixture_of_two_attempts_counts),
        cmocka_unit_test(d3_nobody_is_counted_twice),
    };
    return cmocka_run_group_tests(tests, make_factory, drop_factory);
}
