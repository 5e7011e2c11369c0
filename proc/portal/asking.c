/* Stored in one transaction; the registrar is told once it stands. */
#include "proc/portal/asking.h"
#include "proc/portal/enrolment.h"
#include "proc/portal/handlers.h"

static enum err asking_store(struct visit *visit, const struct asking *asking);

enum err asking_post(struct visit *visit, const struct asking *asking)
{
    enum err err = asking_store(visit, asking);
    if (err == ERR_LIMIT) {
        page_put_error(visit, &visit->request->reason);
        visit->errors.count = 1;
        return dcv_get(visit);
    }
    TRY(err);
    return reply_redirect(visit->response, "/dcv");
}

enum err asking_api_post(struct visit *visit, const struct asking *asking)
{
    enum err err = asking_store(visit, asking);
    if (err == ERR_LIMIT) {
        return visit_reply_problem(visit, 429, &visit->request->reason);
    }
    TRY(err);
    TRY(dcv_put(visit, visit->page));
    return visit_reply_json(visit, 202, value_get(visit->page, "dcv"));
}

static enum err asking_store(struct visit *visit, const struct asking *asking)
{
    TRY(office_refuse(visit));
    enum err err = store_transact(visit->portal->store, asking->store, visit);
    struct reason *reason = &visit->request->reason;
    if (err == ERR_LIMIT) {
        return reason_set(reason, err, asking->too_often, "", "", "");
    }
    if (err == ERR_CONFLICT) {
        return reason_set(reason, err, "dcv.not_chosen", "", "", "");
    }
    TRY(err);
    portal_poke(visit->portal);
    return OK;
}
