/* Both ends of the courier's conversation. */
#include "lib/wire/courier.h"

void courier_render_write(struct der_writer *writer, const void *object)
{
    const struct courier_render *render = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(render->enrolment));
    der_write_text(writer, DER_UTF8_STRING, render->reference);
    der_write_octets(writer, render->application);
    der_write_text(writer, DER_UTF8_STRING, render->portal_url);
    der_close(writer);
}

enum err courier_render_read(struct der *body, struct courier_render *ret_render)
{
    struct der inner;
    struct courier_render render;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, render.enrolment, ENROLMENT_ID_BYTES));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, render.reference, REFERENCE_TEXT_MAX));
    TRY(der_read(&inner, DER_OCTET_STRING, &render.application));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, render.portal_url, PORTAL_URL_MAX));
    TRY(der_finish(&inner));
    *ret_render = render;
    return OK;
}

void courier_pin_write(struct der_writer *writer, const void *object)
{
    const struct courier_pin *pin = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, pin->hash);
    der_close(writer);
}

enum err courier_pin_read(struct der *body, struct courier_pin *ret_pin)
{
    struct der inner;
    struct courier_pin pin;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, pin.hash, PIN_HASH_TEXT_MAX));
    TRY(der_finish(&inner));
    *ret_pin = pin;
    return OK;
}

void courier_letters_write(struct der_writer *writer, const void *object)
{
    const struct courier_letters *letters = object;
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < letters->count; i++) {
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_UTF8_STRING, letters->letters[i].reference);
        der_write_generalized_time(writer, letters->letters[i].rendered);
        der_close(writer);
    }
    der_close(writer);
}

enum err courier_letters_read(
    struct der *body, struct arena *arena, struct courier_letters *ret_letters)
{
    struct der list, inner;
    TRY(der_enter(body, DER_SEQUENCE, &list));
    struct courier_letters letters = { arena_alloc(arena, LETTERS_MAX, sizeof(struct letter)), 0 };
    if (letters.letters == NULL) {
        return ERR_MEMORY;
    }
    while (!der_empty(&list)) {
        if (letters.count == LETTERS_MAX) {
            return ERR_LIMIT;
        }
        struct letter *letter = &letters.letters[letters.count++];
        TRY(der_enter(&list, DER_SEQUENCE, &inner));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, letter->reference, REFERENCE_TEXT_MAX));
        TRY(der_read_generalized_time(&inner, &letter->rendered));
        TRY(der_finish(&inner));
    }
    *ret_letters = letters;
    return OK;
}

void courier_print_write(struct der_writer *writer, const void *object)
{
    const struct courier_print *print = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, print->reference);
    der_close(writer);
}

enum err courier_print_read(struct der *body, struct courier_print *ret_print)
{
    struct der inner;
    struct courier_print print;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, print.reference, REFERENCE_TEXT_MAX));
    TRY(der_finish(&inner));
    *ret_print = print;
    return OK;
}

enum err courier_call_render(struct client *client, const struct courier_render *render,
    struct courier_pin *ret_pin, struct reason *ret_reason)
{
    struct request request = request_make(COURIER_RENDER, courier_render_write, render);
    AUTO(answer) answer = answer_none();
    TRY(client_call(client, &request, &answer, ret_reason));
    return courier_pin_read(&answer.body, ret_pin) == OK ? OK : ERR_PEER;
}

enum err courier_call_letters(struct client *client, struct arena *arena,
    struct courier_letters *ret_letters, struct reason *ret_reason)
{
    struct request request = request_make(COURIER_LETTERS, nothing_write, NULL);
    AUTO(answer) answer = answer_none();
    TRY(client_call(client, &request, &answer, ret_reason));
    return courier_letters_read(&answer.body, arena, ret_letters) == OK ? OK : ERR_PEER;
}

enum err courier_call_print(struct client *client, const struct courier_print *print, int *ret_fd,
    struct reason *ret_reason)
{
    struct request request = request_make(COURIER_PRINT, courier_print_write, print);
    AUTO(answer) answer = answer_none();
    TRY(client_call(client, &request, &answer, ret_reason));
    return answer_take_fd(&answer, ret_fd);
}
