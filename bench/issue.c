/* Certificates per second of one core's time by the issuing core (reserve, check the warrant, build,
 * lint, journal, sign, verify, compare), beside the bare cryptographic operations that a warrant
 * needs and beside OpenSSL's X509 functions, which check no warrant and store nothing. The journal is
 * on, with as many callers at once as the registrar has workers; all three take turns in one run. */
#include "bench/issue_beside.h"
#include "bench/measure.h"
#include "proc/signer/issue.h"
#include "tests/factory/factory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { ROUNDS = 15, ROUND_CERTIFICATES = 80, CALLERS = 16 };

#define NOW INT64_C(1795000000)

struct wanted {
    struct request_id request;
    uint8_t *der;
    size_t len;
};

struct bench {
    struct factory factory;
    struct wanted wanted[ROUNDS * ROUND_CERTIFICATES];
    struct issuing *issuing;
    struct beside *beside;
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
        sample_release(&sample);
    }
}

static void core_open(struct bench *bench, const char *journal)
{
    struct reason reason = { 0 };
    const struct issuing_setup setup = {
        .roster = &bench->factory.roster,
        .roster_hash = bench->factory.roster_hash,
        .issuers = &bench->factory.issuer,
        .issuer_count = 1,
        .journal_path = journal,
        .clock = { clock_of_bench, NULL },
        .random = random_system(),
    };
    if (issuing_open(&setup, &bench->issuing, NULL, &reason) != OK) {
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
        buf_span(&csr) };
    bench->beside = beside_new(&setup);
    if (bench->beside == NULL) {
        die("OpenSSL");
    }
}

static void *caller_run(void *argument)
{
    struct bench *bench = argument;
    for (;;) {
        size_t at = atomic_fetch_add(&bench->next, 1);
        if (at >= bench->round_end) {
            return NULL;
        }
        const struct wanted *wanted = &bench->wanted[at];
        struct signer_serial serial;
        struct reason reason = { 0 };
        AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
        if (issuing_reserve(bench->issuing, &wanted->request, &serial, &reason) != OK ||
            issuing_issue(bench->issuing, &wanted->request, span_make(wanted->der, wanted->len),
                &certificate, &reason) != OK) {
            fprintf(stderr, "bench-issue: %s %s\n", reason.code, reason.seen);
            atomic_store(&bench->failed, true);
            return NULL;
        }
    }
}

/* Certificates per second of processor time, and of the wall's. */
static void round_run(struct bench *bench, size_t round, double *ret_cpu, double *ret_wall)
{
    pthread_t callers[CALLERS];
    double cpu = measure_cpu(), wall = measure_wall();
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
    *ret_cpu = ROUND_CERTIFICATES / (measure_cpu() - cpu);
    *ret_wall = ROUND_CERTIFICATES / (measure_wall() - wall);
}

static double bare_run(struct bench *bench)
{
    double cpu = measure_cpu();
    for (size_t i = 0; i < ROUND_CERTIFICATES; i++) {
        if (!beside_bare(bench->beside)) {
            die("a bare operation");
        }
    }
    return ROUND_CERTIFICATES / (measure_cpu() - cpu);
}

static double x509_run(struct bench *bench)
{
    double cpu = measure_cpu();
    for (size_t i = 0; i < ROUND_CERTIFICATES; i++) {
        if (!beside_x509(bench->beside, i + 1)) {
            die("X509");
        }
    }
    return ROUND_CERTIFICATES / (measure_cpu() - cpu);
}

static void bench_run(enum key_type issuer_type, const char *name, bool json)
{
    static struct bench bench;
    char folder[] = "bench-issue-XXXXXX", journal[64], bare_name[64], x509_name[64], wall_name[64];
    double core[ROUNDS], wall[ROUNDS], bare[ROUNDS], x509[ROUNDS];
    if (factory_init(&bench.factory, issuer_type) != OK || mkdtemp(folder) == NULL) {
        die("the factory");
    }
    snprintf(journal, sizeof journal, "%s/journal", folder);
    warrants_make(&bench);
    core_open(&bench, journal);
    beside_open(&bench);
    for (size_t i = 0; i < ROUNDS; i++) {
        bare[i] = bare_run(&bench);
        round_run(&bench, i, &core[i], &wall[i]);
        x509[i] = x509_run(&bench);
    }
    issuing_free(bench.issuing);
    beside_free(bench.beside);
    factory_release(&bench.factory);
    unlink(journal);
    rmdir(folder);
    double rate = measure_median(core, ROUNDS);
    snprintf(bare_name, sizeof bare_name, "issue.%s.bare", name);
    snprintf(x509_name, sizeof x509_name, "issue.%s.x509", name);
    snprintf(wall_name, sizeof wall_name, "issue.%s.wall", name);
    const struct figure figures[] = {
        { bare_name, rate, "certificates/s/core", "bare operations", measure_median(bare, ROUNDS) },
        { x509_name, rate, "certificates/s/core", "OpenSSL X509", measure_median(x509, ROUNDS) },
        { wall_name, measure_median(wall, ROUNDS), "certificates/s", "its core's time", rate },
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        measure_print(&figures[i], json);
    }
}

int main(int argc, char **argv)
{
    bool json = measure_arguments(argc, argv);
    bench_run(KEY_TYPE_RSA_2048, "rsa2048", json);
    bench_run(KEY_TYPE_P256, "p256", json);
    return 0;
}
