#include "lib/store/audit.h"
#include "tests/unit/store/fixture.h"

#include <sqlite3.h>

/* What somebody with the database in his hands can do; the triggers are no obstacle to him. */
static const char *const forgeries[] = {
    "UPDATE audit SET detail = 'nothing' WHERE seq = 3",
    "UPDATE audit SET actor = 'nobody' WHERE seq = 1",
    "UPDATE audit SET time = time + 1 WHERE seq = 2",
    "UPDATE audit SET action = object, object = action WHERE seq = 2",
    "UPDATE audit SET hash = previous WHERE seq = 4",
    "DELETE FROM audit WHERE seq = 1",
    "DELETE FROM audit WHERE seq = 3",
    "UPDATE audit SET seq = seq + 100 WHERE seq = 5",
};

static int execute(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    int result = sqlite3_exec(database, sql, NULL, NULL, NULL);
    sqlite3_close(database);
    return result;
}

static void an_untouched_chain_is_whole(void **state)
{
    struct fixture *fixture = *state;
    struct reason reason = { 0 };
    uint8_t head[HASH_BYTES];
    int64_t rows = 0;
    assert_int_equal(store_audit_verify(fixture->store, &rows, head, &reason), OK);
    assert_int_equal(rows, 5);
}

static void the_database_itself_refuses_to_change_or_forget_a_row(void **state)
{
    struct fixture *fixture = *state;
    assert_int_not_equal(execute(fixture->path, forgeries[0]), SQLITE_OK);
    assert_int_not_equal(execute(fixture->path, forgeries[5]), SQLITE_OK);
    an_untouched_chain_is_whole(state);
}

static void every_forged_row_breaks_the_chain(void **state)
{
    struct fixture *fixture = *state;
    uint8_t head[HASH_BYTES];
    assert_int_equal(execute(fixture->path, "DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays;"
                                            " CREATE TABLE kept AS SELECT * FROM audit"),
        SQLITE_OK);
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        struct reason reason = { 0 };
        int64_t rows = 0;
        assert_int_equal(execute(fixture->path, forgeries[i]), SQLITE_OK);
        assert_int_equal(store_audit_verify(fixture->store, &rows, head, &reason), ERR_DENIED);
        assert_string_equal(reason.code, "audit.broken");
        assert_int_equal(
            execute(fixture->path, "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept"),
            SQLITE_OK);
    }
    an_untouched_chain_is_whole(state);
}

static void what_cannot_be_recorded_does_not_happen(void **state)
{
    struct fixture *fixture = *state;
    struct application_row row = { 0 };
    AUTO(arena) arena = arena_make(4096);
    assert_int_equal(
        execute(fixture->path,
            "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END"),
        SQLITE_OK);
    struct fixture other = *fixture;
    memset(other.application, 0xa2, sizeof other.application);
    assert_int_not_equal(store_transact(fixture->store, application_make, &other), OK);
    assert_int_equal(
        store_application_get(fixture->store, other.application, &arena, &row), ERR_NOT_FOUND);
}

static void the_rows_say_who_did_what(void **state)
{
    struct fixture *fixture = *state;
    struct audit_row *rows = NULL;
    size_t count = 0;
    AUTO(arena) arena = arena_make(16384);
    assert_int_equal(store_audit_list(fixture->store, 1, 2, &arena, &rows, &count), OK);
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].actor, "operator");
    assert_string_equal(rows[0].action, "application.vetted");
    assert_string_equal(rows[1].action, "application.approved");
    assert_string_equal(rows[1].object, "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_untouched_chain_is_whole, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            the_database_itself_refuses_to_change_or_forget_a_row, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            every_forged_row_breaks_the_chain, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            what_cannot_be_recorded_does_not_happen, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(the_rows_say_who_did_what, fixture_enrol, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
