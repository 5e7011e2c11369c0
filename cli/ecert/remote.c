/* The other side runs one fixed script, whatever is to be put where: directory, hashes, key and
 * certificates all come to it on standard input, so that no shell ever reads our data as commands.
 */
#include "cli/ecert/remote.h"

#include "cli/ecert/child.h"
#include "lib/crypto/digest.h"

#include <assert.h>
#include <stdio.h>

enum { REMOTE_SECONDS = 60, HEAD_MAX = REMOTE_PLACE_MAX + sizeof(struct remote_hashes) + 4 };

/* POSIX sh, with mktemp, mv -T and sha256sum of coreutils or busybox. Lines that begin with an exit
 * code of its own tell its refusals from ssh's failures. What both scripts begin with: */
#define BEGIN                                                                                      \
    "set -eu\n"                                                                                    \
    "umask 077\n"                                                                                  \
    "LC_ALL=C; export LC_ALL\n"                                                                    \
    "refuse() { printf 'ecert: %s\\n' \"$1\" >&2; exit 65; }\n"                                    \
    "IFS= read -r place; IFS= read -r key_hash; IFS= read -r chain_hash\n"                         \
    "cd -- \"$place\" 2>/dev/null || refuse \"no such directory: $place\"\n"                       \
    "safe() {\n"                                                                                   \
    "  ls -ldn -- \"$1\" | {\n"                                                                    \
    "    read -r mode _ owner _\n"                                                                 \
    "    case $mode in\n"                                                                          \
    "      d????w* | d???????w*) false ;;\n"                                                       \
    "      d*) [ \"$owner\" = 0 ] || [ \"$owner\" = \"$(id -u)\" ] ;;\n"                           \
    "      *) false ;;\n"                                                                          \
    "    esac\n"                                                                                   \
    "  }\n"                                                                                        \
    "}\n"                                                                                          \
    "here=$(pwd -P)\n"                                                                             \
    "safe \"$here/.\" || refuse \"others can write there: $place\"\n"                              \
    "ours() {\n"                                                                                   \
    "  ( cd -- \"$1\" 2>/dev/null &&\n"                                                            \
    "    printf '%s  key.pem\\n%s  fullchain.pem\\n' \"$key_hash\" \"$chain_hash\" |\n"            \
    "    sha256sum -c >/dev/null 2>&1 )\n"                                                         \
    "}\n"

static const char SCRIPT[] =
    BEGIN "for name in key.pem fullchain.pem; do\n"
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
          "ours \"$new\" || refuse 'the transfer was cut off or changed'\n"
          "before=$(readlink .ecert 2>/dev/null || true)\n"
          "printf '%s\\n' \"$before\" >\"$new/before\"\n"
          "chmod 600 \"$new/key.pem\"; sync\n"
          "ln -s \"$new\" \"$new/link\"; mv -fT \"$new/link\" .ecert\n"
          "trap - EXIT\n"
          "for name in key.pem fullchain.pem; do\n"
          "  [ -L \"$name\" ] || ln -s \".ecert/$name\" \"$name\"\n"
          "done\n"
          "for old in ./.ecert.????????; do\n"
          "  [ \"$old\" = \"$new\" ] || [ \"$old\" = \"$before\" ] || rm -rf -- \"$old\"\n"
          "done\n"
          "sync\n";

/* 66: nothing of it is there. A pair without the link is one whose taking back was cut off. */
enum { NOTHING_THERE = 66 };
static const char BACK_SCRIPT[] =
    BEGIN "now=$(readlink .ecert 2>/dev/null || true)\n"
          "if [ -z \"$now\" ] || ! ours \"$now\"; then\n"
          "  for one in ./.ecert.????????; do\n"
          "    ours \"$one\" || continue\n"
          "    [ -z \"$now\" ] || refuse \"another pair has been put there since: $place\"\n"
          "    rm -rf -- \"$one\"; sync; exit 0\n"
          "  done\n"
          "  exit 66\n"
          "fi\n"
          "before=$(cat -- \"$now/before\" 2>/dev/null || true)\n"
          "case $before in\n"
          "  '')\n"
          "    for name in key.pem fullchain.pem; do\n"
          "      [ \"$(readlink \"$name\" 2>/dev/null || true)\" != \".ecert/$name\" ] || rm -f -- "
          "\"$name\"\n"
          "    done\n"
          "    rm -f .ecert ;;\n"
          "  ./.ecert.????????" /* no trigraph */ ")\n"
          "    [ -d \"$before\" ] && [ ! -L \"$before\" ] || refuse \"the pair before is no longer "
          "there: $place\"\n"
          "    ln -s \"$before\" \"$now/link\"; mv -fT \"$now/link\" .ecert ;;\n"
          "  *) refuse \"the pair before is not known: $place\" ;;\n"
          "esac\n"
          "sync; rm -rf -- \"$now\"; sync\n";

static bool text_is_plain(const char *text, const char *also);
static enum err message_make(
    const struct remote *remote, const struct remote_pair *pair, struct secret *ret_message);
static size_t head_write(
    const struct remote *remote, const struct remote_hashes *hashes, char ret_head[HEAD_MAX]);

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

enum err remote_destination(const char *text, struct remote *ret_remote, struct reason *ret_reason)
{
    char whole[REMOTE_USER_MAX + REMOTE_HOST_MAX + 8];
    int len = snprintf(whole, sizeof whole, "%s:/", text);
    bool fits = len > 0 && (size_t)len < sizeof whole && strchr(text, '/') == NULL;
    if (!fits || remote_parse(whole, ret_remote, /* ret_reason= */ NULL) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "remote.host", text, NULL, "USER@HOST");
    }
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
    TRY(message_make(remote, pair, &message));
    return remote_script(remote->destination, pair->ssh_config, SCRIPT, secret_span(&message),
        /* ret_code= */ NULL, ret_reason);
}

enum err remote_take_back(const struct remote *remote, const struct remote_hashes *hashes,
    const char *ssh_config, struct reason *ret_reason)
{
    char head[HEAD_MAX];
    int code = 0;
    struct reason reason = { 0 };
    size_t len = head_write(remote, hashes, head);
    enum err err = remote_script(remote->destination, ssh_config, BACK_SCRIPT,
        span_make((const uint8_t *)head, len), &code, &reason);
    if (err != OK && code == NOTHING_THERE) {
        return ERR_NOT_FOUND;
    }
    bool refused = strcmp(reason.code, "remote.refused") == 0;
    return err == OK ? OK
                     : reason_set(ret_reason, err, refused ? "remote.back" : reason.code,
                           reason.field, reason.seen, reason.expected);
}

enum err remote_script(const char *destination, const char *ssh_config, const char *script,
    struct span input, int *ret_code, struct reason *ret_reason)
{
    const char *words[24] = { "ssh", "-T", "-x", "-a", "-o", "BatchMode=yes", "-o",
        "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10", "-o", "ClearAllForwardings=yes",
        "-o", "PermitLocalCommand=no" };
    size_t count = 14;
    struct child_end end = { .code = 0 };
    if (ssh_config != NULL) {
        words[count++] = "-F";
        words[count++] = ssh_config;
    }
    words[count++] = "--";
    words[count++] = destination;
    words[count++] = script;
    const struct child_request request = {
        .words = words,
        .own_environment = true,
        .input = input,
        .seconds = REMOTE_SECONDS,
    };
    enum err err = child_run(&request, &end);
    if (err != OK) {
        return reason_set(ret_reason, err, "remote.ssh", destination, err_name(err), NULL);
    }
    if (ret_code != NULL) {
        *ret_code = end.code;
    }
    if (end.code == 0) {
        return OK;
    }
    bool refused = end.code >= REMOTE_REFUSED && end.code < REMOTE_REFUSED + REMOTE_REFUSALS;
    return reason_set(ret_reason, ERR_DENIED, refused ? "remote.refused" : "remote.ssh",
        destination, end.said, NULL);
}

/* Directory and hashes, a line each; then the files, one behind the other. */
static enum err message_make(
    const struct remote *remote, const struct remote_pair *pair, struct secret *ret_message)
{
    struct remote_hashes hashes;
    char head[HEAD_MAX];
    AUTO(secret) message = { 0 };
    TRY(remote_hash(pair, &hashes));
    size_t head_len = head_write(remote, &hashes, head), key_len = pair->key_pem->len;
    TRY(secret_new(head_len + key_len + pair->chain_pem.len, &message));
    memcpy(message.data, head, head_len);
    memcpy(message.data + head_len, pair->key_pem->data, key_len);
    memcpy(message.data + head_len + key_len, pair->chain_pem.data, pair->chain_pem.len);
    *ret_message = message;
    message = (struct secret){ 0 };
    return OK;
}

enum err remote_hash(const struct remote_pair *pair, struct remote_hashes *ret_hashes)
{
    uint8_t hash[SHA256_BYTES];
    TRY(sha256(secret_span(pair->key_pem), hash));
    hex_format(SPAN_OF(hash), ret_hashes->key);
    TRY(sha256(pair->chain_pem, hash));
    hex_format(SPAN_OF(hash), ret_hashes->chain);
    return OK;
}

static size_t head_write(
    const struct remote *remote, const struct remote_hashes *hashes, char ret_head[HEAD_MAX])
{
    int len =
        snprintf(ret_head, HEAD_MAX, "%s\n%s\n%s\n", remote->place, hashes->key, hashes->chain);
    assert(len > 0 && len < HEAD_MAX);
    return (size_t)len;
}
