#pragma once
/* What people want to know of a request or certificate, read out of its DER once. */
#include "cli/ecert/tool.h"
#include "lib/certstore/trust.h"
#include "lib/dns/hostname.h"

enum { ITEM_NAMES_MAX = 1024, ITEM_NAME_TEXT_MAX = 1024, ITEM_SERIAL_MAX = 72, ITEM_SHORT_ID = 12 };

struct item_view {
    const struct certstore_item *item;
    struct certstore_judgement judgement;
    char names[ITEM_NAMES_MAX];                /* comma-separated A-labels, cut if there are many */
    char first_name[HOST_NAME_MAX_LENGTH + 1]; /* "" if there is none */
    char subject[ITEM_NAME_TEXT_MAX], issuer[ITEM_NAME_TEXT_MAX];
    char serial[ITEM_SERIAL_MAX];
    int64_t not_before, not_after; /* 0 for a request */
    char thumbprint_sha1[2 * SHA1_BYTES + 1], thumbprint_sha256[2 * SHA256_BYTES + 1];
    char key_sha256[2 * SHA256_BYTES + 1];
    char key_text[32]; /* "RSA 2048" */
    char short_id[CERTSTORE_ID_MAX];
};

/* Fails only where the store can't be read; what can't be parsed is left empty. */
enum err item_view(const struct tool *tool, const struct certstore *store,
    const struct certstore_item *item, struct item_view *ret_view) MUST_USE;
/* Its first name as people write it; as DNS does where its letters are of scripts that nobody
 * mixes; the friendly name, or "-", where it has none. */
void item_name(const struct item_view *view, char ret_name[HOST_NAME_UNICODE_MAX]);
/* The state in the person's language. */
const char *item_state_text(const struct tool *tool, enum certstore_state state);
/* "plain", "passphrase", "token". */
const char *item_guard_name(enum certstore_guard guard);
/* "✓ text" of what has been done to one, or with --dry-run what would be. */
void item_step(const struct tool *tool, const char *done, const char *would);
/* The same facts on the screen and in `object`. */
void item_show(const struct tool *tool, const struct item_view *view);
void item_put(struct tool *tool, const struct item_view *view, struct value *object);
