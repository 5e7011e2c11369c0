/* The enrolment exists, with its reference number, since the second approval. The courier draws the
 * PIN and renders the letter; only then hash and mail are committed together. Killed in between,
 * the courier is asked again: the new letter replaces the old one under the same reference, and no
 * letter is printed before its hash is here. */
#include "proc/registrar/credentials.h"
#include "lib/base/log.h"
#include "lib/store/application.h"
#include "lib/store/enrolment.h"
#include "lib/store/outbox.h"
#include "lib/text/json.h"
#include "lib/wire/courier.h"

#include <stdio.h>

enum { STEP_ENROLMENTS = 16 };

struct credentials {
    struct act act;
    const struct enrolment_row *enrolment;
    const char *pin_hash;
    struct outbox_row mail;
};

static enum err pin_make(struct registrar *registrar, struct client *courier,
    const struct enrolment_row *enrolment, struct reason *ret_reason);
static enum err mail_write(const struct registrar *registrar, const struct application *application,
    struct arena *arena, struct outbox_row *ret_mail);
static enum err credentials_commit(struct store *store, void *ctx);

enum err credentials_make(struct registrar *registrar, struct client *courier,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], struct reason *ret_reason)
{
    struct enrolment_row row = { 0 };
    pthread_mutex_lock(&registrar->courier_mutex);
    enum err err = store_enrolment_get(registrar->store, enrolment, &row);
    if (err == OK && row.pin_hash[0] == '\0') {
        err = pin_make(registrar, courier, &row, ret_reason);
    }
    pthread_mutex_unlock(&registrar->courier_mutex);
    return err;
}

static enum err pin_make(struct registrar *registrar, struct client *courier,
    const struct enrolment_row *enrolment, struct reason *ret_reason)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct application_row row = { 0 };
    struct application application = { 0 };
    struct courier_render render = { 0 };
    struct courier_pin pin = { 0 };
    TRY(store_application_get(registrar->store, enrolment->application, &arena, &row));
    TRY(application_parse(row.der, &arena, &application));
    memcpy(render.enrolment, enrolment->id, sizeof render.enrolment);
    snprintf(render.reference, sizeof render.reference, "%s", enrolment->reference);
    render.application = row.der;
    snprintf(render.portal_url, sizeof render.portal_url, "%s", registrar->config.portal.url);
    TRY(courier_call_render(courier, &render, &pin, ret_reason));
    struct credentials credentials = {
        .act = registrar_act(registrar), .enrolment = enrolment, .pin_hash = pin.hash
    };
    TRY(mail_write(registrar, &application, &arena, &credentials.mail));
    memcpy(credentials.mail.enrolment, enrolment->id, sizeof credentials.mail.enrolment);
    TRY(store_transact(registrar->store, credentials_commit, &credentials));
    log_event(LOG_INFO, "enrolment.letter_made", "reference", enrolment->reference, NULL);
    return OK;
}

static enum err mail_write(const struct registrar *registrar, const struct application *application,
    struct arena *arena, struct outbox_row *ret_mail)
{
    struct value_tree tree = value_tree_make(arena);
    struct value *parameters = value_object(&tree);
    value_put_text(&tree, parameters, "portal_url", registrar->config.portal.url);
    value_put_text(&tree, parameters, "server_name", application->names[0]);
    value_put_text(&tree, parameters, "organisation", application->subject.organisation);
    value_put_text(&tree, parameters, "name", application->representative.name);
    TRY(value_tree_check(&tree));
    AUTO(buf) text = buf_make(OUTBOX_PARAMETERS_MAX);
    json_format(&text, parameters);
    TRY(buf_check(&text));
    struct outbox_row mail = { .kind = "csr-invitation" };
    snprintf(mail.recipient, sizeof mail.recipient, "%s", application->representative.email);
    snprintf(mail.language, sizeof mail.language, "%s", application->representative.language);
    mail.parameters = arena_text(arena, buf_span(&text));
    if (mail.parameters == NULL) {
        return ERR_MEMORY;
    }
    *ret_mail = mail;
    return OK;
}

static enum err credentials_commit(struct store *store, void *ctx)
{
    struct credentials *credentials = ctx;
    TRY(store_enrolment_set_pin(
        store, &credentials->act, credentials->enrolment->id, credentials->pin_hash));
    return store_outbox_add(store, &credentials->act, &credentials->mail);
}

enum err credentials_step(struct registrar *registrar, struct client *courier, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct enrolment_row *rows = NULL;
    size_t count = 0;
    TRY(store_enrolment_without_pin(registrar->store, STEP_ENROLMENTS, &arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct reason reason = { 0 };
        enum err err = credentials_make(registrar, courier, rows[i].id, &reason);
        if (err != OK) {
            log_failure(LOG_WARNING, "enrolment.letter_waits", err, &reason);
            return err;
        }
    }
    *ret_worked = count > 0;
    return OK;
}
