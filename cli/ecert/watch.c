/* ecert watch: one pass over everything the tool keeps, for a timer and for monitoring: own
 * certificates and where they are, chains, revocation lists, servers as they answer. With --renew
 * it also does what can be done without anybody. It never revokes, never removes a key, and changes
 * no server but those of the ledger. */
#include "cli/ecert/watch.h"

#include "cli/ecert/renewal_time.h"
#include "cli/ecert/screen.h"

#include <stdio.h>
#include <stdlib.h>

enum { NOTIFY_WORDS_MAX = 64 };

static enum err pass(struct watch *watch, struct reason *ret_reason);
static enum err certificates_gather(struct watch *watch, struct reason *ret_reason);
static bool is_succeeded(const struct watch *watch, const struct certstore_item *item);
static bool takes_place(enum certstore_state state, bool older_ended);
static bool covers_all(const struct certificate *newer, const struct certificate *older);
static enum err targets_gather(struct watch *watch, struct reason *ret_reason);
static const struct watch_certificate *newest_for(const struct watch *watch, const char *name);

enum exit_code command_watch(struct tool *tool, const struct arguments *arguments)
{
    AUTO(watch) watch = { .tool = tool, .renews = arguments_has(arguments, "renew") };
    struct reason reason = { 0 };
    const char *program[NOTIFY_WORDS_MAX + 1] = { 0 };
    for (size_t i = 0; i < NOTIFY_WORDS_MAX; i++) {
        program[i] = arguments_nth(arguments, "notify", i);
    }
    if (tool_open_store(tool, &watch.store) != OK) {
        return EXIT_FAILED;
    }
    watch.now = clock_now(&tool->clock);
    enum err err = pass(&watch, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    watch_show(&watch);
    enum watch_severity gravest = watch_gravest(&watch);
    err = program[0] == NULL ? OK : watch_notify(&watch, program, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    bool nothing = watch.certificate_count == 0 && watch.target_count == 0;
    return gravest == WATCH_PERSON ? EXIT_FAILED : nothing ? EXIT_NOTHING : EXIT_DONE;
}

/* What is found is found at the end, when all has been done that could be. */
static enum err pass(struct watch *watch, struct reason *ret_reason)
{
    struct tool *tool = watch->tool;
    watch->findings = arena_alloc(&tool->arena, WATCH_FINDINGS_MAX, sizeof *watch->findings);
    if (watch->findings == NULL) {
        return ERR_MEMORY;
    }
    if (watch->renews && certstore_renewals_take(watch->store) != OK) {
        return reason_set(ret_reason, ERR_AGAIN, "watch.busy", tool->store_path, NULL, NULL);
    }
    TRY(crl_refresh_all(tool, watch->store, &watch->lists));
    TRY(watch_gather(watch, ret_reason));
    if (watch->renews) {
        TRY(watch_renew(watch, ret_reason));
        TRY(watch_gather(watch, ret_reason));
        TRY(watch_deploy(watch, ret_reason));
        TRY(watch_gather(watch, ret_reason));
        watch_staple(watch);
    }
    return watch_judge(watch);
}

void watch_release(struct watch *watch)
{
    certstore_items_release(&watch->items);
    certstore_free(watch->store);
}

void watch_find(struct watch *watch, enum watch_severity severity, const char *code,
    const char *field, const char *seen, const char *expected)
{
    if (watch->finding_count == WATCH_FINDINGS_MAX) {
        watch->cut = true;
        return;
    }
    struct watch_finding *finding = &watch->findings[watch->finding_count++];
    finding->severity = severity;
    (void)!reason_set(&finding->reason, ERR_DENIED, code, field, seen, expected);
}

enum watch_severity watch_gravest(const struct watch *watch)
{
    enum watch_severity gravest = watch->cut ? WATCH_PERSON : WATCH_FINE;
    for (size_t i = 0; i < watch->finding_count; i++) {
        enum watch_severity one = watch->findings[i].severity;
        gravest = one > gravest ? one : gravest;
    }
    return gravest;
}

const char *watch_severity_name(enum watch_severity severity)
{
    static const char *const names[] = { "fine", "note", "person" };
    return names[severity];
}

enum err watch_gather(struct watch *watch, struct reason *ret_reason)
{
    certstore_items_release(&watch->items);
    watch->items = (struct certstore_items){ .count = 0 };
    TRY(certstore_list(watch->store, &watch->items, /* ret_unreadable= */ NULL));
    TRY(certificates_gather(watch, ret_reason));
    return targets_gather(watch, ret_reason);
}

static enum err certificates_gather(struct watch *watch, struct reason *ret_reason)
{
    struct tool *tool = watch->tool;
    watch->certificate_count = 0;
    watch->certificates =
        arena_alloc(&tool->arena, watch->items.count + 1, sizeof *watch->certificates);
    if (watch->certificates == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < watch->items.count; i++) {
        struct certstore_item *item = &watch->items.items[i];
        struct watch_certificate *one = &watch->certificates[watch->certificate_count];
        if (item->kind != CERTSTORE_PERSONAL || is_succeeded(watch, item)) {
            continue;
        }
        *one = (struct watch_certificate){ .item = item };
        TRY(item_view(tool, watch->store, item, &one->view));
        renewal_way_read(tool, watch->store, item, &one->way);
        if (one->way.enrolled) {
            TRY(renewal_read(tool, watch->store, &one->way, &one->renewal, ret_reason));
        }
        one->due = renewal_due(one->view.not_before, one->view.not_after, item->id);
        watch->certificate_count++;
    }
    return OK;
}

/* There is a newer one for all of its names that serves: valid now, and trusted. What has ended
 * itself is no matter any more where a newer one is left to tell of. */
static bool is_succeeded(const struct watch *watch, const struct certstore_item *item)
{
    struct certificate older, newer;
    if (certificate_parse(buf_span(&item->certificate), &older) != OK) {
        return false;
    }
    for (size_t i = 0; i < watch->items.count; i++) {
        const struct certstore_item *other = &watch->items.items[i];
        struct certstore_judgement judgement;
        bool later =
            other != item && other->kind == CERTSTORE_PERSONAL &&
            certificate_parse(buf_span(&other->certificate), &newer) == OK &&
            (newer.not_before > older.not_before ||
                (newer.not_before == older.not_before && strcmp(other->id, item->id) > 0)) &&
            newer.not_before <= watch->now && covers_all(&newer, &older);
        if (later && certstore_judge(watch->store, other, watch->now, &judgement) == OK &&
            takes_place(judgement.state, watch->now > older.not_after)) {
            return true;
        }
    }
    return false;
}

/* A list that can't be had says nothing against a certificate. */
static bool takes_place(enum certstore_state state, bool older_ended)
{
    bool serves = state == CERTSTORE_VALID || state == CERTSTORE_REVOCATION_CHECK_FAILURE;
    bool told = state == CERTSTORE_DATE_INVALID || state == CERTSTORE_UNTRUSTED_STATE;
    return serves || (older_ended && told);
}

static bool covers_all(const struct certificate *newer, const struct certificate *older)
{
    for (size_t i = 0; i < older->dns_name_count; i++) {
        bool found = false;
        for (size_t k = 0; k < newer->dns_name_count && !found; k++) {
            found = span_equal(newer->dns_names[k], older->dns_names[i]);
        }
        if (!found) {
            return false;
        }
    }
    return older->dns_name_count > 0;
}

static enum err targets_gather(struct watch *watch, struct reason *ret_reason)
{
    struct tool *tool = watch->tool;
    struct deploy_list list = { 0 };
    TRY(deploy_ledger(tool, watch->store, /* server_name= */ NULL, &list, ret_reason));
    watch->targets = arena_alloc(&tool->arena, list.count + 1, sizeof *watch->targets);
    if (watch->targets == NULL) {
        return ERR_MEMORY;
    }
    watch->target_count = list.count;
    for (size_t i = 0; i < list.count; i++) {
        watch->targets[i] = (struct watch_target){
            .record = list.records[i],
            .newest = newest_for(watch, list.records[i].server_name),
        };
    }
    return OK;
}

/* The one whose first name it is: that is how a target is tied to a certificate. */
static const struct watch_certificate *newest_for(const struct watch *watch, const char *name)
{
    const struct watch_certificate *newest = NULL;
    for (size_t i = 0; i < watch->certificate_count; i++) {
        const struct watch_certificate *one = &watch->certificates[i];
        bool ours = strcmp(one->view.first_name, name) == 0;
        bool later = newest == NULL || one->view.not_before > newest->view.not_before;
        newest = ours && later ? one : newest;
    }
    return newest;
}
