#pragma once
/* The store's memory of changes, and taking one back. A change is what one command did to the
 * store. It is on disk before anything changes, so that one that was interrupted anywhere can be
 * taken back too:
 *
 *     changes/000017           what was changed, and the SHA-256 of before and after
 *     changes/000018/  about   the same, of a change that replaced something or took it away
 *                      0 1 …   what a step replaced or took away
 *
 * A request or certificate that is removed goes there by one rename, so that its key lies in one
 * place at any moment, closed to others as before. It is deleted with the change: when that is
 * forgotten, or when CERTSTORE_PAST_MAX later ones have been made. */
#include "lib/certstore/store.h"

enum {
    CERTSTORE_PAST_MAX = 8,    /* changes that are remembered */
    CERTSTORE_STEPS_MAX = 160, /* of one change: CERTSTORE_CHANGES_MAX and a chain an item */
    CERTSTORE_COMMAND_MAX = 32,
    CERTSTORE_STEP_PATH_MAX = 1024,
};

enum certstore_step_kind {
    CERTSTORE_STEP_FILE,    /* a certificate, a list, a chain */
    CERTSTORE_STEP_ITEM,    /* a request or a certificate with its key */
    CERTSTORE_STEP_JOIN,    /* a certificate joined its request: `path` became `to` */
    CERTSTORE_STEP_OUTSIDE, /* a file of the system, by its whole path */
    CERTSTORE_STEP_GIVEN,   /* a file written for the person, by its whole path */
    CERTSTORE_STEP_THERE,   /* something on another host, as the caller describes it */
};

struct certstore_step {
    enum certstore_step_kind kind;
    char path[CERTSTORE_STEP_PATH_MAX], to[CERTSTORE_STEP_PATH_MAX]; /* below the store */
    /* SHA-256 in hexadecimal: of a file, or of all of an item but its key; "" if there was none. */
    char before[CERTSTORE_ID_MAX], after[CERTSTORE_ID_MAX];
};

struct certstore_past {
    unsigned number; /* counted up from 1 */
    char command[CERTSTORE_COMMAND_MAX];
    int64_t time;
    struct certstore_step steps[CERTSTORE_STEPS_MAX];
    size_t count;
};

/* From here on, what the store's functions change is one change that can be taken back, made by
 * `command` ("cert remove"). Without this, they leave nothing to take back. */
void certstore_record(struct certstore *store, const char *command, int64_t now);
/* Writes down, on disk, that a file outside the store is about to change (`before`, `after`: empty
 * for none). Whoever changes it takes it back as well: certstore_undo refuses (ERR_UNSUPPORTED)
 * what isn't as it was before already. */
enum err certstore_record_outside(
    struct certstore *store, const char *path, struct span before, struct span after) MUST_USE;
/* Writes down, on disk, that something on another host is about to change. `name` says which, so
 * that a later change of the same is known; `what` is what the caller needs to take it back, who
 * does that and then says so with certstore_undone_there: certstore_undo refuses (ERR_UNSUPPORTED)
 * before. */
enum err certstore_record_there(
    struct certstore *store, const char *name, struct span what) MUST_USE;
/* The number of that change; 0 while it has no step. */
unsigned certstore_recorded(const struct certstore *store);
/* From here on nothing is written: functions check what they always check, and answer as if they
 * had done it. */
void certstore_rehearse(struct certstore *store);

/* The newest first; `ret_past` has room for CERTSTORE_PAST_MAX. One that can't be read is left out.
 */
enum err certstore_list_past(
    const struct certstore *store, struct certstore_past *ret_past, size_t *ret_count) MUST_USE;
/* What a step put there (`after`), or what it replaced or took away: a file's bytes; of an item its
 * certificate or request, wherever the item is by now; of what is on another host, what was written
 * down of it. ERR_NOT_FOUND. */
enum err certstore_step_content(const struct certstore *store, const struct certstore_past *past,
    size_t step, bool after, struct buf *ret_content) MUST_USE;
/* True if taking the change back has something to do at this step: not for a file that was given
 * and has changed since, or what was taken back there already. */
bool certstore_step_stands(
    const struct certstore *store, const struct certstore_past *past, size_t step);
/* What a step changed on another host is as before. */
enum err certstore_undone_there(
    struct certstore *store, const struct certstore_past *past, size_t step) MUST_USE;
/* True if taking the change back deletes a key that lies nowhere else in the store. */
bool certstore_undo_loses_key(const struct certstore *store, const struct certstore_past *past);

/* Whether the change (0: the newest) can be taken back. ERR_NOT_FOUND with
 * "certstore.nothing_to_undo", "certstore.no_change" (seen: the number), or "certstore.undo_idle"
 * if all is as it was before it; ERR_CONFLICT with "certstore.undo_later" (seen: the number of a
 * later change of the same), "certstore.undo_changed" (field: what is no longer as the change left
 * it) or "certstore.undo_key_here" (the key that would come back has come back another way: the
 * item's id); ERR_DENIED with "certstore.undo_damaged" (what was kept isn't what was there). */
enum err certstore_undo_check(const struct certstore *store, unsigned number,
    struct reason *ret_reason, struct certstore_past *ret_past) MUST_USE;
/* Takes it back and forgets it; with "certstore.undo_idle" only forgets it. With any other failure
 * nothing has changed, "certstore.write" apart: then it can be tried again. */
enum err certstore_undo(struct certstore *store, unsigned number, struct reason *ret_reason,
    struct certstore_past *ret_past) MUST_USE;
/* Forgets all changes: what they kept is deleted for good, keys among it. */
enum err certstore_forget_past(
    struct certstore *store, struct reason *ret_reason, size_t *ret_count) MUST_USE;
