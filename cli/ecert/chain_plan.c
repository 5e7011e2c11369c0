/* Checks of what comes in, and the list of changes that follows. */
#include "cli/ecert/chain_plan.h"

#include "cli/ecert/chain.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

static enum err bundle_check(const struct chain_plan *plan, struct reason *ret_reason);
static enum err issuers_check(const struct chain_plan *plan, struct reason *ret_reason);
static enum err revoked_refuse(
    const struct tool *tool, const struct chain_plan *plan, struct reason *ret_reason);
static enum err revocation_tell(const struct tool *tool, const struct chain_plan *plan,
    const struct authority *revoked, struct reason *ret_reason);
static void changes_plan(struct chain_plan *plan);
static void change_add(struct chain_plan *plan, const struct authority *authority, bool add);

void chain_plan_release(struct chain_plan *plan)
{
    bundle_release(&plan->bundle);
    authorities_release(&plan->authorities);
    chain_kept_release(&plan->kept);
}

enum err chain_folder_from_word(const char *word, enum certstore_folder *ret_folder)
{
    static const struct {
        const char *word;
        enum certstore_folder folder;
    } words[] = {
        { "intermediate", CERTSTORE_INTERMEDIATE },
        { "root", CERTSTORE_ROOTS },
        { "untrusted", CERTSTORE_UNTRUSTED },
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i].word) == 0) {
            *ret_folder = words[i].folder;
            return OK;
        }
    }
    return ERR_INPUT;
}

enum err chain_plan_install(
    const struct tool *tool, struct chain_plan *plan, struct reason *ret_reason)
{
    TRY(bundle_check(plan, ret_reason));
    TRY(certstore_authorities(plan->store, plan->folder, plan->bundle.spans, plan->bundle.count,
        clock_now(&tool->clock), &plan->authorities));
    TRY(issuers_check(plan, ret_reason));
    if (plan->replace_old) {
        TRY(chain_kept_plan(tool, plan->store, &plan->bundle, &plan->kept));
    } else {
        TRY(revoked_refuse(tool, plan, ret_reason));
    }
    changes_plan(plan);
    return OK;
}

enum err chain_plan_remove(const struct tool *tool, struct chain_plan *plan, const char *thumbprint,
    struct reason *ret_reason)
{
    const struct authority *found = NULL;
    TRY(certstore_authorities(plan->store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0,
        clock_now(&tool->clock), &plan->authorities));
    TRY(authorities_find(&plan->authorities, thumbprint, ret_reason, &found));
    change_add(plan, found, /* add= */ false);
    return OK;
}

bool chain_plan_empty(const struct chain_plan *plan)
{
    return plan->count == 0 && plan->kept.count == 0;
}

const struct authority *chain_plan_root(const struct chain_plan *plan, size_t index)
{
    for (size_t i = 0; plan->folder == CERTSTORE_ROOTS && i < plan->authorities.count; i++) {
        if (plan->authorities.items[i].added && index-- == 0) {
            return &plan->authorities.items[i];
        }
    }
    return NULL;
}

bool chain_fingerprint_is(const char *typed, const char *id)
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

enum err chain_plan_apply(struct chain_plan *plan, size_t *ret_chains, struct reason *ret_reason)
{
    TRY(certstore_apply(
        plan->store, plan->changes, plan->count, ret_reason, /* ret_count= */ NULL));
    *ret_chains = 0;
    if (plan->kept.count == 0) {
        return OK;
    }
    return certstore_replace(
        plan->store, plan->kept.replacements, plan->kept.count, ret_reason, ret_chains);
}

/* One certificate that doesn't belong keeps all of the file out. */
static enum err bundle_check(const struct chain_plan *plan, struct reason *ret_reason)
{
    for (size_t i = 0; i < plan->bundle.count; i++) {
        enum err err = certstore_belongs(plan->bundle.spans[i], plan->folder, ret_reason);
        if (err != OK) {
            snprintf(ret_reason->field, sizeof ret_reason->field, "%s", plan->source);
            return err;
        }
    }
    return OK;
}

/* Where the issuer is known by name and key identifier, its signature must fit. An unknown issuer
 * is no fault: its certificate may come later. */
static enum err issuers_check(const struct chain_plan *plan, struct reason *ret_reason)
{
    for (size_t i = 0; plan->folder == CERTSTORE_INTERMEDIATE && i < plan->authorities.count; i++) {
        const struct authority *own = &plan->authorities.items[i];
        bool known = false, signed_one = false;
        for (size_t k = 0; own->added && k < plan->authorities.count; k++) {
            const struct certificate *issuer = &plan->authorities.items[k].certificate;
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

/* What its issuer has withdrawn keeps all of the file out; `replace_old` leaves only that out. */
static enum err revoked_refuse(
    const struct tool *tool, const struct chain_plan *plan, struct reason *ret_reason)
{
    for (size_t i = 0; plan->folder == CERTSTORE_INTERMEDIATE && i < plan->authorities.count; i++) {
        const struct authority *item = &plan->authorities.items[i];
        if (item->added && item->standing == AUTHORITY_REVOKED) {
            return revocation_tell(tool, plan, item, ret_reason);
        }
    }
    return OK;
}

/* Who revoked it and when; and what took its place, where that is known here. */
static enum err revocation_tell(const struct tool *tool, const struct chain_plan *plan,
    const struct authority *revoked, struct reason *ret_reason)
{
    const struct certificate *own = &revoked->certificate;
    char name[CHAIN_NAME_MAX], issuer[CHAIN_NAME_MAX], when[SCREEN_MOMENT_MAX];
    char seen[REASON_TEXT_MAX], successor[REASON_TEXT_MAX] = "";
    chain_name(own->subject, name);
    chain_name(own->issuer, issuer);
    screen_day(tool, revoked->revoked_at, when);
    snprintf(seen, sizeof seen, "%.*s: %.180s, %.60s", CHAIN_SHORT_THUMBPRINT, revoked->id, issuer,
        when);
    for (size_t i = 0; i < plan->authorities.count; i++) {
        const struct authority *other = &plan->authorities.items[i];
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

static void changes_plan(struct chain_plan *plan)
{
    bool replace = plan->replace_old;
    for (size_t i = 0; i < plan->authorities.count; i++) {
        const struct authority *item = &plan->authorities.items[i];
        bool withdrawn = item->folder == CERTSTORE_INTERMEDIATE &&
                         (item->standing == AUTHORITY_REVOKED || item->standing == AUTHORITY_OLD);
        if (item->added && !(replace && withdrawn)) {
            change_add(plan, item, /* add= */ true);
        } else if (replace && withdrawn && !item->added) {
            change_add(plan, item, /* add= */ false);
        }
    }
}

static void change_add(struct chain_plan *plan, const struct authority *authority, bool add)
{
    if (plan->count < CERTSTORE_CHANGES_MAX) {
        plan->chosen[plan->count] = authority;
        plan->changes[plan->count++] = (struct certstore_change){
            .folder = authority->folder,
            .add = add,
            .der = authority->certificate.der,
        };
    }
}
