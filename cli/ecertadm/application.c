/* `application list`, `show` and `withdraw`. */
#include "cli/ecertadm/application.h"
#include "lib/base/clock.h"
#include "lib/dns/hostname.h"

static enum err rows_add(
    struct der *body, struct value_tree *tree, struct value *list, size_t *ret_count);
static void row_add(
    struct value_tree *tree, struct value *list, const struct control_application_row *row);
static void return_show(const struct control_application *shown, const char *representative,
    struct value_tree *tree, struct value *object);
static enum err approvals_show(
    const struct control_application *shown, struct value_tree *tree, struct value *object);

enum err application_list_run(struct call *call)
{
    return call_list(call, CONTROL_APPLICATION_LIST, rows_add);
}

static enum err rows_add(
    struct der *body, struct value_tree *tree, struct value *list, size_t *ret_count)
{
    struct control_applications rows = { 0 };
    TRY(control_applications_read(body, tree->arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        row_add(tree, list, &rows.rows[i]);
    }
    *ret_count = rows.count;
    return OK;
}

static void row_add(
    struct value_tree *tree, struct value *list, const struct control_application_row *row)
{
    char id[2 * APPLICATION_ID_BYTES + 1];
    char created[TIME_TEXT_MAX];
    struct value *object = value_add_object(tree, list);
    hex_format(SPAN_OF(row->id), id);
    time_format_rfc3339(row->created, created);
    value_put_text(tree, object, "id", id);
    value_put_text(tree, object, "state", row->state);
    value_put_text(tree, object, "validation", row->validation);
    value_put_text(tree, object, "created", created);
    value_put_text(tree, object, "name", row->name);
    value_put_text(tree, object, "organisation", row->organisation);
}

enum err application_fetch(struct call *call, const uint8_t id[APPLICATION_ID_BYTES],
    struct answer *answer, struct control_application *ret_shown)
{
    struct control_object object;
    memcpy(object.id, id, sizeof object.id);
    struct request request = request_make(CONTROL_APPLICATION_SHOW, control_object_write, &object);
    TRY(call_registrar(call, &request, answer));
    return control_application_read(&answer->body, ret_shown);
}

enum err application_describe(
    const struct control_application *shown, struct value_tree *tree, struct value *object)
{
    struct application application = { 0 };
    TRY(application_parse(shown->der, tree->arena, &application));
    char id[2 * APPLICATION_ID_BYTES + 1];
    uint8_t hash[HASH_BYTES];
    char hash_text[2 * HASH_BYTES + 1];
    const struct subject *subject = &application.subject;
    hex_format(SPAN_OF(application.id), id);
    TRY(application_hash(shown->der, hash));
    hex_format(SPAN_OF(hash), hash_text);
    value_put_text(tree, object, "id", id);
    value_put_text(tree, object, "hash", hash_text);
    value_put_text(tree, object, "state", shown->state);
    value_put_text(tree, object, "edition", edition_rules(application.edition)->id);
    struct value *names = value_put_list(tree, object, "names");
    for (size_t i = 0; i < application.name_count; i++) {
        value_add_text(tree, names, application.names[i]);
    }
    value_put_text(tree, object, "organisation", subject->organisation);
    value_put_text(tree, object, "organisation_zh", subject->organisation_zh);
    value_put_text(tree, object, "branch", subject->branch);
    value_put_text(tree, object, "branch_zh", subject->branch_zh);
    value_put_text(tree, object, "locality", subject->locality);
    value_put_text(tree, object, "state_or_province", subject->state_or_province);
    value_put_text(tree, object, "country", subject->country);
    value_put_text(tree, object, "brn", subject->brn);
    value_put_text(tree, object, "ci_cr", subject->ci_cr);
    value_put_text(tree, object, "other_document", subject->other_document);
    value_put_text(tree, object, "srn", subject->srn);
    value_put_text(tree, object, "business_category", application.ev.business_category);
    value_put_text(tree, object, "jurisdiction_country", application.ev.jurisdiction_country);
    value_put_text(tree, object, "registration_number", application.ev.registration_number);
    value_put_text(tree, object, "representative", application.representative.name);
    value_put_text(tree, object, "email", application.representative.email);
    value_put_text(tree, object, "language", application.representative.language);
    struct value *address = value_put_list(tree, object, "address");
    for (size_t i = 0; i < application.representative.address_count; i++) {
        value_add_text(tree, address, application.representative.address[i]);
    }
    value_put_bool(tree, object, "government", application.government);
    value_put_text(tree, object, "validation", shown->validation);
    value_put_text(
        tree, object, "validation_next", validation_next(tree, shown->validation, application.id));
    value_put_text(tree, object, "reference", shown->reference);
    value_put_text(tree, object, "enrolment", shown->enrolment_state);
    value_put_text(tree, object, "problem", shown->problem);
    return_show(shown, application.representative.name, tree, object);
    return approvals_show(shown, tree, object);
}

/* An approved application never changes: the way on is a new one. */
static void return_show(const struct control_application *shown, const char *representative,
    struct value_tree *tree, struct value *object)
{
    char time[TIME_TEXT_MAX];
    if (shown->returned == 0) {
        return;
    }
    bool portal = strcmp(shown->return_actor, "portal") == 0;
    bool details = strcmp(shown->return_step, "details") == 0;
    time_format_rfc3339(shown->returned, time);
    value_put_text(tree, object, "returned", time);
    value_put_text(tree, object, "returned_by", portal ? representative : shown->return_actor);
    value_put_text(tree, object, "returned_at", shown->return_step);
    value_put_span(tree, object, "returned_reason", shown->return_reason);
    value_put_text(tree, object, "returned_what",
        details ? "the details were rejected; nothing was issued"
                : "the certificate was not accepted for its details; it is revoked");
    value_put_text(tree, object, "returned_next",
        "correct what is wrong and enter it again: `ecertadm application new FILE`");
}

static enum err approvals_show(
    const struct control_application *shown, struct value_tree *tree, struct value *object)
{
    struct value *list = value_put_list(tree, object, "signatures");
    for (size_t i = 0; i < shown->approval_count; i++) {
        struct approval approval = { 0 };
        char time[TIME_TEXT_MAX];
        char key[2 * HASH_BYTES + 1];
        struct der reader = der_reader(shown->approvals[i]);
        TRY(approval_read(&reader, &approval));
        time_format_rfc3339(approval.time, time);
        hex_format(SPAN_OF(approval.key_id), key);
        value_add_text(tree, list,
            arena_format(tree->arena, "%s %s by key %.16s…",
                approval.role == APPROVAL_VETTED ? "vetted" : "approved", time, key));
    }
    return value_tree_check(tree);
}

enum err application_show_run(struct call *call)
{
    const char *word = NULL;
    uint8_t id[APPLICATION_ID_BYTES];
    struct control_application shown = { 0 };
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, NULL, 0, &word, 1));
    TRY(call_application_id(call, word, id));
    TRY(application_fetch(call, id, &answer, &shown));
    struct value *object = value_object(&tree);
    TRY(application_describe(&shown, &tree, object));
    return call_print(call, object);
}

enum err application_withdraw_run(struct call *call)
{
    const char *word = NULL;
    struct control_object object = { 0 };
    struct request request =
        request_make(CONTROL_APPLICATION_WITHDRAW, control_object_write, &object);
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, NULL, 0, &word, 1));
    TRY(call_application_id(call, word, object.id));
    TRY(call_registrar(call, &request, &answer));
    struct value *shown = value_object(&tree);
    value_put_text(&tree, shown, "id", word);
    value_put_text(&tree, shown, "state", "withdrawn");
    TRY(value_tree_check(&tree));
    return call_print(call, shown);
}
