/* Two files a letter: REFERENCE.pdf, then REFERENCE.hash. */
#include "proc/courier/spool.h"

#include "lib/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTE_MAX_BYTES = 2 * ENROLMENT_ID_BYTES + 1 + PIN_HASH_MAX };

static bool reference_valid(const char *reference);
static enum err file_path(
    const struct spool *spool, const char *reference, const char *suffix, char ret_path[PATH_MAX]);
static bool letter_name(
    const char *name, const char *suffix, char ret_reference[REFERENCE_TEXT_MAX]);
static enum err leftovers_erase(const struct spool *spool);
static bool letter_waits(const struct spool *spool, const char *reference, int64_t *ret_rendered);
static enum err file_erase(const char *path);

enum err spool_open(const char *directory, struct spool *ret_spool)
{
    struct spool spool = { directory };
    TRY(directory_ensure(directory, 0700));
    TRY(leftovers_erase(&spool));
    *ret_spool = spool;
    return OK;
}

enum err spool_find(const struct spool *spool, const char *reference,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], char ret_phc[PIN_HASH_MAX])
{
    char path[PATH_MAX], id[2 * ENROLMENT_ID_BYTES + 1];
    AUTO(buf) note = { 0 };
    TRY(file_path(spool, reference, ".hash", path));
    if (!letter_waits(spool, reference, /* ret_rendered= */ NULL)) {
        return ERR_NOT_FOUND;
    }
    TRY(file_read(path, NOTE_MAX_BYTES, &note));
    hex_format(span_make(enrolment, ENROLMENT_ID_BYTES), id);
    size_t len = strlen(id);
    if (note.len <= len + 1 || memcmp(note.data, id, len) != 0 || note.data[len] != '\n') {
        return ERR_NOT_FOUND;
    }
    struct span phc = span_make(note.data + len + 1, note.len - len - 1);
    return span_to_text(phc, ret_phc, PIN_HASH_MAX) ? OK : ERR_NOT_FOUND;
}

/* The old note goes first and the new one comes last, so that note and letter always fit. */
enum err spool_put(const struct spool *spool, const char *reference,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const char *phc, struct span pdf)
{
    char note_path[PATH_MAX], pdf_path[PATH_MAX], id[2 * ENROLMENT_ID_BYTES + 1];
    TRY(file_path(spool, reference, ".hash", note_path));
    TRY(file_path(spool, reference, ".pdf", pdf_path));
    if (unlink(note_path) != 0 && errno != ENOENT) {
        return err_from_errno(errno);
    }
    AUTO(buf) note = buf_make(NOTE_MAX_BYTES);
    hex_format(span_make(enrolment, ENROLMENT_ID_BYTES), id);
    buf_append_format(&note, "%s\n%s", id, phc);
    TRY(buf_check(&note));
    TRY(file_replace(pdf_path, pdf, 0600));
    return file_replace(note_path, buf_span(&note), 0600);
}

enum err spool_list(
    const struct spool *spool, struct arena *arena, struct courier_letters *ret_letters)
{
    struct courier_letters letters = { 0 };
    letters.letters = arena_alloc(arena, LETTERS_MAX, sizeof *letters.letters);
    DIR *directory = opendir(spool->directory);
    if (letters.letters == NULL || directory == NULL) {
        if (directory != NULL) {
            closedir(directory);
        }
        return letters.letters == NULL ? ERR_MEMORY : err_from_errno(errno);
    }
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct letter *letter = &letters.letters[letters.count];
        if (letters.count < LETTERS_MAX && letter_name(entry->d_name, ".hash", letter->reference) &&
            letter_waits(spool, letter->reference, &letter->rendered)) {
            letters.count++;
        }
    }
    closedir(directory);
    *ret_letters = letters;
    return OK;
}

enum err spool_read(const struct spool *spool, const char *reference, struct buf *ret_pdf)
{
    char path[PATH_MAX];
    TRY(file_path(spool, reference, ".pdf", path));
    if (!letter_waits(spool, reference, /* ret_rendered= */ NULL)) {
        return ERR_NOT_FOUND;
    }
    return file_read(path, LETTER_MAX_BYTES, ret_pdf);
}

enum err spool_erase(const struct spool *spool, const char *reference)
{
    char note_path[PATH_MAX], pdf_path[PATH_MAX];
    TRY(file_path(spool, reference, ".hash", note_path));
    TRY(file_path(spool, reference, ".pdf", pdf_path));
    TRY(file_erase(pdf_path));
    return file_erase(note_path);
}

/* The number becomes a file name: nothing but digits. */
static bool reference_valid(const char *reference)
{
    return strlen(reference) == REFERENCE_DIGITS &&
           strspn(reference, "0123456789") == REFERENCE_DIGITS;
}

static enum err file_path(
    const struct spool *spool, const char *reference, const char *suffix, char ret_path[PATH_MAX])
{
    char name[REFERENCE_TEXT_MAX + 8];
    if (!reference_valid(reference)) {
        return ERR_INPUT;
    }
    snprintf(name, sizeof name, "%s%s", reference, suffix);
    return path_join(ret_path, PATH_MAX, spool->directory, name);
}

static bool letter_name(
    const char *name, const char *suffix, char ret_reference[REFERENCE_TEXT_MAX])
{
    if (strlen(name) != REFERENCE_DIGITS + strlen(suffix) ||
        strcmp(name + REFERENCE_DIGITS, suffix) != 0) {
        return false;
    }
    memcpy(ret_reference, name, REFERENCE_DIGITS);
    ret_reference[REFERENCE_DIGITS] = '\0';
    return reference_valid(ret_reference);
}

static bool letter_waits(const struct spool *spool, const char *reference, int64_t *ret_rendered)
{
    char note_path[PATH_MAX], pdf_path[PATH_MAX];
    struct stat note, pdf;
    if (file_path(spool, reference, ".hash", note_path) != OK ||
        file_path(spool, reference, ".pdf", pdf_path) != OK || stat(note_path, &note) != 0 ||
        stat(pdf_path, &pdf) != 0) {
        return false;
    }
    if (ret_rendered != NULL) {
        *ret_rendered = (int64_t)pdf.st_mtime;
    }
    return true;
}

static enum err leftovers_erase(const struct spool *spool)
{
    DIR *directory = opendir(spool->directory);
    enum err err = OK;
    if (directory == NULL) {
        return err_from_errno(errno);
    }
    for (const struct dirent *entry; err == OK && (entry = readdir(directory)) != NULL;) {
        char reference[REFERENCE_TEXT_MAX], path[PATH_MAX];
        bool named = letter_name(entry->d_name, ".pdf", reference) ||
                     letter_name(entry->d_name, ".hash", reference);
        if (entry->d_name[0] == '.' ||
            (named && letter_waits(spool, reference, /* ret_rendered= */ NULL))) {
            continue;
        }
        err = path_join(path, sizeof path, spool->directory, entry->d_name);
        err = err == OK ? file_erase(path) : err;
    }
    closedir(directory);
    return err;
}

/* Overwritten first: the blocks of a removed file may long be read by whoever gets the disk. */
static enum err file_erase(const char *path)
{
    static const uint8_t zeros[4096];
    struct stat status;
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? OK : err_from_errno(errno);
    }
    enum err err = fstat(fd, &status) == 0 ? OK : err_from_errno(errno);
    for (off_t at = 0; err == OK && at < status.st_size; at += (off_t)sizeof zeros) {
        err = fd_write_all(fd, SPAN_OF(zeros));
    }
    err = err == OK && fsync(fd) != 0 ? err_from_errno(errno) : err;
    close(fd);
    if (unlink(path) != 0 && err == OK) {
        err = err_from_errno(errno);
    }
    return err;
}
