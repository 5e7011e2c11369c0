#include "lib/store/repository.h"
#include "lib/store/certificate.h"
#include "tests/unit/store/fixture.h"

static const uint8_t spki[HASH_BYTES] = { 5 };

struct entering {
    const struct fixture *fixture;
    enum repository_kind kind;
    const char *text;
    unsigned ordinal;
};

static enum err enter_run(struct store *store, void *ctx)
{
    const struct entering *entering = ctx;
    struct request_id request = { .ordinal = entering->ordinal };
    memcpy(request.enrolment, entering->fixture->enrolment, sizeof request.enrolment);
    enum err err = store_certificate_submit(store, &act, &request, SPAN_LITERAL("csr"), spki);
    assert_true(err == OK || err == ERR_CONFLICT);
    return store_repository_enter(store, &request, entering->kind, entering->text);
}

static void enter(
    const struct fixture *fixture, enum repository_kind kind, const char *text, unsigned ordinal)
{
    struct entering entering = { fixture, kind, text, ordinal };
    assert_int_equal(store_transact(fixture->store, enter_run, &entering), OK);
}

static size_t found(const struct fixture *fixture, enum repository_kind kind, const char *text)
{
    AUTO(arena) arena = arena_make(65536);
    struct request_id *requests = NULL;
    size_t count = 0;
    size_t total = 0;
    assert_int_equal(store_repository_search(
                         fixture->store, kind, text, 0, 10, &arena, &requests, &count, &total),
        OK);
    assert_int_equal(count, total);
    return total;
}

static void a_domain_finds_what_is_below_it_and_not_what_only_ends_like_it(void **state)
{
    struct fixture *fixture = *state;
    enter(fixture, REPOSITORY_NAME, "www.shop.example.com", 1);
    enter(fixture, REPOSITORY_NAME, "shop.example.com", 1);
    enter(fixture, REPOSITORY_NAME, "workshop.example.com", 2);
    assert_int_equal(found(fixture, REPOSITORY_NAME, "shop.example.com"), 1);
    assert_int_equal(found(fixture, REPOSITORY_NAME, "example.com"), 2);
    assert_int_equal(found(fixture, REPOSITORY_NAME, "example.co"), 0);
    assert_int_equal(found(fixture, REPOSITORY_NAME, "xshop.example.com"), 0);
    assert_int_equal(found(fixture, REPOSITORY_NAME, ""), 0);
}

static void a_wildcard_is_found_by_a_name_it_covers_and_not_by_one_it_does_not(void **state)
{
    struct fixture *fixture = *state;
    enter(fixture, REPOSITORY_NAME, "*.shop.example.com", 1);
    assert_int_equal(found(fixture, REPOSITORY_NAME, "a.shop.example.com"), 1);
    assert_int_equal(found(fixture, REPOSITORY_NAME, "*.shop.example.com"), 1);
    assert_int_equal(found(fixture, REPOSITORY_NAME, "b.a.shop.example.com"), 0);
}

static void an_organisation_is_found_by_its_beginning_in_any_script(void **state)
{
    struct fixture *fixture = *state;
    enter(fixture, REPOSITORY_ORGANISATION, "Shop  Example Limited", 1);
    enter(fixture, REPOSITORY_ORGANISATION, "例子商店有限公司", 2);
    assert_int_equal(found(fixture, REPOSITORY_ORGANISATION, "shop example"), 1);
    assert_int_equal(found(fixture, REPOSITORY_ORGANISATION, "例子"), 1);
    assert_int_equal(found(fixture, REPOSITORY_ORGANISATION, "商店"), 0);
    assert_int_equal(found(fixture, REPOSITORY_ORGANISATION, "   "), 0);
    assert_int_equal(found(fixture, REPOSITORY_SRN, "shop example limited"), 0);
}

static void entering_twice_is_entering_once(void **state)
{
    struct fixture *fixture = *state;
    enter(fixture, REPOSITORY_SRN, "0002142877", 1);
    enter(fixture, REPOSITORY_SRN, "0002142877", 1);
    assert_int_equal(found(fixture, REPOSITORY_SRN, "0002142877"), 1);
}

static enum err many_run(struct store *store, void *ctx)
{
    struct entering entering = *(struct entering *)ctx;
    for (unsigned i = 0; i < REPOSITORY_COUNT_MAX + 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "w%04u.example.com", i);
        entering.text = name;
        entering.ordinal = i + 1;
        TRY(enter_run(store, &entering));
    }
    return OK;
}

static void a_search_for_everything_looks_at_no_more_than_is_counted(void **state)
{
    struct fixture *fixture = *state;
    struct entering entering = { fixture, REPOSITORY_NAME, NULL, 0 };
    assert_int_equal(store_transact(fixture->store, many_run, &entering), OK);
    AUTO(arena) arena = arena_make(1024 * 1024);
    struct request_id *requests = NULL;
    size_t count = 0, total = 0;
    assert_int_equal(store_repository_search(fixture->store, REPOSITORY_NAME, "example.com", 0,
                         2 * REPOSITORY_COUNT_MAX, &arena, &requests, &count, &total),
        OK);
    assert_int_equal(count, REPOSITORY_COUNT_MAX);
    assert_int_equal(total, REPOSITORY_COUNT_MAX + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_domain_finds_what_is_below_it_and_not_what_only_ends_like_it, fixture_enrol,
            fixture_close),
        cmocka_unit_test_setup_teardown(
            a_wildcard_is_found_by_a_name_it_covers_and_not_by_one_it_does_not, fixture_enrol,
            fixture_close),
        cmocka_unit_test_setup_teardown(
            an_organisation_is_found_by_its_beginning_in_any_script, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            entering_twice_is_entering_once, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            a_search_for_everything_looks_at_no_more_than_is_counted, fixture_enrol, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
