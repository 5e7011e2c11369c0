/* What strangers' web servers answer: the pages of one visit, one behind the other, as
 * "STATUS LOCATION NUL BODY NUL". Whatever they say, nobody is sent to a special-purpose address,
 * to another port or further than eleven pages, and only the expected value passes. */
#include "lib/dns/address.h"
#include "proc/validator/method.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct span public_address = SPAN_LITERAL("\x08\x08\x08\x08");

struct visit {
    struct span rest;
    unsigned fetched;
};
static struct visit visit;

static enum err lookup(void *ctx, const char *name, enum dns_type type, int64_t deadline_ms,
    struct dns_answer *ret_answer)
{
    (void)ctx;
    (void)deadline_ms;
    *ret_answer = (struct dns_answer){ .bytes = buf_make(DNS_ANSWER_MAX_BYTES) };
    if (type == DNS_A) {
        bool inside = strncmp(name, "inside", 6) == 0;
        ret_answer->records[0] = inside ? SPAN_LITERAL("\x0a\0\0\1") : public_address;
        ret_answer->record_count = 1;
    }
    return OK;
}

static struct span piece_take(void)
{
    const uint8_t *end = memchr(visit.rest.data, '\0', visit.rest.len);
    size_t len = end == NULL ? visit.rest.len : (size_t)(end - visit.rest.data);
    struct span piece = span_make(visit.rest.data, len);
    size_t used = end == NULL ? len : len + 1;
    visit.rest = span_make(visit.rest.data + used, visit.rest.len - used);
    return piece;
}

static enum err fetch(const struct http_fetch *wanted, struct http_fetched *ret_fetched)
{
    struct ip_address address;
    if (ip_address_parse(wanted->address, &address) != OK || ip_address_special(&address) ||
        wanted->url->port != (wanted->url->tls ? 443 : 80) || ++visit.fetched > 11) {
        __builtin_trap();
    }
    char head[HTTP_LOCATION_SIZE + 8];
    if (visit.rest.len == 0 || !span_to_text(piece_take(), head, sizeof head)) {
        return ERR_PEER;
    }
    char *space = strchr(head, ' ');
    *ret_fetched = (struct http_fetched){ .status = (int)strtol(head, NULL, 10) % 1000,
        .body = buf_make(wanted->body_max) };
    snprintf(
        ret_fetched->redirect, sizeof ret_fetched->redirect, "%s", space == NULL ? "" : space + 1);
    buf_append(&ret_fetched->body, piece_take());
    return buf_check(&ret_fetched->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char expected[] = "expected-value";
    const struct checker checker = { .website = {
                                         .http_port = 80, .https_port = 443, .fetch = fetch } };
    const struct challenge challenge = { .name = "www.example.com", .method = DCV_WEBSITE };
    const struct resolver resolver = { .lookup = lookup };
    struct report report = { 0 };
    struct attempt attempt = { .checker = &checker,
        .challenge = &challenge,
        .resolver = &resolver,
        .deadline_ms = INT64_MAX,
        .adn = "www.example.com",
        .report = &report };
    struct sighting sighting;
    memcpy(attempt.expected, expected, sizeof expected);
    visit = (struct visit){ .rest = span_make(data, size) };
    if (method_website_look(&attempt, &sighting) == OK && sighting.result == DCV_PASSED &&
        memmem(data, size, expected, sizeof expected - 1) == NULL) {
        __builtin_trap();
    }
    return 0;
}
