/* What can be done without anybody: certificates of the running subscription renewed when a third
 * of their life is left, and the newest one put to every target of the ledger. Whatever happens,
 * nothing is tried again before its time. */
#include "cli/ecert/deploy_window.h"
#include "cli/ecert/renewal_time.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/watch.h"

enum { PROVE_SECONDS = 20 };

static enum err deploy_newest(
    struct watch *watch, const struct watch_certificate *one, struct reason *ret_reason);
static bool is_there(const struct watch_target *target);

enum err watch_renew(struct watch *watch, struct reason *ret_reason)
{
    for (size_t i = 0; i < watch->certificate_count; i++) {
        struct watch_certificate *one = &watch->certificates[i];
        struct reason reason = { 0 };
        if (!watch_renewal_ready(watch, one)) {
            continue;
        }
        const struct placeholder values[] = { { "name", one->view.first_name }, { NULL, NULL } };
        screen_heading(watch->tool, "tool.watch_renewing", values);
        enum err err =
            renewal_attempt(watch->tool, watch->store, one->item, &one->renewal, &reason);
        if (err != OK && one->renewal.reason.code[0] == '\0') {
            *ret_reason = reason; /* the record itself could not be written */
            return err;
        }
        screen_step(
            watch->tool, err == OK ? "tool.watch_renewed" : "tool.watch_not_renewed", values);
    }
    return OK;
}

/* A refused PIN is not tried again: each try costs one of ten. */
bool watch_renewal_ready(const struct watch *watch, const struct watch_certificate *one)
{
    bool pin_refused = strcmp(one->renewal.reason.code, "login.refused") == 0;
    return watch_renewal_wanted(watch, one) && !pin_refused && one->way.enrolled &&
           one->way.logs_in && one->way.proves && watch->now >= one->renewal.next;
}

bool watch_renewal_wanted(const struct watch *watch, const struct watch_certificate *one)
{
    bool arrived = one->way.enrolled && strcmp(one->renewal.key, one->view.key_sha256) == 0;
    return arrived || (watch->now >= one->due && !watch_at_end(one));
}

bool watch_at_end(const struct watch_certificate *one)
{
    return one->way.subscription_end != 0 &&
           one->view.not_after + DAY_SECONDS >= one->way.subscription_end;
}

enum err watch_deploy(struct watch *watch, struct reason *ret_reason)
{
    for (size_t i = 0; i < watch->certificate_count; i++) {
        TRY(deploy_newest(watch, &watch->certificates[i], ret_reason));
    }
    return OK;
}

/* To all of its targets that haven't got it and whose time it is. */
static enum err deploy_newest(
    struct watch *watch, const struct watch_certificate *one, struct reason *ret_reason)
{
    AUTO(deploy_material) material = { .root_count = 0 };
    struct reason reason = { 0 };
    struct deploy_list list = { .records = arena_alloc(&watch->tool->arena, watch->target_count + 1,
                                    sizeof *list.records) };
    if (list.records == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < watch->target_count; i++) {
        const struct watch_target *target = &watch->targets[i];
        if (target->newest == one && watch->now >= watch_target_next(watch, target)) {
            list.records[list.count++] = target->record;
        }
    }
    if (list.count == 0 ||
        deploy_material_load(watch->tool, watch->store, one->item->id, &material, &reason) != OK) {
        return OK; /* one that no client takes goes nowhere; what is the matter is found later */
    }
    enum err err = deploy_all(watch->tool, watch->store, &material, &list, PROVE_SECONDS);
    return err == OK ? OK
                     : reason_set(ret_reason, err, "certstore.write", watch->tool->store_path,
                           err_name(err), NULL);
}

int64_t watch_target_next(const struct watch *watch, const struct watch_target *target)
{
    const struct deploy_record *record = &target->record;
    struct deploy_window window = { .count = 0 };
    if (target->newest == NULL || is_there(target)) {
        return INT64_MAX;
    }
    bool failed = record->state == DEPLOY_FAILED || record->state == DEPLOY_ROLLED_BACK;
    bool same = strcmp(record->tried, target->newest->item->id) == 0;
    int64_t left = record->not_after - watch->now;
    int64_t earliest =
        failed && same && record->attempts > 0
            ? record->changed + renewal_pause(record->attempts, left, target->newest->item->id)
            : watch->now;
    earliest = earliest > watch->now ? earliest : watch->now;
    /* What a window can't be read from was refused when the ledger was. */
    (void)!deploy_window_parse(record->target.window, &window);
    return deploy_window_next(&window, earliest);
}

/* As the ledger says; whether the server says the same is looked at beside. A target whose pair a
 * person took back stays as the person wanted it, until there is a newer one. */
static bool is_there(const struct watch_target *target)
{
    const struct deploy_record *record = &target->record;
    bool newest = strcmp(record->there, target->newest->item->id) == 0;
    bool settled = record->state == DEPLOY_ANSWERS || record->state == DEPLOY_INSTALLED;
    bool by_hand = record->state == DEPLOY_ROLLED_BACK && record->attempts == 0 &&
                   strcmp(record->tried, target->newest->item->id) == 0;
    return by_hand || (settled && newest);
}
