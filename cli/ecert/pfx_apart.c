/* The child is forked, gives everything up, takes the passphrase from a pipe (secrets are wiped by
 * a fork) and answers with one DER message: SEQUENCE { err, reason's four texts, friendly name,
 * whether the first certificate is the key's own, PKCS#8 or nothing, certificates }. What comes
 * back is held against our own strict readers: the child may have been taken over by the file. */
#include "cli/ecert/pfx_apart.h"

#include "lib/base/limits.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"
#include "lib/pki/certificate.h"
#include "lib/sandbox/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHILD_FD = 3,
    CHILD_SECONDS = 60, /* of computing, and of silence */
    CHILD_MEMORY = 512 * 1024 * 1024,
    ANSWER_BYTES = 2 * PFX_MAX_BYTES,
};

struct answer {
    enum err err;
    struct reason reason;
    struct pfx pfx;
    struct secret pkcs8;
};
static void answer_release(struct answer *answer)
{
    pfx_release(&answer->pfx);
    secret_release(&answer->pkcs8);
}
AUTO_DEFINE(answer, answer_release)

static _Noreturn void child_run(int fd, struct span der);
static enum err child_confine(int fd);
static void answer_write(struct der_writer *writer, const struct answer *answer);
static enum err answer_read(struct span der, struct answer *answer);
static enum err text_read(struct der *reader, char *ret_text, size_t size);
static enum err content_read(struct der *reader, struct pfx *pfx);
static enum err bytes_send(int fd, struct span bytes);
static enum err bytes_receive(int fd, size_t max, struct secret *ret_bytes);

enum err pfx_read_apart(struct span der, const struct secret *passphrase, struct reason *ret_reason,
    struct pfx *ret_pfx)
{
    AUTO(answer) answer = { 0 };
    AUTO(secret) bytes = { 0 };
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return err_from_errno(errno);
    }
    pid_t pid = fork();
    if (pid == 0) {
        child_run(ends[1], der);
    }
    close(ends[1]);
    const struct timeval patience = { .tv_sec = CHILD_SECONDS };
    enum err err = pid < 0 ? err_from_errno(errno) : OK;
    if (err == OK &&
        setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) {
        err = err_from_errno(errno);
    }
    err = err != OK ? err : bytes_send(ends[0], secret_span(passphrase));
    (void)shutdown(ends[0], SHUT_WR);
    enum err received = err != OK ? err : bytes_receive(ends[0], ANSWER_BYTES, &bytes);
    close(ends[0]);
    if (pid > 0) {
        (void)kill(pid, SIGKILL); /* whatever it is at: it has answered, or its time is over */
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        continue;
    }
    if (pid < 0) {
        return err;
    }
    err = received == OK ? answer_read(secret_span(&bytes), &answer) : received;
    if (err != OK) {
        return reason_set(ret_reason, ERR_INPUT, "pfx.apart", NULL, NULL, NULL);
    }
    if (answer.err != OK) {
        return reason_set(ret_reason, answer.err, answer.reason.code, answer.reason.field,
            answer.reason.seen, answer.reason.expected);
    }
    *ret_pfx = answer.pfx;
    answer.pfx = (struct pfx){ 0 };
    return OK;
}

static _Noreturn void child_run(int fd, struct span der)
{
    struct answer answer = { 0 };
    struct secret passphrase = { 0 }, bytes = { 0 };
    size_t len = 0;
    enum err err = child_confine(fd);
    err = err == OK ? bytes_receive(CHILD_FD, PFX_MAX_BYTES, &passphrase) : err;
    if (err != OK) {
        _exit(1);
    }
    answer.err = pfx_read(der, &passphrase, &answer.reason, &answer.pfx);
    if (answer.err == OK && answer.pfx.key != NULL) {
        answer.err = key_to_pkcs8(answer.pfx.key, &answer.pkcs8);
    }
    struct der_writer dry = der_writer_make(/* data= */ NULL, 0);
    answer_write(&dry, &answer);
    if (der_writer_finish(&dry, &len) != OK || secret_new(len, &bytes) != OK) {
        _exit(1);
    }
    struct der_writer writer = der_writer_make(bytes.data, bytes.len);
    answer_write(&writer, &answer);
    err = der_writer_finish(&writer, &len);
    err = err == OK ? bytes_send(CHILD_FD, secret_span(&bytes)) : err;
    _exit(err == OK ? 0 : 1);
}

/* The module of old ciphers is a file, so it comes before the door is shut; without it RC2 is
 * refused by its name. */
static enum err child_confine(int fd)
{
    static const struct sandbox_rules rules = { .groups = 0, .syscalls = NULL, .files_max = 8 };
    const struct rlimit seconds = { CHILD_SECONDS, CHILD_SECONDS };
    const struct rlimit memory = { CHILD_MEMORY, CHILD_MEMORY };
    const struct sandbox_request request = { .rules = &rules, .user = "" };
    char level[SANDBOX_LEVEL_MAX];
    (void)pfx_old_ciphers_load();
    if (setrlimit(RLIMIT_CPU, &seconds) != 0 || setrlimit(RLIMIT_DATA, &memory) != 0 ||
        dup2(fd, CHILD_FD) < 0) {
        return err_from_errno(errno);
    }
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    TRY(sandbox_close_from(CHILD_FD + 1));
    return sandbox_enter(&request, level, /* ret_reason= */ NULL);
}

static void answer_write(struct der_writer *writer, const struct answer *answer)
{
    const struct pfx *pfx = &answer->pfx;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, answer->err);
    der_write_text(writer, DER_UTF8_STRING, answer->reason.code);
    der_write_text(writer, DER_UTF8_STRING, answer->reason.field);
    der_write_text(writer, DER_UTF8_STRING, answer->reason.seen);
    der_write_text(writer, DER_UTF8_STRING, answer->reason.expected);
    der_write_text(writer, DER_UTF8_STRING, pfx->friendly_name);
    der_write_boolean(writer, pfx->first_is_own);
    der_write_octets(writer, secret_span(&answer->pkcs8));
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < pfx->certificate_count; i++) {
        der_write_octets(writer, buf_span(&pfx->certificates[i]));
    }
    der_close(writer);
    der_close(writer);
}

static enum err answer_read(struct span der, struct answer *answer)
{
    struct der outer = der_reader(der), reader;
    struct reason *reason = &answer->reason;
    unsigned err = OK;
    TRY(der_enter(&outer, DER_SEQUENCE, &reader));
    TRY(der_finish(&outer));
    TRY(der_read_uint(&reader, ERR_COUNT - 1, &err));
    answer->err = (enum err)err;
    TRY(text_read(&reader, reason->code, sizeof reason->code));
    TRY(text_read(&reader, reason->field, sizeof reason->field));
    TRY(text_read(&reader, reason->seen, sizeof reason->seen));
    TRY(text_read(&reader, reason->expected, sizeof reason->expected));
    TRY(text_read(&reader, answer->pfx.friendly_name, sizeof answer->pfx.friendly_name));
    TRY(content_read(&reader, &answer->pfx));
    return der_finish(&reader);
}

static enum err text_read(struct der *reader, char *ret_text, size_t size)
{
    struct span text;
    TRY(der_read(reader, DER_UTF8_STRING, &text));
    return text.len == 0 || span_to_text(text, ret_text, size) ? OK : ERR_INPUT;
}

static enum err content_read(struct der *reader, struct pfx *pfx)
{
    struct span pkcs8, der;
    struct der certificates;
    struct certificate parsed;
    TRY(der_read_boolean(reader, &pfx->first_is_own));
    TRY(der_read(reader, DER_OCTET_STRING, &pkcs8));
    if (pkcs8.len > 0) {
        TRY(key_from_pkcs8(pkcs8, &pfx->key));
    }
    TRY(der_enter(reader, DER_SEQUENCE, &certificates));
    while (!der_empty(&certificates)) {
        TRY(der_read(&certificates, DER_OCTET_STRING, &der));
        if (pfx->certificate_count == PFX_CERTIFICATES_MAX || der.len > CERTIFICATE_MAX_BYTES) {
            return ERR_LIMIT;
        }
        struct buf *place = &pfx->certificates[pfx->certificate_count++];
        *place = buf_make(CERTIFICATE_MAX_BYTES);
        buf_append(place, der);
        TRY(buf_check(place));
    }
    bool own = pfx->key != NULL && pfx->certificate_count > 0 &&
               certificate_parse(buf_span(&pfx->certificates[0]), &parsed) == OK &&
               span_equal(parsed.spki, key_spki(pfx->key));
    return own == pfx->first_is_own ? OK : ERR_INPUT;
}

static enum err bytes_send(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        size_t step = sent < 0 ? 0 : (size_t)sent;
        bytes = span_make(bytes.data + step, bytes.len - step);
    }
    return OK;
}

/* To the end of what the other side sends; every octet counts, so that this isn't
 * secret_read_fd. */
static enum err bytes_receive(int fd, size_t max, struct secret *ret_bytes)
{
    AUTO(secret) whole = { 0 };
    size_t len = 0;
    ssize_t got = 1;
    TRY(secret_new(max, &whole));
    while (got != 0 && len < max) {
        got = recv(fd, whole.data + len, max - len, 0);
        if (got < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        len += got > 0 ? (size_t)got : 0;
    }
    return got != 0 ? ERR_LIMIT : secret_copy(span_make(whole.data, len), ret_bytes);
}
