/* `crl`, `publish`, `status` and `reconcile`. */
#include "cli/ecertadm/command.h"
#include "lib/base/file.h"
#include "lib/wire/control.h"

#include <stdio.h>

/* What fits one message beside its frame. */
enum { PUBLISH_MAX_BYTES = MESSAGE_MAX_BYTES - 1024 };

enum err crl_run(struct call *call)
{
    const char *issuer =
        call->argc > 0 && strncmp(call->argv[0], "--", 2) != 0 ? call->argv[0] : "";
    struct control_crl crl = { 0 };
    struct control_number number = { 0 };
    struct request request = request_make(CONTROL_CRL, control_crl_write, &crl);
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, NULL, 0, &issuer, *issuer == '\0' ? 0 : 1));
    if (strlen(issuer) >= sizeof crl.issuer) {
        return reason_set(&call->reason, ERR_NOT_FOUND, "issuer.unknown", "ISSUER", issuer, NULL);
    }
    snprintf(crl.issuer, sizeof crl.issuer, "%s", issuer);
    TRY(call_registrar(call, &request, &answer));
    TRY(control_number_read(&answer.body, &number));
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "issuer", *issuer == '\0' ? "all" : issuer);
    value_put_integer(&tree, object, "number", number.number);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

enum err publish_run(struct call *call)
{
    const char *path = NULL;
    struct control_publish publish = { 0 };
    struct request request = request_make(CONTROL_PUBLISH, control_publish_write, &publish);
    AUTO(buf) content = { 0 };
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, NULL, 0, &path, 1));
    enum err err = file_read(path, PUBLISH_MAX_BYTES, &content);
    if (err != OK) {
        return reason_set(&call->reason, err, "publication.file", path, err_name(err),
            "a readable file of at most 127 KiB");
    }
    const char *slash = strrchr(path, '/');
    snprintf(publish.name, sizeof publish.name, "%s", slash == NULL ? path : slash + 1);
    publish.content = buf_span(&content);
    TRY(call_registrar(call, &request, &answer));
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "published", publish.name);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

enum err status_run(struct call *call)
{
    TRY(call_arguments(call, NULL, 0, NULL, 0));
    struct request request = request_make(CONTROL_STATUS, nothing_write, NULL);
    return call_facts(call, &request);
}

enum err reconcile_run(struct call *call)
{
    const char *missing = NULL;
    struct control_number revoke = { 0 };
    struct option_value options[] = { { "--missing", &missing, 1, 0 } };
    struct request request = request_make(CONTROL_RECONCILE, control_number_write, &revoke);
    TRY(call_arguments(call, options, 1, NULL, 0));
    if (missing != NULL && strcmp(missing, "revoke") != 0) {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--missing", missing, "revoke");
    }
    revoke.number = missing != NULL;
    return call_facts(call, &request);
}

enum err call_facts(struct call *call, const struct request *request)
{
    struct control_facts facts = { 0 };
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_registrar(call, request, &answer));
    TRY(control_facts_read(&answer.body, &facts));
    struct value *object = value_object(&tree);
    for (size_t i = 0; i < facts.count; i++) {
        value_put_text(&tree, object, facts.facts[i].name, facts.facts[i].text);
    }
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}
