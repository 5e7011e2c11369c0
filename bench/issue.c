/* Certificates per second of one core's time by the issuing core (reserve, check the warrant,
 * build, lint, journal, sign, verify, compare; with Certificate Transparency all of it for the
 * precertificate, then the promises' checks and the second signature), beside OpenSSL alone:
 *
 *   needed  the cryptographic operations that an issuance can't do without: two Ed25519 and six
 *           RSA-2048 verifications; the request's key made from its numbers, its signature verified
 *           (RSA-2048); one signature, verified before it leaves. With CT two of them, and three
 *           logs' promises verified (P-256). No hash of ours, no check of the key, no journal
 *   wall    the same two by the clock on the wall, all processors together
 *   bare    without what is verified of our own making and of the logs', on keys ready for use
 *   x509    OpenSSL's X509 functions from request to certificate: no warrant, nothing stored
 *
 * The journal is on, with sixteen callers at once, so that they share its waits. Every round goes
 * needed, bare, core, needed, x509, and has its own ratios, of which the medians are printed: a
 * machine that others load is as slow for one as for the other. Each keeps all processors busy,
 * since two that share a core slow each other down. The promises are made between the rounds' two
 * halves and counted nowhere; p99 is of a certificate's time in the core, by the wall's clock. All
 * threads live from the first round to the last, and a round is long enough that its beginning and
 * its end, when callers come and go, are little of it: a rate is that of a service at work. */
#include "bench/crew.h"
#include "bench/issue_beside.h"
#include "bench/measure.h"
#include "proc/signer/issue.h"
#include "tests/factory/factory.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

enum { ROUNDS = 15, ROUND_CERTIFICATES = 200, CALLERS = 16, PROCESSORS_MAX = CREW_MAX };

#define NOW INT64_C(1795000000)

/* So much room for an answer is there before it comes: a service gives it back after each, and
 * doesn't ask the system for more with every certificate. */
enum { PROMISES = 3, ANSWER_BYTES = 4096 };

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
    struct crew callers, processors; /* the latter for what is beside, one each */
    struct beside *beside[PROCESSORS_MAX];
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

static void warrants_make(void *ctx, size_t index)
{
    struct bench *bench = ctx;
    struct sample *sample = malloc(sizeof *sample);
    for (size_t i = index; i < ROUNDS * ROUND_CERTIFICATES; i += bench->processors.count) {
        struct wanted *wanted = &bench->wanted[i];
        if (sample == NULL || sample_init(sample, &bench->factory, NOW, (unsigned)i + 1) != OK) {
            die("making warrants");
        }
        wanted->request = sample->warrant.request;
        wanted->der = buf_detach(&sample->der, &wanted->len);
        wanted->first = buf_make(CERTIFICATE_MAX_BYTES);
        (void)buf_reserve(&wanted->first, ANSWER_BYTES);
        wanted->promises = buf_make(CERTIFICATE_MAX_BYTES);
        sample_release(sample);
    }
    free(sample);
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

static void crews_start(struct bench *bench)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    size_t processors = online < 1 ? 1 : online > PROCESSORS_MAX ? PROCESSORS_MAX : (size_t)online;
    if (!crew_start(&bench->processors, processors) || !crew_start(&bench->callers, CALLERS)) {
        die("a thread");
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
    for (size_t i = 0; i < bench->processors.count; i++) {
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

static void caller_run(void *ctx, size_t index)
{
    struct bench *bench = ctx;
    (void)index;
    for (;;) {
        size_t at = atomic_fetch_add(&bench->next, 1);
        if (at >= bench->round_end) {
            return;
        }
        struct wanted *wanted = &bench->wanted[at];
        struct reason reason = { 0 };
        double begun = measure_wall();
        if (wanted_issue(bench, wanted, &reason) != OK) {
            fprintf(stderr, "bench-issue: %s %s\n", reason.code, reason.seen);
            atomic_store(&bench->failed, true);
            return;
        }
        wanted->seconds += measure_wall() - begun;
    }
}

/* Seconds of processor time, and of the wall's, for so many. */
struct spent {
    double cpu, wall, count;
};

static double rate_by_cpu(const struct spent *spent)
{
    return spent->count / spent->cpu;
}

static double rate_by_wall(const struct spent *spent)
{
    return spent->count / spent->wall;
}

static void half_run(struct bench *bench, size_t round, bool completing, struct spent *spent)
{
    double cpu = measure_cpu(), wall = measure_wall();
    bench->completing = completing;
    atomic_store(&bench->next, round * ROUND_CERTIFICATES);
    bench->round_end = (round + 1) * ROUND_CERTIFICATES;
    crew_run(&bench->callers, caller_run, bench);
    if (atomic_load(&bench->failed)) {
        die("issuing");
    }
    spent->cpu += measure_cpu() - cpu;
    spent->wall += measure_wall() - wall;
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

static void round_run(struct bench *bench, size_t round, struct spent *spent)
{
    half_run(bench, round, /* completing= */ false, spent);
    if (bench->logged) {
        promises_make(bench, round);
        half_run(bench, round, /* completing= */ true, spent);
    }
    spent->count += ROUND_CERTIFICATES;
}

/* Each processor's share of a round, by OpenSSL alone. */
struct share {
    struct beside *const *beside;
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

static void share_run(void *ctx, size_t index)
{
    const struct share *share = ctx;
    for (size_t i = 0; i < share->count; i++) {
        if (!share->run(share->beside[index], i + 1)) {
            die("OpenSSL");
        }
    }
}

static void beside_run(struct bench *bench,
    bool (*run)(struct beside *beside, unsigned long number), struct spent *spent)
{
    size_t processors = bench->processors.count;
    struct share share = { bench->beside, run, ROUND_CERTIFICATES / 2 / processors + 1 };
    double cpu = measure_cpu(), wall = measure_wall();
    crew_run(&bench->processors, share_run, &share);
    spent->cpu += measure_cpu() - cpu;
    spent->wall += measure_wall() - wall;
    spent->count += (double)(share.count * processors);
}

struct round {
    struct spent core, needed, bare, x509;
};

static void rounds_run(struct bench *bench, struct round *rounds)
{
    for (size_t i = 0; i < ROUNDS; i++) {
        beside_run(bench, needed, &rounds[i].needed);
        beside_run(bench, bare, &rounds[i].bare);
        round_run(bench, i, &rounds[i].core);
        beside_run(bench, needed, &rounds[i].needed);
        beside_run(bench, beside_x509, &rounds[i].x509);
    }
}

static double median_rate(
    const struct round *rounds, size_t offset, double (*rate)(const struct spent *spent))
{
    double rates[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        rates[i] = rate((const struct spent *)((const char *)&rounds[i] + offset));
    }
    return measure_median(rates, ROUNDS);
}

/* The median rate of the core, beside one that is to it as the median of the rounds' ratios says.
 */
static void ratio_print(const struct round *rounds, size_t offset,
    double (*rate)(const struct spent *spent), const struct figure *figure, bool json)
{
    double ratios[ROUNDS];
    struct figure printed = *figure;
    for (size_t i = 0; i < ROUNDS; i++) {
        ratios[i] =
            rate(&rounds[i].core) / rate((const struct spent *)((const char *)&rounds[i] + offset));
    }
    printed.value = median_rate(rounds, offsetof(struct round, core), rate);
    printed.beside_value = printed.value / measure_median(ratios, ROUNDS);
    measure_print(&printed, json);
}

/* The X509 functions know nothing of CT. */
static void kind_print(
    const struct bench *bench, const struct round *rounds, const char *name, bool json)
{
    enum { COUNT = ROUNDS * ROUND_CERTIFICATES };
    static double seconds[COUNT];
    static const struct {
        const char *name, *beside, *unit;
        size_t offset;
        double (*rate)(const struct spent *spent);
    } kinds[] = {
        { "needed", "needed operations", "certificates/s/core", offsetof(struct round, needed),
            rate_by_cpu },
        { "wall", "needed operations", "certificates/s", offsetof(struct round, needed),
            rate_by_wall },
        { "bare", "bare operations", "certificates/s/core", offsetof(struct round, bare),
            rate_by_cpu },
        { "x509", "OpenSSL X509", "certificates/s/core", offsetof(struct round, x509),
            rate_by_cpu },
    };
    char label[64];
    struct figure figure = { .name = label };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] - bench->logged; i++) {
        snprintf(label, sizeof label, "issue.%s.%s", name, kinds[i].name);
        figure.unit = kinds[i].unit;
        figure.beside = kinds[i].beside;
        ratio_print(rounds, kinds[i].offset, kinds[i].rate, &figure, json);
    }
    for (size_t i = 0; i < COUNT; i++) {
        seconds[i] = bench->wanted[i].seconds;
    }
    snprintf(label, sizeof label, "issue.%s.p99", name);
    double middle = measure_median(seconds, COUNT);
    measure_print(&(struct figure){ label, 1e3 * seconds[COUNT * 99 / 100], "ms", "the median",
                      1e3 * middle },
        json);
}

static void bench_run(enum key_type issuer_type, bool logged, const char *name, bool json)
{
    static struct bench bench;
    struct round rounds[ROUNDS] = { 0 };
    char folder[] = "bench-issue-XXXXXX", journal[64];
    bench = (struct bench){ .logged = logged };
    if (factory_init(&bench.factory, issuer_type) != OK || mkdtemp(folder) == NULL) {
        die("the factory");
    }
    if (logged) {
        factory_publish(&bench.factory);
    }
    snprintf(journal, sizeof journal, "%s/journal", folder);
    crews_start(&bench);
    crew_run(&bench.processors, warrants_make, &bench);
    core_open(&bench, journal);
    beside_open(&bench);
    rounds_run(&bench, rounds);
    crew_stop(&bench.callers);
    crew_stop(&bench.processors);
    issuing_free(bench.issuing);
    for (size_t i = 0; i < bench.processors.count; i++) {
        beside_free(bench.beside[i]);
    }
    kind_print(&bench, rounds, name, json);
    warrants_release(&bench);
    factory_release(&bench.factory);
    unlink(journal);
    snprintf(journal, sizeof journal, "%s/journal.index", folder);
    unlink(journal);
    rmdir(folder);
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
