/* The words before TLS, as servers say them and as they shouldn't. */
#include "lib/http/starttls.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

/* Says all lines and returns the last turn. */
static enum starttls_turn talk(enum starttls protocol, const char *const *lines)
{
    struct starttls_talk talk = { .protocol = protocol };
    enum starttls_turn turn = STARTTLS_LISTEN;
    for (; *lines != NULL; lines++) {
        const char *words = NULL;
        turn = starttls_hear(&talk, span_from_text(*lines), &words);
        assert_int_equal(turn == STARTTLS_SAY, words != NULL);
    }
    return turn;
}
#define TALK(protocol, ...) talk(protocol, (const char *const[]){ __VA_ARGS__, NULL })

static void each_protocol_goes_over_to_tls(void **state)
{
    (void)state;
    assert_int_equal(TALK(STARTTLS_SMTP, "220-hello", "220 there", "250-mail.example.com",
                         "250-SIZE 1", "250 STARTTLS", "220 go"),
        STARTTLS_BEGIN);
    assert_int_equal(
        TALK(STARTTLS_IMAP, "* OK hello", "* CAPABILITY IMAP4rev1", "a OK go"), STARTTLS_BEGIN);
    assert_int_equal(TALK(STARTTLS_POP3, "+OK hello", "+OK go"), STARTTLS_BEGIN);
}

static void a_server_that_does_not_want_is_refused(void **state)
{
    (void)state;
    assert_int_equal(TALK(STARTTLS_SMTP, "554 go away"), STARTTLS_REFUSED);
    assert_int_equal(TALK(STARTTLS_SMTP, "220 hi", "250 hi", "502 no"), STARTTLS_REFUSED);
    assert_int_equal(TALK(STARTTLS_SMTP, "220 hi", "250 hi", "454 not now"), STARTTLS_REFUSED);
    assert_int_equal(TALK(STARTTLS_IMAP, "* BYE"), STARTTLS_REFUSED);
    assert_int_equal(TALK(STARTTLS_IMAP, "* OK hi", "a BAD what"), STARTTLS_REFUSED);
    assert_int_equal(TALK(STARTTLS_POP3, "-ERR"), STARTTLS_REFUSED);
    assert_int_equal(TALK(STARTTLS_POP3, "+OK hi", "-ERR no"), STARTTLS_REFUSED);
}

static void another_protocol_is_refused(void **state)
{
    (void)state;
    assert_int_equal(TALK(STARTTLS_SMTP, "+OK hi"), STARTTLS_REFUSED);
    assert_int_equal(TALK(STARTTLS_IMAP, "SSH-2.0-OpenSSH"), STARTTLS_REFUSED);
    assert_int_equal(TALK(STARTTLS_POP3, ""), STARTTLS_REFUSED);
    assert_int_equal(TALK(STARTTLS_NONE, "220 hi"), STARTTLS_REFUSED);
}

static void more_lines_than_asked_for_are_no_answer(void **state)
{
    (void)state;
    assert_int_equal(TALK(STARTTLS_SMTP, "220-a", "220-b"), STARTTLS_LISTEN);
    assert_int_equal(TALK(STARTTLS_POP3, "+OK hi", "+OK go", "+OK and more"), STARTTLS_REFUSED);
}

static void ports_and_names_say_the_protocol(void **state)
{
    (void)state;
    enum starttls protocol;
    assert_int_equal(starttls_of_port(25), STARTTLS_SMTP);
    assert_int_equal(starttls_of_port(587), STARTTLS_SMTP);
    assert_int_equal(starttls_of_port(143), STARTTLS_IMAP);
    assert_int_equal(starttls_of_port(110), STARTTLS_POP3);
    assert_int_equal(starttls_of_port(465), STARTTLS_NONE);
    assert_int_equal(starttls_of_port(443), STARTTLS_NONE);
    assert_int_equal(starttls_from_name("imap", &protocol), OK);
    assert_int_equal(protocol, STARTTLS_IMAP);
    assert_int_equal(starttls_from_name("SMTP", &protocol), ERR_INPUT);
    assert_int_equal(starttls_from_name("ftp", &protocol), ERR_INPUT);
    assert_int_equal(starttls_from_name("", &protocol), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_protocol_goes_over_to_tls),
        cmocka_unit_test(a_server_that_does_not_want_is_refused),
        cmocka_unit_test(another_protocol_is_refused),
        cmocka_unit_test(more_lines_than_asked_for_are_no_answer),
        cmocka_unit_test(ports_and_names_say_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
