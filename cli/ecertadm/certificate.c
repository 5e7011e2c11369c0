/* `certificate list` and `revoke`. */
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/wire/control.h"

static enum err rows_add(
    struct der *body, struct value_tree *tree, struct value *list, size_t *ret_count);
static void row_add(
    struct value_tree *tree, struct value *list, const struct control_certificate_row *row);
static enum err revoke_read(
    struct call *call, const char *serial, const char *reason, struct control_revoke *ret_revoke);

enum err certificate_list_run(struct call *call)
{
    return call_list(call, CONTROL_CERTIFICATE_LIST, rows_add);
}

static enum err rows_add(
    struct der *body, struct value_tree *tree, struct value *list, size_t *ret_count)
{
    struct control_certificates rows = { 0 };
    TRY(control_certificates_read(body, tree->arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        row_add(tree, list, &rows.rows[i]);
    }
    *ret_count = rows.count;
    return OK;
}

static void row_add(
    struct value_tree *tree, struct value *list, const struct control_certificate_row *row)
{
    char not_before[TIME_TEXT_MAX] = "";
    char not_after[TIME_TEXT_MAX] = "";
    if (row->not_after != 0) {
        time_format_rfc3339(row->not_before, not_before);
        time_format_rfc3339(row->not_after, not_after);
    }
    struct value *object = value_add_object(tree, list);
    value_put_text(tree, object, "serial", row->serial);
    value_put_text(tree, object, "state", row->state);
    value_put_text(tree, object, "name", row->name);
    value_put_text(tree, object, "not_before", not_before);
    value_put_text(tree, object, "not_after", not_after);
    value_put_text(tree, object, "issuer", row->issuer);
    value_put_text(tree, object, "problem", row->problem);
}

static const char reasons[] = "unspecified, keyCompromise, affiliationChanged, superseded, "
                              "cessationOfOperation or privilegeWithdrawn";

enum err revoke_run(struct call *call)
{
    const char *reason = NULL;
    const char *serial = NULL;
    struct option_value options[] = { { "--reason", &reason, 1, 0 } };
    struct control_revoke revoke = { 0 };
    struct request request = request_make(CONTROL_REVOKE, control_revoke_write, &revoke);
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, options, 1, &serial, 1));
    if (reason == NULL) {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--reason", NULL, reasons);
    }
    TRY(revoke_read(call, serial, reason, &revoke));
    TRY(call_registrar(call, &request, &answer));
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "serial", serial);
    value_put_text(&tree, object, "state", "revoking");
    value_put_text(&tree, object, "reason", revocation_reason_id(revoke.reason));
    value_put_text(&tree, object, "next",
        "the list that names it is made now; `ecertadm certificate list` then says revoked");
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

static enum err revoke_read(
    struct call *call, const char *serial, const char *reason, struct control_revoke *ret_revoke)
{
    if (revocation_reason_from_id(reason, &ret_revoke->reason) != OK) {
        return reason_set(
            &call->reason, ERR_INPUT, "revocation.reason", "--reason", reason, reasons);
    }
    enum err err = hex_parse(span_from_text(serial), ret_revoke->serial, sizeof ret_revoke->serial,
        &ret_revoke->serial_len);
    if (err != OK || ret_revoke->serial_len == 0) {
        return reason_set(&call->reason, ERR_INPUT, "certificate.serial", "SERIAL", serial,
            "hexadecimal pairs, at most 20");
    }
    return OK;
}
