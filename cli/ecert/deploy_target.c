/* What server programs are called and how each is tested and reloaded is a table; so are a target's
 * texts. None of them is ever read by a shell here. */
#include "cli/ecert/deploy_target.h"

#include "cli/ecert/deploy_window.h"
#include "cli/ecert/endpoint.h"
#include "lib/base/file.h"

#include <ctype.h>
#include <stdio.h>

static const struct deploy_kind kinds[] = {
    {
        .name = "nginx",
        .test = { "nginx", "-t", "-q" },
        .reload = { "nginx", "-s", "reload" },
        .config_option = "-c",
        .staples = true,
        .staple_lines = "ssl_stapling on; ssl_stapling_file FILE;",
        .key_line = "ssl_certificate_key \"engine:pkcs11:%s\";\n",
        .certificate = "/etc/nginx/tls/%s.crt",
        .key = "/etc/nginx/tls/%s.key",
        .port = 443,
    },
    {
        .name = "apache",
        .test = { "apachectl", "-t" },
        .reload = { "apachectl", "-k", "graceful" },
        .config_option = "-f",
        .staples_itself = true,
        .staple_lines = "SSLStaplingCache shmcb:ssl_stapling(32768); SSLUseStapling on",
        .key_line = "SSLCertificateKeyFile \"%s\"\n",
        .certificate = "/etc/apache2/tls/%s.crt",
        .key = "/etc/apache2/tls/%s.key",
        .port = 443,
    },
    {
        .name = "haproxy",
        .one_file = true,
        .test = { "haproxy", "-c", "-q" },
        .reload = { "systemctl", "reload", "haproxy" },
        .config_option = "-f",
        .config_default = "/etc/haproxy/haproxy.cfg",
        .staples = true,
        .staple_suffix = ".ocsp",
        .staple_lines = "bind ADDRESS ssl crt CERTIFICATE",
        .by_signal = true,
        .certificate = "/etc/haproxy/tls/%s.pem",
        .port = 443,
    },
    {
        .name = "postfix",
        .test = { "postfix", "check" },
        .reload = { "postfix", "reload" },
        .config_option = "-c",
        .certificate = "/etc/postfix/tls/%s.crt",
        .key = "/etc/postfix/tls/%s.key",
        .port = 25,
    },
    {
        .name = "dovecot",
        .test = { "doveconf", "-n" },
        .reload = { "doveadm", "reload" },
        .config_option = "-c",
        .certificate = "/etc/dovecot/tls/%s.crt",
        .key = "/etc/dovecot/tls/%s.key",
        .port = 993,
    },
    {
        .name = "files",
        .either = true,
        .staples = true,
        .certificate = "/etc/ssl/ecert/%s.crt",
        .key = "/etc/ssl/ecert/%s.key",
        .port = 443,
    },
};

static const struct {
    const char *name;
    size_t offset, size; /* of a text; 0: the kind */
} fields[] = {
#define TEXT(member)                                                                               \
    offsetof(struct deploy_target, member), sizeof((struct deploy_target *)0)->member
    { "kind", 0, 0 },
    { "to", TEXT(to) },
    { "ssh_config", TEXT(ssh_config) },
    { "certificate", TEXT(certificate) },
    { "key", TEXT(key) },
    { "pin_source", TEXT(pin_source) },
    { "config", TEXT(config) },
    { "pid_file", TEXT(pid_file) },
    { "staple", TEXT(staple) },
    { "check", TEXT(check) },
    { "window", TEXT(window) },
#undef TEXT
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static enum err wrong(const struct deploy_target *target, const char *code, const char *seen,
    const char *expected, struct reason *ret_reason);
static enum err staple_check(const struct deploy_target *target, struct reason *ret_reason);
static enum err staple_none(const struct deploy_target *target, struct reason *ret_reason);
static enum err staple_itself_check(const struct deploy_target *target, struct reason *ret_reason);
static bool is_same(const struct deploy_target *target, const char *path, const char *other);
static enum err path_check(
    const struct deploy_target *target, const char *field, struct reason *ret_reason);
static const char *field_find(const struct deploy_target *target, const char *field);

const struct deploy_kind *deploy_kind_at(size_t index)
{
    return index < sizeof kinds / sizeof kinds[0] ? &kinds[index] : NULL;
}

const struct deploy_kind *deploy_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

void deploy_name_propose(const char *kind, const char *to, char ret_name[LEDGER_NAME_MAX])
{
    snprintf(ret_name, LEDGER_NAME_MAX, "%.16s%s%.46s", kind, to[0] == '\0' ? "" : "-", to);
    for (char *byte = ret_name; *byte != '\0'; byte++) {
        *byte = strchr("[]:", *byte) != NULL ? '_' : *byte;
    }
}

const char *deploy_field_name(size_t index)
{
    return index < FIELDS ? fields[index].name : NULL;
}

const char *deploy_field_get(const struct deploy_target *target, size_t index)
{
    if (fields[index].size == 0) {
        return target->kind == NULL ? "" : target->kind->name;
    }
    return (const char *)target + fields[index].offset;
}

enum err deploy_field_set(
    struct deploy_target *target, const char *field, const char *value, struct reason *ret_reason)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(fields[i].name, field) != 0) {
            continue;
        }
        if (fields[i].size == 0) {
            target->kind = deploy_kind_find(value);
            return target->kind != NULL
                       ? OK
                       : reason_set(ret_reason, ERR_INPUT, "deploy.kind", target->name, value,
                             "nginx, apache, haproxy, postfix, dovecot, files");
        }
        size_t len = strlen(value);
        if (len >= fields[i].size) {
            return reason_set(ret_reason, ERR_INPUT, "deploy.long", target->name, field, NULL);
        }
        memcpy((char *)target + fields[i].offset, value, len + 1);
        return OK;
    }
    return reason_set(ret_reason, ERR_INPUT, "deploy.missing", target->name, field, NULL);
}

enum err deploy_target_check(const struct deploy_target *target, struct reason *ret_reason)
{
    if (!ledger_name_valid(target->name)) {
        return wrong(target, "deploy.name", target->name, "a-z A-Z 0-9 . _ - @", ret_reason);
    }
    if (target->kind == NULL) {
        return wrong(target, "deploy.missing", NULL, "kind", ret_reason);
    }
    for (size_t i = 0; i < FIELDS; i++) {
        TRY(deploy_field_check(target, fields[i].name, ret_reason));
    }
    if (target->certificate[0] == '\0') {
        return wrong(target, "deploy.missing", NULL, "certificate", ret_reason);
    }
    if (target->kind->one_file && target->key[0] != '\0') {
        return wrong(target, "deploy.one_file", target->key, NULL, ret_reason);
    }
    if (is_same(target, target->certificate, target->key)) {
        return wrong(target, target->kind->either ? "deploy.same_file_either" : "deploy.same_file",
            target->key, NULL, ret_reason);
    }
    if (!target->kind->one_file && !target->kind->either && target->key[0] == '\0') {
        return wrong(target, "deploy.missing", NULL, "key", ret_reason);
    }
    return target->staple[0] == '\0' ? OK : staple_check(target, ret_reason);
}

/* On another host only what is written can be compared; "" is no file. */
static bool is_same(const struct deploy_target *target, const char *path, const char *other)
{
    return other[0] != '\0' &&
           (target->to[0] != '\0' ? path_same(path, other) : file_same(path, other));
}

/* Postfix and Dovecot hand out none. An answer is for everybody to read: over the key's file it
 * would be written, and what stood there put back, open to all. */
static enum err staple_check(const struct deploy_target *target, struct reason *ret_reason)
{
    const struct deploy_kind *kind = target->kind;
    char place[DEPLOY_PATH_MAX + 16];
    if (kind->staples_itself) {
        return strcmp(target->staple, DEPLOY_STAPLE_ITSELF) == 0
                   ? OK
                   : wrong(target, "deploy.staple_itself", target->staple, DEPLOY_STAPLE_ITSELF,
                         ret_reason);
    }
    if (!kind->staples) {
        return staple_none(target, ret_reason);
    }
    if (is_same(target, target->staple, target->certificate) ||
        is_same(target, target->staple, target->key)) {
        return wrong(target, "deploy.staple_taken", target->staple, NULL, ret_reason);
    }
    snprintf(place, sizeof place, "%s%s", target->certificate,
        kind->staple_suffix == NULL ? "" : kind->staple_suffix);
    return kind->staple_suffix == NULL || strcmp(place, target->staple) == 0
               ? OK
               : wrong(target, "deploy.staple_place", target->staple, place, ret_reason);
}

static enum err staple_none(const struct deploy_target *target, struct reason *ret_reason)
{
    return wrong(
        target, "deploy.staple", target->kind->name, "nginx, apache, haproxy, files", ret_reason);
}

enum err deploy_field_check(
    const struct deploy_target *target, const char *field, struct reason *ret_reason)
{
    struct remote remote;
    struct endpoint endpoint;
    struct deploy_window window;
    if (strcmp(field, "to") == 0 && target->to[0] != '\0') {
        return remote_destination(target->to, &remote, ret_reason);
    }
    if (strcmp(field, "check") == 0 && target->check[0] != '\0') {
        return endpoint_parse(target->check, target->kind->port, &endpoint, ret_reason);
    }
    if (strcmp(field, "window") == 0 && deploy_window_parse(target->window, &window) != OK) {
        return wrong(target, "deploy.window", target->window, "Sat,Sun 02:00-04:00", ret_reason);
    }
    return path_check(target, field, ret_reason);
}

/* The word in the place of a path, which only a program that fetches them can be given. */
static enum err staple_itself_check(const struct deploy_target *target, struct reason *ret_reason)
{
    return target->kind->staples_itself ? OK
           : target->kind->staples      ? wrong(target, "deploy.staple_file", DEPLOY_STAPLE_ITSELF,
                                              "/DIRECTORY/FILE", ret_reason)
                                        : staple_none(target, ret_reason);
}

/* From the root, plain enough to stand in a line of its own. What is no path is passed over. */
static enum err path_check(
    const struct deploy_target *target, const char *field, struct reason *ret_reason)
{
    static const char *const paths[] = { "ssh_config", "certificate", "key", "pin_source", "config",
        "pid_file", "staple" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (strcmp(paths[i], field) != 0) {
            continue;
        }
        const char *text = field_find(target, field);
        bool itself = strcmp(field, "staple") == 0 && strcmp(text, DEPLOY_STAPLE_ITSELF) == 0;
        if (itself) {
            return staple_itself_check(target, ret_reason);
        }
        size_t len = strlen(text);
        bool absolute = len == 0 || (text[0] == '/' && text[len - 1] != '/');
        if (!absolute || (len > 0 && !utf8_plain(span_from_text(text)))) {
            return wrong(target, "deploy.path", text, "/DIRECTORY/FILE", ret_reason);
        }
    }
    return OK;
}

static const char *field_find(const struct deploy_target *target, const char *field)
{
    size_t at = 0;
    while (strcmp(fields[at].name, field) != 0) {
        at++;
    }
    return deploy_field_get(target, at);
}

static enum err wrong(const struct deploy_target *target, const char *code, const char *seen,
    const char *expected, struct reason *ret_reason)
{
    return reason_set(ret_reason, ERR_INPUT, code, target->name, seen, expected);
}

/* Both programs read a value in quotes and put variables in it; a URI needs neither (RFC 7512 §2.3:
 * any octet may be percent-encoded). */
static void uri_append(struct buf *line, const char *text, const char *marks)
{
    for (const char *byte = text; *byte != '\0'; byte++) {
        bool plain = isalnum((unsigned char)*byte) != 0 || strchr(marks, *byte) != NULL;
        buf_append_format(line, plain ? "%c" : "%%%02X", (unsigned char)*byte);
    }
}

enum err deploy_key_line(
    const struct deploy_target *target, const char *token_uri, struct buf *line)
{
    AUTO(buf) uri = buf_make(4 * DEPLOY_PATH_MAX);
    if (target->kind->key_line == NULL || target->to[0] != '\0') {
        return ERR_UNSUPPORTED;
    }
    uri_append(&uri, token_uri, "-._~:;=/?@%+,&");
    if (target->pin_source[0] != '\0') {
        buf_append_text(&uri, "?pin-source=file:");
        uri_append(&uri, target->pin_source, "-._~/");
    }
    TRY(buf_check(&uri));
    const char *hole = strstr(target->kind->key_line, "%s");
    buf_append(line, span_make(target->kind->key_line, (size_t)(hole - target->kind->key_line)));
    buf_append(line, buf_span(&uri));
    buf_append_text(line, hole + 2);
    return buf_check(line);
}

bool deploy_staples_from_file(const struct deploy_target *target)
{
    return target->staple[0] != '\0' && !target->kind->staples_itself;
}

void deploy_words(const struct deploy_target *target, const char *const *words, bool plain,
    const char *ret_words[DEPLOY_WORDS_MAX + 2])
{
    const struct deploy_kind *kind = target->kind;
    const char *config = target->config[0] != '\0' ? target->config : kind->config_default;
    size_t count = 0;
    for (size_t i = 0; words[i] != NULL; i++) {
        ret_words[count++] = words[i];
        if (i == 0 && config != NULL && !plain) {
            ret_words[count++] = kind->config_option;
            ret_words[count++] = config;
        }
    }
    ret_words[count] = NULL;
}
