/* A checker over a world of answers. */
#include "tests/process/validator/bench.h"

static struct key *key;
static struct suffix_list *suffixes;

static int64_t fixed_now(void *ctx)
{
    (void)ctx;
    return NOW;
}

static enum err bench_open(void *ctx, struct resolver *ret_resolver)
{
    *ret_resolver = fake_resolver(ctx);
    return OK;
}

static void bench_close(void *ctx, struct resolver resolver)
{
    assert_ptr_equal(ctx, resolver.ctx);
}

void bench_init(struct bench *bench, const char *name)
{
    *bench = (struct bench){
        .checker = { .id = "hk-1",
            .key = key,
            .caa_identity = "ca.example.net",
            .clock = { .now = fixed_now },
            .suffixes = suffixes,
            .resolver_open = bench_open,
            .resolver_close = bench_close },
        .check = { .attempt = { 1, 2, 3 },
            .challenge = { .method = DCV_DNS, .created = NOW - 60, .nonce = { 4, 5, 6 } } },
        .der = buf_make(OBSERVATION_MAX_BYTES),
    };
    snprintf(bench->check.challenge.name, sizeof bench->check.challenge.name, "%s", name);
}

void bench_expect(struct bench *bench)
{
    assert_int_equal(
        challenge_expected(&bench->check.challenge, "ca.example.net", bench->expected), OK);
    bench->rdata[0] = (uint8_t)strlen(bench->expected);
    memcpy(bench->rdata + 1, bench->expected, bench->rdata[0]);
}

struct span bench_rdata(const struct bench *bench)
{
    return span_make(bench->rdata, 1u + bench->rdata[0]);
}

struct observation bench_run(struct bench *bench, struct fake_answer *answers, size_t count)
{
    bench->world = (struct fake_world){ .answers = answers, .count = count };
    bench->checker.ctx = &bench->world;
    buf_clear(&bench->der);
    assert_int_equal(
        check_run(&bench->checker, &bench->check, &bench->der, &bench->report, &bench->reason), OK);
    struct observation observation;
    struct der reader = der_reader(buf_span(&bench->der));
    assert_int_equal(observation_read(&reader, &observation), OK);
    assert_int_equal(der_finish(&reader), OK);
    assert_int_equal(
        signature_verify(key, SIGNATURE_RSA_SHA256, observation.signed_part, observation.signature),
        OK);
    return observation;
}

const struct report_step *bench_step(const struct bench *bench, const char *code)
{
    for (size_t i = 0; i < bench->report.count; i++) {
        if (strcmp(bench->report.steps[i].code, code) == 0) {
            return &bench->report.steps[i];
        }
    }
    return NULL;
}

const struct senseless senseless[SENSELESS_COUNT] = {
    { "WWW.example.com", "name.not_canonical", DCV_DNS, ERR_INPUT },
    { "127.0.0.1", "name.ip", DCV_DNS, ERR_INPUT },
    { "a_b.example.com", "name.underscore", DCV_DNS, ERR_INPUT },
    { "www.example.com", "dcv.method_unsupported", DCV_PERSISTENT, ERR_UNSUPPORTED },
    { "*.example.com", "dcv.method_unsupported", DCV_WEBSITE, ERR_UNSUPPORTED },
};

int bench_prepare(void **state)
{
    (void)state;
    return key_generate(KEY_TYPE_RSA_2048, &key) == OK && suffix_list_open(NULL, &suffixes) == OK
               ? 0
               : -1;
}

int bench_clear(void **state)
{
    (void)state;
    key_free(key);
    suffix_list_free(suffixes);
    return 0;
}
