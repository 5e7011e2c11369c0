/* ecertadm's messages, both directions. */
#include "lib/wire/control.h"

#include <stdio.h>

void control_new_write(struct der_writer *writer, const void *object)
{
    const struct control_new *new = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, new->application);
    der_close(writer);
}

enum err control_new_read(struct der *body, struct control_new *ret_new)
{
    struct der inner;
    struct span application;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read(&inner, DER_OCTET_STRING, &application));
    TRY(der_finish(&inner));
    ret_new->application = application;
    return OK;
}

void control_created_write(struct der_writer *writer, const void *object)
{
    const struct control_created *created = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(created->id));
    der_write_octets(writer, SPAN_OF(created->hash));
    der_close(writer);
}

enum err control_created_read(struct der *body, struct control_created *ret_created)
{
    struct der inner;
    struct control_created created;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, created.id, APPLICATION_ID_BYTES));
    TRY(der_read_fixed(&inner, created.hash, HASH_BYTES));
    TRY(der_finish(&inner));
    *ret_created = created;
    return OK;
}

void control_page_write(struct der_writer *writer, const void *object)
{
    const struct control_page *page = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, page->from);
    der_close(writer);
}

enum err control_page_read(struct der *body, struct control_page *ret_page)
{
    struct der inner;
    unsigned from;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_uint(&inner, INT32_MAX, &from));
    TRY(der_finish(&inner));
    ret_page->from = from;
    return OK;
}

void control_object_write(struct der_writer *writer, const void *object)
{
    const struct control_object *id = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(id->id));
    der_close(writer);
}

enum err control_object_read(struct der *body, struct control_object *ret_object)
{
    struct der inner;
    struct control_object id;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, id.id, APPLICATION_ID_BYTES));
    TRY(der_finish(&inner));
    *ret_object = id;
    return OK;
}

void control_applications_write(struct der_writer *writer, const void *object)
{
    const struct control_applications *list = object;
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < list->count; i++) {
        const struct control_application_row *row = &list->rows[i];
        der_open(writer, DER_SEQUENCE);
        der_write_octets(writer, SPAN_OF(row->id));
        der_write_text(writer, DER_UTF8_STRING, row->name);
        der_write_text(writer, DER_UTF8_STRING, row->organisation);
        der_write_text(writer, DER_UTF8_STRING, row->state);
        der_write_text(writer, DER_UTF8_STRING, row->validation);
        der_write_generalized_time(writer, row->created);
        der_close(writer);
    }
    der_close(writer);
}

enum err control_applications_read(
    struct der *body, struct arena *arena, struct control_applications *ret_rows)
{
    struct der list, inner;
    struct control_application_row *rows = arena_alloc(arena, CONTROL_PAGE_ROWS, sizeof *rows);
    size_t count = 0;
    if (rows == NULL) {
        return ERR_MEMORY;
    }
    TRY(der_enter(body, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (count == CONTROL_PAGE_ROWS) {
            return ERR_LIMIT;
        }
        struct control_application_row *row = &rows[count++];
        TRY(der_enter(&list, DER_SEQUENCE, &inner));
        TRY(der_read_fixed(&inner, row->id, APPLICATION_ID_BYTES));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->name, sizeof row->name));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->organisation, sizeof row->organisation));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->state, sizeof row->state));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->validation, sizeof row->validation));
        TRY(der_read_generalized_time(&inner, &row->created));
        TRY(der_finish(&inner));
    }
    *ret_rows = (struct control_applications){ rows, count };
    return OK;
}

void control_application_write(struct der_writer *writer, const void *object)
{
    const struct control_application *application = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, application->der);
    der_write_text(writer, DER_UTF8_STRING, application->state);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < application->approval_count; i++) {
        der_write_octets(writer, application->approvals[i]);
    }
    der_close(writer);
    der_write_text(writer, DER_UTF8_STRING, application->reference);
    der_write_text(writer, DER_UTF8_STRING, application->enrolment_state);
    der_write_text(writer, DER_UTF8_STRING, application->validation);
    der_write_text(writer, DER_UTF8_STRING, application->problem);
    if (application->returned != 0) {
        der_open(writer, DER_CONTEXT(0));
        der_write_generalized_time(writer, application->returned);
        der_write_text(writer, DER_UTF8_STRING, application->return_step);
        der_write_text(writer, DER_UTF8_STRING, application->return_actor);
        der_write_octets(writer, application->return_reason);
        der_close(writer);
    }
    der_close(writer);
}

static enum err return_read(struct der *inner, struct control_application *found)
{
    struct der returned;
    TRY(der_enter(inner, DER_CONTEXT(0), &returned));
    TRY(der_read_generalized_time(&returned, &found->returned));
    TRY(der_read_cstring(
        &returned, DER_UTF8_STRING, found->return_step, sizeof found->return_step));
    TRY(der_read_cstring(
        &returned, DER_UTF8_STRING, found->return_actor, sizeof found->return_actor));
    TRY(der_read(&returned, DER_OCTET_STRING, &found->return_reason));
    return der_finish(&returned);
}

enum err control_application_read(struct der *body, struct control_application *ret_application)
{
    struct der inner, approvals;
    struct control_application found = { 0 };
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read(&inner, DER_OCTET_STRING, &found.der));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, found.state, sizeof found.state));
    TRY(der_enter(&inner, DER_SEQUENCE, &approvals));
    while (!der_empty(&approvals)) {
        if (found.approval_count == APPROVALS_MAX) {
            return ERR_LIMIT;
        }
        TRY(der_read(&approvals, DER_OCTET_STRING, &found.approvals[found.approval_count]));
        found.approval_count++;
    }
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, found.reference, sizeof found.reference));
    TRY(der_read_cstring(
        &inner, DER_UTF8_STRING, found.enrolment_state, sizeof found.enrolment_state));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, found.validation, sizeof found.validation));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, found.problem, sizeof found.problem));
    if (!der_empty(&inner)) {
        TRY(return_read(&inner, &found));
    }
    TRY(der_finish(&inner));
    *ret_application = found;
    return OK;
}

void control_approve_write(struct der_writer *writer, const void *object)
{
    const struct control_approve *approve = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(approve->id));
    der_write_octets(writer, approve->approval);
    der_close(writer);
}

enum err control_approve_read(struct der *body, struct control_approve *ret_approve)
{
    struct der inner;
    struct control_approve approve;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, approve.id, APPLICATION_ID_BYTES));
    TRY(der_read(&inner, DER_OCTET_STRING, &approve.approval));
    TRY(der_finish(&inner));
    *ret_approve = approve;
    return OK;
}

void control_approved_write(struct der_writer *writer, const void *object)
{
    const struct control_approved *approved = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, approved->state);
    der_write_text(writer, DER_UTF8_STRING, approved->reference);
    der_close(writer);
}

enum err control_approved_read(struct der *body, struct control_approved *ret_approved)
{
    struct der inner;
    struct control_approved approved;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, approved.state, sizeof approved.state));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, approved.reference, sizeof approved.reference));
    TRY(der_finish(&inner));
    *ret_approved = approved;
    return OK;
}

void control_certificates_write(struct der_writer *writer, const void *object)
{
    const struct control_certificates *list = object;
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < list->count; i++) {
        const struct control_certificate_row *row = &list->rows[i];
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_UTF8_STRING, row->serial);
        der_write_text(writer, DER_UTF8_STRING, row->issuer);
        der_write_text(writer, DER_UTF8_STRING, row->name);
        der_write_text(writer, DER_UTF8_STRING, row->state);
        der_write_generalized_time(writer, row->not_before);
        der_write_generalized_time(writer, row->not_after);
        der_write_text(writer, DER_UTF8_STRING, row->problem);
        der_close(writer);
    }
    der_close(writer);
}

enum err control_certificates_read(
    struct der *body, struct arena *arena, struct control_certificates *ret_rows)
{
    struct der list, inner;
    struct control_certificate_row *rows = arena_alloc(arena, CONTROL_PAGE_ROWS, sizeof *rows);
    size_t count = 0;
    if (rows == NULL) {
        return ERR_MEMORY;
    }
    TRY(der_enter(body, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (count == CONTROL_PAGE_ROWS) {
            return ERR_LIMIT;
        }
        struct control_certificate_row *row = &rows[count++];
        TRY(der_enter(&list, DER_SEQUENCE, &inner));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->serial, sizeof row->serial));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->issuer, sizeof row->issuer));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->name, sizeof row->name));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->state, sizeof row->state));
        TRY(der_read_generalized_time(&inner, &row->not_before));
        TRY(der_read_generalized_time(&inner, &row->not_after));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->problem, sizeof row->problem));
        TRY(der_finish(&inner));
    }
    *ret_rows = (struct control_certificates){ rows, count };
    return OK;
}

void control_revoke_write(struct der_writer *writer, const void *object)
{
    const struct control_revoke *revoke = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, span_make(revoke->serial, revoke->serial_len));
    der_write_int64(writer, revoke->reason);
    der_close(writer);
}

enum err control_revoke_read(struct der *body, struct control_revoke *ret_revoke)
{
    struct der inner;
    struct span serial;
    struct control_revoke revoke = { 0 };
    unsigned reason;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read(&inner, DER_OCTET_STRING, &serial));
    TRY(der_read_uint(&inner, REVOCATION_PRIVILEGE_WITHDRAWN, &reason));
    TRY(der_finish(&inner));
    if (serial.len == 0 || serial.len > SERIAL_MAX_BYTES || revocation_reason_id(reason) == NULL) {
        return ERR_INPUT;
    }
    memcpy(revoke.serial, serial.data, serial.len);
    revoke.serial_len = serial.len;
    revoke.reason = (enum revocation_reason)reason;
    *ret_revoke = revoke;
    return OK;
}

void control_crl_write(struct der_writer *writer, const void *object)
{
    const struct control_crl *crl = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, crl->issuer);
    der_close(writer);
}

enum err control_crl_read(struct der *body, struct control_crl *ret_crl)
{
    struct der inner;
    struct control_crl crl;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, crl.issuer, sizeof crl.issuer));
    TRY(der_finish(&inner));
    *ret_crl = crl;
    return OK;
}

void control_number_write(struct der_writer *writer, const void *object)
{
    const struct control_number *number = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, number->number);
    der_close(writer);
}

enum err control_number_read(struct der *body, struct control_number *ret_number)
{
    struct der inner;
    struct control_number number;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_int64(&inner, &number.number));
    TRY(der_finish(&inner));
    *ret_number = number;
    return OK;
}

void control_publish_write(struct der_writer *writer, const void *object)
{
    const struct control_publish *publish = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, publish->name);
    der_write_octets(writer, publish->content);
    der_close(writer);
}

enum err control_publish_read(struct der *body, struct control_publish *ret_publish)
{
    struct der inner;
    struct control_publish publish;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, publish.name, sizeof publish.name));
    TRY(der_read(&inner, DER_OCTET_STRING, &publish.content));
    TRY(der_finish(&inner));
    *ret_publish = publish;
    return OK;
}

void control_facts_write(struct der_writer *writer, const void *object)
{
    const struct control_facts *facts = object;
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < facts->count; i++) {
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_UTF8_STRING, facts->facts[i].name);
        der_write_text(writer, DER_UTF8_STRING, facts->facts[i].text);
        der_close(writer);
    }
    der_close(writer);
}

enum err control_facts_read(struct der *body, struct control_facts *ret_facts)
{
    struct der list, inner;
    ret_facts->count = 0;
    TRY(der_enter(body, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (ret_facts->count == CONTROL_FACTS_MAX) {
            return ERR_LIMIT;
        }
        struct control_fact *fact = &ret_facts->facts[ret_facts->count];
        TRY(der_enter(&list, DER_SEQUENCE, &inner));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, fact->name, sizeof fact->name));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, fact->text, sizeof fact->text));
        TRY(der_finish(&inner));
        ret_facts->count++;
    }
    return OK;
}

void control_fact_add(struct control_facts *facts, const char *name, const char *text)
{
    if (facts->count < CONTROL_FACTS_MAX) {
        struct control_fact *fact = &facts->facts[facts->count++];
        struct reason clean;
        (void)reason_set(&clean, ERR_INPUT, NULL, NULL, text, NULL); /* cuts and cleans */
        snprintf(fact->name, sizeof fact->name, "%s", name);
        memcpy(fact->text, clean.seen, sizeof fact->text);
    }
}
