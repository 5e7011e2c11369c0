#pragma once
/* Files, read whole with a limit and written so that a reader sees the old or the new, never a
 * mixture, whatever moment the power goes. */
#include "lib/base/buf.h"
#include "lib/base/secret.h"

#include <limits.h>
#include <sys/types.h>

/* ERR_NOT_FOUND, ERR_LIMIT if larger than `max`, ERR_IO. `ret_buf` is made by the function. */
enum err file_read(const char *path, size_t max, struct buf *ret_buf) MUST_USE;
/* The same where it lies, for a file that nobody writes in place: one that shrinks ends who looks
 * at what is gone. ERR_INPUT if it is empty. Given back by file_unmap, which takes an empty span
 * too. */
enum err file_map(const char *path, size_t max, struct span *ret_content) MUST_USE;
void file_unmap(struct span content);
/* The same into locked memory. Refuses (ERR_DENIED) a file that group or others may read. */
enum err file_read_secret(const char *path, size_t max, struct secret *ret_secret) MUST_USE;
/* Replaces `path`: a new file beside it (O_EXCL, `mode`), written, fsynced, renamed, the directory
 * fsynced. On any error the old file stands untouched. */
enum err file_replace(const char *path, struct span content, mode_t mode) MUST_USE;
/* The same, but ERR_CONFLICT if `path` already exists. */
enum err file_create(const char *path, struct span content, mode_t mode) MUST_USE;
/* file_create in two halves: between them the disk writes while something else is done that must be
 * on disk first. Released unfinished, nothing is left of it. */
struct file_begun {
    char path[PATH_MAX], temporary[PATH_MAX];
    int fd; /* of the temporary file; 0: none */
};
enum err file_begin(
    const char *path, struct span content, mode_t mode, struct file_begun *ret_begun) MUST_USE;
enum err file_finish(struct file_begun *begun) MUST_USE;
void file_begun_release(struct file_begun *begun);
AUTO_DEFINE(file_begun, file_begun_release)
/* Makes the directory with exactly `mode` unless it exists. */
enum err directory_ensure(const char *path, mode_t mode) MUST_USE;
/* Joins with one '/'; ERR_LIMIT if the result does not fit. */
enum err path_join(char *ret_path, size_t size, const char *directory, const char *name) MUST_USE;
/* True if the two paths name one file, whatever ways lead there: links, "..", a second name of it
 * (by device and inode). Where a file isn't there, its folder and name decide; where the folder
 * isn't either, the paths as they are written, "." and ".." taken out. */
bool file_same(const char *one, const char *other);
/* The same by what is written alone: of absolute paths on another host. */
bool path_same(const char *one, const char *other);
/* A path from the folder of the program that runs, as "../share/ecert". */
enum err path_beside_program(char *ret_path, size_t size, const char *name) MUST_USE;
/* Writes all of it, through EINTR and short writes. */
enum err fd_write_all(int fd, struct span content) MUST_USE;
enum err fd_write_at(int fd, struct span content, int64_t offset) MUST_USE;
/* All `len` bytes, through EINTR and short reads. ERR_NOT_FOUND if the file ends before. */
enum err fd_read_at(int fd, void *ret_bytes, size_t len, int64_t offset) MUST_USE;
/* As many of them as there are before the file's end. */
enum err fd_read_upto(
    int fd, void *ret_bytes, size_t len, int64_t offset, size_t *ret_len) MUST_USE;
