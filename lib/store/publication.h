#pragma once
/* What the repository serves to everyone: CA certificates and CRLs, by the name of their URL. */
#include "lib/store/store.h"

enum publication_kind { PUBLICATION_CERTIFICATE, PUBLICATION_CRL, PUBLICATION_KIND_COUNT };
enum { PUBLICATION_NAME_MAX = 64 };

struct publication_row {
    char name[PUBLICATION_NAME_MAX]; /* without suffix: /root/NAME.crt, /crl/NAME.crl */
    enum publication_kind kind;
    struct span der;
    int64_t number; /* of a CRL; 0 for a certificate */
    int64_t this_update;
    int64_t next_update;
};

/* How much of a CRL's life is over: 0 when it was issued, 100 when the next one must be there, more
 * beyond. */
int64_t publication_age_percent(const struct publication_row *row, int64_t now);
/* A CRL is replaced only by one with a greater number, a certificate by any other: ERR_CONFLICT.
 * The same bytes again are fine and change nothing. */
enum err store_publication_put(
    struct store *store, const struct act *act, const struct publication_row *row) MUST_USE;
enum err store_publication_get(struct store *store, enum publication_kind kind, const char *name,
    struct arena *arena, struct publication_row *ret_row) MUST_USE;
/* The number alone, which says whether what one has is still what is published. */
enum err store_publication_number(struct store *store, enum publication_kind kind, const char *name,
    int64_t *ret_number) MUST_USE;
/* The CA certificates, with their DER. */
enum err store_publication_certificates(struct store *store, struct arena *arena,
    struct publication_row **ret_rows, size_t *ret_count) MUST_USE;
/* Without the DER. */
enum err store_publication_list(struct store *store, struct arena *arena,
    struct publication_row **ret_rows, size_t *ret_count) MUST_USE;
