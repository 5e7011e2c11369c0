#pragma once
/* A ceremony as a person reads it, from its records alone: what was done step by step, on which
 * inputs, what came of it, who approved. A rehearsal's records give the plan in the same form. */
#include "proc/signer/hierarchy.h"
#include "lib/config/script.h"

enum { TRANSCRIPT_MAX_BYTES = 1024 * 1024 };

struct transcript {
    struct buf *out;
    const struct hierarchy *hierarchy; /* that has learnt each record before it is shown here */
    const struct script *script;       /* the ceremony's own */
    bool plan;                         /* nothing is signed yet: no serials, no fingerprints */
    bool before;                       /* the next verdict is on what is to be signed */
};

/* Title, script and place in the journal. */
void transcript_head(struct transcript *transcript, int64_t number, int64_t time);
/* One record between beginning and end; `ctx` is the transcript. */
enum err transcript_record(void *ctx, const struct journal_record *record);
/* Who has to approve, or who did; then the journal's end, and room for signatures by hand. */
enum err transcript_foot(
    struct transcript *transcript, const struct journal_record *ended) MUST_USE;

/* The transcript of ceremony `number` (from 1; 0: the last) of a folder's journal; appended.
 * "ceremony.not_held" (the folder in `field`), "ceremony.unknown_number", "ceremony.not_ended". */
enum err transcript_write(
    const char *directory, int64_t number, struct buf *text, struct reason *ret_reason) MUST_USE;
