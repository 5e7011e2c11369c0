/* Page 3 for the government: officers have its names validated (`ecertadm application validate`).
 * The subscriber chooses nothing here and places nothing; the page says who does what now. */
#include "lib/store/evidence.h"
#include "lib/store/standing.h"
#include "proc/portal/handlers.h"
#include "proc/portal/page.h"

static const char *const texts[STANDING_COUNT] = {
    [STANDING_DUE] = "dcv.office.due",
    [STANDING_PENDING] = "dcv.office.pending",
    [STANDING_CHECKING] = "dcv.office.checking",
    [STANDING_FAILED] = "dcv.office.failed",
    [STANDING_EXPIRED] = "dcv.office.expired",
    [STANDING_STALE] = "dcv.office.checking", /* proved this moment: the page is about to lead on */
    [STANDING_PROVED] = "dcv.office.checking",
};

enum err office_get(struct visit *visit)
{
    struct standing standing = { 0 };
    page_begin(visit, STEP_DCV, "dcv.office.title");
    TRY(store_standing(visit->portal->store, visit->enrolment.id, visit->now, &standing));
    const char *text = texts[standing.kind];
    bool checking = text == texts[STANDING_CHECKING];
    TRY(checking ? page_refresh(visit) : OK);
    value_put_bool(&visit->tree, visit->page, "checking", checking);
    value_put_text(&visit->tree, visit->page, "standing", text);
    return page_reply(visit, 200, "office");
}

enum err office_take(struct store *store, const struct visit *visit)
{
    struct act act = visit_act(visit);
    struct standing standing = { 0 };
    enum enrolment_state state = ENROLMENT_OPEN;
    const uint8_t *enrolment = visit->enrolment.id;
    TRY(store_standing(store, enrolment, visit->now, &standing));
    if (standing.kind == STANDING_STALE) {
        return store_evidence_recheck(store, &act, enrolment);
    }
    return standing.kind == STANDING_PROVED
               ? store_enrolment_advance(store, &act, enrolment, ENROLMENT_EVIDENCE, &state)
               : OK;
}

enum err office_refuse(struct visit *visit)
{
    return visit->application.government
               ? reason_set(&visit->request->reason, ERR_CONFLICT, "dcv.government", "", "", "")
               : OK;
}
