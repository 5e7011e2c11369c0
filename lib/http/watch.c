/* One thread, one list. */
#include "lib/http/watch.h"

#include <stdlib.h>
#include <sys/socket.h>

struct watch_entry {
    struct watch_entry *next, **back;
    int64_t since_ms; /* 0: paused */
    int fd;
};

static void *watch_run(void *argument);
static void watch_sweep(struct watch *watch);

enum err watch_start(struct watch *watch, int64_t limit_ms)
{
    pthread_condattr_t attributes;
    watch->limit_ms = limit_ms;
    if (pthread_mutex_init(&watch->lock, NULL) != 0 || pthread_condattr_init(&attributes) != 0) {
        return ERR_MEMORY;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&watch->stopping, &attributes);
    pthread_condattr_destroy(&attributes);
    if (failed != 0 || pthread_create(&watch->thread, NULL, watch_run, watch) != 0) {
        return ERR_AGAIN;
    }
    watch->running = true;
    return OK;
}

void watch_stop(struct watch *watch)
{
    if (!watch->running) {
        return;
    }
    pthread_mutex_lock(&watch->lock);
    watch->stop = true;
    pthread_cond_signal(&watch->stopping);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->stopping);
    pthread_mutex_destroy(&watch->lock);
    watch->running = false;
}

struct watch_entry *watch_add(struct watch *watch, int fd)
{
    struct watch_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    entry->fd = fd;
    entry->since_ms = clock_monotonic_ms();
    pthread_mutex_lock(&watch->lock);
    entry->next = watch->entries;
    entry->back = &watch->entries;
    if (entry->next != NULL) {
        entry->next->back = &entry->next;
    }
    watch->entries = entry;
    pthread_mutex_unlock(&watch->lock);
    return entry;
}

void watch_remove(struct watch *watch, struct watch_entry *entry)
{
    if (entry == NULL) {
        return;
    }
    pthread_mutex_lock(&watch->lock);
    *entry->back = entry->next;
    if (entry->next != NULL) {
        entry->next->back = entry->back;
    }
    pthread_mutex_unlock(&watch->lock);
    free(entry);
}

void watch_pause(struct watch *watch, struct watch_entry *entry)
{
    if (entry != NULL) {
        pthread_mutex_lock(&watch->lock);
        entry->since_ms = 0;
        pthread_mutex_unlock(&watch->lock);
    }
}

void watch_wait(struct watch *watch, struct watch_entry *entry)
{
    if (entry != NULL) {
        pthread_mutex_lock(&watch->lock);
        entry->since_ms = clock_monotonic_ms();
        pthread_mutex_unlock(&watch->lock);
    }
}

static void *watch_run(void *argument)
{
    struct watch *watch = argument;
    pthread_mutex_lock(&watch->lock);
    while (!watch->stop) {
        struct timespec until = { 0 };
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += 1;
        pthread_cond_timedwait(&watch->stopping, &watch->lock, &until);
        watch_sweep(watch);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

/* Only shut down, never closed here: the descriptor belongs to the server below, which then closes
 * it by its own way and removes the entry. */
static void watch_sweep(struct watch *watch)
{
    int64_t now = clock_monotonic_ms();
    for (struct watch_entry *entry = watch->entries; entry != NULL; entry = entry->next) {
        if (entry->since_ms != 0 && now - entry->since_ms > watch->limit_ms) {
            shutdown(entry->fd, SHUT_RDWR);
        }
    }
}
