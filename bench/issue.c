/* Certificates per second of one core's time by the issuing core (reserve, check the warrant,
 * build, lint, journal, sign, verify, compare), beside the bare cryptographic operations that a
 * warrant needs and beside OpenSSL's X509 functions, which check no warrant and store nothing. The
 * journal is on, with as many callers at once as the registrar has workers; all three take turns in
 * one run, and each keeps all processors busy, since two that share a core slow each other down. */
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

struct wanted {
    struct request_id request;
    uint8_t *der;
    size_t len;
};

struct bench {
    struct factory factory;
    struct wanted wanted[ROUNDS * ROUND_CERTIFICATES];
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
        sample_release(&sample);
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
        buf_span(&csr) };
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    bench->processors = online < 1 ? 1 : online > PROCESSORS_MAX ? PROCESSORS_MAX : (size_t)online;
    for (size_t i = 0; i < bench->processors; i++) {
        bench->beside[i] = beside_new(&setup);
        if (bench->beside[i] == NULL) {
            die("OpenSSL");
        }
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
                &certificate, NULL, &reason) != OK) {
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

static void bench_run(enum key_type issuer_type, const char *name, bool json)
{
    static struct bench bench;
    char folder[] = "bench-issue-XXXXXX", journal[64], bare_name[64], x509_name[64], wall_name[64];
    double core[ROUNDS], wall[ROUNDS], alone[ROUNDS], x509[ROUNDS];
    if (factory_init(&bench.factory, issuer_type) != OK || mkdtemp(folder) == NULL) {
        die("the factory");
    }
    snprintf(journal, sizeof journal, "%s/journal", folder);
    warrants_make(&bench);
    core_open(&bench, journal);
    beside_open(&bench);
    for (size_t i = 0; i < ROUNDS; i++) {
        alone[i] = beside_run(&bench, bare);
        round_run(&bench, i, &core[i], &wall[i]);
        x509[i] = beside_run(&bench, beside_x509);
    }
    issuing_free(bench.issuing);
    for (size_t i = 0; i < bench.processors; i++) {
        beside_free(bench.beside[i]);
    }
    factory_release(&bench.factory);
    unlink(journal);
    snprintf(journal, sizeof journal, "%s/journal.index", folder);
    unlink(journal);
    rmdir(folder);
    double rate = measure_median(core, ROUNDS);
    snprintf(bare_name, sizeof bare_name, "issue.%s.bare", name);
    snprintf(x509_name, sizeof x509_name, "issue.%s.x509", name);
    snprintf(wall_name, sizeof wall_name, "issue.%s.wall", name);
    const struct figure figures[] = {
        { bare_name, rate, "certificates/s/core", "bare operations",
            measure_median(alone, ROUNDS) },
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
