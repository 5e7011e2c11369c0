/* SEQUENCE { id, from, until, one text a language }. */
#include "lib/wire/notice.h"

void control_notice_write(struct der_writer *writer, const void *object)
{
    const struct notice *notice = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, notice->id);
    der_write_int64(writer, notice->from);
    der_write_int64(writer, notice->until);
    for (enum notice_language i = 0; i < NOTICE_LANGUAGE_COUNT; i++) {
        der_write_text(writer, DER_UTF8_STRING, notice->texts[i]);
    }
    der_close(writer);
}

enum err control_notice_read(struct der *body, struct notice *ret_notice)
{
    struct der inner;
    struct notice notice;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_int64(&inner, &notice.id));
    TRY(der_read_int64(&inner, &notice.from));
    TRY(der_read_int64(&inner, &notice.until));
    for (enum notice_language i = 0; i < NOTICE_LANGUAGE_COUNT; i++) {
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, notice.texts[i], NOTICE_TEXT_MAX));
    }
    TRY(der_finish(&inner));
    *ret_notice = notice;
    return OK;
}

void control_notices_write(struct der_writer *writer, const void *object)
{
    const struct control_notices *notices = object;
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < notices->count; i++) {
        control_notice_write(writer, &notices->rows[i]);
    }
    der_close(writer);
}

enum err control_notices_read(struct der *body, struct control_notices *ret_notices)
{
    struct der list;
    size_t count = 0;
    TRY(der_enter(body, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (count == NOTICES_MAX) {
            return ERR_LIMIT;
        }
        TRY(control_notice_read(&list, &ret_notices->rows[count]));
        count++;
    }
    ret_notices->count = count;
    return OK;
}
