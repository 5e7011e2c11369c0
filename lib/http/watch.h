#pragma once
/* Ends connections that take too long to say one request. libmicrohttpd's own timeout starts anew
 * with every byte, so a client that sends one byte a second could hold a place for ever (D19). */
#include "lib/base/clock.h"

#include <pthread.h>

struct watch_entry;

struct watch {
    pthread_mutex_t lock;
    pthread_cond_t stopping;
    pthread_t thread;
    struct watch_entry *entries;
    int64_t limit_ms;
    bool running, stop;
};

/* Starts the thread that looks once a second. */
enum err watch_start(struct watch *watch, int64_t limit_ms) MUST_USE;
/* A watch that never started is fine. No entry may be used afterwards. */
void watch_stop(struct watch *watch);
/* The connection waits for a request from now on; NULL where memory is short: not watched. */
struct watch_entry *watch_add(struct watch *watch, int fd);
/* Before the descriptor is closed. NULL is fine for this and the next two. */
void watch_remove(struct watch *watch, struct watch_entry *entry);
/* A request is whole: no limit while it is handled and answered. */
void watch_pause(struct watch *watch, struct watch_entry *entry);
/* It is answered: the next may come. */
void watch_wait(struct watch *watch, struct watch_entry *entry);
