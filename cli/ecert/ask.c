/* Questions and answers. */
#include "cli/ecert/ask.h"

#include "cli/ecert/screen.h"
#include "lib/base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

enum { CHOICES_MAX = 1200 };

static enum err line_read(char ret_answer[ANSWER_MAX]);
static enum err secret_from_terminal(struct secret *ret_secret);
static bool answer_begins(const struct tool *tool, const char *id, const char *answer);
static void question(const struct tool *tool, const char *id, const char *proposed);

enum err ask_line(
    const struct tool *tool, const char *id, const char *proposed, char ret_answer[ANSWER_MAX])
{
    if (!tool->asks) {
        return ERR_NOT_FOUND;
    }
    for (;;) {
        char answer[ANSWER_MAX];
        question(tool, id, proposed);
        TRY(line_read(answer));
        const char *taken = answer[0] != '\0' ? answer : proposed;
        if (taken != NULL) {
            snprintf(ret_answer, ANSWER_MAX, "%s", taken);
            return OK;
        }
    }
}

static void question(const struct tool *tool, const char *id, const char *proposed)
{
    bool shown = proposed != NULL && proposed[0] != '\0';
    const char *text = language_text(tool->language, id);
    bool ended = text[0] != '\0' && strchr(":?)].", text[strlen(text) - 1]) != NULL;
    bool wide_ended = strlen(text) >= 3 && strstr("：？）。", text + strlen(text) - 3) != NULL;
    fprintf(stdout, "%s%s%s%s%s ", text, shown ? " [" : "", shown ? proposed : "", shown ? "]" : "",
        shown || !(ended || wide_ended) ? language_text(tool->language, "tool.colon") : "");
    fflush(stdout);
}

static enum err line_read(char ret_answer[ANSWER_MAX])
{
    if (fgets(ret_answer, ANSWER_MAX, stdin) == NULL) {
        fputc('\n', stdout);
        return ERR_NOT_FOUND;
    }
    ret_answer[strcspn(ret_answer, "\r\n")] = '\0';
    return OK;
}

enum err ask_choice(struct tool *tool, const char *id, const char *const *choices, size_t count,
    size_t proposed, size_t *ret_choice)
{
    if (!tool->asks || count > CHOICES_MAX) {
        return ERR_NOT_FOUND;
    }
    char number[24], answer[ANSWER_MAX];
    size_t column = 4 + (size_t)snprintf(number, sizeof number, "%zu", count);
    for (size_t i = 0; i < count; i++) {
        snprintf(number, sizeof number, "%zu", i + 1);
        screen_pair(tool, /* indent= */ 2, number, column, choices[i]);
    }
    snprintf(number, sizeof number, "%zu", proposed + 1);
    for (;;) {
        TRY(ask_line(tool, id, number, answer));
        unsigned long chosen = strtoul(answer, /* end= */ NULL, 10);
        for (size_t i = 0; i < count; i++) {
            if (chosen == i + 1 || strcmp(answer, choices[i]) == 0) {
                *ret_choice = i;
                return OK;
            }
        }
        ask_number_refuse(tool, answer, count);
    }
}

void ask_number_refuse(struct tool *tool, const char *typed, size_t count)
{
    struct reason reason = { 0 };
    char range[32];
    snprintf(range, sizeof range, "1-%zu", count);
    enum err err = reason_set(&reason, ERR_INPUT, "usage.number", typed, NULL, range);
    screen_failure(tool, err, &reason);
}

enum err ask_option(struct tool *tool, const struct arguments *arguments, const char *option,
    const char *question, const char **ret_value, struct reason *ret_reason)
{
    char answer[ANSWER_MAX], named[64];
    const char *value = arguments_value(arguments, option);
    if (value == NULL && ask_line(tool, question, /* proposed= */ NULL, answer) == OK) {
        value = arena_text(&tool->arena, span_from_text(answer));
    }
    if (value == NULL) {
        snprintf(named, sizeof named, "--%s", option);
        return reason_set(ret_reason, ERR_INPUT, "usage.needed", named, NULL, NULL);
    }
    *ret_value = value;
    return OK;
}

enum err ask_yes(const struct tool *tool, const char *id, bool *ret_yes)
{
    char answer[ANSWER_MAX];
    for (;;) {
        TRY(ask_line(tool, id, /* proposed= */ "", answer));
        bool yes = answer_begins(tool, "tool.yes", answer);
        if (yes || answer_begins(tool, "tool.no", answer)) {
            *ret_yes = yes;
            return OK;
        }
        screen_message(tool, "tool.answer_yes_no", NULL);
    }
}

/* In the person's language or in English. */
static bool answer_begins(const struct tool *tool, const char *id, const char *answer)
{
    const char *english = strcmp(id, "tool.yes") == 0 ? "yes" : "no";
    size_t len = strlen(answer);
    return len > 0 && (strncasecmp(english, answer, len) == 0 ||
                          strncmp(language_text(tool->language, id), answer, len) == 0);
}

enum err ask_secret(const struct tool *tool, const char *id, struct secret *ret_secret)
{
    if (!tool->asks) {
        return ERR_NOT_FOUND;
    }
    question(tool, id, /* proposed= */ NULL);
    enum err err = secret_from_terminal(ret_secret);
    fputc('\n', stdout);
    return err;
}

/* Key by key and unbuffered: no copy stays in a stdio buffer, and Ctrl-C leaves the terminal as it
 * was. */
static enum err secret_from_terminal(struct secret *ret_secret)
{
    struct termios before, silent;
    AUTO(secret) typed = { 0 };
    TRY(secret_new(PASSWORD_MAX, &typed));
    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        return ERR_NOT_FOUND;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) != 0) {
        return ERR_NOT_FOUND;
    }
    size_t len = 0;
    bool more = true, cancelled = false;
    while (more) {
        enum { CTRL_C = 3, CTRL_D = 4, CTRL_U = 21, BACKSPACE = 8, DELETE = 127 };
        uint8_t key = CTRL_C;
        cancelled = read(STDIN_FILENO, &key, 1) != 1 || key == CTRL_C;
        more = !cancelled && key != '\n' && key != '\r' && key != CTRL_D;
        if (more && (key == BACKSPACE || key == DELETE)) {
            len -= len > 0;
        } else if (more && key == CTRL_U) {
            len = 0;
        } else if (more && len < typed.len) {
            typed.data[len++] = key;
        }
    }
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    return cancelled ? ERR_NOT_FOUND : secret_copy(span_make(typed.data, len), ret_secret);
}

enum err ask_secret_from(const struct tool *tool, const struct arguments *arguments,
    const struct secret_source *source, struct reason *ret_reason, struct secret *ret_secret)
{
    const char *file = arguments_value(arguments, source->file_option);
    const char *fd = arguments_value(arguments, source->fd_option);
    AUTO(secret) secret = { 0 }, again = { 0 };
    enum err err;
    if (file != NULL) {
        err = file_read_secret(file, source->max, &secret);
        if (err != OK) {
            const char *code = err == ERR_DENIED ? "tool.secret_readable" : "tool.secret_file";
            return reason_set(
                ret_reason, err, code, file, err == ERR_DENIED ? NULL : err_name(err), NULL);
        }
    } else if (fd != NULL) {
        char *end;
        long number = strtol(fd, &end, 10);
        bool valid = fd[0] >= '0' && fd[0] <= '9' && *end == '\0' && number < 1024;
        err = valid ? secret_read_fd((int)number, source->max, &secret) : ERR_INPUT;
        if (err != OK) {
            return reason_set(ret_reason, err, "tool.secret_file", source->fd_option, fd, NULL);
        }
    } else {
        err = ask_secret(tool, source->question, &secret);
        err = err == OK && source->twice ? ask_secret(tool, "tool.ask_again", &again) : err;
        if (err != OK) {
            return reason_set(ret_reason, err, "tool.secret_none", source->file_option, NULL, NULL);
        }
        bool same = !source->twice || bytes_equal_secret(secret_span(&secret), secret_span(&again));
        if (!same) {
            return reason_set(ret_reason, ERR_INPUT, "tool.secret_differs", NULL, NULL, NULL);
        }
    }
    if (secret.len == 0) {
        return reason_set(ret_reason, ERR_INPUT, "tool.secret_empty", NULL, NULL, NULL);
    }
    *ret_secret = secret;
    secret = (struct secret){ 0 };
    return OK;
}
