/* Every profile by every key, and every moment: only the allowed cells are signed, and to the
 * second (doc/threats.md S7, S10). */
#include "lib/journal/record.h"
#include "tests/process/signer/core.h"

#include <stdio.h>
#include <unistd.h>

#define DAY INT64_C(86400)

static const enum edition editions[] = { EDITION_SERVER, EDITION_WILDCARD, EDITION_MULTI,
    EDITION_EV, EDITION_EV_MULTI };

enum { EDITIONS = sizeof editions / sizeof editions[0] };

static void sample_of(struct sample *sample, size_t edition, unsigned number)
{
    bool multi = editions[edition] == EDITION_MULTI || editions[edition] == EDITION_EV_MULTI;
    assert_int_equal(sample_init(sample, &world.factory, NOW, number), OK);
    assert_int_equal(sample_become(sample, editions[edition], multi ? 2 : 1), OK);
}

static bool is_ev(size_t edition)
{
    return editions[edition] == EDITION_EV || editions[edition] == EDITION_EV_MULTI;
}

static void s10_a_warrant_gets_its_editions_profile_and_key_and_no_other(void **state)
{
    AUTO_PTR(issuing) issuing = core();
    unsigned number = 0, signed_ = 0;
    (void)state;
    for (size_t e = 0; e < EDITIONS; e++) {
        for (size_t p = 0; p < profile_count(); p++) {
            struct sample sample;
            struct certificate made;
            struct signer_serial serial;
            struct reason reason = { 0 };
            const struct profile *profile = profile_at(p);
            bool right = profile == warrant_profile(&world.factory.roster, editions[e]);
            AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
            sample_of(&sample, e, ++number);
            struct warrant *warrant = &sample.warrant;
            snprintf(warrant->profile_id, sizeof warrant->profile_id, "%s", profile->id);
            assert_int_equal(profile_hash(profile, warrant->profile_hash), OK);
            assert_int_equal(sample_format(&sample), OK);
            assert_int_equal(issuing_reserve(issuing, &warrant->request, &serial, &reason), OK);
            assert_int_equal(issuing_issue(issuing, &warrant->request, buf_span(&sample.der), &der,
                                 NULL, &reason),
                right ? OK : ERR_DENIED);
            assert_string_equal(reason.code, right ? "" : "warrant.profile");
            if (right) {
                assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
                assert_int_equal(certificate_verify(&made, world.issuers[is_ev(e)].key), OK);
                assert_int_not_equal(certificate_verify(&made, world.issuers[!is_ev(e)].key), OK);
                assert_false(made.is_ca);
                signed_++;
            } else {
                assert_int_equal(der.len, 0);
            }
            sample_release(&sample);
        }
    }
    assert_int_equal(signed_, EDITIONS);
}

static enum err pass_by(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
    return OK;
}

/* What a sample entitles to; lies in the sample, the warrant and the arena. */
static void entitle(const struct sample *sample, struct warrant *warrant, struct arena *arena,
    struct entitlement *ret_entitlement)
{
    struct reason reason = { 0 };
    assert_int_equal(warrant_parse(buf_span(&sample->der), arena, warrant), OK);
    assert_int_equal(warrant_check(warrant, &world.factory.roster, &factory_believer, NOW, arena,
                         ret_entitlement, &reason),
        OK);
}

/* What a warrant entitles to, by this profile under this issuer's name. ERR_INPUT where the
 * profile has no room for the subject. */
static enum err tbs_of(const struct sample *sample, const struct profile *profile,
    const struct issuer_key *issuer, const struct signer_serial *serial, struct buf *tbs)
{
    struct warrant warrant;
    struct entitlement entitlement;
    struct policy policy;
    struct reason reason = { 0 };
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    entitle(sample, &warrant, &arena, &entitlement);
    policy_at(NOW, world.factory.roster.policy_set, &policy);
    const struct build_request request = { .entitlement = &entitlement,
        .profile = profile,
        .issuer = issuer,
        .serial = span_make(serial->bytes, serial->len),
        .policy = &policy,
        .now = NOW };
    return build_tbs(&request, tbs, &reason);
}

/* Who writes the journal chooses both, and has a warrant that is right. */
static void s10_an_intent_of_any_profile_under_any_key_is_signed_in_its_own_cell_only(void **state)
{
    static const size_t chosen[] = { 0, 3 }; /* one of each issuing CA */
    unsigned number = 0, tried = 0, signed_ = 0;
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        for (size_t p = 0; p < profile_count(); p++) {
            for (size_t k = 0; k < WORLD_ISSUERS; k++) {
                struct sample sample;
                struct signer_serial serial;
                struct signer_status status;
                struct reason reason = { 0 };
                struct journal *journal = NULL;
                AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
                AUTO(buf) right_tbs = buf_make(CERTIFICATE_MAX_BYTES);
                world_begin(NULL);
                sample_of(&sample, chosen[c], ++number);
                struct issuing *issuing = core();
                assert_int_equal(
                    issuing_reserve(issuing, &sample.warrant.request, &serial, &reason), OK);
                issuing_free(issuing);
                if (tbs_of(&sample, profile_at(p), &world.issuers[k], &serial, &tbs) != OK) {
                    sample_release(&sample);
                    continue;
                }
                struct record_intent intent = { .request = sample.warrant.request,
                    .serial = span_make(serial.bytes, serial.len),
                    .warrant = buf_span(&sample.der),
                    .tbs = buf_span(&tbs) };
                memcpy(intent.issuer, world.issuers[k].id, sizeof intent.issuer);
                assert_int_equal(warrant_hash(intent.warrant, intent.warrant_hash), OK);
                assert_int_equal(
                    journal_open(world.journal_path, NULL, pass_by, NULL, &journal, NULL, &reason),
                    OK);
                assert_int_equal(journal_append(journal, JOURNAL_INTENT, NOW, record_intent_write,
                                     &intent, NULL),
                    OK);
                journal_free(journal);
                issuing = core();
                issuing_status(issuing, &status);
                issuing_free(issuing);
                /* A profile that says the same in these octets is the same. */
                assert_int_equal(
                    tbs_of(&sample, warrant_profile(&world.factory.roster, editions[chosen[c]]),
                        &world.issuers[c], &serial, &right_tbs),
                    OK);
                bool right = span_equal(buf_span(&tbs), buf_span(&right_tbs));
                assert_true(!right || k == c);
                assert_int_equal(status.issued, right ? 1 : 0);
                tried++;
                signed_ += right;
                sample_release(&sample);
            }
        }
    }
    assert_true(signed_ >= 2);
    assert_true(tried >= 3 * signed_); /* or the table is not what this test believes */
}

static int64_t at(const char *text)
{
    int64_t time = 0;
    assert_int_equal(time_parse_rfc3339(span_from_text(text), &time), OK);
    return time;
}

/* The tag of each of the two times, in their order, in the bytes to be signed. */
static void time_tags(struct span tbs, uint8_t ret_tags[2])
{
    struct der outer = der_reader(tbs), fields, validity;
    struct der_element element;
    assert_int_equal(der_enter(&outer, DER_SEQUENCE, &fields), OK);
    for (unsigned i = 0; i < 4; i++) { /* version, serial number, algorithm, issuer */
        assert_int_equal(der_read_any(&fields, &element), OK);
    }
    assert_int_equal(der_enter(&fields, DER_SEQUENCE, &validity), OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(der_read_any(&validity, &element), OK);
        ret_tags[i] = element.tag;
    }
}

/* A moment, what is left of the subscription and of the issuing CA's life behind it, and what that
 * makes of the end; 0: nothing is built. */
struct validity {
    const char *now;
    int64_t subscription, issuer, end;
};

/* What was built is read again before it is intended, whatever the builder believed. */
static void s10_what_was_built_for_something_else_is_not_intended(void **state)
{
    struct sample sample;
    struct warrant warrant;
    struct entitlement asked;
    struct policy policy;
    struct reason reason = { 0 };
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    sample_of(&sample, 0, 1);
    entitle(&sample, &warrant, &arena, &asked);
    policy_at(NOW, world.factory.roster.policy_set, &policy);
    const struct build_request request = { .entitlement = &asked,
        .profile = asked.profile,
        .issuer = &world.issuers[0],
        .serial = SPAN_LITERAL("\x4e\x01"),
        .policy = &policy,
        .now = NOW };
    assert_int_equal(build_tbs(&request, &tbs, &reason), OK);
    assert_int_equal(build_compare(&request, buf_span(&tbs), &reason), OK);
    const char *names[] = { asked.names[0], "more.example.com" };
    struct entitlement key = asked, subject = asked, more = asked;
    key.spki = world.issuers[1].certificate.spki;
    subject.organisation = "Somebody Else Limited";
    more.names = names;
    more.name_count = 2;
    struct build_request changed[6];
    static const char *const codes[] = { "build.serial", "build.issuer", "build.key",
        "build.subject", "build.names", "build.validity" };
    for (size_t i = 0; i < 6; i++) {
        changed[i] = request;
    }
    changed[0].serial = SPAN_LITERAL("\x4e\x02");
    changed[1].issuer = &world.issuers[1];
    changed[2].entitlement = &key;
    changed[3].entitlement = &subject;
    changed[4].entitlement = &more;
    changed[5].now = NOW + 1;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(build_compare(&changed[i], buf_span(&tbs), &reason), ERR_CRYPTO);
        assert_string_equal(reason.code, codes[i]);
        assert_int_equal(build_again(&changed[i], buf_span(&tbs), &reason), ERR_CRYPTO);
    }
    assert_int_equal(
        build_compare(&request, span_make(tbs.data, tbs.len - 1), &reason), ERR_CRYPTO);
    assert_string_equal(reason.code, "build.der");
    sample_release(&sample);
}

static void validity_check(const struct validity *row, struct entitlement *entitlement)
{
    const int64_t now = at(row->now), year_2050 = at("2050-01-01T00:00:00Z");
    struct reason reason = { 0 };
    struct issuer_key issuer = world.issuers[0];
    struct policy policy;
    struct certificate made;
    uint8_t tags[2];
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    issuer.certificate.not_after = now + row->issuer;
    entitlement->subscription_end = now + row->subscription;
    policy_at(now, world.factory.roster.policy_set, &policy);
    const struct build_request request = { .entitlement = entitlement,
        .profile = entitlement->profile,
        .issuer = &issuer,
        .serial = SPAN_LITERAL("\x4e\x01"),
        .policy = &policy,
        .now = now };
    enum err err = build_tbs(&request, &tbs, &reason);
    assert_int_equal(err, row->end == 0 ? ERR_DENIED : OK);
    if (err != OK) {
        assert_string_equal(reason.code, "warrant.subscription");
        return;
    }
    assert_int_equal(certificate_assemble(buf_span(&tbs), signature_algorithm_of_key(issuer.key),
                         SPAN_LITERAL("x"), &der),
        OK);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    assert_int_equal(made.not_before, now);
    assert_int_equal(made.not_after - now, row->end);
    time_tags(buf_span(&tbs), tags);
    assert_int_equal(tags[0] == DER_GENERALIZED_TIME, made.not_before >= year_2050);
    assert_int_equal(tags[1] == DER_GENERALIZED_TIME, made.not_after >= year_2050);
    assert_int_equal(build_compare(&request, buf_span(&tbs), &reason), OK);
}

static void s7_validity_is_right_to_the_second_on_every_boundary(void **state)
{
    static const struct validity cases[] = {
        { "2026-11-18T00:00:00Z", 366 * DAY, 900 * DAY, 199 * DAY - 1 },
        { "2027-03-14T23:59:59Z", 366 * DAY, 900 * DAY, 199 * DAY - 1 },
        { "2027-03-15T00:00:00Z", 366 * DAY, 900 * DAY, 99 * DAY - 1 },
        { "2028-02-28T23:59:59Z", 366 * DAY, 900 * DAY, 99 * DAY - 1 },
        { "2028-02-29T00:00:00Z", 366 * DAY, 900 * DAY, 99 * DAY - 1 },
        { "2028-02-29T23:59:59Z", 1, 900 * DAY, 0 },
        { "2028-02-29T23:59:59Z", 2, 900 * DAY, 1 },
        { "2029-03-14T23:59:59Z", 366 * DAY, 900 * DAY, 99 * DAY - 1 },
        { "2029-03-15T00:00:00Z", 366 * DAY, 900 * DAY, 46 * DAY - 1 },
        { "2049-12-31T23:59:58Z", 2, 900 * DAY, 1 },
        { "2049-12-31T23:59:58Z", 3, 900 * DAY, 2 },
        { "2049-12-31T23:59:59Z", 366 * DAY, 900 * DAY, 46 * DAY - 1 },
        { "2050-01-01T00:00:00Z", 366 * DAY, 900 * DAY, 46 * DAY - 1 },
        { "2052-02-29T12:00:00Z", 366 * DAY, 900 * DAY, 46 * DAY - 1 },
        { "2026-11-18T00:00:00Z", 366 * DAY, 199 * DAY - 1, 199 * DAY - 1 },
        { "2026-11-18T00:00:00Z", 366 * DAY, 199 * DAY - 2, 199 * DAY - 2 },
        { "2026-11-18T00:00:00Z", 366 * DAY, 1, 1 },
        { "2026-11-18T00:00:00Z", 366 * DAY, 0, 0 },
        { "2026-11-18T00:00:00Z", 366 * DAY, -DAY, 0 },
        { "2026-11-18T00:00:00Z", 199 * DAY + 1, 900 * DAY, 199 * DAY - 1 },
        { "2026-11-18T00:00:00Z", 199 * DAY, 900 * DAY, 199 * DAY - 1 },
        { "2026-11-18T00:00:00Z", 199 * DAY - 1, 900 * DAY, 199 * DAY - 2 },
        { "2026-11-18T00:00:00Z", 0, 900 * DAY, 0 },
    };
    struct sample sample;
    struct warrant warrant;
    struct entitlement entitlement;
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    (void)state;
    sample_of(&sample, 0, 1);
    entitle(&sample, &warrant, &arena, &entitlement);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        validity_check(&cases[i], &entitlement);
    }
    sample_release(&sample);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, world_begin)
    const struct CMUnitTest tests[] = {
        TEST(s10_a_warrant_gets_its_editions_profile_and_key_and_no_other),
        TEST(s10_an_intent_of_any_profile_under_any_key_is_signed_in_its_own_cell_only),
        TEST(s10_what_was_built_for_something_else_is_not_intended),
        TEST(s7_validity_is_right_to_the_second_on_every_boundary),
    };
    return cmocka_run_group_tests(tests, world_make_p256, world_drop);
}
