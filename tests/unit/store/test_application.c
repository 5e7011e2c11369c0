#include "tests/unit/store/fixture.h"

struct signing {
    struct fixture *fixture;
    enum approval_role role;
    uint8_t officer;
};

static enum err signing_run(struct store *store, void *ctx)
{
    const struct signing *signing = ctx;
    return approval_add(store, signing->fixture, signing->role, signing->officer);
}

static enum err sign(struct fixture *fixture, enum approval_role role, uint8_t officer)
{
    struct signing signing = { fixture, role, officer };
    return store_transact(fixture->store, signing_run, &signing);
}

static enum application_state state_of(struct fixture *fixture)
{
    AUTO(arena) arena = arena_make(4096);
    struct application_row row = { 0 };
    assert_int_equal(store_application_get(fixture->store, fixture->application, &arena, &row), OK);
    return row.state;
}

static int fixture_apply(void **state)
{
    fixture_open(state);
    struct fixture *fixture = *state;
    return store_transact(fixture->store, application_make, fixture) != OK;
}

/* doc/threats.md P12, S14: every sequence of four signatures by one officer. */
static void one_officer_alone_never_reaches_approved(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned sequence = 0; sequence < 16; sequence++) {
        struct fixture own = *fixture;
        own.application[0] = (uint8_t)sequence;
        assert_int_equal(store_transact(fixture->store, application_make, &own), OK);
        for (unsigned step = 0; step < 4; step++) {
            bool approve = (sequence >> step & 1) != 0;
            (void)sign(&own, approve ? APPROVAL_APPROVED : APPROVAL_VETTED, 1);
        }
        assert_int_not_equal(state_of(&own), APPLICATION_APPROVED);
    }
}

static void two_officers_reach_it_in_one_order_only(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(sign(fixture, APPROVAL_APPROVED, 2), ERR_CONFLICT);
    assert_int_equal(sign(fixture, APPROVAL_VETTED, 1), OK);
    assert_int_equal(sign(fixture, APPROVAL_VETTED, 2), ERR_CONFLICT);
    assert_int_equal(sign(fixture, APPROVAL_APPROVED, 1), ERR_CONFLICT);
    assert_int_equal(state_of(fixture), APPLICATION_VETTED);
    assert_int_equal(sign(fixture, APPROVAL_APPROVED, 2), OK);
    assert_int_equal(state_of(fixture), APPLICATION_APPROVED);
    assert_int_equal(sign(fixture, APPROVAL_APPROVED, 3), ERR_CONFLICT);
}

struct moving {
    struct fixture *fixture;
    enum application_state state;
};

static enum err moving_run(struct store *store, void *ctx)
{
    const struct moving *moving = ctx;
    return store_application_set_state(store, &act, moving->fixture->application, moving->state);
}

static enum err move(struct fixture *fixture, enum application_state state)
{
    struct moving moving = { fixture, state };
    return store_transact(fixture->store, moving_run, &moving);
}

static void a_withdrawn_application_stays_withdrawn(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(move(fixture, APPLICATION_APPROVED), ERR_CONFLICT);
    assert_int_equal(move(fixture, APPLICATION_RETURNED), OK);
    assert_int_equal(move(fixture, APPLICATION_RETURNED), ERR_CONFLICT);
    assert_int_equal(move(fixture, APPLICATION_WITHDRAWN), OK);
    assert_int_equal(move(fixture, APPLICATION_RETURNED), ERR_CONFLICT);
    assert_int_equal(sign(fixture, APPROVAL_VETTED, 1), ERR_CONFLICT);
    assert_int_equal(state_of(fixture), APPLICATION_WITHDRAWN);
}

/* What the operators of the model do, each whenever he likes. */
enum deed { VET, APPROVE, RETURN, WITHDRAW, DEEDS };

enum { OPERATORS = 3, STATES_MAX = 64, STEPS_MAX = 6 };

/* A state of the application, and one way to it. */
struct model_state {
    enum application_state state;
    uint8_t vetted_by, approved_by; /* 0: nobody */
    uint8_t path[STEPS_MAX];
    size_t length;
};

static enum err deed_do(struct fixture *own, uint8_t step)
{
    uint8_t officer = (uint8_t)(1 + step / DEEDS);
    switch ((enum deed)(step % DEEDS)) {
    case VET:
        return sign(own, APPROVAL_VETTED, officer);
    case APPROVE:
        return sign(own, APPROVAL_APPROVED, officer);
    case RETURN:
        return move(own, APPLICATION_RETURNED);
    case WITHDRAW:
        return move(own, APPLICATION_WITHDRAWN);
    case DEEDS:
        break;
    }
    return ERR_INPUT;
}

static enum err model_make(struct store *store, void *ctx)
{
    struct fixture *own = ctx;
    struct application_row row = { .der = SPAN_LITERAL("application"), .created = act.time };
    memcpy(row.id, own->application, sizeof row.id);
    memcpy(row.hash, own->application, sizeof own->application); /* as unique as its id */
    return store_application_insert(store, &act, &row);
}

static void model_look(struct fixture *own, struct model_state *ret_state)
{
    struct approval_row *rows = NULL;
    size_t count = 0;
    AUTO(arena) arena = arena_make(16384);
    ret_state->state = state_of(own);
    ret_state->vetted_by = ret_state->approved_by = 0;
    assert_int_equal(
        store_application_approvals(own->store, own->application, &arena, &rows, &count), OK);
    assert_true(count <= 2);
    for (size_t i = 0; i < count; i++) {
        uint8_t *by =
            rows[i].role == APPROVAL_VETTED ? &ret_state->vetted_by : &ret_state->approved_by;
        assert_int_equal(*by, 0);
        *by = rows[i].key_id[0];
    }
}

/* What must be true of every state, and of every step between two. */
static void model_judge(
    const struct model_state *before, const struct model_state *after, uint8_t step, enum err err)
{
    bool same = before->state == after->state && before->vetted_by == after->vetted_by &&
                before->approved_by == after->approved_by;
    assert_true(err == OK || same);
    if (after->approved_by != 0) {
        assert_int_not_equal(after->vetted_by, 0);
        assert_int_not_equal(after->vetted_by, after->approved_by);
    }
    assert_true(after->state != APPLICATION_APPROVED || after->approved_by != 0);
    assert_true(before->state != APPLICATION_WITHDRAWN || same);
    bool ended = before->state == APPLICATION_RETURNED || before->state == APPLICATION_WITHDRAWN;
    assert_true(!ended || (after->vetted_by == before->vetted_by &&
                              after->approved_by == before->approved_by));
    if (!same && after->approved_by != before->approved_by) {
        assert_int_equal(step % DEEDS, APPROVE);
        assert_int_equal(after->approved_by, 1 + step / DEEDS);
    }
    if (!same && after->vetted_by != before->vetted_by) {
        assert_int_equal(step % DEEDS, VET);
        assert_int_equal(after->vetted_by, 1 + step / DEEDS);
    }
}

static bool model_knows(
    const struct model_state *states, size_t count, const struct model_state *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (states[i].state == wanted->state && states[i].vetted_by == wanted->vetted_by &&
            states[i].approved_by == wanted->approved_by) {
            return true;
        }
    }
    return false;
}

/* Three operators, four deeds, in every order there is: each state that can be reached is looked at
 * once, with every deed of everybody from there. */
static void s14_no_order_of_what_three_operators_do_passes_one_of_them_by(void **state)
{
    static struct model_state states[STATES_MAX];
    struct fixture *fixture = *state;
    size_t count = 1;
    unsigned runs = 0;
    memset(states, 0, sizeof states);
    states[0].state = APPLICATION_DRAFT;
    for (size_t from = 0; from < count; from++) {
        for (uint8_t step = 0; step < OPERATORS * DEEDS; step++) {
            struct model_state before, after;
            struct fixture own = *fixture;
            runs++;
            memset(own.application, 0, sizeof own.application);
            own.application[0] = (uint8_t)(runs & 0xff);
            own.application[1] = (uint8_t)(runs >> 8);
            assert_int_equal(store_transact(own.store, model_make, &own), OK);
            for (size_t i = 0; i < states[from].length; i++) {
                assert_int_equal(deed_do(&own, states[from].path[i]), OK);
            }
            model_look(&own, &before);
            enum err err = deed_do(&own, step);
            model_look(&own, &after);
            model_judge(&before, &after, step, err);
            if (!model_knows(states, count, &after)) {
                assert_true(count < STATES_MAX && states[from].length < STEPS_MAX);
                memcpy(after.path, states[from].path, sizeof after.path);
                after.path[states[from].length] = step;
                after.length = states[from].length + 1;
                states[count++] = after;
            }
        }
    }
    /* draft, vetted by three, approved by six pairs; returned and withdrawn from each of the ten */
    assert_int_equal(count, 30);
}

static void the_same_application_is_entered_once(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(store_transact(fixture->store, application_make, fixture), ERR_CONFLICT);
    AUTO(arena) arena = arena_make(4096);
    struct application_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(store_application_list(fixture->store, 0, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_application_list(fixture->store, 1, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 0);
    struct application_row row = { 0 };
    static const uint8_t nobody[APPLICATION_ID_BYTES];
    assert_int_equal(store_application_get(fixture->store, nobody, &arena, &row), ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_apply, fixture_close)

static enum err return_write(struct store *store, void *ctx)
{
    struct fixture *fixture = ctx;
    return store_application_return(
        store, &act, fixture->application, RETURN_AT_CERTIFICATE, "The branch has moved.\nTwice.");
}

static void why_it_was_returned_is_kept_once_and_word_for_word(void **state)
{
    struct fixture *fixture = *state;
    struct return_row row = { 0 };
    AUTO(arena) arena = arena_make(4096);
    assert_int_equal(store_application_returned(fixture->store, fixture->application, &arena, &row),
        ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, return_write, fixture), OK);
    assert_int_equal(
        store_application_returned(fixture->store, fixture->application, &arena, &row), OK);
    assert_string_equal(return_step_id(row.step), "certificate");
    assert_string_equal(row.reason, "The branch has moved.\nTwice.");
    assert_string_equal(row.actor, act.actor);
    assert_int_equal(row.time, act.time);
    assert_int_equal(store_transact(fixture->store, return_write, fixture), ERR_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            why_it_was_returned_is_kept_once_and_word_for_word, fixture_enrol, fixture_close),
        TEST(one_officer_alone_never_reaches_approved),
        TEST(two_officers_reach_it_in_one_order_only),
        TEST(a_withdrawn_application_stays_withdrawn),
        TEST(s14_no_order_of_what_three_operators_do_passes_one_of_them_by),
        TEST(the_same_application_is_entered_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
