/* Installing by generations. The one step that changes what a server reads is the rename of
 * `current`; everything before it can be undone by forgetting it, everything after it is tidying.
 */
#include "lib/certstore/install.h"

#include "lib/base/file.h"
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
    const char *certificate_path, *key_path; /* the second NULL: one file */
    char folder[PATH_MAX];                   /* absolute: DIRECTORY/.ecert-NAME */
    int lock;
    bool has_current;
    unsigned long current;
    struct place certificate, key;
};

static void installation_release(struct installation *installation);
AUTO_DEFINE(installation, installation_release)

static enum err pair_check(const struct install_request *request);
static enum err installation_begin(struct installation *installation);
static enum err begin_fail(
    const struct installation *installation, enum err err, struct reason *ret_reason);
static enum err pair_render(
    const struct install_request *request, struct secret *ret_certificate, struct secret *ret_key);
static bool pair_is_there(
    const struct installation *installation, const struct install_request *request);
static enum err path_read(const char *path, struct secret *ret_content);
static enum err directory_check(const char *path, char ret_directory[PATH_MAX]);
static enum err place_look(const char *path, const char *target, struct place *ret_place);
static enum err old_pair_keep(struct installation *installation);
static enum err pair_write(struct installation *installation, struct span certificate,
    struct span key, unsigned long number);
static enum err new_pair_write(
    struct installation *installation, const struct install_request *request);
static bool line_is_there(const struct installation *installation, unsigned long number,
    const struct install_request *request);
static enum err pair_read(const struct installation *installation, unsigned long number,
    struct secret *ret_certificate, struct key **ret_key);
static enum err files_read(const struct installation *installation, unsigned long number,
    struct secret *ret_certificate, struct secret *ret_key);
static enum err pair_verify(const struct installation *installation, unsigned long number);
static bool previous_find(const struct installation *installation, unsigned long *ret_number);
static bool generation_number(const char *name, unsigned long *ret_number);
static enum err current_switch(struct installation *installation, unsigned long number);
static enum err link_place(const char *target, const char *path);
static void generations_tidy(const struct installation *installation, unsigned long previous);
static void generation_remove(const struct installation *installation, const char *name);
static enum err generation_path(const struct installation *installation, unsigned long number,
    const char *file, char ret_path[PATH_MAX]);

enum err certstore_install(const struct install_request *request, struct reason *ret_reason)
{
    AUTO(installation)
    installation = {
        .certificate_path = request->certificate_path,
        .key_path = request->key_path,
        .lock = -1,
    };
    const char *field = request->certificate_path;
    if (request->key_path != NULL && file_same(field, request->key_path)) {
        return reason_set(
            ret_reason, ERR_INPUT, "install.same_file", field, request->key_path, NULL);
    }
    if (pair_check(request) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "install.mismatch", field, NULL, NULL);
    }
    errno = 0;
    enum err err = installation_begin(&installation);
    if (err == ERR_DENIED || err == ERR_CONFLICT) {
        return begin_fail(&installation, err, ret_reason);
    }
    if (err == OK && pair_is_there(&installation, request)) {
        return OK;
    }
    unsigned long before = installation.current;
    err = err == OK ? old_pair_keep(&installation) : err;
    unsigned long kept = installation.has_current ? installation.current : before;
    err = err == OK ? new_pair_write(&installation, request) : err;
    struct place *places[] = { &installation.key, &installation.certificate };
    for (size_t i = 0; i < 2; i++) {
        bool due = places[i]->path != NULL && !places[i]->is_ours;
        err = err == OK && due ? link_place(places[i]->target, places[i]->path) : err;
    }
    if (err != OK) {
        const char *seen = errno != 0 ? strerror(errno) : err_name(err);
        return reason_set(ret_reason, err, "install.write", field, seen, NULL);
    }
    generations_tidy(&installation, kept);
    return OK;
}

enum err certstore_install_back(
    const char *certificate_path, const char *key_path, struct reason *ret_reason)
{
    AUTO(installation)
    installation = { .certificate_path = certificate_path, .key_path = key_path, .lock = -1 };
    unsigned long number;
    errno = 0;
    enum err err = installation_begin(&installation);
    if (err == ERR_DENIED || err == ERR_CONFLICT) {
        return begin_fail(&installation, err, ret_reason);
    }
    if (err == OK && !previous_find(&installation, &number)) {
        return reason_set(
            ret_reason, ERR_NOT_FOUND, "install.no_previous", certificate_path, NULL, NULL);
    }
    err = err == OK ? current_switch(&installation, number) : err;
    if (err != OK) {
        const char *seen = errno != 0 ? strerror(errno) : err_name(err);
        return reason_set(ret_reason, err, "install.write", certificate_path, seen, NULL);
    }
    return OK;
}

static enum err begin_fail(
    const struct installation *installation, enum err err, struct reason *ret_reason)
{
    const char *code = err == ERR_DENIED ? "install.directory" : "install.link";
    return reason_set(
        ret_reason, ERR_DENIED, code, installation->certificate_path, installation->key_path, NULL);
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
static enum err installation_begin(struct installation *installation)
{
    char directory[PATH_MAX], target[PATH_MAX], number[32];
    const char *path = installation->certificate_path;
    if (installation->key_path != NULL) {
        TRY(directory_check(installation->key_path, directory));
    }
    TRY(directory_check(path, directory));
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    int len = snprintf(installation->folder, PATH_MAX, "%s/.ecert-%s", directory, name);
    if (len >= PATH_MAX || name[0] == '\0') {
        return ERR_LIMIT;
    }
    TRY(directory_ensure(installation->folder, 0755));
    TRY(path_join(target, sizeof target, installation->folder, "x"));
    TRY(directory_check(target, directory));
    installation->lock =
        open(installation->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (installation->lock < 0 || flock(installation->lock, LOCK_EX) != 0) {
        return ERR_DENIED;
    }
    ssize_t got = readlinkat(installation->lock, "current", number, sizeof number - 1);
    number[got < 0 ? 0 : got] = '\0';
    installation->has_current = got > 0;
    installation->current = strtoul(number, /* end= */ NULL, 10);
    TRY(path_join(target, sizeof target, installation->folder, "current/certificate.pem"));
    TRY(place_look(path, target, &installation->certificate));
    if (installation->key_path == NULL) {
        return OK;
    }
    TRY(path_join(target, sizeof target, installation->folder, "current/key.pem"));
    return place_look(installation->key_path, target, &installation->key);
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
    AUTO(secret) certificate = { 0 }, key = { 0 };
    enum err err = path_read(installation->certificate.path, &certificate);
    TRY(err == ERR_NOT_FOUND ? OK : err);
    err = installation->key.path == NULL ? OK : path_read(installation->key.path, &key);
    TRY(err == ERR_NOT_FOUND ? OK : err);
    unsigned long number = installation->has_current ? installation->current + 1 : 0;
    TRY(pair_write(installation, secret_span(&certificate), secret_span(&key), number));
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

/* What the certificate's file holds, and the key's: empty where the first holds it too. */
static enum err pair_render(
    const struct install_request *request, struct secret *ret_certificate, struct secret *ret_key)
{
    AUTO(secret) key = { 0 }, certificate = { 0 };
    struct span chain = request->full_chain;
    bool line = request->key_line.len > 0;
    TRY(line ? secret_copy(request->key_line, &key) : key_to_pem(request->key, &key));
    size_t key_len = request->key_path == NULL ? key.len : 0;
    TRY(secret_new(chain.len + key_len, &certificate));
    memcpy(certificate.data, chain.data, chain.len);
    memcpy(certificate.data + chain.len, key.data, key_len);
    *ret_certificate = certificate;
    certificate = (struct secret){ 0 };
    if (request->key_path != NULL) {
        *ret_key = key;
        key = (struct secret){ 0 };
    }
    return OK;
}

static enum err new_pair_write(
    struct installation *installation, const struct install_request *request)
{
    AUTO(secret) certificate = { 0 }, key = { 0 };
    unsigned long number = installation->has_current ? installation->current + 1 : 1;
    TRY(pair_render(request, &certificate, &key));
    TRY(pair_write(installation, secret_span(&certificate), secret_span(&key), number));
    if (request->key_line.len > 0) {
        TRY(line_is_there(installation, number, request) ? OK : ERR_DENIED);
    } else {
        TRY(pair_verify(installation, number));
    }
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
        TRY(file_replace(path, certificate, installation->key_path == NULL ? 0600 : 0644));
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
    AUTO(secret) certificate = { 0 };
    AUTO_PTR(key) key = NULL;
    TRY(pair_read(installation, number, &certificate, &key));
    struct install_request again = { .full_chain = secret_span(&certificate), .key = key };
    return pair_check(&again);
}

/* The token's key can't be held against the certificate in a file: what was written is. */
static bool line_is_there(const struct installation *installation, unsigned long number,
    const struct install_request *request)
{
    AUTO(secret) certificate = { 0 }, line = { 0 };
    return files_read(installation, number, &certificate, &line) == OK &&
           bytes_equal_secret(secret_span(&certificate), request->full_chain) &&
           bytes_equal_secret(secret_span(&line), request->key_line);
}

static enum err files_read(const struct installation *installation, unsigned long number,
    struct secret *ret_certificate, struct secret *ret_key)
{
    char path[PATH_MAX];
    AUTO(secret) certificate = { 0 };
    TRY(generation_path(installation, number, "certificate.pem", path));
    TRY(path_read(path, &certificate));
    if (installation->key_path != NULL) {
        TRY(generation_path(installation, number, "key.pem", path));
        TRY(path_read(path, ret_key));
    }
    *ret_certificate = certificate;
    certificate = (struct secret){ 0 };
    return OK;
}

static enum err pair_read(const struct installation *installation, unsigned long number,
    struct secret *ret_certificate, struct key **ret_key)
{
    AUTO(secret) certificate = { 0 }, pem = { 0 };
    TRY(files_read(installation, number, &certificate, &pem));
    const struct secret *key = installation->key_path == NULL ? &certificate : &pem;
    TRY(key_from_pem(secret_span(key), /* passphrase= */ NULL, /* ret_reason= */ NULL, ret_key));
    *ret_certificate = certificate;
    certificate = (struct secret){ 0 };
    return OK;
}

/* Everything is as the request wants it, down to the last byte of the certificates. */
static bool pair_is_there(
    const struct installation *installation, const struct install_request *request)
{
    AUTO(secret) there = { 0 }, wanted = { 0 }, key_pem = { 0 };
    AUTO_PTR(key) key = NULL;
    bool linked = installation->has_current && installation->certificate.is_ours &&
                  (request->key_path == NULL || installation->key.is_ours);
    if (request->key_line.len > 0) {
        return linked && line_is_there(installation, installation->current, request);
    }
    return linked && pair_read(installation, installation->current, &there, &key) == OK &&
           pair_render(request, &wanted, &key_pem) == OK &&
           bytes_equal_secret(secret_span(&there), secret_span(&wanted)) &&
           key_same_public(key, request->key);
}

/* All of a file that may hold a key, byte for byte. */
static enum err path_read(const char *path, struct secret *ret_content)
{
    AUTO(secret) content = { 0 };
    struct stat status = { 0 };
    size_t got = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err = fd < 0 || fstat(fd, &status) != 0 ? err_from_errno(errno) : OK;
    bool fits = status.st_size >= 0 && status.st_size <= FULL_CHAIN_MAX_BYTES;
    err = err == OK && !fits ? ERR_LIMIT : err;
    err = err == OK && status.st_size > 0 ? secret_new((size_t)status.st_size, &content) : err;
    while (err == OK && got < content.len) {
        ssize_t piece = read(fd, content.data + got, content.len - got);
        err = piece > 0 ? OK : piece == 0 ? ERR_IO : err_from_errno(errno);
        got += piece > 0 ? (size_t)piece : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    TRY(err);
    *ret_content = content;
    content = (struct secret){ 0 };
    return OK;
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

/* The youngest of those before the present one. */
static bool previous_find(const struct installation *installation, unsigned long *ret_number)
{
    bool found = false;
    DIR *directory = opendir(installation->folder);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        unsigned long number;
        bool before = installation->has_current && generation_number(entry->d_name, &number) &&
                      number < installation->current;
        if (before && (!found || number > *ret_number)) {
            *ret_number = number;
            found = true;
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    return found;
}

static bool generation_number(const char *name, unsigned long *ret_number)
{
    char *end;
    *ret_number = strtoul(name, &end, 10);
    return name[0] >= '0' && name[0] <= '9' && *end == '\0';
}

/* The present pair and the one before stay. */
static void generations_tidy(const struct installation *installation, unsigned long previous)
{
    DIR *directory = opendir(installation->folder);
    if (directory == NULL) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        unsigned long number;
        bool generation = generation_number(entry->d_name, &number);
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
