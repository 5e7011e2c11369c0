/* Printing for people. */
#include "cli/ecert/screen.h"

#include "lib/base/limits.h"

#include <locale.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What is narrower than NARROW is no column: it goes below. */
enum { LINE_MAX_BYTES = 16 * 1024, GAP = 2, NARROW = 16 };

static const char BOLD[] = "\033[1m", RED[] = "\033[31m", GREEN[] = "\033[32m",
                  YELLOW[] = "\033[33m", PLAIN[] = "\033[0m";
/* What may not begin a line, and what may not end one. */
static const wchar_t CLOSING[] = L"、。，；：？！）」』》】”’…", OPENING[] = L"（「『《【“‘";

static void clean_append(struct buf *buf, const char *text);
static void print_wrapped(const char *text, size_t column, size_t indent);
static void print_cells(
    const char *const *cells, const size_t *widths, size_t columns, size_t column);
static void print_spaces(size_t count);
static void print_mark(const struct tool *tool, const char *colour, const char *mark);
static size_t word_width(const char *text, size_t *ret_bytes);
static void moment_join(const struct tool *tool, const char *day, const char *distance,
    char ret_text[SCREEN_MOMENT_MAX]);
static void local_format(int64_t time, bool whole, char *ret_text, size_t size);
static bool is_usage(const char *code);
static void words_print(const struct tool *tool, const struct reason *reason,
    const struct screen_words *words, const char *colour, const char *mark);
static void failure_part(const struct tool *tool, const char *label_id, const char *text);
static void failure_result(
    struct tool *tool, const struct reason *reason, const struct screen_words *words);
static void print_command(const char *command);
static bool untold(const char *title, const char *text);

/* What was too long for its buffer is no text any more. */
void screen_line(const struct tool *tool, const char *text)
{
    const char *shown = text == NULL ? "  …" : text;
    if (!tool->json) {
        print_wrapped(shown, 0, strspn(shown, " "));
    }
}

void screen_message(const struct tool *tool, const char *id, const struct placeholder *placeholders)
{
    static const struct placeholder none[] = { { NULL, NULL } };
    AUTO(buf) text = buf_make(LINE_MAX_BYTES);
    language_format(tool->language, id, placeholders == NULL ? none : placeholders, &text);
    const char *line = buf_text(&text);
    screen_line(tool, line == NULL ? id : line);
}

void screen_step(const struct tool *tool, const char *id, const struct placeholder *placeholders)
{
    if (!tool->json) {
        print_mark(tool, GREEN, "✓ ");
        screen_message(tool, id, placeholders);
    }
}

void screen_heading(const struct tool *tool, const char *id, const struct placeholder *placeholders)
{
    if (!tool->json) {
        fputs(tool->colour ? BOLD : "", stdout);
        screen_message(tool, id, placeholders);
        fputs(tool->colour ? PLAIN : "", stdout);
    }
}

static void print_mark(const struct tool *tool, const char *colour, const char *mark)
{
    fprintf(stdout, "%s%s%s", tool->colour ? colour : "", mark, tool->colour ? PLAIN : "");
}

void screen_facts(const struct tool *tool, const struct screen_fact *facts)
{
    size_t widest = 0;
    if (tool->json) {
        return;
    }
    for (const struct screen_fact *fact = facts; fact->id != NULL; fact++) {
        size_t width = screen_width(language_text(tool->language, fact->id));
        bool shown = fact->value != NULL && fact->value[0] != '\0';
        widest = shown && width > widest ? width : widest;
    }
    for (const struct screen_fact *fact = facts; fact->id != NULL; fact++) {
        if (fact->value == NULL || fact->value[0] == '\0') {
            continue;
        }
        const char *label = language_text(tool->language, fact->id);
        screen_pair(tool, 2, label, widest + GAP + 2, fact->value);
    }
}

void screen_table(
    const struct tool *tool, const struct screen_row *rows, size_t count, size_t columns)
{
    size_t widths[SCREEN_CELLS_MAX] = { 0 }, total = 0;
    if (tool->json) {
        return;
    }
    for (size_t k = 0; k < columns; k++) {
        for (size_t i = 0; i < count; i++) {
            size_t width = screen_width(rows[i].cells[k]);
            widths[k] = width > widths[k] ? width : widths[k];
        }
        total += widths[k] + (k > 0 ? GAP : 0);
    }
    bool stacked = total > screen_columns();
    for (size_t i = 0; i < count; i++) {
        fputs(i == 0 && tool->colour ? BOLD : "", stdout);
        if (stacked) {
            print_wrapped(rows[i].cells[0], 0, 0);
            print_spaces(GAP);
            print_cells(rows[i].cells + 1, widths + 1, columns - 1, GAP);
        } else {
            print_cells(rows[i].cells, widths, columns, 0);
        }
        fputs(i == 0 && tool->colour ? PLAIN : "", stdout);
    }
}

static void print_cells(
    const char *const *cells, const size_t *widths, size_t columns, size_t column)
{
    for (size_t k = 0; k + 1 < columns; k++) {
        AUTO(buf) cell = buf_make(LINE_MAX_BYTES);
        clean_append(&cell, cells[k]);
        fputs(buf_text(&cell), stdout);
        print_spaces(widths[k] - screen_width(cells[k]) + GAP);
        column += widths[k] + GAP;
    }
    print_wrapped(cells[columns - 1], column, column);
}

void screen_pair(
    const struct tool *tool, size_t indent, const char *left, size_t width, const char *right)
{
    size_t taken = indent + screen_width(left);
    if (tool->json) {
        return;
    }
    print_spaces(indent);
    fputs(left, stdout);
    if (screen_columns() < (taken > width ? taken : width) + NARROW) {
        fputc('\n', stdout);
        print_spaces(indent + GAP);
        print_wrapped(right, indent + GAP, indent + GAP);
        return;
    }
    print_spaces(taken + GAP <= width ? width - taken : GAP);
    print_wrapped(right, taken + GAP <= width ? width : taken + GAP, width);
}

enum exit_code screen_failure(struct tool *tool, enum err err, const struct reason *reason)
{
    struct reason filled = *reason;
    if (filled.code[0] == '\0') {
        snprintf(filled.code, sizeof filled.code, "tool.failed");
        snprintf(filled.seen, sizeof filled.seen, "%s", err_name(err));
    }
    AUTO(buf) title = buf_make(LINE_MAX_BYTES), next = buf_make(LINE_MAX_BYTES);
    language_format_reason(tool->language, &filled, "", &title);
    language_format_reason(tool->language, &filled, ".next", &next);
    const struct screen_words words = { .title = buf_text(&title),
        .seen = filled.seen,
        .expected = filled.expected,
        .next = buf_text(&next) };
    return screen_worded_failure(tool, &filled, &words);
}

void screen_remark(const struct tool *tool, const struct reason *reason)
{
    AUTO(buf) title = buf_make(LINE_MAX_BYTES), next = buf_make(LINE_MAX_BYTES);
    language_format_reason(tool->language, reason, "", &title);
    language_format_reason(tool->language, reason, ".next", &next);
    const struct screen_words words = { .title = buf_text(&title),
        .seen = reason->seen,
        .expected = reason->expected,
        .next = buf_text(&next) };
    words_print(tool, reason, &words, YELLOW, "! ");
}

/* What the sentence says already is not said again below it. */
static bool untold(const char *title, const char *text)
{
    return text[0] != '\0' && strstr(title, text) == NULL;
}

enum exit_code screen_worded_failure(
    struct tool *tool, const struct reason *reason, const struct screen_words *words)
{
    failure_result(tool, reason, words);
    words_print(tool, reason, words, RED, "✗ ");
    return is_usage(reason->code) ? EXIT_USAGE : EXIT_FAILED;
}

/* Of the family usage, or one of those that ask for an option of the command line. */
static bool is_usage(const char *code)
{
    static const char *const others[] = { "tool.request_names", "tool.secret_none",
        "tool.needs_yes", "tool.key_type" };
    bool usage = strncmp(code, "usage.", 6) == 0;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        usage |= strcmp(code, others[i]) == 0;
    }
    return usage;
}

static void words_print(const struct tool *tool, const struct reason *reason,
    const struct screen_words *words, const char *colour, const char *mark)
{
    const char *title = words->title;
    if (tool->json) {
        return;
    }
    fflush(stdout);
    print_mark(tool, colour, mark);
    AUTO(buf) line = buf_make(LINE_MAX_BYTES);
    bool named = untold(title, reason->field);
    const char *colon = language_text(tool->language, "tool.colon");
    buf_append_format(&line, "%s%s%s%s", named ? reason->field : "", named ? colon : "",
        named && strlen(colon) == 1 ? " " : "", title);
    print_wrapped(buf_text(&line) == NULL ? title : buf_text(&line), 2, 2);
    bool unseen =
        untold(title, words->seen) && untold(title, language_failure(tool->language, words->seen));
    failure_part(tool, "tool.seen", unseen ? words->seen : "");
    failure_part(tool, "tool.expected", untold(title, words->expected) ? words->expected : "");
    failure_part(tool, "tool.next", words->next);
    print_command(words->command);
}

/* A line that the terminal breaks is still one line where it is pasted. */
static void print_command(const char *command)
{
    AUTO(buf) clean = buf_make(LINE_MAX_BYTES);
    clean_append(&clean, command);
    if (clean.len > 0 && buf_text(&clean) != NULL) {
        printf("    %s\n", buf_text(&clean));
    }
}

static void failure_part(const struct tool *tool, const char *label_id, const char *text)
{
    if (text == NULL || text[0] == '\0') {
        return;
    }
    static const char *const ids[] = { "tool.seen", "tool.expected", "tool.next" };
    size_t widest = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t width = screen_width(language_text(tool->language, ids[i]));
        widest = width > widest ? width : widest;
    }
    const char *label = language_text(tool->language, label_id);
    screen_pair(tool, 2, label, widest + GAP + 2, text);
}

static void failure_result(
    struct tool *tool, const struct reason *reason, const struct screen_words *words)
{
    AUTO(buf) next = buf_make(LINE_MAX_BYTES + 1024);
    if (!tool->json) {
        return;
    }
    buf_append_format(&next, "%s%s%s", words->next == NULL ? "" : words->next,
        words->command == NULL ? "" : " ", words->command == NULL ? "" : words->command);
    struct value *problem = value_put_object(&tool->tree, tool->result, "problem");
    char type[REASON_CODE_MAX + 32];
    snprintf(type, sizeof type, "urn:ecert:problem:%s", reason->code);
    value_put_text(&tool->tree, problem, "type", type);
    value_put_text(&tool->tree, problem, "title", words->title);
    value_put_text(&tool->tree, problem, "field", reason->field);
    value_put_text(&tool->tree, problem, "seen", words->seen);
    value_put_text(&tool->tree, problem, "expected", words->expected);
    value_put_text(&tool->tree, problem, "next", buf_text(&next));
}

void screen_wait(const struct tool *tool, const char *id, int64_t seconds)
{
    if (tool->json) {
        return;
    }
    if (isatty(STDOUT_FILENO)) {
        AUTO(buf) line = buf_make(LINE_MAX_BYTES);
        char number[24];
        snprintf(number, sizeof number, "%lld s", (long long)seconds);
        screen_bracket(tool, language_text(tool->language, id), number, &line);
        fprintf(stdout, "\r\033[K… %s", buf_text(&line));
        fflush(stdout);
    } else if (seconds == 2) {
        fprintf(stdout, "… %s\n", language_text(tool->language, id));
        fflush(stdout);
    }
}

void screen_wait_end(const struct tool *tool)
{
    if (!tool->json && isatty(STDOUT_FILENO)) {
        fputs("\r\033[K", stdout);
        fflush(stdout);
    }
}

void screen_distance(const struct tool *tool, int64_t time, char ret_text[SCREEN_MOMENT_MAX])
{
    static const struct {
        int64_t seconds;
        const char *ahead, *ahead_one, *ago, *ago_one;
    } units[] = {
        { DAY_SECONDS, "tool.in_days", "tool.in_day", "tool.days_ago", "tool.day_ago" },
        { 3600, "tool.in_hours", "tool.in_hour", "tool.hours_ago", "tool.hour_ago" },
        { 60, "tool.in_minutes", "tool.in_minute", "tool.minutes_ago", "tool.minute_ago" },
    };
    int64_t away = time - clock_now(&tool->clock), size = away < 0 ? -away : away;
    size_t unit = size >= 2 * DAY_SECONDS ? 0 : size >= 2 * 3600 ? 1 : 2;
    int64_t count = (size + units[unit].seconds / 2) / units[unit].seconds;
    const char *id = away >= 0 ? (count == 1 ? units[unit].ahead_one : units[unit].ahead)
                               : (count == 1 ? units[unit].ago_one : units[unit].ago);
    id = count == 0 ? "tool.just_now" : id;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)count);
    const struct placeholder placeholders[] = { { "n", number }, { NULL, NULL } };
    AUTO(buf) text = buf_make(SCREEN_MOMENT_MAX - 1);
    language_format(tool->language, id, placeholders, &text);
    const char *formatted = buf_text(&text);
    snprintf(ret_text, SCREEN_MOMENT_MAX, "%s", formatted == NULL ? "" : formatted);
}

void screen_day(const struct tool *tool, int64_t time, char ret_text[SCREEN_MOMENT_MAX])
{
    char day[40], distance[SCREEN_MOMENT_MAX];
    local_format(time, /* whole= */ false, day, sizeof day);
    screen_distance(tool, time, distance);
    moment_join(tool, day, distance, ret_text);
}

void screen_moment(const struct tool *tool, int64_t time, char ret_text[SCREEN_MOMENT_MAX])
{
    char day[40], distance[SCREEN_MOMENT_MAX];
    local_format(time, /* whole= */ true, day, sizeof day);
    screen_distance(tool, time, distance);
    moment_join(tool, day, distance, ret_text);
}

/* "2027-06-10 (in 199 days)", in the language's own brackets. */
static void moment_join(const struct tool *tool, const char *day, const char *distance,
    char ret_text[SCREEN_MOMENT_MAX])
{
    AUTO(buf) text = buf_make(SCREEN_MOMENT_MAX - 1);
    screen_bracket(tool, day, distance, &text);
    const char *joined = buf_text(&text);
    snprintf(ret_text, SCREEN_MOMENT_MAX, "%s", joined == NULL ? day : joined);
}

void screen_bracket(
    const struct tool *tool, const char *text, const char *inner, struct buf *ret_text)
{
    const struct placeholder values[] = { { "text", text }, { "inner", inner }, { NULL, NULL } };
    language_format(tool->language, "tool.bracket", values, ret_text);
}

/* With the hour and its zone, or the day alone. */
static void local_format(int64_t time, bool whole, char *ret_text, size_t size)
{
    time_t seconds = (time_t)time;
    struct tm local;
    bool known = localtime_r(&seconds, &local) != NULL;
    size_t len = !known  ? 0
                 : whole ? strftime(ret_text, size, "%Y-%m-%d %H:%M %Z", &local)
                         : strftime(ret_text, size, "%Y-%m-%d", &local);
    if (len == 0) {
        snprintf(ret_text, size, "%lld", (long long)time);
    }
}

void screen_moment_text(
    const struct tool *tool, const char *rfc3339, char ret_text[SCREEN_MOMENT_MAX])
{
    int64_t time;
    if (time_parse_rfc3339(span_from_text(rfc3339), &time) == OK) {
        screen_moment(tool, time, ret_text);
    } else {
        snprintf(ret_text, SCREEN_MOMENT_MAX, "%.*s", SCREEN_MOMENT_MAX - 1, rfc3339);
    }
}

/* What the letters of the world are is in a table of the locale, which most commands in English
 * don't need. */
void screen_letters_load(void)
{
    static bool loaded;
    if (!loaded) {
        setlocale(LC_CTYPE, "C.UTF-8");
        loaded = true;
    }
}

size_t screen_character(const char *text, wchar_t *ret_character)
{
    mbstate_t state = { 0 };
    if ((unsigned char)*text < 0x80) {
        *ret_character = *text;
        return 1;
    }
    screen_letters_load();
    size_t bytes = mbrtowc(ret_character, text, MB_LEN_MAX, &state);
    if (bytes > MB_LEN_MAX) {
        *ret_character = 0;
        return 1;
    }
    return bytes;
}

size_t screen_width(const char *text)
{
    size_t width = 0;
    while (text != NULL && *text != '\0') {
        size_t bytes = 0;
        width += word_width(text, &bytes);
        text += bytes;
    }
    return width;
}

/* One character's columns and bytes. */
static size_t word_width(const char *text, size_t *ret_bytes)
{
    wchar_t character;
    *ret_bytes = screen_character(text, &character);
    int width = character == 0 ? 1 : wcwidth(character);
    return width < 0 ? 1 : (size_t)width;
}

/* What isn't plain, control characters and what turns the direction of writing, becomes '?'. */
static void clean_append(struct buf *buf, const char *text)
{
    while (text != NULL && *text != '\0') {
        wchar_t character;
        size_t bytes = screen_character(text, &character);
        bool plain = character != 0 && utf8_plain(span_make(text, bytes));
        buf_append(buf, plain ? span_make(text, bytes) : SPAN_LITERAL("?"));
        text += bytes;
    }
}

/* Breaks at blanks, and inside a word only where it alone is too long, its characters are wide, or
 * behind a wide mark: what follows a full-width colon may be a fingerprint. */
static void print_wrapped(const char *text, size_t column, size_t indent)
{
    AUTO(buf) clean = buf_make(LINE_MAX_BYTES);
    clean_append(&clean, text);
    const char *at = buf_text(&clean);
    size_t columns = screen_columns();
    while (at != NULL && *at != '\0') {
        const char *end = at;
        size_t width = 0;
        wchar_t before = 0;
        while (*end != '\0' && (end == at || *end != ' ')) {
            size_t bytes, one = word_width(end, &bytes);
            wchar_t next;
            (void)screen_character(end, &next);
            bool held = wcschr(CLOSING, next) != NULL || (before != 0 && wcschr(OPENING, before));
            bool after_mark = before != 0 && wcschr(CLOSING, before) != NULL && before >= 0x3000;
            bool wide_break = (one == 2 || after_mark) && end != at && !held;
            if (wide_break || (width + one > columns - indent && end != at)) {
                break;
            }
            width += one;
            end += bytes;
            before = next;
        }
        if (column > indent && column + width > columns) {
            fputc('\n', stdout);
            print_spaces(indent);
            column = indent;
            while (*at == ' ' && at + 1 < end) {
                at++;
                width--;
            }
        }
        fwrite(at, 1, (size_t)(end - at), stdout);
        column += width;
        at = end;
    }
    fputc('\n', stdout);
}

static void print_spaces(size_t count)
{
    while (count-- > 0) {
        fputc(' ', stdout);
    }
}

/* A file, a pipe and a terminal that doesn't say get the most. */
size_t screen_columns(void)
{
    struct winsize size = { .ws_col = 0 };
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= SCREEN_COLUMNS_MIN;
    return known && size.ws_col < SCREEN_COLUMNS_MAX ? size.ws_col : SCREEN_COLUMNS_MAX;
}
