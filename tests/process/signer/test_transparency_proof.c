/* The proof, from public keys alone, that logs were shown what they had to be: a rewritten journal,
 * its chain made whole again, is found at its record. */
#include "lib/journal/proof.h"
#include "tests/process/signer/logged.h"

#include <stdio.h>
#include <unistd.h>

enum { LINES_MAX = 32 };

static char forged_path[PATH_MAX];

struct line {
    enum journal_type type;
    int64_t time;
    struct span body;
};

static struct line lines[LINES_MAX];
static size_t line_count;
static struct arena arena;

static enum err line_visit(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    lines[line_count++] =
        (struct line){ record->type, record->time, arena_span(&arena, record->body) };
    return OK;
}

static enum err line_skip(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
    return OK;
}

static void raw_write(struct der_writer *writer, const void *object)
{
    der_write_raw(writer, *(const struct span *)object);
}

/* A precertificate's record names its intent's place, which is where the forgery has it. */
static void forge(const struct line *forged, size_t count)
{
    struct reason reason;
    int64_t intent_at = 0;
    AUTO_PTR(journal) journal = NULL;
    unlink(forged_path);
    assert_int_equal(journal_open(forged_path, NULL, line_skip, NULL, &journal, NULL, &reason), OK);
    for (size_t i = 0; i < count; i++) {
        struct journal_ticket ticket;
        AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
        struct span written = forged[i].body;
        struct record_precertificate first;
        if (forged[i].type == JOURNAL_PRECERTIFICATE) {
            assert_int_equal(record_precertificate_read(written, &first), OK);
            first.intent = intent_at;
            assert_int_equal(der_encode(record_precertificate_write, &first, &body), OK);
            written = buf_span(&body);
        }
        assert_int_equal(
            journal_append(journal, forged[i].type, forged[i].time, raw_write, &written, &ticket),
            OK);
        intent_at = forged[i].type == JOURNAL_PRECERTIFICATE_INTENT ? ticket.offset : intent_at;
    }
}

static void assert_proof(const struct line *forged, size_t count, const char *code)
{
    struct reason reason;
    AUTO(proof) proof = { .count = 0 };
    forge(forged, count);
    enum err err = prove(forged_path, &world.factory.roster, &proof, &reason);
    assert_string_equal(reason.code, code);
    assert_int_equal(err, *code == '\0' ? OK : ERR_DENIED);
}

static size_t line_of(enum journal_type type, unsigned which)
{
    for (size_t i = 0; i < line_count; i++) {
        if (lines[i].type == type && which-- == 0) {
            return i;
        }
    }
    fail_msg("no such line");
    return 0;
}

/* Signs another certificate into the place of the right one, its intent with it. */
static void certificate_forge(
    struct line *forged, const struct walk *walk, const struct promises *promises)
{
    struct certificate first;
    struct record_completion completion;
    struct record_issued issued;
    uint8_t extensions[8192];
    size_t len = 0;
    AUTO(buf) list = buf_make(SCT_LIST_MAX_BYTES);
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    size_t completed_at = line_of(JOURNAL_COMPLETION, 0), issued_at = line_of(JOURNAL_ISSUED, 0);
    promises_write(promises, walk, walk, &list);
    assert_int_equal(certificate_parse(buf_span(&walk->precertificate), &first), OK);
    struct der_writer writer = der_writer_make(extensions, sizeof extensions);
    const struct span names[] = { first.dns_names[0] };
    const struct profile_values values = { .authority_key_id = first.authority_key_id,
        .key_kind = KEY_RSA,
        .names = names,
        .name_count = 1,
        .crl_uri =
            promises->of_another ? SPAN_LITERAL("http://127.0.0.1/other.crl") : first.crl_uri,
        .ca_issuers_uri = first.ca_issuers_uri,
        .sct_list = buf_span(&list) };
    profile_write_extensions(&writer, profile_by_id("ov-server-ct-1"), &values);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    const struct certificate_fields fields = { .serial = first.serial,
        .algorithm = signature_algorithm_of_key(world.factory.issuer.key),
        .issuer = first.issuer,
        .not_before = first.not_before,
        .not_after = first.not_after,
        .subject = first.subject,
        .spki = first.spki,
        .extensions = span_make(extensions, len) };
    assert_int_equal(certificate_write_tbs(&fields, &tbs), OK);
    assert_int_equal(
        certificate_sign(buf_span(&tbs), fields.algorithm, world.factory.issuer.key, &der), OK);
    assert_int_equal(record_completion_read(lines[completed_at].body, &completion), OK);
    assert_int_equal(record_issued_read(lines[issued_at].body, &issued), OK);
    completion.tbs = buf_span(&tbs);
    issued.certificate = buf_span(&der);
    AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
    assert_int_equal(der_encode(record_completion_write, &completion, &body), OK);
    forged[completed_at].body = arena_span(&arena, buf_span(&body));
    buf_clear(&body);
    assert_int_equal(der_encode(record_issued_write, &issued, &body), OK);
    forged[issued_at].body = arena_span(&arena, buf_span(&body));
}

static void without(struct line *forged, size_t at)
{
    memcpy(forged, lines, sizeof lines);
    memmove(&forged[at], &forged[at + 1], (line_count - 1 - at) * sizeof forged[0]);
}

static void journal_take(void)
{
    struct reason reason;
    struct journal *journal = NULL;
    line_count = 0;
    assert_int_equal(
        journal_open(world.journal_path, NULL, line_visit, NULL, &journal, NULL, &reason), OK);
    journal_free(journal);
}

/* epoch · reserved, intended, precertified, completed, issued · a second one abandoned */
static void s1_s4_the_proof_finds_what_the_logs_were_not_shown(void **state)
{
    struct reason reason;
    struct walk walk, second;
    struct line forged[LINES_MAX];
    struct issuing *issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    walk_begin(issuing, &walk, 1);
    assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), OK);
    walk_begin(issuing, &second, 2);
    assert_int_equal(issuing_abandon(issuing, second.request, &reason), OK);
    issuing_free(issuing);
    journal_take();
    assert_proof(lines, line_count, "");

    memcpy(forged, lines, sizeof lines);
    const struct promises right = { "", { 0, 1, 2 }, 3 };
    certificate_forge(forged, &walk, &right);
    assert_proof(forged, line_count, ""); /* or the refusals below would mean nothing */
    static const struct promises wrong[] = {
        { "ct.signature", { 0, 1, 2 }, 3, .forged = true },
        { "ct.too_few", { 0, 1 }, 2 },
        { "ct.log_twice", { 0, 1, 0 }, 3 },
        { "ct.time", { 0, 1, 2 }, 3, .later = 301 },
        { "proof.correspondence", { 0, 1, 2 }, 3, .of_another = true },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memcpy(forged, lines, sizeof lines);
        certificate_forge(forged, &walk, &wrong[i]);
        assert_proof(forged, line_count, wrong[i].code);
    }
    /* No precertificate, no intent of the certificate, an intent that leaves the logs out. */
    without(forged, line_of(JOURNAL_PRECERTIFICATE, 0));
    assert_proof(forged, line_count - 1, "proof.precertificate");
    without(forged, line_of(JOURNAL_COMPLETION, 0));
    assert_proof(forged, line_count - 1, "proof.unintended");
    without(forged, line_of(JOURNAL_PRECERTIFICATE_INTENT, 0));
    assert_proof(forged, line_count - 1, "proof.unintended");
    memcpy(forged, lines, sizeof lines);
    forged[line_of(JOURNAL_PRECERTIFICATE_INTENT, 0)].type = JOURNAL_INTENT;
    assert_proof(forged, line_of(JOURNAL_PRECERTIFICATE, 0), "proof.precertificate");
    /* Signed for behind its being abandoned; abandoned though it was signed. */
    memcpy(forged, lines, sizeof lines);
    const struct line abandoned = lines[line_of(JOURNAL_ABANDONED, 0)];
    forged[line_count] = abandoned;
    assert_proof(forged, line_count + 1, "proof.abandoned");
    forged[line_count] = lines[line_of(JOURNAL_PRECERTIFICATE_INTENT, 1)];
    assert_proof(forged, line_count + 1, "proof.request_twice");
    walk_release(&walk);
    walk_release(&second);
}

static int make_world(void **state)
{
    arena = arena_make(64 * 1024 * 1024);
    return logged_make(state) == 0 &&
                   path_join(forged_path, sizeof forged_path, world.folder, "forged") == OK
               ? 0
               : -1;
}

static int drop_world(void **state)
{
    unlink(forged_path);
    arena_release(&arena);
    return world_drop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(s1_s4_the_proof_finds_what_the_logs_were_not_shown, world_begin),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
