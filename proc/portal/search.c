/* Search and download: accepted certificates, for everybody, without a session. The
 * page and its JSON twin are made from one tree. */
#include "proc/portal/chain.h"
#include "proc/portal/handlers.h"
#include "proc/portal/page.h"
#include "proc/portal/published.h"

#include "lib/dns/hostname.h"
#include "lib/http/url.h"
#include "lib/store/repository.h"

#include <stdio.h>

enum {
    PAGE_ROWS = 20,
    QUERY_MAX = 512,
    ORGANISATION_MIN = 2, /* characters: one Chinese word */
    SERIAL_FILE_MAX = 2 * SERIAL_MAX_BYTES + 8,
};

/* What was asked for; `by` points into the table below. */
struct search {
    const struct by *by;
    struct span typed;
    size_t page; /* from 1 */
};

/* What was found. */
struct hits {
    struct certificate_row *rows;
    size_t count;
    size_t total;
};

static enum err by_name(struct visit *visit, const struct search *search, struct hits *ret_hits);
static enum err by_organisation(
    struct visit *visit, const struct search *search, struct hits *ret_hits);
static enum err by_srn(struct visit *visit, const struct search *search, struct hits *ret_hits);
static enum err by_serial(struct visit *visit, const struct search *search, struct hits *ret_hits);

static const struct by {
    const char *id, *label;
    enum err (*find)(struct visit *visit, const struct search *search, struct hits *ret_hits);
} bys[] = {
    { "name", "repository.by.name", by_name },
    { "organisation", "repository.by.organisation", by_organisation },
    { "srn", "repository.by.srn", by_srn },
    { "serial", "repository.by.serial", by_serial },
};
enum { BY_COUNT = sizeof bys / sizeof bys[0] };

static enum err search_read(struct visit *visit, struct search *ret_search);
static enum err search_run(struct visit *visit, const struct search *search);
static enum err search_show(struct visit *visit, int status, const struct search *search);
static void pages_put(struct visit *visit, const struct search *search, size_t total);
static const char *page_href(struct visit *visit, const struct search *search, size_t page);
static enum err terms_find(struct visit *visit, enum repository_kind kind, const char *text,
    size_t page, struct hits *ret_hits);
static enum err certificate_show(struct visit *visit, const struct certificate_row *row);

enum err search_get(struct visit *visit)
{
    struct search search = { .by = &bys[0] };
    enum err err = search_read(visit, &search);
    bool asked = search.typed.len > 0;
    if (err == OK && asked) {
        err = search_run(visit, &search);
        value_put_bool(&visit->tree, visit->page, "searched", err == OK);
    }
    if (err == ERR_INPUT) {
        page_put_error(visit, &visit->request->reason);
        return search_show(visit, 422, &search);
    }
    TRY(err);
    return search_show(visit, 200, &search);
}

enum err api_search_get(struct visit *visit)
{
    struct search search = { .by = &bys[0] };
    TRY(search_read(visit, &search));
    if (search.typed.len == 0) {
        return reason_set(&visit->request->reason, ERR_INPUT, "form.required", "q", "", "");
    }
    value_put_text(&visit->tree, visit->page, "by", search.by->id);
    TRY(search_run(visit, &search));
    return visit_reply_json(visit, 200, visit->page);
}

/* /repository/SERIAL is a page, /repository/SERIAL.pem, .cer and .p7b are files. */
enum err search_file_get(struct visit *visit)
{
    uint8_t serial[SERIAL_MAX_BYTES];
    size_t len = 0;
    char name[SERIAL_FILE_MAX];
    struct span file = { 0 };
    struct certificate_row row = { 0 };
    struct chain_links chain = { 0 };
    AUTO(buf) content = buf_make(CHAIN_PEM_MAX_BYTES);
    (void)http_request_param(visit->request, "file", &file);
    if (!span_to_text(file, name, sizeof name)) {
        return ERR_NOT_FOUND;
    }
    const char *dot = strchr(name, '.');
    size_t stem = dot == NULL ? strlen(name) : (size_t)(dot - name);
    if (serial_parse_hex(span_make(name, stem), serial, &len) != OK) {
        return ERR_NOT_FOUND;
    }
    TRY(published_find(visit, span_make(serial, len), &row));
    if (dot == NULL) {
        return certificate_show(visit, &row);
    }
    if (strcmp(dot, ".cer") == 0) {
        return reply_download(visit->response, "application/pkix-cert", name, row.der);
    }
    TRY(chain_of(visit, row.der, &chain));
    if (strcmp(dot, ".pem") == 0) {
        TRY(chain_pem(&chain, 0, 1, &content));
        return reply_download(visit->response, "application/x-pem-file", name, buf_span(&content));
    }
    if (strcmp(dot, ".p7b") == 0) {
        TRY(chain_p7b(&chain, &content));
        return reply_download(
            visit->response, "application/x-pkcs7-certificates", name, buf_span(&content));
    }
    return ERR_NOT_FOUND;
}

enum err api_search_one_get(struct visit *visit)
{
    uint8_t serial[SERIAL_MAX_BYTES];
    size_t len = 0;
    struct span text = { 0 };
    struct certificate_row row = { 0 };
    AUTO(buf) pem = buf_make(CHAIN_PEM_MAX_BYTES);
    struct chain_links chain = { 0 };
    (void)http_request_param(visit->request, "serial", &text);
    if (serial_parse_hex(text, serial, &len) != OK) {
        return ERR_NOT_FOUND;
    }
    TRY(published_find(visit, span_make(serial, len), &row));
    TRY(published_put(visit, visit->page, &row));
    TRY(chain_of(visit, row.der, &chain));
    TRY(chain_pem(&chain, 0, 1, &pem));
    value_put_text(&visit->tree, visit->page, "certificate", buf_text(&pem));
    return visit_reply_json(visit, 200, visit->page);
}

static enum err search_read(struct visit *visit, struct search *ret_search)
{
    struct span by = { 0 };
    struct span page = { 0 };
    struct reason *reason = &visit->request->reason;
    ret_search->page = 1;
    (void)http_request_query(visit->request, "q", &ret_search->typed);
    if (http_request_query(visit->request, "page", &page)) {
        size_t number = 0;
        for (size_t i = 0; i < page.len && i < 4; i++) {
            bool digit = page.data[i] >= '0' && page.data[i] <= '9';
            number = digit ? 10 * number + (page.data[i] - '0') : 0;
        }
        ret_search->page = number == 0 ? 1 : number;
    }
    if (http_request_query(visit->request, "by", &by)) {
        size_t i = 0;
        while (i < BY_COUNT && !span_equal_text(by, bys[i].id)) {
            i++;
        }
        if (i == BY_COUNT) {
            return reason_set(
                reason, ERR_INPUT, "form.choice", "by", "", "name, organisation, srn, serial");
        }
        ret_search->by = &bys[i];
    }
    if (ret_search->typed.len > QUERY_MAX) {
        const char *seen = arena_format(visit->request->arena, "%zu", ret_search->typed.len);
        ret_search->typed.len = 0;
        return reason_set(reason, ERR_INPUT, "form.too_long", "q", seen, "512");
    }
    if (!utf8_valid(ret_search->typed) ||
        memchr(ret_search->typed.data == NULL ? (const uint8_t *)"" : ret_search->typed.data, '\0',
            ret_search->typed.len) != NULL) {
        ret_search->typed.len = 0;
        return reason_set(reason, ERR_INPUT, "form.not_utf8", "q", "", "");
    }
    return OK;
}

/* Puts count, page, pages and the certificates of this page. */
static enum err search_run(struct visit *visit, const struct search *search)
{
    struct hits hits = { 0 };
    struct value_tree *tree = &visit->tree;
    TRY(search->by->find(visit, search, &hits));
    bool more = hits.total > REPOSITORY_COUNT_MAX;
    size_t total = more ? REPOSITORY_COUNT_MAX : hits.total;
    value_put_integer(tree, visit->page, "count", (int64_t)total);
    value_put_bool(tree, visit->page, "more", more);
    pages_put(visit, search, total);
    struct value *list = value_put_list(tree, visit->page, "certificates");
    for (size_t i = 0; i < hits.count; i++) {
        TRY(published_put(visit, value_add_object(tree, list), &hits.rows[i]));
    }
    return value_tree_check(tree);
}

static enum err by_name(struct visit *visit, const struct search *search, struct hits *ret_hits)
{
    struct dns_name name = { 0 };
    struct reason *reason = &visit->request->reason;
    enum err err = dns_name_parse(search->typed, DNS_NAME_HOST_OR_WILDCARD, &name, reason);
    if (err != OK) {
        snprintf(reason->field, sizeof reason->field, "q");
        return err;
    }
    return terms_find(visit, REPOSITORY_NAME, name.text, search->page, ret_hits);
}

static enum err by_organisation(
    struct visit *visit, const struct search *search, struct hits *ret_hits)
{
    char *text = arena_text(visit->request->arena, search->typed);
    if (text == NULL) {
        return ERR_MEMORY;
    }
    size_t length = utf8_length(search->typed);
    if (length < ORGANISATION_MIN) {
        const char *seen = arena_format(visit->request->arena, "%zu", length);
        return reason_set(&visit->request->reason, ERR_INPUT, "form.too_short", "q", seen, "2");
    }
    return terms_find(visit, REPOSITORY_ORGANISATION, text, search->page, ret_hits);
}

static enum err by_srn(struct visit *visit, const struct search *search, struct hits *ret_hits)
{
    char *text = arena_text(visit->request->arena, search->typed);
    struct span digits = { 0 };
    if (text == NULL) {
        return ERR_MEMORY;
    }
    TRY(digits_only(visit, "q", text, SRN_DIGITS, &digits));
    text = arena_text(visit->request->arena, digits);
    return text == NULL ? ERR_MEMORY
                        : terms_find(visit, REPOSITORY_SRN, text, search->page, ret_hits);
}

/* Digits alone may be either: first as certificates are printed, then as some programs show them.
 */
static enum err by_serial(struct visit *visit, const struct search *search, struct hits *ret_hits)
{
    static enum err (*const forms[])(struct span, uint8_t *, size_t *) = {
        serial_parse_hex,
        serial_parse_decimal,
    };
    struct certificate_row *row = arena_alloc(visit->request->arena, 1, sizeof *row);
    bool any = false;
    if (row == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < 2; i++) {
        uint8_t serial[SERIAL_MAX_BYTES];
        size_t len = 0;
        if (forms[i](search->typed, serial, &len) != OK) {
            continue;
        }
        any = true;
        enum err err = published_find(visit, span_make(serial, len), row);
        if (err == OK) {
            *ret_hits = (struct hits){ row, search->page == 1 ? 1 : 0, 1 };
            return OK;
        }
        if (err != ERR_NOT_FOUND) {
            return err;
        }
    }
    *ret_hits = (struct hits){ 0 };
    return any ? OK
               : reason_set(&visit->request->reason, ERR_INPUT, "repository.serial", "q", "", "");
}

static enum err terms_find(struct visit *visit, enum repository_kind kind, const char *text,
    size_t page, struct hits *ret_hits)
{
    struct request_id *requests = NULL;
    struct arena *arena = visit->request->arena;
    struct hits hits = { 0 };
    TRY(store_repository_search(visit->portal->store, kind, text, (page - 1) * PAGE_ROWS, PAGE_ROWS,
        arena, &requests, &hits.count, &hits.total));
    hits.rows = arena_alloc(arena, hits.count, sizeof *hits.rows);
    if (hits.rows == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < hits.count; i++) {
        TRY(store_certificate_by_request(visit->portal->store, &requests[i], arena, &hits.rows[i]));
    }
    *ret_hits = hits;
    return OK;
}

static void pages_put(struct visit *visit, const struct search *search, size_t total)
{
    size_t pages = total == 0 ? 1 : (total + PAGE_ROWS - 1) / PAGE_ROWS;
    struct value_tree *tree = &visit->tree;
    value_put_integer(tree, visit->page, "page", (int64_t)search->page);
    value_put_integer(tree, visit->page, "pages", (int64_t)pages);
    if (visit_is_api(visit)) {
        return;
    }
    value_put_bool(tree, visit->page, "paged", pages > 1);
    if (search->page > 1) {
        value_put_text(tree, visit->page, "previous", page_href(visit, search, search->page - 1));
    }
    if (search->page < pages) {
        value_put_text(tree, visit->page, "following", page_href(visit, search, search->page + 1));
    }
}

static const char *page_href(struct visit *visit, const struct search *search, size_t page)
{
    AUTO(buf) query = buf_make(4 * QUERY_MAX);
    url_escape(&query, search->typed);
    return arena_format(visit->request->arena, "/repository?by=%s&q=%s&page=%zu", search->by->id,
        buf_text(&query), page);
}

static enum err search_show(struct visit *visit, int status, const struct search *search)
{
    struct value_tree *tree = &visit->tree;
    visit->here = page_href(visit, search, search->page);
    page_begin(visit, STEP_NONE, "repository.title");
    struct value *list = value_put_list(tree, visit->page, "bys");
    for (size_t i = 0; i < BY_COUNT; i++) {
        struct value *by = value_add_object(tree, list);
        value_put_text(tree, by, "id", bys[i].id);
        value_put_text(tree, by, "label", bys[i].label);
        value_put_text(
            tree, by, "hint", arena_format(visit->request->arena, "%s.hint", bys[i].label));
        value_put_bool(tree, by, "chosen", &bys[i] == search->by);
    }
    page_put_typed(visit, "q", search->typed);
    return page_reply(visit, status, "repository");
}

static enum err certificate_show(struct visit *visit, const struct certificate_row *row)
{
    page_begin(visit, STEP_NONE, "repository.one");
    TRY(published_put(visit, visit->page, row));
    return page_reply(visit, 200, "published");
}
