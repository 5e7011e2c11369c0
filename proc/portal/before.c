/* What was proved before: looked up, never decided. */
#include "proc/portal/before.h"

#include "lib/ca/earlier.h"
#include "proc/portal/enrolment.h"

static bool serves(
    const struct visit *visit, const struct evidence_row *row, const struct policy *policy);

enum err before_find(
    struct visit *visit, const char *name, const uint8_t *spki_hash, struct evidence_row *ret_row)
{
    struct evidence_row *rows = NULL;
    size_t count = 0;
    struct policy policy;
    const struct subject *subject = &visit->application.subject;
    policy_at(visit->now, POLICY_PUBLIC, &policy);
    if (strncmp(visit->enrolment.problem.code, EARLIER_REASON, strlen(EARLIER_REASON)) == 0) {
        return ERR_NOT_FOUND; /* the signer has refused it */
    }
    const struct earlier_question question = {
        .enrolment = visit->enrolment.id,
        .srn = subject->srn,
        .organisation = subject->organisation,
        .name = name,
        .spki_hash = spki_hash,
        .since = visit->now - policy.reuse_seconds,
    };
    TRY(store_evidence_earlier(
        visit->portal->store, &question, visit->request->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        if (serves(visit, &rows[i], &policy)) {
            *ret_row = rows[i];
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

static bool serves(
    const struct visit *visit, const struct evidence_row *row, const struct policy *policy)
{
    return (methods_offered(visit) & 1U << row->method) != 0 &&
           visit->now - row->time <= policy_reuse(policy, row->method);
}

enum err before_taken(
    struct visit *visit, const struct challenge *challenge, struct evidence_row *ret_row)
{
    struct evidence_row *rows = NULL;
    size_t count = 0;
    TRY(store_evidence_list(
        visit->portal->store, visit->enrolment.id, visit->request->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, challenge->name) == 0 && rows[i].has_caa &&
            rows[i].time <= challenge->created) {
            *ret_row = rows[i];
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

void before_tell(struct visit *visit, struct value *object, const struct evidence_row *row)
{
    struct policy policy;
    policy_at(visit->now, POLICY_PUBLIC, &policy);
    put_time(visit, object, "proved_before", row->time);
    put_time(visit, object, "proved_before_until", row->time + policy_reuse(&policy, row->method));
    value_put_text(&visit->tree, object, "proved_before_by", dcv_method_id(row->method));
}

enum err before_put(struct visit *visit, struct value *object)
{
    struct value_tree *tree = &visit->tree;
    struct value *list = NULL;
    const struct application *application = &visit->application;
    for (size_t i = 0; i < application->name_count; i++) {
        struct evidence_row row = { 0 };
        enum err err = before_find(visit, application->names[i], /* spki_hash= */ NULL, &row);
        if (err == ERR_NOT_FOUND) {
            continue;
        }
        TRY(err);
        list = list == NULL ? value_put_list(tree, object, "proved_before") : list;
        struct value *one = value_add_object(tree, list);
        value_put_text(tree, one, "name", application->names[i]);
        if (!visit_is_api(visit)) {
            name_put(visit, one, application->names[i]);
        }
        before_tell(visit, one, &row);
    }
    const struct value *first = value_first(list);
    bool all = list != NULL && value_count(list) == application->name_count;
    if (all && !visit_is_api(visit)) {
        value_put_bool(tree, object, "before_all", true);
        value_put_text(
            tree, object, "before_method", value_text(value_get(first, "proved_before_by")));
    }
    return value_tree_check(tree);
}
