#pragma once
/* Faults at numbered points: every call of pwrite, fdatasync, fsync and ftruncate that the program
 * makes is counted, and at one of them something happens. Linked into a test by `--wrap`, so that
 * what is tested is what is shipped. */
#include <stdbool.h>
#include <stddef.h>

enum fault {
    FAULT_NONE,
    FAULT_KILL_BEFORE,    /* kill -9 before the call */
    FAULT_KILL_TORN,      /* in the middle of a write */
    FAULT_KILL_AFTER,     /* behind it */
    FAULT_POWER,          /* as KILL_BEFORE, and of what was not synced half is lost */
    FAULT_POWER_ALL,      /* the same, and all of it is lost */
    FAULT_NO_SPACE,       /* writes and syncs: ENOSPC, nothing is written */
    FAULT_NO_SPACE_SHORT, /* a write that comes half way; the next finds the disk full */
    FAULT_BROKEN,         /* EIO */
    FAULT_COUNT,
};

/* From now on: at the call number `point`, from 1. 0: never, the calls are counted all the same. */
void faults_set(enum fault fault, unsigned point);
unsigned faults_counted(void);
/* True if the point has been reached. */
bool faults_happened(void);
