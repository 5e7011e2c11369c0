/* ZIP by libarchive. The files are small and partly compressed by nature: they are stored as they
 * are, which every reader understands. Names are checked here, so that no archive of ours can be
 * unpacked anywhere but where its reader wants it. */
#include "lib/text/zip.h"

#include <archive.h>
#include <archive_entry.h>

static enum err zip_open(struct archive *archive, struct buf *buf);
static la_ssize_t zip_take(struct archive *archive, void *ctx, const void *data, size_t len);
static enum err zip_add(struct archive *archive, const struct zip_file *file, int64_t time);
static bool name_is_plain(const char *name);

enum err zip_write(const struct zip_file *files, size_t count, int64_t time, struct buf *buf)
{
    if (count > ZIP_FILES_MAX) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        if (!name_is_plain(files[i].name)) {
            return ERR_INPUT;
        }
    }
    struct archive *archive = archive_write_new();
    if (archive == NULL) {
        return ERR_MEMORY;
    }
    enum err err = zip_open(archive, buf);
    for (size_t i = 0; i < count && err == OK; i++) {
        err = zip_add(archive, &files[i], time);
    }
    if (err == OK && archive_write_close(archive) != ARCHIVE_OK) {
        err = ERR_MEMORY;
    }
    archive_write_free(archive);
    enum err full = buf_check(buf);
    return full != OK ? full : err;
}

static enum err zip_open(struct archive *archive, struct buf *buf)
{
    bool good = archive_write_set_format_zip(archive) == ARCHIVE_OK &&
                archive_write_zip_set_compression_store(archive) == ARCHIVE_OK &&
                archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
                archive_write_open(archive, buf, NULL, zip_take, NULL) == ARCHIVE_OK;
    return good ? OK : ERR_MEMORY;
}

static la_ssize_t zip_take(struct archive *archive, void *ctx, const void *data, size_t len)
{
    (void)archive;
    struct buf *buf = ctx;
    buf_append(buf, span_make(data, len));
    return buf_check(buf) == OK ? (la_ssize_t)len : -1;
}

static enum err zip_add(struct archive *archive, const struct zip_file *file, int64_t time)
{
    struct archive_entry *entry = archive_entry_new();
    if (entry == NULL) {
        return ERR_MEMORY;
    }
    archive_entry_set_pathname(entry, file->name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, (time_t)time, 0);
    archive_entry_set_size(entry, (la_int64_t)file->content.len);
    bool good = archive_write_header(archive, entry) == ARCHIVE_OK &&
                archive_write_data(archive, file->content.data, file->content.len) ==
                    (la_ssize_t)file->content.len;
    archive_entry_free(entry);
    return good ? OK : ERR_MEMORY;
}

static bool name_is_plain(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        if (!letter && !(*c >= '0' && *c <= '9') && strchr("._-", *c) == NULL) {
            return false;
        }
    }
    return name[0] != '\0' && name[0] != '.';
}
