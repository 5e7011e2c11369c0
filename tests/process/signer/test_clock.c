/* Somebody turns the clock between any two steps, by a second or by ten years, to and fro, while
 * the signer runs and while it doesn't; or the machine is put to sleep as an image and woken on
 * another day. Nothing is signed by a clock that jumped, nothing is dated by it, what protects
 * people goes on, and once the clock is right all goes on (doc/threats.md S8, S9). */
#include "lib/pki/crl.h"
#include "tests/process/signer/logged.h"

#include <stdio.h>

#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)
#define YEAR (365 * DAY)

static const int64_t jumps[] = { 1, -1, 59, -59, 60, -60, 61, -61, 299, -299, 300, -300, 301, -301,
    HOUR, -HOUR, DAY, -DAY, 30 * DAY, -30 * DAY, YEAR, -YEAR, 10 * YEAR, -10 * YEAR };

enum { JUMPS = sizeof jumps / sizeof jumps[0] };

enum step { BEFORE_RESERVE, BEFORE_ISSUE, BEFORE_COMPLETE, AT_THE_END, STEPS };

static void time_goes_by(int64_t seconds)
{
    world.time += seconds;
    world.elapsed += seconds;
}

static bool is_small(int64_t jump)
{
    return jump >= -60 && jump <= 300;
}

static bool listed(struct issuing *issuing, const struct signer_serial *serial, int64_t at)
{
    struct crl crl;
    struct crl_entry entry;
    struct reason reason = { 0 };
    struct signer_crl_made made;
    const struct signer_crl wanted = { "ssl-ca-3-17", at, at + DAY };
    AUTO(buf) der = buf_make(SIGNER_CRL_MAX_BYTES);
    assert_int_equal(issuing_crl(issuing, &wanted, &made, &der, &reason), OK);
    assert_int_equal(crl_parse(buf_span(&der), &crl), OK);
    return crl_find(&crl, span_make(serial->bytes, serial->len), &entry) == OK;
}

/* Where the clock is wrong: what takes back is taken, and not dated by it. */
static void take_back(struct issuing *issuing, const struct sample *other, int64_t jump)
{
    struct reason reason = { 0 };
    struct signer_revoke revoke = {
        .issuer = "ssl-ca-3-17", .reason = REVOCATION_SUPERSEDED, .date = world.time
    };
    struct request_id request = other->warrant.request;
    request.ordinal = 99;
    assert_int_equal(issuing_reserve(issuing, &request, &revoke.serial, &reason), OK);
    world.time += jump;
    assert_int_equal(issuing_revoke(issuing, &revoke, &reason), OK);
    assert_int_equal(issuing_withdraw(issuing, other->warrant.approvals[0].application_hash), OK);
    assert_true(listed(issuing, &revoke.serial, world.time - jump));
}

/* One walk; the clock jumps before one of its steps, and comes back. */
static void walk_with_a_jump(enum step where, int64_t jump)
{
    struct sample sample, other;
    struct signer_serial serial;
    struct certificate made;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) list = buf_make(SCT_LIST_MAX_BYTES);
    world_begin(NULL);
    world.watched = true;
    AUTO_PTR(issuing) issuing = core();
    assert_int_equal(sample_init(&sample, &world.factory, world.time, 1), OK);
    assert_int_equal(sample_init(&other, &world.factory, world.time, 2), OK);
    const struct request_id *request = &sample.warrant.request;
    for (unsigned step = BEFORE_RESERVE; step < AT_THE_END; step++) {
        for (unsigned round = 0; round < 2; round++) {
            struct reason reason = { 0 };
            bool jumped = step == (unsigned)where && round == 0;
            time_goes_by(2);
            if (jumped) {
                take_back(issuing, &other, jump);
            }
            buf_clear(&der);
            enum err err =
                step == BEFORE_RESERVE ? issuing_reserve(issuing, request, &serial, &reason)
                : step == BEFORE_ISSUE
                    ? issuing_issue(issuing, request, buf_span(&sample.der), &der, NULL, &reason)
                    : issuing_complete(issuing, request, buf_span(&list), &der, &reason);
            bool refused = jumped && !is_small(jump);
            assert_int_equal(err, refused ? ERR_AGAIN : OK);
            assert_string_equal(reason.code, refused ? "clock.jumped" : "");
            if (refused) {
                assert_int_equal(der.len, 0);
                time_goes_by(7); /* it is found, and set right */
                world.time -= jump;
                continue;
            }
            if (step == BEFORE_ISSUE && list.len == 0) {
                assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
                int64_t right = jumped ? world.time : NOW;
                assert_true(made.not_before >= right - 60 && made.not_before <= NOW + 360);
                assert_int_equal(
                    factory_promises(&world.factory, SCTS, buf_span(&der), made.not_before, &list),
                    OK);
            }
        }
    }
    sample_release(&sample);
    sample_release(&other);
}

static void s8_nothing_is_signed_by_a_clock_that_jumped_between_any_two_steps(void **state)
{
    (void)state;
    for (unsigned where = BEFORE_RESERVE; where <= AT_THE_END; where++) {
        for (size_t i = 0; i < JUMPS; i++) {
            walk_with_a_jump((enum step)where, jumps[i]);
        }
    }
}

/* Corrections that are years apart are no jump together. */
static void s8_small_steps_do_not_add_up(void **state)
{
    (void)state;
    world.watched = true;
    AUTO_PTR(issuing) issuing = core();
    for (unsigned i = 0; i < 40; i++) {
        struct reason reason = { 0 };
        struct signer_serial serial;
        const struct request_id request = { .ordinal = i + 1 };
        time_goes_by(30 * DAY);
        world.time += i % 2 == 0 ? 200 : -50;
        assert_int_equal(issuing_reserve(issuing, &request, &serial, &reason), OK);
    }
}

/* Turned while nobody looked: back is seen by the journal, forward by the warrant's own dates. */
static void s8_a_start_with_a_clock_that_was_turned_signs_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < JUMPS; i++) {
        struct reason reason = { 0 };
        struct walk walk;
        struct sample sample;
        struct signer_serial serial;
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        if (jumps[i] >= -60 && jumps[i] <= 8 * HOUR) {
            continue; /* within what a warrant's evidence lasts */
        }
        world_begin(NULL);
        world.watched = true;
        struct issuing *issuing = core();
        walk_begin(issuing, &walk, 1);
        assert_int_equal(sample_init(&sample, &world.factory, world.time, 2), OK);
        const struct request_id *request = &sample.warrant.request;
        assert_int_equal(issuing_reserve(issuing, request, &serial, &reason), OK);
        issuing_free(issuing);
        world.time += jumps[i];
        issuing = core();
        assert_int_equal(
            issuing_issue(issuing, request, buf_span(&sample.der), &der, NULL, &reason),
            jumps[i] < 0 ? ERR_AGAIN : ERR_DENIED);
        if (jumps[i] != DAY) { /* to the second what a log's promise lasts */
            assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason),
                jumps[i] < 0 ? ERR_AGAIN : ERR_DENIED);
            assert_string_equal(reason.code, jumps[i] < 0 ? "clock.backwards" : "ct.time");
        }
        assert_int_equal(der.len, 0);
        issuing_free(issuing);
        walk_release(&walk);
        sample_release(&sample);
    }
}

/* An image of the machine, woken later: boot time went on from where it was, the wall clock is
 * another. */
static void s9_an_image_that_is_woken_on_another_day_signs_nothing(void **state)
{
    struct reason reason = { 0 };
    struct walk walk;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    world.watched = true;
    AUTO_PTR(issuing) issuing = core();
    walk_begin(issuing, &walk, 1);
    world.time += 3 * HOUR;
    world.elapsed += 1;
    assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), ERR_AGAIN);
    assert_string_equal(reason.code, "clock.jumped");
    assert_string_equal(reason.expected, "2026-11-18T11:06:41Z");
    assert_int_equal(der.len, 0);
    walk_release(&walk);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, world_begin)
    const struct CMUnitTest tests[] = {
        TEST(s8_nothing_is_signed_by_a_clock_that_jumped_between_any_two_steps),
        TEST(s8_small_steps_do_not_add_up),
        TEST(s8_a_start_with_a_clock_that_was_turned_signs_nothing),
        TEST(s9_an_image_that_is_woken_on_another_day_signs_nothing),
    };
    return cmocka_run_group_tests(tests, logged_make, world_drop);
}
