#pragma once
/* What accepted certificates are found by, open to everybody. Only what has been accepted once is
 * ever entered, and nothing that was entered is taken out: a revoked certificate stays to be found,
 * with its state. */
#include "lib/ca/warrant.h"
#include "lib/store/store.h"

enum repository_kind {
    REPOSITORY_NAME,         /* an A-label name: itself, names below it, the wildcard over it */
    REPOSITORY_ORGANISATION, /* the beginning of the organisation's name, without case */
    REPOSITORY_SRN,          /* the whole number */
    REPOSITORY_KIND_COUNT,
};

/* More matches than this are neither counted nor looked at: whoever asks for a whole top-level
 * domain costs no more than who asks for a thousand certificates (doc/threats.md P17). */
enum { REPOSITORY_COUNT_MAX = 1000 };

/* Enters the certificate under this text; a text that leaves nothing to be found is no failure. */
enum err store_repository_enter(struct store *store, const struct request_id *request,
    enum repository_kind kind, const char *text) MUST_USE;
/* The certificates found by `text`, the last accepted first, `from` the how manieth; in `ret_total`
 * how many there are in all, at most REPOSITORY_COUNT_MAX + 1. Of more than REPOSITORY_COUNT_MAX
 * the first so many in the order of their terms are found. */
enum err store_repository_search(struct store *store, enum repository_kind kind, const char *text,
    size_t from, size_t limit, struct arena *arena, struct request_id **ret_requests,
    size_t *ret_count, size_t *ret_total) MUST_USE;
