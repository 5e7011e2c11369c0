/* The store is asked for the list's number each time, and for its bytes only when that is another
 * one than the number of what is kept. */
#include "proc/portal/lists.h"

#include <stdio.h>

static struct list_kept *kept_find(struct lists *lists, const char *name);
static void keep(struct lists *lists, const char *name, int64_t number, struct http_shared *bytes);

enum err lists_get(
    struct lists *lists, struct store *store, const char *name, struct http_shared **ret_bytes)
{
    int64_t number = 0;
    struct publication_row row = { 0 };
    AUTO(arena) arena = arena_make(FILE_MAX_BYTES);
    AUTO_PTR(http_shared) bytes = NULL;
    TRY(store_publication_number(store, PUBLICATION_CRL, name, &number));
    pthread_mutex_lock(&lists->lock);
    const struct list_kept *kept = kept_find(lists, name);
    bool same = kept != NULL && kept->number == number;
    bytes = same ? http_shared_hold(kept->bytes) : NULL;
    pthread_mutex_unlock(&lists->lock);
    if (!same) {
        TRY(store_publication_get(store, PUBLICATION_CRL, name, &arena, &row));
        TRY(http_shared_new(row.der, &bytes));
        pthread_mutex_lock(&lists->lock);
        keep(lists, name, row.number, bytes);
        pthread_mutex_unlock(&lists->lock);
    }
    *ret_bytes = bytes;
    bytes = NULL;
    return OK;
}

void lists_release(struct lists *lists)
{
    for (size_t i = 0; i < LISTS_MAX; i++) {
        http_shared_free(lists->kept[i].bytes);
    }
}

static struct list_kept *kept_find(struct lists *lists, const char *name)
{
    for (size_t i = 0; i < LISTS_MAX; i++) {
        if (lists->kept[i].bytes != NULL && strcmp(lists->kept[i].name, name) == 0) {
            return &lists->kept[i];
        }
    }
    return NULL;
}

/* Read at the same time by two, the later list stays. */
static void keep(struct lists *lists, const char *name, int64_t number, struct http_shared *bytes)
{
    struct list_kept *kept = kept_find(lists, name);
    if (kept == NULL) {
        kept = &lists->kept[lists->next];
        lists->next = (lists->next + 1) % LISTS_MAX;
    } else if (kept->number > number) {
        return;
    }
    http_shared_free(kept->bytes);
    snprintf(kept->name, sizeof kept->name, "%s", name);
    kept->number = number;
    kept->bytes = http_shared_hold(bytes);
}
