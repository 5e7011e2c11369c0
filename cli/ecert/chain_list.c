/* ecert chain list: roots, cross and intermediate certificates in one list, with what is to be
 * known of each; and the words that the other chain commands use for the same. */
#include "cli/ecert/chain.h"
#include "cli/ecert/screen.h"
#include "lib/base/clock.h"
#include "lib/pki/name.h"

#include <stdio.h>

static void row_fill(struct tool *tool, const struct authority *authority, struct screen_row *row);

enum exit_code command_chain_list(struct tool *tool, const struct arguments *arguments)
{
    (void)arguments;
    AUTO_PTR(certstore) store = NULL;
    AUTO(authorities) authorities = { 0 };
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = certstore_authorities(
        store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0, clock_now(&tool->clock), &authorities);
    struct screen_row *rows = arena_alloc(&tool->arena, authorities.count + 1, sizeof *rows);
    if (err != OK || rows == NULL) {
        return screen_failure(tool, err == OK ? ERR_MEMORY : err, &(struct reason){ 0 });
    }
    rows[0] = (struct screen_row){ { language_text(tool->language, "tool.chain_name"),
        language_text(tool->language, "tool.chain_kind"),
        language_text(tool->language, "tool.state_label"),
        language_text(tool->language, "tool.ends"),
        language_text(tool->language, "tool.chain_thumbprint") } };
    struct value *list = value_put_list(&tool->tree, tool->result, "authorities");
    for (size_t i = 0; i < authorities.count; i++) {
        row_fill(tool, &authorities.items[i], &rows[i + 1]);
        chain_put(tool, &authorities.items[i], value_add_object(&tool->tree, list));
    }
    if (authorities.count == 0) {
        screen_message(tool, "tool.chain_empty", NULL);
    } else {
        screen_table(tool, rows, authorities.count + 1, 5);
    }
    return EXIT_DONE;
}

static void row_fill(struct tool *tool, const struct authority *authority, struct screen_row *row)
{
    char ends[SCREEN_MOMENT_MAX], name[CHAIN_NAME_MAX];
    screen_day(tool, authority->certificate.not_after, ends);
    chain_name(authority->certificate.subject, name);
    bool untrusted = authority->folder == CERTSTORE_UNTRUSTED;
    *row = (struct screen_row){ {
        arena_text(&tool->arena, span_from_text(name)),
        chain_role_text(tool, authority->role),
        untrusted ? language_text(tool->language, "tool.state_Untrusted")
                  : chain_standing_text(tool, authority->standing),
        arena_text(&tool->arena, span_from_text(ends)),
        arena_format(&tool->arena, "%.*s", CHAIN_SHORT_THUMBPRINT, authority->id),
    } };
}

void chain_name(struct span der, char ret_name[CHAIN_NAME_MAX])
{
    struct name name;
    AUTO(buf) whole = buf_make(4096);
    ret_name[0] = '\0';
    if (name_parse(der, &name) == OK &&
        name_text(&name, oid_common_name, ret_name, CHAIN_NAME_MAX) == OK) {
        return;
    }
    if (name_format(der, &whole) == OK) {
        snprintf(ret_name, CHAIN_NAME_MAX, "%.250s", buf_text(&whole));
    }
}

const char *chain_role_text(const struct tool *tool, enum authority_role role)
{
    static const char *const ids[] = {
        [AUTHORITY_ROOT] = "tool.role_root",
        [AUTHORITY_CROSS] = "tool.role_cross",
        [AUTHORITY_INTERMEDIATE] = "tool.role_intermediate",
        [AUTHORITY_SERVER] = "tool.role_server",
    };
    return language_text(tool->language, ids[role]);
}

const char *chain_standing_text(const struct tool *tool, enum authority_standing standing)
{
    static const char *const ids[] = {
        [AUTHORITY_CURRENT] = "tool.standing_current",
        [AUTHORITY_EXPIRED] = "tool.standing_expired",
        [AUTHORITY_NOT_YET_VALID] = "tool.standing_not_yet_valid",
        [AUTHORITY_OLD] = "tool.standing_old",
        [AUTHORITY_REVOKED] = "tool.standing_revoked",
    };
    return language_text(tool->language, ids[standing]);
}

void chain_put(struct tool *tool, const struct authority *authority, struct value *object)
{
    static const char *const folders[] = {
        [CERTSTORE_INTERMEDIATE] = "intermediate",
        [CERTSTORE_ROOTS] = "roots",
        [CERTSTORE_UNTRUSTED] = "untrusted",
    };
    struct value_tree *tree = &tool->tree;
    char text[TIME_TEXT_MAX], name[CHAIN_NAME_MAX];
    chain_name(authority->certificate.subject, name);
    value_put_text(tree, object, "name", name);
    value_put_text(tree, object, "store", folders[authority->folder]);
    value_put_text(tree, object, "role", authority_role_name(authority->role));
    value_put_text(tree, object, "state", authority_standing_name(authority->standing));
    chain_name(authority->certificate.issuer, name);
    value_put_text(tree, object, "issuer", name);
    value_put_bool(tree, object, "server_auth", authority->certificate.server_auth);
    time_format_rfc3339(authority->certificate.not_before, text);
    value_put_text(tree, object, "not_before", text);
    time_format_rfc3339(authority->certificate.not_after, text);
    value_put_text(tree, object, "not_after", text);
    if (authority->standing == AUTHORITY_REVOKED) {
        time_format_rfc3339(authority->revoked_at, text);
        value_put_text(tree, object, "revoked", text);
    }
    value_put_text(tree, object, "thumbprint_sha1", authority->sha1);
    value_put_text(tree, object, "thumbprint_sha256", authority->id);
}

void chain_step(struct tool *tool, const char *id, const struct authority *authority, bool done)
{
    char name[CHAIN_NAME_MAX], thumbprint[CHAIN_SHORT_THUMBPRINT + 1];
    chain_name(authority->certificate.subject, name);
    snprintf(thumbprint, sizeof thumbprint, "%.*s", CHAIN_SHORT_THUMBPRINT, authority->id);
    const struct placeholder values[] = { { "name", name },
        { "kind", chain_role_text(tool, authority->role) }, { "thumbprint", thumbprint },
        { "state", chain_standing_text(tool, authority->standing) }, { NULL, NULL } };
    (done ? screen_step : screen_message)(tool, id, values);
}
