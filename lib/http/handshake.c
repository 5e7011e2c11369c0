/* libcurl finds the address and connects, whatever family answers first; GnuTLS does the rest, with
 * old versions allowed so that a server which has only these can be named. */
#include "lib/http/handshake.h"

#include "lib/base/clock.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/ocsp.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

/* Clear lines before TLS: as RFC 5321 §4.5.3.1.5 has them; greetings have a handful. */
enum { LINE_MAX_BYTES = 1024, LINES_MAX = 64 };

static const char PRIORITY[] = "NORMAL:%COMPAT:+VERS-TLS1.0:+VERS-TLS1.1:+SIGN-RSA-SHA1"
                               ":+SIGN-ECDSA-SHA1:%VERIFY_ALLOW_SIGN_WITH_SHA1";

struct attempt {
    const struct handshake_request *request;
    struct reason *reason; /* may be NULL */
    struct handshake *ret;
    char where[HANDSHAKE_HOST_MAX + 16];
    CURL *curl;
    int socket;
    int64_t deadline;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    bool seen;     /* the server's certificates, and its proof of the key */
    unsigned sent; /* so many */
    enum err copied;
};
static void attempt_release(struct attempt *attempt);
AUTO_DEFINE(attempt, attempt_release)

static enum err attempt_fail(
    const struct attempt *attempt, enum err err, const char *code, const char *seen);
static enum err attempt_connect(struct attempt *attempt);
static enum err attempt_wait(const struct attempt *attempt, short events, const char *what);
static enum err clear_words(struct attempt *attempt);
static enum err line_read(struct attempt *attempt, char ret_line[LINE_MAX_BYTES], size_t *ret_len);
static enum err words_send(const struct attempt *attempt, const char *words);
static enum err session_open(struct attempt *attempt);
static enum err session_shake(struct attempt *attempt);
static enum err session_failed(const struct attempt *attempt, int code);
static int certificates_take(gnutls_session_t session);
static enum err certificates_copy(
    const gnutls_datum_t *list, unsigned count, struct handshake *handshake);
static void session_note(struct attempt *attempt);

void handshake_release(struct handshake *handshake)
{
    buf_release(&handshake->der);
    buf_release(&handshake->ocsp);
    handshake->count = 0;
}

enum err handshake_make(const struct handshake_request *request, struct reason *ret_reason,
    struct handshake *ret_handshake)
{
    AUTO(handshake)
    found = { .der = buf_make(HANDSHAKE_BYTES_MAX), .ocsp = buf_make(HANDSHAKE_OCSP_MAX) };
    AUTO(attempt)
    attempt = { .request = request, .reason = ret_reason, .ret = &found, .socket = -1 };
    bool colons = strchr(request->host, ':') != NULL;
    attempt.deadline = clock_monotonic_ms() + request->timeout_ms;
    snprintf(attempt.where, sizeof attempt.where, "%s%s%s:%u", colons ? "[" : "", request->host,
        colons ? "]" : "", request->port);
    TRY(attempt_connect(&attempt));
    if (request->starttls != STARTTLS_NONE) {
        TRY(clear_words(&attempt));
    }
    TRY(session_open(&attempt));
    TRY(session_shake(&attempt));
    session_note(&attempt);
    *ret_handshake = found;
    found = (struct handshake){ 0 };
    return OK;
}

static void attempt_release(struct attempt *attempt)
{
    if (attempt->session != NULL) {
        gnutls_deinit(attempt->session);
    }
    if (attempt->credentials != NULL) {
        gnutls_certificate_free_credentials(attempt->credentials);
    }
    curl_easy_cleanup(attempt->curl); /* closes the socket */
}

static enum err attempt_fail(
    const struct attempt *attempt, enum err err, const char *code, const char *seen)
{
    return reason_set(attempt->reason, err, code, attempt->where, seen, NULL);
}

static enum err attempt_connect(struct attempt *attempt)
{
    const struct handshake_request *request = attempt->request;
    const char *host = request->address != NULL ? request->address : request->host;
    bool colons = strchr(host, ':') != NULL;
    char url[HANDSHAKE_HOST_MAX + 32];
    curl_socket_t socket = CURL_SOCKET_BAD;
    long failure = 0;
    snprintf(url, sizeof url, "http://%s%s%s:%u/", colons ? "[" : "", host, colons ? "]" : "",
        request->port);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        return ERR_MEMORY;
    }
    attempt->curl = curl_easy_init();
    if (attempt->curl == NULL) {
        return ERR_MEMORY;
    }
    curl_easy_setopt(attempt->curl, CURLOPT_URL, url);
    curl_easy_setopt(attempt->curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(attempt->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(attempt->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(attempt->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(attempt->curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    CURLcode code = curl_easy_perform(attempt->curl);
    if (code == CURLE_OK) {
        code = curl_easy_getinfo(attempt->curl, CURLINFO_ACTIVESOCKET, &socket);
    }
    if (code == CURLE_OK && socket != CURL_SOCKET_BAD) {
        attempt->socket = socket;
        return OK;
    }
    curl_easy_getinfo(attempt->curl, CURLINFO_OS_ERRNO, &failure);
    const char *seen = failure != 0 ? strerror((int)failure) : curl_easy_strerror(code);
    return code == CURLE_COULDNT_RESOLVE_HOST
               ? attempt_fail(attempt, ERR_AGAIN, "handshake.name", host)
           : code == CURLE_OPERATION_TIMEDOUT
               ? attempt_fail(attempt, ERR_TIMEOUT, "handshake.timeout", "TCP")
               : attempt_fail(attempt, ERR_AGAIN, "handshake.connection", seen);
}

/* `what` is what one waits for, should it not come. */
static enum err attempt_wait(const struct attempt *attempt, short events, const char *what)
{
    for (;;) {
        struct pollfd waits = { attempt->socket, events, 0 };
        int64_t left = attempt->deadline - clock_monotonic_ms();
        int ready = left <= 0 ? 0 : poll(&waits, 1, (int)left);
        if (ready > 0) {
            return OK;
        }
        if (ready == 0) {
            return attempt_fail(attempt, ERR_TIMEOUT, "handshake.timeout", what);
        }
        if (errno != EINTR) {
            return attempt_fail(attempt, ERR_AGAIN, "handshake.connection", strerror(errno));
        }
    }
}

static enum err clear_words(struct attempt *attempt)
{
    struct starttls_talk talk = { .protocol = attempt->request->starttls };
    char line[LINE_MAX_BYTES], seen[REASON_TEXT_MAX];
    for (size_t i = 0; i < LINES_MAX; i++) {
        const char *words = NULL;
        size_t len = 0;
        TRY(line_read(attempt, line, &len));
        enum starttls_turn turn = starttls_hear(&talk, span_make(line, len), &words);
        if (turn == STARTTLS_BEGIN) {
            return OK;
        }
        if (turn == STARTTLS_REFUSED) {
            snprintf(seen, sizeof seen, "%.*s", (int)len, line);
            return attempt_fail(attempt, ERR_PEER, "handshake.starttls", seen);
        }
        if (turn == STARTTLS_SAY) {
            TRY(words_send(attempt, words));
        }
    }
    return attempt_fail(attempt, ERR_PEER, "handshake.starttls", "");
}

/* Byte by byte, so that not one of TLS's is taken. Longer lines than the maximum are cut. */
static enum err line_read(struct attempt *attempt, char ret_line[LINE_MAX_BYTES], size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < 16 * LINE_MAX_BYTES; i++) {
        char byte;
        TRY(attempt_wait(attempt, POLLIN, starttls_name(attempt->request->starttls)));
        ssize_t got = recv(attempt->socket, &byte, 1, /* flags= */ 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        if (got <= 0) {
            return attempt_fail(
                attempt, ERR_AGAIN, "handshake.closed", starttls_name(attempt->request->starttls));
        }
        if (byte == '\n') {
            *ret_len = len > 0 && ret_line[len - 1] == '\r' ? len - 1 : len;
            return OK;
        }
        if (len < LINE_MAX_BYTES - 1) {
            ret_line[len++] = byte;
        }
    }
    return attempt_fail(attempt, ERR_PEER, "handshake.starttls", "");
}

static enum err words_send(const struct attempt *attempt, const char *words)
{
    size_t len = strlen(words), sent = 0;
    while (sent < len) {
        TRY(attempt_wait(attempt, POLLOUT, starttls_name(attempt->request->starttls)));
        ssize_t got = send(attempt->socket, words + sent, len - sent, MSG_NOSIGNAL);
        if (got < 0 && errno != EAGAIN && errno != EINTR) {
            return attempt_fail(attempt, ERR_AGAIN, "handshake.connection", strerror(errno));
        }
        sent += got > 0 ? (size_t)got : 0;
    }
    return OK;
}

static enum err session_open(struct attempt *attempt)
{
    const char *host = attempt->request->host;
    struct in6_addr binary;
    bool literal =
        inet_pton(AF_INET, host, &binary) == 1 || inet_pton(AF_INET6, host, &binary) == 1;
    int code = gnutls_certificate_allocate_credentials(&attempt->credentials);
    if (code == 0) {
        gnutls_certificate_set_verify_function(attempt->credentials, certificates_take);
        code = gnutls_init(&attempt->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    }
    if (code == 0) {
        code = gnutls_priority_set_direct(attempt->session, PRIORITY, /* err_pos= */ NULL);
    }
    if (code == 0) {
        code =
            gnutls_credentials_set(attempt->session, GNUTLS_CRD_CERTIFICATE, attempt->credentials);
    }
    if (code == 0 && !literal) {
        code = gnutls_server_name_set(attempt->session, GNUTLS_NAME_DNS, host, strlen(host));
    }
    if (code == 0) {
        code = gnutls_ocsp_status_request_enable_client(attempt->session, NULL, 0, NULL);
    }
    if (code != 0) {
        return attempt_fail(attempt, ERR_CRYPTO, "handshake.failed", gnutls_strerror(code));
    }
    gnutls_session_set_ptr(attempt->session, attempt);
    gnutls_transport_set_int(attempt->session, attempt->socket);
    return OK;
}

static enum err session_shake(struct attempt *attempt)
{
    for (;;) {
        int code = gnutls_handshake(attempt->session);
        if (code == 0) {
            attempt->ret->whole = true;
            break;
        }
        if (code == GNUTLS_E_AGAIN) {
            bool writes = gnutls_record_get_direction(attempt->session) == 1;
            enum err err = attempt_wait(attempt, writes ? POLLOUT : POLLIN, "TLS");
            if (err != OK && !attempt->seen) {
                return err;
            }
        } else if (gnutls_error_is_fatal(code) != 0 && !attempt->seen) {
            return session_failed(attempt, code);
        }
        bool over = gnutls_error_is_fatal(code) != 0 || clock_monotonic_ms() >= attempt->deadline;
        if (over && attempt->seen) {
            break;
        }
    }
    if (attempt->copied == ERR_LIMIT) {
        char seen[16], expected[16];
        snprintf(seen, sizeof seen, "%u", attempt->sent);
        snprintf(expected, sizeof expected, "%d", HANDSHAKE_CERTIFICATES_MAX);
        return reason_set(
            attempt->reason, ERR_LIMIT, "handshake.too_many", attempt->where, seen, expected);
    }
    TRY(attempt->copied);
    return attempt->ret->count > 0
               ? OK
               : attempt_fail(attempt, ERR_PEER, "handshake.no_certificate", NULL);
}

/* What GnuTLS says where it was no TLS at all that came back. */
static enum err session_failed(const struct attempt *attempt, int code)
{
    static const int foreign[] = {
        GNUTLS_E_UNEXPECTED_PACKET_LENGTH,
        GNUTLS_E_UNSUPPORTED_VERSION_PACKET,
        GNUTLS_E_UNEXPECTED_PACKET,
        GNUTLS_E_RECORD_OVERFLOW,
    };
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (code == foreign[i]) {
            return attempt_fail(
                attempt, ERR_PEER, "handshake.not_tls", starttls_name(attempt->request->starttls));
        }
    }
    if (code == GNUTLS_E_FATAL_ALERT_RECEIVED) {
        const char *alert = gnutls_alert_get_name(gnutls_alert_get(attempt->session));
        return attempt_fail(attempt, ERR_PEER, "handshake.refused", alert);
    }
    if (code == GNUTLS_E_PREMATURE_TERMINATION || code == GNUTLS_E_PULL_ERROR ||
        code == GNUTLS_E_PUSH_ERROR) {
        return attempt_fail(attempt, ERR_AGAIN, "handshake.closed", "TLS");
    }
    return attempt_fail(attempt, ERR_PEER, "handshake.failed", gnutls_strerror(code));
}

/* GnuTLS asks this once the server has proved the key (RFC 8446 §4.4.3; in TLS 1.2 behind the key
 * exchange). What comes later may fail: a server may want a client's certificate. */
static int certificates_take(gnutls_session_t session)
{
    struct attempt *attempt = gnutls_session_get_ptr(session);
    unsigned count = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &count);
    attempt->seen = true;
    attempt->sent = count;
    attempt->copied = certificates_copy(list, count, attempt->ret);
    return 0;
}

static enum err certificates_copy(
    const gnutls_datum_t *list, unsigned count, struct handshake *handshake)
{
    size_t total = 0;
    if (list == NULL || count > HANDSHAKE_CERTIFICATES_MAX) {
        return list == NULL ? OK : ERR_LIMIT;
    }
    for (unsigned i = 0; i < count; i++) {
        buf_append(&handshake->der, span_make(list[i].data, list[i].size));
    }
    TRY(buf_check(&handshake->der));
    /* Only now does the buffer stand still. */
    for (unsigned i = 0; i < count; i++) {
        handshake->certificates[i] = span_make(handshake->der.data + total, list[i].size);
        total += list[i].size;
    }
    handshake->count = count;
    return OK;
}

static void session_note(struct attempt *attempt)
{
    gnutls_datum_t response = { 0 };
    gnutls_protocol_t version = gnutls_protocol_get_version(attempt->session);
    const char *name = gnutls_protocol_get_name(version);
    snprintf(attempt->ret->version, sizeof attempt->ret->version, "%s", name == NULL ? "" : name);
    attempt->ret->old_version = version < GNUTLS_TLS1_2;
    if (gnutls_ocsp_status_request_get(attempt->session, &response) == 0) {
        buf_append(&attempt->ret->ocsp, span_make(response.data, response.size));
    }
    if (attempt->ret->whole) {
        (void)gnutls_bye(attempt->session, GNUTLS_SHUT_WR);
    }
}
