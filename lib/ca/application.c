/* The application's DER, both ways, and its hash. What may stand in it is application_check.c's. */
#include "lib/ca/application.h"
#include "lib/ca/internal.h"
#include "lib/der/writer.h"

enum { APPLICATION_VERSION = 1, APPLICATION_MAX_BYTES = 48 * 1024 };

static void application_write(struct der_writer *writer, const void *object);
static void texts_write(struct der_writer *writer, const char *const *texts, size_t count);
static enum err names_read(
    struct der *reader, struct arena *arena, struct application *application);
static enum err subject_read(struct der *reader, struct arena *arena, struct subject *ret_subject);
static enum err ev_read(struct der *reader, struct arena *arena, struct ev_identity *ret_ev);
static enum err representative_read(
    struct der *reader, struct arena *arena, struct representative *ret_representative);

enum err application_format(const struct application *application, struct buf *der)
{
    return der_encode(application_write, application, der);
}

static void application_write(struct der_writer *writer, const void *object)
{
    const struct application *application = object;
    const struct subject *subject = &application->subject;
    const struct ev_identity *ev = &application->ev;
    const struct representative *representative = &application->representative;
    const char *const subject_texts[] = { subject->country, subject->state_or_province,
        subject->locality, subject->organisation, subject->organisation_zh, subject->branch,
        subject->branch_zh, subject->brn, subject->ci_cr, subject->other_document, subject->srn };
    const char *const ev_texts[] = { ev->business_category, ev->jurisdiction_country,
        ev->registration_number };

    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, APPLICATION_VERSION);
    der_write_octets(writer, SPAN_OF(application->id));
    der_write_int64(writer, application->edition);
    texts_write(writer, application->names, application->name_count);
    texts_write(writer, subject_texts, sizeof subject_texts / sizeof subject_texts[0]);
    texts_write(writer, ev_texts, sizeof ev_texts / sizeof ev_texts[0]);
    der_write_boolean(writer, application->government);
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, representative->name);
    der_write_text(writer, DER_UTF8_STRING, representative->email);
    der_write_text(writer, DER_UTF8_STRING, representative->language);
    texts_write(writer, representative->address, representative->address_count);
    der_close(writer);
    der_write_generalized_time(writer, application->created);
    der_close(writer);
}

static void texts_write(struct der_writer *writer, const char *const *texts, size_t count)
{
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        der_write_text(writer, DER_UTF8_STRING, texts[i]);
    }
    der_close(writer);
}

enum err application_parse(
    struct span der, struct arena *arena, struct application *ret_application)
{
    struct der reader = der_reader(der), inner;
    struct application application = { 0 };
    unsigned version, edition;
    if (der.len > APPLICATION_MAX_BYTES) {
        return ERR_LIMIT;
    }
    TRY(der_enter(&reader, DER_SEQUENCE, &inner));
    TRY(der_finish(&reader));
    TRY(der_read_uint(&inner, UINT8_MAX, &version));
    if (version != APPLICATION_VERSION) {
        return ERR_UNSUPPORTED;
    }
    TRY(der_read_fixed(&inner, application.id, APPLICATION_ID_BYTES));
    TRY(der_read_uint(&inner, EDITION_COUNT - 1, &edition));
    application.edition = (enum edition)edition;
    TRY(names_read(&inner, arena, &application));
    TRY(subject_read(&inner, arena, &application.subject));
    TRY(ev_read(&inner, arena, &application.ev));
    TRY(der_read_boolean(&inner, &application.government));
    TRY(representative_read(&inner, arena, &application.representative));
    TRY(der_read_generalized_time(&inner, &application.created));
    TRY(der_finish(&inner));
    *ret_application = application;
    return OK;
}

static enum err names_read(struct der *reader, struct arena *arena, struct application *application)
{
    struct der names;
    TRY(der_enter(reader, DER_SEQUENCE, &names));
    application->names = arena_alloc(arena, APPLICATION_NAMES_MAX, sizeof application->names[0]);
    if (application->names == NULL) {
        return ERR_MEMORY;
    }
    while (!der_empty(&names)) {
        if (application->name_count == APPLICATION_NAMES_MAX) {
            return ERR_LIMIT;
        }
        TRY(text_read(&names, arena, &application->names[application->name_count]));
        application->name_count++;
    }
    return OK;
}

static enum err subject_read(struct der *reader, struct arena *arena, struct subject *ret_subject)
{
    struct der inner;
    const char **const texts[] = { &ret_subject->country, &ret_subject->state_or_province,
        &ret_subject->locality, &ret_subject->organisation, &ret_subject->organisation_zh,
        &ret_subject->branch, &ret_subject->branch_zh, &ret_subject->brn, &ret_subject->ci_cr,
        &ret_subject->other_document, &ret_subject->srn };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        TRY(text_read(&inner, arena, texts[i]));
    }
    return der_finish(&inner);
}

static enum err ev_read(struct der *reader, struct arena *arena, struct ev_identity *ret_ev)
{
    struct der inner;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(text_read(&inner, arena, &ret_ev->business_category));
    TRY(text_read(&inner, arena, &ret_ev->jurisdiction_country));
    TRY(text_read(&inner, arena, &ret_ev->registration_number));
    return der_finish(&inner);
}

static enum err representative_read(
    struct der *reader, struct arena *arena, struct representative *ret_representative)
{
    struct der inner, address;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(text_read(&inner, arena, &ret_representative->name));
    TRY(text_read(&inner, arena, &ret_representative->email));
    TRY(text_read(&inner, arena, &ret_representative->language));
    TRY(der_enter(&inner, DER_SEQUENCE, &address));
    while (!der_empty(&address)) {
        if (ret_representative->address_count == ADDRESS_LINES_MAX) {
            return ERR_LIMIT;
        }
        TRY(text_read(
            &address, arena, &ret_representative->address[ret_representative->address_count]));
        ret_representative->address_count++;
    }
    return der_finish(&inner);
}

enum err application_hash(struct span der, uint8_t ret_hash[HASH_BYTES])
{
    return tagged_hash("ecert application v1", der, ret_hash);
}

enum err application_certificate_names(const struct application *application, struct arena *arena,
    const char ***ret_names, size_t *ret_count)
{
    bool wildcard = edition_rules(application->edition)->wildcard;
    const char **names = arena_alloc(arena, application->name_count + wildcard, sizeof names[0]);
    if (names == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < application->name_count; i++) {
        names[i] = application->names[i];
    }
    if (wildcard) {
        names[application->name_count] = application->names[0] + strlen("*.");
    }
    *ret_names = names;
    *ret_count = application->name_count + wildcard;
    return OK;
}
