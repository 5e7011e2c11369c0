/* A power cut, preloaded into a program: before the CUT_AT-th call that changes the disk,
 * everything that was written but not synced is lost (its files become empty) and the process ends
 * with 137. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DESCRIPTORS = 256, CUT_EXIT = 137 };

static struct {
    bool dirty[DESCRIPTORS];
    int lost[DESCRIPTORS]; /* copies of descriptors that were closed unsynced */
    int lost_count;
    long calls;
} self;

static void step(void)
{
    const char *at = getenv("CUT_AT");
    if (at == NULL || ++self.calls < strtol(at, NULL, 10)) {
        return;
    }
    for (int fd = 3; fd < DESCRIPTORS; fd++) {
        if (self.dirty[fd] && ftruncate(fd, 0) != 0) {
            _exit(99);
        }
    }
    for (int i = 0; i < self.lost_count; i++) {
        if (ftruncate(self.lost[i], 0) != 0) {
            _exit(99);
        }
    }
    _exit(CUT_EXIT);
}

#define REAL(result, name, ...)                                                                    \
    result (*real)(__VA_ARGS__) = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t len)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    struct stat status;
    bool file = fd > 2 && fd < DESCRIPTORS && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (file) {
        step();
        self.dirty[fd] = true;
    }
    return real(fd, data, len);
}

int fsync(int fd)
{
    REAL(int, "fsync", int);
    step();
    if (fd >= 0 && fd < DESCRIPTORS) {
        self.dirty[fd] = false;
    }
    return real(fd);
}

int close(int fd)
{
    REAL(int, "close", int);
    if (fd > 2 && fd < DESCRIPTORS && self.dirty[fd] && self.lost_count < DESCRIPTORS) {
        self.lost[self.lost_count++] = fcntl(fd, F_DUPFD_CLOEXEC, DESCRIPTORS);
        self.dirty[fd] = false;
    }
    return real(fd);
}

int rename(const char *from, const char *to)
{
    REAL(int, "rename", const char *, const char *);
    step();
    return real(from, to);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    REAL(int, "renameat", int, const char *, int, const char *);
    step();
    return real(from_fd, from, to_fd, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    step();
    return real(from_fd, from, to_fd, to, flags);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(int, "mkdir", const char *, mode_t);
    step();
    return real(path, mode);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    REAL(int, "mkdirat", int, const char *, mode_t);
    step();
    return real(fd, path, mode);
}

int symlink(const char *target, const char *path)
{
    REAL(int, "symlink", const char *, const char *);
    step();
    return real(target, path);
}

int link(const char *from, const char *to)
{
    REAL(int, "link", const char *, const char *);
    step();
    return real(from, to);
}

int unlink(const char *path)
{
    REAL(int, "unlink", const char *);
    step();
    return real(path);
}

int unlinkat(int fd, const char *path, int flags)
{
    REAL(int, "unlinkat", int, const char *, int);
    step();
    return real(fd, path, flags);
}
