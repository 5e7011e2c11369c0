/* ecert chain install [FILE], remove THUMBPRINT, undo: the trust folders changed, each time as one
 * change that can be looked at before and taken back after. Nothing lands in a store where it
 * doesn't belong, and no root is trusted but by its fingerprint. */
#include "cli/ecert/ask.h"
#include "cli/ecert/bundle.h"
#include "cli/ecert/chain.h"
#include "cli/ecert/chain_kept.h"
#include "cli/ecert/screen.h"
#include "lib/certstore/change.h"

#include <stdio.h>

const struct option options_chain_install[] = {
    { "as", OPTION_VALUE, "intermediate|root|untrusted" },
    { "fingerprint", OPTION_VALUE, "SHA-256" },
    { "replace-old", OPTION_FLAG, NULL },
    { "dry-run", OPTION_FLAG, NULL },
    { .name = NULL },
};
const struct option options_chain_remove[] = {
    { "dry-run", OPTION_FLAG, NULL },
    { .name = NULL },
};

/* One run of `install`. */
struct installation {
    struct tool *tool;
    const struct arguments *arguments;
    struct certstore *store;
    enum certstore_folder folder;
    struct bundle bundle;
    struct authorities authorities;
    struct chain_kept kept;
    const struct authority *chosen[CERTSTORE_CHANGES_MAX]; /* what each change is about */
    struct certstore_change changes[CERTSTORE_CHANGES_MAX];
    size_t count;
};
static void installation_release(struct installation *installation)
{
    certstore_free(installation->store);
    bundle_release(&installation->bundle);
    authorities_release(&installation->authorities);
    chain_kept_release(&installation->kept);
}
AUTO_DEFINE(installation, installation_release)

static enum err folder_choose(struct installation *run, struct reason *ret_reason);
static enum err bundle_check(struct installation *run, struct reason *ret_reason);
static enum err issuers_check(const struct installation *run, struct reason *ret_reason);
static enum err revoked_refuse(const struct installation *run, struct reason *ret_reason);
static enum err revocation_tell(
    const struct installation *run, const struct authority *revoked, struct reason *ret_reason);
static enum err roots_trust(const struct installation *run, struct reason *ret_reason);
static enum err root_trust(
    const struct installation *run, const struct authority *root, struct reason *ret_reason);
static bool fingerprint_is(const char *typed, const char *id);
static void changes_plan(struct installation *run);
static void change_add(struct installation *run, const struct authority *authority, bool add);
static enum exit_code changes_do(struct installation *run);
static enum err changes_apply(
    struct installation *run, size_t *ret_chains, struct reason *ret_reason);
static void chains_show(struct installation *run, size_t chains);

enum exit_code command_chain_install(struct tool *tool, const struct arguments *arguments)
{
    AUTO(installation) run = { .tool = tool, .arguments = arguments };
    struct reason reason = { 0 };
    if (arguments->operand_count == 0 && !arguments_has(arguments, "replace-old")) {
        reason_set(&reason, ERR_INPUT, "usage.needed", "FILE", NULL, NULL);
        return screen_failure(tool, ERR_INPUT, &reason);
    }
    enum err err = folder_choose(&run, &reason);
    err = err == OK && arguments->operand_count > 0
              ? bundle_read(arguments->operands[0], &run.bundle, &reason)
              : err;
    err = err == OK ? bundle_check(&run, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &run.store) != OK) {
        return EXIT_FAILED;
    }
    err = certstore_authorities(run.store, run.folder, run.bundle.spans, run.bundle.count,
        clock_now(&tool->clock), &run.authorities);
    err = err == OK ? issuers_check(&run, &reason) : err;
    err =
        err == OK && !arguments_has(arguments, "replace-old") ? revoked_refuse(&run, &reason) : err;
    err = err == OK && !arguments_has(arguments, "dry-run") ? roots_trust(&run, &reason) : err;
    err = err == OK && arguments_has(arguments, "replace-old")
              ? chain_kept_plan(tool, run.store, &run.bundle, &run.kept)
              : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    changes_plan(&run);
    return changes_do(&run);
}

static enum err folder_choose(struct installation *run, struct reason *ret_reason)
{
    static const struct {
        const char *word;
        enum certstore_folder folder;
    } words[] = {
        { "intermediate", CERTSTORE_INTERMEDIATE },
        { "root", CERTSTORE_ROOTS },
        { "untrusted", CERTSTORE_UNTRUSTED },
    };
    const char *word = arguments_value(run->arguments, "as");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (word == NULL || strcmp(word, words[i].word) == 0) {
            run->folder = words[i].folder;
            return OK;
        }
    }
    return reason_set(
        ret_reason, ERR_INPUT, "usage.value", "--as", word, options_chain_install[0].value);
}

/* One certificate that doesn't belong keeps all of the file out. */
static enum err bundle_check(struct installation *run, struct reason *ret_reason)
{
    for (size_t i = 0; i < run->bundle.count; i++) {
        enum err err = certstore_belongs(run->bundle.spans[i], run->folder, ret_reason);
        if (err != OK) {
            snprintf(
                ret_reason->field, sizeof ret_reason->field, "%s", run->arguments->operands[0]);
            return err;
        }
    }
    return OK;
}

/* Where the issuer is known by name and key identifier, its signature must fit. An unknown issuer
 * is no fault: its certificate may come later. */
static enum err issuers_check(const struct installation *run, struct reason *ret_reason)
{
    for (size_t i = 0; run->folder == CERTSTORE_INTERMEDIATE && i < run->authorities.count; i++) {
        const struct authority *own = &run->authorities.items[i];
        bool known = false, signed_one = false;
        for (size_t k = 0; own->added && k < run->authorities.count; k++) {
            const struct certificate *issuer = &run->authorities.items[k].certificate;
            AUTO_PTR(key) key = NULL;
            if (!span_equal(issuer->subject, own->certificate.issuer)) {
                continue;
            }
            known = true;
            signed_one |= key_from_spki(issuer->spki, &key) == OK &&
                          certificate_verify(&own->certificate, key) == OK;
        }
        if (known && !signed_one) {
            char name[CHAIN_NAME_MAX], issuer[CHAIN_NAME_MAX];
            chain_name(own->certificate.subject, name);
            chain_name(own->certificate.issuer, issuer);
            return reason_set(
                ret_reason, ERR_DENIED, "certstore.foreign_issuer", name, own->id, issuer);
        }
    }
    return OK;
}

/* What its issuer has withdrawn keeps all of the file out; --replace-old leaves only that out. */
static enum err revoked_refuse(const struct installation *run, struct reason *ret_reason)
{
    for (size_t i = 0; run->folder == CERTSTORE_INTERMEDIATE && i < run->authorities.count; i++) {
        const struct authority *item = &run->authorities.items[i];
        if (item->added && item->standing == AUTHORITY_REVOKED) {
            return revocation_tell(run, item, ret_reason);
        }
    }
    return OK;
}

/* Who revoked it and when; and what took its place, where that is known here. */
static enum err revocation_tell(
    const struct installation *run, const struct authority *revoked, struct reason *ret_reason)
{
    const struct certificate *own = &revoked->certificate;
    char name[CHAIN_NAME_MAX], issuer[CHAIN_NAME_MAX], when[SCREEN_MOMENT_MAX];
    char seen[REASON_TEXT_MAX], successor[REASON_TEXT_MAX] = "";
    chain_name(own->subject, name);
    chain_name(own->issuer, issuer);
    screen_day(run->tool, revoked->revoked_at, when);
    snprintf(seen, sizeof seen, "%.*s: %.180s, %.60s", CHAIN_SHORT_THUMBPRINT, revoked->id, issuer,
        when);
    for (size_t i = 0; i < run->authorities.count; i++) {
        const struct authority *other = &run->authorities.items[i];
        bool fits = other->folder == CERTSTORE_INTERMEDIATE &&
                    other->standing == AUTHORITY_CURRENT &&
                    span_equal(other->certificate.subject, own->subject) &&
                    span_equal(other->certificate.spki, own->spki);
        if (fits) {
            snprintf(successor, sizeof successor, "%.250s %.*s", name, CHAIN_SHORT_THUMBPRINT,
                other->id);
        }
    }
    return reason_set(ret_reason, ERR_DENIED, "certstore.revoked", name, seen, successor);
}

static enum err roots_trust(const struct installation *run, struct reason *ret_reason)
{
    for (size_t i = 0; run->folder == CERTSTORE_ROOTS && i < run->authorities.count; i++) {
        if (run->authorities.items[i].added) {
            TRY(root_trust(run, &run->authorities.items[i], ret_reason));
        }
    }
    return OK;
}

static enum err root_trust(
    const struct installation *run, const struct authority *root, struct reason *ret_reason)
{
    const char *typed = arguments_value(run->arguments, "fingerprint");
    bool trusted = typed != NULL && fingerprint_is(typed, root->id);
    if (typed == NULL) {
        const struct placeholder values[] = { { "fingerprint", root->id }, { NULL, NULL } };
        screen_message(run->tool, "tool.root_new", values);
        if (ask_yes(run->tool, "tool.ask_trust_root", &trusted) != OK) {
            trusted = false;
        }
    }
    return trusted
               ? OK
               : reason_set(ret_reason, ERR_DENIED, "tool.root_not_trusted", NULL, root->id, typed);
}

static bool fingerprint_is(const char *typed, const char *id)
{
    size_t count = 0;
    for (; *typed != '\0'; typed++) {
        if (*typed == ':' || *typed == ' ') {
            continue;
        }
        char digit = *typed >= 'A' && *typed <= 'F' ? (char)(*typed | 0x20) : *typed;
        if (id[count] == '\0' || id[count] != digit) {
            return false;
        }
        count++;
    }
    return id[count] == '\0';
}

static void changes_plan(struct installation *run)
{
    bool replace = arguments_has(run->arguments, "replace-old");
    for (size_t i = 0; i < run->authorities.count; i++) {
        const struct authority *item = &run->authorities.items[i];
        bool withdrawn = item->folder == CERTSTORE_INTERMEDIATE &&
                         (item->standing == AUTHORITY_REVOKED || item->standing == AUTHORITY_OLD);
        if (item->added && !(replace && withdrawn)) {
            change_add(run, item, /* add= */ true);
        } else if (replace && withdrawn && !item->added) {
            change_add(run, item, /* add= */ false);
        }
    }
}

static void change_add(struct installation *run, const struct authority *authority, bool add)
{
    if (run->count < CERTSTORE_CHANGES_MAX) {
        run->chosen[run->count] = authority;
        run->changes[run->count++] = (struct certstore_change){
            .folder = authority->folder,
            .add = add,
            .der = authority->certificate.der,
        };
    }
}

/* Does what is planned, or only says it. */
static enum exit_code changes_do(struct installation *run)
{
    struct tool *tool = run->tool;
    struct reason reason = { 0 };
    bool dry = arguments_has(run->arguments, "dry-run");
    struct value *added = value_put_list(&tool->tree, tool->result, "installed");
    struct value *removed = value_put_list(&tool->tree, tool->result, "removed");
    value_put_bool(&tool->tree, tool->result, "dry_run", dry);
    if (run->count == 0 && run->kept.count == 0) {
        screen_message(tool, "tool.chain_nothing", NULL);
        return EXIT_NOTHING;
    }
    size_t chains = run->kept.count;
    enum err err = dry ? OK : changes_apply(run, &chains, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    for (size_t i = 0; i < run->count; i++) {
        bool add = run->changes[i].add;
        chain_step(tool,
            dry && add ? "tool.chain_would_install"
            : dry      ? "tool.chain_would_remove"
            : add      ? "tool.chain_installed"
                       : "tool.chain_removed",
            run->chosen[i], !dry);
        chain_put(tool, run->chosen[i], value_add_object(&tool->tree, add ? added : removed));
    }
    chains_show(run, chains);
    screen_message(tool, dry ? "tool.chain_dry" : "tool.chain_undo_hint", NULL);
    return EXIT_DONE;
}

static enum err changes_apply(
    struct installation *run, size_t *ret_chains, struct reason *ret_reason)
{
    size_t changed = 0;
    TRY(certstore_apply(run->store, run->changes, run->count, ret_reason, &changed));
    *ret_chains = 0;
    if (run->kept.count == 0) {
        return OK;
    }
    return certstore_replace(run->store, run->kept.replacements, run->kept.count,
        /* joined= */ changed > 0, ret_reason, ret_chains);
}

static void chains_show(struct installation *run, size_t chains)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", chains);
    const struct placeholder values[] = { { "n", number }, { NULL, NULL } };
    value_put_integer(&run->tool->tree, run->tool->result, "chains", (int64_t)chains);
    if (chains > 0) {
        screen_message(run->tool, "tool.chain_kept", values);
    }
}

enum exit_code command_chain_remove(struct tool *tool, const struct arguments *arguments)
{
    AUTO(installation) run = { .tool = tool, .arguments = arguments };
    const struct authority *found = NULL;
    struct reason reason = { 0 };
    if (tool_open_store(tool, &run.store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = certstore_authorities(run.store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0,
        clock_now(&tool->clock), &run.authorities);
    err = err == OK ? authorities_find(&run.authorities, arguments->operands[0], &reason, &found)
                    : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    change_add(&run, found, /* add= */ false);
    return changes_do(&run);
}

enum exit_code command_chain_undo(struct tool *tool, const struct arguments *arguments)
{
    (void)arguments;
    AUTO_PTR(certstore) store = NULL;
    struct reason reason = { 0 };
    size_t added = 0, removed = 0;
    char in[24], out[24];
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = certstore_undo(store, &reason, &added, &removed);
    if (err != OK) {
        screen_failure(tool, err, &reason);
        return err == ERR_NOT_FOUND ? EXIT_NOTHING : EXIT_FAILED;
    }
    snprintf(in, sizeof in, "%zu", added);
    snprintf(out, sizeof out, "%zu", removed);
    const struct placeholder values[] = { { "added", in }, { "removed", out }, { NULL, NULL } };
    screen_step(tool, "tool.chain_undone", values);
    value_put_integer(&tool->tree, tool->result, "added", (int64_t)added);
    value_put_integer(&tool->tree, tool->result, "removed", (int64_t)removed);
    return EXIT_DONE;
}
