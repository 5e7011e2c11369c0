/* How many promises of which logs are enough, for whom. */
#include "lib/ca/transparency.h"
#include "lib/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW INT64_C(1795392000)

/* Logs by a letter: who runs it, kind, state. */
static const struct ct_log logs[] = {
    { "a1", "A", CT_LOG_RFC6962, CT_LOG_USABLE, .spki = SPAN_LITERAL("a1") },
    { "a2", "A", CT_LOG_RFC6962, CT_LOG_QUALIFIED, .spki = SPAN_LITERAL("a2") },
    { "a3", "A", CT_LOG_STATIC, CT_LOG_USABLE, .spki = SPAN_LITERAL("a3") },
    { "b1", "B", CT_LOG_RFC6962, CT_LOG_READ_ONLY, .spki = SPAN_LITERAL("b1") },
    { "b2", "B", CT_LOG_STATIC, CT_LOG_USABLE, .spki = SPAN_LITERAL("b2") },
    { "c1", "C", CT_LOG_STATIC, CT_LOG_USABLE, .spki = SPAN_LITERAL("c1") },
    { "d1", "D", CT_LOG_RFC6962, CT_LOG_RETIRED, .state_since = NOW, .spki = SPAN_LITERAL("d1") },
    { "e1", "E", CT_LOG_RFC6962, CT_LOG_RETIRED, .state_since = NOW, .spki = SPAN_LITERAL("e1") },
    { "p1", "P", CT_LOG_RFC6962, CT_LOG_PENDING, .spki = SPAN_LITERAL("p1") },
    { "r1", "R", CT_LOG_RFC6962, CT_LOG_REJECTED, .spki = SPAN_LITERAL("r1") },
};

/* "a1 b1", all made at `time`. */
static size_t promises_named(const char *names, int64_t time, struct ct_promise promises[8])
{
    size_t count = 0;
    for (const char *at = names; *at != '\0'; at += at[2] == '\0' ? 2 : 3) {
        for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
            if (strncmp(logs[i].name, at, 2) == 0) {
                promises[count++] = (struct ct_promise){ &logs[i], time };
            }
        }
    }
    return count;
}

static const char *judged(const char *names, int64_t days, int64_t time)
{
    static struct reason reason;
    struct ct_promise promises[8];
    size_t count = promises_named(names, time, promises);
    reason = (struct reason){ 0 };
    enum err err = ct_policy_check(promises, count, days * DAY_SECONDS, &reason);
    assert_int_equal(err, reason.code[0] == '\0' ? OK : ERR_DENIED);
    return reason.code;
}

static void enough_is_what_both_browsers_call_enough(void **state)
{
    static const struct {
        const char *names;
        int64_t days;
        const char *code, *why;
    } rows[] = {
        { "", 90, "ct.too_few", "none" },
        { "a1", 90, "ct.too_few", "one" },
        { "a1 b1", 90, "", "two operators, two logs" },
        { "a1 b1", 180, "", "the last day of two" },
        { "a1 b1", 181, "ct.too_few", "from there on three" },
        { "a1 a2 b1", 181, "", "two of one operator count for a long life" },
        { "a1 a2 a3", 181, "ct.operators", "one operator for Chrome" },
        { "a1 a2", 90, "ct.operators", "one operator" },
        { "a1 a1", 90, "ct.too_few", "one log twice" },
        { "b2 c1", 90, "ct.rfc6962", "Apple wants one RFC 6962 log" },
        { "a3 b2 c1", 181, "ct.rfc6962", "the same for three" },
        { "a1 p1", 90, "ct.too_few", "a pending log does not count" },
        { "a1 r1", 90, "ct.too_few", "nor does a rejected one" },
        { "a1 d1", 90, "", "retired after its promise" },
        { "d1 e1", 90, "ct.current", "one log must still be one" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *code = judged(rows[i].names, rows[i].days, NOW - 60);
        if (strcmp(code, rows[i].code) != 0) {
            fail_msg("%s: %s, not %s", rows[i].why, code, rows[i].code);
        }
    }
}

static void a_promise_made_after_a_log_was_retired_is_none(void **state)
{
    (void)state;
    assert_string_equal(judged("a1 d1", 90, NOW - 1), "");
    assert_string_equal(judged("a1 d1", 90, NOW), "ct.too_few");
}

/* Version, log's id, time, no extensions, ECDSA with SHA-256. */
static struct buf promise_of(const struct key *key, int64_t time, const struct ct_subject *subject)
{
    uint8_t stamp[8], signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    struct buf sct = buf_make(SCT_MAX_BYTES);
    AUTO(buf) message = buf_make(4096);
    store_be64(stamp, (uint64_t)time * 1000);
    buf_append(&message, SPAN_LITERAL("\0\0"));
    buf_append(&message, SPAN_OF(stamp));
    buf_append(&message, SPAN_LITERAL("\0\1"));
    buf_append(&message, span_make(subject->issuer_spki_sha256, SHA256_BYTES));
    buf_append(&message, SPAN_LITERAL("\0\0"));
    buf_append_byte(&message, (uint8_t)subject->signed_tbs.len);
    buf_append(&message, subject->signed_tbs);
    buf_append(&message, SPAN_LITERAL("\0\0"));
    assert_int_equal(
        signature_make(key, SIGNATURE_ECDSA_SHA256, buf_span(&message), signature, &len), OK);
    buf_append_byte(&sct, 0);
    buf_append(&sct, key_spki_sha256(key));
    buf_append(&sct, SPAN_OF(stamp));
    buf_append(&sct, SPAN_LITERAL("\0\0\4\3\0"));
    buf_append_byte(&sct, (uint8_t)len);
    buf_append(&sct, span_make(signature, len));
    assert_int_equal(buf_check(&sct), OK);
    return sct;
}

static void a_promise_is_held_to_its_signature_its_time_and_its_shard(void **state)
{
    static const uint8_t issuer[SHA256_BYTES] = { 9 };
    const struct ct_subject subject = { issuer, SPAN_LITERAL("what was signed"), NOW + 100, NOW };
    static const struct {
        int64_t time, from, until;
        const char *code;
    } rows[] = {
        { NOW, 0, 0, "" },
        { NOW + 300, 0, 0, "" },
        { NOW + 301, 0, 0, "ct.time" },
        { NOW - 86400, 0, 0, "" },
        { NOW - 86401, 0, 0, "ct.time" },
        { NOW, NOW + 100, NOW + 101, "" },
        { NOW, NOW + 101, NOW + 200, "ct.shard" },
        { NOW, NOW, NOW + 100, "ct.shard" },
    };
    AUTO_PTR(key) key = NULL;
    AUTO_PTR(key) other = NULL;
    (void)state;
    assert_int_equal(key_generate(KEY_TYPE_P256, &key), OK);
    assert_int_equal(key_generate(KEY_TYPE_P256, &other), OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reason reason = { 0 };
        struct sct sct;
        struct ct_log log = logs[0];
        log.shard_from = rows[i].from;
        log.shard_until = rows[i].until;
        AUTO(buf) bytes = promise_of(key, rows[i].time, &subject);
        assert_int_equal(sct_parse(buf_span(&bytes), &sct), OK);
        enum err err = ct_promise_check(&log, key, &sct, &subject, &reason);
        assert_int_equal(err, rows[i].code[0] == '\0' ? OK : ERR_DENIED);
        assert_string_equal(reason.code, rows[i].code);
        assert_int_equal(ct_promise_check(&log, other, &sct, &subject, &reason), ERR_DENIED);
        assert_string_equal(reason.code, "ct.signature");
    }
}

static void a_spare_is_what_outlives_the_loss_of_any_promise(void **state)
{
    static const struct {
        const char *names;
        int64_t days;
        bool spare;
    } rows[] = {
        { "", 90, false },
        { "a1 b1", 90, false },
        { "a1 a2 b1", 90, false }, /* without b1 one operator is left */
        { "a1 b1 c1", 90, true },
        { "a1 b2 c1", 90, false }, /* without a1 no RFC 6962 log is left */
        { "a1 b1 c1 a2", 90, true },
        { "a1 a2 b1 b2", 181, true },
        { "a1 a2 a3 b1", 181, false },
        { "a1 b1 c1", 181, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ct_promise promises[8];
        size_t count = promises_named(rows[i].names, NOW, promises);
        assert_int_equal(
            ct_policy_spare(promises, count, rows[i].days * DAY_SECONDS), rows[i].spare);
    }
}

static void submissions_go_to_open_logs_of_the_right_shard(void **state)
{
    struct ct_log log = logs[0];
    (void)state;
    for (unsigned i = 0; i < CT_LOG_STATE_COUNT; i++) {
        log.state = (enum ct_log_state)i;
        assert_int_equal(ct_log_suits(&log, NOW), i == CT_LOG_USABLE || i == CT_LOG_QUALIFIED);
    }
    log.state = CT_LOG_USABLE;
    log.shard_from = NOW;
    log.shard_until = NOW + 100;
    assert_false(ct_log_suits(&log, NOW - 1));
    assert_true(ct_log_suits(&log, NOW));
    assert_true(ct_log_suits(&log, NOW + 99));
    assert_false(ct_log_suits(&log, NOW + 100));
}

static void states_and_kinds_are_read_by_their_names(void **state)
{
    enum ct_log_kind kind = CT_LOG_RFC6962;
    enum ct_log_state read = CT_LOG_PENDING;
    (void)state;
    assert_int_equal(ct_log_kind_from_id("static", &kind), OK);
    assert_int_equal(kind, CT_LOG_STATIC);
    assert_int_equal(ct_log_state_from_id("read-only", &read), OK);
    assert_int_equal(read, CT_LOG_READ_ONLY);
    assert_int_equal(ct_log_kind_from_id("", &kind), ERR_INPUT);
    assert_int_equal(ct_log_state_from_id("Usable", &read), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enough_is_what_both_browsers_call_enough),
        cmocka_unit_test(a_promise_made_after_a_log_was_retired_is_none),
        cmocka_unit_test(a_spare_is_what_outlives_the_loss_of_any_promise),
        cmocka_unit_test(submissions_go_to_open_logs_of_the_right_shard),
        cmocka_unit_test(states_and_kinds_are_read_by_their_names),
        cmocka_unit_test(a_promise_is_held_to_its_signature_its_time_and_its_shard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
