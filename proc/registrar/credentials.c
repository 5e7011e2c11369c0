/* The enrolment exists, with its reference number, since the second approval. The courier draws the
 * PIN and renders the letter; only then hash and mail are committed together. Killed in between,
 * the courier is asked again: the new letter replaces the old one under the same reference, and no
 * letter is printed before its hash is here. */
#include "proc/registrar/credentials.h"
#include "lib/base/log.h"
#include "lib/store/application.h"
#include "lib/store/enrolment.h"
#include "lib/store/outbox.h"
#include "lib/wire/courier.h"
#include "proc/registrar/representative_mail.h"

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
    struct representative_mail mail = representative_mail_make(registrar, &application, &arena);
    TRY(representative_mail_write(&mail, "csr-invitation", enrolment->id, &credentials.mail));
    TRY(store_transact(registrar->store, credentials_commit, &credentials));
    log_event(LOG_INFO, "enrolment.letter_made", "reference", enrolment->reference, NULL);
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
