/* The person's own program for placing the proof, where the DNS is changed neither by RFC 2136 nor
 * by hand (doc/threats.md K4). Its words are those that the person gave, and behind them "place" or
 * "remove"; no shell, no variable but PATH and LANG. Host and value stand on its standard input,
 * one a line, and have been held against what a record of ours can be. */
#include "cli/ecert/child.h"
#include "cli/ecert/enrol.h"

/* A provider's name servers may all have to be told before the program returns. */
enum { HOOK_SECONDS = 600, RECORD_TTL = 3600 };

static const char *const actions[] = { [HOOK_PLACE] = "place", [HOOK_REMOVE] = "remove" };

enum err walk_hook_run(const struct walk *walk, enum hook_action action,
    const struct placed *record, struct reason *ret_reason)
{
    AUTO(buf) input = buf_make(2048);
    struct child_end end;
    const char *words[AFTER_MAX + 1] = { 0 };
    size_t count = 0;
    for (; walk->hook[count] != NULL; count++) {
        words[count] = walk->hook[count];
    }
    words[count] = actions[action];
    buf_append_format(
        &input, "host %s\nvalue %s\nttl %d\n", record->host, record->value, (int)RECORD_TTL);
    TRY(buf_check(&input));
    const struct child_request request = {
        .words = words, .input = buf_span(&input), .seconds = HOOK_SECONDS
    };
    enum err err = child_run(&request, &end);
    if (err == ERR_TIMEOUT) {
        return reason_set(ret_reason, err, "tool.hook_slow", words[0], "600 s", NULL);
    }
    if (err != OK || end.code != 0) {
        return reason_set(ret_reason, ERR_IO, "tool.hook_failed", words[0],
            err != OK ? err_name(err) : end.words, record->host);
    }
    return OK;
}
