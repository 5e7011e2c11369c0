/* The same steps on another host: one fixed POSIX script, everything it is told on its standard
 * input, a line each; the files behind them. Its generations lie as lib/certstore/install.h has
 * them, so that both can go on where the other was. An OCSP answer is one file and has one
 * generation before it, whose name ends as its own does: HAProxy passes such names over. */
#include "cli/ecert/deploy.h"
#include "lib/crypto/digest.h"
#include "lib/der/pem.h"
#include "lib/pki/ocsp.h"

#include <stdio.h>

/* What its exit codes beyond the first say (remote.h: REMOTE_REFUSED on). */

static const char *const refusals[REMOTE_REFUSALS] = { "deploy.refused", "deploy.test",
    "deploy.reload", "install.no_previous" };

enum { HEAD_MAX = 10 * DEPLOY_PATH_MAX };

/* POSIX sh, with mv -T, readlink, base64 and sha256sum of coreutils or busybox. What the link
 * `current` says is calculated with, and some shells run commands that stand in a number; so it is
 * a number, and the folders are nobody else's (doc/threats.md K1). */
static const char SCRIPT[] =
    "set -eu\n"
    "umask 077\n"
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
    "LC_ALL=C; export PATH LC_ALL\n"
    "refuse() { printf 'ecert: %s\\n' \"$2\" >&2; exit \"$1\"; }\n"
    "for name in verb kind certificate key config pid_file staple certificate_hash key_hash "
    "staple_hash; do\n"
    "  IFS= read -r \"$name\"\n"
    "done\n"
    "place=${certificate%/*}; base=${certificate##*/}\n"
    "cd -- \"${place:-/}\" 2>/dev/null || refuse 65 \"no such directory: $place\"\n"
    "here=$(pwd -P); [ \"$here\" != / ] || here=\n"
    "folder=.ecert-$base; whole=$here/$folder/current\n"
    "safe() {\n"
    "  [ -d \"$1\" ] && [ ! -L \"$1\" ] && ls -ldn -- \"$1\" | {\n"
    "    read -r mode _ owner _\n"
    "    case $mode in\n"
    "      ?????w* | ????????w*) false ;;\n"
    "      *) [ \"$owner\" = 0 ] || [ \"$owner\" = \"$(id -u)\" ] ;;\n"
    "    esac\n"
    "  }\n"
    "}\n"
    "for one in \"$here/.\" \"${key%/*}/.\" \"$here/$folder\"; do\n"
    "  [ ! -e \"$one\" ] && [ ! -L \"$one\" ] || safe \"$one\" ||\n"
    "    refuse 65 \"others can write there: ${one%/.}\"\n"
    "done\n"
    "current=$(readlink \"$folder/current\" 2>/dev/null || true)\n"
    "case $current in *[!0-9]*) refuse 65 \"a link is in the way: $place/$folder/current\" ;; "
    "esac\n"
    "put_link() { ln -s -- \"$1\" \"$2.new.$$\"; mv -fT -- \"$2.new.$$\" \"$2\"; }\n"
    "switch() { put_link \"$1\" \"$folder/current\"; sync; current=$1; }\n"
    "test_it() {\n"
    "  case $kind in\n"
    "    nginx) nginx ${config:+-c \"$config\"} -t -q ;;\n"
    "    apache) apachectl ${config:+-f \"$config\"} -t ;;\n"
    "    haproxy) haproxy -f \"${config:-/etc/haproxy/haproxy.cfg}\" -c -q ;;\n"
    "    postfix) postfix ${config:+-c \"$config\"} check ;;\n"
    "    dovecot) doveconf ${config:+-c \"$config\"} -n ;;\n"
    "    files) ;;\n"
    "    *) echo \"unknown kind: $kind\" >&2; false ;;\n"
    "  esac </dev/null 2>&1 >/dev/null\n"
    "}\n"
    "reload_it() {\n"
    "  case $kind in\n"
    "    nginx) nginx ${config:+-c \"$config\"} -s reload ;;\n"
    "    apache) apachectl ${config:+-f \"$config\"} -k graceful ;;\n"
    "    haproxy) if [ -n \"$pid_file\" ]; then kill -USR2 \"$(cat -- \"$pid_file\")\"\n"
    "      else systemctl reload haproxy; fi ;;\n"
    "    postfix) postfix ${config:+-c \"$config\"} reload ;;\n"
    "    dovecot) doveadm ${config:+-c \"$config\"} reload ;;\n"
    "  esac </dev/null 2>&1 >/dev/null\n"
    "}\n"
    "told() { printf '%s' \"$1\" | tr '\\n' ';'; }\n"
    "previous() {\n"
    "  best=\n"
    "  for one in \"$folder\"/[0-9]*; do\n"
    "    one=${one##*/}\n"
    "    case $one in *[!0-9]*) continue ;; esac\n"
    "    [ -n \"$current\" ] && [ \"$one\" -lt \"$current\" ] || continue\n"
    "    if [ -z \"$best\" ] || [ \"$one\" -gt \"$best\" ]; then best=$one; fi\n"
    "  done\n"
    "  [ -n \"$best\" ]\n"
    "}\n"
    "back() { if previous; then switch \"$best\"; else return 1; fi; }\n"
    "if [ \"$verb\" = back ]; then\n"
    "  back || refuse 68 \"no pair to go back to: $certificate\"\n"
    "  said=$(reload_it) || refuse 67 \"$(told \"$said\")\"\n"
    "  exit 0\n"
    "fi\n"
    "if [ \"$verb\" = take ]; then\n"
    "  said=$(test_it) || refuse 66 \"$(told \"$said\")\"\n"
    "  said=$(reload_it) || refuse 67 \"$(told \"$said\")\"\n"
    "  exit 0\n"
    "fi\n"
    "if [ \"$verb\" = staple ] || [ \"$verb\" = unstaple ]; then\n"
    "  place=${staple%/*}; name=${staple##*/}\n"
    "  before=.ecert-before.$name; new=.ecert-new.$$.$name\n"
    "  cd -- \"${place:-/}\" 2>/dev/null || refuse 65 \"no such directory: $place\"\n"
    "  here=$(pwd -P); safe \"$here/.\" || refuse 65 \"others can write there: $place\"\n"
    "  if [ \"$verb\" = unstaple ]; then\n"
    "    if [ -f \"$before\" ]; then mv -fT -- \"$before\" \"./$name\"; else rm -f -- \"./$name\"; "
    "fi\n"
    "    sync; exit 0\n"
    "  fi\n"
    "  { [ ! -e \"./$name\" ] || [ -f \"./$name\" ]; } && [ ! -L \"./$name\" ] ||\n"
    "    refuse 65 \"something is in the way: $staple\"\n"
    "  trap 'rm -rf -- \"$new\"' EXIT\n"
    "  mkdir -m 700 -- \"$new\" 2>/dev/null || refuse 65 \"cannot write: $place\"\n"
    "  ( cd -- \"$new\" && sed -n "
    "-e '/^-----BEGIN OCSP RESPONSE-----$/,/^-----END OCSP RESPONSE-----$/{/^-----/!p;}' |\n"
    "    base64 -d >answer && printf '%s  answer\\n' \"$staple_hash\" |\n"
    "    sha256sum -c >/dev/null 2>&1 ) || refuse 65 'the transfer was cut off or changed'\n"
    "  chmod 644 \"$new/answer\"\n"
    "  if [ -e \"./$name\" ]; then\n"
    "    cp -p -- \"./$name\" \"$new/before\"; sync; mv -fT -- \"$new/before\" \"$before\"\n"
    "  else rm -f -- \"$before\"; fi\n"
    "  sync; mv -fT -- \"$new/answer\" \"./$name\"; sync\n"
    "  exit 0\n"
    "fi\n"
    "look() {\n"
    "  if [ -L \"$1\" ]; then\n"
    "    [ \"$(readlink -- \"$1\")\" = \"$2\" ] || refuse 65 \"a link is in the way: $1\"\n"
    "  elif [ -e \"$1\" ] && [ ! -f \"$1\" ]; then\n"
    "    refuse 65 \"something is in the way: $1\"\n"
    "  fi\n"
    "}\n"
    "look \"$certificate\" \"$whole/certificate.pem\"\n"
    "[ -z \"$key\" ] || look \"$key\" \"$whole/key.pem\"\n"
    "[ -d \"$folder\" ] || mkdir -m 755 -- \"$folder\" 2>/dev/null || refuse 65 "
    "\"cannot write: $place\"\n"
    "new=$folder/.new.$$\n"
    "trap 'rm -rf -- \"$new\"' EXIT\n"
    "mkdir -m 755 -- \"$new\" || refuse 65 \"cannot write: $place\"\n"
    "( cd -- \"$new\" && sed -n "
    "-e '/^-----BEGIN PRIVATE KEY-----$/,/^-----END PRIVATE KEY-----$/w key.pem' "
    "-e '/^-----BEGIN CERTIFICATE-----$/,/^-----END CERTIFICATE-----$/w certificate.pem' )\n"
    "( cd -- \"$new\" && printf '%s  key.pem\\n%s  certificate.pem\\n' \"$key_hash\" "
    "\"$certificate_hash\" |\n"
    "  sha256sum -c >/dev/null 2>&1 ) || refuse 65 'the transfer was cut off or changed'\n"
    "if [ -n \"$key\" ]; then chmod 644 \"$new/certificate.pem\"\n"
    "else cat -- \"$new/key.pem\" >>\"$new/certificate.pem\"; rm -- \"$new/key.pem\"; fi\n"
    "same() { cmp -s -- \"$new/certificate.pem\" \"$folder/current/certificate.pem\" &&\n"
    "  { [ -z \"$key\" ] || cmp -s -- \"$new/key.pem\" \"$folder/current/key.pem\"; } &&\n"
    "  [ -L \"$certificate\" ] && { [ -z \"$key\" ] || [ -L \"$key\" ]; }; }\n"
    "is_file() { [ -n \"$1\" ] && [ -f \"$1\" ] && [ ! -L \"$1\" ]; }\n"
    "if ! same; then\n"
    "  if is_file \"$certificate\" || is_file \"$key\"; then\n"
    "    number=0; [ -z \"$current\" ] || number=$((current + 1))\n"
    "    rm -rf -- \"$folder/$number\"; mkdir -m 755 -- \"$folder/$number\"\n"
    "    [ ! -e \"$certificate\" ] || cp -p -- \"$certificate\" "
    "\"$folder/$number/certificate.pem\"\n"
    "    [ -z \"$key\" ] || [ ! -e \"$key\" ] || cp -p -- \"$key\" \"$folder/$number/key.pem\"\n"
    "    sync; switch \"$number\"\n"
    "    ! is_file \"$certificate\" || put_link \"$whole/certificate.pem\" \"$certificate\"\n"
    "    ! is_file \"$key\" || put_link \"$whole/key.pem\" \"$key\"\n"
    "  fi\n"
    "  before=$current; number=$((${current:-0} + 1))\n"
    "  rm -rf -- \"$folder/$number\"; mv -T -- \"$new\" \"$folder/$number\"; sync\n"
    "  switch \"$number\"\n"
    "  [ -z \"$key\" ] || [ -L \"$key\" ] || put_link \"$whole/key.pem\" \"$key\"\n"
    "  [ -L \"$certificate\" ] || put_link \"$whole/certificate.pem\" \"$certificate\"\n"
    "  for one in \"$folder\"/[0-9]*; do\n"
    "    case ${one##*/} in \"$number\" | \"$before\") ;; *) rm -rf -- \"$one\" ;; esac\n"
    "  done\n"
    "fi\n"
    "rm -rf -- \"$new\"; sync\n"
    "said=$(test_it) || { back || true; refuse 66 \"$(told \"$said\")\"; }\n"
    "said=$(reload_it) || { back && reload_it >/dev/null || true; refuse 67 \"$(told \"$said\")\"; "
    "}\n";

/* What goes behind the lines; each may be empty. */
struct parts {
    struct span key, chain; /* PEM */
    struct span staple;     /* DER */
};

static enum err order(const struct deploy_target *target, const char *verb,
    const struct parts *parts, struct reason *ret_reason);
static enum err message_make(const struct deploy_target *target, const char *verb,
    const struct parts *parts, struct secret *ret_message);
static enum err hash_format(struct span content, char ret_text[2 * SHA256_BYTES + 1]);
static enum err script_run(
    const struct deploy_target *target, struct span message, struct reason *ret_reason);

enum err deploy_there_put(const struct deploy_target *target,
    const struct deploy_material *material, struct reason *ret_reason)
{
    const struct parts pair = { .key = secret_span(&material->key_pem),
        .chain = buf_span(&material->chain_pem) };
    return order(target, "put", &pair, ret_reason);
}

enum err deploy_there_back(const struct deploy_target *target, struct reason *ret_reason)
{
    return order(target, "back", &(const struct parts){ .key = { 0 } }, ret_reason);
}

enum err deploy_there_take(const struct deploy_target *target, struct reason *ret_reason)
{
    return order(target, "take", &(const struct parts){ .key = { 0 } }, ret_reason);
}

enum err deploy_there_staple(
    const struct deploy_target *target, struct span answer, struct reason *ret_reason)
{
    return order(target, answer.len > 0 ? "staple" : "unstaple",
        &(const struct parts){ .staple = answer }, ret_reason);
}

static enum err order(const struct deploy_target *target, const char *verb,
    const struct parts *parts, struct reason *ret_reason)
{
    AUTO(secret) message = { 0 };
    TRY(message_make(target, verb, parts, &message));
    return script_run(target, secret_span(&message), ret_reason);
}

static enum err message_make(const struct deploy_target *target, const char *verb,
    const struct parts *parts, struct secret *ret_message)
{
    char key_hash[2 * SHA256_BYTES + 1], chain_hash[2 * SHA256_BYTES + 1];
    char staple_hash[2 * SHA256_BYTES + 1], head[HEAD_MAX];
    AUTO(secret) message = { 0 };
    AUTO(buf) staple_pem = buf_make(2 * OCSP_ANSWER_MAX_BYTES);
    TRY(hash_format(parts->key, key_hash));
    TRY(hash_format(parts->chain, chain_hash));
    TRY(hash_format(parts->staple, staple_hash));
    if (parts->staple.len > 0) {
        TRY(pem_write("OCSP RESPONSE", parts->staple, &staple_pem));
    }
    int len = snprintf(head, sizeof head, "%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n", verb,
        target->kind->name, target->certificate, target->key, target->config, target->pid_file,
        target->staple, chain_hash, key_hash, staple_hash);
    const struct span pieces[] = { span_make(head, (size_t)len), parts->key, parts->chain,
        buf_span(&staple_pem) };
    size_t whole = 0;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        whole += pieces[i].len;
    }
    TRY(secret_new(whole, &message));
    uint8_t *at = message.data;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (pieces[i].len > 0) {
            memcpy(at, pieces[i].data, pieces[i].len);
            at += pieces[i].len;
        }
    }
    *ret_message = message;
    message = (struct secret){ 0 };
    return OK;
}

static enum err hash_format(struct span content, char ret_text[2 * SHA256_BYTES + 1])
{
    uint8_t hash[SHA256_BYTES];
    ret_text[0] = '\0';
    if (content.len > 0) {
        TRY(sha256(content, hash));
        hex_format(SPAN_OF(hash), ret_text);
    }
    return OK;
}

static enum err script_run(
    const struct deploy_target *target, struct span message, struct reason *ret_reason)
{
    struct reason reason = { 0 };
    const char *ssh_config = target->ssh_config[0] == '\0' ? NULL : target->ssh_config;
    struct remote remote;
    int code = 0;
    TRY(remote_destination(target->to, &remote, ret_reason));
    enum err err = remote_script(remote.destination, ssh_config, SCRIPT, message, &code, &reason);
    if (err == OK) {
        return OK;
    }
    bool refused = code >= REMOTE_REFUSED && code < REMOTE_REFUSED + REMOTE_REFUSALS &&
                   refusals[code - REMOTE_REFUSED] != NULL;
    return reason_set(ret_reason, err, refused ? refusals[code - REMOTE_REFUSED] : "deploy.ssh",
        target->name, reason.seen, target->to);
}
