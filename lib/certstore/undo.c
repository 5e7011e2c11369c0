/* Taking changes back. Everything is looked at before anything is touched: each step must be as the
 * change left it, or as it was before (an undoing that was cut off, or a change that was). */
#include "lib/certstore/undo.h"

#include "lib/base/file.h"
#include "lib/certstore/internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum step_state { STEP_BEFORE, STEP_AFTER, STEP_OTHER, STEP_DAMAGED };

static enum step_state file_state(
    const struct certstore *store, const struct certstore_past *past, size_t index);
static enum step_state item_state(
    const struct certstore *store, const struct certstore_past *past, size_t index);
static enum step_state there_state(
    const struct certstore *store, const struct certstore_past *past, size_t index);
static enum step_state join_state(
    const struct certstore *store, const struct certstore_past *past, size_t index);
static enum step_state state_of(
    const struct certstore *store, const struct certstore_past *past, size_t index);
static void digest_at(const struct certstore *store, const char *path,
    enum certstore_step_kind kind, char ret_digest[CERTSTORE_ID_MAX]);
static enum err outside_read(const char *path, struct buf *ret_content);
static void digest_kept(const struct certstore *store, const struct certstore_past *past,
    size_t index, char ret_digest[CERTSTORE_ID_MAX]);
static enum err past_find(const struct certstore *store, unsigned number, struct reason *ret_reason,
    struct certstore_past *ret_past, unsigned *ret_later);
static bool touches_same(const struct certstore_past *one, const struct certstore_past *other);
static bool same_or_below(const char *path, const char *other);
static enum err steps_check(
    const struct certstore *store, const struct certstore_past *past, struct reason *ret_reason);
static enum err key_check(const struct certstore *store, const struct certstore_past *past,
    size_t index, struct reason *ret_reason);
static enum err step_revert(
    struct certstore *store, const struct certstore_past *past, size_t index);
static enum err join_revert(struct certstore *store, const struct certstore_step *step);
static enum err item_content(
    const struct folder *parent, const char *name, struct buf *ret_content);
static enum err item_follow(
    const struct certstore *store, const char *path, struct buf *ret_content);
static enum err kept_content(
    const struct certstore *store, const char *path, struct buf *ret_content);
static enum err number_reason(
    unsigned number, enum err err, const char *code, struct reason *ret_reason);

enum err certstore_list_past(
    const struct certstore *store, struct certstore_past *ret_past, size_t *ret_count)
{
    AUTO(folder_names) names = { 0 };
    size_t count = 0;
    TRY(changes_list(store, &names));
    for (size_t i = names.count; i > 0 && count < CERTSTORE_PAST_MAX; i--) {
        count += change_read(store, names.names[i - 1], &ret_past[count]) == OK;
    }
    *ret_count = count;
    return OK;
}

enum err certstore_undo_check(const struct certstore *store, unsigned number,
    struct reason *ret_reason, struct certstore_past *ret_past)
{
    unsigned later = 0;
    TRY(past_find(store, number, ret_reason, ret_past, &later));
    if (later != 0) {
        return number_reason(later, ERR_CONFLICT, "certstore.undo_later", ret_reason);
    }
    if (change_is_idle(store, ret_past)) {
        return number_reason(ret_past->number, ERR_NOT_FOUND, "certstore.undo_idle", ret_reason);
    }
    return steps_check(store, ret_past, ret_reason);
}

enum err certstore_undo(struct certstore *store, unsigned number, struct reason *ret_reason,
    struct certstore_past *ret_past)
{
    char name[FOLDER_NAME_MAX];
    struct reason reason = { 0 };
    TRY(certstore_lock(store));
    enum err err = certstore_undo_check(store, number, &reason, ret_past);
    bool idle = err == ERR_NOT_FOUND && strcmp(reason.code, "certstore.undo_idle") == 0;
    if (ret_reason != NULL) {
        *ret_reason = reason;
    }
    if (err != OK && !idle) {
        certstore_unlock(store);
        return err;
    }
    change_name(ret_past->number, name);
    enum err done = idle ? OK : change_revert(store, ret_past);
    done = done == OK ? folder_remove(&store->changes, name) : done;
    certstore_unlock(store);
    return done == OK ? err
                      : reason_set(ret_reason, done, "certstore.write", name, err_name(done), NULL);
}

enum err certstore_forget_past(
    struct certstore *store, struct reason *ret_reason, size_t *ret_count)
{
    AUTO(folder_names) names = { 0 };
    TRY(certstore_lock(store));
    enum err err = folder_list(&store->changes, &names);
    for (size_t i = 0; err == OK && i < names.count; i++) {
        err = folder_remove(&store->changes, names.names[i]);
    }
    certstore_unlock(store);
    *ret_count = names.count;
    return err == OK
               ? OK
               : reason_set(ret_reason, err, "certstore.write", "changes", err_name(err), NULL);
}

/* `ret_later`: of the changes behind it, the last that touched the same; 0: none. */
static enum err past_find(const struct certstore *store, unsigned number, struct reason *ret_reason,
    struct certstore_past *ret_past, unsigned *ret_later)
{
    size_t count = 0, found = 0;
    struct certstore_past *all = calloc(CERTSTORE_PAST_MAX, sizeof *all);
    TRY(all == NULL ? ERR_MEMORY : OK);
    enum err err = certstore_list_past(store, all, &count);
    while (number != 0 && found < count && all[found].number != number) {
        found++;
    }
    if (err == OK && found < count) {
        *ret_past = all[found];
        for (size_t i = found; i > 0; i--) {
            *ret_later = touches_same(&all[i - 1], ret_past) ? all[i - 1].number : *ret_later;
        }
    }
    free(all);
    TRY(err);
    if (count == 0) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "certstore.nothing_to_undo", NULL, NULL, NULL);
    }
    return found < count ? OK
                         : number_reason(number, ERR_NOT_FOUND, "certstore.no_change", ret_reason);
}

static bool touches_same(const struct certstore_past *one, const struct certstore_past *other)
{
    for (size_t i = 0; i < one->count; i++) {
        for (size_t k = 0; k < other->count; k++) {
            const struct certstore_step *a = &one->steps[i], *b = &other->steps[k];
            if (same_or_below(a->path, b->path) || same_or_below(a->path, b->to) ||
                same_or_below(a->to, b->path) || same_or_below(a->to, b->to)) {
                return true;
            }
        }
    }
    return false;
}

/* "personal/ID" and "personal/ID/chain.pem". */
static bool same_or_below(const char *path, const char *other)
{
    size_t len = strlen(path), other_len = strlen(other), least = len < other_len ? len : other_len;
    char path_end = path[least], other_end = other[least];
    return least > 0 && memcmp(path, other, least) == 0 && (path_end == '\0' || path_end == '/') &&
           (other_end == '\0' || other_end == '/');
}

static enum err steps_check(
    const struct certstore *store, const struct certstore_past *past, struct reason *ret_reason)
{
    for (size_t i = 0; i < past->count; i++) {
        enum step_state state = state_of(store, past, i);
        const struct certstore_step *step = &past->steps[i];
        if (state == STEP_OTHER || state == STEP_DAMAGED) {
            bool damaged = state == STEP_DAMAGED;
            return reason_set(ret_reason, damaged ? ERR_DENIED : ERR_CONFLICT,
                damaged ? "certstore.undo_damaged" : "certstore.undo_changed",
                step->to[0] != '\0' ? step->to : step->path, NULL, NULL);
        }
        TRY(state == STEP_AFTER ? key_check(store, past, i, ret_reason) : OK);
    }
    return OK;
}

/* A key is in the store once. */
static enum err key_check(const struct certstore *store, const struct certstore_past *past,
    size_t index, struct reason *ret_reason)
{
    AUTO(folder) change = { 0 };
    AUTO(certstore_item) item = { 0 };
    AUTO(certstore_item) other = { 0 };
    const struct certstore_step *step = &past->steps[index];
    char kept[FOLDER_NAME_MAX];
    if (step->kind != CERTSTORE_STEP_ITEM || step->before[0] == '\0') {
        return OK;
    }
    snprintf(kept, sizeof kept, "%zu", index);
    TRY(change_open(store, past->number, &change));
    TRY(item_read(&change, CERTSTORE_REQUEST, kept, &item));
    enum err err = certstore_find_key(store, item.spki_sha256, &other);
    if (err == OK) {
        return reason_set(
            ret_reason, ERR_CONFLICT, "certstore.undo_key_here", step->path, other.id, NULL);
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

bool change_is_idle(const struct certstore *store, const struct certstore_past *past)
{
    bool idle = true;
    for (size_t i = 0; idle && i < past->count; i++) {
        idle = state_of(store, past, i) == STEP_BEFORE;
    }
    return idle;
}

static enum step_state state_of(
    const struct certstore *store, const struct certstore_past *past, size_t index)
{
    switch (past->steps[index].kind) {
    case CERTSTORE_STEP_FILE:
    case CERTSTORE_STEP_OUTSIDE:
        return file_state(store, past, index);
    case CERTSTORE_STEP_ITEM:
        return item_state(store, past, index);
    case CERTSTORE_STEP_JOIN:
        return join_state(store, past, index);
    case CERTSTORE_STEP_GIVEN:
        return given_stands(&past->steps[index]) ? STEP_AFTER : STEP_BEFORE;
    case CERTSTORE_STEP_THERE:
        return there_state(store, past, index);
    }
    return STEP_OTHER;
}

static enum step_state file_state(
    const struct certstore *store, const struct certstore_past *past, size_t index)
{
    const struct certstore_step *step = &past->steps[index];
    char here[CERTSTORE_ID_MAX], kept[CERTSTORE_ID_MAX];
    digest_at(store, step->path, step->kind, here);
    digest_kept(store, past, index, kept);
    return strcmp(here, step->before) == 0   ? STEP_BEFORE
           : strcmp(here, step->after) != 0  ? STEP_OTHER
           : strcmp(kept, step->before) != 0 ? STEP_DAMAGED
                                             : STEP_AFTER;
}

/* What was taken away lies in one of two places. */
static enum step_state item_state(
    const struct certstore *store, const struct certstore_past *past, size_t index)
{
    const struct certstore_step *step = &past->steps[index];
    char here[CERTSTORE_ID_MAX], kept[CERTSTORE_ID_MAX];
    digest_at(store, step->path, step->kind, here);
    digest_kept(store, past, index, kept);
    bool added = step->before[0] == '\0';
    bool came_back = !added && here[0] != '\0' && kept[0] != '\0';
    return came_back                                   ? STEP_OTHER
           : strcmp(here, step->before) == 0           ? STEP_BEFORE
           : strcmp(here, step->after) != 0            ? STEP_OTHER
           : !added && strcmp(kept, step->before) != 0 ? STEP_DAMAGED
                                                       : STEP_AFTER;
}

static enum step_state join_state(
    const struct certstore *store, const struct certstore_past *past, size_t index)
{
    const struct certstore_step *step = &past->steps[index];
    char request[CERTSTORE_ID_MAX], joined[CERTSTORE_ID_MAX];
    digest_at(store, step->path, CERTSTORE_STEP_ITEM, request);
    digest_at(store, step->to, CERTSTORE_STEP_ITEM, joined);
    bool before = request[0] != '\0' && joined[0] == '\0';
    bool after = request[0] == '\0' && strcmp(joined, step->after) == 0;
    return before ? STEP_BEFORE : after ? STEP_AFTER : STEP_OTHER;
}

/* Nobody is asked; what was written down of it goes when it has been taken back. */
static enum step_state there_state(
    const struct certstore *store, const struct certstore_past *past, size_t index)
{
    char kept[CERTSTORE_ID_MAX];
    digest_kept(store, past, index, kept);
    return kept[0] == '\0'                                ? STEP_BEFORE
           : strcmp(kept, past->steps[index].before) != 0 ? STEP_DAMAGED
                                                          : STEP_AFTER;
}

/* "" if nothing is there; of what can't be read, "?". */
static void digest_at(const struct certstore *store, const char *path,
    enum certstore_step_kind kind, char ret_digest[CERTSTORE_ID_MAX])
{
    AUTO(folder) place = { 0 };
    AUTO(buf) outside = { 0 };
    char name[FOLDER_NAME_MAX];
    enum err err;
    if (kind == CERTSTORE_STEP_OUTSIDE) {
        err = outside_read(path, &outside);
        err = err == OK ? certstore_thumbprint(buf_span(&outside), ret_digest) : err;
    } else {
        err = step_place(store, path, &place, name);
        err = err != OK                     ? err
              : kind == CERTSTORE_STEP_FILE ? step_file_digest(&place, name, ret_digest)
                                            : step_item_digest(&place, name, ret_digest);
    }
    if (err != OK) {
        snprintf(ret_digest, CERTSTORE_ID_MAX, "%s", err == ERR_NOT_FOUND ? "" : "?");
    }
}

/* A pipe would keep us waiting, and a device may do something when it is opened. */
static enum err outside_read(const char *path, struct buf *ret_content)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        return err_from_errno(errno);
    }
    return S_ISREG(status.st_mode) ? file_read(path, FILE_MAX_BYTES, ret_content) : ERR_DENIED;
}

static void digest_kept(const struct certstore *store, const struct certstore_past *past,
    size_t index, char ret_digest[CERTSTORE_ID_MAX])
{
    AUTO(folder) change = { 0 };
    char name[FOLDER_NAME_MAX];
    snprintf(name, sizeof name, "%zu", index);
    enum err err = past->steps[index].before[0] == '\0' ? ERR_NOT_FOUND
                                                        : change_open(store, past->number, &change);
    err = err != OK ? err
          : past->steps[index].kind == CERTSTORE_STEP_ITEM
              ? step_item_digest(&change, name, ret_digest)
              : step_file_digest(&change, name, ret_digest);
    if (err != OK) {
        snprintf(ret_digest, CERTSTORE_ID_MAX, "%s", err == ERR_NOT_FOUND ? "" : "?");
    }
}

enum err change_revert(struct certstore *store, const struct certstore_past *past)
{
    for (size_t i = past->count; i > 0; i--) {
        if (state_of(store, past, i - 1) != STEP_BEFORE) {
            TRY(step_revert(store, past, i - 1));
        }
    }
    return OK;
}

static enum err step_revert(
    struct certstore *store, const struct certstore_past *past, size_t index)
{
    const struct certstore_step *step = &past->steps[index];
    AUTO(folder) change = { 0 };
    AUTO(folder) place = { 0 };
    AUTO(buf) before = { 0 };
    char name[FOLDER_NAME_MAX], kept[FOLDER_NAME_MAX];
    if (step->kind == CERTSTORE_STEP_OUTSIDE || step->kind == CERTSTORE_STEP_THERE) {
        return ERR_UNSUPPORTED;
    }
    if (step->kind == CERTSTORE_STEP_GIVEN) {
        return given_remove(step);
    }
    if (step->kind == CERTSTORE_STEP_JOIN) {
        return join_revert(store, step);
    }
    snprintf(kept, sizeof kept, "%zu", index);
    TRY(step_place(store, step->path, &place, name));
    if (step->before[0] == '\0') {
        return folder_remove(&place, name);
    }
    TRY(change_open(store, past->number, &change));
    if (step->kind == CERTSTORE_STEP_ITEM) {
        return folder_move(&change, kept, &place, name);
    }
    TRY(folder_read(&change, kept, FILE_MAX_BYTES, &before));
    return folder_write(&place, name, buf_span(&before));
}

/* First apart; a request doesn't look at a certificate that lies beside it. */
static enum err join_revert(struct certstore *store, const struct certstore_step *step)
{
    AUTO(folder) requests = { 0 };
    AUTO(folder) personal = { 0 };
    AUTO(folder) item = { 0 };
    char request[FOLDER_NAME_MAX], joined[FOLDER_NAME_MAX];
    TRY(step_place(store, step->path, &requests, request));
    TRY(step_place(store, step->to, &personal, joined));
    TRY(folder_move(&personal, joined, &requests, request));
    TRY(folder_open(&requests, request, FOLDER_MUST_EXIST, &item));
    TRY(folder_remove(&item, "chain.pem"));
    return folder_remove(&item, "certificate.pem");
}

bool certstore_undo_loses_key(const struct certstore *store, const struct certstore_past *past)
{
    for (size_t i = 0; i < past->count; i++) {
        const struct certstore_step *step = &past->steps[i];
        bool key = step->kind == CERTSTORE_STEP_THERE ||
                   (step->kind == CERTSTORE_STEP_ITEM && step->before[0] == '\0');
        if (key && state_of(store, past, i) == STEP_AFTER) {
            return true;
        }
    }
    return false;
}

bool certstore_step_stands(
    const struct certstore *store, const struct certstore_past *past, size_t step)
{
    return state_of(store, past, step) == STEP_AFTER;
}

enum err certstore_undone_there(
    struct certstore *store, const struct certstore_past *past, size_t step)
{
    AUTO(folder) change = { 0 };
    char name[FOLDER_NAME_MAX];
    snprintf(name, sizeof name, "%zu", step);
    TRY(past->steps[step].kind == CERTSTORE_STEP_THERE ? OK : ERR_INPUT);
    TRY(certstore_lock(store));
    enum err err = change_open(store, past->number, &change);
    err = err == OK ? folder_remove(&change, name) : err;
    certstore_unlock(store);
    return err;
}

enum err certstore_step_content(const struct certstore *store, const struct certstore_past *past,
    size_t step, bool after, struct buf *ret_content)
{
    AUTO(folder) place = { 0 };
    char name[FOLDER_NAME_MAX];
    const struct certstore_step *one = &past->steps[step];
    bool outside = one->kind == CERTSTORE_STEP_OUTSIDE || one->kind == CERTSTORE_STEP_GIVEN;
    bool item = one->kind == CERTSTORE_STEP_ITEM || one->kind == CERTSTORE_STEP_JOIN;
    if (after && outside) {
        return outside_read(one->path, ret_content);
    }
    if (after && item) {
        return item_follow(
            store, one->kind == CERTSTORE_STEP_JOIN ? one->to : one->path, ret_content);
    }
    if (after && one->kind == CERTSTORE_STEP_FILE) {
        TRY(step_place(store, one->path, &place, name));
    } else {
        TRY(one->before[0] == '\0' ? ERR_NOT_FOUND : change_open(store, past->number, &place));
        snprintf(name, sizeof name, "%zu", step);
    }
    return item ? item_content(&place, name, ret_content)
                : folder_read(&place, name, FILE_MAX_BYTES, ret_content);
}

/* Where it was put; or, completed since, where its key is; or what took it away has kept it. A
 * request's id begins its key's SHA-256. */
static enum err item_follow(
    const struct certstore *store, const char *path, struct buf *ret_content)
{
    static const char REQUESTS[] = "requests/";
    AUTO(folder) place = { 0 };
    AUTO(certstore_items) items = { 0 };
    char name[FOLDER_NAME_MAX];
    TRY(step_place(store, path, &place, name));
    enum err err = item_content(&place, name, ret_content);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    TRY(certstore_list(store, &items, /* ret_unreadable= */ NULL));
    bool request = strncmp(path, REQUESTS, sizeof REQUESTS - 1) == 0;
    for (size_t i = 0; request && i < items.count; i++) {
        char key[2 * SHA256_BYTES + 1];
        hex_format(SPAN_OF(items.items[i].spki_sha256), key);
        if (strncmp(key, name, strlen(name)) == 0) {
            bool pending = items.items[i].kind == CERTSTORE_REQUEST;
            return item_content(
                pending ? &store->requests : &store->personal, items.items[i].id, ret_content);
        }
    }
    return kept_content(store, path, ret_content);
}

static enum err kept_content(
    const struct certstore *store, const char *path, struct buf *ret_content)
{
    AUTO(folder) change = { 0 };
    char name[FOLDER_NAME_MAX] = "", moved[CERTSTORE_STEP_PATH_MAX];
    unsigned number = 0;
    size_t count = 0;
    struct certstore_past *all = calloc(CERTSTORE_PAST_MAX, sizeof *all);
    TRY(all == NULL ? ERR_MEMORY : OK);
    snprintf(moved, sizeof moved, "%s", path);
    enum err err = certstore_list_past(store, all, &count);
    for (size_t i = err == OK ? count : 0; i > 0; i--) {
        for (size_t k = 0; k < all[i - 1].count; k++) {
            const struct certstore_step *step = &all[i - 1].steps[k];
            if (strcmp(step->path, moved) != 0) {
                continue;
            }
            if (step->kind == CERTSTORE_STEP_JOIN) {
                snprintf(moved, sizeof moved, "%s", step->to);
            } else if (step->kind == CERTSTORE_STEP_ITEM && step->before[0] != '\0') {
                number = all[i - 1].number;
                snprintf(name, sizeof name, "%zu", k);
            }
        }
    }
    free(all);
    TRY(err);
    TRY(number == 0 ? ERR_NOT_FOUND : change_open(store, number, &change));
    return item_content(&change, name, ret_content);
}

static enum err item_content(const struct folder *parent, const char *name, struct buf *ret_content)
{
    AUTO(folder) item = { 0 };
    TRY(folder_open(parent, name, FOLDER_MUST_EXIST, &item));
    enum err err = folder_read(&item, "certificate.pem", FILE_MAX_BYTES, ret_content);
    return err == ERR_NOT_FOUND ? folder_read(&item, "request.csr", FILE_MAX_BYTES, ret_content)
                                : err;
}

static enum err number_reason(
    unsigned number, enum err err, const char *code, struct reason *ret_reason)
{
    char text[16];
    snprintf(text, sizeof text, "%u", number);
    return reason_set(ret_reason, err, code, NULL, text, NULL);
}
