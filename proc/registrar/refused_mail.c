/* A record of somebody's domain says where the mail goes, so its address is held to the plain form
 * before it is kept, and one mail is sent for an enrolment, whatever the record says next time. */
#include "proc/registrar/refused_mail.h"
#include "lib/http/mail.h"
#include "lib/text/json.h"

#include <stdio.h>

static const struct report_step *contact_find(
    const struct report *report, const struct report_step **ret_refusal);

enum err refused_mail_write(const struct registrar *registrar, const char *name,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct report *report, struct arena *arena,
    struct outbox_row **ret_row)
{
    struct mail_address address;
    const struct report_step *refusal = NULL;
    const struct report_step *contact = contact_find(report, &refusal);
    *ret_row = NULL;
    if (contact == NULL || mail_address_from_url(span_from_text(contact->seen), &address) != OK) {
        return OK;
    }
    struct value_tree tree = value_tree_make(arena);
    struct value *parameters = value_object(&tree);
    const struct {
        const char *name, *text;
    } texts[] = {
        { "server_name", name },
        { "record", refusal->seen },
        { "asked", refusal->asked },
        { "identity", registrar->roster.caa_identity },
        { "enquiry", registrar->config.portal.enquiry_email },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        value_put_text(&tree, parameters, texts[i].name, texts[i].text);
    }
    AUTO(buf) text = buf_make(OUTBOX_PARAMETERS_MAX);
    TRY(value_tree_check(&tree));
    json_format(&text, parameters);
    TRY(buf_check(&text));
    struct outbox_row *row = arena_alloc(arena, 1, sizeof *row);
    const char *kept = arena_text(arena, buf_span(&text));
    if (row == NULL || kept == NULL) {
        return ERR_MEMORY;
    }
    *row = (struct outbox_row){ .kind = "caa-refused", .language = "en", .parameters = kept };
    memcpy(row->enrolment, enrolment, sizeof row->enrolment);
    snprintf(row->recipient, sizeof row->recipient, "%s", address.text);
    *ret_row = row;
    return OK;
}

enum err refused_mail_add(struct store *store, const struct act *act, const struct outbox_row *row)
{
    bool told = false;
    TRY(store_outbox_told(store, row, &told));
    return told ? OK : store_outbox_add(store, act, row);
}

/* The step behind the one that says what CAA refused. */
static const struct report_step *contact_find(
    const struct report *report, const struct report_step **ret_refusal)
{
    for (size_t i = 1; i < report->count; i++) {
        if (strcmp(report->steps[i].code, "caa.iodef") == 0) {
            *ret_refusal = &report->steps[i - 1];
            return &report->steps[i];
        }
    }
    return NULL;
}
