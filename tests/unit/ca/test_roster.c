/* Rosters: sealed by the ceremony's key, and nobody in them twice. */
#include "lib/ca/roster.h"
#include "lib/crypto/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct key *keys[4];
static struct roster roster;

static enum err seal(const struct key *key, struct buf *sealed)
{
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    AUTO(buf) content = buf_make(64 * 1024);
    AUTO(buf) message = buf_make(64 * 1024);
    TRY(roster_format(&roster, &content));
    TRY(roster_message(buf_span(&content), &message));
    TRY(signature_make(key, SIGNATURE_ED25519, buf_span(&message), signature, &len));
    return roster_seal(buf_span(&content), span_make(signature, len), sealed);
}

static enum err open_by(const struct key *key, struct span sealed, struct reason *ret_reason)
{
    static struct roster opened;
    AUTO(arena) arena = arena_make(1024 * 1024);
    *ret_reason = (struct reason){ 0 };
    return roster_open(sealed, key_spki(key), &arena, &opened, ret_reason);
}

static void only_the_ceremonys_seal_opens_it(void **state)
{
    struct reason reason;
    AUTO(buf) sealed = buf_make(64 * 1024);
    (void)state;
    assert_int_equal(seal(keys[0], &sealed), OK);
    assert_int_equal(open_by(keys[0], buf_span(&sealed), &reason), OK);
    assert_int_equal(open_by(keys[1], buf_span(&sealed), &reason), ERR_SIGNATURE);
    assert_string_equal(reason.code, "roster.signature");
    for (size_t i = 0; i < sealed.len; i += 13) {
        sealed.data[i] ^= 1;
        assert_int_not_equal(open_by(keys[0], buf_span(&sealed), &reason), OK);
        sealed.data[i] ^= 1;
    }
    for (size_t len = 0; len < sealed.len; len += 11) {
        assert_int_not_equal(open_by(keys[0], span_make(sealed.data, len), &reason), OK);
    }
}

static void what_was_written_is_found_by_key_and_id(void **state)
{
    static struct roster opened;
    AUTO(arena) arena = arena_make(1024 * 1024);
    AUTO(buf) sealed = buf_make(64 * 1024);
    (void)state;
    assert_int_equal(seal(keys[0], &sealed), OK);
    assert_int_equal(roster_open(buf_span(&sealed), key_spki(keys[0]), &arena, &opened, NULL), OK);
    buf_release(&sealed); /* nothing of it is borrowed */
    const struct officer *officer = roster_officer(&opened, key_spki_sha256(keys[1]).data);
    assert_non_null(officer);
    assert_string_equal(officer->id, "officer-1");
    assert_null(roster_officer(&opened, key_spki_sha256(keys[3]).data));
    assert_non_null(roster_perspective(&opened, "primary"));
    assert_null(roster_perspective(&opened, "Primary"));
    assert_true(span_equal_text(roster_issuer(&opened, "ssl-ca-3-17")->certificate, "der"));
    assert_null(roster_issuer(&opened, ""));
    const struct ct_log *log = roster_log(&opened, "log-2");
    assert_non_null(log);
    assert_string_equal(log->operator_name, "Operator");
    assert_string_equal(log->url, "https://log-2.example/2027h1");
    assert_int_equal(log->state, CT_LOG_USABLE);
    assert_int_equal(log->shard_until, 1830000000);
    assert_true(span_equal(log->spki, key_spki(keys[1])));
    assert_null(roster_log(&opened, "log-3"));
}

static void a_roster_without_logs_is_as_it_was_before_there_were_any(void **state)
{
    static struct roster opened;
    struct roster kept = roster;
    AUTO(arena) arena = arena_make(1024 * 1024);
    AUTO(buf) content = buf_make(64 * 1024);
    AUTO(buf) again = buf_make(64 * 1024);
    (void)state;
    roster.log_count = 0;
    assert_int_equal(roster_format(&roster, &content), OK);
    roster = kept;
    assert_memory_equal(content.data + 4, "\x02\x01\x01", 3); /* its version */
    assert_int_equal(roster_parse(buf_span(&content), &arena, &opened), OK);
    assert_int_equal(opened.log_count, 0);
    assert_int_equal(roster_format(&opened, &again), OK);
    assert_true(span_equal(buf_span(&content), buf_span(&again)));
    /* Not of the second version, then: there is one form only. */
    content.data[6] = 2;
    assert_int_equal(roster_parse(buf_span(&content), &arena, &opened), ERR_INPUT);
}

static void nobody_stands_in_it_twice(void **state)
{
    struct reason reason;
    struct roster kept = roster;
    (void)state;
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        AUTO(buf) sealed = buf_make(64 * 1024);                                                    \
        change;                                                                                    \
        assert_int_equal(seal(keys[0], &sealed), OK);                                              \
        assert_int_equal(open_by(keys[0], buf_span(&sealed), &reason), ERR_INPUT);                 \
        assert_string_equal(reason.code, "roster.malformed");                                      \
        roster = kept;                                                                             \
    } while (0)
    REFUSED(roster.officers[1].spki = roster.officers[0].spki);
    REFUSED(memcpy(roster.officers[1].id, "officer-1", 10));
    REFUSED(roster.perspectives[1].spki = roster.perspectives[0].spki);
    REFUSED(memcpy(roster.perspectives[1].id, "primary", 8));
    REFUSED(roster.perspectives[1].primary = true);
    REFUSED(memcpy(roster.perspectives[1].region, "APNIC", 6));
    REFUSED(memcpy(roster.perspectives[1].region, "moon", 5));
    REFUSED(roster.perspectives[1].region[0] = '\0');
    REFUSED(roster.perspectives[0].primary = false);
    REFUSED((roster.issuers[1] = roster.issuers[0], roster.issuer_count = 2));
    REFUSED(roster.logs[1].spki = roster.logs[0].spki);
    REFUSED(memcpy(roster.logs[1].name, "log-1", 6));
}

static int make_roster(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        if (key_generate(KEY_TYPE_ED25519, &keys[i]) != OK) {
            return -1;
        }
    }
    roster = (struct roster){ .epoch = 1,
        .repository_url = "http://ecert.example.net",
        .caa_identity = "ecert.example.net",
        .created = 1795000000,
        .officer_count = 2,
        .perspective_count = 2,
        .issuer_count = 1,
        .log_count = 2 };
    for (size_t i = 0; i < 2; i++) {
        snprintf(roster.officers[i].id, OFFICER_ID_MAX, "officer-%zu", i + 1);
        roster.officers[i].name = "Officer";
        roster.officers[i].roles = OFFICER_ROLE_OFFICER;
        roster.officers[i].spki = key_spki(keys[1 + i]);
        snprintf(roster.perspectives[i].id, PERSPECTIVE_ID_MAX, i == 0 ? "primary" : "remote");
        snprintf(roster.perspectives[i].region, REGION_MAX, "apnic");
        roster.perspectives[i].primary = i == 0;
        roster.perspectives[i].spki = key_spki(keys[1 + i]);
        roster.logs[i] = (struct ct_log){ .operator_name = "Operator",
            .url = "https://log-2.example/2027h1",
            .state = CT_LOG_USABLE,
            .state_since = 1795000000,
            .shard_from = 1800000000,
            .shard_until = 1830000000,
            .spki = key_spki(keys[i]) };
        snprintf(roster.logs[i].name, CT_LOG_NAME_MAX, "log-%zu", i + 1);
    }
    snprintf(roster.issuers[0].id, ISSUER_ID_MAX, "ssl-ca-3-17");
    roster.issuers[0].name = roster.issuers[0].crl_name = "ssl-ca";
    roster.issuers[0].certificate = SPAN_LITERAL("der");
    return 0;
}

static int drop_roster(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        key_free(keys[i]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_ceremonys_seal_opens_it),
        cmocka_unit_test(what_was_written_is_found_by_key_and_id),
        cmocka_unit_test(a_roster_without_logs_is_as_it_was_before_there_were_any),
        cmocka_unit_test(nobody_stands_in_it_twice),
    };
    return cmocka_run_group_tests(tests, make_roster, drop_roster);
}
