/* Structured log lines, each written by one write(2) so that processes do not mix theirs. */
#include "lib/base/log.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"

#include <unistd.h>

enum { LOG_LINE_MAX = 4096 };

static const char *log_process = "ecert";
static enum log_level log_level = LOG_INFO;

static void value_append(struct buf *line, const char *value);
static void line_begin(struct buf *line, enum log_level level, const char *event);
static void line_end(struct buf *line);

void log_open(const char *process, enum log_level level)
{
    log_process = process;
    log_level = level;
}

void log_event(enum log_level level, const char *event, ...)
{
    if (level > log_level) {
        return;
    }
    AUTO(buf) line = buf_make(LOG_LINE_MAX);
    line_begin(&line, level, event);
    va_list pairs;
    va_start(pairs, event);
    for (;;) {
        const char *key = va_arg(pairs, const char *);
        if (key == NULL) {
            break;
        }
        buf_append_format(&line, " %s=", key);
        value_append(&line, va_arg(pairs, const char *));
    }
    va_end(pairs);
    line_end(&line);
}

void log_failure(enum log_level level, const char *event, enum err err, const struct reason *reason)
{
    static const struct reason none = { 0 };
    const struct reason *why = reason == NULL ? &none : reason;
    log_event(level, event, "err", err_name(err), "code", why->code, "field", why->field, "seen",
        why->seen, "expected", why->expected, NULL);
}

static void line_begin(struct buf *line, enum log_level level, const char *event)
{
    static const char *const levels[] = { "error", "warning", "info", "debug" };
    char now[TIME_TEXT_MAX];
    struct clock clock = clock_system();
    time_format_rfc3339(clock_now(&clock), now);
    buf_append_format(
        line, "%s level=%s process=%s event=%s", now, levels[level], log_process, event);
}

static void line_end(struct buf *line)
{
    buf_append_byte(line, '\n');
    if (buf_check(line) != OK) {
        /* Too long: what was written so far, marked as cut. */
        static const char cut[] = " cut=yes\n";
        ssize_t ignored = write(STDERR_FILENO, line->data, line->len);
        ignored = write(STDERR_FILENO, cut, sizeof cut - 1);
        (void)ignored;
        return;
    }
    ssize_t ignored = write(STDERR_FILENO, line->data, line->len);
    (void)ignored;
}

static void value_append(struct buf *line, const char *value)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@+*-";
    if (value == NULL || *value == '\0') {
        buf_append_text(line, "-");
        return;
    }
    if (value[strspn(value, plain)] == '\0') {
        buf_append_text(line, value);
        return;
    }
    buf_append_byte(line, '"');
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\') {
            buf_append_format(line, "\\%c", byte);
        } else if (byte < 0x20 || byte == 0x7f) {
            buf_append_format(line, "\\x%02x", byte);
        } else {
            buf_append_byte(line, byte);
        }
    }
    buf_append_byte(line, '"');
}
