/* SEQUENCE OF SEQUENCE { asked, outcome, dnssec, ttl, records, milliseconds, via, seen }. */
#include "lib/wire/question.h"
#include "lib/wire/message.h"

static enum err question_read(struct der *reader, struct question *ret_question);

void questions_write(struct der_writer *writer, const struct questions *questions)
{
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < questions->count; i++) {
        const struct question *question = &questions->rows[i];
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_IA5_STRING, question->asked);
        der_write_text(writer, DER_IA5_STRING, question->outcome);
        der_write_int64(writer, question->dnssec);
        der_write_int64(writer, question->ttl);
        der_write_int64(writer, question->records);
        der_write_int64(writer, question->milliseconds);
        der_write_text(writer, DER_IA5_STRING, question->via);
        der_write_text(writer, DER_IA5_STRING, question->seen);
        der_close(writer);
    }
    der_close(writer);
}

enum err questions_read(struct der *reader, struct questions *ret_questions)
{
    struct der list;
    size_t count = 0;
    TRY(der_enter(reader, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (count == QUESTIONS_MAX) {
            return ERR_LIMIT;
        }
        TRY(question_read(&list, &ret_questions->rows[count]));
        count++;
    }
    ret_questions->count = count;
    return OK;
}

static enum err question_read(struct der *reader, struct question *ret_question)
{
    struct der inner;
    struct question question = { 0 };
    unsigned dnssec = 0;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(message_line_read(&inner, DER_IA5_STRING, question.asked, sizeof question.asked));
    TRY(message_line_read(&inner, DER_IA5_STRING, question.outcome, sizeof question.outcome));
    TRY(der_read_uint(&inner, DNSSEC_UNKNOWN, &dnssec));
    question.dnssec = (enum dnssec_state)dnssec;
    TRY(der_read_uint(&inner, INT32_MAX, &question.ttl));
    TRY(der_read_uint(&inner, INT32_MAX, &question.records));
    TRY(der_read_uint(&inner, INT32_MAX, &question.milliseconds));
    TRY(message_line_read(&inner, DER_IA5_STRING, question.via, sizeof question.via));
    TRY(message_line_read(&inner, DER_IA5_STRING, question.seen, sizeof question.seen));
    TRY(der_finish(&inner));
    *ret_question = question;
    return OK;
}
