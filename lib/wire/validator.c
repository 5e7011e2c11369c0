/* Checks, observations and reports between the registrar and its validators. */
#include "lib/wire/validator.h"

#include <stdio.h>

static void text_fill(char *to, size_t size, const char *from);
static enum err flag_read(struct der *reader, uint8_t tag, bool *ret_flag);
static enum err step_read(struct der *reader, struct report_step *ret_step);

void report_add(struct report *report, const char *code, const char *asked, const char *seen,
    const char *expected)
{
    if (report->count == REPORT_STEPS_MAX) {
        return;
    }
    struct report_step *step = &report->steps[report->count++];
    text_fill(step->code, sizeof step->code, code);
    text_fill(step->asked, sizeof step->asked, asked);
    text_fill(step->seen, sizeof step->seen, seen);
    text_fill(step->expected, sizeof step->expected, expected);
}

void report_write(struct der_writer *writer, const struct report *report)
{
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < report->count; i++) {
        const struct report_step *step = &report->steps[i];
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_UTF8_STRING, step->code);
        der_write_text(writer, DER_UTF8_STRING, step->asked);
        der_write_text(writer, DER_UTF8_STRING, step->seen);
        der_write_text(writer, DER_UTF8_STRING, step->expected);
        der_close(writer);
    }
    if (report->questions.count > 0) {
        der_open(writer, DER_CONTEXT(0));
        questions_write(writer, &report->questions);
        der_close(writer);
    }
    der_close(writer);
}

enum err report_read(struct der *reader, struct report *ret_report)
{
    struct der steps;
    size_t count = 0;
    TRY(der_enter(reader, DER_SEQUENCE, &steps));
    while (der_peek(&steps, DER_SEQUENCE)) {
        if (count == REPORT_STEPS_MAX) {
            return ERR_LIMIT;
        }
        TRY(step_read(&steps, &ret_report->steps[count]));
        count++;
    }
    ret_report->questions.count = 0;
    if (!der_empty(&steps)) {
        struct der questions;
        TRY(der_enter(&steps, DER_CONTEXT(0), &questions));
        TRY(questions_read(&questions, &ret_report->questions));
        TRY(der_finish(&questions));
        TRY(der_finish(&steps));
    }
    ret_report->count = count;
    return OK;
}

void validator_check_write(struct der_writer *writer, const void *check)
{
    const struct validator_check *message = check;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(message->attempt));
    challenge_write(writer, &message->challenge);
    if (message->proof.address[0] != '\0') {
        der_open(writer, DER_CONTEXT(0));
        der_write_text(writer, DER_IA5_STRING, message->proof.address);
        der_write_text(writer, DER_UTF8_STRING, message->proof.code);
        der_close(writer);
    }
    if (message->caa_only) {
        der_write(writer, DER_CONTEXT_PRIMITIVE(1), (struct span){ 0 });
    }
    if (message->patience_ms > 0) {
        der_open(writer, DER_CONTEXT(2));
        der_write_int64(writer, message->patience_ms);
        der_close(writer);
    }
    if (message->yields) {
        der_write(writer, DER_CONTEXT_PRIMITIVE(3), (struct span){ 0 });
    }
    der_close(writer);
}

enum err validator_check_read(struct der *reader, struct validator_check *ret_check)
{
    struct der inner;
    struct validator_check check = { 0 };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, check.attempt, ATTEMPT_BYTES));
    TRY(challenge_read(&inner, &check.challenge));
    if (der_peek(&inner, DER_CONTEXT(0))) {
        struct der proof;
        TRY(der_enter(&inner, DER_CONTEXT(0), &proof));
        TRY(der_read_cstring(
            &proof, DER_IA5_STRING, check.proof.address, sizeof check.proof.address));
        TRY(message_line_read(&proof, DER_UTF8_STRING, check.proof.code, sizeof check.proof.code));
        TRY(der_finish(&proof));
    }
    TRY(flag_read(&inner, DER_CONTEXT_PRIMITIVE(1), &check.caa_only));
    if (der_peek(&inner, DER_CONTEXT(2))) {
        struct der patience;
        TRY(der_enter(&inner, DER_CONTEXT(2), &patience));
        TRY(der_read_uint(&patience, PATIENCE_MAX_MS, &check.patience_ms));
        TRY(der_finish(&patience));
        if (check.patience_ms == 0) {
            return ERR_INPUT; /* left out, then */
        }
    }
    TRY(flag_read(&inner, DER_CONTEXT_PRIMITIVE(3), &check.yields));
    TRY(der_finish(&inner));
    *ret_check = check;
    return OK;
}

/* Something empty that is there or not. */
static enum err flag_read(struct der *reader, uint8_t tag, bool *ret_flag)
{
    struct span nothing = { 0 };
    if (der_peek(reader, tag)) {
        TRY(der_read(reader, tag, &nothing));
        *ret_flag = true;
    }
    return nothing.len == 0 ? OK : ERR_INPUT;
}

void validator_mail_write(struct der_writer *writer, const void *mail)
{
    const struct validator_mail *message = mail;
    der_open(writer, DER_SEQUENCE);
    challenge_write(writer, &message->challenge);
    der_write_text(writer, DER_IA5_STRING, message->address);
    der_close(writer);
}

enum err validator_mail_read(struct der *reader, struct validator_mail *ret_mail)
{
    struct der inner;
    struct validator_mail mail = { 0 };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(challenge_read(&inner, &mail.challenge));
    TRY(der_read_cstring(&inner, DER_IA5_STRING, mail.address, sizeof mail.address));
    TRY(der_finish(&inner));
    *ret_mail = mail;
    return OK;
}

void validator_answer_write(struct der_writer *writer, const void *answer)
{
    const struct validator_answer *message = answer;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, message->observation);
    report_write(writer, &message->report);
    der_close(writer);
}

enum err validator_answer_read(struct der *reader, struct validator_answer *ret_answer)
{
    struct der inner;
    struct validator_answer answer = { 0 };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read(&inner, DER_OCTET_STRING, &answer.observation));
    if (answer.observation.len == 0 || answer.observation.len > OBSERVATION_MAX_BYTES) {
        return ERR_LIMIT;
    }
    TRY(report_read(&inner, &answer.report));
    TRY(der_finish(&inner));
    *ret_answer = answer;
    return OK;
}

void validator_about_write(struct der_writer *writer, const void *about)
{
    const struct validator_about *message = about;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, message->version);
    der_write_int64(writer, message->suffixes);
    der_close(writer);
}

/* A newer one may have more to say of itself. */
enum err validator_about_read(struct der *reader, struct validator_about *ret_about)
{
    struct der inner;
    struct validator_about about = { 0 };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_uint(&inner, UINT16_MAX, &about.version));
    TRY(der_read_int64(&inner, &about.suffixes));
    *ret_about = about;
    return OK;
}

static enum err step_read(struct der *reader, struct report_step *ret_step)
{
    struct der inner;
    struct report_step step = { 0 };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(message_line_read(&inner, DER_UTF8_STRING, step.code, sizeof step.code));
    TRY(message_line_read(&inner, DER_UTF8_STRING, step.asked, sizeof step.asked));
    TRY(message_line_read(&inner, DER_UTF8_STRING, step.seen, sizeof step.seen));
    TRY(message_line_read(&inner, DER_UTF8_STRING, step.expected, sizeof step.expected));
    TRY(der_finish(&inner));
    *ret_step = step;
    return OK;
}

/* Our side of the same rule: ASCII without control characters, whatever it is given. */
static void text_fill(char *to, size_t size, const char *from)
{
    size_t length = from == NULL ? 0 : strnlen(from, size - 1);
    for (size_t i = 0; i < length; i++) {
        to[i] = from[i] >= 0x20 && from[i] <= 0x7e ? from[i] : '?';
    }
    to[length] = '\0';
}

enum err validator_call_check(struct client *client, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason)
{
    struct validator_answer result;
    struct request request = request_make(VALIDATOR_CHECK, validator_check_write, check);
    AUTO(answer) answer = answer_none();
    TRY(client_call(client, &request, &answer, ret_reason));
    if (validator_answer_read(&answer.body, &result) != OK) {
        return ERR_PEER;
    }
    buf_append(observation, result.observation);
    TRY(buf_check(observation));
    *ret_report = result.report;
    return OK;
}

enum err validator_call_about(
    struct client *client, struct validator_about *ret_about, struct reason *ret_reason)
{
    struct request request = request_make(VALIDATOR_ABOUT, nothing_write, NULL);
    AUTO(answer) answer = answer_none();
    TRY(client_call(client, &request, &answer, ret_reason));
    return validator_about_read(&answer.body, ret_about) == OK ? OK : ERR_PEER;
}

enum err validator_call_mail(
    struct client *client, const struct validator_mail *mail, struct reason *ret_reason)
{
    struct request request = request_make(VALIDATOR_MAIL, validator_mail_write, mail);
    AUTO(answer) answer = answer_none();
    TRY(client_call(client, &request, &answer, ret_reason));
    return OK;
}
