/* The outbox takes the same mail once; the second that it was proved in makes it another one. */
#include "proc/registrar/passed.h"
#include "lib/store/session.h"
#include "lib/text/json.h"

#include <stdio.h>

enum err passed_mail_write(const struct registrar *registrar, const struct application *application,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], struct arena *arena, struct outbox_row *ret_row)
{
    char proved[TIME_TEXT_MAX];
    struct value_tree tree = value_tree_make(arena);
    struct value *parameters = value_object(&tree);
    time_format_rfc3339(clock_now(&registrar->clock), proved);
    value_put_text(&tree, parameters, "portal_url", registrar->config.portal.url);
    value_put_text(&tree, parameters, "server_name", application->names[0]);
    value_put_text(&tree, parameters, "name", application->representative.name);
    value_put_text(&tree, parameters, "proved", proved);
    TRY(value_tree_check(&tree));
    AUTO(buf) text = buf_make(OUTBOX_PARAMETERS_MAX);
    json_format(&text, parameters);
    TRY(buf_check(&text));
    struct outbox_row row = { .kind = "dcv-passed" };
    memcpy(row.enrolment, enrolment, sizeof row.enrolment);
    snprintf(row.recipient, sizeof row.recipient, "%s", application->representative.email);
    snprintf(row.language, sizeof row.language, "%s", application->representative.language);
    row.parameters = arena_text(arena, buf_span(&text));
    if (row.parameters == NULL) {
        return ERR_MEMORY;
    }
    *ret_row = row;
    return OK;
}

enum err passed_mail_add(
    struct store *store, const struct act *act, const struct outbox_row *row, bool by_itself)
{
    int64_t seen = 0;
    TRY(store_session_last_seen(store, row->enrolment, &seen));
    bool watched = seen + SESSION_WATCHES_SECONDS > act->time;
    return by_itself || !watched ? store_outbox_add(store, act, row) : OK;
}
