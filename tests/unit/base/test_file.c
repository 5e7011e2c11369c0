#include "lib/base/file.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/ecert-file-XXXXXX";
static char path[64];

static int directory_make(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(path_join(path, sizeof path, directory, "f"), OK);
    return 0;
}

static int directory_remove(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static void a_replaced_file_has_exactly_its_mode_and_leaves_nothing_beside_it(void **state)
{
    (void)state;
    struct stat status;
    mode_t before = umask(0);
    assert_int_equal(file_replace(path, SPAN_LITERAL("one"), 0600), OK);
    assert_int_equal(file_create(path, SPAN_LITERAL("two"), 0600), ERR_CONFLICT);
    umask(before);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    AUTO(buf) content = { 0 };
    assert_int_equal(file_read(path, 3, &content), OK);
    assert_true(span_equal(buf_span(&content), SPAN_LITERAL("one")));
}

static void a_begun_file_has_its_name_when_it_is_finished_and_leaves_nothing_else(void **state)
{
    (void)state;
    struct file_begun begun = { 0 }, other = { 0 };
    unlink(path);
    assert_int_equal(file_begin(path, SPAN_LITERAL("one"), 0644, &begun), OK);
    assert_int_equal(file_begin(path, SPAN_LITERAL("two"), 0644, &other), OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(file_finish(&begun), OK);
    assert_int_equal(file_finish(&other), ERR_CONFLICT);
    file_begun_release(&begun);
    file_begun_release(&other);
    assert_int_equal(file_begin(path, SPAN_LITERAL("three"), 0644, &begun), OK);
    file_begun_release(&begun);
    AUTO(buf) content = { 0 };
    assert_int_equal(file_read(path, 3, &content), OK);
    assert_true(span_equal(buf_span(&content), SPAN_LITERAL("one")));
    snprintf(begun.path, sizeof begun.path, "%s/none/f", directory);
    assert_int_equal(file_begin(begun.path, SPAN_LITERAL("one"), 0644, &other), ERR_NOT_FOUND);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(mkdir(directory, 0700), 0);
}

static void one_file_is_known_by_whatever_way_leads_there(void **state)
{
    (void)state;
    char link_path[256], hard[256], other[256], round[256], missing[256], through[256];
    assert_int_equal(file_replace(path, SPAN_LITERAL("one"), 0600), OK);
    const char *name = strrchr(path, '/') + 1, *folder = strrchr(directory, '/') + 1;
    snprintf(link_path, sizeof link_path, "%s.link", path);
    snprintf(hard, sizeof hard, "%s.hard", path);
    snprintf(other, sizeof other, "%s.other", path);
    snprintf(round, sizeof round, "%s/../%s/.//%s", directory, folder, name);
    snprintf(through, sizeof through, "%s/here/missing", directory);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(link(path, hard), 0);
    assert_true(file_same(path, path));
    assert_true(file_same(path, link_path));
    assert_true(file_same(path, hard));
    assert_true(file_same(path, round));
    assert_false(file_same(path, other));
    assert_false(file_same(path, directory));
    snprintf(missing, sizeof missing, "%s/missing", directory);
    snprintf(round, sizeof round, "%s/../%s/missing", directory, folder);
    assert_true(file_same(missing, round));
    char here[256];
    snprintf(here, sizeof here, "%s/here", directory);
    assert_int_equal(symlink(directory, here), 0);
    assert_true(file_same(missing, through));
    assert_true(file_same("/nowhere/at/all", "/nowhere/./not/../at//all"));
    assert_true(file_same("/../nowhere/at", "/nowhere/at"));
    assert_false(file_same("/nowhere/at/all", "/nowhere/all"));
    assert_false(file_same("/nowhere/a", "/nowhere/ab"));
    char folder_here[PATH_MAX], at[PATH_MAX + 16], longest[PATH_MAX];
    assert_non_null(getcwd(folder_here, sizeof folder_here));
    assert_int_equal(path_join(at, sizeof at, folder_here, "missing"), OK);
    assert_true(file_same("missing", at));
    assert_true(file_same("./missing", "missing"));
    assert_false(file_same("../missing", "missing"));
    assert_false(file_same("../missing", at));
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(file_same(longest, "missing"));
    unlink(here);
    unlink(link_path);
    unlink(hard);
}

static void a_file_larger_than_the_limit_is_refused(void **state)
{
    (void)state;
    struct buf content = { 0 };
    assert_int_equal(file_read(path, 2, &content), ERR_LIMIT);
    assert_int_equal(file_read("/nowhere/at/all", 2, &content), ERR_NOT_FOUND);
}

static void a_secret_others_can_read_is_refused(void **state)
{
    (void)state;
    AUTO(secret) secret = { 0 };
    assert_int_equal(file_replace(path, SPAN_LITERAL("pin\r\n"), 0600), OK);
    assert_int_equal(file_read_secret(path, 16, &secret), OK);
    assert_true(span_equal(secret_span(&secret), SPAN_LITERAL("pin")));
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(file_read_secret(path, 16, &secret), ERR_DENIED);
}

static void a_file_is_mapped_as_it_is_or_not_at_all(void **state)
{
    (void)state;
    struct span content = { 0 };
    assert_int_equal(file_replace(path, SPAN_LITERAL("one"), 0600), OK);
    assert_int_equal(file_map(path, 2, &content), ERR_LIMIT);
    assert_int_equal(file_map(directory, 1 << 20, &content), ERR_INPUT);
    assert_int_equal(file_map("/nowhere/at/all", 2, &content), ERR_NOT_FOUND);
    assert_null(content.data);
    file_unmap(content);
    assert_int_equal(file_map(path, 3, &content), OK);
    assert_true(span_equal(content, SPAN_LITERAL("one")));
    assert_int_equal(file_replace(path, SPAN_LITERAL("other"), 0600), OK);
    assert_true(span_equal(content, SPAN_LITERAL("one")));
    file_unmap(content);
    assert_int_equal(file_replace(path, SPAN_LITERAL(""), 0600), OK);
    assert_int_equal(file_map(path, 3, &content), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replaced_file_has_exactly_its_mode_and_leaves_nothing_beside_it),
        cmocka_unit_test(a_begun_file_has_its_name_when_it_is_finished_and_leaves_nothing_else),
        cmocka_unit_test(one_file_is_known_by_whatever_way_leads_there),
        cmocka_unit_test(a_file_larger_than_the_limit_is_refused),
        cmocka_unit_test(a_file_is_mapped_as_it_is_or_not_at_all),
        cmocka_unit_test(a_secret_others_can_read_is_refused),
    };
    return cmocka_run_group_tests(tests, directory_make, directory_remove);
}
