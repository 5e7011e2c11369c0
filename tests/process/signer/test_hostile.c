/* The issuing core in the hands of an enemy: whoever drives it has the registrar, the store and the
 * socket, and may send any message at any moment. Names begin with the row of the threat. */
#include "lib/pki/crl.h"
#include "lib/journal/record.h"
#include "tests/factory/authority.h"
#include "proc/signer/journal.h"
#include "tests/process/signer/core.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define OURS   "ssl-ca-3-17"
#define THEIRS "ev-ssl-ca-3-17"

static enum err issue(struct issuing *issuing, const struct sample *sample,
    struct signer_serial *ret_serial, struct reason *ret_reason)
{
    const struct request_id *request = &sample->warrant.request;
    AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(issuing_reserve(issuing, request, ret_serial, ret_reason));
    return issuing_issue(issuing, request, buf_span(&sample->der), &certificate, NULL, ret_reason);
}

/* Officers may sign for a country that doesn't exist; the rules don't let it be signed. */
static void what_breaks_a_rule_is_not_signed_whoever_wants_it(void **state)
{
    struct reason reason;
    struct sample sample;
    AUTO_PTR(issuing) issuing = core();
    struct signer_serial serial;
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    sample.application.subject.country = "ZQ";
    assert_int_equal(sample_bind(&sample), OK);
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(sample_format(&sample), OK);
    assert_int_equal(issue(issuing, &sample, &serial, &reason), ERR_CRYPTO);
    assert_string_equal(reason.code, "lint");
    assert_string_equal(reason.field, "name.country");
    assert_string_equal(reason.seen, "ZQ");
    sample_release(&sample);
}

/* A ceremony's CA the same: whatever its profile says. */
static void a_ca_that_breaks_a_rule_is_not_signed(void **state)
{
    struct reason reason = { .code = "" };
    struct ceremony_authority root = { .common_name = "Root", .organisation = "Post", .years = 30 };
    const struct ceremony_profile profile = { .country = "HK", .root = root };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(
        authority_root(&profile, &root, world.factory.issuer.key, NOW, &der, &reason), ERR_CRYPTO);
    assert_string_equal(reason.field, "validity.root_short");
    assert_int_equal(der.len, 0);
    root.years = 20;
    assert_int_equal(
        authority_root(&profile, &root, world.factory.issuer.key, NOW, &der, &reason), OK);
}

static enum err take_back(struct issuing *issuing, const char *issuer,
    const struct signer_serial *serial, enum revocation_reason why, int64_t date)
{
    struct reason reason = { 0 };
    struct signer_revoke message = { .serial = *serial, .reason = why, .date = date };
    memcpy(message.issuer, issuer, strlen(issuer) + 1);
    return issuing_revoke(issuing, &message, &reason);
}

static bool listed(struct issuing *issuing, const char *issuer, const struct signer_serial *serial)
{
    struct crl crl;
    struct crl_entry entry;
    struct signer_crl_made made;
    struct reason reason = { 0 };
    struct signer_crl wanted = { .this_update = world.time, .next_update = world.time + 86400 };
    AUTO(buf) der = buf_make(SIGNER_CRL_MAX_BYTES);
    memcpy(wanted.issuer, issuer, strlen(issuer) + 1);
    enum err err = issuing_crl(issuing, &wanted, &made, &der, &reason);
    if (err != OK) {
        fail_msg("no CRL: %s %s %s", err_name(err), reason.code, reason.seen);
    }
    assert_int_equal(crl_parse(buf_span(&der), &crl), OK);
    return crl_find(&crl, span_make(serial->bytes, serial->len), &entry) == OK;
}

static void r13_a_revocation_under_another_issuer_takes_nothing_off_a_list(void **state)
{
    struct sample sample;
    struct signer_serial serial;
    struct reason reason = { 0 };
    struct issuing *issuing = core();
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issue(issuing, &sample, &serial, &reason), OK);
    (void)!take_back(issuing, THEIRS, &serial, REVOCATION_SUPERSEDED, NOW);
    (void)!take_back(issuing, OURS, &serial, REVOCATION_SUPERSEDED, NOW);
    assert_true(listed(issuing, OURS, &serial));
    (void)!take_back(issuing, THEIRS, &serial, REVOCATION_KEY_COMPROMISE, NOW);
    assert_true(listed(issuing, OURS, &serial));
    assert_false(listed(issuing, THEIRS, &serial));
    issuing_free(issuing);
    issuing = core();
    assert_true(listed(issuing, OURS, &serial));
    issuing_free(issuing);
    sample_release(&sample);
}

static void r5_no_date_of_a_revocation_keeps_lists_from_being_made(void **state)
{
    static const int64_t dates[] = { INT64_C(-62135596800) /* year 1 */, INT64_C(-2500000000), -1,
        0, NOW, NOW + 86400, INT64_C(253402300799) };
    struct sample sample;
    struct reason reason = { 0 };
    AUTO_PTR(issuing) issuing = core();
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        struct signer_serial serial;
        sample.warrant.request.ordinal = (unsigned)i + 1;
        assert_int_equal(issuing_reserve(issuing, &sample.warrant.request, &serial, &reason), OK);
        assert_int_equal(take_back(issuing, OURS, &serial, REVOCATION_SUPERSEDED, dates[i]), OK);
        assert_true(listed(issuing, OURS, &serial));
    }
    sample_release(&sample);
}

static void d27_the_key_of_a_compromised_certificate_gets_no_other(void **state)
{
    struct sample sample, again;
    struct signer_serial serial;
    struct reason reason = { 0 };
    struct issuing *issuing = core();
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(sample_init(&again, &world.factory, NOW, 2), OK);
    assert_int_equal(issue(issuing, &sample, &serial, &reason), OK);
    assert_int_equal(take_back(issuing, OURS, &serial, REVOCATION_KEY_COMPROMISE, NOW), OK);
    assert_int_equal(issue(issuing, &again, &serial, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "key.blocked");
    issuing_free(issuing);
    issuing = core();
    assert_int_equal(issue(issuing, &again, &serial, &reason), ERR_DENIED);
    issuing_free(issuing);
    sample_release(&sample);
    sample_release(&again);
}

/* Whoever can write the store takes no key off the signer's own list. */
static void d27_a_blocked_key_gets_nothing_for_ever(void **state)
{
    struct sample sample;
    struct signer_serial serial;
    struct signer_status before, after;
    struct reason reason = { 0 };
    struct issuing *issuing = core();
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    issuing_status(issuing, &before);
    for (unsigned i = 0; i < 3; i++) { /* told again, it stays one record */
        assert_int_equal(
            issuing_block(issuing, key_spki_sha256(world.factory.subscriber).data), OK);
    }
    issuing_status(issuing, &after);
    assert_int_equal(after.blocked, 1);
    assert_int_equal(after.journal_records, before.journal_records + 1);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(issue(issuing, &sample, &serial, &reason), ERR_DENIED);
        assert_string_equal(reason.code, "key.blocked");
        issuing_free(issuing);
        issuing = core();
    }
    issuing_free(issuing);
    sample_release(&sample);
}

/* Blocked between the check and the intent is blocked; after it, what was issued stays issued. */
static void d27_blocking_a_key_takes_back_nothing_by_itself(void **state)
{
    struct sample sample;
    struct signer_serial serial;
    struct reason reason = { 0 };
    AUTO_PTR(issuing) issuing = core();
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issue(issuing, &sample, &serial, &reason), OK);
    assert_int_equal(issuing_block(issuing, key_spki_sha256(world.factory.subscriber).data), OK);
    assert_false(listed(issuing, OURS, &serial));
    assert_int_equal(take_back(issuing, OURS, &serial, REVOCATION_KEY_COMPROMISE, NOW), OK);
    assert_true(listed(issuing, OURS, &serial));
    sample_release(&sample);
}

/* The limit of what the journal's file may hold: so many bytes more than it has. */
static void room_limit(struct issuing *issuing, int64_t more)
{
    struct rlimit limit;
    struct signer_status status;
    issuing_status(issuing, &status);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = more < 0 ? limit.rlim_max : (rlim_t)(status.journal_bytes + more);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* By itself or with the revocation of its certificate: from the call on, on the disk or not; and as
 * long as it is not on the disk, who asks again is not told that it were. */
static void d27_a_block_that_cannot_be_recorded_counts_all_the_same(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    for (unsigned round = 0; round < 2; round++) {
        struct sample sample, again;
        struct signer_serial serial, other;
        struct reason reason = { 0 };
        const uint8_t *hash = key_spki_sha256(world.factory.subscriber).data;
        world_begin(NULL);
        struct issuing *issuing = core();
        assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
        assert_int_equal(sample_init(&again, &world.factory, NOW, 2), OK);
        assert_int_equal(issue(issuing, &sample, &serial, &reason), OK);
        room_limit(issuing, 20);
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(
                round == 0 ? issuing_block(issuing, hash)
                           : take_back(issuing, OURS, &serial, REVOCATION_KEY_COMPROMISE, NOW),
                ERR_NO_SPACE);
        }
        room_limit(issuing, -1);
        assert_int_equal(issue(issuing, &again, &other, &reason), ERR_DENIED);
        assert_string_equal(reason.code, "key.blocked");
        assert_int_equal(issuing_block(issuing, hash), OK);
        issuing_free(issuing);
        issuing = core();
        assert_int_equal(issue(issuing, &again, &other, &reason), ERR_DENIED);
        assert_string_equal(reason.code, "key.blocked");
        issuing_free(issuing);
        sample_release(&sample);
        sample_release(&again);
    }
}

/* Where the issuing keys never leave their device. */
static void the_index_has_a_key_of_its_own_where_none_can_be_read(void **state)
{
    static const char path[] = "signer-test-index.key";
    uint8_t first[CHECKPOINT_KEY_BYTES], second[CHECKPOINT_KEY_BYTES];
    struct random random = random_system();
    struct reason reason = { 0 };
    struct stat status;
    (void)state;
    unlink(path);
    assert_int_equal(issuing_index_key(world.issuers, 2, path, &random, first, &reason), OK);
    assert_int_equal(access(path, F_OK), -1); /* those can */
    assert_int_equal(issuing_index_key(world.issuers, 0, path, &random, second, &reason), OK);
    assert_memory_not_equal(first, second, sizeof first);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(issuing_index_key(world.issuers, 0, path, &random, first, &reason), OK);
    assert_memory_equal(first, second, sizeof first);
    static const char *const wrong[] = { "", "0123456789012345678901234567890",
        "01234567890123456789012345678901234567890123456789012345678901234" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(file_replace(path, span_from_text(wrong[i]), 0600), OK);
        assert_int_equal(
            issuing_index_key(world.issuers, 0, path, &random, first, &reason), ERR_INPUT);
        assert_string_equal(reason.code, "signer.index_key");
    }
    static const char readable[] =
        "0123456789012345678901234567890123456789012345678901234567890123";
    assert_int_equal(file_replace(path, span_from_text(readable), 0640), OK);
    assert_int_equal(
        issuing_index_key(world.issuers, 0, path, &random, first, &reason), ERR_DENIED);
    /* Whatever is drawn, it is read again as it was. */
    for (unsigned i = 0; i < 1024; i++) {
        unlink(path);
        assert_int_equal(issuing_index_key(world.issuers, 0, path, &random, first, &reason), OK);
        assert_int_equal(issuing_index_key(world.issuers, 0, path, &random, second, &reason), OK);
        assert_memory_equal(first, second, sizeof first);
    }
    unlink(path);
    assert_int_equal(issuing_index_key(world.issuers, 0, path, &random, first, &reason), OK);
    assert_memory_not_equal(first, second, sizeof first);
    unlink(path);
}

static void d27_a_key_on_the_list_of_weak_ones_is_not_signed_for(void **state)
{
    static const char *const path[] = { "signer-test-weak-keys" };
    char modulus[2 * 256 + 1], text[sizeof modulus + 32], digits[2 * SHA1_BYTES + 1];
    uint8_t hash[SHA1_BYTES];
    struct sample sample;
    struct signer_serial serial;
    struct reason reason = { 0 };
    AUTO_PTR(weaklist) list = NULL;
    AUTO_PTR(key) key = NULL;
    AUTO_PTR(issuing) issuing = NULL;
    (void)state;
    assert_int_equal(key_generate(KEY_TYPE_RSA_2048, &key), OK);
    struct span spki = key_spki(key);
    hex_format(span_make(spki.data + spki.len - 5 - 256, 256), modulus);
    for (char *at = modulus; *at != '\0'; at++) {
        *at = (char)(*at >= 'a' ? *at - 'a' + 'A' : *at);
    }
    int len = snprintf(text, sizeof text, "Modulus=%s\n", modulus);
    assert_int_equal(digest_bytes(DIGEST_SHA1_THUMBPRINT, span_make(text, (size_t)len), hash), OK);
    hex_format(SPAN_OF(hash), digits);
    assert_int_equal(file_replace(path[0], span_from_text(digits + 20), 0600), OK);
    assert_int_equal(weaklist_load(path, 1, &list, &reason), OK);
    unlink(path[0]);
    world.weak = list;
    issuing = core();
    world.weak = NULL;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issue(issuing, &sample, &serial, &reason), OK);
    sample_release(&sample);
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 2), OK);
    assert_int_equal(sample_csr(&sample, key, "www.shop.example.com"), OK);
    assert_int_equal(sample_format(&sample), OK);
    assert_int_equal(issue(issuing, &sample, &serial, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "csr.key_weak");
    assert_string_equal(reason.field, "rsa.listed");
    sample_release(&sample);
}

/* The disk that is full for the warrant of one thread has room for the certificate: a result would
 * stand in the journal without its intent, and the next process could not read it. */
static struct issuing *disturbed;
static rlim_t disturbed_limit;
static unsigned clock_looks;

static void fail_the_queue_once(void)
{
    struct rlimit unlimited, limited;
    struct sample other;
    if (++clock_looks != 2) { /* the first is before the intent, the second behind the signature */
        return;
    }
    world.at_clock = NULL;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    limited = unlimited;
    limited.rlim_cur = disturbed_limit;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    assert_int_equal(sample_init(&other, &world.factory, NOW, 77), OK);
    enum err err = issuing_withdraw(disturbed, other.warrant.approvals[0].application_hash);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_int_equal(err, ERR_NO_SPACE);
    sample_release(&other);
}

static void s1_no_certificate_stands_in_the_journal_without_its_intent(void **state)
{
    struct sample sample;
    struct signer_serial serial;
    struct signer_status status;
    struct reason reason = { 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    struct issuing *issuing = core();
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    const struct request_id *request = &sample.warrant.request;
    assert_int_equal(issuing_reserve(issuing, request, &serial, &reason), OK);
    issuing_status(issuing, &status);
    disturbed = issuing;
    disturbed_limit = (rlim_t)status.journal_bytes + 100;
    clock_looks = 0;
    world.at_clock = fail_the_queue_once;
    enum err err = issuing_issue(issuing, request, buf_span(&sample.der), &der, NULL, &reason);
    assert_null(world.at_clock);
    assert_int_equal(err, ERR_NO_SPACE);
    assert_int_equal(der.len, 0);
    issuing_free(issuing);
    issuing = core();
    issuing_free(issuing);
    sample_release(&sample);
}

static enum err nothing(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
    return OK;
}

/* The to-be-signed bytes of a certificate for this sample, from a signer elsewhere. */
static void tbs_elsewhere(const struct sample *sample, struct buf *tbs)
{
    struct reason reason = { 0 };
    struct signer_serial serial;
    struct span whole;
    struct der outer, inner;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO_PTR(issuing) issuing = core();
    const struct request_id *request = &sample->warrant.request;
    assert_int_equal(issuing_reserve(issuing, request, &serial, &reason), OK);
    assert_int_equal(issuing_issue(issuing, request, buf_span(&sample->der), &der,
                         /* ret_precertificate= */ NULL, &reason),
        OK);
    outer = der_reader(buf_span(&der));
    assert_int_equal(der_enter(&outer, DER_SEQUENCE, &inner), OK);
    assert_int_equal(der_read_whole(&inner, DER_SEQUENCE, &whole), OK);
    buf_append(tbs, whole);
    unlink(world.journal_path);
}

/* Reserves by a signer, and writes the intent into its file behind its back. */
static void intent_forge(const struct sample *sample, const char *issuer, struct span warrant,
    struct buf *tbs, bool own_serial)
{
    struct reason reason = { 0 };
    struct signer_serial serial;
    struct journal *journal = NULL;
    struct certificate made;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    struct issuing *issuing = core();
    assert_int_equal(issuing_reserve(issuing, &sample->warrant.request, &serial, &reason), OK);
    issuing_free(issuing);
    assert_int_equal(
        certificate_assemble(buf_span(tbs), signature_algorithm_of_key(world.factory.issuer.key),
            SPAN_LITERAL("x"), &der),
        OK);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    if (own_serial) {
        uint8_t *at = memmem(tbs->data, tbs->len, made.serial.data, made.serial.len);
        memcpy(at, serial.bytes, serial.len);
    }
    struct record_intent intent = { .request = sample->warrant.request,
        .serial = span_make(serial.bytes, serial.len),
        .warrant = warrant,
        .tbs = buf_span(tbs) };
    snprintf(intent.issuer, sizeof intent.issuer, "%s", issuer);
    assert_int_equal(warrant_hash(warrant, intent.warrant_hash), OK);
    assert_int_equal(
        journal_open(world.journal_path, NULL, nothing, NULL, &journal, NULL, &reason), OK);
    assert_int_equal(
        journal_append(journal, JOURNAL_INTENT, world.time, record_intent_write, &intent, NULL),
        OK);
    journal_free(journal);
}

static void s1_an_intent_that_somebody_else_wrote_gets_nothing_signed(void **state)
{
    static const struct {
        const char *issuer, *from, *to; /* what is changed in the bytes to be signed */
        bool other, no_warrant, foreign_serial, withdrawn, good;
    } cases[] = {
        { OURS, .good = true },
        { OURS, .no_warrant = true },
        { OURS, .other = true },
        { OURS, .foreign_serial = true },
        { OURS, .from = "www.shop", .to = "www.sh0p" },
        { OURS, .from = "Shop Example", .to = "Bank Example" },
        { OURS, .from = "/crl/ssl-ca", .to = "/crl/ssl-cb" },
        { OURS, .withdrawn = true },
        { THEIRS },
        { "nobody" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample sample, other;
        struct signer_status status;
        struct reason reason = { 0 };
        AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        unlink(world.journal_path);
        assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
        assert_int_equal(sample_init(&other, &world.factory, NOW, 2), OK);
        assert_int_equal(sample_become(&other, EDITION_WILDCARD, 1), OK);
        tbs_elsewhere(cases[i].other ? &other : &sample, &tbs);
        for (uint8_t *at = tbs.data; cases[i].from != NULL && at != NULL;) {
            at = memmem(tbs.data, tbs.len, cases[i].from, strlen(cases[i].from));
            if (at != NULL) {
                memcpy(at, cases[i].to, strlen(cases[i].to));
            }
        }
        if (cases[i].withdrawn) {
            struct issuing *issuing = core();
            assert_int_equal(
                issuing_withdraw(issuing, sample.warrant.approvals[0].application_hash), OK);
            issuing_free(issuing);
        }
        intent_forge(&sample, cases[i].issuer,
            cases[i].no_warrant ? SPAN_LITERAL("none") : buf_span(&sample.der), &tbs,
            !cases[i].foreign_serial);
        struct issuing *issuing = core();
        issuing_status(issuing, &status);
        assert_int_equal(status.issued, cases[i].good ? 1 : 0);
        assert_int_equal(
            issuing_issue(issuing, &sample.warrant.request, buf_span(&sample.der), &der,
                /* ret_precertificate= */ NULL, &reason),
            cases[i].good ? OK : ERR_DENIED);
        assert_int_equal(der.len == 0, !cases[i].good);
        issuing_free(issuing);
        sample_release(&sample);
        sample_release(&other);
    }
}

/* One key under two ids. */
static int make_world(void **state)
{
    int made = world_make(state);
    world.issuers[1] = world.factory.issuer;
    memcpy(world.issuers[1].id, THEIRS, sizeof THEIRS);
    return made;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, world_begin)
    const struct CMUnitTest tests[] = {
        TEST(what_breaks_a_rule_is_not_signed_whoever_wants_it),
        TEST(a_ca_that_breaks_a_rule_is_not_signed),
        TEST(r13_a_revocation_under_another_issuer_takes_nothing_off_a_list),
        TEST(r5_no_date_of_a_revocation_keeps_lists_from_being_made),
        TEST(d27_the_key_of_a_compromised_certificate_gets_no_other),
        TEST(d27_a_blocked_key_gets_nothing_for_ever),
        TEST(d27_blocking_a_key_takes_back_nothing_by_itself),
        TEST(d27_a_block_that_cannot_be_recorded_counts_all_the_same),
        TEST(the_index_has_a_key_of_its_own_where_none_can_be_read),
        TEST(d27_a_key_on_the_list_of_weak_ones_is_not_signed_for),
        TEST(s1_an_intent_that_somebody_else_wrote_gets_nothing_signed),
        TEST(s1_no_certificate_stands_in_the_journal_without_its_intent),
    };
    return cmocka_run_group_tests(tests, make_world, world_drop);
}
