/* The factory and the verdict of the tests of the signer's judgement. */
#include "tests/unit/ca/judged.h"

struct factory factory;

static enum err verify(void *ctx, size_t index, struct span part, struct span signature)
{
    (void)ctx;
    return signature_verify(factory.perspectives[index], SIGNATURE_RSA_SHA256, part, signature);
}

static const struct observation_verifier verifier = { verify, NULL };

enum err judge(struct sample *sample, struct arena *arena, struct entitlement *ret_entitlement,
    struct reason *ret_reason)
{
    static struct warrant warrant;
    *ret_reason = (struct reason){ 0 };
    assert_int_equal(sample_format(sample), OK);
    assert_int_equal(warrant_parse(buf_span(&sample->der), arena, &warrant), OK);
    return warrant_check(
        &warrant, &factory.roster, &verifier, sample->now, arena, ret_entitlement, ret_reason);
}

enum err verdict(struct sample *sample, struct reason *ret_reason)
{
    struct warrant warrant;
    struct entitlement entitlement;
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    AUTO(arena) parsed = arena_make(WARRANT_ARENA_BYTES);
    AUTO(buf) again = buf_make(WARRANT_MAX_BYTES);
    enum err err = judge(sample, &arena, &entitlement, ret_reason);
    assert_int_equal(warrant_parse(buf_span(&sample->der), &parsed, &warrant), OK);
    assert_int_equal(warrant_format(&warrant, &again), OK);
    assert_true(span_equal(buf_span(&again), buf_span(&sample->der)));
    return err;
}

int make_factory(void **state)
{
    (void)state;
    return factory_init(&factory, KEY_TYPE_P256) == OK ? 0 : -1;
}

int drop_factory(void **state)
{
    (void)state;
    factory_release(&factory);
    return 0;
}
