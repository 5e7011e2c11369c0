#pragma once
/* The revocation lists as they were last asked for: each is read from the store once, and all
 * answers that are under way send the same bytes. */
#include "lib/http/shared.h"
#include "lib/store/publication.h"

#include <pthread.h>

enum { LISTS_MAX = 16 };

struct lists {
    pthread_mutex_t lock;
    struct list_kept {
        char name[PUBLICATION_NAME_MAX];
        int64_t number;
        struct http_shared *bytes;
    } kept[LISTS_MAX];
    size_t next; /* the place that is given up where there are more lists than places */
};

/* The list that is published now, whatever is kept; the caller holds it. ERR_NOT_FOUND. */
enum err lists_get(struct lists *lists, struct store *store, const char *name,
    struct http_shared **ret_bytes) MUST_USE;
void lists_release(struct lists *lists);
