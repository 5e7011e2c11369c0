/* ecert crl write FILE: the store's lists as one file of PEM, for a server program that looks at
 * its clients' certificates (nginx ssl_crl, Apache SSLCARevocationFile, HAProxy crl-file). The file
 * is switched by one rename; where it is right already nothing is touched, so that a timer knows
 * whether to reload. */
#include "cli/ecert/chain.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/certstore/lists.h"
#include "lib/der/pem.h"

#include <stdio.h>

static enum err lists_render(
    struct tool *tool, const struct revocation_lists *lists, struct buf *file, size_t *ret_count);

enum exit_code command_crl_write(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(revocation_lists) lists = { 0 };
    AUTO(buf) file = buf_make(FILE_MAX_BYTES), before = { 0 };
    struct reason reason = { 0 };
    size_t count = 0;
    const char *path = arguments->operands[0];
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = certstore_lists(store, clock_now(&tool->clock), &lists);
    err = err == OK ? lists_render(tool, &lists, &file, &count) : err;
    if (err == OK && count == 0) {
        err = reason_set(&reason, ERR_NOT_FOUND, "crl.none", path, NULL, NULL);
    }
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    bool same = file_read(path, FILE_MAX_BYTES, &before) == OK &&
                span_equal(buf_span(&before), buf_span(&file));
    err = same ? OK : file_replace(path, buf_span(&file), 0644);
    if (err != OK) {
        reason_set(&reason, err, "tool.file_write", path, err_name(err), NULL);
        return screen_failure(tool, err, &reason);
    }
    char number[24];
    snprintf(number, sizeof number, "%zu", count);
    const struct placeholder values[] = { { "file", path }, { "n", number }, { NULL, NULL } };
    screen_step(tool, same ? "tool.crl_file_same" : "tool.crl_file", values);
    value_put_text(&tool->tree, tool->result, "file", path);
    value_put_integer(&tool->tree, tool->result, "lists", (int64_t)count);
    value_put_bool(&tool->tree, tool->result, "new", !same);
    return same ? EXIT_NOTHING : EXIT_DONE;
}

/* One that no CA of ours signed is left out. One past its time is told, and goes along: what it
 * revokes stays revoked. */
static enum err lists_render(
    struct tool *tool, const struct revocation_lists *lists, struct buf *file, size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i < lists->count; i++) {
        const struct revocation_list *list = &lists->items[i];
        char name[CHAIN_NAME_MAX];
        if (list->state == LIST_UNSIGNED) {
            continue;
        }
        chain_name(list->crl.issuer, name);
        const struct placeholder values[] = { { "name", name }, { NULL, NULL } };
        if (list->state == LIST_STALE) {
            screen_message(tool, "tool.crl_file_stale", values);
        }
        TRY(pem_write("X509 CRL", list->crl.der, file));
        *ret_count += 1;
    }
    return buf_check(file);
}
