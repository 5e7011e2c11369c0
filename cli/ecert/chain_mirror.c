/* ecert chain mirror: the system's own trust store gets the roots of ours, by the system's own tool
 * (Debian's update-ca-certificates) and only when this is asked for. What it put there, it knows by
 * the file's name, ecert-SHA256.crt, and touches nothing else. The tool runs even where the files
 * are right: a run before may have been cut off ahead of it. With no root anywhere it doesn't. */
#include "cli/ecert/chain.h"
#include "cli/ecert/child.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/der/pem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define PLACE "/usr/local/share/ca-certificates"

enum { FILES_MAX = 128, FILE_PATH_MAX = 160, FILE_MAX = 64 * 1024, PROGRAM_SECONDS = 120 };

static const char *const program[] = { "update-ca-certificates", NULL };

const struct option options_chain_mirror[] = {
    { "remove", OPTION_FLAG, NULL },
    { .name = NULL },
};

/* One file of ours in the system's folder, as it is and as it is to be; empty: it isn't there. */
struct mirror_file {
    char path[FILE_PATH_MAX];
    struct buf before, after;
};

struct mirror {
    struct mirror_file files[FILES_MAX];
    size_t count;
};
static void mirror_release(struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->count; i++) {
        buf_release(&mirror->files[i].before);
        buf_release(&mirror->files[i].after);
    }
}
AUTO_DEFINE(mirror, mirror_release)

static enum err system_read(struct mirror *mirror);
static bool is_ours(const char *name);
static enum err roots_read(struct tool *tool, const struct certstore *store, struct mirror *mirror);
static bool is_trusted(const struct authorities *authorities, const struct authority *root);
static enum err file_of(struct mirror *mirror, const char *path, struct mirror_file **ret_file);
static bool is_right(const struct mirror_file *file);
static enum err mirror_record(
    struct certstore *store, const struct mirror *mirror, struct reason *ret_reason);
static enum err file_back(const struct certstore *store, const struct certstore_past *past,
    size_t step, struct mirror *mirror);
static enum err mirror_apply(const struct mirror *mirror, struct reason *ret_reason);
static enum err file_put(
    const struct mirror_file *file, const struct buf *content, struct reason *ret_reason);
static enum err program_do(struct reason *ret_reason);
static size_t mirror_show(struct tool *tool, const struct mirror *mirror, bool dry);

enum exit_code command_chain_mirror(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    struct mirror *mirror = arena_alloc(&tool->arena, 1, sizeof *mirror);
    struct reason reason = { 0 };
    bool dry = change_is_dry(tool);
    if (mirror == NULL || tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    *mirror = (struct mirror){ .count = 0 };
    bool remove = arguments_has(arguments, "remove");
    enum err err = system_read(mirror);
    err = err == OK && !remove ? roots_read(tool, store, mirror) : err;
    bool idle = mirror->count == 0 && !remove;
    err = err != OK     ? reason_set(&reason, err, "chain.mirror_write", PLACE, err_name(err), NULL)
          : dry || idle ? OK
                        : mirror_record(store, mirror, &reason);
    err = err == OK && !dry && !idle ? mirror_apply(mirror, &reason) : err;
    size_t changed = err == OK ? mirror_show(tool, mirror, dry) : 0;
    mirror_release(mirror);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (changed == 0) {
        screen_message(tool, idle ? "tool.mirror_no_root" : "tool.chain_nothing", NULL);
    }
    change_show(tool, store);
    return changed == 0 ? EXIT_NOTHING : EXIT_DONE;
}

static enum err system_read(struct mirror *mirror)
{
    DIR *directory = opendir(PLACE);
    enum err err = directory == NULL ? err_from_errno(errno) : OK;
    for (struct dirent *entry; err == OK && (entry = readdir(directory)) != NULL;) {
        char path[FILE_PATH_MAX];
        struct mirror_file *file = NULL;
        if (is_ours(entry->d_name)) {
            err = path_join(path, sizeof path, PLACE, entry->d_name);
            err = err == OK ? file_of(mirror, path, &file) : err;
            err = err == OK ? file_read(path, FILE_MAX, &file->before) : err;
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    return err;
}

/* ecert-, 64 hexadecimal digits, .crt */
static bool is_ours(const char *name)
{
    enum { PREFIX = 6, DIGITS = 2 * SHA256_BYTES };
    return strncmp(name, "ecert-", PREFIX) == 0 &&
           strspn(name + PREFIX, "0123456789abcdef") == DIGITS &&
           strcmp(name + PREFIX + DIGITS, ".crt") == 0;
}

static enum err roots_read(struct tool *tool, const struct certstore *store, struct mirror *mirror)
{
    AUTO(authorities) authorities = { 0 };
    TRY(certstore_authorities(
        store, CERTSTORE_ROOTS, /* added= */ NULL, 0, clock_now(&tool->clock), &authorities));
    for (size_t i = 0; i < authorities.count; i++) {
        const struct authority *root = &authorities.items[i];
        char path[FILE_PATH_MAX];
        struct mirror_file *file = NULL;
        if (!is_trusted(&authorities, root)) {
            continue;
        }
        snprintf(path, sizeof path, "%s/ecert-%s.crt", PLACE, root->id);
        TRY(file_of(mirror, path, &file));
        file->after = buf_make(FILE_MAX);
        TRY(pem_write("CERTIFICATE", root->certificate.der, &file->after));
    }
    return OK;
}

/* A root of ours that is valid, and that nobody has put among the untrusted. */
static bool is_trusted(const struct authorities *authorities, const struct authority *root)
{
    bool trusted = root->folder == CERTSTORE_ROOTS && root->standing == AUTHORITY_CURRENT;
    for (size_t i = 0; trusted && i < authorities->count; i++) {
        const struct authority *other = &authorities->items[i];
        trusted = other->folder != CERTSTORE_UNTRUSTED || strcmp(other->id, root->id) != 0;
    }
    return trusted;
}

static enum err file_of(struct mirror *mirror, const char *path, struct mirror_file **ret_file)
{
    for (size_t i = 0; i < mirror->count; i++) {
        if (strcmp(mirror->files[i].path, path) == 0) {
            *ret_file = &mirror->files[i];
            return OK;
        }
    }
    if (mirror->count == FILES_MAX) {
        return ERR_LIMIT;
    }
    struct mirror_file *file = &mirror->files[mirror->count++];
    *file = (struct mirror_file){ .path = "" };
    snprintf(file->path, sizeof file->path, "%s", path);
    *ret_file = file;
    return OK;
}

static bool is_right(const struct mirror_file *file)
{
    return span_equal(buf_span(&file->before), buf_span(&file->after));
}

/* Before anything changes. */
static enum err mirror_record(
    struct certstore *store, const struct mirror *mirror, struct reason *ret_reason)
{
    for (size_t i = 0; i < mirror->count; i++) {
        const struct mirror_file *file = &mirror->files[i];
        enum err err = is_right(file) ? OK
                                      : certstore_record_outside(store, file->path,
                                            buf_span(&file->before), buf_span(&file->after));
        if (err != OK) {
            return reason_set(ret_reason, err, "certstore.write", file->path, err_name(err), NULL);
        }
    }
    return OK;
}

bool chain_mirror_made(const struct certstore_past *past)
{
    return past->count > 0 && past->steps[0].kind == CERTSTORE_STEP_OUTSIDE;
}

enum err chain_mirror_back(struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, struct reason *ret_reason)
{
    struct mirror *mirror = arena_alloc(&tool->arena, 1, sizeof *mirror);
    TRY(mirror == NULL ? ERR_MEMORY : OK);
    *mirror = (struct mirror){ .count = 0 };
    enum err err = OK;
    for (size_t i = 0; err == OK && i < past->count; i++) {
        err = file_back(store, past, i, mirror);
    }
    err = err == OK ? mirror_apply(mirror, ret_reason)
                    : reason_set(ret_reason, err, "chain.mirror_write", PLACE, err_name(err), NULL);
    mirror_release(mirror);
    return err;
}

/* Whatever a record says, no other file is touched than this command's own. */
static enum err file_back(const struct certstore *store, const struct certstore_past *past,
    size_t step, struct mirror *mirror)
{
    const char *path = past->steps[step].path, *name = strrchr(path, '/');
    struct mirror_file *file = NULL;
    bool ours = name != NULL && strncmp(path, PLACE "/", sizeof PLACE) == 0 &&
                name == path + sizeof PLACE - 1 && is_ours(name + 1);
    TRY(ours ? file_of(mirror, path, &file) : ERR_DENIED);
    enum err err = certstore_step_content(store, past, step, /* after= */ true, &file->before);
    TRY(err == ERR_NOT_FOUND ? OK : err);
    err = certstore_step_content(store, past, step, /* after= */ false, &file->after);
    return err == ERR_NOT_FOUND && past->steps[step].before[0] == '\0' ? OK : err;
}

/* Where the system's tool fails, its folder is as it was. */
static enum err mirror_apply(const struct mirror *mirror, struct reason *ret_reason)
{
    enum err err = OK;
    size_t done = 0;
    for (; err == OK && done < mirror->count; done++) {
        const struct mirror_file *file = &mirror->files[done];
        err = is_right(file) ? OK : file_put(file, &file->after, ret_reason);
    }
    err = err == OK ? program_do(ret_reason) : err;
    for (size_t i = 0; err != OK && i < done; i++) {
        const struct mirror_file *file = &mirror->files[i];
        (void)!file_put(file, &file->before, /* ret_reason= */ NULL);
    }
    return err;
}

static enum err file_put(
    const struct mirror_file *file, const struct buf *content, struct reason *ret_reason)
{
    enum err err = OK;
    if (content->len > 0) {
        err = file_replace(file->path, buf_span(content), 0644);
    } else if (unlink(file->path) != 0 && errno != ENOENT) {
        err = err_from_errno(errno);
    }
    return err == OK
               ? OK
               : reason_set(ret_reason, err, "chain.mirror_write", file->path, err_name(err), NULL);
}

static enum err program_do(struct reason *ret_reason)
{
    const struct child_request request = { .words = program, .seconds = PROGRAM_SECONDS };
    struct child_end end = { .code = 0 };
    enum err err = child_run(&request, &end);
    if (err == OK && end.code == 0) {
        return OK;
    }
    return reason_set(ret_reason, err == OK ? ERR_IO : err, "chain.mirror_program", program[0],
        err == OK ? end.words : err_name(err), NULL);
}

/* How many are changed, or would be. */
static size_t mirror_show(struct tool *tool, const struct mirror *mirror, bool dry)
{
    struct value *list = value_put_list(&tool->tree, tool->result, "changes");
    size_t changed = 0;
    for (size_t i = 0; i < mirror->count; i++) {
        const struct mirror_file *file = &mirror->files[i];
        bool put = file->after.len > 0;
        const struct placeholder values[] = { { "file", file->path }, { NULL, NULL } };
        if (is_right(file)) {
            continue;
        }
        changed++;
        screen_message(tool,
            dry ? (put ? "tool.mirror_would_put" : "tool.mirror_would_take")
                : (put ? "tool.mirror_put" : "tool.mirror_taken"),
            values);
        struct value *object = value_add_object(&tool->tree, list);
        value_put_text(&tool->tree, object, "change", put ? "put" : "taken");
        value_put_text(&tool->tree, object, "file", file->path);
    }
    return changed;
}
