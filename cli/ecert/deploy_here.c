/* The steps on this host: the pair by lib/certstore/install.h, then the program's own test, then
 * its own reload. A test that fails puts the pair before back without the server having seen the
 * new one. */
#include "cli/ecert/child.h"
#include "cli/ecert/deploy.h"
#include "lib/certstore/install.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { PROGRAM_SECONDS = 60, PID_TEXT_MAX = 32 };

static const char *key_of(const struct deploy_target *target);
static enum err program(const struct deploy_target *target, const char *const *words, bool plain,
    const char *code, struct reason *ret_reason);
static enum err reload(const struct deploy_target *target, struct reason *ret_reason);
static enum err signal_send(const struct deploy_target *target, struct reason *ret_reason);
static bool pid_read(const char *path, long *ret_pid);

enum err deploy_put(const struct deploy_target *target, const struct deploy_material *material,
    struct reason *ret_reason)
{
    if (target->to[0] != '\0') {
        return deploy_there_put(target, material, ret_reason);
    }
    AUTO(buf) line = buf_make(DEPLOY_LINE_MAX);
    TRY(deploy_material_line(material, target, &line, ret_reason));
    const struct install_request request = {
        .certificate_path = target->certificate,
        .key_path = key_of(target),
        .full_chain = buf_span(&material->chain_pem),
        .key = material->key,
        .key_line = buf_span(&line),
    };
    TRY(certstore_install(&request, ret_reason));
    enum err err =
        program(target, target->kind->test, /* plain= */ false, "deploy.test", ret_reason);
    if (err != OK) {
        (void)!certstore_install_back(target->certificate, key_of(target), /* ret_reason= */ NULL);
        return err;
    }
    err = reload(target, ret_reason);
    if (err != OK) {
        (void)!deploy_back(target, /* ret_reason= */ NULL);
    }
    return err;
}

enum err deploy_back(const struct deploy_target *target, struct reason *ret_reason)
{
    if (target->to[0] != '\0') {
        return deploy_there_back(target, ret_reason);
    }
    TRY(certstore_install_back(target->certificate, key_of(target), ret_reason));
    return reload(target, ret_reason);
}

enum err deploy_take(const struct deploy_target *target, struct reason *ret_reason)
{
    if (target->to[0] != '\0') {
        return deploy_there_take(target, ret_reason);
    }
    TRY(program(target, target->kind->test, /* plain= */ false, "deploy.test", ret_reason));
    return reload(target, ret_reason);
}

static const char *key_of(const struct deploy_target *target)
{
    return target->key[0] == '\0' ? NULL : target->key;
}

/* `words` may be empty: then there is nothing to do. */
static enum err program(const struct deploy_target *target, const char *const *words, bool plain,
    const char *code, struct reason *ret_reason)
{
    const char *whole[DEPLOY_WORDS_MAX + 2];
    struct child_end end;
    if (words[0] == NULL) {
        return OK;
    }
    deploy_words(target, words, plain, whole);
    const struct child_request request = { .words = whole, .seconds = PROGRAM_SECONDS };
    enum err err = child_run(&request, &end);
    if (err != OK) {
        return reason_set(ret_reason, err, code, target->name, err_name(err), words[0]);
    }
    return end.code == 0
               ? OK
               : reason_set(ret_reason, ERR_DENIED, code, target->name, end.words, words[0]);
}

static enum err reload(const struct deploy_target *target, struct reason *ret_reason)
{
    const struct deploy_kind *kind = target->kind;
    return kind->by_signal && target->pid_file[0] != '\0'
               ? signal_send(target, ret_reason)
               : program(target, kind->reload, kind->by_signal, "deploy.reload", ret_reason);
}

/* HAProxy's master process reads everything anew (management guide, §4). */
static enum err signal_send(const struct deploy_target *target, struct reason *ret_reason)
{
    long pid;
    if (!pid_read(target->pid_file, &pid)) {
        return reason_set(
            ret_reason, ERR_NOT_FOUND, "deploy.reload", target->name, target->pid_file, NULL);
    }
    return kill((pid_t)pid, SIGUSR2) == 0
               ? OK
               : reason_set(ret_reason, err_from_errno(errno), "deploy.reload", target->name,
                     strerror(errno), NULL);
}

static bool pid_read(const char *path, long *ret_pid)
{
    char text[PID_TEXT_MAX] = "", *end;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        close(fd);
    }
    *ret_pid = strtol(text, &end, 10);
    return got > 0 && *ret_pid > 1 && (*end == '\0' || *end == '\n');
}
