#pragma once
/* How a function fails. Every fallible function returns `enum err`, OK being zero; what a person
 * needs to know about a failure goes into a `struct reason`, filled once, where it is known. */
#include <stdbool.h>
#include <stddef.h>

enum err {
    OK = 0,
    ERR_INPUT,     /* what came from outside is not acceptable: returned to whoever sent it */
    ERR_NOT_FOUND, /* the thing asked for does not exist */
    ERR_DENIED, /* known, but not allowed: wrong secret, wrong role, wrong state, wrong evidence */
    ERR_CONFLICT,  /* somebody else was first, or it was already done differently */
    ERR_LIMIT,     /* a stated maximum is exceeded */
    ERR_AGAIN,     /* the environment failed for now: the same call may succeed later */
    ERR_TIMEOUT,   /* a deadline passed */
    ERR_IO,        /* file, disk or network failed */
    ERR_NO_SPACE,  /* the disk is full: nothing was written */
    ERR_MEMORY,    /* allocation failed */
    ERR_CRYPTO,    /* the cryptographic library failed at something that is not an input's fault */
    ERR_SIGNATURE, /* a signature does not verify */
    ERR_PEER,      /* a process of our own broke the protocol: end the trust in it */
    ERR_UNSUPPORTED, /* well-formed, but of a kind this version does not know */
    ERR_COUNT,
};

#define MUST_USE __attribute__((warn_unused_result))

/* Passes a failure up. The only macro in this program that hides a return. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        enum err try_err_ = (expression);                                                          \
        if (try_err_ != OK) {                                                                      \
            return try_err_;                                                                       \
        }                                                                                          \
    } while (0)

/* AUTO(type) releases a local when its scope ends; `type_auto(type *)` must exist, made by
 * AUTO_DEFINE beside the type's release function. */
#define AUTO(type) __attribute__((cleanup(type##_auto))) struct type
#define AUTO_DEFINE(type, release)                                                                 \
    static inline void type##_auto(struct type *object)                                            \
    {                                                                                              \
        release(object);                                                                           \
    }
/* AUTO_PTR(type) does the same for a heap object `struct type *`, freed by its `type_free`. */
#define AUTO_PTR(type) __attribute__((cleanup(type##_auto_ptr))) struct type *
#define AUTO_PTR_DEFINE(type, free_function)                                                       \
    static inline void type##_auto_ptr(struct type **object)                                       \
    {                                                                                              \
        free_function(*object);                                                                    \
    }

/* Longest texts of a reason, NUL included. */
enum { REASON_CODE_MAX = 64, REASON_FIELD_MAX = 264, REASON_TEXT_MAX = 320 };

/* What a person needs to know about a failure. `code` is a stable identifier such as
 * "csr.signature": the key of the message in every language and of the RFC 7807 problem type.
 * `field` names what is concerned (a form field or a server name); `seen` and `expected` are data,
 * never sentences, and never hold a secret. All are NUL-terminated, possibly empty. */
struct reason {
    char code[REASON_CODE_MAX];
    char field[REASON_FIELD_MAX];
    char seen[REASON_TEXT_MAX];
    char expected[REASON_TEXT_MAX];
};

/* The error's short English name, for logs ("input", "not found", …). Never NULL. */
const char *err_name(enum err err);

/* Fills `ret_reason` (may be NULL) and returns `err`, so that a check is one line. NULL texts
 * become empty; longer texts are cut at a character boundary; control characters become '?'. */
enum err reason_set(struct reason *ret_reason, enum err err, const char *code, const char *field,
    const char *seen, const char *expected);

/* Maps an errno value to the class a caller acts on: ENOSPC, EDQUOT and EFBIG (a file may be no
 * larger) to ERR_NO_SPACE, ENOENT to ERR_NOT_FOUND, EAGAIN and EINTR to ERR_AGAIN, ENOMEM to
 * ERR_MEMORY, the rest to ERR_IO. */
enum err err_from_errno(int error_number);
