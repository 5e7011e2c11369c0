/* Terms are kept in a form that one index range answers: names by their labels from the right
 * ("com.example.shop"), so that a domain is the beginning of all that is below it; texts folded. */
#include "lib/store/repository.h"
#include "lib/store/query.h"

#include <assert.h>
#include <stdio.h>

enum { TERM_MAX = 1024 };

/* What one search looks for; each of the three may be empty. */
struct range {
    char exact[TERM_MAX];
    char also[TERM_MAX];
    char from[TERM_MAX], below[TERM_MAX];
};

static bool term_of(enum repository_kind kind, const char *text, char ret_term[TERM_MAX]);
static void name_reverse(const char *name, char ret_term[TERM_MAX]);
static void text_fold(const char *text, char ret_term[TERM_MAX]);
static bool range_of(enum repository_kind kind, const char *text, struct range *ret_range);
static void bind_range(struct query *query, enum repository_kind kind, const struct range *range);
static enum err request_read(struct query *query, struct arena *arena, void *row);

static const char *const kind_ids[REPOSITORY_KIND_COUNT] = {
    [REPOSITORY_NAME] = "name",
    [REPOSITORY_ORGANISATION] = "organisation",
    [REPOSITORY_SRN] = "srn",
};

enum err store_repository_enter(struct store *store, const struct request_id *request,
    enum repository_kind kind, const char *text)
{
    char term[TERM_MAX];
    if (!term_of(kind, text, term)) {
        return OK;
    }
    AUTO(query) query = query_write(store,
        "INSERT INTO repository_term (kind, term, enrolment, ordinal) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING");
    bind_text(&query, kind_ids[kind]);
    bind_text(&query, term);
    bind_bytes(&query, SPAN_OF(request->enrolment));
    bind_int64(&query, request->ordinal);
    return query_run(&query);
}

enum err store_repository_search(struct store *store, enum repository_kind kind, const char *text,
    size_t from, size_t limit, struct arena *arena, struct request_id **ret_requests,
    size_t *ret_count, size_t *ret_total)
{
    struct range range = { 0 };
    if (!range_of(kind, text, &range)) {
        *ret_count = *ret_total = 0;
        return OK;
    }
    AUTO(query) count = query_read(store,
        "SELECT count(*) FROM (SELECT DISTINCT enrolment, ordinal FROM repository_term"
        " WHERE kind = ? AND (term = ? OR term = ? OR (term >= ? AND term < ?)) LIMIT ?)");
    bind_range(&count, kind, &range);
    bind_int64(&count, REPOSITORY_COUNT_MAX + 1);
    TRY(query_row(&count));
    int64_t total = column_int64(&count, 0);
    AUTO(query) query = query_read(store,
        "SELECT enrolment, ordinal FROM certificate JOIN"
        " (SELECT DISTINCT enrolment, ordinal FROM repository_term"
        " WHERE kind = ? AND (term = ? OR term = ? OR (term >= ? AND term < ?)) LIMIT ?)"
        " USING (enrolment, ordinal) ORDER BY accepted DESC, enrolment, ordinal LIMIT -1 OFFSET ?");
    bind_range(&query, kind, &range);
    bind_int64(&query, REPOSITORY_COUNT_MAX);
    bind_int64(&query, (int64_t)from);
    struct query_list list = {
        .row_size = sizeof **ret_requests, .limit = limit, .read = request_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_requests = rows;
    *ret_total = (size_t)total;
    return OK;
}

static void bind_range(struct query *query, enum repository_kind kind, const struct range *range)
{
    bind_text(query, kind_ids[kind]);
    bind_text(query, range->exact);
    bind_text(query, range->also);
    bind_text(query, range->from);
    bind_text(query, range->below);
}

static enum err request_read(struct query *query, struct arena *arena, void *row)
{
    (void)arena;
    struct request_id *request = row;
    TRY(column_fixed(query, 0, request->enrolment, ENROLMENT_ID_BYTES));
    request->ordinal = (unsigned)column_int64(query, 1);
    return OK;
}

/* False for a text that nothing can be found by. */
static bool term_of(enum repository_kind kind, const char *text, char ret_term[TERM_MAX])
{
    if (strlen(text) >= TERM_MAX - 8) {
        return false;
    }
    switch (kind) {
    case REPOSITORY_NAME:
        name_reverse(text, ret_term);
        break;
    case REPOSITORY_ORGANISATION:
    case REPOSITORY_SRN:
        text_fold(text, ret_term);
        break;
    case REPOSITORY_KIND_COUNT:
        assert(!"no kind");
    }
    return ret_term[0] != '\0';
}

static void name_reverse(const char *name, char ret_term[TERM_MAX])
{
    size_t end = strlen(name);
    size_t len = 0;
    while (end > 0) {
        size_t begin = end;
        while (begin > 0 && name[begin - 1] != '.') {
            begin--;
        }
        memcpy(ret_term + len, name + begin, end - begin);
        len += end - begin;
        end = begin > 0 ? begin - 1 : 0;
        if (end > 0) {
            ret_term[len++] = '.';
        }
    }
    ret_term[len] = '\0';
}

/* Capital Latin letters made small, white space made one space between words. */
static void text_fold(const char *text, char ret_term[TERM_MAX])
{
    size_t len = 0;
    for (const char *c = text; *c != '\0'; c++) {
        bool space = *c == ' ' || *c == '\t' || *c == '\n' || *c == '\r';
        if (space && (len == 0 || ret_term[len - 1] == ' ')) {
            continue;
        }
        bool capital = *c >= 'A' && *c <= 'Z';
        ret_term[len++] = space ? ' ' : capital ? (char)(*c - 'A' + 'a') : *c;
    }
    while (len > 0 && ret_term[len - 1] == ' ') {
        len--;
    }
    ret_term[len] = '\0';
}

static bool range_of(enum repository_kind kind, const char *text, struct range *ret_range)
{
    struct range range = { 0 };
    if (!term_of(kind, text, range.exact)) {
        return false;
    }
    if (kind == REPOSITORY_ORGANISATION) {
        /* No character is greater than U+10FFFF: up to it is all that begins so. */
        snprintf(range.from, TERM_MAX, "%s", range.exact);
        snprintf(range.below, TERM_MAX, "%.1016s\xf4\x8f\xbf\xbf", range.exact);
    } else if (kind == REPOSITORY_NAME) {
        const char *last = strrchr(range.exact, '.');
        size_t parent = last == NULL ? 0 : (size_t)(last - range.exact);
        snprintf(range.also, TERM_MAX, "%.*s.*", (int)parent, range.exact);
        snprintf(range.from, TERM_MAX, "%.1016s.", range.exact);
        snprintf(range.below, TERM_MAX, "%.1016s/", range.exact); /* '/' follows '.' */
    }
    *ret_range = range;
    return true;
}
