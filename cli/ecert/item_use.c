/* The enrolment's progress says where it was installed; the file there says whether it still is. */
#include "cli/ecert/item_use.h"

#include "cli/ecert/bundle.h"
#include "lib/text/json.h"

static bool is_installed(const struct certstore_item *item, const char *path);

enum err item_use_check(struct tool *tool, const struct certstore *store,
    const struct certstore_item *item, struct reason *ret_reason)
{
    AUTO(buf) text = { 0 };
    const struct value *kept;
    enum err err = certstore_read_progress(store, item, &text);
    if (err == ERR_NOT_FOUND) {
        return OK;
    }
    TRY(err);
    TRY(json_parse(buf_span(&text), CERTSTORE_PROGRESS_MAX, &tool->tree, &kept, ret_reason));
    const char *path = value_text(value_get(kept, "install_certificate"));
    bool finished = value_truth(value_get(kept, "finished"));
    if (item->kind == CERTSTORE_REQUEST && !finished) {
        return reason_set(ret_reason, ERR_DENIED, "tool.enrolment_waits", item->id,
            value_text(value_get(kept, "portal")), NULL);
    }
    if (path != NULL && is_installed(item, path)) {
        return reason_set(ret_reason, ERR_DENIED, "tool.in_use", item->id, path, NULL);
    }
    return OK;
}

static bool is_installed(const struct certstore_item *item, const char *path)
{
    AUTO(bundle) bundle = { 0 };
    bool found = false;
    bool read = item->kind == CERTSTORE_PERSONAL &&
                bundle_read(path, &bundle, /* ret_reason= */ NULL) == OK;
    for (size_t i = 0; read && i < bundle.count; i++) {
        found |= span_equal(bundle.spans[i], buf_span(&item->certificate));
    }
    return found;
}
