/* A journal that somebody wrote into while the signer was away: its chain needs no key, so that
 * every record in it can be his. Nothing is signed for it that the warrant, the precertificate and
 * the logs don't bear out, and nobody goes on who was stopped (doc/threats.md S1). */
#include "lib/journal/record.h"
#include "proc/signer/ledger.h"
#include "tests/process/signer/logged.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The record of one type that a journal has, and where it stands. */
struct found {
    enum journal_type type;
    struct buf body;
    int64_t offset, time;
};

static enum err find(void *ctx, const struct journal_record *record)
{
    struct found *found = ctx;
    if (record->type == found->type) {
        buf_clear(&found->body);
        buf_append(&found->body, record->body);
        found->offset = record->offset;
        found->time = record->time;
    }
    return OK;
}

static enum err pass_by(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
    return OK;
}

static void journal_find(enum journal_type type, struct found *found)
{
    struct reason reason;
    AUTO_PTR(journal) journal = NULL;
    *found = (struct found){ .type = type, .body = buf_make(JOURNAL_RECORD_MAX), .offset = -1 };
    assert_int_equal(
        journal_open(world.journal_path, NULL, find, found, &journal, NULL, &reason), OK);
    assert_true(found->offset >= 0);
}

static void journal_add_forged(enum journal_type type, int64_t time,
    void (*write)(struct der_writer *writer, const void *object), const void *object)
{
    struct reason reason;
    AUTO_PTR(journal) journal = NULL;
    assert_int_equal(
        journal_open(world.journal_path, NULL, pass_by, NULL, &journal, NULL, &reason), OK);
    assert_int_equal(journal_append(journal, type, time, write, object, NULL), OK);
}

/* What is changed in a completion before it is put where the true one stood. */
struct completion_case {
    const char *from, *to; /* in the bytes to be signed, of one length */
    bool good, no_place, other_issuer, other_request, spoilt_promise, stale, withdrawn, blocked;
};

static void replace(struct buf *bytes, const char *from, const char *to)
{
    uint8_t *at = memmem(bytes->data, bytes->len, from, strlen(from));
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
}

/* The last octet of the last promise's signature is the last of the extensions. */
static void completion_forge(const struct completion_case *row, const struct walk *walk)
{
    struct found found, others;
    struct record_completion completion, foreign;
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    journal_find(JOURNAL_COMPLETION, &others); /* the last one is the other's */
    assert_int_equal(record_completion_read(buf_span(&others.body), &foreign), OK);
    assert_int_equal(truncate(world.journal_path, others.offset), 0);
    journal_find(JOURNAL_COMPLETION, &found);
    assert_int_equal(record_completion_read(buf_span(&found.body), &completion), OK);
    assert_int_equal(truncate(world.journal_path, found.offset), 0);
    buf_append(&tbs, row->other_request ? foreign.tbs : completion.tbs);
    if (row->from != NULL) {
        replace(&tbs, row->from, row->to);
    }
    tbs.data[tbs.len - 1] ^= row->spoilt_promise;
    completion.tbs = buf_span(&tbs);
    completion.precertificate = row->no_place ? RECORD_PLACE_UNKNOWN : completion.precertificate;
    if (row->other_issuer) {
        snprintf(completion.issuer, sizeof completion.issuer, "%s", world.issuers[1].id);
    }
    struct record_withdrawn withdrawn;
    memcpy(
        withdrawn.application_hash, walk->sample.warrant.approvals[0].application_hash, HASH_BYTES);
    struct record_blocked blocked;
    memcpy(blocked.spki_hash, key_spki_sha256(world.factory.subscriber).data, HASH_BYTES);
    if (row->withdrawn) {
        journal_add_forged(JOURNAL_WITHDRAWN, found.time, record_withdrawn_write, &withdrawn);
    }
    if (row->blocked) {
        journal_add_forged(JOURNAL_BLOCKED, found.time, record_blocked_write, &blocked);
    }
    int64_t later = row->stale ? 2 * 86400 : 0;
    journal_add_forged(
        JOURNAL_COMPLETION, found.time + later, record_completion_write, &completion);
    world.time += later;
    buf_release(&found.body);
    buf_release(&others.body);
}

static void s1_a_completion_that_somebody_else_wrote_gets_nothing_signed(void **state)
{
    static const struct completion_case cases[] = {
        { .good = true },
        { .from = "www.shop", .to = "www.sh0p" },
        { .from = "Shop Example", .to = "Bank Example" },
        { .from = "/crl/ssl-ca", .to = "/crl/ssl-cb" },
        { .no_place = true },
        { .other_issuer = true },
        { .other_request = true },
        { .spoilt_promise = true },
        { .stale = true },
        { .withdrawn = true },
        { .blocked = true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reason reason;
        struct walk walk, other;
        struct signer_status status;
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        world_begin(NULL);
        struct issuing *issuing = core();
        walk_begin(issuing, &other, 2);
        walk_begin(issuing, &walk, 1);
        assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), OK);
        assert_int_equal(complete(issuing, &other, buf_span(&other.list), &der, &reason), OK);
        issuing_free(issuing);
        completion_forge(&cases[i], &walk);
        issuing = core();
        issuing_status(issuing, &status);
        assert_int_equal(status.issued, cases[i].good ? 1 : 0);
        assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason),
            cases[i].good ? OK : ERR_DENIED);
        assert_int_equal(der.len == 0, !cases[i].good);
        issuing_free(issuing);
        walk_release(&walk);
        walk_release(&other);
    }
}

/* He has logs on his side, and only no officer: what he calls a precertificate of ours is not
 * believed because it stands there. */
static void s1_a_precertificate_that_somebody_else_wrote_is_asked_for_its_warrant(void **state)
{
    (void)state;
    for (unsigned forged = 0; forged < 2; forged++) {
        struct reason reason;
        struct walk walk;
        struct found intended, signed_;
        struct record_intent intent;
        struct record_precertificate first;
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        world_begin(NULL);
        struct issuing *issuing = core();
        walk_begin(issuing, &walk, 1);
        issuing_free(issuing);
        journal_find(JOURNAL_PRECERTIFICATE_INTENT, &intended);
        journal_find(JOURNAL_PRECERTIFICATE, &signed_);
        assert_int_equal(record_intent_read(buf_span(&intended.body), &intent), OK);
        assert_int_equal(record_precertificate_read(buf_span(&signed_.body), &first), OK);
        if (forged) {
            assert_int_equal(sample_sign_approval(&walk.sample, 1, world.factory.stranger), OK);
            assert_int_equal(sample_format(&walk.sample), OK);
            intent.warrant = buf_span(&walk.sample.der);
            assert_int_equal(warrant_hash(intent.warrant, intent.warrant_hash), OK);
        }
        assert_int_equal(truncate(world.journal_path, intended.offset), 0);
        journal_add_forged(
            JOURNAL_PRECERTIFICATE_INTENT, intended.time, record_intent_write, &intent);
        journal_add_forged(
            JOURNAL_PRECERTIFICATE, signed_.time, record_precertificate_write, &first);
        issuing = core();
        assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason),
            forged ? ERR_DENIED : OK);
        assert_int_equal(der.len == 0, forged);
        issuing_free(issuing);
        buf_release(&intended.body);
        buf_release(&signed_.body);
        walk_release(&walk);
    }
}

/* An order to go on after the stop that is in the journal, by these keys. */
static void resumption_forge(
    const struct halt *halt, const struct key *first, const struct key *second, bool garbage)
{
    const struct key *keys[RESUMPTION_SIGNATURES] = { first, second };
    uint8_t signatures[RESUMPTION_SIGNATURES][SIGNATURE_MAX_BYTES];
    struct resumption resumption = { .time = world.time };
    AUTO(buf) message = buf_make(HALT_MAX_BYTES);
    assert_int_equal(halt_hash(halt, resumption.halt_hash), OK);
    assert_int_equal(resumption_message(&resumption, &message), OK);
    for (size_t i = 0; i < RESUMPTION_SIGNATURES; i++) {
        size_t len = 0;
        assert_int_equal(
            signature_make(keys[i], SIGNATURE_ED25519, buf_span(&message), signatures[i], &len),
            OK);
        signatures[i][0] ^= garbage;
        memcpy(resumption.signatures[i].key_id, key_spki_sha256(keys[i]).data, HASH_BYTES);
        resumption.signatures[i].signature = span_make(signatures[i], len);
    }
    journal_add_forged(JOURNAL_RESUMED, world.time, resumption_write, &resumption);
}

/* What an index says that was made from this journal. */
static bool index_says_halted(void)
{
    static const uint8_t key[CHECKPOINT_KEY_BYTES] = { 9 };
    char path[PATH_MAX];
    bool advanced;
    struct reason reason;
    struct ledger_roster by = { .roster = &world.factory.roster };
    AUTO(ledger) ledger = { 0 };
    AUTO_PTR(checkpoint) checkpoint = NULL;
    memcpy(by.hash, world.factory.roster_hash, sizeof by.hash);
    assert_int_equal(path_join(path, sizeof path, world.folder, "journal.index"), OK);
    int fd = open(world.journal_path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(checkpoint_open(path, key, &by, &checkpoint, &reason), OK);
    assert_int_equal(checkpoint_advance(checkpoint, fd, lseek(fd, 0, SEEK_END), 1, &advanced), OK);
    assert_true(advanced);
    assert_int_equal(ledger_init(&ledger, &by), OK);
    assert_int_equal(checkpoint_fill(checkpoint, &ledger), OK);
    close(fd);
    unlink(path);
    return ledger.sums.halted;
}

static void nobody_goes_on_by_writing_that_it_goes_on(void **state)
{
    const struct halt stop = { "operator (uid 0)", "keys in public", 0 };
    const struct halt another = { "another", "later", 0 };
    struct key *const *officers = world.factory.officers;
    const struct {
        const struct key *first, *second;
        bool garbage, another, good;
    } cases[] = {
        { officers[0], officers[1], .good = true },
        { officers[0], officers[1], .garbage = true },
        { officers[0], officers[1], .another = true },
        { officers[0], officers[0] },
        { officers[0], officers[2] }, /* an auditor */
        { officers[0], world.factory.stranger },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reason reason;
        struct signer_status status;
        struct signer_serial serial;
        const struct request_id request = { .ordinal = 1 };
        world_begin(NULL);
        struct issuing *issuing = core();
        assert_int_equal(issuing_halt(issuing, &stop, &reason), OK);
        issuing_status(issuing, &status);
        issuing_free(issuing);
        resumption_forge(cases[i].another ? &another : &status.halt, cases[i].first,
            cases[i].second, cases[i].garbage);
        assert_int_equal(index_says_halted(), !cases[i].good);
        for (unsigned start = 0; start < 2; start++) {
            issuing = core();
            issuing_status(issuing, &status);
            assert_int_equal(status.halted, !cases[i].good);
            assert_int_equal(issuing_reserve(issuing, &request, &serial, &reason),
                cases[i].good ? OK : ERR_AGAIN);
            issuing_free(issuing);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, world_begin)
    const struct CMUnitTest tests[] = {
        TEST(s1_a_completion_that_somebody_else_wrote_gets_nothing_signed),
        TEST(s1_a_precertificate_that_somebody_else_wrote_is_asked_for_its_warrant),
        TEST(nobody_goes_on_by_writing_that_it_goes_on),
    };
    return cmocka_run_group_tests(tests, logged_make, world_drop);
}
