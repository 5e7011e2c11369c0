/* What is found of a subscriber's other applications, and what is not. */
#include "lib/store/challenge.h"
#include "lib/store/evidence.h"
#include "tests/unit/store/fixture.h"

#define PROVED (act.time - 5000)

static const uint8_t somebody[ENROLMENT_ID_BYTES] = { 1 };
static const uint8_t key[HASH_BYTES] = { 9 };

struct proof {
    const struct fixture *fixture;
    bool bound;
};

static enum err prove(struct store *store, void *ctx)
{
    const struct proof *proof = ctx;
    struct challenge challenge = { .name = "www.example.com",
        .method = DCV_WEBSITE,
        .srn = "0002142877",
        .has_spki = proof->bound };
    struct evidence_row row = { .name = "www.example.com", .method = DCV_WEBSITE, .time = PROVED };
    memcpy(challenge.spki_hash, key, sizeof key);
    memset(row.attempt, 7, sizeof row.attempt);
    TRY(store_challenge_replace_all(store, &act, proof->fixture->enrolment, &challenge, 1));
    return store_evidence_put(store, &act, proof->fixture->enrolment, &row);
}

static enum err withdraw(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    return store_application_set_state(store, &act, fixture->application, APPLICATION_WITHDRAWN);
}

static size_t found(struct fixture *fixture, const struct earlier_question *question)
{
    struct evidence_row *rows = NULL;
    size_t count = 99;
    AUTO(arena) arena = arena_make(65536);
    assert_int_equal(store_evidence_earlier(fixture->store, question, &arena, &rows, &count), OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].method, DCV_WEBSITE);
        assert_int_equal(rows[i].time, PROVED);
        assert_int_equal(rows[i].attempt[0], 7);
        assert_false(rows[i].has_caa);
    }
    return count;
}

static const struct earlier_question right = { .enrolment = somebody,
    .srn = "0002142877",
    .organisation = "Shop Example Limited",
    .name = "www.example.com",
    .since = PROVED };

static void a_proof_is_found_by_its_subscriber_for_its_name_alone(void **state)
{
    struct fixture *fixture = *state;
    struct proof proof = { fixture, .bound = false };
    assert_int_equal(store_transact(fixture->store, prove, &proof), OK);
    assert_int_equal(found(fixture, &right), 1);
    struct earlier_question wrong[] = { right, right, right, right, right, right };
    wrong[0].srn = "0002142878";
    wrong[1].organisation = "Shop Example Holdings";
    wrong[2].name = "*.example.com";
    wrong[3].since++;
    wrong[4].enrolment = fixture->enrolment;
    wrong[5].srn = "";
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(found(fixture, &wrong[i]), 0);
    }
    assert_int_equal(store_transact(fixture->store, withdraw, fixture), OK);
    assert_int_equal(found(fixture, &right), 0);
}

static void a_proof_for_a_key_is_found_for_that_key_alone(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t another[HASH_BYTES] = { 8 };
    struct earlier_question question = right;
    struct proof proof = { fixture, .bound = true };
    assert_int_equal(store_transact(fixture->store, prove, &proof), OK);
    assert_int_equal(found(fixture, &question), 0);
    question.spki_hash = another;
    assert_int_equal(found(fixture, &question), 0);
    question.spki_hash = key;
    assert_int_equal(found(fixture, &question), 1);
    proof.bound = false;
    assert_int_equal(store_transact(fixture->store, prove, &proof), OK);
    question.spki_hash = another;
    assert_int_equal(found(fixture, &question), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_enrol, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_proof_is_found_by_its_subscriber_for_its_name_alone),
        TEST(a_proof_for_a_key_is_found_for_that_key_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
