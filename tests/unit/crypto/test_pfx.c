#include "lib/crypto/pfx.h"
#include "lib/base/limits.h"
#include "lib/der/pem.h"
#include "tests/unit/vectors.h"

static struct key *key_of(const char *name)
{
    AUTO(buf) pem = vector_read(name);
    struct key *key = NULL;
    struct reason reason = { 0 };
    assert_int_equal(key_from_pem(buf_span(&pem), NULL, &reason, &key), OK);
    return key;
}

static struct buf certificate_of(const char *name)
{
    AUTO(buf) text = vector_read(name);
    struct buf der = buf_make(8192);
    struct pem pem;
    assert_int_equal(pem_find(buf_span(&text), "CERTIFICATE", &pem), OK);
    assert_int_equal(pem_decode(&pem, &der), OK);
    return der;
}

static void files_of_openssl_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *file, *passphrase;
        size_t certificates;
    } rows[] = {
        { "modern.pfx", "secret", 2 },
        { "des3.pfx", "secret", 1 },
        { "empty-password.pfx", "", 1 },
        { "key-only.pfx", "secret", 0 },
    };
    AUTO_PTR(key) key = key_of("p256.pem");
    AUTO(buf) certificate = certificate_of("p256.crt.pem");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO(buf) der = vector_read(rows[i].file);
        AUTO(secret) passphrase = secret_of(rows[i].passphrase);
        AUTO(pfx) pfx = { 0 };
        struct reason reason = { 0 };
        assert_int_equal(pfx_read(buf_span(&der), &passphrase, &reason, &pfx), OK);
        assert_true(key_same_public(pfx.key, key));
        assert_int_equal(pfx.certificate_count, rows[i].certificates);
        if (rows[i].certificates > 0) {
            assert_true(pfx.first_is_own);
            assert_true(span_equal(buf_span(&pfx.certificates[0]), buf_span(&certificate)));
        }
    }
}

static void a_file_with_right_contents_and_a_wrong_mac_gives_nothing(void **state)
{
    (void)state;
    static const char *const files[] = { "modern.pfx", "des3.pfx" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        AUTO(buf) der = vector_read(files[i]);
        AUTO(secret) passphrase = { 0 };
        AUTO(pfx) pfx = { 0 };
        struct reason reason = { 0 };
        assert_int_equal(secret_copy(SPAN_LITERAL("secret"), &passphrase), OK);
        assert_int_equal(pfx_read(buf_span(&der), &passphrase, &reason, &pfx), OK);
        pfx_release(&pfx);
        der.data[der.len - 6] ^= 1; /* of the MAC's salt, before two octets of iterations */
        assert_int_equal(pfx_read(buf_span(&der), &passphrase, &reason, &pfx), ERR_DENIED);
        assert_string_equal(reason.code, "pfx.password");
        assert_null(pfx.key);
        assert_int_equal(pfx.certificate_count, 0);
    }
}

static void the_friendly_name_comes_along_in_any_script(void **state)
{
    (void)state;
    AUTO(buf) der = vector_read("modern.pfx");
    AUTO(secret) passphrase = secret_of("secret");
    AUTO(pfx) pfx = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(pfx_read(buf_span(&der), &passphrase, &reason, &pfx), OK);
    assert_string_equal(pfx.friendly_name, "shop 商店");
}

static const char *const target_names[] = { "modern", "exchange2010", "windows2012", "windows2016",
    "windows2019", "java" };

static void a_target_that_takes_no_ec_key_gets_none(void **state)
{
    (void)state;
    AUTO_PTR(key) ec = key_of("p256.pem");
    AUTO_PTR(key) rsa = key_of("rsa2048.pem");
    AUTO(secret) passphrase = secret_of("secret");
    AUTO(buf) der = buf_make(PFX_MAX_BYTES);
    struct reason reason = { 0 };
    const struct pfx_target *target = pfx_target_find("exchange2010");
    const struct pfx_content content = { .key = ec }, other = { .key = rsa };
    assert_int_equal(pfx_write(&content, &passphrase, target, &reason, &der), ERR_UNSUPPORTED);
    assert_string_equal(reason.code, "pfx.target_key");
    assert_string_equal(reason.seen, "P-256");
    assert_int_equal(der.len, 0);
    assert_int_equal(pfx_write(&other, &passphrase, target, &reason, &der), OK);
}

static void the_targets_are_those_named(void **state)
{
    (void)state;
    AUTO(buf) names = buf_make(256);
    pfx_target_names(&names);
    assert_string_equal(
        buf_text(&names), "modern, exchange2010, windows2012, windows2016, windows2019, java");
    assert_null(pfx_target_find("windows95"));
    assert_null(pfx_target_find(""));
}

static void what_we_write_we_read(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("p256.pem");
    AUTO(buf) certificate = certificate_of("p256.crt.pem");
    AUTO(buf) issuer = certificate_of("rsa2048.crt.pem");
    AUTO(secret) passphrase = secret_of("密碼 with spaces");
    AUTO(secret) wrong = secret_of("密碼");
    struct span chain[] = { buf_span(&issuer) };
    for (size_t i = 0; i < sizeof target_names / sizeof target_names[0]; i++) {
        const struct pfx_content content = { .key = key,
            .certificate = buf_span(&certificate),
            .chain = chain,
            .chain_count = 1,
            .friendly_name = "商店 www.shop.example.com" };
        AUTO(buf) der = buf_make(PFX_MAX_BYTES);
        AUTO(pfx) pfx = { 0 };
        struct reason reason = { 0 };
        const struct pfx_target *target = pfx_target_find(target_names[i]);
        if (!target->takes_ec) {
            continue;
        }
        assert_int_equal(pfx_write(&content, &passphrase, target, &reason, &der), OK);
        assert_int_equal(pfx_read(buf_span(&der), &wrong, &reason, &pfx), ERR_DENIED);
        assert_string_equal(reason.code, "pfx.password");
        assert_null(pfx.key);
        assert_int_equal(pfx_read(buf_span(&der), &passphrase, &reason, &pfx), OK);
        assert_true(key_same_public(pfx.key, key));
        assert_int_equal(pfx.certificate_count, 2);
        assert_true(span_equal(buf_span(&pfx.certificates[0]), buf_span(&certificate)));
        assert_true(span_equal(buf_span(&pfx.certificates[1]), buf_span(&issuer)));
        assert_string_equal(pfx.friendly_name, "商店 www.shop.example.com");
    }
}

static void a_key_without_its_certificate_is_kept_too(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("rsa2048.pem");
    AUTO(secret) passphrase = secret_of("secret");
    AUTO(buf) der = buf_make(PFX_MAX_BYTES);
    AUTO(pfx) pfx = { 0 };
    struct reason reason = { 0 };
    const struct pfx_content content = { .key = key };
    assert_int_equal(
        pfx_write(&content, &passphrase, pfx_target_find("modern"), &reason, &der), OK);
    assert_int_equal(pfx_read(buf_span(&der), &passphrase, &reason, &pfx), OK);
    assert_true(key_same_public(pfx.key, key));
    assert_int_equal(pfx.certificate_count, 0);
    assert_false(pfx.first_is_own);
}

static void the_keys_own_certificate_comes_first_wherever_it_stood(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("rsa2048.pem");
    AUTO(buf) other = certificate_of("p256.crt.pem");
    AUTO(buf) own = certificate_of("rsa2048.crt.pem");
    AUTO(secret) passphrase = secret_of("secret");
    AUTO(buf) der = buf_make(PFX_MAX_BYTES);
    AUTO(pfx) pfx = { 0 };
    struct reason reason = { 0 };
    const struct span chain[] = { buf_span(&other), buf_span(&own) };
    const struct pfx_content content = { .key = key, .chain = chain, .chain_count = 2 };
    assert_int_equal(
        pfx_write(&content, &passphrase, pfx_target_find("windows2016"), &reason, &der), OK);
    assert_int_equal(pfx_read(buf_span(&der), &passphrase, &reason, &pfx), OK);
    assert_int_equal(pfx.certificate_count, 2);
    assert_true(pfx.first_is_own);
    assert_true(span_equal(buf_span(&pfx.certificates[0]), buf_span(&own)));
    assert_true(span_equal(buf_span(&pfx.certificates[1]), buf_span(&other)));
}

static void a_cost_beyond_reason_is_not_paid(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("p256.pem");
    AUTO(secret) passphrase = secret_of("secret");
    AUTO(buf) der = buf_make(PFX_MAX_BYTES);
    AUTO(pfx) pfx = { 0 };
    struct reason reason = { 0 };
    const struct pfx_content content = { .key = key };
    assert_int_equal(
        pfx_write(&content, &passphrase, pfx_target_find("modern"), &reason, &der), OK);
    /* The MAC's 600,000 iterations stand last: 02 03 09 27 c0. They become 8,333,248. */
    assert_memory_equal(der.data + der.len - 5, "\x02\x03\x09\x27\xc0", 5);
    der.data[der.len - 3] = 0x7f;
    assert_int_equal(pfx_read(buf_span(&der), &passphrase, &reason, &pfx), ERR_INPUT);
    assert_string_equal(reason.code, "pfx.cost");
}

static void a_key_is_not_written_with_anothers_certificate(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("rsa2048.pem");
    AUTO(buf) certificate = certificate_of("p256.crt.pem");
    AUTO(secret) passphrase = secret_of("secret");
    AUTO(buf) der = buf_make(PFX_MAX_BYTES);
    struct reason reason = { 0 };
    const struct pfx_content content = { .key = key, .certificate = buf_span(&certificate) };
    assert_int_equal(
        pfx_write(&content, &passphrase, pfx_target_find("modern"), &reason, &der), ERR_CRYPTO);
    assert_int_equal(der.len, 0);
}

static void files_without_a_mac_or_with_rc2_are_refused_by_name(void **state)
{
    (void)state;
    AUTO(secret) passphrase = secret_of("secret");
    AUTO(buf) no_mac = vector_read("nomac.pfx");
    AUTO(buf) rc2 = vector_read("rc2.pfx");
    AUTO(pfx) pfx = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(pfx_read(buf_span(&no_mac), &passphrase, &reason, &pfx), ERR_INPUT);
    assert_string_equal(reason.code, "pfx.no_mac");
    assert_int_equal(pfx_read(buf_span(&rc2), &passphrase, &reason, &pfx), ERR_UNSUPPORTED);
    assert_string_equal(reason.code, "pfx.unsupported");
    assert_string_equal(reason.seen, "pbeWithSHA1And40BitRC2-CBC");
}

static void every_truncation_is_malformed(void **state)
{
    (void)state;
    AUTO(buf) der = vector_read("modern.pfx");
    AUTO(secret) passphrase = secret_of("secret");
    AUTO(pfx) pfx = { 0 };
    struct reason reason = { 0 };
    for (size_t len = 0; len < der.len; len += 13) {
        struct span cut = span_make(der.data, len);
        assert_int_equal(pfx_read(cut, &passphrase, &reason, &pfx), ERR_INPUT);
        assert_string_equal(reason.code, "pfx.malformed");
    }
}

static void absent_contents_are_refused_and_not_touched(void **state)
{
    (void)state;
    /* ContentInfos whose optional content is left out (CVE-2024-0727's shape): no MAC can fit, and
     * the outer one alone already. */
    static const struct span files[] = {
        { (const uint8_t
                  *)"\x30\x10\x02\x01\x03\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01",
            18 },
        { (const uint8_t *)"\x30\x03\x02\x01\x03", 5 },
        { (const uint8_t *)"\x30\x00", 2 },
    };
    AUTO(secret) passphrase = secret_of("secret");
    AUTO(pfx) pfx = { 0 };
    struct reason reason = { 0 };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(pfx_read(files[i], &passphrase, &reason, &pfx), ERR_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_openssl_are_read),
        cmocka_unit_test(a_file_with_right_contents_and_a_wrong_mac_gives_nothing),
        cmocka_unit_test(the_friendly_name_comes_along_in_any_script),
        cmocka_unit_test(a_target_that_takes_no_ec_key_gets_none),
        cmocka_unit_test(the_targets_are_those_named),
        cmocka_unit_test(what_we_write_we_read),
        cmocka_unit_test(a_key_without_its_certificate_is_kept_too),
        cmocka_unit_test(the_keys_own_certificate_comes_first_wherever_it_stood),
        cmocka_unit_test(a_cost_beyond_reason_is_not_paid),
        cmocka_unit_test(a_key_is_not_written_with_anothers_certificate),
        cmocka_unit_test(files_without_a_mac_or_with_rc2_are_refused_by_name),
        cmocka_unit_test(every_truncation_is_malformed),
        cmocka_unit_test(absent_contents_are_refused_and_not_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
