/* `application vet` and `approve`: an officer's signature, made here over the hash of what was
 * fetched, and shown before it is given. The key is read for this one signature. */
#include "cli/ecertadm/application.h"
#include "lib/base/clock.h"
#include "lib/crypto/sign.h"

#include <stdio.h>

enum { KEYS_MAX = 2, APPROVAL_MAX_BYTES = 1024 };

struct signing {
    uint8_t id[APPLICATION_ID_BYTES];
    uint8_t hash[HASH_BYTES];
    struct control_approved outcome;
};

static enum err keys_differ(struct call *call, const char *const *paths);
static enum err application_look(struct call *call, struct signing *signing, const char *id);
static enum err sign_and_send(
    struct call *call, struct signing *signing, enum approval_role role, const char *key_path);
static void approval_object_write(struct der_writer *writer, const void *object);
static enum err outcome_print(struct call *call, const char *id, const struct signing *signing);

enum err application_vet_run(struct call *call)
{
    const char *key = NULL;
    const char *id = NULL;
    struct option_value options[] = { { "--key", &key, 1, 0 } };
    struct signing signing = { 0 };
    TRY(call_arguments(call, options, 1, &id, 1));
    if (key == NULL) {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--key", NULL, NULL);
    }
    TRY(application_look(call, &signing, id));
    TRY(sign_and_send(call, &signing, APPROVAL_VETTED, key));
    return outcome_print(call, id, &signing);
}

enum err application_approve_run(struct call *call)
{
    const char *keys[KEYS_MAX] = { NULL };
    const char *id = NULL;
    struct option_value options[] = { { "--key", keys, KEYS_MAX, 0 } };
    struct signing signing = { 0 };
    TRY(call_arguments(call, options, 1, &id, 1));
    if (options[0].count == 0) {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--key", NULL, NULL);
    }
    TRY(options[0].count == KEYS_MAX ? keys_differ(call, keys) : OK);
    TRY(application_look(call, &signing, id));
    if (options[0].count == KEYS_MAX) {
        TRY(sign_and_send(call, &signing, APPROVAL_VETTED, keys[0]));
    }
    TRY(sign_and_send(call, &signing, APPROVAL_APPROVED, keys[options[0].count - 1]));
    return outcome_print(call, id, &signing);
}

/* Of two signatures none is given where the second can't be. */
static enum err keys_differ(struct call *call, const char *const *paths)
{
    AUTO_PTR(key) first = NULL;
    AUTO_PTR(key) second = NULL;
    TRY(call_officer_key(call, paths[0], &first));
    TRY(call_officer_key(call, paths[1], &second));
    return span_equal(key_spki_sha256(first), key_spki_sha256(second))
               ? reason_set(&call->reason, ERR_INPUT, "approval.same_key", "--key", paths[1],
                     "another officer's key")
               : OK;
}

/* Shows what is going to be signed, on standard error where the answer is for a program. */
static enum err application_look(struct call *call, struct signing *signing, const char *id)
{
    struct control_application shown = { 0 };
    struct application application = { 0 };
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_application_id(call, id, signing->id));
    TRY(application_fetch(call, signing->id, &answer, &shown));
    TRY(application_parse(shown.der, &arena, &application));
    TRY(application_check(&application, &call->reason));
    TRY(application_hash(shown.der, signing->hash));
    if (call->json) {
        return OK;
    }
    struct value *object = value_object(&tree);
    TRY(application_describe(&shown, &tree, object));
    TRY(call_print(call, object));
    printf("\n");
    return OK;
}

static enum err sign_and_send(
    struct call *call, struct signing *signing, enum approval_role role, const char *key_path)
{
    struct clock clock = clock_system();
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t length = 0;
    struct approval approval = { .role = role, .time = clock_now(&clock) };
    struct control_approve approve = { 0 };
    AUTO_PTR(key) key = NULL;
    AUTO(buf) message = buf_make(APPROVAL_MAX_BYTES);
    AUTO(buf) der = buf_make(APPROVAL_MAX_BYTES);
    AUTO(answer) answer = answer_none();
    TRY(call_officer_key(call, key_path, &key));
    approval.key_type = OFFICER_KEY_ED25519;
    memcpy(approval.application_hash, signing->hash, HASH_BYTES);
    memcpy(approval.key_id, key_spki_sha256(key).data, HASH_BYTES);
    TRY(approval_message(&approval, &message));
    TRY(signature_make(key, SIGNATURE_ED25519, buf_span(&message), signature, &length));
    approval.signature = span_make(signature, length);
    TRY(der_encode(approval_object_write, &approval, &der));
    memcpy(approve.id, signing->id, sizeof approve.id);
    approve.approval = buf_span(&der);
    struct request request =
        request_make(CONTROL_APPLICATION_APPROVE, control_approve_write, &approve);
    TRY(call_registrar(call, &request, &answer));
    return control_approved_read(&answer.body, &signing->outcome);
}

static void approval_object_write(struct der_writer *writer, const void *object)
{
    approval_write(writer, object);
}

static enum err outcome_print(struct call *call, const char *id, const struct signing *signing)
{
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "id", id);
    value_put_text(&tree, object, "state", signing->outcome.state);
    value_put_text(&tree, object, "reference", signing->outcome.reference);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}
