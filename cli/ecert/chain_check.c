/* ecert chain check [ID|FILE]: every path from a certificate to a root, which of them clients take,
 * and what is wrong with the others. A client that was given an old intermediate may take the path
 * through it: such a path is a fault even beside a good one. */
#include "cli/ecert/bundle.h"
#include "cli/ecert/chain.h"
#include "cli/ecert/path.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <unistd.h>

/* What the paths of one certificate come to. */
struct outcome {
    size_t good, bad, unfinished;
    bool cut; /* not all were looked at */
};

static enum exit_code certificate_check(struct tool *tool, const struct certstore *store,
    struct span certificate, struct span chain, struct value *list);
static enum exit_code outcome_show(
    struct tool *tool, const struct outcome *outcome, struct value *object);
static enum exit_code file_check(
    struct tool *tool, const struct certstore *store, const char *path, struct value *list);
static enum exit_code all_check(
    struct tool *tool, const struct certstore *store, struct value *list);

enum exit_code command_chain_check(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    struct value *list = value_put_list(&tool->tree, tool->result, "certificates");
    if (arguments->operand_count == 0) {
        return all_check(tool, store, list);
    }
    const char *wanted = arguments->operands[0];
    if (access(wanted, R_OK) == 0) {
        return file_check(tool, store, wanted, list);
    }
    enum err err = certstore_find(store, wanted, &reason, &item);
    if (err == OK && item.kind == CERTSTORE_REQUEST) {
        err = reason_set(&reason, ERR_NOT_FOUND, "tool.no_certificate_yet", wanted, NULL, NULL);
    }
    return err == OK ? certificate_check(
                           tool, store, buf_span(&item.certificate), buf_span(&item.chain), list)
                     : screen_failure(tool, err, &reason);
}

static enum exit_code all_check(
    struct tool *tool, const struct certstore *store, struct value *list)
{
    AUTO(certstore_items) items = { 0 };
    enum exit_code code = EXIT_NOTHING;
    enum err err = certstore_list(store, &items, /* ret_unreadable= */ NULL);
    if (err != OK) {
        return screen_failure(tool, err, &(struct reason){ 0 });
    }
    for (size_t i = 0; i < items.count; i++) {
        if (items.items[i].kind == CERTSTORE_PERSONAL) {
            enum exit_code one = certificate_check(tool, store,
                buf_span(&items.items[i].certificate), buf_span(&items.items[i].chain), list);
            code = one == EXIT_FAILED || code == EXIT_FAILED ? EXIT_FAILED : one;
        }
    }
    if (code == EXIT_NOTHING) {
        screen_message(tool, "tool.chain_no_certificate", NULL);
    }
    return code;
}

/* A file as a server would send it: the certificate first, then its chain. */
static enum exit_code file_check(
    struct tool *tool, const struct certstore *store, const char *path, struct value *list)
{
    AUTO(bundle) bundle = { 0 };
    AUTO(buf) chain = buf_make(CERTSTORE_CHAIN_MAX);
    struct reason reason = { 0 };
    enum err err = bundle_read(path, &bundle, &reason);
    err = err == OK ? bundle_chain(&bundle, 0, &chain) : err;
    return err == OK ? certificate_check(tool, store, bundle.spans[0], buf_span(&chain), list)
                     : screen_failure(tool, err, &reason);
}

static enum exit_code certificate_check(struct tool *tool, const struct certstore *store,
    struct span certificate, struct span chain, struct value *list)
{
    AUTO(certstore_paths) found = { 0 };
    struct reason reason = { 0 };
    struct outcome outcome = { 0 };
    struct certificate parsed;
    char name[CHAIN_NAME_MAX] = "";
    enum err err =
        certstore_paths(store, certificate, chain, clock_now(&tool->clock), &reason, &found);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (certificate_parse(certificate, &parsed) == OK) {
        chain_name(parsed.subject, name);
    }
    const struct placeholder values[] = { { "name", name }, { NULL, NULL } };
    screen_heading(tool, "tool.chain_paths_of", values);
    struct value *object = value_add_object(&tool->tree, list);
    value_put_text(&tool->tree, object, "name", name);
    struct value *paths = value_put_list(&tool->tree, object, "paths");
    for (size_t i = 0; i < found.paths->count; i++) {
        const struct path *path = &found.paths->paths[i];
        bool good = path->rooted && path->verdict == OK;
        path_show(tool, path, i, /* taken= */ good && outcome.good == 0);
        path_put(tool, path, value_add_object(&tool->tree, paths));
        outcome.unfinished += !path->rooted;
        outcome.good += good;
        outcome.bad += path->rooted && path->verdict != OK;
    }
    outcome.cut = found.paths->cut;
    return outcome_show(tool, &outcome, object);
}

static enum exit_code outcome_show(
    struct tool *tool, const struct outcome *outcome, struct value *object)
{
    bool fine = outcome->good > 0 && outcome->bad == 0 && !outcome->cut;
    value_put_bool(&tool->tree, object, "good", fine);
    value_put_bool(&tool->tree, object, "cut", outcome->cut);
    if (outcome->cut) {
        screen_message(tool, "tool.path_cut", NULL);
    }
    if (outcome->good == 0) {
        screen_message(tool, "tool.chain_none_good", NULL);
    } else if (outcome->bad > 0) {
        screen_message(tool, "tool.chain_some_bad", NULL);
    } else if (fine) {
        screen_step(tool, "tool.chain_fine", NULL);
    }
    return fine ? EXIT_DONE : EXIT_FAILED;
}
