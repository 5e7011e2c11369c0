/* The server through real sockets: each smuggling attempt is one request seen, or one refusal and
 * the end of the connection (doc/threats.md P14 to P18). */
#include "lib/http/server.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct http_server *server;
static atomic_int handled;
static char answer[65536];

static enum err hello(struct http_request *request, struct http_response *response, void *ctx)
{
    (void)ctx;
    handled++;
    struct span name = { 0 };
    AUTO(buf) page = buf_make(4096);
    buf_append_text(&page, "hello ");
    if (http_request_param(request, "name", &name) || http_request_query(request, "name", &name)) {
        buf_append(&page, name);
    }
    buf_append(&page, request->body);
    return reply_html(response, 200, &page);
}

static enum err style(struct http_request *request, struct http_response *response, void *ctx)
{
    (void)ctx, (void)request;
    return reply_public(response, "text/css", 3600, SPAN_LITERAL("body{}"));
}

static enum err denied(struct http_request *request, struct http_response *response, void *ctx)
{
    (void)ctx, (void)request;
    TRY(reply_text(response, 200, "half an answer"));
    TRY(response_header(response, "X-Half", "1"));
    return ERR_DENIED;
}

static enum err elsewhere(struct http_request *request, struct http_response *response, void *ctx)
{
    (void)ctx, (void)request;
    if (reply_redirect(response, "//evil.example") != ERR_INPUT ||
        reply_redirect(response, "/\\evil.example") != ERR_INPUT ||
        response_header(response, "X", "a\r\nY: b") != ERR_INPUT) {
        return ERR_PEER;
    }
    struct cookie cookie = { .name = "session", .value = SPAN_LITERAL("abc") };
    TRY(response_cookie(response, &cookie));
    return reply_redirect(response, "/next");
}

static const struct http_route routes[] = {
    { HTTP_GET, "/", hello, 0, 0 },
    { HTTP_POST, "/", hello, 0, 100 },
    { HTTP_GET, "/hello/{name}", hello, 0, 0 },
    { HTTP_GET, "/style.css", style, 0, 0 },
    { HTTP_GET, "/denied", denied, 0, 0 },
    { HTTP_GET, "/elsewhere", elsewhere, 0, 0 },
};

static int server_start(void **state)
{
    (void)state;
    struct http_server_config config = { .address = "127.0.0.1",
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .idle_seconds = 2,
        .request_seconds = 1 };
    return http_server_start(&config, &server) == OK ? 0 : -1;
}

static int server_stop(void **state)
{
    (void)state;
    http_server_free(server);
    return 0;
}

static int connected(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_port = htons(http_server_port(server)),
        .sin_addr = { htonl(INADDR_LOOPBACK) } };
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Sends, then reads until the server closes or says nothing for a while; returns whether it closed.
 */
static bool talk(struct span request)
{
    int fd = connected();
    size_t len = 0;
    bool closed = false;
    handled = 0;
    assert_int_equal(fd_write_all(fd, request), OK);
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    while (!closed && poll(&poll_fd, 1, 150) == 1) {
        ssize_t got = recv(fd, answer + len, sizeof answer - 1 - len, 0);
        closed = got <= 0;
        len += got > 0 ? (size_t)got : 0;
    }
    answer[len] = '\0';
    close(fd);
    return closed;
}

static int status_of(void)
{
    int status = 0;
    (void)sscanf(answer, "HTTP/1.1 %d", &status);
    return status;
}

static void ask(const char *request, int status)
{
    talk(span_from_text(request));
    assert_int_equal(status_of(), status);
}

static void security_headers_seen(void)
{
    static const char *const wanted[] = { "Content-Security-Policy: default-src 'self';",
        "frame-ancestors 'none'", "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
        "Cross-Origin-Opener-Policy: same-origin", "X-Request-Id: " };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strstr(answer, wanted[i]) == NULL) {
            fail_msg("%s is missing in %s", wanted[i], answer);
        }
    }
}

static void a_route_gets_its_parameters_unescaped(void **state)
{
    (void)state;
    ask("GET /hello/%E9%A6%99+b?name=no HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    assert_non_null(strstr(answer, "hello \xe9\xa6\x99+b"));
    ask("GET /?name=a+%41 HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    assert_non_null(strstr(answer, "hello a A"));
    ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody", 200);
    assert_non_null(strstr(answer, "hello body"));
}

static void what_the_table_does_not_name_is_refused(void **state)
{
    (void)state;
    ask("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404);
    ask("GET /hello/ HTTP/1.1\r\nHost: x\r\n\r\n", 404);
    ask("GET /hello/a/b HTTP/1.1\r\nHost: x\r\n\r\n", 404);
    ask("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", 405);
    assert_non_null(strstr(answer, "Allow: GET, HEAD, POST\r\n"));
    ask("TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405);
    ask("BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 405);
    ask("GET /hello/a%2fb HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    ask("GET /hello/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    ask("GET /hello/%2e%2e HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    ask("GET /hello/%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    ask("GET /hello/%4 HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    assert_int_equal(handled, 0);
}

static void every_answer_has_the_security_headers_and_an_id(void **state)
{
    (void)state;
    static const char *const requests[] = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: x\r\n\r\n", "GET /denied HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n", "GET /style.css HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        talk(span_from_text(requests[i]));
        security_headers_seen();
    }
}

static void a_failed_handler_leaves_nothing_of_its_answer(void **state)
{
    (void)state;
    ask("GET /denied HTTP/1.1\r\nHost: x\r\n\r\n", 403);
    assert_null(strstr(answer, "half"));
    assert_null(strstr(answer, "X-Half"));
    assert_non_null(strstr(answer, "request "));
}

static void redirects_stay_on_this_host(void **state)
{
    (void)state;
    ask("GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n", 303);
    assert_non_null(strstr(answer, "Location: /next\r\n"));
    assert_non_null(
        strstr(answer, "Set-Cookie: session=abc; Path=/; HttpOnly; SameSite=Strict\r\n"));
}

static void a_public_file_is_not_sent_twice(void **state)
{
    (void)state;
    char request[512], tag[64] = "";
    ask("GET /style.css HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    assert_non_null(strstr(answer, "Cache-Control: public, max-age=3600\r\n"));
    assert_int_equal(sscanf(strstr(answer, "ETag: "), "ETag: %63s", tag), 1);
    snprintf(request, sizeof request,
        "GET /style.css HTTP/1.1\r\nHost: x\r\nIf-None-Match: W/%s\r\n\r\n", tag);
    ask(request, 304);
    assert_null(strstr(answer, "body{}"));
    ask("GET /style.css HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"x\"\r\n\r\n", 200);
    ask("HEAD /style.css HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    assert_non_null(strstr(answer, "Content-Length: 6\r\n"));
    assert_null(strstr(answer, "body{}"));
}

/* Behind each stands a second request, which must never be seen as one. */
static void p14_no_doubtful_framing_reaches_a_handler(void **state)
{
    (void)state;
    static const struct {
        struct span request;
        int status;
    } attempts[] = {
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                       "Content-Length: 5\r\n\r\n0\r\n\r\n"),
            400 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "0\r\n\r\n"),
            411 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n"
                       "0\r\n\r\n"),
            411 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\ntransfer-encoding:\tchunked\r\n\r\n"
                       "0\r\n\r\n"),
            411 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n"
                       "\r\nabc"),
            400 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n"
                       "\r\nabc"),
            400 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc"), 400 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc"), 400 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nabc"), 400 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc"), 400 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc"), 400 },
        { SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nContent-Length\r\n\r\nabc"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n\tz\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\nHost: x\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\r\nX: y\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\r\nX: y\rZ: w\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\r\nX: y\0z\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\0\0X: y\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\r\nX Y: y\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x@y\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/1.1\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505 },
        { SPAN_LITERAL("GET /#a HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET /\x80 HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
        { SPAN_LITERAL("GET * HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    };
    static const char second[] = "GET /hello/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        AUTO(buf) request = buf_make(4096);
        buf_append(&request, attempts[i].request);
        buf_append_text(&request, second);
        bool closed = talk(buf_span(&request));
        if (!closed || handled != 0 || status_of() != attempts[i].status) {
            fail_msg("attempt %zu: closed %d, handled %d, answer %s", i, closed, handled, answer);
        }
    }
}

static void p14_two_whole_requests_are_two(void **state)
{
    (void)state;
    talk(SPAN_LITERAL("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                      "GET /hello/second HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(handled, 2);
    assert_non_null(strstr(answer, "hello abc"));
    assert_non_null(strstr(answer, "hello second"));
}

static void p14_a_refused_body_is_never_read_as_a_request(void **state)
{
    (void)state;
    assert_true(talk(SPAN_LITERAL("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 41\r\n\r\n"
                                  "GET /hello/smuggled HTTP/1.1\r\nHost: x\r\n\r\n")));
    assert_int_equal(status_of(), 413);
    assert_int_equal(handled, 0);
}

static void p15_an_absolute_address_of_another_host_is_refused(void **state)
{
    (void)state;
    ask("GET http://x/?name=a HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    ask("GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    ask("GET http://x:80/ HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    ask("GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400);
}

static void p17_sizes_are_bounded(void **state)
{
    (void)state;
    AUTO(buf) request = buf_make(1 << 20);
    ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", 413);
    ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 413);
    buf_append_text(&request, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 64; i++) {
        buf_append_format(&request, "X%d: y\r\n", i);
    }
    buf_append_text(&request, "\r\n");
    ask(buf_text(&request), 431);
    security_headers_seen();
    buf_clear(&request);
    buf_append_text(&request, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    for (int i = 0; i < 17 * 1024; i++) {
        buf_append_byte(&request, 'a');
    }
    buf_append_text(&request, "\r\n\r\n");
    ask(buf_text(&request), 431);
    buf_clear(&request);
    buf_append_text(&request, "GET /");
    for (int i = 0; i < 5000; i++) {
        buf_append_byte(&request, 'a');
    }
    buf_append_text(&request, " HTTP/1.1\r\nHost: x\r\n\r\n");
    ask(buf_text(&request), 414);
    assert_int_equal(handled, 0);
}

static void d19_a_request_that_drips_in_loses_its_place(void **state)
{
    (void)state;
    int fd = connected();
    int64_t start = clock_monotonic_ms();
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    while (poll(&poll_fd, 1, 100) == 0) {
        assert_int_equal(send(fd, "G", 1, MSG_NOSIGNAL), 1);
        assert_true(clock_monotonic_ms() - start < 5000);
    }
    assert_true(recv(fd, answer, sizeof answer, 0) <= 0);
    assert_true(clock_monotonic_ms() - start >= 1000);
    close(fd);
}

static void p14_a_query_that_says_something_twice_reaches_no_handler(void **state)
{
    (void)state;
    static const char *const queries[] = { "?lang=en&lang=zh-HK", "?lang=en&lang=en", "?lang&lang",
        "?lang=en&l%61ng=en", "?a=1&b=2&c=3&a=4", "?%ff=1&%ff=1", "?=1&=2" };
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        char request[128];
        snprintf(request, sizeof request,
            "POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", queries[i]);
        ask(request, 400);
        assert_int_equal(handled, 0);
        snprintf(
            request, sizeof request, "GET /hello/you%s HTTP/1.1\r\nHost: x\r\n\r\n", queries[i]);
        ask(request, 400);
        assert_int_equal(handled, 0);
    }
    ask("GET /?lang=en&Lang=en&name=a HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    assert_int_equal(handled, 1);
}

static enum err refusal(
    struct http_request *request, struct http_response *response, int status, void *ctx)
{
    (void)ctx;
    struct span name = { 0 };
    AUTO(buf) page = buf_make(4096);
    buf_append_text(&page, "refused ");
    if (http_request_query(request, "name", &name)) {
        buf_append(&page, name);
    }
    return reply_html(response, status, &page);
}

/* Pages look for the language there. */
static void p14_the_page_of_a_refused_path_may_look_into_its_query(void **state)
{
    (void)state;
    struct http_server *usual = server;
    struct http_server_config config = { .address = "127.0.0.1",
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .error_page = refusal };
    static const char *const paths[] = { "/hello/a%2fb", "/hello/%00", "/hello/%2e%2e",
        "/hello/%ff", "/hello/%4" };
    assert_int_equal(http_server_start(&config, &server), OK);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char request[128];
        snprintf(request, sizeof request, "GET %s?name=me HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
        ask(request, 400);
        assert_non_null(strstr(answer, "refused me"));
    }
    ask("GET /nothing?name=me HTTP/1.1\r\nHost: x\r\n\r\n", 404);
    assert_non_null(strstr(answer, "refused me"));
    http_server_free(server);
    server = usual;
}

static void plain_http_never_leaves_loopback(void **state)
{
    (void)state;
    struct http_server *other = NULL;
    struct http_server_config config = { .address = "0.0.0.0", .routes = routes, .route_count = 1 };
    static const struct {
        const char *address;
        enum err expected;
    } cases[] = { { "0.0.0.0", ERR_DENIED }, { "::", ERR_DENIED }, { "192.0.2.1", ERR_DENIED },
        { "localhost", ERR_INPUT }, { "", ERR_INPUT }, { "::ffff:127.0.0.1", ERR_DENIED } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config.address = cases[i].address;
        assert_int_equal(http_server_start(&config, &other), cases[i].expected);
        assert_null(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_gets_its_parameters_unescaped),
        cmocka_unit_test(what_the_table_does_not_name_is_refused),
        cmocka_unit_test(every_answer_has_the_security_headers_and_an_id),
        cmocka_unit_test(a_failed_handler_leaves_nothing_of_its_answer),
        cmocka_unit_test(redirects_stay_on_this_host),
        cmocka_unit_test(a_public_file_is_not_sent_twice),
        cmocka_unit_test(p14_no_doubtful_framing_reaches_a_handler),
        cmocka_unit_test(p14_two_whole_requests_are_two),
        cmocka_unit_test(p14_a_refused_body_is_never_read_as_a_request),
        cmocka_unit_test(p14_the_page_of_a_refused_path_may_look_into_its_query),
        cmocka_unit_test(p14_a_query_that_says_something_twice_reaches_no_handler),
        cmocka_unit_test(p15_an_absolute_address_of_another_host_is_refused),
        cmocka_unit_test(p17_sizes_are_bounded),
        cmocka_unit_test(d19_a_request_that_drips_in_loses_its_place),
        cmocka_unit_test(plain_http_never_leaves_loopback),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
