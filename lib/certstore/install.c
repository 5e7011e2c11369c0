/* Installing by generations. The one step that changes what a server reads is the rename of
 * `current`; everything before it can be undone by forgetting it, everything after it is tidying.
 */
#include "lib/certstore/install.h"

#include "lib/base/file.h"
#include "lib/der/pem.h"
#include "lib/pki/certificate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FULL_CHAIN_MAX_BYTES = 256 * 1024, GENERATION_TEXT_MAX = 24 };

struct place {
    const char *path;
    char target[PATH_MAX]; /* what the link at `path` says */
    bool is_ours;          /* the link is there already */
    bool is_file;          /* an ordinary file stands there */
};

struct installation {
    const struct install_request *request;
    char folder[PATH_MAX]; /* absolute: DIRECTORY/.ecert-NAME */
    int lock;
    bool has_current;
    unsigned long current;
    struct place certificate, key;
};

static void installation_release(struct installation *installation);
AUTO_DEFINE(installation, installation_release)

static enum err pair_check(const struct install_request *request);
static enum err installation_begin(
    const struct install_request *request, struct installation *ret_installation);
static enum err directory_check(const char *path, char ret_directory[PATH_MAX]);
static enum err place_look(const char *path, const char *target, struct place *ret_place);
static enum err old_pair_keep(struct installation *installation);
static enum err pair_write(struct installation *installation, struct span certificate,
    struct span key, unsigned long number);
static enum err new_pair_write(struct installation *installation);
static enum err pair_verify(const struct installation *installation, unsigned long number);
static enum err current_switch(struct installation *installation, unsigned long number);
static enum err link_place(const char *target, const char *path);
static void generations_tidy(const struct installation *installation, unsigned long previous);
static void generation_remove(const struct installation *installation, const char *name);
static enum err generation_path(const struct installation *installation, unsigned long number,
    const char *file, char ret_path[PATH_MAX]);

enum err certstore_install(const struct install_request *request, struct reason *ret_reason)
{
    AUTO(installation) installation = { .lock = -1 };
    const char *field = request->certificate_path;
    if (pair_check(request) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "install.mismatch", field, NULL, NULL);
    }
    errno = 0;
    enum err err = installation_begin(request, &installation);
    if (err == ERR_DENIED || err == ERR_CONFLICT) {
        const char *code = err == ERR_DENIED ? "install.directory" : "install.link";
        return reason_set(ret_reason, ERR_DENIED, code, field, request->key_path, NULL);
    }
    unsigned long before = installation.current;
    err = err == OK ? old_pair_keep(&installation) : err;
    unsigned long kept = installation.has_current ? installation.current : before;
    err = err == OK ? new_pair_write(&installation) : err;
    err = err == OK && !installation.key.is_ours
              ? link_place(installation.key.target, request->key_path)
              : err;
    err = err == OK && !installation.certificate.is_ours
              ? link_place(installation.certificate.target, request->certificate_path)
              : err;
    if (err != OK) {
        const char *seen = errno != 0 ? strerror(errno) : err_name(err);
        return reason_set(ret_reason, err, "install.write", field, seen, NULL);
    }
    generations_tidy(&installation, kept);
    return OK;
}

static void installation_release(struct installation *installation)
{
    if (installation->lock >= 0) {
        close(installation->lock);
    }
}

static enum err pair_check(const struct install_request *request)
{
    AUTO(buf) leaf = buf_make(CERTIFICATE_MAX_BYTES);
    struct certificate parsed;
    TRY(certificate_read_any(request->full_chain, &leaf));
    TRY(certificate_parse(buf_span(&leaf), &parsed));
    return span_equal(parsed.spki, key_spki(request->key)) ? OK : ERR_DENIED;
}

/* ERR_DENIED: a directory that isn't safe; ERR_CONFLICT: a link that isn't ours. */
static enum err installation_begin(
    const struct install_request *request, struct installation *ret_installation)
{
    char directory[PATH_MAX], key_directory[PATH_MAX], target[PATH_MAX], number[32];
    TRY(directory_check(request->certificate_path, directory));
    TRY(directory_check(request->key_path, key_directory));
    const char *slash = strrchr(request->certificate_path, '/');
    const char *name = slash == NULL ? request->certificate_path : slash + 1;
    int len = snprintf(ret_installation->folder, PATH_MAX, "%s/.ecert-%s", directory, name);
    if (len >= PATH_MAX || name[0] == '\0') {
        return ERR_LIMIT;
    }
    ret_installation->request = request;
    TRY(directory_ensure(ret_installation->folder, 0755));
    TRY(path_join(target, sizeof target, ret_installation->folder, "x"));
    TRY(directory_check(target, directory));
    ret_installation->lock =
        open(ret_installation->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (ret_installation->lock < 0 || flock(ret_installation->lock, LOCK_EX) != 0) {
        return ERR_DENIED;
    }
    ssize_t got = readlinkat(ret_installation->lock, "current", number, sizeof number - 1);
    number[got < 0 ? 0 : got] = '\0';
    ret_installation->has_current = got > 0;
    ret_installation->current = strtoul(number, /* end= */ NULL, 10);
    TRY(path_join(target, sizeof target, ret_installation->folder, "current/certificate.pem"));
    TRY(place_look(request->certificate_path, target, &ret_installation->certificate));
    TRY(path_join(target, sizeof target, ret_installation->folder, "current/key.pem"));
    return place_look(request->key_path, target, &ret_installation->key);
}

/* The absolute directory of `path`: ours or root's, writable by nobody else. */
static enum err directory_check(const char *path, char ret_directory[PATH_MAX])
{
    char parent[PATH_MAX];
    struct stat status;
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    if (len >= sizeof parent) {
        return ERR_LIMIT;
    }
    memcpy(parent, slash == NULL ? "." : path, len);
    parent[len] = '\0';
    if (realpath(parent, ret_directory) == NULL || stat(ret_directory, &status) != 0) {
        return err_from_errno(errno);
    }
    bool owned = status.st_uid == geteuid() || status.st_uid == 0;
    return owned && (status.st_mode & 022) == 0 ? OK : ERR_DENIED;
}

static enum err place_look(const char *path, const char *target, struct place *ret_place)
{
    struct stat status;
    char seen[PATH_MAX];
    ret_place->path = path;
    memcpy(ret_place->target, target, strlen(target) + 1);
    if (lstat(path, &status) != 0) {
        return errno == ENOENT ? OK : err_from_errno(errno);
    }
    ret_place->is_file = S_ISREG(status.st_mode);
    if (ret_place->is_file) {
        return OK;
    }
    ssize_t got = S_ISLNK(status.st_mode) ? readlink(path, seen, sizeof seen - 1) : -1;
    seen[got < 0 ? 0 : got] = '\0';
    ret_place->is_ours = strcmp(seen, target) == 0;
    return ret_place->is_ours ? OK : ERR_CONFLICT;
}

/* Where ordinary files stand, what is read there now becomes a generation of its own and `current`;
 * only then do the links take the files' places: at every moment both paths give what they gave. */
static enum err old_pair_keep(struct installation *installation)
{
    bool files = installation->certificate.is_file || installation->key.is_file;
    if (!files) {
        return OK;
    }
    AUTO(buf) certificate = { 0 };
    AUTO(secret) key = { 0 };
    enum err err = file_read(installation->certificate.path, FULL_CHAIN_MAX_BYTES, &certificate);
    TRY(err == ERR_NOT_FOUND ? OK : err);
    int fd = open(installation->key.path, O_RDONLY | O_CLOEXEC);
    err = fd < 0 ? err_from_errno(errno) : secret_read_fd(fd, KEY_PRIVATE_MAX_BYTES, &key);
    if (fd >= 0) {
        close(fd);
    }
    TRY(err == ERR_NOT_FOUND ? OK : err);
    unsigned long number = installation->has_current ? installation->current + 1 : 0;
    TRY(pair_write(installation, buf_span(&certificate), secret_span(&key), number));
    TRY(current_switch(installation, number));
    struct place *places[] = { &installation->certificate, &installation->key };
    for (size_t i = 0; i < 2; i++) {
        if (places[i]->is_file) {
            TRY(link_place(places[i]->target, places[i]->path));
            places[i]->is_ours = true;
        }
    }
    return OK;
}

static enum err new_pair_write(struct installation *installation)
{
    AUTO(secret) key = { 0 };
    unsigned long number = installation->has_current ? installation->current + 1 : 1;
    TRY(key_to_pem(installation->request->key, &key));
    TRY(pair_write(installation, installation->request->full_chain, secret_span(&key), number));
    TRY(pair_verify(installation, number));
    return current_switch(installation, number);
}

/* Leftovers of an interrupted run under this number are overwritten, file by file. */
static enum err pair_write(struct installation *installation, struct span certificate,
    struct span key, unsigned long number)
{
    char path[PATH_MAX];
    TRY(generation_path(installation, number, /* file= */ NULL, path));
    TRY(directory_ensure(path, 0755));
    if (certificate.len > 0) {
        TRY(generation_path(installation, number, "certificate.pem", path));
        TRY(file_replace(path, certificate, 0644));
    }
    if (key.len > 0) {
        TRY(generation_path(installation, number, "key.pem", path));
        TRY(file_replace(path, key, 0600));
    }
    return fsync(installation->lock) == 0 ? OK : err_from_errno(errno);
}

/* What was written is read again, and must be a pair. */
static enum err pair_verify(const struct installation *installation, unsigned long number)
{
    char path[PATH_MAX];
    AUTO(buf) certificate = { 0 };
    AUTO(secret) pem = { 0 };
    AUTO_PTR(key) key = NULL;
    TRY(generation_path(installation, number, "certificate.pem", path));
    TRY(file_read(path, FULL_CHAIN_MAX_BYTES, &certificate));
    TRY(generation_path(installation, number, "key.pem", path));
    TRY(file_read_secret(path, KEY_PRIVATE_MAX_BYTES, &pem));
    TRY(key_from_pem(secret_span(&pem), /* passphrase= */ NULL, /* ret_reason= */ NULL, &key));
    struct install_request again = { .full_chain = buf_span(&certificate), .key = key };
    return pair_check(&again);
}

static enum err current_switch(struct installation *installation, unsigned long number)
{
    char target[GENERATION_TEXT_MAX], path[PATH_MAX];
    snprintf(target, sizeof target, "%lu", number);
    TRY(path_join(path, sizeof path, installation->folder, "current"));
    TRY(link_place(target, path));
    installation->current = number;
    installation->has_current = true;
    return OK;
}

/* A link under a hidden name, then renamed over whatever is there. */
static enum err link_place(const char *target, const char *path)
{
    char temporary[PATH_MAX], directory[PATH_MAX];
    TRY(directory_check(path, directory));
    int len = snprintf(temporary, sizeof temporary, "%s.new-%ld", path, (long)getpid());
    if (len >= PATH_MAX) {
        return ERR_LIMIT;
    }
    (void)unlink(temporary);
    if (symlink(target, temporary) != 0) {
        return err_from_errno(errno);
    }
    if (rename(temporary, path) != 0) {
        enum err err = err_from_errno(errno);
        unlink(temporary);
        return err;
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    enum err err = synced ? OK : err_from_errno(errno);
    if (fd >= 0) {
        close(fd);
    }
    return err;
}

/* The present pair and the one before stay. */
static void generations_tidy(const struct installation *installation, unsigned long previous)
{
    DIR *directory = opendir(installation->folder);
    if (directory == NULL) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char *end;
        unsigned long number = strtoul(entry->d_name, &end, 10);
        bool generation = entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && *end == '\0';
        if (generation && number != installation->current && number != previous) {
            generation_remove(installation, entry->d_name);
        }
    }
    closedir(directory);
}

static void generation_remove(const struct installation *installation, const char *name)
{
    static const char *const files[] = { "certificate.pem", "key.pem" };
    int fd = openat(installation->lock, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i < 2; i++) {
        (void)unlinkat(fd, files[i], /* flags= */ 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    (void)unlinkat(installation->lock, name, AT_REMOVEDIR);
}

static enum err generation_path(const struct installation *installation, unsigned long number,
    const char *file, char ret_path[PATH_MAX])
{
    int len = snprintf(ret_path, PATH_MAX, "%s/%lu%s%s", installation->folder, number,
        file == NULL ? "" : "/", file == NULL ? "" : file);
    return len >= PATH_MAX ? ERR_LIMIT : OK;
}
