/* The stop switch, and while it is being turned back: a stop that comes while the order to go on is
 * on its way to the disk is a stop of its own, and the order that was on its way doesn't end it. */
#include "tests/process/signer/core.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

/* What others do while the disk works, and what came of it. */
static struct {
    void *(*run)(void *ctx);
    atomic_bool watched; /* while the disk works */
    sem_t asleep;        /* somebody waits for it, his record in the queue */
    sem_t over;          /* and nothing else is to happen */
    pthread_t thread;
    struct issuing *issuing;
    const struct resumption *resumption;
    enum err halted, resumed;
    struct reason reason;
} meanwhile;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_sem_wait(sem_t *semaphore);
int __wrap_sem_wait(sem_t *semaphore);

int __wrap_sem_wait(sem_t *semaphore)
{
    if (atomic_load(&meanwhile.watched)) {
        sem_post(&meanwhile.asleep);
    }
    return __real_sem_wait(semaphore);
}

/* The next sync takes as long as what happens meanwhile. */
int __wrap_fdatasync(int fd)
{
    void *(*run)(void *ctx) = meanwhile.run;
    meanwhile.run = NULL;
    if (run != NULL) {
        atomic_store(&meanwhile.watched, true);
        assert_int_equal(pthread_create(&meanwhile.thread, NULL, run, NULL), 0);
        __real_sem_wait(&meanwhile.over);
        atomic_store(&meanwhile.watched, false);
    }
    return __real_fdatasync(fd);
}

static const struct halt second = { "another (uid 1)", "and again", 0 };

static void *halt_it(void *ctx)
{
    meanwhile.halted = issuing_halt(meanwhile.issuing, &second, &meanwhile.reason);
    return ctx;
}

static void *stop(void *ctx)
{
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, halt_it, NULL), 0);
    __real_sem_wait(&meanwhile.asleep);
    sem_post(&meanwhile.over);
    assert_int_equal(pthread_join(other, NULL), 0);
    return ctx;
}

static void *go_on_and_stop(void *ctx)
{
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, halt_it, NULL), 0);
    __real_sem_wait(&meanwhile.asleep);
    meanwhile.resumed = issuing_resume(meanwhile.issuing, meanwhile.resumption, &meanwhile.reason);
    sem_post(&meanwhile.over);
    assert_int_equal(pthread_join(other, NULL), 0);
    return ctx;
}

/* Two officers' order to go on after this stop. */
static void order_after(const struct halt *halt, struct resumption *resumption,
    uint8_t signatures[RESUMPTION_SIGNATURES][SIGNATURE_MAX_BYTES])
{
    *resumption = (struct resumption){ .time = NOW };
    assert_int_equal(halt_hash(halt, resumption->halt_hash), OK);
    for (size_t i = 0; i < RESUMPTION_SIGNATURES; i++) {
        size_t len = 0;
        AUTO(buf) message = buf_make(HALT_MAX_BYTES);
        assert_int_equal(resumption_message(resumption, &message), OK);
        assert_int_equal(signature_make(world.factory.officers[i], SIGNATURE_ED25519,
                             buf_span(&message), signatures[i], &len),
            OK);
        memcpy(resumption->signatures[i].key_id, key_spki_sha256(world.factory.officers[i]).data,
            HASH_BYTES);
        resumption->signatures[i].signature = span_make(signatures[i], len);
    }
}

/* After the stop that stands. */
static void order(struct issuing *issuing, struct resumption *resumption,
    uint8_t signatures[RESUMPTION_SIGNATURES][SIGNATURE_MAX_BYTES])
{
    struct signer_status status;
    issuing_status(issuing, &status);
    assert_true(status.halted);
    order_after(&status.halt, resumption, signatures);
}

static enum err resume(struct issuing *issuing, const struct halt *halt)
{
    uint8_t signatures[RESUMPTION_SIGNATURES][SIGNATURE_MAX_BYTES];
    struct resumption resumption;
    struct reason reason = { 0 };
    order_after(halt, &resumption, signatures);
    return issuing_resume(issuing, &resumption, &reason);
}

/* Reserves and issues. */
static enum err issue(struct issuing *issuing, const struct sample *sample, struct buf *certificate,
    struct reason *ret_reason)
{
    struct signer_serial serial;
    const struct request_id *request = &sample->warrant.request;
    TRY(issuing_reserve(issuing, request, &serial, ret_reason));
    return issuing_issue(issuing, request, buf_span(&sample->der), certificate, NULL, ret_reason);
}

static void once_stopped_nothing_is_signed_until_two_people_say_so(void **state)
{
    const struct halt stop = { "operator (uid 0)", "keys in public", 0 };
    struct reason reason = { 0 };
    struct signer_serial serial;
    struct signer_status status;
    struct sample samples[2];
    AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(sample_init(&samples[i], &world.factory, NOW, i + 1), OK);
    }
    struct issuing *issuing = core();
    assert_int_equal(resume(issuing, &stop), ERR_CONFLICT);
    assert_int_equal(issuing_reserve(issuing, &samples[0].warrant.request, &serial, &reason), OK);
    assert_int_equal(issuing_halt(issuing, &stop, &reason), OK);
    assert_int_equal(issuing_halt(issuing, &(struct halt){ "another", "later", 0 }, &reason), OK);
    for (unsigned i = 0; i < 2; i++) { /* reserved before, and not */
        assert_int_equal(issue(issuing, &samples[i], &certificate, &reason), ERR_AGAIN);
        assert_string_equal(reason.code, "issuance.stopped");
        assert_int_equal(certificate.len, 0);
    }
    /* What protects people goes on. */
    const struct signer_revoke revoke = {
        .issuer = "ssl-ca-3-17", .serial = serial, .reason = REVOCATION_SUPERSEDED, .date = NOW
    };
    assert_int_equal(issuing_revoke(issuing, &revoke, &reason), OK);

    /* It outlives the process. */
    issuing_free(issuing);
    issuing = core();
    issuing_status(issuing, &status);
    assert_true(status.halted);
    assert_string_equal(status.halt.by, stop.by);
    assert_int_equal(issue(issuing, &samples[1], &certificate, &reason), ERR_AGAIN);
    assert_int_equal(resume(issuing, &(struct halt){ "another", "later", 0 }), ERR_DENIED);
    assert_int_equal(issue(issuing, &samples[1], &certificate, &reason), ERR_AGAIN);
    assert_int_equal(resume(issuing, &status.halt), OK);
    assert_int_equal(issue(issuing, &samples[1], &certificate, &reason), OK);
    issuing_free(issuing);
    issuing = core();
    issuing_status(issuing, &status);
    assert_false(status.halted);
    issuing_free(issuing);
    sample_release(&samples[0]);
    sample_release(&samples[1]);
}

/* Stops, and goes on by an order during whose sync `run` runs; then the second stop stands. */
static void expect_second_stop(void *(*run)(void *ctx))
{
    const struct halt first = { "operator (uid 0)", "keys in public", 0 };
    uint8_t signatures[RESUMPTION_SIGNATURES][SIGNATURE_MAX_BYTES];
    struct resumption resumption;
    struct reason reason = { 0 };
    struct signer_status status;
    struct signer_serial serial;
    struct sample sample;
    struct issuing *issuing = core();
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issuing_halt(issuing, &first, &reason), OK);
    order(issuing, &resumption, signatures);
    meanwhile.issuing = issuing;
    meanwhile.resumption = &resumption;
    meanwhile.halted = meanwhile.resumed = ERR_MEMORY;
    meanwhile.run = run;
    sem_init(&meanwhile.asleep, 0, 0);
    sem_init(&meanwhile.over, 0, 0);
    assert_int_equal(issuing_resume(issuing, &resumption, &reason), OK);
    assert_int_equal(pthread_join(meanwhile.thread, NULL), 0);
    assert_int_equal(meanwhile.halted, OK);
    for (unsigned i = 0; i < 2; i++) { /* in memory, and in the journal */
        issuing_status(issuing, &status);
        assert_true(status.halted);
        assert_string_equal(status.halt.by, second.by);
        assert_int_equal(
            issuing_reserve(issuing, &sample.warrant.request, &serial, &reason), ERR_AGAIN);
        issuing_free(issuing);
        issuing = core();
    }
    order(issuing, &resumption, signatures);
    assert_int_equal(issuing_resume(issuing, &resumption, &reason), OK);
    assert_int_equal(issuing_reserve(issuing, &sample.warrant.request, &serial, &reason), OK);
    issuing_free(issuing);
    sample_release(&sample);
}

static void a_stop_during_a_resumption_stands(void **state)
{
    (void)state;
    expect_second_stop(stop);
}

static void the_order_that_is_on_its_way_does_not_end_the_stop_behind_it(void **state)
{
    (void)state;
    expect_second_stop(go_on_and_stop);
    assert_int_equal(meanwhile.resumed, ERR_CONFLICT);
    assert_string_equal(meanwhile.reason.code, "issuance.not_stopped");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, world_begin)
    const struct CMUnitTest tests[] = {
        TEST(once_stopped_nothing_is_signed_until_two_people_say_so),
        TEST(a_stop_during_a_resumption_stands),
        TEST(the_order_that_is_on_its_way_does_not_end_the_stop_behind_it),
    };
    return cmocka_run_group_tests(tests, world_make, world_drop);
}
