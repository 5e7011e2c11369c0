/* Placing and removing the file of a website, in folders where others have been. */
#include "cli/ecert/webroot.h"

#include "lib/base/file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define VALUE "77kijr6riudkd5ls22yz2hvj4fombfguwydcqcg2u2rrjhm3ixzq"

static char root[] = "/tmp/ecert-webroot-XXXXXX";

static const char *path(const char *name)
{
    static char text[2][PATH_MAX];
    static unsigned turn;
    turn = (turn + 1) % 2;
    snprintf(text[turn], PATH_MAX, "%s/%s", root, name);
    return text[turn];
}

#define FOLDER  ".well-known/pki-validation"
#define FILE_AT FOLDER "/fileauth.txt"

static mode_t mode_of(const char *name)
{
    struct stat status;
    assert_int_equal(lstat(path(name), &status), 0);
    return status.st_mode & 07777;
}

static void the_file_is_readable_by_a_web_server_and_goes_again(void **state)
{
    (void)state;
    AUTO(buf) content = { 0 };
    mode_t kept = umask(0077);
    assert_int_equal(webroot_place(root, VALUE, NULL), OK);
    assert_int_equal(webroot_place(root, VALUE, NULL), OK);
    umask(kept);
    assert_int_equal(file_read(path(FILE_AT), 1000, &content), OK);
    assert_string_equal(buf_text(&content), VALUE "\n");
    assert_int_equal(mode_of(FILE_AT), 0644);
    assert_int_equal(mode_of(FOLDER), 0755);
    assert_int_equal(mode_of(".well-known"), 0755);
    assert_int_equal(webroot_remove(root, VALUE), OK);
    assert_int_equal(access(path(".well-known"), F_OK), -1);
    assert_int_equal(webroot_remove(root, VALUE), OK);
}

static void what_others_have_there_stays(void **state)
{
    (void)state;
    struct reason reason = { 0 };
    assert_int_equal(mkdir(path(".well-known"), 0755), 0);
    assert_int_equal(mkdir(path(FOLDER), 0755), 0);
    assert_int_equal(file_create(path(FILE_AT), SPAN_LITERAL("theirs\n"), 0644), OK);
    assert_int_equal(webroot_place(root, VALUE, &reason), ERR_CONFLICT);
    assert_string_equal(reason.code, "tool.webroot_taken");
    assert_int_equal(webroot_remove(root, VALUE), ERR_CONFLICT);
    assert_int_equal(access(path(FILE_AT), F_OK), 0);
    unlink(path(FILE_AT));
    assert_int_equal(file_create(path(FOLDER "/other"), SPAN_LITERAL("x"), 0644), OK);
    assert_int_equal(webroot_place(root, VALUE, NULL), OK);
    assert_int_equal(webroot_remove(root, VALUE), OK);
    assert_int_equal(access(path(FOLDER "/other"), F_OK), 0);
    unlink(path(FOLDER "/other"));
    rmdir(path(FOLDER));
    rmdir(path(".well-known"));
}

static void no_link_leads_elsewhere(void **state)
{
    (void)state;
    struct reason reason = { 0 };
    assert_int_equal(mkdir(path("elsewhere"), 0755), 0);
    assert_int_equal(symlink("elsewhere", path(".well-known")), 0);
    assert_int_equal(webroot_place(root, VALUE, &reason), ERR_IO);
    assert_string_equal(reason.code, "tool.webroot");
    assert_int_equal(rmdir(path("elsewhere")), 0); /* nothing was made in it */
    unlink(path(".well-known"));
    assert_int_equal(mkdir(path(".well-known"), 0755), 0);
    assert_int_equal(mkdir(path(FOLDER), 0755), 0);
    assert_int_equal(symlink("/tmp/ecert-no-such-file", path(FILE_AT)), 0);
    assert_int_equal(webroot_place(root, VALUE, &reason), ERR_CONFLICT);
    assert_int_equal(access("/tmp/ecert-no-such-file", F_OK), -1);
    unlink(path(FILE_AT));
    rmdir(path(FOLDER));
    rmdir(path(".well-known"));
    assert_int_equal(webroot_place("/tmp/ecert-no-such-folder", VALUE, &reason), ERR_NOT_FOUND);
}

static int prepare(void **state)
{
    (void)state;
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int clear(void **state)
{
    (void)state;
    return rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_readable_by_a_web_server_and_goes_again),
        cmocka_unit_test(what_others_have_there_stays),
        cmocka_unit_test(no_link_leads_elsewhere),
    };
    return cmocka_run_group_tests(tests, prepare, clear);
}
