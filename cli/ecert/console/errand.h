#pragma once
/* A command that goes on behind the pages: a thread of its own, so that they are there meanwhile.
 * One errand does one thing at a time. What comes of it is in its result, as --json prints it, and
 * in the store, as of a command that was typed. */
#include "cli/ecert/tool.h"
#include "lib/base/limits.h"

struct errand;

struct errand_order {
    enum exit_code (*command)(struct tool *tool, const struct arguments *arguments);
    const struct language *language;
    struct clock clock;
    const char *store_path;
    const char *recorded_as;      /* as in struct tool; static */
    const char *id;               /* of the certificate, its one operand; NULL: it takes none */
    const char *name;             /* the certificate's own, for people; or NULL */
    const struct arguments *what; /* of the command, without the operand */
    struct key_access *access;    /* what opens the key; moved. NULL: no key is opened */
};

/* What is going on, or went on last; for the page that shows it. */
struct errand_state {
    bool any, running;
    char id[CERTSTORE_ID_MAX];
    char name[HOST_NAME_MAX_LENGTH + 1];
    int64_t began;
    enum exit_code end;   /* once it doesn't run any more */
    struct reason reason; /* why nothing was done; code empty if something was */
};

enum err errand_new(struct errand **ret_errand) MUST_USE;
/* Waits for what is going on. */
void errand_free(struct errand *errand);
AUTO_PTR_DEFINE(errand, errand_free)

/* ERR_CONFLICT, without a reason, while it is at something; ERR_DENIED, "console.ending", after
 * errand_stop; "tool.failed". */
enum err errand_start(
    struct errand *errand, const struct errand_order *order, struct reason *ret_reason) MUST_USE;
void errand_look(struct errand *errand, struct errand_state *ret_state);
/* The command's result as far as it is known, in the caller's tree; ERR_NOT_FOUND before there is
 * any. */
enum err errand_result(
    struct errand *errand, struct value_tree *tree, const struct value **ret_result) MUST_USE;
/* The end: nothing begins any more, and nobody waits for the rest; a command that looks (tool_told)
 * ends where half of it is whole. */
void errand_stop(struct errand *errand);
