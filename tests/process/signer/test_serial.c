/* Serial numbers: nobody can guess one, none comes twice, whoever forks (doc/threats.md S6, S9).
 *
 *   test_signer_serial [long] */
#include "lib/der/reader.h"
#include "lib/der/writer.h"
#include "proc/signer/serial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { BITS = 8 * (SERIAL_BYTES - 1), EACH = 4, AT_ONCE = 64 };

static size_t draws = 1 << 20, children = 4000;

static int serials_compare(const void *one, const void *other)
{
    return memcmp(one, other, SERIAL_BYTES);
}

static void assert_all_differ(uint8_t (*serials)[SERIAL_BYTES], size_t count)
{
    qsort(serials, count, SERIAL_BYTES, serials_compare);
    for (size_t i = 1; i < count; i++) {
        assert_int_not_equal(memcmp(serials[i - 1], serials[i], SERIAL_BYTES), 0);
    }
}

/* No bit is more often set than chance allows, alone or together with its neighbour: eight standard
 * deviations, so that a right generator never fails. */
static void assert_uniform(uint8_t (*serials)[SERIAL_BYTES], size_t count)
{
    static size_t set[BITS], same[BITS];
    for (size_t i = 0; i < count; i++) {
        for (size_t bit = 0; bit < BITS; bit++) {
            size_t next = (bit + 1) % BITS;
            unsigned one = serials[i][1 + bit / 8] >> bit % 8 & 1;
            unsigned other = serials[i][1 + next / 8] >> next % 8 & 1;
            set[bit] += one;
            same[bit] += one == other;
        }
    }
    for (size_t bit = 0; bit < BITS; bit++) {
        const size_t counts[] = { set[bit], same[bit] };
        for (size_t i = 0; i < 2; i++) {
            int64_t off = 2 * (int64_t)counts[i] - (int64_t)count; /* variance: count */
            assert_true(off * off < 64 * (int64_t)count);
        }
    }
}

static void s6_a_million_serials_are_uniform_and_none_comes_twice(void **state)
{
    struct random random = random_system();
    uint8_t(*serials)[SERIAL_BYTES] = calloc(draws, SERIAL_BYTES);
    (void)state;
    assert_non_null(serials);
    for (size_t i = 0; i < draws; i++) {
        assert_int_equal(serial_draw(&random, serials[i]), OK);
    }
    assert_uniform(serials, draws);
    assert_all_differ(serials, draws);
    free(serials);
}

static enum err extreme_fill(void *ctx, uint8_t *ret_bytes, size_t len)
{
    memset(ret_bytes, *(const int *)ctx, len);
    return OK;
}

/* Whatever is drawn: positive, of one length, without an octet too many, 20 octets at most. */
static void s6_every_serial_is_minimal_der_of_one_length(void **state)
{
    (void)state;
    for (int octet = 0; octet < 256; octet++) {
        uint8_t serial[SERIAL_BYTES], der[32];
        size_t len = 0;
        struct random random = { extreme_fill, &octet };
        struct der_writer writer = der_writer_make(der, sizeof der);
        assert_int_equal(serial_draw(&random, serial), OK);
        der_write_magnitude(&writer, SPAN_OF(serial));
        assert_int_equal(der_writer_finish(&writer, &len), OK);
        assert_int_equal(len, 2 + SERIAL_BYTES);
        assert_int_equal(der[0], DER_INTEGER);
        assert_int_equal(der[1], SERIAL_BYTES);
        assert_true(der[2] > 0 && der[2] < 0x80);
    }
}

static enum err failing_fill(void *ctx, uint8_t *ret_bytes, size_t len)
{
    (void)ctx;
    (void)ret_bytes;
    (void)len;
    return ERR_CRYPTO;
}

static void s6_without_randomness_there_is_no_serial(void **state)
{
    uint8_t serial[SERIAL_BYTES];
    struct random random = { failing_fill, NULL };
    (void)state;
    assert_int_equal(serial_draw(&random, serial), ERR_CRYPTO);
}

/* Each child draws, and so does the parent between them: a generator with a state of its own would
 * repeat itself. */
static void s9_no_two_of_many_forked_children_draw_the_same(void **state)
{
    struct random random = random_system();
    size_t count = (children + 1) * EACH, started = 0;
    uint8_t(*serials)[SERIAL_BYTES] =
        mmap(NULL, count * SERIAL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)state;
    assert_true((void *)serials != MAP_FAILED);
    while (started < children) {
        size_t here = children - started < AT_ONCE ? children - started : AT_ONCE;
        for (size_t i = 0; i < here; i++) {
            pid_t pid = fork();
            assert_true(pid >= 0);
            for (size_t n = 0; pid == 0 && n < EACH; n++) {
                if (serial_draw(&random, serials[(started + i) * EACH + n]) != OK) {
                    _exit(1);
                }
            }
            if (pid == 0) {
                _exit(0);
            }
        }
        for (size_t i = 0; i < here; i++) {
            int status = -1;
            assert_true(wait(&status) > 0);
            assert_int_equal(status, 0);
        }
        started += here;
    }
    for (size_t n = 0; n < EACH; n++) {
        assert_int_equal(serial_draw(&random, serials[children * EACH + n]), OK);
    }
    assert_all_differ(serials, count);
    munmap(serials, count * SERIAL_BYTES);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s6_a_million_serials_are_uniform_and_none_comes_twice),
        cmocka_unit_test(s6_every_serial_is_minimal_der_of_one_length),
        cmocka_unit_test(s6_without_randomness_there_is_no_serial),
        cmocka_unit_test(s9_no_two_of_many_forked_children_draw_the_same),
    };
    if (argc > 1 && strcmp(argv[1], "long") == 0) {
        draws = 10 * 1000 * 1000;
        children = 200 * 1000;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
