/* Plain text of 100 columns at most, but for what comes from others. Everything is derived from the
 * journal, so that anybody with a copy of it can write the same bytes again and compare. */
#include "proc/signer/transcript.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/der/oid.h"
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"

#include <limits.h>
#include <stdio.h>

static const char *const labels[SCRIPT_KIND_COUNT] = {
    [SCRIPT_NEW_ROOT] = "a new root",
    [SCRIPT_NEW_ISSUING_CA] = "a new issuing CA",
    [SCRIPT_REISSUE] = "an issuing CA re-issued with its own key",
    [SCRIPT_CROSS_SIGN] = "a cross certificate for another CA",
    [SCRIPT_CROSS_REQUEST] = "a request for a cross certificate of ours",
    [SCRIPT_CROSS_IMPORT] = "a cross certificate that another CA gave us",
    [SCRIPT_REVOKE] = "a CA certificate is revoked",
    [SCRIPT_ARL] = "lists of revoked CA certificates",
    [SCRIPT_ROSTER] = "the roster of the service",
    [SCRIPT_ADMINISTRATORS] = "the administrators of ceremonies",
};

static enum err made_show(struct transcript *transcript, const struct record_ceremony *made);
static enum err revoked_show(struct transcript *transcript, struct span body);
static enum err certificate_show(struct transcript *transcript, const char *name, struct span der);
static void policies_show(struct buf *out, const struct certificate *certificate);
static void serial_hide(const struct transcript *transcript, struct span serial,
    char ret_text[3 * SERIAL_MAX_BYTES + 1]);
static enum err list_show(struct transcript *transcript, const char *name, struct span der);
static enum err roster_show(struct transcript *transcript);
static void administrators_show(struct buf *out, const struct administrators *set);

static void line_hash(struct buf *out, const char *label, const uint8_t hash[HASH_BYTES])
{
    char text[2 * HASH_BYTES + 1];
    hex_format(span_make(hash, HASH_BYTES), text);
    buf_append_format(out, "  %-12s %s\n", label, text);
}

static enum err line_fingerprint(struct buf *out, const char *label, struct span bytes)
{
    uint8_t hash[HASH_BYTES];
    TRY(sha256(bytes, hash));
    line_hash(out, label, hash);
    return OK;
}

static void line_time(struct buf *out, const char *label, int64_t time)
{
    char text[TIME_TEXT_MAX];
    time_format_rfc3339(time, text);
    buf_append_format(out, "  %-12s %s\n", label, text);
}

void transcript_head(struct transcript *transcript, int64_t number, int64_t time)
{
    struct buf *out = transcript->out;
    const struct hierarchy *hierarchy = transcript->hierarchy;
    static const uint8_t none[HASH_BYTES] = { 0 };
    buf_append_format(out, "%s %lld: %s\n\n",
        transcript->plan ? "Rehearsal of ceremony" : "Transcript of ceremony", (long long)number,
        transcript->script->title);
    if (transcript->plan) {
        buf_append_text(out, "  Nothing is signed and nothing is written.\n\n");
    }
    line_time(out, transcript->plan ? "now" : "begun", time);
    line_hash(out, "script", hierarchy->script);
    if (memcmp(hierarchy->begun_from, none, HASH_BYTES) == 0) {
        buf_append_text(out, "  journal      none: the first ceremony of its folder\n");
    } else {
        line_hash(out, "journal", hierarchy->begun_from);
    }
}

enum err transcript_record(void *ctx, const struct journal_record *record)
{
    struct transcript *transcript = ctx;
    struct record_ceremony made;
    if (record->type == JOURNAL_CRL) {
        transcript->before = true;
    } else if (record->type == JOURNAL_REVOKED) {
        TRY(revoked_show(transcript, record->body));
    } else if (record->type == JOURNAL_CEREMONY) {
        TRY(record_ceremony_read(record->body, &made));
        TRY(made_show(transcript, &made));
    }
    return buf_check(transcript->out);
}

static enum err step_show(struct transcript *transcript, const struct record_ceremony *made)
{
    const struct script *script = transcript->script;
    unsigned long number = strtoul(made->name, NULL, 10);
    if (number == 0 || number > script->step_count) {
        return ERR_INPUT;
    }
    const struct script_step *step = &script->steps[number - 1];
    buf_append_format(transcript->out, "\nStep %lu of %zu: %s (%s)\n", number, script->step_count,
        step->title, labels[step->kind]);
    return OK;
}

static enum err input_show(struct transcript *transcript, const struct record_ceremony *made)
{
    if (made->made.len != HASH_BYTES) {
        return ERR_INPUT;
    }
    buf_append_format(transcript->out, "  input        %s\n", made->name);
    line_hash(transcript->out, "  SHA-256", made->made.data);
    return OK;
}

static enum err key_show(struct transcript *transcript, const struct record_ceremony *made)
{
    AUTO_PTR(key) key = NULL;
    TRY(key_from_spki(made->made, &key));
    buf_append_format(transcript->out, "  new key      %s, %s of %u bits\n", made->name,
        key_kind_name(key_kind(key)), key_bits(key));
    return transcript->plan ? OK : line_fingerprint(transcript->out, "  SHA-256", made->made);
}

static void verdict_lines(
    struct buf *out, const char *label, const struct ceremony_verdict *verdict)
{
    buf_append_format(out, "  %-12s %lld rules asked, no error, %lld warning%s\n", label,
        (long long)verdict->checked, (long long)verdict->warnings,
        verdict->warnings == 1 ? "" : "s");
}

static enum err intent_show(struct transcript *transcript, const struct record_ceremony *made)
{
    struct ceremony_intent intent;
    TRY(ceremony_intent_read(made->made, &intent));
    verdict_lines(transcript->out, "before", &intent.verdict);
    transcript->before = false;
    return OK;
}

static enum err linted_show(struct transcript *transcript, const struct record_ceremony *made)
{
    struct ceremony_verdict verdict;
    TRY(ceremony_verdict_read(made->made, &verdict));
    verdict_lines(transcript->out, transcript->before ? "before" : "after", &verdict);
    transcript->before = false;
    return OK;
}

static enum err signed_show(struct transcript *transcript, const struct record_ceremony *made)
{
    return certificate_show(transcript, made->name, made->made);
}

static enum err arl_show(struct transcript *transcript, const struct record_ceremony *made)
{
    return list_show(transcript, made->name, made->made);
}

static enum err request_show(struct transcript *transcript, const struct record_ceremony *made)
{
    buf_append_format(transcript->out, "  request      requests/%s.csr\n", made->name);
    return transcript->plan ? OK : line_fingerprint(transcript->out, "  SHA-256", made->made);
}

static enum err seal_show(struct transcript *transcript, const struct record_ceremony *made)
{
    buf_append_text(transcript->out, "  new key      root/ceremony.key, which seals rosters\n");
    return transcript->plan ? OK : line_fingerprint(transcript->out, "  SHA-256", made->made);
}

static enum err rosters_show(struct transcript *transcript, const struct record_ceremony *made)
{
    TRY(roster_show(transcript));
    return transcript->plan ? OK : line_fingerprint(transcript->out, "  SHA-256", made->made);
}

static enum err set_show(struct transcript *transcript, const struct record_ceremony *made)
{
    (void)made;
    administrators_show(transcript->out, &transcript->hierarchy->during.administrators);
    return OK;
}

static enum err made_show(struct transcript *transcript, const struct record_ceremony *made)
{
    static const struct {
        const char *what;
        enum err (*show)(struct transcript *transcript, const struct record_ceremony *made);
    } kinds[] = {
        { "step", step_show },
        { "input", input_show },
        { "key", key_show },
        { "intent", intent_show },
        { "root", signed_show },
        { "issuer", signed_show },
        { "reissued", signed_show },
        { "cross", signed_show },
        { "imported", signed_show },
        { "linted", linted_show },
        { "request", request_show },
        { "arl", arl_show },
        { "seal", seal_show },
        { "roster", rosters_show },
        { "administrators", set_show },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].what, made->what) == 0) {
            return kinds[i].show(transcript, made);
        }
    }
    return ERR_UNSUPPORTED;
}

static enum err name_line(struct buf *out, const char *label, struct span name)
{
    AUTO(buf) text = buf_make(4096);
    TRY(name_format(name, &text));
    const char *plain = buf_text(&text);
    if (plain == NULL) {
        return ERR_MEMORY;
    }
    utf8_make_plain((char *)text.data);
    buf_append_format(out, "  %-12s %s\n", label, plain);
    return OK;
}

static enum err certificate_show(struct transcript *transcript, const char *name, struct span der)
{
    struct certificate certificate;
    struct buf *out = transcript->out;
    char from[TIME_TEXT_MAX], until[TIME_TEXT_MAX], serial[3 * SERIAL_MAX_BYTES + 1];
    TRY(certificate_parse(der, &certificate));
    time_format_rfc3339(certificate.not_before, from);
    time_format_rfc3339(certificate.not_after, until);
    buf_append_format(out, "  certificate  ca/%s.crt\n", name);
    TRY(name_line(out, "  subject", certificate.subject));
    TRY(name_line(out, "  issuer", certificate.issuer));
    buf_append_format(out, "    valid      %s to %s\n", from, until);
    policies_show(out, &certificate);
    if (transcript->plan) {
        return OK;
    }
    TRY(serial_format(certificate.serial, serial, sizeof serial));
    buf_append_format(out, "    serial     %s\n", serial);
    TRY(line_fingerprint(out, "  key", certificate.spki));
    return line_fingerprint(out, "  SHA-256", der);
}

/* What it entitles to, and where it sends people. */
static void policies_show(struct buf *out, const struct certificate *certificate)
{
    buf_append_format(out, "    for        %s%s\n",
        !certificate->has_ext_key_usage ? "anything"
        : certificate->server_auth      ? "servers"
                                        : "no servers",
        certificate->path_length == 0 ? ", no CA below it" : "");
    for (size_t i = 0; i < certificate->policy_count; i++) {
        char oid[OID_TEXT_MAX];
        if (oid_format(certificate->policies[i], oid) == OK) {
            buf_append_format(out, "    policy     %s\n", oid);
        }
    }
    if (certificate->crl_uri.len > 0) {
        buf_append_format(out, "    list       %.*s\n", (int)certificate->crl_uri.len,
            (const char *)certificate->crl_uri.data);
    }
    if (certificate->ca_issuers_uri.len > 0) {
        buf_append_format(out, "    issuer at  %.*s\n", (int)certificate->ca_issuers_uri.len,
            (const char *)certificate->ca_issuers_uri.data);
    }
}

/* What a rehearsal makes has a serial for the rehearsal only. */
static void serial_hide(const struct transcript *transcript, struct span serial,
    char ret_text[3 * SERIAL_MAX_BYTES + 1])
{
    const struct facts *facts = &transcript->hierarchy->during;
    for (size_t i = 0; transcript->plan && i < facts->authority_count; i++) {
        struct certificate certificate;
        const struct authority *made = &facts->authorities[i];
        bool here = facts_by_name(&transcript->hierarchy->held, made->name) == NULL;
        if (here && certificate_parse(made->certificate, &certificate) == OK &&
            span_equal(certificate.serial, serial)) {
            snprintf(ret_text, 3 * SERIAL_MAX_BYTES + 1, "a new serial");
        }
    }
}

static enum err list_show(struct transcript *transcript, const char *name, struct span der)
{
    struct crl crl;
    struct crl_entry entry;
    struct buf *out = transcript->out;
    char serial[3 * SERIAL_MAX_BYTES + 1], number[3 * SERIAL_MAX_BYTES + 1];
    TRY(crl_parse(der, &crl));
    TRY(serial_format(crl.number, number, sizeof number));
    buf_append_format(out, "  list         ca/%s.crl, number %s (hexadecimal)\n", name, number);
    TRY(name_line(out, "  issuer", crl.issuer));
    line_time(out, "  next", crl.next_update);
    struct der entries = der_reader(crl.entries);
    while (!der_empty(&entries)) {
        TRY(crl_entry_next(&entries, &entry));
        TRY(serial_format(entry.serial, serial, sizeof serial));
        if (transcript->plan) {
            snprintf(serial, sizeof serial, "one");
        }
        buf_append_format(out, "    revoked    %s, %s\n", serial, crl_reason_name(entry.reason));
    }
    return transcript->plan ? OK : line_fingerprint(out, "  SHA-256", der);
}

static enum err revoked_show(struct transcript *transcript, struct span body)
{
    struct record_revoked record;
    char serial[3 * SERIAL_MAX_BYTES + 1];
    const struct facts *facts = &transcript->hierarchy->during;
    const char *name = "not one of this journal's";
    TRY(record_revoked_read(body, &record));
    TRY(serial_format(record.serial, serial, sizeof serial));
    for (size_t i = 0; i < facts->authority_count; i++) {
        struct certificate certificate;
        TRY(certificate_parse(facts->authorities[i].certificate, &certificate));
        if (span_equal(certificate.serial, record.serial)) {
            name = facts->authorities[i].name;
        }
    }
    buf_append_format(
        transcript->out, "  revoked      %s, %s\n", name, revocation_reason_id(record.reason));
    serial_hide(transcript, record.serial, serial);
    buf_append_format(transcript->out, "    serial     %s\n", serial);
    return OK;
}

static void roles_show(struct buf *out, unsigned roles)
{
    static const char *const names[] = { "officer", "administrator", "auditor" };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if ((roles & 1u << i) != 0) {
            buf_append_format(out, " %s", names[i]);
        }
    }
}

static enum err roster_show(struct transcript *transcript)
{
    struct buf *out = transcript->out;
    const struct facts *facts = &transcript->hierarchy->during;
    AUTO(arena) arena = arena_make(4 * 1024 * 1024);
    struct roster *roster = arena_alloc(&arena, 1, sizeof *roster);
    if (roster == NULL) {
        return ERR_MEMORY;
    }
    TRY(roster_open(facts->roster, facts->seal, &arena, roster, /* ret_reason= */ NULL));
    buf_append_format(out, "  roster       signer/roster.der, epoch %lld, policy set %s%s\n",
        (long long)roster->epoch, policy_set_id(roster->policy_set),
        roster->trial ? ", a trial" : "");
    for (size_t i = 0; i < roster->officer_count; i++) {
        const struct officer *officer = &roster->officers[i];
        buf_append_format(out, "    %s, %s:", officer->id, officer->name);
        roles_show(out, officer->roles);
        buf_append_text(out, "\n");
        line_hash(out, "    key", officer->key_id);
    }
    for (size_t i = 0; i < roster->perspective_count; i++) {
        const struct perspective *perspective = &roster->perspectives[i];
        buf_append_format(out, "    %s: a perspective in %s%s\n", perspective->id,
            perspective->region, perspective->primary ? ", the primary" : "");
        TRY(line_fingerprint(out, "    key", perspective->spki));
    }
    for (size_t i = 0; i < roster->log_count; i++) {
        buf_append_format(
            out, "    %s: a log of %s\n", roster->logs[i].name, roster->logs[i].operator_name);
        TRY(line_fingerprint(out, "    key", roster->logs[i].spki));
    }
    for (size_t i = 0; i < roster->issuer_count; i++) {
        buf_append_format(
            out, "    %s: issues by ca/%s.crt\n", roster->issuers[i].id, roster->issuers[i].name);
    }
    return OK;
}

static void administrators_show(struct buf *out, const struct administrators *set)
{
    buf_append_format(
        out, "  from now on  %u of %zu must approve a ceremony\n", set->quorum, set->count);
    for (size_t i = 0; i < set->count; i++) {
        buf_append_format(out, "    %s, %s\n", set->list[i].id, set->list[i].name);
        line_hash(out, "    key", set->list[i].key_id);
    }
}

static enum err approvals_show(struct transcript *transcript, const struct administrators *set)
{
    struct buf *out = transcript->out;
    const struct ceremony_begun *begun = &transcript->hierarchy->begun;
    for (size_t i = 0; i < begun->count; i++) {
        uint8_t key_id[HASH_BYTES];
        char time[TIME_TEXT_MAX];
        TRY(sha256(SPAN_OF(begun->approvals[i].spki), key_id));
        const struct administrator *person = administrators_find(set, key_id);
        if (person == NULL) {
            return ERR_DENIED;
        }
        time_format_rfc3339(begun->approvals[i].time, time);
        buf_append_format(out, "  approved by  %s, %s, %s\n", person->id, person->name, time);
        line_hash(out, "  key", key_id);
    }
    return OK;
}

enum err transcript_foot(struct transcript *transcript, const struct journal_record *ended)
{
    struct buf *out = transcript->out;
    const struct hierarchy *hierarchy = transcript->hierarchy;
    const struct administrators *set = &hierarchy->approvers;
    buf_append_text(out, "\n");
    if (transcript->plan) {
        buf_append_format(
            out, "%u of these %zu administrators must approve it:\n", set->quorum, set->count);
        for (size_t i = 0; i < set->count; i++) {
            buf_append_format(out, "  %s, %s\n", set->list[i].id, set->list[i].name);
        }
        return buf_check(out);
    }
    TRY(approvals_show(transcript, set));
    line_time(out, "ended", ended->time);
    buf_append_format(out, "  journal      %lld records; its head, which the next script is for:\n",
        (long long)ended->seq);
    line_hash(out, "  SHA-256", hierarchy->end.head);
    buf_append_text(out, "\nWe were there, and it was so:\n\n");
    for (int i = 0; i < 3; i++) {
        buf_append_text(out,
            "  Name ______________________  Signature ______________________  Day __________\n\n");
    }
    return buf_check(out);
}

/* One ceremony of a whole journal. */
struct writing {
    struct hierarchy *hierarchy;
    struct transcript transcript;
    struct script script;
    int64_t wanted; /* 0: the last one that ended */
    bool within, ended;
    struct reason *reason;
};

static enum err writing_begin(struct writing *writing, const struct journal_record *record)
{
    struct hierarchy *hierarchy = writing->hierarchy;
    writing->within = writing->wanted == 0 || hierarchy->ceremonies == writing->wanted;
    if (!writing->within) {
        return OK;
    }
    script_release(&writing->script);
    TRY(script_read(hierarchy->begun.script, /* path= */ NULL, &writing->script, writing->reason));
    buf_clear(writing->transcript.out);
    writing->ended = false;
    transcript_head(&writing->transcript, hierarchy->ceremonies, record->time);
    return OK;
}

/* At its end the hierarchy has taken over what it did: the approvals are of those before. */
static enum err writing_visit(void *ctx, const struct journal_record *record)
{
    struct writing *writing = ctx;
    struct record_ceremony made = { .what = "" };
    if (record->type == JOURNAL_CEREMONY) {
        TRY(record_ceremony_read(record->body, &made));
    }
    if (strcmp(made.what, "begun") == 0) {
        return writing_begin(writing, record);
    }
    if (!writing->within) {
        return OK;
    }
    if (strcmp(made.what, "ended") == 0) {
        writing->within = false;
        writing->ended = true;
        return transcript_foot(&writing->transcript, record);
    }
    return transcript_record(&writing->transcript, record);
}

enum err transcript_write(
    const char *directory, int64_t number, struct buf *text, struct reason *ret_reason)
{
    char path[PATH_MAX], seen[32];
    AUTO_PTR(hierarchy) hierarchy = hierarchy_new();
    if (hierarchy == NULL) {
        return ERR_MEMORY;
    }
    struct writing writing = { .hierarchy = hierarchy,
        .transcript = { .out = text, .hierarchy = hierarchy, .script = &writing.script },
        .wanted = number,
        .reason = ret_reason };
    TRY(path_join(path, sizeof path, directory, "root/journal"));
    enum err err = hierarchy_read(hierarchy, path, writing_visit, &writing, ret_reason);
    script_release(&writing.script);
    TRY(err);
    snprintf(seen, sizeof seen, "%lld", (long long)number);
    if (hierarchy->ceremonies == 0) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "ceremony.not_held", directory, NULL, NULL);
    }
    if (number > hierarchy->ceremonies) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "ceremony.unknown_number", path, seen, NULL);
    }
    return writing.ended
               ? buf_check(text)
               : reason_set(ret_reason, ERR_CONFLICT, "ceremony.not_ended", path, seen, NULL);
}
