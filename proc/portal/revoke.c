/* Revocation by the authorised representative: after a log-in of its own, since a
 * browser left open must not be enough; for reasons that a subscriber may give; said twice, since
 * it can't be undone. What is decided here is done by the registrar at once. */
#include "proc/portal/handlers.h"
#include "proc/portal/page.h"
#include "proc/portal/published.h"

#include "lib/base/log.h"
#include "lib/store/blocked.h"

enum { FRESH_SECONDS = 600, SERIAL_TYPED_MAX = 80 };

struct wish {
    struct span serial;
    struct span reason;
    bool confirmed;
};

/* A wish that was understood. */
struct order {
    const struct visit *visit;
    struct certificate_row row;
    enum revocation_reason reason;
};

static enum err fresh_check(struct visit *visit);
static enum err choose_show(struct visit *visit, int status, const struct wish *typed);
static void reasons_put(struct visit *visit, struct span chosen);
static enum err order_read(
    struct visit *visit, struct span serial, struct span reason, struct order *ret_order);
static enum err order_run(struct visit *visit, struct order *order);
static enum err order_store(struct store *store, void *ctx);
static bool revocable(const struct visit *visit, const struct certificate_row *row);

static const char *const reasons[] = { "unspecified", "keyCompromise", "affiliationChanged",
    "superseded", "cessationOfOperation", NULL };
static const struct form_field fields[] = {
    { "serial", FORM_LINE, 1, SERIAL_TYPED_MAX, .required = true,
        .offset = offsetof(struct wish, serial) },
    { "reason", FORM_CHOICE, .required = true, .offset = offsetof(struct wish, reason),
        .choices = reasons },
    { "confirmed", FORM_CHECK, .offset = offsetof(struct wish, confirmed) },
};
static const struct form wish_form = { fields, sizeof fields / sizeof fields[0],
    FORM_IGNORE_UNKNOWN };

enum err revoke_choose_get(struct visit *visit)
{
    struct wish wish = { .reason = span_from_text(reasons[0]) };
    return fresh_check(visit) == OK ? choose_show(visit, 200, &wish)
                                    : reply_redirect(visit->response, "/revoke");
}

enum err revoke_choose_post(struct visit *visit)
{
    struct wish wish = { 0 };
    struct order order = { 0 };
    if (fresh_check(visit) != OK) {
        return reply_redirect(visit->response, "/revoke");
    }
    if (visit_form(visit, &wish_form, &wish) != OK) {
        page_put_errors(visit);
        return choose_show(visit, 422, &wish);
    }
    enum err err = order_read(visit, wish.serial, wish.reason, &order);
    if (err == ERR_INPUT) {
        page_put_error(visit, &visit->request->reason);
        return choose_show(visit, 422, &wish);
    }
    TRY(err);
    if (wish.confirmed) {
        TRY(order_run(visit, &order));
        TRY(published_put(visit, visit->page, &order.row));
        return reply_redirect(visit->response, value_text(value_get(visit->page, "href")));
    }
    page_begin(visit, STEP_NONE, "revoke.confirm.title");
    TRY(published_put(visit, visit->page, &order.row));
    page_put_typed(visit, "serial", wish.serial);
    page_put_typed(visit, "reason", wish.reason);
    value_put_text(&visit->tree, visit->page, "wish_label",
        arena_format(visit->request->arena, "revocation.%s", revocation_reason_id(order.reason)));
    return page_reply(visit, 200, "revoke_confirm");
}

enum err api_revoke_post(struct visit *visit)
{
    static const char *const names[] = { "serial", "reason", NULL };
    const struct value *object = NULL;
    const char *serial = NULL;
    const char *why = NULL;
    struct order order = { 0 };
    struct reason *reason = &visit->request->reason;
    TRY(visit_json(visit, names, &object));
    TRY(json_get_text(object, "serial", SERIAL_TYPED_MAX, &serial, reason));
    TRY(json_get_text_or(object, "reason", SERIAL_TYPED_MAX, reasons[0], &why, reason));
    if (fresh_check(visit) != OK) {
        return reason_set(reason, ERR_DENIED, "revoke.fresh", "", "", "");
    }
    TRY(order_read(visit, span_from_text(serial), span_from_text(why), &order));
    TRY(order_run(visit, &order));
    TRY(published_put(visit, visit->page, &order.row));
    return visit_reply_json(visit, 202, visit->page);
}

static enum err fresh_check(struct visit *visit)
{
    return visit->now < visit->session_created + FRESH_SECONDS ? OK : ERR_DENIED;
}

static enum err choose_show(struct visit *visit, int status, const struct wish *typed)
{
    struct certificate_row *rows = NULL;
    size_t count = 0;
    size_t shown = 0;
    struct value_tree *tree = &visit->tree;
    TRY(store_certificate_by_enrolment(
        visit->portal->store, visit->enrolment.id, visit->request->arena, &rows, &count));
    page_begin(visit, STEP_NONE, "revoke.title");
    struct value *list = value_put_list(tree, visit->page, "certificates");
    for (size_t i = 0; i < count; i++) {
        if (!revocable(visit, &rows[i])) {
            continue;
        }
        struct value *item = value_add_object(tree, list);
        TRY(published_put(visit, item, &rows[i]));
        const char *serial = value_text(value_get(item, "serial"));
        value_put_bool(tree, item, "chosen",
            shown == 0 || (serial != NULL && span_equal_text(typed->serial, serial)));
        shown++;
    }
    reasons_put(visit, typed->reason);
    return page_reply(visit, status, "revoke");
}

static void reasons_put(struct visit *visit, struct span chosen)
{
    struct value_tree *tree = &visit->tree;
    struct value *list = value_put_list(tree, visit->page, "reasons");
    for (size_t i = 0; reasons[i] != NULL; i++) {
        struct value *item = value_add_object(tree, list);
        value_put_text(tree, item, "id", reasons[i]);
        value_put_text(
            tree, item, "label", arena_format(visit->request->arena, "revocation.%s", reasons[i]));
        value_put_bool(tree, item, "chosen", span_equal_text(chosen, reasons[i]));
    }
}

/* Only of this enrolment: the serial of somebody else's certificate is as good as none. */
static enum err order_read(
    struct visit *visit, struct span serial, struct span reason, struct order *ret_order)
{
    uint8_t bytes[SERIAL_MAX_BYTES];
    size_t len = 0;
    struct order order = { .visit = visit };
    struct reason *ret_reason = &visit->request->reason;
    const char *id = arena_text(visit->request->arena, reason);
    if (id == NULL) {
        return ERR_MEMORY;
    }
    if (revocation_reason_from_id(id, &order.reason) != OK ||
        !revocation_reason_for_subscriber(order.reason)) {
        return reason_set(ret_reason, ERR_INPUT, "form.choice", "reason", id, "");
    }
    enum err err = serial_parse_hex(serial, bytes, &len);
    if (err == OK) {
        err = store_certificate_by_serial(
            visit->portal->store, span_make(bytes, len), visit->request->arena, &order.row);
    }
    bool own = err == OK &&
               memcmp(order.row.request.enrolment, visit->enrolment.id, ENROLMENT_ID_BYTES) == 0;
    if (!own || !revocable(visit, &order.row)) {
        return err != OK && err != ERR_INPUT && err != ERR_NOT_FOUND
                   ? err
                   : reason_set(ret_reason, ERR_INPUT, "revoke.none", "serial", "", "");
    }
    *ret_order = order;
    return OK;
}

static enum err order_run(struct visit *visit, struct order *order)
{
    char hex[2 * SERIAL_MAX_BYTES + 1];
    TRY(store_transact(visit->portal->store, order_store, order));
    portal_poke(visit->portal);
    hex_format(order->row.serial, hex);
    log_event(LOG_INFO, "certificate.revoking", "serial", hex, "reason",
        revocation_reason_id(order->reason), "request", visit->request->id, NULL);
    return store_certificate_by_request(
        visit->portal->store, &order->row.request, visit->request->arena, &order->row);
}

/* A key that others may know is never certified again (BR 6.1.1.3). */
static enum err order_store(struct store *store, void *ctx)
{
    const struct order *order = ctx;
    struct act act = visit_act(order->visit);
    TRY(store_certificate_revoke(store, &act, &order->row.request, order->reason));
    return order->reason == REVOCATION_KEY_COMPROMISE
               ? store_blocked_add(store, &act, order->row.spki_hash, "key compromise")
               : OK;
}

static bool revocable(const struct visit *visit, const struct certificate_row *row)
{
    return row->state == CERTIFICATE_ACCEPTED && visit->now <= row->not_after;
}
