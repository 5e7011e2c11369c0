/* Names of errors, and the one way a reason is filled. */
#include "lib/base/err.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const char *const err_names[ERR_COUNT] = {
    [OK] = "ok",
    [ERR_INPUT] = "bad input",
    [ERR_NOT_FOUND] = "not found",
    [ERR_DENIED] = "denied",
    [ERR_CONFLICT] = "conflict",
    [ERR_LIMIT] = "limit exceeded",
    [ERR_AGAIN] = "temporary failure",
    [ERR_TIMEOUT] = "deadline passed",
    [ERR_IO] = "input/output error",
    [ERR_NO_SPACE] = "disk full",
    [ERR_MEMORY] = "out of memory",
    [ERR_CRYPTO] = "cryptographic failure",
    [ERR_SIGNATURE] = "signature does not verify",
    [ERR_PEER] = "protocol broken by a peer process",
    [ERR_UNSUPPORTED] = "not supported",
};

static void text_copy(char *to, size_t size, const char *from);

const char *err_name(enum err err)
{
    return (unsigned)err < ERR_COUNT ? err_names[err] : "unknown error";
}

enum err reason_set(struct reason *ret_reason, enum err err, const char *code, const char *field,
    const char *seen, const char *expected)
{
    assert(err != OK);
    if (ret_reason != NULL) {
        text_copy(ret_reason->code, sizeof ret_reason->code, code);
        text_copy(ret_reason->field, sizeof ret_reason->field, field);
        text_copy(ret_reason->seen, sizeof ret_reason->seen, seen);
        text_copy(ret_reason->expected, sizeof ret_reason->expected, expected);
    }
    return err;
}

enum err err_from_errno(int error_number)
{
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_NO_SPACE;
    case ENOENT:
        return ERR_NOT_FOUND;
    case EAGAIN:
    case EINTR:
        return ERR_AGAIN;
    case ENOMEM:
        return ERR_MEMORY;
    default:
        return ERR_IO;
    }
}

/* Copies at most size-1 bytes, never ending inside a UTF-8 sequence; control bytes become '?'. */
static void text_copy(char *to, size_t size, const char *from)
{
    size_t length = from == NULL ? 0 : strnlen(from, size);
    if (length == size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)from[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)from[i];
        to[i] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
    }
    to[length] = '\0';
}
