/* `stop` and `resume`: the stop switch. To stop takes a reason; to go on takes two people's keys,
 * each read for one signature over this very stop, which is shown before it is signed. */
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/ca/halt.h"
#include "lib/crypto/sign.h"
#include "lib/wire/control.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

/* As much of a name as the registrar keeps, beside the number that the kernel tells it. */
enum { NAME_SHOWN_MAX = 40 };

static enum err halt_look(struct call *call, struct halt *ret_halt, struct reason *ret_reason);
static enum err halt_print(struct call *call, const struct halt *halt);
static bool halt_same(const struct halt *one, const struct halt *other);
static enum err sign(struct call *call, struct resumption *resumption, size_t at, const char *path,
    uint8_t signature[SIGNATURE_MAX_BYTES]);

enum err stop_run(struct call *call)
{
    const char *why = NULL;
    struct option_value options[] = { { "--reason", &why, 1, 0 } };
    struct halt halt = { 0 }, before = { 0 };
    struct reason unheard;
    struct clock clock = clock_system();
    const struct passwd *user = getpwuid(getuid());
    AUTO(answer) answer = answer_none();
    TRY(call_arguments(call, options, 1, NULL, 0));
    if (why == NULL) {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--reason", NULL, NULL);
    }
    if (*why == '\0') {
        return reason_set(&call->reason, ERR_INPUT, "halt.reason", "--reason", "", "a few words");
    }
    /* Nothing about a name or a reason keeps a stop from being one. */
    bool named = user != NULL && user->pw_name[0] != '\0';
    snprintf(halt.by, sizeof halt.by, "%.*s", NAME_SHOWN_MAX, named ? user->pw_name : "somebody");
    snprintf(halt.why, sizeof halt.why, "%s", why);
    utf8_make_plain(halt.by);
    utf8_make_plain(halt.why);
    halt.time = clock_now(&clock);
    bool stood = halt_look(call, &before, &unheard) == OK;
    /* Asked for all the same: an order to go on may be on its way. */
    struct request request = request_make(CONTROL_HALT, halt_write, &halt);
    TRY(call_registrar(call, &request, &answer));
    TRY(halt_look(call, &halt, &call->reason));
    TRY(halt_print(call, &halt));
    return stood && halt_same(&before, &halt) ? reason_set(&call->reason, ERR_CONFLICT,
                                                    "issuance.stopped_before", NULL, NULL, NULL)
                                              : OK;
}

static bool halt_same(const struct halt *one, const struct halt *other)
{
    return one->time == other->time && strcmp(one->by, other->by) == 0 &&
           strcmp(one->why, other->why) == 0;
}

enum err resume_run(struct call *call)
{
    const char *keys[RESUMPTION_SIGNATURES] = { NULL };
    struct option_value options[] = { { "--key", keys, RESUMPTION_SIGNATURES, 0 } };
    uint8_t signatures[RESUMPTION_SIGNATURES][SIGNATURE_MAX_BYTES];
    struct clock clock = clock_system();
    struct halt halt;
    struct resumption resumption = { .time = clock_now(&clock) };
    AUTO(answer) answer = answer_none();
    TRY(call_arguments(call, options, 1, NULL, 0));
    if (options[0].count != RESUMPTION_SIGNATURES) {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--key", NULL, "two of them");
    }
    TRY(halt_look(call, &halt, &call->reason));
    if (!call->json) {
        TRY(halt_print(call, &halt));
        printf("\n");
    }
    TRY(halt_hash(&halt, resumption.halt_hash));
    for (size_t i = 0; i < RESUMPTION_SIGNATURES; i++) {
        TRY(sign(call, &resumption, i, keys[i], signatures[i]));
    }
    struct request request = request_make(CONTROL_RESUME, resumption_write, &resumption);
    TRY(call_registrar(call, &request, &answer));
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "issuance", "goes on");
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

static enum err halt_look(struct call *call, struct halt *ret_halt, struct reason *ret_reason)
{
    struct request request = request_make(CONTROL_HALT_LOOK, nothing_write, NULL);
    struct call looking = *call;
    AUTO(answer) answer = answer_none();
    enum err err = call_registrar(&looking, &request, &answer);
    err = err == OK ? halt_read(&answer.body, ret_halt) : err;
    *ret_reason = err == OK ? *ret_reason : looking.reason;
    return err;
}

static enum err halt_print(struct call *call, const struct halt *halt)
{
    char since[TIME_TEXT_MAX];
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *object = value_object(&tree);
    time_format_rfc3339(halt->time, since);
    value_put_text(&tree, object, "issuance", "stopped");
    value_put_text(&tree, object, "stopped_by", halt->by);
    value_put_text(&tree, object, "why", halt->why);
    value_put_text(&tree, object, "since", since);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

static enum err sign(struct call *call, struct resumption *resumption, size_t at, const char *path,
    uint8_t signature[SIGNATURE_MAX_BYTES])
{
    size_t length = 0;
    AUTO_PTR(key) key = NULL;
    AUTO(buf) message = buf_make(HALT_MAX_BYTES);
    TRY(call_officer_key(call, path, &key));
    TRY(resumption_message(resumption, &message));
    TRY(signature_make(key, SIGNATURE_ED25519, buf_span(&message), signature, &length));
    memcpy(resumption->signatures[at].key_id, key_spki_sha256(key).data, HASH_BYTES);
    resumption->signatures[at].signature = span_make(signature, length);
    return OK;
}
