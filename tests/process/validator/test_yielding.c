/* Which of a check's steps are made behind everybody else's (doc/threats.md D19): seen by the
 * resolver, which looks at the place of the thread that it is called in. */
#include "proc/validator/yielding.h"

#include "tests/process/validator/bench.h"

#include <poll.h>
#include <sys/resource.h>

enum { LAST = 19, SEEN_MAX = 64 };

/* Beside the bench's world of answers: where its steps were made, and how long they take. */
static struct place {
    int64_t begun_ms;
    int opened, closed, asked[SEEN_MAX];
    int64_t asked_ms[SEEN_MAX];
    size_t count;
    bool slow; /* the first question is waited for */
} place;

static int here(void)
{
    return getpriority(PRIO_PROCESS, 0);
}

static enum err place_lookup(void *ctx, const char *name, enum dns_type type, int64_t deadline_ms,
    struct dns_answer *ret_answer)
{
    const struct resolver world = fake_resolver(ctx);
    assert_true(place.count < SEEN_MAX);
    place.asked[place.count] = here();
    place.asked_ms[place.count] = clock_monotonic_ms() - place.begun_ms;
    while (place.slow && place.count == 0 &&
           clock_monotonic_ms() - place.begun_ms < 2 * YIELDING_AFTER_MS) {
        poll(NULL, 0, 50);
    }
    place.count++;
    return world.lookup(world.ctx, name, type, deadline_ms, ret_answer);
}

static enum err place_open(void *ctx, struct resolver *ret_resolver)
{
    place.opened = here();
    *ret_resolver = (struct resolver){ .lookup = place_lookup, .ctx = ctx };
    return OK;
}

static void place_close(void *ctx, struct resolver resolver)
{
    assert_ptr_equal(ctx, resolver.ctx);
    place.closed = here();
}

/* A check whose value stands there; it must pass, wherever it is made. */
static void check_places(bool yields, bool slow)
{
    struct bench bench;
    struct observation observation;
    bench_init(&bench, "www.shop.example.com");
    bench_expect(&bench);
    struct fake_answer answer = { .name = "_ecert-validation.www.shop.example.com",
        .type = DNS_TXT,
        .records = { bench_rdata(&bench) } };
    place = (struct place){ .begun_ms = clock_monotonic_ms(), .slow = slow };
    bench.world = (struct fake_world){ .answers = &answer, .count = 1 };
    bench.check.yields = yields;
    bench.checker.ctx = &bench.world;
    bench.checker.resolver_open = place_open;
    bench.checker.resolver_close = place_close;
    int before = here();
    assert_int_equal(
        yielding_check_run(&bench.checker, &bench.check, &bench.der, &bench.report, &bench.reason),
        OK);
    assert_int_equal(here(), before); /* the next check of this connection is nobody's fault */
    struct der reader = der_reader(buf_span(&bench.der));
    assert_int_equal(observation_read(&reader, &observation), OK);
    assert_int_equal(observation.dcv, DCV_PASSED);
    assert_true(place.count > 1);
    assert_int_equal(place.opened, before); /* others wait for it */
    buf_release(&bench.der);
}

static void d19_what_yields_asks_behind_everybody_else(void **state)
{
    (void)state;
    check_places(/* yields= */ true, /* slow= */ false);
    for (size_t i = 0; i < place.count; i++) {
        assert_int_equal(place.asked[i], LAST);
    }
    assert_int_equal(place.closed, LAST);
}

static void d19_what_is_waited_for_goes_on_behind_everybody_else(void **state)
{
    (void)state;
    int before = here();
    check_places(/* yields= */ false, /* slow= */ true);
    assert_int_equal(place.asked[0], before);
    for (size_t i = 1; i < place.count; i++) {
        assert_int_equal(place.asked[i], LAST);
    }
    assert_int_equal(place.closed, LAST);
}

static void d19_nobody_steps_back_who_was_not_waited_for(void **state)
{
    (void)state;
    int before = here();
    check_places(/* yields= */ false, /* slow= */ false);
    for (size_t i = 0; i < place.count; i++) {
        assert_true(place.asked[i] == before || place.asked_ms[i] >= YIELDING_AFTER_MS);
    }
}

static void what_is_refused_is_refused_from_there_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < SENSELESS_COUNT; i++) {
        struct bench bench;
        bench_init(&bench, senseless[i].name);
        bench.check.challenge.method = senseless[i].method;
        bench.check.yields = true;
        assert_int_equal(yielding_check_run(&bench.checker, &bench.check, &bench.der, &bench.report,
                             &bench.reason),
            senseless[i].err);
        assert_string_equal(bench.reason.code, senseless[i].code);
        assert_int_equal(bench.der.len, 0);
    }
}

static int prepare(void **state)
{
    if (here() == LAST) {
        return -1; /* nobody could step back from here */
    }
    return bench_prepare(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(d19_what_yields_asks_behind_everybody_else),
        cmocka_unit_test(d19_what_is_waited_for_goes_on_behind_everybody_else),
        cmocka_unit_test(d19_nobody_steps_back_who_was_not_waited_for),
        cmocka_unit_test(what_is_refused_is_refused_from_there_too),
    };
    return cmocka_run_group_tests(tests, prepare, bench_clear);
}
