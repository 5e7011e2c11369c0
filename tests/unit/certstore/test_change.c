/* Changes of the trust folders, taken back as a whole. */
#include "lib/certstore/change.h"

#include "tests/unit/certstore/authority.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

static struct authority authority;
static char scratch[64], store_path[128];
static struct certstore *store;

static int setup(void **state)
{
    (void)state;
    scratch_make(scratch, sizeof scratch);
    snprintf(store_path, sizeof store_path, "%s/store", scratch);
    return certstore_open(store_path, NULL, &store) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    certstore_free(store);
    scratch_remove(scratch);
    return 0;
}

static size_t count_of(enum certstore_folder folder)
{
    AUTO(certstore_blobs) blobs = { 0 };
    assert_int_equal(certstore_list_trust(store, folder, &blobs), OK);
    return blobs.count;
}

static size_t apply(const struct certstore_change *changes, size_t count)
{
    size_t done = 99;
    certstore_record(store, "chain install", TEST_NOW);
    assert_int_equal(certstore_apply(store, changes, count, NULL, &done), OK);
    return done;
}

static void undo(void)
{
    static struct certstore_past past;
    struct reason reason = { 0 };
    assert_int_equal(certstore_undo(store, 0, &reason, &past), OK);
}

static void a_change_is_taken_back_as_a_whole(void **state)
{
    (void)state;
    const struct certstore_change first[] = { { CERTSTORE_ROOTS, true,
        buf_span(&authority.root) } };
    const struct certstore_change second[] = {
        { CERTSTORE_ROOTS, false, buf_span(&authority.root) },
        { CERTSTORE_INTERMEDIATE, true, buf_span(&authority.issuer) },
    };
    assert_int_equal(apply(first, 1), 1);
    assert_int_equal(apply(second, 2), 2);
    assert_int_equal(count_of(CERTSTORE_ROOTS), 0);
    assert_int_equal(count_of(CERTSTORE_INTERMEDIATE), 1);
    undo();
    assert_int_equal(count_of(CERTSTORE_ROOTS), 1);
    assert_int_equal(count_of(CERTSTORE_INTERMEDIATE), 0);
}

static void what_was_there_before_is_not_taken_out_by_undoing(void **state)
{
    (void)state;
    const struct certstore_change changes[] = {
        { CERTSTORE_ROOTS, true, buf_span(&authority.root) },
        { CERTSTORE_INTERMEDIATE, true, buf_span(&authority.issuer) },
    };
    assert_int_equal(apply(changes, 1), 1);
    assert_int_equal(apply(changes, 2), 1);
    assert_int_equal(apply(changes, 2), 0);
    undo();
    assert_int_equal(count_of(CERTSTORE_ROOTS), 1);
    assert_int_equal(count_of(CERTSTORE_INTERMEDIATE), 0);
}

static void what_fails_in_the_middle_is_taken_back(void **state)
{
    (void)state;
    const struct certstore_change changes[] = {
        { CERTSTORE_ROOTS, true, buf_span(&authority.root) },
        { CERTSTORE_INTERMEDIATE, true, buf_span(&authority.issuer) },
    };
    char path[160];
    snprintf(path, sizeof path, "%s/intermediate", store_path);
    assert_int_equal(rmdir(path), 0);
    certstore_record(store, "chain install", TEST_NOW);
    assert_int_not_equal(certstore_apply(store, changes, 2, NULL, NULL), OK);
    assert_int_equal(count_of(CERTSTORE_ROOTS), 0);
}

static void what_is_not_recorded_leaves_nothing_to_take_back(void **state)
{
    (void)state;
    static struct certstore_past past;
    struct reason reason = { 0 };
    const struct certstore_change change[] = { { CERTSTORE_ROOTS, true,
        buf_span(&authority.root) } };
    assert_int_equal(certstore_apply(store, change, 1, NULL, NULL), OK);
    assert_int_equal(certstore_undo(store, 0, &reason, &past), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "certstore.nothing_to_undo");
    assert_int_equal(count_of(CERTSTORE_ROOTS), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_change_is_taken_back_as_a_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_was_there_before_is_not_taken_out_by_undoing, setup, teardown),
        cmocka_unit_test_setup_teardown(what_fails_in_the_middle_is_taken_back, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_is_not_recorded_leaves_nothing_to_take_back, setup, teardown),
    };
    authority_make(&authority);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    authority_release(&authority);
    return failed;
}
