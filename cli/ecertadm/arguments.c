/* Words and options behind a command, by declaration. */
#include "cli/ecertadm/command.h"
#include "lib/ca/application.h"

#include <stdlib.h>
#include <string.h>

static struct option_value *option_find(
    struct option_value *options, size_t option_count, const char *name);

enum err call_arguments(struct call *call, struct option_value *options, size_t option_count,
    const char **ret_words, size_t word_count)
{
    size_t words = 0;
    for (int i = 0; i < call->argc; i++) {
        const char *text = call->argv[i];
        if (strcmp(text, "--json") == 0) {
            call->json = true;
        } else if (strncmp(text, "--", 2) == 0) {
            struct option_value *option = option_find(options, option_count, text);
            if (option != NULL && option->max == 0) {
                option->count++;
                continue;
            }
            if (option == NULL || option->count == option->max || i + 1 == call->argc) {
                return reason_set(&call->reason, ERR_INPUT, "usage", text, NULL, NULL);
            }
            option->values[option->count++] = call->argv[++i];
        } else if (words == word_count) {
            return reason_set(&call->reason, ERR_INPUT, "usage", text, NULL, NULL);
        } else {
            ret_words[words++] = text;
        }
    }
    if (words < word_count) {
        return reason_set(&call->reason, ERR_INPUT, "usage", NULL, NULL, NULL);
    }
    return OK;
}

static struct option_value *option_find(
    struct option_value *options, size_t option_count, const char *name)
{
    for (size_t i = 0; i < option_count; i++) {
        if (strcmp(options[i].name, name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

enum err call_number(struct call *call, const char *text, const char *code, const char *expected,
    int64_t *ret_number)
{
    char *end = NULL;
    *ret_number = strtoll(text, &end, 10);
    return *ret_number > 0 && *end == '\0'
               ? OK
               : reason_set(&call->reason, ERR_INPUT, code, "ID", text, expected);
}

enum err call_application_id(struct call *call, const char *text, uint8_t *ret_id)
{
    size_t length = 0;
    enum err err = hex_parse(span_from_text(text), ret_id, APPLICATION_ID_BYTES, &length);
    if (err != OK || length != APPLICATION_ID_BYTES) {
        return reason_set(&call->reason, ERR_INPUT, "application.id", "ID", text,
            "32 hexadecimal digits, as `application list` shows them");
    }
    return OK;
}

enum err call_registrar(struct call *call, const struct request *request, struct answer *answer)
{
    AUTO(client) client = { .channel = channel_none() };
    enum err err = client_init(call->control, CALL_TIMEOUT_MS, &client);
    if (err == OK) {
        err = client_call(&client, request, answer, &call->reason);
    }
    bool nobody = err == ERR_AGAIN || err == ERR_TIMEOUT || err == ERR_PEER;
    if (nobody && call->reason.code[0] == '\0') {
        return reason_set(&call->reason, err, "service.no_answer", "--control", call->control,
            "the socket of a running registrar");
    }
    return err;
}
