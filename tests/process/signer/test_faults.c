/* kill -9, power cuts, full and failing disks at every numbered point of the issuance path (each
 * write, sync and truncation of journal and index), exhaustively; then the next process goes on,
 * and the audit proves: nothing that was acknowledged is lost, no signature is without its record,
 * no serial is used twice, and every request has one certificate (doc/threats.md S1 to S3, S13).
 *
 *   test_faults [logged]         every fault at every point
 *   test_faults long [logged]    and a second kill at every point of the recovery; and many threads
 *
 * `logged`: each request goes by a precertificate, promises and a completion, and one is abandoned.
 */
#include "lib/base/file.h"
#include "lib/journal/proof.h"
#include "lib/pki/crl.h"
#include "proc/signer/issue.h"
#include "tests/factory/factory.h"
#include "tests/process/signer/faults.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    REQUESTS = 3,
    CROWD = 24, /* requests of the test with many threads */
    THREADS = 8,
    INDEX_RECORDS = 3,
    SCTS = 3,
    EXIT_UNOPENED = 10,
    EXIT_ACTED = 20, /* + enum err */
};

#define NOW INT64_C(1795000000)

/* What was acknowledged; shared with the process that dies. */
struct witness {
    bool reserved[CROWD], precertified[CROWD], issued[CROWD], revoked, withdrawn, abandoned;
    uint8_t precertificates[CROWD][HASH_BYTES];
    struct signer_serial serials[CROWD];
    uint8_t certificates[CROWD][HASH_BYTES];
    int64_t crl;
    unsigned points; /* of a whole run */
};

static struct factory factory;
static struct issuer_key issuers[2];
static struct proof_roster roster;
static struct sample samples[CROWD + 1];
static char folder[] = "faults-test-XXXXXX";
static char journal_path[PATH_MAX], index_path[PATH_MAX];
static struct witness *witness;
static unsigned runs;
static bool logged;

static void die(const char *what, const char *code)
{
    fprintf(stderr, "test_faults: %s %s\n", what, code);
    _exit(EXIT_FAILURE);
}

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            die("broken:", #condition);                                                            \
        }                                                                                          \
    } while (0)

static int64_t clock_of_test(void *ctx)
{
    (void)ctx;
    return NOW;
}

static enum err core_open(struct issuing **ret_issuing)
{
    static const uint8_t key[CHECKPOINT_KEY_BYTES] = { 3 };
    struct reason reason = { 0 };
    const struct issuing_setup setup = { .roster = &factory.roster,
        .roster_hash = factory.roster_hash,
        .issuers = issuers,
        .issuer_count = 2,
        .journal_path = journal_path,
        .index_key = key,
        .index_records = INDEX_RECORDS,
        .clock = { clock_of_test, NULL },
        .random = random_system() };
    TRY(issuing_open(&setup, ret_issuing, NULL, &reason));
    return issuing_follow(*ret_issuing);
}

/* From the precertificate, which must be the one that was acknowledged, to the certificate. */
static enum err complete_act(struct issuing *issuing, unsigned i, struct buf *der)
{
    struct reason reason = { 0 };
    uint8_t hash[HASH_BYTES];
    AUTO(buf) promises = buf_make(SCT_LIST_MAX_BYTES);
    MUST(logged && !witness->issued[i]);
    TRY(sha256(buf_span(der), hash));
    MUST(!witness->precertified[i] || memcmp(hash, witness->precertificates[i], sizeof hash) == 0);
    memcpy(witness->precertificates[i], hash, sizeof hash);
    witness->precertified[i] = true;
    MUST(factory_promises(&factory, SCTS, buf_span(der), NOW, &promises) == OK);
    buf_clear(der);
    return issuing_complete(
        issuing, &samples[i].warrant.request, buf_span(&promises), der, &reason);
}

/* Reserve and issue; what had been acknowledged before must come again. */
static enum err request_act(struct issuing *issuing, unsigned i)
{
    struct reason reason = { 0 };
    struct signer_serial serial = { .len = 0 };
    uint8_t hash[HASH_BYTES];
    const struct request_id *request = &samples[i].warrant.request;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(issuing_reserve(issuing, request, &serial, &reason));
    MUST(!witness->reserved[i] || memcmp(serial.bytes, witness->serials[i].bytes, serial.len) == 0);
    witness->serials[i] = serial;
    witness->reserved[i] = true;
    bool precertificate = false;
    TRY(issuing_issue(issuing, request, buf_span(&samples[i].der), &der, &precertificate, &reason));
    TRY(precertificate ? complete_act(issuing, i, &der) : OK);
    TRY(sha256(buf_span(&der), hash));
    MUST(!witness->issued[i] || memcmp(hash, witness->certificates[i], sizeof hash) == 0);
    memcpy(witness->certificates[i], hash, sizeof hash);
    witness->issued[i] = true;
    return OK;
}

static enum err list_act(struct issuing *issuing)
{
    struct crl crl;
    struct crl_entry entry;
    struct reason reason = { 0 };
    struct signer_crl_made made;
    const struct signer_crl wanted = {
        .issuer = "ssl-ca-3-17", .this_update = NOW, .next_update = NOW + 86400
    };
    AUTO(buf) der = buf_make(SIGNER_CRL_MAX_BYTES);
    TRY(issuing_crl(issuing, &wanted, &made, &der, &reason));
    MUST(made.number > witness->crl);
    witness->crl = made.number;
    MUST(crl_parse(buf_span(&der), &crl) == OK);
    const struct signer_serial *revoked = &witness->serials[0];
    bool listed = crl_find(&crl, span_make(revoked->bytes, revoked->len), &entry) == OK;
    MUST(!witness->revoked || listed);
    return OK;
}

static enum err revoke_act(struct issuing *issuing)
{
    struct reason reason = { 0 };
    const struct signer_revoke revoke = { .issuer = "ssl-ca-3-17",
        .serial = witness->serials[0],
        .reason = REVOCATION_SUPERSEDED,
        .date = NOW };
    TRY(issuing_revoke(issuing, &revoke, &reason));
    witness->revoked = true;
    return OK;
}

/* The last sample's application is withdrawn, and from the acknowledgement on nobody gets a
 * certificate for it. */
static enum err withdraw_act(struct issuing *issuing)
{
    struct reason reason = { 0 };
    struct signer_serial serial;
    const struct sample *sample = &samples[CROWD];
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(issuing_withdraw(issuing, sample->warrant.approvals[0].application_hash));
    witness->withdrawn = true;
    TRY(issuing_reserve(issuing, &sample->warrant.request, &serial, &reason));
    enum err err = issuing_issue(issuing, &sample->warrant.request, buf_span(&sample->der), &der,
        /* ret_precertificate= */ NULL, &reason);
    MUST(err != OK);
    return err == ERR_DENIED ? OK : err;
}

/* A precertificate that no log took: from the acknowledgement on there is no certificate of its
 * serial, which is revoked. */
static enum err abandon_act(struct issuing *issuing)
{
    struct reason reason = { 0 };
    const struct sample *sample = &samples[REQUESTS];
    const struct request_id *request = &sample->warrant.request;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(issuing_reserve(issuing, request, &witness->serials[REQUESTS], &reason));
    enum err err = issuing_issue(issuing, request, buf_span(&sample->der), &der, NULL, &reason);
    MUST(err != OK || !witness->abandoned);
    TRY(err == ERR_DENIED ? OK : err);
    TRY(issuing_abandon(issuing, request, &reason));
    witness->abandoned = true;
    buf_clear(&der);
    err = issuing_issue(issuing, request, buf_span(&sample->der), &der, NULL, &reason);
    MUST(err != OK);
    return err == ERR_DENIED ? OK : err;
}

/* A key that no certificate has, so that it is the record alone which must not be lost. */
static const uint8_t blocked_key[HASH_BYTES] = { 0xb1, 0x0c };

static enum err act(struct issuing *issuing)
{
    for (unsigned i = 0; i < REQUESTS; i++) {
        TRY(request_act(issuing, i));
        if (i == 0) {
            TRY(revoke_act(issuing));
        }
        if (i == 1) {
            TRY(withdraw_act(issuing));
        }
        if (i == 2) {
            TRY(issuing_block(issuing, blocked_key));
            TRY(logged ? abandon_act(issuing) : OK);
        }
        TRY(list_act(issuing));
    }
    return OK;
}

/* One process. Its exit tells how far it came. */
static int process_run(enum fault fault, unsigned point)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct issuing *issuing = NULL;
        faults_set(fault, point);
        if (core_open(&issuing) != OK) {
            _exit(EXIT_UNOPENED);
        }
        enum err err = act(issuing);
        if (err == ERR_NO_SPACE) { /* with room again it goes on */
            MUST(act(issuing) == OK);
            err = OK;
        } else if (err != OK && err != ERR_IO) {
            die("an error that says nothing:", err_name(err));
        } else if (err == ERR_IO) { /* what the disk holds nobody knows: no more of it */
            MUST(act(issuing) == ERR_IO);
        }
        issuing_free(issuing);
        witness->points = faults_counted();
        _exit(EXIT_ACTED + (int)err);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child) {
        die("waiting", "");
    }
    runs++;
    if (WIFSIGNALED(status)) {
        if (WTERMSIG(status) != SIGKILL) {
            fprintf(stderr, "signal %d\n", WTERMSIG(status));
            die("a process that", "broke");
        }
        return -1;
    }
    if (WEXITSTATUS(status) < EXIT_UNOPENED) {
        exit(WEXITSTATUS(status));
    }
    return WEXITSTATUS(status);
}

/* From public keys, with no index and nothing from memory. */
static void audit(unsigned requests)
{
    struct reason reason = { 0 };
    AUTO(proof) proof = { .count = 0 };
    struct proof_setup setup = { .rosters = &roster, .roster_count = 1, .threads = 2 };
    setup.fd = open(journal_path, O_RDONLY | O_CLOEXEC);
    MUST(setup.fd >= 0);
    if (proof_run(&setup, &proof, &reason) != OK) {
        die(reason.code, reason.field);
    }
    MUST(proof.counts[JOURNAL_ISSUED] == requests);
    unsigned given_up = logged && requests == REQUESTS ? 1 : 0;
    MUST(proof.counts[JOURNAL_INTENT] == (logged ? 0 : requests));
    MUST(proof.counts[JOURNAL_PRECERTIFICATE_INTENT] == (logged ? requests + given_up : 0));
    MUST(proof.counts[JOURNAL_COMPLETION] == (logged ? requests : 0));
    MUST(proof.abandoned == given_up && proof.unsigned_yet == 0);
    if (given_up > 0) {
        const struct proof_row *row = proof_by_request(&proof, &samples[REQUESTS].warrant.request);
        MUST(row != NULL && row->state == PROOF_ABANDONED && row->revoked);
        MUST(memcmp(row->serial, witness->serials[REQUESTS].bytes, row->serial_len) == 0);
    }
    for (unsigned i = 0; i < requests; i++) {
        uint8_t hash[HASH_BYTES];
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        const struct proof_row *row = proof_by_request(&proof, &samples[i].warrant.request);
        MUST(row != NULL && row->state == PROOF_ISSUED);
        MUST(memcmp(row->serial, witness->serials[i].bytes, row->serial_len) == 0);
        MUST(proof_certificate_of(&proof, row, &der) == OK);
        MUST(sha256(buf_span(&der), hash) == OK);
        MUST(memcmp(hash, witness->certificates[i], sizeof hash) == 0);
        MUST(i > 0 || row->revoked);
    }
    MUST(proof_is_withdrawn(&proof, samples[CROWD].warrant.approvals[0].application_hash));
    MUST(proof_is_blocked(&proof, blocked_key));
    MUST(proof.counts[JOURNAL_BLOCKED] == 1);
    close(setup.fd);
}

static void world_empty(void)
{
    unlink(journal_path);
    unlink(index_path);
    memset(witness, 0, sizeof *witness);
}

static unsigned points_count(void)
{
    world_empty();
    MUST(process_run(FAULT_NONE, 0) == EXIT_ACTED);
    audit(REQUESTS);
    return witness->points;
}

/* The background thread makes the number of points vary a little: on until none is reached. */
static void s1_s2_s3_s13_every_fault_at_every_point(unsigned points)
{
    for (enum fault fault = FAULT_KILL_BEFORE; fault < FAULT_COUNT; fault++) {
        unsigned reached = 0;
        for (unsigned point = 1; point <= points + 8; point++) {
            world_empty();
            int end = process_run(fault, point);
            reached += end != EXIT_ACTED;
            MUST(process_run(FAULT_NONE, 0) == EXIT_ACTED);
            audit(REQUESTS);
        }
        printf("ok fault %d: %u points, %u times something was cut short\n", (int)fault, points,
            reached);
        MUST(reached > (fault == FAULT_NO_SPACE || fault == FAULT_NO_SPACE_SHORT ? 0 : points / 4));
    }
}

/* A kill, and at every point of the next process's way another. */
static void every_second_kill(unsigned points)
{
    static const enum fault faults[] = { FAULT_KILL_BEFORE, FAULT_KILL_TORN, FAULT_POWER };
    for (size_t f = 0; f < sizeof faults / sizeof faults[0]; f++) {
        for (unsigned first = 1; first <= points; first++) {
            for (unsigned second = 1; second <= points; second += 1 + second / 4) {
                world_empty();
                (void)process_run(faults[f], first);
                (void)process_run(faults[f], second);
                MUST(process_run(FAULT_NONE, 0) == EXIT_ACTED);
                audit(REQUESTS);
            }
        }
        printf("ok two kills of kind %d\n", (int)faults[f]);
    }
}

static void *crowd_run(void *ctx)
{
    static atomic_uint next;
    struct issuing *issuing = ctx;
    for (unsigned turn = 0; turn < CROWD; turn++) {
        unsigned i = atomic_fetch_add(&next, 1) % CROWD;
        (void)request_act(issuing, i);
    }
    return NULL;
}

/* Many at once share batches; a kill anywhere takes some of them along. */
static void crowds(unsigned step)
{
    for (unsigned point = 1; point <= 120; point += step) {
        world_empty();
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            pthread_t threads[THREADS];
            struct issuing *issuing = NULL;
            faults_set(point % 2 == 0 ? FAULT_KILL_TORN : FAULT_POWER, point);
            if (core_open(&issuing) != OK) {
                _exit(EXIT_UNOPENED);
            }
            for (size_t i = 0; i < THREADS; i++) {
                MUST(pthread_create(&threads[i], NULL, crowd_run, issuing) == 0);
            }
            for (size_t i = 0; i < THREADS; i++) {
                pthread_join(threads[i], NULL);
            }
            _exit(0);
        }
        MUST(waitpid(child, NULL, 0) == child);
        struct issuing *issuing = NULL;
        MUST(core_open(&issuing) == OK);
        for (unsigned i = 0; i < CROWD; i++) {
            MUST(request_act(issuing, i) == OK);
        }
        MUST(revoke_act(issuing) == OK && withdraw_act(issuing) == OK &&
             issuing_block(issuing, blocked_key) == OK);
        issuing_free(issuing);
        audit(CROWD);
        runs++;
    }
    printf("ok crowds\n");
}

static void world_make(void)
{
    witness =
        mmap(NULL, sizeof *witness, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(witness != MAP_FAILED && mkdtemp(folder) != NULL);
    MUST(path_join(journal_path, sizeof journal_path, folder, "journal") == OK);
    MUST(path_join(index_path, sizeof index_path, folder, "journal.index") == OK);
    MUST(factory_init(&factory, KEY_TYPE_P256) == OK);
    if (logged) {
        factory_publish(&factory);
    }
    issuers[0] = factory.issuer;
    issuers[1] = factory.ev_issuer;
    for (unsigned i = 0; i <= CROWD; i++) {
        MUST(sample_init(&samples[i], &factory, NOW, i + 1) == OK);
        if (i == CROWD) { /* an application of its own */
            MUST(sample_become(&samples[i], EDITION_WILDCARD, 1) == OK);
        }
    }
    MUST(proof_roster_take(&factory.roster, factory.roster_hash, &roster) == OK);
}

int main(int argc, char **argv)
{
    bool is_long = argc > 1 && strcmp(argv[1], "long") == 0;
    logged = argc > 1 && strcmp(argv[argc - 1], "logged") == 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    world_make();
    unsigned points = points_count();
    if (is_long) {
        every_second_kill(points);
        crowds(1);
    } else {
        s1_s2_s3_s13_every_fault_at_every_point(points);
        crowds(13);
    }
    world_empty();
    rmdir(folder);
    printf("ok %u processes\n", runs);
    return EXIT_SUCCESS;
}
