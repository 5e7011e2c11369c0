/* What stands behind the journal's last record: room, or a write that a power failure left there in
 * part. What was acknowledged is never lost, what was not is there whole or not at all, and damage
 * is never taken for either. */
#include "lib/base/file.h"
#include "lib/der/writer.h"
#include "proc/signer/journal.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1795000000)

enum {
    SECTOR = 512,
    ROOM = 1024 * 1024,
    KEPT = 5,    /* acknowledged */
    ON_WAY = 3,  /* in the last write */
    BODY = 1700, /* octets of one */
    FILE_MAX = 16 * ROOM
};

static char folder[] = "room-test-XXXXXX";
static char path[PATH_MAX];

static void body_write(struct der_writer *writer, const void *object)
{
    static uint8_t octets[128 * 1024];
    memset(octets, 0xa5, sizeof octets);
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, span_make(octets, *(const size_t *)object));
    der_close(writer);
}

/* Every octet of every record is what was written. */
static enum err record_look(void *ctx, const struct journal_record *record)
{
    struct der reader = der_reader(record->body), inner;
    struct span octets;
    assert_int_equal(der_enter(&reader, DER_SEQUENCE, &inner), OK);
    assert_int_equal(der_read(&inner, DER_OCTET_STRING, &octets), OK);
    for (size_t i = 0; i < octets.len; i++) {
        assert_int_equal(octets.data[i], 0xa5);
    }
    *(int64_t *)ctx = record->seq;
    return OK;
}

static struct journal *journal_at(int64_t *ret_records, int64_t *ret_cut)
{
    struct reason reason = { 0 };
    struct journal *journal = NULL;
    *ret_records = 0;
    assert_int_equal(
        journal_open(path, NULL, record_look, ret_records, &journal, ret_cut, &reason), OK);
    return journal;
}

static void assert_broken(struct span image)
{
    struct reason reason = { 0 };
    struct journal *journal = NULL;
    int64_t records = 0;
    AUTO(buf) after = { 0 };
    assert_int_equal(file_replace(path, image, 0600), OK);
    assert_int_equal(
        journal_open(path, NULL, record_look, &records, &journal, NULL, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "journal.broken");
    assert_int_equal(file_read(path, FILE_MAX, &after), OK);
    assert_true(span_equal(buf_span(&after), image));
}

static void record_add(struct journal *journal, size_t octets, struct journal_ticket *ret_ticket)
{
    assert_int_equal(
        journal_add(journal, JOURNAL_BLOCKED, NOW, body_write, &octets, ret_ticket), OK);
}

/* The file of a signer that runs: so many records, then so many of one write. */
struct running {
    struct buf image;
    size_t kept, written; /* where the acknowledged ones end, and where all do */
};

static void running_release(struct running *running)
{
    buf_release(&running->image);
}
AUTO_DEFINE(running, running_release)

static void running_make(struct running *running, size_t octets, size_t kept, size_t on_way)
{
    int64_t records;
    struct journal_state state;
    struct journal_ticket ticket;
    unlink(path);
    struct journal *journal = journal_at(&records, NULL);
    for (size_t i = 0; i < kept; i++) {
        record_add(journal, octets + i, &ticket);
        assert_int_equal(journal_wait(journal, &ticket), OK);
    }
    journal_look(journal, &state);
    running->kept = (size_t)state.bytes;
    for (size_t i = 0; i < on_way; i++) {
        record_add(journal, octets + i, &ticket);
    }
    assert_int_equal(journal_wait(journal, &ticket), OK);
    journal_look(journal, &state);
    running->written = (size_t)state.bytes;
    assert_int_equal(file_read(path, FILE_MAX, &running->image), OK);
    journal_free(journal);
}

/* It opens with everything that was acknowledged, goes on, and opens again. */
static void assert_goes_on(const struct buf *image)
{
    int64_t records, again, cut;
    struct journal_ticket ticket;
    assert_int_equal(file_replace(path, buf_span(image), 0600), OK);
    struct journal *journal = journal_at(&records, &cut);
    assert_in_range(records, KEPT, KEPT + ON_WAY);
    record_add(journal, 100, &ticket);
    assert_int_equal(journal_wait(journal, &ticket), OK);
    journal_free(journal);
    journal_free(journal_at(&again, &cut));
    assert_int_equal(again, records + 1);
    assert_int_equal(cut, 0);
}

static int64_t size_of_file(void)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static void room_stands_behind_it_while_it_is_open_and_no_longer(void **state)
{
    int64_t records, cut;
    AUTO(running) running = { 0 };
    (void)state;
    running_make(&running, BODY, KEPT, ON_WAY);
    assert_int_equal(running.image.len, ROOM);
    for (size_t i = running.written; i < ROOM; i++) {
        assert_int_equal(running.image.data[i], 0);
    }
    assert_int_equal(size_of_file(), running.written);
    /* Killed: nothing of the room is told to have been lost. */
    assert_int_equal(file_replace(path, buf_span(&running.image), 0600), OK);
    journal_free(journal_at(&records, &cut));
    assert_int_equal(records, KEPT + ON_WAY);
    assert_int_equal(cut, 0);
    assert_int_equal(size_of_file(), running.written);
}

/* Clears what the last write put into the sectors for which `missing` is set, by their number. */
static void sectors_lose(struct running *running, uint64_t missing)
{
    size_t first = running->kept / SECTOR;
    for (size_t at = running->kept; at < running->written; at++) {
        if (missing >> (at / SECTOR - first) & 1) {
            running->image.data[at] = 0;
        }
    }
}

static void s13_a_power_failure_may_leave_any_sectors_of_the_last_write(void **state)
{
    AUTO(running) running = { 0 };
    AUTO(buf) whole = buf_make(FILE_MAX);
    (void)state;
    running_make(&running, BODY, KEPT, ON_WAY);
    buf_append(&whole, buf_span(&running.image));
    size_t sectors = running.written / SECTOR - running.kept / SECTOR + 1;
    assert_in_range(sectors, 8, 14);
    for (uint64_t missing = 1; missing < UINT64_C(1) << sectors;
         missing += missing < 128 ? 1 : 37) {
        memcpy(running.image.data, whole.data, whole.len);
        sectors_lose(&running, missing);
        assert_goes_on(&running.image);
    }
}

/* The octets of a record for which the next one's length begins `before` octets before a sector
 * does: KEPT records grow by as many octets together. */
static size_t octets_for(size_t octets, size_t before)
{
    AUTO(running) running = { 0 };
    running_make(&running, octets, KEPT, 1);
    size_t more = 0;
    while ((running.kept + KEPT * more + before) % SECTOR != 0) {
        more++;
    }
    return octets + more;
}

static void the_first_sector_may_have_had_a_part_of_the_length(void **state)
{
    static const size_t sizes[] = { BODY, 70000 };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t before = 1; before < JOURNAL_LENGTH_BYTES; before++) {
            AUTO(running) running = { 0 };
            running_make(&running, octets_for(sizes[i], before), KEPT, 1);
            assert_int_equal((running.kept + before) % SECTOR, 0);
            sectors_lose(&running, 1);
            assert_goes_on(&running.image);
        }
    }
}

static void a_write_may_end_at_any_octet(void **state)
{
    AUTO(running) running = { 0 };
    (void)state;
    running_make(&running, BODY, KEPT, ON_WAY);
    for (size_t end = running.written; end > running.kept;
         end -= end - running.kept > 31 ? 31 : 1) {
        memset(running.image.data + end, 0, running.written - end);
        assert_goes_on(&running.image);
    }
}

static void a_changed_octet_of_the_last_record_is_damage(void **state)
{
    AUTO(running) running = { 0 };
    (void)state;
    running_make(&running, BODY, KEPT, 1);
    for (size_t at = running.kept + JOURNAL_LENGTH_BYTES; at < running.written; at += 13) {
        running.image.data[at] ^= 0x40;
        assert_broken(buf_span(&running.image));
        running.image.data[at] ^= 0x40;
    }
    running.image.data[running.written - 1] ^= 1; /* of its seal */
    assert_broken(buf_span(&running.image));
}

static void something_in_the_room_is_damage(void **state)
{
    AUTO(running) running = { 0 };
    (void)state;
    running_make(&running, BODY, KEPT, ON_WAY);
    running.image.data[running.written + 20] = 1;
    assert_broken(buf_span(&running.image));
    running.image.data[running.written + 20] = 0;
    running.image.data[ROOM - 1] = 1; /* a sector is missing, but a write is not as long */
    buf_append(&running.image, buf_span(&running.image));
    assert_broken(buf_span(&running.image));
}

/* A longer one than the record has would lead into the room, or beyond the file's end. */
static void a_changed_length_is_damage_wherever_the_record_stands(void **state)
{
    static const size_t sizes[] = { 60, BODY, 70000 };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        AUTO(running) running = { 0 };
        running_make(&running, sizes[i], KEPT, 1);
        const size_t places[] = { 0, running.kept };
        const size_t ends[] = { running.image.len, running.written };
        for (size_t k = 0; k < 4; k++) {
            running.image.len = ends[k / 2];
            for (unsigned bit = 0; bit < 32; bit++) {
                uint8_t *octet = running.image.data + places[k % 2] + bit / 8;
                *octet ^= (uint8_t)(1u << bit % 8);
                assert_broken(buf_span(&running.image));
                *octet ^= (uint8_t)(1u << bit % 8);
            }
        }
    }
}

/* A disk that lost what it had confirmed long ago. */
static void a_missing_sector_with_more_behind_it_than_a_write_is_damage(void **state)
{
    AUTO(running) running = { 0 };
    (void)state;
    running_make(&running, 100 * 1024, 20, 1);
    memset(running.image.data + 10 * SECTOR, 0, SECTOR);
    assert_broken(buf_span(&running.image));
    running.image.len = 0;
    running_make(&running, BODY, 300, 1);
    memset(running.image.data + 100 * SECTOR, 0, SECTOR);
    assert_broken(buf_span(&running.image));
}

/* The records need less than the room for more. */
static void a_disk_too_full_for_room_takes_what_it_can(void **state)
{
    int64_t records, size;
    struct journal_ticket ticket;
    struct rlimit unlimited, limited;
    (void)state;
    unlink(path);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    limited = (struct rlimit){ .rlim_cur = 6000, .rlim_max = unlimited.rlim_max };
    struct journal *journal = journal_at(&records, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    for (size_t i = 0; i < 3; i++) {
        record_add(journal, BODY, &ticket);
        assert_int_equal(journal_wait(journal, &ticket), OK);
    }
    size = size_of_file();
    record_add(journal, BODY, &ticket);
    assert_int_equal(journal_wait(journal, &ticket), ERR_NO_SPACE);
    assert_int_equal(size_of_file(), size);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    record_add(journal, BODY, &ticket);
    assert_int_equal(journal_wait(journal, &ticket), OK);
    assert_int_equal(size_of_file(), ROOM);
    journal_free(journal);
    journal_free(journal_at(&records, NULL));
    assert_int_equal(records, 4);
}

/* The journal of an earlier day: no seals. */
static void records_without_a_seal_are_read_and_gone_on_with(void **state)
{
    int64_t records, cut;
    struct journal_ticket ticket;
    AUTO(running) running = { 0 };
    AUTO(buf) older = buf_make(FILE_MAX);
    (void)state;
    running_make(&running, BODY, KEPT, ON_WAY);
    for (size_t at = 0; at < running.written;) {
        uint8_t length[JOURNAL_LENGTH_BYTES];
        uint32_t sealed = load_be32(running.image.data + at);
        store_be32(length, sealed - JOURNAL_SEAL_BYTES);
        buf_append(&older, SPAN_OF(length));
        buf_append(&older,
            span_make(running.image.data + at + JOURNAL_LENGTH_BYTES, sealed - JOURNAL_SEAL_BYTES));
        at += JOURNAL_LENGTH_BYTES + sealed;
    }
    assert_int_equal(file_replace(path, buf_span(&older), 0600), OK);
    struct journal *journal = journal_at(&records, &cut);
    assert_int_equal(records, KEPT + ON_WAY);
    assert_int_equal(cut, 0);
    record_add(journal, 100, &ticket);
    assert_int_equal(journal_wait(journal, &ticket), OK);
    journal_free(journal);
    journal_free(journal_at(&records, &cut));
    assert_int_equal(records, KEPT + ON_WAY + 1);
    older.data[older.len / 2] ^= 1;
    assert_broken(buf_span(&older));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_stands_behind_it_while_it_is_open_and_no_longer),
        cmocka_unit_test(s13_a_power_failure_may_leave_any_sectors_of_the_last_write),
        cmocka_unit_test(the_first_sector_may_have_had_a_part_of_the_length),
        cmocka_unit_test(a_write_may_end_at_any_octet),
        cmocka_unit_test(a_changed_octet_of_the_last_record_is_damage),
        cmocka_unit_test(something_in_the_room_is_damage),
        cmocka_unit_test(a_changed_length_is_damage_wherever_the_record_stands),
        cmocka_unit_test(a_missing_sector_with_more_behind_it_than_a_write_is_damage),
        cmocka_unit_test(a_disk_too_full_for_room_takes_what_it_can),
        cmocka_unit_test(records_without_a_seal_are_read_and_gone_on_with),
    };
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/journal", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
