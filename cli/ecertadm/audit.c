/* `audit verify`: asks the service about its own chain or, with --journal, proves from files and
 * public keys alone what the signer did, asking nobody. */
#include "cli/ecertadm/audit.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/wire/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
    ROSTERS_MAX = 32,
    ROSTER_FILE_MAX = 512 * 1024,
    THREADS_DEFAULT_MAX = 16,
};

enum audit_option {
    OPTION_JOURNAL,
    OPTION_ROSTER,
    OPTION_SPKI,
    OPTION_FOLDER,
    OPTION_STORE,
    OPTIONS
};

/* All that is opened for one proof. */
struct audit {
    const char *paths[OPTIONS];
    const char *roster_paths[ROSTERS_MAX];
    struct proof_roster *rosters;
    struct proof_setup setup;
    struct proof_anchor *anchors;
    struct store *store;
    struct proof proof;
    struct audit_counts counts;
};

static enum err audit_offline(struct call *call, struct audit *audit);
static enum err rosters_open(struct audit *audit, struct reason *ret_reason);
static enum err audit_show(struct call *call, const struct audit *audit);
static void progress_show(void *ctx, int64_t bytes, int64_t of);

static void audit_release(struct audit *audit)
{
    proof_release(&audit->proof);
    store_free(audit->store);
    free(audit->anchors);
    for (size_t i = 0; audit->rosters != NULL && i < audit->setup.roster_count; i++) {
        proof_roster_release(&audit->rosters[i]);
    }
    free(audit->rosters);
    if (audit->setup.fd >= 0) {
        close(audit->setup.fd);
    }
}
AUTO_DEFINE(audit, audit_release)

enum err audit_verify_run(struct call *call)
{
    AUTO(audit) audit = { .setup = { .fd = -1 } };
    struct option_value options[OPTIONS] = {
        [OPTION_JOURNAL] = { "--journal", &audit.paths[OPTION_JOURNAL], 1, 0 },
        [OPTION_ROSTER] = { "--roster", audit.roster_paths, ROSTERS_MAX, 0 },
        [OPTION_SPKI] = { "--ceremony-spki", &audit.paths[OPTION_SPKI], 1, 0 },
        [OPTION_FOLDER] = { "--certificates", &audit.paths[OPTION_FOLDER], 1, 0 },
        [OPTION_STORE] = { "--store", &audit.paths[OPTION_STORE], 1, 0 },
    };
    TRY(call_arguments(call, options, OPTIONS, NULL, 0));
    size_t given = 0;
    for (size_t i = 0; i < OPTIONS; i++) {
        given += options[i].count;
    }
    if (given == 0) {
        struct request request = request_make(CONTROL_AUDIT_VERIFY, nothing_write, NULL);
        return call_facts(call, &request);
    }
    if (options[OPTION_JOURNAL].count == 0 || options[OPTION_ROSTER].count == 0 ||
        options[OPTION_SPKI].count == 0) {
        return reason_set(&call->reason, ERR_INPUT, "usage",
            "--journal, --roster and --ceremony-spki go together", NULL, NULL);
    }
    audit.setup.roster_count = options[OPTION_ROSTER].count;
    return audit_offline(call, &audit);
}

static enum err audit_offline(struct call *call, struct audit *audit)
{
    struct reason *reason = &call->reason;
    struct proof_setup *setup = &audit->setup;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    bool terminal = isatty(STDERR_FILENO) == 1;
    TRY(rosters_open(audit, reason));
    setup->rosters = audit->rosters;
    setup->threads = processors > THREADS_DEFAULT_MAX ? THREADS_DEFAULT_MAX : (unsigned)processors;
    setup->progress = terminal ? progress_show : NULL;
    setup->fd = open(audit->paths[OPTION_JOURNAL], O_RDONLY | O_CLOEXEC);
    if (setup->fd < 0) {
        return reason_set(reason, err_from_errno(errno), "audit.file", audit->paths[OPTION_JOURNAL],
            strerror(errno), NULL);
    }
    if (audit->paths[OPTION_STORE] != NULL) {
        TRY(store_open_reading(audit->paths[OPTION_STORE], &audit->store, reason));
        TRY(audit_anchors(audit->store, &audit->anchors, &setup->anchor_count,
            &audit->counts.audit_rows, reason));
        setup->anchors = audit->anchors;
    }
    enum err err = proof_run(setup, &audit->proof, reason);
    if (terminal) {
        fprintf(stderr, "\r\033[K");
    }
    TRY(err);
    if (audit->store != NULL) {
        TRY(audit_store(audit->store, &audit->proof, &audit->counts, reason));
    }
    if (audit->paths[OPTION_FOLDER] != NULL) {
        TRY(audit_folder(
            audit->paths[OPTION_FOLDER], setup, &audit->proof, &audit->counts, reason));
    }
    return audit_show(call, audit);
}

static enum err rosters_open(struct audit *audit, struct reason *ret_reason)
{
    AUTO(buf) spki = { 0 };
    enum err err = file_read(audit->paths[OPTION_SPKI], KEY_SPKI_MAX_BYTES, &spki);
    if (err != OK) {
        return reason_set(
            ret_reason, err, "audit.file", audit->paths[OPTION_SPKI], err_name(err), NULL);
    }
    audit->rosters = calloc(audit->setup.roster_count, sizeof audit->rosters[0]);
    if (audit->rosters == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < audit->setup.roster_count; i++) {
        AUTO(buf) sealed = { 0 };
        err = file_read(audit->roster_paths[i], ROSTER_FILE_MAX, &sealed);
        if (err != OK) {
            return reason_set(
                ret_reason, err, "audit.file", audit->roster_paths[i], err_name(err), NULL);
        }
        TRY(proof_roster_init(buf_span(&sealed), buf_span(&spki), &audit->rosters[i], ret_reason));
    }
    return OK;
}

static void progress_show(void *ctx, int64_t bytes, int64_t of)
{
    (void)ctx;
    fprintf(stderr, "\r\033[Kproving %3d %%", of == 0 ? 100 : (int)(100 * bytes / of));
    fflush(stderr);
}

static enum err audit_show(struct call *call, const struct audit *audit)
{
    const struct proof *proof = &audit->proof;
    char head[2 * SHA256_BYTES + 1];
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *object = value_object(&tree);
    hex_format(SPAN_OF(proof->state.head), head);
    const struct {
        const char *name;
        int64_t number;
        bool shown;
    } facts[] = {
        { "journal.records", proof->state.records, true },
        { "journal.unfinished_bytes", proof->torn, proof->torn > 0 },
        { "serials.reserved", proof->counts[JOURNAL_RESERVED], true },
        { "warrants.proved", proof->counts[JOURNAL_INTENT], true },
        { "certificates.proved", proof->counts[JOURNAL_ISSUED], true },
        { "certificates.unsigned_yet", proof->unsigned_yet, proof->unsigned_yet > 0 },
        { "requests.refused", proof->counts[JOURNAL_REFUSED], true },
        { "certificates.revoked", proof->revoked, true },
        { "applications.withdrawn", (int64_t)proof->withdrawn.count, true },
        { "crls.numbered", proof->counts[JOURNAL_CRL], true },
        { "audit.rows", audit->counts.audit_rows, audit->store != NULL },
        { "audit.anchors", (int64_t)audit->setup.anchor_count, audit->store != NULL },
        { "store.certificates", audit->counts.rows, audit->store != NULL },
        { "store.unknown_revoked", audit->counts.unknown, audit->counts.unknown > 0 },
        { "folder.certificates", audit->counts.published, audit->paths[OPTION_FOLDER] != NULL },
        { "folder.others", audit->counts.foreign, audit->paths[OPTION_FOLDER] != NULL },
    };
    value_put_text(&tree, object, "proved", "yes");
    value_put_text(&tree, object, "journal.head", head);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (facts[i].shown) {
            value_put_integer(&tree, object, facts[i].name, facts[i].number);
        }
    }
    value_put_text(&tree, object, "verdict",
        audit->store == NULL ? "every certificate had its warrant; nothing was undone"
                             : "every certificate had its warrant; nothing was undone; journal, "
                               "store and audit agree");
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}
