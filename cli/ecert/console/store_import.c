/* The import wizard of the CA stores, with the pages of Windows': the file, the store, completing.
 * What was uploaded goes along from page to page as PEM; nothing changes before the last. */
#include "cli/ecert/console/authority_page.h"
#include "cli/ecert/console/handlers.h"

#include "cli/ecert/chain_plan.h"
#include "lib/der/pem.h"

enum { PEM_MAX = 512 * 1024 };

static const char *const steps[] = { "file", "store", "finish", NULL };
static const char *const stores[] = { "intermediate", "root", "untrusted", NULL };

struct fields {
    struct span step, upload, pem, store;
    bool replace_old, compared;
};

static const struct form_field form_fields[] = {
    { "step", FORM_CHOICE, .required = true, .offset = offsetof(struct fields, step),
        .choices = steps },
    { "upload", FORM_FILE, .max = BUNDLE_FILE_MAX, .offset = offsetof(struct fields, upload) },
    { "pem", FORM_TEXT, .max = PEM_MAX, .offset = offsetof(struct fields, pem) },
    { "store", FORM_CHOICE, .offset = offsetof(struct fields, store), .choices = stores },
    { "replace_old", FORM_CHECK, .offset = offsetof(struct fields, replace_old) },
    { "compared", FORM_CHECK, .offset = offsetof(struct fields, compared) },
};
static const struct form form = { form_fields, sizeof form_fields / sizeof form_fields[0],
    FORM_IGNORE_UNKNOWN };

static enum err folder_begin(struct visit *visit, enum certstore_folder *ret_folder);
static enum err pem_put(struct visit *visit, const struct bundle *bundle);
static void stores_put(struct visit *visit, const char *chosen);
static enum err file_step(struct visit *visit, const struct fields *fields, const char *word);
static enum err plan_steps(struct visit *visit, const struct fields *fields);
static void review_put(struct visit *visit, const struct chain_plan *plan);

enum err store_import_get(struct visit *visit)
{
    enum certstore_folder folder;
    TRY(folder_begin(visit, &folder));
    return page_reply_form(visit, 200, "store_import");
}

enum err store_import_post(struct visit *visit)
{
    enum certstore_folder folder;
    struct fields fields = { 0 };
    TRY(folder_begin(visit, &folder));
    if (visit_form(visit, &form, &fields) != OK) {
        return page_reply_wrong(visit, /* reason= */ NULL, "upload", "store_import");
    }
    if (!span_equal_text(fields.step, "file")) {
        return plan_steps(visit, &fields);
    }
    return visit->stays ? page_reply_form(visit, 200, "store_import")
                        : file_step(visit, &fields, visit_param(visit, "folder"));
}

static enum err folder_begin(struct visit *visit, enum certstore_folder *ret_folder)
{
    const char *word = visit_param(visit, "folder");
    if (word == NULL || chain_folder_from_word(word, ret_folder) != OK) {
        return ERR_NOT_FOUND;
    }
    authority_page_begin(visit, *ret_folder);
    return OK;
}

/* The second page, or the first again. */
static enum err file_step(struct visit *visit, const struct fields *fields, const char *word)
{
    AUTO(bundle) bundle = { 0 };
    struct reason reason = { 0 };
    if (fields->upload.len == 0) {
        reason_set(&reason, ERR_INPUT, "form.required", "upload", NULL, NULL);
        return page_reply_wrong(visit, &reason, "upload", "store_import");
    }
    if (bundle_cut(fields->upload, &bundle) != OK || bundle.count == 0) {
        reason_set(&reason, ERR_INPUT, "console.no_certificates", "upload", NULL, NULL);
        return page_reply_wrong(visit, &reason, "upload", "store_import");
    }
    TRY(pem_put(visit, &bundle));
    stores_put(visit, word);
    return page_reply_form(visit, 200, "store_choose");
}

static enum err pem_put(struct visit *visit, const struct bundle *bundle)
{
    AUTO(buf) pem = buf_make(PEM_MAX);
    for (size_t i = 0; i < bundle->count; i++) {
        TRY(pem_write("CERTIFICATE", bundle->spans[i], &pem));
    }
    value_put_text(&visit->tool.tree, visit->page, "pem", buf_text(&pem));
    value_put_integer(&visit->tool.tree, visit->page, "count", (int64_t)bundle->count);
    return buf_check(&pem);
}

static void stores_put(struct visit *visit, const char *chosen)
{
    static const char *const labels[] = { "console.place_intermediate", "console.place_roots",
        "console.place_untrusted" };
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = value_put_list(tree, visit->page, "stores");
    for (size_t i = 0; stores[i] != NULL; i++) {
        struct value *item = value_add_object(tree, list);
        value_put_text(tree, item, "word", stores[i]);
        value_put_text(tree, item, "label", labels[i]);
        value_put_bool(tree, item, "chosen", strcmp(stores[i], chosen) == 0);
    }
}

/* The last page, and what is done behind it. The plan is made anew: the stores may have changed. */
static enum err plan_steps(struct visit *visit, const struct fields *fields)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(chain_plan) plan = { .replace_old = fields->replace_old };
    struct reason reason = { 0 };
    size_t chains = 0;
    const char *word = fields->store.len > 0 ? visit_text(visit, fields->store) : stores[0];
    bool finish = span_equal_text(fields->step, "finish");
    if (word == NULL || chain_folder_from_word(word, &plan.folder) != OK ||
        bundle_cut(fields->pem, &plan.bundle) != OK || plan.bundle.count == 0) {
        return ERR_INPUT;
    }
    TRY(visit_store(visit, &store));
    plan.store = store;
    TRY(pem_put(visit, &plan.bundle));
    stores_put(visit, word);
    value_put_bool(&visit->tool.tree, visit->page, "replace_old", fields->replace_old);
    if (visit->stays && !finish) {
        return page_reply_form(visit, 200, "store_choose");
    }
    enum err err = chain_plan_install(&visit->tool, &plan, &reason);
    if (is_wrong(err, &reason)) {
        return page_reply_wrong(visit, &reason, "store", "store_choose");
    }
    TRY(err);
    value_put_text(&visit->tool.tree, visit->page, "chosen_store", word);
    review_put(visit, &plan);
    value_put_bool(&visit->tool.tree, visit->page, "is_compared", fields->compared);
    if (!finish || visit->stays) {
        return page_reply_form(visit, 200, "store_finish");
    }
    if (chain_plan_root(&plan, 0) != NULL && !fields->compared) {
        reason_set(&reason, ERR_DENIED, "console.not_compared", "compared", NULL, NULL);
        return page_reply_wrong(visit, &reason, "compared", "store_finish");
    }
    bool nothing = chain_plan_empty(&plan);
    TRY(chain_plan_apply(&plan, &chains, &visit->request->reason));
    return visit_done(visit, authority_folder_path(plan.folder), nothing ? "nothing" : "installed");
}

static void review_put(struct visit *visit, const struct chain_plan *plan)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *added = value_put_list(tree, visit->page, "added");
    struct value *removed = value_put_list(tree, visit->page, "removed");
    for (size_t i = 0; i < plan->count; i++) {
        authority_page_put(
            visit, plan->chosen[i], value_add_object(tree, plan->changes[i].add ? added : removed));
    }
    value_put_bool(tree, visit->page, "roots", chain_plan_root(plan, 0) != NULL);
    if (plan->kept.count > 0) {
        value_put_integer(tree, visit->page, "chains", (int64_t)plan->kept.count);
    }
}
