/* Page 7, the next certificate within the subscription: the normal case, since a
 * certificate lasts less than the subscription. Evidence that is young enough is used again; the
 * signer judges it once more. Evidence bound to a key serves that key only, so a new key asks anew.
 */
#include "proc/portal/next.h"

#include "lib/ca/method.h"
#include "lib/store/evidence.h"
#include "proc/portal/handlers.h"
#include "proc/portal/keys.h"
#include "proc/portal/published.h"

/* What a next certificate would need and last. */
struct outlook {
    bool open;              /* the subscription goes on */
    int64_t evidence_until; /* 0: control is to be proved again */
    int64_t not_after;
};

static enum err outlook_of(struct visit *visit, struct outlook *ret_outlook);
static enum err evidence_until(
    struct visit *visit, const struct policy *policy, int64_t *ret_until);
static enum err next_begin(struct visit *visit);
static enum err evidence_store(struct store *store, void *ctx);

enum err next_get(struct visit *visit)
{
    struct certificate_row row = { 0 };
    struct value_tree *tree = &visit->tree;
    page_begin(visit, STEP_DOWNLOAD, "next.title");
    TRY(details_put(visit, visit->page));
    TRY(certificate_find(visit, &row));
    TRY(published_put(visit, value_put_object(tree, visit->page, "present"), &row));
    TRY(next_put(visit, visit->page));
    TRY(keys_put(visit, visit->page));
    value_put_bool(tree, visit->page, "files", row.state == CERTIFICATE_ACCEPTED);
    return page_reply(visit, 200, "next");
}

enum err next_post(struct visit *visit)
{
    TRY(next_begin(visit));
    return reply_redirect(visit->response, page_of_state(visit->enrolment.state));
}

enum err api_next_post(struct visit *visit)
{
    TRY(next_begin(visit));
    return api_enrolment_get(visit);
}

enum err next_put(struct visit *visit, struct value *object)
{
    struct outlook outlook = { 0 };
    struct value_tree *tree = &visit->tree;
    TRY(outlook_of(visit, &outlook));
    struct value *next = value_put_object(tree, object, "next");
    value_put_bool(tree, next, "possible", outlook.open);
    if (outlook.open) {
        char day[TIME_TEXT_MAX];
        time_format_day(outlook.not_after, day);
        put_time(visit, next, "not_after", outlook.not_after);
        value_put_text(tree, next, "until", day);
        value_put_integer(tree, next, "days", (outlook.not_after + 1 - visit->now) / DAY_SECONDS);
        value_put_bool(tree, next, "proved", outlook.evidence_until != 0);
    }
    if (outlook.open && outlook.evidence_until != 0) {
        put_time(visit, next, "evidence_until", outlook.evidence_until);
    }
    return value_tree_check(tree);
}

static enum err outlook_of(struct visit *visit, struct outlook *ret_outlook)
{
    struct policy policy;
    policy_at(visit->now, POLICY_PUBLIC, &policy);
    int64_t last = visit->now + policy.validity_seconds - 1;
    int64_t end = visit->enrolment.subscription_end - 1;
    struct outlook outlook = {
        .open = visit->now < visit->enrolment.subscription_end,
        .not_after = last < end ? last : end,
    };
    TRY(evidence_until(visit, &policy, &outlook.evidence_until));
    *ret_outlook = outlook;
    return OK;
}

/* Until when the evidence of every name may be used; 0 if that of one may not, or it is bound. */
static enum err evidence_until(struct visit *visit, const struct policy *policy, int64_t *ret_until)
{
    struct evidence_row *rows = NULL;
    size_t count = 0;
    int64_t until = INT64_MAX;
    struct arena *arena = visit->request->arena;
    TRY(store_evidence_list(visit->portal->store, visit->enrolment.id, arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        int64_t end = rows[i].time + policy_reuse(policy, rows[i].method);
        until = end < until ? end : until;
    }
    bool every = count > 0 && count >= visit->application.name_count;
    bool usable = every && !visit->enrolment.has_spki && visit->now < until;
    *ret_until = usable ? until : 0;
    return OK;
}

static enum err next_begin(struct visit *visit)
{
    struct outlook outlook = { 0 };
    TRY(outlook_of(visit, &outlook));
    if (!outlook.open) {
        return reason_set(
            &visit->request->reason, ERR_CONFLICT, "warrant.subscription", "", "", "");
    }
    return enrolment_move(
        visit, ENROLMENT_NEXT, outlook.evidence_until == 0 ? evidence_store : NULL, visit);
}

/* Back to the choice of a method, in the transaction that begins the next certificate. */
static enum err evidence_store(struct store *store, void *ctx)
{
    const struct visit *visit = ctx;
    struct act act = visit_act(visit);
    enum enrolment_state state = ENROLMENT_OPEN;
    /* A record that persists need not be chosen again: it is looked at, and that is all. */
    bool persists = visit->enrolment.dcv_method == DCV_PERSISTENT && !visit->enrolment.has_spki;
    TRY(persists ? store_evidence_forget(store, &act, visit->enrolment.id)
                 : store_challenge_clear(store, &act, visit->enrolment.id));
    return store_enrolment_advance(
        store, &act, visit->enrolment.id, ENROLMENT_EVIDENCE_LAPSED, &state);
}
