/* Changes of the trust folders and their undoing, an interrupted one among them. */
#include "lib/certstore/change.h"

#include "tests/unit/certstore/authority.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

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
    assert_int_equal(certstore_apply(store, changes, count, NULL, &done), OK);
    return done;
}

static void undo(size_t expected_added, size_t expected_removed)
{
    size_t added = 99, removed = 99;
    assert_int_equal(certstore_undo(store, NULL, &added, &removed), OK);
    assert_int_equal(added, expected_added);
    assert_int_equal(removed, expected_removed);
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
    undo(1, 1);
    assert_int_equal(count_of(CERTSTORE_ROOTS), 1);
    assert_int_equal(count_of(CERTSTORE_INTERMEDIATE), 0);
}

static void only_the_last_change_can_be_undone_and_only_once(void **state)
{
    (void)state;
    struct reason reason = { 0 };
    size_t added, removed;
    const struct certstore_change change[] = { { CERTSTORE_ROOTS, true,
        buf_span(&authority.root) } };
    assert_int_equal(certstore_undo(store, &reason, &added, &removed), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "certstore.nothing_to_undo");
    assert_int_equal(apply(change, 1), 1);
    undo(0, 1);
    assert_int_equal(certstore_undo(store, &reason, &added, &removed), ERR_NOT_FOUND);
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
    undo(0, 1);
    assert_int_equal(count_of(CERTSTORE_ROOTS), 1);
    assert_int_equal(count_of(CERTSTORE_INTERMEDIATE), 0);
}

static void a_change_cut_off_behind_its_journal_is_undone_too(void **state)
{
    (void)state;
    const struct certstore_change changes[] = { { CERTSTORE_ROOTS, true,
        buf_span(&authority.root) } };
    assert_int_equal(apply(changes, 1), 1);
    AUTO(folder) root = { 0 };
    AUTO(folder) roots = { 0 };
    AUTO(folder_names) names = { 0 };
    assert_int_equal(folder_open_path(store_path, NULL, &root), OK);
    assert_int_equal(folder_open(&root, "roots", FOLDER_MUST_EXIST, &roots), OK);
    assert_int_equal(folder_list(&roots, &names), OK);
    assert_int_equal(folder_remove(&roots, names.names[0]), OK);
    undo(0, 1);
    assert_int_equal(count_of(CERTSTORE_ROOTS), 0);
}

static void a_broken_journal_changes_nothing(void **state)
{
    (void)state;
    static const char *const broken[] = { "add elsewhere\n", "add roots\n", "hello",
        "add roots\n"
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n" };
    AUTO(folder) root = { 0 };
    size_t added, removed;
    const struct certstore_change change[] = { { CERTSTORE_ROOTS, true,
        buf_span(&authority.root) } };
    assert_int_equal(apply(change, 1), 1);
    assert_int_equal(folder_open_path(store_path, NULL, &root), OK);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_int_equal(folder_write(&root, "undo", span_from_text(broken[i])), OK);
        assert_int_not_equal(certstore_undo(store, NULL, &added, &removed), OK);
        assert_int_equal(count_of(CERTSTORE_ROOTS), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_change_is_taken_back_as_a_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(
            only_the_last_change_can_be_undone_and_only_once, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_was_there_before_is_not_taken_out_by_undoing, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_change_cut_off_behind_its_journal_is_undone_too, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broken_journal_changes_nothing, setup, teardown),
    };
    authority_make(&authority);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    authority_release(&authority);
    return failed;
}
