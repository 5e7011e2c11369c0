#include "lib/http/mail.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct mail_address sender, recipient;

static int addresses_make(void **state)
{
    (void)state;
    return mail_address_parse(SPAN_LITERAL("noreply@ecert.example.net"), &sender) == OK &&
                   mail_address_parse(SPAN_LITERAL("ar@shop.example.com"), &recipient) == OK
               ? 0
               : -1;
}

static struct mail mail_make(void)
{
    return (struct mail){ .from = &sender,
        .to = &recipient,
        .subject = "Hello",
        .text = "a\n",
        .html = "<p>a</p>",
        .date = 1795395296,
        .message_id = "1.abc" };
}

static size_t count(const char *text, const char *wanted)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, wanted)) != NULL; at += strlen(wanted)) {
        found++;
    }
    return found;
}

static void d16_only_the_plain_form_of_an_address_is_one(void **state)
{
    (void)state;
    static const struct span refused[] = { SPAN_LITERAL(""), SPAN_LITERAL("@"), SPAN_LITERAL("a"),
        SPAN_LITERAL("a@"), SPAN_LITERAL("@b"), SPAN_LITERAL("a@b\r\nBcc: c@d"),
        SPAN_LITERAL("a\r\n@b"), SPAN_LITERAL("a\0@b.example"), SPAN_LITERAL("a@b.example\0"),
        SPAN_LITERAL("a%c@b.example"), SPAN_LITERAL("<a@b.example>"),
        SPAN_LITERAL("\"a\"@b.example"), SPAN_LITERAL("a b@b.example"),
        SPAN_LITERAL("a@b.example, c@d.example"), SPAN_LITERAL("a@b.example>"),
        SPAN_LITERAL("a@[127.0.0.1]"), SPAN_LITERAL("a@b@c.example"), SPAN_LITERAL(".a@b.example"),
        SPAN_LITERAL("a..b@b.example"), SPAN_LITERAL("a.@b.example"), SPAN_LITERAL("a@-b.example"),
        SPAN_LITERAL("a@b-.example"), SPAN_LITERAL("a@b..example"), SPAN_LITERAL("a@b.example."),
        SPAN_LITERAL("\xc3\xa9@b.example"), SPAN_LITERAL("a@\xc3\xa9.example"),
        SPAN_LITERAL("a(c)@b.example"), SPAN_LITERAL("a;c@b.example"),
        SPAN_LITERAL("a:c@b.example"), SPAN_LITERAL("a,c@b.example"),
        SPAN_LITERAL("a\\c@b.example"), SPAN_LITERAL("a@b_c.example"),
        SPAN_LITERAL("a@b.example ") };
    struct mail_address address = { "untouched" };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (mail_address_parse(refused[i], &address) == OK) {
            fail_msg("accepted %s", address.text);
        }
    }
    assert_string_equal(address.text, "untouched");
    assert_int_equal(mail_address_parse(SPAN_LITERAL("a.b+c@xn--fiq.example"), &address), OK);
    assert_string_equal(address.text, "a.b+c@xn--fiq.example");
}

static void a_mail_has_each_header_once(void **state)
{
    (void)state;
    AUTO(buf) buf = buf_make(MAIL_MAX_BYTES);
    struct mail mail = mail_make();
    assert_int_equal(mail_format(&mail, &buf), OK);
    const char *text = buf_text(&buf);
    static const char *const headers[] = { "From: <noreply@ecert.example.net>\r\n",
        "\r\nTo: <ar@shop.example.com>\r\n", "\r\nSubject: Hello\r\n",
        "\r\nDate: Mon, 23 Nov 2026 00:54:56 +0000\r\n",
        "\r\nMessage-ID: <1.abc@ecert.example.net>\r\n", "\r\nMIME-Version: 1.0\r\n" };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        if (count(text, headers[i]) != 1) {
            fail_msg("%s is not once in %s", headers[i], text);
        }
    }
    assert_int_equal(count(text, "--=_ecert_part\r\n"), 2);
    assert_int_equal(count(text, "--=_ecert_part--\r\n"), 1);
}

static void d16_nothing_typed_becomes_a_header(void **state)
{
    (void)state;
    AUTO(buf) buf = buf_make(MAIL_MAX_BYTES);
    static const char *const hostile[] = { "a\r\nBcc: b@c", "a\nb", "a\x01", "a\x7f", "\xff" };
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct mail mail = mail_make();
        mail.subject = hostile[i];
        assert_int_equal(mail_format(&mail, &buf), ERR_INPUT);
        mail = mail_make();
        mail.from_name = hostile[i];
        assert_int_equal(mail_format(&mail, &buf), ERR_INPUT);
        mail = mail_make();
        mail.message_id = hostile[i];
        assert_int_equal(mail_format(&mail, &buf), ERR_INPUT);
        assert_int_equal(buf.len, 0);
    }
    struct mail mail = mail_make();
    mail.text = "a\n.\nSubject: b\n--=_ecert_part--\n";
    assert_int_equal(mail_format(&mail, &buf), OK);
    assert_null(strstr(buf_text(&buf), "\r\n.\r\n"));
    assert_int_equal(count(buf_text(&buf), "--=_ecert_part--\r\n"), 1);
}

static void lines_are_short_and_characters_whole(void **state)
{
    (void)state;
    AUTO(buf) buf = buf_make(MAIL_MAX_BYTES);
    struct mail mail = mail_make();
    AUTO(buf) text = buf_make(4096);
    for (int i = 0; i < 100; i++) {
        buf_append_text(&text, "\xe9\x9b\xbb\xe5\xad\x90 =");
    }
    mail.subject = "\xe9\x9b\xbb\xe5\xad\x90\xe8\xad\x89\xe6\x9b\xb8\xe9\x9b\xbb\xe5\xad\x90"
                   "\xe8\xad\x89\xe6\x9b\xb8\xe9\x9b\xbb\xe5\xad\x90\xe8\xad\x89\xe6\x9b\xb8"
                   "\xe9\x9b\xbb\xe5\xad\x90\xe8\xad\x89\xe6\x9b\xb8";
    mail.from_name = "\xe9\x9b\xbb\xe5\xad\x90";
    mail.text = buf_text(&text);
    assert_int_equal(mail_format(&mail, &buf), OK);
    assert_non_null(strstr(buf_text(&buf), "From: =?UTF-8?B?6Zu75a2Q?=\r\n <noreply@"));
    assert_int_equal(count(buf_text(&buf), "=?UTF-8?B?"), 3);
    size_t column = 0;
    for (size_t i = 0; i < buf.len; i++) {
        column = buf.data[i] == '\n' ? 0 : column + 1;
        assert_true(column <= 78 && buf.data[i] < 0x80);
        assert_true(buf.data[i] != '\n' || buf.data[i - 1] == '\r');
    }
}

/* What a CAA record may name (RFC 8659 §4.4). */
static void d21_a_url_leads_to_one_mailbox_of_the_public_dns_or_to_none(void **state)
{
    (void)state;
    static const struct {
        const char *url, *address; /* NULL: none */
    } cases[] = {
        { "mailto:security@example.com", "security@example.com" },
        { "MAILTO:a@b.example?subject=x&bcc=all@example.com", "a@b.example" },
        { "mailto:", NULL },
        { "mailto:?to=a@b.example", NULL },
        { "mailto", NULL },
        { "a@b.example", NULL },
        { "https://b.example/a", NULL },
        { "mailto:a@b.example,c@d.example", NULL },
        { "mailto:a%40b.example", NULL },
        { "mailto:<a@b.example>", NULL },
        { "mailto:root@localhost", NULL },
        { "mailto:a@b.example\r\nX: y", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mail_address address = { "untouched" };
        enum err err = mail_address_from_url(span_from_text(cases[i].url), &address);
        assert_int_equal(err, cases[i].address == NULL ? ERR_INPUT : OK);
        assert_string_equal(
            address.text, cases[i].address == NULL ? "untouched" : cases[i].address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(d21_a_url_leads_to_one_mailbox_of_the_public_dns_or_to_none),
        cmocka_unit_test(d16_only_the_plain_form_of_an_address_is_one),
        cmocka_unit_test(a_mail_has_each_header_once),
        cmocka_unit_test(d16_nothing_typed_becomes_a_header),
        cmocka_unit_test(lines_are_short_and_characters_whole),
    };
    return cmocka_run_group_tests(tests, addresses_make, NULL);
}
