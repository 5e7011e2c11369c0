#pragma once
/* A page about one certificate or request, found by the id in its path. */
#include "cli/ecert/console/visit.h"

struct item_page {
    struct certstore *store;
    struct certstore_item item;
    struct item_view view;
    const char *path; /* "/certificate/…" */
};
void item_page_release(struct item_page *page);
AUTO_DEFINE(item_page, item_page_release)

/* Begins the page and puts "item". ERR_NOT_FOUND with the store's reason. */
enum err item_page_open(
    struct visit *visit, const char *title, struct item_page *ret_page) MUST_USE;
/* What was typed to open a key that is encrypted in the store; taken over, wiped with the visit. */
void item_page_unlock(struct visit *visit, const struct item_page *page, struct secret *passphrase);
/* A failure to open it, in the words of a page instead of options: "key.passphrase_needed" or
 * "key.passphrase" at the field "passphrase", "console.in_token". */
void item_page_locked(
    const struct visit *visit, const struct item_page *page, struct reason *reason);
/* What pages show of an item: as `cert show` does, and {name, names, state_text, good, pending,
 * href, why, next, begins_text, ends_text, made_text, guarded}. */
void item_page_put(struct visit *visit, const struct item_view *view, struct value *object);
