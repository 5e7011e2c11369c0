#include "lib/crypto/digest.h"
#include "lib/crypto/mac.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_hex(const uint8_t *bytes, size_t len, const char *expected)
{
    char text[2 * DIGEST_MAX_BYTES + 1];
    hex_format(span_make(bytes, len), text);
    assert_string_equal(text, expected);
}

/* FIPS 180-4's examples. */
static void each_hash_is_the_published_one(void **state)
{
    (void)state;
    static const char *const expected[DIGEST_COUNT] = {
        [DIGEST_SHA256] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        [DIGEST_SHA384] = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
                          "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        [DIGEST_SHA512] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        [DIGEST_SHA1_THUMBPRINT] = "a9993e364706816aba3e25717850c26c9cd0d89d",
    };
    for (unsigned i = 0; i < DIGEST_COUNT; i++) {
        uint8_t hash[DIGEST_MAX_BYTES];
        assert_int_equal(digest_bytes((enum digest)i, SPAN_LITERAL("abc"), hash), OK);
        assert_hex(hash, digest_size((enum digest)i), expected[i]);
    }
}

static void a_stream_equals_the_whole_and_begins_anew(void **state)
{
    (void)state;
    AUTO_PTR(digest_stream) stream = NULL;
    uint8_t whole[SHA256_BYTES], pieces[SHA256_BYTES];
    const struct span parts[] = { SPAN_LITERAL("ab"), { NULL, 0 }, SPAN_LITERAL("c") };
    assert_int_equal(sha256(SPAN_LITERAL("abc"), whole), OK);
    assert_int_equal(digest_stream_new(DIGEST_SHA256, &stream), OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(digest_stream_update(stream, SPAN_LITERAL("a")), OK);
        assert_int_equal(digest_stream_update(stream, SPAN_LITERAL("bc")), OK);
        assert_int_equal(digest_stream_finish(stream, pieces), OK);
        assert_memory_equal(whole, pieces, sizeof whole);
    }
    assert_int_equal(sha256_pieces(parts, 3, pieces), OK);
    assert_memory_equal(whole, pieces, sizeof whole);
}

/* RFC 4231, test case 2. */
static void hmac_is_the_published_one_and_depends_on_its_key(void **state)
{
    (void)state;
    uint8_t mac[SHA256_BYTES], other[SHA256_BYTES];
    struct span message = SPAN_LITERAL("what do ya want for nothing?");
    assert_int_equal(hmac_sha256(SPAN_LITERAL("Jefe"), message, mac), OK);
    assert_hex(mac, sizeof mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_int_equal(hmac_sha256((struct span){ 0 }, message, other), OK);
    assert_memory_not_equal(mac, other, sizeof mac);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_hash_is_the_published_one),
        cmocka_unit_test(a_stream_equals_the_whole_and_begins_anew),
        cmocka_unit_test(hmac_is_the_published_one_and_depends_on_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
