/* RFC 2136 by libldns, which builds, signs and reads the messages; the connection is ours, so that
 * one deadline holds for connecting, sending and waiting. TCP only: nothing is cut off, nobody can
 * answer blindly from beside the path. The answer counts only with a TSIG of the same key. */
#include "lib/dns/update.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <ldns/ldns.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

AUTO_PTR_DEFINE(ldns_struct_pkt, ldns_pkt_free)
AUTO_PTR_DEFINE(ldns_struct_rdf, ldns_rdf_deep_free)
AUTO_PTR_DEFINE(ldns_struct_rr, ldns_rr_free)
AUTO_PTR_DEFINE(ldns_struct_rr_list, ldns_rr_list_deep_free)

enum { TSIG_FUDGE_SECONDS = 300, ZONE_STEPS_MAX = 32, TXT_VALUE_MAX = 255, SERVER_TEXT_MAX = 80 };

/* One update on its way. */
struct exchange {
    const struct dns_update_request *request;
    struct sockaddr_storage address;
    socklen_t address_len;
    int64_t deadline; /* monotonic ms */
};

struct wire {
    uint8_t *data;
    size_t len;
};

static void wire_release(struct wire *wire)
{
    free(wire->data);
    *wire = (struct wire){ 0 };
}
AUTO_DEFINE(wire, wire_release)

struct descriptor {
    int fd;
};

static void descriptor_release(struct descriptor *descriptor)
{
    if (descriptor->fd >= 0) {
        close(descriptor->fd);
    }
}
AUTO_DEFINE(descriptor, descriptor_release)

static enum err server_parse(const char *server, struct exchange *exchange);
static enum err request_check(const struct dns_update_request *request);
static enum err zone_find(
    const struct exchange *exchange, struct reason *ret_reason, ldns_rdf **ret_zone);
static enum err zone_ask(const struct exchange *exchange, const ldns_rdf *name,
    struct reason *ret_reason, ldns_rdf **ret_zone);
static enum err update_build(
    const struct exchange *exchange, const ldns_rdf *zone, ldns_pkt **ret_packet);
static enum err records_build(const struct dns_update_request *request, ldns_rr_list *list);
static enum err record_build(const struct dns_update_request *request, ldns_rr **ret_record);
static enum err update_send(
    const struct exchange *exchange, ldns_pkt *update, struct reason *ret_reason);
static enum err answer_judge(const struct exchange *exchange, const ldns_pkt *update,
    ldns_pkt *answer, const struct wire *wire, struct reason *ret_reason);
static enum err round_trip(const struct exchange *exchange, const ldns_pkt *question,
    struct wire *ret_wire, struct reason *ret_reason);
static enum err stream_open(const struct exchange *exchange, struct descriptor *ret_stream);
static enum err stream_write(const struct exchange *exchange, int fd, struct span bytes);
static enum err stream_read(
    const struct exchange *exchange, int fd, uint8_t *ret_bytes, size_t len);
static enum err stream_wait(const struct exchange *exchange, int fd, short events);
static const char *rcode_name(ldns_pkt_rcode rcode);

enum err dns_update_txt(const struct dns_update_request *request, struct reason *ret_reason)
{
    struct exchange exchange = {
        .request = request,
        .deadline = clock_monotonic_ms() + request->timeout_ms,
    };
    if (server_parse(request->server, &exchange) != OK) {
        return reason_set(
            ret_reason, ERR_INPUT, "update.server", request->server, NULL, "127.0.0.1@53");
    }
    if (request_check(request) != OK) {
        return reason_set(
            ret_reason, ERR_INPUT, "update.name", request->server, request->name, NULL);
    }
    AUTO_PTR(ldns_struct_rdf) zone = NULL;
    AUTO_PTR(ldns_struct_pkt) update = NULL;
    TRY(zone_find(&exchange, ret_reason, &zone));
    TRY(update_build(&exchange, zone, &update));
    return update_send(&exchange, update, ret_reason);
}

static enum err server_parse(const char *server, struct exchange *exchange)
{
    char host[SERVER_TEXT_MAX];
    const char *at = strchr(server, '@');
    if (at != NULL && at[1] == '\0') {
        return ERR_INPUT;
    }
    size_t len = at == NULL ? strlen(server) : (size_t)(at - server);
    if (!span_to_text(span_make(server, len), host, sizeof host)) {
        return ERR_INPUT;
    }
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, at == NULL ? "53" : at + 1, &hints, &found) != 0) {
        return ERR_INPUT;
    }
    memcpy(&exchange->address, found->ai_addr, found->ai_addrlen);
    exchange->address_len = found->ai_addrlen;
    freeaddrinfo(found);
    return OK;
}

static enum err request_check(const struct dns_update_request *request)
{
    AUTO_PTR(ldns_struct_rdf) name = ldns_dname_new_frm_str(request->name);
    bool named = name != NULL && ldns_dname_label_count(name) >= 2;
    bool valued = request->action == DNS_UPDATE_REMOVE_ALL ||
                  (request->value != NULL && strlen(request->value) <= TXT_VALUE_MAX);
    return named && valued ? OK : ERR_INPUT;
}

/* The deepest zone that the server has above the name. An answer for a zone elsewhere (behind a
 * CNAME) says nothing about the name itself: then its parent is asked for. */
static enum err zone_find(
    const struct exchange *exchange, struct reason *ret_reason, ldns_rdf **ret_zone)
{
    AUTO_PTR(ldns_struct_rdf) name = ldns_dname_new_frm_str(exchange->request->name);
    enum err err = name == NULL ? ERR_MEMORY : ERR_NOT_FOUND;
    for (int step = 0; err == ERR_NOT_FOUND && step < ZONE_STEPS_MAX; step++) {
        err = zone_ask(exchange, name, ret_reason, ret_zone);
        if (err == ERR_NOT_FOUND && ldns_dname_label_count(name) <= 1) {
            return reason_set(ret_reason, ERR_DENIED, "update.zone", exchange->request->server,
                ret_reason == NULL ? NULL : ret_reason->seen, exchange->request->name);
        }
        ldns_rdf *parent = err == ERR_NOT_FOUND ? ldns_dname_left_chop(name) : NULL;
        if (parent != NULL) {
            ldns_rdf_deep_free(name);
            name = parent;
        }
    }
    return err;
}

/* ERR_NOT_FOUND: the server says nothing authoritative about a zone above this name. */
static enum err zone_ask(const struct exchange *exchange, const ldns_rdf *name,
    struct reason *ret_reason, ldns_rdf **ret_zone)
{
    ldns_rdf *asked = ldns_rdf_clone(name);
    AUTO_PTR(ldns_struct_pkt) question =
        asked == NULL ? NULL : ldns_pkt_query_new(asked, LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN, 0);
    if (question == NULL) {
        return ERR_MEMORY;
    }
    ldns_pkt_set_random_id(question);
    AUTO(wire) wire = { 0 };
    TRY(round_trip(exchange, question, &wire, ret_reason));
    AUTO_PTR(ldns_struct_pkt) answer = NULL;
    if (ldns_wire2pkt(&answer, wire.data, wire.len) != LDNS_STATUS_OK ||
        ldns_pkt_id(answer) != ldns_pkt_id(question)) {
        return reason_set(ret_reason, ERR_SIGNATURE, "update.answer", exchange->request->server,
            "malformed", NULL);
    }
    const ldns_rr_list *sections[] = { ldns_pkt_answer(answer), ldns_pkt_authority(answer) };
    for (size_t i = 0; ldns_pkt_aa(answer) && i < 2; i++) {
        for (size_t k = 0; k < ldns_rr_list_rr_count(sections[i]); k++) {
            const ldns_rr *record = ldns_rr_list_rr(sections[i], k);
            const ldns_rdf *owner = ldns_rr_owner(record);
            bool above =
                ldns_dname_compare(name, owner) == 0 || ldns_dname_is_subdomain(name, owner);
            if (ldns_rr_get_type(record) == LDNS_RR_TYPE_SOA && above) {
                *ret_zone = ldns_rdf_clone(owner);
                return *ret_zone == NULL ? ERR_MEMORY : OK;
            }
        }
    }
    return reason_set(ret_reason, ERR_NOT_FOUND, "update.zone", exchange->request->server,
        rcode_name(ldns_pkt_get_rcode(answer)), NULL);
}

static enum err update_build(
    const struct exchange *exchange, const ldns_rdf *zone, ldns_pkt **ret_packet)
{
    const struct tsig_key *key = exchange->request->key;
    AUTO_PTR(ldns_struct_rr_list) records = ldns_rr_list_new();
    if (records == NULL) {
        return ERR_MEMORY;
    }
    TRY(records_build(exchange->request, records));
    ldns_rdf *zone_copy = ldns_rdf_clone(zone);
    AUTO_PTR(ldns_struct_pkt) packet =
        zone_copy == NULL ? NULL
                          : ldns_update_pkt_new(zone_copy, LDNS_RR_CLASS_IN,
                                /* prerequisites= */ NULL, records, /* additional= */ NULL);
    if (packet == NULL) {
        return ERR_MEMORY;
    }
    ldns_pkt_set_random_id(packet);
    ldns_status status = ldns_pkt_tsig_sign(packet, key->name, (const char *)key->secret.data,
        TSIG_FUDGE_SECONDS, key->algorithm, /* query_mac= */ NULL);
    if (status != LDNS_STATUS_OK) {
        return ERR_CRYPTO;
    }
    *ret_packet = packet;
    packet = NULL;
    return OK;
}

/* RFC 2136 §2.5: a set is removed by class ANY without data, a record by class NONE with its data,
 * both with TTL 0; replacing is both in one message, which is applied as a whole or not at all. */
static enum err records_build(const struct dns_update_request *request, ldns_rr_list *list)
{
    bool clears = request->action == DNS_UPDATE_REPLACE || request->action == DNS_UPDATE_REMOVE_ALL;
    if (clears) {
        AUTO_PTR(ldns_struct_rr) set = ldns_rr_new();
        ldns_rdf *owner = ldns_dname_new_frm_str(request->name);
        if (set == NULL || owner == NULL) {
            ldns_rdf_deep_free(owner);
            return ERR_MEMORY;
        }
        ldns_rr_set_owner(set, owner);
        ldns_rr_set_type(set, LDNS_RR_TYPE_TXT);
        ldns_rr_set_class(set, LDNS_RR_CLASS_ANY);
        ldns_rr_set_ttl(set, 0);
        if (!ldns_rr_list_push_rr(list, set)) {
            return ERR_MEMORY;
        }
        set = NULL;
    }
    if (request->action == DNS_UPDATE_REMOVE_ALL) {
        return OK;
    }
    AUTO_PTR(ldns_struct_rr) record = NULL;
    TRY(record_build(request, &record));
    if (!ldns_rr_list_push_rr(list, record)) {
        return ERR_MEMORY;
    }
    record = NULL;
    return OK;
}

/* The data is put together as bytes: no text of a zone file that could be misread. */
static enum err record_build(const struct dns_update_request *request, ldns_rr **ret_record)
{
    uint8_t data[1 + TXT_VALUE_MAX];
    size_t len = strlen(request->value);
    data[0] = (uint8_t)len;
    memcpy(data + 1, request->value, len);
    AUTO_PTR(ldns_struct_rr) record = ldns_rr_new();
    AUTO_PTR(ldns_struct_rdf) owner = ldns_dname_new_frm_str(request->name);
    AUTO_PTR(ldns_struct_rdf) text = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, len + 1, data);
    if (record == NULL || owner == NULL || text == NULL) {
        return ERR_MEMORY;
    }
    bool removes = request->action == DNS_UPDATE_REMOVE;
    ldns_rr_set_type(record, LDNS_RR_TYPE_TXT);
    ldns_rr_set_class(record, removes ? LDNS_RR_CLASS_NONE : LDNS_RR_CLASS_IN);
    ldns_rr_set_ttl(record, removes ? 0 : request->ttl);
    if (!ldns_rr_push_rdf(record, text)) {
        return ERR_MEMORY;
    }
    text = NULL;
    ldns_rr_set_owner(record, owner);
    owner = NULL;
    *ret_record = record;
    record = NULL;
    return OK;
}

static enum err update_send(
    const struct exchange *exchange, ldns_pkt *update, struct reason *ret_reason)
{
    const char *server = exchange->request->server;
    AUTO(wire) wire = { 0 };
    AUTO_PTR(ldns_struct_pkt) answer = NULL;
    TRY(round_trip(exchange, update, &wire, ret_reason));
    if (ldns_wire2pkt(&answer, wire.data, wire.len) != LDNS_STATUS_OK ||
        ldns_pkt_id(answer) != ldns_pkt_id(update)) {
        return reason_set(ret_reason, ERR_SIGNATURE, "update.answer", server, "malformed", NULL);
    }
    return answer_judge(exchange, update, answer, &wire, ret_reason);
}

/* A complaint about the key itself can't be signed with it (RFC 8945 §5.3.2), so refusals are
 * reported as they come; only success needs the proof. */
static enum err answer_judge(const struct exchange *exchange, const ldns_pkt *update,
    ldns_pkt *answer, const struct wire *wire, struct reason *ret_reason)
{
    const char *server = exchange->request->server;
    const struct tsig_key *key = exchange->request->key;
    const ldns_rr *tsig = ldns_pkt_tsig(answer);
    if (tsig != NULL && ldns_rr_rd_count(tsig) >= 6) {
        uint16_t error = ldns_rdf2native_int16(ldns_rr_rdf(tsig, 5));
        const char *name = error == 16 ? "BADSIG" : error == 17 ? "BADKEY" : "BADTIME";
        if (error != 0) {
            return reason_set(ret_reason, ERR_DENIED, "update.key", server, name, key->name);
        }
    }
    if (ldns_pkt_get_rcode(answer) != LDNS_RCODE_NOERROR) {
        return reason_set(ret_reason, ERR_DENIED, "update.refused", server,
            rcode_name(ldns_pkt_get_rcode(answer)), exchange->request->name);
    }
    const ldns_rdf *mac = ldns_rr_rdf(ldns_pkt_tsig(update), 3);
    bool proved = tsig != NULL && ldns_pkt_tsig_verify(answer, wire->data, wire->len, key->name,
                                      (const char *)key->secret.data, mac);
    return proved ? OK
                  : reason_set(ret_reason, ERR_SIGNATURE, "update.answer", server, "TSIG", NULL);
}

/* One question, one answer, on a connection of its own. */
static enum err round_trip(const struct exchange *exchange, const ldns_pkt *question,
    struct wire *ret_wire, struct reason *ret_reason)
{
    AUTO(wire) asked = { 0 };
    if (ldns_pkt2wire(&asked.data, question, &asked.len) != LDNS_STATUS_OK ||
        asked.len > UINT16_MAX) {
        return ERR_MEMORY;
    }
    uint8_t prefix[2] = { (uint8_t)(asked.len >> 8), (uint8_t)asked.len };
    AUTO(descriptor) stream = { .fd = -1 };
    AUTO(wire) answer = { 0 };
    enum err err = stream_open(exchange, &stream);
    err = err == OK ? stream_write(exchange, stream.fd, SPAN_OF(prefix)) : err;
    err = err == OK ? stream_write(exchange, stream.fd, span_make(asked.data, asked.len)) : err;
    err = err == OK ? stream_read(exchange, stream.fd, prefix, sizeof prefix) : err;
    if (err == OK) {
        answer.len = (size_t)prefix[0] << 8 | prefix[1];
        answer.data = malloc(answer.len + 1);
        err = answer.data == NULL ? ERR_MEMORY
                                  : stream_read(exchange, stream.fd, answer.data, answer.len);
    }
    if (err != OK) {
        return reason_set(
            ret_reason, err, "update.unreachable", exchange->request->server, err_name(err), NULL);
    }
    *ret_wire = answer;
    answer = (struct wire){ 0 };
    return OK;
}

static enum err stream_open(const struct exchange *exchange, struct descriptor *ret_stream)
{
    const struct sockaddr *address = (const struct sockaddr *)&exchange->address;
    AUTO(descriptor) stream = { .fd = socket(address->sa_family,
                                    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) };
    if (stream.fd < 0) {
        return err_from_errno(errno);
    }
    if (connect(stream.fd, address, exchange->address_len) != 0 && errno != EINPROGRESS) {
        return ERR_AGAIN;
    }
    TRY(stream_wait(exchange, stream.fd, POLLOUT));
    int failure = 0;
    socklen_t size = sizeof failure;
    if (getsockopt(stream.fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0 || failure != 0) {
        return ERR_AGAIN;
    }
    ret_stream->fd = stream.fd;
    stream.fd = -1;
    return OK;
}

static enum err stream_write(const struct exchange *exchange, int fd, struct span bytes)
{
    while (bytes.len > 0) {
        TRY(stream_wait(exchange, fd, POLLOUT));
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            return ERR_AGAIN;
        }
        size_t done = sent < 0 ? 0 : (size_t)sent;
        bytes = span_make(bytes.data + done, bytes.len - done);
    }
    return OK;
}

static enum err stream_read(const struct exchange *exchange, int fd, uint8_t *ret_bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        TRY(stream_wait(exchange, fd, POLLIN));
        ssize_t got = recv(fd, ret_bytes + at, len - at, /* flags= */ 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            return ERR_AGAIN;
        }
        at += got < 0 ? 0 : (size_t)got;
    }
    return OK;
}

static enum err stream_wait(const struct exchange *exchange, int fd, short events)
{
    struct pollfd wanted = { .fd = fd, .events = events };
    for (;;) {
        int64_t left = exchange->deadline - clock_monotonic_ms();
        int ready = left <= 0 ? 0 : poll(&wanted, 1, (int)left);
        if (ready == 0) {
            return ERR_TIMEOUT;
        }
        if (ready > 0) {
            return OK;
        }
        if (errno != EINTR) {
            return err_from_errno(errno);
        }
    }
}

static const char *rcode_name(ldns_pkt_rcode rcode)
{
    static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
        "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE" };
    return (size_t)rcode < sizeof names / sizeof names[0] ? names[rcode] : "unknown";
}
