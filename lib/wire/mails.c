/* SEQUENCE { id, kind, recipient, application, name, queued, attempts, next try, problem, seen }.
 */
#include "lib/wire/mails.h"

static void mail_write(struct der_writer *writer, const struct control_mail *mail);
static enum err mail_read(struct der *list, struct control_mail *ret_mail);

void control_mails_write(struct der_writer *writer, const void *object)
{
    const struct control_mails *mails = object;
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < mails->count; i++) {
        mail_write(writer, &mails->rows[i]);
    }
    der_close(writer);
}

static void mail_write(struct der_writer *writer, const struct control_mail *mail)
{
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, mail->id);
    der_write_text(writer, DER_UTF8_STRING, mail->kind);
    der_write_text(writer, DER_UTF8_STRING, mail->recipient);
    der_write_octets(writer, SPAN_OF(mail->application));
    der_write_text(writer, DER_UTF8_STRING, mail->name);
    der_write_int64(writer, mail->queued);
    der_write_int64(writer, mail->attempts);
    der_write_int64(writer, mail->next_try);
    der_write_text(writer, DER_UTF8_STRING, mail->problem);
    der_write_text(writer, DER_UTF8_STRING, mail->seen);
    der_close(writer);
}

enum err control_mails_read(struct der *body, struct arena *arena, struct control_mails *ret_mails)
{
    struct der list;
    struct control_mails mails = { 0 };
    TRY(der_enter(body, DER_SEQUENCE, &list));
    mails.rows = arena_alloc(arena, CONTROL_PAGE_ROWS, sizeof *mails.rows);
    if (mails.rows == NULL) {
        return ERR_MEMORY;
    }
    while (!der_empty(&list)) {
        if (mails.count == CONTROL_PAGE_ROWS) {
            return ERR_LIMIT;
        }
        TRY(mail_read(&list, &mails.rows[mails.count]));
        mails.count++;
    }
    *ret_mails = mails;
    return OK;
}

static enum err mail_read(struct der *list, struct control_mail *ret_mail)
{
    struct der inner;
    struct control_mail mail = { 0 };
    TRY(der_enter(list, DER_SEQUENCE, &inner));
    TRY(der_read_int64(&inner, &mail.id));
    TRY(message_line_read(&inner, DER_UTF8_STRING, mail.kind, sizeof mail.kind));
    TRY(message_line_read(&inner, DER_UTF8_STRING, mail.recipient, sizeof mail.recipient));
    TRY(der_read_fixed(&inner, mail.application, APPLICATION_ID_BYTES));
    TRY(message_line_read(&inner, DER_UTF8_STRING, mail.name, sizeof mail.name));
    TRY(der_read_int64(&inner, &mail.queued));
    TRY(der_read_int64(&inner, &mail.attempts));
    TRY(der_read_int64(&inner, &mail.next_try));
    TRY(message_line_read(&inner, DER_UTF8_STRING, mail.problem, sizeof mail.problem));
    TRY(message_line_read(&inner, DER_UTF8_STRING, mail.seen, sizeof mail.seen));
    TRY(der_finish(&inner));
    *ret_mail = mail;
    return OK;
}
