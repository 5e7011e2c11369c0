/* The command line by which the supervisor starts a process, and everything near it that is
 * refused. */
#include "lib/config/start.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#define PROGRAM "ecertd-registrar"
#define CONFIG  "--config", "ecert.conf"

static const struct start_rules two = { { "registrar.sock", "control.sock" }, 2,
    .optional = false };
static const struct start_rules maybe_one = { { "validator.sock" }, 1, .optional = true };

static bool reads(const char *const *words, const struct start_rules *rules, struct start *start)
{
    int argc = 0;
    while (words[argc] != NULL) {
        argc++;
    }
    return start_read(argc, (char **)(uintptr_t)words, rules, start);
}

static void each_socket_goes_to_its_own_name_in_any_order(void **state)
{
    (void)state;
    static const char *const words[] = { PROGRAM, "--listen-fd", "7=control.sock", CONFIG,
        "--ready-fd", "3", "--listen-fd", "4=registrar.sock", NULL };
    struct start start;
    assert_true(reads(words, &two, &start));
    assert_string_equal(start.config_path, "ecert.conf");
    assert_int_equal(start.listen_fds[0], 4);
    assert_int_equal(start.listen_fds[1], 7);
    assert_int_equal(start.ready_fd, 3);
}

static void a_remote_perspective_has_no_socket(void **state)
{
    (void)state;
    static const char *const words[] = { PROGRAM, CONFIG, NULL };
    struct start start;
    assert_true(reads(words, &maybe_one, &start));
    assert_int_equal(start.listen_fds[0], -1);
    assert_int_equal(start.ready_fd, -1);
    assert_false(reads(words, &two, &start));
}

static void whatever_is_near_it_is_refused(void **state)
{
    (void)state;
    static const char *const refused[][10] = {
        { PROGRAM },
        { PROGRAM, "--listen-fd", "4=validator.sock" },
        { PROGRAM, CONFIG, CONFIG },
        { PROGRAM, CONFIG, "left over" },
        { PROGRAM, CONFIG, "--listen-fd", "4" },
        { PROGRAM, CONFIG, "--listen-fd", "=validator.sock" },
        { PROGRAM, CONFIG, "--listen-fd", "4x=validator.sock" },
        { PROGRAM, CONFIG, "--listen-fd", "4=signer.sock" },
        { PROGRAM, CONFIG, "--listen-fd", "2=validator.sock" },
        { PROGRAM, CONFIG, "--listen-fd", "-1=validator.sock" },
        { PROGRAM, CONFIG, "--listen-fd", "1024=validator.sock" },
        { PROGRAM, CONFIG, "--listen-fd", "99999999999999999999=validator.sock" },
        { PROGRAM, CONFIG, "--listen-fd", "4=validator.sock", "--listen-fd", "5=validator.sock" },
        { PROGRAM, CONFIG, "--ready-fd", "3=x" },
        { PROGRAM, CONFIG, "--ready-fd", "" },
        { PROGRAM, CONFIG, "--verbose" },
    };
    struct start start;
    int kept = dup(STDERR_FILENO);
    close(STDERR_FILENO); /* getopt speaks there */
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_false(reads(refused[i], &maybe_one, &start));
    }
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
}

static void the_ready_byte_is_sent_once(void **state)
{
    (void)state;
    int ends[2];
    char bytes[4];
    assert_int_equal(pipe(ends), 0);
    struct start start = { .ready_fd = ends[1] };
    assert_int_equal(start_ready(&start), OK);
    assert_int_equal(start_ready(&start), OK);
    assert_int_equal(read(ends[0], bytes, sizeof bytes), 1);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_socket_goes_to_its_own_name_in_any_order),
        cmocka_unit_test(a_remote_perspective_has_no_socket),
        cmocka_unit_test(whatever_is_near_it_is_refused),
        cmocka_unit_test(the_ready_byte_is_sent_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
