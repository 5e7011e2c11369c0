/* The issuing core over a real journal: one certificate per request, nothing forgotten, nothing
 * signed that may not be. */
#include "lib/pki/crl.h"
#include "lib/pki/name.h"
#include "tests/process/signer/core.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* Reserves and issues; the certificate replaces the buffer's content. */
static enum err issue(struct issuing *issuing, const struct sample *sample, struct buf *certificate,
    struct reason *ret_reason)
{
    struct signer_serial serial;
    const struct request_id *request = &sample->warrant.request;
    *ret_reason = (struct reason){ 0 };
    buf_clear(certificate);
    TRY(issuing_reserve(issuing, request, &serial, ret_reason));
    return issuing_issue(issuing, request, buf_span(&sample->der), certificate, NULL, ret_reason);
}

static void a_warrant_becomes_the_certificate_it_entitles_to(void **state)
{
    struct reason reason;
    struct sample sample;
    struct certificate made;
    AUTO_PTR(issuing) issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issue(issuing, &sample, &der, &reason), OK);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    assert_int_equal(certificate_verify(&made, world.factory.issuer.key), OK);
    assert_int_equal(made.not_before, NOW);
    assert_int_equal(made.not_after, NOW + 199 * 86400 - 1);
    assert_int_equal(made.serial.len, 17);
    assert_int_equal(made.dns_name_count, 1);
    assert_true(span_equal_text(made.dns_names[0], "www.shop.example.com"));
    assert_true(span_equal_text(made.crl_uri, "http://ecert.example.net/crl/ssl-ca.crl"));
    sample_release(&sample);
}

/* The texts of the subject, in their order. */
static void assert_subject(struct span subject, const char *expected)
{
    AUTO(buf) text = buf_make(4096);
    assert_int_equal(name_format(subject, &text), OK);
    assert_string_equal(buf_text(&text), expected);
}

static void an_ev_warrant_is_signed_by_the_ev_ca_with_all_it_must_say(void **state)
{
    struct reason reason;
    struct sample sample;
    struct certificate made;
    AUTO_PTR(issuing) issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    sample.warrant.chinese = true;
    assert_int_equal(sample_become(&sample, EDITION_EV, 1), OK);
    assert_int_equal(issue(issuing, &sample, &der, &reason), OK);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    assert_int_equal(certificate_verify(&made, world.factory.ev_issuer.key), OK);
    assert_int_not_equal(certificate_verify(&made, world.factory.issuer.key), OK);
    assert_subject(made.subject,
        "CN=www.shop.example.com, O=例子商店有限公司, L=Hong Kong, ST=Hong Kong, C=HK, "
        "serialNumber=12345678, jurisdictionC=HK, businessCategory=Private Organization");
    assert_true(span_equal(made.policies[0], oid_policy_ev));
    assert_true(span_equal_text(made.crl_uri, "http://ecert.example.net/crl/ev-ssl-ca.crl"));
    assert_true(
        span_equal_text(made.ca_issuers_uri, "http://ecert.example.net/root/ev-ssl-ca.crt"));
    sample_release(&sample);
}

static void fifty_names_make_a_warrant_beyond_a_message_and_one_certificate(void **state)
{
    static const enum edition editions[] = { EDITION_MULTI, EDITION_EV_MULTI };
    AUTO_PTR(issuing) issuing = core();
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct reason reason;
        struct sample sample;
        struct certificate made;
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        assert_int_equal(sample_init(&sample, &world.factory, NOW, i + 1), OK);
        assert_int_equal(sample_become(&sample, editions[i], APPLICATION_NAMES_MAX), OK);
        assert_true(sample.der.len > MESSAGE_MAX_BYTES);
        assert_int_equal(issue(issuing, &sample, &der, &reason), OK);
        assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
        assert_int_equal(made.dns_name_count, APPLICATION_NAMES_MAX);
        for (size_t n = 0; n < APPLICATION_NAMES_MAX; n++) {
            assert_true(span_equal_text(made.dns_names[n], sample.names[n]));
        }
        sample_release(&sample);
    }
}

static void a_wildcard_brings_its_bare_name_into_the_certificate(void **state)
{
    struct reason reason;
    struct sample sample;
    struct certificate made;
    AUTO_PTR(issuing) issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(sample_become(&sample, EDITION_WILDCARD, 1), OK);
    assert_int_equal(issue(issuing, &sample, &der, &reason), OK);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    assert_int_equal(made.dns_name_count, 2);
    assert_true(span_equal_text(made.dns_names[0], "*.shop.example.com"));
    assert_true(span_equal_text(made.dns_names[1], "shop.example.com"));
    assert_subject(made.subject,
        "CN=*.shop.example.com, O=Shop Example Limited, L=Hong Kong, ST=Hong Kong, C=HK");
    sample_release(&sample);
}

static void the_certificate_ends_with_the_subscription(void **state)
{
    struct reason reason;
    struct sample sample;
    struct certificate made;
    AUTO_PTR(issuing) issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    sample.warrant.approvals[1].time = NOW - 360 * 86400;
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(sample_format(&sample), OK);
    assert_int_equal(issue(issuing, &sample, &der, &reason), OK);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    int64_t end = subscription_end(&sample.warrant.approvals[1]);
    assert_int_equal(made.not_after, end - 1);
    assert_int_equal(end % 86400, 0);
    sample_release(&sample);
}

static void a_request_has_one_serial_and_one_certificate_for_ever(void **state)
{
    struct reason reason;
    struct sample sample, other;
    struct signer_serial first, second;
    struct issuing *issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) again = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(sample_init(&other, &world.factory, NOW, 2), OK);
    const struct request_id *request = &sample.warrant.request;
    assert_int_equal(issuing_reserve(issuing, request, &first, &reason), OK);
    assert_int_equal(issuing_reserve(issuing, request, &second, &reason), OK);
    assert_memory_equal(first.bytes, second.bytes, first.len);
    assert_int_equal(issue(issuing, &sample, &der, &reason), OK);
    assert_int_equal(issue(issuing, &sample, &again, &reason), OK);
    assert_true(span_equal(buf_span(&der), buf_span(&again)));
    issuing_free(issuing);

    issuing = core();
    /* Whatever comes under its name: it is answered, not looked at. */
    buf_clear(&again);
    assert_int_equal(
        issuing_issue(issuing, request, SPAN_LITERAL("nonsense"), &again, NULL, &reason), OK);
    assert_true(span_equal(buf_span(&der), buf_span(&again)));
    assert_int_equal(issue(issuing, &other, &again, &reason), OK);
    assert_false(span_equal(buf_span(&der), buf_span(&again)));
    issuing_free(issuing);
    sample_release(&sample);
    sample_release(&other);
}

static void nothing_is_issued_without_a_reservation_or_for_another_request(void **state)
{
    struct reason reason = { 0 };
    struct sample sample, other;
    struct signer_serial serial;
    AUTO_PTR(issuing) issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(sample_init(&other, &world.factory, NOW, 2), OK);
    const struct request_id *request = &sample.warrant.request;
    assert_int_equal(
        issuing_issue(issuing, request, buf_span(&sample.der), &der, NULL, &reason), ERR_CONFLICT);
    assert_string_equal(reason.code, "request.unreserved");
    assert_int_equal(issuing_reserve(issuing, request, &serial, &reason), OK);
    assert_int_equal(
        issuing_issue(issuing, request, buf_span(&other.der), &der, NULL, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.request");
    assert_int_equal(
        issuing_issue(issuing, request, SPAN_LITERAL("nonsense"), &der, NULL, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.malformed");
    assert_int_equal(der.len, 0);
    sample_release(&sample);
    sample_release(&other);
}

static void a_refused_request_may_come_again_with_a_better_warrant(void **state)
{
    struct reason reason;
    struct sample sample;
    AUTO_PTR(issuing) issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    sample.warrant.epoch++;
    assert_int_equal(sample_format(&sample), OK);
    assert_int_equal(issue(issuing, &sample, &der, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.epoch");
    sample.warrant.epoch--;
    assert_int_equal(sample_format(&sample), OK);
    assert_int_equal(issue(issuing, &sample, &der, &reason), OK);
    sample_release(&sample);
}

static void a_withdrawn_application_is_never_signed_for_again(void **state)
{
    struct reason reason;
    struct sample sample;
    struct issuing *issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issuing_withdraw(issuing, sample.warrant.approvals[0].application_hash), OK);
    assert_int_equal(issue(issuing, &sample, &der, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.withdrawn");
    issuing_free(issuing);
    issuing = core();
    assert_int_equal(issue(issuing, &sample, &der, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.withdrawn");
    issuing_free(issuing);
    sample_release(&sample);
}

static struct signer_revoke revocation(
    const struct signer_serial *serial, enum revocation_reason why)
{
    struct signer_revoke revoke = { .serial = *serial, .reason = why, .date = world.time };
    memcpy(revoke.issuer, "ssl-ca-3-17", 12);
    return revoke;
}

static size_t crl_entries(struct issuing *issuing, const struct signer_serial *serial,
    struct signer_crl_made *ret_made, struct crl_entry *ret_entry)
{
    struct crl crl;
    struct reason reason = { 0 };
    struct signer_crl wanted = { .this_update = world.time, .next_update = world.time + 86400 };
    AUTO(buf) der = buf_make(SIGNER_CRL_MAX_BYTES);
    memcpy(wanted.issuer, "ssl-ca-3-17", 12);
    assert_int_equal(issuing_crl(issuing, &wanted, ret_made, &der, &reason), OK);
    assert_int_equal(crl_parse(buf_span(&der), &crl), OK);
    assert_int_equal(crl_verify(&crl, world.factory.issuer.key), OK);
    enum err err = crl_find(&crl, span_make(serial->bytes, serial->len), ret_entry);
    ret_entry->serial = (struct span){ 0 };
    return err == OK;
}

static void a_revocation_is_taken_and_never_forgotten(void **state)
{
    struct reason reason;
    struct sample sample;
    struct signer_serial serial, unknown = { { 0x4e, 1 }, 17 };
    struct signer_crl_made made, later;
    struct crl_entry entry;
    struct issuing *issuing = core();
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issuing_reserve(issuing, &sample.warrant.request, &serial, &reason), OK);
    assert_int_equal(crl_entries(issuing, &serial, &made, &entry), 0);
    struct signer_revoke revoke = revocation(&unknown, REVOCATION_SUPERSEDED);
    assert_int_equal(issuing_revoke(issuing, &revoke, &reason), ERR_NOT_FOUND);
    revoke = revocation(&serial, REVOCATION_SUPERSEDED);
    assert_int_equal(issuing_revoke(issuing, &revoke, &reason), OK);
    assert_int_equal(issuing_revoke(issuing, &revoke, &reason), OK);
    assert_int_equal(crl_entries(issuing, &serial, &later, &entry), 1);
    assert_int_equal(later.number, made.number + 1);
    assert_int_equal(later.entries, 1);
    assert_int_equal(entry.reason, CRL_SUPERSEDED);
    revoke = revocation(&serial, REVOCATION_KEY_COMPROMISE);
    assert_int_equal(issuing_revoke(issuing, &revoke, &reason), OK);
    revoke = revocation(&serial, REVOCATION_SUPERSEDED);
    assert_int_equal(issuing_revoke(issuing, &revoke, &reason), ERR_CONFLICT);
    issuing_free(issuing);
    issuing = core();
    assert_int_equal(crl_entries(issuing, &serial, &made, &entry), 1);
    assert_int_equal(made.number, later.number + 1);
    assert_int_equal(entry.reason, CRL_KEY_COMPROMISE);
    issuing_free(issuing);
    sample_release(&sample);
}

static void a_revoked_serial_is_not_signed_any_more(void **state)
{
    struct reason reason;
    struct sample sample;
    struct signer_serial serial;
    AUTO_PTR(issuing) issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issuing_reserve(issuing, &sample.warrant.request, &serial, &reason), OK);
    struct signer_revoke revoke = revocation(&serial, REVOCATION_CESSATION);
    assert_int_equal(issuing_revoke(issuing, &revoke, &reason), OK);
    assert_int_equal(issue(issuing, &sample, &der, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.serial_revoked");
    sample_release(&sample);
}

static void crl_windows_that_no_rule_allows_are_refused(void **state)
{
    struct reason reason;
    struct signer_crl_made made;
    AUTO_PTR(issuing) issuing = core();
    AUTO(buf) der = buf_make(SIGNER_CRL_MAX_BYTES);
    const struct signer_crl windows[] = {
        { "ssl-ca-3-17", NOW + 3600, NOW + 86400 },
        { "ssl-ca-3-17", NOW, NOW },
        { "ssl-ca-3-17", NOW, NOW + 10 * 86400 + 1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        assert_int_equal(issuing_crl(issuing, &windows[i], &made, &der, &reason), ERR_INPUT);
        assert_string_equal(reason.code, "crl.window");
    }
    const struct signer_crl foreign = { "no-such-ca", NOW, NOW + 86400 };
    assert_int_equal(issuing_crl(issuing, &foreign, &made, &der, &reason), ERR_NOT_FOUND);
}

static void a_clock_that_went_back_stops_issuance(void **state)
{
    struct reason reason;
    struct sample sample, later;
    AUTO_PTR(issuing) issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(sample_init(&later, &world.factory, NOW, 2), OK);
    assert_int_equal(issue(issuing, &sample, &der, &reason), OK);
    world.time = NOW - 61;
    assert_int_equal(issue(issuing, &later, &der, &reason), ERR_AGAIN);
    assert_string_equal(reason.code, "clock.backwards");
    world.time = NOW - 60;
    assert_int_equal(issue(issuing, &later, &der, &reason), OK);
    sample_release(&sample);
    sample_release(&later);
}

static void an_older_roster_is_not_taken(void **state)
{
    struct reason reason = { 0 };
    struct issuing *issuing = core();
    (void)state;
    issuing_free(issuing);
    issuing = NULL;
    world.factory.roster.epoch--;
    world.factory.roster_hash[0] ^= 1;
    assert_int_equal(core_open(&issuing, NULL, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "roster.epoch");
    world.factory.roster.epoch++;
    assert_int_equal(core_open(&issuing, NULL, &reason), ERR_DENIED);
    world.factory.roster_hash[0] ^= 1;
    issuing_free(core());
}

static void a_second_signer_over_one_journal_does_not_start(void **state)
{
    struct reason reason = { 0 };
    struct issuing *second = NULL;
    AUTO_PTR(issuing) issuing = core();
    (void)state;
    assert_int_equal(core_open(&second, NULL, &reason), ERR_CONFLICT);
    assert_string_equal(reason.code, "journal.held");
}

/* Every cut that a kill can leave: what was acknowledged before it is still there, and what was
 * intended is signed. */
static void a_journal_torn_anywhere_opens_and_goes_on(void **state)
{
    struct reason reason;
    struct sample sample;
    AUTO(buf) whole = { 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    struct issuing *issuing = core();
    assert_int_equal(issue(issuing, &sample, &der, &reason), OK);
    issuing_free(issuing);
    assert_int_equal(file_read(world.journal_path, FILE_MAX_BYTES, &whole), OK);
    for (size_t len = 0; len <= whole.len; len += len % 7 == 0 ? 131 : 97) {
        struct signer_status status;
        AUTO(buf) again = buf_make(CERTIFICATE_MAX_BYTES);
        assert_int_equal(file_replace(world.journal_path, span_make(whole.data, len), 0600), OK);
        issuing = core();
        assert_int_equal(issue(issuing, &sample, &again, &reason), OK);
        issuing_status(issuing, &status);
        assert_int_equal(status.issued, 1);
        issuing_free(issuing);
    }
    sample_release(&sample);
}

static void a_changed_journal_does_not_open_and_stays_as_it_is(void **state)
{
    struct reason reason;
    struct sample sample;
    struct issuing *issuing = core(), *broken = NULL;
    AUTO(buf) whole = { 0 };
    AUTO(buf) after = { 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issue(issuing, &sample, &der, &reason), OK);
    issuing_free(issuing);
    assert_int_equal(file_read(world.journal_path, FILE_MAX_BYTES, &whole), OK);
    whole.data[60] ^= 1;
    assert_int_equal(file_replace(world.journal_path, buf_span(&whole), 0600), OK);
    assert_int_equal(core_open(&broken, NULL, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "journal.broken");
    assert_int_equal(file_read(world.journal_path, FILE_MAX_BYTES, &after), OK);
    assert_true(span_equal(buf_span(&whole), buf_span(&after)));
    sample_release(&sample);
}

static void s13_a_full_disk_refuses_and_leaves_the_journal_as_it_was(void **state)
{
    struct reason reason;
    struct sample sample;
    struct signer_serial serial;
    struct signer_status before, after;
    struct rlimit unlimited, limited;
    AUTO_PTR(issuing) issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issuing_reserve(issuing, &sample.warrant.request, &serial, &reason), OK);
    issuing_status(issuing, &before);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    limited = unlimited;
    limited.rlim_cur = (rlim_t)before.journal_bytes + 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    struct signer_revoke revoke = revocation(&serial, REVOCATION_SUPERSEDED);
    enum err issued = issue(issuing, &sample, &der, &reason);
    enum err revoked = issuing_revoke(issuing, &revoke, &reason);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_int_equal(issued, ERR_NO_SPACE);
    assert_int_equal(revoked, ERR_NO_SPACE);
    issuing_status(issuing, &after);
    assert_int_equal(after.journal_bytes, before.journal_bytes);
    assert_memory_equal(after.journal_head, before.journal_head, HASH_BYTES);
    /* With room again the revocation is taken, and stands on the disk. */
    assert_int_equal(issuing_revoke(issuing, &revoke, &reason), OK);
    issuing_status(issuing, &after);
    assert_int_equal(after.journal_records, before.journal_records + 1);
    sample_release(&sample);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, world_begin)
    const struct CMUnitTest tests[] = {
        TEST(a_warrant_becomes_the_certificate_it_entitles_to),
        TEST(an_ev_warrant_is_signed_by_the_ev_ca_with_all_it_must_say),
        TEST(fifty_names_make_a_warrant_beyond_a_message_and_one_certificate),
        TEST(a_wildcard_brings_its_bare_name_into_the_certificate),
        TEST(the_certificate_ends_with_the_subscription),
        TEST(a_request_has_one_serial_and_one_certificate_for_ever),
        TEST(nothing_is_issued_without_a_reservation_or_for_another_request),
        TEST(a_refused_request_may_come_again_with_a_better_warrant),
        TEST(a_withdrawn_application_is_never_signed_for_again),
        TEST(a_revocation_is_taken_and_never_forgotten),
        TEST(a_revoked_serial_is_not_signed_any_more),
        TEST(crl_windows_that_no_rule_allows_are_refused),
        TEST(a_clock_that_went_back_stops_issuance),
        TEST(an_older_roster_is_not_taken),
        TEST(a_second_signer_over_one_journal_does_not_start),
        TEST(a_journal_torn_anywhere_opens_and_goes_on),
        TEST(a_changed_journal_does_not_open_and_stays_as_it_is),
        TEST(s13_a_full_disk_refuses_and_leaves_the_journal_as_it_was),
    };
    return cmocka_run_group_tests(tests, world_make, world_drop);
}
