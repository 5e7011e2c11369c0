/* BR 3.2.2.4.18 (agreed-upon change to website v2): the file at the well-known path holds the
 * expected value and nothing else but white space at its end. Each host is resolved once, its
 * address held against the special-purpose blocks, and that very address connected to
 * (doc/threats.md D7, D8). Of what comes back, people are told the status and the length, never the
 * content (D9). */
#include "proc/validator/method.h"

#include "lib/dns/address.h"

#include <stdio.h>

enum {
    REDIRECTS_MAX = 10, /* doc/threats.md D6 */
    VISITS_MAX = REDIRECTS_MAX + 1,
    ADDRESSES_MAX = 16,
    ADDRESSES_TRIED_MAX = 2,
    PAGE_HEAD_MAX_BYTES = 8192,
    PAGE_BODY_MAX_BYTES = 4096,
    ADDRESS_LOOKUP_MS = 2500,
    CONNECT_MS = 2500,
    CAA_RESERVE_MS = 2500, /* of the check's deadline */
};

#define USER_AGENT "ecert-validator/1 (domain control validation)"

/* Where the file is said to be, from page to page. */
struct tour {
    const struct attempt *attempt;
    int64_t deadline_ms;
    struct url pages[VISITS_MAX];
    size_t page_count;
    struct sighting sighting;
    bool goes_on;
};

/* One page: its addresses that may be connected to, and how it looks in the report. */
struct page {
    const struct url *url;
    struct ip_address addresses[ADDRESSES_MAX];
    size_t address_count;
    char refused[IP_ADDRESS_TEXT_MAX]; /* a special-purpose address it has; empty: none */
    char asked[REPORT_TEXT_MAX];
};

static enum err page_visit(struct tour *tour);
static enum err addresses_find(struct tour *tour, struct page *page, const char **ret_failure);
static enum err type_find(
    struct tour *tour, struct page *page, enum dns_type type, const char **ret_failure);
static const char *lookup_failure(enum err err, const struct dns_answer *answer);
static bool address_permitted(const struct website *website, const struct ip_address *address);
static enum err page_fetch(
    const struct tour *tour, struct page *page, struct http_fetched *ret_fetched);
static void failure_tell(struct tour *tour, const struct page *page, enum err err);
static void page_judge(struct tour *tour, struct page *page, const struct http_fetched *fetched);
static const char *redirect_follow(
    struct tour *tour, const struct http_fetched *fetched, char ret_seen[REPORT_TEXT_MAX]);
static bool holds_expected(const struct tour *tour, struct span body);
static bool same_page(const struct url *left, const struct url *right);

enum err method_website_look(const struct attempt *attempt, struct sighting *ret_sighting)
{
    struct tour tour = {
        .attempt = attempt,
        .deadline_ms = attempt->deadline_ms - CAA_RESERVE_MS,
        .page_count = 1,
        .sighting = { DCV_FAILED, DNSSEC_SECURE, NULL, 0 },
    };
    struct url *first = &tour.pages[0];
    first->port = 80;
    snprintf(first->host, sizeof first->host, "%s", attempt->adn);
    snprintf(first->path, sizeof first->path, "%s", CHALLENGE_WEBSITE_PATH);
    do {
        tour.goes_on = false;
        TRY(page_visit(&tour));
    } while (tour.goes_on);
    *ret_sighting = tour.sighting;
    return OK;
}

static enum err page_visit(struct tour *tour)
{
    struct page page = { .url = &tour->pages[tour->page_count - 1] };
    struct report *report = tour->attempt->report;
    AUTO(http_fetched) fetched = { 0 };
    const char *failure = NULL;
    /* A path that a server named may hold anything, the server's secrets among it. */
    snprintf(page.asked, sizeof page.asked, "GET http%s://%s%s", page.url->tls ? "s" : "",
        page.url->host, tour->page_count == 1 ? CHALLENGE_WEBSITE_PATH : "/...");
    TRY(addresses_find(tour, &page, &failure));
    if (failure != NULL) {
        report_add(report, failure, page.asked, page.refused, NULL);
        return OK;
    }
    enum err err = page_fetch(tour, &page, &fetched);
    if (err == OK) {
        page_judge(tour, &page, &fetched);
        return OK;
    }
    if (err == ERR_CONFLICT) {
        return ERR_AGAIN; /* nothing is said of a page that we had no right to visit now */
    }
    failure_tell(tour, &page, err);
    return err == ERR_MEMORY ? err : OK;
}

/* *ret_failure is NULL if there is somewhere to go. */
static enum err addresses_find(struct tour *tour, struct page *page, const char **ret_failure)
{
    const char *source = tour->attempt->checker->website.source;
    bool v4_only = source != NULL && strchr(source, ':') == NULL;
    bool v6_only = source != NULL && !v4_only;
    const char *failure = NULL;
    if (!v4_only) {
        TRY(type_find(tour, page, DNS_AAAA, &failure));
    }
    if (!v6_only && tour->sighting.dnssec != DNSSEC_BOGUS) {
        TRY(type_find(tour, page, DNS_A, &failure));
    }
    if (page->address_count > 0 && tour->sighting.dnssec != DNSSEC_BOGUS) {
        return OK;
    }
    if (failure == NULL) {
        failure = page->refused[0] != '\0' ? "dcv.web_address" : "dcv.web_no_address";
    } else if (tour->sighting.dnssec != DNSSEC_BOGUS) {
        tour->sighting.dnssec = DNSSEC_UNKNOWN;
    }
    *ret_failure = failure;
    return OK;
}

static enum err type_find(
    struct tour *tour, struct page *page, enum dns_type type, const char **ret_failure)
{
    AUTO(dns_answer) answer = { 0 };
    const struct attempt *attempt = tour->attempt;
    int64_t limit = clock_monotonic_ms() + ADDRESS_LOOKUP_MS;
    limit = limit < tour->deadline_ms ? limit : tour->deadline_ms;
    enum err err = resolver_lookup(attempt->resolver, page->url->host, type, limit, &answer);
    if (err != OK && err != ERR_TIMEOUT && err != ERR_LIMIT) {
        return err;
    }
    const char *failure = lookup_failure(err, &answer);
    if (failure != NULL) {
        if (answer.security == DNS_SECURITY_BOGUS) {
            tour->sighting.dnssec = DNSSEC_BOGUS;
        }
        *ret_failure = failure;
        return OK;
    }
    if (answer.security == DNS_SECURITY_INSECURE && tour->sighting.dnssec == DNSSEC_SECURE) {
        tour->sighting.dnssec = DNSSEC_INSECURE;
    }
    for (size_t i = 0; i < answer.record_count && page->address_count < ADDRESSES_MAX; i++) {
        struct ip_address *address = &page->addresses[page->address_count];
        if (ip_address_from_record(answer.records[i], address) != OK) {
            continue;
        }
        if (address_permitted(&attempt->checker->website, address)) {
            page->address_count++;
        } else {
            snprintf(page->refused, sizeof page->refused, "%s", address->text);
        }
    }
    return OK;
}

static const char *lookup_failure(enum err err, const struct dns_answer *answer)
{
    if (err != OK) {
        return err == ERR_LIMIT ? "dcv.too_large" : "dcv.timeout";
    }
    if (answer->security == DNS_SECURITY_BOGUS) {
        return "dcv.bogus";
    }
    if (answer->rcode == DNS_RCODE_NXDOMAIN) {
        return "dcv.nxdomain";
    }
    return answer->rcode == DNS_RCODE_OK ? NULL : "dcv.servfail";
}

static bool address_permitted(const struct website *website, const struct ip_address *address)
{
    return !ip_address_special(address) ||
           (website->loopback_allowed && ip_address_loopback(address));
}

/* The next address only where the first could not be connected to. */
static enum err page_fetch(
    const struct tour *tour, struct page *page, struct http_fetched *ret_fetched)
{
    const struct website *website = &tour->attempt->checker->website;
    enum err err = ERR_AGAIN;
    size_t tried = page->address_count;
    tried = tried < ADDRESSES_TRIED_MAX ? tried : ADDRESSES_TRIED_MAX;
    size_t asked = strlen(page->asked);
    for (size_t i = 0; i < tried && err == ERR_AGAIN; i++) {
        int64_t left = tour->deadline_ms - clock_monotonic_ms();
        const struct http_fetch fetch = {
            .url = page->url,
            .address = page->addresses[i].text,
            .port = page->url->tls ? website->https_port : website->http_port,
            .source = website->source,
            .user_agent = USER_AGENT,
            .head_max = PAGE_HEAD_MAX_BYTES,
            .body_max = PAGE_BODY_MAX_BYTES,
            .connect_timeout_ms = left < CONNECT_MS ? left : CONNECT_MS,
            .timeout_ms = left,
        };
        if (left <= 0) {
            return ERR_TIMEOUT;
        }
        struct budget *budget = tour->attempt->budget;
        if (budget != NULL && !budget_spend_address(budget, &page->addresses[i])) {
            return ERR_CONFLICT;
        }
        snprintf(page->asked + asked, sizeof page->asked - asked, " (%s)", fetch.address);
        err = website->fetch(&fetch, ret_fetched);
    }
    return err;
}

static void failure_tell(struct tour *tour, const struct page *page, enum err err)
{
    static const struct {
        enum err err;
        const char *code;
    } codes[] = {
        { ERR_AGAIN, "dcv.web_unreachable" },
        { ERR_TIMEOUT, "dcv.web_timeout" },
        { ERR_LIMIT, "dcv.web_too_large" },
    };
    const char *code = "dcv.web_broken";
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        code = codes[i].err == err ? codes[i].code : code;
    }
    report_add(tour->attempt->report, code, page->asked, NULL, NULL);
}

static void page_judge(struct tour *tour, struct page *page, const struct http_fetched *fetched)
{
    struct report *report = tour->attempt->report;
    char seen[REPORT_TEXT_MAX];
    const char *code = "dcv.web_status";
    snprintf(seen, sizeof seen, "%d", fetched->status);
    if (fetched->status >= 300 && fetched->status < 400) {
        code = redirect_follow(tour, fetched, seen);
        report_add(report, code, page->asked, seen, NULL);
        return;
    }
    if (fetched->status >= 200 && fetched->status < 300) {
        bool found = holds_expected(tour, buf_span(&fetched->body));
        tour->sighting.result = found ? DCV_PASSED : DCV_FAILED;
        code = found ? "dcv.web_found" : "dcv.web_wrong";
        snprintf(seen, sizeof seen, "%d, %zu bytes", fetched->status, fetched->body.len);
    }
    report_add(report, code, page->asked, seen, tour->attempt->expected);
}

/* The code of what became of it; tour->goes_on if there is another page to see. */
static const char *redirect_follow(
    struct tour *tour, const struct http_fetched *fetched, char ret_seen[REPORT_TEXT_MAX])
{
    static const int followed[] = { 301, 302, 307, 308 };
    struct url url;
    struct dns_name host;
    bool known = false;
    for (size_t i = 0; i < sizeof followed / sizeof *followed; i++) {
        known |= followed[i] == fetched->status;
    }
    if (!known || fetched->redirect[0] == '\0') {
        return "dcv.web_status";
    }
    if (url_parse(fetched->redirect, &url) != OK) {
        return "dcv.web_redirect_refused";
    }
    snprintf(ret_seen, REPORT_TEXT_MAX, "%d, http%s://%.200s:%u", fetched->status,
        url.tls ? "s" : "", url.host, url.port);
    if (url.port != (url.tls ? 443 : 80) ||
        dns_name_parse(span_from_text(url.host), DNS_NAME_HOST, &host, NULL) != OK) {
        return "dcv.web_redirect_refused";
    }
    snprintf(url.host, sizeof url.host, "%s", host.text);
    for (size_t i = 0; i < tour->page_count; i++) {
        if (same_page(&tour->pages[i], &url)) {
            return "dcv.web_redirects";
        }
    }
    if (tour->page_count == VISITS_MAX) {
        return "dcv.web_redirects";
    }
    tour->pages[tour->page_count++] = url;
    tour->goes_on = true;
    return "dcv.web_redirect";
}

static bool holds_expected(const struct tour *tour, struct span body)
{
    while (body.len > 0 && strchr(" \t\r\n", body.data[body.len - 1]) != NULL &&
           body.data[body.len - 1] != '\0') {
        body.len--;
    }
    return bytes_equal_secret(body, span_from_text(tour->attempt->expected));
}

static bool same_page(const struct url *left, const struct url *right)
{
    return left->tls == right->tls && strcmp(left->host, right->host) == 0 &&
           strcmp(left->path, right->path) == 0;
}
