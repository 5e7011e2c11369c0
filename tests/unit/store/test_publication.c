#include "lib/store/publication.h"
#include "tests/unit/store/fixture.h"

static enum err put(struct store *store, void *ctx)
{
    return store_publication_put(store, &act, ctx);
}

static enum err publish(
    struct fixture *fixture, enum publication_kind kind, const char *der, int64_t number)
{
    struct publication_row row = { .name = "NAME",
        .kind = kind,
        .der = span_from_text(der),
        .number = number,
        .this_update = 10,
        .next_update = 20 };
    return store_transact(fixture->store, put, &row);
}

static void a_list_is_replaced_only_by_a_later_one(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(publish(fixture, PUBLICATION_CRL, "one", 1), OK);
    assert_int_equal(publish(fixture, PUBLICATION_CRL, "three", 3), OK);
    assert_int_equal(publish(fixture, PUBLICATION_CRL, "two", 2), ERR_CONFLICT);
    assert_int_equal(publish(fixture, PUBLICATION_CRL, "other three", 3), ERR_CONFLICT);
    assert_int_equal(publish(fixture, PUBLICATION_CRL, "three", 3), OK);
    AUTO(arena) arena = arena_make(4096);
    struct publication_row row = { 0 };
    assert_int_equal(
        store_publication_get(fixture->store, PUBLICATION_CRL, "NAME", &arena, &row), OK);
    assert_int_equal(row.number, 3);
    assert_true(span_equal(row.der, SPAN_LITERAL("three")));
}

static void a_certificate_and_a_list_may_share_a_name(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(4096);
    struct publication_row *rows = NULL;
    struct publication_row row = { 0 };
    size_t count = 0;
    assert_int_equal(publish(fixture, PUBLICATION_CRL, "list", 1), OK);
    assert_int_equal(publish(fixture, PUBLICATION_CERTIFICATE, "certificate", 0), OK);
    assert_int_equal(publish(fixture, PUBLICATION_CERTIFICATE, "its successor", 0), OK);
    assert_int_equal(store_publication_list(fixture->store, &arena, &rows, &count), OK);
    assert_int_equal(count, 2);
    assert_int_equal(
        store_publication_get(fixture->store, PUBLICATION_CERTIFICATE, "OTHER", &arena, &row),
        ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_is_replaced_only_by_a_later_one),
        TEST(a_certificate_and_a_list_may_share_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
