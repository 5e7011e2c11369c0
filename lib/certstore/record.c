/* How the store changes: each step is written down, on disk, before it is done. The lines of a
 * change's record are its command, its time, and a line a step:
 *
 *     step: file|item|join|outside|given|there BEFORE AFTER PATH TO
 *
 * BEFORE, AFTER: SHA-256 or "-"; TO or "-". In a path a blank, a control character and "%" stand as
 * "%" and two hexadecimal digits.
 *
 * Everything here happens under the store's lock. */
#include "lib/certstore/internal.h"

#include "lib/base/clock.h"

#include <stdio.h>

/* PATH_WORD_MAX: a path each of whose octets stands as three, and its end. */
enum {
    ABOUT_MAX_BYTES = 128 * 1024,
    NUMBER_MAX = 999999,
    PATH_WORD_MAX = 3 * (CERTSTORE_STEP_PATH_MAX - 1) + 1,
};

static const char ABOUT[] = "about", ABSENT[] = "-";
static const char *const kinds[] = {
    [CERTSTORE_STEP_FILE] = "file",
    [CERTSTORE_STEP_ITEM] = "item",
    [CERTSTORE_STEP_JOIN] = "join",
    [CERTSTORE_STEP_OUTSIDE] = "outside",
    [CERTSTORE_STEP_GIVEN] = "given",
    [CERTSTORE_STEP_THERE] = "there",
};

static enum err given_step(const struct certstore_request *request, struct certstore_step *step);
static enum err step_record(
    struct certstore *store, const struct certstore_step *step, const struct buf *before);
static enum err steps_record(struct certstore *store, const struct certstore_step *steps,
    size_t count, const struct buf *before, const struct folder *draft);
static enum err change_begin(struct certstore *store, const struct certstore_past *past,
    const struct buf *before, const struct folder *draft);
static bool change_keeps(const struct certstore_past *past, size_t count);
static enum err change_fill(
    const struct folder *folder, const struct certstore_past *past, const struct buf *before);
static enum err change_write(const struct certstore *store, const struct certstore_past *past);
static enum err change_make_room(
    struct certstore *store, const struct certstore_past *past, const struct buf *before);
static enum err idle_drop(struct certstore *store);
static enum err oldest_drop(const struct certstore *store);
static enum err about_write(
    const struct folder *folder, const char *name, const struct certstore_past *past);
static enum err about_format(const struct certstore_past *past, struct buf *text);
static enum err about_line(struct span line, struct certstore_past *past);
static enum err step_parse(struct span line, struct certstore_step *step);
static bool word_next(struct span *rest, char *ret_word, size_t size);
static void path_append(struct buf *text, const char *path);
static bool path_decode(char *path);
static enum err digest_of(struct span bytes, char ret_digest[CERTSTORE_ID_MAX]);

void certstore_record(struct certstore *store, const char *command, int64_t now)
{
    store->record.count = 0;
    store->record.number = 0;
    store->record.time = now;
    snprintf(store->record.command, sizeof store->record.command, "%s", command);
}

unsigned certstore_recorded(const struct certstore *store)
{
    return store->record.count > 0 ? store->record.number : 0;
}

void certstore_rehearse(struct certstore *store)
{
    store->rehearsed = true;
}

enum err certstore_record_outside(
    struct certstore *store, const char *path, struct span before, struct span after)
{
    AUTO(buf) kept = buf_make(before.len + 1);
    struct certstore_step step = { .kind = CERTSTORE_STEP_OUTSIDE };
    if (path[0] != '/' || strlen(path) >= sizeof step.path) {
        return ERR_INPUT;
    }
    snprintf(step.path, sizeof step.path, "%s", path);
    buf_append(&kept, before);
    TRY(buf_check(&kept));
    TRY(before.len > 0 ? digest_of(before, step.before) : OK);
    TRY(after.len > 0 ? digest_of(after, step.after) : OK);
    TRY(certstore_lock(store));
    enum err err = step_record(store, &step, before.len > 0 ? &kept : NULL);
    certstore_unlock(store);
    return err;
}

enum err certstore_record_there(struct certstore *store, const char *name, struct span what)
{
    AUTO(buf) kept = buf_make(what.len + 1);
    struct certstore_step step = { .kind = CERTSTORE_STEP_THERE };
    char digest[CERTSTORE_ID_MAX];
    TRY(digest_of(span_from_text(name), digest));
    snprintf(step.path, sizeof step.path, "there/%s", digest);
    buf_append(&kept, what);
    TRY(buf_check(&kept));
    TRY(digest_of(what, step.before));
    TRY(certstore_lock(store));
    enum err err = store->rehearsed ? OK : step_record(store, &step, &kept);
    certstore_unlock(store);
    return err;
}

enum err step_file(struct certstore *store, const char *path, const struct span *content)
{
    AUTO(buf) before = { 0 };
    AUTO(folder) folder = { 0 };
    struct certstore_step step = { .kind = CERTSTORE_STEP_FILE };
    char name[FOLDER_NAME_MAX];
    enum err err = step_place(store, path, &folder, name);
    if (err == ERR_NOT_FOUND && store->rehearsed) {
        return OK; /* its folder isn't there yet either */
    }
    TRY(err);
    err = folder_read(&folder, name, FILE_MAX_BYTES, &before);
    TRY(err == ERR_NOT_FOUND ? OK : err);
    bool here = err == OK;
    bool same = here == (content != NULL) && (!here || span_equal(buf_span(&before), *content));
    if (same || store->rehearsed) {
        return OK;
    }
    snprintf(step.path, sizeof step.path, "%s", path);
    TRY(here ? digest_of(buf_span(&before), step.before) : OK);
    TRY(content != NULL ? digest_of(*content, step.after) : OK);
    TRY(step_record(store, &step, here ? &before : NULL));
    return content != NULL ? folder_write(&folder, name, *content) : folder_remove(&folder, name);
}

enum err step_item_add(struct certstore *store, const struct folder *parent, const char *name,
    const struct folder *draft, const char *path, const struct certstore_request *request)
{
    AUTO(folder) place = { 0 };
    struct certstore_step steps[2] = { { .kind = CERTSTORE_STEP_ITEM },
        { .kind = CERTSTORE_STEP_GIVEN } };
    char to[FOLDER_NAME_MAX];
    snprintf(steps[0].path, sizeof steps[0].path, "%s", path);
    TRY(step_place(store, path, &place, to));
    TRY(step_item_digest(parent, name, steps[0].after));
    TRY(request->given == NULL ? OK : given_step(request, &steps[1]));
    TRY(steps_record(store, steps, request->given == NULL ? 1 : 2, /* before= */ NULL, draft));
    return folder_publish(parent, name, draft, to);
}

static enum err given_step(const struct certstore_request *request, struct certstore_step *step)
{
    if (request->given[0] != '/' ||
        !span_to_text(span_from_text(request->given), step->path, sizeof step->path)) {
        return ERR_INPUT;
    }
    return digest_of(request->given_content, step->after);
}

enum err step_item_remove(struct certstore *store, const char *path)
{
    AUTO(folder) place = { 0 };
    AUTO(folder) change = { 0 };
    struct certstore_step step = { .kind = CERTSTORE_STEP_ITEM };
    char name[FOLDER_NAME_MAX], kept[FOLDER_NAME_MAX];
    TRY(step_place(store, path, &place, name));
    if (store->rehearsed) {
        return OK;
    }
    if (store->record.command[0] == '\0') {
        return folder_remove(&place, name);
    }
    snprintf(step.path, sizeof step.path, "%s", path);
    TRY(step_item_digest(&place, name, step.before));
    TRY(step_record(store, &step, /* before= */ NULL));
    TRY(change_open(store, store->record.number, &change));
    snprintf(kept, sizeof kept, "%zu", store->record.count - 1);
    return folder_move(&place, name, &change, kept);
}

enum err step_join(struct certstore *store, const char *path, const char *to)
{
    AUTO(folder) from_place = { 0 };
    AUTO(folder) to_place = { 0 };
    struct certstore_step step = { .kind = CERTSTORE_STEP_JOIN };
    char from_name[FOLDER_NAME_MAX], to_name[FOLDER_NAME_MAX];
    TRY(step_place(store, path, &from_place, from_name));
    TRY(step_place(store, to, &to_place, to_name));
    snprintf(step.path, sizeof step.path, "%s", path);
    snprintf(step.to, sizeof step.to, "%s", to);
    TRY(step_item_digest(&from_place, from_name, step.after));
    TRY(step_record(store, &step, /* before= */ NULL));
    return folder_move(&from_place, from_name, &to_place, to_name);
}

/* A file that this change has touched already keeps what was before the first time. */
static enum err step_record(
    struct certstore *store, const struct certstore_step *step, const struct buf *before)
{
    struct certstore_past *past = &store->record;
    for (size_t i = 0; i < past->count; i++) {
        if (step->kind == CERTSTORE_STEP_FILE && strcmp(past->steps[i].path, step->path) == 0) {
            memcpy(past->steps[i].after, step->after, sizeof step->after);
            return change_write(store, past);
        }
    }
    return steps_record(store, step, 1, before, /* draft= */ NULL);
}

/* `before` is kept under the last one's number. `draft`: nothing is done before it is published, so
 * that it may wait for the record too; NULL: the record is on disk on return. */
static enum err steps_record(struct certstore *store, const struct certstore_step *steps,
    size_t count, const struct buf *before, const struct folder *draft)
{
    struct certstore_past *past = &store->record;
    AUTO(folder) folder = { 0 };
    size_t earlier = past->count;
    if (past->command[0] == '\0') {
        return OK;
    }
    if (earlier + count > CERTSTORE_STEPS_MAX) {
        return ERR_LIMIT;
    }
    memcpy(&past->steps[earlier], steps, count * sizeof steps[0]);
    past->count += count;
    if (earlier == 0) {
        return change_begin(store, past, before, draft);
    }
    if (!change_keeps(past, past->count)) {
        return change_write(store, past);
    }
    if (!change_keeps(past, earlier)) {
        return change_make_room(store, past, before);
    }
    TRY(change_open(store, past->number, &folder));
    return change_fill(&folder, past, before);
}

/* Whether one of its first `count` steps keeps what was there before: then it is a folder, else its
 * record alone. */
static bool change_keeps(const struct certstore_past *past, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (past->steps[i].before[0] != '\0') {
            return true;
        }
    }
    return false;
}

/* Whole before it has a name, or before anything happens that it tells of. */
static enum err change_begin(struct certstore *store, const struct certstore_past *past,
    const struct buf *before, const struct folder *draft)
{
    AUTO(folder) own = { 0 };
    AUTO(folder_names) names = { 0 };
    AUTO(buf) text = buf_make(ABOUT_MAX_BYTES);
    char hidden[FOLDER_NAME_MAX], name[FOLDER_NAME_MAX];
    TRY(idle_drop(store));
    TRY(changes_list(store, &names));
    store->record.number =
        names.count == 0 ? 1 : (unsigned)strtoul(names.names[names.count - 1], NULL, 10) + 1;
    TRY(store->record.number > NUMBER_MAX ? ERR_LIMIT : OK);
    change_name(store->record.number, name);
    if (change_keeps(past, past->count)) {
        TRY(folder_draft(&store->changes, hidden, &own));
        TRY(change_fill(&own, past, before));
        TRY(folder_publish(&store->changes, hidden, &own, name));
    } else if (draft != NULL) {
        TRY(about_format(past, &text));
        TRY(folder_write_along(draft, &store->changes, name, buf_span(&text)));
    } else {
        TRY(change_write(store, past));
    }
    return oldest_drop(store);
}

static enum err change_fill(
    const struct folder *folder, const struct certstore_past *past, const struct buf *before)
{
    char name[FOLDER_NAME_MAX];
    snprintf(name, sizeof name, "%zu", past->count - 1);
    TRY(before == NULL ? OK : folder_write(folder, name, buf_span(before)));
    return about_write(folder, ABOUT, past);
}

/* Its record, where it is by now. */
static enum err change_write(const struct certstore *store, const struct certstore_past *past)
{
    AUTO(folder) folder = { 0 };
    char name[FOLDER_NAME_MAX];
    change_name(past->number, name);
    if (!change_keeps(past, past->count)) {
        return about_write(&store->changes, name, past);
    }
    TRY(change_open(store, past->number, &folder));
    return about_write(&folder, ABOUT, past);
}

/* It has kept nothing so far: the folder takes the place of its record in one step. */
static enum err change_make_room(
    struct certstore *store, const struct certstore_past *past, const struct buf *before)
{
    AUTO(folder) draft = { 0 };
    char hidden[FOLDER_NAME_MAX], name[FOLDER_NAME_MAX];
    change_name(past->number, name);
    TRY(folder_draft(&store->changes, hidden, &draft));
    TRY(change_fill(&draft, past, before));
    return folder_publish_over(&store->changes, hidden, &draft, name);
}

/* The last change, cut off before its first step: it never was. A step outside is done when the
 * lock is free again, so that one may be about to happen. */
static enum err idle_drop(struct certstore *store)
{
    AUTO(folder_names) names = { 0 };
    TRY(changes_list(store, &names));
    if (names.count == 0) {
        return OK;
    }
    const char *last = names.names[names.count - 1];
    struct certstore_past *past = calloc(1, sizeof *past);
    TRY(past == NULL ? ERR_MEMORY : OK);
    bool idle = change_read(store, last, past) == OK &&
                past->steps[0].kind != CERTSTORE_STEP_OUTSIDE && change_is_idle(store, past);
    free(past);
    return idle ? folder_remove(&store->changes, last) : OK;
}

static enum err oldest_drop(const struct certstore *store)
{
    AUTO(folder_names) names = { 0 };
    TRY(changes_list(store, &names));
    for (size_t i = 0; i + CERTSTORE_PAST_MAX < names.count; i++) {
        TRY(folder_remove(&store->changes, names.names[i]));
    }
    return OK;
}

enum err changes_list(const struct certstore *store, struct folder_names *ret_names)
{
    AUTO(folder_names) names = { 0 };
    size_t kept = 0;
    TRY(folder_list(&store->changes, &names));
    for (size_t i = 0; i < names.count; i++) {
        char own[FOLDER_NAME_MAX];
        unsigned number = (unsigned)strtoul(names.names[i], NULL, 10);
        change_name(number, own);
        if (number >= 1 && number <= NUMBER_MAX && strcmp(names.names[i], own) == 0) {
            memcpy(names.names[kept++], own, sizeof own);
        }
    }
    names.count = kept;
    *ret_names = names;
    names = (struct folder_names){ 0 };
    return OK;
}

void change_name(unsigned number, char ret_name[FOLDER_NAME_MAX])
{
    snprintf(ret_name, FOLDER_NAME_MAX, "%06u", number);
}

enum err change_open(const struct certstore *store, unsigned number, struct folder *ret_folder)
{
    char name[FOLDER_NAME_MAX];
    change_name(number, name);
    return folder_open(&store->changes, name, FOLDER_MUST_EXIST, ret_folder);
}

enum err step_place(const struct certstore *store, const char *path, struct folder *ret_folder,
    char ret_name[FOLDER_NAME_MAX])
{
    AUTO(folder) place = { 0 };
    for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
        AUTO(folder) inner = { 0 };
        char part[FOLDER_NAME_MAX];
        TRY(span_to_text(span_make(path, (size_t)(slash - path)), part, sizeof part) &&
                    part[0] != '.'
                ? OK
                : ERR_INPUT);
        TRY(folder_open(place.open ? &place : &store->root, part, FOLDER_MUST_EXIST, &inner));
        folder_close(&place);
        place = inner;
        inner = (struct folder){ 0 };
    }
    if (!place.open || path[0] == '\0' || path[0] == '.' || strlen(path) >= FOLDER_NAME_MAX) {
        return ERR_INPUT;
    }
    snprintf(ret_name, FOLDER_NAME_MAX, "%s", path);
    *ret_folder = place;
    place = (struct folder){ 0 };
    return OK;
}

enum err step_file_digest(
    const struct folder *folder, const char *name, char ret_digest[CERTSTORE_ID_MAX])
{
    AUTO(buf) content = { 0 };
    TRY(folder_read(folder, name, FILE_MAX_BYTES, &content));
    return digest_of(buf_span(&content), ret_digest);
}

/* Of each file that isn't there, nothing. */
enum err step_item_digest(
    const struct folder *parent, const char *name, char ret_digest[CERTSTORE_ID_MAX])
{
    static const char *const files[] = { ABOUT, "request.csr", "certificate.pem", "chain.pem",
        "progress" };
    AUTO(folder) item = { 0 };
    AUTO(buf) all = buf_make(1024);
    TRY(folder_open(parent, name, FOLDER_MUST_EXIST, &item));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char digest[CERTSTORE_ID_MAX] = "";
        enum err err = step_file_digest(&item, files[i], digest);
        TRY(err == ERR_NOT_FOUND ? OK : err);
        buf_append_format(&all, "%s %s\n", files[i], digest);
    }
    TRY(buf_check(&all));
    return digest_of(buf_span(&all), ret_digest);
}

static enum err digest_of(struct span bytes, char ret_digest[CERTSTORE_ID_MAX])
{
    return certstore_thumbprint(bytes, ret_digest);
}

static enum err about_write(
    const struct folder *folder, const char *name, const struct certstore_past *past)
{
    AUTO(buf) text = buf_make(ABOUT_MAX_BYTES);
    TRY(about_format(past, &text));
    return folder_write(folder, name, buf_span(&text));
}

static enum err about_format(const struct certstore_past *past, struct buf *text)
{
    char time[TIME_TEXT_MAX];
    time_format_rfc3339(past->time, time);
    buf_append_format(text, "command: %s\ntime: %s\n", past->command, time);
    for (size_t i = 0; i < past->count; i++) {
        const struct certstore_step *step = &past->steps[i];
        buf_append_format(text, "step: %s %s %s ", kinds[step->kind],
            step->before[0] == '\0' ? ABSENT : step->before,
            step->after[0] == '\0' ? ABSENT : step->after);
        path_append(text, step->path);
        buf_append_format(text, " %s\n", step->to[0] == '\0' ? ABSENT : step->to);
    }
    return buf_check(text);
}

enum err change_read(
    const struct certstore *store, const char *name, struct certstore_past *ret_past)
{
    AUTO(folder) folder = { 0 };
    AUTO(buf) text = { 0 };
    /* The steps, which are large, are filled one by one. */
    ret_past->number = (unsigned)strtoul(name, NULL, 10);
    ret_past->command[0] = '\0';
    ret_past->time = 0;
    ret_past->count = 0;
    enum err err = folder_open(&store->changes, name, FOLDER_MUST_EXIST, &folder);
    TRY(err == OK ? folder_read(&folder, ABOUT, ABOUT_MAX_BYTES, &text)
                  : folder_read(&store->changes, name, ABOUT_MAX_BYTES, &text));
    struct span rest = buf_span(&text);
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        TRY(end == NULL ? ERR_INPUT : OK);
        size_t len = (size_t)(end - rest.data);
        TRY(about_line(span_make(rest.data, len), ret_past));
        rest = span_make(end + 1, rest.len - len - 1);
    }
    return ret_past->count > 0 && ret_past->command[0] != '\0' ? OK : ERR_INPUT;
}

static enum err about_line(struct span line, struct certstore_past *past)
{
    char name[16];
    if (!word_next(&line, name, sizeof name)) {
        return ERR_INPUT;
    }
    if (strcmp(name, "command:") == 0) {
        return span_to_text(line, past->command, sizeof past->command) ? OK : ERR_INPUT;
    }
    if (strcmp(name, "time:") == 0) {
        return time_parse_rfc3339(line, &past->time);
    }
    bool more = strcmp(name, "step:") == 0 && past->count < CERTSTORE_STEPS_MAX;
    return more ? step_parse(line, &past->steps[past->count++]) : ERR_INPUT;
}

static enum err step_parse(struct span line, struct certstore_step *step)
{
    char kind[16], path[PATH_WORD_MAX];
    bool whole =
        word_next(&line, kind, sizeof kind) &&
        word_next(&line, step->before, sizeof step->before) &&
        word_next(&line, step->after, sizeof step->after) && word_next(&line, path, sizeof path) &&
        word_next(&line, step->to, sizeof step->to) && line.len == 0 && path_decode(path) &&
        span_to_text(span_from_text(path), step->path, sizeof step->path);
    char *const maybe[] = { step->before, step->after, step->to };
    for (size_t i = 0; whole && i < 3; i++) {
        if (strcmp(maybe[i], ABSENT) == 0) {
            maybe[i][0] = '\0';
        }
    }
    for (size_t i = 0; whole && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            step->kind = (enum certstore_step_kind)i;
            return OK;
        }
    }
    return ERR_INPUT;
}

static bool word_next(struct span *rest, char *ret_word, size_t size)
{
    const uint8_t *blank = rest->len == 0 ? NULL : memchr(rest->data, ' ', rest->len);
    size_t len = blank == NULL ? rest->len : (size_t)(blank - rest->data);
    struct span word = span_make(rest->data, len);
    size_t skipped = len + (blank != NULL);
    *rest = span_make(rest->data + skipped, rest->len - skipped);
    return word.len > 0 && span_to_text(word, ret_word, size);
}

static void path_append(struct buf *text, const char *path)
{
    for (; *path != '\0'; path++) {
        bool plain = (unsigned char)*path > ' ' && *path != '%' && *path != 0x7f;
        buf_append_format(text, plain ? "%c" : "%%%02X", (unsigned char)*path);
    }
}

static bool path_decode(char *path)
{
    char *to = path;
    for (; *path != '\0'; path++) {
        uint8_t byte = 0;
        size_t len = 0;
        bool coded = *path == '%';
        if (coded && (strlen(path) < 3 ||
                         hex_parse(span_make((const uint8_t *)path + 1, 2), &byte, 1, &len) != OK ||
                         byte == 0)) {
            return false;
        }
        *to++ = coded ? (char)byte : *path;
        path += coded ? 2 : 0;
    }
    *to = '\0';
    return true;
}
