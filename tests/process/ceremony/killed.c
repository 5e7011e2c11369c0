/* `ecertd-signer ceremony` that dies at the n-th of its calls which change a disk: before it, after
 * it, or, where it writes, half-way. KILL_AT names n (0: never), KILL_HOW one of "before", "after",
 * "torn"; the number of calls goes to descriptor 9, if that is open. */
#include "proc/signer/ceremony.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT_FD = 9 };

static unsigned long count, kill_at;
static const char *how = "before";

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __real_pwrite64(int fd, const void *bytes, size_t len, off64_t offset);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_rename(const char *from, const char *to);
int __real_link(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_mkdir(const char *path, mode_t mode);
int __real_rmdir(const char *path);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off64_t offset);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);

int main(int argc, char **argv)
{
    const char *at = getenv("KILL_AT"), *manner = getenv("KILL_HOW");
    kill_at = at == NULL ? 0 : strtoul(at, NULL, 10);
    how = manner == NULL ? how : manner;
    int status = ceremony_main(argc - 1, argv + 1);
    char text[32];
    int length = snprintf(text, sizeof text, "%lu\n", count);
    (void)!__real_write(COUNT_FD, text, (size_t)length);
    return status;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;) {
        pause();
    }
}

static void before(void)
{
    if (++count == kill_at && strcmp(how, "before") == 0) {
        die();
    }
}

static bool torn(void)
{
    return count == kill_at && strcmp(how, "torn") == 0;
}

static int after(int result)
{
    if (count == kill_at) {
        die();
    }
    return result;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    before();
    ssize_t wrote = __real_write(fd, bytes, torn() ? len / 2 : len);
    after(0);
    return wrote;
}

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    before();
    ssize_t wrote = __real_pwrite64(fd, bytes, torn() ? len / 2 : len, offset);
    after(0);
    return wrote;
}

int __wrap_fsync(int fd)
{
    before();
    return after(__real_fsync(fd));
}

int __wrap_fdatasync(int fd)
{
    before();
    return after(__real_fdatasync(fd));
}

int __wrap_rename(const char *from, const char *to)
{
    before();
    return after(__real_rename(from, to));
}

int __wrap_link(const char *from, const char *to)
{
    before();
    return after(__real_link(from, to));
}

int __wrap_unlink(const char *path)
{
    before();
    return after(__real_unlink(path));
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    before();
    return after(__real_mkdir(path, mode));
}

int __wrap_rmdir(const char *path)
{
    before();
    return after(__real_rmdir(path));
}
