/* What was proved for an earlier application of the same subscriber serves a later one: as long as
 * its day has it, with a new word on CAA, and for nobody and nothing else. */
#include "tests/factory/renewal.h"
#include "tests/unit/ca/judged.h"

static enum err judge_renewal(const struct renewal_plan *plan, struct reason *ret_reason)
{
    struct renewal *renewal = calloc(1, sizeof *renewal);
    assert_non_null(renewal);
    assert_int_equal(renewal_init(renewal, &factory, plan), OK);
    enum err err = verdict(&renewal->second, ret_reason);
    renewal_release(renewal);
    free(renewal);
    return err;
}

static void by_website(struct renewal *renewal, enum renewal_stage stage)
{
    for (size_t i = 0; stage == RENEWAL_PROVED && i < FACTORY_PERSPECTIVES; i++) {
        renewal->first.observations[0][i].challenge.method = DCV_WEBSITE;
    }
}

static void by_a_lasting_record(struct renewal *renewal, enum renewal_stage stage)
{
    for (size_t i = 0; stage == RENEWAL_PROVED && i < FACTORY_PERSPECTIVES; i++) {
        renewal->first.observations[0][i].challenge.method = DCV_PERSISTENT;
    }
}

static void by_mail(struct renewal *renewal, enum renewal_stage stage)
{
    for (size_t i = 0; stage == RENEWAL_PROVED && i < FACTORY_PERSPECTIVES; i++) {
        struct observation *observation = &renewal->first.observations[0][i];
        observation->challenge.method = DCV_EMAIL;
        observation->dcv = i == 0 ? DCV_PASSED : DCV_NOT_ASKED;
    }
}

static void for_many_names(struct renewal *renewal, enum renewal_stage stage)
{
    struct sample *first = &renewal->first;
    if (stage == RENEWAL_APPLIED) {
        first->application.edition = EDITION_MULTI;
        first->application.name_count = 2;
        first->names[0] = "shop.example.com";
        first->names[1] = "www.shop.example.com";
    }
    if (stage == RENEWAL_PROVED) { /* the second name's are what the later application needs */
        memcpy(first->observations[0], first->observations[1], sizeof first->observations[0]);
    }
    for (size_t i = 0; stage == RENEWAL_PROVED && i < FACTORY_PERSPECTIVES; i++) {
        first->observations[0][i].time = first->now;
    }
}

/* BR 4.2.1: 200, 100, 10 days; a persistent record 10 on every day; to the second. And a mail's
 * proof ends with its method. */
static void an_earlier_proof_serves_as_long_as_its_day_has_it(void **state)
{
    static const struct {
        int64_t now, age;
        void (*spoil)(struct renewal *renewal, enum renewal_stage stage);
        const char *code;
    } cases[] = {
        { NOW, 200 * DAY_SECONDS, NULL, "" },
        { NOW, 200 * DAY_SECONDS + 1, NULL, "warrant.evidence_old" },
        { NOW, 200 * DAY_SECONDS, by_website, "" },
        { NOW, 10 * DAY_SECONDS, by_a_lasting_record, "" },
        { NOW, 10 * DAY_SECONDS + 1, by_a_lasting_record, "warrant.evidence_old" },
        { NOW, 100 * DAY_SECONDS, for_many_names, "" },
        { INT64_C(1805068800) - 1, 200 * DAY_SECONDS, NULL, "" }, /* 2027-03-15 */
        { INT64_C(1805068800), 100 * DAY_SECONDS, NULL, "" },
        { INT64_C(1805068800), 100 * DAY_SECONDS + 1, NULL, "warrant.evidence_old" },
        { INT64_C(1868227200) - 1, 100 * DAY_SECONDS, NULL, "" }, /* 2029-03-15 */
        { INT64_C(1868227200), 10 * DAY_SECONDS, NULL, "" },
        { INT64_C(1868227200), 10 * DAY_SECONDS + 1, NULL, "warrant.evidence_old" },
        { INT64_C(1836691200) - 1, 20 * DAY_SECONDS, by_mail, "" }, /* 2028-03-15 */
        { INT64_C(1836691200), 20 * DAY_SECONDS, by_mail, "warrant.method" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reason reason;
        const struct renewal_plan plan = { cases[i].now, cases[i].age, 1, cases[i].spoil };
        enum err err = judge_renewal(&plan, &reason);
        assert_string_equal(reason.code, cases[i].code);
        assert_int_equal(err, cases[i].code[0] == '\0' ? OK : ERR_DENIED);
    }
}

/* clang-format off */
#define SPOILT(name, at, statement)                                                                \
    static void name(struct renewal *renewal, enum renewal_stage stage)                            \
    {                                                                                              \
        if (stage == (at)) {                                                                       \
            statement;                                                                             \
        }                                                                                          \
    }
#define FIRST renewal->first
#define SUBJECT FIRST.application.subject
#define APPROVAL(i) FIRST.warrant.approvals[i]
#define WARRANT renewal->second.warrant
#define EVERY(from, statement)                                                                     \
    for (size_t i = (from); i < (from) + FACTORY_PERSPECTIVES; i++) {                              \
        struct observation *o = &renewal->observations[i];                                         \
        statement;                                                                                 \
    }
SPOILT(of_another_number, RENEWAL_APPLIED, SUBJECT.srn = "0002142878")
SPOILT(of_another_organisation, RENEWAL_APPLIED, SUBJECT.organisation = "Shop Example Holdings")
SPOILT(of_another_chinese_name, RENEWAL_APPLIED, SUBJECT.organisation_zh = "例子控股有限公司")
SPOILT(of_the_government, RENEWAL_APPLIED, (FIRST.application.government = true,
    SUBJECT.organisation = "Hong Kong SAR Government",
    SUBJECT.organisation_zh = "香港特別行政區政府", SUBJECT.branch = "Office"))
SPOILT(against_the_rules, RENEWAL_APPLIED, SUBJECT.country = "hk")
SPOILT(of_another_name, RENEWAL_APPLIED, FIRST.names[0] = "mail.shop.example.com")
static void name_not_in_it(struct renewal *renewal, enum renewal_stage stage)
{
    of_another_name(renewal, stage);
    for (size_t i = 0; stage == RENEWAL_PROVED && i < FACTORY_PERSPECTIVES; i++) {
        struct observation *observation = &FIRST.observations[0][i];
        memcpy(observation->challenge.name, "www.shop.example.com", 21);
        memcpy(observation->adn, "www.shop.example.com", 21);
    }
}
SPOILT(approved_by_a_stranger, RENEWAL_PROVED, memcpy(APPROVAL(1).key_id,
    key_spki_sha256(factory.stranger).data, HASH_BYTES))
SPOILT(approved_by_an_auditor, RENEWAL_PROVED, memcpy(APPROVAL(1).key_id,
    factory.roster.officers[2].key_id, HASH_BYTES))
SPOILT(approved_by_one_alone, RENEWAL_PROVED, memcpy(APPROVAL(1).key_id, APPROVAL(0).key_id,
    HASH_BYTES))
SPOILT(only_vetted, RENEWAL_JOINED, renewal->earlier.approval_count = 1)
SPOILT(not_approved, RENEWAL_JOINED, renewal->earlier.approval_count = 0)
SPOILT(approvals_of_the_later, RENEWAL_JOINED, memcpy(renewal->earlier.approvals,
    WARRANT.approvals, sizeof WARRANT.approvals))
SPOILT(approval_forged, RENEWAL_JOINED,
    FIRST.approval_signatures[1][5] ^= 1)
SPOILT(looked_into_too_long_ago, RENEWAL_PROVED,
    APPROVAL(0).time = NOW - 398 * DAY_SECONDS - 1)
SPOILT(approved_tomorrow, RENEWAL_PROVED, APPROVAL(1).time = NOW + DAY_SECONDS)
SPOILT(not_brought_along, RENEWAL_JOINED, WARRANT.earlier_count = 0)
SPOILT(another_brought_along, RENEWAL_JOINED, (
    renewal->earlier.application_der = WARRANT.application_der,
    memcpy(renewal->earlier.approvals, WARRANT.approvals, sizeof WARRANT.approvals)))
SPOILT(said_to_be_of_the_later, RENEWAL_JOINED, EVERY(0, memcpy(o->challenge.application_hash,
    WARRANT.approvals[0].application_hash, HASH_BYTES)))
SPOILT(caa_of_the_later, RENEWAL_ASKED, {
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        memcpy(FIRST.observations[0][i].challenge.application_hash,
            WARRANT.approvals[0].application_hash, HASH_BYTES);
    }
})
SPOILT(caa_forbids, RENEWAL_ASKED, FIRST.observations[0][0].caa = CAA_PROHIBITS)
SPOILT(caa_of_yesterday, RENEWAL_ASKED, {
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        FIRST.observations[0][i].time = NOW - 8 * 3600 - 1;
    }
})
SPOILT(caa_not_asked, RENEWAL_JOINED, renewal->second.evidence[0].count = FACTORY_PERSPECTIVES)
SPOILT(caa_alone, RENEWAL_JOINED, (renewal->second.evidence[0].count = FACTORY_PERSPECTIVES,
    renewal->second.evidence[0].observations = &renewal->observations[FACTORY_PERSPECTIVES]))
SPOILT(one_of_them_spliced_in, RENEWAL_JOINED,
    renewal->observations[2] = renewal->second.observations[0][2])
SPOILT(for_another_key, RENEWAL_PROVED, {
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        FIRST.observations[0][i].challenge.has_spki = true;
        FIRST.observations[0][i].challenge.spki_hash[0] = 1;
    }
})
SPOILT(of_another_account, RENEWAL_PROVED, {
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        memcpy(FIRST.observations[0][i].challenge.srn, "0002142878", 11);
    }
})
/* clang-format on */

/* The later one's edition knows no website; the earlier one's did. */
static void by_a_method_that_the_edition_forbids(struct renewal *renewal, enum renewal_stage stage)
{
    if (stage == RENEWAL_APPLIED) {
        assert_int_equal(sample_become(&renewal->second, EDITION_WILDCARD, 1), OK);
        FIRST.application.edition = EDITION_WILDCARD;
        FIRST.names[0] = "*.shop.example.com";
    }
    by_website(renewal, stage);
}

static const struct renewal_case {
    const char *code;
    void (*spoil)(struct renewal *renewal, enum renewal_stage stage);
} refused[] = {
    { "warrant.earlier_subscriber", of_another_number },
    { "warrant.earlier_subscriber", of_another_organisation },
    { "warrant.earlier_subscriber", of_another_chinese_name },
    { "warrant.earlier_subscriber", of_the_government },
    { "warrant.earlier_application", against_the_rules },
    { "warrant.name", of_another_name },
    { "warrant.earlier_name", name_not_in_it },
    { "warrant.earlier_approvals", approved_by_a_stranger },
    { "warrant.earlier_approvals", approved_by_an_auditor },
    { "warrant.earlier_approvals", approved_by_one_alone },
    { "warrant.earlier_approvals", only_vetted },
    { "warrant.earlier_approvals", not_approved },
    { "warrant.earlier_approvals", approvals_of_the_later },
    { "warrant.earlier_approvals", approval_forged },
    { "warrant.earlier_approvals", approved_tomorrow },
    { "warrant.earlier_old", looked_into_too_long_ago },
    { "warrant.application_binding", not_brought_along },
    { "warrant.application_binding", another_brought_along },
    { "warrant.expected", said_to_be_of_the_later },
    { "warrant.challenge", caa_of_the_later },
    { "warrant.primary_caa", caa_forbids },
    { "warrant.caa_stale", caa_of_yesterday },
    { "warrant.caa_stale", caa_not_asked },
    { "warrant.challenge_old", caa_alone },
    { "warrant.challenge", one_of_them_spliced_in },
    { "warrant.key_binding", for_another_key },
    { "warrant.account", of_another_account },
    { "warrant.method", by_a_method_that_the_edition_forbids },
};

static void d33_an_earlier_proof_serves_nobody_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct reason reason;
        const struct renewal_plan plan = { NOW, 100 * DAY_SECONDS, 1, refused[i].spoil };
        enum err err = judge_renewal(&plan, &reason);
        assert_string_equal(reason.code, refused[i].code);
        assert_int_equal(err, ERR_DENIED);
    }
}

static void officer_leave(struct officer *officer)
{
    memset(officer->key_id, 0xee, HASH_BYTES);
}

/* Who has left the roster since vouches for nothing any more, and who came since did not then. */
static void an_officer_who_has_left_the_roster_takes_the_proofs_along(void **state)
{
    (void)state;
    struct reason reason;
    struct renewal *renewal = calloc(1, sizeof *renewal);
    const struct renewal_plan plan = { NOW, 100 * DAY_SECONDS, 1, NULL };
    struct officer kept = factory.roster.officers[1];
    assert_non_null(renewal);
    assert_int_equal(renewal_init(renewal, &factory, &plan), OK);
    assert_int_equal(verdict(&renewal->second, &reason), OK);
    /* The later application was approved by the one who came in the other's place. */
    struct officer *auditor = &factory.roster.officers[2];
    auditor->roles = OFFICER_ROLE_OFFICER;
    memcpy(renewal->second.warrant.approvals[1].key_id, auditor->key_id, HASH_BYTES);
    assert_int_equal(sample_sign_approval(&renewal->second, 1, factory.officers[2]), OK);
    assert_int_equal(verdict(&renewal->second, &reason), OK);
    officer_leave(&factory.roster.officers[1]);
    assert_int_equal(verdict(&renewal->second, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.earlier_approvals");
    assert_string_equal(reason.seen, "warrant.officer_unknown");
    assert_true(warrant_lapsed(&reason));
    factory.roster.officers[1] = kept;
    auditor->roles = OFFICER_ROLE_AUDITOR;
    renewal_release(renewal);
    free(renewal);
}

/* What has none is as it was before there could be any; an empty list and a ninth are refused. */
static void the_list_of_earlier_applications_has_one_form(void **state)
{
    (void)state;
    struct warrant parsed;
    AUTO(arena) arena = arena_make(4 * WARRANT_ARENA_BYTES);
    struct renewal *renewal = calloc(1, sizeof *renewal);
    struct earlier_application many[EARLIER_APPLICATIONS_MAX + 1];
    const struct renewal_plan plan = { NOW, 100 * DAY_SECONDS, 1, NULL };
    assert_non_null(renewal);
    assert_int_equal(renewal_init(renewal, &factory, &plan), OK);
    struct warrant *warrant = &renewal->second.warrant;
    for (size_t i = 0; i < EARLIER_APPLICATIONS_MAX + 1; i++) {
        many[i] = renewal->earlier;
    }
    warrant->earlier = many;
    for (size_t count = 0; count <= EARLIER_APPLICATIONS_MAX + 1; count++) {
        warrant->earlier_count = count;
        assert_int_equal(sample_format(&renewal->second), OK);
        enum err err = warrant_parse(buf_span(&renewal->second.der), &arena, &parsed);
        assert_int_equal(err, count > EARLIER_APPLICATIONS_MAX ? ERR_LIMIT : OK);
        assert_true(err != OK || parsed.earlier_count == count);
    }
    warrant->earlier_count = 0;
    assert_int_equal(sample_format(&renewal->second), OK);
    struct buf *der = &renewal->second.der;
    /* SEQUENCE, of a length in two octets or three: an empty [0] behind all the rest. */
    size_t octets = der->data[1] & 0x7f;
    size_t len = der->len - 2 - octets + 2;
    for (size_t i = 0; i < octets; i++) {
        der->data[2 + i] = (uint8_t)(len >> 8 * (octets - 1 - i));
    }
    buf_append(der, SPAN_LITERAL("\xa0\x00"));
    assert_int_equal(warrant_parse(buf_span(der), &arena, &parsed), ERR_INPUT);
    renewal_release(renewal);
    free(renewal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_earlier_proof_serves_as_long_as_its_day_has_it),
        cmocka_unit_test(d33_an_earlier_proof_serves_nobody_and_nothing_else),
        cmocka_unit_test(an_officer_who_has_left_the_roster_takes_the_proofs_along),
        cmocka_unit_test(the_list_of_earlier_applications_has_one_form),
    };
    return cmocka_run_group_tests(tests, make_factory, drop_factory);
}
