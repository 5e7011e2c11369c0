#include "lib/base/file.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replaced_file_has_exactly_its_mode_and_leaves_nothing_beside_it),
        cmocka_unit_test(a_file_larger_than_the_limit_is_refused),
        cmocka_unit_test(a_secret_others_can_read_is_refused),
    };
    return cmocka_run_group_tests(tests, directory_make, directory_remove);
}
