/* From a script and its approvals to files in their places. Up to the record "begun" nothing is
 * written but an empty journal; from the record "ended" on everything counts. */
#include "proc/signer/conduct.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "proc/signer/holding.h"
#include "proc/signer/keyfile.h"
#include "proc/signer/staging.h"
#include "proc/signer/transcript.h"

#include <limits.h>
#include <unistd.h>

enum { PASSPHRASE_MAX = 1024, HOLDING_ARENA_MAX = 16 * 1024 * 1024 };

/* What one call holds. */
struct conducting {
    const struct conduct_request *request;
    uint8_t script[HASH_BYTES];
    char journal_path[PATH_MAX];
    struct staging staging;
    struct hierarchy *known;     /* what the journal said, and what the rehearsal did to it */
    struct hierarchy *hierarchy; /* what it says while the ceremony goes on */
    struct journal *journal;
    struct keyring keyring;
    struct holding rehearsal, holding;
    struct reason *reason;
};

static void conducting_release(struct conducting *conducting);
AUTO_DEFINE(conducting, conducting_release)

static enum err conducting_init(struct conducting *conducting,
    const struct conduct_request *request, struct reason *ret_reason);
static enum err medium_check(const struct conducting *conducting);
static enum err rehearse(struct conducting *conducting, struct buf *plan);
static enum err journal_take(struct conducting *conducting);
static enum err keys_open(struct conducting *conducting);
static enum err passphrase_open(struct conducting *conducting);
static enum err hold(struct conducting *conducting);
static enum err finish_moving(struct conducting *conducting, bool *ret_settled);

enum err conduct_rehearse(
    const struct conduct_request *request, struct buf *plan, struct reason *ret_reason)
{
    AUTO(conducting) conducting = { .request = request };
    TRY(conducting_init(&conducting, request, ret_reason));
    TRY(medium_check(&conducting));
    return rehearse(&conducting, plan);
}

enum err conduct(
    const struct conduct_request *request, bool *ret_settled, struct reason *ret_reason)
{
    const struct token_report silent = { NULL, NULL };
    struct clock clock = clock_system();
    AUTO(conducting) conducting = { .request = request };
    AUTO(buf) plan = buf_make(TRANSCRIPT_MAX_BYTES);
    TRY(conducting_init(&conducting, request, ret_reason));
    struct hierarchy *known = conducting.known;
    *ret_settled = false;
    if (known->ceremonies > 0 && !known->open &&
        memcmp(known->script, conducting.script, HASH_BYTES) == 0) {
        return finish_moving(&conducting, ret_settled);
    }
    TRY(medium_check(&conducting));
    TRY(rehearse(&conducting, &plan));
    TRY(approvals_check(request->approvals, request->approval_count, &known->approvers,
        conducting.script, request->script->journal, clock_now(&clock), ret_reason));
    TRY(keyring_init(&conducting.keyring, &request->script->module, /* directory= */ NULL,
        /* makes_keys= */ true, &silent));
    TRY(journal_take(&conducting));
    TRY(keys_open(&conducting));
    return hold(&conducting);
}

static void conducting_release(struct conducting *conducting)
{
    journal_free(conducting->journal);
    holding_release(&conducting->rehearsal);
    holding_release(&conducting->holding);
    keyring_release(&conducting->keyring);
    hierarchy_free(conducting->hierarchy);
    hierarchy_free(conducting->known);
}

static enum err conducting_init(
    struct conducting *conducting, const struct conduct_request *request, struct reason *ret_reason)
{
    conducting->reason = ret_reason;
    conducting->known = hierarchy_new();
    conducting->hierarchy = hierarchy_new();
    if (conducting->known == NULL || conducting->hierarchy == NULL) {
        return ERR_MEMORY;
    }
    TRY(sha256(buf_span(&request->script->text), conducting->script));
    TRY(staging_init(request->directory, &conducting->staging));
    TRY(path_join(conducting->journal_path, sizeof conducting->journal_path, request->directory,
        "root/journal"));
    TRY(hierarchy_read(conducting->known, conducting->journal_path, NULL, NULL, ret_reason));
    return conducting->known->older
               ? reason_set(ret_reason, ERR_CONFLICT, "ceremony.older", request->directory, NULL,
                     "a folder whose first ceremony named administrators")
               : OK;
}

/* The right medium: its journal is where the script says. One that was begun and not ended may be
 * begun again. */
static enum err medium_check(const struct conducting *conducting)
{
    const struct hierarchy *known = conducting->known;
    const uint8_t *wanted = conducting->request->script->journal;
    char seen[2 * HASH_BYTES + 1], expected[2 * HASH_BYTES + 1];
    static const uint8_t none[HASH_BYTES] = { 0 };
    bool again = known->open && memcmp(known->script, conducting->script, HASH_BYTES) == 0 &&
                 memcmp(known->begun_from, wanted, HASH_BYTES) == 0;
    if (again || memcmp(known->end.head, wanted, HASH_BYTES) == 0) {
        return OK;
    }
    hex_format(SPAN_OF(known->end.head), seen);
    hex_format(span_make(wanted, HASH_BYTES), expected);
    return reason_set(conducting->reason, ERR_DENIED, "ceremony.other_journal",
        conducting->request->directory,
        memcmp(known->end.head, none, HASH_BYTES) == 0 ? "none" : seen,
        memcmp(wanted, none, HASH_BYTES) == 0 ? "none" : expected);
}

static struct holding holding_make(struct conducting *conducting)
{
    struct clock clock = clock_system();
    return (struct holding){ .directory = conducting->request->directory,
        .stage = conducting->staging.path,
        .now = clock_now(&clock),
        .script = conducting->request->script,
        .arena = arena_make(HOLDING_ARENA_MAX),
        .roots = &conducting->keyring,
        .reason = conducting->reason };
}

static enum err begin(struct holding *holding, const struct conduct_request *request)
{
    struct ceremony_begun begun = { .script = buf_span(&request->script->text) };
    if (request->approval_count > STATEMENTS_MAX) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < request->approval_count; i++) {
        begun.approvals[begun.count++] = request->approvals[i];
    }
    return holding_note_object(
        holding, "begun", request->script->trial ? "trial" : "", ceremony_begun_write, &begun);
}

static enum err rehearse(struct conducting *conducting, struct buf *plan)
{
    const struct conduct_request *request = conducting->request;
    struct hierarchy *known = conducting->known;
    struct holding *holding = &conducting->rehearsal;
    struct transcript transcript = {
        .out = plan, .hierarchy = known, .script = request->script, .plan = true
    };
    *holding = holding_make(conducting);
    holding->rehearsal = true;
    holding->hierarchy = known;
    TRY(begin(holding, request));
    transcript_head(&transcript, known->ceremonies, holding->now);
    holding->visit = transcript_record;
    holding->visitor = &transcript;
    TRY(holding_steps(holding));
    if (known->approvers.count == 0) {
        return reason_set(conducting->reason, ERR_INPUT, "ceremony.administrators_missing",
            request->directory, NULL, "a step that does = \"administrators\"");
    }
    return transcript_foot(&transcript, /* ended= */ NULL);
}

/* The journal for writing, read once more: it must not have moved since. A torn tail is what a
 * power cut leaves; it never counted. */
static enum err journal_take(struct conducting *conducting)
{
    const struct conduct_request *request = conducting->request;
    char path[PATH_MAX];
    TRY(directory_ensure(request->directory, 0755));
    TRY(path_join(path, sizeof path, request->directory, "root"));
    TRY(directory_ensure(path, 0700));
    TRY(journal_open(conducting->journal_path, /* from= */ NULL, hierarchy_learn,
        conducting->hierarchy, &conducting->journal, /* ret_cut= */ NULL, conducting->reason));
    journal_look(conducting->journal, &conducting->hierarchy->end);
    if (memcmp(conducting->hierarchy->end.head, conducting->known->end.head, HASH_BYTES) != 0) {
        return reason_set(
            conducting->reason, ERR_CONFLICT, "journal.held", conducting->journal_path, NULL, NULL);
    }
    journal_teach(conducting->journal, hierarchy_learn, conducting->hierarchy);
    return OK;
}

/* All that are there already, before anything is written: a root that can't sign leaves everything
 * as it was. The rehearsal's new keys become the ceremony's. */
static enum err keys_open(struct conducting *conducting)
{
    struct holding *holding = &conducting->holding;
    const struct authority *root = NULL;
    const struct key *key = NULL;
    const struct script *script = conducting->request->script;
    *holding = holding_make(conducting);
    holding->hierarchy = conducting->hierarchy;
    holding->journal = conducting->journal;
    memcpy(holding->made_keys, conducting->rehearsal.made_keys, sizeof holding->made_keys);
    memset(conducting->rehearsal.made_keys, 0, sizeof conducting->rehearsal.made_keys);
    const struct facts *facts = &conducting->hierarchy->held;
    conducting->hierarchy->during = *facts;
    TRY(passphrase_open(conducting));
    for (size_t i = 0; i < facts->authority_count; i++) {
        const struct authority *known = &facts->authorities[i];
        bool needed = false;
        for (size_t k = 0; k < script->step_count; k++) {
            const struct script_step *step = &script->steps[k];
            needed = needed || strcmp(step->by, known->name) == 0 ||
                     (step->kind == SCRIPT_CROSS_REQUEST && strcmp(step->of, known->name) == 0) ||
                     (step->kind == SCRIPT_ARL && *step->by == '\0');
        }
        if (needed && known->kind == AUTHORITY_ROOT) {
            TRY(holding_root(holding, known->name, &root, &key));
        }
    }
    for (size_t k = 0; k < script->step_count; k++) {
        TRY(script->steps[k].kind == SCRIPT_ROSTER ? holding_seal(holding) : OK);
    }
    return OK;
}

/* Of the roots' keys. A first ceremony draws one where nobody gave any. */
static enum err passphrase_open(struct conducting *conducting)
{
    char path[PATH_MAX];
    const struct conduct_request *request = conducting->request;
    const char *given = request->passphrase_file;
    if (given == NULL) {
        TRY(path_join(path, sizeof path, request->directory, "root/passphrase"));
        given = path;
        if (conducting->hierarchy->held.authority_count == 0 && access(path, F_OK) != 0) {
            return OK;
        }
    }
    enum err err = file_read_secret(given, PASSPHRASE_MAX, &conducting->keyring.passphrase);
    return err == OK ? OK
                     : reason_set(conducting->reason, err, "ceremony.passphrase", given,
                           err_name(err), "a file that nobody else may read (mode 0600)");
}

static enum err hold(struct conducting *conducting)
{
    char path[PATH_MAX];
    struct holding *holding = &conducting->holding;
    bool settled = !conducting->hierarchy->open && conducting->hierarchy->ceremonies > 0;
    if (!conducting->request->prepared) {
        if (settled && staging_exists(&conducting->staging)) {
            TRY(staging_settle(&conducting->staging, conducting->reason));
        }
        TRY(staging_begin(&conducting->staging, conducting->reason));
    }
    if (conducting->keyring.passphrase.len == 0) {
        TRY(holding_path(holding, "root", "passphrase", "", path));
        TRY(passphrase_create(path, &conducting->keyring.passphrase));
    }
    TRY(begin(holding, conducting->request));
    TRY(holding_steps(holding));
    TRY(holding_note(holding, "ended", "", (struct span){ 0 }));
    return staging_settle(&conducting->staging, conducting->reason);
}

/* This very ceremony has ended; the power may have gone while its files were moved. */
static enum err finish_moving(struct conducting *conducting, bool *ret_settled)
{
    if (!staging_exists(&conducting->staging)) {
        return reason_set(conducting->reason, ERR_CONFLICT, "ceremony.done_already",
            conducting->request->directory, NULL, NULL);
    }
    TRY(journal_take(conducting));
    TRY(staging_settle(&conducting->staging, conducting->reason));
    *ret_settled = true;
    return OK;
}
