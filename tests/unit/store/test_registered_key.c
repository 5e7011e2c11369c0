#include "lib/store/registered_key.h"
#include "lib/store/audit.h"
#include "lib/store/session.h"
#include "tests/unit/store/fixture.h"

struct event {
    const struct fixture *fixture;
    struct registered_key key;
    struct act act;
    bool fresh;
};

static const uint8_t by_pin[HASH_BYTES] = { 1 };
static const uint8_t by_key[HASH_BYTES] = { 2 };
static const uint8_t by_other_key[HASH_BYTES] = { 3 };

static struct event event_of(const struct fixture *fixture, uint8_t number)
{
    struct event event = { .fixture = fixture, .act = act };
    memset(event.key.spki_hash, number, sizeof event.key.spki_hash);
    memset(event.key.spki, number, sizeof event.key.spki);
    snprintf(event.key.label, sizeof event.key.label, "web-%u", number);
    return event;
}

static enum err add(struct store *store, void *ctx)
{
    struct event *event = ctx;
    return store_registered_key_add(
        store, &event->act, event->fixture->enrolment, &event->key, &event->fresh);
}

static enum err use(struct store *store, void *ctx)
{
    struct event *event = ctx;
    return store_registered_key_use(
        store, &event->act, event->fixture->enrolment, event->key.spki_hash);
}

static enum err take_away(struct store *store, void *ctx)
{
    struct event *event = ctx;
    return store_registered_key_remove(
        store, &event->act, event->fixture->enrolment, event->key.spki_hash);
}

static enum err sessions_open(struct store *store, void *ctx)
{
    const struct event *event = ctx;
    struct session_row row = { .created = act.time, .seen = act.time, .language = "en" };
    memcpy(row.enrolment, event->fixture->enrolment, sizeof row.enrolment);
    TRY(store_session_insert(store, by_pin, &row));
    row.has_key = true;
    memcpy(row.spki_hash, event->key.spki_hash, sizeof row.spki_hash);
    TRY(store_session_insert(store, by_key, &row));
    row.spki_hash[0] ^= 1;
    return store_session_insert(store, by_other_key, &row);
}

static size_t count_of(const struct fixture *fixture, struct registered_key *ret_first)
{
    AUTO(arena) arena = arena_make(1024 * 1024);
    struct registered_key *rows = NULL;
    size_t count = 0;
    assert_int_equal(
        store_registered_key_list(fixture->store, fixture->enrolment, &arena, &rows, &count), OK);
    if (ret_first != NULL && count > 0) {
        *ret_first = rows[0];
    }
    return count;
}

static void a_key_is_registered_once_and_stays_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct registered_key row = { 0 };
    struct event event = event_of(fixture, 7);
    assert_int_equal(store_transact(fixture->store, add, &event), OK);
    assert_true(event.fresh);
    struct event again = event_of(fixture, 7);
    again.act.time++;
    snprintf(again.key.label, sizeof again.key.label, "other");
    assert_int_equal(store_transact(fixture->store, add, &again), OK);
    assert_false(again.fresh);
    assert_int_equal(count_of(fixture, &row), 1);
    assert_string_equal(row.label, "web-7");
    assert_int_equal(row.registered, act.time);
    assert_int_equal(row.used, 0);
    assert_memory_equal(row.spki, event.key.spki, sizeof row.spki);
}

static void there_is_room_for_so_many(void **state)
{
    struct fixture *fixture = *state;
    for (uint8_t i = 0; i < ENROLMENT_KEYS_MAX; i++) {
        struct event event = event_of(fixture, i);
        assert_int_equal(store_transact(fixture->store, add, &event), OK);
    }
    struct event one_more = event_of(fixture, ENROLMENT_KEYS_MAX);
    assert_int_equal(store_transact(fixture->store, add, &one_more), ERR_LIMIT);
    struct event known = event_of(fixture, 0);
    assert_int_equal(store_transact(fixture->store, add, &known), OK);
    assert_int_equal(store_transact(fixture->store, take_away, &known), OK);
    assert_int_equal(store_transact(fixture->store, add, &one_more), OK);
    assert_int_equal(count_of(fixture, NULL), ENROLMENT_KEYS_MAX);
}

static void a_key_belongs_to_one_enrolment(void **state)
{
    struct fixture *fixture = *state;
    struct fixture stranger = *fixture;
    struct registered_key row = { 0 };
    struct event event = event_of(fixture, 7);
    assert_int_equal(store_transact(fixture->store, add, &event), OK);
    stranger.enrolment[0] ^= 1;
    assert_int_equal(count_of(&stranger, NULL), 0);
    assert_int_equal(
        store_registered_key_get(fixture->store, stranger.enrolment, event.key.spki_hash, &row),
        ERR_NOT_FOUND);
    event.fixture = &stranger;
    assert_int_equal(store_transact(fixture->store, use, &event), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, take_away, &event), ERR_NOT_FOUND);
    assert_int_equal(count_of(fixture, NULL), 1);
}

static void a_removed_key_is_used_by_nobody_and_its_sessions_end(void **state)
{
    struct fixture *fixture = *state;
    struct session_row session = { 0 };
    struct registered_key row = { 0 };
    struct event event = event_of(fixture, 7);
    assert_int_equal(store_transact(fixture->store, use, &event), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, add, &event), OK);
    assert_int_equal(store_transact(fixture->store, sessions_open, &event), OK);
    event.act.time++;
    assert_int_equal(store_transact(fixture->store, use, &event), OK);
    assert_int_equal(count_of(fixture, &row), 1);
    assert_int_equal(row.used, event.act.time);
    assert_int_equal(store_transact(fixture->store, take_away, &event), OK);
    assert_int_equal(store_transact(fixture->store, take_away, &event), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, use, &event), ERR_NOT_FOUND);
    assert_int_equal(store_session_get(fixture->store, by_key, act.time, &session), ERR_NOT_FOUND);
    assert_int_equal(store_session_get(fixture->store, by_pin, act.time, &session), OK);
    assert_false(session.has_key);
    assert_int_equal(store_session_get(fixture->store, by_other_key, act.time, &session), OK);
    assert_true(session.has_key);
}

static void each_change_has_its_audit_row(void **state)
{
    static const char *const actions[] = { "key.registered", "key.login", "key.removed" };
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(1024 * 1024);
    struct audit_row *rows = NULL;
    size_t before = 0, count = 0;
    struct event event = event_of(fixture, 7);
    assert_int_equal(store_audit_list(fixture->store, 0, 100, &arena, &rows, &before), OK);
    assert_int_equal(store_transact(fixture->store, add, &event), OK);
    assert_int_equal(store_transact(fixture->store, add, &event), OK);
    assert_int_equal(store_transact(fixture->store, use, &event), OK);
    assert_int_equal(store_transact(fixture->store, take_away, &event), OK);
    assert_int_equal(
        store_audit_list(fixture->store, (int64_t)before, 100, &arena, &rows, &count), OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(rows[i].action, actions[i]);
        assert_int_equal(strncmp(rows[i].detail, "070707", 6), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_enrol, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_registered_once_and_stays_as_it_is),
        TEST(there_is_room_for_so_many),
        TEST(a_key_belongs_to_one_enrolment),
        TEST(a_removed_key_is_used_by_nobody_and_its_sessions_end),
        TEST(each_change_has_its_audit_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
