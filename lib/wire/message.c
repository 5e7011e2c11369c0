/* The frame of messages, both directions. */
#include "lib/wire/message.h"

static void reason_write(struct der_writer *writer, const struct reason *reason);
static enum err reason_read(struct der *reader, struct reason *ret_reason);

void nothing_write(struct der_writer *writer, const void *object)
{
    (void)object;
    der_open(writer, DER_SEQUENCE);
    der_close(writer);
}

enum err nothing_read(struct der *body)
{
    struct der inner;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    return der_finish(&inner);
}

struct request_fields {
    unsigned type;
    body_writer write;
    const void *object;
};

static void request_write(struct der_writer *writer, const void *object)
{
    const struct request_fields *fields = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, MESSAGE_VERSION);
    der_write_int64(writer, fields->type);
    fields->write(writer, fields->object);
    der_close(writer);
}

enum err request_format(unsigned type, body_writer write, const void *object, struct buf *message)
{
    const struct request_fields fields = { type, write, object };
    TRY(der_encode(request_write, &fields, message));
    return message->len > MESSAGE_MAX_BYTES ? ERR_LIMIT : OK;
}

/* Version and type: what requests and answers begin with. */
static enum err head_read(struct span message, struct der *ret_inner, unsigned *ret_type)
{
    struct der reader = der_reader(message);
    unsigned version;
    TRY(der_enter(&reader, DER_SEQUENCE, ret_inner));
    TRY(der_finish(&reader));
    TRY(der_read_uint(ret_inner, UINT8_MAX, &version));
    TRY(der_read_uint(ret_inner, MESSAGE_TYPE_MAX, ret_type));
    return version == MESSAGE_VERSION ? OK : ERR_UNSUPPORTED;
}

enum err request_parse(struct span message, unsigned *ret_type, struct der *ret_body)
{
    struct der inner;
    struct span body;
    unsigned type;
    if (message.len > MESSAGE_MAX_BYTES || head_read(message, &inner, &type) != OK ||
        der_read_whole(&inner, DER_SEQUENCE, &body) != OK || der_finish(&inner) != OK) {
        return ERR_PEER;
    }
    *ret_type = type;
    *ret_body = der_reader(body);
    return OK;
}

static void answer_write(struct der_writer *writer, const void *object)
{
    const struct answer_fields *fields = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, MESSAGE_VERSION);
    der_write_int64(writer, fields->type);
    der_write_int64(writer, fields->err);
    if (fields->reason != NULL && fields->reason->code[0] != '\0') {
        der_open(writer, DER_CONTEXT(0));
        reason_write(writer, fields->reason);
        der_close(writer);
    }
    if (fields->body.len > 0) {
        der_open(writer, DER_CONTEXT(1));
        der_write_raw(writer, fields->body);
        der_close(writer);
    }
    der_close(writer);
}

enum err answer_format(const struct answer_fields *fields, struct buf *message)
{
    TRY(der_encode(answer_write, fields, message));
    return message->len > MESSAGE_MAX_BYTES ? ERR_LIMIT : OK;
}

static enum err answer_read(struct span message, unsigned type, enum err *ret_verdict,
    struct der *ret_body, struct reason *reason)
{
    struct der inner, wrapped;
    struct span body = { 0 };
    unsigned answered, verdict;
    TRY(head_read(message, &inner, &answered));
    TRY(der_read_uint(&inner, ERR_COUNT - 1, &verdict));
    if (answered != type) {
        return ERR_PEER;
    }
    if (der_peek(&inner, DER_CONTEXT(0))) {
        TRY(der_enter(&inner, DER_CONTEXT(0), &wrapped));
        TRY(reason_read(&wrapped, reason));
        TRY(der_finish(&wrapped));
    }
    if (der_peek(&inner, DER_CONTEXT(1))) {
        TRY(der_enter(&inner, DER_CONTEXT(1), &wrapped));
        TRY(der_read_whole(&wrapped, DER_SEQUENCE, &body));
        TRY(der_finish(&wrapped));
    }
    TRY(der_finish(&inner));
    *ret_verdict = (enum err)verdict;
    *ret_body = der_reader(body);
    return OK;
}

enum err answer_parse(
    struct span message, unsigned type, struct der *ret_body, struct reason *ret_reason)
{
    enum err verdict = OK;
    struct der body;
    struct reason reason = { 0 };
    if (message.len > MESSAGE_MAX_BYTES ||
        answer_read(message, type, &verdict, &body, &reason) != OK) {
        return ERR_PEER;
    }
    if (verdict == OK) {
        *ret_body = body;
    } else if (ret_reason != NULL) {
        *ret_reason = reason;
    }
    return verdict;
}

static void reason_write(struct der_writer *writer, const struct reason *reason)
{
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, reason->code);
    der_write_text(writer, DER_UTF8_STRING, reason->field);
    der_write_text(writer, DER_UTF8_STRING, reason->seen);
    der_write_text(writer, DER_UTF8_STRING, reason->expected);
    der_close(writer);
}

static enum err reason_read(struct der *reader, struct reason *ret_reason)
{
    struct der inner;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, ret_reason->code, REASON_CODE_MAX));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, ret_reason->field, REASON_FIELD_MAX));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, ret_reason->seen, REASON_TEXT_MAX));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, ret_reason->expected, REASON_TEXT_MAX));
    return der_finish(&inner);
}

enum err message_line_read(struct der *reader, uint8_t tag, char *ret_text, size_t size)
{
    struct span text;
    TRY(der_read_text(reader, tag, &text));
    if (text.len >= size) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return ERR_INPUT;
        }
    }
    memcpy(ret_text, text.data, text.len);
    ret_text[text.len] = '\0';
    return OK;
}
