/* Authorities and lists before the lints, and telling one kind of object from the other. */
#include "tests/unit/lint/found.h"
#include "tests/unit/pki/hierarchy.h"

static void authorities_are_told_from_servers(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    AUTO(authority) ca = hierarchy_authority("CA", &root, 0);
    struct lint_result result;
    assert_int_equal(
        lint_check(buf_span(&root.certificate), LINT_ROOT, HIERARCHY_NOW, &result), OK);
    assert_int_equal(
        lint_check(buf_span(&ca.certificate), LINT_ISSUING_CA, HIERARCHY_NOW, &result), OK);
    assert_int_equal(
        lint_check(buf_span(&ca.certificate), LINT_SERVER_OV, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_finding(&result, "bc.not_ca");
    assert_int_equal(
        lint_check(buf_span(&ca.certificate), LINT_ROOT, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_finding(&result, "eku.root_absent");
    assert_int_equal(
        lint_check(buf_span(&root.certificate), LINT_ISSUING_CA, HIERARCHY_NOW, &result),
        ERR_INPUT);
    assert_finding(&result, "eku.present");
    assert_finding(&result, "cdp.subordinate_present");
}

/* The intermediate of 2017 had no extended key usage: a warning, for it is only to be revoked. */
static void an_old_issuing_ca_may_lack_an_extended_key_usage_and_is_else_like_the_new(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    struct lint_result result;
    assert_int_equal(
        lint_check(buf_span(&root.certificate), LINT_ISSUING_CA_OLD, HIERARCHY_NOW, &result),
        ERR_INPUT);
    assert_finding(&result, "cdp.subordinate_present");
    assert_finding(&result, "policies.present");
    assert_finding(&result, "eku.old_absent");
    for (size_t i = 0; i < result.count; i++) {
        const struct lint *lint = result.findings[i].lint;
        assert_true(strstr(lint->id, "eku") == NULL || lint->severity == LINT_SHOULD);
    }
}

static void lists_are_held_to_their_rules(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    struct crl_entry entry = { SPAN_LITERAL("\x01"), HIERARCHY_NOW - 10, CRL_SUPERSEDED };
    struct lint_result result;
    AUTO(buf) good = hierarchy_crl(&ca, &entry, HIERARCHY_NOW);
    assert_int_equal(lint_check(buf_span(&good), LINT_CRL, HIERARCHY_NOW, &result), OK);
    assert_int_equal(lint_check(buf_span(&good), LINT_ARL, HIERARCHY_NOW, &result), OK);
    assert_int_equal(
        lint_check(buf_span(&good), LINT_CRL, HIERARCHY_NOW - DAY_SECONDS, &result), ERR_INPUT);
    assert_finding(&result, "crl.future");
    entry.revoked_at = HIERARCHY_NOW + 10;
    AUTO(buf) future = hierarchy_crl(&ca, &entry, HIERARCHY_NOW);
    assert_int_equal(lint_check(buf_span(&future), LINT_CRL, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_finding(&result, "entry.future");
    entry = (struct crl_entry){ SPAN_LITERAL("\x01"), HIERARCHY_NOW, CRL_UNSPECIFIED };
    AUTO(buf) unspecified = hierarchy_crl(&ca, &entry, HIERARCHY_NOW);
    assert_int_equal(lint_check(buf_span(&unspecified), LINT_CRL, HIERARCHY_NOW, &result), OK);
    assert_int_equal(
        lint_check(buf_span(&unspecified), LINT_ARL, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_finding(&result, "entry.ca_reason");
    entry.reason = CRL_CA_COMPROMISE;
    AUTO(buf) compromise = hierarchy_crl(&ca, &entry, HIERARCHY_NOW);
    assert_int_equal(
        lint_check(buf_span(&compromise), LINT_CRL, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_int_equal(lint_check(buf_span(&compromise), LINT_ARL, HIERARCHY_NOW, &result), OK);
}

static void the_lists_fields_are_held_to_their_rules(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    struct lint_result result;
    struct crl_fields fields = { SIGNATURE_ECDSA_SHA256, buf_span(&ca.name), HIERARCHY_NOW,
        HIERARCHY_NOW + 10 * DAY_SECONDS, SPAN_LITERAL("\x01"), SPAN_OF(ca.key_id) };
    AUTO(buf) longest = buf_make(4 * HIERARCHY_MAX_BYTES);
    AUTO(buf) longer = buf_make(4 * HIERARCHY_MAX_BYTES);
    assert_int_equal(crl_write(&fields, NULL, ca.key, &longest), OK);
    assert_int_equal(lint_check(buf_span(&longest), LINT_CRL, HIERARCHY_NOW, &result), OK);
    fields.next_update++;
    assert_int_equal(crl_write(&fields, NULL, ca.key, &longer), OK);
    assert_int_equal(lint_check(buf_span(&longer), LINT_CRL, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_finding(&result, "crl.server_period");
    assert_int_equal(lint_check(buf_span(&longer), LINT_ARL, HIERARCHY_NOW, &result), OK);
}

static void bytes_without_shape_are_one_finding(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    struct lint_result result;
    enum lint_kind kind;
    struct span whole = buf_span(&root.certificate);
    for (size_t len = 0; len < whole.len; len++) {
        struct span cut = span_make(whole.data, len);
        assert_int_equal(lint_check(cut, LINT_ROOT, HIERARCHY_NOW, &result), ERR_INPUT);
        assert_finding(&result, "der.length");
        assert_int_equal(lint_guess(cut, &kind), ERR_INPUT);
    }
    assert_int_equal(lint_check(whole, LINT_CRL, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_finding(&result, "der.shape");
}

static void kinds_are_guessed_from_the_bytes_and_have_names(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    AUTO(authority) ca = hierarchy_authority("CA", &root, 0);
    AUTO(buf) list = hierarchy_crl(&ca, NULL, HIERARCHY_NOW);
    enum lint_kind kind;
    assert_int_equal(lint_guess(buf_span(&root.certificate), &kind), OK);
    assert_int_equal(kind, LINT_ROOT);
    assert_int_equal(lint_guess(buf_span(&ca.certificate), &kind), OK);
    assert_int_equal(kind, LINT_ISSUING_CA);
    assert_int_equal(lint_guess(buf_span(&list), &kind), OK);
    assert_int_equal(kind, LINT_CRL);
    for (unsigned i = 0; i < LINT_KIND_COUNT; i++) {
        assert_int_equal(lint_kind_parse(lint_kind_name((enum lint_kind)i), &kind), OK);
        assert_int_equal(kind, i);
    }
    assert_int_equal(lint_kind_parse("", &kind), ERR_INPUT);
    assert_int_equal(lint_kind_parse("server", &kind), ERR_INPUT);
}

/* An object whose signing nobody saw is held to the rules of its own day, or of the day that is
 * named. */
static void a_finished_object_is_judged_by_its_own_day_or_a_named_one(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    AUTO(authority) ca = hierarchy_authority("CA", &root, 0);
    struct lint_result result;
    struct span der = buf_span(&root.certificate);
    assert_int_equal(
        lint_check(der, LINT_ROOT, HIERARCHY_NOW + 9 * DAY_SECONDS, &result), ERR_INPUT);
    assert_finding(&result, "validity.ca_backdated");
    assert_int_equal(lint_judge(der, LINT_ROOT, 0, &result), OK);
    size_t checked = result.checked;
    assert_int_equal(lint_judge(der, LINT_ROOT, 1341100800, &result), OK);
    assert_true(result.checked < checked);
    assert_int_equal(lint_judge(der, LINT_ROOT, 1, &result), OK);
    assert_int_equal(result.checked, 0);
    assert_int_equal(lint_judge(buf_span(&ca.certificate), LINT_ROOT, 0, &result), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorities_are_told_from_servers),
        cmocka_unit_test(an_old_issuing_ca_may_lack_an_extended_key_usage_and_is_else_like_the_new),
        cmocka_unit_test(lists_are_held_to_their_rules),
        cmocka_unit_test(the_lists_fields_are_held_to_their_rules),
        cmocka_unit_test(bytes_without_shape_are_one_finding),
        cmocka_unit_test(kinds_are_guessed_from_the_bytes_and_have_names),
        cmocka_unit_test(a_finished_object_is_judged_by_its_own_day_or_a_named_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
