/* Everything held against how it should be. What is being seen to is a note; what somebody has to
 * do is said with the command that does it. */
#include "cli/ecert/watch.h"

#include "cli/ecert/chain.h"
#include "cli/ecert/crew.h"
#include "cli/ecert/screen.h"
#include "lib/ca/policy.h"
#include "lib/certstore/lists.h"

#include <stdio.h>
#include <time.h>

enum {
    SUBSCRIPTION_DAYS = 60, /* its end is said before: a new application takes its time */
    ATTEMPTS_SILENT = 3,    /* so many may fail of something that passes by itself */
    ANSWER_MS = 5000,
    ASK_AGAIN_MS = 200,
    OLD_WORKER_MS = 10000,
};

static void certificate_judge(struct watch *watch, const struct watch_certificate *one);
static void state_judge(struct watch *watch, const struct watch_certificate *one);
static void renewal_judge(struct watch *watch, const struct watch_certificate *one);
static bool is_passing(const struct reason *reason);
static void subscription_judge(struct watch *watch, const struct watch_certificate *one);
static enum err authorities_judge(struct watch *watch);
static enum err lists_judge(struct watch *watch);
static enum err paths_judge(struct watch *watch, const struct watch_certificate *one);
static void cross_judge(
    struct watch *watch, const struct watch_certificate *one, const struct paths *paths);
static bool is_good(const struct path *path);
static struct span unsent(const struct path *path, const struct bundle *sent);
static void target_ask(size_t index, void *ctx);
static void target_judge(struct watch *watch, const struct watch_target *target);
static void delivery_judge(struct watch *watch, const struct watch_target *target);
static void staple_judge(struct watch *watch, const struct watch_target *target);

enum err watch_judge(struct watch *watch)
{
    watch_judge_certificates(watch);
    TRY(watch_judge_chains(watch));
    watch_judge_targets(watch);
    return OK;
}

void watch_judge_certificates(struct watch *watch)
{
    for (size_t i = 0; i < watch->certificate_count; i++) {
        certificate_judge(watch, &watch->certificates[i]);
    }
}

static void certificate_judge(struct watch *watch, const struct watch_certificate *one)
{
    state_judge(watch, one);
    subscription_judge(watch, one);
    if (watch_renewal_wanted(watch, one)) {
        renewal_judge(watch, one);
    }
}

static void state_judge(struct watch *watch, const struct watch_certificate *one)
{
    static const struct {
        enum certstore_state state;
        enum watch_severity severity;
        const char *code;
    } table[] = {
        { CERTSTORE_DATE_INVALID, WATCH_PERSON, "watch.expired" },
        { CERTSTORE_REVOKED, WATCH_PERSON, "watch.revoked" },
        { CERTSTORE_INVALID, WATCH_PERSON, "watch.refused" },
        { CERTSTORE_UNTRUSTED_STATE, WATCH_PERSON, "watch.refused" },
        { CERTSTORE_REVOCATION_CHECK_FAILURE, WATCH_NOTE, "watch.unchecked" },
    };
    char day[SCREEN_MOMENT_MAX];
    screen_day(watch->tool, one->view.not_after, day);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (one->view.judgement.state == table[i].state) {
            bool dated = table[i].state == CERTSTORE_DATE_INVALID;
            watch_find(watch, table[i].severity, table[i].code, one->view.first_name,
                dated ? day : item_state_text(watch->tool, table[i].state), one->view.short_id);
        }
    }
}

/* Said early, and for as long as it takes: nothing within the subscription helps any more. */
static void subscription_judge(struct watch *watch, const struct watch_certificate *one)
{
    int64_t end = one->way.subscription_end;
    char day[SCREEN_MOMENT_MAX];
    bool near = end != 0 && end - watch->now < SUBSCRIPTION_DAYS * DAY_SECONDS;
    if (near || (watch_at_end(one) && watch->now >= one->due)) {
        screen_day(watch->tool, end, day);
        watch_find(watch, WATCH_PERSON, "watch.subscription", one->view.first_name, day,
            one->way.reference);
    }
}

static void renewal_judge(struct watch *watch, const struct watch_certificate *one)
{
    const struct renewal *renewal = &one->renewal;
    char day[SCREEN_MOMENT_MAX], next[SCREEN_MOMENT_MAX];
    AUTO(buf) why = buf_make(4096);
    screen_day(watch->tool, one->view.not_after, day);
    screen_moment(watch->tool, renewal->next, next);
    const char *name = one->view.first_name;
    if (!one->way.enrolled || !one->way.logs_in || !one->way.proves) {
        watch_find(watch, WATCH_PERSON,
            !one->way.enrolled  ? "watch.due_by_hand"
            : !one->way.logs_in ? "watch.no_login"
                                : "watch.no_proof",
            name, day, one->item->id);
        return;
    }
    if (!watch->renews) {
        watch_find(watch, WATCH_PERSON, "watch.due", name, day, NULL);
        return;
    }
    if (renewal->attempts == 0) {
        watch_find(watch, WATCH_NOTE, "watch.renews_next", name, day, NULL);
        return;
    }
    watch_cause_write(watch, &renewal->reason, &why);
    const char *said = renewal->said[0] != '\0' ? renewal->said : buf_text(&why);
    bool waits = is_passing(&renewal->reason) && renewal->attempts < ATTEMPTS_SILENT;
    watch_find(watch, waits ? WATCH_NOTE : WATCH_PERSON, "watch.renewal_failed", name, said, next);
}

void watch_cause_write(const struct watch *watch, const struct reason *reason, struct buf *why)
{
    language_format_reason(watch->tool->language, reason, "", why);
    const char *text = buf_text(why);
    if (reason->seen[0] != '\0' && text != NULL && strstr(text, reason->seen) == NULL) {
        buf_append_format(why, " (%s)", reason->seen);
    }
}

/* What may be over by itself: the network, a service that is being restarted, an interruption. */
static bool is_passing(const struct reason *reason)
{
    static const char *const codes[] = { "http.", "api.status", "tool.wait_timeout" };
    bool passing = reason->code[0] == '\0';
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        passing |= strncmp(reason->code, codes[i], strlen(codes[i])) == 0;
    }
    return passing;
}

enum err watch_judge_chains(struct watch *watch)
{
    TRY(authorities_judge(watch));
    TRY(lists_judge(watch));
    for (size_t i = 0; i < watch->certificate_count; i++) {
        TRY(paths_judge(watch, &watch->certificates[i]));
    }
    return OK;
}

static enum err authorities_judge(struct watch *watch)
{
    AUTO(authorities) authorities = { 0 };
    TRY(certstore_authorities(
        watch->store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0, watch->now, &authorities));
    for (size_t i = 0; i < authorities.count; i++) {
        const struct authority *one = &authorities.items[i];
        char name[CHAIN_NAME_MAX];
        chain_name(one->certificate.subject, name);
        bool withdrawn = one->standing == AUTHORITY_REVOKED || one->standing == AUTHORITY_OLD;
        bool over = one->standing == AUTHORITY_EXPIRED;
        if (one->folder == CERTSTORE_INTERMEDIATE && withdrawn) {
            watch_find(watch, WATCH_PERSON, "watch.authority_withdrawn", name, one->id, NULL);
        } else if (one->folder != CERTSTORE_UNTRUSTED && over) {
            watch_find(watch, WATCH_NOTE, "watch.authority_expired", name, one->id, NULL);
        }
    }
    return OK;
}

static enum err lists_judge(struct watch *watch)
{
    AUTO(revocation_lists) lists = { 0 };
    TRY(certstore_lists(watch->store, watch->now, &lists));
    for (size_t i = 0; i < lists.count; i++) {
        char name[CHAIN_NAME_MAX], when[SCREEN_MOMENT_MAX];
        if (lists.items[i].state == LIST_STALE) {
            chain_name(lists.items[i].crl.issuer, name);
            screen_moment(watch->tool, lists.items[i].crl.next_update, when);
            watch_find(watch, WATCH_PERSON, "watch.list_stale", name, when, NULL);
        }
    }
    if (watch->lists.failed > 0) {
        char number[24];
        snprintf(number, sizeof number, "%zu", watch->lists.failed);
        watch_find(watch, WATCH_NOTE, "watch.list_failed", number, NULL, NULL);
    }
    return OK;
}

/* A path that a client may take and that is refused: an old intermediate in the kept chain. Where
 * none is good the certificate's own state says so. */
static enum err paths_judge(struct watch *watch, const struct watch_certificate *one)
{
    AUTO(certstore_paths) found = { 0 };
    size_t good = 0, bad = 0;
    if (certstore_paths(watch->store, buf_span(&one->item->certificate),
            buf_span(&one->item->chain), watch->now, /* ret_reason= */ NULL, &found) != OK) {
        return OK;
    }
    for (size_t i = 0; i < found.paths->count; i++) {
        const struct path *path = &found.paths->paths[i];
        good += path->rooted && path->verdict == OK;
        bad += path->rooted && path->verdict != OK;
    }
    if (good > 0 && bad > 0) {
        watch_find(
            watch, WATCH_PERSON, "watch.path", one->view.first_name, NULL, one->view.short_id);
    }
    cross_judge(watch, one, found.paths);
    return OK;
}

/* A good path that a client can't find, because the chain that servers are given lacks a link of
 * it, while another one is whole: a cross certificate. */
static void cross_judge(
    struct watch *watch, const struct watch_certificate *one, const struct paths *paths)
{
    AUTO(bundle) sent = { 0 };
    bool whole = false;
    if (one->item->chain.len == 0 || bundle_cut(buf_span(&one->item->chain), &sent) != OK) {
        return;
    }
    for (size_t i = 0; i < paths->count; i++) {
        whole |= is_good(&paths->paths[i]) && unsent(&paths->paths[i], &sent).len == 0;
    }
    for (size_t i = 0; whole && i < paths->count; i++) {
        struct certificate link;
        char name[CHAIN_NAME_MAX], issuer[CHAIN_NAME_MAX];
        struct span der = unsent(&paths->paths[i], &sent);
        if (is_good(&paths->paths[i]) && der.len > 0 && certificate_parse(der, &link) == OK) {
            chain_name(link.issuer, issuer);
            chain_name(link.subject, name);
            watch_find(watch, WATCH_PERSON, "watch.cross", one->view.first_name, name, issuer);
        }
    }
}

static bool is_good(const struct path *path)
{
    return path->rooted && path->verdict == OK;
}

/* The first link between leaf and root that isn't among these; empty: all are. */
static struct span unsent(const struct path *path, const struct bundle *sent)
{
    for (size_t i = 1; i + 1 < path->chain.length; i++) {
        bool found = false;
        for (size_t k = 0; k < sent->count; k++) {
            found |= span_equal(sent->spans[k], path->chain.path[i]);
        }
        if (!found) {
            return path->chain.path[i];
        }
    }
    return (struct span){ 0 };
}

void watch_judge_targets(struct watch *watch)
{
    crew_run(watch->target_count, CREW_MAX, target_ask, watch);
    for (size_t i = 0; i < watch->target_count; i++) {
        target_judge(watch, &watch->targets[i]);
        delivery_judge(watch, &watch->targets[i]);
        staple_judge(watch, &watch->targets[i]);
    }
}

/* A worker on its way out after a reload may take one more connection, with the pair before: what
 * answers so is asked again until it is gone. */
static void target_ask(size_t index, void *ctx)
{
    struct watch *watch = ctx;
    struct watch_target *target = &watch->targets[index];
    const struct deploy_record *record = &target->record;
    const struct timespec pause = { .tv_nsec = ASK_AGAIN_MS * 1000000L };
    int64_t deadline = clock_monotonic_ms() + OLD_WORKER_MS, not_after;
    deploy_answer(&record->target, ANSWER_MS, target->answer, &not_after);
    while (target->answer[0] != '\0' && strcmp(record->before, record->there) != 0 &&
           strcmp(target->answer, record->before) == 0 && clock_monotonic_ms() < deadline) {
        (void)nanosleep(&pause, /* rem= */ NULL);
        deploy_answer(&record->target, ANSWER_MS, target->answer, &not_after);
    }
}

/* Whether the server answers with what the ledger says. */
static void target_judge(struct watch *watch, const struct watch_target *target)
{
    const struct deploy_record *record = &target->record;
    const char *name = record->target.name;
    if (record->target.check[0] == '\0') {
        return;
    }
    if (target->answer[0] == '\0') {
        watch_find(watch, WATCH_PERSON, "watch.target_silent", name, NULL, record->target.check);
    } else if (record->there[0] != '\0' && strcmp(target->answer, record->there) != 0) {
        watch_find(watch, WATCH_PERSON, "watch.target_other", name, target->answer, record->there);
    }
}

/* Whether what should be there is. */
static void delivery_judge(struct watch *watch, const struct watch_target *target)
{
    const struct deploy_record *record = &target->record;
    const char *name = record->target.name;
    char when[SCREEN_MOMENT_MAX];
    int64_t next = watch_target_next(watch, target);
    if (target->newest == NULL) {
        watch_find(watch, WATCH_NOTE, "watch.target_unknown", name, record->server_name, NULL);
        return;
    }
    if (next == INT64_MAX) {
        return;
    }
    screen_moment(watch->tool, next, when);
    bool failed = record->state == DEPLOY_FAILED || record->state == DEPLOY_ROLLED_BACK;
    if (failed && record->attempts > 0) {
        AUTO(buf) why = buf_make(4096);
        watch_cause_write(watch, &record->reason, &why);
        watch_find(watch, WATCH_PERSON, "watch.target_failed", name, buf_text(&why), when);
        return;
    }
    watch_find(watch, watch->renews ? WATCH_NOTE : WATCH_PERSON,
        watch->renews ? "watch.target_waits" : "watch.target_behind", name,
        watch->renews ? when : record->server_name, NULL);
}

/* A good answer in the file serves to its end: until then a responder that is away is a note. What
 * is there and is not handed out helps nobody; here too an old worker may answer once more. */
static void staple_judge(struct watch *watch, const struct watch_target *target)
{
    const struct deploy_record *record = &target->record;
    AUTO(bundle) chain = { 0 };
    AUTO(staple) staple = { 0 };
    AUTO(buf) why = buf_make(4096);
    struct certificate leaf;
    struct reason reason = target->staple_reason;
    bool stapling = record->target.staple[0] != '\0' && record->there[0] != '\0' &&
                    staple_chain(watch->store, record, &chain, NULL) == OK && chain.count > 0 &&
                    certificate_parse(chain.spans[0], &leaf) == OK && leaf.ocsp_uri.len > 0;
    if (!stapling) {
        return;
    }
    bool good = !deploy_staples_from_file(&record->target) ||
                staple_stands(record, &chain, watch->now, &staple,
                    target->stapled == OK ? &reason : NULL) == OK;
    bool answers = strcmp(target->answer, record->there) == 0;
    struct reason silent = { 0 };
    if (good && answers &&
        staple_prove(&record->target, &chain, /* wanted= */ NULL, watch->now, OLD_WORKER_MS / 1000,
            &silent) != OK) {
        watch_cause_write(watch, &silent, &why);
        watch_find(watch, WATCH_PERSON, "watch.staple_silent", record->target.name, buf_text(&why),
            record->target.kind->staple_lines);
        return;
    }
    if (!good || target->stapled != OK) {
        watch_cause_write(watch, &reason, &why);
        watch_find(watch, good ? WATCH_NOTE : WATCH_PERSON,
            good ? "watch.staple_waits" : "watch.staple", record->target.name, buf_text(&why),
            NULL);
    }
}
