/* The officers' questions about the government's names, both directions. */
#include "lib/wire/validation.h"

#define READ_TEXT(reader, text) der_read_cstring(reader, DER_UTF8_STRING, text, sizeof(text))

void control_validate_write(struct der_writer *writer, const void *object)
{
    const struct control_validate *validate = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(validate->id));
    der_write_text(writer, DER_UTF8_STRING, validate->method);
    der_write_boolean(writer, validate->check);
    der_write_text(writer, DER_UTF8_STRING, validate->mail.address);
    der_write_text(writer, DER_UTF8_STRING, validate->mail.code);
    der_close(writer);
}

enum err control_validate_read(struct der *body, struct control_validate *ret_validate)
{
    struct der inner;
    struct control_validate validate = { 0 };
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, validate.id, APPLICATION_ID_BYTES));
    TRY(READ_TEXT(&inner, validate.method));
    TRY(der_read_boolean(&inner, &validate.check));
    TRY(READ_TEXT(&inner, validate.mail.address));
    TRY(READ_TEXT(&inner, validate.mail.code));
    TRY(der_finish(&inner));
    *ret_validate = validate;
    return OK;
}

static bool names_identity(const struct control_validation *validation);

void control_validation_write(struct der_writer *writer, const void *object)
{
    const struct control_validation *validation = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, validation->standing);
    der_write_int64(writer, validation->proved);
    der_write_int64(writer, validation->next_check);
    der_write_text(writer, DER_UTF8_STRING, validation->mail_address);
    der_write_text(writer, DER_UTF8_STRING, validation->mail_state);
    der_write_text(writer, DER_UTF8_STRING, validation->mail_seen);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < validation->count; i++) {
        der_open(writer, DER_SEQUENCE);
        challenge_write(writer, &validation->names[i].challenge);
        der_write_text(writer, DER_UTF8_STRING, validation->names[i].state);
        der_close(writer);
    }
    der_close(writer);
    if (names_identity(validation)) {
        der_write_text(writer, DER_CONTEXT_PRIMITIVE(0), validation->identity);
    }
    der_close(writer);
}

static bool names_identity(const struct control_validation *validation)
{
    bool lasting = validation->count > 0 && validation->names[0].challenge.method == DCV_PERSISTENT;
    return lasting && validation->identity != NULL && validation->identity[0] != '\0';
}

static enum err identity_read(struct der *reader, struct arena *arena, const char **ret_identity)
{
    char identity[HOST_NAME_MAX_LENGTH + 1] = "";
    if (der_peek(reader, DER_CONTEXT_PRIMITIVE(0))) {
        TRY(der_read_cstring(reader, DER_CONTEXT_PRIMITIVE(0), identity, sizeof identity));
    }
    const char *kept = arena_text(arena, span_from_text(identity));
    if (kept == NULL) {
        return ERR_MEMORY;
    }
    *ret_identity = kept;
    return OK;
}

enum err control_validation_read(
    struct der *body, struct arena *arena, struct control_validation *ret_validation)
{
    struct der inner, list, one;
    struct control_validation validation = { 0 };
    validation.names = arena_alloc(arena, APPLICATION_NAMES_MAX, sizeof *validation.names);
    if (validation.names == NULL) {
        return ERR_MEMORY;
    }
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(READ_TEXT(&inner, validation.standing));
    TRY(der_read_int64(&inner, &validation.proved));
    TRY(der_read_int64(&inner, &validation.next_check));
    TRY(READ_TEXT(&inner, validation.mail_address));
    TRY(READ_TEXT(&inner, validation.mail_state));
    TRY(READ_TEXT(&inner, validation.mail_seen));
    TRY(der_enter(&inner, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (validation.count == APPLICATION_NAMES_MAX) {
            return ERR_LIMIT;
        }
        struct control_validation_name *name = &validation.names[validation.count++];
        TRY(der_enter(&list, DER_SEQUENCE, &one));
        TRY(challenge_read(&one, &name->challenge));
        TRY(READ_TEXT(&one, name->state));
        TRY(der_finish(&one));
    }
    TRY(identity_read(&inner, arena, &validation.identity));
    TRY(der_finish(&inner));
    *ret_validation = validation;
    return OK;
}

void control_sight_write(struct der_writer *writer, const void *object)
{
    const struct control_sight *sight = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(sight->id));
    der_write_text(writer, DER_UTF8_STRING, sight->name);
    der_close(writer);
}

enum err control_sight_read(struct der *body, struct control_sight *ret_sight)
{
    struct der inner;
    struct control_sight sight = { 0 };
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, sight.id, APPLICATION_ID_BYTES));
    TRY(READ_TEXT(&inner, sight.name));
    TRY(der_finish(&inner));
    *ret_sight = sight;
    return OK;
}

void control_sightings_write(struct der_writer *writer, const void *object)
{
    const struct control_sightings *sightings = object;
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < sightings->count; i++) {
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_UTF8_STRING, sightings->rows[i].perspective);
        der_write_octets(writer, sightings->rows[i].observation);
        der_write_octets(writer, sightings->rows[i].report);
        der_close(writer);
    }
    der_close(writer);
}

enum err control_sightings_read(struct der *body, struct control_sightings *ret_sightings)
{
    struct der list, one;
    ret_sightings->count = 0;
    TRY(der_enter(body, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (ret_sightings->count == PERSPECTIVES_MAX) {
            return ERR_LIMIT;
        }
        struct control_sighting *sighting = &ret_sightings->rows[ret_sightings->count];
        TRY(der_enter(&list, DER_SEQUENCE, &one));
        TRY(READ_TEXT(&one, sighting->perspective));
        TRY(der_read(&one, DER_OCTET_STRING, &sighting->observation));
        TRY(der_read(&one, DER_OCTET_STRING, &sighting->report));
        TRY(der_finish(&one));
        ret_sightings->count++;
    }
    return OK;
}
