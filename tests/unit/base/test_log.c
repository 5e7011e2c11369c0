#include "lib/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs one log_event with standard error caught in a pipe. */
static size_t caught(const char *value, char *ret_text, size_t size)
{
    int ends[2];
    int before = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_event(LOG_INFO, "test.written", "value", value, NULL);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    close(ends[1]);
    ssize_t got = read(ends[0], ret_text, size - 1);
    close(ends[0]);
    assert_true(got > 0);
    ret_text[got] = '\0';
    return (size_t)got;
}

static void nobody_can_forge_a_line(void **state)
{
    (void)state;
    char text[512];
    size_t len = caught("x\n2026-11-23T00:00:00Z level=info event=all.fine\"", text, sizeof text);
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    assert_non_null(strstr(text, "value=\"x\\x0a2026"));
    assert_non_null(strstr(text, "fine\\\"\"\n"));
}

static void a_line_too_long_is_cut_and_says_so(void **state)
{
    (void)state;
    static char value[6000], text[8192];
    memset(value, 'a', sizeof value - 1);
    size_t len = caught(value, text, sizeof text);
    assert_true(len < sizeof value);
    assert_non_null(strstr(text, " cut=yes\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_can_forge_a_line),
        cmocka_unit_test(a_line_too_long_is_cut_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
