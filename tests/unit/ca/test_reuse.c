/* Evidence of two attempts: a proof that serves again, and everybody's word on CAA of now
 * (BR 4.2.1, 4.2.2.1). */
#include "tests/unit/ca/judged.h"

/* A proof of before and everybody's word on CAA of now. */
struct twice {
    struct observation observations[2 * FACTORY_PERSPECTIVES];
    uint8_t signatures[2 * FACTORY_PERSPECTIVES][256];
};

static void twice_take(struct twice *twice, const struct sample *sample, size_t from)
{
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        struct observation *observation = &twice->observations[from + i];
        *observation = sample->observations[0][i];
        memcpy(twice->signatures[from + i], sample->signatures[0][i], 256);
        observation->signature = SPAN_OF(twice->signatures[from + i]);
    }
}

static void twice_make(struct twice *twice, struct sample *sample, enum dcv_method method,
    int64_t age, void (*spoil)(struct sample *sample))
{
    EVERY_OBSERVATION((o->challenge.method = method, o->time = sample->now - age,
        o->challenge.created = o->time - 60))
    assert_int_equal(sample_sign(sample), OK);
    twice_take(twice, sample, 0);
    EVERY_OBSERVATION((
        memset(o->attempt, 77, ATTEMPT_BYTES), o->dcv = DCV_NOT_ASKED, o->time = sample->now - 600))
    if (spoil != NULL) {
        spoil(sample);
    }
    assert_int_equal(sample_sign(sample), OK);
    twice_take(twice, sample, FACTORY_PERSPECTIVES);
    sample->evidence[0] = (struct name_evidence){ twice->observations, 2 * FACTORY_PERSPECTIVES };
}

/* BR 4.2.1: 200, 100, 10 days; a persistent record 10 on every day. To the second. */
static void a_proof_serves_again_as_long_as_its_day_has_it(void **state)
{
    static const struct {
        int64_t now;
        enum dcv_method method;
        int days;
    } cases[] = {
        { NOW, DCV_DNS, 200 },
        { INT64_C(1805068800) - 1, DCV_DNS, 200 }, /* 2027-03-15 */
        { INT64_C(1805068800), DCV_DNS, 100 },
        { INT64_C(1868227200) - 1, DCV_WEBSITE, 100 }, /* 2029-03-15 */
        { INT64_C(1868227200), DCV_WEBSITE, 10 },
        { NOW, DCV_PERSISTENT, 10 },
        { INT64_C(1868227200), DCV_PERSISTENT, 10 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int64_t second = 0; second < 2; second++) {
            struct reason reason;
            struct sample sample;
            struct twice *twice = calloc(1, sizeof *twice);
            assert_non_null(twice);
            assert_int_equal(sample_init(&sample, &factory, cases[i].now, 1), OK);
            twice_make(twice, &sample, cases[i].method, cases[i].days * DAY_SECONDS + second, NULL);
            assert_int_equal(verdict(&sample, &reason), second == 0 ? OK : ERR_DENIED);
            assert_string_equal(reason.code, second == 0 ? "" : "warrant.evidence_old");
            free(twice);
            sample_release(&sample);
        }
    }
}

/* clang-format off */
SPOIL(again_stale, EVERY_OBSERVATION(o->time = NOW - 8 * 3600 - 1))
SPOIL(again_forbidden, OBSERVATION(0).caa = CAA_PROHIBITS)
SPOIL(again_two_forbid, (OBSERVATION(1).caa = CAA_PROHIBITS, OBSERVATION(2).caa = CAA_PROHIBITS))
SPOIL(again_bogus, OBSERVATION(0).dnssec = DNSSEC_BOGUS)
SPOIL(again_claims_a_proof, OBSERVATION(0).dcv = DCV_PASSED)
SPOIL(again_failed, OBSERVATION(0).dcv = DCV_FAILED)
SPOIL(again_two_attempts, OBSERVATION(3).attempt[0] ^= 1)
SPOIL(again_the_same_attempt, EVERY_OBSERVATION(memset(o->attempt, 1, ATTEMPT_BYTES)))
SPOIL(again_another_value, EVERY_OBSERVATION(o->challenge.nonce[0] ^= 1))
SPOIL(again_another_method, EVERY_OBSERVATION(o->challenge.method = DCV_WEBSITE))
SPOIL(again_another_name, EVERY_OBSERVATION((memcpy(o->challenge.name, "www.example.org", 16),
    memcpy(o->adn, "www.example.org", 16))))
SPOIL(again_stretched, OBSERVATION(2).time -= 901)
/* clang-format on */

static void a_word_on_caa_that_is_none_lets_no_proof_serve_again(void **state)
{
    static const struct {
        const char *code;
        void (*spoil)(struct sample *sample);
    } cases[] = {
        { "warrant.caa_stale", again_stale },
        { "warrant.primary_caa", again_forbidden },
        { "warrant.quorum", again_two_forbid },
        { "warrant.primary_dnssec", again_bogus },
        { "warrant.attempt", again_claims_a_proof },
        { "warrant.attempt", again_failed },
        { "warrant.attempt", again_two_attempts },
        { "warrant.caa_stale", again_the_same_attempt },
        { "warrant.challenge", again_another_value },
        { "warrant.challenge", again_another_method },
        { "warrant.challenge", again_another_name },
        { "warrant.attempt", again_stretched },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reason reason;
        struct sample sample;
        struct twice *twice = calloc(1, sizeof *twice);
        assert_non_null(twice);
        assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
        twice_make(twice, &sample, DCV_DNS, 100 * DAY_SECONDS, cases[i].spoil);
        assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
        assert_string_equal(reason.code, cases[i].code);
        /* One who is left out has not agreed; the proof alone is not enough either. */
        sample.evidence[0].count = FACTORY_PERSPECTIVES;
        assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
        assert_string_equal(reason.code, "warrant.caa_stale");
        free(twice);
        sample_release(&sample);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_serves_again_as_long_as_its_day_has_it),
        cmocka_unit_test(a_word_on_caa_that_is_none_lets_no_proof_serve_again),
    };
    return cmocka_run_group_tests(tests, make_factory, drop_factory);
}
