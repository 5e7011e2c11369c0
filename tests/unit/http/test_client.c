/* Client and server against each other, in the clear and over TLS with certificates on both sides.
 * The certificates are made by GnuTLS for each run. */
#include "lib/http/client.h"
#include "lib/http/server.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct http_server *plain, *mutual;
static struct buf server_certificate, server_key, client_certificate, client_key, other_certificate,
    other_key;
static uint8_t pins[1][HTTP_FINGERPRINT_BYTES];

static enum err echo(struct http_request *request, struct http_response *response, void *ctx)
{
    (void)ctx;
    struct span type = { 0 }, extra = { 0 };
    AUTO(buf) body = buf_make(HTTP_BODY_MAX_BYTES);
    (void)http_request_header(request, "content-type", &type);
    (void)http_request_header(request, "x-extra", &extra);
    buf_append_format(&body, "%d|%.*s|%.*s|%d|", request->method, (int)type.len,
        (const char *)type.data, (int)extra.len, (const char *)extra.data,
        request->client_certificate);
    buf_append(&body, request->body);
    return reply_json(response, 201, &body);
}

static enum err big(struct http_request *request, struct http_response *response, void *ctx)
{
    (void)ctx, (void)request;
    AUTO(buf) body = buf_make(1 << 20);
    for (int i = 0; i < 100000; i++) {
        buf_append_byte(&body, 'a');
    }
    return reply_html(response, 200, &body);
}

static enum err slow(struct http_request *request, struct http_response *response, void *ctx)
{
    (void)ctx, (void)request;
    usleep(600000);
    return reply_text(response, 200, "late");
}

static enum err away(struct http_request *request, struct http_response *response, void *ctx)
{
    (void)ctx, (void)request;
    return reply_redirect(response, "/big");
}

static const struct http_route routes[] = {
    { HTTP_GET, "/echo", echo, 0, 0 },
    { HTTP_POST, "/echo", echo, 0, 4096 },
    { HTTP_GET, "/big", big, 0, 0 },
    { HTTP_GET, "/slow", slow, 0, 0 },
    { HTTP_GET, "/away", away, 0, 0 },
};

static void take(struct buf *into, gnutls_datum_t *text)
{
    *into = buf_make(1 << 16);
    buf_append(into, span_make(text->data, text->size));
    assert_non_null(buf_text(into));
    gnutls_free(text->data);
}

/* A self-signed certificate, its own trust anchor. */
static void pair_make(const char *name, const char *purpose, struct buf *certificate,
    struct buf *key, uint8_t *ret_sha256)
{
    gnutls_x509_privkey_t private_key;
    gnutls_x509_crt_t made;
    gnutls_datum_t text = { 0 };
    gnutls_x509_privkey_init(&private_key);
    gnutls_x509_crt_init(&made);
    unsigned curve = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
    assert_int_equal(gnutls_x509_privkey_generate(private_key, GNUTLS_PK_EC, curve, 0), 0);
    gnutls_x509_crt_set_version(made, 3);
    gnutls_x509_crt_set_serial(made, "\1", 1);
    gnutls_x509_crt_set_activation_time(made, time(NULL) - 60);
    gnutls_x509_crt_set_expiration_time(made, time(NULL) + 3600);
    gnutls_x509_crt_set_key(made, private_key);
    gnutls_x509_crt_set_dn_by_oid(
        made, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
    gnutls_x509_crt_set_subject_alt_name(made, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name), 0);
    gnutls_x509_crt_set_key_purpose_oid(made, purpose, 0);
    gnutls_x509_crt_set_basic_constraints(made, 1, -1);
    assert_int_equal(gnutls_x509_crt_sign2(made, made, private_key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(made, GNUTLS_X509_FMT_PEM, &text), 0);
    take(certificate, &text);
    assert_int_equal(gnutls_x509_privkey_export2(private_key, GNUTLS_X509_FMT_PEM, &text), 0);
    take(key, &text);
    if (ret_sha256 != NULL) {
        size_t size = HTTP_FINGERPRINT_BYTES;
        gnutls_x509_crt_get_fingerprint(made, GNUTLS_DIG_SHA256, ret_sha256, &size);
    }
    gnutls_x509_crt_deinit(made);
    gnutls_x509_privkey_deinit(private_key);
}

static int servers_start(void **state)
{
    (void)state;
    pair_make(
        "portal.example.com", GNUTLS_KP_TLS_WWW_SERVER, &server_certificate, &server_key, NULL);
    pair_make("registrar", GNUTLS_KP_TLS_WWW_CLIENT, &client_certificate, &client_key, pins[0]);
    pair_make("stranger", GNUTLS_KP_TLS_WWW_CLIENT, &other_certificate, &other_key, NULL);
    struct http_server_config config = {
        .address = "127.0.0.1", .routes = routes, .route_count = sizeof routes / sizeof routes[0]
    };
    if (http_server_start(&config, &plain) != OK) {
        return -1;
    }
    AUTO(buf) trusted = buf_make(1 << 16);
    buf_append(&trusted, buf_span(&client_certificate));
    buf_append(&trusted, buf_span(&other_certificate));
    config.certificate_pem = buf_span(&server_certificate);
    config.key_pem = buf_span(&server_key);
    config.client_ca_pem = buf_span(&trusted);
    config.client_fingerprints = pins;
    config.client_fingerprint_count = 1;
    return http_server_start(&config, &mutual) == OK ? 0 : -1;
}

static int servers_stop(void **state)
{
    (void)state;
    http_server_free(plain);
    http_server_free(mutual);
    struct buf *all[] = { &server_certificate, &server_key, &client_certificate, &client_key,
        &other_certificate, &other_key };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        buf_release(all[i]);
    }
    return 0;
}

static enum err call(const struct http_client_config *config, const char *url,
    struct http_answer *ret_answer, struct reason *ret_reason)
{
    AUTO_PTR(http_client) client = NULL;
    assert_int_equal(http_client_new(config, &client), OK);
    struct http_call request = { .method = HTTP_GET, .url = url };
    return http_client_call(client, &request, ret_answer, ret_reason);
}

static enum err call_plain(const struct http_client_config *config, const char *path,
    struct http_answer *ret_answer, struct reason *ret_reason)
{
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", http_server_port(plain), path);
    return call(config, url, ret_answer, ret_reason);
}

static void a_body_goes_there_and_an_answer_comes_back(void **state)
{
    (void)state;
    AUTO_PTR(http_client) client = NULL;
    struct http_client_config config = { 0 };
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/echo", http_server_port(plain));
    assert_int_equal(http_client_new(&config, &client), OK);
    struct http_pair extra = { SPAN_LITERAL("X-Extra"), SPAN_LITERAL("yes") };
    struct http_call request = { HTTP_POST, url, "text/x", SPAN_LITERAL("a\0b"), &extra, 1 };
    for (int i = 0; i < 3; i++) {
        AUTO(http_answer) answer = { 0 };
        assert_int_equal(http_client_call(client, &request, &answer, NULL), OK);
        assert_int_equal(answer.status, 201);
        assert_string_equal(answer.content_type, "application/json");
        assert_int_equal(strlen(answer.request_id), HTTP_REQUEST_ID_SIZE - 1);
        assert_true(span_equal(buf_span(&answer.body), SPAN_LITERAL("1|text/x|yes|0|a\0b")));
    }
}

static void a_header_cannot_be_forged_by_a_value(void **state)
{
    (void)state;
    AUTO_PTR(http_client) client = NULL;
    AUTO(http_answer) answer = { 0 };
    struct http_client_config config = { 0 };
    struct http_pair extra = { SPAN_LITERAL("X"), SPAN_LITERAL("a\r\nHost: b") };
    struct http_call request = {
        .url = "http://127.0.0.1:1/", .headers = &extra, .header_count = 1
    };
    assert_int_equal(http_client_new(&config, &client), OK);
    assert_int_equal(http_client_call(client, &request, &answer, NULL), ERR_INPUT);
}

static void redirects_are_told_and_not_followed(void **state)
{
    (void)state;
    AUTO(http_answer) answer = { 0 };
    struct http_client_config config = { 0 };
    assert_int_equal(call_plain(&config, "/away", &answer, NULL), OK);
    assert_int_equal(answer.status, 303);
    assert_string_equal(answer.location, "/big");
}

static void an_answer_is_bounded_in_size_and_time(void **state)
{
    (void)state;
    AUTO(http_answer) answer = { 0 };
    struct reason reason;
    struct http_client_config config = { .timeout_ms = 200 };
    assert_int_equal(call_plain(&config, "/big", &answer, &reason), ERR_LIMIT);
    assert_string_equal(reason.code, "http.too_long");
    assert_int_equal(call_plain(&config, "/slow", &answer, &reason), ERR_TIMEOUT);
    assert_string_equal(reason.code, "http.timeout");
}

static void one_call_may_have_less_time_than_its_client(void **state)
{
    (void)state;
    AUTO_PTR(http_client) client = NULL;
    AUTO(http_answer) answer = { 0 };
    struct http_client_config config = { .timeout_ms = 3600000 };
    struct reason reason;
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/slow", http_server_port(plain));
    assert_int_equal(http_client_new(&config, &client), OK);
    struct http_call short_call = { .method = HTTP_GET, .url = url, .timeout_ms = 200 };
    assert_int_equal(http_client_call(client, &short_call, &answer, &reason), ERR_TIMEOUT);
    assert_string_equal(reason.code, "http.timeout");
}

static void plain_http_goes_nowhere_but_to_loopback(void **state)
{
    (void)state;
    AUTO(http_answer) answer = { 0 };
    struct reason reason;
    struct http_client_config config = { .connect_timeout_ms = 500 };
    assert_int_equal(call(&config, "http://192.0.2.1/", &answer, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "http.plain_off_loopback");
    config.connect_address = "192.0.2.1";
    assert_int_equal(call(&config, "http://127.0.0.1/", &answer, &reason), ERR_DENIED);
    assert_int_equal(call(&config, "ftp://127.0.0.1/", &answer, &reason), ERR_INPUT);
    config.connect_address = NULL;
    assert_int_equal(call(&config, "http://127.0.0.1:1/", &answer, &reason), ERR_AGAIN);
}

/* In a process of its own, which a bug ends. */
static bool is_a_bug(const struct http_client_config *config, const struct http_call *request)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        AUTO_PTR(http_client) client = NULL;
        AUTO(http_answer) answer = { 0 };
        signal(SIGABRT, SIG_DFL);
        fclose(stderr);
        _exit(http_client_new(config, &client) == OK &&
              http_client_call(client, request, &answer, NULL) == OK);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void what_may_go_in_the_clear_to_anybody_says_nothing(void **state)
{
    (void)state;
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/echo", http_server_port(plain));
    const struct http_pair token = { SPAN_LITERAL("Authorization"), SPAN_LITERAL("Bearer x") };
    const struct http_client_config with_key = { .certificate_pem = buf_span(&client_certificate),
        .key_pem = buf_span(&client_key) };
    const struct http_client_config config = { 0 };
    struct http_call request = { .url = url, .plain_allowed = true };
    assert_false(is_a_bug(&config, &request));
    assert_true(is_a_bug(&with_key, &request));
    request.headers = &token;
    request.header_count = 1;
    assert_true(is_a_bug(&config, &request));
    request.header_count = 0;
    request.body = SPAN_LITERAL("pin");
    assert_true(is_a_bug(&config, &request));
    request.body = (struct span){ 0 };
    request.method = HTTP_POST;
    assert_true(is_a_bug(&config, &request));
}

static enum err call_mutual(struct http_client_config *config, const char *host,
    struct http_answer *ret_answer, struct reason *ret_reason)
{
    char url[128];
    config->connect_address = "127.0.0.1";
    config->timeout_ms = 3000;
    snprintf(url, sizeof url, "https://%s:%u/echo", host, http_server_port(mutual));
    return call(config, url, ret_answer, ret_reason);
}

static void both_sides_prove_who_they_are(void **state)
{
    (void)state;
    AUTO(http_answer) answer = { 0 };
    struct reason reason = { 0 };
    struct http_client_config config = { .ca_pem = buf_span(&server_certificate),
        .certificate_pem = buf_span(&client_certificate),
        .key_pem = buf_span(&client_key) };
    assert_int_equal(call_mutual(&config, "portal.example.com", &answer, &reason), OK);
    assert_int_equal(answer.status, 201);
    assert_true(span_equal_text(buf_span(&answer.body), "0|||1|"));
}

static void a_client_without_the_right_certificate_gets_nothing(void **state)
{
    (void)state;
    AUTO(http_answer) answer = { 0 };
    struct reason reason;
    struct http_client_config config = { .ca_pem = buf_span(&server_certificate) };
    enum err err = call_mutual(&config, "portal.example.com", &answer, &reason);
    assert_true(err != OK || answer.status == 403);
    http_answer_release(&answer);
    answer = (struct http_answer){ 0 };
    config.certificate_pem = buf_span(&other_certificate);
    config.key_pem = buf_span(&other_key);
    assert_int_equal(call_mutual(&config, "portal.example.com", &answer, &reason), OK);
    assert_int_equal(answer.status, 403);
}

static void a_server_that_is_not_the_trusted_one_gets_nothing(void **state)
{
    (void)state;
    AUTO(http_answer) answer = { 0 };
    struct reason reason;
    struct http_client_config config = { .ca_pem = buf_span(&other_certificate),
        .certificate_pem = buf_span(&client_certificate),
        .key_pem = buf_span(&client_key) };
    assert_int_equal(call_mutual(&config, "portal.example.com", &answer, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "http.not_trusted");
    config.ca_pem = buf_span(&server_certificate);
    assert_int_equal(call_mutual(&config, "evil.example.com", &answer, &reason), ERR_DENIED);
    config.pinned_key = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_int_equal(call_mutual(&config, "portal.example.com", &answer, &reason), ERR_DENIED);
}

static void a_key_of_another_certificate_does_not_start_a_server(void **state)
{
    (void)state;
    struct http_server *other = NULL;
    struct http_server_config config = { .address = "127.0.0.1",
        .routes = routes,
        .route_count = 1,
        .certificate_pem = buf_span(&server_certificate),
        .key_pem = buf_span(&client_key) };
    assert_int_equal(http_server_start(&config, &other), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_goes_there_and_an_answer_comes_back),
        cmocka_unit_test(a_header_cannot_be_forged_by_a_value),
        cmocka_unit_test(redirects_are_told_and_not_followed),
        cmocka_unit_test(an_answer_is_bounded_in_size_and_time),
        cmocka_unit_test(one_call_may_have_less_time_than_its_client),
        cmocka_unit_test(plain_http_goes_nowhere_but_to_loopback),
        cmocka_unit_test(what_may_go_in_the_clear_to_anybody_says_nothing),
        cmocka_unit_test(both_sides_prove_who_they_are),
        cmocka_unit_test(a_client_without_the_right_certificate_gets_nothing),
        cmocka_unit_test(a_server_that_is_not_the_trusted_one_gets_nothing),
        cmocka_unit_test(a_key_of_another_certificate_does_not_start_a_server),
    };
    return cmocka_run_group_tests(tests, servers_start, servers_stop);
}
