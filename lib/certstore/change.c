/* Changes of the trust folders and their journal: the file "undo", in which each change is a line
 * ("add intermediate", "remove roots") before the certificate as PEM. */
#include "lib/certstore/change.h"

#include "lib/certstore/internal.h"
#include "lib/der/pem.h"

enum { JOURNAL_MAX_BYTES = CERTSTORE_CHANGES_MAX * (2 * CERTIFICATE_MAX_BYTES + 256) };

static const char JOURNAL[] = "undo";
static const char *const folder_words[] = {
    [CERTSTORE_INTERMEDIATE] = "intermediate",
    [CERTSTORE_ROOTS] = "roots",
    [CERTSTORE_UNTRUSTED] = "untrusted",
};

/* What is left to do of what was asked for. */
struct plan {
    struct certstore_change changes[CERTSTORE_CHANGES_MAX];
    size_t count;
    struct buf ders; /* of a journal that was read */
};
static void plan_release(struct plan *plan)
{
    buf_release(&plan->ders);
}
AUTO_DEFINE(plan, plan_release)

static enum err plan_make(const struct certstore *store, const struct certstore_change *changes,
    size_t count, struct plan *plan);
static enum err plan_do(const struct certstore *store, const struct plan *plan, bool backwards);
static enum err plan_step(
    const struct certstore *store, const struct certstore_change *change, bool add);
static enum err journal_write(const struct certstore *store, const struct plan *plan);
static enum err journal_read(const struct certstore *store, struct plan *plan);
static enum err journal_line(struct span line, struct certstore_change *change);
static enum err file_name(struct span der, char ret_name[FOLDER_NAME_MAX]);

enum err certstore_apply(struct certstore *store, const struct certstore_change *changes,
    size_t count, struct reason *ret_reason, size_t *ret_count)
{
    AUTO(plan) plan = { .count = 0 };
    if (count > CERTSTORE_CHANGES_MAX) {
        return reason_set(
            ret_reason, ERR_LIMIT, "certstore.write", NULL, err_name(ERR_LIMIT), NULL);
    }
    TRY(certstore_lock(store));
    enum err err = plan_make(store, changes, count, &plan);
    if (err == OK && plan.count > 0) {
        err = certstore_forget_chains(store);
        err = err == OK ? journal_write(store, &plan) : err;
        if (err == OK && (err = plan_do(store, &plan, /* backwards= */ false)) != OK) {
            (void)!plan_do(store, &plan, /* backwards= */ true);
        }
    }
    certstore_unlock(store);
    if (err != OK) {
        return reason_set(ret_reason, err, "certstore.write", NULL, err_name(err), NULL);
    }
    if (ret_count != NULL) {
        *ret_count = plan.count;
    }
    return OK;
}

enum err certstore_undo(
    struct certstore *store, struct reason *ret_reason, size_t *ret_added, size_t *ret_removed)
{
    AUTO(plan) plan = { .count = 0 };
    size_t chains = 0;
    TRY(certstore_lock(store));
    enum err err = journal_read(store, &plan);
    bool journal = err == OK;
    err = err == ERR_NOT_FOUND ? OK : err;
    err = err == OK ? plan_do(store, &plan, /* backwards= */ true) : err;
    err = err == OK ? certstore_restore_chains(store, &chains) : err;
    err = err == OK ? folder_remove(&store->root, JOURNAL) : err;
    certstore_unlock(store);
    if (err != OK) {
        return reason_set(ret_reason, err, "certstore.write", JOURNAL, err_name(err), NULL);
    }
    if (!journal && chains == 0) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "certstore.nothing_to_undo", NULL, NULL, NULL);
    }
    *ret_added = *ret_removed = 0;
    for (size_t i = 0; i < plan.count; i++) {
        *ret_added += !plan.changes[i].add;
        *ret_removed += plan.changes[i].add;
    }
    return OK;
}

enum err certstore_forget(const struct certstore *store)
{
    TRY(certstore_forget_chains(store));
    return folder_remove(&store->root, JOURNAL);
}

static enum err plan_make(const struct certstore *store, const struct certstore_change *changes,
    size_t count, struct plan *plan)
{
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count; i++) {
            char name[FOLDER_NAME_MAX];
            AUTO(buf) content = { 0 };
            TRY(file_name(changes[i].der, name));
            bool here = folder_read(certstore_folder_of(store, changes[i].folder), name,
                            2 * CERTIFICATE_MAX_BYTES, &content) == OK;
            if (changes[i].add == (pass == 0) && here != changes[i].add) {
                plan->changes[plan->count++] = changes[i];
            }
        }
    }
    return OK;
}

static enum err plan_do(const struct certstore *store, const struct plan *plan, bool backwards)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct certstore_change *change = &plan->changes[backwards ? plan->count - 1 - i : i];
        TRY(plan_step(store, change, change->add != backwards));
    }
    return OK;
}

static enum err plan_step(
    const struct certstore *store, const struct certstore_change *change, bool add)
{
    char name[FOLDER_NAME_MAX];
    const struct folder *folder = certstore_folder_of(store, change->folder);
    TRY(file_name(change->der, name));
    if (!add) {
        return folder_remove(folder, name);
    }
    AUTO(buf) text = buf_make(2 * change->der.len + 256);
    TRY(pem_write("CERTIFICATE", change->der, &text));
    return folder_write(folder, name, buf_span(&text));
}

static enum err journal_write(const struct certstore *store, const struct plan *plan)
{
    AUTO(buf) text = buf_make(JOURNAL_MAX_BYTES);
    for (size_t i = 0; i < plan->count; i++) {
        const struct certstore_change *change = &plan->changes[i];
        buf_append_format(
            &text, "%s %s\n", change->add ? "add" : "remove", folder_words[change->folder]);
        TRY(pem_write("CERTIFICATE", change->der, &text));
    }
    TRY(buf_check(&text));
    return folder_write(&store->root, JOURNAL, buf_span(&text));
}

static enum err journal_read(const struct certstore *store, struct plan *plan)
{
    AUTO(buf) text = { 0 };
    struct pem pem;
    size_t ends[CERTSTORE_CHANGES_MAX];
    TRY(folder_read(&store->root, JOURNAL, JOURNAL_MAX_BYTES, &text));
    plan->ders = buf_make(JOURNAL_MAX_BYTES);
    struct span rest = buf_span(&text);
    while (rest.len > 0 && plan->count < CERTSTORE_CHANGES_MAX) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t len = end == NULL ? rest.len : (size_t)(end - rest.data);
        if (len > 0) {
            TRY(journal_line(span_make(rest.data, len), &plan->changes[plan->count]));
            TRY(pem_next(&rest, &pem) == OK ? OK : ERR_INPUT);
            TRY(pem_decode(&pem, &plan->ders));
            ends[plan->count++] = plan->ders.len;
        } else {
            rest = span_make(rest.data + 1, rest.len - 1);
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        size_t start = i == 0 ? 0 : ends[i - 1];
        plan->changes[i].der = span_make(plan->ders.data + start, ends[i] - start);
    }
    return OK;
}

static enum err journal_line(struct span line, struct certstore_change *change)
{
    for (size_t i = 0; i < sizeof folder_words / sizeof folder_words[0]; i++) {
        char add[32], take[32];
        snprintf(add, sizeof add, "add %s", folder_words[i]);
        snprintf(take, sizeof take, "remove %s", folder_words[i]);
        if (span_equal_text(line, add) || span_equal_text(line, take)) {
            change->folder = (enum certstore_folder)i;
            change->add = span_equal_text(line, add);
            return OK;
        }
    }
    return ERR_INPUT;
}

static enum err file_name(struct span der, char ret_name[FOLDER_NAME_MAX])
{
    char id[CERTSTORE_ID_MAX];
    TRY(certstore_thumbprint(der, id));
    snprintf(ret_name, FOLDER_NAME_MAX, "%s.pem", id);
    return OK;
}
