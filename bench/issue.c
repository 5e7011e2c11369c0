/* Certificates per second of one core's time by the issuing core (reserve, check the warrant,
 * build, lint, journal, sign, verify, compare; with Certificate Transparency all of it for the
 * precertificate, then the promises' checks and the second signature), beside three things:
 *
 *   bare    the operations a warrant is made of: two Ed25519 and six RSA-2048 verifications, the
 *           request's (RSA-2048), one signature, or two with CT
 *   needed  these, and what can't be left out either: the request's key is made from its numbers,
 *           each own signature is verified before it leaves, each log's promise is verified (P-256)
 *   x509    OpenSSL's X509 functions from request to certificate: no warrant, nothing stored
 *
 * The journal is on, with as many callers at once as the registrar has workers; all take turns in
 * one run, and each keeps all processors busy, since two that share a core slow each other down.
 * The promises are made between the rounds' two halves and counted nowhere; p99 is of a
 * certificate's time in the core, by the wall's clock. */
#include "bench/issue_beside.h"
#include "bench/measure.h"
#include "proc/signer/issue.h"
#include "tests/factory/factory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { ROUNDS = 7, ROUND_CERTIFICATES = 200, CALLERS = 16, PROCESSORS_MAX = 64 };

#define NOW INT64_C(1795000000)

enum { PROMISES = 3 };

struct wanted {
    struct request_id request;
    uint8_t *der;
    size_t len;
    struct buf first;    /* what issue answered: with CT, the precertificate */
    struct buf promises; /* of the logs, for it */
    double seconds;      /* by the wall's clock, in the core */
};

struct bench {
    struct factory factory;
    struct wanted wanted[ROUNDS * ROUND_CERTIFICATES];
    bool logged;
    bool completing; /* the half of a round that turns precertificates into certificates */
    struct issuing *issuing;
    struct beside *beside[PROCESSORS_MAX];
    size_t processors;
    atomic_size_t next;
    size_t round_end;
    atomic_bool failed;
};

static void die(const char *what)
{
    fprintf(stderr, "bench-issue: %s failed\n", what);
    exit(EXIT_FAILURE);
}

static int64_t clock_of_bench(void *ctx)
{
    (void)ctx;
    return NOW;
}

static void warrants_make(struct bench *bench)
{
    for (unsigned i = 0; i < ROUNDS * ROUND_CERTIFICATES; i++) {
        static struct sample sample;
        if (sample_init(&sample, &bench->factory, NOW, i + 1) != OK) {
            die("making warrants");
        }
        bench->wanted[i].request = sample.warrant.request;
        bench->wanted[i].der = buf_detach(&sample.der, &bench->wanted[i].len);
        bench->wanted[i].first = buf_make(CERTIFICATE_MAX_BYTES);
        bench->wanted[i].promises = buf_make(CERTIFICATE_MAX_BYTES);
        sample_release(&sample);
    }
}

static void warrants_release(struct bench *bench)
{
    for (size_t i = 0; i < ROUNDS * ROUND_CERTIFICATES; i++) {
        free(bench->wanted[i].der);
        buf_release(&bench->wanted[i].first);
        buf_release(&bench->wanted[i].promises);
    }
}

static void core_open(struct bench *bench, const char *journal)
{
    static const uint8_t index_key[CHECKPOINT_KEY_BYTES];
    struct reason reason = { 0 };
    const struct issuing_setup setup = {
        .roster = &bench->factory.roster,
        .roster_hash = bench->factory.roster_hash,
        .issuers = &bench->factory.issuer,
        .issuer_count = 1,
        .journal_path = journal,
        .index_key = index_key,
        .clock = { clock_of_bench, NULL },
        .random = random_system(),
    };
    if (issuing_open(&setup, &bench->issuing, NULL, &reason) != OK ||
        issuing_follow(bench->issuing) != OK) {
        die(reason.code);
    }
}

static void beside_open(struct bench *bench)
{
    static struct sample sample;
    static struct buf csr;
    AUTO(secret) key = { 0 };
    if (sample_init(&sample, &bench->factory, NOW, 1) != OK ||
        key_to_pkcs8(bench->factory.issuer.key, &key) != OK) {
        die("the request");
    }
    csr = sample.csr;
    const struct beside_setup setup = { secret_span(&key), buf_span(&bench->factory.issuer.der),
        buf_span(&csr), bench->logged };
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    bench->processors = online < 1 ? 1 : online > PROCESSORS_MAX ? PROCESSORS_MAX : (size_t)online;
    for (size_t i = 0; i < bench->processors; i++) {
        bench->beside[i] = beside_new(&setup);
        if (bench->beside[i] == NULL) {
            die("OpenSSL");
        }
    }
}

static enum err wanted_issue(
    const struct bench *bench, struct wanted *wanted, struct reason *ret_reason)
{
    struct signer_serial serial;
    if (bench->completing) {
        AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
        return issuing_complete(bench->issuing, &wanted->request, buf_span(&wanted->promises),
            &certificate, ret_reason);
    }
    TRY(issuing_reserve(bench->issuing, &wanted->request, &serial, ret_reason));
    return issuing_issue(bench->issuing, &wanted->request, span_make(wanted->der, wanted->len),
        &wanted->first, NULL, ret_reason);
}

static void *caller_run(void *argument)
{
    struct bench *bench = argument;
    for (;;) {
        size_t at = atomic_fetch_add(&bench->next, 1);
        if (at >= bench->round_end) {
            return NULL;
        }
        struct wanted *wanted = &bench->wanted[at];
        struct reason reason = { 0 };
        double begun = measure_wall();
        if (wanted_issue(bench, wanted, &reason) != OK) {
            fprintf(stderr, "bench-issue: %s %s\n", reason.code, reason.seen);
            atomic_store(&bench->failed, true);
            return NULL;
        }
        wanted->seconds += measure_wall() - begun;
    }
}

/* Adds what it took to the sums of processor time and of the wall's. */
static void half_run(struct bench *bench, size_t round, bool completing, double sums[2])
{
    pthread_t callers[CALLERS];
    double cpu = measure_cpu(), wall = measure_wall();
    bench->completing = completing;
    atomic_store(&bench->next, round * ROUND_CERTIFICATES);
    bench->round_end = (round + 1) * ROUND_CERTIFICATES;
    for (size_t i = 0; i < CALLERS; i++) {
        if (pthread_create(&callers[i], NULL, caller_run, bench) != 0) {
            die("a thread");
        }
    }
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(callers[i], NULL);
    }
    if (atomic_load(&bench->failed)) {
        die("issuing");
    }
    sums[0] += measure_cpu() - cpu;
    sums[1] += measure_wall() - wall;
}

static void promises_make(struct bench *bench, size_t round)
{
    for (size_t i = round * ROUND_CERTIFICATES; i < (round + 1) * ROUND_CERTIFICATES; i++) {
        struct wanted *wanted = &bench->wanted[i];
        if (factory_promises(&bench->factory, PROMISES, buf_span(&wanted->first), NOW,
                &wanted->promises) != OK) {
            die("promises");
        }
    }
}

/* Certificates per second of processor time, and of the wall's. */
static void round_run(struct bench *bench, size_t round, double *ret_cpu, double *ret_wall)
{
    double sums[2] = { 0, 0 };
    half_run(bench, round, /* completing= */ false, sums);
    if (bench->logged) {
        promises_make(bench, round);
        half_run(bench, round, /* completing= */ true, sums);
    }
    *ret_cpu = ROUND_CERTIFICATES / sums[0];
    *ret_wall = ROUND_CERTIFICATES / sums[1];
}

/* One processor's share of a round, by OpenSSL alone. */
struct share {
    pthread_t thread;
    struct beside *beside;
    bool (*run)(struct beside *beside, unsigned long number);
    size_t count;
};

static bool bare(struct beside *beside, unsigned long number)
{
    (void)number;
    return beside_bare(beside);
}

static bool needed(struct beside *beside, unsigned long number)
{
    (void)number;
    return beside_needed(beside);
}

static void *share_run(void *argument)
{
    struct share *share = argument;
    for (size_t i = 0; i < share->count; i++) {
        if (!share->run(share->beside, i + 1)) {
            die("OpenSSL");
        }
    }
    return NULL;
}

static double beside_run(
    struct bench *bench, bool (*run)(struct beside *beside, unsigned long number))
{
    struct share shares[PROCESSORS_MAX];
    size_t each = ROUND_CERTIFICATES / bench->processors + 1;
    double cpu = measure_cpu();
    for (size_t i = 0; i < bench->processors; i++) {
        shares[i] = (struct share){ .beside = bench->beside[i], .run = run, .count = each };
        if (pthread_create(&shares[i].thread, NULL, share_run, &shares[i]) != 0) {
            die("a thread");
        }
    }
    for (size_t i = 0; i < bench->processors; i++) {
        pthread_join(shares[i].thread, NULL);
    }
    return (double)(each * bench->processors) / (measure_cpu() - cpu);
}

/* What one kind of certificate came to, a value a round. */
struct sums {
    double core[ROUNDS], wall[ROUNDS], bare[ROUNDS], needed[ROUNDS], x509[ROUNDS];
    double seconds[ROUNDS * ROUND_CERTIFICATES]; /* of each certificate */
};

/* The X509 functions know nothing of CT. */
static void sums_print(struct sums *sums, const char *name, bool logged, bool json)
{
    enum { COUNT = ROUNDS * ROUND_CERTIFICATES };
    static const char *const kinds[] = { "bare", "needed", "wall", "p99", "x509" };
    static const char unit[] = "certificates/s/core";
    char names[sizeof kinds / sizeof kinds[0]][64];
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        snprintf(names[i], sizeof names[i], "issue.%s.%s", name, kinds[i]);
    }
    double rate = measure_median(sums->core, ROUNDS);
    double middle = measure_median(sums->seconds, COUNT);
    const struct figure figures[] = {
        { names[0], rate, unit, "bare operations", measure_median(sums->bare, ROUNDS) },
        { names[1], rate, unit, "needed operations", measure_median(sums->needed, ROUNDS) },
        { names[2], measure_median(sums->wall, ROUNDS), "certificates/s", "its core's time", rate },
        { names[3], 1e3 * sums->seconds[COUNT * 99 / 100], "ms", "the median", 1e3 * middle },
        { names[4], rate, unit, "OpenSSL X509", measure_median(sums->x509, ROUNDS) },
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0] - logged; i++) {
        measure_print(&figures[i], json);
    }
}

static void rounds_run(struct bench *bench, struct sums *sums)
{
    for (size_t i = 0; i < ROUNDS; i++) {
        sums->bare[i] = beside_run(bench, bare);
        round_run(bench, i, &sums->core[i], &sums->wall[i]);
        sums->needed[i] = beside_run(bench, needed);
        sums->x509[i] = beside_run(bench, beside_x509);
    }
    for (size_t i = 0; i < ROUNDS * ROUND_CERTIFICATES; i++) {
        sums->seconds[i] = bench->wanted[i].seconds;
    }
}

static void bench_run(enum key_type issuer_type, bool logged, const char *name, bool json)
{
    static struct bench bench;
    static struct sums sums;
    char folder[] = "bench-issue-XXXXXX", journal[64];
    bench = (struct bench){ .logged = logged };
    if (factory_init(&bench.factory, issuer_type) != OK || mkdtemp(folder) == NULL) {
        die("the factory");
    }
    if (logged) {
        factory_publish(&bench.factory);
    }
    snprintf(journal, sizeof journal, "%s/journal", folder);
    warrants_make(&bench);
    core_open(&bench, journal);
    beside_open(&bench);
    rounds_run(&bench, &sums);
    issuing_free(bench.issuing);
    for (size_t i = 0; i < bench.processors; i++) {
        beside_free(bench.beside[i]);
    }
    warrants_release(&bench);
    factory_release(&bench.factory);
    unlink(journal);
    snprintf(journal, sizeof journal, "%s/journal.index", folder);
    unlink(journal);
    rmdir(folder);
    sums_print(&sums, name, logged, json);
}

int main(int argc, char **argv)
{
    bool json = measure_arguments(argc, argv);
    bench_run(KEY_TYPE_RSA_2048, /* logged= */ false, "rsa2048", json);
    bench_run(KEY_TYPE_P256, /* logged= */ false, "p256", json);
    bench_run(KEY_TYPE_RSA_2048, /* logged= */ true, "rsa2048.ct", json);
    bench_run(KEY_TYPE_P256, /* logged= */ true, "p256.ct", json);
    return 0;
}
