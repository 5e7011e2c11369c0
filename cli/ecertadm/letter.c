/* `letter list` and `letter print`. The file is made before the letter is asked for, because the
 * courier erases its copy when it hands it out. */
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/wire/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static enum err letter_fetch(struct call *call, const char *reference, int out_fd);

enum err letter_list_run(struct call *call)
{
    struct request request = request_make(CONTROL_LETTER_LIST, nothing_write, NULL);
    struct courier_letters letters = { 0 };
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, NULL, 0, NULL, 0));
    TRY(call_registrar(call, &request, &answer));
    TRY(courier_letters_read(&answer.body, &arena, &letters));
    struct value *list = value_list(&tree);
    for (size_t i = 0; i < letters.count; i++) {
        char rendered[TIME_TEXT_MAX];
        struct value *object = value_add_object(&tree, list);
        time_format_rfc3339(letters.letters[i].rendered, rendered);
        value_put_text(&tree, object, "reference", letters.letters[i].reference);
        value_put_text(&tree, object, "rendered", rendered);
    }
    TRY(value_tree_check(&tree));
    return call_print(call, list);
}

enum err letter_print_run(struct call *call)
{
    const char *out = NULL;
    const char *reference = NULL;
    struct option_value options[] = { { "--out", &out, 1, 0 } };
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, options, 1, &reference, 1));
    if (out == NULL) {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--out", NULL, NULL);
    }
    int fd = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return reason_set(&call->reason, err_from_errno(errno), "output.file", out, strerror(errno),
            "a new file");
    }
    enum err err = letter_fetch(call, reference, fd);
    if (close(fd) != 0 && err == OK) {
        err = err_from_errno(errno);
    }
    if (err != OK) {
        unlink(out);
        return err;
    }
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "reference", reference);
    value_put_text(&tree, object, "file", out);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

static enum err letter_fetch(struct call *call, const char *reference, int out_fd)
{
    struct courier_print print = { 0 };
    struct request request = request_make(CONTROL_LETTER_PRINT, courier_print_write, &print);
    AUTO(answer) answer = answer_none();
    AUTO(mapping) letter = { 0 };
    if (!span_to_text(span_from_text(reference), print.reference, sizeof print.reference)) {
        return reason_set(
            &call->reason, ERR_NOT_FOUND, "letter.unknown", "REFERENCE", reference, "9 digits");
    }
    TRY(call_registrar(call, &request, &answer));
    TRY(channel_memfd_map(answer.fd, LETTER_MAX_BYTES, &letter));
    TRY(fd_write_all(out_fd, letter.content));
    return fsync(out_fd) == 0 ? OK : err_from_errno(errno);
}
