#include "lib/config/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HASH "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

static enum err read(const char *text, struct script *ret_script, struct reason *ret_reason)
{
    return script_read(span_from_text(text), "/media/a/script.conf", ret_script, ret_reason);
}

static void the_examples_that_are_shipped_are_scripts(void **state)
{
    (void)state;
    AUTO(script) first = { .parsed = NULL };
    AUTO(script) reissue = { .parsed = NULL };
    assert_int_equal(script_load(EXAMPLES "/first-ceremony.conf", &first, NULL), OK);
    assert_int_equal(first.step_count, 5);
    assert_int_equal(first.steps[0].kind, SCRIPT_ADMINISTRATORS);
    assert_int_equal(first.steps[0].quorum, 2);
    assert_string_equal(first.steps[0].administrators[2].id, "cat");
    assert_int_equal(first.steps[0].administrators[2].spki.sha256[31], 3);
    assert_string_equal(first.steps[2].by, first.steps[1].authority.name);
    assert_true(first.steps[3].perspectives[0].primary);
    assert_false(first.trial);
    assert_int_equal(script_load(EXAMPLES "/reissue.conf", &reissue, NULL), OK);
    assert_int_equal(reissue.steps[0].kind, SCRIPT_REISSUE);
    assert_int_equal(reissue.steps[0].authority.years, 0);
    assert_int_equal(reissue.journal[31], 1);
}

static void steps_keep_their_order_and_inputs_are_beside_the_script(void **state)
{
    (void)state;
    AUTO(script) script = { .parsed = NULL };
    assert_int_equal(read("title = T journal = " HASH "\n"
                          "step z { do = arl }\n"
                          "step a { do = revoke reason = superseded certificate = c.pem "
                          "certificate_sha256 = " HASH " }\nstep m { do = arl by = r }\n",
                         &script, NULL),
        OK);
    assert_string_equal(script.folder, "/media/a");
    assert_int_equal(script.step_count, 3);
    assert_string_equal(script.steps[0].title, "z");
    assert_string_equal(script.steps[1].title, "a");
    assert_string_equal(script.steps[1].certificate.path, "c.pem");
    assert_int_equal(script.steps[1].certificate.sha256[1], 0x23);
    assert_string_equal(script.steps[2].by, "r");
    assert_int_equal(script.journal[31], 0xef);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code, *field;
    } wrong[] = {
        { "journal = none step a { do = arl }", "script.value", "title" },
        { "title = T step a { do = arl }", "script.journal", "journal" },
        { "title = T journal = abcd step a { do = arl }", "script.journal", "journal" },
        { "title = T journal = none", "script.steps", "step" },
        { "title = T journal = none step a { }", "script.kind", "a: do" },
        { "title = T journal = none step a { do = new_roof }", "script.kind", "a: do" },
        { "title = T journal = none step a { do = arl reason = x }", "script.takes_no",
            "a: reason" },
        { "title = T journal = none step a { do = arl years = 1 }", "script.takes_no", "a: years" },
        { "title = T journal = none step a { do = arl quorum = 2 }", "script.takes_no",
            "a: quorum" },
        { "title = T journal = none step a { do = arl issuers = {x} }", "script.takes_no",
            "a: issuers" },
        { "title = T journal = none step a { do = revoke of = x }", "script.needs", "a: reason" },
        { "title = T journal = none step a { do = revoke reason = superseded }", "script.needs",
            "a: of" },
        { "title = T journal = none step a { do = revoke reason = superseded of = x "
          "certificate = y certificate_sha256 = " HASH " }",
            "script.needs", "a: of" },
        { "title = T journal = none step a { do = revoke reason = superseded certificate = y }",
            "script.needs", "a: certificate_sha256" },
        { "title = T journal = none step a { do = revoke reason = superseded certificate = y "
          "certificate_sha256 = 12 }",
            "script.hash", "a: certificate_sha256" },
        { "title = T journal = none step a { do = cross_request of = x name = \"a b\" }",
            "config.value", "name" },
        { "title = T journal = none step a { do = reissue of = x by = y name = z policy = ov }",
            "script.needs", "url" },
        { "title = T journal = none url = \"http://a.example\" step a { do = reissue of = x by = y "
          "name = z policy = dv }",
            "script.value", "a: policy" },
        { "title = T journal = none url = \"http://a.example\" step a { do = reissue of = x by = y "
          "name = z policy = 2017 }",
            "script.value", "a: policy" },
        { "title = T journal = none url = \"http://a.example\" step a { do = reissue of = x by = y "
          "name = z policy = ov years = 26 }",
            "script.value", "a: years" },
        { "title = T journal = none url = \"ftp://a\" step a { do = arl }", "script.value", "url" },
        { "title = T journal = none step a { do = administrators quorum = 2 }", "script.value",
            "a: administrator" },
        { "title = T journal = none step a { do = revoke reason = superseded of = x }",
            "script.list_missing", "a" },
        { "title = T journal = none step l { do = arl } step a { do = revoke reason = superseded "
          "of = x }",
            "script.list_missing", "a" },
        { "title = \"${HOME}\" journal = none step a { do = arl }", "script.text", "" },
        { "title = T journal = none step \"a\x1b[2J\" { do = arl }", "script.kind", NULL },
        { "title = \"\xff\" journal = none step a { do = arl }", "script.text", "" },
        { "title = T journal = none step a { do = arl } step a { do = arl }", "config.syntax",
            NULL },
        { "title = T journal = none step a { do = arl by = \"x", "config.syntax", NULL },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        AUTO(script) script = { .parsed = NULL };
        struct reason reason = { .code = "" };
        assert_int_equal(read(wrong[i].text, &script, &reason), ERR_INPUT);
        assert_string_equal(reason.code, wrong[i].code);
        if (wrong[i].field != NULL) {
            assert_string_equal(reason.field, wrong[i].field);
        }
        assert_null(script.parsed);
    }
}

static void a_nul_does_not_hide_the_rest(void **state)
{
    (void)state;
    static const char text[] = "title = T journal = none step a { do = arl }\0step b { do = arl }";
    AUTO(script) script = { .parsed = NULL };
    struct reason reason = { .code = "" };
    assert_int_equal(script_read(SPAN_OF(text), NULL, &script, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "script.text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_that_are_shipped_are_scripts),
        cmocka_unit_test(steps_keep_their_order_and_inputs_are_beside_the_script),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_nul_does_not_hide_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
