/* Landlock: a process may touch only the files and folders it named. By system call, because the C
 * library has no wrapper; what the running kernel does not know yet is left out, and its version
 * reported. See landlock(7); the numbers are the kernel's stable interface. */
#include "lib/sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CALL_CREATE = 444, CALL_ADD_RULE = 445, CALL_RESTRICT = 446 };
enum { CREATE_VERSION = 1, RULE_PATH_BENEATH = 1 };
enum { NET_BIND_TCP = 1 << 0, NET_CONNECT_TCP = 1 << 1 };

/* File access rights by the version that brought them. */
enum {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_FOLDER = 1 << 3,
    FS_ALL_VERSION_1 = (1 << 13) - 1,
    FS_REFER = 1 << 13,        /* version 2 */
    FS_TRUNCATE = 1 << 14,     /* version 3 */
    FS_IOCTL_DEVICE = 1 << 15, /* version 5 */
    FS_ON_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEVICE,
    FS_READING = FS_READ_FILE | FS_READ_FOLDER,
};

struct ruleset_attributes {
    uint64_t handled_fs;
    uint64_t handled_net;
};

struct path_attributes {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static uint64_t rights_known(int version);
static enum err path_allow(int ruleset, const struct sandbox_path *path, uint64_t known);
static enum err ruleset_enforce(int ruleset, const struct sandbox_request *request, uint64_t known);

enum err landlock_enter(const struct sandbox_request *request, int *ret_version)
{
    *ret_version = 0;
    long version = syscall(CALL_CREATE, NULL, 0, CREATE_VERSION);
    if (version < 1) {
        return OK; /* not in this kernel, or switched off: the caller reports version 0 */
    }
    bool internet = (request->rules->groups & SANDBOX_INTERNET) != 0;
    bool listens = (request->rules->groups & SANDBOX_LISTEN) != 0;
    uint64_t net = NET_CONNECT_TCP | (listens ? 0 : NET_BIND_TCP);
    struct ruleset_attributes attributes = {
        .handled_fs = rights_known((int)version),
        .handled_net = version >= 4 && !internet ? net : 0,
    };
    size_t size = version >= 4 ? sizeof attributes : sizeof attributes.handled_fs;
    int ruleset = (int)syscall(CALL_CREATE, &attributes, size, 0);
    if (ruleset < 0) {
        return err_from_errno(errno);
    }
    enum err err = ruleset_enforce(ruleset, request, attributes.handled_fs);
    close(ruleset);
    if (err == OK) {
        *ret_version = (int)version;
    }
    return err;
}

static enum err ruleset_enforce(int ruleset, const struct sandbox_request *request, uint64_t known)
{
    for (size_t i = 0; i < request->path_count; i++) {
        TRY(path_allow(ruleset, &request->paths[i], known));
    }
    return syscall(CALL_RESTRICT, ruleset, 0) == 0 ? OK : err_from_errno(errno);
}

static enum err path_allow(int ruleset, const struct sandbox_path *path, uint64_t known)
{
    int parent = open(path->path, O_PATH | O_CLOEXEC);
    if (parent < 0) {
        return errno == ENOENT ? OK : err_from_errno(errno);
    }
    uint64_t wanted = path->access == SANDBOX_READ
                          ? (uint64_t)FS_READING
                          : known & ~(uint64_t)(FS_EXECUTE | FS_IOCTL_DEVICE);
    struct stat status;
    enum err err = fstat(parent, &status) == 0 ? OK : err_from_errno(errno);
    if (err == OK && !S_ISDIR(status.st_mode)) {
        wanted &= FS_ON_FILES;
    }
    struct path_attributes attributes = { .allowed = wanted & known, .parent = parent };
    if (err == OK && syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &attributes, 0) != 0) {
        err = err_from_errno(errno);
    }
    close(parent);
    return err;
}

static uint64_t rights_known(int version)
{
    uint64_t rights = FS_ALL_VERSION_1;
    rights |= version >= 2 ? (uint64_t)FS_REFER : 0;
    rights |= version >= 3 ? (uint64_t)FS_TRUNCATE : 0;
    rights |= version >= 5 ? (uint64_t)FS_IOCTL_DEVICE : 0;
    return rights;
}
