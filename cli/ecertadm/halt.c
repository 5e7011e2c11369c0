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

static enum err halt_look(struct call *call, struct halt *ret_halt);
static enum err halt_print(struct call *call, const struct halt *halt, const char *state);
static enum err sign(struct call *call, struct resumption *resumption, size_t at, const char *path,
    uint8_t signature[SIGNATURE_MAX_BYTES]);

enum err stop_run(struct call *call)
{
    const char *why = NULL;
    struct option_value options[] = { { "--reason", &why, 1, 0 } };
    struct halt halt = { 0 };
    struct clock clock = clock_system();
    const struct passwd *user = getpwuid(getuid());
    AUTO(answer) answer = answer_none();
    TRY(call_arguments(call, options, 1, NULL, 0));
    if (why == NULL) {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--reason", NULL, NULL);
    }
    if (!span_to_text(span_from_text(why), halt.why, sizeof halt.why) ||
        !utf8_plain(span_from_text(why))) {
        return reason_set(&call->reason, ERR_INPUT, "halt.reason", "--reason", "",
            "1 to 255 bytes of plain text");
    }
    snprintf(halt.by, sizeof halt.by, "%.40s", user == NULL ? "somebody" : user->pw_name);
    halt.time = clock_now(&clock);
    struct request request = request_make(CONTROL_HALT, halt_write, &halt);
    TRY(call_registrar(call, &request, &answer));
    TRY(halt_look(call, &halt));
    return halt_print(call, &halt, "stopped");
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
    TRY(halt_look(call, &halt));
    if (!call->json) {
        TRY(halt_print(call, &halt, "stopped"));
        printf("\n");
    }
    TRY(halt_hash(&halt, resumption.halt_hash));
    for (size_t i = 0; i < RESUMPTION_SIGNATURES; i++) {
        TRY(sign(call, &resumption, i, keys[i], signatures[i]));
    }
    struct request request = request_make(CONTROL_RESUME, resumption_write, &resumption);
    TRY(call_registrar(call, &request, &answer));
    return halt_print(call, &halt, "goes on");
}

static enum err halt_look(struct call *call, struct halt *ret_halt)
{
    struct request request = request_make(CONTROL_HALT_LOOK, nothing_write, NULL);
    AUTO(answer) answer = answer_none();
    TRY(call_registrar(call, &request, &answer));
    return halt_read(&answer.body, ret_halt);
}

static enum err halt_print(struct call *call, const struct halt *halt, const char *state)
{
    char since[TIME_TEXT_MAX];
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *object = value_object(&tree);
    time_format_rfc3339(halt->time, since);
    value_put_text(&tree, object, "issuance", state);
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
