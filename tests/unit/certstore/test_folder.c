/* Directories and files that hold keys: modes whatever the umask, and no way in by links. */
#include "lib/certstore/folder.h"

#include "tests/unit/certstore/authority.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64];

static void path_of(const char *name, char ret_path[PATH_MAX])
{
    snprintf(ret_path, PATH_MAX, "%s/%s", scratch, name);
}

static mode_t mode_of(const char *name)
{
    char path[PATH_MAX];
    struct stat status;
    path_of(name, path);
    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode & 07777;
}

static void open_store(struct folder *ret_folder)
{
    char path[PATH_MAX];
    path_of("store", path);
    assert_int_equal(folder_open_path(path, FOLDER_MAKE, NULL, ret_folder), OK);
}

static int setup(void **state)
{
    (void)state;
    scratch_make(scratch, sizeof scratch);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(scratch);
    return 0;
}

static void modes_are_tight_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = { 0, 0777 };
    for (size_t i = 0; i < 2; i++) {
        mode_t before = umask(masks[i]);
        AUTO(folder) folder = { 0 }, inner = { 0 };
        open_store(&folder);
        enum err err = folder_open(&folder, "inner", FOLDER_MAKE, &inner);
        err = err == OK ? folder_write(&inner, "key.pem", SPAN_LITERAL("secret")) : err;
        umask(before);
        assert_int_equal(err, OK);
        assert_int_equal(mode_of("store"), 0700);
        assert_int_equal(mode_of("store/inner"), 0700);
        assert_int_equal(mode_of("store/inner/key.pem"), 0600);
        assert_int_equal(folder_remove(&folder, "inner"), OK);
    }
}

static void a_directory_open_to_others_is_refused(void **state)
{
    (void)state;
    char path[PATH_MAX];
    path_of("store", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0750), 0);
    AUTO(folder) folder = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(folder_open_path(path, FOLDER_MAKE, &reason, &folder), ERR_DENIED);
    assert_string_equal(reason.code, "certstore.directory");
    assert_non_null(strstr(reason.seen, "0750"));
}

static void a_directory_of_somebody_else_is_refused(void **state)
{
    (void)state;
    char path[PATH_MAX];
    if (geteuid() != 0) {
        skip();
    }
    path_of("store", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chown(path, 12345, 12345), 0);
    AUTO(folder) folder = { 0 };
    assert_int_equal(folder_open_path(path, FOLDER_MAKE, NULL, &folder), ERR_DENIED);
}

static void a_link_in_place_of_a_directory_is_refused(void **state)
{
    (void)state;
    char path[PATH_MAX], target[PATH_MAX];
    path_of("store", path);
    path_of("elsewhere", target);
    assert_int_equal(mkdir(target, 0700), 0);
    assert_int_equal(symlink(target, path), 0);
    AUTO(folder) folder = { 0 };
    assert_int_equal(folder_open_path(path, FOLDER_MAKE, NULL, &folder), ERR_DENIED);
    assert_int_equal(unlink(path), 0);
    open_store(&folder);
    path_of("store/personal", path);
    assert_int_equal(symlink(target, path), 0);
    AUTO(folder) inner = { 0 };
    assert_int_equal(folder_open(&folder, "personal", FOLDER_MAKE, &inner), ERR_DENIED);
}

static void a_file_behind_a_link_is_neither_read_nor_written_through(void **state)
{
    (void)state;
    char trap[PATH_MAX], target[PATH_MAX];
    AUTO(folder) folder = { 0 };
    AUTO(buf) content = { 0 };
    open_store(&folder);
    path_of("target", target);
    path_of("store/key.pem", trap);
    int fd = open(target, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "theirs", 6), 6);
    close(fd);
    assert_int_equal(symlink(target, trap), 0);
    assert_int_equal(folder_read(&folder, "key.pem", 100, &content), ERR_DENIED);
    assert_int_equal(folder_write(&folder, "key.pem", SPAN_LITERAL("ours")), OK);
    struct stat status;
    assert_int_equal(lstat(trap, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(stat(target, &status), 0);
    assert_int_equal(status.st_size, 6);
}

static void a_file_with_a_second_name_is_not_read(void **state)
{
    (void)state;
    char path[PATH_MAX], second[PATH_MAX];
    AUTO(folder) folder = { 0 };
    AUTO(secret) content = { 0 };
    open_store(&folder);
    assert_int_equal(folder_write(&folder, "key.pem", SPAN_LITERAL("ours")), OK);
    path_of("store/key.pem", path);
    path_of("second", second);
    assert_int_equal(link(path, second), 0);
    assert_int_equal(folder_read_secret(&folder, "key.pem", 100, &content), ERR_DENIED);
}

static void a_file_open_to_others_is_not_read(void **state)
{
    (void)state;
    char path[PATH_MAX];
    AUTO(folder) folder = { 0 };
    AUTO(secret) content = { 0 };
    open_store(&folder);
    assert_int_equal(folder_write(&folder, "key.pem", SPAN_LITERAL("ours")), OK);
    path_of("store/key.pem", path);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(folder_read_secret(&folder, "key.pem", 100, &content), ERR_DENIED);
}

static void a_pipe_in_place_of_a_file_does_not_hang(void **state)
{
    (void)state;
    char path[PATH_MAX];
    AUTO(folder) folder = { 0 };
    AUTO(buf) content = { 0 };
    open_store(&folder);
    path_of("store/about", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(folder_read(&folder, "about", 100, &content), ERR_DENIED);
}

static void a_draft_is_in_no_list_and_is_swept(void **state)
{
    (void)state;
    char name[FOLDER_NAME_MAX];
    AUTO(folder) folder = { 0 }, draft = { 0 };
    AUTO(folder_names) names = { 0 };
    open_store(&folder);
    assert_int_equal(folder_draft(&folder, name, &draft), OK);
    assert_int_equal(folder_write(&draft, "key.pem", SPAN_LITERAL("ours")), OK);
    assert_int_equal(folder_list(&folder, &names), OK);
    assert_int_equal(names.count, 0);
    assert_int_equal(folder_sweep(&folder), OK);
    assert_int_equal(folder_move(&folder, name, &folder, "final"), ERR_NOT_FOUND);
}

static void a_draft_takes_each_name_once_and_shows_all_of_it_together(void **state)
{
    (void)state;
    char name[FOLDER_NAME_MAX];
    AUTO(buf) content = { 0 };
    AUTO(folder) folder = { 0 }, draft = { 0 }, final = { 0 }, other = { 0 };
    open_store(&folder);
    assert_int_equal(folder_draft(&folder, name, &draft), OK);
    assert_int_equal(folder_write(&draft, "key.pem", SPAN_LITERAL("ours")), OK);
    assert_int_not_equal(folder_write(&draft, "key.pem", SPAN_LITERAL("again")), OK);
    assert_int_equal(folder_open(&folder, "final", FOLDER_MUST_EXIST, &other), ERR_NOT_FOUND);
    assert_int_equal(folder_publish(&folder, name, &draft, "final"), OK);
    assert_int_equal(folder_publish(&folder, name, &draft, "other"), ERR_NOT_FOUND);
    assert_int_equal(folder_open(&folder, "final", FOLDER_MUST_EXIST, &final), OK);
    assert_int_equal(folder_read(&final, "key.pem", 100, &content), OK);
    assert_true(span_equal_text(buf_span(&content), "ours"));
    assert_int_equal(mode_of("store/final/key.pem"), 0600);
    assert_int_equal(folder_write(&final, "key.pem", SPAN_LITERAL("new")), OK);
}

static void what_is_written_along_is_there_before_the_draft_and_covers_nothing(void **state)
{
    (void)state;
    char name[FOLDER_NAME_MAX];
    AUTO(buf) content = { 0 };
    AUTO(folder) folder = { 0 }, draft = { 0 }, beside = { 0 };
    open_store(&folder);
    assert_int_equal(folder_open(&folder, "beside", FOLDER_MAKE, &beside), OK);
    assert_int_equal(folder_draft(&folder, name, &draft), OK);
    for (int i = 0; i < 20; i++) { /* more than a draft waits for at once */
        char file[16];
        snprintf(file, sizeof file, "%d", i);
        assert_int_equal(folder_write_along(&draft, &beside, file, SPAN_LITERAL("first")), OK);
    }
    assert_int_not_equal(folder_write_along(&draft, &beside, "7", SPAN_LITERAL("again")), OK);
    assert_int_equal(folder_publish(&folder, name, &draft, "final"), OK);
    assert_int_equal(folder_read(&beside, "7", 100, &content), OK);
    assert_true(span_equal_text(buf_span(&content), "first"));
    assert_int_equal(mode_of("store/beside/7"), 0600);
}

static void a_draft_takes_the_place_of_a_file_and_leaves_nothing_beside_it(void **state)
{
    (void)state;
    char name[FOLDER_NAME_MAX];
    AUTO(folder_names) names = { 0 };
    AUTO(folder) folder = { 0 }, draft = { 0 }, final = { 0 }, hidden = { 0 };
    open_store(&folder);
    assert_int_equal(folder_draft(&folder, name, &draft), OK);
    assert_int_equal(folder_publish_over(&folder, name, &draft, "final"), ERR_NOT_FOUND);
    assert_int_equal(folder_write(&folder, "final", SPAN_LITERAL("file")), OK);
    assert_int_equal(folder_publish_over(&folder, name, &draft, "final"), OK);
    assert_int_equal(folder_open(&folder, "final", FOLDER_MUST_EXIST, &final), OK);
    assert_int_equal(folder_open(&folder, name, FOLDER_MUST_EXIST, &hidden), ERR_NOT_FOUND);
    assert_int_equal(folder_list(&folder, &names), OK);
    assert_int_equal(names.count, 1);
}

static void moving_never_covers_what_is_there(void **state)
{
    (void)state;
    char name[FOLDER_NAME_MAX];
    AUTO(folder) folder = { 0 }, draft = { 0 }, there = { 0 };
    open_store(&folder);
    assert_int_equal(folder_open(&folder, "final", FOLDER_MAKE, &there), OK);
    assert_int_equal(folder_draft(&folder, name, &draft), OK);
    assert_int_equal(folder_publish(&folder, name, &draft, "final"), ERR_CONFLICT);
    assert_int_equal(folder_move(&folder, name, &folder, "final"), ERR_CONFLICT);
}

/* Somebody else's files in an item's folder. */
static void what_is_in_a_folder_goes_with_it_whatever_its_name(void **state)
{
    (void)state;
    char name[256];
    AUTO(folder) folder = { 0 }, item = { 0 };
    open_store(&folder);
    assert_int_equal(folder_open(&folder, "item", FOLDER_MAKE, &item), OK);
    for (size_t i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "%s%0*zu", i % 2 == 0 ? "." : "", i < 3 ? 200 : 8, i);
        int fd = openat(item.fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    assert_int_equal(folder_remove(&folder, "item"), OK);
    assert_int_equal(folder_sweep(&folder), OK);
    assert_int_equal(folder_open(&folder, "item", FOLDER_MUST_EXIST, &item), ERR_NOT_FOUND);
}

static void what_stands_nowhere_is_empty_and_takes_nothing_in(void **state)
{
    (void)state;
    AUTO(folder) nowhere = { 0 }, inner = { 0 };
    AUTO(folder_names) names = { 0 };
    AUTO(buf) content = { 0 };
    struct stat status;
    char draft[FOLDER_NAME_MAX];
    assert_int_equal(folder_open_nowhere(NULL, &nowhere), OK);
    assert_int_equal(fstat(nowhere.fd, &status), 0);
    assert_int_equal(status.st_nlink, 0);
    assert_int_equal(folder_list(&nowhere, &names), OK);
    assert_int_equal(names.count, 0);
    assert_int_equal(folder_sweep(&nowhere), OK);
    assert_int_equal(folder_remove(&nowhere, "item"), OK);
    assert_int_equal(folder_read(&nowhere, "item", 100, &content), ERR_NOT_FOUND);
    assert_int_equal(folder_open(&nowhere, "item", FOLDER_MUST_EXIST, &inner), ERR_NOT_FOUND);
    assert_int_equal(folder_open(&nowhere, "item", FOLDER_MAKE, &inner), ERR_NOT_FOUND);
    assert_int_not_equal(folder_write(&nowhere, "item", SPAN_LITERAL("x")), OK);
    assert_int_not_equal(folder_draft(&nowhere, draft, &inner), OK);
}

static void what_must_exist_is_not_made(void **state)
{
    (void)state;
    char path[PATH_MAX];
    AUTO(folder) folder = { 0 };
    path_of("store", path);
    assert_int_equal(folder_open_path(path, FOLDER_MUST_EXIST, NULL, &folder), ERR_NOT_FOUND);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(folder_open_path(path, FOLDER_MUST_EXIST, NULL, &folder), ERR_DENIED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(modes_are_tight_whatever_the_umask),
        TEST(a_directory_open_to_others_is_refused),
        TEST(a_directory_of_somebody_else_is_refused),
        TEST(a_link_in_place_of_a_directory_is_refused),
        TEST(a_file_behind_a_link_is_neither_read_nor_written_through),
        TEST(a_file_with_a_second_name_is_not_read),
        TEST(a_file_open_to_others_is_not_read),
        TEST(a_pipe_in_place_of_a_file_does_not_hang),
        TEST(a_draft_is_in_no_list_and_is_swept),
        TEST(a_draft_takes_each_name_once_and_shows_all_of_it_together),
        TEST(what_is_written_along_is_there_before_the_draft_and_covers_nothing),
        TEST(a_draft_takes_the_place_of_a_file_and_leaves_nothing_beside_it),
        TEST(moving_never_covers_what_is_there),
        TEST(what_is_in_a_folder_goes_with_it_whatever_its_name),
        TEST(what_stands_nowhere_is_empty_and_takes_nothing_in),
        TEST(what_must_exist_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
