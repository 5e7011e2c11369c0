/* The resolver by libunbound: a context of its own for every check, so that nothing is remembered
 * from one to the next; a thread of libunbound's works the questions, ours waits with a deadline.
 */
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/dns/address.h"
#include "lib/dns/packet.h"
#include "lib/dns/resolver.h"

#include <unbound.h>

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

struct resolver_base {
    struct buf anchors; /* the anchor file's text */
    struct dns_stub stubs[DNS_STUBS_MAX];
    size_t stub_count;
    char *source;
    bool special_allowed;
};

struct resolver_session {
    struct ub_ctx *context;
};

/* What comes back from libunbound's thread. */
struct delivery {
    bool arrived;
    int error;
    struct ub_result *result;
};

/* Options of unbound.conf(5), with the reason where it isn't in the name. */
static const struct {
    const char *name, *value;
} options[] = {
    { "cache-max-negative-ttl:", "0" }, /* what was absent a moment ago may be there now */
    { "edns-buffer-size:", "1232" },    /* no fragments (doc/threats.md D2) */
    { "use-caps-for-id:", "yes" },      /* 0x20 (doc/threats.md D1) */
    { "qname-minimisation:", "yes" },
    { "harden-glue:", "yes" },
    { "harden-dnssec-stripped:", "yes" },
    { "harden-below-nxdomain:", "yes" },
    { "unwanted-reply-threshold:", "10000" },
    { "val-permissive-mode:", "no" },
    { "serve-expired:", "no" },
    { "unblock-lan-zones:",
        "yes" },                 /* no zones of its own for reverse names, made for each check */
    { "outgoing-range:", "64" }, /* one check asks little */
    { "num-queries-per-thread:", "32" },
    { "msg-cache-size:", "1m" },
    { "rrset-cache-size:", "2m" },
    { "key-cache-size:", "1m" },
};

/* libunbound's own start-up isn't documented to be safe in two threads at once. */
static pthread_mutex_t creation = PTHREAD_MUTEX_INITIALIZER;

static enum err base_copy(const struct resolver_config *config, struct resolver_base *base);
static enum err context_configure(
    const struct resolver_base *base, struct ub_ctx *context, struct reason *ret_reason);
static enum err context_add_anchors(
    const struct resolver_base *base, struct ub_ctx *context, struct reason *ret_reason);
static enum err context_limit_addresses(
    const struct resolver_base *base, struct ub_ctx *context) MUST_USE;
static enum err context_finalise(
    const struct resolver_base *base, struct ub_ctx *context, struct reason *ret_reason);
static enum err context_add_stubs(
    const struct resolver_base *base, struct ub_ctx *context, struct reason *ret_reason);
static enum err session_lookup(void *ctx, const char *name, enum dns_type type, int64_t deadline_ms,
    struct dns_answer *ret_answer);
static void deliver(void *ctx, int error, struct ub_result *result);
static enum err wait_for(struct ub_ctx *context, struct delivery *delivery, int64_t deadline_ms);
static enum err answer_from_result(
    const struct ub_result *result, enum dns_type type, struct dns_answer *ret_answer);
static enum err answer_copy_records(const struct ub_result *result, struct dns_answer *answer);
static void copy_printable(const char *from, char *to, size_t size);

enum err resolver_base_open(const struct resolver_config *config, struct resolver_base **ret_base,
    struct reason *ret_reason)
{
    if (config->stub_count > DNS_STUBS_MAX) {
        return reason_set(ret_reason, ERR_LIMIT, "resolver.stub", NULL, NULL, NULL);
    }
    struct resolver_base *base = calloc(1, sizeof *base);
    if (base == NULL) {
        return ERR_MEMORY;
    }
    enum err err = base_copy(config, base);
    if (err != OK) {
        reason_set(ret_reason, err, "resolver.anchors", config->anchor_file, NULL, NULL);
    }
    /* A first context tells now what would otherwise fail at the first check. */
    struct ub_ctx *context = err == OK ? ub_ctx_create() : NULL;
    if (err == OK) {
        err = context == NULL ? ERR_MEMORY : context_configure(base, context, ret_reason);
    }
    ub_ctx_delete(context);
    if (err != OK) {
        resolver_base_free(base);
        return err;
    }
    *ret_base = base;
    return OK;
}

void resolver_base_free(struct resolver_base *base)
{
    if (base == NULL) {
        return;
    }
    for (size_t i = 0; i < base->stub_count; i++) {
        free((char *)base->stubs[i].zone);
        free((char *)base->stubs[i].server);
    }
    buf_release(&base->anchors);
    free(base->source);
    free(base);
}

enum err resolver_session_new(
    const struct resolver_base *base, struct resolver_session **ret_session)
{
    struct resolver_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        return ERR_MEMORY;
    }
    pthread_mutex_lock(&creation);
    session->context = ub_ctx_create();
    enum err err = session->context == NULL
                       ? ERR_MEMORY
                       : context_configure(base, session->context, /* ret_reason= */ NULL);
    pthread_mutex_unlock(&creation);
    if (err != OK) {
        resolver_session_free(session);
        return err;
    }
    *ret_session = session;
    return OK;
}

void resolver_session_free(struct resolver_session *session)
{
    if (session != NULL) {
        ub_ctx_delete(session->context);
        free(session);
    }
}

struct resolver resolver_session_resolver(struct resolver_session *session)
{
    return (struct resolver){ .lookup = session_lookup, .ctx = session };
}

static enum err base_copy(const struct resolver_config *config, struct resolver_base *base)
{
    base->special_allowed = config->special_allowed;
    for (size_t i = 0; i < config->stub_count; i++) {
        base->stubs[i] = (struct dns_stub){ .zone = strdup(config->stubs[i].zone),
            .server = strdup(config->stubs[i].server) };
        base->stub_count++;
        if (base->stubs[i].zone == NULL || base->stubs[i].server == NULL) {
            return ERR_MEMORY;
        }
    }
    if (config->source != NULL && (base->source = strdup(config->source)) == NULL) {
        return ERR_MEMORY;
    }
    return file_read(config->anchor_file, DNS_ANCHORS_MAX_BYTES, &base->anchors);
}

static enum err context_configure(
    const struct resolver_base *base, struct ub_ctx *context, struct reason *ret_reason)
{
    ub_ctx_debugout(context, /* out= */ NULL);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (ub_ctx_set_option(context, options[i].name, options[i].value) != 0) {
            return reason_set(
                ret_reason, ERR_UNSUPPORTED, "resolver.option", options[i].name, NULL, NULL);
        }
    }
    const char *source = base->source;
    if (source != NULL &&
        (ub_ctx_set_option(context, "outgoing-interface:", source) != 0 ||
            ub_ctx_set_option(context, strchr(source, ':') == NULL ? "do-ip6:" : "do-ip4:", "no") !=
                0)) {
        return reason_set(ret_reason, ERR_INPUT, "resolver.source", NULL, source, NULL);
    }
    TRY(context_limit_addresses(base, context));
    TRY(context_add_anchors(base, context, ret_reason));
    TRY(context_add_stubs(base, context, ret_reason));
    /* Without this the context would fork. */
    if (ub_ctx_async(context, /* dothread= */ 1) != 0) {
        return ERR_UNSUPPORTED;
    }
    return context_finalise(base, context, ret_reason);
}

static enum err context_limit_addresses(const struct resolver_base *base, struct ub_ctx *context)
{
    /* libunbound's default is "no", other than the server's. */
    const char *keep_out = base->special_allowed ? "no" : "yes";
    if (ub_ctx_set_option(context, "do-not-query-localhost:", keep_out) != 0) {
        return ERR_UNSUPPORTED;
    }
    const char *const *block = special_blocks();
    for (; !base->special_allowed && *block != NULL; block++) {
        if (ub_ctx_set_option(context, "do-not-query-address:", *block) != 0) {
            return ERR_UNSUPPORTED;
        }
    }
    return OK;
}

/* Takes what libunbound believes about special-use names away from the stubs. The first removal
 * reads the anchors and ends the configuration; it must happen even without stubs. */
static enum err context_finalise(
    const struct resolver_base *base, struct ub_ctx *context, struct reason *ret_reason)
{
    if (ub_ctx_data_remove(context, "finalise.invalid") != 0) {
        return reason_set(ret_reason, ERR_INPUT, "resolver.anchors", NULL, NULL, NULL);
    }
    for (size_t i = 0; i < base->stub_count; i++) {
        if (ub_ctx_zone_remove(context, base->stubs[i].zone) != 0) {
            return reason_set(
                ret_reason, ERR_INPUT, "resolver.stub", base->stubs[i].zone, NULL, NULL);
        }
    }
    return OK;
}

/* One record a line; comments and empty lines as in a zone file. */
static enum err context_add_anchors(
    const struct resolver_base *base, struct ub_ctx *context, struct reason *ret_reason)
{
    const char *rest = (const char *)base->anchors.data, *end = rest + base->anchors.len;
    unsigned added = 0;
    while (rest < end) {
        const char *newline = memchr(rest, '\n', (size_t)(end - rest));
        size_t length = (size_t)((newline == NULL ? end : newline) - rest);
        const char *comment = memchr(rest, ';', length);
        char line[4096];
        size_t used = comment == NULL ? length : (size_t)(comment - rest);
        if (used >= sizeof line) {
            return reason_set(ret_reason, ERR_LIMIT, "resolver.anchors", NULL, NULL, NULL);
        }
        memcpy(line, rest, used);
        line[used] = '\0';
        rest += length + 1;
        if (strspn(line, " \t\r") == used) {
            continue;
        }
        if (ub_ctx_add_ta(context, line) != 0) {
            return reason_set(ret_reason, ERR_INPUT, "resolver.anchors", NULL, line, NULL);
        }
        added++;
    }
    return added > 0
               ? OK
               : reason_set(ret_reason, ERR_INPUT, "resolver.anchors", NULL, NULL, "a record");
}

static enum err context_add_stubs(
    const struct resolver_base *base, struct ub_ctx *context, struct reason *ret_reason)
{
    for (size_t i = 0; i < base->stub_count; i++) {
        const struct dns_stub *stub = &base->stubs[i];
        if (ub_ctx_set_stub(context, stub->zone, stub->server, /* isprime= */ 0) != 0) {
            return reason_set(
                ret_reason, ERR_INPUT, "resolver.stub", stub->zone, stub->server, NULL);
        }
    }
    return OK;
}

static enum err session_lookup(void *ctx, const char *name, enum dns_type type, int64_t deadline_ms,
    struct dns_answer *ret_answer)
{
    struct ub_ctx *context = ((struct resolver_session *)ctx)->context;
    struct delivery delivery = { 0 };
    int id = 0;
    int error =
        ub_resolve_async(context, name, (int)type, /* class IN */ 1, &delivery, deliver, &id);
    if (error != 0) {
        return error == UB_SYNTAX ? ERR_INPUT : error == UB_NOMEM ? ERR_MEMORY : ERR_IO;
    }
    enum err err = wait_for(context, &delivery, deadline_ms);
    if (!delivery.arrived) {
        /* From here on the callback, whose delivery is on this stack, isn't called any more. */
        ub_cancel(context, id);
        return err;
    }
    if (delivery.error != 0) {
        ub_resolve_free(delivery.result);
        return delivery.error == UB_NOMEM ? ERR_MEMORY : ERR_IO;
    }
    err = answer_from_result(delivery.result, type, ret_answer);
    ub_resolve_free(delivery.result);
    return err;
}

static void deliver(void *ctx, int error, struct ub_result *result)
{
    *(struct delivery *)ctx =
        (struct delivery){ .arrived = true, .error = error, .result = result };
}

static enum err wait_for(struct ub_ctx *context, struct delivery *delivery, int64_t deadline_ms)
{
    while (!delivery->arrived) {
        int64_t left = deadline_ms - clock_monotonic_ms();
        if (left <= 0) {
            return ERR_TIMEOUT;
        }
        struct pollfd ready = { .fd = ub_fd(context), .events = POLLIN };
        if (poll(&ready, 1, left > 60000 ? 60000 : (int)left) < 0 && errno != EINTR) {
            return ERR_IO;
        }
        if ((ready.revents & POLLIN) != 0 && ub_process(context) != 0) {
            return ERR_IO;
        }
    }
    return OK;
}

static enum err answer_from_result(
    const struct ub_result *result, enum dns_type type, struct dns_answer *ret_answer)
{
    struct dns_answer answer = {
        .rcode = result->rcode,
        .security = result->bogus    ? DNS_SECURITY_BOGUS
                    : result->secure ? DNS_SECURITY_SECURE
                                     : DNS_SECURITY_INSECURE,
        .ttl = result->ttl,
        .bytes = buf_make(DNS_ANSWER_MAX_BYTES),
    };
    if (result->nxdomain) {
        answer.rcode = DNS_RCODE_NXDOMAIN;
    }
    if (result->canonname != NULL && strcasecmp(result->canonname, result->qname) != 0) {
        copy_printable(result->canonname, answer.canonical, sizeof answer.canonical);
    }
    if (result->bogus && result->why_bogus != NULL) {
        copy_printable(result->why_bogus, answer.detail, sizeof answer.detail);
    }
    struct span packet =
        span_make(result->answer_packet, result->answer_len > 0 ? (size_t)result->answer_len : 0);
    if (result->canonname != NULL && packet.len > 0 &&
        dns_packet_count_aliases(packet) > DNS_ALIASES_MAX) {
        return ERR_LIMIT;
    }
    if (!result->bogus) {
        dns_packet_show_aliases(packet, answer.via, sizeof answer.via);
    }
    bool no_data = result->rcode == DNS_RCODE_OK && !result->nxdomain && !result->havedata;
    if (type == DNS_DS && no_data && result->secure) {
        answer.unsigned_delegation = dns_packet_proves_unsigned_delegation(packet);
    }
    enum err err = answer_copy_records(result, &answer);
    if (err != OK) {
        dns_answer_release(&answer);
        return err;
    }
    *ret_answer = answer;
    return OK;
}

/* Two rounds: the spans can only be made when the buffer has stopped moving. */
static enum err answer_copy_records(const struct ub_result *result, struct dns_answer *answer)
{
    if (result->data == NULL || result->bogus) {
        return OK;
    }
    for (size_t i = 0; result->data[i] != NULL; i++) {
        if (i == DNS_RECORDS_MAX) {
            return ERR_LIMIT;
        }
        assert(result->len[i] >= 0);
        answer->records[i].len = (size_t)result->len[i];
        buf_append(&answer->bytes, span_make(result->data[i], answer->records[i].len));
        answer->record_count = i + 1;
    }
    TRY(buf_check(&answer->bytes));
    size_t at = 0;
    for (size_t i = 0; i < answer->record_count; i++) {
        answer->records[i].data = answer->bytes.data + at;
        at += answer->records[i].len;
    }
    return OK;
}

static void copy_printable(const char *from, char *to, size_t size)
{
    size_t i = 0;
    for (; i + 1 < size && from[i] != '\0'; i++) {
        to[i] = from[i] >= 0x20 && from[i] <= 0x7e ? from[i] : '?';
    }
    to[i] = '\0';
}
