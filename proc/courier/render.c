/* The making of a letter. */
#include "proc/courier/render.h"

#include "lib/base/secret.h"
#include "proc/courier/letter.h"
#include "proc/courier/shown.h"

enum { APPLICATION_ARENA_MAX = 256 * 1024 };

static enum err letter_make(const struct renderer *renderer, const struct courier_render *request,
    const struct application *application, struct arena *arena, char ret_phc[PIN_HASH_MAX]);
static const char *organisation_of(const struct application *application);

enum err render_letter(const struct renderer *renderer, const struct courier_render *request,
    char ret_phc[PIN_HASH_MAX], struct reason *ret_reason)
{
    struct application application;
    AUTO(arena) arena = arena_make(APPLICATION_ARENA_MAX);
    enum err err = spool_find(renderer->spool, request->reference, request->enrolment, ret_phc);
    if (err == OK) {
        return OK;
    }
    if (err != ERR_NOT_FOUND) {
        return reason_set(ret_reason, err, "courier.spool", request->reference, NULL, NULL);
    }
    err = application_parse(request->application, &arena, &application);
    if (err != OK) {
        return reason_set(ret_reason, err, "courier.application", request->reference, NULL, NULL);
    }
    err = letter_make(renderer, request, &application, &arena, ret_phc);
    return err == OK
               ? OK
               : reason_set(ret_reason, err, "courier.letter", request->reference, NULL, NULL);
}

static enum err letter_make(const struct renderer *renderer, const struct courier_render *request,
    const struct application *application, struct arena *arena, char ret_phc[PIN_HASH_MAX])
{
    const struct representative *representative = &application->representative;
    const struct language *english = language_by_tag(renderer->languages, "en");
    const struct language *language =
        language_by_tag(renderer->languages, representative->language);
    AUTO(secret) pin = { 0 };
    AUTO(buf) pdf = buf_make(LETTER_MAX_BYTES);
    char phc[PIN_HASH_MAX];
    const char *server_name = server_name_shown(arena, application->names[0]);
    if (server_name == NULL) {
        return ERR_MEMORY;
    }
    TRY(secret_new(PIN_DIGITS, &pin));
    TRY(random_digits(renderer->random, pin.data, pin.len));
    TRY(pin_hash(secret_span(&pin), renderer->random, phc));
    const struct letter_content content = {
        .language = language == NULL ? english : language,
        .english = english,
        .trial = renderer->trial,
        .reference = request->reference,
        .pin = secret_span(&pin),
        .name = representative->name,
        .organisation = organisation_of(application),
        .address = representative->address,
        .address_count = representative->address_count,
        .server_name = server_name,
        .portal_url = request->portal_url,
        .date = clock_now(renderer->clock),
    };
    /* A name with a character that no font has still gets its letter: an officer sees it printed.
     */
    unsigned unknown = 0;
    TRY(letter_draw(&content, &pdf, &unknown));
    enum err err =
        spool_put(renderer->spool, request->reference, request->enrolment, phc, buf_span(&pdf));
    explicit_bzero(pdf.data, pdf.len);
    TRY(err);
    memcpy(ret_phc, phc, sizeof phc);
    return OK;
}

/* The name in the language the letter is written in, where there is one. */
static const char *organisation_of(const struct application *application)
{
    const struct subject *subject = &application->subject;
    bool chinese = strncmp(application->representative.language, "zh", 2) == 0;
    return chinese && subject->organisation_zh[0] != '\0' ? subject->organisation_zh
                                                          : subject->organisation;
}

enum err render_warm_up(const struct renderer *renderer, struct reason *ret_reason)
{
    static const char *const no_address[] = { "香港" };
    const struct language *english = language_by_tag(renderer->languages, "en");
    if (english == NULL) {
        return ERR_NOT_FOUND;
    }
    for (size_t i = 0; language_at(renderer->languages, i) != NULL; i++) {
        const struct letter_content content = {
            .language = language_at(renderer->languages, i),
            .english = english,
            .reference = "000000000",
            .pin = SPAN_LITERAL("0000000000000000"),
            .name = "",
            .organisation = "",
            .address = no_address,
            .address_count = 1,
            .server_name = "",
            .portal_url = "",
        };
        AUTO(buf) pdf = buf_make(LETTER_MAX_BYTES);
        unsigned unknown = 0;
        TRY(letter_draw(&content, &pdf, &unknown));
        if (unknown > 0) {
            return reason_set(ret_reason, ERR_NOT_FOUND, "courier.fonts",
                language_tag(content.language), NULL, "Noto Sans CJK");
        }
    }
    return OK;
}
