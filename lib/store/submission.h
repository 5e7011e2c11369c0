#pragma once
/* Precertificates and what the logs of Certificate Transparency said of them: a promise that was
 * made is not asked for again, whoever dies in between. */
#include "lib/ca/transparency.h"
#include "lib/store/certificate.h"

struct precertificate_row {
    struct span der;
    int64_t signed_; /* when it came */
    int64_t attempts;
    int64_t next_try;
};

struct submission_row {
    char log[CT_LOG_NAME_MAX];
    struct span sct;       /* empty: none yet */
    struct reason problem; /* why: code and seen */
    int64_t time;
};

/* Fine if this very one is there already; ERR_CONFLICT if another is. */
enum err store_precertificate_put(struct store *store, const struct act *act,
    const struct request_id *request, struct span der) MUST_USE;
enum err store_precertificate_get(struct store *store, const struct request_id *request,
    struct arena *arena, struct precertificate_row *ret_row) MUST_USE;
/* One attempt more, and not before `next_try`. */
enum err store_precertificate_retry(
    struct store *store, const struct request_id *request, int64_t next_try) MUST_USE;

/* Those that wait for logs though their application is approved no more, oldest first. */
enum err store_precertificate_stranded(struct store *store, size_t limit, struct arena *arena,
    struct request_id **ret_requests, size_t *ret_count) MUST_USE;

/* Replaces what this log said before, never a promise by a problem. */
enum err store_submission_put(struct store *store, const struct request_id *request,
    const struct submission_row *row) MUST_USE;
enum err store_submission_list(struct store *store, const struct request_id *request,
    struct arena *arena, struct submission_row **ret_rows, size_t *ret_count) MUST_USE;
