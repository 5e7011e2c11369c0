/* A server that says which requests it saw: prints its port, then "METHOD PATH BYTES" for each, and
 * answers with the path and a cookie. Ends with its standard input.
 *
 *   seen ADDRESS [CERTIFICATE KEY [CA]]
 *
 * With CA a client must have a certificate below it; who has asked with one is kept, others are not
 * waited for longer than two seconds.
 */
#include "lib/http/server.h"

#include "lib/base/file.h"

#include <stdio.h>
#include <unistd.h>

static enum err seen(struct http_request *request, struct http_response *response, void *ctx)
{
    (void)ctx;
    printf("%s %.*s %zu\n", http_method_name(request->method), (int)request->path.len,
        (const char *)request->path.data, request->body.len);
    fflush(stdout);
    struct cookie cookie = { .name = "c", .value = SPAN_LITERAL("v"), .secure = request->tls };
    TRY(response_cookie(response, &cookie));
    return reply_bytes(response, 200, "text/plain", request->path);
}

int main(int argc, char **argv)
{
    static const struct http_route routes[] = {
        { HTTP_GET, "/{name}", seen, 0, 1024 },
        { HTTP_POST, "/{name}", seen, 0, 1024 },
    };
    AUTO_PTR(http_server) server = NULL;
    struct http_server_config config = {
        .address = argc > 1 ? argv[1] : "127.0.0.1", .routes = routes, .route_count = 2
    };
    AUTO(buf) certificate = { 0 };
    AUTO(buf) key = { 0 };
    AUTO(buf) client_ca = { 0 };
    if (argc > 3) {
        if (file_read(argv[2], CERTIFICATE_MAX_BYTES, &certificate) != OK ||
            file_read(argv[3], CERTIFICATE_MAX_BYTES, &key) != OK) {
            return 1;
        }
        config.certificate_pem = buf_span(&certificate);
        config.key_pem = buf_span(&key);
    }
    if (argc > 4) {
        if (file_read(argv[4], CERTIFICATE_MAX_BYTES, &client_ca) != OK) {
            return 1;
        }
        config.client_ca_pem = buf_span(&client_ca);
        config.thread_each = true;
        config.idle_seconds = 2;
        config.client_idle_seconds = config.request_seconds = 300;
    }
    if (http_server_start(&config, &server) != OK) {
        return 1;
    }
    printf("%u\n", http_server_port(server));
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}
