/* Words of the command line, where they come from. */
#include "cli/ecert/operand.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/chain.h"
#include "cli/ecert/crl.h"
#include "cli/ecert/deploy_record.h"
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/services.h"
#include "cli/ecert/undo.h"
#include "lib/certstore/ledger.h"

#include <stdio.h>

/* Looking for candidates. */
struct search {
    struct tool *tool;
    const struct certstore *store;
    struct candidates *found;
};

static void items_find(struct search *search);
static void authorities_find_all(struct search *search);
static void lists_find(struct search *search);
static void changes_find(struct search *search);
static void targets_find(struct search *search);
static void hosts_find(struct search *search);
static void services_find(struct search *search);

static const struct operand {
    const char *word; /* what the placeholder is, or begins with */
    enum operand_source source;
    void (*find)(struct search *search); /* of a list */
    const char *question;                /* message id */
} operands[] = {
    { "ID", OPERAND_LIST, items_find, "tool.ask_which" },
    { "THUMBPRINT", OPERAND_LIST, authorities_find_all, "tool.ask_which" },
    { "LIST", OPERAND_LIST, lists_find, "tool.ask_which" },
    { "CHANGE", OPERAND_LIST, changes_find, "tool.ask_which" },
    { "TARGET", OPERAND_LIST, targets_find, "tool.ask_which" },
    { "HOST", OPERAND_LIST, hosts_find, "tool.ask_check" },
    { "SERVICE", OPERAND_LIST, services_find, "tool.ask_which" },
    { "FILE", OPERAND_FILE, NULL, "tool.ask_file" },
    { "DIR", OPERAND_DIRECTORY, NULL, "tool.ask_directory" },
    { "FOLDER", OPERAND_DIRECTORY, NULL, "tool.ask_directory" },
    { "NAME=]FOLDER", OPERAND_DIRECTORY, NULL, "tool.ask_directory" },
    { "NAME", OPERAND_TEXT, NULL, "tool.ask_server_name" },
};

static const struct operand *operand_find(const char *placeholder);
static void candidate_add(struct search *search, const char *word, const char *about);
static void choices_add(struct search *search, const char *placeholder);
static bool is_choices(const char *placeholder);

enum operand_source operand_source(const char *placeholder)
{
    const struct operand *operand = operand_find(placeholder);
    return operand != NULL           ? operand->source
           : is_choices(placeholder) ? OPERAND_LIST
                                     : OPERAND_TEXT;
}

/* "[ID|FILE]" is about IDs first. */
static const struct operand *operand_find(const char *placeholder)
{
    const char *word = placeholder + strspn(placeholder, "[");
    for (size_t i = 0; i < sizeof operands / sizeof operands[0]; i++) {
        size_t len = strlen(operands[i].word);
        if (strncmp(word, operands[i].word, len) == 0) {
            return &operands[i];
        }
    }
    return NULL;
}

/* "rsa2048|p256": the words themselves. "[ID|FILE]" isn't. */
static bool is_choices(const char *placeholder)
{
    return strchr(placeholder, '|') != NULL && strpbrk(placeholder, "[] ") == NULL;
}

void operand_candidates(struct tool *tool, const char *placeholder, const struct certstore *store,
    struct candidates *ret_candidates)
{
    struct search search = { tool, store, ret_candidates };
    const struct operand *operand = operand_find(placeholder);
    if (operand != NULL && operand->find != NULL) {
        operand->find(&search);
    } else if (operand == NULL && is_choices(placeholder)) {
        choices_add(&search, placeholder);
    }
}

static void candidate_add(struct search *search, const char *word, const char *about)
{
    struct candidates *found = search->found;
    char *kept = arena_text(&search->tool->arena, span_from_text(word));
    char *told = arena_text(&search->tool->arena, span_from_text(about));
    if (found->count < CANDIDATES_MAX && kept != NULL && told != NULL) {
        found->list[found->count++] = (struct candidate){ kept, told };
    }
}

static void choices_add(struct search *search, const char *placeholder)
{
    for (const char *at = placeholder; *at != '\0';) {
        size_t len = strcspn(at, "|");
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)len, at);
        candidate_add(search, word, "");
        at += len + (at[len] == '|');
    }
}

static void items_find(struct search *search)
{
    AUTO(certstore_items) items = { 0 };
    if (search->store == NULL ||
        certstore_list(search->store, &items, /* ret_unreadable= */ NULL) != OK) {
        return;
    }
    for (size_t i = 0; i < items.count; i++) {
        struct item_view view;
        char name[HOST_NAME_UNICODE_MAX], about[CANDIDATE_TEXT_MAX], ends[SCREEN_MOMENT_MAX] = "";
        if (item_view(search->tool, search->store, &items.items[i], &view) != OK) {
            continue;
        }
        if (view.not_after != 0) {
            screen_day(search->tool, view.not_after, ends);
        }
        item_name(&view, name);
        const char *friendly = items.items[i].friendly_name;
        bool same = friendly[0] == '\0' || strcmp(friendly, name) == 0;
        snprintf(about, sizeof about, "%.200s%s%.100s · %.60s%s%.90s", name, same ? "" : " · ",
            same ? "" : friendly, item_state_text(search->tool, view.judgement.state),
            ends[0] == '\0' ? "" : " · ", ends);
        candidate_add(search, view.short_id, about);
    }
}

static void authorities_find_all(struct search *search)
{
    AUTO(authorities) authorities = { 0 };
    if (search->store == NULL ||
        certstore_authorities(search->store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0,
            clock_now(&search->tool->clock), &authorities) != OK) {
        return;
    }
    for (size_t i = 0; i < authorities.count; i++) {
        const struct authority *authority = &authorities.items[i];
        char word[CHAIN_SHORT_THUMBPRINT + 1], name[CHAIN_NAME_MAX], about[CANDIDATE_TEXT_MAX];
        snprintf(word, sizeof word, "%.*s", CHAIN_SHORT_THUMBPRINT, authority->id);
        chain_name(authority->certificate.subject, name);
        snprintf(about, sizeof about, "%s · %.60s · %.60s", name,
            chain_role_text(search->tool, authority->role),
            chain_standing_text(search->tool, authority->standing));
        candidate_add(search, word, about);
    }
}

static void lists_find(struct search *search)
{
    AUTO(revocation_lists) lists = { 0 };
    if (search->store == NULL ||
        certstore_lists(search->store, clock_now(&search->tool->clock), &lists) != OK) {
        return;
    }
    for (size_t i = 0; i < lists.count; i++) {
        const struct revocation_list *list = &lists.items[i];
        char word[CHAIN_SHORT_THUMBPRINT + 1], name[CHAIN_NAME_MAX], about[CANDIDATE_TEXT_MAX];
        snprintf(word, sizeof word, "%.*s", CHAIN_SHORT_THUMBPRINT, list->id);
        chain_name(list->crl.issuer, name);
        snprintf(about, sizeof about, "%s · %s · %.60s", name, list->of_authorities ? "ARL" : "CRL",
            crl_state_text(search->tool, list->state));
        candidate_add(search, word, about);
    }
}

/* Every target of the ledger; or, with `hosts`, where it answers. */
static void ledger_find(struct search *search, bool hosts)
{
    struct ledger_names *names = arena_alloc(&search->tool->arena, 1, sizeof *names);
    if (names == NULL || search->store == NULL ||
        certstore_ledger_list(search->store, names) != OK) {
        return;
    }
    for (size_t i = 0; i < names->count; i++) {
        struct deploy_record record;
        struct reason reason = { 0 };
        if (deploy_record_read(search->tool, search->store, names->names[i], &record, &reason) !=
            OK) {
            continue;
        }
        const struct deploy_target *target = &record.target;
        if (!hosts) {
            candidate_add(search, target->name, target->kind->name);
        } else if (target->check[0] != '\0') {
            candidate_add(search, target->check, target->name);
        }
    }
}

static void changes_find(struct search *search)
{
    struct certstore_past *past =
        arena_alloc(&search->tool->arena, CERTSTORE_PAST_MAX, sizeof *past);
    size_t count = 0;
    if (past == NULL || search->store == NULL ||
        certstore_list_past(search->store, past, &count) != OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char number[16], about[CANDIDATE_TEXT_MAX];
        struct undo_line line;
        snprintf(number, sizeof number, "%u", past[i].number);
        undo_line(search->tool, search->store, &past[i], 0, UNDO_DID, &line);
        snprintf(about, sizeof about, "%s · %.60s %.200s", past[i].command, line.word, line.name);
        candidate_add(search, number, about);
    }
}

static void targets_find(struct search *search)
{
    ledger_find(search, /* hosts= */ false);
}

static void hosts_find(struct search *search)
{
    ledger_find(search, /* hosts= */ true);
}

static void services_find(struct search *search)
{
    for (size_t i = 0; i < services_count; i++) {
        candidate_add(
            search, services[i].name, language_text(search->tool->language, services[i].label));
    }
}

enum err operand_ask(
    struct tool *tool, const char *placeholder, const char **ret_word, struct reason *ret_reason)
{
    const struct operand *operand = operand_find(placeholder);
    struct candidates *found = arena_alloc(&tool->arena, 1, sizeof *found);
    char answer[ANSWER_MAX];
    size_t choice = 0;
    if (!tool->asks || operand == NULL || found == NULL) {
        return ERR_NOT_FOUND;
    }
    if (operand->source != OPERAND_LIST) {
        TRY(ask_line(tool, operand->question, /* proposed= */ NULL, answer));
        *ret_word = arena_text(&tool->arena, span_from_text(answer));
        return *ret_word == NULL ? ERR_MEMORY : OK;
    }
    AUTO_PTR(certstore) store = NULL;
    TRY(tool_open_store(tool, &store));
    operand_candidates(tool, placeholder, store, found);
    if (found->count == 0) {
        return reason_set(
            ret_reason, ERR_NOT_FOUND, "tool.nothing_to_choose", placeholder, NULL, NULL);
    }
    const char **lines = arena_alloc(&tool->arena, found->count, sizeof *lines);
    for (size_t i = 0; lines != NULL && i < found->count; i++) {
        lines[i] = arena_format(&tool->arena, "%s  %s", found->list[i].word, found->list[i].about);
    }
    TRY(lines == NULL ? ERR_MEMORY
                      : ask_choice(tool, operand->question, lines, found->count, 0, &choice));
    *ret_word = found->list[choice].word;
    return OK;
}
