#pragma once
/* Turns among the writers of all processes, by two locks on one file beside the database: who has
 * the first waits for the second, and lets the first go once it has it. So one that has just had
 * its turn queues up behind those who wait, and nobody starves (SQLite's own waiting, a sleep that
 * grows, let writers wait more than a second). A process that dies gives its locks back. */
#include "lib/base/err.h"

struct turn {
    int fd;
};

/* Opens or makes `path`. */
enum err turn_open(const char *path, struct turn *ret_turn) MUST_USE;
void turn_close(struct turn *turn);
/* Blocks until it is this process's turn. One thread of the process at a time. */
enum err turn_take(struct turn *turn) MUST_USE;
void turn_give(struct turn *turn);
