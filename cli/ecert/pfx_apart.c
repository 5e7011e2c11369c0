/* The child is this program anew, started by one hidden word: it has none of our memory, and may be
 * started while threads are at work. It takes one DER message on its descriptor 3, SEQUENCE {
 * passphrase, file }, once it has given everything up, and answers with one: SEQUENCE { err,
 * reason's four texts, friendly name, whether the first certificate is the key's own, PKCS#8 or
 * nothing, certificates }. What comes back is held against our own strict readers: the child may
 * have been taken over by the file. */
#include "cli/ecert/pfx_apart.h"

#include "lib/base/limits.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"
#include "lib/pki/certificate.h"
#include "lib/sandbox/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHILD_FD = 3,
    CHILD_SECONDS = 60, /* of computing, and of silence */
    CHILD_MEMORY = 512 * 1024 * 1024,
    MESSAGE_BYTES = 2 * PFX_MAX_BYTES, /* either way */
};

static const char WORD[] = "pfx-apart";

struct question {
    struct span passphrase, file;
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

static enum err child_start(pid_t *ret_pid, int *ret_fd);
static enum err child_ask(int fd, const struct question *question, struct answer *answer);
static enum err child_confine(void);
static enum err child_answer(void);
static enum err message_make(void (*write)(struct der_writer *writer, const void *content),
    const void *content, struct secret *ret_message);
static void question_write(struct der_writer *writer, const void *content);
static enum err question_read(struct span der, struct question *question);
static void answer_write(struct der_writer *writer, const void *content);
static enum err answer_read(struct span der, struct answer *answer);
static enum err text_read(struct der *reader, char *ret_text, size_t size);
static enum err content_read(struct der *reader, struct pfx *pfx);
static enum err bytes_send(int fd, struct span bytes);
static enum err bytes_receive(int fd, struct secret *ret_bytes);

enum err pfx_read_apart(struct span der, const struct secret *passphrase, struct reason *ret_reason,
    struct pfx *ret_pfx)
{
    AUTO(answer) answer = { 0 };
    const struct question question = { secret_span(passphrase), der };
    pid_t pid = 0;
    int fd = -1;
    TRY(child_start(&pid, &fd));
    enum err err = child_ask(fd, &question, &answer);
    close(fd);
    (void)kill(pid, SIGKILL); /* whatever it is at: it has answered, or its time is over */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        continue;
    }
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

/* The file that we are, even where another one has its name by now. */
static enum err child_start(pid_t *ret_pid, int *ret_fd)
{
    char program[] = "ecert", word[sizeof WORD];
    char *const argv[] = { program, word, NULL };
    posix_spawn_file_actions_t actions;
    int ends[2];
    memcpy(word, WORD, sizeof word);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return err_from_errno(errno);
    }
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure == 0) {
        failure = posix_spawn_file_actions_adddup2(&actions, ends[1], CHILD_FD);
        failure = failure != 0
                      ? failure
                      : posix_spawn(ret_pid, "/proc/self/exe", &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (failure != 0) {
        close(ends[0]);
        return err_from_errno(failure);
    }
    *ret_fd = ends[0];
    return OK;
}

static enum err child_ask(int fd, const struct question *question, struct answer *answer)
{
    AUTO(secret) asked = { 0 };
    AUTO(secret) answered = { 0 };
    const struct timeval patience = { .tv_sec = CHILD_SECONDS };
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) {
        return err_from_errno(errno);
    }
    TRY(message_make(question_write, question, &asked));
    TRY(bytes_send(fd, secret_span(&asked)));
    (void)shutdown(fd, SHUT_WR);
    TRY(bytes_receive(fd, &answered));
    return answer_read(secret_span(&answered), answer);
}

bool pfx_apart_is_asked(int argc, char *const *argv)
{
    int type = 0;
    socklen_t size = sizeof type;
    return argc == 2 && strcmp(argv[1], WORD) == 0 &&
           getsockopt(CHILD_FD, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

int pfx_apart_run(void)
{
    return child_confine() == OK && child_answer() == OK ? 0 : 1;
}

/* The module of old ciphers is a file, so it comes before the door is shut; without it RC2 is
 * refused by its name. */
static enum err child_confine(void)
{
    static const struct sandbox_rules rules = { .groups = 0, .syscalls = NULL, .files_max = 8 };
    const struct rlimit seconds = { CHILD_SECONDS, CHILD_SECONDS };
    const struct rlimit memory = { CHILD_MEMORY, CHILD_MEMORY };
    const struct sandbox_request request = { .rules = &rules, .user = "" };
    char level[SANDBOX_LEVEL_MAX];
    (void)pfx_old_ciphers_load();
    if (setrlimit(RLIMIT_CPU, &seconds) != 0 || setrlimit(RLIMIT_DATA, &memory) != 0) {
        return err_from_errno(errno);
    }
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    TRY(sandbox_close_from(CHILD_FD + 1));
    return sandbox_enter(&request, level, /* ret_reason= */ NULL);
}

static enum err child_answer(void)
{
    AUTO(answer) answer = { 0 };
    AUTO(secret) asked = { 0 };
    AUTO(secret) passphrase = { 0 };
    AUTO(secret) answered = { 0 };
    struct question question;
    TRY(bytes_receive(CHILD_FD, &asked));
    TRY(question_read(secret_span(&asked), &question));
    TRY(secret_copy(question.passphrase, &passphrase));
    answer.err = pfx_read(question.file, &passphrase, &answer.reason, &answer.pfx);
    if (answer.err == OK && answer.pfx.key != NULL) {
        answer.err = key_to_pkcs8(answer.pfx.key, &answer.pkcs8);
    }
    TRY(message_make(answer_write, &answer, &answered));
    return bytes_send(CHILD_FD, secret_span(&answered));
}

static enum err message_make(void (*write)(struct der_writer *writer, const void *content),
    const void *content, struct secret *ret_message)
{
    AUTO(secret) message = { 0 };
    struct der_writer dry = der_writer_make(/* data= */ NULL, 0);
    size_t len = 0;
    write(&dry, content);
    TRY(der_writer_finish(&dry, &len));
    TRY(secret_new(len, &message));
    struct der_writer writer = der_writer_make(message.data, message.len);
    write(&writer, content);
    TRY(der_writer_finish(&writer, &len));
    *ret_message = message;
    message = (struct secret){ 0 };
    return OK;
}

static void question_write(struct der_writer *writer, const void *content)
{
    const struct question *question = content;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, question->passphrase);
    der_write_octets(writer, question->file);
    der_close(writer);
}

static enum err question_read(struct span der, struct question *question)
{
    struct der outer = der_reader(der), reader;
    TRY(der_enter(&outer, DER_SEQUENCE, &reader));
    TRY(der_finish(&outer));
    TRY(der_read(&reader, DER_OCTET_STRING, &question->passphrase));
    TRY(der_read(&reader, DER_OCTET_STRING, &question->file));
    return der_finish(&reader);
}

static void answer_write(struct der_writer *writer, const void *content)
{
    const struct answer *answer = content;
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
static enum err bytes_receive(int fd, struct secret *ret_bytes)
{
    AUTO(secret) whole = { 0 };
    size_t len = 0;
    ssize_t got = 1;
    TRY(secret_new(MESSAGE_BYTES, &whole));
    while (got != 0 && len < whole.len) {
        got = recv(fd, whole.data + len, whole.len - len, 0);
        if (got < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        len += got > 0 ? (size_t)got : 0;
    }
    return got != 0 ? ERR_LIMIT : secret_copy(span_make(whole.data, len), ret_bytes);
}
