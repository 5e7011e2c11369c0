/* Made before the transaction that adds it to the outbox, which may be run more than once. */
#include "proc/registrar/representative_mail.h"
#include "lib/text/json.h"

#include <stdio.h>

struct representative_mail representative_mail_make(
    const struct registrar *registrar, const struct application *application, struct arena *arena)
{
    struct representative_mail mail = { .application = application,
        .tree = value_tree_make(arena) };
    mail.parameters = value_object(&mail.tree);
    const struct {
        const char *name, *text;
    } texts[] = {
        { "portal_url", registrar->config.portal.url },
        { "server_name", application->names[0] },
        { "organisation", application->subject.organisation },
        { "name", application->representative.name },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        value_put_text(&mail.tree, mail.parameters, texts[i].name, texts[i].text);
    }
    return mail;
}

enum err representative_mail_write(const struct representative_mail *mail, const char *kind,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], struct outbox_row *ret_row)
{
    struct outbox_row row = { 0 };
    AUTO(buf) text = buf_make(OUTBOX_PARAMETERS_MAX);
    TRY(value_tree_check(&mail->tree));
    json_format(&text, mail->parameters);
    TRY(buf_check(&text));
    snprintf(row.kind, sizeof row.kind, "%s", kind);
    memcpy(row.enrolment, enrolment, sizeof row.enrolment);
    snprintf(row.recipient, sizeof row.recipient, "%s", mail->application->representative.email);
    snprintf(row.language, sizeof row.language, "%s", mail->application->representative.language);
    row.parameters = arena_text(mail->tree.arena, buf_span(&text));
    if (row.parameters == NULL) {
        return ERR_MEMORY;
    }
    *ret_row = row;
    return OK;
}
