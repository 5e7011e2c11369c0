#pragma once
/* The terminal: aligned, as wide as the terminal and at most 100 columns, dates local with zone and
 * with their distance, colour that is never needed. Whatever came from a server or a file loses its
 * control characters here, so that nobody can paint on the person's screen. With --json all of this
 * keeps silent. */
#include "cli/ecert/tool.h"

#include <wchar.h>

/* Narrower than the least, a terminal wraps by itself. */
enum { SCREEN_COLUMNS_MIN = 40, SCREEN_COLUMNS_MAX = 100, SCREEN_MOMENT_MAX = 96 };

void screen_line(const struct tool *tool, const char *text);
/* A message, its placeholders filled in. `placeholders` may be NULL. */
void screen_message(
    const struct tool *tool, const char *id, const struct placeholder *placeholders);
/* The same as a step that has been done: with a mark before it. */
void screen_step(const struct tool *tool, const char *id, const struct placeholder *placeholders);
void screen_heading(
    const struct tool *tool, const char *id, const struct placeholder *placeholders);

struct screen_fact {
    const char *id;    /* of the label; NULL ends a list */
    const char *value; /* NULL or "": the line is left out */
};
/* Labels in one column, values in another, wrapped. */
void screen_facts(const struct tool *tool, const struct screen_fact *facts);

/* "  LEFT    right": what is right begins after `width` columns and is wrapped there. */
void screen_pair(
    const struct tool *tool, size_t indent, const char *left, size_t width, const char *right);

enum { SCREEN_CELLS_MAX = 6 };
struct screen_row {
    const char *cells[SCREEN_CELLS_MAX];
};
/* Columns as wide as their widest cell. Where that is too wide, the first stands on a line of its
 * own, the others aligned below it. `rows[0]` is the heading. */
void screen_table(
    const struct tool *tool, const struct screen_row *rows, size_t count, size_t columns);

/* What happened, what was seen, what was expected, what to do next. Goes into the result with
 * --json. Returns EXIT_FAILED. */
enum exit_code screen_failure(struct tool *tool, enum err err, const struct reason *reason);
/* The same for what is no failure but worth knowing: marked "!", and in no result. */
void screen_remark(const struct tool *tool, const struct reason *reason);
struct screen_words {
    const char *title, *seen, *expected, *next;
    const char *command; /* to be copied: a line of its own, not wrapped; NULL: none */
};
/* The same, but the words are not the catalogue's for this reason: the portal's, or longer than a
 * reason can hold. Code and field are the reason's. */
enum exit_code screen_worded_failure(
    struct tool *tool, const struct reason *reason, const struct screen_words *words);
/* For a wait of more than 2 s: what for. One moving line on a terminal, else one line. */
void screen_wait(const struct tool *tool, const char *id, int64_t seconds);
void screen_wait_end(const struct tool *tool);

/* "2027-06-10 08:00 HKT (in 199 days)". */
void screen_moment(const struct tool *tool, int64_t time, char ret_text[SCREEN_MOMENT_MAX]);
/* The same of an RFC 3339 text; what isn't one is copied as it is. */
void screen_moment_text(
    const struct tool *tool, const char *rfc3339, char ret_text[SCREEN_MOMENT_MAX]);
/* "2027-06-10 (in 199 days)": for tables. */
void screen_day(const struct tool *tool, int64_t time, char ret_text[SCREEN_MOMENT_MAX]);
/* "in 199 days". */
void screen_distance(const struct tool *tool, int64_t time, char ret_text[SCREEN_MOMENT_MAX]);
/* "text (inner)", in the brackets that the language has. */
void screen_bracket(
    const struct tool *tool, const char *text, const char *inner, struct buf *ret_text);
/* How wide a line may be. */
size_t screen_columns(void);
/* Loads what letters are, as the first character beyond ASCII does. To be called before there is a
 * second thread: setlocale is for one alone. */
void screen_letters_load(void);
/* The first character of a UTF-8 text, and its bytes: 0, and 1 byte, for one that is broken. */
size_t screen_character(const char *text, wchar_t *ret_character);
/* Columns that a UTF-8 text takes. */
size_t screen_width(const char *text);
