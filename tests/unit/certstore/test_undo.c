/* Requests, certificates and keys as changes: what comes back, what is refused, what is gone. */
#include "lib/certstore/undo.h"

#include "lib/certstore/ledger.h"
#include "lib/certstore/trust.h"
#include "tests/unit/certstore/authority.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct authority authority;
static char scratch[64];
static struct certstore *store;
static struct certstore_past past;
static const struct span none;

static void path_of(const char *name, char *ret_path, size_t size)
{
    snprintf(ret_path, size, "%s/store%s%s", scratch, name[0] == '\0' ? "" : "/", name);
}

static int setup(void **state)
{
    (void)state;
    char path[192];
    scratch_make(scratch, sizeof scratch);
    path_of("", path, sizeof path);
    return certstore_open(path, NULL, &store) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    certstore_free(store);
    scratch_remove(scratch);
    return 0;
}

static struct key *request_add(const char *friendly, struct certstore_item *ret_item)
{
    struct key *key = NULL;
    assert_int_equal(key_generate(KEY_TYPE_P256, &key), OK);
    struct certstore_request request = {
        .key = key, .friendly_name = friendly, .created = TEST_NOW
    };
    certstore_record(store, "request new", TEST_NOW);
    assert_int_equal(certstore_add_request(store, &request, NULL, ret_item), OK);
    return key;
}

static void item_remove(const struct certstore_item *item)
{
    certstore_record(store, "cert remove", TEST_NOW);
    assert_int_equal(certstore_remove(store, item, NULL), OK);
}

static void expect_counts(size_t requests, size_t personal)
{
    AUTO(certstore_items) items = { 0 };
    size_t seen[2] = { 0 };
    assert_int_equal(certstore_list(store, &items, NULL), OK);
    for (size_t i = 0; i < items.count; i++) {
        seen[items.items[i].kind]++;
    }
    assert_int_equal(seen[CERTSTORE_REQUEST], requests);
    assert_int_equal(seen[CERTSTORE_PERSONAL], personal);
}

static void expect_undo(unsigned number, enum err expected, const char *code)
{
    struct reason reason = { 0 };
    assert_int_equal(certstore_undo(store, number, &reason, &past), expected);
    assert_string_equal(reason.code, code);
}

static size_t changes_left(void)
{
    static struct certstore_past all[CERTSTORE_PAST_MAX];
    size_t count = 0;
    assert_int_equal(certstore_list_past(store, all, &count), OK);
    return count;
}

/* How many files of this name lie anywhere below, and that none is open to others. */
static size_t files_named(const char *folder, const char *name)
{
    size_t count = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[512];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        assert_int_equal(lstat(path, &status), 0);
        assert_int_equal(status.st_mode & 077, 0);
        count +=
            S_ISDIR(status.st_mode) ? files_named(path, name) : strcmp(entry->d_name, name) == 0;
    }
    closedir(directory);
    return count;
}

static size_t keys_on_disk(void)
{
    char path[192];
    path_of("", path, sizeof path);
    return files_named(path, "key.pem");
}

static void a_removed_key_lies_in_one_place_and_comes_back(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, again = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    AUTO_PTR(key) back = NULL;
    item_remove(&item);
    expect_counts(0, 0);
    assert_int_equal(keys_on_disk(), 1);
    assert_false(certstore_undo_loses_key(store, &past));
    expect_undo(0, OK, "");
    expect_counts(1, 0);
    assert_int_equal(keys_on_disk(), 1);
    assert_int_equal(certstore_find(store, item.id, NULL, &again), OK);
    assert_int_equal(certstore_load_key(store, &again, NULL, NULL, &back), OK);
    assert_true(key_same_public(key, back));
}

static void forgetting_deletes_removed_keys_for_good(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    size_t count = 0;
    item_remove(&item);
    assert_int_equal(certstore_forget_past(store, NULL, &count), OK);
    assert_int_equal(count, 2);
    assert_int_equal(keys_on_disk(), 0);
    expect_undo(0, ERR_NOT_FOUND, "certstore.nothing_to_undo");
}

static void the_ninth_change_deletes_what_the_first_kept(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    item_remove(&item);
    for (size_t i = 0; i < CERTSTORE_PAST_MAX; i++) {
        char name[16];
        assert_int_equal(keys_on_disk(), 1);
        snprintf(name, sizeof name, "t%zu", i);
        assert_int_equal(certstore_ledger_write(store, name, SPAN_LITERAL("{}")), OK);
        certstore_record(store, "deploy forget", TEST_NOW);
        assert_int_equal(certstore_ledger_remove(store, name), OK);
    }
    assert_int_equal(keys_on_disk(), 0);
    assert_int_equal(changes_left(), CERTSTORE_PAST_MAX);
    expect_undo(2, ERR_NOT_FOUND, "certstore.no_change");
}

static void an_undone_import_takes_its_key_with_it_and_says_so_before(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    assert_int_equal(certstore_undo_check(store, 0, NULL, &past), OK);
    assert_true(certstore_undo_loses_key(store, &past));
    expect_undo(0, OK, "");
    expect_counts(0, 0);
    assert_int_equal(keys_on_disk(), 0);
    expect_undo(0, ERR_NOT_FOUND, "certstore.nothing_to_undo");
}

static void a_completed_request_waits_again(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, done = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    AUTO(buf) certificate = { 0 };
    char path[256];
    authority_issue(&authority, key, "www.shop.example.com", TEST_NOW - DAY_SECONDS,
        TEST_NOW + 199 * DAY_SECONDS, &certificate);
    certstore_record(store, "cert complete", TEST_NOW);
    assert_int_equal(certstore_complete(store, buf_span(&certificate),
                         buf_span(&authority.issuer_pem), NULL, NULL, &done),
        OK);
    expect_counts(0, 1);
    expect_undo(0, OK, "");
    expect_counts(1, 0);
    assert_int_equal(keys_on_disk(), 1);
    path_of("requests", path, sizeof path);
    assert_int_equal(files_named(path, "certificate.pem") + files_named(path, "chain.pem"), 0);
}

static void a_later_change_of_the_same_stands_in_the_way(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, other = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    AUTO_PTR(key) other_key = request_add("b", &other);
    struct reason reason = { 0 };
    item_remove(&item);
    assert_int_equal(certstore_undo(store, 1, &reason, &past), ERR_CONFLICT);
    assert_string_equal(reason.code, "certstore.undo_later");
    assert_string_equal(reason.seen, "3");
    expect_counts(1, 0);
    expect_undo(2, OK, "");
    expect_counts(0, 0);
    expect_undo(0, OK, "");
    expect_undo(0, OK, "");
    expect_counts(0, 0);
}

static void what_somebody_else_has_changed_since_is_left_alone(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    assert_int_equal(certstore_write_progress(store, &item, SPAN_LITERAL("{}")), OK);
    expect_undo(0, ERR_CONFLICT, "certstore.undo_changed");
    expect_counts(1, 0);
    assert_int_equal(changes_left(), 1);
}

static void a_key_that_came_back_another_way_is_not_brought_twice(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, again = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    AUTO(buf) certificate = { 0 };
    authority_issue(&authority, key, "www.shop.example.com", TEST_NOW - DAY_SECONDS,
        TEST_NOW + 199 * DAY_SECONDS, &certificate);
    item_remove(&item);
    const struct certstore_request request = { .key = key, .created = TEST_NOW };
    certstore_record(store, "cert import", TEST_NOW);
    assert_int_equal(
        certstore_add_personal(store, &request, buf_span(&certificate), none, NULL, &again), OK);
    expect_undo(2, ERR_CONFLICT, "certstore.undo_key_here");
    expect_counts(0, 1);
}

static void what_was_kept_must_be_what_was_there(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    char path[256], away[256];
    item_remove(&item);
    path_of("changes/000002/0/about", path, sizeof path);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs("friendly_name: another\n", file);
    fclose(file);
    expect_undo(0, ERR_DENIED, "certstore.undo_damaged");
    path_of("changes/000002/0", path, sizeof path);
    snprintf(away, sizeof away, "%s/away", scratch);
    assert_int_equal(rename(path, away), 0);
    expect_undo(0, ERR_DENIED, "certstore.undo_damaged");
    expect_counts(0, 0);
}

static void a_change_that_keeps_nothing_is_a_file_and_one_in_the_older_form_goes_back_too(
    void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    struct stat status;
    char path[256], about[256], away[256];
    path_of("changes/000001", path, sizeof path);
    path_of("changes/000001/about", about, sizeof about);
    snprintf(away, sizeof away, "%s/away", scratch);
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(rename(away, about), 0);
    expect_undo(0, OK, "");
    assert_int_equal(past.number, 1);
    expect_counts(0, 0);
    assert_int_equal(changes_left(), 0);
}

static void a_change_that_comes_to_keep_something_is_one_change_still(void **state)
{
    (void)state;
    AUTO(certstore_item) old = { 0 }, item = { 0 }, again = { 0 };
    AUTO_PTR(key) key = request_add("a", &old);
    AUTO_PTR(key) other = request_add("b", &item);
    char path[256];
    struct stat status;
    assert_int_equal(certstore_remove(store, &old, NULL), OK);
    assert_int_equal(certstore_recorded(store), 2);
    path_of("changes/000002/1/key.pem", path, sizeof path);
    assert_int_equal(lstat(path, &status), 0);
    path_of("changes", path, sizeof path);
    assert_int_equal(files_named(path, "about"), 2); /* the record, the request's own */
    assert_int_equal(files_named(path, "000002"), 0);
    expect_counts(1, 0);
    expect_undo(0, OK, "");
    expect_counts(1, 0);
    assert_int_equal(certstore_find(store, old.id, NULL, &again), OK);
    assert_int_equal(changes_left(), 1);
}

static void a_broken_record_is_no_change(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        "hello\n",
        "command: cert remove\ntime: 2026-11-28T10:00:00Z\n",
        "command: cert remove\ntime: soon\nstep: item - - requests/a -\n",
        "command: cert remove\ntime: 2026-11-28T10:00:00Z\nstep: thing - - requests/a -\n",
        "command: cert remove\ntime: 2026-11-28T10:00:00Z\nstep: item - - requests/a\n",
        "command: cert remove\ntime: 2026-11-28T10:00:00Z\nstep: item - - requests/a -",
    };
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    char path[256];
    path_of("changes/000001", path, sizeof path);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(broken[i], file);
        fclose(file);
        expect_undo(0, ERR_NOT_FOUND, "certstore.nothing_to_undo");
        expect_counts(1, 0);
    }
}

/* A copy that somebody made, a file system's own folder, a number that nobody counts to. */
static void what_is_no_change_of_ours_is_in_nobodys_way(void **state)
{
    (void)state;
    static const char *const names[] = { "000000", "000007.old", "4294967295", "9999999",
        "lost+found", "zzz" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        AUTO(certstore_item) item = { 0 }, other = { 0 };
        char inner[64], path[256];
        snprintf(inner, sizeof inner, "changes/%s", names[i]);
        path_of(inner, path, sizeof path);
        AUTO_PTR(key) key = request_add("a", &item);
        assert_int_equal(mkdir(path, 0700), 0);
        AUTO_PTR(key) second = request_add("b", &other);
        assert_int_equal(certstore_recorded(store), 2);
        expect_undo(0, OK, "");
        assert_int_equal(past.number, 2);
        expect_undo(0, OK, "");
        assert_int_equal(past.number, 1);
        expect_counts(0, 0);
        assert_int_equal(rmdir(path), 0);
    }
}

/* Whoever could write there could have anything removed, within the store; nothing outside it. */
static void a_record_leads_nowhere_out_of_the_store(void **state)
{
    (void)state;
    static const char *const paths[] = { "../victim", "/etc/victim", "requests/../../victim",
        "victim", "." };
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    char path[256], victim[256];
    snprintf(victim, sizeof victim, "%s/victim", scratch);
    path_of("changes/000001", path, sizeof path);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct reason reason = { 0 };
        FILE *file = fopen(victim, "w");
        assert_non_null(file);
        fclose(file);
        file = fopen(path, "w");
        assert_non_null(file);
        fprintf(file,
            "command: x\ntime: 2026-11-28T10:00:00Z\nstep: file - "
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 %s -\n",
            paths[i]);
        fclose(file);
        assert_int_not_equal(certstore_undo(store, 0, &reason, &past), OK);
        assert_int_equal(access(victim, F_OK), 0);
    }
}

static void a_pipe_in_place_of_a_file_outside_does_not_hang(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = request_add("a", &item);
    char path[256], pipe[256];
    snprintf(pipe, sizeof pipe, "%s/pipe", scratch);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    path_of("changes/000001", path, sizeof path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "command: x\ntime: 2026-11-28T10:00:00Z\nstep: outside - 0 %s -\n", pipe);
    fclose(file);
    AUTO(buf) content = { 0 };
    expect_undo(0, ERR_CONFLICT, "certstore.undo_changed");
    assert_int_equal(certstore_step_content(store, &past, 0, true, &content), ERR_DENIED);
}

/* Written down, not done yet, and no lock held: another's change is no reason to forget it. */
static void what_is_about_to_change_outside_is_remembered_whoever_else_changes_something(
    void **state)
{
    (void)state;
    static const struct span new = SPAN_LITERAL("new");
    AUTO(certstore_item) item = { 0 };
    char path[256];
    snprintf(path, sizeof path, "%s/outside", scratch);
    certstore_record(store, "chain mirror", TEST_NOW);
    assert_int_equal(certstore_record_outside(store, path, none, new), OK);
    AUTO_PTR(key) key = request_add("a", &item);
    assert_int_equal(certstore_recorded(store), 2);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("new", file);
    fclose(file);
    assert_int_equal(certstore_undo_check(store, 1, NULL, &past), OK);
}

/* Three octets stand for each of these. */
static void a_path_of_blanks_as_long_as_a_step_holds_is_read_back_whole(void **state)
{
    (void)state;
    static const struct span new = SPAN_LITERAL("new");
    char path[CERTSTORE_STEP_PATH_MAX + 1] = "";
    for (size_t i = 0; i < CERTSTORE_STEP_PATH_MAX - 1; i++) {
        path[i] = i % 100 == 0 ? '/' : ' ';
    }
    certstore_record(store, "chain mirror", TEST_NOW);
    assert_int_equal(certstore_record_outside(store, path, none, new), OK);
    assert_int_equal(certstore_undo_check(store, 0, NULL, &past), ERR_NOT_FOUND);
    assert_string_equal(past.steps[0].path, path);
    path[CERTSTORE_STEP_PATH_MAX - 1] = ' ';
    certstore_record(store, "chain mirror", TEST_NOW);
    assert_int_equal(certstore_record_outside(store, path, none, new), ERR_INPUT);
    assert_int_equal(changes_left(), 1);
}

/* Nor is more than a step holds cut off when it is read. */
static void a_path_that_is_longer_than_a_step_holds_is_no_change(void **state)
{
    (void)state;
    char about[256], path[CERTSTORE_STEP_PATH_MAX + 1] = "/";
    memset(path + 1, 'a', CERTSTORE_STEP_PATH_MAX - 1);
    path_of("changes/000001", about, sizeof about);
    assert_int_equal(mkdir(about, 0700), 0);
    path_of("changes/000001/about", about, sizeof about);
    for (size_t cut = 0; cut < 2; cut++) {
        int fd = open(about, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        path[CERTSTORE_STEP_PATH_MAX - cut] = '\0';
        dprintf(fd, "command: x\ntime: 2026-11-28T10:00:00Z\nstep: outside - 0 %s -\n", path);
        close(fd);
        assert_int_equal(changes_left(), cut);
    }
}

static void a_rehearsal_writes_nothing_and_answers_the_same(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = NULL;
    AUTO(buf) certificate = { 0 };
    struct certstore_judgement judgement;
    certstore_record(store, "cert import", TEST_NOW);
    certstore_rehearse(store);
    assert_int_equal(key_generate(KEY_TYPE_P256, &key), OK);
    authority_issue(&authority, key, "www.shop.example.com", TEST_NOW - DAY_SECONDS,
        TEST_NOW + 199 * DAY_SECONDS, &certificate);
    const struct certstore_request request = { .key = key, .created = TEST_NOW };
    assert_int_equal(
        certstore_add_personal(store, &request, buf_span(&certificate), none, NULL, &item), OK);
    assert_int_equal(item.kind, CERTSTORE_PERSONAL);
    assert_int_equal(certstore_judge(store, &item, TEST_NOW, &judgement), OK);
    assert_int_equal(judgement.state, CERTSTORE_UNTRUSTED_STATE);
    expect_counts(0, 0);
    assert_int_equal(keys_on_disk(), 0);
    assert_int_equal(changes_left(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_removed_key_lies_in_one_place_and_comes_back),
        TEST(forgetting_deletes_removed_keys_for_good),
        TEST(the_ninth_change_deletes_what_the_first_kept),
        TEST(an_undone_import_takes_its_key_with_it_and_says_so_before),
        TEST(a_completed_request_waits_again),
        TEST(a_later_change_of_the_same_stands_in_the_way),
        TEST(what_somebody_else_has_changed_since_is_left_alone),
        TEST(a_key_that_came_back_another_way_is_not_brought_twice),
        TEST(what_was_kept_must_be_what_was_there),
        TEST(a_change_that_keeps_nothing_is_a_file_and_one_in_the_older_form_goes_back_too),
        TEST(a_change_that_comes_to_keep_something_is_one_change_still),
        TEST(a_broken_record_is_no_change),
        TEST(what_is_no_change_of_ours_is_in_nobodys_way),
        TEST(a_record_leads_nowhere_out_of_the_store),
        TEST(a_pipe_in_place_of_a_file_outside_does_not_hang),
        TEST(what_is_about_to_change_outside_is_remembered_whoever_else_changes_something),
        TEST(a_path_of_blanks_as_long_as_a_step_holds_is_read_back_whole),
        TEST(a_path_that_is_longer_than_a_step_holds_is_no_change),
        TEST(a_rehearsal_writes_nothing_and_answers_the_same),
    };
    authority_make(&authority);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    authority_release(&authority);
    return failed;
}
