#pragma once
/* What commands that change the store say of the change itself, and what is said of past ones. */
#include "cli/ecert/tool.h"
#include "lib/certstore/undo.h"

/* "--dry-run", of every command whose row says `changes`. */
extern const struct option options_change[];

/* True for a run that changes nothing. */
bool change_is_dry(const struct tool *tool);
/* The end of such a command: that nothing was changed, or how to take it back; and "dry_run" and
 * the change's number, "change", in the result. Where the store (NULL: none) didn't change, nothing
 * is said. */
void change_show(struct tool *tool, const struct certstore *store);

/* Takes a change back that certstore_undo_check has found possible, whatever it changed; with
 * "certstore.undo_idle" only forgets it. Reasons of certstore_undo and of chain mirror. */
enum err undo_do(struct tool *tool, struct certstore *store, struct certstore_past *past,
    struct reason *ret_reason) MUST_USE;
/* Of a change that chain mirror made in the system's own trust store: taken back there (the change
 * itself is still remembered). "chain.mirror_write", "chain.mirror_program". */
bool chain_mirror_made(const struct certstore_past *past);
enum err chain_mirror_back(struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, struct reason *ret_reason) MUST_USE;

/* What the change did, as people say it: "removed" {name, id, store}. */
enum undo_words { UNDO_DID, UNDO_BACK };
struct undo_line {
    const char *word;  /* in the person's language: "removed", or "put back" */
    const char *did;   /* "added", "removed", "replaced", "completed" */
    const char *place; /* "personal", … */
    const char *name;
    char id[CERTSTORE_ID_MAX]; /* "" where it is named by where it is */
};
/* Of the `step`th step. */
void undo_line(struct tool *tool, const struct certstore *store, const struct certstore_past *past,
    size_t step, enum undo_words words, struct undo_line *ret_line);
/* "removed: www.example.com 3f2a91c0d4e5 (personal)". */
const char *undo_line_text(struct tool *tool, const struct undo_line *line);
