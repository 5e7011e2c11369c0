/* Past changes in words: what each step was about is read out of what it left, or put aside. */
#include "cli/ecert/undo.h"

#include "cli/ecert/chain.h"
#include "cli/ecert/key_there.h"
#include "cli/ecert/screen.h"
#include "lib/der/pem.h"
#include "lib/pki/crl.h"
#include "lib/pki/csr.h"

#include <stdio.h>
#include <unistd.h>

enum { SHORT_ID = 12 };

const struct option options_change[] = {
    { "dry-run", OPTION_FLAG, NULL },
    { .name = NULL },
};

/* The folders of the store, as people know them. */
static const struct {
    const char *folder, *place, *label;
} places[] = {
    { "requests", "requests", "tool.place_requests" },
    { "personal", "personal", "tool.place_personal" },
    { "intermediate", "intermediate", "console.place_intermediate" },
    { "roots", "roots", "console.place_roots" },
    { "untrusted", "untrusted", "console.place_untrusted" },
    { "crls", "lists", "console.place_lists" },
    { "deployed", "targets", "tool.place_targets" },
    { "there", "servers", "tool.place_servers" },
    { "", "system", "tool.place_system" },
};
static const char FILES[] = "files", FILES_LABEL[] = "tool.place_files";

static const char *place_of(const char *path, const char **ret_label);
static void id_of(const char *path, char ret_id[CERTSTORE_ID_MAX]);
static const char *name_of(struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, size_t step, bool after);
static void given_line(const struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, size_t step, struct undo_line *line);
static bool certificate_name(struct span der, char *ret_name, size_t size);

bool change_is_dry(const struct tool *tool)
{
    return tool->arguments != NULL && arguments_has(tool->arguments, "dry-run");
}

void change_show(struct tool *tool, const struct certstore *store)
{
    bool dry = change_is_dry(tool);
    unsigned number = store == NULL ? 0 : certstore_recorded(store);
    value_put_bool(&tool->tree, tool->result, "dry_run", dry);
    if (dry) {
        screen_message(tool, "tool.chain_dry", NULL);
    } else if (number != 0) {
        value_put_integer(&tool->tree, tool->result, "change", (int64_t)number);
        screen_message(tool, "tool.undo_hint", NULL);
    }
}

void undo_line(struct tool *tool, const struct certstore *store, const struct certstore_past *past,
    size_t step, enum undo_words words, struct undo_line *ret_line)
{
    static const struct {
        const char *did, *word[2];
    } table[] = {
        { "completed", { "tool.did_completed", "tool.back_completed" } },
        { "added", { "tool.did_added", "tool.back_added" } },
        { "removed", { "tool.did_removed", "tool.back_removed" } },
        { "replaced", { "tool.did_replaced", "tool.back_replaced" } },
    };
    const struct certstore_step *one = &past->steps[step];
    bool there = one->kind == CERTSTORE_STEP_THERE, given = one->kind == CERTSTORE_STEP_GIVEN;
    size_t row = one->kind == CERTSTORE_STEP_JOIN  ? 0
                 : one->before[0] == '\0' || there ? 1
                 : one->after[0] == '\0'           ? 2
                                                   : 3;
    const char *path = one->to[0] != '\0' ? one->to : one->path;
    const char *label = NULL;
    *ret_line = (struct undo_line){ .did = table[row].did };
    ret_line->word = language_text(tool->language, table[row].word[words]);
    ret_line->place = place_of(path, &label);
    ret_line->name = given ? one->path : name_of(tool, store, past, step, /* after= */ row != 2);
    if (given) {
        ret_line->place = FILES;
    }
    if (given && words == UNDO_BACK) {
        given_line(tool, store, past, step, ret_line);
    }
    if (!given && !there) {
        id_of(path, ret_line->id);
    }
}

/* What the person has done with it since is the person's. */
static void given_line(const struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, size_t step, struct undo_line *line)
{
    bool stands = certstore_step_stands(store, past, step);
    bool here = access(past->steps[step].path, F_OK) == 0;
    line->word = language_text(tool->language, stands ? "tool.back_given"
                                               : here ? "tool.back_given_stays"
                                                      : "tool.back_given_gone");
}

const char *undo_line_text(struct tool *tool, const struct undo_line *line)
{
    AUTO(buf) text = buf_make(1024);
    const char *label = strcmp(line->place, FILES) == 0 ? FILES_LABEL : NULL;
    for (size_t i = 0; label == NULL && i < sizeof places / sizeof places[0]; i++) {
        label = strcmp(line->place, places[i].place) == 0 ? places[i].label : NULL;
    }
    bool both = line->id[0] != '\0' && strcmp(line->name, line->id) != 0;
    const char *what = arena_format(
        &tool->arena, "%s%s%.*s", line->name, both ? " " : "", both ? SHORT_ID : 0, line->id);
    screen_bracket(tool, what == NULL ? "" : what,
        label == NULL ? line->place : language_text(tool->language, label), &text);
    return arena_text(&tool->arena, buf_span(&text));
}

static const char *place_of(const char *path, const char **ret_label)
{
    size_t len = strcspn(path, "/");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (strlen(places[i].folder) == len && memcmp(places[i].folder, path, len) == 0) {
            *ret_label = places[i].label;
            return places[i].place;
        }
    }
    return "store";
}

/* Of "roots/ID.pem", of "personal/ID" and of what lies in there. */
static void id_of(const char *path, char ret_id[CERTSTORE_ID_MAX])
{
    const char *name = path[0] == '/' ? strrchr(path, '/') : strchr(path, '/');
    name = name == NULL ? path : name + 1;
    size_t len = strcspn(name, "/");
    bool suffix = len > 4 && (memcmp(name + len - 4, ".pem", 4) == 0 ||
                                 memcmp(name + len - 4, ".crl", 4) == 0 ||
                                 memcmp(name + len - 4, ".crt", 4) == 0);
    snprintf(ret_id, CERTSTORE_ID_MAX, "%.*s", (int)(suffix ? len - 4 : len), name);
}

/* The certificate's, the request's, the list's or the server's; else, and of the chain beside a
 * certificate, the file's. */
static const char *name_of(struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, size_t step, bool after)
{
    AUTO(buf) content = { 0 }, der = buf_make(CERTIFICATE_MAX_BYTES);
    struct crl crl;
    struct pem pem;
    char name[CHAIN_NAME_MAX] = "";
    const char *path = past->steps[step].path, *inside = strrchr(path, '/'), *to = NULL;
    if (past->steps[step].kind == CERTSTORE_STEP_THERE &&
        key_there_name(tool, store, past, step, &to) == OK) {
        return to;
    }
    bool chain = past->steps[step].kind == CERTSTORE_STEP_FILE && strchr(path, '/') != inside;
    bool read = !chain && certstore_step_content(store, past, step, after, &content) == OK;
    struct span rest = buf_span(&content);
    bool armoured = read && pem_next(&rest, &pem) == OK && pem_decode(&pem, &der) == OK;
    if (armoured) {
        (void)certificate_name(buf_span(&der), name, sizeof name);
    } else if (read && crl_parse(buf_span(&content), &crl) == OK) {
        chain_name(crl.issuer, name);
    }
    char id[CERTSTORE_ID_MAX];
    id_of(path, id);
    const char *found = chain ? inside + 1 : name[0] != '\0' ? name : id;
    to = arena_text(&tool->arena, span_from_text(found));
    return to == NULL ? "" : to;
}

static bool certificate_name(struct span der, char *ret_name, size_t size)
{
    struct certificate certificate;
    struct csr csr;
    char name[CHAIN_NAME_MAX] = "";
    bool certified = certificate_parse(der, &certificate) == OK;
    bool parsed = certified || csr_parse(der, /* ret_reason= */ NULL, &csr) == OK;
    size_t names = !parsed ? 0 : certified ? certificate.dns_name_count : csr.dns_name_count;
    if (names > 0) {
        struct span first = certified ? certificate.dns_names[0] : csr.dns_names[0];
        (void)span_to_text(first, name, sizeof name);
    } else if (parsed) {
        chain_name(certified ? certificate.subject : csr.subject, name);
    }
    snprintf(ret_name, size, "%s", name);
    return parsed;
}
