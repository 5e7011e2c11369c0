/* ecert idn NAME…: both forms of a server name, as people write it and as DNS and certificates do,
 * and a warning where its letters come from scripts that nobody mixes. */
#include "cli/ecert/screen.h"
#include "lib/dns/hostname.h"

static enum err name_show(
    struct tool *tool, const char *typed, struct value *list, struct reason *ret_reason);

enum exit_code command_idn(struct tool *tool, const struct arguments *arguments)
{
    enum exit_code code = EXIT_DONE;
    struct value *list = value_put_list(&tool->tree, tool->result, "names");
    for (size_t i = 0; i < arguments->operand_count; i++) {
        struct reason reason = { 0 };
        enum err err = name_show(tool, arguments->operands[i], list, &reason);
        if (err != OK && tool->json) {
            struct value *object = value_add_object(&tool->tree, list);
            value_put_text(&tool->tree, object, "typed", arguments->operands[i]);
            value_put_text(&tool->tree, object, "problem", reason.code);
            code = EXIT_FAILED;
        } else if (err != OK) {
            code = screen_failure(tool, err, &reason);
        }
    }
    return code;
}

static enum err name_show(
    struct tool *tool, const char *typed, struct value *list, struct reason *ret_reason)
{
    struct dns_name name;
    char unicode[HOST_NAME_UNICODE_MAX];
    TRY(dns_name_parse(span_from_text(typed), DNS_NAME_HOST_OR_WILDCARD, &name, ret_reason));
    dns_name_to_unicode(&name, unicode);
    bool mixed = dns_name_mixes_scripts(&name);
    const struct screen_fact facts[] = {
        { "tool.idn_unicode", unicode },
        { "tool.idn_ascii", name.text },
        { .id = NULL },
    };
    screen_facts(tool, facts);
    if (mixed) {
        const struct placeholder values[] = { { "name", unicode }, { NULL, NULL } };
        screen_message(tool, "tool.idn_mixed", values);
    }
    struct value *object = value_add_object(&tool->tree, list);
    value_put_text(&tool->tree, object, "typed", typed);
    value_put_text(&tool->tree, object, "ascii", name.text);
    value_put_text(&tool->tree, object, "unicode", unicode);
    value_put_bool(&tool->tree, object, "mixed_script", mixed);
    return OK;
}
