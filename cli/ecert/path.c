/* From the certificate up to the root, and why it is refused, if it is. */
#include "cli/ecert/path.h"

#include "cli/ecert/chain.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

static void path_lines(const struct tool *tool, const struct path *path);

void path_show(struct tool *tool, const struct path *path, size_t index, bool taken)
{
    char number[24];
    AUTO(buf) why = buf_make(2048);
    bool good = path->rooted && path->verdict == OK;
    snprintf(number, sizeof number, "%zu", index + 1);
    if (path->rooted && !good) {
        language_format_reason(tool->language, &path->reason, "", &why);
    }
    const struct placeholder values[] = { { "n", number },
        { "why", why.len > 0 ? buf_text(&why) : "" }, { NULL, NULL } };
    screen_message(tool,
        taken          ? "tool.path_taken"
        : good         ? "tool.path_good"
        : path->rooted ? "tool.path_bad"
                       : "tool.path_unfinished",
        values);
    path_lines(tool, path);
}

/* From the certificate up to the root, one a line, each with the beginning of its thumbprint. */
static void path_lines(const struct tool *tool, const struct path *path)
{
    for (size_t i = 0; i < path->chain.length; i++) {
        struct certificate parsed;
        uint8_t hash[SHA256_BYTES] = { 0 };
        char name[CHAIN_NAME_MAX] = "", id[2 * SHA256_BYTES + 1];
        char line[CHAIN_NAME_MAX + 64];
        if (certificate_parse(path->chain.path[i], &parsed) == OK) {
            chain_name(parsed.subject, name);
        }
        (void)!sha256(path->chain.path[i], hash);
        hex_format(SPAN_OF(hash), id);
        snprintf(line, sizeof line, "       %.*s  %s%s", CHAIN_SHORT_THUMBPRINT, id,
            i == 0 ? "" : "← ", name);
        screen_line(tool, line);
    }
}

void path_put(struct tool *tool, const struct path *path, struct value *object)
{
    struct value_tree *tree = &tool->tree;
    bool good = path->rooted && path->verdict == OK;
    value_put_text(tree, object, "state", good ? "good" : path->rooted ? "bad" : "unfinished");
    value_put_text(tree, object, "reason", good ? NULL : path->reason.code);
    value_put_text(tree, object, "field", good ? NULL : path->reason.field);
    struct value *thumbprints = value_put_list(tree, object, "thumbprints");
    for (size_t i = 0; i < path->chain.length; i++) {
        uint8_t hash[SHA256_BYTES];
        char id[2 * SHA256_BYTES + 1];
        if (sha256(path->chain.path[i], hash) == OK) {
            hex_format(SPAN_OF(hash), id);
            value_add_text(tree, thumbprints, id);
        }
    }
}
