#pragma once
/* Everything that is handed out with an accepted certificate: one list for the page, the API, the
 * single downloads and the ZIP, so that they can't disagree. */
#include "proc/portal/chain.h"

enum { BUNDLE_FILES_MAX = 24 };

struct bundle_file {
    const char *id;    /* the last part of its URL, the same for every subscriber */
    const char *name;  /* what it is saved as */
    const char *label; /* message id; the hint's is the same with ".hint" */
    const char *type;
    const char *href; /* where everybody gets it; NULL for the subscriber's own */
    struct span content;
};

struct bundle {
    struct chain_links chain;
    const char *base; /* the server name as the beginning of a file name */
    struct link crosses[CHAIN_MAX];
    size_t cross_count;
    struct bundle_file files[BUNDLE_FILES_MAX];
    size_t count;
};

/* The present certificate's; ERR_CONFLICT with "certificate.not_accepted" before it is accepted. */
enum err bundle_make(struct visit *visit, struct bundle *ret_bundle) MUST_USE;
/* The form and the kind of a file. */
bool bundle_is_der(const struct bundle_file *file);
bool bundle_is_list(const struct bundle_file *file);
/* All of it in one archive. */
enum err bundle_zip(
    const struct visit *visit, const struct bundle *bundle, struct buf *zip) MUST_USE;
/* The file name without suffix for a server name: "*.shop.example.com" →
 * "wildcard.shop.example.com".
 */
const char *bundle_base(struct arena *arena, const char *server_name);
/* "http://host/crl/NAME.crl" → "NAME"; NULL for anything else. */
const char *list_name(struct visit *visit, struct span uri);
