#pragma once
/* The thread that brings the index up behind the running journal, so that no start has more than
 * FOLLOW_RECORDS to read. It reads what is on the disk, not what is in memory: what it can't read
 * back, no index will claim. */
#include "proc/signer/checkpoint.h"
#include "proc/signer/journal.h"

#include <pthread.h>

enum { FOLLOW_RECORDS = 2048 };

struct follow_setup {
    struct checkpoint *checkpoint;
    struct journal *journal;
    struct ledger *ledger;  /* relieved of what the index has */
    pthread_mutex_t *mutex; /* the ledger's */
    int64_t records;        /* how far the index may be behind */
};

struct follower;

enum err follower_start(const struct follow_setup *setup, struct follower **ret_follower) MUST_USE;
/* Ends the thread, when it has finished what it is at. */
void follower_stop(struct follower *follower);
/* Something has been added to the journal. Never waits. */
void follower_poke(struct follower *follower);
