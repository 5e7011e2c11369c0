/* The issuing core in the hands of an enemy: whoever drives it has the registrar, the store and the
 * socket, and may send any message at any moment. Names begin with the row of the threat. */
#include "lib/base/file.h"
#include "lib/pki/crl.h"
#include "proc/signer/issue.h"
#include "tests/factory/factory.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW    INT64_C(1795000000) /* 2026-11-18 */
#define OURS   "ssl-ca-3-17"
#define THEIRS "ev-ssl-ca-3-17"

static struct factory factory;
static struct issuer_key issuers[2]; /* one key under two ids */
static char folder[] = "hostile-test-XXXXXX";
static char journal_path[PATH_MAX];
static int64_t the_time;
static void (*at_clock)(void); /* what happens elsewhere while somebody looks at the clock */

static int64_t clock_of_test(void *ctx)
{
    (void)ctx;
    if (at_clock != NULL) {
        at_clock();
    }
    return the_time;
}

static struct issuing *core(void)
{
    struct issuing *issuing = NULL;
    struct reason reason = { 0 };
    const struct issuing_setup setup = {
        .roster = &factory.roster,
        .roster_hash = factory.roster_hash,
        .issuers = issuers,
        .issuer_count = 2,
        .journal_path = journal_path,
        .clock = { clock_of_test, NULL },
        .random = random_system(),
    };
    enum err err = issuing_open(&setup, &issuing, NULL, &reason);
    if (err != OK) {
        fail_msg("%s: %s", err_name(err), reason.code);
    }
    return issuing;
}

static int begin(void **state)
{
    (void)state;
    the_time = NOW;
    at_clock = NULL;
    unlink(journal_path);
    return 0;
}

static enum err issue(struct issuing *issuing, const struct sample *sample,
    struct signer_serial *ret_serial, struct reason *ret_reason)
{
    const struct request_id *request = &sample->warrant.request;
    AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(issuing_reserve(issuing, request, ret_serial, ret_reason));
    return issuing_issue(issuing, request, buf_span(&sample->der), &certificate, NULL, ret_reason);
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
    struct signer_crl wanted = { .this_update = the_time, .next_update = the_time + 86400 };
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
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
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
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
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
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(sample_init(&again, &factory, NOW, 2), OK);
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
    at_clock = NULL;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    limited = unlimited;
    limited.rlim_cur = disturbed_limit;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    assert_int_equal(sample_init(&other, &factory, NOW, 77), OK);
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
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    const struct request_id *request = &sample.warrant.request;
    assert_int_equal(issuing_reserve(issuing, request, &serial, &reason), OK);
    issuing_status(issuing, &status);
    disturbed = issuing;
    disturbed_limit = (rlim_t)status.journal_bytes + 100;
    clock_looks = 0;
    at_clock = fail_the_queue_once;
    enum err err = issuing_issue(issuing, request, buf_span(&sample.der), &der, NULL, &reason);
    assert_null(at_clock);
    assert_int_equal(err, ERR_NO_SPACE);
    assert_int_equal(der.len, 0);
    issuing_free(issuing);
    issuing = core();
    issuing_free(issuing);
    sample_release(&sample);
}

static int make_world(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL ||
        path_join(journal_path, sizeof journal_path, folder, "journal") != OK ||
        factory_init(&factory, KEY_TYPE_RSA_2048) != OK) {
        return -1;
    }
    issuers[0] = factory.issuer;
    issuers[1] = factory.issuer;
    memcpy(issuers[1].id, THEIRS, sizeof THEIRS);
    return 0;
}

static int drop_world(void **state)
{
    (void)state;
    unlink(journal_path);
    rmdir(folder);
    factory_release(&factory);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(r13_a_revocation_under_another_issuer_takes_nothing_off_a_list),
        TEST(r5_no_date_of_a_revocation_keeps_lists_from_being_made),
        TEST(d27_the_key_of_a_compromised_certificate_gets_no_other),
        TEST(s1_no_certificate_stands_in_the_journal_without_its_intent),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
