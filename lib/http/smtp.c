/* SMTP by libcurl. */
#include "lib/http/smtp.h"

#include "lib/http/loopback.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

struct upload {
    struct span message;
    size_t sent;
    bool clear, refused_address;
};

static enum err send_prepare(CURL *curl, const struct smtp_config *config,
    const struct mail_address *from, struct curl_slist *to, struct upload *upload);
static size_t message_give(char *data, size_t size, size_t count, void *ctx);
static curl_socket_t socket_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address);
static enum err failure_tell(const struct upload *upload, const char *server, CURLcode code,
    long status, struct reason *ret_reason);

enum err smtp_send(const struct smtp_config *config, const struct mail_address *from,
    const struct mail_address *to, struct span message, struct reason *ret_reason)
{
    struct upload upload = { .message = message, .clear = !config->starttls };
    char recipient[MAIL_ADDRESS_SIZE + 2];
    snprintf(recipient, sizeof recipient, "<%s>", to->text);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        return ERR_MEMORY;
    }
    CURL *curl = curl_easy_init();
    struct curl_slist *recipients = curl_slist_append(NULL, recipient);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    long status = 0;
    enum err err = ERR_MEMORY;
    if (curl != NULL && recipients != NULL) {
        err = send_prepare(curl, config, from, recipients, &upload);
    }
    if (err == OK) {
        code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    curl_slist_free_all(recipients);
    curl_easy_cleanup(curl);
    TRY(err);
    return code == CURLE_OK ? OK : failure_tell(&upload, config->server, code, status, ret_reason);
}

static enum err send_prepare(CURL *curl, const struct smtp_config *config,
    const struct mail_address *from, struct curl_slist *to, struct upload *upload)
{
    char url[512], sender[MAIL_ADDRESS_SIZE + 2];
    int length = snprintf(url, sizeof url, "smtp://%s/%s", config->server, config->own_name);
    if (length < 0 || (size_t)length >= sizeof url || strpbrk(url + 7, "@?#\r\n") != NULL) {
        return ERR_INPUT;
    }
    snprintf(sender, sizeof sender, "<%s>", from->text);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, message_give);
    curl_easy_setopt(curl, CURLOPT_READDATA, upload);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, socket_open);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, upload);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(
        curl, CURLOPT_TIMEOUT_MS, config->timeout_ms > 0 ? (long)config->timeout_ms : 30000L);
    if (config->starttls) {
        curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    }
    if (config->starttls && config->ca_pem.len > 0) {
        struct curl_blob ca = { (void *)(uintptr_t)config->ca_pem.data, config->ca_pem.len,
            CURL_BLOB_COPY };
        curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
        curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
    }
    return OK;
}

static size_t message_give(char *data, size_t size, size_t count, void *ctx)
{
    struct upload *upload = ctx;
    size_t room = size * count, left = upload->message.len - upload->sent;
    size_t len = left < room ? left : room;
    memcpy(data, upload->message.data + upload->sent, len);
    upload->sent += len;
    return len;
}

static curl_socket_t socket_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct upload *upload = ctx;
    (void)purpose;
    if (upload->clear && !address_loopback(&address->addr)) {
        upload->refused_address = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static enum err failure_tell(const struct upload *upload, const char *server, CURLcode code,
    long status, struct reason *ret_reason)
{
    char seen[16];
    snprintf(seen, sizeof seen, "%ld", status);
    if (upload->refused_address) {
        return reason_set(
            ret_reason, ERR_DENIED, "smtp.clear_off_loopback", server, NULL, "STARTTLS");
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return reason_set(ret_reason, ERR_TIMEOUT, "smtp.timeout", server, seen, NULL);
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_USE_SSL_FAILED) {
        return reason_set(
            ret_reason, ERR_DENIED, "smtp.not_trusted", server, curl_easy_strerror(code), NULL);
    }
    /* RFC 5321 §4.2.1. A greeting or an EHLO refused says nothing of the mail: libcurl has another
     * code for it than for MAIL, RCPT and DATA, and has not begun with the message. */
    bool heard = code == CURLE_SEND_ERROR || upload->sent > 0;
    if (status >= 500 && status < 600 && heard) {
        return reason_set(ret_reason, ERR_DENIED, "smtp.refused", server, seen, NULL);
    }
    if (status >= 400) {
        return reason_set(ret_reason, ERR_AGAIN, "smtp.later", server, seen, NULL);
    }
    return reason_set(
        ret_reason, ERR_AGAIN, "smtp.connection", server, curl_easy_strerror(code), NULL);
}
