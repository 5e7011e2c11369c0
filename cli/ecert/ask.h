#pragma once
/* Questions to the person at the terminal. Answers come from /dev/tty, never from a pipe by
 * mistake; secrets are typed without echo and may also come from a file or a descriptor. */
#include "cli/ecert/tool.h"

enum { ANSWER_MAX = 512, PASSWORD_MAX = 1024 };

/* One line; Enter alone gives `proposed` (may be NULL: then it is asked again). ERR_NOT_FOUND if
 * there is nobody to ask or the input ends. */
enum err ask_line(const struct tool *tool, const char *id, const char *proposed,
    char ret_answer[ANSWER_MAX]) MUST_USE;
/* One of a list, by number; `proposed` is the index that Enter takes. */
enum err ask_choice(struct tool *tool, const char *id, const char *const *choices, size_t count,
    size_t proposed, size_t *ret_choice) MUST_USE;
/* Says that what was typed is no number of a list of `count`, before it is asked for again. */
void ask_number_refuse(struct tool *tool, const char *typed, size_t count);
/* Yes or no, in words or their first letter; Enter alone asks again. */
enum err ask_yes(const struct tool *tool, const char *id, bool *ret_yes) MUST_USE;
enum err ask_secret(const struct tool *tool, const char *id, struct secret *ret_secret) MUST_USE;

/* What the option says, else what the person does. "usage.needed" if there is neither; the option
 * in `field`. */
enum err ask_option(struct tool *tool, const struct arguments *arguments, const char *option,
    const char *question, const char **ret_value, struct reason *ret_reason) MUST_USE;

struct secret_source {
    const char *file_option; /* "pin-file" */
    const char *fd_option;   /* "pin-fd" */
    const char *question;    /* message id */
    bool twice;              /* a new secret, typed again to be sure */
    size_t max;
};
/* From the file or descriptor the arguments name, else from the person. Reasons:
 * "tool.secret_readable", "tool.secret_file", "tool.secret_none", "tool.secret_differs",
 * "tool.secret_empty"; the option in `field`. */
enum err ask_secret_from(const struct tool *tool, const struct arguments *arguments,
    const struct secret_source *source, struct reason *ret_reason,
    struct secret *ret_secret) MUST_USE;
