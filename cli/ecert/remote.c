/* The other side runs one fixed script, whatever is to be put where: directory, hashes, key and
 * certificates all come to it on standard input, so that no shell ever reads our data as commands.
 */
#include "cli/ecert/remote.h"

#include "lib/crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REMOTE_SECONDS = 60, REMOTE_SAID_MAX = 4096, REMOTE_CHANGED = 65 };

/* POSIX sh, with mktemp, mv -T and sha256sum of coreutils or busybox. Two lines that begin with an
 * exit code of its own tell its refusals from ssh's failures. */
static const char SCRIPT[] =
    "set -eu\n"
    "umask 077\n"
    "LC_ALL=C; export LC_ALL\n"
    "refuse() { printf 'ecert: %s\\n' \"$1\" >&2; exit 65; }\n"
    "IFS= read -r place; IFS= read -r key_hash; IFS= read -r chain_hash\n"
    "cd -- \"$place\" 2>/dev/null || refuse \"no such directory: $place\"\n"
    "for name in key.pem fullchain.pem; do\n"
    "  case $(readlink \"$name\" 2>/dev/null || true) in\n"
    "    .ecert/\"$name\") ;;\n"
    "    '') [ ! -e \"$name\" ] || refuse \"a file is in the way: $place/$name\" ;;\n"
    "    *) refuse \"a link is in the way: $place/$name\" ;;\n"
    "  esac\n"
    "done\n"
    "new=$(mktemp -d ./.ecert.XXXXXXXX) || refuse \"cannot write: $place\"\n"
    "trap 'rm -rf -- \"$new\"' EXIT\n"
    "( cd -- \"$new\" && sed -n "
    "-e '/^-----BEGIN PRIVATE KEY-----$/,/^-----END PRIVATE KEY-----$/w key.pem' "
    "-e '/^-----BEGIN CERTIFICATE-----$/,/^-----END CERTIFICATE-----$/w fullchain.pem' )\n"
    "( cd -- \"$new\" && printf '%s  key.pem\\n%s  fullchain.pem\\n' \"$key_hash\" \"$chain_hash\" "
    "|\n"
    "  sha256sum -c >/dev/null 2>&1 ) || refuse 'the transfer was cut off or changed'\n"
    "chmod 600 \"$new/key.pem\"; sync\n"
    "before=$(readlink .ecert 2>/dev/null || true)\n"
    "ln -s \"$new\" \"$new/link\"; mv -fT \"$new/link\" .ecert\n"
    "trap - EXIT\n"
    "for name in key.pem fullchain.pem; do\n"
    "  [ -L \"$name\" ] || ln -s \".ecert/$name\" \"$name\"\n"
    "done\n"
    "for old in ./.ecert.????????; do\n"
    "  [ \"$old\" = \"$new\" ] || [ \"$old\" = \"$before\" ] || rm -rf -- \"$old\"\n"
    "done\n"
    "sync\n";

/* A running ssh, its standard input and its standard error. */
struct session {
    pid_t pid;
    int in, out;
    struct buf said;
};
static void session_end(struct session *session);
AUTO_DEFINE(session, session_end)

static bool text_is_plain(const char *text, const char *also);
static enum err message_make(
    const struct remote *remote, const struct remote_pair *pair, struct secret *ret_message);
static enum err session_start(
    const struct remote *remote, const struct remote_pair *pair, struct session *ret_session);
static enum err session_talk(struct session *session, struct span message);
static void session_read(struct session *session);
static enum err session_result(struct session *session, enum err talked,
    const struct remote *remote, struct reason *ret_reason);
static void last_line(struct session *session, char *ret_line, size_t size);
static int64_t monotonic_now(void);

enum err remote_parse(const char *text, struct remote *ret_remote, struct reason *ret_reason)
{
    struct remote remote = { .place = "" };
    const char *at = strchr(text, '@'), *colon = strstr(text, ":/");
    const char *host = at == NULL ? text : at + 1;
    char name[REMOTE_HOST_MAX] = "", user[REMOTE_USER_MAX] = "";
    bool valid = colon != NULL && host < colon && (size_t)(colon - host) < sizeof name &&
                 (at == NULL || (at > text && (size_t)(at - text) < sizeof user)) &&
                 strlen(colon + 1) < sizeof remote.place;
    if (valid) {
        memcpy(name, host, (size_t)(colon - host));
        memcpy(user, text, at == NULL ? 0 : (size_t)(at - text));
        snprintf(remote.place, sizeof remote.place, "%s", colon + 1);
    }
    size_t len = strlen(name);
    bool bracketed = len > 2 && name[0] == '[' && name[len - 1] == ']';
    if (bracketed) {
        memmove(name, name + 1, len - 2);
        name[len - 2] = '\0';
    }
    valid = valid && text_is_plain(name, bracketed ? ":" : "") && text_is_plain(user, "_");
    for (const char *byte = remote.place; *byte != '\0'; byte++) {
        valid &= (unsigned char)*byte >= 0x20 && *byte != 0x7f;
    }
    if (!valid) {
        return reason_set(
            ret_reason, ERR_INPUT, "remote.target", text, NULL, "USER@HOST:/DIRECTORY");
    }
    snprintf(
        remote.destination, sizeof remote.destination, "%s%s%s", user, at == NULL ? "" : "@", name);
    *ret_remote = remote;
    return OK;
}

/* Letters, digits, '.', '-' and what else is allowed; no '-' at the beginning. */
static bool text_is_plain(const char *text, const char *also)
{
    bool plain = text[0] != '-';
    for (; *text != '\0'; text++) {
        bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
        bool digit = *text >= '0' && *text <= '9';
        plain &= letter || digit || *text == '.' || *text == '-' || strchr(also, *text) != NULL;
    }
    return plain;
}

enum err remote_install(
    const struct remote *remote, const struct remote_pair *pair, struct reason *ret_reason)
{
    AUTO(secret) message = { 0 };
    AUTO(session) session = { .in = -1, .out = -1, .said = buf_make(REMOTE_SAID_MAX) };
    TRY(message_make(remote, pair, &message));
    enum err err = session_start(remote, pair, &session);
    if (err != OK) {
        return reason_set(ret_reason, err, "remote.ssh", remote->destination, "ssh", NULL);
    }
    err = session_talk(&session, secret_span(&message));
    return session_result(&session, err, remote, ret_reason);
}

/* Directory and hashes, a line each; then the files, one behind the other. */
static enum err message_make(
    const struct remote *remote, const struct remote_pair *pair, struct secret *ret_message)
{
    uint8_t hash[SHA256_BYTES];
    char key_hash[2 * SHA256_BYTES + 1], chain_hash[2 * SHA256_BYTES + 1];
    char head[REMOTE_PLACE_MAX + 2 * sizeof key_hash + 8];
    AUTO(secret) message = { 0 };
    TRY(sha256(secret_span(pair->key_pem), hash));
    hex_format(SPAN_OF(hash), key_hash);
    TRY(sha256(pair->chain_pem, hash));
    hex_format(SPAN_OF(hash), chain_hash);
    int head_len = snprintf(head, sizeof head, "%s\n%s\n%s\n", remote->place, key_hash, chain_hash);
    size_t key_len = pair->key_pem->len;
    TRY(secret_new((size_t)head_len + key_len + pair->chain_pem.len, &message));
    memcpy(message.data, head, (size_t)head_len);
    memcpy(message.data + head_len, pair->key_pem->data, key_len);
    memcpy(message.data + head_len + key_len, pair->chain_pem.data, pair->chain_pem.len);
    *ret_message = message;
    message = (struct secret){ 0 };
    return OK;
}

static enum err session_start(
    const struct remote *remote, const struct remote_pair *pair, struct session *ret_session)
{
    const char *words[24] = { "ssh", "-T", "-x", "-a", "-o", "BatchMode=yes", "-o",
        "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10", "-o", "ClearAllForwardings=yes",
        "-o", "PermitLocalCommand=no" };
    size_t count = 14;
    if (pair->ssh_config != NULL) {
        words[count++] = "-F";
        words[count++] = pair->ssh_config;
    }
    words[count++] = "--";
    words[count++] = remote->destination;
    words[count++] = SCRIPT;
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0) {
        return ERR_IO;
    }
    if (pipe2(out, O_CLOEXEC) != 0) {
        close(in[0]);
        close(in[1]);
        return ERR_IO;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDERR_FILENO);
    /* posix_spawn's prototype lacks const. The environment stays: ssh needs HOME and the agent. */
    int failure = posix_spawnp(&ret_session->pid, words[0], &actions, /* attrp= */ NULL,
        (char *const *)(uintptr_t)words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    ret_session->in = in[1];
    ret_session->out = out[0];
    ret_session->pid = failure == 0 ? ret_session->pid : 0;
    (void)fcntl(ret_session->in, F_SETFL, O_NONBLOCK);
    return failure == 0 ? OK : err_from_errno(failure);
}

/* Writes and listens until the other side is done. Words beyond the maximum are read and dropped.
 */
static enum err session_talk(struct session *session, struct span message)
{
    int64_t deadline = monotonic_now() + REMOTE_SECONDS;
    while (session->out >= 0) {
        struct pollfd waits[] = { { session->out, POLLIN, 0 }, { session->in, POLLOUT, 0 } };
        int64_t left = deadline - monotonic_now();
        int ready = left <= 0 ? 0 : poll(waits, session->in >= 0 ? 2 : 1, (int)left * 1000);
        if (ready <= 0 && !(ready < 0 && errno == EINTR)) {
            return ERR_TIMEOUT;
        }
        if (session->in >= 0 && waits[1].revents != 0) {
            ssize_t sent = write(session->in, message.data, message.len);
            message =
                sent > 0 ? span_make(message.data + sent, message.len - (size_t)sent) : message;
            bool over = message.len == 0 || (sent < 0 && errno != EAGAIN && errno != EINTR);
            if (over) {
                close(session->in);
                session->in = -1;
            }
        }
        if (waits[0].revents != 0) {
            session_read(session);
        }
    }
    return OK;
}

static void session_read(struct session *session)
{
    uint8_t piece[1024];
    ssize_t got = read(session->out, piece, sizeof piece);
    if (got <= 0) {
        close(session->out);
        session->out = -1;
        return;
    }
    size_t room = REMOTE_SAID_MAX - session->said.len;
    buf_append(&session->said, span_make(piece, (size_t)got < room ? (size_t)got : room));
}

static enum err session_result(struct session *session, enum err talked,
    const struct remote *remote, struct reason *ret_reason)
{
    char seen[REASON_TEXT_MAX];
    int status = 0;
    if (talked != OK) {
        return reason_set(
            ret_reason, talked, "remote.ssh", remote->destination, err_name(talked), NULL);
    }
    while (waitpid(session->pid, &status, 0) < 0 && errno == EINTR) {
        continue;
    }
    session->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return OK;
    }
    bool refused = WIFEXITED(status) && WEXITSTATUS(status) == REMOTE_CHANGED;
    last_line(session, seen, sizeof seen);
    return reason_set(ret_reason, ERR_DENIED, refused ? "remote.refused" : "remote.ssh",
        remote->destination, seen, NULL);
}

static void last_line(struct session *session, char *ret_line, size_t size)
{
    struct span said = buf_span(&session->said);
    while (said.len > 0 && (said.data[said.len - 1] == '\n' || said.data[said.len - 1] == '\r')) {
        said.len--;
    }
    const uint8_t *start = said.len == 0 ? NULL : memrchr(said.data, '\n', said.len);
    if (start != NULL) {
        said = span_make(start + 1, said.len - (size_t)(start + 1 - said.data));
    }
    said.len = said.len < size ? said.len : size - 1;
    if (said.len == 0 || !span_to_text(said, ret_line, size)) {
        ret_line[0] = '\0';
    }
}

static void session_end(struct session *session)
{
    if (session->in >= 0) {
        close(session->in);
    }
    if (session->out >= 0) {
        close(session->out);
    }
    if (session->pid > 0) {
        (void)kill(session->pid, SIGTERM);
        (void)waitpid(session->pid, NULL, 0);
    }
    buf_release(&session->said);
}

static int64_t monotonic_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}
