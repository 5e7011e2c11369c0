/* The proof from public keys alone: what the signer did proves, and every lie that a rewritten
 * journal could tell, its chain made whole again, is found at its record. */
#include "tests/process/signer/core.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { LINES_MAX = 64, REQUESTS = 5 };

/* One record, without its place in the chain. */
struct line {
    enum journal_type type;
    int64_t time;
    struct span body;
};

static struct proof_roster roster;
static char forged_path[PATH_MAX];
static struct buf truth;
static struct arena arena;
static struct line lines[LINES_MAX];
static size_t line_count;
static const uint8_t nobodys_key[HASH_BYTES] = { 0xb1, 0x0c };

static enum err line_visit(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    lines[line_count++] =
        (struct line){ record->type, record->time, arena_span(&arena, record->body) };
    return OK;
}

/* epoch · three requests reserved, intended, issued · the fourth refused, the fifth withdrawn
 * before · a revocation that becomes graver · two lists · a blocked key that nobody has. */
static void world_issue(struct issuing *issuing)
{
    struct reason reason;
    struct signer_serial serials[REQUESTS];
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct sample sample;
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        assert_int_equal(sample_init(&sample, &world.factory, NOW, i + 1), OK);
        if (i == 3) {
            sample.warrant.epoch++;
            assert_int_equal(sample_format(&sample), OK);
        }
        if (i == 2) {
            assert_int_equal(sample_become(&sample, EDITION_EV, 1), OK);
        }
        if (i == 4) {
            assert_int_equal(
                issuing_withdraw(issuing, sample.warrant.approvals[0].application_hash), OK);
        }
        const struct request_id *request = &sample.warrant.request;
        assert_int_equal(issuing_reserve(issuing, request, &serials[i], &reason), OK);
        assert_int_equal(
            issuing_issue(issuing, request, buf_span(&sample.der), &der, NULL, &reason),
            i < 3 ? OK : ERR_DENIED);
        sample_release(&sample);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct signer_crl_made made;
        AUTO(buf) crl = buf_make(SIGNER_CRL_MAX_BYTES);
        struct signer_revoke revoke = { .issuer = "ssl-ca-3-17",
            .serial = serials[0],
            .reason = i == 0 ? REVOCATION_SUPERSEDED : REVOCATION_KEY_COMPROMISE,
            .date = NOW };
        const struct signer_crl wanted = {
            .issuer = "ssl-ca-3-17", .this_update = NOW, .next_update = NOW + 86400
        };
        assert_int_equal(issuing_revoke(issuing, &revoke, &reason), OK);
        assert_int_equal(issuing_crl(issuing, &wanted, &made, &crl, &reason), OK);
    }
    assert_int_equal(issuing_block(issuing, nobodys_key), OK);
}

static void raw_write(struct der_writer *writer, const void *object)
{
    der_write_raw(writer, *(const struct span *)object);
}

static void forge(const struct line *forged, size_t count)
{
    struct reason reason;
    AUTO_PTR(journal) journal = NULL;
    unlink(forged_path);
    assert_int_equal(
        journal_open(forged_path, NULL, line_visit, NULL, &journal, NULL, &reason), OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(journal_append(journal, forged[i].type, forged[i].time, raw_write,
                             &forged[i].body, NULL),
            OK);
    }
}

static enum err prove_from(const char *path, const struct proof_anchor *anchors,
    size_t anchor_count, struct proof *ret_proof, struct reason *ret_reason)
{
    struct proof_setup setup = { .rosters = &roster,
        .roster_count = 1,
        .threads = 2,
        .anchors = anchors,
        .anchor_count = anchor_count };
    setup.fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(setup.fd >= 0);
    *ret_reason = (struct reason){ 0 };
    enum err err = proof_run(&setup, ret_proof, ret_reason);
    return err;
}

static void assert_refused(
    const struct line *forged, size_t count, const char *code, int64_t record)
{
    struct reason reason;
    AUTO(proof) proof = { .count = 0 };
    forge(forged, count);
    enum err err = prove_from(forged_path, NULL, 0, &proof, &reason);
    assert_string_equal(reason.code, code);
    assert_int_equal(err, ERR_DENIED);
    assert_int_equal(proof.failed_seq, record);
    close(proof.setup.fd);
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

/* The lines in another order: that at `from` comes to stand at `to`. */
static void move(struct line *forged, size_t from, size_t to)
{
    memcpy(forged, lines, sizeof lines);
    const struct line moved = forged[from];
    memmove(&forged[from], &forged[from + 1], (line_count - from - 1) * sizeof moved);
    memmove(&forged[to + 1], &forged[to], (line_count - 1 - to) * sizeof moved);
    forged[to] = moved;
}

static struct span written(body_writer write, const void *object)
{
    AUTO(buf) der = buf_make(JOURNAL_RECORD_MAX);
    assert_int_equal(der_encode(write, object, &der), OK);
    return arena_span(&arena, buf_span(&der));
}

static void what_the_signer_did_proves(void **state)
{
    struct reason reason;
    AUTO(proof) proof = { .count = 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    enum err err = prove_from(world.journal_path, NULL, 0, &proof, &reason);
    assert_string_equal(reason.code, "");
    assert_int_equal(err, OK);
    assert_int_equal(proof.state.records, (int64_t)line_count);
    assert_int_equal(proof.counts[JOURNAL_INTENT], 3);
    assert_int_equal(proof.counts[JOURNAL_ISSUED], 3);
    assert_int_equal(proof.counts[JOURNAL_REFUSED], 2);
    assert_int_equal(proof.counts[JOURNAL_CRL], 2);
    assert_int_equal(proof.revoked, 1);
    assert_int_equal(proof.withdrawn.count, 1);
    assert_int_equal(proof.counts[JOURNAL_BLOCKED], 1);
    assert_true(proof_is_blocked(&proof, nobodys_key));
    assert_int_equal(proof_certificate_of(&proof, &proof.rows[0], &der), OK);
    close(proof.setup.fd);
}

static void an_intent_without_its_certificate_is_proved_and_counted(void **state)
{
    struct reason reason;
    AUTO(proof) proof = { .count = 0 };
    (void)state;
    forge(lines, line_of(JOURNAL_ISSUED, 0));
    assert_int_equal(prove_from(forged_path, NULL, 0, &proof, &reason), OK);
    assert_int_equal(proof.unsigned_yet, 1);
    close(proof.setup.fd);
}

static void s2_s3_serials_and_requests_are_used_once(void **state)
{
    struct line forged[LINES_MAX];
    struct record_reserved reserved, other;
    size_t first = line_of(JOURNAL_RESERVED, 0), second = line_of(JOURNAL_RESERVED, 1);
    (void)state;
    assert_int_equal(record_reserved_read(lines[first].body, &reserved), OK);
    assert_int_equal(record_reserved_read(lines[second].body, &other), OK);
    memcpy(forged, lines, sizeof lines);
    const struct record_reserved twice = { other.request, reserved.serial };
    forged[second].body = written(record_reserved_write, &twice);
    assert_refused(forged, line_count, "proof.serial_twice", (int64_t)second + 1);
    const struct record_reserved again = { reserved.request, other.serial };
    forged[second].body = written(record_reserved_write, &again);
    assert_refused(forged, line_count, "proof.request_twice", (int64_t)second + 1);
    memcpy(forged, lines, sizeof lines);
    forged[line_count] = lines[line_of(JOURNAL_INTENT, 0)];
    assert_refused(forged, line_count + 1, "proof.request_twice", (int64_t)line_count + 1);
    forged[line_count] = lines[line_of(JOURNAL_ISSUED, 0)];
    assert_refused(forged, line_count + 1, "proof.request_twice", (int64_t)line_count + 1);
}

static void s1_no_certificate_is_without_its_intent_and_serial(void **state)
{
    struct line forged[LINES_MAX];
    size_t intent = line_of(JOURNAL_INTENT, 0), issued = line_of(JOURNAL_ISSUED, 0);
    (void)state;
    move(forged, issued, intent);
    assert_refused(forged, line_count, "proof.unintended", (int64_t)intent + 1);
    move(forged, intent, line_of(JOURNAL_RESERVED, 0));
    assert_refused(forged, line_count, "proof.unreserved", 2);
    move(forged, intent, 0);
    assert_refused(forged, line_count, "proof.no_epoch", 1);
}

/* A body with one octet changed, `from_end` before its last. */
static struct span spoilt(struct span body, size_t from_end)
{
    uint8_t *copy = (uint8_t *)arena_alloc(&arena, 1, body.len);
    memcpy(copy, body.data, body.len);
    copy[body.len - 1 - from_end] ^= 1;
    return span_make(copy, body.len);
}

static void a_certificate_is_what_was_intended_and_warranted(void **state)
{
    struct line forged[LINES_MAX];
    struct record_intent intent;
    struct record_issued issued, other;
    uint8_t bytes[HASH_BYTES];
    size_t at = line_of(JOURNAL_INTENT, 0), signed_at = line_of(JOURNAL_ISSUED, 0);
    int64_t record = (int64_t)at + 1;
    (void)state;
    memcpy(forged, lines, sizeof lines);
    forged[signed_at].body = spoilt(lines[signed_at].body, 0); /* the signature's last octet */
    assert_refused(forged, line_count, "proof.signature", record);
    assert_int_equal(record_issued_read(lines[signed_at].body, &issued), OK);
    assert_int_equal(record_issued_read(lines[line_of(JOURNAL_ISSUED, 1)].body, &other), OK);
    const struct record_issued swapped = { issued.request, other.certificate };
    forged[signed_at].body = written(record_issued_write, &swapped);
    assert_refused(forged, line_count, "proof.intended", record);

    memcpy(forged, lines, sizeof lines);
    assert_int_equal(record_intent_read(lines[at].body, &intent), OK);
    memcpy(bytes, intent.warrant_hash, sizeof bytes);
    intent.warrant_hash[0] ^= 1;
    forged[at].body = written(record_intent_write, &intent);
    assert_refused(forged, line_count, "proof.warrant_hash", record);

    /* A warrant of another request, an evidence that nobody signed, a day too late. */
    struct record_intent second;
    assert_int_equal(record_intent_read(lines[line_of(JOURNAL_INTENT, 1)].body, &second), OK);
    memcpy(intent.warrant_hash, second.warrant_hash, sizeof bytes);
    intent.warrant = second.warrant;
    forged[at].body = written(record_intent_write, &intent);
    assert_refused(forged, line_count, "warrant.request", record);
    memcpy(forged, lines, sizeof lines);
    for (size_t i = 0; i < line_count; i++) {
        forged[i].time += i >= at ? 400 * INT64_C(86400) : 0;
    }
    assert_refused(forged, line_count, "warrant.subscription", record);
    for (size_t i = at; i < line_count; i++) {
        forged[i].time = lines[i].time + 1;
    }
    assert_refused(forged, line_count, "proof.begin", record);
}

static void an_observation_that_nobody_signed_is_found(void **state)
{
    struct line forged[LINES_MAX];
    struct record_intent intent;
    struct warrant warrant;
    size_t at = line_of(JOURNAL_INTENT, 1);
    AUTO(arena) own = arena_make(WARRANT_ARENA_BYTES);
    AUTO(buf) der = buf_make(WARRANT_MAX_BYTES);
    (void)state;
    memcpy(forged, lines, sizeof lines);
    assert_int_equal(record_intent_read(lines[at].body, &intent), OK);
    assert_int_equal(warrant_parse(intent.warrant, &own, &warrant), OK);
    struct observation *observation = &warrant.evidence[0].observations[0];
    observation->signature = spoilt(observation->signature, 9);
    assert_int_equal(warrant_format(&warrant, &der), OK);
    intent.warrant = buf_span(&der);
    assert_int_equal(warrant_hash(intent.warrant, intent.warrant_hash), OK);
    forged[at].body = written(record_intent_write, &intent);
    assert_refused(forged, line_count, "warrant.observation_signature", (int64_t)at + 1);
}

static void nothing_is_signed_behind_a_withdrawal_or_a_revocation(void **state)
{
    struct line forged[LINES_MAX];
    struct record_intent intent;
    struct warrant warrant;
    struct record_withdrawn withdrawn;
    size_t at = line_of(JOURNAL_INTENT, 0), revoked = line_of(JOURNAL_REVOKED, 0);
    AUTO(arena) own = arena_make(WARRANT_ARENA_BYTES);
    (void)state;
    move(forged, revoked, at);
    assert_refused(forged, line_count, "proof.revoked_before", (int64_t)at + 2);
    assert_int_equal(record_intent_read(lines[at].body, &intent), OK);
    assert_int_equal(warrant_parse(intent.warrant, &own, &warrant), OK);
    assert_int_equal(application_hash(warrant.application_der, withdrawn.application_hash), OK);
    size_t last = line_of(JOURNAL_WITHDRAWN, 0);
    struct line kept = lines[last];
    lines[last].body = written(record_withdrawn_write, &withdrawn);
    move(forged, last, 1);
    lines[last] = kept;
    assert_refused(forged, line_count, "proof.withdrawn_before", (int64_t)at + 2);
}

static void d27_nothing_is_signed_behind_the_block_of_its_key(void **state)
{
    struct line forged[LINES_MAX];
    struct record_blocked blocked;
    size_t last = line_of(JOURNAL_BLOCKED, 0);
    (void)state;
    memcpy(blocked.spki_hash, key_spki_sha256(world.factory.subscriber).data, HASH_BYTES);
    const struct line kept = lines[last];
    lines[last].body = written(record_blocked_write, &blocked);
    for (unsigned i = 0; i < 3; i++) { /* before each of the intents */
        size_t at = line_of(JOURNAL_INTENT, i);
        move(forged, last, at);
        assert_refused(forged, line_count, "proof.blocked_before", (int64_t)at + 2);
    }
    lines[last] = kept;
}

static void s5_revocations_lists_and_epochs_only_grow(void **state)
{
    struct line forged[LINES_MAX];
    struct record_revoked revoked;
    size_t first = line_of(JOURNAL_REVOKED, 0), second = line_of(JOURNAL_REVOKED, 1);
    (void)state;
    memcpy(forged, lines, sizeof lines);
    forged[line_count] = lines[first];
    assert_refused(forged, line_count + 1, "proof.revocation_undone", (int64_t)line_count + 1);
    forged[line_count] = lines[line_of(JOURNAL_CRL, 0)];
    assert_refused(forged, line_count + 1, "proof.crl_number", (int64_t)line_count + 1);
    forged[line_count] = lines[0];
    assert_refused(forged, line_count + 1, "proof.epoch", (int64_t)line_count + 1);
    memcpy(forged, lines, sizeof lines);
    assert_int_equal(record_revoked_read(lines[second].body, &revoked), OK);
    snprintf(revoked.issuer, sizeof revoked.issuer, "ev-ssl-ca-3-17");
    forged[second].body = written(record_revoked_write, &revoked);
    assert_refused(forged, line_count, "proof.revoked_elsewhere", (int64_t)second + 1);
    assert_int_equal(record_revoked_read(lines[second].body, &revoked), OK);
    revoked.blocked = spoilt(revoked.blocked, 0);
    forged[second].body = written(record_revoked_write, &revoked);
    assert_refused(forged, line_count, "proof.blocked", (int64_t)second + 1);
    memcpy(forged, lines, sizeof lines);
    forged[5].time -= 61;
    assert_refused(forged, line_count, "proof.clock", 6);
    struct record_epoch epoch;
    assert_int_equal(record_epoch_read(lines[0].body, &epoch), OK);
    epoch.roster_hash[0] ^= 1;
    memcpy(forged, lines, sizeof lines);
    forged[0].body = written(record_epoch_write, &epoch);
    assert_refused(forged, line_count, "proof.roster_missing", 1);
    forged[0] = (struct line){ JOURNAL_CEREMONY, NOW, lines[0].body };
    assert_refused(forged, line_count, "proof.record_type", 1);
}

static void a_changed_octet_breaks_the_chain(void **state)
{
    (void)state;
    for (size_t at = 100; at < truth.len - 2000; at += 1501) {
        struct reason reason;
        AUTO(proof) proof = { .count = 0 };
        truth.data[at] ^= 4;
        assert_int_equal(file_replace(forged_path, buf_span(&truth), 0600), OK);
        truth.data[at] ^= 4;
        assert_int_equal(prove_from(forged_path, NULL, 0, &proof, &reason), ERR_DENIED);
        assert_true(proof.failed_seq > 0 && proof.failed_seq <= (int64_t)line_count);
        close(proof.setup.fd);
    }
}

static void s18_anchors_notice_a_journal_that_lost_records_or_is_another(void **state)
{
    struct reason reason;
    struct proof_anchor anchors[2];
    int64_t records[] = { 3, (int64_t)line_count };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        AUTO(proof) proof = { .count = 0 };
        forge(lines, (size_t)records[i]);
        assert_int_equal(prove_from(forged_path, NULL, 0, &proof, &reason), OK);
        anchors[i].records = records[i];
        memcpy(anchors[i].head, proof.state.head, SHA256_BYTES);
        close(proof.setup.fd);
    }
    AUTO(proof) whole = { .count = 0 };
    assert_int_equal(prove_from(forged_path, anchors, 2, &whole, &reason), OK);
    close(whole.setup.fd);
    AUTO(proof) shorter = { .count = 0 };
    forge(lines, line_count - 1);
    assert_int_equal(prove_from(forged_path, anchors, 2, &shorter, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "proof.behind");
    close(shorter.setup.fd);
    AUTO(proof) other = { .count = 0 };
    forge(lines, line_count);
    anchors[0].head[0] ^= 1;
    assert_int_equal(prove_from(forged_path, anchors, 2, &other, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "proof.anchor");
    assert_int_equal(other.failed_seq, 3);
    close(other.setup.fd);
}

static int make_world(void **state)
{
    struct reason reason = { 0 };
    struct journal *journal = NULL;
    arena = arena_make(64 * 1024 * 1024);
    if (world_make(state) != 0 ||
        path_join(forged_path, sizeof forged_path, world.folder, "forged") != OK) {
        return -1;
    }
    struct issuing *issuing = core();
    world_issue(issuing);
    issuing_free(issuing);
    assert_int_equal(
        journal_open(world.journal_path, NULL, line_visit, NULL, &journal, NULL, &reason), OK);
    journal_free(journal);
    assert_int_equal(file_read(world.journal_path, FILE_MAX_BYTES, &truth), OK);
    bool taken = proof_roster_take(&world.factory.roster, world.factory.roster_hash, &roster) == OK;
    return taken ? 0 : -1;
}

static int drop_world(void **state)
{
    proof_roster_release(&roster);
    unlink(forged_path);
    buf_release(&truth);
    arena_release(&arena);
    return world_drop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_signer_did_proves),
        cmocka_unit_test(an_intent_without_its_certificate_is_proved_and_counted),
        cmocka_unit_test(s2_s3_serials_and_requests_are_used_once),
        cmocka_unit_test(s1_no_certificate_is_without_its_intent_and_serial),
        cmocka_unit_test(a_certificate_is_what_was_intended_and_warranted),
        cmocka_unit_test(an_observation_that_nobody_signed_is_found),
        cmocka_unit_test(nothing_is_signed_behind_a_withdrawal_or_a_revocation),
        cmocka_unit_test(d27_nothing_is_signed_behind_the_block_of_its_key),
        cmocka_unit_test(s5_revocations_lists_and_epochs_only_grow),
        cmocka_unit_test(a_changed_octet_breaks_the_chain),
        cmocka_unit_test(s18_anchors_notice_a_journal_that_lost_records_or_is_another),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
