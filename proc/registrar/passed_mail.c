/* The outbox takes the same mail once; the second that it was proved in makes it another one. */
#include "proc/registrar/passed_mail.h"
#include "lib/store/session.h"
#include "proc/registrar/representative_mail.h"

enum err passed_mail_write(const struct registrar *registrar, const struct application *application,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], struct arena *arena, struct outbox_row *ret_row)
{
    char proved[TIME_TEXT_MAX];
    struct representative_mail mail = representative_mail_make(registrar, application, arena);
    time_format_rfc3339(clock_now(&registrar->clock), proved);
    value_put_text(&mail.tree, mail.parameters, "proved", proved);
    return representative_mail_write(&mail, "dcv-passed", enrolment, ret_row);
}

enum err passed_mail_add(
    struct store *store, const struct act *act, const struct outbox_row *row, bool by_itself)
{
    int64_t seen = 0;
    TRY(store_session_last_seen(store, row->enrolment, &seen));
    bool watched = seen + SESSION_WATCHES_SECONDS > act->time;
    return by_itself || !watched ? store_outbox_add(store, act, row) : OK;
}
