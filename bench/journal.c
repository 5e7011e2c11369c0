/* The signer's journal: how fast its chain is verified, how fast its warrants are proved beside the
 * bare verifications that this needs, and how long a signer takes to start over ten million
 * records, with its index and without. The long journal is made here, of small records: what a
 * start reads does not depend on their size. */
#include "bench/issue_beside.h"
#include "bench/measure.h"
#include "lib/journal/proof.h"
#include "proc/signer/issue.h"
#include "tests/factory/factory.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CERTIFICATES = 1000,
    ROUNDS = 5,
    RECORDS = 10000000,
    RECORDS_IN_FLIGHT = 50000,
    WARRANTS_A_ROUND = 1000,
};

#define NOW INT64_C(1795000000)

struct bench {
    struct factory factory;
    char folder[32], real[64], real_index[64], large[64], large_index[64];
};

struct started {
    double milliseconds;
    double anonymous_mib;
};

static const uint8_t index_key[CHECKPOINT_KEY_BYTES] = { 1 };

static void die(const char *what)
{
    fprintf(stderr, "bench-journal: %s failed\n", what);
    exit(EXIT_FAILURE);
}

static int64_t clock_of_bench(void *ctx)
{
    (void)ctx;
    return NOW;
}

static struct issuing *core_open(struct bench *bench, const char *journal)
{
    struct reason reason = { 0 };
    struct issuing *issuing = NULL;
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
    if (issuing_open(&setup, &issuing, NULL, &reason) != OK || issuing_follow(issuing) != OK) {
        die(reason.code);
    }
    return issuing;
}

static void real_journal_make(struct bench *bench)
{
    struct issuing *issuing = core_open(bench, bench->real);
    for (unsigned i = 0; i < CERTIFICATES; i++) {
        static struct sample sample;
        struct signer_serial serial;
        struct reason reason = { 0 };
        AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
        if (sample_init(&sample, &bench->factory, NOW, i + 1) != OK ||
            issuing_reserve(issuing, &sample.warrant.request, &serial, &reason) != OK ||
            issuing_issue(issuing, &sample.warrant.request, buf_span(&sample.der), &certificate,
                NULL, &reason) != OK) {
            die("issuing");
        }
        sample_release(&sample);
    }
    issuing_free(issuing);
}

static void large_add(struct journal *journal, enum journal_type type, body_writer write,
    const void *object, struct journal_ticket *ret_ticket)
{
    if (journal_add(journal, type, NOW, write, object, ret_ticket) != OK) {
        die("adding a record");
    }
}

/* One request as its records; two of a hundred revoked. */
static void large_request(
    struct journal *journal, uint64_t number, struct journal_ticket *ret_ticket)
{
    uint8_t hash[SHA256_BYTES], bytes[8], serial[SERIAL_BYTES] = { 0x4e };
    struct request_id request = { .ordinal = 1 };
    store_be64(bytes, number);
    if (sha256(SPAN_OF(bytes), hash) != OK) {
        die("SHA-256");
    }
    memcpy(request.enrolment, hash, sizeof request.enrolment);
    memcpy(serial + 1, hash + 16, sizeof serial - 1);
    const struct record_reserved reserved = { request, SPAN_OF(serial) };
    const struct record_intent intent = { .request = request,
        .serial = SPAN_OF(serial),
        .issuer = "ssl-ca-3-17",
        .warrant = SPAN_LITERAL("warrant"),
        .tbs = SPAN_LITERAL("tbs") };
    const struct record_issued issued = { request, SPAN_LITERAL("certificate") };
    const struct record_revoked revoked = { .issuer = "ssl-ca-3-17",
        .serial = SPAN_OF(serial),
        .reason = REVOCATION_SUPERSEDED,
        .date = NOW };
    large_add(journal, JOURNAL_RESERVED, record_reserved_write, &reserved, ret_ticket);
    large_add(journal, JOURNAL_INTENT, record_intent_write, &intent, ret_ticket);
    large_add(journal, JOURNAL_ISSUED, record_issued_write, &issued, ret_ticket);
    if (number % 50 == 0) {
        large_add(journal, JOURNAL_REVOKED, record_revoked_write, &revoked, ret_ticket);
    }
}

static enum err nothing(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
    return OK;
}

/* The core writes its epoch first. */
static void large_journal_make(struct bench *bench)
{
    struct reason reason = { 0 };
    struct journal *journal = NULL;
    struct journal_ticket ticket = { 0 };
    issuing_free(core_open(bench, bench->large));
    if (journal_open(bench->large, NULL, nothing, NULL, &journal, NULL, &reason) != OK) {
        die("the journal");
    }
    int64_t safe = 0;
    for (uint64_t number = 0; ticket.seq < RECORDS; number++) {
        large_request(journal, number, &ticket);
        if (ticket.seq > safe + RECORDS_IN_FLIGHT) {
            safe = ticket.seq;
            if (journal_wait(journal, &ticket) != OK) {
                die("writing");
            }
        }
    }
    if (journal_wait(journal, &ticket) != OK) {
        die("writing");
    }
    journal_free(journal);
}

/* Records per second, one thread. */
static double chain_verify(const char *path)
{
    struct stat status;
    struct journal_record record;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        die("the journal");
    }
    double begin = measure_wall();
    AUTO(journal_reader) reader = journal_reader_make(fd, NULL, status.st_size);
    enum err err = OK;
    while (err == OK) {
        err = journal_reader_next(&reader, &record);
    }
    double seconds = measure_wall() - begin;
    close(fd);
    if (err != ERR_NOT_FOUND) {
        die("the chain");
    }
    return (double)reader.state.records / seconds;
}

static double prove(struct bench *bench, const struct proof_roster *roster)
{
    struct reason reason = { 0 };
    struct proof proof = { .count = 0 };
    struct proof_setup setup = {
        .rosters = roster, .roster_count = 1, .threads = (unsigned)sysconf(_SC_NPROCESSORS_ONLN)
    };
    setup.fd = open(bench->real, O_RDONLY | O_CLOEXEC);
    double begin = measure_cpu();
    if (setup.fd < 0 || proof_run(&setup, &proof, &reason) != OK) {
        die(reason.code);
    }
    double seconds = measure_cpu() - begin;
    proof_release(&proof);
    close(setup.fd);
    return CERTIFICATES / seconds;
}

static double bare_verify(struct beside *beside)
{
    double begin = measure_cpu();
    for (size_t i = 0; i < WARRANTS_A_ROUND; i++) {
        if (!beside_verify(beside)) {
            die("OpenSSL");
        }
    }
    return WARRANTS_A_ROUND / (measure_cpu() - begin);
}

static double anonymous_mib(void)
{
    char line[256];
    double kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "RssAnon:", 8) == 0) {
            kib = strtod(line + 8, NULL);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kib / 1024;
}

/* In a process of its own, as a start is. */
static struct started start(struct bench *bench)
{
    int ends[2];
    struct started started = { 0 };
    if (pipe(ends) != 0) {
        die("a pipe");
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        double before = anonymous_mib(), begin = measure_wall();
        struct issuing *issuing = core_open(bench, bench->large);
        started.milliseconds = 1000 * (measure_wall() - begin);
        started.anonymous_mib = anonymous_mib() - before;
        bool told = issuing != NULL && write(ends[1], &started, sizeof started) > 0;
        _exit(told ? 0 : 1);
    }
    bool told = read(ends[0], &started, sizeof started) == sizeof started;
    close(ends[0]);
    close(ends[1]);
    if (waitpid(child, NULL, 0) != child || !told) {
        die("starting");
    }
    return started;
}

static void warrants_bench(struct bench *bench, bool json)
{
    static struct sample sample;
    static struct proof_roster roster;
    double proved[ROUNDS], bare[ROUNDS], chain[ROUNDS];
    AUTO(secret) key = { 0 };
    if (sample_init(&sample, &bench->factory, NOW, 1) != OK ||
        key_to_pkcs8(bench->factory.issuer.key, &key) != OK ||
        proof_roster_take(&bench->factory.roster, bench->factory.roster_hash, &roster) != OK) {
        die("the roster");
    }
    const struct beside_setup setup = { secret_span(&key), buf_span(&bench->factory.issuer.der),
        buf_span(&sample.csr) };
    struct beside *beside = beside_new(&setup);
    if (beside == NULL) {
        die("OpenSSL");
    }
    real_journal_make(bench);
    for (size_t i = 0; i < ROUNDS; i++) {
        bare[i] = bare_verify(beside);
        proved[i] = prove(bench, &roster);
        chain[i] = chain_verify(bench->real);
    }
    const struct figure figures[] = {
        { "journal.proved", measure_median(proved, ROUNDS), "warrants/s/core", "bare verifications",
            measure_median(bare, ROUNDS) },
        { "journal.chain.warrants", measure_median(chain, ROUNDS), "records/s", "what is asked",
            50000 },
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        measure_print(&figures[i], json);
    }
    beside_free(beside);
    proof_roster_release(&roster);
    sample_release(&sample);
}

static void start_bench(struct bench *bench, bool json)
{
    struct stat journal, index;
    double milliseconds[ROUNDS], mib[ROUNDS];
    large_journal_make(bench);
    unlink(bench->large_index);
    struct started first = start(bench);
    double chain = chain_verify(bench->large);
    for (size_t i = 0; i < ROUNDS; i++) {
        struct started again = start(bench);
        milliseconds[i] = again.milliseconds;
        mib[i] = again.anonymous_mib;
    }
    if (stat(bench->large, &journal) != 0 || stat(bench->large_index, &index) != 0) {
        die("the index");
    }
    const struct figure figures[] = {
        { "journal.chain.small", chain, "records/s", "what is asked", 50000 },
        { "journal.start", measure_median(milliseconds, ROUNDS), "ms", "what is allowed", 100 },
        { "journal.start.memory", measure_median(mib, ROUNDS), "MiB", "the index on disk",
            (double)index.st_size / 1048576 },
        { "journal.start.no_index", first.milliseconds, "ms", "with it",
            measure_median(milliseconds, ROUNDS) },
        { "journal.start.no_index.memory", first.anonymous_mib, "MiB", "the journal",
            (double)journal.st_size / 1048576 },
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        measure_print(&figures[i], json);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench = { .folder = "bench-journal-XXXXXX" };
    bool json = measure_arguments(argc, argv);
    if (factory_init(&bench.factory, KEY_TYPE_RSA_2048) != OK || mkdtemp(bench.folder) == NULL) {
        die("the factory");
    }
    snprintf(bench.real, sizeof bench.real, "%s/real", bench.folder);
    snprintf(bench.real_index, sizeof bench.real_index, "%s/real.index", bench.folder);
    snprintf(bench.large, sizeof bench.large, "%s/large", bench.folder);
    snprintf(bench.large_index, sizeof bench.large_index, "%s/large.index", bench.folder);
    warrants_bench(&bench, json);
    start_bench(&bench, json);
    unlink(bench.real);
    unlink(bench.real_index);
    unlink(bench.large);
    unlink(bench.large_index);
    rmdir(bench.folder);
    factory_release(&bench.factory);
    return 0;
}
