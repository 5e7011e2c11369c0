/* `application new`: the JSON form of doc/architecture.md §8 becomes an application. Names may be
 * written in Unicode; unknown members are refused, so that no typing error is taken for an empty
 * field. */
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/dns/hostname.h"
#include "lib/text/json.h"
#include "lib/wire/control.h"

#include <stddef.h>

enum { FIELD_MAX = 1024 };

/* A text member of an object and where it goes. */
struct member {
    const char *name;
    size_t offset; /* of a const char * */
    bool required;
};

static const struct member subject_members[] = {
    { "country", offsetof(struct subject, country), true },
    { "state_or_province", offsetof(struct subject, state_or_province), false },
    { "locality", offsetof(struct subject, locality), false },
    { "organisation", offsetof(struct subject, organisation), true },
    { "organisation_zh", offsetof(struct subject, organisation_zh), false },
    { "branch", offsetof(struct subject, branch), false },
    { "branch_zh", offsetof(struct subject, branch_zh), false },
    { "brn", offsetof(struct subject, brn), false },
    { "ci_cr", offsetof(struct subject, ci_cr), false },
    { "other_document", offsetof(struct subject, other_document), false },
    { "srn", offsetof(struct subject, srn), true },
};
static const struct member ev_members[] = {
    { "business_category", offsetof(struct ev_identity, business_category), true },
    { "jurisdiction_country", offsetof(struct ev_identity, jurisdiction_country), true },
    { "registration_number", offsetof(struct ev_identity, registration_number), true },
};
static const struct member representative_members[] = {
    { "name", offsetof(struct representative, name), true },
    { "email", offsetof(struct representative, email), true },
    { "language", offsetof(struct representative, language), true },
};

#define MEMBERS(table) table, sizeof table / sizeof *table

static enum err form_read(
    struct call *call, const char *path, struct value_tree *tree, const struct value **ret_form);
static enum err application_read(struct call *call, const struct value *form, struct arena *arena,
    struct application *ret_application);
static enum err names_read(struct call *call, const struct value *form, struct arena *arena,
    struct application *application);
static enum err members_read(struct call *call, const struct value *object,
    const struct member *members, size_t count, void *record);
static enum err ev_read(struct call *call, const struct value *form, struct ev_identity *ev);
static enum err address_read(
    struct call *call, const struct value *object, struct representative *representative);
static enum err unknown_refuse(struct call *call, const struct value *form,
    const struct value *subject, const struct value *representative);
static enum err application_send(struct call *call, struct span der);

enum err application_new_run(struct call *call)
{
    const char *path = NULL;
    const struct value *form = NULL;
    struct application application = { 0 };
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    AUTO(buf) der = buf_make(MESSAGE_MAX_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, NULL, 0, &path, 1));
    TRY(form_read(call, path, &tree, &form));
    TRY(application_read(call, form, &arena, &application));
    TRY(application_check(&application, &call->reason));
    TRY(application_format(&application, &der));
    return application_send(call, buf_span(&der));
}

static enum err form_read(
    struct call *call, const char *path, struct value_tree *tree, const struct value **ret_form)
{
    AUTO(buf) text = { 0 };
    enum err err = file_read(path, MESSAGE_MAX_BYTES, &text);
    if (err != OK) {
        return reason_set(
            &call->reason, err, "application.file", path, err_name(err), "at most 128 KiB");
    }
    return json_parse(buf_span(&text), MESSAGE_MAX_BYTES, tree, ret_form, &call->reason);
}

static enum err application_read(struct call *call, const struct value *form, struct arena *arena,
    struct application *ret_application)
{
    struct clock clock = clock_system();
    const struct value *subject = NULL;
    const struct value *representative = NULL;
    const char *edition = NULL;
    TRY(json_get_text(form, "edition", FIELD_MAX, &edition, &call->reason));
    if (edition_from_id(edition, &ret_application->edition) != OK) {
        return reason_set(&call->reason, ERR_INPUT, "application.edition", "edition", edition,
            "server, wildcard, multi, ev or ev-multi");
    }
    TRY(names_read(call, form, arena, ret_application));
    TRY(json_get_object(form, "subject", &subject, &call->reason));
    TRY(json_get_object(form, "representative", &representative, &call->reason));
    TRY(unknown_refuse(call, form, subject, representative));
    TRY(members_read(call, subject, MEMBERS(subject_members), &ret_application->subject));
    TRY(ev_read(call, form, &ret_application->ev));
    TRY(members_read(
        call, representative, MEMBERS(representative_members), &ret_application->representative));
    TRY(address_read(call, representative, &ret_application->representative));
    TRY(json_get_bool_or(form, "government", false, &ret_application->government, &call->reason));
    ret_application->created = clock_now(&clock);
    return OK;
}

static enum err names_read(struct call *call, const struct value *form, struct arena *arena,
    struct application *application)
{
    const struct value *list = NULL;
    TRY(json_get_list(form, "names", &list, &call->reason));
    application->names = arena_alloc(arena, value_count(list), sizeof *application->names);
    if (application->names == NULL) {
        return ERR_MEMORY;
    }
    for (const struct value *e = value_first(list); e != NULL; e = value_next(e)) {
        struct dns_name name;
        const char *typed = value_text(e) == NULL ? "" : value_text(e);
        TRY(dns_name_parse(span_from_text(typed), DNS_NAME_HOST_OR_WILDCARD, &name, &call->reason));
        const char *text = arena_text(arena, span_from_text(name.text));
        if (text == NULL) {
            return ERR_MEMORY;
        }
        application->names[application->name_count++] = text;
    }
    return OK;
}

static enum err members_read(struct call *call, const struct value *object,
    const struct member *members, size_t count, void *record)
{
    for (size_t i = 0; i < count; i++) {
        const char **text = (const char **)(void *)((char *)record + members[i].offset);
        TRY(members[i].required
                ? json_get_text(object, members[i].name, FIELD_MAX, text, &call->reason)
                : json_get_text_or(object, members[i].name, FIELD_MAX, "", text, &call->reason));
    }
    return OK;
}

static enum err ev_read(struct call *call, const struct value *form, struct ev_identity *ev)
{
    const struct value *object = value_get(form, "ev");
    *ev = (struct ev_identity){ "", "", "" };
    return object == NULL ? OK : members_read(call, object, MEMBERS(ev_members), ev);
}

static enum err address_read(
    struct call *call, const struct value *object, struct representative *representative)
{
    const struct value *list = NULL;
    TRY(json_get_list(object, "address", &list, &call->reason));
    for (const struct value *e = value_first(list); e != NULL; e = value_next(e)) {
        if (representative->address_count == ADDRESS_LINES_MAX || value_text(e) == NULL) {
            return reason_set(&call->reason, ERR_INPUT, "application.representative_address",
                "address", NULL, "a list of one to six lines");
        }
        representative->address[representative->address_count++] = value_text(e);
    }
    return OK;
}

static enum err unknown_refuse(struct call *call, const struct value *form,
    const struct value *subject, const struct value *representative)
{
    static const char *const form_names[] = { "edition", "names", "subject", "ev", "government",
        "representative", NULL };
    static const char *const subject_names[] = { "country", "state_or_province", "locality",
        "organisation", "organisation_zh", "branch", "branch_zh", "brn", "ci_cr", "other_document",
        "srn", NULL };
    static const char *const ev_names[] = { "business_category", "jurisdiction_country",
        "registration_number", NULL };
    static const char *const representative_names[] = { "name", "email", "language", "address",
        NULL };
    const struct value *ev = value_get(form, "ev");
    TRY(json_refuse_unknown(form, form_names, &call->reason));
    TRY(json_refuse_unknown(subject, subject_names, &call->reason));
    if (ev != NULL) {
        TRY(json_get_object(form, "ev", &ev, &call->reason));
        TRY(json_refuse_unknown(ev, ev_names, &call->reason));
    }
    return json_refuse_unknown(representative, representative_names, &call->reason);
}

static enum err application_send(struct call *call, struct span der)
{
    const struct control_new new = { .application = der };
    struct request request = request_make(CONTROL_APPLICATION_NEW, control_new_write, &new);
    struct control_created created;
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    char id[2 * APPLICATION_ID_BYTES + 1];
    char hash[2 * HASH_BYTES + 1];
    TRY(call_registrar(call, &request, &answer));
    TRY(control_created_read(&answer.body, &created));
    hex_format(SPAN_OF(created.id), id);
    hex_format(SPAN_OF(created.hash), hash);
    struct value *shown = value_object(&tree);
    value_put_text(&tree, shown, "id", id);
    value_put_text(&tree, shown, "hash", hash);
    TRY(value_tree_check(&tree));
    return call_print(call, shown);
}
