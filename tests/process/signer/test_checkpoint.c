/* The checkpointed index: it knows what the journal says and not a bit more; whatever is wrong with
 * it, it is the journal that is believed; and a journal that lost what the index has seen is not.
 */
#include "lib/base/file.h"
#include "lib/journal/record.h"
#include "lib/wire/message.h"
#include "proc/signer/checkpoint.h"
#include "proc/signer/journal.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { REQUESTS = 3000, SLOTS_BYTES = 512 * 1024 };

#define NOW INT64_C(1795000000)

static char folder[] = "checkpoint-test-XXXXXX";
static char journal_path[PATH_MAX], index_path[PATH_MAX];
static const uint8_t key[CHECKPOINT_KEY_BYTES] = { 7 };
static const struct ledger_roster nobody;

static enum err nothing(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
    return OK;
}

static struct request_id request_of(unsigned number)
{
    struct request_id request = { .ordinal = 1 };
    uint8_t hash[HASH_BYTES], bytes[4];
    store_be32(bytes, number);
    assert_int_equal(sha256(SPAN_OF(bytes), hash), OK);
    memcpy(request.enrolment, hash, sizeof request.enrolment);
    return request;
}

static void serial_of(unsigned number, uint8_t ret_serial[SERIAL_BYTES])
{
    uint8_t hash[HASH_BYTES], bytes[5] = { 0, 0, 0, 0, 1 };
    store_be32(bytes, number);
    assert_int_equal(sha256(SPAN_OF(bytes), hash), OK);
    memcpy(ret_serial, hash, SERIAL_BYTES);
    ret_serial[0] = 0x4e;
}

static void hash_of(unsigned number, uint8_t salt, uint8_t ret_hash[HASH_BYTES])
{
    uint8_t bytes[5] = { 0, 0, 0, 0, salt };
    store_be32(bytes, number);
    assert_int_equal(sha256(SPAN_OF(bytes), ret_hash), OK);
}

static void add(struct journal *journal, enum journal_type type, body_writer write,
    const void *object, bool last)
{
    struct journal_ticket ticket;
    assert_int_equal(journal_add(journal, type, NOW, write, object, &ticket), OK);
    if (last) {
        assert_int_equal(journal_wait(journal, &ticket), OK);
    }
}

/* Requests `from` to `to`: each reserved, two of three intended and, but for a few, issued; every
 * fifth revoked, by one of two issuers; every seventh application withdrawn, every eleventh key
 * blocked. */
static void write_journal(unsigned from, unsigned to)
{
    AUTO_PTR(journal) journal = NULL;
    struct reason reason;
    assert_int_equal(journal_open(journal_path, NULL, nothing, NULL, &journal, NULL, &reason), OK);
    for (unsigned i = from; i < to; i++) {
        uint8_t serial[SERIAL_BYTES], blocked[HASH_BYTES];
        serial_of(i, serial);
        hash_of(i, 3, blocked);
        const struct record_reserved reserved = { request_of(i), SPAN_OF(serial) };
        struct record_intent intent = { .request = request_of(i),
            .serial = SPAN_OF(serial),
            .warrant = SPAN_LITERAL("w"),
            .tbs = SPAN_LITERAL("t") };
        const struct record_issued issued = { request_of(i), SPAN_LITERAL("certificate") };
        struct record_revoked revoked = { .serial = SPAN_OF(serial),
            .date = NOW + i,
            .reason = i % 2 == 0 ? REVOCATION_SUPERSEDED : REVOCATION_KEY_COMPROMISE };
        struct record_withdrawn withdrawn;
        struct record_blocked reported;
        snprintf(intent.issuer, sizeof intent.issuer, "ca-%u", i % 2);
        snprintf(revoked.issuer, sizeof revoked.issuer, "ca-%u", i % 2);
        hash_of(i, 2, withdrawn.application_hash);
        memcpy(reported.spki_hash, blocked, HASH_BYTES);
        revoked.blocked = i % 2 == 0 ? (struct span){ 0 } : SPAN_OF(blocked);
        add(journal, JOURNAL_RESERVED, record_reserved_write, &reserved, i + 1 == to);
        if (i % 3 > 0) {
            add(journal, JOURNAL_INTENT, record_intent_write, &intent, i + 1 == to);
        }
        if (i % 3 > 0 && i % 100 != 1) {
            add(journal, JOURNAL_ISSUED, record_issued_write, &issued, i + 1 == to);
        }
        if (i % 5 == 0) { /* before or behind the certificate */
            add(journal, JOURNAL_REVOKED, record_revoked_write, &revoked, i + 1 == to);
        }
        if (i % 7 == 0) {
            add(journal, JOURNAL_WITHDRAWN, record_withdrawn_write, &withdrawn, i + 1 == to);
        }
        if (i % 11 == 0) {
            add(journal, JOURNAL_BLOCKED, record_blocked_write, &reported, i + 1 == to);
        }
    }
}

static bool is_blocked(unsigned number)
{
    return (number % 5 == 0 && number % 2 == 1) || number % 11 == 0;
}

/* The whole truth: a ledger that has read all of the journal. */
static void ledger_of_journal(struct ledger *ledger)
{
    AUTO_PTR(journal) journal = NULL;
    struct reason reason;
    assert_int_equal(ledger_init(ledger, &nobody), OK);
    assert_int_equal(
        journal_open(journal_path, NULL, ledger_learn, ledger, &journal, NULL, &reason), OK);
}

static struct checkpoint *open_index(void)
{
    struct checkpoint *checkpoint = NULL;
    struct reason reason;
    assert_int_equal(checkpoint_open(index_path, key, &nobody, &checkpoint, &reason), OK);
    return checkpoint;
}

static bool advance(struct checkpoint *checkpoint)
{
    bool advanced = false;
    FILE *file = fopen(journal_path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    assert_int_equal(checkpoint_advance(checkpoint, fileno(file), ftell(file), 1, &advanced), OK);
    fclose(file);
    return advanced;
}

static void ledger_of_index(struct ledger *ledger, struct checkpoint *checkpoint)
{
    AUTO_PTR(journal) journal = NULL;
    struct reason reason;
    struct journal_state place;
    checkpoint_place(checkpoint, &place);
    assert_int_equal(ledger_init(ledger, &nobody), OK);
    assert_int_equal(checkpoint_fill(checkpoint, ledger), OK);
    assert_int_equal(
        journal_open(journal_path, &place, ledger_learn, ledger, &journal, NULL, &reason), OK);
}

static void assert_same_table(
    const struct ledger *left, const struct ledger *right, enum segment_table table)
{
    uint8_t one[ENTRY_MAX], other[ENTRY_MAX];
    AUTO(buf) left_entries = buf_make(FILE_MAX_BYTES);
    AUTO(buf) right_entries = buf_make(FILE_MAX_BYTES);
    AUTO(merge) left_merge = { .sources = NULL };
    AUTO(merge) right_merge = { .sources = NULL };
    assert_int_equal(ledger_entries(left, table, &left_entries), OK);
    assert_int_equal(ledger_entries(right, table, &right_entries), OK);
    assert_int_equal(
        merge_begin(&left->base, buf_span(&left_entries), table, NULL, &left_merge), OK);
    assert_int_equal(
        merge_begin(&right->base, buf_span(&right_entries), table, NULL, &right_merge), OK);
    enum err err = merge_next(&left_merge, one);
    while (err == OK) {
        assert_int_equal(merge_next(&right_merge, other), OK);
        assert_memory_equal(one, other, table_shapes[table].size);
        err = merge_next(&left_merge, one);
    }
    assert_int_equal(merge_next(&right_merge, other), ERR_NOT_FOUND);
}

static void assert_same(const struct ledger *left, const struct ledger *right)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        assert_same_table(left, right, (enum segment_table)i);
    }
    assert_memory_equal(&left->sums, &right->sums, sizeof left->sums);
    assert_int_equal(left->open_count, right->open_count);
    assert_memory_equal(left->open, right->open, left->open_count * REQUEST_KEY_BYTES);
}

static void assert_index_is_the_journal(void)
{
    AUTO_PTR(checkpoint) checkpoint = open_index();
    AUTO(ledger) truth = { 0 };
    AUTO(ledger) index = { 0 };
    ledger_of_journal(&truth);
    ledger_of_index(&index, checkpoint);
    assert_same(&truth, &index);
}

static int begin(void **state)
{
    (void)state;
    unlink(journal_path);
    unlink(index_path);
    return 0;
}

static void the_index_knows_what_the_journal_says_after_any_number_of_steps(void **state)
{
    (void)state;
    for (unsigned at = 0, step = 1; at < REQUESTS; at += step, step = step * 3 % 401 + 1) {
        write_journal(at, at + step);
        AUTO_PTR(checkpoint) checkpoint = open_index();
        assert_true(advance(checkpoint));
        assert_false(advance(checkpoint));
    }
    assert_index_is_the_journal();
    AUTO_PTR(checkpoint) checkpoint = open_index();
    AUTO(ledger) ledger = { 0 };
    ledger_of_index(&ledger, checkpoint);
    assert_int_equal(ledger.count, 0);
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct ledger_row row;
        uint8_t serial[SERIAL_BYTES], hash[HASH_BYTES];
        struct request_id request = request_of(i);
        serial_of(i, serial);
        hash_of(i, 2, hash);
        assert_true(ledger_by_request(&ledger, &request, &row));
        assert_memory_equal(row.serial, serial, SERIAL_BYTES);
        assert_true(ledger_by_serial(&ledger, SPAN_OF(serial), &row));
        assert_int_equal(row.revoked, i % 5 == 0);
        assert_int_equal(ledger_is_withdrawn(&ledger, hash), i % 7 == 0);
        hash_of(i, 3, hash);
        assert_int_equal(ledger_is_blocked(&ledger, hash), is_blocked(i));
        request.ordinal = 2;
        assert_false(ledger_by_request(&ledger, &request, &row));
        serial[SERIAL_BYTES - 1] ^= 1;
        assert_false(ledger_by_serial(&ledger, SPAN_OF(serial), &row));
    }
}

static void a_ledger_in_use_forgets_what_the_index_has_and_knows_it_still(void **state)
{
    AUTO(ledger) ledger = { 0 };
    AUTO(ledger) truth = { 0 };
    (void)state;
    write_journal(0, 500);
    ledger_of_journal(&ledger);
    AUTO_PTR(checkpoint) checkpoint = open_index();
    assert_true(advance(checkpoint));
    size_t before = ledger.count;
    /* Queued and not yet on the disk: it stays. */
    uint8_t serial[SERIAL_BYTES], hash[HASH_BYTES] = { 9 };
    struct ledger_row row;
    bool is_new = false;
    serial_of(1, serial);
    assert_int_equal(ledger_pend_revocation(&ledger, SPAN_OF(serial), REVOCATION_SUPERSEDED), OK);
    assert_int_equal(ledger_pend_withdrawal(&ledger, hash), OK);
    assert_int_equal(ledger_pend_block(&ledger, hash, &is_new), OK);
    assert_true(is_new);
    assert_int_equal(checkpoint_relieve(checkpoint, &ledger), OK);
    assert_int_equal(before, 500);
    assert_int_equal(ledger.count, 1);
    assert_true(ledger_by_serial(&ledger, SPAN_OF(serial), &row));
    assert_true(row.pending && !row.revoked);
    assert_true(ledger_is_withdrawn(&ledger, hash));
    assert_int_equal(ledger.sums.withdrawn, 72);
    /* As long as no record says so it is new, whoever asks; what the index has is not. */
    assert_true(ledger_is_blocked(&ledger, hash));
    assert_int_equal(ledger_pend_block(&ledger, hash, &is_new), OK);
    assert_true(is_new);
    hash_of(11, 3, hash);
    assert_int_equal(ledger_pend_block(&ledger, hash, &is_new), OK);
    assert_false(is_new);
    assert_int_equal(ledger.blocked.count, 1);
    assert_int_equal(ledger.sums.blocked, 91);
}

static void a_torn_slot_leaves_the_one_before(void **state)
{
    struct journal_state first, second;
    AUTO(buf) old = { 0 };
    AUTO(buf) young = { 0 };
    (void)state;
    write_journal(0, 100);
    struct checkpoint *checkpoint = open_index();
    assert_true(advance(checkpoint));
    checkpoint_place(checkpoint, &first);
    checkpoint_free(checkpoint);
    assert_int_equal(file_read(index_path, FILE_MAX_BYTES, &old), OK);
    write_journal(100, 900);
    checkpoint = open_index();
    assert_true(advance(checkpoint));
    checkpoint_place(checkpoint, &second);
    checkpoint_free(checkpoint);
    assert_int_equal(file_read(index_path, FILE_MAX_BYTES, &young), OK);
    assert_true(second.records > first.records);
    /* The second slot holds generation 1, the first generation 2: torn after any number of bytes.
     */
    size_t slot = 12 + load_be32(young.data + 8) + SHA256_BYTES;
    for (size_t cut = 0; cut < slot - 1; cut += 7) {
        struct journal_state place;
        AUTO(buf) torn = buf_make(FILE_MAX_BYTES);
        buf_append(&torn, buf_span(&young));
        memset(torn.data + cut, 0, SLOTS_BYTES / 2 - cut);
        assert_int_equal(file_replace(index_path, buf_span(&torn), 0600), OK);
        checkpoint = open_index();
        checkpoint_place(checkpoint, &place);
        checkpoint_free(checkpoint);
        assert_int_equal(place.records, first.records);
        assert_index_is_the_journal();
    }
}

/* Reads all that the index tells, as the signer does: look-ups, and lists through a merge. */
static void child_reads_everything(void)
{
    struct ledger_row row;
    uint8_t entry[ENTRY_MAX];
    AUTO(ledger) ledger = { 0 };
    struct checkpoint *checkpoint = open_index();
    ledger_of_index(&ledger, checkpoint);
    for (unsigned i = 0; i < 700; i++) {
        uint8_t serial[SERIAL_BYTES], hash[HASH_BYTES];
        serial_of(i, serial);
        hash_of(i, 2, hash);
        bool right = ledger_by_serial(&ledger, SPAN_OF(serial), &row) &&
                     row.revoked == (i % 5 == 0) &&
                     ledger_is_withdrawn(&ledger, hash) == (i % 7 == 0);
        hash_of(i, 3, hash);
        right = right && ledger_is_blocked(&ledger, hash) == is_blocked(i);
        if (!right) {
            _exit(1);
        }
    }
    AUTO(buf) entries = buf_make(FILE_MAX_BYTES);
    AUTO(merge) merge = { .sources = NULL };
    enum err err = ledger_entries(&ledger, TABLE_REVOKED, &entries);
    err = err == OK ? merge_begin(&ledger.base, buf_span(&entries), TABLE_REVOKED, NULL, &merge)
                    : err;
    while (err == OK) {
        err = merge_next(&merge, entry);
    }
    if (err != ERR_NOT_FOUND) {
        checkpoint_condemn(ledger.index_fd);
    }
    _exit(0);
}

/* Everywhere in the file, one bit: what is told is what the journal says, or the process ends and
 * the next one reads the journal. */
static void a_changed_index_is_never_believed(void **state)
{
    AUTO(buf) whole = { 0 };
    unsigned ended = 0;
    (void)state;
    write_journal(0, 700);
    struct checkpoint *checkpoint = open_index();
    assert_true(advance(checkpoint));
    checkpoint_free(checkpoint);
    assert_int_equal(file_read(index_path, FILE_MAX_BYTES, &whole), OK);
    for (size_t at = 0; at < whole.len; at += at < SLOTS_BYTES ? 8191 : 1499) {
        int status;
        whole.data[at] ^= 0x10;
        assert_int_equal(file_replace(index_path, buf_span(&whole), 0600), OK);
        whole.data[at] ^= 0x10;
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            child_reads_everything();
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        bool condemned = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
        assert_true(condemned || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
        ended += condemned;
        assert_index_is_the_journal();
    }
    assert_true(ended > 3);
}

/* What was right when it was first read is asked for again each time. */
static void child_reads_one_twice(const struct buf *whole)
{
    struct ledger_row row;
    uint8_t serial[SERIAL_BYTES];
    AUTO(ledger) ledger = { 0 };
    AUTO_PTR(checkpoint) checkpoint = open_index();
    ledger_of_index(&ledger, checkpoint);
    serial_of(5, serial);
    if (!ledger_by_serial(&ledger, SPAN_OF(serial), &row) || !row.revoked) {
        _exit(1);
    }
    FILE *file = fopen(index_path, "r+");
    for (size_t at = SLOTS_BYTES; file != NULL && at < whole->len; at++) {
        fseek(file, (long)at, SEEK_SET);
        fputc(whole->data[at] ^ 0x10, file);
    }
    if (file == NULL || fclose(file) != 0) {
        _exit(2);
    }
    _exit(ledger_by_serial(&ledger, SPAN_OF(serial), &row) ? 3 : 4);
}

static void an_index_changed_under_a_running_signer_is_not_believed(void **state)
{
    AUTO(buf) whole = { 0 };
    int status;
    (void)state;
    write_journal(0, 700);
    struct checkpoint *checkpoint = open_index();
    assert_true(advance(checkpoint));
    checkpoint_free(checkpoint);
    assert_int_equal(file_read(index_path, FILE_MAX_BYTES, &whole), OK);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        child_reads_one_twice(&whole);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_index_is_the_journal();
}

static void an_index_of_another_key_is_not_believed(void **state)
{
    struct reason reason;
    struct journal_state place;
    struct checkpoint *other = NULL;
    static const uint8_t stranger[CHECKPOINT_KEY_BYTES] = { 8 };
    (void)state;
    write_journal(0, 100);
    struct checkpoint *checkpoint = open_index();
    assert_true(advance(checkpoint));
    checkpoint_free(checkpoint);
    assert_int_equal(checkpoint_open(index_path, stranger, &nobody, &other, &reason), OK);
    checkpoint_place(other, &place);
    assert_int_equal(place.records, 0);
    checkpoint_free(other);
}

/* doc/threats.md S18: even the very last record, which by itself looks like a torn write. */
static void s18_a_journal_that_lost_what_the_index_has_seen_is_refused(void **state)
{
    struct reason reason;
    struct journal_state place;
    AUTO(buf) older = { 0 };
    AUTO(buf) whole = { 0 };
    (void)state;
    write_journal(0, 100);
    assert_int_equal(file_read(journal_path, FILE_MAX_BYTES, &older), OK);
    write_journal(100, 120);
    assert_int_equal(file_read(journal_path, FILE_MAX_BYTES, &whole), OK);
    AUTO_PTR(checkpoint) checkpoint = open_index();
    assert_true(advance(checkpoint));
    checkpoint_place(checkpoint, &place);
    assert_int_equal(place.bytes, whole.len);
    whole.data[whole.len - 1] ^= 1;
    const struct span lost[] = { buf_span(&older), span_make(whole.data, whole.len - 1),
        span_make(NULL, 0), buf_span(&whole) };
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        struct journal *journal = NULL;
        assert_int_equal(file_replace(journal_path, lost[i], 0600), OK);
        assert_int_equal(journal_open(journal_path, &place, nothing, NULL, &journal, NULL, &reason),
            ERR_CONFLICT);
        assert_string_equal(reason.code, "journal.behind");
    }
}

static void a_full_disk_leaves_the_index_as_it_was(void **state)
{
    struct rlimit unlimited, limited;
    struct journal_state before, after;
    bool advanced = true;
    (void)state;
    write_journal(0, 100);
    struct checkpoint *checkpoint = open_index();
    assert_true(advance(checkpoint));
    checkpoint_place(checkpoint, &before);
    write_journal(100, 400);
    FILE *file = fopen(journal_path, "rb");
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    limited = unlimited;
    limited.rlim_cur = SLOTS_BYTES + 20000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    enum err err = checkpoint_advance(checkpoint, fileno(file), ftell(file), 1, &advanced);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    fclose(file);
    assert_int_equal(err, ERR_NO_SPACE);
    assert_false(advanced);
    checkpoint_place(checkpoint, &after);
    assert_int_equal(after.records, before.records);
    checkpoint_free(checkpoint);
    assert_index_is_the_journal();
    checkpoint = open_index();
    assert_true(advance(checkpoint));
    checkpoint_free(checkpoint);
    assert_index_is_the_journal();
}

static void a_list_is_read_out_of_all_segments_once_each(void **state)
{
    (void)state;
    write_journal(0, 800);
    struct checkpoint *checkpoint = open_index();
    assert_true(advance(checkpoint));
    /* 40 becomes graver, in a younger segment. */
    uint8_t serial[SERIAL_BYTES], entry[ENTRY_MAX], first[18] = { 0 };
    struct journal *journal = NULL;
    struct reason reason;
    struct record_revoked graver = { .issuer = "ca-0",
        .serial = SPAN_OF(serial),
        .date = NOW,
        .reason = REVOCATION_KEY_COMPROMISE };
    serial_of(40, serial);
    assert_int_equal(journal_open(journal_path, NULL, nothing, NULL, &journal, NULL, &reason), OK);
    add(journal, JOURNAL_REVOKED, record_revoked_write, &graver, true);
    journal_free(journal);
    assert_true(advance(checkpoint));
    write_journal(800, 805);
    AUTO(ledger) ledger = { 0 };
    ledger_of_index(&ledger, checkpoint);
    assert_true(ledger.base.count > 1);
    for (uint8_t issuer = 0; issuer < 2; issuer++) {
        size_t count = 0, place;
        char id[8];
        AUTO(buf) entries = buf_make(FILE_MAX_BYTES);
        AUTO(merge) merge = { .sources = NULL };
        snprintf(id, sizeof id, "ca-%u", issuer);
        assert_int_equal(ledger_issuer(&ledger, id, &place), OK);
        first[0] = (uint8_t)place;
        assert_int_equal(ledger_entries(&ledger, TABLE_REVOKED, &entries), OK);
        assert_int_equal(
            merge_begin(&ledger.base, buf_span(&entries), TABLE_REVOKED, first, &merge), OK);
        while (merge_next(&merge, entry) == OK && entry[0] == place) {
            bool is_graver = memcmp(entry + 1, serial, SERIAL_BYTES) == 0;
            assert_int_equal(entry[18],
                issuer == 1 || is_graver ? REVOCATION_KEY_COMPROMISE : REVOCATION_SUPERSEDED);
            count++;
        }
        assert_int_equal(count, issuer == 0 ? 81 : 80);
    }
    checkpoint_free(checkpoint);
}

static int make_world(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ||
                   path_join(journal_path, sizeof journal_path, folder, "journal") != OK ||
                   path_join(index_path, sizeof index_path, folder, "journal.index") != OK
               ? -1
               : 0;
}

static int drop_world(void **state)
{
    begin(state);
    rmdir(folder);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(the_index_knows_what_the_journal_says_after_any_number_of_steps),
        TEST(a_ledger_in_use_forgets_what_the_index_has_and_knows_it_still),
        TEST(a_torn_slot_leaves_the_one_before),
        TEST(a_changed_index_is_never_believed),
        TEST(an_index_changed_under_a_running_signer_is_not_believed),
        TEST(an_index_of_another_key_is_not_believed),
        TEST(s18_a_journal_that_lost_what_the_index_has_seen_is_refused),
        TEST(a_full_disk_leaves_the_index_as_it_was),
        TEST(a_list_is_read_out_of_all_segments_once_each),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
