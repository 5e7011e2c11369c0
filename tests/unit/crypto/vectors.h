#pragma once
/* Reads the files of tests/vectors for tests; a file that is missing fails the test. */
#include "lib/base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static inline struct buf vector_read(const char *name)
{
    char path[512];
    struct buf content = buf_make(0);
    assert_int_equal(path_join(path, sizeof path, VECTORS_DIR, name), OK);
    assert_int_equal(file_read(path, /* max= */ 1 << 20, &content), OK);
    return content;
}

static inline struct secret secret_of(const char *text)
{
    struct secret secret = { 0 };
    assert_int_equal(secret_copy(span_from_text(text), &secret), OK);
    return secret;
}
