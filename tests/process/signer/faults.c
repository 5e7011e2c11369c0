/* The wrapped calls. */
#include "tests/process/signer/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 256 };

static struct {
    atomic_int fault; /* enum fault */
    unsigned point;
    atomic_uint count;
    atomic_bool happened;
    atomic_llong synced[FILES]; /* length + 1 when last synced; 0: never */
} self;

ssize_t __real_pwrite64(int fd, const void *bytes, size_t len, off64_t offset);
int __real_fdatasync(int fd);
int __real_fsync(int fd);
int __real_ftruncate64(int fd, off64_t length);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off64_t offset);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);
int __wrap_ftruncate64(int fd, off64_t length);

void faults_set(enum fault fault, unsigned point)
{
    atomic_store(&self.fault, (int)fault);
    self.point = point;
    atomic_store(&self.count, 0);
    atomic_store(&self.happened, false);
}

unsigned faults_counted(void)
{
    return atomic_load(&self.count);
}

bool faults_happened(void)
{
    return atomic_load(&self.happened);
}

static bool is_point(void)
{
    bool now = atomic_fetch_add(&self.count, 1) + 1 == self.point;
    if (now) {
        atomic_store(&self.happened, true);
    }
    return now;
}

static _Noreturn void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;) {
        pause();
    }
}

static long long length_of(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 ? (long long)status.st_size : 0;
}

/* A file that only grows has lost what it grew by; in others nobody can say. */
static void power_lose(int fd, bool all)
{
    long long synced = atomic_load(&self.synced[fd % FILES]) - 1, length = length_of(fd);
    if (synced >= 0 && length > synced) {
        (void)!__real_ftruncate64(fd, all ? synced : synced + (length - synced) / 2);
    }
}

/* What a file has when it is first written to is on the disk. */
static void begin(int fd)
{
    long long never = 0;
    atomic_compare_exchange_strong(&self.synced[fd % FILES], &never, length_of(fd) + 1);
}

/* True if the call is not to be made: `ret_result` is its result. */
static bool interfere(int fd, int *ret_result)
{
    *ret_result = -1;
    if (!is_point()) {
        return false;
    }
    switch ((enum fault)atomic_load(&self.fault)) {
    case FAULT_KILL_BEFORE:
        die();
    case FAULT_POWER:
    case FAULT_POWER_ALL:
        power_lose(fd, atomic_load(&self.fault) == FAULT_POWER_ALL);
        die();
    case FAULT_NO_SPACE:
        errno = ENOSPC;
        return true;
    case FAULT_BROKEN:
        errno = EIO;
        return true;
    case FAULT_NONE:
    case FAULT_KILL_TORN:
    case FAULT_KILL_AFTER:
    case FAULT_NO_SPACE_SHORT:
    case FAULT_COUNT:
        break;
    }
    return false;
}

static void after(void)
{
    if (atomic_load(&self.fault) == FAULT_KILL_AFTER && faults_happened()) {
        die();
    }
}

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    int result;
    begin(fd);
    int full = FAULT_NO_SPACE_SHORT; /* one full disk, once */
    if (faults_happened() && atomic_compare_exchange_strong(&self.fault, &full, FAULT_NONE)) {
        errno = ENOSPC;
        return -1;
    }
    if (interfere(fd, &result)) {
        return result;
    }
    int fault = faults_happened() ? atomic_load(&self.fault) : FAULT_NONE;
    if (fault == FAULT_KILL_TORN || fault == FAULT_NO_SPACE_SHORT) {
        ssize_t half = __real_pwrite64(fd, bytes, (len + 1) / 2, offset);
        if (fault == FAULT_KILL_TORN) {
            die();
        }
        return half;
    }
    ssize_t wrote = __real_pwrite64(fd, bytes, len, offset);
    after();
    return wrote;
}

static int synced(int fd, int (*real)(int fd))
{
    int result;
    long long length = length_of(fd);
    if (interfere(fd, &result)) {
        return result;
    }
    result = real(fd);
    atomic_store(&self.synced[fd % FILES], length + 1);
    after();
    return result;
}

int __wrap_fdatasync(int fd)
{
    return synced(fd, __real_fdatasync);
}

int __wrap_fsync(int fd)
{
    return synced(fd, __real_fsync);
}

int __wrap_ftruncate64(int fd, off64_t length)
{
    int result;
    if (interfere(fd, &result)) {
        return result;
    }
    result = __real_ftruncate64(fd, length);
    after();
    return result;
}
