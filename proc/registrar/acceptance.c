/* Silence is no consent: a certificate that nobody answered for is revoked and was never published.
 * The way on is another request, since nobody said that the details were wrong. */
#include "proc/registrar/acceptance.h"
#include "lib/base/log.h"
#include "lib/store/application.h"
#include "lib/store/enrolment.h"
#include "proc/registrar/representative_mail.h"

enum { WAITING_MAX = 4096, WAITING_ARENA_BYTES = 16 * 1024 * 1024 };

/* One certificate that waits, and what is done about it. */
struct waiting {
    struct act act;
    const struct enrolment_row *enrolment;
    struct certificate_row certificate;
    struct outbox_row mail;
    bool over;
};

static enum err waiting_handle(
    struct registrar *registrar, const struct enrolment_row *row, bool *ret_worked);
static enum err waiting_commit(struct store *store, void *ctx);

enum err acceptance_mail_write(const struct registrar *registrar,
    const struct acceptance_mail *mail, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct outbox_row *ret_row)
{
    char fingerprint[2 * HASH_BYTES + 1];
    char serial[2 * SERIAL_MAX_BYTES + 1];
    char day[TIME_TEXT_MAX];
    hex_format(span_make(mail->spki_hash, HASH_BYTES), fingerprint);
    hex_format(mail->serial, serial);
    struct representative_mail row = representative_mail_make(registrar, mail->application, arena);
    value_put_text(&row.tree, row.parameters, "fingerprint", fingerprint);
    /* The outbox takes the same mail once; another certificate is another mail. */
    value_put_text(&row.tree, row.parameters, "serial", serial);
    if (mail->deadline != 0) {
        time_format_day(mail->deadline, day);
        value_put_text(&row.tree, row.parameters, "deadline", day);
    }
    return representative_mail_write(&row, mail->kind, enrolment, ret_row);
}

enum err acceptance_step(struct registrar *registrar, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(WAITING_ARENA_BYTES);
    struct enrolment_row *rows = NULL;
    size_t count = 0;
    int64_t now = clock_now(&registrar->clock);
    enum err last = OK;
    TRY(store_enrolment_list(
        registrar->store, ENROLMENT_ISSUED, WAITING_MAX, &arena, &rows, &count));
    for (size_t i = 0; i < count && rows[i].updated + REMINDER_SECONDS <= now; i++) {
        enum err err = waiting_handle(registrar, &rows[i], ret_worked);
        if (err != OK && err != ERR_CONFLICT) { /* a conflict: answered for just now */
            log_event(LOG_ERROR, "acceptance.not_handled", "reference", rows[i].reference, "err",
                err_name(err), NULL);
            last = err;
        }
    }
    return last;
}

static enum err waiting_handle(
    struct registrar *registrar, const struct enrolment_row *row, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct application_row application_row = { 0 };
    struct application application = { 0 };
    struct request_id request = { .ordinal = row->ordinal };
    struct waiting waiting = { .act = registrar_act(registrar), .enrolment = row };
    bool told = false;
    memcpy(request.enrolment, row->id, sizeof request.enrolment);
    TRY(store_certificate_by_request(registrar->store, &request, &arena, &waiting.certificate));
    TRY(store_application_get(registrar->store, row->application, &arena, &application_row));
    TRY(application_parse(application_row.der, &arena, &application));
    waiting.over = row->updated + ACCEPTANCE_SECONDS <= waiting.act.time;
    const struct acceptance_mail mail = {
        .kind = waiting.over ? "certificate-unanswered" : "certificate-reminder",
        .application = &application,
        .spki_hash = waiting.certificate.spki_hash,
        .serial = waiting.certificate.serial,
        .deadline = row->updated + ACCEPTANCE_SECONDS,
    };
    TRY(acceptance_mail_write(registrar, &mail, row->id, &arena, &waiting.mail));
    TRY(store_outbox_contains(registrar->store, &waiting.mail, &told));
    if (told && !waiting.over) {
        return OK;
    }
    TRY(store_transact(registrar->store, waiting_commit, &waiting));
    log_event(waiting.over ? LOG_WARNING : LOG_INFO,
        waiting.over ? "certificate.unanswered" : "certificate.reminded", "reference",
        row->reference, NULL);
    *ret_worked = true;
    return OK;
}

static enum err waiting_commit(struct store *store, void *ctx)
{
    const struct waiting *waiting = ctx;
    const uint8_t *id = waiting->enrolment->id;
    enum enrolment_state state = ENROLMENT_OPEN;
    struct reason problem = { 0 };
    if (waiting->over) {
        TRY(store_enrolment_advance(store, &waiting->act, id, ENROLMENT_DECLINE_KEY, &state));
        TRY(store_certificate_decline(
            store, &waiting->act, &waiting->certificate.request, REVOCATION_UNSPECIFIED));
        (void)reason_set(&problem, ERR_DENIED, "certificate.unanswered", "", "", "");
        TRY(store_enrolment_set_problem(store, id, &problem));
    }
    return store_outbox_add(store, &waiting->act, &waiting->mail);
}
