/* `ceremony approve` and `ceremony sign-transcript`: what an administrator or a witness signs, on a
 * machine of theirs, with a key that never comes near the roots. */
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/ca/ceremony.h"
#include "lib/config/script.h"

#include <stdio.h>
#include <string.h>

enum { TRANSCRIPT_MAX_BYTES = 1024 * 1024 };

static enum err signing_words(
    struct call *call, const char **ret_file, const char **ret_key, const char **ret_out);
static enum err statement_put(
    struct call *call, struct statement *statement, const char *key_path, const char *out);
static enum err approval_print(struct call *call, const struct script *script,
    const struct statement *statement, const char *out);

enum err ceremony_approve_run(struct call *call)
{
    const char *path = NULL, *key = NULL, *out = NULL;
    struct clock clock = clock_system();
    struct statement statement = { .kind = STATEMENT_APPROVAL, .time = clock_now(&clock) };
    AUTO(script) script = { .parsed = NULL };
    TRY(signing_words(call, &path, &key, &out));
    TRY(script_load(path, &script, &call->reason));
    TRY(sha256(buf_span(&script.text), statement.subject));
    memcpy(statement.journal, script.journal, sizeof statement.journal);
    TRY(statement_put(call, &statement, key, out));
    return approval_print(call, &script, &statement, out);
}

enum err ceremony_sign_transcript_run(struct call *call)
{
    static const char first[] = "Transcript of ceremony ";
    const char *path = NULL, *key = NULL, *out = NULL;
    struct clock clock = clock_system();
    struct statement statement = { .kind = STATEMENT_WITNESS, .time = clock_now(&clock) };
    AUTO(buf) text = { 0 };
    TRY(signing_words(call, &path, &key, &out));
    enum err err = file_read(path, TRANSCRIPT_MAX_BYTES, &text);
    bool transcript = err == OK && text.len >= sizeof first - 1 &&
                      memcmp(text.data, first, sizeof first - 1) == 0;
    if (!transcript) {
        return reason_set(&call->reason, err == OK ? ERR_INPUT : err, "ceremony.transcript_file",
            path, err == OK ? NULL : err_name(err), "what `ecertadm ceremony transcript` wrote");
    }
    TRY(sha256(buf_span(&text), statement.subject));
    return statement_put(call, &statement, key, out);
}

static enum err signing_words(
    struct call *call, const char **ret_file, const char **ret_key, const char **ret_out)
{
    struct option_value options[] = { { "--key", ret_key, 1, 0 }, { "--out", ret_out, 1, 0 } };
    TRY(call_arguments(call, options, 2, ret_file, 1));
    return *ret_key != NULL && *ret_out != NULL
               ? OK
               : reason_set(&call->reason, ERR_INPUT, "usage", *ret_key == NULL ? "--key" : "--out",
                     NULL, NULL);
}

static enum err statement_put(
    struct call *call, struct statement *statement, const char *key_path, const char *out)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) pem = buf_make(2048);
    TRY(call_officer_key(call, key_path, &key));
    TRY(statement_sign(statement, key));
    TRY(statement_format(statement, &pem));
    enum err err = file_create(out, buf_span(&pem), 0644);
    return err == OK ? OK
                     : reason_set(&call->reason, err, "output.file", out,
                           err == ERR_CONFLICT ? "it exists already" : err_name(err), "a new file");
}

/* What was approved, for the last look of whoever did. */
static enum err approval_print(struct call *call, const struct script *script,
    const struct statement *statement, const char *out)
{
    static const uint8_t none[HASH_BYTES] = { 0 };
    char hash[2 * HASH_BYTES + 1], journal[2 * HASH_BYTES + 1], name[32];
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *object = value_object(&tree);
    hex_format(SPAN_OF(statement->subject), hash);
    hex_format(SPAN_OF(statement->journal), journal);
    bool first = memcmp(statement->journal, none, HASH_BYTES) == 0;
    value_put_text(&tree, object, "title", script->title);
    value_put_text(&tree, object, "script", hash);
    value_put_text(&tree, object, "journal", first ? "none" : journal);
    for (size_t i = 0; i < script->step_count; i++) {
        const struct script_step *step = &script->steps[i];
        const char *text =
            arena_format(&arena, "%s (%s)", step->title, script_kind_name(step->kind));
        snprintf(name, sizeof name, "step %zu", i + 1);
        const char *kept = arena_text(&arena, span_from_text(name));
        if (text == NULL || kept == NULL) {
            return ERR_MEMORY;
        }
        value_put_text(&tree, object, kept, text);
    }
    value_put_text(&tree, object, "approval", out);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}
