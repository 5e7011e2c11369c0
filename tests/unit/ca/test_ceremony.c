/* Who may have a ceremony held, and what stands in its journal. */
#include "lib/ca/ceremony.h"
#include "lib/crypto/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW INT64_C(1795000000)

enum { PEOPLE = 4 };

static struct key *keys[PEOPLE];
static const uint8_t script[HASH_BYTES] = { 1 }, journal[HASH_BYTES] = { 2 };
static struct administrators set; /* the first three */

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < PEOPLE; i++) {
        if (key_generate(KEY_TYPE_ED25519, &keys[i]) != OK) {
            return 1;
        }
    }
    set.quorum = 2;
    for (size_t i = 0; i < PEOPLE - 1; i++) {
        struct administrator *person = &set.list[set.count++];
        snprintf(person->id, sizeof person->id, "person-%zu", i);
        snprintf(person->name, sizeof person->name, "Person %zu", i);
        person->spki = key_spki(keys[i]);
        memcpy(person->key_id, key_spki_sha256(keys[i]).data, HASH_BYTES);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < PEOPLE; i++) {
        key_free(keys[i]);
    }
    return 0;
}

static struct statement approval(size_t person)
{
    struct statement statement = { .kind = STATEMENT_APPROVAL, .time = NOW };
    memcpy(statement.subject, script, HASH_BYTES);
    memcpy(statement.journal, journal, HASH_BYTES);
    assert_int_equal(statement_sign(&statement, keys[person]), OK);
    return statement;
}

/* The code of the refusal; empty: none. */
static const char *verdict(const struct statement *approvals, size_t count)
{
    static struct reason reason;
    reason = (struct reason){ .code = "" };
    enum err err = approvals_check(approvals, count, &set, script, journal, NOW, &reason);
    assert_true((err == OK) == (reason.code[0] == '\0'));
    return reason.code;
}

static void m_of_n_may(void **state)
{
    (void)state;
    const struct statement two[] = { approval(0), approval(2) };
    const struct statement three[] = { approval(2), approval(1), approval(0) };
    assert_string_equal(verdict(two, 2), "");
    assert_string_equal(verdict(three, 3), "");
}

static void fewer_strangers_and_one_twice_may_not(void **state)
{
    (void)state;
    const struct statement one[] = { approval(0) };
    const struct statement twice[] = { approval(0), approval(0) };
    const struct statement stranger[] = { approval(0), approval(3) };
    const struct statement too_many[] = { approval(0), approval(1), approval(3) };
    assert_string_equal(verdict(one, 0), "ceremony.approvals_few");
    assert_string_equal(verdict(one, 1), "ceremony.approvals_few");
    assert_string_equal(verdict(twice, 2), "ceremony.approval_twice");
    assert_string_equal(verdict(stranger, 2), "ceremony.approval_unknown");
    assert_string_equal(verdict(too_many, 3), "ceremony.approval_unknown");
}

static void nobody_may_where_nobody_is_known(void **state)
{
    (void)state;
    const struct administrators nobody = { .quorum = 0 };
    const struct statement one[] = { approval(0) };
    assert_int_equal(approvals_check(one, 0, &nobody, script, journal, NOW, NULL), ERR_DENIED);
    assert_int_equal(approvals_check(one, 1, &nobody, script, journal, NOW, NULL), ERR_DENIED);
}

static void every_part_of_an_approval_counts(void **state)
{
    (void)state;
    struct statement both[] = { approval(0), approval(1) };
    const struct statement right = both[1];
    both[1].subject[31] ^= 1;
    assert_string_equal(verdict(both, 2), "ceremony.approval_script");
    both[1] = right;
    both[1].journal[31] ^= 1;
    assert_string_equal(verdict(both, 2), "ceremony.approval_journal");
    both[1] = right;
    both[1].time++;
    assert_string_equal(verdict(both, 2), "ceremony.approval_signature");
    both[1].time = NOW + 301;
    assert_string_equal(verdict(both, 2), "ceremony.approval_time");
    both[1] = right;
    both[1].signature[5] ^= 1;
    assert_string_equal(verdict(both, 2), "ceremony.approval_signature");
    both[1] = right;
    both[1].kind = STATEMENT_WITNESS;
    assert_string_equal(verdict(both, 2), "ceremony.approval_kind");
}

/* A witness's signature over the same bytes says something else. */
static void no_statement_stands_for_one_of_another_kind(void **state)
{
    (void)state;
    struct statement both[] = { approval(0), approval(1) };
    both[1].kind = STATEMENT_WITNESS;
    assert_int_equal(statement_sign(&both[1], keys[1]), OK);
    assert_int_equal(statement_verify(&both[1]), OK);
    both[1].kind = STATEMENT_APPROVAL;
    assert_int_equal(statement_verify(&both[1]), ERR_SIGNATURE);
    assert_string_equal(verdict(both, 2), "ceremony.approval_signature");
}

static void only_ed25519_keys_sign(void **state)
{
    (void)state;
    AUTO_PTR(key) rsa = NULL;
    struct statement statement = { .kind = STATEMENT_APPROVAL, .time = NOW };
    assert_int_equal(key_generate(KEY_TYPE_P256, &rsa), OK);
    assert_int_equal(statement_sign(&statement, rsa), ERR_UNSUPPORTED);
}

static void a_statement_is_a_file_and_nothing_else_is(void **state)
{
    (void)state;
    AUTO(buf) pem = buf_make(2048);
    const struct statement statement = approval(1);
    struct statement again;
    assert_int_equal(statement_format(&statement, &pem), OK);
    assert_int_equal(statement_parse(buf_span(&pem), &again), OK);
    assert_memory_equal(&again.signature, &statement.signature, sizeof again.signature);
    assert_int_equal(statement_verify(&again), OK);
    assert_int_equal(statement_parse(span_make(pem.data, pem.len - 12), &again), ERR_INPUT);
    assert_int_equal(statement_parse(SPAN_LITERAL("hello"), &again), ERR_INPUT);
    pem.data[11] ^= 1;
    assert_int_equal(statement_parse(buf_span(&pem), &again), ERR_INPUT);
}

static enum err reread(const struct administrators *given)
{
    struct administrators again;
    AUTO(buf) der = buf_make(8192);
    assert_int_equal(der_encode(administrators_write, given, &der), OK);
    struct der reader = der_reader(buf_span(&der));
    TRY(administrators_read(&reader, &again));
    assert_int_equal(again.count, given->count);
    assert_memory_equal(again.list[0].key_id, given->list[0].key_id, HASH_BYTES);
    return der_finish(&reader);
}

static void administrators_are_different_people_and_never_one_alone(void **state)
{
    (void)state;
    struct administrators changed = set;
    AUTO_PTR(key) other = NULL;
    assert_int_equal(reread(&set), OK);
    changed.quorum = 1;
    assert_int_equal(reread(&changed), ERR_INPUT);
    changed.quorum = 4;
    assert_int_equal(reread(&changed), ERR_INPUT);
    changed = set;
    changed.list[2].spki = changed.list[0].spki;
    assert_int_equal(reread(&changed), ERR_INPUT);
    changed = set;
    memcpy(changed.list[2].id, changed.list[0].id, sizeof changed.list[2].id);
    assert_int_equal(reread(&changed), ERR_INPUT);
    changed = set;
    assert_int_equal(key_generate(KEY_TYPE_P256, &other), OK);
    changed.list[1].spki = key_spki(other);
    assert_int_equal(reread(&changed), ERR_INPUT);
    changed = set;
    changed.count = 1;
    assert_int_equal(reread(&changed), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(m_of_n_may),
        cmocka_unit_test(fewer_strangers_and_one_twice_may_not),
        cmocka_unit_test(nobody_may_where_nobody_is_known),
        cmocka_unit_test(every_part_of_an_approval_counts),
        cmocka_unit_test(no_statement_stands_for_one_of_another_kind),
        cmocka_unit_test(only_ed25519_keys_sign),
        cmocka_unit_test(a_statement_is_a_file_and_nothing_else_is),
        cmocka_unit_test(administrators_are_different_people_and_never_one_alone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
